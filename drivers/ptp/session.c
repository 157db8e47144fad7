#include "drivers/ptp/session.h"

#include "drivers/ptp/code.h"
#include "drivers/ptp/inflow.h"
#include "storage/base/bytes.h"
#include "storage/base/lang.h"

#include <stdlib.h>
#include <string.h>

enum { CONTAINER_COMMAND = 1, CONTAINER_DATA, CONTAINER_ANSWER, CONTAINER_EVENT };
/* Class requests, USB Still Image Capture Device Definition 1.0, chapter 5.2. */
enum { CLASS_CANCEL = 0x64, CLASS_RESET = 0x66, CLASS_STATUS = 0x67, CLASS_OUT = 0x21, CLASS_IN = 0xA1 };

#define FIRST_POST 16384u /* where nobody knows how much will come */
#define OPEN_END UINT64_MAX

/* Everything that can be sent without a permit. */
static const uint16_t permitted[] = {
    OP_DEVICE_INFO,    OP_OPEN_SESSION, OP_CLOSE_SESSION, OP_STORAGE_IDS,     OP_STORAGE_INFO,
    OP_OBJECT_HANDLES, OP_OBJECT_INFO,  OP_OBJECT,        OP_PROPERTY_DESC,   OP_PROPERTY,
    OP_SET_PROPERTY,   OP_PARTIAL,      OP_PARTIAL_64,    OP_OBJECT_PROPERTY, OP_OBJECT_PROPLIST,
};

struct container {
    uint32_t length, id;
    uint16_t type, code;
};

struct session {
    struct usb *u;
    struct inflow in;
    bool open;   /* transactions are numbered */
    bool broken; /* nothing works any more */
    bool dirty;  /* one was cut off: what belongs to it may still come */
    uint32_t next;
    unsigned recoveries, failures;
    const char *why; /* of USB_BROKEN where the wire is not to blame */
    /* The transaction that is started. */
    bool busy, answered, cut, alone; /* alone: its data's header came in a transfer of its own */
    uint16_t code;
    uint32_t id;
    uint64_t left, taken; /* bytes of its data */
    struct session_answer answer;
    struct session_counts counts;
};

enum err session_new(struct session **out, struct usb *u)
{
    struct session *s = calloc(1, sizeof *s);
    if (!s)
        return err_set(ERR_NOMEM, "out of memory");
    s->u = u;
    inflow_start(&s->in, u);
    *out = s;
    return ERR_OK;
}

void session_free(struct session *s)
{
    if (s)
        inflow_drop(&s->in);
    free(s);
}

const struct session_counts *session_counted(const struct session *s)
{
    return &s->counts;
}

bool session_lost(const struct session *s)
{
    return s->broken;
}

void session_numbers(struct session *s, bool open)
{
    s->open = open;
    s->next = 1;
}

static enum usb_result nonsense(struct session *s, const char *why)
{
    s->why = why;
    return USB_BROKEN;
}

static enum usb_result class_request(struct session *s, uint8_t type, uint8_t request, void *p, size_t n, size_t *got)
{
    struct usb_request r = {type, request, 0, s->u->pipes.number};
    return s->u->control(s->u->self, &r, p, n, got, PTP_CLASS_MS);
}

/* Reads away what is on its way, until there is silence. */
static enum usb_result drain(struct session *s)
{
    enum usb_result r = USB_OK;
    for (size_t dropped = 0, empty = 0; dropped <= PTP_DROP_MAX && empty <= PTP_EMPTY_MAX;) {
        r = inflow_next(&s->in, PTP_POST, PTP_DRAIN_MS);
        if (r)
            break;
        dropped += s->in.n;
        empty += s->in.n == 0;
        s->counts.junk_bytes += s->in.n;
    }
    inflow_drop(&s->in);
    return r == USB_LATE ? USB_OK : r;
}

/* Waits until the device says that it is ready; *alive: it did. */
static enum usb_result settle(struct session *s, bool *alive)
{
    uint8_t p[32];
    size_t got;
    *alive = false;
    for (unsigned i = 0; i < PTP_POLLS_MAX; i++) {
        enum usb_result r = drain(s);
        if (r == USB_GONE || r == USB_STOPPED)
            return r;
        if (r == USB_STALL)
            r = s->u->clear_halt(s->u->self, true);
        got = 0;
        if (r != USB_GONE)
            r = class_request(s, CLASS_IN, CLASS_STATUS, p, sizeof p, &got);
        if (r == USB_GONE || r == USB_STOPPED)
            return r;
        if (r || got < 4) /* many do not know this request */
            return USB_OK;
        if (got > 4) { /* it names the endpoints that are halted */
            if ((r = s->u->clear_halt(s->u->self, true)) == USB_GONE ||
                (r = s->u->clear_halt(s->u->self, false)) == USB_GONE)
                return r;
        }
        if (bytes_le16(p + 2) == ANSWER_OK) {
            *alive = true;
            return drain(s);
        }
    }
    return USB_OK;
}

/* Takes back a transaction that went wrong, and finds out whether the session lives. */
static void recover(struct session *s, enum usb_result r)
{
    uint8_t p[6];
    size_t got;
    bool alive = false;
    s->busy = false;
    s->dirty = true;
    s->counts.stalls += r == USB_STALL;
    inflow_drop(&s->in);
    if (r == USB_GONE || r == USB_STOPPED)
        s->broken = true;
    /* Whose ids mean nothing, of that one what is old cannot be told from what is new. */
    if (++s->recoveries > PTP_RECOVERIES_MAX || s->failures >= PTP_FAILURES_MAX || s->counts.junk_ids)
        s->broken = true;
    if (s->broken)
        return;
    if (r == USB_STALL &&
        ((r = s->u->clear_halt(s->u->self, true)) == USB_GONE || (r = s->u->clear_halt(s->u->self, false)) == USB_GONE))
        s->broken = true;
    bytes_put_le16(p, EVENT_CANCEL);
    bytes_put_le32(p + 2, s->id);
    s->counts.cancels++;
    if (!s->broken)
        r = class_request(s, CLASS_OUT, CLASS_CANCEL, p, sizeof p, &got);
    if (!s->broken && r != USB_GONE && r != USB_STOPPED)
        r = settle(s, &alive);
    if (r == USB_GONE || r == USB_STOPPED)
        s->broken = true;
    s->failures = alive ? 0 : s->failures + 1;
}

/* The transaction failed for good. */
static enum err fail(struct session *s, enum usb_result r)
{
    const char *why = r == USB_BROKEN ? s->why : NULL;
    s->why = NULL;
    recover(s, r);
    if (r == USB_GONE || r == USB_STOPPED || r == USB_NOMEM)
        return usb_err(r, N_("the camera cannot be read"));
    if (s->broken)
        return err_set(ERR_AGAIN, "the camera does not answer properly any more; unplug it and plug it in again");
    if (why)
        return err_set(ERR_IO, "the camera speaks nonsense: %s", _(why));
    if (r == USB_LATE)
        return err_set(ERR_IO, "the camera does not answer in time");
    return err_set(ERR_IO, "the camera broke off");
}

/* The next transfer; *empty: how many in a row had nothing in them. */
static enum usb_result next(struct session *s, uint64_t ahead, unsigned ms, unsigned *empty)
{
    enum usb_result r = inflow_next(&s->in, ahead, ms);
    if (r || s->in.n)
        return r;
    s->counts.empty++;
    return ++*empty > PTP_EMPTY_MAX ? nonsense(s, N_("empty messages")) : USB_OK;
}

/* Exactly n bytes, from as many transfers as it takes. */
static enum usb_result take(struct session *s, void *p, size_t n, uint64_t ahead, unsigned ms)
{
    uint8_t *to = p;
    unsigned empty = 0;
    for (size_t got = 0; got < n;) {
        if (s->in.n == 0) {
            if (got && s->in.ended && !s->in.held)
                return nonsense(s, N_("a message breaks off"));
            enum usb_result r = next(s, ahead, ms, &empty);
            if (r)
                return r;
        }
        got += inflow_take(&s->in, to + got, n - got);
    }
    return USB_OK;
}

static enum usb_result skip(struct session *s, uint64_t n)
{
    uint8_t p[512];
    enum usb_result r = USB_OK;
    for (s->counts.junk_bytes += n; n && !r; n -= n < sizeof p ? n : sizeof p)
        r = take(s, p, n < sizeof p ? (size_t)n : sizeof p, n, PTP_DATA_MS);
    return r;
}

/* Does it belong to the transaction that is started? */
enum belongs { BELONGS, BELONGS_BEFORE, BELONGS_NOWHERE };
static enum belongs belongs(struct session *s, const struct container *c)
{
    bool code = c->type == CONTAINER_ANSWER || c->code == s->code;
    if (c->id == s->id)
        return code ? BELONGS : BELONGS_NOWHERE;
    if (s->dirty)
        return c->id < s->id ? BELONGS_BEFORE : BELONGS_NOWHERE;
    /* Nothing else can be on its way: the device does not care for ids. */
    s->counts.junk_ids += code;
    return code ? BELONGS : BELONGS_NOWHERE;
}

/* The head of the next container that matters: data or an answer. */
static enum usb_result next_container(struct session *s, struct container *c, uint64_t ahead)
{
    uint8_t p[PTP_CONTAINER];
    for (unsigned i = 0; i < PTP_STALE_MAX; i++) {
        enum usb_result r = take(s, p, sizeof p, ahead, PTP_WAIT_MS);
        if (r)
            return r;
        *c = (struct container){bytes_le32(p), bytes_le32(p + 8), bytes_le16(p + 4), bytes_le16(p + 6)};
        if (c->length < sizeof p || c->type < CONTAINER_DATA || c->type > CONTAINER_EVENT)
            return nonsense(s, N_("no message"));
        uint64_t rest = c->length - sizeof p;
        if (c->type != CONTAINER_DATA && rest > (uint64_t)4 * SESSION_PARAMS)
            return nonsense(s, N_("a message is too long"));
        enum belongs where = c->type == CONTAINER_EVENT ? BELONGS_BEFORE : belongs(s, c);
        if (where == BELONGS)
            return USB_OK;
        if (where == BELONGS_NOWHERE || rest > PTP_DROP_MAX)
            return nonsense(s, N_("a message that belongs to nothing"));
        s->counts.stale++;
        if ((r = skip(s, rest)) != USB_OK)
            return r;
    }
    return nonsense(s, N_("messages that belong to nothing"));
}

static enum usb_result read_answer(struct session *s, const struct container *c)
{
    uint8_t p[4 * SESSION_PARAMS];
    size_t n = (c->length - PTP_CONTAINER) / 4;
    enum usb_result r = take(s, p, c->length - PTP_CONTAINER, 1, PTP_DATA_MS);
    s->answer = (struct session_answer){.code = c->code, .n_params = (uint8_t)n};
    for (size_t i = 0; i < n; i++)
        s->answer.params[i] = bytes_le32(p + 4 * i);
    if (c->id == s->id && !r)
        s->dirty = false;
    s->answered = !r;
    return r;
}

static enum usb_result send_all(struct session *s, const void *p, size_t n)
{
    size_t sent = 0;
    enum usb_result r = s->u->send(s->u->self, p, n, &sent, PTP_DATA_MS);
    return !r && sent != n ? nonsense(s, N_("it takes half a message")) : r;
}

static enum usb_result send_op(struct session *s, const struct session_op *op)
{
    uint8_t p[PTP_CONTAINER + PTP_OUT_MAX];
    size_t n = PTP_CONTAINER + 4 * (size_t)op->n_params;
    bytes_put_le32(p, (uint32_t)n);
    bytes_put_le16(p + 4, CONTAINER_COMMAND);
    bytes_put_le16(p + 6, op->code);
    bytes_put_le32(p + 8, s->id);
    for (size_t i = 0; i < op->n_params; i++)
        bytes_put_le32(p + PTP_CONTAINER + 4 * i, op->params[i]);
    enum usb_result r = send_all(s, p, n);
    if (r || !op->out)
        return r;
    n = PTP_CONTAINER + op->out_len;
    bytes_put_le32(p, (uint32_t)n);
    bytes_put_le16(p + 4, CONTAINER_DATA);
    memcpy(p + PTP_CONTAINER, op->out, op->out_len);
    r = send_all(s, p, n);
    if (!r && n % s->u->pipes.packet == 0)
        r = send_all(s, p, 0);
    return r;
}

static bool may_send(const struct session_op *op)
{
    if (op->n_params > SESSION_PARAMS || op->out_len > PTP_OUT_MAX)
        return false;
    if (op->permit)
        return op->permit->code == op->code;
    for (size_t i = 0; i < sizeof permitted / sizeof *permitted; i++)
        if (permitted[i] == op->code)
            return op->code != OP_SET_PROPERTY || op->params[0] == PROP_DATE_TIME;
    return false;
}

/* How many bytes of data follow the head: it has 32 bits for that, and what is
 * longer is told as all ones, or cut off by those that do not know better. */
static uint64_t data_length(const struct container *c, uint64_t want)
{
    if (c->length == UINT32_MAX)
        return want ? want : OPEN_END;
    if (want > UINT32_MAX - PTP_CONTAINER && (uint32_t)(want + PTP_CONTAINER) == c->length)
        return want;
    return c->length - PTP_CONTAINER;
}

/* A transfer that ended before the data did: its last bytes may be the answer, so it is nobody's. */
static void drop_broken(struct session *s)
{
    if (s->in.ended && s->left != OPEN_END && s->in.n < s->left) {
        s->counts.junk_bytes += s->in.n;
        s->in.n = 0;
    }
}

enum err session_start(struct session *s, const struct session_op *op)
{
    if (!may_send(op))
        return err_set(ERR_BUG, "operation 0x%04X is not permitted", op->code);
    enum err e = s->busy ? session_settle(s) : ERR_OK;
    if (e == ERR_AGAIN || s->broken)
        return err_set(ERR_AGAIN, "the camera does not answer properly any more; unplug it and plug it in again");
    struct container c = {0};
    s->code = op->code;
    s->id = s->open ? s->next++ : 0;
    if (s->open && s->next == UINT32_MAX)
        s->next = 1;
    s->counts.transactions++;
    s->left = s->taken = 0;
    s->answered = s->alone = s->cut = false;
    uint64_t ahead = op->want ? op->want + PTP_CONTAINER : FIRST_POST;
    enum usb_result r = send_op(s, op);
    if (!r)
        r = next_container(s, &c, ahead);
    if (!r && c.type == CONTAINER_ANSWER)
        r = read_answer(s, &c);
    if (r)
        return fail(s, r);
    s->busy = true;
    if (c.type == CONTAINER_DATA) {
        s->left = data_length(&c, op->want);
        s->alone = s->in.n == 0 && s->in.whole == PTP_CONTAINER && s->in.ended;
        s->counts.split += s->alone && s->left;
        drop_broken(s);
    }
    return ERR_OK;
}

bool session_busy(const struct session *s, uint64_t *left)
{
    if (left)
        *left = s->busy ? s->left : 0;
    return s->busy;
}

/* The head of the data came alone; is what came next no data, but the answer? */
static bool is_answer_instead(const struct session *s)
{
    const struct inflow *in = &s->in;
    return s->alone && s->taken == 0 && in->ended && in->n == in->whole && in->n >= PTP_CONTAINER && in->n <= s->left &&
           bytes_le32(in->p) == in->n && bytes_le16(in->p + 4) == CONTAINER_ANSWER && bytes_le32(in->p + 8) == s->id;
}

/* More data into the inflow; none there afterwards: the data has ended. */
static enum usb_result more_data(struct session *s)
{
    unsigned empty = 0;
    while (s->left && s->in.n == 0) {
        bool ended = s->in.ended && !s->in.held && !(s->alone && s->taken == 0);
        if (ended) {
            s->cut = s->left != OPEN_END;
            s->left = 0;
            break;
        }
        enum usb_result r = next(s, s->left, PTP_DATA_MS, &empty);
        if (r)
            return r;
        if (is_answer_instead(s)) {
            s->cut = true;
            s->left = 0;
        }
        drop_broken(s);
    }
    return USB_OK;
}

enum err session_data(struct session *s, void *p, size_t n, size_t *got, struct session_answer *a)
{
    *got = 0;
    if (!s->busy)
        return err_set(ERR_BUG, "no transaction is started");
    enum usb_result r = more_data(s);
    if (r)
        return fail(s, r);
    if (s->left) {
        *got = inflow_take(&s->in, p, n < s->left ? n : (size_t)s->left);
        s->taken += *got;
        s->left -= s->left == OPEN_END ? 0 : *got;
        return ERR_OK;
    }
    struct container c;
    if (!s->answered) {
        s->counts.glued += s->in.n > 0;
        r = next_container(s, &c, 1);
        if (!r && c.type != CONTAINER_ANSWER)
            r = nonsense(s, N_("data twice"));
        if (!r)
            r = read_answer(s, &c);
        if (r)
            return fail(s, r);
    }
    s->counts.junk_bytes += s->in.n;
    s->busy = false;
    s->failures = 0;
    inflow_drop(&s->in);
    *a = s->answer;
    a->cut = s->cut;
    return ERR_OK;
}

enum err session_settle(struct session *s)
{
    uint8_t p[4096];
    size_t got = 1;
    struct session_answer a;
    enum err e = ERR_OK;
    if (!s->busy)
        return ERR_OK;
    if (s->left <= PTP_AHEAD) {
        while (!e && got)
            e = session_data(s, p, sizeof p, &got, &a);
    } else
        recover(s, USB_OK);
    return s->broken
               ? err_set(ERR_AGAIN, "the camera does not answer properly any more; unplug it and plug it in again")
               : ERR_OK;
}

enum err session_run(struct session *s, const struct session_op *op, sink_fn *in, void *ctx, struct session_answer *a)
{
    uint8_t p[4096];
    size_t got = 1;
    enum err e = session_start(s, op);
    while (!e && got) {
        e = session_data(s, p, sizeof p, &got, a);
        if (e || !got || !in)
            continue;
        e = in(ctx, p, got);
        if (e && session_settle(s))
            e = ERR_AGAIN;
    }
    return e;
}

enum err session_refused(const struct session_answer *a, const char *what)
{
    switch (a->code) {
    case ANSWER_DENIED:
        return err_set(ERR_DENIED, "%s: the camera denies access; unlock it and allow the transfer of files on it",
                       _(what));
    case ANSWER_BUSY:
        return err_set(ERR_AGAIN, "%s: the camera is busy; stop its recording and try again", _(what));
    case ANSWER_STORE_UNAVAILABLE:
        return err_set(ERR_AGAIN, "%s: its card is not available; put it in, or take the camera out of use", _(what));
    case ANSWER_NO_OBJECT:
        return err_set(ERR_BAD, "%s: it is not on the camera any more", _(what));
    default:
        return err_set(ERR_IO, "%s: the camera answers with code 0x%04X", _(what), a->code);
    }
}

enum err session_event(struct session *s, struct session_event *e, unsigned ms)
{
    uint8_t p[64];
    size_t got = 0;
    if (s->broken || !s->u->pipes.event)
        return ERR_END;
    enum usb_result r = s->u->event(s->u->self, p, sizeof p, &got, ms);
    if (r == USB_GONE || r == USB_STOPPED) {
        s->broken = true;
        return usb_err(r, N_("the camera cannot be read"));
    }
    if (r || got < PTP_CONTAINER || bytes_le16(p + 4) != CONTAINER_EVENT)
        return ERR_END;
    *e = (struct session_event){.code = bytes_le16(p + 6)};
    for (size_t i = 0; i < 3 && PTP_CONTAINER + 4 * i + 4 <= got; i++)
        e->params[i] = bytes_le32(p + PTP_CONTAINER + 4 * i);
    return ERR_OK;
}

enum err session_reset(struct session *s, bool hard)
{
    size_t got;
    bool alive;
    inflow_drop(&s->in);
    s->counts.resets++;
    enum usb_result r = hard ? s->u->reset(s->u->self) : class_request(s, CLASS_OUT, CLASS_RESET, NULL, 0, &got);
    if (r != USB_GONE && r != USB_STOPPED)
        r = settle(s, &alive);
    if (r == USB_GONE || r == USB_STOPPED)
        return usb_err(r, N_("the camera cannot be read"));
    s->busy = s->dirty = s->broken = false;
    s->failures = 0;
    session_numbers(s, false);
    return ERR_OK;
}
