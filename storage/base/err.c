#include "storage/base/err.h"

#include "storage/base/lang.h"
#include "storage/base/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static _Thread_local char sentence[2048];

enum err err_set(enum err e, const char *fmt, ...)
{
    char raw[1024];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(raw, sizeof raw, _(fmt), ap);
    va_end(ap);
    text_escape_cut(sentence, sizeof sentence, raw, strlen(raw));
    return e;
}

/* What a person meets, in our own languages: the system has no Kazakh. */
static const char *const met[] = {
    N_("Operation not permitted"),
    N_("No such file or directory"),
    N_("Input/output error"),
    N_("No such device or address"),
    N_("Resource temporarily unavailable"),
    N_("Cannot allocate memory"),
    N_("Permission denied"),
    N_("Device or resource busy"),
    N_("File exists"),
    N_("Invalid cross-device link"),
    N_("No such device"),
    N_("Not a directory"),
    N_("Is a directory"),
    N_("Too many open files"),
    N_("File too large"),
    N_("No space left on device"),
    N_("Read-only file system"),
    N_("Broken pipe"),
    N_("File name too long"),
    N_("Directory not empty"),
    N_("Too many levels of symbolic links"),
    N_("Disk quota exceeded"),
    N_("No medium found"),
    N_("Network is unreachable"),
    N_("No route to host"),
    N_("Connection refused"),
    N_("Connection timed out"),
    N_("Connection reset by peer"),
    N_("Address already in use"),
    N_("Cannot assign requested address"),
    N_("Stale file handle"),
};

static const char *system_text(int number)
{
    const char *english = strerrordesc_np(number);
    for (size_t i = 0; english && i < sizeof met / sizeof met[0]; i++)
        if (strcmp(met[i], english) == 0)
            return _(met[i]);
    return strerror(number);
}

enum err err_errno(enum err e, const char *fmt, ...)
{
    int saved = errno;
    char what[1024], raw[1280];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, _(fmt), ap);
    va_end(ap);
    snprintf(raw, sizeof raw, "%s: %.200s", what, system_text(saved));
    text_escape_cut(sentence, sizeof sentence, raw, strlen(raw));
    if (saved == ENOSPC || saved == EDQUOT || saved == EFBIG)
        return ERR_FULL;
    return saved == ENOMEM ? ERR_NOMEM : e;
}

const char *err_text(void)
{
    return sentence;
}

void err_clear(void)
{
    sentence[0] = '\0';
}

const char *err_advice(enum err e)
{
    switch (e) {
    case ERR_BAD:
        return _("keep it as it is and tell the administrator");
    case ERR_USAGE:
        return _("see --help");
    case ERR_DATA:
        return _("correct it, or take another copy");
    case ERR_NOINPUT:
        return _("check the name and try again");
    case ERR_UNREACHABLE:
        return _("nothing is lost, try again when there is a link");
    case ERR_BUG:
        return _("this is our mistake, please report it with the log");
    case ERR_NOMEM:
        return _("close other programs and try again");
    case ERR_CREATE:
        return _("choose another place");
    case ERR_IO:
        return _("check the disk and its permissions, then run it again");
    case ERR_FULL:
        return _("free space on that disk, then run it again: it goes on where it stopped");
    case ERR_AGAIN:
        return _("try again later");
    case ERR_DENIED:
        return _("ask a supervisor or the administrator");
    case ERR_OK:
    case ERR_END:
        break;
    }
    return "";
}

int err_exit_code(enum err e)
{
    switch (e) {
    case ERR_OK:
        return 0;
    case ERR_BAD:
        return 1;
    case ERR_USAGE:
        return 64;
    case ERR_DATA:
        return 65;
    case ERR_NOINPUT:
        return 66;
    case ERR_UNREACHABLE:
        return 69;
    case ERR_CREATE:
        return 73;
    case ERR_IO:
    case ERR_FULL:
        return 74;
    case ERR_AGAIN:
    case ERR_NOMEM:
        return 75;
    case ERR_DENIED:
        return 77;
    case ERR_BUG:
    case ERR_END:
        break;
    }
    return 70;
}

void err_whole(char out[static ERR_WHOLE], enum err e)
{
    const char *advice = strchr(sentence, ';') ? "" : err_advice(e);
    snprintf(out, ERR_WHOLE, "%s%s%s", sentence[0] ? sentence : _("failed"), advice[0] ? "; " : "", advice);
}

int err_report(const char *program, enum err e)
{
    if (e == ERR_OK)
        return 0;
    char whole[ERR_WHOLE];
    err_whole(whole, e);
    fprintf(stderr, "%s: %s\n", program, whole);
    return err_exit_code(e);
}
