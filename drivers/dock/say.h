#ifndef DRIVERS_DOCK_SAY_H
#define DRIVERS_DOCK_SAY_H

#include "drivers/place.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * What an offload says: a line a recording on standard output, for people or
 * as JSON objects; a line of progress on standard error where that is a
 * terminal. Paths are escaped: a file's name cannot move the cursor.
 */
enum say_what { SAY_STORED, SAY_KNOWN, SAY_FAILED, SAY_NOT_TAKEN, SAY_KINDS };

struct say {
    bool json;
    bool quiet;     /* failures, what was not taken, and the summary alone */
    bool bar;       /* progress on the terminal */
    bool told_json; /* progress as objects */
    bool drawn;     /* the line of progress stands there now */
    int64_t start;
    int64_t told;
    uint64_t recordings; /* found */
    uint64_t bytes;
    uint64_t count[SAY_KINDS];
    uint64_t stored;      /* bytes */
    char label[NAME_LEN]; /* of the camera, in each row; "" one alone */
    const char *port;     /* where it was plugged in, in each row; NULL: one alone */
};

struct say_line {
    enum say_what what;
    const char *id; /* stored: of the entry */
    const char *path;
    uint64_t size;         /* stored: with sidecars */
    uint64_t resumed_from; /* stored: 0 at once */
    const char *why;       /* failed, not taken */
};

/* progress: as JSON, too. */
void say_begin(struct say *s, bool json, bool quiet, bool progress);
/* Rows name the camera, and the port that it was plugged in at, from now on. port: must live as long. */
void say_label(struct say *s, const char *label, const char *port);
/* In rows that name the camera: it ended too soon, why (err_text). */
void say_failed(struct say *s, enum err e);
/* On USB: which camera it is, its battery, its room, its clock. */
void say_camera(struct say *s, const struct place *p, const struct camera *c);
/* Something of the camera: "waiting", "back"; as an object also "failed". */
void say_event(struct say *s, const char *event, const char *why);
/* What is on the camera. */
void say_found(struct say *s, uint64_t recordings, uint64_t bytes);
void say_line(struct say *s, const struct say_line *line);
/* done: bytes of all that was found. */
void say_progress(struct say *s, uint64_t recording, uint64_t done);
void say_summary(struct say *s);

#endif
