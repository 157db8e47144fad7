#include "storage/base/bytes.h"
#include "storage/vault/batch.h"
#include "tui/lang/lang.h"
#include "tui/poster.h"
#include "tui/screens/desk.h"
#include "tui/screens/recording.h"
#include "tui/screens/screens.h"
#include "tui/widgets/picture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The picture of one recording. */
struct poster_view {
    struct picture picture;
    uint8_t *rgb; /* NULL: not here yet */
    char id[ENTRY_ID];
};

static bool take(struct view *v, const struct opener_reply *r)
{
    struct poster_view *s = v->state;
    const char *text = desk_str(r->row, "rgb");
    json_int_t w = desk_int(r->row, "width"), h = desk_int(r->row, "height");
    size_t n, length = strlen(text);
    if (r->end) {
        if (!s->rgb)
            desk_close(v); /* the end says why there is none */
        desk_paint(v);
        return s->rgb != NULL;
    }
    if (s->rgb || w <= 0 || h <= 0 || w > POSTER_SIDE_MAX || h > POSTER_SIDE_MAX || !(s->rgb = malloc(length)))
        return true;
    s->picture = (struct picture){(unsigned)w, (unsigned)h, s->rgb};
    if (!bytes_unb64(s->rgb, length, &n, text, length, true) || n != (size_t)(3 * w * h)) {
        free(s->rgb);
        s->rgb = NULL;
    }
    return true;
}

static enum err open_poster(struct view *v, const void *arg)
{
    const struct recording_order *o = arg;
    struct poster_view *s = v->state;
    snprintf(s->id, sizeof s->id, "%s", o->id);
    if (!picture_can())
        return err_set(ERR_NOINPUT,
                       "this terminal shows too few colours for a picture; look at it where there are 256");
    desk_ask(v, take, (const char *[]){"recordings", "poster", s->id, NULL});
    return ERR_OK;
}

static void paint(struct view *v, const struct area *a)
{
    const struct poster_view *s = v->state;
    if (s->rgb)
        picture_paint(&s->picture, a);
    else
        term_text(a, 1, 1, 0, LOOK_DIM,
                  _("Reading"
                    "…"));
}

static void close_poster(struct view *v)
{
    struct poster_view *s = v->state;
    free(s->rgb);
}

static const char *subtitle(const struct view *v)
{
    const struct poster_view *s = v->state;
    return s->id;
}

const struct screen screen_poster = {
    .name = "poster",
    .title = N_("Picture"),
    .about = N_("one picture out of a recording; its custody says who looked"),
    .size = sizeof(struct poster_view),
    .open = open_poster,
    .paint = paint,
    .close = close_poster,
    .subtitle = subtitle,
};
