#include "tui/screens/recording.h"

#include "tui/lang/lang.h"
#include "tui/poster.h"
#include "tui/screens/custody_words.h"
#include "tui/screens/errand.h"
#include "tui/screens/screens.h"
#include "tui/screens/work.h"
#include "tui/widgets/page.h"
#include "tui/widgets/when.h"

#include <stdio.h>
#include <string.h>

/* One recording: everything that `recordings show` says. */
struct recording_view {
    struct errand errand; /* first: errand.h */
    struct page page;
    json_t *row; /* NULL: not known yet */
    char id[ENTRY_ID];
    char name[160]; /* file, for the title */
    enum deed deed;
    bool asking, again;
};

enum {
    ACT_STOP = ACT_OWN,
    ACT_PLAY,
    ACT_PULL,
    ACT_VERIFY,
    ACT_EVIDENCE,
    ACT_HOLD,
    ACT_FLAG,
    ACT_DESTROY,
    ACT_LINK,
    ACT_POSTER
};
static const struct key_row keys[] = {
    {K_F2, ACT_STOP, NULL, N_("stop the check, export or viewing that runs"), false},
    {K_F3, ACT_PULL, FIELD(10, "Pull"), N_("ask the hub for it"), true},
    {K_F4, ACT_PLAY, FIELD(10, "View"), N_("view it; its custody says so"), true},
    {K_F5, ACT_VERIFY, FIELD(10, "Check"), N_("check it against its entry"), true},
    {K_F6, ACT_EVIDENCE, FIELD(10, "Evidence"), N_("evidence for a court"), true},
    {K_F7, ACT_HOLD, FIELD(10, "Hold"), N_("hold, or end the hold"), true},
    {K_F8, ACT_FLAG, FIELD(10, "Flag"), N_("flag it: it goes first"), true},
    {K_F9, ACT_DESTROY, FIELD(10, "Destroy"), N_("destroy it, by two persons"), true},
    {K_NONE, ACT_LINK, NULL, N_("link it to a record"), true},
    {K_NONE, ACT_POSTER, NULL, N_("its picture; its custody says so"), true},
};

static void pair(struct page *p, const char *label, const char *value)
{
    if (value[0])
        page_pair(p, label, value);
}

static void warnings(struct page *p, const json_t *row)
{
    const char *mark = desk_str(row, "clock_mark"), *order = desk_str(row, "destroyed_under");
    if (order[0])
        page_line(p, _("Destruction order %s is in force"), order);
    if (json_is_true(json_object_get(row, "held")))
        page_line(p, "%s", _("HELD: nobody may destroy or purge it"));
    if (strcmp(mark, "behind") == 0)
        page_line(p, "%s", _("The station's clock was behind when it was taken in"));
    else if (strcmp(mark, "ahead") == 0)
        page_line(p, "%s", _("The station's clock was far ahead when it was taken in"));
}

static void file_pairs(struct page *p, const json_t *file)
{
    char when[WHEN_TEXT], size[PROGRESS_TEXT];
    progress_size(size, (uint64_t)desk_int(file, "size"));
    when_text(when, desk_str(file, "mtime"));
    pair(p, _("File"), desk_str(file, "path"));
    pair(p, _("Size"), size);
    pair(p, _("Time of the file"), when);
    if (desk_str(file, "blake2b")[0])
        page_line(p, "  %s", desk_str(file, "blake2b"));
}

static void time_line(struct page *p, const json_t *custody)
{
    char when[WHEN_TEXT], what[CUSTODY_TEXT];
    size_t i;
    const json_t *v;
    page_title(p, _("Custody"));
    if (json_array_size(custody) == 0)
        page_line(p, "%s", _("Nobody has done anything with it since it was taken in"));
    json_array_foreach(custody, i, v)
    {
        const char *author = desk_str(v, "author");
        when_text(when, desk_str(v, "time"));
        custody_what(v, what, sizeof what);
        page_line(p, "%s  %s %s", when, author[0] ? author : _("nobody logged in"), what);
        if (custody_why(v)[0])
            page_line(p, "                  %s", custody_why(v));
    }
}

static void fill(struct recording_view *s)
{
    struct page *p = &s->page;
    const json_t *row = s->row, *sidecars = json_object_get(row, "sidecars"), *one;
    char text[CUSTODY_TEXT], when[WHEN_TEXT];
    const char *path = desk_str(row, "path"), *slash = strrchr(path, '/');
    size_t top = p->top, i;
    snprintf(s->name, sizeof s->name, "%.8s  %s", desk_str(row, "id"), slash ? slash + 1 : path);
    page_clear(p);
    warnings(p, row);
    when_text(when, desk_str(row, "time"));
    custody_where_text(row, text, sizeof text);
    pair(p, _("Taken in"), when);
    pair(p, _("Station"), desk_str(row, "station"));
    pair(p, _("Unit"), desk_str(row, "unit"));
    pair(p, _("Camera"), desk_str(row, "camera"));
    pair(p, _("Mode"), desk_str(row, "mode"));
    pair(p, _("Where it is"), text);
    file_pairs(p, row);
    json_array_foreach(sidecars, i, one)
    {
        page_title(p, _("Sidecar"));
        file_pairs(p, one);
    }
    time_line(p, json_object_get(row, "custody"));
    page_title(p, _("Proof"));
    pair(p, _("Recording"), desk_str(row, "id"));
    snprintf(text, sizeof text, _("%lld of chain %s"), (long long)desk_int(row, "seq"), desk_str(row, "chain"));
    pair(p, _("Label"), text);
    p->top = top;
}

static void load(struct view *v);

static bool take(struct view *v, const struct opener_reply *r)
{
    struct recording_view *s = v->state;
    if (!r->end) {
        json_decref(s->row);
        s->row = json_deep_copy(r->row);
        fill(s);
        return true;
    }
    s->asking = false;
    if (!s->row) {
        desk_close(v); /* there is none, and the end of this says so */
    } else if (s->again) {
        load(v);
    } else if (s->deed != DEEDS) {
        enum deed d = s->deed;
        s->deed = DEEDS;
        errand_start(v, d, s->row);
    }
    return false;
}

static void load(struct view *v)
{
    struct recording_view *s = v->state;
    const char *argv[] = {"recordings", "show", s->id, NULL};
    s->again = s->asking;
    if (s->asking)
        return;
    s->asking = true;
    desk_ask(v, take, argv);
}

static enum err open_recording(struct view *v, const void *arg)
{
    const struct recording_order *o = arg;
    struct recording_view *s = v->state;
    snprintf(s->id, sizeof s->id, "%s", o->id);
    s->deed = o->deed;
    errand_open(v);
    load(v);
    return ERR_OK;
}

static void news(struct view *v, const void *event)
{
    const char *what = desk_str(event, "event");
    if (strcmp(what, "news") == 0 || strcmp(what, "records") == 0)
        load(v);
}

static enum deed deed_of(const struct recording_view *s, const struct desk *d, int act)
{
    switch (act) {
    case ACT_PLAY:
    case ACT_POSTER: /* to look at it is to look at the recording */
        return DEED_PLAY;
    case ACT_PULL:
        return DEED_PULL;
    case ACT_VERIFY:
        return DEED_VERIFY;
    case ACT_EVIDENCE:
        return deed_evidence(d->user, s->row) == DEED_NOT_ASKED ? DEED_REQUEST : DEED_EXPORT;
    case ACT_HOLD:
        return json_is_true(json_object_get(s->row, "held")) ? DEED_RELEASE : DEED_HOLD;
    case ACT_FLAG:
        return DEED_FLAG;
    case ACT_DESTROY:
        return DEED_DESTROY;
    case ACT_LINK:
        return DEED_LINK;
    default:
        return DEEDS;
    }
}

static void act(struct view *v, int what)
{
    struct recording_view *s = v->state;
    if (what == ACT_CHOOSE && s->row)
        desk_row_menu(v);
    else if (what == ACT_STOP)
        work_stop(v->desk);
    else if (what == ACT_POSTER)
        desk_show(v->desk, &screen_poster, &(struct recording_order){s->id, DEEDS});
    else if (s->row && what != ACT_CHOOSE)
        errand_start(v, deed_of(s, v->desk, what), s->row);
}

static bool has_poster(const struct recording_view *s)
{
    size_t i;
    const json_t *one;
    json_array_foreach(json_object_get(s->row, "sidecars"), i, one)
    {
        if (poster_is(desk_str(one, "path")))
            return true;
    }
    return false;
}

static const char *refuse(struct view *v, int what)
{
    struct recording_view *s = v->state;
    struct deed_person p = errand_person(v);
    if (what == ACT_POSTER && s->row && !has_poster(s))
        return _("none could be made of it when it was taken in");
    if (what == ACT_STOP)
        return work_rows(v->desk) ? NULL : _("nothing runs");
    return what == ACT_CHOOSE ? NULL : deed_refuse(deed_of(s, v->desk, what), &p, s->row);
}

static void paint(struct view *v, const struct area *a)
{
    struct recording_view *s = v->state;
    int foot = work_rows(v->desk);
    struct area in = area_part(a, 0, 1, a->rows - foot, a->cols - 2);
    struct area work = area_part(a, a->rows - foot, 0, foot, a->cols);
    if (s->row)
        page_paint(&s->page, &in);
    else
        term_text(&in, 1, 0, 0, LOOK_DIM,
                  _("Reading"
                    "…"));
    if (foot)
        work_paint(v->desk, &work);
}

static bool key(struct view *v, const struct key *k)
{
    struct recording_view *s = v->state;
    return page_key(&s->page, k);
}

static void close_recording(struct view *v)
{
    struct recording_view *s = v->state;
    page_free(&s->page);
    json_decref(s->row);
    errand_close(v);
}

static const char *subtitle(const struct view *v)
{
    const struct recording_view *s = v->state;
    return s->name[0] ? s->name : NULL;
}

const struct screen screen_recording = {
    .name = "recording",
    .title = N_("Recording"),
    .about = N_("everything about one: files, hashes, where it is, its custody"),
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .size = sizeof(struct recording_view),
    .open = open_recording,
    .paint = paint,
    .act = act,
    .refuse = refuse,
    .key = key,
    .news = news,
    .close = close_recording,
    .subtitle = subtitle,
};
