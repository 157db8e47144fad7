#include "tui/commands/groups.h"

#include "storage/records/note.h"
#include "storage/records/records.h"
#include "tui/lang/lang.h"
#include "tui/print.h"
#include "tui/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What stands on stdin, at most a byte more than a note may have. */
static enum err read_stdin(struct buf *text)
{
    uint8_t part[4096];
    size_t n;
    while (text->len <= NOTE_MAX && (n = fread(part, 1, sizeof part, stdin)) > 0) {
        enum err e = buf_add(text, part, n);
        if (e)
            return e;
    }
    return ferror(stdin) ? err_errno(ERR_IO, "cannot read the note") : buf_str(text, "");
}

/* Whoever is named, or is unlocked already; else nobody signs. */
static enum err note(struct call *c)
{
    struct station *s;
    struct user *u = NULL;
    struct buf text = {0};
    char id[ENTRY_ID];
    const char *given = command_option(c, "text");
    enum err e = given ? buf_str(&text, given) : read_stdin(&text);
    if (!e)
        e = session_station(c, STATION_CHAIN_KEY, &s);
    if (e) {
        buf_free(&text);
        return e;
    }
    if (c->user || c->unlocked)
        e = session_unlock(c, s, &u);
    if (!e)
        e = note_add(s, u, (const char *)text.p, command_has(c, "urgent"), id);
    if (!e && c->json)
        print_json(
            json_pack("{s:s,s:s,s:o}", "done", "note", "entry", id, "author", u ? json_string(u->name) : json_null()));
    else if (!e)
        printf(u ? _("sealed as entry %s\n")
                 : _("sealed as entry %s; nobody has signed it: feldsher note confirm, once its author is there\n"),
               id);
    user_free(u);
    station_close(s);
    buf_free(&text);
    return e;
}

static const char *text_of(const json_t *row, const char *member)
{
    const char *s = json_string_value(json_object_get(row, member));
    return s ? s : "";
}

static enum err show(void *ctx, const json_t *row)
{
    const struct call *c = ctx;
    if (c->json) {
        print_json(json_deep_copy(row));
        return ERR_OK;
    }
    const char *author = text_of(row, "author"), *confirmed = text_of(row, "confirmed");
    printf("%s  %s  ", text_of(row, "id"), text_of(row, "time"));
    if (author[0])
        printf(_("by %s"), author);
    else if (confirmed[0])
        printf(_("confirmed by %s"), confirmed);
    else
        printf("%s", _("nobody has signed it"));
    printf(": ");
    print_text(text_of(json_object_get(row, "data"), "text"));
    printf("\n");
    return ERR_OK;
}

/* Unlocked, with records.db. */
static enum err begin(struct call *c, struct session *s, struct records **r)
{
    enum err e = session_begin(c, STATION_CHAIN_KEY, false, s);
    if (e)
        return e;
    e = session_records(s, r);
    if (e)
        session_end(s);
    return e;
}

static enum err list(struct call *c)
{
    struct session s;
    struct records *r;
    struct records_query q = {.kind = RECORDS_NOTES, .count = UINT64_MAX};
    struct records_total total;
    enum err e = begin(c, &s, &r);
    if (e)
        return e;
    e = records_find(r, &q, show, c, &total);
    records_close(r);
    session_end(&s);
    return e;
}

/* The one note whose ID begins so, and whether somebody stands for it. */
struct sought {
    const char *begins;
    char id[ENTRY_ID];
    bool known;
    unsigned n;
};

static enum err seek(void *ctx, const json_t *row)
{
    struct sought *x = ctx;
    const char *id = text_of(row, "id");
    if (strncmp(id, x->begins, strlen(x->begins)) != 0)
        return ERR_OK;
    snprintf(x->id, sizeof x->id, "%s", id);
    x->known = text_of(row, "author")[0] || text_of(row, "confirmed")[0];
    x->n++;
    return ERR_OK;
}

/* The screens' opener holds records.db and has said which note it is: the whole ID. */
static enum err find(const struct session *s, const struct call *c, struct sought *x)
{
    struct records *r;
    struct records_query q = {.kind = RECORDS_NOTES, .count = UINT64_MAX};
    struct records_total total;
    enum err e = session_records(s, &r);
    if (e)
        return e;
    e = records_find(r, &q, seek, x, &total);
    records_close(r);
    if (!e && x->n != 1)
        e = err_set(ERR_NOINPUT, x->n ? "several notes begin with %s; give more of the ID" : "there is no note %s",
                    c->args[0]);
    if (!e && x->known)
        e = err_set(ERR_CREATE, "note %s has an author already; nothing to do", x->id);
    return e;
}

static enum err confirm(struct call *c)
{
    struct session s;
    struct sought x = {.begins = c->args[0]};
    char id[ENTRY_ID];
    enum err e = strlen(c->args[0]) >= 4 ? ERR_OK : err_set(ERR_USAGE, "at least 4 digits of a note's ID are needed");
    if (!e)
        e = session_begin(c, STATION_CHAIN_KEY, false, &s);
    if (e)
        return e;
    if (c->unlocked && strlen(x.begins) == ENTRY_ID - 1)
        snprintf(x.id, sizeof x.id, "%s", x.begins);
    else
        e = find(&s, c, &x);
    if (!e)
        e = note_confirm(s.station, s.user, x.id, id);
    if (!e && c->json)
        print_json(json_pack("{s:s,s:s,s:s}", "done", "confirm", "note", x.id, "entry", id));
    else if (!e)
        printf(_("%s stands for note %s now\n"), s.user->name, x.id);
    session_end(&s);
    return e;
}

/* A recording, or an entry of any type. */
static enum err hit(void *ctx, const json_t *row)
{
    const struct call *c = ctx;
    if (c->json) {
        print_json(json_deep_copy(row));
        return ERR_OK;
    }
    const char *type = text_of(row, "type"), *path = text_of(row, "path");
    char *data = path[0] ? NULL : json_dumps(json_object_get(row, "data"), JSON_COMPACT);
    printf("%s  %s  %-10s ", text_of(row, "id"), text_of(row, "time"), type[0] ? type : "recording");
    print_text(path[0] ? path : data ? data : "");
    printf("\n");
    free(data);
    return ERR_OK;
}

static enum err search_for(struct call *c)
{
    struct session s;
    struct records *r;
    struct records_query q = {.text = c->args[0], .count = UINT64_MAX};
    static const enum records_kind kinds[] = {RECORDS_RECORDINGS, RECORDS_ENTRIES};
    struct records_total total;
    enum err e = begin(c, &s, &r);
    if (e)
        return e;
    for (size_t i = 0; i < 2 && !e; i++) {
        q.kind = kinds[i];
        e = records_find(r, &q, hit, c, &total);
    }
    records_close(r);
    session_end(&s);
    return e;
}

static const struct command rows[] = {
    {.name = "note",
     .sub = "add",
     .args = "",
     .help = N_("a note into the chain; also while nobody is unlocked"),
     .run = note,
     .options = {{"text", "TEXT", N_("the note (else it is read from stdin)")},
                 {"urgent", NULL, N_("goes out in front of everything")}}},
    {.name = "note",
     .sub = "list",
     .args = "",
     .help = N_("notes, and who stands for them"),
     .run = list,
     .by_default = true},
    {.name = "note",
     .sub = "confirm",
     .args = "ID",
     .min = 1,
     .max = 1,
     .help = N_("\"I wrote this\": for a note that was written while nobody was unlocked"),
     .run = confirm},
    {.name = "search",
     .args = "TEXT",
     .min = 1,
     .max = 1,
     .help = N_("recordings and entries that hold all these words, or words that begin so"),
     .run = search_for},
};
const struct command_group group_note = {N_("Notes"), rows, sizeof rows / sizeof rows[0]};
