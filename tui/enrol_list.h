#ifndef TUI_ENROL_LIST_H
#define TUI_ENROL_LIST_H

#include "storage/trust/authority.h"

/*
 * Enrolling from a list: CSV, station,unit,kind,user,role a line (a first
 * line that begins with "station," is a heading; '#' and empty lines are
 * passed over; no quotes, for names need none). Each station's file becomes
 * DIR/STATION.enrol, its code a line of DIR/codes.csv (mode 0600), durable
 * before the next. Stations whose file is there already are passed over, so
 * that an interrupted list goes on. The whole list is read and checked before
 * the first is enrolled: ERR_DATA with the line.
 */
#define ENROL_LIST_MAX (4u << 20)

struct enrol_list_report {
    uint64_t enrolled, already;
    char codes[4096];
};
enum err enrol_list_run(struct authority *a, const char *csv, const char *dir, struct enrol_list_report *r) MUST_USE;

#endif
