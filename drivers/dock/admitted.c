#include "drivers/dock/admitted.h"

#include "storage/base/clock.h"
#include "storage/base/file.h"
#include "storage/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_NAME "cameras"
#define FILE_BYTES (1u << 20)

void admitted_free(struct admitted *a)
{
    free(a->v);
    *a = (struct admitted){0};
}

static bool read_ids(struct span word, struct admitted_camera *c)
{
    char text[16], *end;
    if (word.n != 9 || word.p[4] != ':' || !span_copy(word, text, sizeof text))
        return false;
    c->vendor_id = (uint16_t)strtoul(text, &end, 16);
    bool good = end == text + 4;
    c->product_id = (uint16_t)strtoul(text + 5, &end, 16);
    return good && *end == '\0';
}

static bool read_camera(struct span line, struct admitted_camera *c)
{
    struct span ids, profile, time;
    *c = (struct admitted_camera){0};
    if (!span_word(&line, &ids) || !span_word(&line, &profile) || !span_word(&line, &time))
        return false;
    for (; line.n && line.p[0] == ' '; line.n--)
        line.p++;
    return read_ids(ids, c) && span_copy(profile, c->profile, NAME_LEN) && clock_parse(&c->time, time.p, time.n) &&
           line.n > 0 && span_copy(line, c->serial, NAME_LEN);
}

static enum err parse(struct admitted *out, const struct buf *text)
{
    struct text t;
    struct field f;
    unsigned version;
    enum err e = text_open(&t, FILE_NAME, &version, (const char *)text->p, text->len);
    out->v = calloc(ADMITTED_MAX, sizeof *out->v);
    if (!out->v)
        return err_set(ERR_NOMEM, "out of memory");
    while (!e && (e = text_next(&t, &f)) == ERR_OK) {
        if (!span_is(f.key, "camera"))
            continue;
        if (out->n == ADMITTED_MAX || !read_camera(f.value, &out->v[out->n]))
            return err_set(ERR_DATA, "line %u is no camera", t.line);
        out->n++;
    }
    return e == ERR_END ? ERR_OK : e;
}

enum err admitted_read(struct admitted *out, const char *dir)
{
    char path[4096];
    struct buf text = {0};
    *out = (struct admitted){0};
    enum err e = file_path(path, dir, FILE_NAME);
    if (!e)
        e = file_read(path, FILE_BYTES, &text);
    if (e == ERR_NOINPUT)
        return ERR_OK;
    if (!e)
        e = parse(out, &text);
    buf_free(&text);
    if (e == ERR_DATA)
        e = err_set(e, "the list of admitted cameras %s is damaged: %s; mend the line or remove the file", path,
                    err_text());
    if (e)
        admitted_free(out);
    return e;
}

void admitted_stamp(const char *dir, struct admitted_stamp *out)
{
    char path[4096];
    struct stat st;
    memset(out, 0, sizeof *out);
    if (file_path(path, dir, FILE_NAME) == ERR_OK && stat(path, &st) == 0)
        *out = (struct admitted_stamp){st.st_ino, st.st_mtim.tv_sec, st.st_mtim.tv_nsec, st.st_size};
}

static bool same(const struct admitted_camera *c, const struct usb_seen *seen)
{
    return c->vendor_id == seen->vendor_id && c->product_id == seen->product_id && strcmp(c->serial, seen->serial) == 0;
}

const struct admitted_camera *admitted_find(const struct admitted *a, const struct usb_seen *seen)
{
    for (size_t i = 0; i < a->n && seen->serial[0]; i++)
        if (same(&a->v[i], seen))
            return &a->v[i];
    return NULL;
}

static enum err write_all(const char *dir, const struct admitted *a)
{
    char path[4096], when[CLOCK_TEXT];
    struct buf text = {0};
    enum err e = file_path(path, dir, FILE_NAME);
    if (!e)
        e = buf_str(&text, "feldsher-" FILE_NAME " 1\n");
    for (size_t i = 0; i < a->n && !e; i++) {
        const struct admitted_camera *c = &a->v[i];
        clock_text(when, c->time);
        e = buf_fmt(&text, "camera: %04x:%04x %s %s %s\n", c->vendor_id, c->product_id, c->profile, when, c->serial);
    }
    if (!e)
        e = file_write(path, text.p, text.len, 0600);
    buf_free(&text);
    return e;
}

static void drop(struct admitted *a, size_t i)
{
    memmove(&a->v[i], &a->v[i + 1], (--a->n - i) * sizeof *a->v);
}

enum err admitted_add(const char *dir, const struct usb_seen *seen, const char *profile, int64_t now)
{
    struct admitted a;
    if (!seen->serial[0])
        return err_set(ERR_USAGE,
                       "the device at port %s has no serial number to know it by; name it each time: feldsher "
                       "offload %s",
                       seen->port, seen->port);
    enum err e = admitted_read(&a, dir);
    if (e)
        return e;
    if (!a.v)
        a.v = calloc(ADMITTED_MAX, sizeof *a.v);
    if (!a.v)
        return err_set(ERR_NOMEM, "out of memory");
    for (size_t i = a.n; i-- > 0;)
        if (same(&a.v[i], seen))
            drop(&a, i);
    if (a.n == ADMITTED_MAX) {
        e = err_set(ERR_FULL, "%u cameras are admitted already; forget some of them", ADMITTED_MAX);
    } else {
        struct admitted_camera *c = &a.v[a.n++];
        *c = (struct admitted_camera){seen->vendor_id, seen->product_id, "", now, ""};
        snprintf(c->profile, NAME_LEN, "%s", profile);
        memcpy(c->serial, seen->serial, NAME_LEN);
        e = write_all(dir, &a);
    }
    admitted_free(&a);
    return e;
}

enum err admitted_forget(const char *dir, const char *serial)
{
    struct admitted a;
    enum err e = admitted_read(&a, dir);
    size_t before = a.n;
    for (size_t i = a.n; i-- > 0;)
        if (strcmp(a.v[i].serial, serial) == 0)
            drop(&a, i);
    if (!e)
        e = a.n == before ? err_set(ERR_NOINPUT, "no camera %s is admitted", serial) : write_all(dir, &a);
    admitted_free(&a);
    return e;
}
