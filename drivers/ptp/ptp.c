#include "drivers/ptp/inside.h"

#include "storage/base/bytes.h"
#include "storage/base/lang.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SESSION_NUMBER 1u
#define BUSY_TRIES 10u
#define BUSY_MS 500u

bool ptp_can(const struct ptp *p, uint16_t operation)
{
    return dataset_has(&p->device.operations, operation);
}

struct session *ptp_session(struct ptp *p)
{
    return p->s;
}

enum err ptp_ask(struct ptp *p, const struct session_op *op, struct buf *out, struct session_answer *a)
{
    enum err e = ERR_IO;
    unsigned busy = 0;
    for (unsigned tries = 0; e == ERR_IO && tries < PTP_TRIES; tries++) {
        p->retries += tries > 0;
        buf_clear(out);
        e = session_run(p->s, op, buf_sink, out, a);
        if (!e && a->code == ANSWER_OK && a->cut)
            e = err_set(ERR_IO, "the camera breaks off in the middle of an answer");
        if (!e && a->code == ANSWER_BUSY && busy++ < BUSY_TRIES) {
            enum usb_result r = p->u.pause(p->u.self, BUSY_MS);
            e = r ? usb_err(r, N_("the camera cannot be read")) : ERR_IO;
            tries--;
        }
    }
    return e;
}

/* --- opening --------------------------------------------------------------- */

static enum err read_device(struct ptp *p, struct session_answer *a)
{
    struct session_op op = {.code = OP_DEVICE_INFO};
    struct buf b = {.max = PTP_DATASET_MAX};
    enum err e = ptp_ask(p, &op, &b, a);
    if (!e && a->code == ANSWER_OK && !dataset_device(&p->device, b.p, b.len))
        e = err_set(ERR_IO, "the camera speaks nonsense: it does not tell what it is");
    buf_free(&b);
    return e;
}

static enum err run_plain(struct ptp *p, uint16_t code, uint8_t n, uint32_t param, struct session_answer *a)
{
    struct session_op op = {.code = code, .n_params = n, .params = {param}};
    struct buf none = {.max = PTP_DATASET_MAX};
    enum err e = ptp_ask(p, &op, &none, a);
    buf_free(&none);
    return e;
}

static enum err open_session(struct ptp *p)
{
    struct session_answer a;
    session_numbers(p->s, false);
    enum err e = run_plain(p, OP_OPEN_SESSION, 1, SESSION_NUMBER, &a);
    if (!e && a.code == ANSWER_SESSION_OPEN) { /* somebody left without closing his */
        session_numbers(p->s, true);
        e = run_plain(p, OP_CLOSE_SESSION, 0, 0, &a);
        session_numbers(p->s, false);
        if (!e)
            e = run_plain(p, OP_OPEN_SESSION, 1, SESSION_NUMBER, &a);
        if (!e && a.code == ANSWER_SESSION_OPEN) /* it will not end: it is used */
            a.code = ANSWER_OK;
    }
    session_numbers(p->s, true);
    return !e && a.code != ANSWER_OK ? session_refused(&a, N_("it cannot be opened")) : e;
}

/* Some tell what they are only without, some only within a session. */
static enum err begin(struct ptp *p)
{
    struct session_answer a;
    session_numbers(p->s, false);
    enum err e = read_device(p, &a);
    if (!e)
        e = open_session(p);
    if (!e && p->device.operations.n == 0) {
        e = read_device(p, &a);
        if (!e && a.code != ANSWER_OK)
            e = session_refused(&a, N_("it does not tell what it is"));
    }
    if (!e && (!ptp_can(p, OP_OBJECT_HANDLES) || !ptp_can(p, OP_OBJECT)))
        e = err_set(ERR_DATA, "it is no camera: it offers no files");
    return e;
}

enum err ptp_open(struct ptp **out, struct usb *u)
{
    struct ptp *p = calloc(1, sizeof *p);
    if (!p) {
        u->free(u->self);
        return err_set(ERR_NOMEM, "out of memory");
    }
    p->u = *u;
    p->status.battery = -1;
    enum err e = session_new(&p->s, &p->u);
    if (!e)
        e = begin(p);
    /* Somebody else may have left it in the middle of something. One that is
     * busy is left alone: it may be recording. */
    for (int hard = 0; hard < 2 && (e == ERR_IO || (e == ERR_AGAIN && session_lost(p->s))); hard++) {
        enum err again = session_reset(p->s, hard);
        if (again)
            break;
        e = begin(p);
    }
    if (!e)
        e = ptp_storages(p);
    if (e) {
        ptp_close(p);
        return e;
    }
    *out = p;
    return ERR_OK;
}

void ptp_let_go(struct ptp *p, bool close)
{
    char why[1024];
    struct session_answer a;
    snprintf(why, sizeof why, "%s", err_text());
    enum err e = session_settle(p->s);
    if (!e && close)
        e = run_plain(p, OP_CLOSE_SESSION, 0, 0, &a);
    if (why[0])
        err_set(ERR_IO, "%s", why);
    else if (e)
        err_clear();
}

void ptp_close(struct ptp *p)
{
    if (!p)
        return;
    if (p->s)
        ptp_let_go(p, true);
    session_free(p->s);
    p->u.free(p->u.self);
    free(p->listed);
    free(p);
}

/* --- events ---------------------------------------------------------------- */

enum err ptp_events(struct ptp *p)
{
    struct session_event event;
    enum err e = ERR_OK;
    for (unsigned i = 0; !e && i < PTP_EVENTS_MAX; i++) {
        e = session_event(p->s, &event, 1);
        if (e)
            break;
        p->events++;
        if (event.code == EVENT_STORE_REMOVED)
            return err_set(ERR_AGAIN, "its card was taken out; put it in again");
        if (event.code == EVENT_DEVICE_RESET)
            return err_set(ERR_AGAIN, "the camera started anew; unplug it and plug it in again");
    }
    return e == ERR_END ? ERR_OK : e;
}

/* --- storages -------------------------------------------------------------- */

static enum err read_storage(struct ptp *p, struct ptp_storage *s)
{
    struct session_op op = {.code = OP_STORAGE_INFO, .n_params = 1, .params = {s->id}};
    struct session_answer a;
    struct buf b = {.max = PTP_DATASET_MAX};
    enum err e = ptp_ask(p, &op, &b, &a);
    if (!e && (a.code != ANSWER_OK || !dataset_storage(&s->info, b.p, b.len)))
        s->info = (struct storage_info){.total = UINT64_MAX, .free = UINT64_MAX};
    buf_free(&b);
    return e == ERR_IO || e == ERR_DATA ? ERR_OK : e;
}

enum err ptp_storages(struct ptp *p)
{
    struct session_op op = {.code = OP_STORAGE_IDS};
    struct session_answer a;
    struct buf b = {.max = PTP_DATASET_MAX};
    size_t n = 0;
    enum err e = ERR_IO;
    p->n_storages = 0;
    for (unsigned i = 0; e == ERR_IO && i < PTP_TRIES; i++) {
        e = ptp_ask(p, &op, &b, &a);
        if (!e && a.code != ANSWER_OK) {
            e = session_refused(&a, N_("it cannot be listed"));
            break;
        }
        const uint8_t *ids = e ? NULL : dataset_array32(b.p, b.len, PTP_STORAGES_MAX, &n);
        if (!e && (!ids || b.len != 4 + 4 * n))
            e = err_set(ERR_IO, "the camera speaks nonsense: its storages");
        for (size_t k = 0; !e && k < n; k++) {
            uint32_t id = bytes_le32(ids + 4 * k);
            bool known = false;
            for (size_t j = 0; j < p->n_storages; j++)
                known = known || p->storages[j].id == id;
            if (id & 0xFFFF && !known) /* else a slot without a card */
                p->storages[p->n_storages++].id = id;
        }
    }
    buf_free(&b);
    for (size_t i = 0; i < p->n_storages && !e; i++)
        e = read_storage(p, &p->storages[i]);
    if (!e && p->n_storages == 0)
        e = err_set(ERR_DENIED,
                    "it shows no storage; unlock it and allow the transfer of files on it, or put in its card");
    return e;
}

/* --- battery, room, clock -------------------------------------------------- */

static enum err read_property(struct ptp *p, uint16_t code, struct property_desc *d, bool *told)
{
    struct session_op op = {.code = OP_PROPERTY_DESC, .n_params = 1, .params = {code}};
    struct session_answer a;
    struct buf b = {.max = PTP_DATASET_MAX};
    enum err e = ERR_OK;
    *told = false;
    if (ptp_can(p, OP_PROPERTY_DESC) && dataset_has(&p->device.properties, code)) {
        e = ptp_ask(p, &op, &b, &a);
        *told = !e && a.code == ANSWER_OK && dataset_property(d, b.p, b.len) && d->code == code;
    }
    buf_free(&b);
    return e == ERR_IO || e == ERR_DATA ? ERR_OK : e;
}

static int percent(const struct property_desc *d)
{
    uint64_t low = 0, high = 100, now = d->now.number;
    if (d->range && d->high > d->low) {
        low = d->low;
        high = d->high;
    }
    /* 0 says that it hangs on other power, or nothing */
    if (!d->now.is_number || now == 0 || now < low || now > high || high - low > UINT32_MAX)
        return -1;
    return (int)((now - low) * 100 / (high - low));
}

static enum err read_status(struct ptp *p)
{
    struct property_desc *d = malloc(sizeof *d);
    bool told;
    if (!d)
        return err_set(ERR_NOMEM, "out of memory");
    enum err e = read_property(p, PROP_BATTERY, d, &told);
    p->status = (struct camera_status){.battery = !e && told ? percent(d) : -1};
    for (size_t i = 0; i < p->n_storages && !e; i++) {
        const struct storage_info *s = &p->storages[i].info;
        e = read_storage(p, &p->storages[i]);
        if (!e && s->total != UINT64_MAX && s->free <= s->total && s->total < UINT64_MAX / PTP_STORAGES_MAX) {
            p->status.total += s->total;
            p->status.free += s->free;
        }
    }
    free(d);
    return e;
}

/* In the middle of a file that can only be read whole it is as it was: asking would break that off. */
enum err ptp_status(struct ptp *p, struct camera_status *out)
{
    enum err e = session_busy(p->s, NULL) ? ERR_OK : ptp_events(p);
    if (!e && !session_busy(p->s, NULL))
        e = read_status(p);
    *out = p->status;
    return e;
}

static enum err read_clock(struct ptp *p, int64_t *ms)
{
    struct property_desc *d = malloc(sizeof *d);
    bool told;
    *ms = INT64_MIN;
    if (!d)
        return err_set(ERR_NOMEM, "out of memory");
    enum err e = read_property(p, PROP_DATE_TIME, d, &told);
    if (!e && told)
        *ms = dataset_time(d->now.text, &p->has_zone);
    p->can_set = !e && told && d->settable;
    free(d);
    if (!e && *ms == INT64_MIN)
        e = err_set(ERR_IO, "the camera does not tell its time");
    return e;
}

bool ptp_clock_has_zone(const struct ptp *p)
{
    return p->has_zone;
}

enum err ptp_clock(struct ptp *p, int64_t *ms)
{
    return read_clock(p, ms);
}

#define CLOCK_NEAR_MS 60000

enum err ptp_set_clock(struct ptp *p, int64_t ms)
{
    struct session_op op = {.code = OP_SET_PROPERTY, .n_params = 1, .params = {PROP_DATE_TIME}};
    struct session_answer a;
    uint8_t text[256];
    char digits[20];
    int64_t now;
    enum err e = read_clock(p, &now);
    if (e)
        return e;
    if (!p->can_set || !ptp_can(p, OP_SET_PROPERTY))
        return err_set(ERR_DENIED, "the camera does not let its clock be set");
    dataset_time_text(digits, ms, p->has_zone);
    op.out = text;
    op.out_len = dataset_put_text(text, digits);
    e = session_run(p->s, &op, NULL, NULL, &a);
    if (!e && a.code != ANSWER_OK)
        return err_set(ERR_DENIED, "the camera does not let its clock be set: it answers with code 0x%04X", a.code);
    if (!e)
        e = read_clock(p, &now);
    if (!e && (now < ms - CLOCK_NEAR_MS || now > ms + CLOCK_NEAR_MS))
        e = err_set(ERR_DENIED, "the camera does not let its clock be set: it goes on as before");
    return e;
}
