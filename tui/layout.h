#ifndef TUI_LAYOUT_H
#define TUI_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The same keys under three layouts, as xkeyboard-config has them: us "basic",
 * ru "winkeys", kz "basic" (whose digit row types letters, its digits are on
 * the keypad). A word typed while another layout was on is read by its keys.
 */

/* The letter that the us layout has on the key where ru or kz has this one
 * (for one that both have on different keys: ru's); itself where none has. */
uint32_t layout_us(uint32_t letter);

#define LAYOUT_READINGS 7 /* more there are not */

/*
 * Reading number i, from 0, of n bytes of UTF-8: as typed; then by the keys:
 * meant for us and typed in ru, in kz; typed in us and meant for ru, for kz;
 * meant for one of ru and kz and typed in the other. Readings that the text
 * cannot have, or that say the same as an earlier one, are left out. Writes at
 * most room bytes with NUL into out, and their number without it; false: there
 * is no such reading, or it does not fit. Keeps nothing: out alone must be
 * wiped where the text is secret.
 */
bool layout_reading(const char *typed, size_t n, size_t i, char *out, size_t room, size_t *out_n);

/* Are there letters both of a Latin and of a Cyrillic alphabet in it? */
bool layout_mixed(const char *text, size_t n);

#endif
