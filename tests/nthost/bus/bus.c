/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "bus.h"

uint64_t bus_ram_offset(const struct bus_ram *ram, uint64_t address, uint64_t length)
{
    const uint64_t high_base = 0x100000000;
    uint64_t high_size = ram->size - ram->low_size;

    if (address < ram->low_size) {
        return length <= ram->low_size - address ? address : UINT64_MAX;
    }
    if (address < high_base || address - high_base >= high_size) {
        return UINT64_MAX;
    }
    address -= high_base;
    return length <= high_size - address ? ram->low_size + address : UINT64_MAX;
}
