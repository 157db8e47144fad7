#include "sync/hub/serve_inside.h"

#include "storage/base/log.h"

#define LOOK_MS 200 /* between two looks whether somebody wants the folder, or is done with it */
#define AWAY_MS_MAX 60000
#define RECEIPTS_MS 1000

static enum err flush(void *store)
{
    struct store *s = store;
    return s->flush(s);
}

static void go_on(struct peer *p, void *ctx)
{
    (void)ctx;
    if (p->paused || p->held || p->state == PEER_WAITS)
        peer_resume(p);
}

/* Receipts above all: they are signed while nothing is under way that is not
 * durable yet. */
static void fill(struct peer *p, void *ctx)
{
    (void)ctx;
    if (p->state != PEER_TALKS || !talk_waits(p->talk))
        return;
    if (talk_fill(p->talk) != ERR_OK)
        log_line("%s gets nothing: %s", p->chain, err_text());
    crowd_queue(p);
}

static void stand_still(struct peer *p, void *ctx)
{
    (void)ctx;
    if (p->state == PEER_TALKS) {
        talk_pause(p->talk);
        crowd_queue(p);
    }
}

static void say_later(struct peer *p, void *ctx)
{
    (void)ctx;
    if (p->state == PEER_SHAKES)
        peer_close(p);
    else
        peer_leave(p, WIRE_END_LATER, "the hub is stopping");
}

static void start_again(struct peer *p, void *ctx)
{
    (void)ctx;
    if (p->state == PEER_TALKS)
        talk_resume(p->talk);
    peer_resume(p);
}

/* Nothing uses the folder any more. */
static void leave_folder(struct serve *s)
{
    if (s->room.store)
        room_pause(&s->room);
    s->room.store = NULL;
    hub_yield(s->hub);
    s->away = true;
    s->asked = false;
    crowd_each(s, stand_still, NULL);
}

/* The store went wrong under us: it is opened anew, after a while. */
static void commit_failed(struct serve *s, enum err e)
{
    log_line("a commit failed (%d): %s", (int)e, err_text());
    leave_folder(s);
    s->away_wait = s->away_wait ? s->away_wait * 2 : 5 * LOOK_MS;
    s->away_wait = s->away_wait > AWAY_MS_MAX ? AWAY_MS_MAX : s->away_wait;
    s->look_at = s->room.now + s->away_wait;
}

void commits_receipts(struct serve *s)
{
    for (struct shelf_receipts *some; (some = shelf_take(&s->shelf, HUB_RECEIPTS_AT_ONCE)) != NULL;)
        if (shelf_write(some) != ERR_OK)
            log_line("receipts are not written: %s", err_text());
}

static void come_back(struct serve *s)
{
    enum err e = hub_resume(s->hub);
    s->look_at = s->room.now + LOOK_MS;
    if (!e) {
        s->room.store = s->hub->store;
        e = shelf_read(&s->shelf, &s->room);
    }
    if (!e)
        e = keyring_make(&s->keys, s->hub->roster);
    if (e && e != ERR_AGAIN) {
        commit_failed(s, e);
        return;
    }
    if (e)
        return;
    log_line("the store is open again");
    s->away = false;
    s->roster_came = true;
    room_resume(&s->room);
    crowd_each(s, start_again, NULL);
}

static void look(struct serve *s)
{
    s->look_at = s->room.now + LOOK_MS;
    if (s->away)
        come_back(s);
    else if (hub_asked(s->hub))
        s->asked = true;
}

static void step(struct serve *s, enum err result)
{
    enum err e = room_commit(&s->room, result);
    s->job = e == ERR_AGAIN ? JOB_FLUSH : JOB_NONE;
    if (e == ERR_AGAIN)
        disk_run(s->disk, flush, s->room.store);
    else if (e)
        commit_failed(s, e);
    else
        s->away_wait = 0;
    if (e)
        return;
    crowd_each(s, fill, NULL);
    /* when the folder is wanted, nothing new begins before it is given up */
    if (!s->asked && !s->stopping)
        crowd_each(s, go_on, NULL);
}

int64_t commits_due(const struct serve *s)
{
    if (!disk_idle(s->disk))
        return s->look_at;
    int64_t due = s->away ? INT64_MAX : room_due(&s->room);
    due = s->receipts_at < due ? s->receipts_at : due;
    return s->look_at < due ? s->look_at : due;
}

void commits_drive(struct serve *s)
{
    if (s->look_at <= s->room.now && !s->stopping)
        look(s);
    if (!disk_idle(s->disk) || (s->away && !s->stopping))
        return;
    bool hurry = s->asked || (s->stopping && !s->farewell);
    if (!s->away && room_due(&s->room) < INT64_MAX && (hurry || room_due(&s->room) <= s->room.now)) {
        step(s, ERR_OK);
    } else if (s->stopping && !s->farewell) {
        s->farewell = true;
        crowd_each(s, say_later, NULL);
    } else if (s->asked) {
        commits_receipts(s);
        log_line("the store is given up for a moment");
        leave_folder(s);
    } else if (s->receipts_at <= s->room.now) {
        struct shelf_receipts *some = shelf_take(&s->shelf, HUB_RECEIPTS_AT_ONCE);
        s->receipts_at = s->room.now + RECEIPTS_MS;
        if (some) {
            s->job = JOB_RECEIPTS;
            disk_run(s->disk, shelf_write, some);
        }
    }
}

void commits_done(struct serve *s)
{
    enum err e;
    if (!disk_done(s->disk, &e))
        return;
    if (s->job == JOB_FLUSH) {
        step(s, e);
        return;
    }
    s->job = JOB_NONE;
    if (e)
        log_line("receipts are not written: %s", err_text());
}
