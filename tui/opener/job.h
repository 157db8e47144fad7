#ifndef TUI_OPENER_JOB_H
#define TUI_OPENER_JOB_H

#include "storage/base/buf.h"
#include "storage/records/records.h"

#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>

/* One command, run in a fork of the worker, in a process group of its own. */
struct job {
    unsigned id; /* 0: free */
    pid_t pid;
    int pidfd;
    int out, err; /* its stdout (rows) and stderr (sentences) */
    struct buf row, said;
    char last[1024]; /* sentence on stderr */
    bool tells;      /* it goes on only to tell its asker what changes */
};

/* What a command line comes with. */
struct job_order {
    unsigned id;
    const char *dir;
    const char *const *program; /* one of ours, to be run with descriptor fd; NULL: argv is a command line */
    const json_t *argv;         /* strings */
    struct user *user;          /* unlocked, or NULL */
    const char *secrets;        /* lines */
    size_t n;
    const struct records_position *at; /* where its recording stands; may be none */
    size_t n_at;
    int tty;          /* program's terminal, or -1: it has none */
    int fd;           /* for its --fd, or -1 */
    const int *close; /* descriptors that are none of its business; -1 ends */
};

/* ERR_USAGE: argv is no command line. */
enum err job_start(struct job *j, const struct job_order *o) MUST_USE;

/* Rows and progress go to fn as they come. fn's "row" is the caller's to keep. */
typedef void job_row_fn(void *ctx, unsigned id, json_t *row);
/* Takes what has come. true: it has ended, and everything it said is taken. */
bool job_read(struct job *j, job_row_fn *fn, void *ctx, int *exit_code);
void job_cancel(const struct job *j);
/* Closes what is open of it; it is not ended by that. */
void job_close(struct job *j);

#endif
