#include "tui/answer.h"

#include "storage/base/confine.h"
#include "storage/base/log.h"
#include "tui/screens/frame.h"

#include <stdio.h>
#include <unistd.h>

/* What was printed must have arrived. */
static enum err finish_output(enum err so_far)
{
    if ((fflush(stdout) == 0 && !ferror(stdout)) || so_far)
        return so_far;
    return err_errno(ERR_IO, "cannot write the output");
}

/* No network, no other program; files as far as the account may; whoever is
 * unlocked brings cameras' secrets into the keyring. */
static enum err limit(const struct call *c)
{
    static const struct confine_path all = {"/", CONFINE_WRITE};
    return c->command->spawns ? ERR_OK : confine_self_keys(&all, 1, CONFINE_NO_NET, CONFINE_KEEP_KEYS);
}

static enum err run(struct call *c)
{
    enum err e =
        c->typed_n ? secret_open_text(&c->secrets, c->typed, c->typed_n) : secret_open(&c->secrets, c->passphrase_file);
    if (!e)
        e = limit(c);
    if (!e)
        e = c->command->run(c);
    secret_close(c->secrets);
    log_close();
    return e;
}

static enum err open_screens(const struct call *c)
{
    static const char *const from[] = {NULL};
    struct frame_options o = {.dir = c->dir, .from = from, .lang = c->lang};
    enum err e = frame_run(&o);
    log_close();
    return e;
}

static enum err what(struct call *c)
{
    switch (c->what) {
    case CALL_RUN:
        return run(c);
    case CALL_HELP:
        return command_help(c->topic);
    case CALL_MAN:
        command_man();
        return ERR_OK;
    case CALL_VERSION:
        printf("feldsher " FELDSHER_VERSION "\n");
        return ERR_OK;
    case CALL_NOTHING:
        break;
    }
    if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
        return open_screens(c);
    enum err e = command_help(NULL);
    return e ? e : err_set(ERR_USAGE, "no command is given, and here is no terminal for the screens");
}

int answer(struct call *c)
{
    enum err e = finish_output(what(c));
    return e ? err_report("feldsher", e) : c->exit_code;
}
