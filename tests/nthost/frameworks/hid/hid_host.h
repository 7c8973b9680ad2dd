/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * HIDCLASS as a case sees it: what it asks a minidriver at start, reads that are always pending, reports that come in,
 * reports that go out. The requests are those of Windows 7's HIDCLASS below mshidkmdf.sys: internal control IRPs only.
 * Plain C types only.
 */
#ifndef NTHOST_HID_HOST_H
#define NTHOST_HID_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "split.h"

enum { HID_STRING_CHARS = 127, HID_READS = 4, HID_RING = 4096 };

struct wdf_device;
struct hid_device;

/* One input report as it came, id byte first where the device has report ids. */
struct hid_report {
    uint16_t length;
    uint8_t bytes[HID_REPORT_BYTES];
};

/* What the minidriver said of itself. */
struct hid_identity {
    uint16_t vendor, product, version;
    char manufacturer[HID_STRING_CHARS + 1], name[HID_STRING_CHARS + 1],
        serial[HID_STRING_CHARS + 1]; /* "": has none */
    const uint8_t *descriptor;        /* the report descriptor */
    uint32_t descriptor_length;
};

/* Asks what HIDCLASS asks when a device starts. NULL, with a reason, when an answer does not serve. */
struct hid_device *hid_open(struct wdf_device *device, char *why, size_t why_size);

/* Ends all reads and frees the device; to be called before the device is removed. Breaks rule hid.lost when a read
 * stays out. */
void hid_close(struct hid_device *device);

const struct hid_identity *hid_identity(const struct hid_device *device);
const struct hid_map *hid_map(const struct hid_device *device);

/* Sends count reads (at most HID_READS), each sent again as soon as it completes. */
void hid_start_reads(struct hid_device *device, unsigned count);

/* Cancels what is pending, as HIDCLASS does at removal and when it stops reading; waits until all came back. */
void hid_stop_reads(struct hid_device *device);

/* Cancels one of the pending reads; it comes back cancelled and is sent again. */
void hid_cancel_one(struct hid_device *device, unsigned index);

/* The oldest report not yet taken; false: there is none. */
bool hid_next_report(struct hid_device *device, struct hid_report *report);

/* Waits for one, at most timeout_ms. */
bool hid_wait_report(struct hid_device *device, unsigned timeout_ms, struct hid_report *report);

/* Sends an output report, id byte first; by WRITE_REPORT or SET_OUTPUT_REPORT. Returns an NTSTATUS; STATUS_PENDING:
 * never came back. */
int32_t hid_write(struct hid_device *device, const uint8_t *bytes, uint32_t length, bool by_set_output);

/*
 * Asks for an input or feature report; bytes begin with its id. Returns an NTSTATUS. bytes are then as the minidriver left
 * them.
 */
int32_t hid_get(struct hid_device *device, enum hid_report_type type, uint8_t *bytes, uint32_t length);

/* Any other internal control code without buffers, for example ACTIVATE_DEVICE (collection in argument). Returns an
 * NTSTATUS. */
int32_t hid_control(struct hid_device *device, uint32_t code, uintptr_t argument);

/* For reports: reads that came back with data, cancelled, with an error; reads that are pending; reports dropped in a
 * full ring. */
struct hid_counts {
    unsigned long good, cancelled, failed, dropped;
    unsigned pending;
};
struct hid_counts hid_counts(const struct hid_device *device);

#endif
