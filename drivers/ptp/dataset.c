#include "drivers/ptp/dataset.h"

#include "storage/base/bytes.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Datatype codes, PIMA 15740 table 3. */
enum {
    TYPE_INT8 = 0x0001,
    TYPE_UINT128 = 0x000A,
    TYPE_ARRAY = 0x4000,
    TYPE_TEXT = 0xFFFF,
};

static const uint8_t *take(struct dataset *d, size_t n)
{
    if (d->bad || n > d->n) {
        d->bad = true;
        return NULL;
    }
    const uint8_t *p = d->p;
    d->p += n;
    d->n -= n;
    return p;
}

uint8_t dataset_u8(struct dataset *d)
{
    const uint8_t *p = take(d, 1);
    return p ? *p : 0;
}

uint16_t dataset_u16(struct dataset *d)
{
    const uint8_t *p = take(d, 2);
    return p ? bytes_le16(p) : 0;
}

uint32_t dataset_u32(struct dataset *d)
{
    const uint8_t *p = take(d, 4);
    return p ? bytes_le32(p) : 0;
}

uint64_t dataset_u64(struct dataset *d)
{
    const uint8_t *p = take(d, 8);
    return p ? bytes_le64(p) : 0;
}

static size_t put_letter(char *out, uint32_t c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xC0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xE0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3F));
        out[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3F));
    out[2] = (char)(0x80 | (c >> 6 & 0x3F));
    out[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

void dataset_text(struct dataset *d, char out[static PTP_TEXT_MAX])
{
    size_t letters = dataset_u8(d), len = 0;
    const uint8_t *p = take(d, 2 * letters);
    out[0] = '\0';
    if (!p)
        return;
    for (size_t i = 0; i < letters; i++) {
        uint32_t c = bytes_le16(p + 2 * i);
        if (c == 0)
            break;
        if (c >= 0xD800 && c < 0xE000) {
            uint32_t low = c < 0xDC00 && i + 1 < letters ? bytes_le16(p + 2 * i + 2) : 0;
            bool pair = low >= 0xDC00 && low < 0xE000;
            c = pair ? 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00) : 0xFFFD;
            i += pair;
        }
        len += put_letter(out + len, c);
    }
    out[len] = '\0';
}

static void codes(struct dataset *d, struct dataset_codes *out)
{
    uint32_t n = dataset_u32(d);
    if (n > PTP_CODES_MAX || n > d->n / 2) {
        d->bad = true;
        n = 0;
    }
    out->n = n;
    for (uint32_t i = 0; i < n; i++)
        out->code[i] = dataset_u16(d);
}

bool dataset_has(const struct dataset_codes *c, uint16_t code)
{
    for (size_t i = 0; i < c->n; i++)
        if (c->code[i] == code)
            return true;
    return false;
}

bool dataset_device(struct device_info *out, const void *p, size_t n)
{
    struct dataset d = {p, n, false};
    struct dataset_codes skipped;
    memset(out, 0, sizeof *out);
    out->standard = dataset_u16(&d);
    out->extension = dataset_u32(&d);
    out->extension_version = dataset_u16(&d);
    dataset_text(&d, out->extension_text);
    dataset_u16(&d); /* functional mode */
    codes(&d, &out->operations);
    codes(&d, &out->events);
    codes(&d, &out->properties);
    codes(&d, &skipped); /* formats that it makes itself */
    codes(&d, &out->formats);
    dataset_text(&d, out->manufacturer);
    bool good = !d.bad;
    /* Some end here, without what is left. */
    dataset_text(&d, out->model);
    dataset_text(&d, out->version);
    dataset_text(&d, out->serial);
    return good;
}

bool dataset_storage(struct storage_info *out, const void *p, size_t n)
{
    struct dataset d = {p, n, false};
    memset(out, 0, sizeof *out);
    out->type = dataset_u16(&d);
    out->filesystem = dataset_u16(&d);
    out->access = dataset_u16(&d);
    out->total = dataset_u64(&d);
    out->free = dataset_u64(&d);
    dataset_u32(&d); /* free space in pictures */
    bool good = !d.bad;
    dataset_text(&d, out->description);
    dataset_text(&d, out->label);
    return good;
}

bool dataset_object(struct object_info *out, const void *p, size_t n)
{
    struct dataset d = {p, n, false};
    memset(out, 0, sizeof *out);
    out->storage = dataset_u32(&d);
    out->format = dataset_u16(&d);
    out->protection = dataset_u16(&d);
    out->size = dataset_u32(&d);
    take(&d, 2 + 4 + 4 + 4 + 4 + 4 + 4); /* thumbnail and picture */
    out->parent = dataset_u32(&d);
    take(&d, 2 + 4 + 4); /* association, number in a sequence */
    dataset_text(&d, out->name);
    bool good = !d.bad;
    dataset_text(&d, out->created);
    dataset_text(&d, out->modified);
    return good;
}

static size_t number_size(uint16_t type)
{
    /* signed and unsigned in turn: 8, 16, 32, 64, 128 bits */
    return type >= TYPE_INT8 && type <= TYPE_UINT128 ? (size_t)1 << (type - TYPE_INT8) / 2 : 0;
}

bool dataset_value(struct dataset *d, uint16_t type, struct dataset_value *out)
{
    out->number = 0;
    out->is_number = out->is_text = false;
    out->text[0] = '\0';
    if (type == TYPE_TEXT) {
        dataset_text(d, out->text);
        out->is_text = !d->bad;
        return !d->bad;
    }
    size_t size = number_size(type & (uint16_t)~TYPE_ARRAY);
    if (!size) {
        d->bad = true;
        return false;
    }
    if (type & TYPE_ARRAY) {
        uint32_t n = dataset_u32(d);
        if (n > PTP_DATASET_MAX / size)
            d->bad = true;
        else
            take(d, n * size);
        return !d->bad;
    }
    const uint8_t *p = take(d, size);
    for (size_t i = 0; p && i < size && i < 8; i++)
        out->number |= (uint64_t)p[i] << (8 * i);
    bool is_signed = (type & 1) != 0;
    if (p && is_signed && size < 8 && p[size - 1] & 0x80)
        out->number |= ~(uint64_t)0 << (8 * size);
    out->is_number = p != NULL;
    return p != NULL;
}

long dataset_element(struct dataset_element *out, const void *p, size_t n)
{
    struct dataset d = {p, n, false};
    out->handle = dataset_u32(&d);
    out->property = dataset_u16(&d);
    uint16_t type = dataset_u16(&d);
    if (d.bad)
        return 0;
    if (type != TYPE_TEXT && !number_size(type & (uint16_t)~TYPE_ARRAY))
        return -1;
    struct dataset probe = d;
    if (type != TYPE_TEXT && type & TYPE_ARRAY && probe.n >= 4 &&
        dataset_u32(&probe) > PTP_DATASET_MAX / number_size(type & (uint16_t)~TYPE_ARRAY))
        return -1;
    return dataset_value(&d, type, &out->value) ? (long)(n - d.n) : 0;
}

bool dataset_property(struct property_desc *out, const void *p, size_t n)
{
    struct dataset d = {p, n, false};
    struct dataset_value other;
    memset(out, 0, sizeof *out);
    out->code = dataset_u16(&d);
    out->type = dataset_u16(&d);
    out->settable = dataset_u8(&d) == 1;
    dataset_value(&d, out->type, &other); /* when it was made */
    dataset_value(&d, out->type, &out->now);
    if (d.bad)
        return false;
    if (dataset_u8(&d) == 1) {
        dataset_value(&d, out->type, &other);
        out->low = other.number;
        dataset_value(&d, out->type, &other);
        out->high = other.number;
        out->range = !d.bad && other.is_number;
    }
    return true;
}

const uint8_t *dataset_array32(const void *p, size_t n, size_t max, size_t *count)
{
    struct dataset d = {p, n, false};
    uint32_t all = dataset_u32(&d);
    if (d.bad || all > max || all > d.n / 4)
        return NULL;
    *count = all;
    return d.p;
}

static int digits(const char *s, size_t n)
{
    int v = 0;
    for (size_t i = 0; i < n; i++) {
        if (!isdigit((unsigned char)s[i]))
            return -1;
        v = 10 * v + (s[i] - '0');
    }
    return v;
}

/* Behind the seconds: ".s", then "Z" or "+hhmm" or nothing. false: nonsense. */
static bool time_rest(const char *s, int64_t *ms, bool *zone)
{
    if (*s == '.') {
        if (!isdigit((unsigned char)s[1]))
            return false;
        *ms += (s[1] - '0') * (int64_t)100;
        for (s++; isdigit((unsigned char)*s);)
            s++;
    }
    *zone = *s != '\0';
    if (*s == '\0' || strcmp(s, "Z") == 0)
        return true;
    if ((*s != '+' && *s != '-') || strlen(s) != 5)
        return false;
    int hours = digits(s + 1, 2), minutes = digits(s + 3, 2);
    if (hours < 0 || hours > 15 || minutes < 0 || minutes > 59)
        return false;
    int64_t east = (hours * 60 + minutes) * (int64_t)60000;
    *ms += *s == '+' ? -east : east;
    return true;
}

int64_t dataset_time(const char *s, bool *zone)
{
    *zone = false;
    if (strlen(s) < 15 || s[8] != 'T')
        return INT64_MIN;
    struct tm t = {.tm_year = digits(s, 4) - 1900,
                   .tm_mon = digits(s + 4, 2) - 1,
                   .tm_mday = digits(s + 6, 2),
                   .tm_hour = digits(s + 9, 2),
                   .tm_min = digits(s + 11, 2),
                   .tm_sec = digits(s + 13, 2)};
    if (t.tm_year < -300 || t.tm_mon < 0 || t.tm_mon > 11 || t.tm_mday < 1 || t.tm_mday > 31 || t.tm_hour < 0 ||
        t.tm_hour > 23 || t.tm_min < 0 || t.tm_min > 59 || t.tm_sec < 0 || t.tm_sec > 60)
        return INT64_MIN;
    int day = t.tm_mday;
    int64_t ms = (int64_t)timegm(&t) * 1000;
    return t.tm_mday == day && time_rest(s + 15, &ms, zone) ? ms : INT64_MIN;
}

void dataset_time_text(char out[static 20], int64_t ms, bool zone)
{
    time_t at = (time_t)(ms / 1000 - (ms % 1000 < 0));
    struct tm t;
    out[0] = '\0';
    if (!gmtime_r(&at, &t) || t.tm_year < -1900 || t.tm_year > 8099 || strftime(out, 16, "%Y%m%dT%H%M%S", &t) != 15)
        return;
    if (zone)
        strcpy(out + 15, "Z");
}

size_t dataset_put_text(uint8_t out[static 256], const char *s)
{
    size_t n = strlen(s);
    assert(n <= 100);
    if (n == 0) {
        out[0] = 0;
        return 1;
    }
    out[0] = (uint8_t)(n + 1);
    for (size_t i = 0; i <= n; i++)
        bytes_put_le16(out + 1 + 2 * i, (uint8_t)s[i]);
    return 1 + 2 * (n + 1);
}
