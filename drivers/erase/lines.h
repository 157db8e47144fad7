#ifndef DRIVERS_ERASE_LINES_H
#define DRIVERS_ERASE_LINES_H

#include "drivers/erase/permit.h"

/* The files that licences name, all together: in their order, and by size. */
enum line_state {
    LINE_OPEN,   /* may go, as far as the station's folder says */
    LINE_BARRED, /* must stay, now */
    LINE_ERASED,
    LINE_GONE,   /* it is not on the camera */
    LINE_LEFT,   /* what the camera has in its place is something else */
    LINE_FAILED, /* to be tried again */
};

struct line {
    const struct licence_file *f;
    struct permit_licence *l;
    enum line_state state;
    bool there;    /* a file of its size is on the camera */
    bool unread;   /* such a file could not be read whole */
    bool differs;  /* such a file, of its time, has other bytes */
    size_t file;   /* erased: number in the listing */
    char why[256]; /* barred */
};

struct lines {
    struct line *v;
    struct line **by_size;
    size_t n;
};

/* usable: those of licences that may be used alone. The caller frees. ERR_NOMEM, ERR_IO. */
enum err lines_gather(struct lines *out, struct permit *p, bool usable) MUST_USE;
void lines_free(struct lines *l);
/* The first line of a size; n gets how many there are. */
struct line **lines_of_size(const struct lines *l, uint64_t size, size_t *n);
/* It must stay; why is copied. */
void line_bar(struct line *l, const char *why);
/* Was it found with the time that the camera tells now? Seconds count. */
bool line_is_of_time(const struct line *l, int64_t mtime);

#endif
