/*
 * What the laboratory appends and looks up without a screen:
 *
 *     note append STATION LANE FILE...     a batch a file (under 64 KiB): "NAME OBJECT SEALED LABEL", sizes in bytes
 *     note names STATION                   of the newest recording: the names of its batch, parts list, blobs
 *     note wait STATION LANE N GAP_MS      N notes one after the other, each with the ms from saved to receipt
 *     note size STATION N [USER PASSFILE]  N notes of a form of 1 KiB, signed by a person: median sizes
 */
#include "storage/base/bytes.h"
#include "storage/base/file.h"
#include "storage/seal/hash.h"
#include "storage/vault/chain.h"
#include "storage/vault/object.h"
#include "storage/vault/parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FILE_MAX (64u << 10)
#define FORM_BYTES 1024u
#define NOTES_MAX 1000u
#define PATIENCE_MS 120000

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* As a filled form is saved; data is consumed. */
static enum err save(struct station *s, unsigned lane, const struct user *author, json_t *data, uint64_t *seq)
{
    char id[ENTRY_ID];
    batch_entry_id(id);
    json_t *entries = json_pack("[{s:s,s:s,s:s,s:o}]", "id", id, "type", "record", "form", "encounter", "data", data);
    struct append a = {
        .entries = entries, .author = author, .seal = ROSTER_RECORD, .lane = lane, .retain_class = "records"};
    if (!entries)
        return err_set(ERR_NOMEM, "out of memory");
    enum err e = chain_append(s, &a, seq);
    json_decref(entries);
    return e;
}

/* l points into text. */
static enum err own_label(struct station *s, uint64_t seq, struct buf *text, struct label *l)
{
    buf_clear(text);
    enum err e = queue_label(s->queue, s->chain, seq, text);
    return e ? e : label_parse(l, (const char *)text->p, text->len);
}

static enum err append(struct station *s, unsigned lane, char **files, int n)
{
    struct buf bytes = {.max = FILE_MAX}, text = {0};
    enum err e = ERR_OK;
    for (int i = 0; i < n && !e; i++) {
        static char b64[BYTES_B64(FILE_MAX)];
        char name[HASH_HEX];
        struct label l;
        uint64_t seq;
        e = file_read(files[i], FILE_MAX, &bytes);
        if (e)
            break;
        bytes_b64(b64, bytes.p, bytes.len, true);
        e = save(s, lane, NULL, json_pack("{s:s}", "file", b64), &seq);
        if (!e)
            e = own_label(s, seq, &text, &l);
        if (e)
            break;
        const char *base = strrchr(files[i], '/');
        hash_hex(name, &l.object);
        printf("%s %s %" PRIu64 " %zu\n", base ? base + 1 : files[i], name, l.size, l.len);
        fflush(stdout);
    }
    buf_free(&bytes);
    buf_free(&text);
    return e;
}

static enum err print_blobs(const char *dir, const struct hash *list)
{
    struct buf text = {.max = PARTS_MAX};
    struct parts p;
    struct hash blob;
    uint64_t size;
    bool mark;
    char name[HASH_HEX];
    enum err e = object_get(dir, list, PARTS_MAX, &text);
    if (!e)
        e = parts_open(&p, (const char *)text.p, text.len);
    while (!e && (e = parts_next(&p, &mark, &blob, &size)) == ERR_OK)
        if (!mark) {
            hash_hex(name, &blob);
            printf(" %s", name);
        }
    buf_free(&text);
    return e == ERR_END ? ERR_OK : e;
}

static enum err names(struct station *s)
{
    struct queue_head head;
    struct buf text = {0};
    struct label l;
    char batch[HASH_HEX], list[HASH_HEX];
    enum err e = queue_head(s->queue, s->chain, &head);
    uint64_t seq = e ? 0 : head.seq;
    for (; seq && !e; seq--) {
        e = own_label(s, seq, &text, &l);
        if (!e && !hash_is_zero(&l.parts))
            break;
    }
    if (!e && seq == 0)
        e = err_set(ERR_NOINPUT, "no recording at this station");
    if (!e) {
        hash_hex(batch, &l.object);
        hash_hex(list, &l.parts);
        printf("%s %s", batch, list);
        e = print_blobs(s->dir, &l.parts);
        printf("\n");
    }
    buf_free(&text);
    return e;
}

static bool covered(struct station *s, uint64_t seq)
{
    struct buf text = {.max = RECEIPT_MAX};
    struct receipt *r = NULL;
    bool yes = queue_receipt(s->queue, s->chain, &text) == ERR_OK &&
               receipt_parse(&r, (const char *)text.p, text.len) == ERR_OK && receipt_check(r, s->roster) == ERR_OK &&
               receipt_holds(r, seq);
    receipt_free(r);
    buf_free(&text);
    return yes;
}

/* Words and numbers of an encounter, so that they compress as people's do. */
static json_t *form(void)
{
    static const char *const said[] = {
        "Жалобы на головную боль в затылочной области, тошноту.",
        "Боли за грудиной давящего характера, одышка при ходьбе.",
        "Кашель с мокротой, слабость, температура третий день.",
        "Упал с лошади, боль в правой голени, опора невозможна.",
        "Со слов матери, ребёнок вялый, отказывается от еды.",
        "Кожные покровы бледные, дыхание везикулярное, хрипов нет.",
        "Тоны сердца приглушены, ритм правильный, живот мягкий.",
        "Менингеальных знаков нет, зрачки равные, реакция живая.",
        "Наложена шина, введён кеторолак 30 мг внутримышечно.",
        "Каптоприл 25 мг под язык, давление снижено через 20 минут.",
        "Кислород через маску, доступ в вену, передан в приёмное.",
        "От госпитализации отказался, последствия разъяснены.",
    };
    static const char *const icd[] = {"I10", "I20.0", "J18.9", "S82.2", "R51", "A09", "J06.9", "E11.9"};
    const size_t n_said = sizeof said / sizeof said[0];
    char told[FORM_BYTES] = "", iin[32], when[48], pressure[32];
    snprintf(iin, sizeof iin, "%06u%06u", randombytes_uniform(1000000), randombytes_uniform(1000000));
    snprintf(when, sizeof when, "2026-11-%02uT%02u:%02u", 1 + randombytes_uniform(28), randombytes_uniform(24),
             randombytes_uniform(60));
    snprintf(pressure, sizeof pressure, "%u/%u", 100 + randombytes_uniform(90), 60 + randombytes_uniform(50));
    json_t *data = json_pack("{s:s,s:s,s:s,s:s,s:i,s:i,s:i,s:i,s:f}", "iin", iin, "arrived", when, "diagnosis",
                             icd[randombytes_uniform(sizeof icd / sizeof icd[0])], "pressure", pressure, "pulse",
                             (int)(55 + randombytes_uniform(80)), "saturation", (int)(85 + randombytes_uniform(15)),
                             "glasgow", (int)(9 + randombytes_uniform(7)), "breaths",
                             (int)(12 + randombytes_uniform(18)), "temperature", 35.5 + randombytes_uniform(50) / 10.0);
    for (size_t at = randombytes_uniform((uint32_t)n_said);; at += 1 + randombytes_uniform((uint32_t)n_said - 1)) {
        char *text = json_dumps(data, JSON_COMPACT);
        size_t have = text ? strlen(text) + sizeof ",\"told\":\"\"" + strlen(told) : FORM_BYTES;
        const char *more = said[at % n_said];
        free(text);
        if (have >= FORM_BYTES)
            break;
        size_t room = FORM_BYTES - have;
        while (room && room < strlen(more) && (more[room] & 0xC0) == 0x80)
            room--; /* not in the middle of a letter */
        strncat(told, more, room);
        if (room < strlen(more))
            break;
    }
    if (data)
        json_object_set_new(data, "told", json_string(told));
    return data;
}

static int rising(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static enum err wait_each(struct station *s, unsigned lane, uint64_t n, uint64_t gap_ms)
{
    static uint64_t took[NOTES_MAX];
    enum err e = ERR_OK;
    for (uint64_t i = 0; i < n && !e; i++) {
        uint64_t seq;
        usleep((useconds_t)(gap_ms * 1000));
        e = save(s, lane, NULL, form(), &seq);
        int64_t saved = now_us();
        while (!e && !covered(s, seq)) {
            if (now_us() - saved > PATIENCE_MS * (int64_t)1000)
                e = err_set(ERR_AGAIN, "no receipt for label %" PRIu64 " within %d s", seq, PATIENCE_MS / 1000);
            usleep(5000);
        }
        took[i] = (uint64_t)(now_us() - saved) / 1000;
        if (!e)
            printf("%" PRIu64 "\n", took[i]);
        fflush(stdout);
    }
    if (!e) {
        qsort(took, n, sizeof took[0], rising);
        printf("median %" PRIu64 " worst %" PRIu64 "\n", took[n / 2], took[n - 1]);
    }
    return e;
}

static enum err unlock(const struct station *s, const char *user, const char *passfile, struct user **out)
{
    struct buf pass = {.max = PASSPHRASE_MAX, .secret = 1};
    enum err e = file_read(passfile, PASSPHRASE_MAX, &pass);
    if (!e)
        e = station_unlock(s, user, (const char *)pass.p, strcspn((const char *)pass.p, "\n"), out);
    buf_free(&pass);
    return e;
}

static enum err sizes(struct station *s, uint64_t n, const struct user *author)
{
    static uint64_t sealed[NOTES_MAX], labels[NOTES_MAX];
    struct buf text = {0};
    enum err e = ERR_OK;
    for (uint64_t i = 0; i < n && !e; i++) {
        struct label l;
        uint64_t seq;
        e = save(s, LANE_BATCH, author, form(), &seq);
        if (!e)
            e = own_label(s, seq, &text, &l);
        if (!e) {
            sealed[i] = l.size;
            labels[i] = l.len;
        }
    }
    buf_free(&text);
    if (!e) {
        qsort(sealed, n, sizeof sealed[0], rising);
        qsort(labels, n, sizeof labels[0], rising);
        printf("{\"form\": %u, \"sealed\": %" PRIu64 ", \"label\": %" PRIu64 ", \"signed\": %s}\n", FORM_BYTES,
               sealed[n / 2], labels[n / 2], author ? "true" : "false");
    }
    return e;
}

static int usage(void)
{
    fputs("usage: note append STATION LANE FILE... | names STATION | wait STATION LANE N GAP_MS |\n"
          "       size STATION N [USER PASSFILE]\n",
          stderr);
    return 64;
}

static bool number(uint64_t *out, const char *text, uint64_t max)
{
    return bytes_decimal(out, text, strlen(text), max);
}

int main(int argc, char **argv)
{
    struct station *s;
    struct user *author = NULL;
    uint64_t lane = 0, n = 0, gap = 0;
    const char *what = argc > 2 ? argv[1] : "";
    bool is_append = strcmp(what, "append") == 0 && argc > 4 && number(&lane, argv[3], LANES - 1);
    bool is_names = strcmp(what, "names") == 0 && argc == 3;
    bool is_wait = strcmp(what, "wait") == 0 && argc == 6 && number(&lane, argv[3], LANES - 1) &&
                   number(&n, argv[4], NOTES_MAX) && n && number(&gap, argv[5], 60000);
    bool is_size = strcmp(what, "size") == 0 && (argc == 4 || argc == 6) && number(&n, argv[3], NOTES_MAX) && n;
    if (!is_append && !is_names && !is_wait && !is_size)
        return usage();
    enum err e = hash_start();
    if (!e)
        e = station_open(&s, argv[2], is_names ? STATION_READ_ONLY : STATION_CHAIN_KEY);
    if (e)
        return err_report("note", e);
    if (is_size && argc == 6)
        e = unlock(s, argv[4], argv[5], &author);
    if (!e)
        e = is_append  ? append(s, (unsigned)lane, argv + 4, argc - 4)
            : is_names ? names(s)
            : is_wait  ? wait_each(s, (unsigned)lane, n, gap)
                       : sizes(s, n, author);
    user_free(author);
    station_close(s);
    return err_report("note", e);
}
