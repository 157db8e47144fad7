#ifndef TESTS_UNIT_CHANCE_H
#define TESTS_UNIT_CHANCE_H

/* Random numbers of a seed that is always the same, or of one that is another each
 * time; it is printed, and SEED=... stands for both. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#define CHANCE_SEED 20261125u

enum chance { CHANCE_FIXED, CHANCE_NEW };

static uint64_t chance_state;

static inline void chance_begin(enum chance kind)
{
    const char *given = getenv("SEED");
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    chance_state = given ? strtoull(given, NULL, 10) : kind == CHANCE_FIXED ? CHANCE_SEED : (uint64_t)now.tv_nsec;
    print_message("SEED=%llu\n", (unsigned long long)chance_state);
}

/* splitmix64 (Steele, Lea, Flood, 2014) */
static inline uint64_t chance_below(uint64_t n)
{
    uint64_t z = chance_state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (z ^ (z >> 31)) % n;
}

#endif
