#ifndef DRIVERS_PROBE_BEGINS_H
#define DRIVERS_PROBE_BEGINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BEGINS_LEN 16u /* bytes that are enough */

/* Could this be the beginning of a file of a kind that feldsher-probe knows?
 * Of others it is not asked: a process for each of ten thousand texts would
 * cost minutes. */
bool begins_like_media(const uint8_t *p, size_t n);

#endif
