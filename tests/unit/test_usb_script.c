/* The scripted cable itself: a fault strikes where it was put, once, and does what
 * its name says; what tests of drivers rely on. */
#include "tests/unit/script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define ASK 31u
#define DATA 700u
#define STATUS 13u
#define ALL (ASK + DATA + STATUS)

static struct {
    uint8_t asked[ASK], data[DATA], status[STATUS];
    size_t n_asked;
    unsigned asks;
} device;

static uint8_t ask[ASK];

static void out(void *self, struct script *s, const uint8_t *p, size_t n)
{
    (void)self;
    assert_true(n <= ASK);
    device.asks++;
    device.n_asked = n;
    memcpy(device.asked, p, n);
    script_say(s, device.data, DATA);
    script_say(s, device.status, STATUS);
}

/* What came of an exchange. */
struct talk {
    enum usb_result sent, data, status;
    size_t n_sent, n_data, n_status;
    uint8_t p[DATA], csw[STATUS];
};

static void plug(struct script *s, struct usb *u)
{
    memset(&device, 0, sizeof device);
    memset(device.data, 0x55, DATA);
    memset(device.status, 0x66, STATUS);
    memset(ask, 0x77, ASK);
    script_begin(s, u, &(struct script_device){.self = &device, .out = out});
}

static size_t differ(const uint8_t *a, const uint8_t *b, size_t n, size_t *where)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        if (a[i] != b[i]) {
            *where = i;
            count++;
        }
    return count;
}

static void exchange(struct usb *u, struct talk *t)
{
    t->sent = u->send(u->self, ask, ASK, &t->n_sent, 1);
    t->data = usb_receive(u, t->p, DATA, &t->n_data, 1);
    t->status = usb_receive(u, t->csw, STATUS, &t->n_status, 1);
}

static bool is_whole(const struct talk *t)
{
    return !t->sent && !t->data && !t->status && t->n_data == DATA && t->n_status == STATUS &&
           memcmp(t->p, device.data, DATA) == 0 && memcmp(t->csw, device.status, STATUS) == 0 &&
           device.n_asked == ASK && memcmp(device.asked, ask, ASK) == 0;
}

/* One exchange with a fault at that byte, and one after it. */
static void strike(enum script_fault f, uint64_t at, struct talk *t, struct talk *next)
{
    struct script s;
    struct usb u;
    plug(&s, &u);
    script_fault(&s, f, at);
    *t = *next = (struct talk){.n_data = 0};
    exchange(&u, t);
    bool gone = s.gone;
    u.clear_halt(u.self, true);
    u.clear_halt(u.self, false);
    script_forget(&s);
    exchange(&u, next);
    assert_true(gone == (f == SCRIPT_CUT));
    if (gone)
        assert_true(next->sent == USB_GONE && next->data == USB_GONE && next->status == USB_GONE &&
                    u.pause(u.self, 1) == USB_GONE && u.reset(u.self) == USB_GONE);
    else if (!is_whole(next))
        fail_msg("fault %d at %llu strikes twice", (int)f, (unsigned long long)at);
    script_end(&s);
}

static void a_good_cable_bends_something(void **state)
{
    struct talk t, next;
    (void)state;
    strike(SCRIPT_BROKEN, (uint64_t)10 * ALL, &t, &next);
    assert_true(is_whole(&t));
}

static void a_bit_is_flipped_elsewhere(void **state)
{
    struct talk t, next;
    (void)state;
    for (uint64_t at = 0; at < ALL; at++) {
        struct script s;
        struct usb u;
        size_t where = 0;
        plug(&s, &u);
        script_fault(&s, SCRIPT_FLIP, at);
        exchange(&u, &t);
        size_t in_ask = differ(device.asked, ask, ASK, &where), in_data = differ(t.p, device.data, DATA, &where);
        size_t in_status = differ(t.csw, device.status, STATUS, &where);
        assert_int_equal(in_ask + in_data + in_status, 1);
        assert_int_equal(where + (in_data ? ASK : in_status ? ASK + DATA : 0), at);
        script_end(&s);
        strike(SCRIPT_FLIP, at, &t, &next);
    }
}

/* Of what the device says: what came before the fault, and the result that it stands for. */
static void a_fault_in_an_answer_is_another(void **state)
{
    static const struct {
        enum script_fault f;
        enum usb_result r;
        bool before; /* what came before it is handed out */
    } faults[] = {{SCRIPT_CUT, USB_GONE, true},   {SCRIPT_STALL, USB_STALL, true},   {SCRIPT_SHORT, USB_OK, true},
                  {SCRIPT_LATE, USB_LATE, false}, {SCRIPT_BROKEN, USB_BROKEN, true}, {SCRIPT_LONG, USB_LONG, true}};
    struct talk t, next;
    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        for (uint64_t at = 0; at < DATA + STATUS; at++) {
            strike(faults[i].f, ASK + at, &t, &next);
            bool in_data = at < DATA;
            size_t before = faults[i].before ? (size_t)(in_data ? at : at - DATA) : 0;
            assert_int_equal(in_data ? t.data : t.status, faults[i].r);
            assert_int_equal(in_data ? t.n_data : t.n_status, before);
            assert_int_equal(t.sent, USB_OK);
            if (in_data && faults[i].f != SCRIPT_CUT && faults[i].f != SCRIPT_STALL)
                assert_int_equal(t.n_status, STATUS); /* the rest of that message is lost, and no other */
            if (in_data && faults[i].f == SCRIPT_STALL)
                assert_int_equal(t.status, USB_STALL); /* until it is cleared */
        }
}

/* ... and of what it is told. */
static void a_fault_in_a_command_is_another(void **state)
{
    struct talk t, next;
    (void)state;
    for (uint64_t at = 0; at < ASK; at++) {
        strike(SCRIPT_CUT, at, &t, &next);
        assert_int_equal(t.sent, USB_GONE);
        assert_int_equal(device.asks, 0);
        strike(SCRIPT_STALL, at, &t, &next);
        assert_int_equal(t.sent, USB_STALL);
        assert_int_equal(device.asks, 1); /* the one after it */
        strike(SCRIPT_LATE, at, &t, &next);
        assert_int_equal(t.sent, USB_LATE);
        strike(SCRIPT_BROKEN, at, &t, &next);
        assert_int_equal(t.sent, USB_BROKEN);
        assert_int_equal(t.n_sent, at);
        strike(SCRIPT_SHORT, at, &t, &next);
        assert_int_equal(t.sent, USB_OK);
        assert_int_equal(t.n_sent, at);
        assert_int_equal(device.asks, 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_cable_bends_something),
        cmocka_unit_test(a_bit_is_flipped_elsewhere),
        cmocka_unit_test(a_fault_in_an_answer_is_another),
        cmocka_unit_test(a_fault_in_a_command_is_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
