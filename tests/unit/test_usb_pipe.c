/* One claimed interface of a device, over a libusb that is a test's: what is
 * refused, late, too much or too large, and that nothing is left open. */
#include "tests/unit/fake_libusb.h"

#define PACKET 512u

static volatile sig_atomic_t stop;
static struct usb_bus *bus;
static struct usb u;

static enum err try_open(uint8_t interface)
{
    struct usb_list l;
    assert_int_equal(usb_bus_list(bus, &l), ERR_OK);
    assert_int_equal(l.n, 1);
    enum err e = usb_open(&u, bus, &l.seen[0], interface, &stop);
    usb_list_free(&l);
    return e;
}

/* A storage device at port 1, its serial number and its disk sda. */
static int begin(void **state)
{
    fake_begin(state);
    fake_plug(1);
    fake_put("/sys/bus/usb/devices/1-1/1-1:1.0/host0/target0/0/block/sda/dev", "8:16\n");
    fake_put("/sys/bus/usb/devices/1-1/1-1:1.0/host0/target0/0/block/sda/sda1/dev", "8:17\n");
    stop = 0;
    u = (struct usb){.self = NULL};
    return usb_bus_open(&bus) != ERR_OK;
}

static int begin_open(void **state)
{
    return begin(state) || try_open(0);
}

/* fake_end sees that nothing is left of it. */
static int end(void **state)
{
    if (u.self)
        u.free(u.self);
    usb_bus_close(bus);
    return fake_end(state);
}

/* --- opening --------------------------------------------------------------------- */

static void a_refusal_is_not_explained(void **state)
{
    static const struct {
        int open, claim;
        enum err e;
        const char *says;
    } refused[] = {
        {LIBUSB_ERROR_ACCESS, 0, ERR_DENIED, "feldsher doctor says what to do"},
        {LIBUSB_ERROR_NO_DEVICE, 0, ERR_AGAIN, "plug it in again"},
        {LIBUSB_ERROR_NO_MEM, 0, ERR_NOMEM, "out of memory"},
        {LIBUSB_ERROR_OTHER, 0, ERR_IO, "it cannot be opened"},
        {0, LIBUSB_ERROR_BUSY, ERR_AGAIN, "another program is using it"},
        {0, LIBUSB_ERROR_ACCESS, ERR_DENIED, "doctor"},
        {0, LIBUSB_ERROR_NOT_FOUND, ERR_AGAIN, "plug it in again"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        fake.open_result = refused[i].open;
        fake.claim_result = refused[i].claim;
        assert_int_equal(try_open(0), refused[i].e);
        assert_non_null(strstr(err_text(), refused[i].says));
        assert_int_equal(fake.handles, 0);
    }
    assert_int_equal(try_open(3), ERR_DATA); /* it has no such interface */
}

static void a_mounted_disk_is_taken_away(void **state)
{
    (void)state;
    fake.open_result = LIBUSB_ERROR_OTHER; /* it is not even opened */
    fake_put(MOUNTS_PATH, "21 1 8:1 / / rw - ext4 /dev/sda1 rw\n99 21 8:17 / /media/card rw - vfat /dev/sdb1 rw\n");
    assert_int_equal(try_open(0), ERR_DENIED);
    assert_non_null(strstr(err_text(), "mounted at /media/card"));
    fake_put(MOUNTS_PATH, "99 21 8:16 / /mnt rw - vfat /dev/sdb rw\n");
    assert_int_equal(try_open(0), ERR_DENIED);
    assert_non_null(strstr(err_text(), "mounted at /mnt"));
    fake_remove(MOUNTS_PATH);
    assert_int_equal(try_open(0), ERR_IO); /* what cannot be seen may be mounted */
}

static void another_device_at_the_same_port_is_opened(void **state)
{
    struct usb_list l;
    (void)state;
    assert_int_equal(usb_bus_list(bus, &l), ERR_OK);
    l.seen[0].arrival++;
    assert_int_equal(usb_open(&u, bus, &l.seen[0], 0, &stop), ERR_AGAIN);
    usb_list_free(&l);
}

/* --- reading --------------------------------------------------------------------- */

static size_t largest; /* of the transfers that were answered */
static uint64_t answered;

/* Everything in flight comes back, whole: byte i of all that was read is i. */
static void answer_all(void)
{
    while (fake.n_flying) {
        struct libusb_transfer *t = fake.flying[0];
        assert_int_equal(t->endpoint, 0x81);
        for (int i = 0; i < t->length; i++)
            t->buffer[i] = (uint8_t)(answered++ * 7);
        largest = (size_t)t->length > largest ? (size_t)t->length : largest;
        fake_complete(0, LIBUSB_TRANSFER_COMPLETED, t->length);
    }
}

static void assert_read(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] != (uint8_t)(i * 7))
            fail_msg("byte %zu is wrong", i);
}

static void the_kernel_s_memory_is_not_used(void **state)
{
    static uint8_t p[3 << 20];
    size_t got;
    (void)state;
    answered = 0;
    fake.happen = answer_all;
    assert_int_equal(usb_receive(&u, p, sizeof p, &got, 1000), USB_OK);
    assert_int_equal(got, sizeof p);
    assert_read(p, sizeof p);
    assert_int_equal(fake.mapped_peak, USB_POST_MAX); /* one after the other: the memory of one */
}

static void without_the_kernel_s_memory_nothing_is_read(void **state)
{
    static uint8_t p[100000];
    size_t got;
    (void)state;
    fake.happen = answer_all;
    for (unsigned i = 0; i < 2; i++) {
        fake.mapped_refused = i == 0;
        fake.mapped_max = i == 0 ? fake.mapped_max : 0;
        answered = 0;
        assert_int_equal(usb_receive(&u, p, sizeof p, &got, 1000), USB_OK);
        assert_int_equal(got, sizeof p);
        assert_read(p, sizeof p);
        assert_int_equal(fake.mapped, 0);
    }
}

/* Each amount of memory that the kernel may have for one transfer: as much at a time
 * as goes, in whole packets. */
static void no_memory_is_the_end(void **state)
{
    static uint8_t p[(3 << 20) + 100];
    (void)state;
    fake.happen = answer_all;
    for (size_t most = PACKET; most < (size_t)4 << 20; most = most * 3 / 2) {
        size_t got;
        fake.plain_max = most;
        answered = largest = 0;
        memset(p, 0, sizeof p);
        assert_int_equal(usb_receive(&u, p, sizeof p, &got, 1000), USB_OK);
        assert_int_equal(got, sizeof p);
        assert_read(p, sizeof p);
        assert_true(largest <= most && largest % PACKET == 0);
        assert_true(largest > most / 4 || largest == USB_POST_MAX); /* no less than need be */
    }
    size_t got;
    fake.plain_max = PACKET - 1;
    assert_int_equal(usb_receive(&u, p, sizeof p, &got, 1000), USB_NOMEM);
    assert_int_equal(got, 0);
    assert_int_equal(usb_err(USB_NOMEM, "it cannot be read"), ERR_NOMEM);
}

static void many_in_flight_get_mixed_up(void **state)
{
    const uint8_t *p;
    size_t got;
    (void)state;
    for (unsigned i = 0; i < USB_POSTED_MAX; i++)
        assert_int_equal(u.post(u.self, PACKET * (i + 1)), USB_OK);
    assert_int_equal(u.post(u.self, PACKET), USB_NOMEM); /* no more of them */
    assert_int_equal(u.post(u.self, USB_POST_MAX + 1), USB_NOMEM);
    answered = 0;
    for (unsigned i = 0; i < 3; i++) { /* the first three are there, and a part of the fifth */
        struct libusb_transfer *t = fake.flying[0];
        memset(t->buffer, (int)i, (size_t)t->length);
        fake_complete(0, LIBUSB_TRANSFER_COMPLETED, t->length);
    }
    memset(fake.flying[1]->buffer, 4, 100);
    fake.flying[1]->actual_length = 100;
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(u.reap(u.self, &p, &got, 1000), USB_OK);
        assert_int_equal(got, PACKET * (i + 1));
        assert_int_equal(p[got - 1], i);
    }
    int64_t before = fake.ms;
    assert_int_equal(u.reap(u.self, &p, &got, 1000), USB_LATE);
    assert_true(fake.ms - before >= 1000 && fake.ms - before < 3000);
    assert_int_equal(fake.n_flying, 5); /* it stays posted */
    u.cancel(u.self);
    assert_int_equal(fake.n_flying, 0);
    assert_int_equal(u.reap(u.self, &p, &got, 1000), USB_OK); /* what came meanwhile */
    assert_int_equal(got, 100);
    assert_int_equal(p[99], 4);
    assert_int_equal(u.reap(u.self, &p, &got, 1000), USB_EMPTY);
    assert_int_equal(u.post(u.self, PACKET), USB_OK);
    answer_all();
    assert_int_equal(u.reap(u.self, &p, &got, 0), USB_OK);
}

static void an_end_waits_for_a_device(void **state)
{
    uint8_t p[PACKET];
    size_t got;
    int64_t begin_ms = fake.ms;
    (void)state;
    stop = 1;
    assert_int_equal(usb_receive(&u, p, sizeof p, &got, 60000), USB_STOPPED);
    assert_int_equal(u.send(u.self, p, sizeof p, &got, 60000), USB_STOPPED);
    assert_int_equal(u.pause(u.self, 60000), USB_STOPPED);
    assert_true(fake.ms - begin_ms < 1000);
}

static enum libusb_transfer_status ends_with;
static bool leaves; /* the system misses it, a moment later */

static void end_badly(void)
{
    if (fake.n_flying)
        fake_complete(0, ends_with, ends_with == LIBUSB_TRANSFER_STALL ? 10 : 0);
    else if (leaves)
        fake_remove("/sys/bus/usb/devices/1-1");
}

static void errors_are_taken_for_each_other(void **state)
{
    static const struct {
        enum libusb_transfer_status status;
        enum usb_result r;
        enum err e;
        const char *says;
    } ends[] = {
        {LIBUSB_TRANSFER_STALL, USB_STALL, ERR_IO, "it refuses"},
        {LIBUSB_TRANSFER_OVERFLOW, USB_LONG, ERR_IO, "more than it was asked for"},
        {LIBUSB_TRANSFER_NO_DEVICE, USB_GONE, ERR_AGAIN, "plug it in again"},
        {LIBUSB_TRANSFER_ERROR, USB_BROKEN, ERR_IO, "another cable"},
        {LIBUSB_TRANSFER_TIMED_OUT, USB_BROKEN, ERR_IO, "another cable"},
    };
    uint8_t p[PACKET];
    size_t got;
    (void)state;
    fake.happen = end_badly;
    leaves = false;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        ends_with = ends[i].status;
        assert_int_equal(usb_receive(&u, p, sizeof p, &got, 1000), ends[i].r);
        assert_int_equal(got, ends_with == LIBUSB_TRANSFER_STALL ? 10 : 0);
        assert_int_equal(usb_err(ends[i].r, "it cannot be read"), ends[i].e);
        assert_non_null(strstr(err_text(), ends[i].says));
        assert_int_equal(u.send(u.self, p, sizeof p, &got, 1000), ends[i].r);
    }
    /* an error on the wire of a device that is leaving comes before it has left */
    leaves = true;
    ends_with = LIBUSB_TRANSFER_ERROR;
    assert_int_equal(usb_receive(&u, p, sizeof p, &got, 1000), USB_GONE);
    fake.happen = NULL;
    assert_int_equal(usb_receive(&u, p, sizeof p, &got, 1000), USB_GONE); /* nor is silence of it silence */
    fake.submit_result = LIBUSB_ERROR_NO_DEVICE;
    assert_int_equal(u.post(u.self, PACKET), USB_GONE);
}

/* --- requests, what goes out, interrupts -------------------------------------------- */

static uint8_t sent[64];
static int n_sent;

static void take_one(void)
{
    if (!fake.n_flying)
        return;
    struct libusb_transfer *t = fake.flying[fake.n_flying - 1];
    assert_true(t->length <= (int)sizeof sent);
    n_sent = t->length;
    memcpy(sent, t->buffer, (size_t)n_sent);
    bool in = t->type == LIBUSB_TRANSFER_TYPE_CONTROL && t->buffer[0] & 0x80;
    if (in)
        memcpy(t->buffer + 8, "\1\2\3\4", 4);
    fake_complete(fake.n_flying - 1, LIBUSB_TRANSFER_COMPLETED,
                  t->type != LIBUSB_TRANSFER_TYPE_CONTROL ? t->length
                  : in                                    ? 4
                                                          : t->length - 8);
}

static void requests_are_put_together_wrongly(void **state)
{
    const struct usb_request ask = {0xa1, 0xfe, 0x1234, 0x0002}, tell = {0x21, 0x64, 0, 0x0100};
    uint8_t p[6] = {9, 9, 9, 9, 9, 9};
    size_t got;
    (void)state;
    fake.happen = take_one;
    assert_int_equal(u.control(u.self, &ask, p, 6, &got, 1000), USB_OK);
    assert_int_equal(got, 4);
    assert_memory_equal(p, "\1\2\3\4\x9\x9", 6);
    assert_memory_equal(sent, "\xa1\xfe\x34\x12\x02\0\x06\0", 8);
    assert_int_equal(u.control(u.self, &ask, p, 2, &got, 1000), USB_OK);
    assert_int_equal(got, 2); /* no more than there is room for */
    assert_int_equal(u.control(u.self, &tell, p, 6, &got, 1000), USB_OK);
    assert_int_equal(got, 6);
    assert_memory_equal(sent, "\x21\x64\0\0\0\x01\x06\0\1\2\3\4\x9\x9", 14);
    assert_int_equal(u.send(u.self, "hello", 5, &got, 1000), USB_OK);
    assert_int_equal(got, 5);
    assert_memory_equal(sent, "hello", 5);
    assert_int_equal(u.send(u.self, NULL, 0, &got, 1000), USB_OK);
    assert_int_equal(n_sent, 0);
    assert_int_equal(u.clear_halt(u.self, true), USB_OK);
    assert_int_equal(fake.cleared, 0x81);
    assert_int_equal(u.clear_halt(u.self, false), USB_OK);
    assert_int_equal(fake.cleared, 0x02);
}

/* Nobody takes it: it is taken back, and how much of it went is told. */
static void what_goes_out_hangs_for_ever(void **state)
{
    size_t went;
    (void)state;
    assert_int_equal(u.send(u.self, "hello", 5, &went, 2000), USB_LATE);
    assert_int_equal(went, 0);
    assert_int_equal(fake.n_flying, 0);
    fake.plain_max = 4;
    assert_int_equal(u.send(u.self, "hello", 5, &went, 2000), USB_NOMEM);
}

static void an_interrupt_between_two_looks_is_missed(void **state)
{
    uint8_t p[16];
    size_t got;
    (void)state;
    assert_int_equal(u.event(u.self, p, sizeof p, &got, 10), USB_LATE);
    assert_int_equal(fake.n_flying, 1); /* somebody listens still */
    assert_int_equal(fake.flying[0]->endpoint, 0x83);
    memcpy(fake.flying[0]->buffer, "event", 5);
    fake_complete(0, LIBUSB_TRANSFER_COMPLETED, 5);
    assert_int_equal(u.event(u.self, p, sizeof p, &got, 0), USB_OK);
    assert_int_equal(got, 5);
    assert_memory_equal(p, "event", 5);
    assert_int_equal(u.event(u.self, p, sizeof p, &got, 10), USB_LATE);
    assert_int_equal(u.reset(u.self), USB_OK); /* what is posted is gone */
    assert_int_equal(fake.n_flying, 0);
    assert_int_equal(fake.resets, 1);
}

/* The kernel has it still: its memory is not let go before it was given back. */
static void what_is_posted_is_freed(void **state)
{
    uint8_t p[16];
    size_t got;
    (void)state;
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(u.post(u.self, PACKET), USB_OK);
    assert_int_equal(u.event(u.self, p, sizeof p, &got, 0), USB_LATE);
    assert_int_equal(fake.n_flying, 4);
    u.free(u.self); /* libusb_close and libusb_free_transfer of the fake look */
    u.self = NULL;
    assert_int_equal(fake.n_flying, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_refusal_is_not_explained, begin, end),
        cmocka_unit_test_setup_teardown(a_mounted_disk_is_taken_away, begin, end),
        cmocka_unit_test_setup_teardown(another_device_at_the_same_port_is_opened, begin, end),
        cmocka_unit_test_setup_teardown(the_kernel_s_memory_is_not_used, begin_open, end),
        cmocka_unit_test_setup_teardown(without_the_kernel_s_memory_nothing_is_read, begin_open, end),
        cmocka_unit_test_setup_teardown(no_memory_is_the_end, begin_open, end),
        cmocka_unit_test_setup_teardown(many_in_flight_get_mixed_up, begin_open, end),
        cmocka_unit_test_setup_teardown(an_end_waits_for_a_device, begin_open, end),
        cmocka_unit_test_setup_teardown(errors_are_taken_for_each_other, begin_open, end),
        cmocka_unit_test_setup_teardown(requests_are_put_together_wrongly, begin_open, end),
        cmocka_unit_test_setup_teardown(what_goes_out_hangs_for_ever, begin_open, end),
        cmocka_unit_test_setup_teardown(an_interrupt_between_two_looks_is_missed, begin_open, end),
        cmocka_unit_test_setup_teardown(what_is_posted_is_freed, begin_open, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
