#include "drivers/profiles/dialect.h"

#include "drivers/profiles/dialect_inside.h"
#include "storage/base/bytes.h"
#include "storage/base/clock.h"
#include "storage/base/lang.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SEND_PATIENCE 3000

enum usb_result dialect_send(struct dialect *d, const void *p, size_t n)
{
    size_t sent;
    d->n = 0;
    enum usb_result r = d->u->send(d->u->self, p, n, &sent, SEND_PATIENCE);
    return r == USB_OK && sent != n ? USB_BROKEN : r;
}

enum usb_result dialect_more(struct dialect *d, int64_t deadline)
{
    size_t got = 0;
    int64_t left = deadline - clock_uptime();
    if (left <= 0)
        return USB_LATE;
    if (sizeof d->held - d->n < DIALECT_READ)
        return USB_LONG;
    enum usb_result r = usb_receive(d->u, d->held + d->n, DIALECT_READ, &got, (unsigned)left);
    d->n += got <= DIALECT_READ ? got : DIALECT_READ;
    return r;
}

void dialect_drop(struct dialect *d, size_t n)
{
    memmove(d->held, d->held + n, d->n - n);
    d->n -= n;
}

static bool holds(const char *text, const char *word)
{
    size_t n = strlen(word);
    for (const char *p = text; *p;) {
        size_t len = strcspn(p, ";, ");
        if (len == n && strncasecmp(p, word, n) == 0)
            return true;
        p += len + (p[len] != '\0');
    }
    return false;
}

void dialect_judge(const struct dialect *d, struct dialect_answer *a)
{
    bool refused = holds(a->text, d->p->says[SAYS_REFUSED]);
    if (refused && holds(a->text, d->p->says[SAYS_LOW]))
        a->what = ANSWER_LOW;
    else if (refused && holds(a->text, d->p->says[SAYS_LOCKED]))
        a->what = ANSWER_LOCKED;
    else if (refused)
        a->what = ANSWER_REFUSED;
    else
        a->what = holds(a->text, d->p->says[SAYS_OK]) ? ANSWER_OK : ANSWER_VALUE;
}

static enum err ask(struct dialect *d, const struct dialect_ask *q, struct dialect_answer *a, enum usb_result *result)
{
    *a = (struct dialect_answer){.what = ANSWER_REFUSED};
    *result = USB_OK;
    return d->p->speaks == PROFILE_ASCII ? dialect_ascii_ask(d, q, a, result) : dialect_binary_ask(d, q, a, result);
}

static bool is_device(const char *s)
{
    size_t n = strlen(s);
    for (size_t i = 0; i < n; i++)
        if (!((s[i] >= '0' && s[i] <= '9') || (s[i] >= 'A' && s[i] <= 'Z') || (s[i] >= 'a' && s[i] <= 'z') ||
              s[i] == '-' || s[i] == '_'))
            return false;
    return n > 0 && n <= 32;
}

/* A fact that a locked one may keep to itself, and that another may not have. */
static enum err fact(struct dialect *d, enum profile_question what, struct dialect_answer *a)
{
    enum usb_result result;
    a->what = ANSWER_REFUSED;
    if (!d->p->commands[what].n)
        return ERR_OK;
    enum err e = ask(d, &(struct dialect_ask){.what = what}, a, &result);
    if (result != USB_LATE)
        return e;
    err_clear(); /* it does not know the question */
    a->what = ANSWER_REFUSED;
    return ERR_OK;
}

/* "2026/11/25/07:40" is none: YYYY/MM/DD/HH/MM/SS. */
static bool read_clock(const struct zone *z, const char *s, int64_t *ms)
{
    static const char shape[] = "dddd/dd/dd/dd/dd/dd";
    if (strlen(s) != sizeof shape - 1)
        return false;
    for (size_t i = 0; i < sizeof shape - 1; i++)
        if (shape[i] == 'd' ? s[i] < '0' || s[i] > '9' : s[i] != shape[i])
            return false;
    unsigned f[6] = {0};
    for (size_t i = 0, k = 0; i < sizeof shape - 1; i++) {
        k += shape[i] == '/';
        f[k] = shape[i] == 'd' ? f[k] * 10 + (unsigned)(s[i] - '0') : f[k];
    }
    return zone_moment(z, &(struct zone_digits){f[0], f[1], f[2], f[3], f[4], f[5]}, ms);
}

static enum err facts(struct dialect *d)
{
    struct dialect_answer a;
    uint64_t battery;
    struct dialect_facts *f = &d->facts;
    enum err e = fact(d, ASK_DEVICE, &a);
    if (!e && a.what == ANSWER_VALUE && is_device(a.text))
        memcpy(f->device, a.text, strlen(a.text) + 1);
    else if (!e && d->p->label_is_device)
        e = err_set(ERR_DATA, "it does not tell its device id, by which its disk is known");
    if (!e)
        e = fact(d, ASK_VERSION, &a);
    if (!e && a.what == ANSWER_VALUE && is_device(a.text))
        memcpy(f->version, a.text, strlen(a.text) + 1);
    if (!e)
        e = fact(d, ASK_BATTERY, &a);
    if (!e && a.what == ANSWER_VALUE && bytes_decimal(&battery, a.text, strlen(a.text), 100))
        f->battery = (int)battery;
    if (!e)
        e = fact(d, ASK_CLOCK, &a);
    if (!e && (a.what != ANSWER_VALUE || !read_clock(&d->p->zone, a.text, &f->clock)))
        f->clock = INT64_MIN;
    return e;
}

/* What answers nothing, or nonsense, does not speak it; the next dialect may be tried. */
static enum err hello(struct dialect *d)
{
    struct dialect_answer a;
    enum usb_result result;
    enum err e = ask(d, &(struct dialect_ask){.what = ASK_HELLO}, &a, &result);
    if (result == USB_GONE || result == USB_STOPPED || e == ERR_NOMEM)
        return e;
    if (result == USB_STALL &&
        (d->u->clear_halt(d->u->self, true) != USB_OK || d->u->clear_halt(d->u->self, false) != USB_OK))
        err_clear(); /* the next question will show it */
    if (e || a.what != ANSWER_OK)
        return err_set(ERR_BAD, "it does not answer as a camera of profile %s", d->p->name);
    return ERR_OK;
}

enum err dialect_open(struct dialect **out, const struct profile *p, struct usb *u, struct dialect_facts *f)
{
    struct dialect *d = calloc(1, sizeof *d);
    *out = NULL;
    if (!d)
        return err_set(ERR_NOMEM, "out of memory");
    *d = (struct dialect){.p = p, .u = u, .facts = {.battery = -1, .clock = INT64_MIN, .locked = p->lock > 0}};
    enum err e = hello(d);
    if (!e)
        e = facts(d);
    *f = d->facts;
    if (e)
        dialect_close(d);
    else
        *out = d;
    return e;
}

void dialect_close(struct dialect *d)
{
    free(d);
}

/* To what is done, not told: yes, or the sentence for a refusal; what: half of it. */
static enum err done(const struct dialect *d, const struct dialect_answer *a, const char *what)
{
    if (a->what == ANSWER_OK || (a->what == ANSWER_VALUE && a->text[0]))
        return ERR_OK;
    if (a->what == ANSWER_VALUE)
        return err_set(ERR_DATA, "%s: its answer is empty", _(what));
    if (a->what == ANSWER_LOW)
        return err_set(ERR_DENIED, "%s: its battery is too low; charge it and plug it in again", _(what));
    if (a->what == ANSWER_LOCKED)
        return err_set(ERR_DENIED, "%s: it is locked; enter its secret with feldsher cameras secret %s", _(what),
                       d->p->name);
    return err_set(ERR_DENIED, "%s: it refuses", _(what));
}

enum err dialect_unlock(struct dialect *d, const void *secret, size_t n)
{
    struct dialect_answer a;
    enum usb_result result;
    if (!d->facts.locked)
        return ERR_OK;
    if (d->tried)
        return err_set(ERR_DENIED,
                       "a secret was sent to it already and did not unlock it; enter the right one with feldsher "
                       "cameras secret %s and plug it in again",
                       d->p->name);
    if (n != d->p->lock)
        return err_set(ERR_DENIED, "the secret of profile %s has %zu bytes, not %zu; it was not sent", d->p->name,
                       d->p->lock, n);
    d->tried = true;
    enum err e = ask(d, &(struct dialect_ask){.what = ASK_UNLOCK, .secret = secret, .secret_n = n}, &a, &result);
    if (e)
        return e;
    if (a.what == ANSWER_OK) {
        d->facts.locked = false;
        return ERR_OK;
    }
    if (a.what == ANSWER_VALUE)
        return err_set(ERR_DATA, "it answers to its secret with something else than yes or no");
    if (a.what == ANSWER_LOW)
        return done(d, &a, N_("it cannot be unlocked"));
    return err_set(ERR_DENIED,
                   "the secret of profile %s is wrong for this camera and is not tried again; enter the right one with "
                   "feldsher cameras secret %s and plug it in again",
                   d->p->name, d->p->name);
}

enum err dialect_clock(struct dialect *d, int64_t *ms)
{
    struct dialect_answer a;
    enum usb_result result;
    *ms = INT64_MIN;
    if (!d->p->commands[ASK_CLOCK].n)
        return err_set(ERR_NOINPUT, "it cannot tell its clock");
    enum err e = ask(d, &(struct dialect_ask){.what = ASK_CLOCK}, &a, &result);
    if (e)
        return e;
    e = done(d, &a, N_("it does not tell its clock"));
    if (e)
        return e;
    return read_clock(&d->p->zone, a.text, ms) ? ERR_OK : err_set(ERR_DATA, "its clock tells no date");
}

enum err dialect_set_clock(struct dialect *d, int64_t ms)
{
    struct dialect_answer a;
    struct zone_digits at;
    enum usb_result result;
    if (!d->p->commands[ASK_SET_CLOCK].n)
        return err_set(ERR_NOINPUT, "its clock cannot be set");
    if (!zone_digits(&d->p->zone, ms, &at))
        return err_set(ERR_DATA, "a camera's clock goes from 2000 to 2099");
    enum err e = ask(d, &(struct dialect_ask){.what = ASK_SET_CLOCK, .at = &at}, &a, &result);
    if (e)
        return e;
    return done(d, &a, N_("its clock cannot be set"));
}

enum err dialect_to_disk(struct dialect *d)
{
    struct dialect_answer a;
    enum usb_result result;
    if (d->facts.locked)
        return err_set(ERR_DENIED, "it is locked; enter its secret with feldsher cameras secret %s", d->p->name);
    if (d->facts.battery >= 0 && d->facts.battery < d->p->battery)
        return err_set(ERR_DENIED, "its battery stands at %d %%, it needs %d; charge it and plug it in again",
                       d->facts.battery, d->p->battery);
    enum err e = ask(d, &(struct dialect_ask){.what = ASK_DISK}, &a, &result);
    /* it may have left before its answer was read, or say nothing: the bus will tell */
    if (result == USB_GONE || result == USB_LATE || result == USB_BROKEN) {
        err_clear();
        return ERR_OK;
    }
    if (e)
        return e;
    return done(d, &a, N_("it does not become a disk"));
}
