/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A disk as Windows 7's disk class driver uses it: what it asks at start, transfers cut to the adapter's limits,
 * flushes only when the caching page says that there is a write cache.
 */
#ifndef NTHOST_DISK_H
#define NTHOST_DISK_H

#include <stdbool.h>
#include <stdint.h>

#include "frameworks/storport/storport_host.h"

struct disk {
    struct sp_adapter *adapter;
    uint64_t blocks;
    uint32_t block_size;
    uint32_t max_bytes; /* of one transfer */
    bool write_cache, write_protect;
    char vendor[9], product[17], revision[5], serial[32];
};

/* INQUIRY with its pages, READ CAPACITY, MODE SENSE. False, with a line that says why, if one fails. */
bool disk_open(struct disk *disk, struct sp_adapter *adapter);

/* One command, waited for. Returns false, with a line, only if it never completes. */
bool disk_command(struct disk *disk, struct sp_request *request);

/* Fills in request as a READ or WRITE of count blocks at lba; data holds count * block_size bytes from memory_alloc. */
void disk_prepare_io(const struct disk *disk, struct sp_request *request, bool write, uint64_t lba, uint32_t count,
                     void *data);

/* Fills in request as SYNCHRONIZE CACHE (10) of the whole disk. */
void disk_prepare_flush(const struct disk *disk, struct sp_request *request);

/* Reads or writes and waits, cut into transfers; false, with a line, on an error. */
bool disk_io(struct disk *disk, bool write, uint64_t lba, uint32_t count, void *data);
bool disk_flush(struct disk *disk);

/* Names of what came back, for messages. */
const char *disk_result(const struct sp_request *request);

#endif
