#include "tui/enrol_list.h"

#include "storage/base/file.h"
#include "storage/base/text.h"
#include "tui/words.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define COLUMNS 5

struct row {
    char cell[COLUMNS][NAME_LEN * 2];
    unsigned roles;
    enum station_kind kind;
};

/* Blanks around a cell go. */
static bool take_cell(struct span s, char out[static NAME_LEN * 2])
{
    while (s.n && (*s.p == ' ' || *s.p == '\t')) {
        s.p++;
        s.n--;
    }
    while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t' || s.p[s.n - 1] == '\r'))
        s.n--;
    return span_copy(s, out, (size_t)NAME_LEN * 2);
}

static enum err parse_row(struct span line, struct row *r)
{
    size_t n = 0;
    *r = (struct row){.kind = STATION_CREW};
    for (const char *p = line.p, *end = line.p + line.n; n < COLUMNS; n++) {
        const char *comma = memchr(p, ',', (size_t)(end - p));
        struct span cell = {p, (size_t)((comma ? comma : end) - p)};
        if (!take_cell(cell, r->cell[n]))
            return err_set(ERR_DATA, "a cell is too long");
        if (!comma) {
            n++;
            break;
        }
        p = comma + 1;
        if (n + 1 == COLUMNS)
            return err_set(ERR_DATA, "there are more than %d columns", COLUMNS);
    }
    if (n < 2 || !text_is_name(r->cell[0], false) || !text_is_name(r->cell[1], false))
        return err_set(ERR_DATA, "a station and a unit, of a-z, 0-9 and -, must stand in the first columns");
    if (r->cell[2][0] && words_kind(r->cell[2], &r->kind) != ERR_OK)
        return ERR_DATA;
    if (r->cell[3][0] && !text_is_name(r->cell[3], false))
        return err_set(ERR_DATA, "%s is no user's name", r->cell[3]);
    if (!r->cell[3][0])
        memcpy(r->cell[3], r->cell[0], sizeof r->cell[3]);
    for (char *p = r->cell[4]; *p; p++) /* several roles in one cell */
        if (*p == '+' || *p == ' ')
            *p = ',';
    if (r->cell[4][0] && words_roles(r->cell[4], &r->roles) != ERR_OK)
        return ERR_DATA;
    return ERR_OK;
}

static enum err add_code(const char *path, const struct row *r, const struct buf *code)
{
    struct buf line = {.secret = 1};
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    enum err e = fd < 0 ? err_errno(ERR_CREATE, "cannot write %s", path) : ERR_OK;
    if (!e)
        e = buf_fmt(&line, "%s,%s,%s\n", r->cell[0], r->cell[3], (const char *)code->p);
    if (!e)
        e = file_write_fd(fd, line.p, line.len, path);
    if (!e)
        e = file_sync_fd(fd, path);
    file_close(&fd);
    buf_free(&line);
    return e;
}

static enum err enrol_row(struct authority *a, const struct row *r, const char *dir, struct enrol_list_report *report)
{
    char name[NAME_LEN * 2 + 8], path[4096];
    struct buf file = {.secret = 1}, code = {.secret = 1};
    struct enrol n = {
        .station = r->cell[0], .unit = r->cell[1], .kind = r->kind, .user = r->cell[3], .roles = r->roles};
    n.last_seq = UINT64_MAX;
    snprintf(name, sizeof name, "%s.enrol", r->cell[0]);
    enum err e = file_path(path, dir, name);
    if (!e && file_exists(path)) {
        report->already++;
        return ERR_OK;
    }
    if (!e)
        e = authority_unit(a, n.unit);
    if (!e)
        e = authority_enrol(a, &n, &file, &code);
    if (!e) /* the code first: a file without one is good for nothing */
        e = add_code(report->codes, r, &code);
    if (!e)
        e = file_create(path, file.p, file.len, 0600);
    if (!e)
        report->enrolled++;
    buf_free(&file);
    buf_free(&code);
    return e;
}

/* Goes through the lines; with a NULL it only checks them. */
static enum err each_row(struct authority *a, const struct buf *text, const char *dir, struct enrol_list_report *report)
{
    const char *p = (const char *)text->p, *end = p + text->len;
    enum err e = ERR_OK;
    for (unsigned line = 1; p && p < end && !e; line++) {
        const char *lf = memchr(p, '\n', (size_t)(end - p));
        struct span s = {p, (size_t)((lf ? lf : end) - p)};
        struct row r;
        p = lf ? lf + 1 : end;
        if (s.n == 0 || *s.p == '#' || *s.p == '\r' || (line == 1 && s.n > 8 && memcmp(s.p, "station,", 8) == 0))
            continue;
        e = parse_row(s, &r);
        if (e) {
            char why[512];
            snprintf(why, sizeof why, "%s", err_text());
            return err_set(ERR_DATA, "line %u of the list: %s", line, why);
        }
        if (a)
            e = enrol_row(a, &r, dir, report);
    }
    return e;
}

enum err enrol_list_run(struct authority *a, const char *csv, const char *dir, struct enrol_list_report *r)
{
    struct buf text = {.max = ENROL_LIST_MAX};
    *r = (struct enrol_list_report){0};
    enum err e = file_read(csv, ENROL_LIST_MAX, &text);
    if (!e)
        e = each_row(NULL, &text, dir, r);
    if (!e)
        e = file_mkdirs(dir, 0700);
    if (!e)
        e = file_path(r->codes, dir, "codes.csv");
    if (!e)
        e = each_row(a, &text, dir, r);
    buf_free(&text);
    return e;
}
