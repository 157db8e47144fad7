#include "drivers/msc/msc.h"

#include "drivers/msc/scsi.h"
#include "storage/base/clock.h"
#include "storage/base/lang.h"
#include "storage/base/text.h"

#include <stdlib.h>
#include <string.h>

#define TRANSFER_FIRST (120u << 10) /* what every device takes */
#define TRANSFER_MAX (1u << 20)
#define TRANSFER_MIN 4096u
#define PROVEN (8u << 20)     /* bytes without trouble before more at a time is tried, */
#define FORGIVEN (256u << 20) /* before what has failed is tried, and twice as many the next time */
#define TRIES 4               /* of one command */
#define ATTENTIONS 8          /* in a row */
#define LOOK_AGAIN 250u       /* ms between looks for a medium */
#define READY_TIME 10000u     /* ms in which a card that was in use is ready again */
#define LAST TRANSFER_MIN

struct msc {
    struct bot bot;
    struct scsi_inquiry about;
    struct msc_facts facts;
    uint32_t sector;
    uint64_t sectors;
    uint32_t most;   /* bytes of one command that the device has not failed at, */
    uint32_t proven; /* and that it has done many of */
    uint64_t smooth; /* bytes since the last trouble, or since more was tried */
    uint64_t forgiven;
    bool is_open;                    /* a medium is known: another one is not it */
    uint64_t resets;                 /* of bot's, when something was read last */
    uint8_t last[LAST], again[LAST]; /* the end of that: after a reset it shows that it is the same card */
    uint64_t last_at;
    uint32_t last_n; /* sectors */
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

static bool no_medium(const struct scsi_sense *s)
{
    return s->key == SCSI_NOT_READY && s->asc == 0x3a;
}

/* Whether a command that failed may be sent again at once. */
static bool passing(const struct msc *m, const struct scsi_sense *s, unsigned attentions)
{
    return s->key == SCSI_ATTENTION && attentions < ATTENTIONS && !(m->is_open && another_medium(s));
}

/* --- asking ---------------------------------------------------------------- */

enum ask { ASK_READY, ASK_CAPACITY, ASK_INQUIRY, ASK_PROTECTED };

struct capacity {
    uint64_t sectors;
    uint32_t sector;
};

static enum bot_result ask_once(struct msc *m, enum ask what, struct capacity *c, struct scsi_sense *s)
{
    switch (what) {
    case ASK_READY:
        return scsi_is_ready(&m->bot, s);
    case ASK_CAPACITY:
        return scsi_capacity(&m->bot, &c->sectors, &c->sector, s);
    case ASK_PROTECTED:
        return scsi_is_protected(&m->bot, &m->facts.write_protected, s);
    case ASK_INQUIRY:
        break;
    }
    return scsi_inquiry(&m->bot, &m->about, s);
}

/* A few times: out of step, attention and the failure after a reset pass. */
static enum bot_result ask(struct msc *m, enum ask what, struct capacity *c, struct scsi_sense *s)
{
    enum bot_result e = BOT_TROUBLE;
    unsigned attentions = 0;
    for (unsigned i = 0; i < TRIES; i++) {
        e = ask_once(m, what, c, s);
        while (e == BOT_FAILED && passing(m, s, attentions++))
            e = ask_once(m, what, c, s);
        if (e == BOT_DONE || e == BOT_OVER)
            return e;
        /* these would come again */
        if (e == BOT_FAILED && (s->key == SCSI_NOT_READY || s->key == SCSI_ATTENTION || (s->key == SCSI_ILLEGAL && i)))
            return e;
        m->facts.retries++;
    }
    return e;
}

/* Twice the same: nothing else would show that a bit of it was flipped. */
static enum bot_result ask_capacity(struct msc *m, struct capacity *c, struct scsi_sense *s)
{
    enum bot_result r = ask(m, ASK_CAPACITY, c, s);
    for (unsigned i = 0; i < TRIES && r == BOT_DONE; i++) {
        struct capacity was = *c;
        r = ask(m, ASK_CAPACITY, c, s);
        if (r == BOT_DONE && c->sectors == was.sectors && c->sector == was.sector)
            return r;
    }
    if (r == BOT_DONE)
        *c = (struct capacity){0}; /* another one each time: it claims nothing */
    return r;
}

/* --- opening --------------------------------------------------------------- */

static const char not_opened[] = N_("it cannot be opened as a storage device");

/* A disk with a medium among the units: card readers have several. *why: why
 * there is none yet. */
static enum err find_medium(struct msc *m, uint8_t max, bool *found, struct scsi_sense *why)
{
    bool any = false;
    unsigned type = 0;
    *found = false;
    for (unsigned lun = 0; lun <= max && !*found; lun++) {
        struct scsi_sense s = {0};
        m->bot.lun = (uint8_t)lun;
        enum bot_result r = ask(m, ASK_INQUIRY, NULL, &s);
        if (r == BOT_DONE && m->about.type != 0) {
            type = m->about.type;
            continue;
        }
        if (r == BOT_DONE)
            r = ask(m, ASK_READY, NULL, &s);
        if (r == BOT_OVER)
            return over(m, not_opened);
        if (r == BOT_TROUBLE && lun == 0)
            return err_set(ERR_IO, "it speaks, but not as a storage device does");
        *found = r == BOT_DONE;
        if (r == BOT_FAILED && !any)
            *why = s;
        any = any || r == BOT_DONE || r == BOT_FAILED;
    }
    return any ? ERR_OK : err_set(ERR_DATA, "%s: it is a device of type %u, no disk", _(not_opened), type);
}

static enum err wait_for_medium(struct msc *m, unsigned ms)
{
    struct scsi_sense s = {0};
    uint8_t max = 0;
    bool found = false;
    if (bot_max_lun(&m->bot, &max) == BOT_OVER)
        return over(m, not_opened);
    for (unsigned waited = 0;; waited += LOOK_AGAIN) {
        enum err e = find_medium(m, max, &found, &s);
        if (e || found)
            return e;
        if (waited >= ms)
            break;
        m->bot.at = m->bot.u.pause(m->bot.u.self, LOOK_AGAIN);
        if (m->bot.at)
            return over(m, not_opened);
    }
    return no_medium(&s)             ? err_set(ERR_AGAIN, "there is no card in it; put one in")
           : s.key == SCSI_NOT_READY ? err_set(ERR_AGAIN, "it does not get ready; switch it on and plug it in again")
                                     : refused(not_opened, &s);
}

static enum err look(struct msc *m, unsigned ms)
{
    struct scsi_sense s = {0};
    struct capacity c = {0};
    enum bot_result r;
    unsigned tries = 0;
    do { /* one that gets out of step on the way is not ready once more */
        enum err e = wait_for_medium(m, ms);
        if (e)
            return e;
        r = ask_capacity(m, &c, &s);
    } while (r == BOT_FAILED && s.key == SCSI_NOT_READY && ++tries < TRIES);
    if (r == BOT_OVER)
        return over(m, not_opened);
    if (r)
        return refused(not_opened, &s);
    bool power = c.sector >= 512 && c.sector <= 4096 && (c.sector & (c.sector - 1)) == 0;
    if (!power || c.sectors == 0 || c.sectors > UINT64_MAX / c.sector)
        return err_set(ERR_DATA, "%s: it claims %llu sectors of %u bytes", _(not_opened), (unsigned long long)c.sectors,
                       c.sector);
    m->sectors = c.sectors;
    m->sector = c.sector;
    text_escape_cut(m->facts.vendor, NAME_LEN, m->about.vendor, strlen(m->about.vendor));
    text_escape_cut(m->facts.product, NAME_LEN, m->about.product, strlen(m->about.product));
    text_escape_cut(m->facts.revision, NAME_LEN, m->about.revision, strlen(m->about.revision));
    r = ask(m, ASK_PROTECTED, NULL, &s);
    return r == BOT_OVER ? over(m, not_opened) : ERR_OK; /* not every device knows */
}

/* --- reading --------------------------------------------------------------- */

static const char not_read[] = N_("it cannot be read");

/* Trouble: less at a time. What has proven itself before comes again soon. */
static void step_down(struct msc *m)
{
    uint32_t half = m->facts.transfer / 2 / TRANSFER_MIN * TRANSFER_MIN;
    half = half > TRANSFER_MIN ? half : TRANSFER_MIN;
    if (m->facts.transfer > m->proven)
        m->most = half > m->proven ? half : m->proven;
    m->facts.transfer = half;
    m->smooth = 0;
}

/* What failed before is tried again after more and more that went well. */
static void step_up(struct msc *m, uint64_t bytes)
{
    m->smooth += bytes;
    if (m->smooth < PROVEN)
        return;
    if (m->proven < m->facts.transfer)
        m->proven = m->facts.transfer;
    if (m->facts.transfer == m->most && m->most < TRANSFER_MAX && m->smooth >= m->forgiven) {
        m->most = m->most < TRANSFER_MAX / 2 ? 2 * m->most : TRANSFER_MAX;
        m->forgiven *= 2;
    }
    if (m->facts.transfer == m->most)
        return;
    m->facts.transfer = 2 * m->facts.transfer < m->most ? 2 * m->facts.transfer : m->most;
    m->smooth = 0;
}

static void remember(struct msc *m, uint64_t first, uint32_t n, const uint8_t *p)
{
    uint32_t most = LAST / m->sector, keep = n < most ? n : most;
    memcpy(m->last, p + (size_t)(n - keep) * m->sector, (size_t)keep * m->sector);
    m->last_at = first + n - keep;
    m->last_n = keep;
    m->resets = m->bot.resets;
}

static enum err card_out(void)
{
    return err_set(ERR_AGAIN, "%s: its card was taken out; put it back and plug it in again", _(not_read));
}

/* A device says after a reset that its medium may be another one: as large as
 * before, and the same where it was read last? */
static enum err check_card(struct msc *m)
{
    struct scsi_sense s = {0};
    struct capacity c = {0};
    enum bot_result r = ask_capacity(m, &c, &s);
    if (r == BOT_DONE && (c.sectors != m->sectors || c.sector != m->sector))
        return card_out();
    if (r == BOT_DONE && m->last_n)
        r = scsi_read(&m->bot, m->last_at, m->last_n, m->sector, m->again, &s);
    if (r == BOT_OVER)
        return over(m, not_read);
    bool same = r == BOT_DONE && memcmp(m->again, m->last, (size_t)m->last_n * m->sector) == 0;
    return same ? ERR_OK : card_out();
}

/* After trouble: until it answers, is ready, and has the card that it had. A
 * device that does not answer is none with a bad sector. */
static enum err get_ready(struct msc *m, bool doubt)
{
    struct scsi_sense s = {0};
    unsigned attentions = 0;
    for (unsigned waited = 0;; waited += LOOK_AGAIN) {
        enum bot_result r = ask(m, ASK_READY, NULL, &s);
        while (r == BOT_FAILED && another_medium(&s) && m->bot.resets != m->resets && attentions++ < ATTENTIONS) {
            doubt = true;
            r = ask(m, ASK_READY, NULL, &s);
        }
        if (r == BOT_DONE)
            return doubt ? check_card(m) : ERR_OK;
        if (r == BOT_OVER)
            return over(m, not_read);
        if (r == BOT_TROUBLE)
            return usb_err(USB_LATE, not_read);
        if (no_medium(&s) || another_medium(&s))
            return card_out();
        if (waited >= READY_TIME)
            return err_set(ERR_AGAIN, "it does not get ready; switch it on and plug it in again");
        m->bot.at = m->bot.u.pause(m->bot.u.self, LOOK_AGAIN);
        if (m->bot.at)
            return over(m, not_read);
    }
}

enum piece { PIECE_READ, PIECE_BAD, PIECE_SMALLER, PIECE_FAILED };

/* n sectors at once; PIECE_SMALLER: fewer may go; PIECE_FAILED: *e. */
static enum piece read_piece(struct msc *m, uint64_t first, uint32_t n, uint8_t *p, enum err *e)
{
    struct scsi_sense s = {0};
    unsigned attentions = 0;
    for (unsigned i = 0; i < TRIES; i++) {
        enum bot_result r = scsi_read(&m->bot, first, n, m->sector, p, &s);
        while (r == BOT_FAILED && passing(m, &s, attentions++))
            r = scsi_read(&m->bot, first, n, m->sector, p, &s);
        if (r == BOT_DONE)
            return PIECE_READ;
        *e = r == BOT_OVER ? over(m, not_read) : ERR_OK;
        bool doubt = r == BOT_FAILED && another_medium(&s);
        if (doubt && m->bot.resets == m->resets)
            *e = card_out();
        if (!*e && (r == BOT_TROUBLE || doubt || s.key == SCSI_NOT_READY))
            *e = get_ready(m, doubt);
        if (*e)
            return PIECE_FAILED;
        m->facts.retries++;
        /* 5/24: this is more than it takes; no reason at all: it gave less than it was asked for */
        if (r == BOT_TROUBLE || s.key == SCSI_NO_SENSE || (s.key == SCSI_ILLEGAL && s.asc == 0x24))
            step_down(m);
        if (n > 1)
            return PIECE_SMALLER;
    }
    return PIECE_BAD;
}

/* As much as goes at once; half of the way to the end of what has just failed. */
static uint32_t piece_size(const struct msc *m, uint64_t at, uint32_t left, uint64_t suspect)
{
    uint64_t size = m->facts.transfer / m->sector;
    if (at < suspect && size > (suspect - at) / 2)
        size = (suspect - at) / 2 ? (suspect - at) / 2 : 1;
    size = size < left ? size : left;
    return (uint32_t)(size < m->sectors - at ? size : m->sectors - at);
}

static enum err read_sectors(void *self, uint64_t first, uint32_t n, void *p, uint32_t *good)
{
    struct msc *m = self;
    uint64_t suspect = 0;
    enum err e = ERR_OK;
    *good = 0;
    while (*good < n) {
        uint64_t at = first + *good;
        uint8_t *to = (uint8_t *)p + (size_t)*good * m->sector;
        if (at >= m->sectors)
            return err_set(ERR_IO, "it cannot be read: behind the end of the medium");
        uint32_t size = piece_size(m, at, n - *good, suspect);
        switch (read_piece(m, at, size, to, &e)) {
        case PIECE_READ:
            remember(m, at, size, to);
            *good += size;
            step_up(m, (uint64_t)size * m->sector);
            break;
        case PIECE_SMALLER:
            suspect = at + size;
            break;
        case PIECE_BAD:
            return err_set(ERR_IO, "it cannot be read: sector %llu is bad", (unsigned long long)at);
        case PIECE_FAILED:
            return e;
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
    m->forgiven = FORGIVEN;
    /* what a session before this one has left in the device bears another tag */
    m->bot.tag = (uint32_t)clock_uptime() << 8;
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
    unsigned attentions = 0;
    *got = 0;
    if (cdb[0] < 0xc0 || cdb_len < 6 || cdb_len > 16 || n > TRANSFER_FIRST)
        return err_set(ERR_BUG, "%02X is no maker's own command", cdb[0]);
    enum bot_result r = scsi_vendor(&m->bot, cdb, cdb_len, in, p, n, got, &s);
    while (r == BOT_FAILED && passing(m, &s, attentions++)) /* SPC-4, 5.14: with that it was not carried out */
        r = scsi_vendor(&m->bot, cdb, cdb_len, in, p, n, got, &s);
    switch (r) {
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
