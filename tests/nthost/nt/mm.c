/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Mm: MDLs. kernel_r "MDL", "MmMapLockedPagesSpecifyCache". */
#include <ntddk.h>

#include "mdl.h"

#include <string.h>

#include "exports.h"
#include "mem/memory.h"
#include "nt.h"
#include "verify/verify.h"

uint32_t mdl_size(uint32_t length)
{
    return (uint32_t)(sizeof(MDL) + (length / MEMORY_PAGE + 2) * sizeof(PFN_NUMBER));
}

static PFN_NUMBER *frames_of(const MDL *mdl)
{
    return (PFN_NUMBER *)(mdl + 1);
}

static void fill_frames(MDL *mdl, const uint8_t *bytes)
{
    uint32_t pages = (mdl->ByteOffset + mdl->ByteCount + MEMORY_PAGE - 1) / MEMORY_PAGE;
    for (uint32_t i = 0; i < pages; i++) {
        const uint8_t *at = i == 0 ? bytes : bytes - mdl->ByteOffset + (size_t)i * MEMORY_PAGE;
        uint64_t pa = memory_pa(at);
        if (pa == UINT64_MAX) {
            rule_broken("mdl.memory", "%p, %u bytes, is no nonpaged memory", (const void *)bytes,
                        (unsigned)mdl->ByteCount);
        }
        frames_of(mdl)[i] = (PFN_NUMBER)(pa / MEMORY_PAGE);
    }
}

void mdl_describe(MDL *mdl, void *bytes, uint32_t length, bool is_mapped)
{
    uintptr_t offset = (uintptr_t)bytes % MEMORY_PAGE;
    memset(mdl, 0, sizeof *mdl);
    mdl->Size = (CSHORT)mdl_size(length);
    mdl->StartVa = (uint8_t *)bytes - offset;
    mdl->ByteOffset = (ULONG)offset;
    mdl->ByteCount = length;
    fill_frames(mdl, bytes);
    if (is_mapped) {
        mdl->MdlFlags = MDL_SOURCE_IS_NONPAGED_POOL;
        mdl->MappedSystemVa = bytes;
    } else {
        mdl->MdlFlags = MDL_PAGES_LOCKED; /* some process's memory: its address means nothing here */
        mdl->StartVa = (void *)0x10000;
        mdl->MappedSystemVa = (void *)0xdfdfdfdf;
    }
}

uint8_t *mdl_bytes(const MDL *mdl)
{
    return memory_at((uint64_t)frames_of(mdl)[0] * MEMORY_PAGE + mdl->ByteOffset);
}

uint64_t mdl_pa(const MDL *mdl, uint32_t offset)
{
    uint32_t at = mdl->ByteOffset + offset;
    return (uint64_t)frames_of(mdl)[at / MEMORY_PAGE] * MEMORY_PAGE + at % MEMORY_PAGE;
}

static PVOID NTAPI map_locked_pages(MDL *mdl, KPROCESSOR_MODE mode, MEMORY_CACHING_TYPE cache, PVOID base, ULONG bug_check,
                                    MM_PAGE_PRIORITY priority)
{
    (void)cache;
    (void)base;
    (void)priority;
    if (mode != KernelMode || bug_check) {
        rule_broken("mdl.map", "to be mapped for user mode, or with a bug check on failure");
    }
    if (mdl->MdlFlags & (MDL_SOURCE_IS_NONPAGED_POOL | MDL_MAPPED_TO_SYSTEM_VA) || !(mdl->MdlFlags & MDL_PAGES_LOCKED)) {
        rule_broken("mdl.map", "an MDL with flags %#x needs no mapping, or its pages are not locked", mdl->MdlFlags);
    }
    mdl->MappedSystemVa = mdl_bytes(mdl);
    mdl->MdlFlags |= MDL_MAPPED_TO_SYSTEM_VA;
    return mdl->MappedSystemVa;
}

static VOID NTAPI unmap_locked_pages(PVOID base, MDL *mdl)
{
    if (!(mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA) || mdl->MappedSystemVa != base) {
        rule_broken("mdl.map", "an MDL is unmapped that is not mapped there");
    }
    mdl->MdlFlags = (CSHORT)(mdl->MdlFlags & ~MDL_MAPPED_TO_SYSTEM_VA);
}

static VOID NTAPI build_for_nonpaged_pool(MDL *mdl)
{
    uint8_t *bytes = (uint8_t *)mdl->StartVa + mdl->ByteOffset;
    fill_frames(mdl, bytes);
    mdl->MappedSystemVa = bytes;
    mdl->MdlFlags |= MDL_SOURCE_IS_NONPAGED_POOL;
}

#define MODULE "ntoskrnl.exe"
static struct export table[] = {
    NT_EXPORT_AS(MODULE, MmMapLockedPagesSpecifyCache, map_locked_pages),
    NT_EXPORT_AS(MODULE, MmUnmapLockedPages, unmap_locked_pages),
    NT_EXPORT_AS(MODULE, MmBuildMdlForNonPagedPool, build_for_nonpaged_pool),
};

void exports_mm(void)
{
    exports_add(table, sizeof table / sizeof table[0]);
}
