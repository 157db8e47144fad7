#include "drivers/fat/level.h"

#include "drivers/limits.h"
#include "storage/base/lang.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK 65536u

const char *level_name(const struct level *l, size_t i)
{
    return (const char *)l->names.p + l->at[i].name;
}

void level_drop(struct level *l)
{
    buf_free(&l->names);
    trail_end(&l->trail);
    free(l->at);
    *l = (struct level){0};
}

size_t level_memory(const struct level *l)
{
    return l->cap * sizeof *l->at + l->names.cap;
}

static void miss(struct level *l, const char *why, uint64_t place)
{
    if (!l->why) {
        l->why = why;
        l->place = place;
    }
}

static void begin_trail(struct trail *t, struct volume *v, const struct record *r)
{
    uint64_t most = EXFAT_FOLDER_MAX + v->boot.cluster;
    if (r && v->boot.type == BOOT_EXFAT)
        trail_begin(t, v, r->first, r->contiguous, r->size < most ? r->size : most);
    else if (r)
        trail_begin(t, v, r->first, false, TRAIL_NONE);
    else
        trail_begin(t, v, v->boot.root, false, TRAIL_NONE);
    if (!r && v->boot.type == BOOT_FAT16)
        t->fixed = v->start + v->boot.root_at;
}

static enum err grow(struct level *l, size_t memory, bool *full)
{
    if (l->n < l->cap)
        return ERR_OK;
    size_t cap = l->cap ? 2 * l->cap : 32;
    *full = cap * sizeof *l->at + l->names.cap > memory;
    if (*full)
        return ERR_OK;
    struct record *at = realloc(l->at, cap * sizeof *at);
    if (!at)
        return err_set(ERR_NOMEM, "out of memory");
    l->at = at;
    l->cap = cap;
    return ERR_OK;
}

static void take_label(struct volume *v, const char *label)
{
    size_t n = strlen(label);
    if (!v->label_found && n < sizeof v->label)
        memcpy(v->label, label, n + 1);
    v->label_found = true;
}

/* What an entry meant; names has grown from `before` on for it. */
static enum err take(struct level *l, enum record_what what, struct record *r, size_t before, bool claim, size_t memory,
                     bool *end)
{
    struct volume *v = l->volume;
    struct volume_counts *c = &v->counts;
    bool is_file = what == RECORD_FILE || what == RECORD_ORPHAN;
    bool full = false;
    enum err e = ERR_OK;
    *end = what == RECORD_END;
    c->deleted += claim && what == RECORD_DELETED;
    c->orphans += claim && what == RECORD_ORPHAN;
    c->broken += claim && (what == RECORD_BROKEN || what == RECORD_CUT);
    if (what == RECORD_BROKEN || what == RECORD_CUT)
        miss(l, N_("an entry in it makes no sense"), (uint64_t)r->position * RECORD_BYTES);
    if (what == RECORD_LABEL && l->root)
        take_label(v, (const char *)l->names.p + before);
    if (what == RECORD_BITMAP && l->root && (v->boot.active == UINT32_MAX ? 0 : v->boot.active) == r->attributes) {
        v->bitmap_first = r->first;
        v->bitmap_bytes = r->size;
        v->bitmap_index = 0;
    }
    if (what == RECORD_UPCASE && l->root)
        v->upcase_first = r->first;
    if (!is_file) {
        l->names.len = before;
        return ERR_OK;
    }
    if (v->boot.type == BOOT_FAT16) /* the upper half is another thing's there */
        r->first &= 0xffff;
    c->checksum += claim && r->bad_sum;
    e = grow(l, memory, &full);
    if (!e && !full)
        l->at[l->n++] = *r;
    if (full || l->names.cap + l->cap * sizeof *l->at > memory) {
        miss(l, N_("there are more files in it than can be kept in mind"), (uint64_t)r->position * RECORD_BYTES);
        *end = true;
    }
    return e;
}

static enum err feed(struct level *l, struct record_reader *reader, const uint8_t *p, uint32_t position, bool claim,
                     size_t memory, bool *end)
{
    enum record_what what;
    enum err e;
    do {
        struct record r = {.position = position};
        size_t before = l->names.len;
        e = record_feed(reader, p, position, &r, &l->names, &what);
        if (!e)
            e = take(l, what, &r, before, claim, memory, end);
    } while (!e && what == RECORD_CUT);
    return e;
}

static enum err read_entries(struct level *l, uint64_t bytes, bool claim, size_t memory)
{
    struct record_reader *reader = calloc(1, sizeof *reader);
    uint8_t *p = malloc(CHUNK);
    uint32_t sector = l->volume->view->disk->sector;
    bool end = false;
    enum err e = ERR_OK;
    if (!reader || !p) {
        free(reader);
        free(p);
        return err_set(ERR_NOMEM, "out of memory");
    }
    reader->exfat = l->volume->boot.type == BOOT_EXFAT;
    bytes -= bytes % RECORD_BYTES;
    for (uint64_t at = 0; at < bytes && !end && !e;) {
        size_t n = bytes - at < CHUNK ? (size_t)(bytes - at) : CHUNK, good;
        e = trail_read(&l->trail, at, p, n, &good);
        good -= good % RECORD_BYTES;
        bool unread = e == ERR_IO;
        if (unread)
            e = ERR_OK;
        for (size_t i = 0; i < good && !end && !e; i += RECORD_BYTES)
            e = feed(l, reader, p + i, (uint32_t)((at + i) / RECORD_BYTES), claim, memory, &end);
        at += good;
        if (unread && !end) {
            miss(l, N_("a part of it cannot be read"), at);
            record_break(reader);
            at += sector - at % sector;
        }
    }
    if (!e && reader->exfat && record_break(reader))
        miss(l, N_("an entry in it makes no sense"), bytes);
    free(reader);
    free(p);
    return e;
}

static int by_name(const void *a, const void *b, void *names)
{
    const struct record *x = a, *y = b;
    const char *p = names;
    int c = strcmp(p + x->name, p + y->name);
    return c ? c : x->position < y->position ? -1 : x->position > y->position;
}

static void sort(struct level *l)
{
    if (l->n)
        qsort_r(l->at, l->n, sizeof *l->at, by_name, l->names.p);
}

/* The second of two files of one name gets another. */
static enum err tell_apart(struct level *l)
{
    unsigned number = 1;
    bool changed = false;
    for (size_t i = 1, same = 0; i < l->n; i++) {
        if (strcmp(level_name(l, i), level_name(l, same)) != 0) {
            same = i;
            number = 1;
            continue;
        }
        char suffix[16];
        size_t n = strlen(level_name(l, same)), at = l->names.len;
        if (at + n + sizeof suffix > FAT_TREE_MAX) {
            miss(l, N_("there are more files in it than can be kept in mind"), 0);
            l->n = i;
            break;
        }
        enum err e = buf_reserve(&l->names, n + sizeof suffix);
        if (e)
            return e;
        snprintf(suffix, sizeof suffix, "\\%u", ++number);
        if (buf_add(&l->names, level_name(l, same), n) || buf_add(&l->names, suffix, strlen(suffix) + 1))
            return ERR_NOMEM;
        l->at[i].name = at;
        changed = true;
    }
    if (changed)
        sort(l);
    return ERR_OK;
}

enum err level_load(struct level *l, struct volume *v, const struct record *r, bool claim, size_t memory, bool *taken)
{
    struct trail *t = &l->trail;
    *l = (struct level){.volume = v, .root = r == NULL, .names = {.max = FAT_TREE_MAX}};
    *taken = true;
    begin_trail(t, v, r);
    enum err e = claim ? trail_claim(t, true) : trail_survey(t, true);
    if (e)
        return e;
    uint64_t own = claim ? t->shared : t->cut;
    t->length = own < t->length ? own : t->length;
    if (claim && own == 0) {
        *taken = false;
        l->why = N_("it is another folder's or file's place, too: a folder inside itself, or a damaged entry");
        return ERR_OK;
    }
    uint64_t bytes = trail_bytes(t), most = v->boot.type == BOOT_EXFAT ? EXFAT_FOLDER_MAX : FAT_FOLDER_MAX;
    if (r && v->boot.type == BOOT_EXFAT && bytes > r->size)
        bytes = r->size;
    e = read_entries(l, bytes < most ? bytes : most, claim, memory);
    if (!e && bytes > most)
        miss(l, N_("it is larger than a folder can be"), most);
    if (!e && t->fault != TRAIL_WHOLE)
        miss(l, trail_fault_text(t->fault), bytes);
    if (!e && claim && own != TRAIL_NONE)
        miss(l, N_("the rest of it is another's place, too"), bytes);
    sort(l);
    return e ? e : tell_apart(l);
}

static int by_text(const char *a, size_t n, const char *b)
{
    size_t m = strlen(b);
    int c = memcmp(a, b, n < m ? n : m);
    return c ? c : n < m ? -1 : n > m;
}

const struct record *level_find(const struct level *l, const char *name, size_t n)
{
    size_t from = 0, to = l->n;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        int c = by_text(name, n, level_name(l, middle));
        if (c == 0)
            return &l->at[middle];
        if (c < 0)
            to = middle;
        else
            from = middle + 1;
    }
    return NULL;
}
