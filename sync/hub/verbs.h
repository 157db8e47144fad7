#ifndef SYNC_HUB_VERBS_H
#define SYNC_HUB_VERBS_H

#include "sync/folder/args.h"

/* The commands of feldsher-hub, a file a group: verb_setup.c,
 * verb_carry.c, verb_look.c, verb_expire.c, verb_serve.c. */
enum err verb_init(const struct args *a) MUST_USE;
enum err verb_roster(const struct args *a) MUST_USE;
enum err verb_notice(const struct args *a) MUST_USE;
enum err verb_import(const struct args *a) MUST_USE;
enum err verb_export(const struct args *a) MUST_USE;
enum err verb_serve(const struct args *a) MUST_USE;
enum err verb_stations(const struct args *a) MUST_USE;
enum err verb_status(const struct args *a) MUST_USE;
enum err verb_verify(const struct args *a) MUST_USE;
enum err verb_expire(const struct args *a) MUST_USE;

#endif
