#ifndef TESTS_UNIT_SCRIPT_BOT_H
#define TESTS_UNIT_SCRIPT_BOT_H

#include "tests/unit/script.h"

/* A disk on the Bulk-Only Transport, by the book, with the faults that devices
 * really have, at one command of the session. */
enum bot_quirk {
    QUIRK_NONE,
    QUIRK_TAG,         /* another tag in the status */
    QUIRK_SIGNATURE,   /* another signature */
    QUIRK_PHASE,       /* status 2 */
    QUIRK_RESIDUE,     /* the data are all there, the residue says: none */
    QUIRK_RESIDUE_BIG, /* more than was asked for */
    QUIRK_SHORT_DATA,  /* half of the data, and an honest residue */
    QUIRK_SHORT_LIE,   /* half of the data, and no residue */
    QUIRK_STALL_DATA,  /* halts in the middle of the data */
    QUIRK_STALL_CSW,   /* halts before the status */
    QUIRK_EMPTY_CSW,   /* an empty packet before it */
    QUIRK_SHORT_CSW,
    QUIRK_HANG,  /* says nothing any more until it is reset */
    QUIRK_STALE, /* the status of the command before, again */
    QUIRK_ATTENTION,
    QUIRK_ABORTED,
    QUIRK_GLUED,  /* half of the data, and the status behind them in one go */
    QUIRK_PADDED, /* all of the data are there, half of them are not meant, and the residue says so */
    QUIRKS,
};

struct script_bot {
    uint8_t *disk;
    uint32_t sector;
    uint64_t sectors;
    uint64_t claims;    /* sectors, where not 0 */
    uint64_t bad;       /* this sector cannot be read; UINT64_MAX: none */
    unsigned bad_times; /* so often; then it can */
    unsigned attentions, not_ready;
    bool ejected;
    bool residue_always; /* every residue says: nothing came */
    uint32_t most;       /* bytes of one read that it takes; more makes it hang; 0: any */
    bool refuses_more;   /* ... or it says no */
    bool stubborn;       /* agrees to a class reset, and stays as it was */
    bool changed;        /* after a reset it says that its medium may be another one */
    unsigned slow;       /* after a reset it is not ready so often */
    bool fickle;         /* another capacity each time */
    unsigned dies;       /* at this command it stops answering for good; 0: never */
    uint8_t units;       /* the disk's number; those before it are CD-ROMs */
    enum bot_quirk quirk;
    unsigned at; /* command number, from 0 */
    unsigned commands;
    bool hangs, dead;
    unsigned resets;
    uint8_t key, asc, ascq;
    uint8_t last_csw[13];
    unsigned seen[256]; /* opcodes */
    uint64_t read;      /* bytes of data read in all */
    uint8_t vendor[16]; /* the last vendor command */
};

struct script_device script_bot(struct script_bot *d);

#endif
