#include "sync/link/dial.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAUSE 1000         /* ms; after the first refusal, and after any other failure */
#define SYN_TWICE 1900     /* ms: from its second repeated SYN on, TCP begins with one packet under way, not with ten */
#define SYN_SLACK 250      /* ms beyond one and a quarter round trips that an answer may take */
#define HURRY_APART 100    /* a burst of events is one */
#define FRESH_UNKNOWN 3000 /* a handshake that nothing is started beside, when no round trip is known */
#define FRESH_LEAST 600    /* and when one is */
#define SILENT_LEAST 3000  /* a handshake without a byte for so long is given up */
#define CONNECT_MOST 60000 /* TCP without an answer for so long, too */
#define NAME_AGAIN 60000   /* an answer older than that is asked for anew when it is hurried */
#define RETRY_LATER 15000  /* ms between SYNs of one attempt at most, when it is not urgent any more */
#define SENTENCE 512

/* An address as it was given. */
struct name {
    struct address at;
    int fd;        /* of a question; -1 none */
    int64_t asked; /* when, INT64_MIN never */
    int64_t again; /* when to ask next, INT64_MAX not before it is hurried */
};

/* An address to connect to. */
struct place {
    struct address at;
    size_t name;
    int64_t not_before;
    int64_t pause; /* the one after the next refusal */
};

struct attempt {
    int fd;
    struct tls *tls; /* NULL: TCP is not connected yet, or it is held: */
    bool held;       /* connected, while another one's handshake goes well: a hello costs 700 bytes */
    struct address at;
    size_t name;
    int64_t begun, connected, heard;
    uint64_t in;
    int64_t rtt;
};

struct dial {
    struct tls_keys *keys;
    struct resolver *resolver;
    struct sock_tuning tuning;
    struct dial_hub hubs[DIAL_HUBS];
    size_t n_hubs;
    struct name names[DIAL_PLACES];
    size_t n_names;
    struct place places[DIAL_PLACES];
    size_t n_places, turn;
    struct attempt attempts[DIAL_ATTEMPTS]; /* from the oldest to the youngest */
    size_t n_attempts;
    struct buf ticket;
    int64_t rtt; /* 0: not known */

    bool going, hurried;
    int64_t urgent_until, pause, last, next;
    char why[SENTENCE];
};

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Give or take a fifth, so that a district's stations do not all come at once. */
static int64_t about(int64_t ms)
{
    return ms - ms / 5 + (int64_t)randombytes_uniform((uint32_t)(ms / 5 * 2 + 1));
}

static void close_attempt(struct dial *d, size_t i)
{
    tls_free(d->attempts[i].tls);
    if (d->attempts[i].fd >= 0)
        close(d->attempts[i].fd);
    d->n_attempts--;
    memmove(&d->attempts[i], &d->attempts[i + 1], (d->n_attempts - i) * sizeof d->attempts[0]);
}

static void failed(struct dial *d, size_t name, const char *what)
{
    char text[ADDRESS_TEXT];
    address_text(text, &d->names[name].at);
    snprintf(d->why, sizeof d->why, "%.200s: %.300s", text, what);
}

/* Leaves the address alone for a while; longer each time when it was an answer. */
static void leave(struct dial *d, const struct address *at, int64_t now, bool answered)
{
    for (size_t i = 0; i < d->n_places; i++) {
        struct place *p = &d->places[i];
        if (p->at.n != at->n || memcmp(&p->at.to, &at->to, at->n) != 0)
            continue;
        p->not_before = now + about(answered ? p->pause : PAUSE);
        if (answered)
            p->pause = least(p->pause * 2, DIAL_PAUSE_MAX);
    }
}

static void add_place(struct dial *d, const struct address *at, size_t name)
{
    if (d->n_places < DIAL_PLACES)
        d->places[d->n_places++] = (struct place){.at = *at, .name = name, .not_before = INT64_MIN, .pause = PAUSE};
}

enum err dial_new(struct dial **out, const struct dial_setup *setup)
{
    *out = NULL;
    if (!setup->n_addresses || setup->n_addresses > DIAL_PLACES || !setup->n_hubs || setup->n_hubs > DIAL_HUBS)
        return err_set(ERR_USAGE, "there must be 1 to %u addresses and hubs to dial, not %zu and %zu", DIAL_PLACES,
                       setup->n_addresses, setup->n_hubs);
    for (size_t i = 0; i < setup->n_addresses; i++)
        if (!setup->addresses[i].host[0] || !setup->addresses[i].port ||
            (!setup->addresses[i].numeric && !setup->resolver))
            return err_set(ERR_USAGE, "'%s' port %u cannot be dialled; give a number or a name, and a port",
                           setup->addresses[i].host, setup->addresses[i].port);
    struct dial *d = calloc(1, sizeof *d);
    if (!d)
        return err_set(ERR_NOMEM, "out of memory");
    d->keys = setup->keys;
    d->resolver = setup->resolver;
    d->tuning = setup->tuning;
    d->n_hubs = setup->n_hubs;
    memcpy(d->hubs, setup->hubs, setup->n_hubs * sizeof d->hubs[0]);
    d->n_names = setup->n_addresses;
    for (size_t i = 0; i < d->n_names; i++) {
        const struct address *a = &setup->addresses[i];
        d->names[i] =
            (struct name){.at = *a, .fd = -1, .asked = INT64_MIN, .again = a->numeric ? INT64_MAX : INT64_MIN};
        if (a->numeric)
            add_place(d, a, i);
    }
    enum err e = dial_ticket(d, setup->ticket, setup->n_ticket);
    if (e) {
        dial_free(d);
        return e;
    }
    *out = d;
    return ERR_OK;
}

void dial_free(struct dial *d)
{
    if (!d)
        return;
    dial_stop(d);
    buf_free(&d->ticket);
    free(d);
}

enum err dial_ticket(struct dial *d, const void *ticket, size_t n)
{
    d->ticket.secret = 1;
    buf_clear(&d->ticket);
    return n ? buf_add(&d->ticket, ticket, n) : ERR_OK;
}

void dial_rtt(struct dial *d, uint32_t rtt)
{
    d->rtt = rtt;
}

static void begin(struct dial *d, int64_t now)
{
    d->going = true;
    d->urgent_until = now + DIAL_URGENT;
    d->pause = DIAL_EVERY;
}

void dial_go(struct dial *d, int64_t now)
{
    if (d->going)
        return;
    begin(d, now);
    d->next = now;
    d->last = INT64_MIN;
    d->why[0] = '\0';
}

void dial_hurry(struct dial *d, int64_t now)
{
    dial_go(d, now);
    begin(d, now);
    /* what went into the void before is not worth its answers now */
    for (size_t i = d->n_attempts; i-- > 0;)
        if (!d->attempts[i].tls && !d->attempts[i].held && now - d->attempts[i].begun > HURRY_APART)
            close_attempt(d, i);
    d->hurried = true;
    d->next = d->last == INT64_MIN ? now : most(now, d->last + HURRY_APART);
    for (size_t i = 0; i < d->n_places; i++) {
        d->places[i].not_before = INT64_MIN;
        d->places[i].pause = PAUSE;
    }
    for (size_t i = 0; i < d->n_names; i++) {
        struct name *n = &d->names[i];
        if (!n->at.numeric && (n->again != INT64_MAX || n->asked < now - NAME_AGAIN))
            n->again = now;
    }
}

void dial_stop(struct dial *d)
{
    while (d->n_attempts)
        close_attempt(d, d->n_attempts - 1);
    for (size_t i = 0; i < d->n_names; i++)
        if (d->names[i].fd >= 0) {
            close(d->names[i].fd);
            d->names[i].fd = -1;
            d->names[i].again = INT64_MIN;
        }
    d->going = d->hurried = false;
}

bool dial_going(const struct dial *d)
{
    return d->going;
}

bool dial_near(const struct dial *d)
{
    for (size_t i = 0; i < d->n_attempts; i++)
        if (d->attempts[i].tls)
            return true;
    return false;
}

const char *dial_why(const struct dial *d)
{
    return d->why;
}

size_t dial_poll(const struct dial *d, struct pollfd set[static DIAL_FDS])
{
    size_t n = 0;
    for (size_t i = 0; i < d->n_names; i++)
        if (d->names[i].fd >= 0)
            set[n++] = (struct pollfd){.fd = d->names[i].fd, .events = POLLIN};
    for (size_t i = 0; i < d->n_attempts; i++) {
        const struct attempt *a = &d->attempts[i];
        bool out = !a->tls || tls_wants_write(a->tls);
        set[n++] = (struct pollfd){.fd = a->fd, .events = (short)(a->held ? 0 : out ? POLLOUT : POLLIN)};
    }
    return n;
}

/* When an attempt is given up if nothing comes of it. */
static int64_t gives_up(const struct dial *d, const struct attempt *a)
{
    if (a->tls)
        return a->heard + most(SILENT_LEAST, 3 * most(a->rtt, d->rtt));
    /* while new ones follow soon, one that should have been answered long ago makes room for them */
    if (d->rtt && !a->held && a->begun < d->urgent_until)
        return a->begun + most(SYN_TWICE, d->rtt + d->rtt / 4 + SYN_SLACK);
    return a->begun + CONNECT_MOST;
}

/* Until when a handshake that goes well keeps new attempts from spending bytes. */
static int64_t fresh_until(const struct dial *d)
{
    int64_t until = INT64_MIN;
    for (size_t i = 0; i < d->n_attempts; i++) {
        const struct attempt *a = &d->attempts[i];
        int64_t rtt = a->rtt ? a->rtt : d->rtt;
        if (a->tls)
            until = most(until, a->connected + (rtt ? most(FRESH_LEAST, 2 * rtt) : FRESH_UNKNOWN));
    }
    return until;
}

/* Which attempt makes room: the oldest that TCP has not connected; when it is
 * hurried, else the one that was silent longest. -1: none does. */
static int gives_way(const struct dial *d)
{
    int silent = -1;
    for (size_t i = 0; i < d->n_attempts; i++) {
        if (!d->attempts[i].tls)
            return (int)i;
        if (d->hurried && (silent < 0 || d->attempts[i].heard < d->attempts[silent].heard))
            silent = (int)i;
    }
    return silent;
}

/* When the next attempt begins. INT64_MAX: something else must happen first. */
static int64_t next_start(const struct dial *d)
{
    int64_t place = INT64_MAX;
    for (size_t i = 0; i < d->n_places; i++)
        place = least(place, d->places[i].not_before);
    if (place == INT64_MAX || (d->n_attempts == DIAL_ATTEMPTS && gives_way(d) < 0))
        return INT64_MAX;
    int64_t at = most(d->next, place);
    return d->hurried ? at : most(at, fresh_until(d));
}

int64_t dial_next(const struct dial *d)
{
    if (!d->going)
        return INT64_MAX;
    int64_t at = next_start(d);
    for (size_t i = 0; i < d->n_attempts; i++) {
        at = least(at, gives_up(d, &d->attempts[i]));
        if (d->attempts[i].held)
            at = least(at, fresh_until(d));
    }
    for (size_t i = 0; i < d->n_names; i++)
        if (d->names[i].fd < 0)
            at = least(at, d->names[i].again);
    return at;
}

static void take_answer(struct dial *d, size_t name, const struct address *list, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < d->n_places; i++) {
        struct place *p = &d->places[i];
        bool stays = p->name != name;
        for (size_t k = 0; k < n && !stays; k++)
            stays = list[k].n == p->at.n && memcmp(&list[k].to, &p->at.to, p->at.n) == 0;
        if (stays)
            d->places[kept++] = *p;
    }
    d->n_places = kept;
    for (size_t k = 0; k < n; k++) {
        bool known = false;
        for (size_t i = 0; i < d->n_places && !known; i++)
            known = list[k].n == d->places[i].at.n && memcmp(&list[k].to, &d->places[i].at.to, list[k].n) == 0;
        if (!known)
            add_place(d, &list[k], name);
    }
}

static void step_name(struct dial *d, size_t i, int64_t now)
{
    struct name *name = &d->names[i];
    struct address list[RESOLVER_ANSWERS];
    size_t n;
    if (name->fd < 0) {
        if (now < name->again)
            return;
        name->asked = now;
        name->again = now + about(most(PAUSE, d->pause));
        if (resolver_ask(d->resolver, &name->at, &name->fd) != ERR_OK) {
            failed(d, i, err_text());
            return;
        }
    }
    enum err e = resolver_answer(name->fd, list, &n);
    if (e == ERR_AGAIN)
        return;
    close(name->fd);
    name->fd = -1;
    if (!e) {
        take_answer(d, i, list, n);
        name->again = INT64_MAX;
        return;
    }
    /* what it answered before may be as good as ever */
    failed(d, i, err_text());
    name->again = now + about(most(PAUSE, d->pause));
}

static void start(struct dial *d, int64_t now)
{
    size_t i = 0;
    while (d->places[(d->turn + i) % d->n_places].not_before > now)
        i++; /* next_start has seen one */
    struct place *p = &d->places[(d->turn + i) % d->n_places];
    d->turn = (d->turn + i + 1) % d->n_places;
    if (d->n_attempts == DIAL_ATTEMPTS)
        close_attempt(d, (size_t)gives_way(d));
    if (now >= d->urgent_until)
        d->pause = least(d->pause * 2, DIAL_PAUSE_MAX);
    d->last = now;
    d->next = now + about(most(d->pause, d->rtt / 8)); /* so that ten last for a round trip */
    d->hurried = false;
    struct name *name = &d->names[p->name];
    if (!name->at.numeric && name->again == INT64_MAX && name->asked < now - NAME_AGAIN)
        name->again = now; /* it may have moved */
    /* later on, the kernel's own repeating of a SYN is what notices that a
     * silent link has come back; not too often, it may cost by the byte */
    struct sock_tuning tuning = d->tuning;
    if (now >= d->urgent_until && tuning.retry_max && tuning.retry_max < RETRY_LATER)
        tuning.retry_max = RETRY_LATER;
    struct attempt *a = &d->attempts[d->n_attempts];
    *a = (struct attempt){.fd = -1, .at = p->at, .name = p->name, .begun = now};
    if (sock_connect(&p->at, &tuning, &a->fd) != ERR_OK) {
        failed(d, p->name, err_text());
        leave(d, &p->at, now, false);
        return;
    }
    d->n_attempts++;
}

/* The peer's key against those that are expected. */
static enum err known(const struct dial *d, const struct attempt *a, size_t *hub)
{
    struct sign_public peer;
    char got[SIGN_PUBLIC_TEXT], want[SIGN_PUBLIC_TEXT], at[ADDRESS_TEXT];
    tls_peer(a->tls, &peer);
    for (*hub = 0; *hub < d->n_hubs; (*hub)++)
        if (sign_same(&peer, &d->hubs[*hub].link))
            return ERR_OK;
    sign_public_text(got, &peer);
    sign_public_text(want, &d->hubs[0].link);
    address_text(at, &d->names[a->name].at);
    if (d->n_hubs == 1)
        return err_set(ERR_DENIED,
                       "%s is not hub %s: it shows the key %s, the roster has %s; "
                       "check the address, or take the district's newest roster",
                       at, d->hubs[0].name, got, want);
    return err_set(ERR_DENIED,
                   "%s is none of the %zu hubs in the roster (%s is %s): it shows the key %s; "
                   "check the address, or take the district's newest roster",
                   at, d->n_hubs, d->hubs[0].name, want, got);
}

/* ERR_OK: its handshake is done, with a key that is expected; else as dial_step. */
static enum err step_attempt(struct dial *d, struct attempt *a, int64_t now, size_t *hub)
{
    uint64_t in, out;
    if (!a->tls) {
        bool refused;
        enum err e = sock_connected(a->fd, &refused);
        if (e == ERR_UNREACHABLE) {
            failed(d, a->name, err_text());
            leave(d, &a->at, now, refused);
        }
        if (!e && now < fresh_until(d)) {
            a->held = true;
            return ERR_AGAIN;
        }
        a->held = false;
        if (!e)
            e = tls_new(&a->tls, d->keys, a->fd, d->ticket.p, d->ticket.len);
        if (e)
            return e;
        a->connected = a->heard = now;
        a->rtt = sock_rtt(a->fd);
    }
    enum err e = tls_handshake(a->tls);
    tls_bytes(a->tls, &in, &out);
    if (in != a->in) {
        a->in = in;
        a->heard = now;
    }
    if (!e)
        e = known(d, a, hub);
    if (e == ERR_DENIED) {
        char at[ADDRESS_TEXT], said[SENTENCE];
        address_text(at, &d->names[a->name].at);
        snprintf(said, sizeof said, "%s", err_text());
        if (strncmp(said, at, strlen(at)) != 0)
            err_set(ERR_DENIED, "%.200s: %s", at, said);
        snprintf(d->why, sizeof d->why, "%s", err_text());
        leave(d, &a->at, now, true);
    } else if (e == ERR_UNREACHABLE) {
        failed(d, a->name, err_text());
        leave(d, &a->at, now, false);
    }
    return e;
}

static void win(struct dial *d, size_t i, size_t hub, struct dial_won *won)
{
    struct attempt *a = &d->attempts[i];
    *won = (struct dial_won){.fd = a->fd, .tls = a->tls, .hub = hub, .at = a->at, .rtt = (uint32_t)a->rtt};
    sock_tune(a->fd, &d->tuning);
    a->fd = -1;
    a->tls = NULL;
    dial_stop(d);
    d->why[0] = '\0';
}

enum err dial_step(struct dial *d, int64_t now, struct dial_won *won)
{
    enum err worst = ERR_AGAIN;
    char said[SENTENCE] = "";
    size_t hub;
    if (!d->going)
        return ERR_AGAIN;
    for (size_t i = 0; i < d->n_names; i++)
        step_name(d, i, now);
    for (size_t i = 0; i < d->n_attempts;) {
        enum err e = step_attempt(d, &d->attempts[i], now, &hub);
        if (!e) {
            win(d, i, hub, won);
            return ERR_OK;
        }
        if (e == ERR_AGAIN && now < gives_up(d, &d->attempts[i])) {
            i++;
            continue;
        }
        if (e == ERR_AGAIN)
            failed(d, d->attempts[i].name, d->attempts[i].tls ? "connected, but nothing comes" : "no answer");
        else if (e != ERR_UNREACHABLE) {
            worst = e;
            snprintf(said, sizeof said, "%s", err_text());
        }
        close_attempt(d, i);
    }
    if (now >= next_start(d))
        start(d, now);
    return worst == ERR_AGAIN ? ERR_AGAIN : err_set(worst, "%s", said);
}
