#ifndef DRIVERS_PTP_DATASET_H
#define DRIVERS_PTP_DATASET_H

#include "drivers/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What a PTP device says, decoded: the datasets of PIMA 15740 (chapter 5) and
 * of MTP 1.1. Nothing is believed: reading behind the end makes it bad and
 * gives zeros, lists have ceilings, texts become valid UTF-8.
 */
struct dataset {
    const uint8_t *p;
    size_t n;
    bool bad;
};

uint8_t dataset_u8(struct dataset *d);
uint16_t dataset_u16(struct dataset *d);
uint32_t dataset_u32(struct dataset *d);
uint64_t dataset_u64(struct dataset *d);
/* A string; half a surrogate pair becomes U+FFFD, a NUL ends it. */
void dataset_text(struct dataset *d, char out[static PTP_TEXT_MAX]);

struct dataset_codes {
    size_t n;
    uint16_t code[PTP_CODES_MAX];
};

struct device_info {
    uint16_t standard, extension_version; /* hundredths */
    uint32_t extension;
    char extension_text[PTP_TEXT_MAX];
    struct dataset_codes operations, events, properties, formats;
    char manufacturer[PTP_TEXT_MAX], model[PTP_TEXT_MAX], version[PTP_TEXT_MAX], serial[PTP_TEXT_MAX];
};
/* false: too short or nonsense; so below. */
bool dataset_device(struct device_info *out, const void *p, size_t n);
bool dataset_has(const struct dataset_codes *c, uint16_t code);

struct storage_info {
    uint16_t type, filesystem, access;
    uint64_t total, free; /* bytes; UINT64_MAX unknown */
    char description[PTP_TEXT_MAX], label[PTP_TEXT_MAX];
};
bool dataset_storage(struct storage_info *out, const void *p, size_t n);

struct object_info {
    uint32_t storage, parent, size;
    uint16_t format, protection;
    char name[PTP_TEXT_MAX], created[PTP_TEXT_MAX], modified[PTP_TEXT_MAX];
};
bool dataset_object(struct object_info *out, const void *p, size_t n);

/* A value of any type: whole numbers up to 64 bits (of 128: the lower half)
 * and strings; of arrays nothing is kept. */
struct dataset_value {
    uint64_t number; /* signed ones in two's complement */
    char text[PTP_TEXT_MAX];
    bool is_number, is_text;
};
bool dataset_value(struct dataset *d, uint16_t type, struct dataset_value *out);

/* One element of an ObjectPropList. */
struct dataset_element {
    uint32_t handle;
    uint16_t property;
    struct dataset_value value;
};
/* Bytes that it takes at p; 0: n are not enough; -1: nonsense. */
long dataset_element(struct dataset_element *out, const void *p, size_t n);

struct property_desc {
    uint16_t code, type;
    bool settable;
    bool range; /* low to high */
    struct dataset_value now;
    uint64_t low, high;
};
bool dataset_property(struct property_desc *out, const void *p, size_t n);

/* An array of 32-bit numbers; *count of them begin at the returned place. NULL: nonsense. */
const uint8_t *dataset_array32(const void *p, size_t n, size_t max, size_t *count);

/* "20261125T073940.5+0500": ms since 1970, INT64_MIN nonsense. Without a zone
 * the digits are taken as if they were UTC, and *zone is false. */
int64_t dataset_time(const char *s, bool *zone);
/* The digits of a moment; zone: with "Z". */
void dataset_time_text(char out[static 20], int64_t ms, bool zone);
/* A string as it goes to the device. Plain ASCII, up to 100 letters; its length. */
size_t dataset_put_text(uint8_t out[static 256], const char *s);

#endif
