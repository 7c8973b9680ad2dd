/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A HID parser that nobody here wrote (hidparse.sys of Wine or Windows, loaded as it is) as the judge of report
 * descriptors and reports. Wine's takes one top-level collection at a time. Plain C types only.
 */
#ifndef NTHOST_HID_PARSER_H
#define NTHOST_HID_PARSER_H

#include <stdbool.h>
#include <stdint.h>

#include "split.h"

enum { PARSER_MOST = 512 };

struct parsed;

/* One top-level collection as the parser understood it; lengths count the id byte, always there. */
struct parsed_summary {
    uint16_t usage_page, usage;
    uint16_t length[3]; /* longest report by enum hid_report_type */
    unsigned buttons[3], values[3];
};

struct parsed_value {
    uint16_t usage_page, usage;
    int32_t value, least, most;
};

/* Loads the parser; ends the process when the file is none. */
void parser_load(const char *path);
bool parser_is_loaded(void);

/* Parses one collection's own descriptor (hid_slice). NULL: refused, with the parser's reason. */
struct parsed *parser_open(const uint8_t *descriptor, uint32_t length, char *why, size_t why_size);
void parser_close(struct parsed *parsed);
const struct parsed_summary *parser_summary(const struct parsed *parsed);

/*
 * Buttons that are on in a report, as usage page << 16 | usage; returns their number, negative: an HIDP_STATUS.
 *
 * report   with its id byte, 0 where the device has no ids; padded to the collection's longest report
 */
int32_t parser_pressed(const struct parsed *parsed, enum hid_report_type type, const uint8_t *report,
                       uint32_t usages[PARSER_MOST]);

/* Values in a report; likewise. */
int32_t parser_values(const struct parsed *parsed, enum hid_report_type type, const uint8_t *report,
                      struct parsed_value values[PARSER_MOST]);

#endif
