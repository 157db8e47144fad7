#include "station_fixture.h"

#include "storage/seal/age.h"
#include "storage/vault/camera_secret.h"

static int none; /* this kernel has no keyring, or it is closed to us */

static struct district *d;
static struct station *s;

static int start(void **state)
{
    (void)state;
    d = district_new();
    s = district_open(d);
    none = keyring_put("feldsher:test:camera", "x", 1) != ERR_OK || keyring_drop("feldsher:test:camera") != ERR_OK;
    return 0;
}

static int end(void **state)
{
    (void)state;
    if (!none && camera_secret_keep(s, "test", "", 0) != ERR_OK)
        return -1;
    station_close(s);
    district_free(d);
    return 0;
}

static void keep(const char *secret)
{
    enum err e = camera_secret_keep(s, "test", secret, strlen(secret));
    assert_int_equal(e, none ? ERR_DENIED : ERR_OK);
}

static void a_sealed_secret_opens_for_others_or_not_at_all(void **state)
{
    (void)state;
    char path[256];
    struct buf file = {0}, secret = {0};
    struct identity stranger;
    keep("abc123");
    snprintf(path, sizeof path, "%s/keys/cameras/test.age", d->station);
    assert_int_equal(file_read(path, 4096, &file), ERR_OK);
    identity_new(&stranger);
    assert_int_equal(age_open_bytes(&stranger, 1, file.p, file.len, &secret), ERR_DENIED);
    assert_int_equal(age_open_bytes(&d->user->id, 1, file.p, file.len, &secret), ERR_OK);
    assert_string_equal((const char *)secret.p, "abc123");
    buf_free(&file);
    buf_free(&secret);
    assert_int_equal(district_verify(d, NULL), 0);
}

static void a_secret_is_not_at_hand_after_an_unlock(void **state)
{
    (void)state;
    struct keyring_secret *got;
    char name[KEYRING_NAME_LEN];
    if (none)
        skip();
    keep("abc123");
    snprintf(name, sizeof name, "feldsher:%s:camera:test", s->chain);
    assert_int_equal(keyring_drop(name), ERR_OK);
    assert_int_equal(camera_secret_get(s, "test", &got), ERR_NOINPUT);
    assert_non_null(strstr(err_text(), "cameras secret test"));
    camera_secret_bring(s, d->user);
    assert_int_equal(camera_secret_get(s, "test", &got), ERR_OK);
    assert_int_equal(got->n, 6);
    assert_memory_equal(got->p, "abc123", 6);
    sodium_free(got);
    /* entered anew: the old one is nowhere */
    keep("newer1");
    camera_secret_bring(s, d->user);
    assert_int_equal(camera_secret_get(s, "test", &got), ERR_OK);
    assert_memory_equal(got->p, "newer1", 6);
    sodium_free(got);
}

static void a_damaged_or_strange_file_spoils_an_unlock(void **state)
{
    (void)state;
    struct keyring_secret *got;
    struct user *other;
    char path[256];
    if (none)
        skip();
    keep("abc123");
    assert_int_equal(station_put(s, "keys/cameras/bad.age", "age-encryption.org/v1\nxyz", 25, 0600), ERR_OK);
    snprintf(path, sizeof path, "%s/keys/cameras/UPPER.age", d->station);
    assert_int_equal(file_write(path, "x", 1, 0600), ERR_OK);
    camera_secret_bring(s, d->user);
    assert_string_equal(err_text(), "");
    assert_int_equal(camera_secret_get(s, "bad", &got), ERR_NOINPUT);
    assert_int_equal(camera_secret_get(s, "test", &got), ERR_OK);
    sodium_free(got);
    assert_int_equal(user_new(&other, "other"), ERR_OK);
    camera_secret_bring(s, other);
    assert_string_equal(err_text(), "");
    user_free(other);
    unlink(path);
}

static void a_forgotten_secret_comes_back(void **state)
{
    (void)state;
    struct keyring_secret *got;
    if (none)
        skip();
    keep("abc123");
    assert_int_equal(camera_secret_keep(s, "test", "", 0), ERR_OK);
    assert_int_equal(camera_secret_get(s, "test", &got), ERR_NOINPUT);
    camera_secret_bring(s, d->user);
    assert_int_equal(camera_secret_get(s, "test", &got), ERR_NOINPUT);
}

static void a_name_or_a_secret_that_is_none_is_kept(void **state)
{
    (void)state;
    char big[CAMERA_SECRET_MAX + 1];
    memset(big, 'a', sizeof big);
    assert_int_equal(camera_secret_keep(s, "../x", "abc123", 6), ERR_USAGE);
    assert_int_equal(camera_secret_keep(s, "", "abc123", 6), ERR_USAGE);
    assert_int_equal(camera_secret_keep(s, "test", big, sizeof big), ERR_DATA);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sealed_secret_opens_for_others_or_not_at_all),
        cmocka_unit_test(a_secret_is_not_at_hand_after_an_unlock),
        cmocka_unit_test(a_damaged_or_strange_file_spoils_an_unlock),
        cmocka_unit_test(a_forgotten_secret_comes_back),
        cmocka_unit_test(a_name_or_a_secret_that_is_none_is_kept),
    };
    return cmocka_run_group_tests_name("vault camera secret", tests, start, end);
}
