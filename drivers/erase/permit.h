#ifndef DRIVERS_ERASE_PERMIT_H
#define DRIVERS_ERASE_PERMIT_H

#include "drivers/erase/copies.h"
#include "storage/trust/notice.h"
#include "storage/vault/mark.h"
#include "storage/vault/receipt.h"
#include "storage/vault/station.h"

#include <time.h>

/*
 * What the station's folder says about erasing one camera: licences and who
 * signed them, who used them already, receipts, holds, the clock. Nothing here
 * looks at the camera, and nothing needs a key that opens.
 */
#define PERMIT_LICENCES_MAX 64u /* of one camera; older ones are left out */

struct permit_licence {
    struct notice *n; /* with a licence in it; its signature is good now */
    bool begun;       /* by this station, and not used up: to be finished */
    char why[256];    /* it may not be used; "" it may */
};

struct permit {
    struct station *s;
    struct permit_licence licences[PERMIT_LICENCES_MAX]; /* by time */
    size_t n;
    struct receipt **receipts; /* valid: the station's, and those that licences brought */
    size_t n_receipts;
    char (*held)[NOTICE_ID]; /* recordings under hold */
    size_t n_held;
    struct marks marks;
    struct copies *copies;   /* NULL: none */
    struct timespec notices; /* when the folder of notices last changed */
};

/* Those for the camera; id (NULL: any) picks one, which then must be there.
 * copies (NULL:
 * none) must live as long. Needs STATION_CHAIN_KEY. ERR_NOINPUT: no such notice, or it is no licence for
 * this camera: the sentence says which; ERR_BAD: the station's chain is damaged. */
enum err permit_load(struct permit **out, struct station *s, const char *serial, const char *volume, const char *id,
                     struct copies *copies) MUST_USE;
void permit_free(struct permit *p);

/* May a file of a licence go, as far as the folder says now? ERR_DENIED: not
 * now: the licence may not be used or has expired, the recording is under hold,
 * no receipt covers it, nor may copies stand for one. */
enum err permit_file(struct permit *p, const struct permit_licence *l, const struct licence_file *f) MUST_USE;
/* The file's bytes were read and hash to plain. Where this station took them in
 * itself, its own label must hold just these: ERR_BAD. Where copies stand for a
 * receipt they are read whole: ERR_DENIED. */
enum err permit_bytes(struct permit *p, const struct permit_licence *l, const struct licence_file *f,
                      const struct hash *plain) MUST_USE;
/* Was a file of the camera (its serial or volume, as an intake names it) taken
 * in here, by its samples; does a hub hold it. Errors as of mark_fast. */
enum err permit_taken(struct permit *p, const char *camera, const struct intake_source *f, bool *taken,
                      bool *held) MUST_USE;

#endif
