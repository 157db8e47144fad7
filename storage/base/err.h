#ifndef STORAGE_BASE_ERR_H
#define STORAGE_BASE_ERR_H

/*
 * The one space of error codes, cut by what the caller does about them, and
 * the sentence that a person reads.
 */
enum err {
    ERR_OK = 0,
    ERR_BAD,         /* checked and found bad: a signature, a hash, a verify (exit 1) */
    ERR_USAGE,       /* the command line is wrong (64) */
    ERR_DATA,        /* input data is malformed or beyond a ceiling (65) */
    ERR_NOINPUT,     /* no such file, recording, user (66) */
    ERR_UNREACHABLE, /* link or hub not reachable (69) */
    ERR_BUG,         /* our own mistake (70) */
    ERR_NOMEM,       /* out of memory (75) */
    ERR_CREATE,      /* cannot create, or it exists already (73) */
    ERR_IO,          /* reading or writing failed; read-only (74) */
    ERR_FULL,        /* disk full or over quota (74) */
    ERR_AGAIN,       /* try again later: busy, vanished, incomplete (75) */
    ERR_DENIED,      /* not permitted: wrong secret, no role, no circle (77) */
    ERR_END,         /* nothing more to read; never leaves a module */
};

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

/*
 * Remembers (per thread, the last one wins) the sentence for a person: what
 * happened, to which thing, why; and, after a semicolon, what to do where the
 * general advice of err_advice is not enough. Control characters in it are
 * escaped. fmt is translated here: no _() around it. err_text() may be among the
 * arguments. Returns e, so that `return err_set(ERR_IO, ...)` reads well.
 * Nothing is logged: names of files on a camera may stand in it.
 */
enum err err_set(enum err e, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* The same with ": " and the text of errno behind; ENOSPC, EDQUOT and EFBIG
 * turn e into ERR_FULL. */
enum err err_errno(enum err e, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* The sentence remembered last on this thread; "" when none. */
const char *err_text(void);

/* Forgets the sentence. */
void err_clear(void);

/* What to do next, for a code, as half a sentence; "" when nothing helps. */
const char *err_advice(enum err e);
/* The sentence remembered last; where it does not say itself what to do, that
 * behind a semicolon. */
#define ERR_WHOLE 4096
void err_whole(char out[static ERR_WHOLE], enum err e);

/* The exit code of sysexits.h for a code. */
int err_exit_code(enum err e);

/* Prints "PROGRAM: sentence; advice" as one line on stderr and returns the
 * exit code. Nothing is printed for ERR_OK. */
int err_report(const char *program, enum err e);

#endif
