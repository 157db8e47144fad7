#include "drivers/profiles/dialect_inside.h"

#include "storage/base/clock.h"

#include <string.h>
#include <strings.h>

/* "@Gdv;8;BC012345;#" and its end in held from at on. false: not there yet. */
static bool line_in(const struct dialect *d, size_t at, size_t *n)
{
    const uint8_t *end = memchr(d->held + at, '#', d->n - at);
    *n = end ? (size_t)(end - d->held) - at + 1 : d->n - at;
    return end != NULL;
}

static bool is_plain(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] < 0x20 || p[i] > 0x7e)
            return false;
    return true;
}

/* Behind the name: the fields. A value is the field behind the second ';', or the only one. */
static void read_fields(const struct dialect *d, const char *p, size_t n, struct dialect_answer *a)
{
    memcpy(a->text, p, n);
    a->text[n] = '\0';
    dialect_judge(d, a);
    if (a->what != ANSWER_VALUE)
        return;
    const char *second = memchr(p, ';', n);
    const char *from = second && second + 1 < p + n ? second + 1 : p;
    size_t len = (size_t)(p + n - from);
    const char *end = memchr(from, ';', len);
    len = end ? (size_t)(end - from) : len;
    memcpy(a->text, from, len);
    a->text[len] = '\0';
}

/* Looks for an answer to name ("@Gdv;"); takes what it has looked at. */
static bool find(struct dialect *d, const char *name, size_t name_n, size_t *junk, unsigned *stale,
                 struct dialect_answer *a)
{
    for (;;) {
        const uint8_t *at = memchr(d->held, '@', d->n);
        size_t n, before = at ? (size_t)(at - d->held) : d->n;
        *junk += before;
        dialect_drop(d, before);
        if (!at)
            return false;
        bool whole = line_in(d, 0, &n);
        if (n > DIALECT_ASCII_MAX || !is_plain(d->held, n)) {
            dialect_drop(d, 1); /* an '@' of something else */
            ++*junk;
            continue;
        }
        if (!whole)
            return false;
        if (n > name_n && strncasecmp((const char *)d->held, name, name_n) == 0) {
            read_fields(d, (const char *)d->held + name_n, n - name_n - 1, a);
            dialect_drop(d, n);
            return true;
        }
        dialect_drop(d, n);
        ++*stale;
    }
}

static enum err ask_once(struct dialect *d, const char *question, size_t n, struct dialect_answer *a,
                         enum usb_result *result)
{
    size_t junk = 0;
    unsigned stale = 0;
    int64_t deadline = clock_uptime() + DIALECT_PATIENCE;
    *result = dialect_send(d, question, n);
    for (unsigned i = 0; *result == USB_OK && i < DIALECT_READS_MAX; i++) {
        *result = dialect_more(d, deadline);
        if (*result == USB_OK && find(d, question, 5, &junk, &stale, a))
            return ERR_OK;
        if (junk > DIALECT_JUNK_MAX || stale > DIALECT_STALE_MAX)
            return err_set(ERR_DATA, "it answers with what is no answer");
    }
    return *result == USB_OK ? err_set(ERR_DATA, "its answer does not end") : usb_err(*result, "it does not answer");
}

enum err dialect_ascii_ask(struct dialect *d, const struct dialect_ask *ask, struct dialect_answer *a,
                           enum usb_result *result)
{
    static const struct zone_digits none = {0};
    const struct profile_command *c = &d->p->commands[ask->what];
    enum err e = ERR_OK;
    a->what = ANSWER_OK;
    for (size_t i = 0; i < c->n && !e && a->what <= ANSWER_VALUE; i++) {
        char question[DIALECT_ASCII_MAX];
        size_t n =
            wording_fill(&c->ask[i], ask->at ? ask->at : &none, ask->secret, ask->secret_n, question, sizeof question);
        if (n < 6)
            return err_set(ERR_DATA, "the command does not fit into %u bytes", DIALECT_ASCII_MAX);
        e = ask_once(d, question, n, a, result);
        explicit_bzero(question, sizeof question);
    }
    return e;
}
