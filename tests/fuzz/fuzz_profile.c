/* A camera model of any bytes: reading it ends; one that is taken never erases
 * by a command that is no vendor's own, nobody is a camera by its ids alone,
 * and any name can be held against its patterns. The bytes behind a NUL are
 * such a name. */
#include "drivers/profiles/profile_inside.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void hold(const struct profile *one, const char *path)
{
    struct profile_said said;
    profile_read_name(one, path, &said);
    assert(strlen(said.device) < NAME_LEN && strlen(said.officer) < NAME_LEN);
    assert(said.start == INT64_MIN || (said.start > 0 && said.start < (int64_t)4200000000 * 1000));
    for (const char *c = said.device; *c; c++)
        assert(*c > ' ' && *c < 0x7f);
    if (profile_takes(one, path))
        assert(one->n_files > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    const uint8_t *nul = n ? memchr(p, '\0', n) : NULL;
    size_t text = nul ? (size_t)(nul - p) : n;
    struct profile *one;
    uint8_t cdb[16];
    size_t cdb_len;
    enum err e = profile_read(&one, "test", p, text);
    assert((e == ERR_OK) == (one != NULL));
    if (e) {
        assert(e == ERR_DATA && strncmp(err_text(), "line ", 5) == 0);
        return 0;
    }
    if (profile_erase_command(one, cdb, &cdb_len))
        assert(cdb[0] >= 0xc0 && cdb_len >= 6 && cdb_len <= 16);
    struct profile_evidence nothing = {.label = "", .vendor = "", .model = "", .extension = ""};
    bool proven;
    assert(profile_prove(one, &nothing, &proven) == ERR_OK);
    if (one->speaks == PROFILE_ASCII || one->speaks == PROFILE_BINARY)
        assert(!proven && one->n_usb > 0);
    else if (profile_is_automatic(one))
        assert(one->n_proofs > 0);
    char *path = calloc(1, n - text + 1);
    if (path && nul)
        memcpy(path, nul + 1, n - text - 1);
    if (path) {
        hold(one, path);
        hold(one, "DCIM/100MEDIA/BC012345_K00017_20261125073005_0001.MP4");
    }
    free(path);
    free(one);
    return 0;
}
