#include "storage/trust/roster.h"

#include "storage/base/bytes.h"
#include "storage/base/lang.h"

#include <stdlib.h>
#include <string.h>

void roster_free(struct roster *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->n_users; i++)
        free(r->users[i].circles);
    free(r->units);
    free(r->circles);
    free(r->hubs);
    free(r->stations);
    free(r->users);
    free(r->by_chain);
    free(r->by_key);
    buf_free(&r->text);
    free(r);
}

/* Room for one more item behind the n that are there. Arrays grow to powers
 * of two, so n alone says when memory must be asked for. */
static enum err room(void **items, size_t n, size_t max, size_t size, const char *what)
{
    if (n >= max)
        return err_set(ERR_DATA, "a roster has more than the %zu %s allowed", max, _(what));
    if (n & (n - 1))
        return ERR_OK;
    void *p = realloc(*items, (n ? 2 * n : 1) * size);
    if (!p)
        return err_set(ERR_NOMEM, "out of memory");
    *items = p;
    return ERR_OK;
}

enum err roster_add_unit(struct roster *r, const char *name)
{
    void *p = r->units;
    enum err e = room(&p, r->n_units, STATIONS_MAX, sizeof r->units[0], "units");
    if (e)
        return e;
    r->units = p;
    if (strlen(name) >= NAME_LEN)
        return err_set(ERR_DATA, "a unit's name is too long: %s", name);
    strcpy(r->units[r->n_units++], name);
    r->sorted = false;
    return ERR_OK;
}

enum err roster_add_circle(struct roster *r, const struct roster_circle *c)
{
    void *p = r->circles;
    enum err e = room(&p, r->n_circles, CIRCLES_MAX, sizeof *c, "generations of circles");
    if (e)
        return e;
    r->circles = p;
    r->circles[r->n_circles++] = *c;
    r->sorted = false;
    return ERR_OK;
}

enum err roster_add_hub(struct roster *r, const struct roster_hub *h)
{
    void *p = r->hubs;
    enum err e = room(&p, r->n_hubs, HUBS_MAX, sizeof *h, "hubs");
    if (e)
        return e;
    r->hubs = p;
    r->hubs[r->n_hubs++] = *h;
    r->sorted = false;
    return ERR_OK;
}

enum err roster_add_station(struct roster *r, const struct roster_station *s)
{
    void *p = r->stations;
    enum err e = room(&p, r->n_stations, STATIONS_MAX, sizeof *s, "stations");
    if (e)
        return e;
    r->stations = p;
    r->stations[r->n_stations++] = *s;
    r->sorted = false;
    return ERR_OK;
}

enum err roster_add_user(struct roster *r, const struct roster_user *u)
{
    void *p = r->users;
    enum err e = room(&p, r->n_users, USERS_MAX, sizeof *u, "users");
    if (e)
        return e;
    r->users = p;
    char *circles = strdup(u->circles ? u->circles : "");
    if (!circles)
        return err_set(ERR_NOMEM, "out of memory");
    r->users[r->n_users] = *u;
    r->users[r->n_users++].circles = circles;
    r->sorted = false;
    return ERR_OK;
}

/* Every item begins with its name. */
static int order_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

static int order_circle(const void *a, const void *b)
{
    const struct roster_circle *x = a, *y = b;
    int d = strcmp(x->name, y->name);
    return d ? d : (x->generation > y->generation) - (x->generation < y->generation);
}

/* By name; of one name first the one in force, then the latest revoked. */
static int order_revoked(bool x, int64_t x_at, bool y, int64_t y_at)
{
    if (x != y)
        return x ? 1 : -1;
    return x ? (x_at < y_at) - (x_at > y_at) : 0;
}

static int order_station(const void *a, const void *b)
{
    const struct roster_station *x = a, *y = b;
    int d = strcmp(x->name, y->name);
    if (!d)
        d = order_revoked(x->revoked, x->revoked_at, y->revoked, y->revoked_at);
    return d ? d : strcmp(x->chain, y->chain);
}

static int order_user(const void *a, const void *b)
{
    const struct roster_user *x = a, *y = b;
    int d = strcmp(x->name, y->name);
    if (!d)
        d = order_revoked(x->revoked, x->revoked_at, y->revoked, y->revoked_at);
    return d ? d : memcmp(x->sign.pk, y->sign.pk, sizeof x->sign.pk);
}

static int order_chain(const void *a, const void *b, void *stations)
{
    const struct roster_station *s = stations;
    return strcmp(s[*(const uint32_t *)a].chain, s[*(const uint32_t *)b].chain);
}

static int order_key(const void *a, const void *b, void *users)
{
    const struct roster_user *u = users;
    return memcmp(u[*(const uint32_t *)a].sign.pk, u[*(const uint32_t *)b].sign.pk, sizeof u->sign.pk);
}

static void sort(void *items, size_t n, size_t size, int (*order)(const void *, const void *))
{
    if (n > 1)
        qsort(items, n, size, order);
}

/* Replaces *out by the numbers 0..n-1 in the order of order. */
static enum err rank(uint32_t **out, size_t n, int (*order)(const void *, const void *, void *), void *items)
{
    uint32_t *p = malloc((n ? n : 1) * sizeof *p);
    if (!p)
        return err_set(ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < n; i++)
        p[i] = (uint32_t)i;
    if (n > 1)
        qsort_r(p, n, sizeof *p, order, items);
    free(*out);
    *out = p;
    return ERR_OK;
}

static enum err twice(const char *what, const char *name)
{
    return err_set(ERR_DATA, "a roster names one %s twice: %s", _(what), name);
}

static enum err refuse_doubles(const struct roster *r)
{
    for (size_t i = 1; i < r->n_units; i++)
        if (strcmp(r->units[i - 1], r->units[i]) == 0)
            return twice("unit", r->units[i]);
    for (size_t i = 1; i < r->n_circles; i++)
        if (order_circle(&r->circles[i - 1], &r->circles[i]) == 0)
            return twice("circle's generation", r->circles[i].name);
    for (size_t i = 1; i < r->n_hubs; i++)
        if (strcmp(r->hubs[i - 1].name, r->hubs[i].name) == 0)
            return twice("hub", r->hubs[i].name);
    /* those in force stand before the revoked ones of their name */
    for (size_t i = 1; i < r->n_stations; i++) {
        if (!r->stations[i].revoked && strcmp(r->stations[i - 1].name, r->stations[i].name) == 0)
            return twice("station", r->stations[i].name);
        const struct roster_station *x = &r->stations[r->by_chain[i - 1]], *y = &r->stations[r->by_chain[i]];
        if (strcmp(x->chain, y->chain) == 0)
            return twice("chain", y->chain);
    }
    for (size_t i = 1; i < r->n_users; i++) {
        if (!r->users[i].revoked && strcmp(r->users[i - 1].name, r->users[i].name) == 0)
            return twice("user", r->users[i].name);
        const struct roster_user *x = &r->users[r->by_key[i - 1]], *y = &r->users[r->by_key[i]];
        if (memcmp(x->sign.pk, y->sign.pk, sizeof x->sign.pk) == 0)
            return err_set(ERR_DATA, "a roster gives one signing key to two users: %s, %s", x->name, y->name);
    }
    return ERR_OK;
}

enum err roster_index(struct roster *r)
{
    r->sorted = false;
    sort(r->units, r->n_units, sizeof r->units[0], order_name);
    sort(r->circles, r->n_circles, sizeof r->circles[0], order_circle);
    sort(r->hubs, r->n_hubs, sizeof r->hubs[0], order_name);
    sort(r->stations, r->n_stations, sizeof r->stations[0], order_station);
    sort(r->users, r->n_users, sizeof r->users[0], order_user);
    enum err e = rank(&r->by_chain, r->n_stations, order_chain, r->stations);
    if (!e)
        e = rank(&r->by_key, r->n_users, order_key, r->users);
    if (!e)
        e = refuse_doubles(r);
    r->sorted = !e;
    return e;
}

/* The first of n items of that name, or n. */
static size_t first_named(const struct roster *r, const void *items, size_t n, size_t size, const char *name)
{
    const char *p = items;
    size_t lo = 0, hi = n;
    while (r->sorted && lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (strcmp(p + mid * size, name) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    while (!r->sorted && lo < n && strcmp(p + lo * size, name) != 0)
        lo++;
    return lo < n && strcmp(p + lo * size, name) == 0 ? lo : n;
}

void roster_chain_id(char out[static CHAIN_ID], const struct sign_public *key)
{
    struct hash h = hash_of(key->pk, sizeof key->pk);
    bytes_hex(out, h.b, (CHAIN_ID - 1) / 2);
}

const struct roster_station *roster_chain(const struct roster *r, const char *chain)
{
    size_t lo = 0, hi = r->n_stations;
    while (r->sorted && lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        const struct roster_station *s = &r->stations[r->by_chain[mid]];
        int d = strcmp(s->chain, chain);
        if (d == 0)
            return s;
        if (d < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    for (size_t i = 0; !r->sorted && i < r->n_stations; i++)
        if (strcmp(r->stations[i].chain, chain) == 0)
            return &r->stations[i];
    return NULL;
}

const struct roster_station *roster_station(const struct roster *r, const char *name)
{
    for (size_t i = first_named(r, r->stations, r->n_stations, sizeof *r->stations, name); i < r->n_stations; i++) {
        bool same = strcmp(r->stations[i].name, name) == 0;
        if (same && !r->stations[i].revoked)
            return &r->stations[i];
        if (r->sorted)
            break;
    }
    return NULL;
}

const struct roster_user *roster_user(const struct roster *r, const char *name)
{
    const struct roster_user *best = NULL;
    for (size_t i = first_named(r, r->users, r->n_users, sizeof *r->users, name); i < r->n_users; i++) {
        const struct roster_user *u = &r->users[i];
        if (strcmp(u->name, name) == 0 && (!best || order_user(u, best) < 0))
            best = u;
        if (r->sorted)
            break;
    }
    return best;
}

const struct roster_user *roster_user_key(const struct roster *r, const struct sign_public *key)
{
    size_t lo = 0, hi = r->n_users;
    while (r->sorted && lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        const struct roster_user *u = &r->users[r->by_key[mid]];
        int d = memcmp(u->sign.pk, key->pk, sizeof key->pk);
        if (d == 0)
            return u;
        if (d < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    for (size_t i = 0; !r->sorted && i < r->n_users; i++)
        if (memcmp(r->users[i].sign.pk, key->pk, sizeof key->pk) == 0)
            return &r->users[i];
    return NULL;
}

const struct roster_hub *roster_hub(const struct roster *r, const char *name)
{
    size_t i = first_named(r, r->hubs, r->n_hubs, sizeof *r->hubs, name);
    return i < r->n_hubs ? &r->hubs[i] : NULL;
}

const struct roster_circle *roster_circle(const struct roster *r, const char *name)
{
    const struct roster_circle *best = NULL;
    for (size_t i = first_named(r, r->circles, r->n_circles, sizeof *r->circles, name); i < r->n_circles; i++) {
        const struct roster_circle *c = &r->circles[i];
        bool same = strcmp(c->name, name) == 0;
        if (r->sorted && !same)
            break;
        if (same && (!best || c->generation > best->generation))
            best = c;
    }
    return best;
}

bool roster_user_valid(const struct roster_user *u, int64_t at)
{
    return at >= u->since && at < u->until && !(u->revoked && at >= u->revoked_at);
}

bool roster_user_in(const struct roster_user *u, const char *circle)
{
    size_t n = strlen(circle);
    for (const char *p = u->circles; p && *p;) {
        size_t len = strcspn(p, ",");
        if (len == n && memcmp(p, circle, n) == 0)
            return true;
        p += len + (p[len] == ',');
    }
    return false;
}

enum err roster_members(const struct roster *r, const char *circle, int64_t at, struct recipient **to, size_t *n)
{
    *n = 0;
    *to = calloc(r->n_users ? r->n_users : 1, sizeof **to);
    if (!*to)
        return err_set(ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < r->n_users; i++) {
        const struct roster_user *u = &r->users[i];
        if (!u->revoked && u->until > at && roster_user_in(u, circle))
            (*to)[(*n)++] = u->to;
    }
    return ERR_OK;
}

enum err roster_recipients(const struct roster *r, const char *unit, enum roster_seal what,
                           struct recipient to[static 4], const char *names[4], size_t *n)
{
    static const char *const kinds[] = {"records", "evidence"};
    *n = 0;
    for (unsigned k = what == ROSTER_BLOB; k < (what == ROSTER_RECORD ? 1u : 2u); k++) {
        char of_unit[CIRCLE_LEN + NAME_LEN];
        strcpy(of_unit, kinds[k]);
        strcat(of_unit, "/");
        strncat(of_unit, unit, NAME_LEN - 1);
        const struct roster_circle *found[] = {roster_circle(r, of_unit), roster_circle(r, kinds[k])};
        for (unsigned i = 0; i < 2; i++) {
            if (!found[i])
                continue;
            to[*n] = found[i]->to;
            if (names)
                names[*n] = found[i]->name;
            ++*n;
        }
    }
    if (*n == 0)
        return err_set(ERR_DENIED, "roster %llu has no circle to which the unit %s can seal",
                       (unsigned long long)r->number, unit);
    return ERR_OK;
}

bool roster_delivers(const struct roster *r, const struct roster_station *s, const char *to)
{
    static const char *const own[] = {"unit/", "records/", "evidence/"};
    while (*to) {
        to += strspn(to, " ");
        size_t len = strcspn(to, " ");
        char word[CIRCLE_LEN];
        if (len > 0 && len < sizeof word) {
            memcpy(word, to, len);
            word[len] = '\0';
            for (unsigned i = 0; i < 3; i++)
                if (strncmp(word, own[i], strlen(own[i])) == 0 && strcmp(word + strlen(own[i]), s->unit) == 0)
                    return true;
            if (s->kind == STATION_SUPERVISOR && roster_circle(r, word))
                return true;
        }
        to += len;
    }
    return false;
}
