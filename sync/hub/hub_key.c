#include "sync/hub/hub_key.h"

#include "storage/base/file.h"
#include "storage/seal/keyfile.h"

enum err hub_key_write(const struct hub *h, const char *name, const struct sign_secret *k)
{
    char path[4096];
    struct buf text = {0};
    enum err e = hub_path(h, path, name);
    if (!e)
        e = keyfile_text(&text, k);
    if (!e)
        e = file_write(path, text.p, text.len, 0600);
    buf_free(&text);
    return e;
}

enum err hub_key_read(const struct hub *h, const char *name, struct sign_secret **out)
{
    char path[4096];
    enum err e = hub_path(h, path, name);
    return e ? e : keyfile_read(path, out);
}
