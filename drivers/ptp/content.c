#include "drivers/ptp/inside.h"

#include "storage/base/lang.h"

#include <stdlib.h>
#include <string.h>

enum how { HOW_PARTIAL_64, HOW_PARTIAL, HOW_WHOLE };

struct content {
    struct ptp *p;
    struct object object;
    uint64_t size;
    enum how how;
    /* in pieces */
    uint64_t from, next; /* of the piece that is on its way: its beginning, and what comes next of it */
    size_t asked;        /* bytes of it that are still to come; 0: none is */
    size_t ahead;        /* bytes that are asked for at once */
    uint64_t end;        /* of what was read last */
    struct session_answer answer;
    /* whole */
    uint64_t at;   /* bytes handed out */
    uint8_t *tail; /* the last of these */
    size_t n_tail;
    unsigned starts;
    bool ended;
    unsigned retries, bad;
};

static enum how how_to_read(const struct ptp *p, uint64_t size)
{
    if (p->partial_64 != PTP_FAILS && ptp_can(p, OP_PARTIAL_64))
        return HOW_PARTIAL_64;
    /* its offset and length have 32 bits */
    if (p->partial != PTP_FAILS && ptp_can(p, OP_PARTIAL) && size <= UINT32_MAX)
        return HOW_PARTIAL;
    return HOW_WHOLE;
}

enum err content_open(struct ptp *p, const struct ptp_listed *l, struct content **out)
{
    struct content *c = calloc(1, sizeof *c);
    if (!c)
        return err_set(ERR_NOMEM, "out of memory");
    enum err e = object_look(p, l->handle, true, &c->object);
    if (!e && (!c->object.has_size || c->object.size != l->size || object_is_folder(&c->object)))
        e = err_set(ERR_BAD, "it is not what the camera listed any more; run offload again");
    if (e) {
        free(c);
        return e;
    }
    c->p = p;
    c->size = l->size;
    c->how = how_to_read(p, c->size);
    c->ahead = PTP_AHEAD;
    *out = c;
    return ERR_OK;
}

/* Nothing of another file is on its way any more. */
static enum err hold(struct content *c)
{
    if (c->p->holder == c)
        return ERR_OK;
    if (c->p->holder)
        c->p->holder->asked = 0;
    c->p->holder = c;
    c->asked = 0;
    return session_settle(c->p->s);
}

void content_close(struct content *c)
{
    if (!c)
        return;
    if (c->p->holder == c) {
        ptp_let_go(c->p, false);
        c->p->holder = NULL;
    }
    free(c->tail);
    free(c);
}

static enum err failed(struct content *c, enum err e, const struct session_answer *a)
{
    if (!e && a->code != ANSWER_OK)
        e = session_refused(a, N_("it cannot be read"));
    if (!e && a->cut)
        e = err_set(ERR_IO, "it cannot be read: less of it came than was announced");
    c->retries += e != ERR_OK;
    return e;
}

/* --- in pieces ------------------------------------------------------------- */

static enum err ask_piece(struct content *c, uint64_t from, size_t most)
{
    uint64_t left = c->size - from;
    size_t n = left < most ? (size_t)left : most;
    struct session_op op = {.code = OP_PARTIAL_64,
                            .n_params = 4,
                            .params = {c->object.handle, (uint32_t)from, (uint32_t)(from >> 32), (uint32_t)n},
                            .want = n};
    if (c->how == HOW_PARTIAL)
        op = (struct session_op){
            .code = OP_PARTIAL, .n_params = 3, .params = {c->object.handle, (uint32_t)from, (uint32_t)n}, .want = n};
    c->asked = 0;
    c->answer = (struct session_answer){.code = 0};
    enum err e = session_start(c->p->s, &op);
    if (!e) {
        c->next = c->from = from;
        c->asked = n;
    }
    return e;
}

/* All that was asked for has come: is there more, and was it right? */
static enum err end_piece(struct content *c)
{
    uint8_t more;
    size_t got;
    enum err e = session_data(c->p->s, &more, 1, &got, &c->answer);
    if (!e && got) {
        e = session_settle(c->p->s);
        return e ? e : err_set(ERR_IO, "it cannot be read: more of it came than was asked for");
    }
    return failed(c, e, &c->answer);
}

/* Some bytes at offset; a piece is asked for where none is on its way. A piece
 * that turns out to be wrong when some of it was handed out ends the file. */
static enum err take_piece(struct content *c, uint64_t offset, size_t most, void *to, size_t n, size_t *got)
{
    enum err e = ERR_OK;
    *got = 0;
    if (!c->asked || c->next != offset || !session_busy(c->p->s, NULL))
        e = ask_piece(c, offset, most);
    if (!e)
        e = session_data(c->p->s, to, n < c->asked ? n : c->asked, got, &c->answer);
    if (e || *got == 0) {
        c->asked = 0;
        e = failed(c, e, &c->answer);
        bool nothing = c->from == offset;
        return !e && nothing ? err_set(ERR_BAD, "it ends before its listed size; run offload again") : e;
    }
    c->next += *got;
    c->asked -= *got;
    if (c->asked)
        return ERR_OK;
    e = end_piece(c);
    if (!e) {
        *(c->how == HOW_PARTIAL_64 ? &c->p->partial_64 : &c->p->partial) = PTP_WORKS;
        return ERR_OK;
    }
    *got = 0;
    return e == ERR_IO && c->from != offset
               ? err_set(ERR_DATA, "it cannot be read: the camera says that what it sent was wrong")
               : e;
}

/* Advertised, and refused at the first try: then there is another way. */
static bool change_how(struct content *c)
{
    enum ptp_works *works = c->how == HOW_PARTIAL_64 ? &c->p->partial_64 : &c->p->partial;
    uint16_t code = c->answer.code;
    if (*works != PTP_UNTRIED || (code != ANSWER_NO_OPERATION && code != ANSWER_NO_PARAMETER))
        return false;
    *works = PTP_FAILS;
    c->how = how_to_read(c->p, c->size);
    return true;
}

static enum err read_piece(struct content *c, uint64_t offset, void *to, size_t n, size_t *got)
{
    bool in_order = offset == c->end;
    enum err e = hold(c);
    /* who reads here and there does not want what is behind */
    size_t most = in_order ? c->ahead : n > PTP_SHORT ? PTP_AHEAD : PTP_SHORT;
    for (unsigned i = 0; !e && *got == 0 && i < 2 * PTP_TRIES; i++) {
        e = take_piece(c, offset, most, to, n, got);
        if (e == ERR_IO && change_how(c) && c->how == HOW_WHOLE)
            return e;
        if (e == ERR_IO && i + 1 < 2 * PTP_TRIES) {
            c->ahead = most = most / 8 > PTP_GRAIN ? most / 8 : PTP_GRAIN;
            e = ERR_OK;
        }
    }
    if (e == ERR_IO && ++c->bad > PTP_BAD_MAX)
        e = err_set(ERR_DATA, "it cannot be read at more than %u places", PTP_BAD_MAX);
    if (e)
        return e;
    c->end = offset + *got;
    if (c->asked || c->next >= c->size)
        return ERR_OK;
    c->ahead = 2 * c->ahead < PTP_AHEAD ? 2 * c->ahead : PTP_AHEAD;
    /* The next one comes while this one is worked on; whether it can be had shows when it is wanted. */
    if (in_order && ask_piece(c, c->next, c->ahead))
        err_clear();
    return ERR_OK;
}

/* --- from beginning to end ------------------------------------------------- */

static enum err remember(struct content *c, const uint8_t *p, size_t n)
{
    if (!c->tail && !(c->tail = malloc(PTP_OVERLAP)))
        return err_set(ERR_NOMEM, "out of memory");
    c->at += n;
    if (n >= PTP_OVERLAP) {
        memcpy(c->tail, p + n - PTP_OVERLAP, PTP_OVERLAP);
        c->n_tail = PTP_OVERLAP;
        return ERR_OK;
    }
    size_t keep = c->n_tail + n > PTP_OVERLAP ? PTP_OVERLAP - n : c->n_tail;
    memmove(c->tail, c->tail + c->n_tail - keep, keep);
    memcpy(c->tail + keep, p, n);
    c->n_tail = keep + n;
    return ERR_OK;
}

/* Reads it from its beginning up to offset, and compares what is known of that. */
static enum err start_whole(struct content *c, uint64_t offset)
{
    struct session_op op = {.code = OP_OBJECT, .n_params = 1, .params = {c->object.handle}, .want = c->size};
    struct session_answer a = {0};
    uint8_t p[16384];
    if (c->starts++ > PTP_TRIES)
        return err_set(ERR_IO, "it cannot be read: it broke off again and again");
    enum err e = session_start(c->p->s, &op);
    size_t got;
    for (uint64_t at = 0; !e && at < offset; at += got) {
        size_t n = offset - at < sizeof p ? (size_t)(offset - at) : sizeof p;
        e = session_data(c->p->s, p, n, &got, &a);
        if (!e && got == 0) {
            e = failed(c, e, &a);
            e = e ? e : err_set(ERR_BAD, "it ends before its listed size; run offload again");
        }
        uint64_t known = c->at - c->n_tail;
        for (size_t i = 0; i < got && !e && c->n_tail; i++)
            if (at + i >= known && at + i < c->at && p[i] != c->tail[at + i - known])
                e = err_set(ERR_BAD, "it is not what it was a moment ago; run offload again");
    }
    if (!e && c->at != offset) {
        c->at = offset;
        c->n_tail = 0;
    }
    return e;
}

static enum err go_on(struct content *c, uint64_t offset, void *to, size_t n, size_t *got, struct session_answer *a)
{
    enum err e = ERR_OK;
    if (!session_busy(c->p->s, NULL) || c->at != offset)
        e = start_whole(c, offset);
    return e ? e : session_data(c->p->s, to, n, got, a);
}

static enum err read_whole(struct content *c, uint64_t offset, void *to, size_t n, size_t *got)
{
    struct session_answer a = {0};
    uint8_t more;
    bool end = offset >= c->size;
    if (end && (c->ended || c->size == 0))
        return ERR_OK;
    enum err e = hold(c);
    if (!e)
        e = go_on(c, end ? c->size : offset, end ? &more : to, end ? 1 : n, got, &a);
    while (e == ERR_IO && c->starts <= PTP_TRIES) {
        c->retries++;
        e = go_on(c, end ? c->size : offset, end ? &more : to, end ? 1 : n, got, &a);
    }
    if (!e && end && *got) {
        *got = 0;
        e = session_settle(c->p->s);
        return e ? e : err_set(ERR_BAD, "it is longer than its listed size; run offload again");
    }
    if (!e && *got)
        return remember(c, to, *got);
    if (!e)
        e = failed(c, e, &a);
    if (!e && !end)
        e = err_set(ERR_BAD, "it ends before its listed size; run offload again");
    c->ended = !e;
    /* where pieces can be read of others, that does not mean that this one can be read behind a gap */
    return e == ERR_IO ? err_set(ERR_DATA, "it cannot be read to its end: the camera can only send it whole") : e;
}

/* Sizes of 32 bits may be cut off: is there more behind the end? */
static enum err check_end(struct content *c)
{
    struct session_answer a = {0};
    uint8_t more[16];
    size_t got = 0;
    uint64_t end = c->size;
    bool sure = c->object.size_property != UINT64_MAX || c->how != HOW_PARTIAL_64;
    if (sure || c->ended)
        return ERR_OK;
    enum err e = hold(c);
    struct session_op op = {.code = OP_PARTIAL_64,
                            .n_params = 4,
                            .params = {c->object.handle, (uint32_t)end, (uint32_t)(end >> 32), sizeof more}};
    if (!e)
        e = session_start(c->p->s, &op);
    if (!e)
        e = session_data(c->p->s, more, sizeof more, &got, &a);
    if (!e && got)
        e = session_settle(c->p->s);
    c->ended = !e;
    if (!e && got)
        return err_set(ERR_BAD, "it is longer than its listed size; run offload again");
    return e;
}

enum err content_read(struct content *c, uint64_t offset, void *to, size_t n, size_t *got)
{
    *got = 0;
    if (n == 0)
        return ERR_OK;
    if (c->how != HOW_WHOLE && offset >= c->size)
        return check_end(c);
    enum err e = c->how == HOW_WHOLE ? ERR_OK : read_piece(c, offset, to, n, got);
    return c->how == HOW_WHOLE ? read_whole(c, offset, to, n, got) : e;
}

json_t *content_facts(const struct content *c)
{
    const struct object *o = &c->object;
    static const char *const how[] = {"partial64", "partial", "whole"};
    json_t *j = json_pack("{s:I,s:I,s:I,s:i,s:i,s:s,s:s,s:s,s:s,s:i}", "handle", (json_int_t)o->handle, "storage",
                          (json_int_t)o->storage, "parent", (json_int_t)o->parent, "format", (int)o->format,
                          "protection", (int)o->protection, "name", o->name, "created", o->created, "modified",
                          o->modified, "read", how[c->how], "retries", (int)c->retries);
    bool bad = !j;
    if (!bad && o->size_info != UINT64_MAX)
        bad = json_object_set_new(j, "size_info", json_integer((json_int_t)o->size_info)) < 0;
    if (!bad && o->size_property != UINT64_MAX)
        bad = json_object_set_new(j, "size_property", json_integer((json_int_t)o->size_property)) < 0;
    if (!bad)
        return j;
    json_decref(j);
    return NULL;
}
