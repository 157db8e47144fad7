#ifndef DRIVERS_PROBE_TALK_H
#define DRIVERS_PROBE_TALK_H

#include "drivers/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What feldsher-probe and who started it say to each other over a stream
 * socket (our own format, lives no longer than the two processes):
 *
 *   probe     what u32, length u32, offset u64; behind TALK_FACTS and
 *             TALK_POSTER length bytes
 *   answer    length u32, size of the file u64; length bytes
 *
 * all little-endian. TALK_ASK is answered, with as many bytes as there are up
 * to the length that was asked for; none is the end of the file. Then once TALK_FACTS (JSON, said.h), at most once
 * TALK_POSTER (PPM), and TALK_DONE.
 */
#define TALK_HEAD 16u
#define TALK_ANSWER 12u

enum talk { TALK_ASK, TALK_FACTS, TALK_POSTER, TALK_DONE };

struct talk_head {
    enum talk what;
    uint32_t length;
    uint64_t offset;
};

void talk_put_head(uint8_t p[static TALK_HEAD], const struct talk_head *h);
/* False: nothing that may be said, or longer than its ceiling. */
bool talk_get_head(struct talk_head *h, const uint8_t p[static TALK_HEAD]);
void talk_put_answer(uint8_t p[static TALK_ANSWER], uint32_t length, uint64_t size);
void talk_get_answer(const uint8_t p[static TALK_ANSWER], uint32_t *length, uint64_t *size);

/* Why something is not known: a word on the wire, a sentence for a person. */
enum talk_why {
    TALK_FINE,
    TALK_NO_VIDEO,  /* of no kind that is known */
    TALK_BROKEN,    /* begins like one, and cannot be read */
    TALK_NO_PLACES, /* of a log of positions: none are in it */
};
const char *talk_word(enum talk_why w);
const char *talk_sentence(const char *word); /* translated; NULL: no such word */

#endif
