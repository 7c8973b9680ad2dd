/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Mm: device memory. */
#include <ntddk.h>

#include "cpu/mmio.h"
#include "exports.h"
#include "kernel.h"
#include "nt.h"
#include "verify/verify.h"

/* A driver may map what the bus assigned to a function, and nothing else. */
static bool is_device_memory(uint64_t start, uint64_t length)
{
    for (unsigned i = 0; i < nt_bus->function_count; i++) {
        for (unsigned b = 0; b < 6; b++) {
            const struct bus_bar *bar = &nt_bus->function[i].bar[b];
            if (!bar->is_io && bar->length != 0 && start >= bar->address && start - bar->address < bar->length &&
                length <= bar->length - (start - bar->address)) {
                return true;
            }
        }
    }
    return false;
}

static PVOID NTAPI map_io_space(PHYSICAL_ADDRESS address, SIZE_T length, MEMORY_CACHING_TYPE cache)
{
    if (cache != MmNonCached) {
        rule_broken("mm.cache", "registers are mapped with cache type %u", (unsigned)cache);
    }
    if (!is_device_memory((uint64_t)address.QuadPart, length)) {
        rule_broken("mm.range", "%#llx, %u bytes, is no memory of a device", (unsigned long long)address.QuadPart,
                    (unsigned)length);
    }
    return mmio_map((uint64_t)address.QuadPart, length);
}

static VOID NTAPI unmap_io_space(PVOID base, SIZE_T length)
{
    (void)length;
    if (!mmio_unmap(base)) {
        rule_broken("mm.range", "%p is no mapped device memory", base);
    }
}

static struct export table[] = {
    NT_EXPORT_AS("ntoskrnl.exe", MmMapIoSpace, map_io_space),
    NT_EXPORT_AS("ntoskrnl.exe", MmUnmapIoSpace, unmap_io_space),
};

void exports_mm_io(void)
{
    exports_add(table, sizeof table / sizeof table[0]);
}
