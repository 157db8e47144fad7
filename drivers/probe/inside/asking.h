#ifndef DRIVERS_PROBE_INSIDE_ASKING_H
#define DRIVERS_PROBE_INSIDE_ASKING_H

#include "drivers/probe/probe.h"
#include "drivers/probe/talk.h"

/* The probe's end of talk.h. */
struct asking {
    int fd;
    uint64_t size; /* of the file, known after the first answer */
    bool gone;     /* the other side has hung up, or makes no sense */
};

/* As probe_source.read, with a struct asking. ERR_IO: nobody answers. */
enum err asking_read(void *asking, uint64_t offset, void *p, size_t n, size_t *got) MUST_USE;
/* Says something; n bytes with it. False: nobody listens. */
bool asking_say(struct asking *a, enum talk what, const void *p, size_t n);

#endif
