#include "tui/words.h"

#include "storage/base/bytes.h"
#include "storage/base/clock.h"
#include "tui/layout.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    unsigned role;
} roles_known[] = {
    {"crew", ROLE_CREW}, {"doctor", ROLE_DOCTOR}, {"supervisor", ROLE_SUPERVISOR}, {"admin", ROLE_ADMIN}};
#define ROLES (sizeof roles_known / sizeof roles_known[0])

enum err words_roles(const char *s, unsigned *roles)
{
    *roles = 0;
    for (const char *p = s;; p++) {
        size_t n = strcspn(p, ","), i = 0;
        while (i < ROLES && (strlen(roles_known[i].name) != n || memcmp(roles_known[i].name, p, n) != 0))
            i++;
        if (i == ROLES)
            return err_set(ERR_USAGE, "a role is crew, doctor, supervisor or admin, not %.*s", (int)(n < 64 ? n : 64),
                           p);
        *roles |= roles_known[i].role;
        p += n;
        if (!*p)
            return ERR_OK;
    }
}

void words_roles_text(char out[static WORDS_ROLES], unsigned roles)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < ROLES; i++)
        if (roles & roles_known[i].role)
            used += (size_t)snprintf(out + used, WORDS_ROLES - used, "%s%s", used ? "," : "", roles_known[i].name);
}

enum err words_kind(const char *s, enum station_kind *kind)
{
    *kind = strcmp(s, "supervisor") == 0 ? STATION_SUPERVISOR : STATION_CREW;
    if (*kind == STATION_CREW && strcmp(s, "station") != 0)
        return err_set(ERR_USAGE, "a station's kind is station or supervisor, not %.64s", s);
    return ERR_OK;
}

bool words_number(uint64_t *out, const char *s, uint64_t max)
{
    char reading[64];
    size_t n;
    for (size_t i = 0; layout_reading(s, strlen(s), i, reading, sizeof reading, &n); i++)
        if (bytes_decimal(out, reading, n, max))
            return true;
    return false;
}

static bool is_date(const char *s, int64_t *ms)
{
    char whole[CLOCK_TEXT];
    *ms = INT64_MAX;
    if (strcmp(s, "-") == 0 || clock_parse(ms, s, strlen(s)))
        return true;
    snprintf(whole, sizeof whole, "%.10sT23:59:59Z", s);
    return strlen(s) == 10 && clock_parse(ms, whole, strlen(whole));
}

enum err words_date(const char *s, int64_t *ms)
{
    char reading[64];
    size_t n;
    for (size_t i = 0; layout_reading(s, strlen(s), i, reading, sizeof reading, &n); i++)
        if (is_date(reading, ms))
            return ERR_OK;
    return err_set(ERR_USAGE, "%.64s is no date; write it as 2026-11-22", s);
}
