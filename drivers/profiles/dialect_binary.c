#include "drivers/profiles/dialect_inside.h"

#include "storage/base/bytes.h"
#include "storage/base/clock.h"

#include <stdio.h>
#include <string.h>

#define PACKET 16u
static const uint8_t begin[4] = {0x45, 0x3a, 0x02, 0x67};
static const uint8_t end[4] = {0xba, 0xc5, 0xfd, 0x98};

/* A packet at the front of held, what stands before it dropped. */
static bool packet_in(struct dialect *d, size_t *junk)
{
    size_t at = 0;
    while (d->n - at >= PACKET && (memcmp(d->held + at, begin, 4) != 0 || memcmp(d->held + at + 12, end, 4) != 0))
        at++;
    /* fewer may be the beginning of one */
    dialect_drop(d, at);
    *junk += at;
    return d->n >= PACKET;
}

enum step { STEP_MORE, STEP_DONE, STEP_LIES };

static enum step find(struct dialect *d, const uint8_t code[4], size_t *junk, unsigned *stale, struct dialect_answer *a)
{
    while (packet_in(d, junk) && *junk <= DIALECT_JUNK_MAX && *stale <= DIALECT_STALE_MAX) {
        uint32_t payload = bytes_le32(d->held + 8);
        if (payload > DIALECT_TEXT_MAX + 4 || (payload && payload < 4))
            return STEP_LIES;
        if (d->n < PACKET + payload)
            return STEP_MORE;
        uint32_t text = payload ? bytes_le32(d->held + PACKET) : 0;
        if (payload && text != payload - 4)
            return STEP_LIES;
        bool ours = memcmp(d->held + 4, code, 4) == 0;
        if (ours && text)
            memcpy(a->text, d->held + PACKET + 4, text);
        a->text[ours ? text : 0] = '\0';
        dialect_drop(d, PACKET + payload);
        if (ours)
            return STEP_DONE;
        ++*stale;
    }
    return STEP_MORE;
}

static enum usb_result send_question(struct dialect *d, const uint8_t code[4], const void *text, size_t n)
{
    uint8_t packet[PACKET], payload[4 + PROFILE_SECRET_MAX];
    memcpy(packet, begin, 4);
    memcpy(packet + 4, code, 4);
    bytes_put_le32(packet + 8, n ? (uint32_t)n + 4 : 0);
    memcpy(packet + 12, end, 4);
    enum usb_result r = dialect_send(d, packet, sizeof packet);
    if (r != USB_OK || !n)
        return r;
    bytes_put_le32(payload, (uint32_t)n);
    memcpy(payload + 4, text, n);
    r = dialect_send(d, payload, n + 4);
    explicit_bzero(payload, sizeof payload);
    return r;
}

enum err dialect_binary_ask(struct dialect *d, const struct dialect_ask *ask, struct dialect_answer *a,
                            enum usb_result *result)
{
    const uint8_t *code = d->p->commands[ask->what].code;
    const void *text = ask->secret;
    size_t n = ask->secret_n, junk = 0;
    unsigned stale = 0;
    char clock[32];
    if (ask->at) {
        const struct zone_digits *t = ask->at;
        n = (size_t)snprintf(clock, sizeof clock, "%04u/%02u/%02u/%02u/%02u/%02u", t->year % 10000, t->month % 100,
                             t->day % 100, t->hour % 100, t->minute % 100, t->second % 100);
        text = clock;
    }
    int64_t deadline = clock_uptime() + DIALECT_PATIENCE;
    *result = send_question(d, code, text, n);
    for (unsigned i = 0; *result == USB_OK && i < DIALECT_READS_MAX; i++) {
        *result = dialect_more(d, deadline);
        enum step s = *result == USB_OK ? find(d, code, &junk, &stale, a) : STEP_MORE;
        if (s == STEP_DONE) {
            dialect_judge(d, a);
            return ERR_OK;
        }
        if (s == STEP_LIES)
            return err_set(ERR_DATA, "the lengths in its answer cannot be true");
        if (junk > DIALECT_JUNK_MAX || stale > DIALECT_STALE_MAX)
            return err_set(ERR_DATA, "it answers with what is no answer");
    }
    return *result == USB_OK ? err_set(ERR_DATA, "its answer does not end") : usb_err(*result, "it does not answer");
}
