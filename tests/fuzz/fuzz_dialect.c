/* A recorder that answers any bytes in any pieces, stalls, is late and leaves:
 * the talk ends, what it is told of stays inside its bounds, and its secret is
 * sent at most once. Byte 0: which dialect; then pieces: a byte says how many
 * bytes come, or from 250 on what happens instead. */
#include "drivers/profiles/dialect.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

struct recorder {
    const uint8_t *p;
    size_t n;
    size_t posted;
    unsigned secrets;
    bool gone;
};

static enum usb_result send_out(void *self, const void *p, size_t n, size_t *sent, unsigned ms)
{
    struct recorder *r = self;
    (void)ms;
    *sent = n;
    if (memmem(p, n, "abc123", 6))
        r->secrets++;
    return r->gone ? USB_GONE : USB_OK;
}

static enum usb_result post(void *self, size_t n)
{
    struct recorder *r = self;
    assert(!r->posted && n);
    r->posted = n;
    return r->gone ? USB_GONE : USB_OK;
}

static enum usb_result reap(void *self, const uint8_t **p, size_t *got, unsigned ms)
{
    struct recorder *r = self;
    (void)ms;
    *got = 0;
    *p = r->p;
    if (!r->posted)
        return USB_EMPTY;
    if (r->n == 0)
        r->gone = true;
    uint8_t what = r->n ? *r->p : 250;
    r->p += r->n > 0;
    r->n -= r->n > 0;
    *p = r->p;
    if (what == 251)
        return USB_LATE;
    r->posted = 0;
    switch (what) {
    case 250:
        r->gone = true;
        return USB_GONE;
    case 252:
        return USB_STALL;
    case 253:
        return USB_BROKEN;
    case 254:
        return USB_LONG;
    case 255:
        return USB_STOPPED;
    default:
        break;
    }
    *got = what < r->n ? what : r->n;
    r->p += *got;
    r->n -= *got;
    return USB_OK;
}

static void cancel(void *self)
{
    struct recorder *r = self;
    r->posted = 0;
}

static enum usb_result clear_halt(void *self, bool in)
{
    const struct recorder *r = self;
    (void)in;
    return r->gone ? USB_GONE : USB_OK;
}

static void talk(struct dialect *d, const struct dialect_facts *f)
{
    int64_t ms;
    assert(strlen(f->device) <= 32 && strlen(f->version) <= 32 && f->battery >= -1 && f->battery <= 100);
    enum err e = dialect_unlock(d, "abc123", 6);
    if (dialect_clock(d, &ms) == ERR_OK)
        assert(ms > 0);
    e = e ? e : dialect_set_clock(d, 1795591805000);
    e = e ? e : dialect_to_disk(d);
    if (e && dialect_unlock(d, "abc123", 6) == ERR_OK)
        err_clear();
    dialect_close(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    static struct profiles *profiles;
    struct dialect *d;
    struct dialect_facts facts;
    if (!profiles && profiles_load(&profiles, NULL) != ERR_OK)
        abort();
    if (n == 0)
        return 0;
    struct recorder r = {.p = p + 1, .n = n - 1};
    struct usb u = {.self = &r,
                    .pipes = {.packet = 512},
                    .send = send_out,
                    .post = post,
                    .reap = reap,
                    .cancel = cancel,
                    .clear_halt = clear_halt};
    enum err e = dialect_open(&d, profiles_find(profiles, *p & 1 ? "amba-binary" : "amba-ascii"), &u, &facts);
    assert((e == ERR_OK) == (d != NULL));
    if (!e)
        talk(d, &facts);
    assert(r.secrets <= 1);
    return 0;
}
