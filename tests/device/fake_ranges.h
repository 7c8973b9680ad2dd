/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Guest memory for tests: a few ranges of physical addresses on host memory that the test owns. */
#ifndef FAKE_RANGES_H
#define FAKE_RANGES_H

#include <stddef.h>
#include <stdint.h>

#include "fake_device.h"

enum { FAKE_RANGES = 64 };

/* Zeroed: no memory. */
struct fake_ranges {
    struct {
        uint64_t address;
        size_t length;
        uint8_t *host;
    } range[FAKE_RANGES];
    unsigned count;
};

/* Adds host memory at a physical address; false: all places are taken. */
bool fake_ranges_add(struct fake_ranges *ranges, uint64_t address, void *host, size_t length);
/* Takes away the range that starts at address: DMA there fails from now on. */
void fake_ranges_remove(struct fake_ranges *ranges, uint64_t address);
/* For fake_options.memory; ranges must outlive the device. */
struct fake_memory fake_ranges_memory(struct fake_ranges *ranges);

#endif
