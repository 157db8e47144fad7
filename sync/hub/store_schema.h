#ifndef SYNC_HUB_STORE_SCHEMA_H
#define SYNC_HUB_STORE_SCHEMA_H

/* The hub's tables. For store_index_open.c alone. */

/* need.state and need.kind hold enum store_state and enum store_kind. */
/* Version 2 added route: chain has labels for token (a word of their `to`),
 * the last of them is number last. */
#define VERSION 2
#define ROUTE_TABLE                                                                                                    \
    "CREATE TABLE route(token TEXT,chain INTEGER,last INTEGER,PRIMARY KEY(token,chain)) WITHOUT ROWID;"                \
    "PRAGMA user_version=2;"

static const char schema[] =
    "CREATE TABLE chain(id INTEGER PRIMARY KEY,name TEXT NOT NULL UNIQUE,seq INTEGER NOT NULL DEFAULT 0,head BLOB,"
    "time INTEGER NOT NULL DEFAULT 0,heard INTEGER NOT NULL DEFAULT 0,length INTEGER NOT NULL DEFAULT 0,"
    "bytes INTEGER NOT NULL DEFAULT 0,alarm INTEGER NOT NULL DEFAULT 0,alarm_a BLOB,alarm_b BLOB,"
    "changed INTEGER NOT NULL DEFAULT 0,damaged INTEGER NOT NULL DEFAULT 0);"
    "CREATE TABLE label(chain INTEGER,seq INTEGER,hash BLOB,offset INTEGER,length INTEGER,PRIMARY KEY(chain,seq))"
    " WITHOUT ROWID;"
    "CREATE TABLE need(object BLOB,chain INTEGER,seq INTEGER,kind INTEGER,size INTEGER,state INTEGER,"
    "PRIMARY KEY(object,chain,seq,kind)) WITHOUT ROWID;"
    "CREATE INDEX need_wanted ON need(chain,seq) WHERE state=1;"
    "CREATE TABLE object(name BLOB PRIMARY KEY,size INTEGER,chain INTEGER) WITHOUT ROWID;"
    "CREATE TABLE meta(name TEXT PRIMARY KEY,value INTEGER) WITHOUT ROWID;" ROUTE_TABLE;

/* Writers keep a log (WAL) and do not wait for it: what a power cut takes from
 * the index comes back from the files. The row "open" of meta, which is durable
 * while a writer is at work, tells the next one to look. */
static const char pragmas_writer[] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY; "
                                     "PRAGMA cache_size=-16384";
static const char pragmas_reader[] = "PRAGMA temp_store=MEMORY";
/* A plain file again, which opens on a folder that cannot be written. */
static const char pragma_plain[] = "PRAGMA journal_mode=TRUNCATE";

#endif
