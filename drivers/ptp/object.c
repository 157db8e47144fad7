#include "drivers/ptp/inside.h"

#include <string.h>

#define ALL_PROPERTIES 0xFFFFFFFFu

void object_start(struct object *out, uint32_t handle)
{
    *out = (struct object){.handle = handle, .size_info = UINT64_MAX, .size_property = UINT64_MAX};
}

void object_property(struct object *o, const struct dataset_element *e)
{
    const struct dataset_value *v = &e->value;
    switch (v->is_number || v->is_text ? e->property : 0) {
    case OBJECT_STORAGE:
        o->storage = (uint32_t)v->number;
        break;
    case OBJECT_FORMAT:
        o->format = (uint16_t)v->number;
        o->has_format = v->is_number;
        break;
    case OBJECT_PROTECTION:
        o->protection = (uint16_t)v->number;
        break;
    case OBJECT_SIZE:
        if (v->is_number)
            o->size_property = v->number;
        break;
    case OBJECT_NAME:
        memcpy(o->name, v->text, sizeof o->name);
        o->has_name = v->is_text;
        break;
    case OBJECT_CREATED:
        memcpy(o->created, v->text, sizeof o->created);
        break;
    case OBJECT_MODIFIED:
        memcpy(o->modified, v->text, sizeof o->modified);
        break;
    case OBJECT_PARENT:
        o->parent = (uint32_t)v->number;
        break;
    default:
        break;
    }
}

int64_t object_mtime(const struct object *o)
{
    bool zone;
    int64_t ms = dataset_time(o->modified, &zone);
    return ms == INT64_MIN ? dataset_time(o->created, &zone) : ms;
}

bool object_is_folder(const struct object *o)
{
    return o->has_format && o->format == FORMAT_FOLDER;
}

/* An ObjectPropList as it comes. */
struct elements {
    object_fn *fn;
    void *ctx;
    struct buf carry;
    bool counted;
    uint32_t left;
    uint64_t bytes;
};

static enum err take_elements(void *ctx, const uint8_t *p, size_t n)
{
    struct elements *l = ctx;
    struct dataset_element element;
    l->bytes += n;
    enum err e = l->bytes > PTP_PROPLIST_MAX ? err_set(ERR_DATA, "the camera lists too many properties") : ERR_OK;
    if (!e)
        e = buf_add(&l->carry, p, n);
    size_t at = 0;
    if (!e && !l->counted && l->carry.len >= 4) {
        struct dataset d = {l->carry.p, l->carry.len, false};
        l->left = dataset_u32(&d);
        l->counted = true;
        at = 4;
    }
    while (!e && l->counted && l->left && at < l->carry.len) {
        long size = dataset_element(&element, l->carry.p + at, l->carry.len - at);
        if (size == 0)
            break;
        if (size < 0)
            return err_set(ERR_DATA, "the camera speaks nonsense: a property");
        l->left--;
        at += (size_t)size;
        e = l->fn(l->ctx, &element);
    }
    if (l->counted && l->left == 0)
        at = l->carry.len;
    if (at) {
        memmove(l->carry.p, l->carry.p + at, l->carry.len - at);
        l->carry.len -= at;
    }
    return e;
}

enum err object_proplist(struct ptp *p, uint32_t handle, uint32_t depth, object_fn *fn, void *ctx,
                         struct session_answer *a)
{
    struct session_op op = {.code = OP_OBJECT_PROPLIST, .n_params = 5, .params = {handle, 0, ALL_PROPERTIES, 0, depth}};
    struct elements l;
    enum err e = ERR_IO;
    for (unsigned i = 0; e == ERR_IO && i < PTP_TRIES; i++) {
        p->retries += i > 0;
        l = (struct elements){.fn = fn, .ctx = ctx, .carry = {.max = PTP_ELEMENT_MAX}};
        e = session_run(p->s, &op, take_elements, &l, a);
        if (!e && a->code == ANSWER_OK && (a->cut || !l.counted || l.left))
            e = err_set(ERR_IO, "the camera's list of properties breaks off");
        buf_free(&l.carry);
    }
    return e;
}

static enum err take_one(void *ctx, const struct dataset_element *e)
{
    struct object *o = ctx;
    if (e->handle == o->handle)
        object_property(o, e);
    return ERR_OK;
}

static enum err look_properties(struct ptp *p, struct object *o)
{
    struct session_answer a = {0};
    if (p->lists == PTP_FAILS || !ptp_can(p, OP_OBJECT_PROPLIST))
        return ERR_OK;
    enum err e = object_proplist(p, o->handle, 0, take_one, o, &a);
    if (e)
        return e == ERR_AGAIN || e == ERR_NOMEM ? e : ERR_OK;
    if (a.code == ANSWER_OK && o->has_name)
        p->lists = PTP_WORKS;
    else if (a.code != ANSWER_NO_OBJECT && p->lists == PTP_UNTRIED)
        p->lists = PTP_FAILS;
    return ERR_OK;
}

static enum err look_info(struct ptp *p, struct object *o)
{
    struct session_op op = {.code = OP_OBJECT_INFO, .n_params = 1, .params = {o->handle}};
    struct session_answer a;
    struct object_info info;
    struct buf b = {.max = PTP_DATASET_MAX};
    enum err e = ptp_ask(p, &op, &b, &a);
    if (!e && a.code != ANSWER_OK)
        e = session_refused(&a, "it cannot be looked at");
    if (!e && !dataset_object(&info, b.p, b.len))
        e = err_set(ERR_IO, "it cannot be looked at: the camera speaks nonsense");
    buf_free(&b);
    if (e)
        return e;
    o->storage = info.storage;
    o->parent = info.parent;
    o->size_info = info.size;
    o->protection = info.protection;
    if (!o->has_format)
        o->format = info.format;
    if (!o->has_name)
        memcpy(o->name, info.name, sizeof o->name);
    if (!o->created[0])
        memcpy(o->created, info.created, sizeof o->created);
    if (!o->modified[0])
        memcpy(o->modified, info.modified, sizeof o->modified);
    o->has_format = o->has_name = true;
    return ERR_OK;
}

static enum err look_size(struct ptp *p, struct object *o)
{
    struct session_op op = {.code = OP_OBJECT_PROPERTY, .n_params = 2, .params = {o->handle, OBJECT_SIZE}};
    struct session_answer a;
    struct buf b = {.max = PTP_DATASET_MAX};
    if (p->sizes == PTP_FAILS || !ptp_can(p, OP_OBJECT_PROPERTY))
        return ERR_OK;
    enum err e = ptp_ask(p, &op, &b, &a);
    struct dataset d = {b.p, b.len, false};
    if (!e && a.code == ANSWER_OK && (b.len == 8 || b.len == 4)) {
        o->size_property = b.len == 8 ? dataset_u64(&d) : dataset_u32(&d);
        p->sizes = PTP_WORKS;
    } else if (!e && a.code != ANSWER_NO_OBJECT && p->sizes == PTP_UNTRIED) {
        p->sizes = PTP_FAILS;
    }
    buf_free(&b);
    return e == ERR_IO || e == ERR_DATA ? ERR_OK : e;
}

enum err object_look(struct ptp *p, uint32_t handle, bool thorough, struct object *out)
{
    object_start(out, handle);
    enum err e = look_properties(p, out);
    bool known = out->has_name && out->has_format && (out->size_property != UINT64_MAX || object_is_folder(out));
    if (!e && (thorough || !known))
        e = look_info(p, out);
    if (!e && out->size_property == UINT64_MAX && !object_is_folder(out))
        e = look_size(p, out);
    bool told = out->size_info != UINT64_MAX && out->size_info != SIZE_UNKNOWN;
    out->has_size = out->size_property != UINT64_MAX || told;
    out->size = out->size_property != UINT64_MAX ? out->size_property : told ? out->size_info : 0;
    return e;
}
