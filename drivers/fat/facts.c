#include "drivers/fat/facts.h"

#include "storage/base/bytes.h"
#include "storage/base/text.h"

#include <string.h>

static json_t *number(uint64_t n)
{
    return json_integer(n > INT64_MAX ? INT64_MAX : (json_int_t)n);
}

static json_t *guid(const uint8_t g[static 16])
{
    static const uint8_t order[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
    char text[37], *to = text;
    for (size_t i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *to++ = '-';
        bytes_hex(to, &g[order[i]], 1);
        to += 2;
    }
    return json_string(text);
}

static json_t *partition(const struct fat *f, size_t i)
{
    const struct partition *p = &f->table.at[i];
    json_t *type = f->table.scheme == PARTITION_GPT ? guid(p->guid) : json_integer(p->type);
    return json_pack("{s:i, s:o, s:o, s:o, s:s*}", "number", (int)p->number, "first", number(p->first), "bytes",
                     number(p->bytes), "type", type, "not_read", f->why[i]);
}

/* What stays zero is not said. */
static json_t *counts(const struct volume *v)
{
    const struct volume_counts *c = &v->counts;
    const struct {
        const char *name;
        uint64_t n;
    } all[] = {{"files", c->files},
               {"folders", c->folders},
               {"deleted_entries", c->deleted},
               {"orphaned_long_names", c->orphans},
               {"broken_entries", c->broken},
               {"wrong_checksums", c->checksum},
               {"truncated", c->truncated},
               {"cyclic", c->cyclic},
               {"cross_linked", c->shared},
               {"longer_than_their_size", c->longer},
               {"in_free_clusters", c->unallocated}};
    json_t *o = json_object();
    for (size_t i = 0; i < sizeof all / sizeof *all && o; i++)
        if (all[i].n && json_object_set_new(o, all[i].name, number(all[i].n))) {
            json_decref(o);
            o = NULL;
        }
    return o;
}

static json_t *volume(struct volume *v)
{
    uint64_t clusters = 0;
    bool known = false;
    if (volume_free(v, &clusters, &known) != ERR_OK)
        known = false;
    return json_pack("{s:i, s:s, s:s, s:s, s:o, s:i, s:i, s:o, s:o*, s:o*, s:o}", "partition", (int)v->number, "type",
                     boot_type_name(v->boot.type), "id", v->id, "label", v->label, "bytes", number(v->boot.bytes),
                     "sector", (int)v->boot.sector, "cluster", (int)v->boot.cluster, "clusters",
                     number(v->boot.clusters), "free", known ? number(clusters * v->boot.cluster) : NULL, "found",
                     v->listed ? counts(v) : NULL, "wrong", wrong_json(&v->wrong));
}

static bool append(json_t *array, json_t *value)
{
    return array && value && json_array_append_new(array, value) == 0;
}

json_t *facts_of_disk(struct fat *f)
{
    json_t *partitions = json_array(), *volumes = json_array();
    bool ok = partitions && volumes;
    for (size_t i = 0; i < f->table.n && ok; i++)
        ok = append(partitions, partition(f, i));
    for (size_t i = 0; i < f->n && ok; i++)
        ok = append(volumes, volume(&f->volumes[i]));
    if (!ok) {
        json_decref(partitions);
        json_decref(volumes);
        return NULL;
    }
    return json_pack("{s:i, s:o, s:s, s:o, s:o, s:o}", "sector", (int)f->disk.sector, "sectors",
                     number(f->disk.sectors), "table", partition_scheme_name(f->table.scheme), "partitions", partitions,
                     "volumes", volumes, "wrong", wrong_json(&f->table.wrong));
}
