#ifndef TESTS_UNIT_SCRIPT_PTP_H
#define TESTS_UNIT_SCRIPT_PTP_H

#include "tests/unit/script.h"

/*
 * An MTP device as the standard wants it, and, one by one or together, with
 * what devices make of it.
 */
enum ptp_quirk {
    PTP_NO_PROPLIST = 1 << 0,      /* not known */
    PTP_DEEP = 1 << 1,             /* properties of a whole folder at once */
    PTP_NO_DC04 = 1 << 2,          /* sizes come from ObjectInfo alone */
    PTP_INFO_LIES = 1 << 3,        /* ObjectInfo says: 4 GiB or more */
    PTP_SPLIT = 1 << 4,            /* the head of the data in a transfer of its own */
    PTP_GLUED = 1 << 5,            /* the answer in the same transfer as the end of the data */
    PTP_NO_ZLP = 1 << 6,           /* no empty packet behind full ones */
    PTP_JUNK_ID = 1 << 7,          /* answers and data with an id that means nothing */
    PTP_NO_PARTIAL = 1 << 8,       /* neither of them */
    PTP_NO_PARTIAL_64 = 1 << 9,    /* that of 32 bits alone */
    PTP_PARTIAL_REFUSED = 1 << 10, /* offered, and not supported when asked */
    PTP_LEFT_OPEN = 1 << 11,       /* somebody's session is open */
    PTP_LISTS_FIRST = 1 << 12,     /* objects exist once their folder was listed */
    PTP_SHY = 1 << 13,             /* says nothing of itself before the session is open */
    PTP_ENDLESS = 1 << 14,         /* files have heads with a length of all ones */
    PTP_TWO_STORAGES = 1 << 15,    /* the second one is empty */
    PTP_ROOT_ALL = 1 << 16,        /* the root lists every object there is */
    PTP_NO_CLASS = 1 << 17,        /* knows no class requests */
    PTP_BUSY = 1 << 18,            /* the first answer is: busy */
    PTP_EVENTS_IN_BULK = 1 << 19,  /* an event before every answer */
    PTP_DEAF = 1 << 20,            /* a cancelled transaction goes on all the same */
    PTP_LOCKED = 1 << 21,          /* has no storage to show */
    PTP_CLOCK_REFUSED = 1 << 22,   /* offers to set its clock and refuses */
    PTP_DATA_SHORT = 1 << 23,      /* of every piece of a file less is sent than its head says */
    PTP_LOOP = 1 << 24,            /* a folder lists the folder it lies in */
};
#define PTP_HARMLESS_QUIRKS 21u /* 1 << i below this: every file can be read */

struct ptp_object {
    uint32_t handle, parent;
    const char *name; /* Latin-1 */
    bool folder;
    uint32_t size;
    uint32_t more; /* bytes that it has behind its size */
    bool bad;      /* its data cannot be read */
    bool shown;
};

struct script_ptp {
    unsigned quirks;
    struct ptp_object *objects;
    size_t n;
    bool open;
    bool busy_said, always_busy;
    unsigned resets;
    uint32_t id; /* of the present command */
    uint8_t command[32];
    size_t command_len; /* data for it are awaited */
    char clock[32];
    unsigned seen[65536]; /* operations */
    uint32_t claim;       /* objects that the root claims to have, where not 0 */
    uint16_t answer_with; /* to every file, where not 0 */
    /* where the heads of messages began, in the script's bytes: commands and what followed */
    uint64_t heads[4096];
    size_t n_heads;
};

struct script_device script_ptp(struct script_ptp *d);
/* The pipes of a still image interface. */
void script_ptp_pipes(struct usb *u);
/* What an object holds. */
void script_ptp_bytes(const struct ptp_object *o, uint64_t at, uint8_t *p, size_t n);
uint8_t script_ptp_byte(const struct ptp_object *o, uint64_t at);

#endif
