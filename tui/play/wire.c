#include "tui/play/wire.h"

static void put(uint8_t *p, int n, uint64_t v)
{
    for (int i = 0; i < n; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

static uint64_t get(const uint8_t *p, int n)
{
    uint64_t v = 0;
    for (int i = 0; i < n; i++)
        v |= (uint64_t)p[i] << (8 * i);
    return v;
}

void wire_put_request(uint8_t p[static WIRE_REQUEST], const struct wire_request *r)
{
    put(p, 8, r->offset);
    put(p + 8, 4, r->length);
}

bool wire_get_request(struct wire_request *r, const uint8_t p[static WIRE_REQUEST])
{
    *r = (struct wire_request){.offset = get(p, 8), .length = (uint32_t)get(p + 8, 4)};
    return r->length <= WIRE_PIECE_MAX;
}

void wire_put_answer(uint8_t p[static WIRE_ANSWER], const struct wire_answer *a)
{
    put(p, 4, a->code);
    put(p + 4, 4, a->length);
    put(p + 8, 8, a->size);
}

bool wire_get_answer(struct wire_answer *a, const uint8_t p[static WIRE_ANSWER])
{
    uint64_t code = get(p, 4);
    if (code > WIRE_FAULT)
        return false;
    *a = (struct wire_answer){.code = (enum wire_code)code, .length = (uint32_t)get(p + 4, 4), .size = get(p + 8, 8)};
    return a->length <= WIRE_PIECE_MAX && a->size <= INT64_MAX && (a->code == WIRE_OK || a->length == 0);
}
