#ifndef DRIVERS_PROFILES_DIALECT_INSIDE_H
#define DRIVERS_PROFILES_DIALECT_INSIDE_H

#include "drivers/profiles/dialect.h"
#include "drivers/profiles/profile_inside.h"

/* What both dialects stand on: a stream of bytes out of bulk transfers. */

#define DIALECT_READ 4096u /* bytes of one transfer: a multiple of every packet */

struct dialect {
    const struct profile *p;
    struct usb *u;
    struct dialect_facts facts;
    bool tried; /* a secret was sent; never another by itself */
    size_t n;
    uint8_t held[2 * DIALECT_READ]; /* what came and is not looked at yet */
};

struct dialect_answer {
    enum { ANSWER_OK, ANSWER_VALUE, ANSWER_REFUSED, ANSWER_LOCKED, ANSWER_LOW } what;
    char text[DIALECT_TEXT_MAX + 1]; /* as it came, ANSWER_VALUE: what was asked for */
};

/* Sends what is asked, drops what was left over before. */
enum usb_result dialect_send(struct dialect *d, const void *p, size_t n);
/* More bytes into held, at most until the deadline (clock_uptime). USB_LONG:
 * there is too much of it. */
enum usb_result dialect_more(struct dialect *d, int64_t deadline);
void dialect_drop(struct dialect *d, size_t n);
/* Which of the profile's words stand in it, parted by ';', ',' and blanks? */
void dialect_judge(const struct dialect *d, struct dialect_answer *a);

/* One question and its answer. at and secret for what has them, else NULL.
 * *result: USB_OK, or what the bus said (then ERR_AGAIN or ERR_IO with a
 * sentence); ERR_DATA: the answer's lengths lie. */
struct dialect_ask {
    enum profile_question what;
    const struct zone_digits *at;
    const void *secret;
    size_t secret_n;
};
enum err dialect_ascii_ask(struct dialect *d, const struct dialect_ask *ask, struct dialect_answer *a,
                           enum usb_result *result) MUST_USE;
enum err dialect_binary_ask(struct dialect *d, const struct dialect_ask *ask, struct dialect_answer *a,
                            enum usb_result *result) MUST_USE;

/* How long a recorder may think about one question, ms. */
#define DIALECT_PATIENCE 3000

#endif
