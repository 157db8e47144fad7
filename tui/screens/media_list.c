#include "tui/screens/media_list.h"

#include "tui/lang/lang.h"
#include "tui/widgets/progress.h"

#include <stdio.h>
#include <string.h>

static const struct table_column columns[] = {
    {FIELD(30, "Folder"), 30, 2, 0},
    {FIELD(18, "Stick"), 18, 1, 0},
    {FIELD(10, "Free"), 10, 0, 1},
    {FIELD(16, "Note"), 16, 1, 0},
};

static bool medium_row(struct view *v, const json_t *row, char cells[][LISTING_CELL], char id[static TABLE_ID],
                       enum look *look)
{
    char size[PROGRESS_TEXT];
    const char *district = desk_str(row, "district");
    bool foreign = district[0] && strcmp(district, desk_str(v->desk->status, "district")) != 0;
    bool writable = json_is_true(json_object_get(row, "writable"));
    progress_size(size, (uint64_t)desk_int(row, "free"));
    snprintf(id, TABLE_ID, "%s", desk_str(row, "path"));
    snprintf(cells[0], LISTING_CELL, "%s", desk_str(row, "path"));
    snprintf(cells[1], LISTING_CELL, "%s", desk_str(row, "stick")[0] ? desk_str(row, "stick") : _("(a new one)"));
    snprintf(cells[2], LISTING_CELL, "%s", size);
    snprintf(cells[3], LISTING_CELL, "%s",
             !writable                                      ? _("read-only")
             : foreign                                      ? _("other district")
             : json_is_true(json_object_get(row, "backup")) ? _("a backup")
                                                            : "");
    *look = !writable || foreign ? LOOK_DIM : LOOK_NORMAL;
    return true;
}

const struct listing_kind media_kind = {columns, sizeof columns / sizeof columns[0],
                                        N_("Nothing is plugged in: plug a stick in and look again, or name a folder"),
                                        medium_row};

void media_ask(struct view *v)
{
    const char *argv[1 + DESK_FROM + 1] = {"media"};
    for (size_t i = 0; i < DESK_FROM && v->desk->from[i]; i++)
        argv[1 + i] = v->desk->from[i];
    listing_ask(v, argv);
}
