#ifndef STORAGE_VAULT_ENTRY_H
#define STORAGE_VAULT_ENTRY_H

#include "storage/vault/piece.h"

#include <jansson.h>

/* The entries that an intake writes; members as in storage/README.md. All
 * return a new object, or NULL when memory runs out. */

/* pieces[0] is the recording, the rest its sidecars. */
json_t *entry_recording(const struct station *s, const struct intake_camera *camera, const struct piece *pieces,
                        size_t n, char id[static ENTRY_ID]);
/* The bytes of a file that label seq holds, under another path or time. */
json_t *entry_seen(const struct intake_camera *camera, const struct intake_source *f, uint64_t seq);

#endif
