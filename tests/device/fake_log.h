/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The ordered log of accesses to a fake device: every register, configuration and notify access with its width. */
#ifndef FAKE_LOG_H
#define FAKE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum fake_region {
    FAKE_CONFIG, /* PCI configuration space */
    FAKE_COMMON,
    FAKE_NOTIFY,
    FAKE_ISR,
    FAKE_TYPE, /* device-specific configuration */
    FAKE_MSIX,
    FAKE_HOLE, /* a BAR, but none of these: offset is that in the BAR */
    FAKE_MAP,  /* a mapping: offset in the BAR, length in value, BAR in width */
    FAKE_REGIONS
};

struct fake_access {
    enum fake_region region;
    bool write;
    bool wrong;      /* not a register of that offset and width */
    uint8_t width;   /* bytes */
    uint8_t status;  /* device status before the access */
    uint16_t queue;  /* queue_select before the access */
    uint32_t offset; /* in the region */
    uint64_t value;
    uint64_t time_us;
};

struct fake_log {
    struct fake_access *access;
    size_t count;
    size_t capacity;
    uint64_t dropped; /* accesses beyond FAKE_LOG_MAX */
    bool off;
};

enum { FAKE_LOG_MAX = 1 << 20 };

void fake_log_add(struct fake_log *log, const struct fake_access *access);
void fake_log_clear(struct fake_log *log);
void fake_log_free(struct fake_log *log);
/* Index of the first access from start on that fits; log->count: none. value: NULL for any. */
size_t fake_log_find(const struct fake_log *log, size_t start, enum fake_region region, bool write, uint32_t offset,
                     const uint64_t *value);
size_t fake_log_count(const struct fake_log *log, enum fake_region region, bool write);

/* Prints the log, one access a line. */
void fake_log_print(const struct fake_log *log, FILE *file);

struct fake_device;
/*
 * Holds the whole log against the rules for drivers that show in it.
 *
 * why  out: the first violation, led by its row in conformance.md; at least 160 bytes
 * Returns: whether there is none
 */
bool fake_check_log(const struct fake_device *device, char *why, size_t why_size);
/* The same, and the rules of rings and requests since the device was made. */
bool fake_check(const struct fake_device *device, char *why, size_t why_size);

#endif
