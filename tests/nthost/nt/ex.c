/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Ex: pool. Paged pool is as nonpaged here, but is asked for and given back at low IRQL only. */
#include <ntddk.h>

#include "cpu/cpu.h"
#include "exports.h"
#include "kernel.h"
#include "mem/memory.h"
#include "verify/verify.h"

static PVOID NTAPI allocate(POOL_TYPE type, SIZE_T size, ULONG tag)
{
    static char what[64][16];
    static unsigned next;
    char *text = what[next++ % 64];
    if ((type & 1) != 0 && cpu_irql > IRQL_APC) {
        rule_broken("irql.import", "paged pool is asked for at IRQL %u", cpu_irql);
    }
    if (size == 0 || tag == 0) {
        rule_broken("pool.size", "pool of %u bytes with tag %#x", (unsigned)size, (unsigned)tag);
    }
    for (unsigned i = 0; i < 4; i++) {
        text[i] = (char)(tag >> 8 * i);
    }
    return memory_alloc(MEMORY_POOL, size, 0, text);
}

static PVOID NTAPI allocate_pool(POOL_TYPE type, SIZE_T size)
{
    return allocate(type, size, 0x656e6f4e);
}

static VOID NTAPI free_with_tag(PVOID pool, ULONG tag)
{
    (void)tag;
    memory_free(pool);
}

static VOID NTAPI free_pool(PVOID pool)
{
    memory_free(pool);
}

#define MODULE "ntoskrnl.exe"
static struct export table[] = {
    NT_EXPORT_AS(MODULE, ExAllocatePoolWithTag, allocate),
    NT_EXPORT_AS(MODULE, ExAllocatePool, allocate_pool),
    NT_EXPORT_AS(MODULE, ExFreePoolWithTag, free_with_tag),
    NT_EXPORT_AS(MODULE, ExFreePool, free_pool),
};

void exports_ex(void)
{
    exports_add(table, sizeof table / sizeof table[0]);
}
