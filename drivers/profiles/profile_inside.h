#ifndef DRIVERS_PROFILES_PROFILE_INSIDE_H
#define DRIVERS_PROFILES_PROFILE_INSIDE_H

#include "drivers/limits.h"
#include "drivers/profiles/profile.h"
#include "drivers/profiles/wording.h"
#include "storage/base/buf.h"

/* What a profile says, for the files of this folder alone. */

enum profile_question {
    ASK_HELLO,
    ASK_DEVICE,
    ASK_VERSION,
    ASK_BATTERY,
    ASK_CLOCK,
    ASK_SET_CLOCK,
    ASK_UNLOCK,
    ASK_DISK,
    ASK_QUESTIONS,
};

enum profile_answer { SAYS_OK, SAYS_REFUSED, SAYS_LOCKED, SAYS_LOW, SAYS_ANSWERS };

struct profile_command {
    size_t n;                                      /* 0: it has none; only SET_CLOCK has several */
    struct wording ask[PROFILE_COMMAND_LINES_MAX]; /* ASCII */
    uint8_t code[4];                               /* binary */
};

enum profile_proof { PROOF_ANSWER, PROOF_FOLDER, PROOF_LABEL, PROOF_VENDOR, PROOF_MODEL, PROOF_EXTENSION };

struct profile_ids {
    uint16_t vendor, product;
};

struct profile {
    char name[NAME_LEN], title[PROFILE_TITLE_LEN];
    enum profile_speaks speaks;
    struct profile_ids usb[PROFILE_IDS_MAX], becomes[PROFILE_IDS_MAX];
    size_t n_usb, n_becomes;
    int interface[3]; /* class, subclass, protocol; -1: any */
    bool automatic, label_is_device;
    struct {
        enum profile_proof what;
        char text[NAME_LEN];
    } proofs[PROFILE_PROOFS_MAX];
    size_t n_proofs;
    size_t lock; /* bytes of the secret; 0: none */
    int battery;
    enum profile_clock clock;
    struct zone zone;
    char files[PROFILE_FILES_MAX][PROFILE_GLOB_LEN];
    size_t n_files;
    char sidecars[PROFILE_SIDECARS_MAX][PROFILE_EXTENSION_LEN];
    size_t n_sidecars;
    struct wording names[PROFILE_NAMES_MAX];
    size_t n_names;
    struct zone names_zone;
    enum profile_erase erase;
    uint8_t cdb[16];
    size_t cdb_len;
    struct profile_command commands[ASK_QUESTIONS];
    char says[SAYS_ANSWERS][PROFILE_SAYS_LEN];
};

/* The text of a profile; name: of its file, without the folder and
 * ".profile". ERR_DATA "line N: ...". The caller frees. */
enum err profile_read(struct profile **out, const char *name, const void *text, size_t n) MUST_USE;

/* Those compiled in, by number; NULL behind the last. */
const char *profile_built_in(size_t i, const char **text, size_t *n);

#endif
