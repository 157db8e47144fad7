#include "tests/unit/script_bot.h"

#include "storage/base/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct order {
    uint32_t tag, n;
    bool in;
    uint8_t lun;
    const uint8_t *cdb;
};

static void fail_with(struct script_bot *d, uint8_t key, uint8_t asc, uint8_t ascq)
{
    d->key = key;
    d->asc = asc;
    d->ascq = ascq;
}

static void say_status(struct script_bot *d, struct script *s, const struct order *o, uint32_t residue, uint8_t status,
                       enum bot_quirk quirk)
{
    uint8_t p[13] = {'U', 'S', 'B', 'S'};
    uint32_t tag = quirk == QUIRK_TAG ? o->tag + 7 : o->tag;
    if (quirk == QUIRK_RESIDUE || d->residue_always)
        residue = o->n;
    if (quirk == QUIRK_RESIDUE_BIG)
        residue = o->n + 100;
    if (quirk == QUIRK_SHORT_LIE)
        residue = 0;
    bytes_put_le32(p + 4, tag);
    bytes_put_le32(p + 8, residue);
    p[12] = quirk == QUIRK_PHASE ? 2 : status;
    if (quirk == QUIRK_SIGNATURE)
        p[3] = 'X';
    if (quirk == QUIRK_EMPTY_CSW)
        script_say(s, NULL, 0);
    if (quirk == QUIRK_GLUED && s->n_said) { /* no packet's end between them */
        script_add(s, p, sizeof p);
        return;
    }
    if (quirk == QUIRK_STALE)
        script_say(s, d->last_csw, sizeof d->last_csw);
    else
        script_say(s, p, quirk == QUIRK_SHORT_CSW ? 9 : sizeof p);
    memcpy(d->last_csw, p, sizeof p);
}

/* The data that the command answers with; -1: it fails. */
static int64_t answer(struct script_bot *d, const struct order *o, uint8_t *p)
{
    const uint8_t *c = o->cdb;
    uint64_t first = 0, n = 0;
    d->seen[c[0]]++;
    if (c[0] == 0x03) { /* REQUEST SENSE */
        memset(p, 0, 18);
        p[0] = 0x70;
        p[2] = d->key;
        p[7] = 10;
        p[12] = d->asc;
        p[13] = d->ascq;
        fail_with(d, 0, 0, 0);
        return 18;
    }
    if (c[0] == 0x12) { /* INQUIRY: is answered at any time */
        memset(p, 0, 36);
        p[0] = o->lun < d->units ? 5 : 0;
        p[1] = 0x80;
        memcpy(p + 8, "Maker   Model           1.00", 28);
        return 36;
    }
    if (d->changed && d->resets) {
        d->resets = 0;
        fail_with(d, 6, 0x28, 0);
        return -1;
    }
    if (d->attentions) {
        d->attentions--;
        fail_with(d, 6, 0x29, 0);
        return -1;
    }
    if (d->ejected || d->not_ready) {
        if (d->not_ready && c[0] == 0)
            d->not_ready--;
        fail_with(d, 2, d->ejected ? 0x3a : 4, d->ejected ? 0 : 1);
        return -1;
    }
    switch (c[0]) {
    case 0x00:
        return 0;
    case 0x1a: /* MODE SENSE(6): read-write, so that a write would count */
        memset(p, 0, 4);
        p[0] = 3;
        return 4;
    case 0x25: {
        uint64_t last = (d->claims ? d->claims : d->sectors) - 1;
        if (d->fickle)
            last -= d->commands % 7;
        bytes_put_be32(p, last > UINT32_MAX ? UINT32_MAX : (uint32_t)last);
        bytes_put_be32(p + 4, d->sector);
        return 8;
    }
    case 0x9e:
        memset(p, 0, 32);
        bytes_put_be64(p, (d->claims ? d->claims : d->sectors) - 1);
        bytes_put_be32(p + 8, d->sector);
        return 32;
    case 0x28:
        first = bytes_be32(c + 2);
        n = (uint64_t)c[7] << 8 | c[8];
        break;
    case 0x88:
        first = bytes_be64(c + 2);
        n = bytes_be32(c + 10);
        break;
    default:
        if (c[0] >= 0xc0) {
            memcpy(d->vendor, c, 16);
            return 0;
        }
        fail_with(d, 5, 0x20, 0); /* none of ours, unless the cable has bent it: `seen` tells */
        return -1;
    }
    if (d->refuses_more && n * d->sector > d->most) {
        fail_with(d, 5, 0x24, 0);
        return -1;
    }
    if (first + n > d->sectors) {
        fail_with(d, 5, 0x21, 0);
        return -1;
    }
    if (d->bad >= first && d->bad < first + n && d->bad_times) {
        d->bad_times--;
        fail_with(d, 3, 0x11, 0);
        return -1;
    }
    memcpy(p, d->disk + first * d->sector, n * d->sector);
    d->read += n * d->sector;
    return (int64_t)(n * d->sector);
}

static void command(struct script_bot *d, struct script *s, const struct order *o)
{
    static uint8_t p[2u << 20];
    enum bot_quirk quirk = d->commands++ == d->at ? d->quirk : QUIRK_NONE;
    int64_t n;
    if (d->dies && d->commands >= d->dies)
        d->dead = true;
    if (quirk == QUIRK_HANG || d->dead || (d->most && o->n > d->most && !d->refuses_more)) {
        d->hangs = true;
        return;
    }
    if (quirk == QUIRK_ATTENTION || quirk == QUIRK_ABORTED) {
        d->seen[o->cdb[0]]++;
        fail_with(d, quirk == QUIRK_ABORTED ? 11 : 6, quirk == QUIRK_ABORTED ? 0x47 : 0x29, 0);
        n = -1;
    } else {
        n = answer(d, o, p);
    }
    uint32_t size = n < 0 ? 0 : (uint32_t)n;
    size = size < o->n ? size : o->n;
    bool half =
        quirk == QUIRK_SHORT_DATA || quirk == QUIRK_SHORT_LIE || quirk == QUIRK_STALL_DATA || quirk == QUIRK_GLUED;
    uint32_t said = half ? size / 2 : size;
    if (quirk == QUIRK_PADDED)
        memset(p + said / 2, 0xa5, said - said / 2);
    if (said)
        script_say(s, p, said);
    /* 6.7.2: halts where it has nothing of what was asked for */
    if (quirk == QUIRK_STALL_DATA || quirk == QUIRK_STALL_CSW || (o->n && said == 0))
        script_say_halt(s);
    if (quirk == QUIRK_PADDED)
        said /= 2;
    say_status(d, s, o, o->n - said, n < 0, quirk);
}

static void out(void *self, struct script *s, const uint8_t *p, size_t n)
{
    struct script_bot *d = self;
    if (d->hangs)
        return;
    if (n != 31 || memcmp(p, "USBC", 4) != 0 || p[14] < 1 || p[14] > 16) { /* 6.6.1 */
        script_halt(s, true);
        script_halt(s, false);
        d->hangs = true;
        return;
    }
    struct order o = {bytes_le32(p + 4), bytes_le32(p + 8), p[12] & 0x80, p[13], p + 15};
    if (!o.in && o.n) { /* no command of ours sends data */
        script_halt(s, false);
        d->hangs = true;
        return;
    }
    command(d, s, &o);
}

static enum usb_result control(void *self, struct script *s, const struct usb_request *r, uint8_t *p, size_t n,
                               size_t *got)
{
    struct script_bot *d = self;
    if (r->type == 0x21 && r->request == 0xff) {
        d->hangs = d->hangs && d->stubborn;
        d->resets++;
        script_forget(s);
        return USB_OK;
    }
    if (r->type == 0xa1 && r->request == 0xfe && n) {
        p[0] = d->units;
        *got = 1;
        return USB_OK;
    }
    return USB_STALL;
}

static void reset(void *self, struct script *s)
{
    struct script_bot *d = self;
    (void)s;
    d->hangs = false;
    d->attentions++;
    d->resets++;
    d->not_ready = d->slow;
}

struct script_device script_bot(struct script_bot *d)
{
    return (struct script_device){d, out, control, reset};
}
