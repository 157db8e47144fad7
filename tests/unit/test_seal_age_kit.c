#include "tests/unit/test_seal_tools.h"

#include "storage/seal/age.h"

#include <dirent.h>

/*
 * The age test vectors of C2SP's CCTV (https://c2sp.org/CCTV/age; CC0), those
 * for X25519, scrypt and armor, which also are the corpus of fuzz_age. Each
 * says in its head what is to come of it.
 */
static const char folder[] = "tests/fuzz/corpus/age";

struct vector {
    char expect[32];
    char payload[65];
    char pass[32];
    char ids[2][IDENTITY_TEXT];
    size_t n_ids;
    const uint8_t *file;
    size_t len;
};

static void put(char *out, size_t cap, const char *value, size_t n)
{
    assert_true(n < cap);
    memcpy(out, value, n);
    out[n] = '\0';
}

static bool read_vector(struct vector *v, const struct buf *b)
{
    *v = (struct vector){0};
    const char *p = (const char *)b->p, *end = p + b->len;
    if (b->len < 8 || memcmp(p, "expect: ", 8) != 0)
        return false;
    while (*p != '\n') {
        const char *lf = memchr(p, '\n', (size_t)(end - p)), *value = strstr(p, ": ");
        assert_true(lf && value && value < lf);
        value += 2;
        size_t n = (size_t)(lf - value);
        if (strncmp(p, "expect: ", 8) == 0)
            put(v->expect, sizeof v->expect, value, n);
        else if (strncmp(p, "payload: ", 9) == 0)
            put(v->payload, sizeof v->payload, value, n);
        else if (strncmp(p, "passphrase: ", 12) == 0 && !v->pass[0])
            put(v->pass, sizeof v->pass, value, n);
        else if (strncmp(p, "identity: ", 10) == 0)
            put(v->ids[v->n_ids++], IDENTITY_TEXT, value, n);
        p = lf + 1;
    }
    v->file = (const uint8_t *)p + 1;
    v->len = (size_t)(end - p) - 1;
    return true;
}

static enum err open_vector(const struct vector *v, struct age_open *o, size_t slice)
{
    enum err e = ERR_OK;
    for (size_t at = 0; at < v->len && !e; at += slice)
        e = age_open_write(o, v->file + at, v->len - at < slice ? v->len - at : slice);
    if (!e)
        e = age_open_finish(o);
    age_open_free(o);
    return e;
}

static void judge(const char *name, const struct vector *v, enum err e, const struct buf *out)
{
    enum err want = strcmp(v->expect, "success") == 0    ? ERR_OK
                    : strcmp(v->expect, "no match") == 0 ? ERR_DENIED
                                                         : ERR_DATA;
    if (e != want)
        fail_msg("%s: %d, %s expected", name, (int)e, v->expect);
    if (!v->payload[0]) {
        assert_int_equal(0, out->len);
        return;
    }
    uint8_t hash[32];
    char hex[65];
    crypto_hash_sha256(hash, out->len ? out->p : (const uint8_t *)"", out->len);
    sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
    if (strcmp(hex, v->payload) != 0)
        fail_msg("%s: other bytes came out", name);
}

static void a_vector_is_judged_otherwise(void **state)
{
    (void)state;
    DIR *d = opendir(folder);
    assert_non_null(d); /* tests run in the repository's root */
    size_t count = 0;
    for (struct dirent *f; (f = readdir(d));) {
        char path[512];
        if (f->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, f->d_name);
        struct buf b = load(path);
        struct vector v;
        if (!read_vector(&v, &b)) { /* a find of the fuzzer's */
            buf_free(&b);
            continue;
        }
        struct identity ids[2];
        for (size_t i = 0; i < v.n_ids; i++)
            assert_ok(identity_parse(&ids[i], v.ids[i], strlen(v.ids[i])));
        static const size_t slices[] = {(size_t)1 << 30, 1, 17};
        for (size_t i = 0; i < 3; i++) {
            struct age_open *o;
            struct buf out = {0};
            if (v.n_ids || !v.pass[0]) {
                assert_ok(age_open_new(&o, ids, v.n_ids, buf_sink, &out));
                judge(f->d_name, &v, open_vector(&v, o, slices[i]), &out);
                buf_clear(&out);
            }
            if (v.pass[0]) {
                assert_ok(age_open_new_pass(&o, v.pass, strlen(v.pass), buf_sink, &out));
                judge(f->d_name, &v, open_vector(&v, o, slices[i]), &out);
            }
            buf_free(&out);
        }
        buf_free(&b);
        count++;
    }
    closedir(d);
    assert_true(count > 90);
}

int main(void)
{
    if (hash_start() != ERR_OK)
        return 1;
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_vector_is_judged_otherwise)};
    return cmocka_run_group_tests_name("seal age, C2SP's vectors", tests, NULL, NULL);
}
