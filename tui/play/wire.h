#ifndef TUI_PLAY_WIRE_H
#define TUI_PLAY_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What a player and the opener of one recording say to each other over a
 * stream socket (our own format, lives no longer than the two programs). The
 * player parses video from outside and so counts as hostile: it can name
 * places in the one file it was started for, nothing else.
 *
 *   request   offset u64, length u32
 *   answer    code u32, length u32, size of the file u64, length bytes
 *
 * all little-endian. Requests are answered one by one, in order. An answer may
 * be shorter than what was asked; one of 0 bytes with WIRE_OK is the end of
 * the file, or answers a request for 0 bytes, which asks for the size. With
 * any other code there are no bytes. A longer request than WIRE_PIECE_MAX is
 * answered by hanging up.
 */
#define WIRE_REQUEST 12u
#define WIRE_ANSWER 16u
#define WIRE_PIECE_MAX (256u << 10)

enum wire_code {
    WIRE_OK,
    WIRE_NOT_HERE, /* that part of the recording is not on this station */
    WIRE_BAD,      /* it is damaged */
    WIRE_FAULT,    /* anything else; the opener tells the person */
};

struct wire_request {
    uint64_t offset;
    uint32_t length;
};

struct wire_answer {
    enum wire_code code;
    uint32_t length;
    uint64_t size;
};

void wire_put_request(uint8_t p[static WIRE_REQUEST], const struct wire_request *r);
/* False: asks for more than WIRE_PIECE_MAX. */
bool wire_get_request(struct wire_request *r, const uint8_t p[static WIRE_REQUEST]);
void wire_put_answer(uint8_t p[static WIRE_ANSWER], const struct wire_answer *a);
/* False: no answer of ours. */
bool wire_get_answer(struct wire_answer *a, const uint8_t p[static WIRE_ANSWER]);

#endif
