/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Walks a HID report descriptor item by item, from HID 1.11 alone: knows nothing of how the driver makes one. Finds
 * out whether it is well-formed, where each usage lies, and reads and writes reports by usage.
 */
#ifndef HID_WALK_H
#define HID_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WALK_FIELDS = 1024, WALK_IDS = 256 };

/* One usage of one report. */
struct walk_field {
    uint8_t report_id;
    bool is_output, is_constant, is_relative;
    uint16_t page, usage; /* 0 for constants */
    uint32_t collection;  /* page << 16 | usage of the application collection around it */
    unsigned bit, bits;   /* in the report, its id byte included */
    int32_t minimum, maximum, physical_minimum, physical_maximum;
    uint32_t unit, exponent;
};

struct walk {
    struct walk_field field[WALK_FIELDS];
    size_t count;
    unsigned input_bits[WALK_IDS], output_bits[WALK_IDS]; /* by report id, id byte included; 0: no such report */
    unsigned collections;                                 /* top-level ones */
};

/* Returns NULL, or what is wrong with the descriptor. */
const char *walk_descriptor(struct walk *walk, const uint8_t *bytes, size_t length);
/* The only field of that usage; NULL: none. report_id 0: of any report. */
const struct walk_field *walk_find(const struct walk *walk, uint8_t report_id, uint16_t page, uint16_t usage);
/* A field's value in a report: sign-extended when its minimum is negative. */
int64_t walk_value(const struct walk_field *field, const uint8_t *report);

#endif
