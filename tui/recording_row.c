#include "tui/recording_row.h"

#include "tui/print.h"

static json_t *files_json(const struct recording *r)
{
    json_t *list = json_array();
    for (size_t i = 1; i < r->n_files; i++)
        json_array_append_new(list, json_pack("{s:s,s:b,s:I,s:o,s:o}", "path", r->files[i].path, "made",
                                              r->files[i].made, "size", (json_int_t)r->files[i].size, "mtime",
                                              print_time(r->files[i].mtime), "blake2b", print_hash(&r->files[i].hash)));
    return list;
}

json_t *recording_row(const struct recording *r, const struct recording_held *w)
{
    const struct recording_file *f = &r->files[0];
    return json_pack(
        "{s:s,s:o,s:s,s:s,s:s,s:s,s:s,s:s,s:I,s:o,s:o,s:s,s:I,s:o,s:o,s:I,s:I,s:o,s:o,s:b,s:o}", "id", r->id, "time",
        print_time(r->time), "clock_mark", r->clock, "station", r->station, "unit", r->unit, "camera", r->camera,
        "mode", r->mode, "path", f->path, "size", (json_int_t)f->size, "mtime", print_time(f->mtime), "blake2b",
        print_hash(&f->hash), "chain", r->chain, "seq", (json_int_t)r->seq, "parts", print_hash(&r->parts), "sidecars",
        files_json(r), "blobs", (json_int_t)w->blobs, "here", (json_int_t)w->here, "hub",
        w->hub ? json_string(w->by) : json_null(), "hub_as_of", w->hub ? print_time(w->as_of) : json_null(), "held",
        r->held, "destroyed_under", r->order[0] ? json_string(r->order) : json_null());
}
