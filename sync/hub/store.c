#include "sync/hub/store.h"

#include "storage/limits.h"
#include "storage/vault/parts.h"

void store_rank(struct store_need *best, const struct store_need *n, uint64_t size)
{
    static const int rank[] = {
        [STORE_UNKNOWN] = 0, [STORE_OTHER_SIZE] = 1, [STORE_REMOVED] = 2, [STORE_HELD] = 3, [STORE_WANTED] = 4};
    struct store_need one = *n;
    if (one.state != STORE_REMOVED && one.size && one.size != size)
        one.state = STORE_OTHER_SIZE;
    if (rank[one.state] > rank[best->state])
        *best = one;
}

enum err store_read(struct store *s, const struct hash *name, uint64_t max, struct buf *out)
{
    uint64_t size;
    buf_clear(out);
    if (!s->size(s, name, &size))
        return err_set(ERR_NOINPUT, "an object is not here");
    if (size > max)
        return err_set(ERR_BAD, "an object is larger than it can be");
    return s->get(s, name, buf_sink, out);
}

enum err store_expand_text(struct store *s, const char *chain, uint64_t seq, const struct buf *text)
{
    struct parts p;
    bool mark;
    struct hash name;
    uint64_t size;
    enum err e = parts_open(&p, (const char *)text->p, text->len);
    while (!e && (e = parts_next(&p, &mark, &name, &size)) == ERR_OK)
        if (!mark)
            e = s->want(s, chain, seq, &name, size);
    return e == ERR_END ? ERR_OK : e;
}

enum err store_expand(struct store *s, const char *chain, uint64_t seq, const struct hash *parts)
{
    struct buf text = {.max = PARTS_MAX};
    enum err e = store_read(s, parts, PARTS_MAX, &text);
    if (!e)
        e = store_expand_text(s, chain, seq, &text);
    buf_free(&text);
    return e;
}
