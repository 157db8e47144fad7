#ifndef TUI_OPENER_OPENER_H
#define TUI_OPENER_OPENER_H

#include "tui/secret.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * The screens' own two workers, as the painter sees them. The painter paints
 * and holds no key: whatever takes time or a key is asked of
 *
 *   the opener   holds the unlocked person's keys and records.db, may neither
 *                reach a network nor run a program; each command runs in a
 *                fork of it, so that no command waits for another;
 *   the starter  holds no key; runs the programs (feldsher-dock, -sync, -play).
 *
 * A request is a command line of the command table (tui/command.h), without
 * the global options; it is run with --json. Which of the two takes it is the
 * table's business. Besides these there are words of the opener's own:
 *
 *   unlock USER     one secret; from then on commands run as that person
 *   lock            wipes the keys
 *   who             the row of unlock again; none where nobody is unlocked
 *   rows WHAT ...   asks records.db at once, in the opener itself: rows.h
 *
 * `recordings play` is two processes: the starter's player, and the command at
 * the other end of its socket; both are seen to here. Where there is no window
 * (tui/play/place.h) the player takes the terminal: the painter gives it back
 * before it asks, and takes it again at the end of the request.
 *
 * Everything here is called on the thread that paints and never waits.
 */
struct opener;

struct opener_reply {
    unsigned id;       /* of the request; 0: an event that nobody asked for */
    bool end;          /* the last one of this request */
    const json_t *row; /* an object as the command prints it; NULL at the end */
    int exit_code;     /* at the end: sysexits.h's, as of the command line */
    const char *error; /* at the end: the sentence for a person, "" where all went well */
};
/* reply and what it points to live until it returns. It may ask, cancel and
 * forget. */
typedef void opener_fn(void *ctx, const struct opener_reply *reply);

/* Starts both on the station in dir (which need not exist yet). event gets
 * replies with id 0: {"event":"stopped","worker":"opener"|"starter"} when one
 * died and was started anew (its requests end with exit code 75; after the
 * opener died, nobody is unlocked), {"event":"records","done":N,"total":N}
 * while records.db is behind, {"event":"locked"}. */
enum err opener_start(struct opener **out, const char *dir, opener_fn *event, void *ctx) MUST_USE;
/* Locks, lets both end in their own time: an offload under way goes on. */
void opener_stop(struct opener *o);

/* Descriptors to poll for input; n is 2. */
void opener_fds(const struct opener *o, int fds[static 2]);
/* Takes what has come, calls back, starts anew what died. */
void opener_read(struct opener *o);

/* argv ends with NULL. secrets: n of them, in the order in which the command
 * asks; copied and wiped on their way. fd (else -1) goes along to the command
 * as its --fd. Returns the request's id, never 0: a request that cannot be
 * sent ends like any other, with an error, from opener_read. */
unsigned opener_ask(struct opener *o, const char *const argv[], const struct secret *const secrets[], size_t n, int fd,
                    opener_fn *fn, void *ctx);
/* As ctrl-C: the command ends in its own time, what it has done stays. */
void opener_cancel(struct opener *o, unsigned id);
/* No more replies of it: the screen that asked is gone. It goes on. */
void opener_forget(struct opener *o, unsigned id);

#endif
