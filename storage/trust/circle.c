#include "storage/trust/circle.h"

#include "storage/base/bytes.h"
#include "storage/base/text.h"
#include "storage/seal/age.h"
#include "storage/seal/hash.h"

#include <stdio.h>
#include <string.h>

enum err circle_derive(struct user_circle *out, const uint8_t seed[static 32], const char *name, unsigned generation)
{
    char what[CIRCLE_LEN + 40];
    int n = snprintf(what, sizeof what, "feldsher-circle %s %u", name, generation);
    if (strlen(name) >= CIRCLE_LEN || n < 0 || (size_t)n >= sizeof what)
        return err_set(ERR_BUG, "a circle's name is too long: %s", name);
    struct hash secret = hash_keyed(seed, what, (size_t)n);
    identity_from_secret(&out->id, secret.b);
    sodium_memzero(&secret, sizeof secret);
    strcpy(out->name, name);
    out->generation = generation;
    return ERR_OK;
}

enum err circle_seal(const struct user_circle *const *generations, size_t n, const struct recipient *to, size_t n_to,
                     struct buf *file)
{
    struct buf text = {.secret = 1};
    enum err e = ERR_OK;
    for (size_t i = 0; i < n && !e; i++) {
        char key[IDENTITY_TEXT];
        identity_text(key, &generations[i]->id);
        e = buf_fmt(&text, "# circle %s generation %u\n%s\n", generations[i]->name, generations[i]->generation, key);
        sodium_memzero(key, sizeof key);
    }
    if (!e)
        e = age_seal_bytes(to, n_to, text.p, text.len, file);
    buf_free(&text);
    return e;
}

static bool take_line(struct span *rest, struct span *line)
{
    const char *lf = rest->n ? memchr(rest->p, '\n', rest->n) : NULL;
    if (!lf)
        return false;
    *line = (struct span){rest->p, (size_t)(lf - rest->p)};
    rest->p += line->n + 1;
    rest->n -= line->n + 1;
    return true;
}

/* "# circle NAME generation N" */
static bool read_heading(struct span line, const char *name, unsigned *generation)
{
    struct span w[5];
    uint64_t number;
    for (size_t i = 0; i < 5; i++)
        if (!span_word(&line, &w[i]))
            return false;
    if (line.n || !span_is(w[0], "#") || !span_is(w[1], "circle") || !span_is(w[2], name) ||
        !span_is(w[3], "generation") || !bytes_decimal(&number, w[4].p, w[4].n, CIRCLE_GENERATION_MAX) || number == 0)
        return false;
    *generation = (unsigned)number;
    return true;
}

enum err circle_open(const struct identity *id, const char *name, const void *file, size_t n, circle_fn *fn, void *ctx)
{
    struct buf text = {.max = NOTICE_MAX, .secret = 1};
    struct user_circle c = {0};
    enum err e = strlen(name) < sizeof c.name ? age_open_bytes(id, 1, file, n, &text)
                                              : err_set(ERR_DATA, "a circle's name is too long: %s", name);
    if (e == ERR_DENIED)
        e = err_set(e, "the key of circle %s is sealed to others", name);
    struct span rest = {(const char *)text.p, text.len}, line;
    if (!e && rest.n == 0)
        e = err_set(ERR_DATA, "the key file of circle %s is empty", name);
    while (!e && rest.n) {
        if (!take_line(&rest, &line) || !read_heading(line, name, &c.generation) || !take_line(&rest, &line) ||
            identity_parse(&c.id, line.p, line.n))
            e = err_set(ERR_DATA, "the key file of circle %s is malformed", name);
        if (e)
            break;
        strcpy(c.name, name);
        fn(ctx, &c);
    }
    sodium_memzero(&c, sizeof c);
    buf_free(&text);
    return e;
}
