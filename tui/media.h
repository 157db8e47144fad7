#ifndef TUI_MEDIA_H
#define TUI_MEDIA_H

#include <stddef.h>

/*
 * Removable media by proc(5)'s mountinfo: what is mounted below /media,
 * /run/media or /mnt, as desktops and crews mount them.
 */
#define MEDIA_MAX 32
#define MEDIA_PATH 1024

struct media {
    char path[MEDIA_MAX][MEDIA_PATH];
    size_t n;
};

/* text: of /proc/self/mountinfo; it is cut up. The last one mounted on a place
 * counts; paths that are too long and more than MEDIA_MAX are left out. */
void media_read(struct media *m, char *text);

#endif
