#include "storage/vault/batch.h"

#include "storage/base/bytes.h"
#include "storage/base/text.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

void batch_entry_id(char out[static ENTRY_ID])
{
    uint8_t r[10];
    randombytes_buf(r, sizeof r);
    bytes_hex(out, r, sizeof r);
}

/* One JSON object of a line; NULL when it is none or nests too deep. */
static json_t *read_line(const char *p, size_t n)
{
    unsigned depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < n; i++) {
        if (quoted && p[i] == '\\')
            i++;
        else if (p[i] == '"')
            quoted = !quoted;
        else if (!quoted && (p[i] == '{' || p[i] == '[') && ++depth > JSON_DEPTH_MAX)
            return NULL;
        else if (!quoted && (p[i] == '}' || p[i] == ']') && depth)
            depth--;
    }
    json_error_t err;
    json_t *j = json_loadb(p, n, JSON_REJECT_DUPLICATES, &err);
    if (j && !json_is_object(j)) {
        json_decref(j);
        j = NULL;
    }
    return j;
}

static bool read_head(struct batch *b, json_t *j)
{
    const char *chain = json_string_value(json_object_get(j, "chain"));
    json_int_t seq = json_integer_value(json_object_get(j, "seq"));
    if (json_integer_value(json_object_get(j, "batch")) < 1 || !chain || strlen(chain) != CHAIN_ID - 1 || seq < 1 ||
        !json_is_string(json_object_get(j, "salt")))
        return false;
    memcpy(b->chain, chain, CHAIN_ID);
    b->seq = (uint64_t)seq;
    return true;
}

static enum err read_author(struct batch *b, json_t *j, const char *plain, size_t before)
{
    const char *author = json_string_value(json_object_get(j, "author"));
    const char *key = json_string_value(json_object_get(j, "key"));
    const char *sig64 = json_string_value(json_object_get(j, "signature"));
    uint8_t sig[64];
    size_t n;
    if (!author || strlen(author) >= NAME_LEN || !key || !sig64 ||
        !sign_public_parse(&b->author_key, key, strlen(key)) ||
        !bytes_unb64(sig, sizeof sig, &n, sig64, strlen(sig64), true) || n != sizeof sig)
        return err_set(ERR_DATA, "batch: the author's line is malformed");
    memcpy(b->author, author, strlen(author) + 1);
    if (!sign_check(sig, &b->author_key, plain, before))
        return err_set(ERR_BAD, "batch %llu of chain %s: the author's signature does not match",
                       (unsigned long long)b->seq, b->chain);
    return ERR_OK;
}

static bool is_entry(const json_t *j)
{
    const char *id = json_string_value(json_object_get(j, "id"));
    uint8_t raw[10];
    return id && bytes_unhex(raw, sizeof raw, id, strlen(id)) && json_is_string(json_object_get(j, "type")) &&
           json_is_object(json_object_get(j, "data"));
}

enum err batch_parse(struct batch **out, const char *plain, size_t n)
{
    *out = NULL;
    if (n > BATCH_PLAIN_MAX)
        return err_set(ERR_DATA, "batch: longer than %u bytes", BATCH_PLAIN_MAX);
    struct batch *b = calloc(1, sizeof *b);
    if (!b || !(b->entries = json_array())) {
        free(b);
        return err_set(ERR_NOMEM, "out of memory");
    }
    enum err e = ERR_OK;
    unsigned line = 0;
    for (size_t i = 0; i < n && !e;) {
        const char *lf = memchr(plain + i, '\n', n - i);
        if (!lf || b->author[0]) {
            e = err_set(ERR_DATA, "batch: cut short, or more behind the author's line");
            break;
        }
        json_t *j = read_line(plain + i, (size_t)(lf - plain) - i);
        line++;
        if (!j)
            e = err_set(ERR_DATA, "batch: line %u is no JSON object", line);
        else if (line == 1)
            e = read_head(b, j) ? ERR_OK : err_set(ERR_DATA, "batch: the first line is malformed");
        else if (json_object_get(j, "signature"))
            e = read_author(b, j, plain, i);
        else if (!is_entry(j) || json_array_size(b->entries) >= BATCH_ENTRIES_MAX)
            e = err_set(ERR_DATA, "batch: line %u is no entry, or there are too many", line);
        else if (json_array_append(b->entries, j) < 0)
            e = err_set(ERR_NOMEM, "out of memory");
        json_decref(j);
        i = (size_t)(lf - plain) + 1;
    }
    if (!e && line == 0)
        e = err_set(ERR_DATA, "batch: empty");
    if (e) {
        batch_free(b);
        return e;
    }
    *out = b;
    return ERR_OK;
}

void batch_free(struct batch *b)
{
    if (!b)
        return;
    json_decref(b->entries);
    free(b);
}

enum err batch_author(const struct batch *b, const struct roster *r)
{
    if (!b->author[0])
        return ERR_OK;
    /* a name may stand more than once: a replaced laptop's user has new keys */
    for (size_t i = 0; i < r->n_users; i++)
        if (strcmp(r->users[i].name, b->author) == 0 && sign_same(&r->users[i].sign, &b->author_key))
            return ERR_OK;
    return err_set(ERR_BAD, "batch %llu of chain %s: signed as %s by a key that the roster does not know",
                   (unsigned long long)b->seq, b->chain, b->author);
}

static enum err add_json(struct buf *out, const json_t *j)
{
    char *text = json_dumps(j, JSON_COMPACT | JSON_PRESERVE_ORDER);
    if (!text)
        return err_set(ERR_DATA, "batch: an entry holds what is no JSON text");
    enum err e = buf_str(out, text);
    if (!e)
        e = buf_add(out, "\n", 1);
    explicit_bzero(text, strlen(text));
    free(text);
    return e;
}

static json_t *when_json(const struct batch_when *when)
{
    char hlc[48], boot[37];
    snprintf(hlc, sizeof hlc, "%lld.%u", (long long)when->hlc.ms, when->hlc.count);
    clock_boot_id(boot);
    return json_pack("{s:s,s:s,s:I,s:s}", "hlc", hlc, "boot", boot, "uptime", (json_int_t)clock_uptime(), "mark",
                     clock_mark_text(when->mark));
}

static enum err add_entry(struct buf *out, json_t *given, const struct batch_when *when, const struct user *author)
{
    char at[CLOCK_TEXT];
    clock_text(at, when->wall);
    if (!is_entry(given))
        return err_set(ERR_BUG, "an entry lacks id, type or data");
    json_t *parents = json_object_get(given, "parents");
    json_t *who = author ? json_string(author->name) : json_null();
    json_t *j = json_pack("{s:O,s:O,s:s,s:o,s:o,s:o,s:O}", "id", json_object_get(given, "id"), "type",
                          json_object_get(given, "type"), "at", at, "clock", when_json(when), "author", who, "parents",
                          parents ? json_incref(parents) : json_array(), "data", json_object_get(given, "data"));
    if (!j)
        return err_set(ERR_NOMEM, "out of memory");
    enum err e = add_json(out, j);
    json_decref(j);
    return e;
}

static enum err add_author(struct buf *out, const struct user *author)
{
    uint8_t sig[64];
    char key[SIGN_PUBLIC_TEXT], sig64[BYTES_B64(64)];
    sign_bytes(sig, &author->sign, out->p, out->len);
    sign_public_text(key, &author->sign.pub);
    bytes_b64(sig64, sig, sizeof sig, true);
    return buf_fmt(out, "{\"author\":\"%s\",\"key\":\"%s\",\"signature\":\"%s\"}\n", author->name, key, sig64);
}

enum err batch_write(struct buf *out, const char *chain, uint64_t seq, json_t *entries, const struct batch_when *when,
                     const struct user *author)
{
    uint8_t salt[16];
    char salt_hex[33];
    randombytes_buf(salt, sizeof salt);
    bytes_hex(salt_hex, salt, sizeof salt);
    out->max = BATCH_PLAIN_MAX;
    enum err e = buf_fmt(out, "{\"batch\":1,\"chain\":\"%s\",\"seq\":%llu,\"salt\":\"%s\"}\n", chain,
                         (unsigned long long)seq, salt_hex);
    size_t i;
    json_t *entry;
    if (!e && (json_array_size(entries) == 0 || json_array_size(entries) > BATCH_ENTRIES_MAX))
        e = err_set(ERR_BUG, "a batch of %zu entries", json_array_size(entries));
    json_array_foreach(entries, i, entry)
    {
        if (!e)
            e = add_entry(out, entry, when, author);
    }
    return e || !author ? e : add_author(out, author);
}
