#include "tui/commands/groups.h"

#include "storage/records/note.h"
#include "tui/print.h"
#include "tui/session.h"

#include <stdio.h>
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
        printf(u ? "sealed as entry %s\n"
                 : "sealed as entry %s; nobody has signed it: feldsher note confirm, once its author is there\n",
               id);
    user_free(u);
    station_close(s);
    buf_free(&text);
    return e;
}

static const struct command rows[] = {
    {.name = "note",
     .sub = "add",
     .args = "",
     .help = "a note into the chain; also while nobody is unlocked",
     .run = note,
     .options = {{"text", "TEXT", "the note (else it is read from stdin)"},
                 {"urgent", NULL, "goes out in front of everything"}}},
};
const struct command_group group_note = {"Notes", rows, sizeof rows / sizeof rows[0]};
