#include "storage/records/note.h"

#include "storage/base/text.h"

#include <string.h>

static enum err append(struct station *s, const struct user *u, const char *type, json_t *data, bool urgent,
                       char id[static ENTRY_ID])
{
    uint64_t seq;
    batch_entry_id(id);
    json_t *entries = data ? json_pack("[{s:s,s:s,s:o}]", "id", id, "type", type, "data", data) : NULL;
    if (!entries)
        return err_set(ERR_NOMEM, "out of memory");
    struct append a = {.entries = entries,
                       .author = u,
                       .seal = ROSTER_RECORD,
                       .lane = urgent ? LANE_URGENT : LANE_BATCH,
                       .retain_class = "records"};
    enum err e = chain_append(s, &a, &seq);
    json_decref(entries);
    return e;
}

enum err note_add(struct station *s, const struct user *u, const char *text, bool urgent, char id[static ENTRY_ID])
{
    size_t n = strlen(text);
    if (strspn(text, " \t\r\n") == n)
        return err_set(ERR_DATA, "the note is empty; type what happened");
    if (n > NOTE_MAX)
        return err_set(ERR_DATA, "the note has %zu bytes, at most %u fit; make two of it", n, NOTE_MAX);
    if (!text_is_utf8(text, n))
        return err_set(ERR_DATA, "the note is no UTF-8 text");
    return append(s, u, "note", json_pack("{s:s,s:b}", "text", text, "urgent", urgent), urgent, id);
}

enum err note_confirm(struct station *s, const struct user *u, const char *note, char id[static ENTRY_ID])
{
    return append(s, u, "confirm", json_pack("{s:s}", "note", note), false, id);
}
