#include "storage/base/err.h"

#include "storage/base/buf.h"
#include "storage/base/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static _Thread_local char sentence[2048];

static void remember(const char *raw)
{
    struct buf b = {.max = sizeof sentence * 8};
    if (text_escape(&b, raw, strlen(raw)) == ERR_OK && b.p)
        snprintf(sentence, sizeof sentence, "%s", (const char *)b.p);
    else
        snprintf(sentence, sizeof sentence, "(unprintable)");
    buf_free(&b);
}

enum err err_set(enum err e, const char *fmt, ...)
{
    char raw[1024];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(raw, sizeof raw, fmt, ap);
    va_end(ap);
    remember(raw);
    return e;
}

enum err err_errno(enum err e, const char *fmt, ...)
{
    int saved = errno;
    char what[1024], raw[1280];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    snprintf(raw, sizeof raw, "%s: %.200s", what, strerror(saved));
    remember(raw);
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
        return "keep it as it is and tell the administrator";
    case ERR_USAGE:
        return "see --help";
    case ERR_DATA:
        return "correct it, or take another copy";
    case ERR_NOINPUT:
        return "check the name and try again";
    case ERR_UNREACHABLE:
        return "nothing is lost, try again when there is a link";
    case ERR_BUG:
        return "this is our mistake, please report it with the log";
    case ERR_NOMEM:
        return "close other programs and try again";
    case ERR_CREATE:
        return "choose another place";
    case ERR_IO:
        return "check the disk and its permissions, then run it again";
    case ERR_FULL:
        return "free space on that disk, then run it again: it goes on where it stopped";
    case ERR_AGAIN:
        return "try again later";
    case ERR_DENIED:
        return "ask a supervisor or the administrator";
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

int err_report(const char *program, enum err e)
{
    if (e == ERR_OK)
        return 0;
    const char *advice = strchr(sentence, ';') ? "" : err_advice(e);
    fprintf(stderr, "%s: %s%s%s\n", program, sentence[0] ? sentence : "failed", advice[0] ? "; " : "", advice);
    return err_exit_code(e);
}
