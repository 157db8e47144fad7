#ifndef TUI_SCREENS_PLUGGED_H
#define TUI_SCREENS_PLUGGED_H

#include "storage/limits.h"
#include "tui/widgets/progress.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The cameras: what is plugged in, by the rows of `cameras --watch`, and how
 * each one's offload goes, by the rows of `offload --progress`. Pure: dock.c
 * asks, this remembers. One intake at a time; the others wait in turn.
 */
#define PLUGGED_MAX 24
#define PLUGGED_PATH 1024
#define PLUGGED_NAME 256
#define PLUGGED_WHY 512
#define PLUGGED_FAULTS 1000 /* recordings with a reason that are kept of one offload */
#define PLUGGED_TEXT 512

enum plugged_state {
    PLUGGED_FREE,    /* nothing was asked of it */
    PLUGGED_WAITS,   /* its turn comes */
    PLUGGED_TAKEN,   /* being taken in now */
    PLUGGED_DONE,    /* to its end; some may have failed */
    PLUGGED_STOPPED, /* before its end: why */
};

struct plugged_camera {
    char path[PLUGGED_PATH]; /* "": the place is free */
    char name[PLUGGED_NAME];
    char volume[NAME_LEN]; /* "": none that is known */
    char serial[NAME_LEN]; /* as typed */
    uint64_t recordings, bytes;
    bool here, seen; /* plugged in; in the survey under way */
    enum plugged_state state;
    unsigned turn; /* of those that wait */
    struct progress progress;
    uint64_t at, of; /* recording, how many */
    uint64_t stored, known, failed, not_taken;
    uint64_t stored_bytes;
    bool summed;    /* the summary came */
    json_t *faults; /* rows with path, result, why */
    char why[PLUGGED_WHY];
};

struct plugged {
    struct plugged_camera c[PLUGGED_MAX];
    struct {
        char volume[NAME_LEN + PLUGGED_PATH]; /* or the path, where there is no volume */
        char serial[NAME_LEN];
    } serials[PLUGGED_MAX]; /* as long as the screens run */
    size_t next_serial;
    unsigned turns;
    bool surveyed; /* once at least */
};

void plugged_free(struct plugged *p);

/* A row of `cameras`: true when what is plugged in is another now. A camera
 * that has been taken out stays as long as there is something to say of it. */
bool plugged_camera_row(struct plugged *p, const json_t *row);
/* A row of the offload of c; now: ms. */
void plugged_offload_row(struct plugged_camera *c, const json_t *row, int64_t now);
/* Its end: exit_code and the command's sentence; cancelled: by the person. */
void plugged_offload_end(struct plugged_camera *c, int exit_code, const char *error, bool cancelled);

/* Puts it at the end of those that wait; false: it waits or is taken in, or
 * is not plugged in. */
bool plugged_wait(struct plugged *p, struct plugged_camera *c);
/* None waits any longer. */
void plugged_wait_no_more(struct plugged *p);
/* Takes the next one; NULL: none waits, or one is being taken in. */
struct plugged_camera *plugged_take(struct plugged *p);
struct plugged_camera *plugged_taken(struct plugged *p); /* NULL: none */
struct plugged_camera *plugged_find(struct plugged *p, const char *path);
size_t plugged_here(const struct plugged *p);
size_t plugged_waiting(const struct plugged *p);
void plugged_serial(struct plugged *p, struct plugged_camera *c, const char *serial);

/* What is plugged in, as todo.h has its cameras: an array; NULL: no memory. */
json_t *plugged_json(const struct plugged *p);

/* For people, translated. Of the status line: "" where nothing is plugged in. */
void plugged_status(struct plugged *p, char *out, size_t cap);
/* In a list: how it stands, at most 26 columns. */
void plugged_standing(const struct plugged_camera *c, char *out, size_t cap);
/* What came of it: a sentence. */
void plugged_result(const struct plugged_camera *c, char *out, size_t cap);

#endif
