#ifndef TUI_SCREENS_ERRAND_H
#define TUI_SCREENS_ERRAND_H

#include "storage/vault/batch.h"
#include "tui/screens/deed.h"
#include "tui/screens/desk.h"

/*
 * Doing something with a recording from a view: what has to be asked first,
 * the command, and what is said then. The state of such a view begins with a
 * struct errand.
 */
#define ERRAND_MEDIA 7

struct errand {
    enum deed deed;
    char id[ENTRY_ID];
    uint64_t size;
    json_t *circles; /* of the person unlocked; NULL: not known yet */
    char who[NAME_LEN];
    size_t n_media;
    struct {
        char path[1024];
        char text[1200];
        bool small;
    } media[ERRAND_MEDIA];
    char others[DESK_MESSAGE]; /* destroying: which others go with it */
    bool together, second;
};

/* Asks who is unlocked, for deed_refuse. */
void errand_open(struct view *v);
void errand_close(struct view *v);
struct deed_person errand_person(const struct view *v);

/* row: of `recordings show` for DEED_EXPORT and DEED_DESTROY, else of `rows`,
 * too. Refused ones are said. */
void errand_start(struct view *v, enum deed d, const json_t *row);
/* Name and passphrase of a second person, then approval of this request. */
void errand_approve_by_another(struct view *v, const char *request);

#endif
