#include "sync/link/meter.h"

#include <stdbool.h>
#include <stdlib.h>
#include <systemd/sd-bus.h>
#include <time.h>

#define NM "org.freedesktop.NetworkManager"
#define NM_PATH "/org/freedesktop/NetworkManager"
#define PROPERTIES "org.freedesktop.DBus.Properties"
#define ASK_APART 1000 /* ms: a burst of events is one question */
#define STEPS_MAX 64   /* messages taken at once; the others wake us again */

struct meter {
    sd_bus *bus;
    enum meter_state state;
    bool asking;
    int64_t asked, due; /* ms */
};

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void drop(struct meter *m, int64_t now)
{
    sd_bus_close_unref(m->bus);
    m->bus = NULL;
    m->asking = false;
    m->state = METER_UNKNOWN;
    m->due = now + METER_AGAIN;
}

/* NMMetered: 1 yes, 2 no, 3 and 4 the same as a guess, 0 not known. */
static enum meter_state from_nm(uint32_t v)
{
    return v == 1 || v == 3 ? METER_YES : v == 2 || v == 4 ? METER_NO : METER_UNKNOWN;
}

static int answered(sd_bus_message *reply, void *ctx, sd_bus_error *error)
{
    struct meter *m = ctx;
    uint32_t v = 0;
    (void)error;
    m->asking = false;
    bool good = !sd_bus_message_is_method_error(reply, NULL) && sd_bus_message_read(reply, "v", "u", &v) >= 0;
    m->state = good ? from_nm(v) : METER_UNKNOWN;
    return 0;
}

static int changed(sd_bus_message *signal, void *ctx, sd_bus_error *error)
{
    (void)signal;
    (void)error;
    meter_ask(ctx);
    return 0;
}

static int open_bus(struct meter *m)
{
    int bad = sd_bus_open_system(&m->bus);
    if (bad < 0)
        return bad;
    return sd_bus_match_signal_async(m->bus, NULL, NM, NM_PATH, PROPERTIES, "PropertiesChanged", changed, NULL, m);
}

static int ask(struct meter *m)
{
    sd_bus_message *q = NULL;
    int bad = m->bus ? 0 : open_bus(m);
    if (bad >= 0)
        bad = sd_bus_message_new_method_call(m->bus, &q, NM, NM_PATH, PROPERTIES, "Get");
    if (bad >= 0)
        bad = sd_bus_message_set_auto_start(q, 0); /* to ask is no reason to start it */
    if (bad >= 0)
        bad = sd_bus_message_append(q, "ss", NM, "Metered");
    if (bad >= 0)
        bad = sd_bus_call_async(m->bus, NULL, q, answered, m, (uint64_t)METER_PATIENCE * 1000);
    sd_bus_message_unref(q);
    return bad;
}

enum err meter_open(struct meter **out)
{
    *out = calloc(1, sizeof **out);
    if (!*out)
        return err_set(ERR_NOMEM, "out of memory");
    (*out)->due = (*out)->asked = now_ms();
    return ERR_OK;
}

void meter_free(struct meter *m)
{
    if (!m)
        return;
    sd_bus_close_unref(m->bus);
    free(m);
}

size_t meter_poll(const struct meter *m, struct pollfd *set)
{
    if (!m->bus)
        return 0;
    int fd = sd_bus_get_fd(m->bus), events = sd_bus_get_events(m->bus);
    *set = (struct pollfd){.fd = fd, .events = (short)(events > 0 ? events : 0)};
    return fd >= 0;
}

int meter_wait(const struct meter *m)
{
    uint64_t bus;
    int64_t now = now_ms(), at = m->asking ? m->asked + METER_PATIENCE : m->due;
    if (m->bus && sd_bus_get_timeout(m->bus, &bus) >= 0 && bus != UINT64_MAX && (int64_t)(bus / 1000 + 1) < at)
        at = bus ? (int64_t)(bus / 1000 + 1) : now;
    return at > now ? (int)(at - now) : 0;
}

void meter_step(struct meter *m)
{
    int64_t now = now_ms();
    int more = m->bus ? 1 : 0;
    for (unsigned i = 0; i < STEPS_MAX && more > 0; i++)
        more = sd_bus_process(m->bus, NULL);
    /* the bus may say nothing even to who has just connected */
    if (more < 0 || (m->asking && now >= m->asked + METER_PATIENCE))
        drop(m, now);
    if (m->asking || now < m->due)
        return;
    m->asked = now;
    m->due = now + METER_AGAIN;
    m->asking = true;
    if (ask(m) < 0 || sd_bus_process(m->bus, NULL) < 0)
        drop(m, now);
}

void meter_ask(struct meter *m)
{
    int64_t at = m->asked + ASK_APART;
    if (at < m->due)
        m->due = at;
}

enum meter_state meter_state(const struct meter *m)
{
    return m->state;
}
