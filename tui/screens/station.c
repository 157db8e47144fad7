#include "storage/trust/roster.h"
#include "tui/lang/lang.h"
#include "tui/screens/desk.h"
#include "tui/screens/screens.h"
#include "tui/widgets/table.h"

/* What there is to do about this station and its people. */
static const struct {
    const char *screen, *title, *about;
    unsigned roles; /* who sees it; 0: everybody */
} entries[] = {
    {"users", N_("Persons"), N_("who is who, admit to a circle, a further person"), 0},
    {"circles", N_("Circles"), N_("who can open what"), 0},
    {"passphrase", N_("Passphrase"), N_("change yours"), 0},
    {"status", N_("Status"), N_("this station in full"), 0},
    {"doctor", N_("Doctor"), N_("what is wrong here, and what to do"), 0},
    {"verify", N_("Verify"), N_("check every label, signature and object"), 0},
    {"rebuild", N_("Rebuild"), N_("make the index anew from chain and objects"), 0},
    {"backup", N_("Backup"), N_("copy the sealed station to a medium"), 0},
    {"settings", N_("Settings"), N_("language, minutes until the screens lock"), 0},
    {"authority", N_("Authority"), N_("enrol, change and revoke, with the district's key on a stick"), ROLE_ADMIN},
};

struct station_view {
    struct table table;
};

static const struct table_column columns[] = {
    {FIELD(18, "Station"), 18, 0, 0},
    {FIELD(54, "What it does"), 54, 1, 0},
};

/* In the language of now. */
static enum err fill(struct view *v)
{
    struct station_view *s = v->state;
    enum err e = ERR_OK;
    table_reload(&s->table);
    for (size_t i = 0; i < sizeof entries / sizeof entries[0] && !e; i++) {
        const char *cells[] = {_(entries[i].title), _(entries[i].about)};
        if (entries[i].roles == 0 || (entries[i].roles & v->desk->roles))
            e = table_add(&s->table, 0, entries[i].screen, LOOK_NORMAL, cells);
    }
    table_end(&s->table, 0, 0);
    return e;
}

static enum err open_station(struct view *v, const void *arg)
{
    struct station_view *s = v->state;
    (void)arg;
    table_init(&s->table, columns, 2, NULL, NULL);
    return fill(v);
}

static void news(struct view *v, const void *event)
{
    if (!event && fill(v) != ERR_OK)
        desk_say_error(v->desk, ERR_NOMEM);
}

static void act(struct view *v, int what)
{
    const struct station_view *s = v->state;
    const struct table_row *r = table_selected(&s->table);
    if (what == ACT_CHOOSE && r)
        desk_show_name(v->desk, r->id, NULL);
}

static void paint(struct view *v, const struct area *a)
{
    struct station_view *s = v->state;
    table_paint(&s->table, a);
}

static bool key(struct view *v, const struct key *k)
{
    struct station_view *s = v->state;
    return table_key(&s->table, k);
}

static void close_station(struct view *v)
{
    struct station_view *s = v->state;
    table_free(&s->table);
}

const struct screen screen_station = {
    .name = "station",
    .title = N_("Station and persons"),
    .about = N_("persons, passphrase, backup, doctor, settings"),
    .size = sizeof(struct station_view),
    .menu = '8',
    .open = open_station,
    .paint = paint,
    .act = act,
    .key = key,
    .news = news,
    .close = close_station,
};
