/* What is plugged in, on machines without USB, without udev, with hostile devices. */
#include "tests/unit/fake_libusb.h"

static volatile sig_atomic_t stop;

static void a_machine_without_usb_is_not_told_so(void **state)
{
    struct usb_bus *b;
    (void)state;
    fake_remove("/sys/bus/usb/devices/usb1");
    assert_int_equal(usb_bus_open(&b), ERR_NOINPUT);
    assert_non_null(strstr(err_text(), "this machine has no USB"));
    assert_non_null(strstr(err_text(), "--from"));
    assert_null(b);
    fake_remove("/sys/bus/usb");
    assert_int_equal(usb_bus_open(&b), ERR_NOINPUT);
}

static void devices_without_files_are_no_news(void **state)
{
    struct usb_bus *b;
    (void)state;
    fake_remove("/dev/bus/usb");
    assert_int_equal(usb_bus_open(&b), ERR_DENIED);
    assert_non_null(strstr(err_text(), "start udev"));
    fake_put("/dev/bus/usb", NULL);
    fake.init_result = LIBUSB_ERROR_OTHER;
    assert_int_equal(usb_bus_open(&b), ERR_DENIED);
    fake.init_result = 0;
}

static int64_t plug_at;
static bool plug_tells;

static void plug_in_time(void)
{
    if (!plug_at || fake.ms < plug_at)
        return;
    plug_at = 0;
    fake_plug(7);
    if (plug_tells)
        fake.told(NULL, NULL, LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED, fake.told_ctx);
}

static void udev_s_news_are_not_heard(void **state)
{
    struct usb_bus *b;
    bool changed = true;
    (void)state;
    assert_int_equal(usb_bus_open(&b), ERR_OK);
    assert_non_null(fake.told);
    int64_t begin = fake.ms;
    assert_int_equal(usb_bus_wait(b, 3000, &stop, &changed), ERR_OK);
    assert_false(changed);
    assert_int_equal(fake.ms - begin, 3000);
    plug_at = fake.ms + 60000;
    plug_tells = true;
    fake.happen = plug_in_time;
    assert_int_equal(usb_bus_wait(b, -1, &stop, &changed), ERR_OK);
    assert_true(changed);
    assert_int_equal(usb_bus_wait(b, 0, &stop, &changed), ERR_OK);
    assert_false(changed); /* it is news once */
    usb_bus_close(b);
}

/* Whoever tells of nothing is looked after: no udev, no hotplug in libusb. */
static void without_udev_nothing_is_noticed(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct usb_bus *b;
        bool changed = false;
        if (i)
            fake_put("/run/udev/control", "");
        else
            fake_remove("/run/udev/control");
        fake.no_hotplug = i > 0;
        fake.told = NULL;
        assert_int_equal(usb_bus_open(&b), ERR_OK);
        assert_null(fake.told);
        plug_at = fake.ms + 10500;
        plug_tells = false;
        fake.happen = plug_in_time;
        int64_t begin = fake.ms;
        assert_int_equal(usb_bus_wait(b, -1, &stop, &changed), ERR_OK);
        assert_true(changed);
        assert_true(fake.ms - begin >= 10500 && fake.ms - begin <= 11500); /* within a second */
        fake_remove("/sys/bus/usb/devices/1-7");
        assert_int_equal(usb_bus_wait(b, 5000, &stop, &changed), ERR_OK);
        assert_true(changed); /* it left */
        usb_bus_close(b);
    }
}

static void want_an_end(void)
{
    stop = 1;
}

static void an_end_is_not_seen_while_waiting(void **state)
{
    struct usb_bus *b;
    bool changed;
    (void)state;
    assert_int_equal(usb_bus_open(&b), ERR_OK);
    fake.happen = want_an_end;
    int64_t begin = fake.ms;
    assert_int_equal(usb_bus_wait(b, -1, &stop, &changed), ERR_OK);
    assert_true(fake.ms - begin <= 5000);
    stop = 0;
    fake.events_result = LIBUSB_ERROR_INTERRUPTED; /* a signal: no error, and time goes on */
    stop = 1;
    assert_int_equal(usb_bus_wait(b, -1, &stop, &changed), ERR_OK);
    stop = 0;
    fake.events_result = LIBUSB_ERROR_OTHER;
    assert_int_equal(usb_bus_wait(b, -1, &stop, &changed), ERR_IO);
    fake.events_result = 0;
    usb_bus_close(b);
}

static void a_list_is_wrong(void **state)
{
    struct usb_bus *b;
    struct usb_list l;
    struct libusb_device *d;
    (void)state;
    assert_int_equal(usb_bus_open(&b), ERR_OK);
    fake_plug(9);
    d = fake_plug(3);
    d->ports[1] = 4;
    d->n_ports = 2;
    fake_put("/sys/bus/usb/devices/1-3.4/manufacturer", "Maker\033[2J \n");
    fake_put("/sys/bus/usb/devices/1-3.4/product", "  a product whose name is much longer than there is room for it in "
                                                   "any row that we say 12345678901234567890\n");
    d->speed = LIBUSB_SPEED_SUPER;
    strcpy(fake.denied, "/dev/bus/usb/001/004");
    fake_plug(2)->about.bDeviceClass = LIBUSB_CLASS_HUB;
    fake_plug(5)->n_ports = 0; /* the host's own */
    fake_plug(6);
    fake_remove("/sys/bus/usb/devices/1-6"); /* is leaving */
    assert_int_equal(usb_bus_list(b, &l), ERR_OK);
    assert_int_equal(l.n, 2);
    const struct usb_seen *s = &l.seen[0];
    assert_string_equal(s->port, "1-3.4");
    assert_string_equal(s->vendor, "Maker\\x1b[2J");
    assert_string_equal(s->serial, "");
    assert_int_equal(strlen(s->product), NAME_LEN - 1);
    assert_memory_equal(s->product, "a product", 9);
    assert_string_equal(s->speed, "super");
    assert_true(s->denied);
    s = &l.seen[1];
    assert_string_equal(s->port, "1-9");
    assert_string_equal(s->serial, "SN-9");
    assert_string_equal(s->speed, "high");
    assert_int_equal(s->vendor_id, 0x4255);
    assert_int_equal(s->product_id, 0x1000);
    assert_int_equal(s->release, 0x0102);
    assert_int_equal(s->version, 0x0200);
    assert_int_equal(s->n_interfaces, 1);
    const struct usb_interface *i = &s->interfaces[0];
    assert_int_equal(i->class, 8);
    assert_int_equal(i->protocol, 0x50);
    assert_int_equal(i->in, 0x81); /* the first of each kind */
    assert_int_equal(i->out, 0x02);
    assert_int_equal(i->event, 0x83);
    assert_int_equal(i->packet, 512);
    usb_list_free(&l);
    fake.list_result = LIBUSB_ERROR_OTHER;
    assert_int_equal(usb_bus_list(b, &l), ERR_IO);
    fake.list_result = 0;
    fake.init_result = LIBUSB_ERROR_OTHER;
    assert_int_equal(usb_bus_list(b, &l), ERR_IO);
    fake.init_result = 0;
    assert_int_equal(l.n, 0);
    usb_bus_close(b);
}

static void absurd_descriptors_overflow(void **state)
{
    struct usb_bus *b;
    struct usb_list l;
    (void)state;
    assert_int_equal(usb_bus_open(&b), ERR_OK);
    struct libusb_device *d = fake_plug(1);
    d->config.bNumInterfaces = 32;
    d->interface[1].num_altsetting = 0;
    d = fake_plug(2);
    d->no_config = 1; /* none is chosen: the first */
    d = fake_plug(3);
    d->no_config = 2;
    d = fake_plug(4);
    d->n_ports = 8;
    memset(d->ports, 255, sizeof d->ports); /* deeper than USB knows, and longer than a port's name */
    assert_int_equal(usb_bus_list(b, &l), ERR_OK);
    assert_int_equal(l.n, 3);
    assert_int_equal(l.seen[0].n_interfaces, USB_INTERFACES_MAX);
    assert_int_equal(l.seen[0].interfaces[1].number, 2);
    assert_int_equal(l.seen[1].n_interfaces, 1);
    assert_int_equal(l.seen[2].n_interfaces, 0);
    usb_list_free(&l);
    fake.n = 0;
    for (unsigned i = 0; i < FAKE_DEVICES; i++) /* more than any machine has */
        fake_plug((uint8_t)(1 + i % 250));
    assert_int_equal(usb_bus_list(b, &l), ERR_OK);
    assert_int_equal(l.n, 512);
    usb_list_free(&l);
    usb_bus_close(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_machine_without_usb_is_not_told_so, fake_begin, fake_end),
        cmocka_unit_test_setup_teardown(devices_without_files_are_no_news, fake_begin, fake_end),
        cmocka_unit_test_setup_teardown(udev_s_news_are_not_heard, fake_begin, fake_end),
        cmocka_unit_test_setup_teardown(without_udev_nothing_is_noticed, fake_begin, fake_end),
        cmocka_unit_test_setup_teardown(an_end_is_not_seen_while_waiting, fake_begin, fake_end),
        cmocka_unit_test_setup_teardown(a_list_is_wrong, fake_begin, fake_end),
        cmocka_unit_test_setup_teardown(absurd_descriptors_overflow, fake_begin, fake_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
