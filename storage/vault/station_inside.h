#ifndef STORAGE_VAULT_STATION_INSIDE_H
#define STORAGE_VAULT_STATION_INSIDE_H

#include "storage/vault/station.h"

/* What the files of the station share, and verify.c; nobody else includes it. */

#define CONF_MAX 4096u

/* station.conf of s->dir into s. ERR_NOINPUT none, ERR_BAD damaged. */
enum err station_read_conf(struct station *s) MUST_USE;
/* Folders of a station, made where they are missing. */
enum err station_folders(const char *dir) MUST_USE;
/* Taking s->roster was cut short before `roster` was replaced by it. */
bool station_roster_pends(const struct station *s);
/* Ends such a taking. */
enum err station_finish_roster(const struct station *s) MUST_USE;

#endif
