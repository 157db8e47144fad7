#include "storage/trust/user.h"

#include "storage/base/bytes.h"
#include "storage/base/text.h"
#include "storage/seal/age.h"

#include <string.h>

static struct user *empty(const char *name)
{
    if (!text_is_name(name, false) || strlen(name) >= NAME_LEN) {
        err_set(ERR_DATA, "not a user's name (1 to 63 of a-z, 0-9 and -): %s", name);
        return NULL;
    }
    struct user *u = sodium_malloc(sizeof *u);
    if (!u) {
        err_set(ERR_NOMEM, "out of locked memory");
        return NULL;
    }
    sodium_memzero(u, sizeof *u);
    strcpy(u->name, name);
    return u;
}

enum err user_new(struct user **out, const char *name)
{
    *out = empty(name);
    if (!*out)
        return text_is_name(name, false) ? ERR_NOMEM : ERR_DATA;
    identity_new(&(*out)->id);
    sign_new(&(*out)->sign);
    return ERR_OK;
}

void user_free(struct user *u)
{
    sodium_free(u);
}

enum err user_seal(const struct user *u, const char *pass, size_t pass_len, struct buf *age_file)
{
    struct buf text = {.secret = 1};
    char key[IDENTITY_TEXT], seed[BYTES_B64(32)];
    identity_text(key, &u->id);
    bytes_b64(seed, u->sign.seed, sizeof u->sign.seed, true);
    enum err e = buf_fmt(&text, "# feldsher user %s\n%s\n# sign: %s\n", u->name, key, seed);
    if (!e)
        e = age_seal_bytes_pass(pass, pass_len, AGE_SCRYPT_LOGN, text.p, text.len, age_file);
    sodium_memzero(key, sizeof key);
    sodium_memzero(seed, sizeof seed);
    buf_free(&text);
    return e;
}

/* Cuts the next line off; it must begin with start, which is cut off too. */
static bool take_line(struct span *rest, const char *start, struct span *line)
{
    size_t head = strlen(start);
    const char *lf = rest->n ? memchr(rest->p, '\n', rest->n) : NULL;
    if (!lf || (size_t)(lf - rest->p) < head || memcmp(rest->p, start, head) != 0)
        return false;
    *line = (struct span){rest->p + head, (size_t)(lf - rest->p) - head};
    rest->n -= (size_t)(lf - rest->p) + 1;
    rest->p = lf + 1;
    return true;
}

static bool read_user(struct user *u, const struct buf *text)
{
    struct span rest = {(const char *)text->p, text->len}, line;
    uint8_t seed[32];
    size_t n;
    bool good = take_line(&rest, "# feldsher user ", &line) && span_is(line, u->name) && take_line(&rest, "", &line) &&
                identity_parse(&u->id, line.p, line.n) == ERR_OK && take_line(&rest, "# sign: ", &line) &&
                bytes_unb64(seed, sizeof seed, &n, line.p, line.n, true) && n == sizeof seed && rest.n == 0;
    if (good)
        sign_from_seed(&u->sign, seed);
    sodium_memzero(seed, sizeof seed);
    return good;
}

enum err user_open(struct user **out, const char *name, const void *age_file, size_t n, const char *pass,
                   size_t pass_len)
{
    struct buf text = {.max = TEXT_LINE_MAX, .secret = 1};
    *out = NULL;
    enum err e = age_file && n ? age_open_bytes_pass(pass, pass_len, age_file, n, &text) : ERR_DENIED;
    struct user *u = e ? NULL : empty(name);
    if (!e && !u && text_is_name(name, false))
        e = ERR_NOMEM;
    if (u && read_user(u, &text))
        *out = u;
    else
        user_free(u);
    buf_free(&text);
    if (e == ERR_NOMEM)
        return e;
    /* no hint which of them it was */
    return *out ? ERR_OK : err_set(ERR_DENIED, "cannot unlock: no such user here, or the passphrase is wrong");
}

/* By name, the newest generation first. */
static int order(const struct user_circle *x, const struct user_circle *y)
{
    int d = strcmp(x->name, y->name);
    if (d)
        return d;
    if (x->generation != y->generation)
        return x->generation > y->generation ? -1 : 1;
    return memcmp(x->id.to.pk, y->id.to.pk, sizeof x->id.to.pk);
}

static void drop(struct user *u, size_t i)
{
    memmove(&u->circles[i], &u->circles[i + 1], (u->n_circles - i - 1) * sizeof u->circles[0]);
    u->n_circles--;
    sodium_memzero(&u->circles[u->n_circles], sizeof u->circles[0]);
}

void user_add_key(struct user *u, const struct user_circle *c)
{
    if (u->n_circles == USER_CIRCLES_MAX) {
        size_t oldest = 0;
        for (size_t i = 1; i < u->n_circles; i++)
            if (u->circles[i].generation < u->circles[oldest].generation)
                oldest = i;
        if (u->circles[oldest].generation >= c->generation)
            return;
        drop(u, oldest);
    }
    size_t i = u->n_circles;
    while (i > 0 && order(&u->circles[i - 1], c) > 0)
        i--;
    if (i > 0 && order(&u->circles[i - 1], c) == 0)
        return;
    memmove(&u->circles[i + 1], &u->circles[i], (u->n_circles - i) * sizeof u->circles[0]);
    u->circles[i] = *c;
    u->n_circles++;
}

static void add(void *user, const struct user_circle *c)
{
    user_add_key(user, c);
}

enum err user_add_circle(struct user *u, const char *circle, const void *age_file, size_t n)
{
    return circle_open(&u->id, circle, age_file, n, add, u);
}

static bool newest(const struct user *u, size_t i)
{
    return i == 0 || strcmp(u->circles[i - 1].name, u->circles[i].name) != 0;
}

void user_identities(const struct user *u, struct identity *ids, size_t *n)
{
    *n = 0;
    for (unsigned old = 0; old < 2; old++)
        for (size_t i = 0; i < u->n_circles; i++)
            if (newest(u, i) == !old)
                ids[(*n)++] = u->circles[i].id;
    ids[(*n)++] = u->id;
}

bool user_has_circle(const struct user *u, const char *circle)
{
    for (size_t i = 0; i < u->n_circles; i++)
        if (strcmp(u->circles[i].name, circle) == 0)
            return true;
    return false;
}

enum err user_circle_file(const struct user *u, const char *circle, const struct recipient *to, size_t n_to,
                          struct buf *age_file)
{
    const struct user_circle *held[USER_CIRCLES_MAX];
    size_t n = 0;
    for (size_t i = 0; i < u->n_circles; i++)
        if (strcmp(u->circles[i].name, circle) == 0)
            held[n++] = &u->circles[i];
    if (n == 0)
        return err_set(ERR_DENIED, "%s does not hold the key of circle %s", u->name, circle);
    return circle_seal(held, n, to, n_to, age_file);
}
