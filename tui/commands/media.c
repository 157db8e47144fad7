#include "tui/commands/groups.h"

#include "tui/carriers.h"
#include "tui/lang/lang.h"
#include "tui/media.h"
#include "tui/print.h"
#include "tui/session.h"

#include <stdio.h>
#include <string.h>

static enum err say_medium(void *ctx, const struct medium *m)
{
    const struct call *c = ctx;
    char size[PRINT_SIZE];
    if (c->json) {
        print_json(json_pack("{s:s%,s:s,s:I,s:I,s:b,s:b,s:s,s:s,s:b}", "folder", m->folder, strlen(m->folder), "kind",
                             m->kind, "free", (json_int_t)m->free, "size", (json_int_t)m->size, "writable",
                             (int)m->writable, "removable", (int)m->removable, "stick", m->stick, "district",
                             m->district, "backup", (int)m->backup));
        return ERR_OK;
    }
    print_size(size, m->free);
    print_text(m->folder);
    printf(_(" (%s), %s free"), m->kind, size);
    printf(m->writable ? "" : _(", read-only"));
    if (m->stick[0])
        printf(_(", stick %s of district %s"), m->stick, m->district);
    printf(m->backup ? _(", a backup\n") : "\n");
    return ERR_OK;
}

static enum err media(struct call *c)
{
    const char *folder;
    struct medium m;
    enum err e = ERR_OK;
    for (size_t i = 0; !e && (folder = command_each(c, "from", i)) != NULL; i++) {
        media_look(folder, "folder", &m);
        e = say_medium(c, &m);
    }
    return e ? e : media_each(say_medium, c);
}

static enum err say_carrier(void *ctx, const struct carrier *k)
{
    const struct call *c = ctx;
    char when[CLOCK_TEXT] = "-";
    if (c->json) {
        print_json(json_pack("{s:s,s:o,s:s,s:b,s:s%}", "stick", k->stick, "left", print_time(k->left), "due", k->due,
                             "overdue", (int)k->overdue, "courier", k->courier, strlen(k->courier)));
        return ERR_OK;
    }
    if (k->left != INT64_MIN)
        clock_text(when, k->left);
    printf(_("%-20s left %s, due %s%s, with "), k->stick, when, k->due[0] ? k->due : "-",
           k->overdue ? _(", OVERDUE") : "");
    print_text(k->courier[0] ? k->courier : "-");
    printf("\n");
    return ERR_OK;
}

static enum err sticks(struct call *c)
{
    struct station *s = NULL;
    struct user *u = NULL;
    enum err e = session_station(c, 0, &s);
    if (!e && (c->unlocked || c->user))
        e = session_unlock(c, s, &u);
    if (!e)
        e = carriers_each(s, u, say_carrier, c);
    user_free(u);
    station_close(s);
    return e;
}

static const struct command rows[] = {
    {.name = "media",
     .args = "",
     .help = N_("sticks and other media that are plugged in"),
     .run = media,
     .options = {{"from", "DIR...", N_("a folder that counts as one")}}},
    {.name = "sticks",
     .args = "",
     .help = N_("sticks that are on their way; with --user, who has them"),
     .run = sticks},
};
const struct command_group group_media = {N_("Sync"), rows, sizeof rows / sizeof rows[0]};
