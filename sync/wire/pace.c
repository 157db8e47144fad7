#include "sync/wire/pace.h"

#include "sync/limits.h"

#define ROUNDS 10u          /* that a rate is believed */
#define RTT_AGE 30000       /* ms that a smallest round trip is believed */
#define DRAIN_MIN 200u      /* ms of little flight in which it is measured anew */
#define GROWTH_PERCENT 125u /* a round that brings less is flat */
#define FLAT_ROUNDS 3u
#define FIRST_FRAME 2048u
#define FLIGHT_LEAST ((uint64_t)1024) /* bytes */

void pace_init(struct pace *p, uint64_t rate, uint64_t rtt, int64_t now)
{
    /* what was measured before is where it starts, not where it ends */
    *p = (struct pace){
        .acked_at = now, .rate_before = rate, .rtt = rtt, .rtt_since = now, .starting = true, .round_rate = rate};
    p->turn = INT64_MAX;
}

uint64_t pace_rate(const struct pace *p)
{
    return p->rate > p->rate_before ? p->rate : p->rate_before;
}

void pace_sent(struct pace *p, size_t n, bool idle, int64_t now)
{
    if (p->sent == p->acked)
        p->acked_at = now; /* the pipe was empty: delivery begins now */
    p->sent += n;
    size_t last = (p->first + p->n + PACE_MARKS - 1) % PACE_MARKS;
    if (p->n == PACE_MARKS || (p->n && p->marks[last].time == now)) {
        p->marks[last].at = p->sent;
        p->marks[last].idle = idle;
        return;
    }
    last = (p->first + p->n++) % PACE_MARKS;
    p->marks[last].at = p->sent;
    p->marks[last].time = now;
    p->marks[last].acked = p->acked;
    p->marks[last].acked_at = p->acked_at;
    p->marks[last].idle = idle;
}

static uint64_t bytes_in(uint64_t rate, uint64_t ms)
{
    return rate / 1000 * ms + rate % 1000 * ms / 1000;
}

static void take_rtt(struct pace *p, uint64_t rtt, int64_t now)
{
    if (rtt == 0)
        rtt = 1;
    if (p->rtt == 0 || rtt <= p->rtt) {
        p->rtt = rtt;
        p->rtt_since = now;
        p->rtt_taken = 0;
    }
    if (p->drain_until && now >= p->drain_until) {
        /* what was measured while little flew is the round trip now */
        p->rtt = p->rtt_taken ? p->rtt_taken : p->rtt;
        p->rtt_since = now;
        p->drain_until = 0;
    } else if (p->drain_until && (p->rtt_taken == 0 || rtt < p->rtt_taken)) {
        p->rtt_taken = rtt;
    } else if (!p->drain_until && now - p->rtt_since > RTT_AGE) {
        p->rtt_taken = 0;
        p->drain_until = now + (int64_t)(2 * rtt > DRAIN_MIN ? 2 * rtt : DRAIN_MIN);
    }
}

static void take_rate(struct pace *p, uint64_t rate, bool idle, int64_t now)
{
    if (idle && rate < pace_rate(p))
        return; /* it says how much there was to send, not how much could have been */
    if (now >= p->turn) {
        p->rate_before = p->rate;
        p->rate = 0;
        p->turn = INT64_MAX;
    }
    if (p->turn == INT64_MAX) {
        uint64_t age = ROUNDS * (p->rtt ? p->rtt : 100);
        p->turn = now + (int64_t)(age > 1000 ? age : 1000);
    }
    if (rate > p->rate)
        p->rate = rate;
}

/* Once a round: does the rate still grow? */
static void take_round(struct pace *p, bool idle)
{
    if (!p->starting || p->acked < p->round_end)
        return;
    uint64_t rate = pace_rate(p);
    if (rate > p->round_rate * GROWTH_PERCENT / 100) {
        p->round_rate = rate;
        p->flat = 0;
    } else if (!idle && ++p->flat >= FLAT_ROUNDS) {
        p->starting = false;
    }
    p->round_end = p->sent;
}

void pace_acked(struct pace *p, uint64_t acked, uint64_t held, int64_t now)
{
    bool covered = false, idle = false;
    uint64_t base = 0;
    int64_t since = 0, left = 0;
    if (acked <= p->acked || acked > p->sent)
        return;
    while (p->n && p->marks[p->first].at <= acked) {
        covered = true;
        idle = p->marks[p->first].idle;
        base = p->marks[p->first].acked;
        since = p->marks[p->first].acked_at;
        left = p->marks[p->first].time;
        p->first = (p->first + 1) % PACE_MARKS;
        p->n--;
    }
    p->acked = acked;
    p->acked_at = now;
    if (!covered)
        return;
    int64_t rtt = now - left - (int64_t)(held < 10000 ? held : 10000);
    take_rtt(p, rtt > 0 ? (uint64_t)rtt : 0, now);
    int64_t span = now - since;
    if (span > 0 && span >= (int64_t)p->rtt / 2)
        take_rate(p, (acked - base) * 1000 / (uint64_t)span, idle, now);
    take_round(p, idle);
}

uint64_t pace_window(const struct pace *p, int64_t now)
{
    uint64_t rate = pace_rate(p);
    if (rate == 0 || p->rtt == 0)
        return WIRE_WINDOW_FIRST;
    uint64_t product = bytes_in(rate, p->rtt), window;
    /* half a second beyond what the link holds, so that it never runs dry, with acknowledgements late and records long */
    uint64_t more = rate / 2 < WIRE_WINDOW_MIN ? rate / 2 : WIRE_WINDOW_MIN;
    if (more < WIRE_FRAME_MIN)
        more = WIRE_FRAME_MIN;
    if (p->drain_until && now < p->drain_until)
        return product > FLIGHT_LEAST * 2 ? product / 2 : FLIGHT_LEAST;
    if (p->starting)
        window = 2 * product + more > WIRE_WINDOW_FIRST ? 2 * product + more : WIRE_WINDOW_FIRST;
    else
        window = product + product / 4 + more;
    return window < WIRE_WINDOW_MAX ? window : WIRE_WINDOW_MAX;
}

size_t pace_frame(const struct pace *p, int64_t now)
{
    uint64_t rate = pace_rate(p), n = rate ? rate / 2 : FIRST_FRAME, most = pace_window(p, now) / 2;
    n = n < most ? n : most;
    n = n < WIRE_FRAME_MAX ? n : WIRE_FRAME_MAX;
    return n > WIRE_FRAME_MIN ? (size_t)n : WIRE_FRAME_MIN;
}
