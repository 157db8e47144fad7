/* Makes DIR/authority, DIR/station and DIR/identity (the key of the circle
 * evidence/brigade-1, for stock age) for the benchmarks:
 *
 *     station DIR
 */
#include "storage/base/file.h"
#include "storage/seal/hash.h"
#include "storage/trust/authority.h"
#include "storage/vault/station.h"

#include <stdio.h>
#include <string.h>

static const char pass[] = "lusab-babad-gutih-tugad-mudof";

static enum err enrol(const char *dir, struct buf *file, struct buf *code)
{
    char path[4096];
    struct authority *a;
    const struct enrol e = {
        .station = "amb-1",
        .unit = "brigade-1",
        .kind = STATION_CREW,
        .user = "crew-1",
        .roles = ROLE_CREW,
        .circles = "records/brigade-1,evidence/brigade-1",
    };
    enum err err = file_path(path, dir, "authority");
    if (!err)
        err = authority_init(path, "bench", pass, strlen(pass));
    if (!err)
        err = authority_open(&a, path, pass, strlen(pass));
    if (err)
        return err;
    err = authority_unit(a, "brigade-1");
    if (!err)
        err = authority_enrol(a, &e, file, code);
    authority_free(a);
    return err;
}

static enum err write_identity(const char *dir, const struct user *u)
{
    char path[4096], text[IDENTITY_TEXT + 1];
    enum err e = file_path(path, dir, "identity");
    for (size_t i = 0; i < u->n_circles && !e; i++)
        if (strcmp(u->circles[i].name, "evidence/brigade-1") == 0) {
            identity_text(text, &u->circles[i].id);
            strcat(text, "\n");
            e = file_write(path, text, strlen(text), 0600);
        }
    return e;
}

static enum err make(const char *dir)
{
    char path[4096];
    struct buf file = {0}, code = {0};
    struct enrolment *en = NULL;
    enum err e = hash_start();
    if (!e)
        e = file_mkdirs(dir, 0700);
    if (!e)
        e = enrol(dir, &file, &code);
    if (!e)
        e = enrolment_open(&en, file.p, file.len, (const char *)code.p, code.len);
    if (!e)
        e = file_path(path, dir, "station");
    if (!e)
        e = station_init(path, en, pass, strlen(pass));
    if (!e)
        e = write_identity(dir, en->user);
    enrolment_free(en);
    buf_free(&file);
    buf_free(&code);
    return e;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fputs("usage: station DIR\n", stderr);
        return 64;
    }
    return err_report("station", make(argv[1]));
}
