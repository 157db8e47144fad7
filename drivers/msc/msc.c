#include "drivers/msc/msc.h"

#include "drivers/msc/scsi.h"
#include "storage/base/lang.h"
#include "storage/base/text.h"

#include <stdlib.h>
#include <string.h>

#define TRANSFER_FIRST (120u << 10) /* what every device takes */
#define TRANSFER_MAX (1u << 20)
#define PROVEN (8u << 20) /* bytes without trouble before more at a time is tried */
#define TRIES 4           /* of one command */
#define ATTENTIONS 8      /* in a row */
#define LOOK_AGAIN 250u   /* ms between looks for a medium */

struct msc {
    struct bot bot;
    struct scsi_inquiry about;
    struct msc_facts facts;
    uint32_t sector;
    uint64_t sectors;
    uint32_t most;   /* bytes of one command that the device has not failed at */
    uint64_t smooth; /* bytes since the last trouble */
    bool is_open;    /* a medium is known: another one is not it */
};

static enum err over(const struct msc *m, const char *what)
{
    return usb_err(m->bot.at, what);
}

static enum err refused(const char *what, const struct scsi_sense *s)
{
    return err_set(ERR_IO, "%s: the device refuses (sense %X/%02X/%02X)", _(what), s->key, s->asc, s->ascq);
}

static bool another_medium(const struct scsi_sense *s)
{
    return s->key == SCSI_ATTENTION && s->asc == 0x28;
}

/* Whether a command that failed may be sent again at once. */
static bool passing(const struct msc *m, const struct scsi_sense *s, unsigned attentions)
{
    return s->key == SCSI_ATTENTION && attentions < ATTENTIONS && !(m->is_open && another_medium(s));
}

enum ask { ASK_READY, ASK_CAPACITY, ASK_INQUIRY };

static enum bot_result ask_once(struct msc *m, enum ask what, struct scsi_sense *s)
{
    switch (what) {
    case ASK_READY:
        return scsi_is_ready(&m->bot, s);
    case ASK_CAPACITY:
        return scsi_capacity(&m->bot, &m->sectors, &m->sector, s);
    case ASK_INQUIRY:
        break;
    }
    return scsi_inquiry(&m->bot, &m->about, s);
}

/* A few times: out of step, attention and the failure after a reset pass. */
static enum bot_result ask(struct msc *m, enum ask what, struct scsi_sense *s)
{
    enum bot_result e = BOT_TROUBLE;
    unsigned attentions = 0;
    for (unsigned i = 0; i < TRIES; i++) {
        e = ask_once(m, what, s);
        while (e == BOT_FAILED && passing(m, s, attentions++))
            e = ask_once(m, what, s);
        if (e == BOT_DONE || e == BOT_OVER || (e == BOT_FAILED && s->key == SCSI_NOT_READY))
            return e;
        m->facts.retries++;
    }
    return e;
}

/* A medium in one of the units: card readers have several. */
static enum bot_result find_medium(struct msc *m, uint8_t max, struct scsi_sense *s)
{
    enum bot_result e = BOT_FAILED;
    for (unsigned lun = 0; lun <= max && e != BOT_OVER; lun++) {
        m->bot.lun = (uint8_t)lun;
        e = ask(m, ASK_READY, s);
        if (e == BOT_DONE)
            return e;
    }
    return e;
}

static enum err wait_for_medium(struct msc *m, unsigned ms)
{
    static const char what[] = N_("it cannot be read");
    struct scsi_sense s = {0};
    uint8_t max = 0;
    enum bot_result e = bot_max_lun(&m->bot, &max);
    for (unsigned waited = 0; e != BOT_OVER; waited += LOOK_AGAIN) {
        e = find_medium(m, max, &s);
        if (e == BOT_DONE)
            return ERR_OK;
        if (e == BOT_OVER)
            break;
        if (e == BOT_FAILED && s.key != SCSI_NOT_READY)
            return refused(what, &s);
        if (waited >= ms)
            return e == BOT_TROUBLE ? err_set(ERR_IO, "it speaks, but not as a storage device does")
                   : s.asc == 0x3a  ? err_set(ERR_AGAIN, "there is no card in it; put one in")
                                    : err_set(ERR_AGAIN, "it does not get ready; switch it on and plug it in again");
        m->bot.at = m->bot.u.pause(m->bot.u.self, LOOK_AGAIN);
        if (m->bot.at)
            break;
    }
    return over(m, what);
}

static void show_text(char out[static NAME_LEN], const char *s)
{
    struct buf b = {0};
    out[0] = '\0';
    if (text_escape(&b, s, strlen(s)) == ERR_OK && b.len < NAME_LEN)
        memcpy(out, b.p, b.len + 1);
    buf_free(&b);
}

/* Twice the same: nothing else would show that a bit of it was flipped. */
static enum bot_result ask_capacity(struct msc *m, struct scsi_sense *s)
{
    enum bot_result r = ask(m, ASK_CAPACITY, s);
    for (unsigned i = 0; i < TRIES && r == BOT_DONE; i++) {
        uint64_t sectors = m->sectors;
        uint32_t sector = m->sector;
        r = ask(m, ASK_CAPACITY, s);
        if (r == BOT_DONE && m->sectors == sectors && m->sector == sector)
            break;
    }
    return r;
}

static enum err look(struct msc *m, unsigned ms)
{
    static const char what[] = N_("it cannot be opened as a storage device");
    struct scsi_sense s = {0};
    enum bot_result r = ask(m, ASK_INQUIRY, &s);
    if (r == BOT_OVER)
        return over(m, what);
    if (r)
        return err_set(ERR_IO, "%s: it does not say what it is", _(what));
    if (m->about.type != 0)
        return err_set(ERR_DATA, "%s: it is a device of type %u, no disk", _(what), m->about.type);
    show_text(m->facts.vendor, m->about.vendor);
    show_text(m->facts.product, m->about.product);
    show_text(m->facts.revision, m->about.revision);
    enum err e = wait_for_medium(m, ms);
    if (e)
        return e;
    r = ask_capacity(m, &s);
    if (r == BOT_OVER)
        return over(m, what);
    if (r)
        return refused(what, &s);
    bool power = m->sector >= 512 && m->sector <= 4096 && (m->sector & (m->sector - 1)) == 0;
    if (!power || m->sectors == 0 || m->sectors > UINT64_MAX / m->sector)
        return err_set(ERR_DATA, "%s: it claims %llu sectors of %u bytes", _(what), (unsigned long long)m->sectors,
                       m->sector);
    r = scsi_is_protected(&m->bot, &m->facts.write_protected, &s);
    return r == BOT_OVER ? over(m, what) : ERR_OK;
}

/* Trouble: less at a time from now on; half, and no more than that again. */
static void step_down(struct msc *m)
{
    uint32_t half = m->facts.transfer / 2 / m->sector * m->sector;
    m->facts.transfer = half > m->sector ? half : m->sector;
    m->most = m->facts.transfer;
    m->smooth = 0;
}

static void step_up(struct msc *m, uint64_t bytes)
{
    m->smooth += bytes;
    if (m->smooth < PROVEN || m->facts.transfer >= m->most)
        return;
    m->facts.transfer = 2 * m->facts.transfer < m->most ? 2 * m->facts.transfer : m->most;
    m->smooth = 0;
}

enum piece { PIECE_READ, PIECE_BAD, PIECE_SMALLER, PIECE_FAILED };

/* n sectors at once; PIECE_SMALLER: fewer may go. */
static enum piece read_piece(struct msc *m, uint64_t first, uint32_t n, uint8_t *p)
{
    static const char what[] = N_("it cannot be read");
    struct scsi_sense s = {0};
    unsigned attentions = 0;
    for (unsigned i = 0; i < TRIES; i++) {
        enum bot_result r = scsi_read(&m->bot, first, n, m->sector, p, &s);
        while (r == BOT_FAILED && passing(m, &s, attentions++))
            r = scsi_read(&m->bot, first, n, m->sector, p, &s);
        if (r == BOT_DONE)
            return PIECE_READ;
        if (r == BOT_OVER) {
            (void)!over(m, what);
            return PIECE_FAILED;
        }
        if (r == BOT_FAILED && (another_medium(&s) || s.key == SCSI_NOT_READY)) {
            (void)!err_set(ERR_AGAIN, "%s: its card was taken out; put it back and plug it in again", _(what));
            return PIECE_FAILED;
        }
        m->facts.retries++;
        if (r == BOT_TROUBLE)
            step_down(m);
        if (n > 1)
            return PIECE_SMALLER;
    }
    return PIECE_BAD;
}

static enum err read_sectors(void *self, uint64_t first, uint32_t n, void *p, uint32_t *good)
{
    struct msc *m = self;
    uint32_t at_once = UINT32_MAX;
    *good = 0;
    while (*good < n) {
        uint64_t at = first + *good;
        if (at >= m->sectors)
            return err_set(ERR_IO, "it cannot be read: behind the end of the medium");
        uint32_t most = m->facts.transfer / m->sector, left = n - *good;
        uint32_t size = left < most ? left : most;
        size = size < at_once ? size : at_once;
        size = size < m->sectors - at ? size : (uint32_t)(m->sectors - at);
        switch (read_piece(m, at, size, (uint8_t *)p + (size_t)*good * m->sector)) {
        case PIECE_READ:
            *good += size;
            step_up(m, (uint64_t)size * m->sector);
            break;
        case PIECE_SMALLER:
            at_once = size / 2;
            break;
        case PIECE_BAD:
            return err_set(ERR_IO, "it cannot be read: sector %llu is bad", (unsigned long long)at);
        case PIECE_FAILED:
            return m->bot.at == USB_NOMEM ? ERR_NOMEM : ERR_AGAIN;
        }
    }
    return ERR_OK;
}

static void free_msc(void *self)
{
    struct msc *m = self;
    if (!m)
        return;
    m->bot.u.free(m->bot.u.self);
    free(m);
}

enum err msc_open(struct disk *out, struct usb *u, unsigned ms)
{
    *out = (struct disk){0};
    struct msc *m = calloc(1, sizeof *m);
    if (!m) {
        u->free(u->self);
        return err_set(ERR_NOMEM, "out of memory");
    }
    m->bot.u = *u;
    m->facts.transfer = TRANSFER_FIRST;
    m->most = TRANSFER_MAX;
    enum err e = look(m, ms);
    if (e) {
        free_msc(m);
        return e;
    }
    m->is_open = true;
    *out = (struct disk){.self = m, .sector = m->sector, .sectors = m->sectors, .read = read_sectors, .free = free_msc};
    return ERR_OK;
}

void msc_facts(const struct disk *d, struct msc_facts *out)
{
    const struct msc *m = d->self;
    *out = m->facts;
    out->resets = m->bot.resets;
}

enum err msc_vendor(struct disk *d, const uint8_t cdb[static 16], size_t cdb_len, bool in, void *p, size_t n,
                    size_t *got)
{
    static const char what[] = N_("the maker's own command cannot be given");
    struct msc *m = d->self;
    struct scsi_sense s = {0};
    *got = 0;
    if (cdb[0] < 0xc0 || cdb_len < 6 || cdb_len > 16 || n > TRANSFER_FIRST)
        return err_set(ERR_BUG, "%02X is no maker's own command", cdb[0]);
    switch (scsi_vendor(&m->bot, cdb, cdb_len, in, p, n, got, &s)) {
    case BOT_DONE:
        return ERR_OK;
    case BOT_FAILED:
        return refused(what, &s);
    case BOT_OVER:
        return over(m, what);
    case BOT_TROUBLE:
        break;
    }
    /* once: who knows what the first one has done */
    return err_set(ERR_IO, "%s: the device got out of step; what it did is not known", _(what));
}
