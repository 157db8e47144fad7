#ifndef DRIVERS_PTP_INSIDE_H
#define DRIVERS_PTP_INSIDE_H

#include "drivers/ptp/code.h"
#include "drivers/ptp/dataset.h"
#include "drivers/ptp/ptp.h"
#include "drivers/ptp/session.h"
#include "storage/seal/hash.h"

/* What the files of drivers/ptp share. */
struct content;

struct ptp_storage {
    uint32_t id;
    struct storage_info info;
};

/* A file that was listed. */
struct ptp_listed {
    struct hash path; /* of its path */
    uint32_t handle;
    uint64_t size;
};

/* Does a way of asking work on this device? */
enum ptp_works { PTP_UNTRIED, PTP_WORKS, PTP_FAILS };

struct ptp {
    struct usb u;
    struct session *s;
    struct device_info device;
    struct ptp_storage storages[PTP_STORAGES_MAX];
    size_t n_storages;
    enum ptp_works lists, deep, sizes; /* GetObjectPropList of an object, of a folder; property DC04 */
    enum ptp_works partial, partial_64;
    struct ptp_listed *listed; /* by path */
    size_t n_listed, cap_listed;
    bool is_listed;
    struct content *holder; /* whose bytes are on their way */
    struct camera_status status;
    bool has_zone, can_set; /* the clock */
    uint64_t events, retries;
};

#define PTP_GRAIN 4096u
#define PTP_TRIES 3u

/* One operation with data from the device, tried again when it fails or the
 * device is busy. What: for session_refused. */
enum err ptp_ask(struct ptp *p, const struct session_op *op, struct buf *out, struct session_answer *a) MUST_USE;
bool ptp_can(const struct ptp *p, uint16_t operation);
/* The storages there are now. ERR_DENIED: none: it is locked, or has no card. */
enum err ptp_storages(struct ptp *p) MUST_USE;
/* Ends what is going on (close: the session, too); the sentence of an error before stays. */
void ptp_let_go(struct ptp *p, bool close);
/* Takes note of the events that came. ERR_AGAIN: gone. */
enum err ptp_events(struct ptp *p) MUST_USE;

enum err ptp_status(struct ptp *p, struct camera_status *out) MUST_USE;
enum err ptp_clock(struct ptp *p, int64_t *ms) MUST_USE;
enum err ptp_set_clock(struct ptp *p, int64_t ms) MUST_USE;
json_t *ptp_facts(struct ptp *p);

/* An object, from every source that there is. */
struct object {
    uint32_t handle, storage, parent;
    uint16_t format, protection;
    bool has_name, has_format, has_size;
    uint64_t size;
    uint64_t size_info, size_property; /* UINT64_MAX: not told */
    char name[PTP_TEXT_MAX], created[PTP_TEXT_MAX], modified[PTP_TEXT_MAX];
};
/* thorough: ask all sources; else as few as tell name, kind and size.
 * ERR_BAD: it is not there; ERR_IO; ERR_AGAIN. */
enum err object_look(struct ptp *p, uint32_t handle, bool thorough, struct object *out) MUST_USE;
void object_start(struct object *out, uint32_t handle);
/* Takes in one property. */
void object_property(struct object *o, const struct dataset_element *e);
int64_t object_mtime(const struct object *o);
bool object_is_folder(const struct object *o);
/* Properties of one object (depth 0) or of what is in a folder (1); each goes to fn. */
typedef enum err object_fn(void *ctx, const struct dataset_element *e);
enum err object_proplist(struct ptp *p, uint32_t handle, uint32_t depth, object_fn *fn, void *ctx,
                         struct session_answer *a) MUST_USE;

/* The tree of all storages, as camera.list; fn NULL: only remembered. */
enum err walk(struct ptp *p, camera_list_fn *fn, void *ctx) MUST_USE;
const struct ptp_listed *walk_find(const struct ptp *p, const char *path);

/* As camera.open and so on. */
enum err content_open(struct ptp *p, const struct ptp_listed *l, struct content **out) MUST_USE;
enum err content_read(struct content *c, uint64_t offset, void *to, size_t n, size_t *got) MUST_USE;
void content_close(struct content *c);
json_t *content_facts(const struct content *c);

#endif
