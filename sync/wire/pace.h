#ifndef SYNC_WIRE_PACE_H
#define SYNC_WIRE_PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * How fast the link is, and so how much may fly and how long a frame may be.
 * Worked out from what the other side acknowledges, after the model of BBR
 * (Cardwell et al., "BBR: Congestion-Based Congestion Control", 2016): the
 * largest rate of delivery of the last rounds, times the smallest round trip.
 * The transport below keeps order and is fair; this only keeps the queue in
 * front of the narrowest place short, so that an urgent note does not wait
 * behind a video, and a cut costs little.
 *
 * Times in ms, amounts in bytes counted from the beginning of a direction.
 */
#define PACE_MARKS 64u

struct pace {
    uint64_t sent, acked;
    int64_t acked_at;
    struct {
        uint64_t at; /* bytes sent by then */
        int64_t time;
        uint64_t acked; /* bytes acknowledged by then, and when */
        int64_t acked_at;
        bool idle; /* there was less to send than could have flown */
    } marks[PACE_MARKS];
    size_t first, n;
    uint64_t rate, rate_before; /* bytes a second: largest of these rounds, and of those before */
    uint64_t rtt;               /* smallest, ms; 0: not known */
    uint64_t rtt_taken;         /* smallest since rtt_since: the next rtt */
    int64_t rtt_since;
    int64_t turn;  /* when rate becomes rate_before */
    bool starting; /* the rate still grows */
    uint64_t round_end, round_rate;
    unsigned flat; /* rounds without growth */
    int64_t drain_until;
};

/* rate, rtt: what an earlier conversation measured, or 0. */
void pace_init(struct pace *p, uint64_t rate, uint64_t rtt, int64_t now);
/* n more bytes went out; idle: and nothing else waited. */
void pace_sent(struct pace *p, size_t n, bool idle, int64_t now);
/* The other side had all bytes up to acked, and told so after held ms. */
void pace_acked(struct pace *p, uint64_t acked, uint64_t held, int64_t now);
/* How many bytes may fly. */
uint64_t pace_window(const struct pace *p, int64_t now);
/* How long a data frame may be: half a second of the rate, and no more than
 * half of what may fly. */
size_t pace_frame(const struct pace *p, int64_t now);
uint64_t pace_rate(const struct pace *p);

#endif
