#include "drivers/erase/ledger.h"

#include "storage/base/log.h"
#include "storage/vault/chain.h"

#include <string.h>

static enum err no_memory(void)
{
    return err_set(ERR_NOMEM, "out of memory");
}

/* Takes data; NULL: there was no memory for it. */
static json_t *entry(json_t *data)
{
    char id[ENTRY_ID];
    batch_entry_id(id);
    return data ? json_pack("{s:s,s:s,s:o}", "id", id, "type", "erase", "data", data) : NULL;
}

/* Takes entries. */
static enum err append(struct ledger *l, json_t *entries, const char *unit, const char *licence, bool over)
{
    uint64_t seq;
    if (!entries)
        return no_memory();
    struct append a = {
        .entries = entries,
        .unit = unit,
        .seal = ROSTER_RECORDING,
        .lane = LANE_BATCH,
        .retain_class = "records",
        .licence = licence,
        .licence_over = over,
    };
    enum err e = chain_append(l->s, &a, &seq);
    json_decref(entries);
    return e;
}

/* The entry alone in its batch. */
static enum err append_one(struct ledger *l, json_t *data, const char *licence, bool over)
{
    json_t *one = entry(data);
    return append(l, one ? json_pack("[o]", one) : NULL, NULL, licence, over);
}

static json_t *recordings_of(const struct licence *l)
{
    json_t *list = json_array();
    const char *last = "";
    for (size_t i = 0; list && i < l->n_files; i++) {
        if (strcmp(last, l->files[i].recording) == 0)
            continue;
        last = l->files[i].recording;
        if (json_array_append_new(list, json_string(last)) < 0) {
            json_decref(list);
            list = NULL;
        }
    }
    return list;
}

enum err ledger_begin(struct ledger *l, const struct permit_licence *licence, const char *serial, const char *volume,
                      const char *how)
{
    const struct notice *n = licence->n;
    enum err e =
        append_one(l,
                   json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:I,s:o}", "licence", n->id, "state", "begun", "by",
                             n->sig.sigs[0].who, "why", n->why, "serial", serial, "volume", volume, "how", how, "files",
                             (json_int_t)n->licence->n_files, "recordings", recordings_of(n->licence)),
                   n->id, false);
    if (!e)
        log_line("licence %s begun: %zu files", n->id, n->licence->n_files);
    return e;
}

/* A recording's unit, as far as it can be told without opening anything. */
static const char *unit_of(const struct ledger *l, const struct licence_file *f)
{
    const struct roster_station *from = roster_chain(l->s->roster, f->chain);
    return from ? from->unit : l->s->unit;
}

enum err ledger_file(struct ledger *l, const struct ledger_file *f)
{
    char proof[HASH_HEX];
    enum err e = ERR_OK;
    if (l->waiting && strcmp(l->recording, f->f->recording) != 0)
        e = ledger_flush(l);
    if (e)
        return e;
    hash_hex(proof, &f->f->proof);
    json_t *one = entry(json_pack("{s:s,s:s,s:s,s:s,s:s*,s:I,s:s,s:s*}", "recording", f->f->recording, "licence",
                                  f->n->id, "by", f->n->sig.sigs[0].who, "state", f->state, "path", f->path, "size",
                                  (json_int_t)f->f->size, "proof", proof, "why", f->why));
    if (!l->waiting)
        l->waiting = json_array();
    if (!one || json_array_append_new(l->waiting, one) < 0)
        return no_memory();
    memcpy(l->recording, f->f->recording, sizeof l->recording);
    snprintf(l->unit, sizeof l->unit, "%s", unit_of(l, f->f));
    return ERR_OK;
}

enum err ledger_flush(struct ledger *l)
{
    json_t *entries = l->waiting;
    l->waiting = NULL;
    return entries ? append(l, entries, l->unit, NULL, false) : ERR_OK;
}

enum err ledger_end(struct ledger *l, const struct notice *n, const struct ledger_counts *c, bool over)
{
    enum err e = append_one(l,
                            json_pack("{s:s,s:s,s:I,s:I,s:I,s:I}", "licence", n->id, "state", over ? "over" : "open",
                                      "erased", (json_int_t)c->erased, "gone", (json_int_t)c->gone, "left",
                                      (json_int_t)c->left, "failed", (json_int_t)c->failed),
                            over ? n->id : NULL, over);
    if (!e)
        log_line("licence %s %s: %llu erased, %llu gone, %llu left, %llu failed", n->id, over ? "used up" : "goes on",
                 (unsigned long long)c->erased, (unsigned long long)c->gone, (unsigned long long)c->left,
                 (unsigned long long)c->failed);
    return e;
}

void ledger_free(struct ledger *l)
{
    json_decref(l->waiting);
    l->waiting = NULL;
}
