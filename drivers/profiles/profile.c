#include "drivers/profiles/profile.h"

#include "drivers/profiles/glob.h"
#include "drivers/profiles/profile_inside.h"

#include <assert.h>
#include <string.h>

const char *profile_name(const struct profile *p)
{
    return p->name;
}

const char *profile_title(const struct profile *p)
{
    return p->title;
}

enum profile_speaks profile_speaks(const struct profile *p)
{
    return p->speaks;
}

bool profile_is_automatic(const struct profile *p)
{
    return p->automatic;
}

bool profile_needs_secret(const struct profile *p)
{
    return p->lock > 0;
}

size_t profile_secret_length(const struct profile *p)
{
    return p->lock;
}

int profile_battery(const struct profile *p)
{
    return p->battery;
}

enum profile_clock profile_clock(const struct profile *p)
{
    return p->clock;
}

enum profile_erase profile_erase(const struct profile *p)
{
    return p->erase;
}

int64_t profile_of_wall(const struct profile *p, int64_t wall)
{
    return zone_of_wall(&p->zone, wall);
}

int64_t profile_wall(const struct profile *p, int64_t ms)
{
    return zone_wall(&p->zone, ms);
}

void profile_zone(const struct profile *p, int64_t ms, char out[static PROFILE_ZONE_TEXT])
{
    static_assert(PROFILE_ZONE_TEXT >= ZONE_TEXT, "a zone does not fit");
    zone_text(out, &p->zone, ms);
}

bool profile_label_is_device(const struct profile *p)
{
    return p->label_is_device;
}

static bool has_ids(const struct profile_ids *ids, size_t n, const struct usb_seen *seen)
{
    for (size_t i = 0; i < n; i++)
        if (ids[i].vendor == seen->vendor_id && ids[i].product == seen->product_id)
            return true;
    return n == 0;
}

static bool fits(int wanted, uint8_t is)
{
    return wanted < 0 || wanted == is;
}

static bool has_interface(const struct usb_seen *seen, const int wanted[3], uint8_t *number)
{
    for (size_t i = 0; i < seen->n_interfaces; i++) {
        const struct usb_interface *f = &seen->interfaces[i];
        if (f->in && f->out && fits(wanted[0], f->class) && fits(wanted[1], f->subclass) &&
            fits(wanted[2], f->protocol)) {
            *number = f->number;
            return true;
        }
    }
    return false;
}

bool profile_may_be(const struct profile *p, const struct usb_seen *seen, uint8_t *interface)
{
    return has_ids(p->usb, p->n_usb, seen) && has_interface(seen, p->interface, interface);
}

bool profile_becomes(const struct profile *p, const struct usb_seen *seen, uint8_t *interface)
{
    static const int disk[3] = {0x08, 0x06, 0x50}; /* mass storage, SCSI, bulk only */
    bool dialect = p->speaks == PROFILE_ASCII || p->speaks == PROFILE_BINARY;
    return dialect && has_ids(p->becomes, p->n_becomes, seen) && has_interface(seen, disk, interface);
}

static bool is_like(const char *pattern, const char *s)
{
    return glob_name(pattern, strlen(pattern), s, strlen(s));
}

enum err profile_prove(const struct profile *p, const struct profile_evidence *e, bool *proven)
{
    enum err result = ERR_OK;
    *proven = p->speaks == PROFILE_STORAGE || p->speaks == PROFILE_MTP;
    for (size_t i = 0; i < p->n_proofs && *proven && !result; i++) {
        const char *wanted = p->proofs[i].text;
        switch (p->proofs[i].what) {
        case PROOF_FOLDER:
            *proven = false;
            if (e->has)
                result = e->has(e->ctx, wanted, proven);
            break;
        case PROOF_LABEL:
            *proven = is_like(wanted, e->label);
            break;
        case PROOF_VENDOR:
            *proven = is_like(wanted, e->vendor);
            break;
        case PROOF_MODEL:
            *proven = is_like(wanted, e->model);
            break;
        case PROOF_EXTENSION:
            *proven = is_like(wanted, e->extension);
            break;
        case PROOF_ANSWER:
            *proven = false;
            break;
        }
    }
    return result;
}

/* Where the end of a name begins, at its last dot; n: it has none. */
static size_t end_of_name(const char *path, size_t n)
{
    for (size_t i = n; i-- > 0 && path[i] != '/';)
        if (path[i] == '.')
            return i;
    return n;
}

static bool is_sidecar(const struct profile *p, const char *path, size_t n, size_t dot)
{
    for (size_t i = 0; i < p->n_sidecars && dot < n; i++)
        if (glob_name(p->sidecars[i], strlen(p->sidecars[i]), path + dot + 1, n - dot - 1))
            return true;
    return false;
}

bool profile_takes(const struct profile *p, const char *path)
{
    size_t n = strlen(path), dot = end_of_name(path, n);
    bool sidecar = is_sidecar(p, path, n, dot);
    for (size_t i = 0; i < p->n_files; i++) {
        char stem[PROFILE_GLOB_LEN];
        if (glob_takes(p->files[i], path, n))
            return true;
        if (!sidecar)
            continue;
        /* beside a recording: the same but for the end of its name */
        size_t end = end_of_name(p->files[i], strlen(p->files[i]));
        memcpy(stem, p->files[i], end);
        stem[end] = '\0';
        if (glob_takes(stem, path, dot))
            return true;
    }
    return false;
}

bool profile_erase_command(const struct profile *p, uint8_t cdb[static 16], size_t *len)
{
    if (p->erase != PROFILE_ERASE_COMMAND)
        return false;
    memset(cdb, 0, 16);
    memcpy(cdb, p->cdb, p->cdb_len);
    *len = p->cdb_len;
    return true;
}

void profile_read_name(const struct profile *p, const char *path, struct profile_said *out)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    size_t n = end_of_name(name, strlen(name));
    *out = (struct profile_said){.start = INT64_MIN};
    for (size_t i = 0; i < p->n_names; i++) {
        struct wording_read r;
        if (!wording_read(&p->names[i], name, n, &r))
            continue;
        memcpy(out->device, r.device, sizeof out->device);
        memcpy(out->officer, r.officer, sizeof out->officer);
        if (r.at.year && !zone_moment(&p->names_zone, &r.at, &out->start))
            out->start = INT64_MIN;
        return;
    }
}
