/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Guest memory for tests. */
#include "fake_ranges.h"

bool fake_ranges_add(struct fake_ranges *ranges, uint64_t address, void *host, size_t length)
{
    if (ranges->count == FAKE_RANGES) {
        return false;
    }
    ranges->range[ranges->count].address = address;
    ranges->range[ranges->count].length = length;
    ranges->range[ranges->count].host = host;
    ranges->count++;
    return true;
}

void fake_ranges_remove(struct fake_ranges *ranges, uint64_t address)
{
    for (unsigned i = 0; i < ranges->count; i++) {
        if (ranges->range[i].address == address) {
            ranges->range[i] = ranges->range[--ranges->count];
            return;
        }
    }
}

static void *at(void *context, uint64_t address, uint64_t length)
{
    const struct fake_ranges *ranges = context;
    for (unsigned i = 0; i < ranges->count; i++) {
        uint64_t start = ranges->range[i].address, size = ranges->range[i].length;
        if (address >= start && address - start < size && length <= size - (address - start)) {
            return ranges->range[i].host + (address - start);
        }
    }
    return NULL;
}

struct fake_memory fake_ranges_memory(struct fake_ranges *ranges)
{
    return (struct fake_memory){at, ranges};
}
