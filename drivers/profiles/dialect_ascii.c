#include "drivers/profiles/dialect_inside.h"

#include "storage/base/clock.h"

#include <string.h>
#include <strings.h>

/* From the '@' at the front of held to '#', that one counted, or to the end. */
static bool is_whole(const struct dialect *d, size_t *n)
{
    const uint8_t *end = memchr(d->held, '#', d->n);
    *n = end ? (size_t)(end - d->held) + 1 : d->n;
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

enum step { STEP_MORE, STEP_DONE, STEP_NONSENSE };

struct search {
    const char *name; /* "@Gdv;" */
    size_t name_n, junk;
    unsigned stale; /* answers to something else */
};

static void drop_junk(struct dialect *d, struct search *s, size_t n)
{
    dialect_drop(d, n);
    s->junk += n;
}

/* Takes what it has looked at. */
static enum step find(struct dialect *d, struct search *s, struct dialect_answer *a)
{
    while (s->junk <= DIALECT_JUNK_MAX && s->stale <= DIALECT_STALE_MAX) {
        const uint8_t *at = memchr(d->held, '@', d->n);
        size_t n;
        if (!at || at > d->held) {
            drop_junk(d, s, at ? (size_t)(at - d->held) : d->n);
            if (!at)
                return s->junk > DIALECT_JUNK_MAX ? STEP_NONSENSE : STEP_MORE;
            continue;
        }
        bool whole = is_whole(d, &n);
        if (n > DIALECT_ASCII_MAX || !is_plain(d->held, n) || (whole && n > 1 && memrchr(d->held + 1, '@', n - 1))) {
            drop_junk(d, s, 1); /* an '@' of something else */
            continue;
        }
        if (!whole)
            return STEP_MORE;
        bool ours = n > s->name_n && strncasecmp((const char *)d->held, s->name, s->name_n) == 0;
        if (ours)
            read_fields(d, (const char *)d->held + s->name_n, n - s->name_n - 1, a);
        dialect_drop(d, n);
        if (ours)
            return STEP_DONE;
        s->stale++;
    }
    return STEP_NONSENSE;
}

static enum err ask_once(struct dialect *d, const char *question, size_t n, struct dialect_answer *a,
                         enum usb_result *result)
{
    struct search s = {.name = question, .name_n = 5};
    int64_t deadline = clock_uptime() + DIALECT_PATIENCE;
    *result = dialect_send(d, question, n);
    for (unsigned i = 0; *result == USB_OK && i < DIALECT_READS_MAX; i++) {
        *result = dialect_more(d, deadline);
        enum step step = *result == USB_OK ? find(d, &s, a) : STEP_MORE;
        if (step == STEP_DONE)
            return ERR_OK;
        if (step == STEP_NONSENSE)
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
