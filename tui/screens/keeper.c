#include "tui/screens/keeper.h"

/* Of sysexits.h: settings, station or rights are wrong; trying again helps nobody. */
static bool is_hopeless(int exit_code)
{
    return exit_code == 64 || exit_code == 65 || exit_code == 66 || exit_code == 77;
}

void keeper_ended(struct keeper *k, int exit_code, int64_t ran, bool another, int64_t now)
{
    int64_t pause = 1000;
    if (k->again) {
        k->again = false;
        k->next = now;
        return;
    }
    if (another) {
        k->next = now + KEEPER_OTHERS;
        return;
    }
    if (exit_code == 0) {
        k->off = true; /* asked to end, by whoever may */
        return;
    }
    k->deaths = ran >= KEEPER_WELL ? 1 : k->deaths + 1;
    k->gave_up = is_hopeless(exit_code) || k->deaths >= KEEPER_DEATHS;
    for (int i = 0; i < k->deaths && pause < KEEPER_PAUSE_MAX; i++)
        pause *= 2;
    k->next = now + (pause < KEEPER_PAUSE_MAX ? pause : KEEPER_PAUSE_MAX);
}

bool keeper_starts(const struct keeper *k, bool needed, bool runs, int64_t now)
{
    return needed && !runs && !k->off && !k->gave_up && !k->again && now >= k->next;
}

void keeper_want(struct keeper *k)
{
    *k = (struct keeper){0};
}
