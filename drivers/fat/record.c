#include "drivers/fat/record.h"

#include "drivers/fat/letters.h"
#include "storage/base/bytes.h"

#include <string.h>

#define LONG 0x0fu /* attributes of a piece of a long name */
#define VOLUME 0x08u
#define DELETED 0xe5u

uint8_t record_short_sum(const uint8_t name[static 11])
{
    unsigned sum = 0;
    for (unsigned i = 0; i < 11; i++)
        sum = (((sum & 1) << 7 | sum >> 1) + name[i]) & 0xff;
    return (uint8_t)sum;
}

uint16_t record_set_sum(const uint8_t *p, size_t n)
{
    unsigned sum = 0;
    for (size_t i = 0; i < n; i++)
        if (i != 2 && i != 3)
            sum = (((sum & 1) << 15 | sum >> 1) + p[i]) & 0xffff;
    return (uint16_t)sum;
}

bool record_break(struct record_reader *r)
{
    bool cut = r->exfat ? r->got > 0 : r->n_units > 0;
    r->left = r->n_units = 0;
    r->orphan = r->orphan || (cut && !r->exfat);
    r->got = r->want = 0;
    return cut;
}

/* FAT: a piece of a long name; the last one comes first. */
static void feed_long(struct record_reader *r, const uint8_t *p)
{
    static const uint8_t at[13] = {1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30};
    uint8_t number = p[0] & 0x3f;
    bool last = (p[0] & 0x40) != 0;
    if (last)
        record_break(r);
    if (number == 0 || number > 20 || (!last && (r->left != number || r->sum != p[13]))) {
        record_break(r);
        r->orphan = true;
        return;
    }
    if (last) {
        r->n_units = number;
        r->sum = p[13];
    }
    r->left = (uint8_t)(number - 1);
    for (unsigned i = 0; i < 13; i++)
        r->units[13 * (number - 1u) + i] = bytes_le16(p + at[i]);
}

/* FAT: is the long name before this short one its own? *n: its units. */
static bool long_fits(const struct record_reader *r, const uint8_t *p, size_t *n)
{
    size_t all = 13 * (size_t)r->n_units;
    *n = 0;
    while (*n < all && r->units[*n] != 0 && r->units[*n] != 0xffff)
        ++*n;
    /* only a NUL may end it before its last piece does */
    bool ended = *n == all || r->units[*n] == 0;
    return r->n_units > 0 && r->left == 0 && r->sum == record_short_sum(p) && *n > 0 && *n <= RECORD_UNITS && ended;
}

static enum err feed_short(struct record_reader *r, const uint8_t *p, struct record *out, struct buf *names,
                           enum record_what *what)
{
    size_t units;
    bool fits = long_fits(r, p, &units);
    bool orphan = r->orphan || (r->n_units > 0 && !fits);
    *out = (struct record){
        .name = names->len,
        .size = bytes_le32(p + 28),
        .first = (uint32_t)bytes_le16(p + 20) << 16 | bytes_le16(p + 26),
        .position = r->position,
        .attributes = p[11],
        .lower = p[12],
        .created = {bytes_le16(p + 16), bytes_le16(p + 14), p[13], 0},
        .modified = {bytes_le16(p + 24), bytes_le16(p + 22), 0, 0},
        .accessed = {bytes_le16(p + 18), 0, 0, 0},
    };
    out->valid = out->size;
    memcpy(out->short_name, p, sizeof out->short_name);
    enum err e = fits ? letters_long(names, r->units, units) : letters_short(names, p, p[12]);
    if (!e)
        e = buf_add(names, "", 1);
    record_break(r);
    r->orphan = false;
    *what = orphan ? RECORD_ORPHAN : RECORD_FILE;
    return e;
}

static enum err feed_fat(struct record_reader *r, const uint8_t *p, struct record *out, struct buf *names,
                         enum record_what *what)
{
    bool is_long = (p[11] & 0x3f) == LONG;
    if (p[0] == 0) {
        record_break(r);
        *what = RECORD_END;
    } else if (p[0] == DELETED) {
        record_break(r);
        r->orphan = r->orphan && is_long; /* what comes before a deleted short name was its own */
        *what = is_long ? RECORD_NOTHING : RECORD_DELETED;
    } else if (is_long) {
        feed_long(r, p);
    } else if (p[11] & VOLUME) {
        record_break(r);
        r->orphan = false;
        *what = RECORD_LABEL;
        return letters_label(names, p);
    } else if ((p[11] & RECORD_FOLDER) && (memcmp(p, ".          ", 11) == 0 || memcmp(p, "..         ", 11) == 0)) {
        record_break(r);
        r->orphan = false;
    } else {
        return feed_short(r, p, out, names, what);
    }
    return ERR_OK;
}

/* exFAT: a whole set. */
static enum err end_set(struct record_reader *r, struct record *out, struct buf *names, enum record_what *what)
{
    const uint8_t *file = r->set, *stream = r->set + RECORD_BYTES;
    size_t units = stream[3], pieces = (units + 14) / 15;
    *what = RECORD_BROKEN;
    r->got = 0;
    if (stream[0] != 0xc0 || units == 0 || pieces + 2 > r->want)
        return ERR_OK;
    for (size_t i = 2; i < r->want; i++) {
        const uint8_t *p = r->set + RECORD_BYTES * i;
        if (i < pieces + 2 ? p[0] != 0xc1 : (p[0] & 0x20) == 0)
            return ERR_OK;
        for (size_t k = 0; k < 15 && i < pieces + 2; k++)
            r->units[15 * (i - 2) + k] = bytes_le16(p + 2 + 2 * k);
    }
    *out = (struct record){
        .name = names->len,
        .size = bytes_le64(stream + 24),
        .valid = bytes_le64(stream + 8),
        .first = bytes_le32(stream + 20),
        .position = r->position,
        .attributes = bytes_le16(file + 4),
        .contiguous = (stream[1] & 2) != 0,
        .bad_sum = record_set_sum(r->set, RECORD_BYTES * (size_t)r->want) != bytes_le16(file + 2),
        .created = {bytes_le16(file + 10), bytes_le16(file + 8), file[20], file[22]},
        .modified = {bytes_le16(file + 14), bytes_le16(file + 12), file[21], file[23]},
        .accessed = {bytes_le16(file + 18), bytes_le16(file + 16), 0, file[24]},
    };
    if ((stream[1] & 1) == 0) /* nothing is allocated: what it says of clusters means nothing */
        out->first = 0;
    out->valid = out->valid < out->size ? out->valid : out->size;
    *what = RECORD_FILE;
    enum err e = letters_long(names, r->units, units);
    return e ? e : buf_add(names, "", 1);
}

static enum err feed_label(const uint8_t *p, struct buf *names)
{
    uint16_t units[11];
    size_t n = p[1] < 11 ? p[1] : 11;
    for (size_t i = 0; i < n; i++)
        units[i] = bytes_le16(p + 2 + 2 * i);
    return n ? letters_long(names, units, n) : buf_str(names, "");
}

static enum err feed_exfat(struct record_reader *r, const uint8_t *p, struct record *out, struct buf *names,
                           enum record_what *what)
{
    if (r->got > 0 && (p[0] & 0xc0) == 0xc0) {
        memcpy(r->set + RECORD_BYTES * (size_t)r->got++, p, RECORD_BYTES);
        return r->got == r->want ? end_set(r, out, names, what) : ERR_OK;
    }
    if (r->got > 0) {
        r->got = 0;
        *what = RECORD_CUT;
        return ERR_OK;
    }
    switch (p[0]) {
    case 0x00:
        *what = RECORD_END;
        return ERR_OK;
    case 0x05:
        *what = RECORD_DELETED;
        return ERR_OK;
    case 0x81:
    case 0x82:
        *out = (struct record){.first = bytes_le32(p + 20), .size = bytes_le64(p + 24), .attributes = p[1] & 1};
        *what = p[0] == 0x81 ? RECORD_BITMAP : RECORD_UPCASE;
        return ERR_OK;
    case 0x83:
        *what = RECORD_LABEL;
        return feed_label(p, names);
    case 0x85:
        r->want = p[1] + 1u;
        if (r->want < 3 || r->want > RECORD_SET)
            *what = RECORD_BROKEN;
        else
            memcpy(r->set + RECORD_BYTES * (size_t)r->got++, p, RECORD_BYTES);
        return ERR_OK;
    default:
        return ERR_OK;
    }
}

enum err record_feed(struct record_reader *r, const uint8_t p[static RECORD_BYTES], uint32_t position,
                     struct record *out, struct buf *names, enum record_what *what)
{
    *what = RECORD_NOTHING;
    if (!r->exfat || r->got == 0)
        r->position = position;
    out->position = r->position;
    return r->exfat ? feed_exfat(r, p, out, names, what) : feed_fat(r, p, out, names, what);
}
