#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "storage/base/confine.h"
#include "storage/seal/keyring.h"

#include <errno.h>
#include <linux/keyctl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char name[KEYRING_NAME_LEN];
static int none; /* this kernel has no keyring, or it is closed to us */

static int start(void **state)
{
    (void)state;
    if (sodium_init() < 0)
        return -1;
    snprintf(name, sizeof name, "feldsher:test:%ld", (long)getpid());
    none = keyring_put(name, "x", 1) == ERR_DENIED;
    return 0;
}

static int end(void **state)
{
    (void)state;
    return none || keyring_drop(name) == ERR_OK ? 0 : -1;
}

static void need_keyring(void)
{
    if (none)
        skip();
}

static void a_secret_comes_back_as_another_one(void **state)
{
    (void)state;
    struct keyring_secret *s;
    need_keyring();
    assert_int_equal(keyring_put(name, "12\00045", 6), ERR_OK);
    assert_int_equal(keyring_get(name, &s), ERR_OK);
    assert_int_equal(s->n, 6);
    assert_memory_equal(s->p, "12\00045", 6);
    sodium_free(s);
    assert_int_equal(keyring_put(name, "newer", 5), ERR_OK);
    assert_int_equal(keyring_get(name, &s), ERR_OK);
    assert_int_equal(s->n, 5);
    assert_memory_equal(s->p, "newer", 5);
    sodium_free(s);
}

static void a_dropped_secret_is_there_still(void **state)
{
    (void)state;
    struct keyring_secret *s;
    need_keyring();
    assert_int_equal(keyring_put(name, "secret", 6), ERR_OK);
    assert_int_equal(keyring_drop(name), ERR_OK);
    assert_int_equal(keyring_get(name, &s), ERR_NOINPUT);
    assert_null(s);
    assert_int_equal(keyring_drop(name), ERR_OK);
}

static void a_secret_without_end_is_cut_off_in_silence(void **state)
{
    (void)state;
    static char big[KEYRING_MAX + 1];
    struct keyring_secret *s;
    need_keyring();
    assert_int_equal(keyring_put(name, big, sizeof big), ERR_BUG);
    assert_int_equal(keyring_put(name, "", 0), ERR_BUG);
    /* another program's, larger than ours ever are */
    assert_true(syscall(SYS_add_key, "user", name, big, sizeof big, (long)KEY_SPEC_USER_KEYRING) > 0);
    assert_int_equal(keyring_get(name, &s), ERR_DENIED);
    assert_null(s);
    assert_int_equal(keyring_drop(name), ERR_OK);
}

/* A service manager gives a service a session keyring that does not hold the account's. */
static void a_service_of_the_account_does_not_find_it(void **state)
{
    (void)state;
    int status;
    need_keyring();
    assert_int_equal(keyring_put(name, "secret", 6), ERR_OK);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct keyring_secret *s = NULL;
        if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0)
            _exit(2);
        enum err e = keyring_get(name, &s);
        if (e)
            fprintf(stderr, "%s\n", err_text());
        _exit(e || s->n != 6 || memcmp(s->p, "secret", 6) != 0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static int refused(long result)
{
    return result < 0 && errno == EPERM;
}

/* What a confined process may do after all, or may not though it should. */
static const char *leak(enum confine_keys keys)
{
    static const struct confine_path all = {"/", CONFINE_READ};
    struct keyring_secret *s = NULL;
    if (confine_self_keys(&all, 1, CONFINE_NO_NET, keys) != ERR_OK)
        return "it cannot be confined";
    enum err e = keyring_get(name, &s);
    if ((e == ERR_OK) != (keys != CONFINE_NO_KEYS))
        return "reading";
    if ((keyring_put(name, "y", 1) == ERR_OK) != (keys == CONFINE_KEEP_KEYS))
        return "putting";
    if (keys != CONFINE_KEEP_KEYS &&
        !refused(syscall(SYS_add_key, "user", name, "z", (size_t)1, (long)KEY_SPEC_USER_KEYRING)))
        return "adding";
    if (!refused(syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL)) ||
        !refused(syscall(SYS_keyctl, KEYCTL_CLEAR, (long)KEY_SPEC_USER_KEYRING)) ||
        !refused(syscall(SYS_keyctl, 31, 0)) || !refused(syscall(SYS_keyctl, 32, 0)) ||
        !refused(syscall(SYS_keyctl, (1ul << 32) + KEYCTL_CLEAR, (long)KEY_SPEC_USER_KEYRING)) ||
        !refused(syscall(SYS_request_key, "user", name, NULL, 0L)))
        return "another use of the keyring";
    return "";
}

static void a_confined_program_does_more_with_keys_than_it_was_given(void **state)
{
    (void)state;
    need_keyring();
#if defined(__SANITIZE_ADDRESS__)
    skip(); /* a sanitized program is not confined */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
    skip();
#endif
#endif
    for (enum confine_keys keys = CONFINE_NO_KEYS; keys <= CONFINE_KEEP_KEYS; keys++) {
        int status;
        assert_int_equal(keyring_put(name, "x", 1), ERR_OK);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            const char *what = leak(keys);
            if (what[0])
                fprintf(stderr, "with %d: %s: %s\n", (int)keys, what, err_text());
            _exit(what[0] != 0);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_secret_comes_back_as_another_one),
        cmocka_unit_test(a_dropped_secret_is_there_still),
        cmocka_unit_test(a_secret_without_end_is_cut_off_in_silence),
        cmocka_unit_test(a_service_of_the_account_does_not_find_it),
        cmocka_unit_test(a_confined_program_does_more_with_keys_than_it_was_given),
    };
    return cmocka_run_group_tests_name("seal keyring", tests, start, end);
}
