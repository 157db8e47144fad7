#include "tui/commands/groups.h"

#include "storage/base/log.h"
#include "storage/vault/camera_secret.h"
#include "tui/lang/lang.h"
#include "tui/print.h"
#include "tui/session.h"
#include "tui/spawn.h"

#include <sodium.h>
#include <stdio.h>

static enum err list(struct call *c)
{
    const char *argv[SPAWN_ARGS_MAX + 1] = {"feldsher-dock", "-C", c->dir, "cameras"}, *from;
    size_t n = 4;
    for (size_t i = 0; (from = command_each(c, "from", i)) != NULL && n + 4 < SPAWN_ARGS_MAX; i++) {
        argv[n++] = "--from";
        argv[n++] = from;
    }
    if (command_has(c, "watch"))
        argv[n++] = "--watch";
    if (c->json)
        argv[n++] = "--json";
    return spawn_run(argv, &c->exit_code);
}

static enum err check(struct call *c)
{
    const char *argv[] = {"feldsher-dock", "check", c->args[0], c->json ? "--json" : NULL, NULL};
    return spawn_run(argv, &c->exit_code);
}

static enum err profiles(struct call *c)
{
    const char *argv[] = {"feldsher-dock", "-C", c->dir, "profiles", c->json ? "--json" : NULL, NULL};
    return spawn_run(argv, &c->exit_code);
}

static enum err admit(struct call *c)
{
    const char *argv[12] = {"feldsher-dock", "-C", c->dir, "admit"}, *profile = command_option(c, "profile");
    size_t n = 4;
    if (profile) {
        argv[n++] = "--profile";
        argv[n++] = profile;
    }
    if (c->json)
        argv[n++] = "--json";
    argv[n++] = "--";
    argv[n++] = c->args[0];
    return spawn_run(argv, &c->exit_code);
}

static enum err about_one(struct call *c, const char *verb)
{
    const char *argv[10] = {"feldsher-dock", "-C", c->dir, verb};
    size_t n = 4;
    if (c->json)
        argv[n++] = "--json";
    argv[n++] = "--";
    argv[n++] = c->args[0];
    return spawn_run(argv, &c->exit_code);
}

static enum err forget(struct call *c)
{
    return about_one(c, "forget");
}

static enum err stop(struct call *c)
{
    return about_one(c, "stop");
}

/* Twice where it is typed blindly. */
static enum err ask(const struct call *c, const char *profile, struct secret **out)
{
    char prompt[128], again[160];
    const char *file = command_option(c, "secret-file");
    struct secret_source *from = c->secrets;
    struct secret *second = NULL;
    *out = NULL;
    snprintf(prompt, sizeof prompt, _("Secret that unlocks the cameras of profile %.63s"), profile);
    snprintf(again, sizeof again, _("%s, again"), prompt);
    enum err e = file ? secret_open(&from, file) : ERR_OK;
    if (!e)
        e = secret_ask(from, prompt, out);
    if (!e && !file && !c->passphrase_file && !c->typed)
        e = secret_ask(from, again, &second);
    if (!e && second && (second->len != (*out)->len || sodium_memcmp(second->p, (*out)->p, second->len) != 0))
        e = err_set(ERR_DATA, "the two are not the same");
    if (!e && (*out)->len == 0)
        e = err_set(ERR_DATA, "the secret is empty");
    secret_free(second);
    if (file)
        secret_close(from);
    return e;
}

static enum err secret(struct call *c)
{
    struct session s;
    struct secret *typed = NULL;
    const char *profile = c->args[0];
    bool forget = command_has(c, "forget");
    enum err e = session_begin(c, 0, false, &s);
    if (e)
        return e;
    if (!forget)
        e = ask(c, profile, &typed);
    if (!e)
        e = camera_secret_keep(s.station, profile, typed ? typed->p : "", typed ? typed->len : 0);
    if (!e) {
        log_line("secret of cameras %s by %s: %s", forget ? "forgotten" : "kept", s.user->name, profile);
        if (c->json)
            print_json(json_pack("{s:s,s:s}", "done", forget ? "forget" : "secret", "profile", profile));
        else if (forget)
            printf(_("the secret of profile %s is forgotten\n"), profile);
        else
            printf(_("the secret of profile %s is kept, sealed to who has a key on this station now\n"), profile);
    }
    secret_free(typed);
    session_end(&s);
    return e;
}

static const struct command rows[] = {
    {.name = "cameras",
     .sub = "list",
     .args = "",
     .help = N_("what is plugged in"),
     .run = list,
     .spawns = true,
     .by_default = true,
     .options = {{"from", "PATH...", N_("a folder that counts as a camera")},
                 {"watch", NULL, N_("goes on: says it anew when something is plugged in or out")}}},
    {.name = "cameras",
     .sub = "admit",
     .args = "CAMERA",
     .min = 1,
     .max = 1,
     .help = N_("says that a device on USB is a camera: it is taken in by itself from now on"),
     .run = admit,
     .spawns = true,
     .options = {{"profile", "NAME", N_("the camera model that it is; else the one that fits")}}},
    {.name = "cameras",
     .sub = "forget",
     .args = "SERIAL",
     .min = 1,
     .max = 1,
     .help = N_("says that it is none any more: it is left alone"),
     .run = forget,
     .spawns = true},
    {.name = "cameras",
     .sub = "stop",
     .args = "PORT",
     .min = 1,
     .max = 1,
     .help = N_("stops taking in one camera of the dock, until it is plugged in again; what was taken in stays"),
     .run = stop,
     .spawns = true},
    {.name = "cameras",
     .sub = "profiles",
     .args = "",
     .help = N_("the camera models that this station knows"),
     .run = profiles,
     .spawns = true},
    {.name = "cameras",
     .sub = "check",
     .args = "FILE",
     .min = 1,
     .max = 1,
     .help = N_("is FILE a camera model that can be put into profiles/? Says the line of what is wrong"),
     .run = check,
     .spawns = true},
    {.name = "cameras",
     .sub = "secret",
     .args = "PROFILE",
     .min = 1,
     .max = 1,
     .help = N_("keeps the secret that unlocks the cameras of a model"),
     .run = secret,
     .options = {{"secret-file", "FILE", N_("its first line is the secret; else it is asked for")},
                 {"forget", NULL, N_("it is not to be used any more")}}},
};
const struct command_group group_cameras = {N_("Recordings and their custody"), rows, sizeof rows / sizeof rows[0]};
