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
 * each one's offload goes, by the rows of `offload --progress` and of `dock
 * --progress` (drivers/dock/README.md). Pure: dock.c asks, this remembers. Of
 * what a person asks for one is taken in at a time, the others wait in turn;
 * what the dock takes in goes on beside it. A card is known by its path, a
 * device on USB by its port and serial number.
 */
#define PLUGGED_MAX 24
#define PLUGGED_PATH 1024
#define PLUGGED_NAME 256
#define PLUGGED_PORT 32
#define PLUGGED_CLOCK 32
#define PLUGGED_WHY 512
#define PLUGGED_FAULTS 1000 /* recordings with a reason that are kept of one offload */
#define PLUGGED_TEXT 512

enum plugged_kind {
    PLUGGED_NONE, /* the place is free */
    PLUGGED_CARD, /* mounted, a folder, an image */
    PLUGGED_USB,  /* a device */
};

enum plugged_state {
    PLUGGED_FREE,    /* nothing was asked of it */
    PLUGGED_WAITS,   /* its turn comes */
    PLUGGED_TAKEN,   /* being taken in now */
    PLUGGED_DONE,    /* to its end; some may have failed */
    PLUGGED_STOPPED, /* before its end: why */
};

/* Of a device on USB: why it is taken in, or is not. */
enum plugged_right {
    PLUGGED_ADMITTED,
    PLUGGED_AUTOMATIC,
    PLUGGED_POSSIBLE, /* a person has to say that it is a camera */
    PLUGGED_DENIED,   /* this account may not use it */
};

/* What a device said when it was opened. */
struct plugged_told {
    bool known;                                      /* it did */
    int battery;                                     /* per cent; -1: it does not say */
    uint64_t free, size;                             /* bytes; 0: it does not say */
    char clock[PLUGGED_CLOCK], asked[PLUGGED_CLOCK]; /* the camera's, ours; "": it does not say */
    bool clock_set;
};

struct plugged_camera {
    enum plugged_kind kind;
    char path[PLUGGED_PATH]; /* card */
    char name[PLUGGED_NAME];
    char volume[NAME_LEN]; /* "": none that is known */
    char serial[NAME_LEN]; /* card: as typed; device: as it says */
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
    int exit_code;
    /* device */
    char port[PLUGGED_PORT];     /* where it is */
    char began_at[PLUGGED_PORT]; /* what the rows of its offload call it; "": none is under way */
    char usb[NAME_LEN];          /* serial number of its descriptors */
    char came_back_as[NAME_LEN]; /* the same of the disk that it became */
    char ids[16], vendor[NAME_LEN], product[NAME_LEN], profile[NAME_LEN];
    enum plugged_right right;
    bool docked; /* the dock takes it in */
    bool away;   /* pulled out in the middle, and waited for */
    struct plugged_told told;
};

/* Who takes in what is plugged in. */
enum plugged_dock {
    PLUGGED_NOBODY,
    PLUGGED_OURS,
    PLUGGED_ANOTHER, /* another program at this station */
};

struct plugged {
    struct plugged_camera c[PLUGGED_MAX];
    struct {
        char volume[NAME_LEN + PLUGGED_PATH]; /* or the path, where there is no volume */
        char serial[NAME_LEN];
    } serials[PLUGGED_MAX]; /* as long as the screens run */
    size_t next_serial;
    struct {
        char volume[NAME_LEN];
        uint64_t recordings, bytes;
    } whole[PLUGGED_MAX]; /* cards that were taken in to their end, as they were */
    size_t next_whole;
    unsigned turns;
    bool surveyed; /* once at least */
    enum plugged_dock dock;
};

void plugged_free(struct plugged *p);

/* A row of `cameras`: true when what is plugged in is another now. A camera
 * that has been taken out stays as long as there is something to say of it. */
bool plugged_camera_row(struct plugged *p, const json_t *row);
/* A row of the offload of c; now: ms. */
void plugged_offload_row(struct plugged_camera *c, const json_t *row, int64_t now);
/* Its end: exit_code and the command's sentence; cancelled: by the person. */
void plugged_offload_end(struct plugged *p, struct plugged_camera *c, int exit_code, const char *error, bool cancelled);

/* Puts it at the end of those that wait; false: it waits or is taken in, or
 * is not plugged in, or may not be used. */
bool plugged_wait(struct plugged *p, struct plugged_camera *c);
/* None waits any longer. */
void plugged_wait_no_more(struct plugged *p);
/* Takes the next one; NULL: none waits, or one is being taken in. */
struct plugged_camera *plugged_take(struct plugged *p);
struct plugged_camera *plugged_taken(struct plugged *p); /* of those that a person asked for; NULL: none */
struct plugged_camera *plugged_find(struct plugged *p, const char *path);
size_t plugged_here(const struct plugged *p);
size_t plugged_out(const struct plugged *p); /* of these: not taken in to their end */
size_t plugged_waiting(const struct plugged *p);
size_t plugged_docked(const struct plugged *p); /* that the dock takes in now */
/* Would F3 take it in? */
bool plugged_is_for_all(const struct plugged_camera *c);
void plugged_serial(struct plugged *p, struct plugged_camera *c, const char *serial);

/* What is plugged in, as todo.h has its cameras: an array; NULL: no memory. */
json_t *plugged_json(const struct plugged *p);

#endif
