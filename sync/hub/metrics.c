#include "sync/hub/serve_inside.h"

#include "storage/base/clock.h"
#include "storage/base/file.h"
#include "storage/base/log.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

struct metric {
    const char *name, *type, *help;
    uint64_t value;
};

/* Not durable: what a power cut takes of it nobody misses. */
static enum err replace(const struct hub *h, const char *name, const struct buf *text)
{
    char tmp[4096], path[4096], aside[64];
    snprintf(aside, sizeof aside, "objects/tmp/%s", name);
    enum err e = hub_path(h, tmp, aside);
    if (!e)
        e = hub_path(h, path, name);
    if (e)
        return e;
    int fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return err_errno(ERR_IO, "cannot write %s", tmp);
    e = file_write_fd(fd, text->p, text->len, tmp);
    if (close(fd) < 0 && !e)
        e = err_errno(ERR_IO, "cannot close %s", tmp);
    return !e && rename(tmp, path) < 0 ? err_errno(ERR_IO, "cannot rename to %s", path) : e;
}

/* Bytes of connections that are over, and of those that are not. */
static void bytes(const struct serve *s, uint64_t *in, uint64_t *out)
{
    *in = s->counts.bytes_in;
    *out = s->counts.bytes_out;
    for (size_t i = 0; i < s->n_slots; i++) {
        uint64_t a, b;
        if (!s->peers[i])
            continue;
        tls_bytes(s->peers[i]->tls, &a, &b);
        *in += a;
        *out += b;
    }
}

static size_t stations(const struct serve *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n_slots; i++) {
        struct peer *oldest;
        const struct peer *p = s->peers[i];
        if (p && p->chain[0] && crowd_count(s, p->chain, &oldest) > 0)
            n += oldest == p;
    }
    return n;
}

static enum err write_prom(struct serve *s)
{
    const struct room_counts *c = &s->room.counts;
    const struct serve_counts *k = &s->counts;
    uint64_t in, out;
    bytes(s, &in, &out);
    const struct metric all[] = {
        {"connections", "gauge", "TCP connections, those in their handshake included", s->n_peers},
        {"stations_connected", "gauge", "stations with at least one conversation", stations(s)},
        {"accepted_total", "counter", "connections taken", k->accepted},
        {"resumed_total", "counter", "handshakes that resumed a session", k->resumed},
        {"labels_total", "counter", "labels taken", c->labels},
        {"objects_total", "counter", "batches, parts lists and blobs taken", c->objects},
        {"object_bytes_total", "counter", "their bytes", c->bytes},
        {"piece_bytes_total", "counter", "bytes of objects written piece by piece", c->pieces_bytes},
        {"known_labels_total", "counter", "labels that came and were here already", c->given_labels},
        {"known_objects_total", "counter", "objects that were offered and were here already", c->given_objects},
        {"commits_total", "counter", "groups made durable", c->commits},
        {"commits_failed_total", "counter", "groups that could not be made durable", c->commits_failed},
        {"receipts_total", "counter", "receipts signed", c->receipts},
        {"floating", "gauge", "labels ahead of their turn", c->floating},
        {"floating_bytes", "gauge", "their bytes, with their batches", c->floating_bytes},
        {"aside_total", "counter", "labels set aside", c->aside},
        {"alarms_total", "counter", "chains found to be cloned", c->alarms},
        {"bytes_in_total", "counter", "bytes received, TLS included", in},
        {"bytes_out_total", "counter", "bytes sent, TLS included", out},
        {"closed_stuck_total", "counter", "conversations ended because the station took nothing", k->closed_stuck},
        {"closed_silent_total", "counter", "conversations ended because the station was silent", k->closed_silent},
        {"free_bytes", "gauge", "room on the disk", 0},
    };
    const struct metric answers[] = {
        {"good", "", "", c->good}, {"have", "", "", c->have}, {"later", "", "", c->later}, {"bad", "", "", c->bad}};
    const struct metric refused[] = {{"full", "", "", k->refused_full},
                                     {"silent", "", "", k->refused_silent},
                                     {"handshake", "", "", k->refused_handshake},
                                     {"unknown", "", "", k->refused_unknown},
                                     {"revoked", "", "", k->refused_revoked}};
    struct buf t = {0};
    enum err e = ERR_OK;
    for (size_t i = 0; i < sizeof all / sizeof all[0] && !e; i++) {
        uint64_t value = all[i].value;
        if (i + 1 == sizeof all / sizeof all[0] && (!s->room.store || s->room.store->space(s->room.store, &value)))
            continue;
        e = buf_fmt(&t, "# HELP feldsher_hub_%s %s\n# TYPE feldsher_hub_%s %s\nfeldsher_hub_%s %" PRIu64 "\n",
                    all[i].name, all[i].help, all[i].name, all[i].type, all[i].name, value);
    }
    if (!e)
        e = buf_str(&t, "# HELP feldsher_hub_answers_total last words to items that came\n"
                        "# TYPE feldsher_hub_answers_total counter\n");
    for (size_t i = 0; i < sizeof answers / sizeof answers[0] && !e; i++)
        e = buf_fmt(&t, "feldsher_hub_answers_total{answer=\"%s\"} %" PRIu64 "\n", answers[i].name, answers[i].value);
    if (!e)
        e = buf_str(&t, "# HELP feldsher_hub_refused_total connections that were turned away\n"
                        "# TYPE feldsher_hub_refused_total counter\n");
    for (size_t i = 0; i < sizeof refused / sizeof refused[0] && !e; i++)
        e = buf_fmt(&t, "feldsher_hub_refused_total{why=\"%s\"} %" PRIu64 "\n", refused[i].name, refused[i].value);
    if (!e)
        e = buf_fmt(&t,
                    "# HELP feldsher_hub_commit_seconds time of a commit\n"
                    "# TYPE feldsher_hub_commit_seconds summary\n"
                    "feldsher_hub_commit_seconds_sum %.3f\nfeldsher_hub_commit_seconds_count %" PRIu64 "\n"
                    "# HELP feldsher_hub_commit_seconds_max the longest\n"
                    "# TYPE feldsher_hub_commit_seconds_max gauge\nfeldsher_hub_commit_seconds_max %.3f\n"
                    "# HELP feldsher_hub_urgent_seconds_max from an urgent item's arrival to its answer, the longest\n"
                    "# TYPE feldsher_hub_urgent_seconds_max gauge\nfeldsher_hub_urgent_seconds_max %.3f\n",
                    (double)c->commit_ms / 1000, c->commits, (double)c->commit_ms_max / 1000,
                    (double)c->urgent_ms_max / 1000);
    if (!e)
        e = replace(s->hub, "metrics.prom", &t);
    buf_free(&t);
    return e;
}

/* feldsher-connected 1: for `feldsher-hub stations`. */
static enum err write_connected(struct serve *s)
{
    struct buf t = {0};
    enum err e = buf_str(&t, "feldsher-connected 1\n");
    for (size_t i = 0; i < s->n_slots && !e; i++) {
        char when[CLOCK_TEXT];
        const struct peer *p = s->peers[i];
        if (!p || !p->chain[0])
            continue;
        clock_text(when, p->wall);
        e = buf_fmt(&t, "connected: %s %s\n", p->chain, when);
    }
    for (size_t i = 0; i < s->hub->roster->n_stations && s->room.counts.floating && !e; i++) {
        struct wire_span spans[WIRE_FLOATS_MAX];
        const char *chain = s->hub->roster->stations[i].chain;
        size_t n = room_floats(&s->room, chain, spans);
        for (size_t k = 0; k < n && !e; k++)
            e = buf_fmt(&t, "floating: %s %" PRIu64 " %" PRIu64 "\n", chain, spans[k].from, spans[k].to);
    }
    if (!e)
        e = replace(s->hub, "connected", &t);
    buf_free(&t);
    return e;
}

void metrics_write(struct serve *s)
{
    enum err e = write_prom(s);
    if (!e)
        e = write_connected(s);
    if (e)
        log_line("metrics are not written: %s", err_text());
}
