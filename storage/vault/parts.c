#include "storage/vault/parts.h"

#include "storage/base/bytes.h"
#include "storage/limits.h"

enum err parts_begin(struct buf *text)
{
    text->max = PARTS_MAX;
    buf_clear(text);
    return buf_str(text, "feldsher-parts 1\n");
}

enum err parts_blob(struct buf *text, const struct hash *name, uint64_t size)
{
    char hex[HASH_HEX];
    hash_hex(hex, name);
    return buf_fmt(text, "blob: %s %llu\n", hex, (unsigned long long)size);
}

enum err parts_mark(struct buf *text, const struct hash *mark)
{
    char hex[HASH_HEX];
    hash_hex(hex, mark);
    return buf_fmt(text, "mark: %s\n", hex);
}

enum err parts_open(struct parts *p, const char *text, size_t n)
{
    unsigned version;
    p->blobs = p->bytes = 0;
    if (n > PARTS_MAX)
        return err_set(ERR_DATA, "parts: longer than %u bytes", PARTS_MAX);
    return text_open(&p->t, "parts", &version, text, n);
}

enum err parts_next(struct parts *p, bool *mark, struct hash *name, uint64_t *size)
{
    struct field f;
    enum err e;
    while ((e = text_next(&p->t, &f)) == ERR_OK) {
        struct span word;
        bool is_blob = span_is(f.key, "blob");
        if (!is_blob && !span_is(f.key, "mark"))
            continue;
        *mark = !is_blob;
        *size = 0;
        if (!span_word(&f.value, &word) || !hash_unhex(name, word.p, word.n))
            return err_set(ERR_DATA, "parts: line %u names no hash", p->t.line);
        if (!is_blob)
            return f.value.n ? err_set(ERR_DATA, "parts: line %u has more than a mark", p->t.line) : ERR_OK;
        if (!span_word(&f.value, &word) || f.value.n || !bytes_decimal(size, word.p, word.n, BLOB_SEALED_MAX) ||
            *size == 0)
            return err_set(ERR_DATA, "parts: line %u has no size from 1 to %u", p->t.line, BLOB_SEALED_MAX);
        p->blobs++;
        p->bytes += *size;
        return ERR_OK;
    }
    return e;
}
