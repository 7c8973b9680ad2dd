/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Splits a report descriptor by top-level collection and report id, no further: which reports there are and how long
 * each is. What the fields mean is left to real parsers. HID 1.11 section 6.2.2. Plain C types only.
 */
#ifndef NTHOST_HID_SPLIT_H
#define NTHOST_HID_SPLIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HID_COLLECTIONS = 16, HID_REPORTS = 64, HID_REPORT_BYTES = 256 };

enum hid_report_type { HID_INPUT, HID_OUTPUT, HID_FEATURE };

struct hid_map {
    bool has_ids;
    unsigned collection_count, report_count;
    struct {
        uint16_t usage_page, usage;
        uint32_t start, length; /* of its items in the descriptor, from the end of the one before */
    } collection[HID_COLLECTIONS];
    struct {
        enum hid_report_type type;
        uint8_t id;
        unsigned collection;
        uint32_t bits; /* without the id */
    } report[HID_REPORTS];
    uint32_t longest[3]; /* bytes by type, with the id byte where there are ids */
};

/* False, with a reason, when the descriptor is damaged or has more than fits here. */
bool hid_split(const uint8_t *descriptor, uint32_t length, struct hid_map *map, char *why, size_t why_size);

/*
 * Writes a descriptor of one top-level collection alone: the global items in force before it, then its own items.
 * Returns its length; 0: it does not fit in size bytes.
 */
uint32_t hid_slice(const uint8_t *descriptor, const struct hid_map *map, unsigned collection, uint8_t *slice,
                   uint32_t size);

/* Says of a request that its answer does not serve: its status, the bytes it gave, or what is in them. */
void hid_explain(char *why, size_t why_size, const char *request, uint32_t status, uint32_t bytes);

/* Bytes of a report with its id byte; 0: there is no such report. */
uint32_t hid_report_length(const struct hid_map *map, enum hid_report_type type, uint8_t id);

#endif
