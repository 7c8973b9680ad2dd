/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Input devices as the cases have them: each bus function with its HID class on top. */
#ifndef NTHOST_INPUT_H
#define NTHOST_INPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "cases.h"
#include "frameworks/hid/hid_host.h"
#include "frameworks/hid/parser.h"
#include "frameworks/wdf/wdf_host.h"

struct input {
    struct wdf_device *device;
    struct hid_device *hid;                 /* NULL: closed */
    struct parsed *parsed[HID_COLLECTIONS]; /* by input_judge_open */
};

struct inputs {
    struct input input[WDF_MAX_DEVICES];
    unsigned count;
};

/* The run's devices; wdf_run.c removes what a case leaves. */
extern struct inputs inputs;

/* Calls DriverEntry, starts each function and opens its HID class; false, with a line that says why, if one fails. */
bool inputs_start(struct run *run);

/* Starts one function and opens its HID class; false, with a line, if it fails. */
bool input_start(struct run *run, unsigned function);

/* Ends the HID class and removes the device; by surprise: as a device that was pulled out. */
void input_remove(struct input *input, bool by_surprise);

/* "0.0001/0006 mouse ..." of one top-level collection, for people. */
const char *input_collection_name(uint16_t usage_page, uint16_t usage);

/* Text of a report, valid until the next call: as the parser reads it, or in hexadecimal where there is none. */
const char *input_report_text(const struct input *input, const struct hid_report *report);

/*
 * Holds the device's descriptor, collection by collection, against the parser; false, with a line, when it is refused
 * or understood otherwise. input_judge_close gives the parsed collections back.
 */
bool input_judge_open(struct input *input);
void input_judge_close(struct input *input);

#endif
