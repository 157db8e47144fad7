/* What an MTP device says. First byte odd: the rest is a dataset, and reading
 * it stays inside. Even: the rest is all that a device ever says on its cable,
 * and taking it in ends, stays inside and asks for nothing that writes. */
#include "drivers/ptp/dataset.h"
#include "drivers/ptp/ptp.h"
#include "storage/base/bytes.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

/* A device whose every transfer is the next piece of the input: two bytes of
 * length and result, and the bytes. Ids that are asked for are put in. */
struct device {
    const uint8_t *p;
    size_t n;
    size_t posted;
    size_t sizes[USB_POSTED_MAX];
    uint32_t id;
    uint8_t transfer[4096];
    unsigned calls;
};

static enum usb_result next_result(struct device *d, unsigned r)
{
    static const enum usb_result results[] = {USB_STALL, USB_LATE, USB_GONE, USB_BROKEN, USB_LONG, USB_STOPPED};
    /* its end is the end of the cable, too */
    return d->n == 0 ? USB_GONE : r < 250 ? USB_OK : results[r - 250];
}

static enum usb_result control(void *self, const struct usb_request *r, void *p, size_t n, size_t *got, unsigned ms)
{
    struct device *d = self;
    (void)ms;
    *got = 0;
    assert(d->calls++ < 1000000);
    if (r->type & 0x80 && n >= 4 && d->n > 4) {
        memcpy(p, d->p, 4);
        *got = 4 + (d->p[0] & 1u);
    }
    return next_result(d, d->n ? d->p[0] : 0);
}

static enum usb_result send_out(void *self, const void *p, size_t n, size_t *sent, unsigned ms)
{
    struct device *d = self;
    const uint8_t *b = p;
    (void)ms;
    assert(d->calls++ < 1000000 && n >= 12);
    unsigned code = bytes_le16(b + 6);
    assert((code >= 0x1001 && code <= 0x1009) || (code >= 0x1014 && code <= 0x1016) || code == 0x101B ||
           code == 0x95C1 || code == 0x9803 || code == 0x9805);
    d->id = bytes_le32(b + 8);
    *sent = n;
    return d->n ? USB_OK : USB_GONE;
}

static enum usb_result post(void *self, size_t n)
{
    struct device *d = self;
    assert(n && n <= USB_POST_MAX && n % 512 == 0 && d->posted < USB_POSTED_MAX);
    d->sizes[d->posted++] = n;
    return USB_OK;
}

static enum usb_result reap(void *self, const uint8_t **p, size_t *got, unsigned ms)
{
    struct device *d = self;
    (void)ms;
    *p = d->transfer;
    *got = 0;
    assert(d->calls++ < 1000000);
    if (d->posted == 0)
        return USB_EMPTY;
    size_t size = d->sizes[0];
    enum usb_result r = next_result(d, d->n > 1 ? d->p[1] : 0);
    if (r == USB_LATE) {
        d->p += 2;
        d->n -= 2;
        return r;
    }
    memmove(d->sizes, d->sizes + 1, --d->posted * sizeof *d->sizes);
    if (d->n < 2) {
        d->n = 0;
        return USB_GONE;
    }
    size_t n = d->p[0] | (d->p[1] & 15u) << 8;
    d->p += 2;
    d->n -= 2;
    n = n < d->n ? n : d->n;
    n = n < size ? n : size;
    memcpy(d->transfer, d->p, n);
    /* a fuzzer does not guess ids */
    if (n >= 12 && bytes_le32(d->transfer + 8) == 0x20202020)
        bytes_put_le32(d->transfer + 8, d->id);
    d->p += n;
    d->n -= n;
    *got = n;
    return r;
}

static void cancel(void *self)
{
    ((struct device *)self)->posted = 0;
}

static enum usb_result event(void *self, void *p, size_t n, size_t *got, unsigned ms)
{
    struct device *d = self;
    (void)ms;
    *got = 0;
    if (d->n < 16 || d->p[0] != 0xEE)
        return USB_LATE;
    *got = n < 16 ? n : 16;
    memcpy(p, d->p, *got);
    d->p += 16;
    d->n -= 16;
    return USB_OK;
}

static enum usb_result clear_halt(void *self, bool in)
{
    (void)in;
    return next_result(self, 0);
}

static enum usb_result reset(void *self)
{
    ((struct device *)self)->posted = 0;
    return next_result(self, 0);
}

static enum usb_result pause_for(void *self, unsigned ms)
{
    (void)ms;
    assert(((struct device *)self)->calls++ < 1000000);
    return next_result(self, 0);
}

static void free_usb(void *self)
{
    (void)self;
}

static enum err read_it(void *ctx, const struct camera_file *f)
{
    (void)ctx;
    assert(f->path && f->path[0] && f->path[0] != '/' && strlen(f->path) < CAMERA_PATH_MAX);
    assert(strcmp(f->path, "..") != 0 && strncmp(f->path, "../", 3) != 0 && !strstr(f->path, "/../"));
    return ERR_OK;
}

static void device_of(const uint8_t *p, size_t n)
{
    static struct device d;
    static uint8_t bytes[65536];
    d = (struct device){.p = p, .n = n};
    struct usb u = {.self = &d,
                    .pipes = {.class = 6, .in = 0x81, .out = 2, .event = 0x83, .packet = 512},
                    .control = control,
                    .send = send_out,
                    .post = post,
                    .reap = reap,
                    .cancel = cancel,
                    .event = event,
                    .clear_halt = clear_halt,
                    .reset = reset,
                    .pause = pause_for,
                    .free = free_usb};
    struct camera_name name = {.profile = "fuzz"};
    struct camera_file f = {.path = "a", .size = 100000};
    struct camera_status status;
    struct ptp *ptp;
    struct camera c;
    void *file = NULL;
    size_t got = 1;
    int64_t ms;
    if (ptp_open(&ptp, &u) || ptp_camera(&c, ptp, &name))
        return;
    if (c.list(c.self, read_it, NULL) == ERR_OK && c.open(c.self, &f, &file) == ERR_OK) {
        for (uint64_t at = 0; got && c.read(file, at, bytes, sizeof bytes, &got) == ERR_OK; at += got)
            assert(got <= sizeof bytes);
        json_decref(c.file_facts(file));
        c.close(file);
    }
    if (c.status(c.self, &status) == ERR_OK)
        assert(status.battery >= -1 && status.battery <= 100 && status.free <= status.total);
    if (c.clock && c.clock(c.self, &ms) == ERR_OK && c.set_clock && c.set_clock(c.self, 0))
        ms = 0;
    json_decref(c.facts(c.self));
    c.free(c.self);
}

static void dataset_of(const uint8_t *p, size_t n)
{
    static struct device_info device;
    static struct storage_info storage;
    static struct object_info object;
    static struct property_desc property;
    static struct dataset_element element;
    static char text[PTP_TEXT_MAX];
    size_t count;
    bool zone;
    if (dataset_device(&device, p, n))
        assert(strlen(device.serial) < PTP_TEXT_MAX && device.operations.n <= PTP_CODES_MAX);
    if (dataset_storage(&storage, p, n))
        assert(strlen(storage.label) < PTP_TEXT_MAX);
    if (dataset_object(&object, p, n))
        dataset_time(object.modified, &zone);
    dataset_property(&property, p, n);
    const uint8_t *at = dataset_array32(p, n, PTP_FOLDER_MAX, &count);
    assert(!at || at + 4 * count <= p + n);
    for (size_t i = 0; i < n;) {
        long size = dataset_element(&element, p + i, n - i);
        assert(size <= (long)(n - i));
        if (size <= 0)
            break;
        i += (size_t)size;
    }
    size_t letters = n < sizeof text - 1 ? n : sizeof text - 1;
    memcpy(text, p, letters);
    text[letters] = '\0';
    int64_t ms = dataset_time(text, &zone);
    char again[20];
    if (ms != INT64_MIN) {
        dataset_time_text(again, ms, zone);
        assert(!again[0] || (dataset_time(again, &zone) <= ms && dataset_time(again, &zone) > ms - 1000));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    if (n < 2 || n > 60000)
        return 0;
    if (p[0] & 1)
        dataset_of(p + 1, n - 1);
    else
        device_of(p + 1, n - 1);
    return 0;
}
