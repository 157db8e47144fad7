#include "tui/screens/errand.h"

#include "tui/lang/lang.h"
#include "tui/screens/prompt.h"
#include "tui/screens/work.h"

#include <stdio.h>
#include <string.h>

static struct errand *errand_of(const struct view *v)
{
    return v->state;
}

static bool take_who(struct view *v, const struct opener_reply *r)
{
    struct errand *e = errand_of(v);
    if (r->end)
        return true;
    json_decref(e->circles);
    e->circles = json_deep_copy(json_object_get(r->row, "circles"));
    return true;
}

void errand_open(struct view *v)
{
    static const char *const argv[] = {"who", NULL};
    desk_ask(v, take_who, argv);
}

void errand_close(struct view *v)
{
    json_decref(errand_of(v)->circles);
    errand_of(v)->circles = NULL;
}

struct deed_person errand_person(const struct view *v)
{
    return (struct deed_person){v->desk->user, v->desk->roles, errand_of(v)->circles};
}

#define WHY                                                                                                            \
    {                                                                                                                  \
        .name = "why", .label = N_("Why"), .needed = true, .help = N_("the reason, for the chain of custody")          \
    }

static const struct form_field why_fields[] = {WHY};
static const struct form_field play_fields[] = {
    WHY,
    {.name = "start", .label = N_("From"), .help = N_("seconds, 1:30 or 50%; empty: from the beginning")},
};
static const struct form_field pull_fields[] = {
    {.name = "why", .label = N_("Why"), .help = N_("the reason, for the chain of custody")},
    {.name = "from",
     .label = N_("From"),
     .help = /* xgettext:no-c-format */ N_("25% or 120M: a place in the file; empty: the beginning")},
    {.name = "to", .label = N_("To"), .help = /* xgettext:no-c-format */ N_("50% or 240M; empty: the end")},
};
static const struct form_field link_fields[] = {
    {.name = "record", .label = N_("Record"), .needed = true, .help = N_("the record that it belongs to")},
};
static const struct form_field destroy_fields[] = {
    {.name = "basis", .label = N_("Legal basis"), .needed = true, .help = N_("law, article, decision")},
    WHY,
};
static const struct form_field export_fields[] = {
    {.name = "folder", .label = N_("Folder"), .needed = true, .help = N_("a new one: it must not be there yet")},
};
static const struct form_field second_fields[] = {
    {.name = "who", .label = N_("Who"), .needed = true, .help = N_("the second person, as their key is called")},
    {.name = "pass", .label = N_("Passphrase"), .kind = FORM_SECRET, .needed = true},
};

static const struct {
    const char *sub, *title, *text, *done;
    const struct form_field *fields;
    size_t n;
} forms[DEEDS] = {
    [DEED_PLAY] = {"play", N_("View it"), N_("That you viewed it, when and why, goes into its chain of custody."), NULL,
                   play_fields, 2},
    [DEED_PULL] = {"pull", N_("Ask the hub for it"),
                   N_("The next contact with the hub brings it: whole, or the pieces between two places."),
                   N_("Asked for: the next contact with the hub brings it"), pull_fields, 3},
    [DEED_REQUEST] = {"request", N_("Ask that it may leave as evidence"),
                      N_("Another supervisor looks at the same bytes and approves; then you write it out."),
                      N_("Asked: another supervisor approves it, then you write it out"), why_fields, 1},
    [DEED_HOLD] = {"hold", N_("Hold it"), N_("Nobody may destroy or purge it until a supervisor ends the hold."),
                   N_("Held: nobody may destroy or purge it"), why_fields, 1},
    [DEED_RELEASE] = {"release", N_("End the hold"), NULL,
                      N_("The hold has ended: retention and orders take their course"), why_fields, 1},
    [DEED_LINK] = {"link", N_("Link it to a record"), NULL, N_("Linked"), link_fields, 1},
    [DEED_FLAG] = {"flag", NULL, N_("Flag it? It goes to the hub before other recordings."),
                   N_("Flagged: it goes before other recordings"), NULL, 0},
};

/* The end of a short command, with a prompt or without. */
static bool finish(struct view *v, const struct opener_reply *r)
{
    const struct errand *e = errand_of(v);
    if (!r->end)
        return true;
    prompt_end(v, r->exit_code == 0);
    if (r->exit_code == 0)
        desk_say(v->desk, LOOK_OK, "%s", _(forms[e->deed].done));
    return false;
}

static enum prompt_next send_pull(struct view *v, const struct form *f)
{
    const char *from = form_text(f, "from"), *to = form_text(f, "to"), *why = form_text(f, "why");
    const char *argv[12] = {"recordings", "pull", errand_of(v)->id};
    size_t n = 3;
    if (!deed_is_place(from) || !deed_is_place(to)) {
        desk_say(v->desk, LOOK_WARN, "%s", _("A place in the file is a share (25%) or bytes (120M)"));
        return PROMPT_STAY;
    }
    const char *const options[][2] = {{"--from", from}, {"--to", to}, {"--why", why}};
    for (size_t i = 0; i < 3; i++)
        if (options[i][1][0]) {
            argv[n++] = options[i][0];
            argv[n++] = options[i][1];
        }
    desk_ask(v, finish, argv);
    return PROMPT_WAIT;
}

static enum prompt_next send_form(struct view *v, const struct form *f)
{
    struct errand *e = errand_of(v);
    const char *sub = forms[e->deed].sub;
    if (e->deed == DEED_PULL)
        return send_pull(v, f);
    if (e->deed == DEED_PLAY)
        return work_play(v->desk, e->id, form_text(f, "why"), form_text(f, "start")) ? PROMPT_CLOSE : PROMPT_STAY;
    if (e->deed == DEED_LINK) {
        const char *argv[] = {"recordings", sub, e->id, "--", form_text(f, "record"), NULL};
        desk_ask(v, finish, argv);
    } else {
        const char *argv[] = {"recordings", sub, e->id, "--why", form_text(f, "why"), NULL};
        desk_ask(v, finish, argv);
    }
    return PROMPT_WAIT;
}

static bool has_why(const struct form_field *fields, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(fields[i].name, "why") == 0)
            return true;
    return false;
}

static void open_form(struct view *v)
{
    const struct errand *e = errand_of(v);
    char draft[NAME_LEN];
    snprintf(draft, sizeof draft, "recordings-%s-%.8s", forms[e->deed].sub, e->id);
    prompt_open(v->desk,
                &(struct prompt_order){.view = v,
                                       .title = _(forms[e->deed].title),
                                       .text = forms[e->deed].text ? _(forms[e->deed].text) : NULL,
                                       .fields = forms[e->deed].fields,
                                       .n = forms[e->deed].n,
                                       .draft = has_why(forms[e->deed].fields, forms[e->deed].n) ? draft : NULL,
                                       .done = send_form});
}

static void flag(struct view *v, int answer)
{
    const char *argv[] = {"recordings", "flag", errand_of(v)->id, NULL};
    if (answer == 1)
        desk_ask(v, finish, argv);
}

/* Export: where to? Media that are mounted, or a folder that is typed. */

static enum prompt_next send_export(struct view *v, const struct form *f)
{
    const char *folder = form_text(f, "folder");
    if (folder[0] != '/') {
        desk_say(v->desk, LOOK_WARN, "%s", _("A folder is typed from the root on: /media/STICK/evidence"));
        return PROMPT_STAY;
    }
    return work_export(v->desk, errand_of(v)->id, folder) ? PROMPT_CLOSE : PROMPT_STAY;
}

static void ask_folder(struct view *v, int answer)
{
    struct errand *e = errand_of(v);
    char folder[1200] = "";
    const char *values[] = {folder};
    if (answer >= 0 && (size_t)answer < e->n_media)
        deed_folder(folder, sizeof folder, e->media[answer].path, e->id);
    prompt_open(v->desk, &(struct prompt_order){.view = v,
                                                .title = _("Write it out as evidence"),
                                                .text = _("The file, its proofs, and CHECK.txt, which says how a "
                                                          "court checks them without us."),
                                                .fields = export_fields,
                                                .n = 1,
                                                .values = values,
                                                .done = send_export});
}

static bool take_media(struct view *v, const struct opener_reply *r)
{
    struct errand *e = errand_of(v);
    const char *answers[ERRAND_MEDIA + 1];
    char size[PROGRESS_TEXT];
    if (!r->end) {
        uint64_t space = (uint64_t)desk_int(r->row, "free");
        if (e->n_media == ERRAND_MEDIA || !json_is_true(json_object_get(r->row, "writable")))
            return true;
        progress_size(size, space);
        snprintf(e->media[e->n_media].path, sizeof e->media[0].path, "%s", desk_str(r->row, "path"));
        snprintf(e->media[e->n_media].text, sizeof e->media[0].text,
                 space > e->size ? _("%s: %s free") : _("%s: %s free, too little"), desk_str(r->row, "path"), size);
        e->n_media++;
        return true;
    }
    for (size_t i = 0; i < e->n_media; i++)
        answers[i] = e->media[i].text;
    answers[e->n_media] = _("a folder that I type");
    if (e->n_media)
        desk_ask_choice(v, ask_folder, _("Where to? What leaves here is no longer sealed."), answers, e->n_media + 1);
    else
        ask_folder(v, -1);
    return false;
}

static void start_export(struct view *v, const json_t *row)
{
    static const char *const argv[] = {"media", NULL};
    struct errand *e = errand_of(v);
    if (deed_evidence(v->desk->user, row) != DEED_APPROVED) {
        desk_say(v->desk, LOOK_WARN, "%s",
                 deed_evidence(v->desk->user, row) == DEED_ASKED
                     ? _("Nobody has approved your request yet: another supervisor does, under what waits")
                     : _("You have not asked for it yet"));
        return;
    }
    e->n_media = 0;
    desk_ask(v, take_media, argv);
}

/* Destroying: basis and reason by the first, a signature by the second. */

static bool finish_destroy(struct view *v, const struct opener_reply *r)
{
    const char *order = desk_str(r->row, "order");
    if (r->end) {
        prompt_end(v, r->exit_code == 0);
        return false;
    }
    if (strcmp(desk_str(r->row, "done"), "destroy") == 0)
        desk_say(v->desk, LOOK_OK, _("Order %s is in force: each holder carries it out at its next purge"), order);
    else
        desk_say(v->desk, LOOK_OK, _("Order %s has one signature: another supervisor signs it next"), order);
    return true;
}

/* argv's beginning; returns how many words. */
static size_t destroy_line(const struct errand *e, const char *argv[])
{
    size_t n = 0;
    argv[n++] = "recordings";
    argv[n++] = "destroy";
    argv[n++] = e->id;
    if (e->together)
        argv[n++] = "--together";
    return n;
}

static enum prompt_next send_order(struct view *v, const struct form *f)
{
    const char *argv[10] = {0};
    size_t n = destroy_line(errand_of(v), argv);
    argv[n++] = "--basis";
    argv[n++] = form_text(f, "basis");
    argv[n++] = "--why";
    argv[n++] = form_text(f, "why");
    desk_ask(v, finish_destroy, argv);
    return PROMPT_WAIT;
}

static enum prompt_next send_second(struct view *v, const struct form *f)
{
    const char *argv[10] = {0};
    size_t n = destroy_line(errand_of(v), argv);
    const struct secret *pass = form_secret(f, "pass");
    argv[n++] = "--user";
    argv[n++] = form_text(f, "who");
    desk_ask_secret(v, finish_destroy, argv, &pass, 1);
    return PROMPT_WAIT;
}

static void ask_second(struct view *v, prompt_fn *done)
{
    prompt_open(v->desk, &(struct prompt_order){.view = v,
                                                .title = _("The second person"),
                                                .text = _("They sign this one thing here; you stay unlocked."),
                                                .fields = second_fields,
                                                .n = 2,
                                                .done = done});
}

static void word_typed(struct view *v, int answer)
{
    struct errand *e = errand_of(v);
    const char *argv[10] = {0};
    char draft[NAME_LEN];
    snprintf(draft, sizeof draft, "recordings-destroy-%.8s", e->id);
    if (answer != 1)
        return;
    if (e->second) {
        destroy_line(e, argv);
        desk_ask(v, finish_destroy, argv);
    } else if (e->who[0]) {
        ask_second(v, send_second);
    } else {
        prompt_open(v->desk,
                    &(struct prompt_order){.view = v,
                                           .title = _("A destruction order"),
                                           .text = _("It needs two supervisors; yours is the first signature."),
                                           .fields = destroy_fields,
                                           .n = 2,
                                           .draft = draft,
                                           .done = send_order});
    }
}

static void start_destroy(struct view *v, const json_t *row)
{
    struct errand *e = errand_of(v);
    struct deed_order o;
    char text[1400];
    long long others = desk_int(row, "gathered") - 1;
    deed_order(v->desk->user, row, &o);
    e->together = others > 0;
    e->second = o.any && !o.own;
    snprintf(e->who, sizeof e->who, "%s", o.own ? o.by : "");
    e->others[0] = '\0';
    if (others > 0)
        snprintf(e->others, sizeof e->others,
                 ngettext(" %lld other recording shares its pieces and goes with it.",
                          " %lld other recordings share its pieces and go with it.", (unsigned long)others),
                 others);
    if (e->second)
        snprintf(
            text, sizeof text,
            _("%s has signed an order to destroy %.8s (basis: %s; why: %s). Yours is the second signature: it then "
              "is in force, and nothing brings the recording back.%s"),
            o.by, e->id, o.basis, o.why, e->others);
    else if (o.own)
        snprintf(
            text, sizeof text,
            _("You have signed an order to destroy %.8s (basis: %s; why: %s). A second supervisor can sign it here: "
              "it then is in force, and nothing brings the recording back.%s"),
            e->id, o.basis, o.why, e->others);
    else
        snprintf(text, sizeof text,
                 _("Begin an order to destroy recording %.8s? With a second supervisor's signature it is in force, and "
                   "nothing brings the recording back.%s"),
                 e->id, e->others);
    desk_ask_word(v, word_typed, text, _("destroy"));
}

static enum prompt_next send_approval(struct view *v, const struct form *f)
{
    return work_approve(v->desk, errand_of(v)->id, form_text(f, "who"), form_secret(f, "pass")) ? PROMPT_CLOSE
                                                                                                : PROMPT_STAY;
}

void errand_approve_by_another(struct view *v, const char *request)
{
    struct errand *e = errand_of(v);
    snprintf(e->id, sizeof e->id, "%s", request);
    ask_second(v, send_approval);
}

void errand_start(struct view *v, enum deed d, const json_t *row)
{
    struct errand *e = errand_of(v);
    struct deed_person p = errand_person(v);
    const char *why = deed_refuse(d, &p, row);
    if (why) {
        desk_say(v->desk, LOOK_WARN, "%s", why);
        return;
    }
    e->deed = d;
    e->size = (uint64_t)desk_int(row, "size");
    snprintf(e->id, sizeof e->id, "%s", desk_str(row, "id"));
    if (d == DEED_VERIFY)
        work_verify(v->desk, e->id);
    else if (d == DEED_EXPORT)
        start_export(v, row);
    else if (d == DEED_DESTROY)
        start_destroy(v, row);
    else if (d == DEED_FLAG)
        desk_ask_yes(v, flag, _(forms[d].text));
    else
        open_form(v);
}
