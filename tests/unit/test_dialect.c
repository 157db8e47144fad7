#include "drivers/profiles/dialect.h"
#include "storage/base/bytes.h"
#include "tests/unit/script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/*
 * A recorder as drivers/profiles/README.md describes it, both dialects, and its
 * bad habits.
 */
struct recorder {
    bool binary, locked, deaf, leaves;
    const char *secret;
    unsigned secrets; /* how many were sent to it */
    int battery;      /* -1: does not know the question */
    char clock[64];   /* "2026/11/25/07:30:00" as set */
    char date[16], time[16];
    bool disk;
    const char *junk; /* before each answer */
    size_t piece;     /* of each message; 0: whole */
    bool glue;        /* an old answer in front */
    uint32_t lie;     /* binary: added to the outer length */
    bool inner_lies;
    bool magic, trailer;
    const char *instead; /* of every answer but hello's */
    uint8_t code[4];     /* of the packet whose payload follows */
    uint32_t follows;
};

static struct profiles *profiles;

static void say(struct recorder *r, struct script *s, const void *p, size_t n)
{
    char all[2048];
    size_t len = 0;
    if (r->deaf)
        return;
    if (r->junk) {
        len = strlen(r->junk);
        memcpy(all, r->junk, len);
    }
    memcpy(all + len, p, n);
    len += n;
    size_t piece = r->piece ? r->piece : len;
    for (size_t i = 0; i < len; i += piece)
        script_say(s, all + i, len - i < piece ? len - i : piece);
}

static void say_packet(struct recorder *r, struct script *s, const uint8_t code[4], const char *text)
{
    uint8_t all[1024];
    size_t n = strlen(text), at = 0;
    if (r->glue) {
        memcpy(all, "\x45\x3a\x02\x67\x7e\x7e\x00\x99\x06\0\0\0\xba\xc5\xfd\x98\x02\0\0\0OK", 22);
        at = 22;
    }
    memcpy(all + at, r->magic ? "\x45\x3a\x02\x68" : "\x45\x3a\x02\x67", 4);
    memcpy(all + at + 4, code, 4);
    bytes_put_le32(all + at + 8, (uint32_t)(n ? n + 4 : 0) + r->lie);
    memcpy(all + at + 12, r->trailer ? "\xba\xc5\xfd\x99" : "\xba\xc5\xfd\x98", 4);
    bytes_put_le32(all + at + 16, (uint32_t)n + (r->inner_lies ? 3 : 0));
    memcpy(all + at + 20, text, n);
    say(r, s, all, at + 16 + (n ? n + 4 : 0));
}

static void hear_packet(struct recorder *r, struct script *s, const char *text, size_t n)
{
    char answer[64] = "OK";
    if (r->code[0] != 0x7e || r->code[1] != 0x7e || r->code[2] != 0)
        return;
    switch (r->code[3]) {
    case 1:
        break;
    case 2:
        strcpy(answer, "BC012345");
        break;
    case 3:
        snprintf(answer, sizeof answer, "%d", r->battery);
        if (r->battery < 0)
            return;
        break;
    case 4:
        strcpy(answer, r->locked ? "ERROR LOCKED" : r->clock);
        break;
    case 5:
        if (r->locked)
            strcpy(answer, "ERROR LOCKED");
        else
            snprintf(r->clock, sizeof r->clock, "%.*s", n < 60 ? (int)n : 60, text);
        break;
    case 6:
        r->secrets += n > 0;
        if (n == strlen(r->secret) && memcmp(text, r->secret, n) == 0)
            r->locked = false;
        else
            strcpy(answer, "ERROR");
        break;
    case 7:
        r->disk = !r->locked && r->battery >= 5;
        strcpy(answer, r->locked ? "ERROR LOCKED" : r->disk ? "OK" : "ERROR LOWBAT");
        s->gone = r->leaves;
        break;
    default:
        return;
    }
    say_packet(r, s, r->code, r->instead && r->code[3] != 1 ? r->instead : answer);
}

static void binary_out(struct recorder *r, struct script *s, const uint8_t *p, size_t n)
{
    if (r->follows) {
        bool good = n == r->follows && n >= 4 && bytes_le32(p) == n - 4;
        r->follows = 0;
        if (good)
            hear_packet(r, s, (const char *)p + 4, n - 4);
        return;
    }
    if (n != 16 || memcmp(p, "\x45\x3a\x02\x67", 4) != 0 || memcmp(p + 12, "\xba\xc5\xfd\x98", 4) != 0)
        return; /* no word of ours */
    memcpy(r->code, p + 4, 4);
    r->follows = bytes_le32(p + 8);
    if (!r->follows)
        hear_packet(r, s, "", 0);
}

static void ascii_out(struct recorder *r, struct script *s, const uint8_t *p, size_t n)
{
    char line[65] = "", answer[80];
    if (n > 64 || p[0] != '@')
        return;
    memcpy(line, p, n);
    if (strcmp(line, "@Ver;8;00000000;#") == 0) {
        strcpy(answer, "@Ver;OK;#");
    } else if (strcmp(line, "@Gdv;8;12345678;#") == 0) {
        strcpy(answer, "@Gdv;8;BC012345;#");
    } else if (sscanf(line, "@Sdt;8;%8[0-9];#", r->date) == 1) {
        strcpy(answer, "@Sdt;OK;#");
    } else if (sscanf(line, "@Stm;6;%8[0-9];#", r->time) == 1) {
        strcpy(answer, "@Stm;OK;#");
    } else if (strcmp(line, "@ATH;8;12345678;#") == 0) {
        r->disk = r->battery >= 5;
        strcpy(answer, r->disk ? "@ATH;OK;#" : "@ATH;ERROR;LOWBAT;#");
        s->gone = r->leaves;
    } else if (strncmp(line, "@Pwd;6;", 7) == 0) {
        r->secrets++;
        r->locked = strncmp(line + 7, r->secret, 6) != 0;
        strcpy(answer, r->locked ? "@Pwd;ERROR;#" : "@Pwd;OK;#");
    } else {
        return;
    }
    if (r->instead && strncmp(line, "@Ver", 4) != 0)
        snprintf(answer, sizeof answer, "%s", r->instead);
    char all[160];
    snprintf(all, sizeof all, "%s%s", r->glue ? "@Old;8;XX;#@Gdv" : "", answer);
    say(r, s, all, strlen(all));
}

static void out(void *self, struct script *s, const uint8_t *p, size_t n)
{
    struct recorder *r = self;
    if (r->binary)
        binary_out(r, s, p, n);
    else
        ascii_out(r, s, p, n);
}

struct bench {
    struct recorder r;
    struct script s;
    struct usb u;
    struct dialect *d;
    struct dialect_facts facts;
};

static const struct recorder ascii = {.battery = 80};
static const struct recorder binary = {
    .binary = true, .locked = true, .secret = "abc123", .battery = 80, .clock = "2026/11/25/07/30/05"};

static enum err begin_as(struct bench *b, const struct recorder *r, const char *profile)
{
    b->r = *r;
    b->d = NULL;
    script_begin(&b->s, &b->u, &(struct script_device){.self = &b->r, .out = out});
    return dialect_open(&b->d, profiles_find(profiles, profile), &b->u, &b->facts);
}

static struct bench *begin(const struct recorder *r)
{
    static struct bench b;
    enum err e = begin_as(&b, r, r->binary ? "amba-binary" : "amba-ascii");
    if (e)
        fail_msg("%s", err_text());
    return &b;
}

static void end(struct bench *b)
{
    dialect_close(b->d);
    b->u.free(b->u.self);
    script_end(&b->s);
}

static void facts_of_a_recorder_are_others(void **state)
{
    (void)state;
    struct bench *b = begin(&ascii);
    assert_string_equal(b->facts.device, "BC012345");
    assert_int_equal(b->facts.battery, -1);
    assert_true(b->facts.clock == INT64_MIN);
    assert_false(b->facts.locked);
    end(b);
    b = begin(&binary);
    assert_string_equal(b->facts.device, "BC012345");
    assert_int_equal(b->facts.battery, 80);
    assert_true(b->facts.clock == INT64_MIN); /* locked */
    assert_true(b->facts.locked);
    end(b);
    struct recorder open = binary;
    open.locked = false;
    b = begin(&open);
    assert_true(b->facts.clock == (int64_t)1795591805 * 1000);
    end(b);
    struct recorder silent = binary;
    silent.battery = -1; /* does not know the question */
    b = begin(&silent);
    assert_int_equal(b->facts.battery, -1);
    assert_string_equal(b->facts.device, "BC012345");
    end(b);
}

static void another_device_of_these_ids_is_taken_for_one(void **state)
{
    (void)state;
    static struct bench b;
    struct recorder deaf = ascii, chatter = ascii, other = binary;
    deaf.deaf = true;
    chatter.junk = "This is no recorder but something that answers to whatever it is told. ";
    chatter.instead = "@Gdv;ERROR;#";
    assert_int_equal(begin_as(&b, &deaf, "amba-ascii"), ERR_BAD);
    assert_null(b.d);
    end(&b);
    assert_int_equal(begin_as(&b, &deaf, "amba-binary"), ERR_BAD);
    end(&b);
    assert_int_equal(begin_as(&b, &chatter, "amba-ascii"), ERR_DATA); /* it speaks it, and hides its id */
    end(&b);
    assert_int_equal(begin_as(&b, &ascii, "amba-binary"), ERR_BAD);
    end(&b);
    assert_int_equal(begin_as(&b, &other, "amba-ascii"), ERR_BAD);
    /* and the next dialect can be tried at once */
    assert_int_equal(dialect_open(&b.d, profiles_find(profiles, "amba-binary"), &b.u, &b.facts), ERR_OK);
    end(&b);
}

static void an_answer_in_pieces_glued_or_behind_junk_is_missed(void **state)
{
    (void)state;
    static const struct recorder *const kinds[] = {&ascii, &binary};
    for (size_t k = 0; k < 2; k++)
        for (size_t piece = 0; piece < 24; piece++)
            for (int how = 0; how < 4; how++) {
                struct recorder r = *kinds[k];
                r.piece = piece;
                r.glue = how & 1;
                r.junk = how & 2 ? "\x01\x02@\xff\x45\x3a\x02\x67@@@ \x45\x3a" : NULL;
                if (piece == 1 && how == 3)
                    continue; /* more messages than the script holds */
                struct bench *b = begin(&r);
                assert_string_equal(b->facts.device, "BC012345");
                end(b);
            }
}

static void junk_without_end_hangs_it(void **state)
{
    (void)state;
    char junk[700];
    memset(junk, 'x', sizeof junk - 1);
    junk[sizeof junk - 1] = '\0';
    struct recorder a = ascii, b = binary;
    static struct bench bench;
    a.junk = b.junk = junk;
    assert_int_equal(begin_as(&bench, &a, "amba-ascii"), ERR_BAD);
    end(&bench);
    assert_int_equal(begin_as(&bench, &b, "amba-binary"), ERR_BAD);
    end(&bench);
    memset(junk, '@', sizeof junk - 1);
    assert_int_equal(begin_as(&bench, &a, "amba-ascii"), ERR_BAD);
    end(&bench);
}

static void lengths_that_lie_are_believed(void **state)
{
    (void)state;
    static const uint32_t lies[] = {1, (uint32_t)-1, (uint32_t)-4, (uint32_t)-5, 0, 255, 0x7fffffff, 0xfffffffa};
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        struct bench *b = begin(&binary);
        assert_int_equal(dialect_unlock(b->d, "abc123", 6), ERR_OK);
        b->r.lie = lies[i];
        b->r.inner_lies = lies[i] == 0;
        enum err e = dialect_set_clock(b->d, 1795591805000);
        if (e != ERR_DATA && e != ERR_AGAIN) /* AGAIN: it waits for bytes that never come */
            fail_msg("%u: %d %s", lies[i], (int)e, err_text());
        end(b);
    }
    char longer[300];
    memset(longer, 'a', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    struct bench *long_one = begin(&binary);
    long_one->r.instead = longer; /* and its lengths do not lie */
    assert_int_equal(dialect_unlock(long_one->d, "abc123", 6), ERR_DATA);
    end(long_one);
    for (int wrong = 0; wrong < 2; wrong++) {
        struct bench *b = begin(&binary);
        b->r.magic = wrong == 0;
        b->r.trailer = wrong == 1;
        int64_t ms;
        assert_int_equal(dialect_clock(b->d, &ms), ERR_AGAIN);
        end(b);
    }
}

static void a_wrong_secret_is_sent_a_second_time(void **state)
{
    (void)state;
    struct bench *b = begin(&binary);
    assert_int_equal(dialect_unlock(b->d, "abc12", 5), ERR_DENIED); /* is not sent at all */
    assert_int_equal(b->r.secrets, 0);
    assert_int_equal(dialect_unlock(b->d, "wrong!", 6), ERR_DENIED);
    assert_non_null(strstr(err_text(), "amba-binary"));
    assert_int_equal(b->r.secrets, 1);
    assert_int_equal(dialect_unlock(b->d, "wrong!", 6), ERR_DENIED);
    assert_int_equal(dialect_unlock(b->d, "abc123", 6), ERR_DENIED);
    assert_int_equal(b->r.secrets, 1);
    assert_int_equal(dialect_to_disk(b->d), ERR_DENIED);
    assert_false(b->r.disk);
    end(b);
    b = begin(&binary);
    b->r.deaf = true; /* who knows what it did with it */
    assert_int_equal(dialect_unlock(b->d, "abc123", 6), ERR_AGAIN);
    b->r.deaf = false;
    assert_int_equal(dialect_unlock(b->d, "abc123", 6), ERR_DENIED);
    assert_int_equal(b->r.secrets, 1);
    end(b);
}

static void a_right_secret_unlocks_nothing(void **state)
{
    (void)state;
    int64_t ms;
    struct bench *b = begin(&binary);
    assert_int_equal(dialect_clock(b->d, &ms), ERR_DENIED);
    assert_int_equal(dialect_set_clock(b->d, 1795591805000), ERR_DENIED);
    assert_int_equal(dialect_unlock(b->d, "abc123", 6), ERR_OK);
    assert_int_equal(dialect_clock(b->d, &ms), ERR_OK);
    assert_true(ms == (int64_t)1795591805 * 1000);
    assert_int_equal(dialect_set_clock(b->d, ms + 86400999), ERR_OK);
    assert_string_equal(b->r.clock, "2026/11/26/07/30/05");
    assert_int_equal(dialect_set_clock(b->d, -1), ERR_DATA);
    assert_int_equal(dialect_to_disk(b->d), ERR_OK);
    assert_true(b->r.disk);
    assert_int_equal(dialect_unlock(b->d, "abc123", 6), ERR_OK); /* it is open: nothing is sent */
    assert_int_equal(b->r.secrets, 1);
    end(b);
}

static void a_low_battery_is_no_sentence(void **state)
{
    (void)state;
    struct recorder low = binary;
    low.battery = 4;
    struct bench *b = begin(&low);
    assert_int_equal(dialect_unlock(b->d, "abc123", 6), ERR_OK);
    assert_int_equal(dialect_to_disk(b->d), ERR_DENIED);
    assert_non_null(strstr(err_text(), "4 %"));
    assert_false(b->r.disk);
    end(b);
    low = ascii;
    low.battery = 4; /* the camera says it itself */
    b = begin(&low);
    assert_int_equal(dialect_to_disk(b->d), ERR_DENIED);
    assert_non_null(strstr(err_text(), "battery"));
    assert_non_null(strstr(err_text(), "charge it"));
    end(b);
}

static void a_clock_is_set_in_another_zone(void **state)
{
    (void)state;
    int64_t ms;
    struct bench *b = begin(&ascii);
    assert_int_equal(dialect_clock(b->d, &ms), ERR_NOINPUT);
    assert_int_equal(dialect_set_clock(b->d, 1795591805000), ERR_OK);
    assert_string_equal(b->r.date, "20261125"); /* 07:30:05 UTC, and the zone is five hours east */
    assert_string_equal(b->r.time, "12300500");
    assert_int_equal(dialect_set_clock(b->d, (int64_t)1795591805000 + 12 * 3600000), ERR_OK);
    assert_string_equal(b->r.date, "20261126");
    end(b);
}

static void a_clock_of_nonsense_is_believed(void **state)
{
    (void)state;
    static const char *const bad[] = {"2026/13/25/07/30/05",
                                      "2026/11/25/07/30",
                                      "2026-11-25-07-30-05",
                                      "0",
                                      "2026/11/25/07/30/05/",
                                      "1999/11/25/07/30/05",
                                      ""};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t ms;
        struct bench *b = begin(&binary);
        assert_int_equal(dialect_unlock(b->d, "abc123", 6), ERR_OK);
        snprintf(b->r.clock, sizeof b->r.clock, "%s", bad[i]);
        assert_int_equal(dialect_clock(b->d, &ms), ERR_DATA);
        assert_true(ms == INT64_MIN);
        end(b);
    }
}

static void one_that_left_before_its_answer_was_read_has_failed(void **state)
{
    (void)state;
    static const struct recorder *const kinds[] = {&ascii, &binary};
    for (size_t k = 0; k < 2; k++) {
        struct recorder r = *kinds[k];
        r.leaves = true;
        r.locked = false;
        struct bench *b = begin(&r);
        assert_int_equal(dialect_unlock(b->d, "abc123", 6), ERR_OK);
        assert_int_equal(dialect_to_disk(b->d), ERR_OK);
        assert_true(b->r.disk);
        end(b);
        r.leaves = false;
        b = begin(&r);
        assert_int_equal(dialect_unlock(b->d, "abc123", 6), ERR_OK);
        b->r.deaf = true; /* says nothing: the bus will tell */
        assert_int_equal(dialect_to_disk(b->d), ERR_OK);
        end(b);
    }
}

/* Whatever the cable does at whatever byte: an end, a clear answer, no second secret. */
static void a_fault_at_some_byte_hangs_it_or_sends_the_secret_again(void **state)
{
    (void)state;
    static const struct recorder *const kinds[] = {&ascii, &binary};
    static struct bench b;
    for (size_t k = 0; k < 2; k++)
        for (enum script_fault f = SCRIPT_CUT; f < SCRIPT_FAULTS; f++)
            for (uint64_t at = 0; at < 400; at++) {
                b.r = *kinds[k];
                script_begin(&b.s, &b.u, &(struct script_device){.self = &b.r, .out = out});
                script_fault(&b.s, f, at);
                enum err e =
                    dialect_open(&b.d, profiles_find(profiles, k ? "amba-binary" : "amba-ascii"), &b.u, &b.facts);
                assert_true(e == ERR_OK || e == ERR_BAD || e == ERR_AGAIN || e == ERR_IO || e == ERR_DATA);
                if (f == SCRIPT_CUT && b.s.gone && e)
                    assert_int_equal(e, ERR_AGAIN);
                if (!e && dialect_unlock(b.d, "abc123", 6) == ERR_OK)
                    e = dialect_set_clock(b.d, 1795591805000);
                if (!e)
                    e = dialect_to_disk(b.d);
                if (b.d && b.facts.locked && dialect_unlock(b.d, "abc123", 6) != ERR_OK)
                    err_clear();
                assert_true(b.r.secrets <= 1);
                dialect_close(b.d);
                script_end(&b.s);
            }
}

static int start(void **state)
{
    (void)state;
    setenv("TZ", "<+05>-5", 1);
    return profiles_load(&profiles, NULL) == ERR_OK ? 0 : -1;
}

static int finish(void **state)
{
    (void)state;
    profiles_free(profiles);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(facts_of_a_recorder_are_others),
        cmocka_unit_test(another_device_of_these_ids_is_taken_for_one),
        cmocka_unit_test(an_answer_in_pieces_glued_or_behind_junk_is_missed),
        cmocka_unit_test(junk_without_end_hangs_it),
        cmocka_unit_test(lengths_that_lie_are_believed),
        cmocka_unit_test(a_wrong_secret_is_sent_a_second_time),
        cmocka_unit_test(a_right_secret_unlocks_nothing),
        cmocka_unit_test(a_low_battery_is_no_sentence),
        cmocka_unit_test(a_clock_is_set_in_another_zone),
        cmocka_unit_test(a_clock_of_nonsense_is_believed),
        cmocka_unit_test(one_that_left_before_its_answer_was_read_has_failed),
        cmocka_unit_test(a_fault_at_some_byte_hangs_it_or_sends_the_secret_again),
    };
    return cmocka_run_group_tests_name("dialect", tests, start, finish);
}
