#include "drivers/fat/partition.h"

#include "drivers/fat/gpt.h"
#include "storage/base/bytes.h"
#include "storage/base/lang.h"

#include <string.h>

#define MBR 512u        /* bytes, whatever the sector */
#define ENTRIES 446u    /* where its four entries of 16 bytes begin */
#define PROTECTIVE 0xee /* the type that says: look at the GPT */

struct mbr_entry {
    uint8_t status, type;
    uint32_t first, count; /* sectors */
};

const char *partition_scheme_name(enum partition_scheme s)
{
    return s == PARTITION_GPT ? "gpt" : s == PARTITION_MBR ? "mbr" : "none";
}

void partition_add(struct partition_table *t, const struct partition *p)
{
    if (t->n == PARTITIONS_MAX)
        wrong_note(&t->wrong, N_("the disk has too many partitions; the rest was not looked at"));
    else
        t->at[t->n++] = *p;
}

static bool is_extended(uint8_t type)
{
    return type == 0x05 || type == 0x0f || type == 0x85;
}

/* False: it is no table of partitions. */
static bool parse(const uint8_t sector[static MBR], struct mbr_entry out[static 4])
{
    for (unsigned i = 0; i < 4; i++) {
        const uint8_t *p = sector + ENTRIES + 16 * (size_t)i;
        out[i] = (struct mbr_entry){p[0], p[4], bytes_le32(p + 8), bytes_le32(p + 12)};
        if ((out[i].status & 0x7f) != 0)
            return false;
    }
    return sector[510] == 0x55 && sector[511] == 0xaa;
}

static void add(struct partition_table *t, const struct view *v, unsigned number, uint64_t base,
                const struct mbr_entry *e)
{
    uint64_t sector = v->disk->sector;
    partition_add(t, &(struct partition){number, (base + e->first) * sector, e->count * sector, e->type, {0}});
}

/* The chain of logical partitions that begins at sector start. */
static enum err read_logical(struct partition_table *t, struct view *v, uint64_t start, unsigned *number)
{
    uint64_t seen[PARTITIONS_LOGICAL_MAX], at = start;
    for (unsigned links = 0;; links++) {
        uint8_t sector[MBR];
        struct mbr_entry entries[4];
        size_t good;
        if (links == PARTITIONS_LOGICAL_MAX) {
            wrong_note(&t->wrong, N_("the chain of logical partitions is too long; the rest was not looked at"));
            return ERR_OK;
        }
        for (unsigned i = 0; i < links; i++)
            if (seen[i] == at) {
                wrong_note(&t->wrong, N_("the chain of logical partitions returns to itself"));
                return ERR_OK;
            }
        seen[links] = at;
        enum err e = view_read(v, at * v->disk->sector, sector, sizeof sector, &good);
        if (e && e != ERR_IO)
            return e;
        if (e || !parse(sector, entries)) {
            wrong_note(&t->wrong, N_("the chain of logical partitions is broken"));
            return ERR_OK;
        }
        uint64_t next = 0;
        for (unsigned i = 0; i < 4; i++) {
            if (entries[i].count && is_extended(entries[i].type))
                next = next ? next : start + entries[i].first;
            else if (entries[i].count && entries[i].type)
                add(t, v, (*number)++, at, &entries[i]);
        }
        if (!next)
            return ERR_OK;
        at = next;
    }
}

static enum err read_mbr(struct partition_table *t, struct view *v, const struct mbr_entry entries[static 4])
{
    unsigned logical = 5;
    enum err e = ERR_OK;
    t->scheme = PARTITION_MBR;
    for (unsigned i = 0; i < 4; i++)
        if (entries[i].count && entries[i].type && !is_extended(entries[i].type))
            add(t, v, i + 1, 0, &entries[i]);
    for (unsigned i = 0; i < 4 && !e; i++)
        if (entries[i].count && is_extended(entries[i].type))
            e = read_logical(t, v, entries[i].first, &logical);
    return e;
}

enum err partition_read(struct partition_table *t, struct view *v)
{
    uint8_t sector[MBR];
    struct mbr_entry entries[4];
    size_t good;
    bool is_table = false, is_gpt = false, protective = false;
    *t = (struct partition_table){.scheme = PARTITION_NONE};
    enum err e = view_read(v, 0, sector, sizeof sector, &good);
    if (e && e != ERR_IO)
        return e;
    if (e)
        wrong_note(&t->wrong, N_("the first sector of the disk cannot be read"));
    else
        is_table = parse(sector, entries);
    unsigned used = 0;
    for (unsigned i = 0; i < 4 && is_table; i++) {
        used += entries[i].count && entries[i].type;
        protective = protective || entries[i].type == PROTECTIVE;
    }
    if (!is_table || used == 0 || protective) {
        e = gpt_read(t, v, &is_gpt);
        if (e || is_gpt)
            return e;
        if (protective)
            wrong_note(&t->wrong, N_("both copies of the disk's table of partitions (GPT) are damaged"));
    }
    if (is_table && used > (protective ? 1u : 0u))
        return read_mbr(t, v, entries);
    partition_add(t, &(struct partition){.number = 0, .first = 0, .bytes = v->size});
    return ERR_OK;
}
