#include "drivers/fat/gpt.h"

#include "storage/base/bytes.h"
#include "storage/base/lang.h"

#include <stdlib.h>
#include <string.h>

#define HEADER 92u /* bytes of it that are defined */

struct header {
    uint64_t self, other; /* sectors of this one and of its copy */
    uint64_t table;       /* sector of the entries */
    uint32_t count, size; /* entries, bytes of one */
    uint32_t crc;         /* of all entries */
};

uint32_t gpt_crc(uint32_t crc, const void *p, size_t n)
{
    const uint8_t *in = p;
    crc = ~crc;
    for (size_t i = 0; i < n; i++) {
        crc ^= in[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
    }
    return ~crc;
}

/* False: damaged, or none. *h->other is set where it can be guessed. */
static bool parse(struct header *h, uint8_t *sector, uint32_t unit, uint64_t self)
{
    *h = (struct header){0};
    if (memcmp(sector, "EFI PART", 8) != 0)
        return false;
    h->other = bytes_le64(sector + 32);
    uint32_t length = bytes_le32(sector + 12), crc = bytes_le32(sector + 16);
    if (length < HEADER || length > unit)
        return false;
    memset(sector + 16, 0, 4);
    if (gpt_crc(0, sector, length) != crc)
        return false;
    h->self = bytes_le64(sector + 24);
    h->table = bytes_le64(sector + 72);
    h->count = bytes_le32(sector + 80);
    h->size = bytes_le32(sector + 84);
    h->crc = bytes_le32(sector + 88);
    return h->self == self && h->size >= 128 && h->size <= 4096 && (h->size & (h->size - 1)) == 0 && h->count > 0 &&
           h->count <= GPT_TABLE_MAX / h->size && h->table > 1 && h->table <= UINT64_MAX / unit;
}

static void add_entries(struct partition_table *t, const struct header *h, const uint8_t *p, uint32_t unit)
{
    static const uint8_t none[16];
    for (uint32_t i = 0; i < h->count; i++, p += h->size) {
        uint64_t first = bytes_le64(p + 32), last = bytes_le64(p + 40);
        if (memcmp(p, none, sizeof none) == 0 || last < first || last > UINT64_MAX / unit - 1)
            continue;
        struct partition one = {.number = i + 1, .first = first * unit, .bytes = (last - first + 1) * unit};
        memcpy(one.guid, p, sizeof one.guid);
        partition_add(t, &one);
    }
}

/* One copy of the table, whose header is in sector self of unit bytes. */
static enum err read_copy(struct partition_table *t, struct view *v, uint32_t unit, uint64_t self, bool *found,
                          uint64_t *other)
{
    uint8_t sector[4096];
    struct header h;
    size_t good;
    *found = false;
    enum err e = view_read(v, self * unit, sector, unit, &good);
    if (e)
        return e == ERR_IO ? ERR_OK : e;
    bool is_header = parse(&h, sector, unit, self);
    if (other)
        *other = h.other;
    if (!is_header)
        return ERR_OK;
    size_t n = (size_t)h.count * h.size;
    uint8_t *entries = malloc(n);
    if (!entries)
        return err_set(ERR_NOMEM, "out of memory");
    e = view_read(v, h.table * unit, entries, n, &good);
    if (!e && gpt_crc(0, entries, n) == h.crc) {
        *found = true;
        t->scheme = PARTITION_GPT;
        add_entries(t, &h, entries, unit);
    }
    free(entries);
    return e == ERR_IO ? ERR_OK : e;
}

/* Both copies, in sectors of unit bytes. */
static enum err read_both(struct partition_table *t, struct view *v, uint32_t unit, bool *found)
{
    uint64_t other = 0, last = v->size / unit - 1;
    enum err e = read_copy(t, v, unit, 1, found, &other);
    if (e || *found)
        return e;
    e = read_copy(t, v, unit, last, found, NULL);
    if (!e && !*found && other > 1 && other < last)
        e = read_copy(t, v, unit, other, found, NULL);
    if (*found)
        wrong_note(&t->wrong, N_("the disk's table of partitions (GPT) is damaged; its copy was used"));
    return e;
}

enum err gpt_read(struct partition_table *t, struct view *v, bool *found)
{
    uint32_t unit = v->disk->sector;
    *found = false;
    if (v->size / unit < 4)
        return ERR_OK;
    enum err e = read_both(t, v, unit, found);
    /* an image of a disk with large sectors */
    if (!e && !*found && unit < 4096 && v->size / 4096 >= 4)
        e = read_both(t, v, 4096, found);
    return e;
}
