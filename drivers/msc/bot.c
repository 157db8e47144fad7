#include "drivers/msc/bot.h"

#include "storage/base/bytes.h"

#include <string.h>

#define COMMAND_TIME 5000u /* ms for a wrapper */
#define DATA_TIME 20000u   /* for data: a card may be busy with itself */
#define CLASS_RESET 0xff
#define GET_MAX_LUN 0xfe
#define STATUS_PHASE 2

static const uint8_t cbw_signature[4] = {'U', 'S', 'B', 'C'};
static const uint8_t csw_signature[4] = {'U', 'S', 'B', 'S'};

void bot_cbw(uint8_t out[static BOT_CBW], uint32_t tag, uint32_t n, bool in, uint8_t lun, const uint8_t *cdb,
             size_t cdb_len)
{
    memset(out, 0, BOT_CBW);
    memcpy(out, cbw_signature, sizeof cbw_signature);
    bytes_put_le32(out + 4, tag);
    bytes_put_le32(out + 8, n);
    out[12] = in ? 0x80 : 0;
    out[13] = lun & 0x0f;
    out[14] = (uint8_t)cdb_len;
    memcpy(out + 15, cdb, cdb_len);
}

bool bot_csw(const uint8_t *p, size_t n, uint32_t tag, struct bot_csw *out)
{
    if (n != BOT_CSW || memcmp(p, csw_signature, sizeof csw_signature) != 0)
        return false;
    *out = (struct bot_csw){.tag = bytes_le32(p + 4), .residue = bytes_le32(p + 8), .status = p[12]};
    return out->tag == tag && out->status <= STATUS_PHASE;
}

static bool is_over(enum usb_result r)
{
    return r == USB_GONE || r == USB_STOPPED || r == USB_NOMEM;
}

/* 5.3.4: class reset, then both halts. The port where even that cannot be done, or
 * did not help the last time: there are devices that agree to it and stay as they are. */
static enum bot_result recover(struct bot *b)
{
    const struct usb_request class_reset = {0x21, CLASS_RESET, 0, b->u.pipes.number};
    size_t none;
    enum usb_result r = USB_STALL;
    b->resets++;
    b->u.cancel(b->u.self);
    if (!b->in_vain)
        r = b->u.control(b->u.self, &class_reset, NULL, 0, &none, COMMAND_TIME);
    if (!r)
        r = b->u.clear_halt(b->u.self, true);
    if (!r)
        r = b->u.clear_halt(b->u.self, false);
    if (r && !is_over(r))
        r = b->u.reset(b->u.self);
    b->in_vain = true;
    if (!is_over(r))
        return BOT_TROUBLE;
    b->at = r;
    return BOT_OVER;
}

static enum bot_result out_of_step(struct bot *b, enum usb_result r)
{
    b->at = r;
    return is_over(r) ? BOT_OVER : recover(b);
}

/* 6.7.2: a stall in the data phase ends it; what came before it counts. */
static enum bot_result move_data(struct bot *b, bool in, void *p, size_t n, size_t *got)
{
    enum usb_result r = in ? usb_receive(&b->u, p, n, got, DATA_TIME) : b->u.send(b->u.self, p, n, got, DATA_TIME);
    if (r == USB_STALL)
        r = b->u.clear_halt(b->u.self, in);
    return r ? out_of_step(b, r) : BOT_DONE;
}

/* Figure 2: after a stall the status is asked for once more, and after an empty
 * packet that some devices send before it. */
static enum bot_result take_status(struct bot *b, struct bot_csw *csw)
{
    uint8_t p[BOT_CSW];
    size_t n = 0;
    enum usb_result r = usb_receive(&b->u, p, sizeof p, &n, DATA_TIME);
    if (r == USB_STALL) {
        r = b->u.clear_halt(b->u.self, true);
        if (!r)
            r = usb_receive(&b->u, p, sizeof p, &n, DATA_TIME);
    } else if (r == USB_OK && n == 0) {
        r = usb_receive(&b->u, p, sizeof p, &n, DATA_TIME);
    }
    if (r || !bot_csw(p, n, b->tag, csw))
        return out_of_step(b, r);
    return BOT_DONE;
}

/* How many of the bytes that came are meant (6.7.2, 6.7.3). */
static enum bot_result settle(struct bot *b, const struct bot_csw *csw, size_t n, size_t *got)
{
    b->came = *got;
    b->residue = csw->residue;
    if (csw->status == STATUS_PHASE || (!b->residue_lies && csw->residue > n))
        return out_of_step(b, USB_OK);
    if (!b->residue_lies && *got > n - csw->residue)
        *got = n - csw->residue;
    b->in_vain = false;
    return csw->status ? BOT_FAILED : BOT_DONE;
}

/* There are devices that end data of whole packets with nothing, or have none
 * and say so at once: then the status lies behind what came. */
static bool status_in_data(const struct bot *b, const uint8_t *p, size_t n, size_t *got, struct bot_csw *csw)
{
    if (*got < BOT_CSW || *got >= n || !bot_csw(p + *got - BOT_CSW, BOT_CSW, b->tag, csw))
        return false;
    *got -= BOT_CSW;
    return true;
}

enum bot_result bot_command(struct bot *b, const uint8_t *cdb, size_t cdb_len, bool in, void *p, size_t n, size_t *got)
{
    uint8_t cbw[BOT_CBW];
    struct bot_csw csw = {0};
    size_t sent = 0;
    *got = 0;
    bot_cbw(cbw, ++b->tag, (uint32_t)n, in, b->lun, cdb, cdb_len);
    enum usb_result r = b->u.send(b->u.self, cbw, sizeof cbw, &sent, COMMAND_TIME);
    if (r || sent != sizeof cbw)
        return out_of_step(b, r);
    enum bot_result e = n ? move_data(b, in, p, n, got) : BOT_DONE;
    if (e)
        return e;
    if (!in || !status_in_data(b, p, n, got, &csw))
        e = take_status(b, &csw);
    return e ? e : settle(b, &csw, n, got);
}

enum bot_result bot_max_lun(struct bot *b, uint8_t *max)
{
    const struct usb_request ask = {0xa1, GET_MAX_LUN, 0, b->u.pipes.number};
    uint8_t p[1] = {0};
    size_t n = 0;
    enum usb_result r = b->u.control(b->u.self, &ask, p, sizeof p, &n, COMMAND_TIME);
    b->at = r;
    *max = !r && n == 1 && p[0] < 16 ? p[0] : 0;
    return is_over(r) ? BOT_OVER : BOT_DONE; /* a stall says: one */
}
