/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Looking into the blk model: its disk and what was asked of it. */
#ifndef FAKE_BLK_H
#define FAKE_BLK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fake_device.h"

struct fake_blk_request {
    uint32_t type;
    uint32_t reserved; /* second word of the header (BLK-29) */
    uint64_t sector;
    uint64_t data_bytes;
    uint32_t data_parts; /* how many elements the data has (BLK-23) */
    uint32_t largest_part;
    uint32_t segments;      /* of a discard or write-zeroes */
    uint32_t segment_flags; /* of all of them, or-ed (BLK-19) */
    uint16_t queue;
    uint8_t status; /* what the device answered */
    bool indirect;
};

/* The last requests, oldest first; index counts from the first request since the device was made. NULL: not kept. */
const struct fake_blk_request *fake_blk_request(const struct fake_device *device, uint64_t index);
uint64_t fake_blk_request_count(const struct fake_device *device);
uint64_t fake_blk_flush_count(const struct fake_device *device);
/* Bytes that were written since the last flush. */
uint64_t fake_blk_unflushed(const struct fake_device *device);
uint8_t *fake_blk_disk(struct fake_device *device, uint64_t *bytes);
/* A new capacity, at most what the disk was made with, told to the driver by a configuration interrupt. */
void fake_blk_resize(struct fake_device *device, uint64_t sectors);

/* The first request that breaks a rule for drivers, led by its row; NULL: none. */
const char *fake_blk_why(const struct fake_device *device);

#endif
