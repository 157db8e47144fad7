#ifndef TUI_WIDGETS_KEY_H
#define TUI_WIDGETS_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Keys out of the terminal's bytes. Pure: no terminal in here. The sequences
 * are those that xterm, the Linux console, VT220, rxvt, screen and tmux send
 * (ECMA-48; console_codes(4); ctlseqs of xterm), whatever TERM says; those of
 * other terminals come from terminfo (key_learn).
 */
enum key_code {
    K_NONE, /* nothing that we know: does nothing */
    K_CHAR, /* c */
    K_ENTER,
    K_ESC,
    K_TAB,
    K_BACKTAB,
    K_BACKSPACE,
    K_DELETE,
    K_INSERT,
    K_UP,
    K_DOWN,
    K_LEFT,
    K_RIGHT,
    K_HOME,
    K_END,
    K_PAGE_UP,
    K_PAGE_DOWN,
    K_F1, /* K_F1 + n - 1 is Fn */
    K_F2,
    K_F3,
    K_F4,
    K_F5,
    K_F6,
    K_F7,
    K_F8,
    K_F9,
    K_F10,
    K_F11,
    K_F12,
    K_SUSPEND, /* ctrl-Z, where a shell is behind us */
    KEY_CODES,
};

struct key {
    enum key_code code;
    uint32_t c; /* K_CHAR: what was typed, Unicode */
};

#define KEY_BYTES 64    /* longest sequence that is waited for */
#define KEY_LEARNT 40   /* sequences from terminfo */
#define KEY_SEQUENCE 16 /* bytes of one */

struct key_reader {
    unsigned char bytes[KEY_BYTES];
    size_t n;
    struct {
        char bytes[KEY_SEQUENCE];
        enum key_code code;
    } learnt[KEY_LEARNT];
    size_t n_learnt;
};

/* Another sequence for a key; NULL, empty and too long ones are passed over. */
void key_learn(struct key_reader *r, const char *sequence, enum key_code code);
/* Takes at most n bytes and returns how many it took. */
size_t key_feed(struct key_reader *r, const void *bytes, size_t n);
/* The next key; false: more bytes are needed. late: no more came in time, so
 * a lone Esc is a key of its own. Unknown and broken sequences are swallowed
 * whole: never does a piece of one act as Esc or as letters. */
bool key_next(struct key_reader *r, bool late, struct key *out);
/* Is a sequence begun? Then call key_next(late) after KEY_WAIT ms of silence. */
bool key_is_open(const struct key_reader *r);
#define KEY_WAIT 25

/* "F5", "Enter", "Esc", "Up": as keyboards, help and documentation name it. */
const char *key_title(enum key_code code);

#endif
