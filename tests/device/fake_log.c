/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The access log's storage, search and print. */
#include "fake_log.h"

#include <inttypes.h>
#include <stdlib.h>

void fake_log_add(struct fake_log *log, const struct fake_access *access)
{
    if (log->off) {
        return;
    }
    if (log->count == log->capacity) {
        size_t capacity = log->capacity != 0 ? 2 * log->capacity : 256;
        struct fake_access *grown = capacity <= FAKE_LOG_MAX ? realloc(log->access, capacity * sizeof(*grown)) : NULL;
        if (grown == NULL) {
            log->dropped++;
            return;
        }
        log->access = grown;
        log->capacity = capacity;
    }
    log->access[log->count++] = *access;
}

void fake_log_clear(struct fake_log *log)
{
    log->count = 0;
    log->dropped = 0;
}

void fake_log_free(struct fake_log *log)
{
    free(log->access);
    *log = (struct fake_log){.off = true};
}

size_t fake_log_find(const struct fake_log *log, size_t start, enum fake_region region, bool write, uint32_t offset,
                     const uint64_t *value)
{
    for (size_t i = start; i < log->count; i++) {
        const struct fake_access *access = &log->access[i];
        if (access->region == region && access->write == write && access->offset == offset &&
            (value == NULL || access->value == *value)) {
            return i;
        }
    }
    return log->count;
}

size_t fake_log_count(const struct fake_log *log, enum fake_region region, bool write)
{
    size_t count = 0;
    for (size_t i = 0; i < log->count; i++) {
        count += log->access[i].region == region && log->access[i].write == write;
    }
    return count;
}

void fake_log_print(const struct fake_log *log, FILE *file)
{
    static const char *const names[FAKE_REGIONS] = {"config", "common", "notify", "isr", "type", "msix", "hole", "map"};
    for (size_t i = 0; i < log->count; i++) {
        const struct fake_access *access = &log->access[i];
        fprintf(file, "%8" PRIu64 " us %-6s %s +0x%x width %u value 0x%" PRIx64 " status 0x%02x queue %u%s\n",
                access->time_us, names[access->region], access->write ? "write" : "read ", access->offset,
                access->width, access->value, access->status, access->queue, access->wrong ? " WRONG" : "");
    }
}
