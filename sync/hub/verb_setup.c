#include "sync/hub/verbs.h"

#include "storage/base/file.h"
#include "sync/hub/hub.h"

#include <inttypes.h>
#include <stdlib.h>

enum err verb_init(const struct args *a)
{
    const char *dir = args_operand(a, 0);
    struct tell tell = {.json = args_has(a, "json")};
    const char *name = args_has(a, "name") ? args_value(a, "name", 0) : "hub";
    const char *address = args_has(a, "address") ? args_value(a, "address", 0) : "";
    char card[4096];
    enum err e = hub_init(dir, name, address);
    if (!e)
        e = file_path(card, dir, "hub.card");
    if (e)
        return e;
    tell_line(&tell, json_pack("{s:s, s:s, s:s}", "event", "made", "hub", name, "card", card),
              "hub %s made; take %s to the authority: `feldsher authority hub A --add %s`", name, card, card);
    return tell_end();
}

enum err verb_roster(const struct args *a)
{
    const char *file = args_operand(a, 1);
    const struct confine_path further[] = {{file, CONFINE_READ}};
    struct buf text = {.max = ROSTER_MAX};
    struct hub *h;
    bool pinned;
    char key[SIGN_PUBLIC_TEXT];
    enum err e = hub_open(&h, args_operand(a, 0), HUB_WRITE, further, 1);
    if (e)
        return e;
    h->tell.json = args_has(a, "json");
    e = file_read(file, ROSTER_MAX, &text);
    if (!e)
        e = hub_take_roster(h, (const char *)text.p, text.len, &pinned);
    if (!e) {
        sign_public_text(key, &h->authority);
        uint64_t number = h->roster->number;
        if (pinned)
            tell_line(
                &h->tell, json_pack("{s:s, s:s, s:s}", "event", "pinned", "district", h->roster->district, "key", key),
                "this hub obeys from now on the authority of district %s, key %s; compare it with the published one",
                h->roster->district, key);
        tell_line(
            &h->tell, json_pack("{s:s, s:s, s:I}", "event", "taken", "kind", "roster", "number", (json_int_t)number),
            "roster %" PRIu64 " taken: %zu stations, %zu users", number, h->roster->n_stations, h->roster->n_users);
        if (!roster_hub(h->roster, h->name))
            tell_line(&h->tell, json_pack("{s:s, s:s}", "event", "unlisted", "hub", h->name),
                      "this roster does not list hub %s: stations will not believe its receipts; take hub.card to the "
                      "authority",
                      h->name);
        e = tell_end();
    }
    buf_free(&text);
    hub_close(h);
    return e;
}

enum err verb_notice(const struct args *a)
{
    size_t n = args_count(a) - 1;
    struct buf text = {.max = NOTICE_MAX}, *texts = calloc(n, sizeof *texts);
    struct hub *h = NULL;
    char id[21];
    uint64_t refused = 0;
    if (!texts)
        return err_set(ERR_NOMEM, "out of memory");
    /* the files are read before this process limits itself to the hub's folder */
    enum err e = ERR_OK;
    for (size_t i = 0; i < n && !e; i++) {
        texts[i].max = NOTICE_MAX;
        e = file_read(args_operand(a, i + 1), NOTICE_MAX, &texts[i]);
    }
    if (!e)
        e = hub_open(&h, args_operand(a, 0), HUB_WRITE | HUB_ROSTER, NULL, 0);
    for (size_t i = 0; i < n && !e; i++) {
        struct refuse refuse = {.tell = &h->tell};
        h->tell.json = args_has(a, "json");
        e = hub_take_notice(h, (const char *)texts[i].p, texts[i].len, id);
        if (e == ERR_OK)
            tell_line(&h->tell, json_pack("{s:s, s:s, s:s}", "event", "taken", "kind", "notice", "id", id),
                      "notice %s taken", id);
        else if (e == ERR_AGAIN)
            e = ERR_OK;
        else if (!stick_stops(e))
            e = refuse_item(&refuse, args_operand(a, i + 1), err_text());
        refused += refuse.n;
    }
    if (!e)
        e = tell_end();
    if (!e && refused)
        e = err_set(ERR_BAD, "%" PRIu64 " notices were refused", refused);
    for (size_t i = 0; i < n; i++)
        buf_free(&texts[i]);
    free(texts);
    buf_free(&text);
    hub_close(h);
    return e;
}
