/* Stations, a stick and a hub, each in its own folder, and the programs' own
 * functions in between; each contact in a process of its own, because the
 * programs limit themselves for good. */
#include "tests/unit/sync_fixture.h"

#include "storage/vault/chain.h"
#include "storage/vault/verify.h"
#include "sync/client/clearing.h"
#include "sync/folder/args.h"
#include "sync/hub/hub.h"
#include "sync/hub/verbs.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#define PASS "lusab-babad-gutih-tugad-mudof"
#define BLOB 200000u
enum { CREW, OFFICE, STATIONS };

struct world {
    char dir[64], station[STATIONS][96], stick[96], hub[96];
    struct sign_secret authority, chain[STATIONS], link[STATIONS];
    struct roster *roster; /* as signed last */
    struct user *user;
};

static void shell(const char *fmt, ...) PRINTF_LIKE(1, 2);
static void shell(const char *fmt, ...)
{
    char cmd[1024];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(cmd, sizeof cmd, fmt, ap);
    va_end(ap);
    assert_int_equal(system(cmd), 0);
}

/* Signs roster `number` for all; revoked: the crew's station, from label
 * `last` on. */
static void world_roster(struct world *w, uint64_t number, bool revoked, uint64_t last)
{
    static const char *const circles[] = {"evidence", "evidence/brigade-1", "records", "records/brigade-1"};
    static const char *const names[] = {"amb-1", "office-1"}, *const units[] = {"brigade-1", "office"};
    struct roster *r = calloc(1, sizeof *r);
    struct roster_hub hub;
    struct buf card = {0};
    char path[160];
    assert_non_null(r);
    strcpy(r->district, "demo");
    r->number = number;
    r->time = 1760000000000;
    for (int i = 0; i < STATIONS; i++) {
        struct roster_station s = {.kind = i == OFFICE ? STATION_SUPERVISOR : STATION_CREW};
        OK(roster_add_unit(r, units[i]));
        snprintf(s.name, sizeof s.name, "%s", names[i]);
        snprintf(s.unit, sizeof s.unit, "%s", units[i]);
        s.key = w->chain[i].pub;
        s.link = w->link[i].pub;
        s.revoked = revoked && i == CREW;
        s.last_seq = s.revoked ? last : 0;
        s.revoked_at = s.revoked ? 1760000000000 : 0;
        roster_chain_id(s.chain, &s.key);
        OK(roster_add_station(r, &s));
    }
    for (size_t i = 0; i < 4; i++) {
        struct roster_circle c = {.generation = 1, .to = w->user->circles[i].id.to};
        snprintf(c.name, sizeof c.name, "%s", circles[i]);
        OK(roster_add_circle(r, &c));
    }
    struct roster_user u = {.name = "nurse",
                            .sign = w->user->sign.pub,
                            .to = w->user->id.to,
                            .roles = ROLE_CREW,
                            .since = 1700000000000,
                            .until = INT64_MAX,
                            .circles = (char[]){"records/brigade-1"}};
    OK(roster_add_user(r, &u));
    snprintf(path, sizeof path, "%s/hub.card", w->hub);
    OK(file_read(path, 4096, &card));
    OK(roster_hub_read(&hub, (const char *)card.p, card.len));
    OK(roster_add_hub(r, &hub));
    OK(roster_sign(r, &w->authority));
    roster_free(w->roster);
    OK(roster_parse(&w->roster, (const char *)r->text.p, r->text.len, NULL));
    roster_free(r);
    buf_free(&card);
    snprintf(path, sizeof path, "%s/roster", w->dir);
    OK(file_write(path, w->roster->text.p, w->roster->text.len, 0600));
}

static int child(void (*fn)(const void *arg), const void *arg)
{
    int status;
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        char log[] = "/dev/null";
        if (!getenv("SYNC_TEST_TALK") && (!freopen(log, "w", stdout) || !freopen(log, "w", stderr)))
            _exit(99);
        fn(arg);
        _exit(98);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void run_client(const void *arg)
{
    const struct client_options *o = arg;
    enum err e = client_run(o);
    fprintf(stderr, "%s\n", err_text());
    fflush(NULL);
    _exit(err_exit_code(e));
}

static int contact(struct world *w, int who)
{
    struct client_options o = {.dir = w->station[who], .folder = w->stick};
    return child(run_client, &o);
}

static void run_hub(const void *arg)
{
    static const struct args_option options[] = {{"station", 0, "NAME", ""}, {"as-of", 0, "DATE", ""}};
    static const struct args_command commands[] = {{"roster", "DIR FILE", "", "", verb_roster},
                                                   {"import", "DIR FOLDER", "", "", verb_import},
                                                   {"export", "DIR FOLDER", "station", "", verb_export},
                                                   {"expire", "DIR", "as-of", "", verb_expire},
                                                   {"verify", "DIR", "", "", verb_verify}};
    static const struct args_program program = {
        .name = "hub", .options = options, .n_options = 2, .commands = commands, .n_commands = 5};
    char copy[4][160], *argv[6] = {copy[0], copy[1], copy[2], copy[3], NULL};
    const char *const *words = arg;
    int n = 0;
    for (; words[n]; n++)
        snprintf(copy[n + 1], sizeof copy[0], "%s", words[n]);
    strcpy(copy[0], "hub");
    int code = args_main(&program, n + 1, argv);
    fflush(NULL);
    _exit(code);
}

static int hub(struct world *w, const char *verb)
{
    char roster[160];
    snprintf(roster, sizeof roster, "%s/roster", w->dir);
    bool folder = strcmp(verb, "import") == 0 || strcmp(verb, "export") == 0;
    const char *words[] = {verb, w->hub, folder ? w->stick : strcmp(verb, "roster") == 0 ? roster : NULL, NULL};
    return child(run_hub, words);
}

static struct world *world_new(void)
{
    static const char *const names[] = {"amb-1", "office-1"}, *const units[] = {"brigade-1", "office"};
    static const char *const circles[] = {"evidence", "evidence/brigade-1", "records", "records/brigade-1"};
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    OK(hash_start());
    strcpy(w->dir, "/tmp/feldsher-contact-XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    snprintf(w->stick, sizeof w->stick, "%s/stick", w->dir);
    snprintf(w->hub, sizeof w->hub, "%s/hub", w->dir);
    assert_int_equal(mkdir(w->stick, 0700), 0);
    OK(hub_init(w->hub, "hub", ""));
    sign_new(&w->authority);
    OK(user_new(&w->user, "nurse"));
    for (size_t i = 0; i < 4; i++) {
        struct user_circle *c = &w->user->circles[w->user->n_circles++];
        snprintf(c->name, sizeof c->name, "%s", circles[i]);
        c->generation = 1;
        identity_new(&c->id);
    }
    for (int i = 0; i < STATIONS; i++) {
        sign_new(&w->chain[i]);
        sign_new(&w->link[i]);
    }
    world_roster(w, 1, false, 0);
    assert_int_equal(hub(w, "roster"), 0);
    for (int i = 0; i < STATIONS; i++) {
        struct enrolment *e = calloc(1, sizeof *e);
        assert_non_null(e);
        snprintf(w->station[i], sizeof w->station[i], "%s/%s", w->dir, names[i]);
        snprintf(e->station, sizeof e->station, "%s", names[i]);
        snprintf(e->unit, sizeof e->unit, "%s", units[i]);
        e->kind = i == OFFICE ? STATION_SUPERVISOR : STATION_CREW;
        e->authority = w->authority.pub;
        e->chain = w->chain[i];
        e->link = w->link[i];
        e->user = w->user;
        OK(roster_parse(&e->roster, (const char *)w->roster->text.p, w->roster->text.len, NULL));
        OK(station_init(w->station[i], e, PASS, strlen(PASS)));
        roster_free(e->roster);
        free(e);
    }
    return w;
}

static void world_free(struct world *w)
{
    roster_free(w->roster);
    user_free(w->user);
    shell("rm -rf %s", w->dir);
    free(w);
}

static struct station *open_station(struct world *w, int who)
{
    struct station *s;
    OK(station_open(&s, w->station[who], STATION_CHAIN_KEY));
    return s;
}

/* Appends one batch; with blobs, one that names a parts list. */
static enum err append(struct world *w, int who, unsigned blobs, struct hash *parts)
{
    struct station *s = open_station(w, who);
    struct buf list = {0}, blob = {0};
    struct hash name = {{0}};
    uint64_t seq;
    char id[ENTRY_ID];
    if (blobs)
        OK(parts_begin(&list));
    for (unsigned i = 0; i < blobs; i++) {
        buf_clear(&blob);
        OK(buf_reserve(&blob, BLOB));
        for (size_t k = 0; k < BLOB / 32; k++) {
            uint8_t r[32];
            randombytes_buf(r, sizeof r);
            OK(buf_add(&blob, r, sizeof r));
        }
        OK(object_put(w->station[who], blob.p, blob.len, &name));
        OK(parts_blob(&list, &name, blob.len));
    }
    if (blobs)
        OK(object_put(w->station[who], list.p, list.len, &name));
    if (parts)
        *parts = name;
    batch_entry_id(id);
    json_t *entries = json_pack("[{s:s, s:s, s:{s:s}}]", "id", id, "type", "note", "data", "text", "a word");
    struct append a = {.entries = entries,
                       .seal = ROSTER_RECORD,
                       .lane = LANE_BATCH,
                       .parts = blobs ? &name : NULL,
                       .retain_class = "records"};
    enum err e = chain_append(s, &a, &seq);
    json_decref(entries);
    buf_free(&list);
    buf_free(&blob);
    station_close(s);
    return e;
}

static uint64_t head(struct world *w, int who, int chain)
{
    struct station *s = open_station(w, who);
    struct queue_head h;
    char id[CHAIN_ID];
    roster_chain_id(id, &w->chain[chain].pub);
    OK(queue_head(s->queue, id, &h));
    station_close(s);
    return h.seq;
}

/* Has the station a job of that kind, and does its text hold `text`? */
static bool job(struct world *w, int who, const char *kind, const char *name, const char *text)
{
    struct station *s = open_station(w, who);
    struct buf b = {0};
    bool yes = queue_job(s->queue, kind, name, &b) == ERR_OK && (!text || strstr((const char *)b.p, text));
    buf_free(&b);
    station_close(s);
    return yes;
}

static struct receipt *receipt_at(struct world *w, int who)
{
    struct station *s = open_station(w, who);
    struct receipt *r;
    struct buf b = {0};
    OK(queue_receipt(s->queue, s->chain, &b));
    OK(receipt_parse(&r, (const char *)b.p, b.len));
    OK(receipt_check(r, s->roster));
    buf_free(&b);
    station_close(s);
    return r;
}

static bool has_object(const char *dir, const struct hash *name)
{
    uint64_t size;
    return object_size(dir, name, &size);
}

static void fault(void *ctx, const char *what, const char *why)
{
    (void)ctx;
    print_error("fault: %s: %s\n", what, why);
}

static void clean(struct world *w)
{
    for (int i = 0; i < STATIONS; i++) {
        struct verify_totals t;
        OK(verify_station(w->station[i], NULL, fault, NULL, NULL, &t));
    }
    assert_int_equal(hub(w, "verify"), 0);
}

static char *crew_chain(struct world *w)
{
    static char id[CHAIN_ID];
    roster_chain_id(id, &w->chain[CREW].pub);
    return id;
}

static void stick_carries_there_and_back(void **state)
{
    struct world *w = world_new();
    struct stick s;
    (void)state;
    OK(append(w, CREW, 0, NULL));
    OK(append(w, CREW, 3, NULL));
    assert_int_equal(contact(w, CREW), 0);
    OK(stick_open(&s, w->stick));
    assert_true(job(w, CREW, "stick", s.label, NULL));
    assert_int_equal(hub(w, "import"), 0);
    assert_int_equal(hub(w, "export"), 0);
    assert_int_equal(contact(w, CREW), 0);
    struct receipt *r = receipt_at(w, CREW);
    assert_int_equal(r->labels, 2);
    assert_int_equal(r->n_missing + r->n_parts_missing, 0);
    receipt_free(r);
    assert_false(job(w, CREW, "stick", s.label, NULL));
    stick_close(&s);
    clean(w);
    world_free(w);
}

static void supervisor_gets_batches_and_asks_for_blobs(void **state)
{
    struct world *w = world_new();
    struct hash parts, other;
    char hex[HASH_HEX];
    struct buf list = {0};
    struct parts p;
    bool mark;
    struct hash blob;
    uint64_t size;
    (void)state;
    OK(append(w, CREW, 2, &parts));
    OK(append(w, CREW, 2, &other));
    assert_int_equal(contact(w, CREW), 0);
    assert_int_equal(hub(w, "import"), 0);
    assert_int_equal(contact(w, OFFICE), 0); /* straight from the crew's stick */
    assert_int_equal(head(w, OFFICE, CREW), 2);
    struct station *s = open_station(w, OFFICE);
    hash_hex(hex, &parts);
    OK(queue_set_job(s->queue, "want", hex, "x", 1));
    station_close(s);
    shell("rm -rf %s/feldsher", w->stick);
    assert_int_equal(contact(w, OFFICE), 0);
    assert_int_equal(hub(w, "export"), 0);
    assert_int_equal(contact(w, OFFICE), 0);
    assert_false(job(w, OFFICE, "want", hex, NULL));
    OK(object_get(w->station[OFFICE], &parts, PARTS_MAX, &list));
    OK(parts_open(&p, (const char *)list.p, list.len));
    while (parts_next(&p, &mark, &blob, &size) == ERR_OK)
        assert_true(has_object(w->station[OFFICE], &blob));
    OK(object_get(w->station[CREW], &other, PARTS_MAX, &list));
    OK(parts_open(&p, (const char *)list.p, list.len));
    while (parts_next(&p, &mark, &blob, &size) == ERR_OK)
        assert_false(has_object(w->station[OFFICE], &blob));
    buf_free(&list);
    clean(w);
    world_free(w);
}

static void a_part_of_a_recording_comes_alone(void **state)
{
    static const char text[] = "x\nblobs: 1-1";
    struct world *w = world_new();
    struct hash parts, blob;
    char hex[HASH_HEX];
    struct buf list = {0};
    struct parts p;
    bool mark;
    uint64_t size, n = 0;
    (void)state;
    OK(append(w, CREW, 3, &parts));
    assert_int_equal(contact(w, CREW), 0);
    assert_int_equal(hub(w, "import"), 0);
    assert_int_equal(contact(w, OFFICE), 0);
    shell("rm -rf %s/feldsher", w->stick);
    struct station *s = open_station(w, OFFICE);
    hash_hex(hex, &parts);
    OK(queue_set_job(s->queue, "want", hex, text, sizeof text - 1));
    station_close(s);
    assert_int_equal(contact(w, OFFICE), 0);
    assert_int_equal(hub(w, "export"), 0);
    OK(object_get(w->station[OFFICE], &parts, PARTS_MAX, &list));
    assert_int_equal(contact(w, OFFICE), 0);
    assert_false(job(w, OFFICE, "want", hex, NULL));
    OK(parts_open(&p, (const char *)list.p, list.len));
    while (parts_next(&p, &mark, &blob, &size) == ERR_OK) {
        char path[80], whole[256];
        stick_object(path, &blob);
        snprintf(whole, sizeof whole, "%s/feldsher/%s", w->stick, path);
        assert_int_equal(file_exists(whole), n == 1);
        assert_int_equal(has_object(w->station[OFFICE], &blob), n++ == 1);
    }
    buf_free(&list);
    clean(w);
    world_free(w);
}

/* A crew's station that asks for what is not delivered to it gets nothing. */
static void blobs_go_only_to_whom_their_label_is_delivered(void **state)
{
    struct world *w = world_new();
    struct hash parts;
    char hex[HASH_HEX];
    (void)state;
    OK(append(w, OFFICE, 1, &parts));
    assert_int_equal(contact(w, OFFICE), 0);
    assert_int_equal(hub(w, "import"), 0);
    shell("rm -rf %s/feldsher", w->stick);
    struct station *s = open_station(w, CREW);
    hash_hex(hex, &parts);
    OK(queue_set_job(s->queue, "want", hex, "x", 1));
    station_close(s);
    assert_int_equal(contact(w, CREW), 0);
    assert_int_equal(hub(w, "export"), 75);
    shell("test ! -e %s/feldsher/objects", w->stick);
    assert_int_equal(contact(w, CREW), 0);
    assert_int_equal(head(w, CREW, OFFICE), 0);
    world_free(w);
}

static void restored_station_fetches_the_rest_before_it_appends(void **state)
{
    struct world *w = world_new();
    (void)state;
    OK(append(w, CREW, 0, NULL));
    OK(append(w, CREW, 1, NULL));
    assert_int_equal(contact(w, CREW), 0);
    assert_int_equal(hub(w, "import"), 0);
    assert_int_equal(hub(w, "export"), 0);
    assert_int_equal(contact(w, CREW), 0);
    shell("cp -a %s/feldsher %s/old-stick", w->stick, w->dir);
    shell("cp -a %s %s/backup", w->station[CREW], w->dir);
    OK(append(w, CREW, 1, NULL));
    OK(append(w, CREW, 0, NULL));
    assert_int_equal(contact(w, CREW), 0);
    assert_int_equal(hub(w, "import"), 0);
    shell("rm -rf %s && cp -a %s/backup %s", w->station[CREW], w->dir, w->station[CREW]);
    char when[CLOCK_TEXT];
    struct receipt *r = receipt_at(w, CREW); /* the last one before the restore */
    clock_text(when, r->time);
    receipt_free(r);
    struct station *s = open_station(w, CREW);
    OK(queue_set_job(s->queue, "restored", s->chain, when, strlen(when)));
    station_close(s);
    assert_int_equal(append(w, CREW, 0, NULL), ERR_DENIED);
    /* a stick from before the restore does not wake it */
    shell("mv %s/feldsher %s/new-stick && mv %s/old-stick %s/feldsher", w->stick, w->dir, w->dir, w->stick);
    assert_int_equal(contact(w, CREW), 0);
    assert_int_equal(append(w, CREW, 0, NULL), ERR_DENIED);
    shell("rm -rf %s/feldsher", w->stick);
    assert_int_equal(contact(w, CREW), 0);
    assert_int_equal(hub(w, "export"), 0);
    assert_int_equal(contact(w, CREW), 0);
    assert_int_equal(head(w, CREW, CREW), 4);
    assert_false(job(w, CREW, "restored", crew_chain(w), NULL));
    OK(append(w, CREW, 0, NULL));
    assert_int_equal(contact(w, CREW), 0);
    assert_int_equal(hub(w, "import"), 0);
    assert_int_equal(hub(w, "export"), 0); /* brings the blobs back that the backup lacked */
    assert_int_equal(contact(w, CREW), 0);
    clean(w);
    world_free(w);
}

/* Two laptops with one station folder; the hub sees it. */
static void clone_is_frozen_by_the_receipt(void **state)
{
    struct world *w = world_new();
    (void)state;
    OK(append(w, CREW, 0, NULL));
    shell("cp -a %s %s/clone", w->station[CREW], w->dir);
    OK(append(w, CREW, 0, NULL));
    assert_int_equal(contact(w, CREW), 0);
    assert_int_equal(hub(w, "import"), 0);
    shell("rm -rf %s/feldsher && mv %s %s/first && mv %s/clone %s", w->stick, w->station[CREW], w->dir, w->dir,
          w->station[CREW]);
    OK(append(w, CREW, 0, NULL));
    assert_int_equal(contact(w, CREW), 0);
    assert_int_equal(hub(w, "import"), 75);
    assert_int_equal(hub(w, "export"), 0);
    assert_int_equal(contact(w, CREW), 75); /* the receipt is over another label than ours */
    assert_true(job(w, CREW, "frozen", crew_chain(w), "cloned"));
    assert_int_equal(append(w, CREW, 0, NULL), ERR_DENIED);
    shell("test -s %s/quarantine/%s/labels", w->hub, crew_chain(w));
    /* and the first one learns it, too */
    shell("rm -rf %s && mv %s/first %s", w->station[CREW], w->dir, w->station[CREW]);
    assert_int_equal(hub(w, "export"), 0);
    assert_int_equal(contact(w, CREW), 75); /* the clone's labels stand on the stick */
    assert_int_equal(append(w, CREW, 0, NULL), ERR_DENIED);
    assert_int_equal(hub(w, "verify"), 0);
    world_free(w);
}

static void clone_is_seen_on_a_shared_stick_without_a_hub(void **state)
{
    struct world *w = world_new();
    (void)state;
    OK(append(w, CREW, 0, NULL));
    shell("cp -a %s %s/clone", w->station[CREW], w->dir);
    OK(append(w, CREW, 0, NULL));
    assert_int_equal(contact(w, CREW), 0);
    shell("rm -rf %s && mv %s/clone %s", w->station[CREW], w->dir, w->station[CREW]);
    OK(append(w, CREW, 0, NULL));
    assert_int_equal(contact(w, CREW), 75);
    assert_true(job(w, CREW, "frozen", crew_chain(w), "another label 2"));
    assert_int_equal(append(w, CREW, 0, NULL), ERR_DENIED);
    world_free(w);
}

static void revoked_station_hears_it_and_stops(void **state)
{
    struct world *w = world_new();
    (void)state;
    OK(append(w, CREW, 0, NULL));
    OK(append(w, CREW, 0, NULL));
    assert_int_equal(contact(w, CREW), 0);
    world_roster(w, 2, true, 1);
    assert_int_equal(hub(w, "roster"), 0);
    assert_int_equal(hub(w, "import"), 75); /* label 2 is set aside */
    assert_int_equal(hub(w, "export"), 0);  /* the have text counts no more, the roster goes out */
    assert_int_equal(contact(w, CREW), 77);
    assert_true(job(w, CREW, "frozen", crew_chain(w), "revokes"));
    assert_int_equal(append(w, CREW, 0, NULL), ERR_DENIED);
    assert_int_equal(hub(w, "verify"), 0);
    world_free(w);
}

static void roster_of_a_stranger_is_refused_and_the_rest_goes_on(void **state)
{
    struct world *w = world_new();
    struct sign_secret mine = w->authority;
    char path[200];
    (void)state;
    OK(append(w, CREW, 1, NULL));
    sign_new(&w->authority);
    world_roster(w, 9, false, 0);
    snprintf(path, sizeof path, "%s/feldsher", w->stick);
    assert_int_equal(mkdir(path, 0700), 0);
    shell("cp %s/roster %s/feldsher/roster", w->dir, w->stick);
    assert_int_equal(contact(w, CREW), 75);
    assert_true(job(w, CREW, "quarantine", "stick/roster", NULL));
    w->authority = mine;
    struct station *s = open_station(w, CREW);
    assert_int_equal(s->roster->number, 1);
    station_close(s);
    assert_int_equal(hub(w, "import"), 0); /* the station put the good one in its place */
    assert_int_equal(hub(w, "export"), 0);
    assert_int_equal(contact(w, CREW), 0);
    world_free(w);
}

static void run_narrow(const void *arg)
{
    struct rlimit low = {BLOB / 2, BLOB / 2};
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &low);
    run_client(arg);
}

static void full_stick_takes_what_fits_and_the_rest_later(void **state)
{
    struct world *w = world_new();
    struct client_options o = {.folder = w->stick};
    (void)state;
    OK(append(w, CREW, 2, NULL));
    OK(append(w, CREW, 0, NULL));
    o.dir = w->station[CREW];
    assert_int_equal(child(run_narrow, &o), 75);
    assert_int_equal(hub(w, "import"), 0);
    assert_int_equal(hub(w, "export"), 0);
    assert_int_equal(contact(w, CREW), 0);
    struct receipt *r = receipt_at(w, CREW);
    assert_int_equal(r->labels, 2);
    assert_int_equal(r->n_missing, 0);
    assert_int_equal(r->n_parts_missing, 1);
    assert_int_equal(r->parts_missing[0], 1);
    receipt_free(r);
    assert_int_equal(hub(w, "import"), 0);
    assert_int_equal(hub(w, "export"), 0);
    assert_int_equal(contact(w, CREW), 0);
    r = receipt_at(w, CREW);
    assert_int_equal(r->n_parts_missing, 0);
    receipt_free(r);
    clean(w);
    world_free(w);
}

static unsigned blobs_on_stick(struct world *w, const struct hash *parts)
{
    struct stick s;
    struct buf list = {0};
    struct parts p;
    bool mark;
    struct hash blob;
    uint64_t size;
    unsigned n = 0;
    char path[80];
    OK(stick_open(&s, w->stick));
    OK(object_get(w->station[CREW], parts, PARTS_MAX, &list));
    OK(parts_open(&p, (const char *)list.p, list.len));
    while (parts_next(&p, &mark, &blob, &size) == ERR_OK) {
        stick_object(path, &blob);
        n += stick_has(&s, path, size);
    }
    buf_free(&list);
    stick_close(&s);
    return n;
}

static void full_stick_sheds_only_what_a_receipt_covers_and_nobody_wants(void **state)
{
    struct world *w = world_new();
    struct hash held, asked, fresh;
    char hex[HASH_HEX];
    uint64_t removed, bytes;
    (void)state;
    OK(append(w, CREW, 2, &held));
    OK(append(w, CREW, 2, &asked));
    assert_int_equal(contact(w, CREW), 0);
    assert_int_equal(hub(w, "import"), 0);
    assert_int_equal(hub(w, "export"), 0);
    OK(append(w, CREW, 2, &fresh));
    assert_int_equal(contact(w, CREW), 0);
    struct station *s = open_station(w, OFFICE);
    hash_hex(hex, &asked);
    OK(queue_set_job(s->queue, "want", hex, "x", 1));
    station_close(s);
    /* its have text asks for a list that its folder does not know yet */
    struct client_options o = {.dir = w->station[OFFICE], .folder = w->stick};
    shell("mkdir %s/aside && mv %s/feldsher/objects %s/feldsher/labels %s/aside", w->dir, w->stick, w->stick, w->dir);
    assert_int_equal(child(run_client, &o), 0);
    shell("rm -rf %s/feldsher/objects %s/feldsher/labels && mv %s/aside/* %s/feldsher", w->stick, w->stick, w->dir,
          w->stick);
    struct client c = {.in.station = open_station(w, CREW), .stick = {.fd = -1}};
    c.refuse.tell = &c.in.tell;
    c.walk = (struct walk){.stick = &c.stick, .refuse = &c.refuse, .left = 1000};
    OK(stick_open(&c.stick, w->stick));
    OK(clearing_run(&c, &removed, &bytes));
    assert_int_equal(removed, 2);
    assert_int_equal(bytes, 2 * BLOB);
    assert_int_equal(blobs_on_stick(w, &held), 0);
    assert_int_equal(blobs_on_stick(w, &asked), 2);
    assert_int_equal(blobs_on_stick(w, &fresh), 2);
    stick_close(&c.stick);
    station_close(c.in.station);
    clean(w);
    world_free(w);
}

static void damaged_object_stays_at_home(void **state)
{
    struct world *w = world_new();
    struct hash parts;
    char path[OBJECT_PATH];
    (void)state;
    OK(append(w, CREW, 1, &parts));
    OK(append(w, CREW, 0, NULL));
    OK(object_path(path, w->station[CREW], &parts));
    shell("printf X | dd of=%s bs=1 seek=20 conv=notrunc 2>/dev/null", path);
    assert_int_equal(contact(w, CREW), 75);
    assert_int_equal(hub(w, "import"), 0);
    assert_int_equal(hub(w, "export"), 0);
    assert_int_equal(contact(w, CREW), 75);
    struct receipt *r = receipt_at(w, CREW);
    assert_int_equal(r->labels, 2);
    assert_int_equal(r->n_parts_missing, 1);
    receipt_free(r);
    world_free(w);
}

static void plan_changes_nothing(void **state)
{
    struct world *w = world_new();
    struct client_options o = {.folder = w->stick, .plan = true};
    (void)state;
    OK(append(w, CREW, 1, NULL));
    o.dir = w->station[CREW];
    shell("cd %s && find amb-1 stick -type f | sort | xargs cksum > before", w->dir);
    assert_int_equal(child(run_client, &o), 0);
    shell("cd %s && find amb-1 stick -type f | sort | xargs cksum > after && cmp before after", w->dir);
    world_free(w);
}

static void absent_folder_and_foreign_stick_are_said(void **state)
{
    struct world *w = world_new();
    struct client_options o = {.folder = "/nowhere/at/all"};
    (void)state;
    o.dir = w->station[CREW];
    assert_int_equal(child(run_client, &o), 69);
    shell("mkdir -p %s/feldsher && printf 'feldsher-link 1\\nstick: s\\ndistrict: elsewhere\\n' > %s/feldsher/link",
          w->stick, w->stick);
    assert_int_equal(contact(w, CREW), 77);
    assert_int_equal(hub(w, "import"), 77);
    world_free(w);
}

/* Killed at any instant, the next run completes, and nothing that a receipt
 * acknowledged is missing. */
static void killed_contacts_and_imports_lose_nothing(void **state)
{
    struct world *w = world_new();
    char roster[160];
    (void)state;
    snprintf(roster, sizeof roster, "%s/roster", w->dir);
    for (unsigned i = 0; i < 24; i++) {
        const char *words[] = {i % 3 == 1 ? "import" : "export", w->hub, w->stick, NULL};
        struct client_options o = {.dir = w->station[CREW], .folder = w->stick};
        if (i % 3 == 0)
            OK(append(w, CREW, 2, NULL));
        fflush(NULL);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr))
                _exit(99);
            if (i % 3 == 0)
                run_client(&o);
            run_hub(words);
        }
        struct timespec t = {.tv_nsec = (long)(randombytes_uniform(60000) + 500) * 1000};
        nanosleep(&t, NULL);
        kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        assert_int_equal(hub(w, "verify"), 0);
    }
    assert_int_equal(contact(w, CREW), 0);
    assert_int_equal(hub(w, "import"), 0);
    assert_int_equal(hub(w, "export"), 0);
    assert_int_equal(contact(w, CREW), 0);
    struct receipt *r = receipt_at(w, CREW);
    assert_int_equal(r->labels, 8);
    assert_int_equal(r->n_missing + r->n_parts_missing, 0);
    receipt_free(r);
    clean(w);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stick_carries_there_and_back),
        cmocka_unit_test(supervisor_gets_batches_and_asks_for_blobs),
        cmocka_unit_test(a_part_of_a_recording_comes_alone),
        cmocka_unit_test(blobs_go_only_to_whom_their_label_is_delivered),
        cmocka_unit_test(restored_station_fetches_the_rest_before_it_appends),
        cmocka_unit_test(clone_is_frozen_by_the_receipt),
        cmocka_unit_test(clone_is_seen_on_a_shared_stick_without_a_hub),
        cmocka_unit_test(revoked_station_hears_it_and_stops),
        cmocka_unit_test(roster_of_a_stranger_is_refused_and_the_rest_goes_on),
        cmocka_unit_test(full_stick_takes_what_fits_and_the_rest_later),
        cmocka_unit_test(full_stick_sheds_only_what_a_receipt_covers_and_nobody_wants),
        cmocka_unit_test(damaged_object_stays_at_home),
        cmocka_unit_test(plan_changes_nothing),
        cmocka_unit_test(absent_folder_and_foreign_stick_are_said),
        cmocka_unit_test(killed_contacts_and_imports_lose_nothing),
    };
    return cmocka_run_group_tests_name("sync contact", tests, NULL, NULL);
}
