/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Io: the DMA adapter of a bus master and its common buffers. kernel_r "IoGetDmaAdapter", "DMA_OPERATIONS". */
#include <ntddk.h>

#include <string.h>

#include "exports.h"
#include "mem/memory.h"
#include "nt.h"
#include "verify/verify.h"
#include "wdm.h"

enum { MOST_BUFFERS = 64, MAP_REGISTERS = 257 };

struct adapter {
    DMA_ADAPTER face; /* first: what the driver has */
    DMA_OPERATIONS operations;
    unsigned function;
    bool reaches_all;
    struct adapter *next;
};

struct buffer {
    struct adapter *adapter;
    uint8_t *bytes;
    uint64_t pa, length;
};

static struct adapter *adapters;
static struct buffer buffers[MOST_BUFFERS];
static unsigned buffer_count;

static struct adapter *adapter_of(const DMA_ADAPTER *face, const char *what)
{
    for (struct adapter *a = adapters; a != NULL; a = a->next) {
        if (&a->face == face) {
            return a;
        }
    }
    rule_broken("dma.adapter", "%s: %p is no DMA adapter", what, (const void *)face);
}

static PVOID NTAPI allocate(DMA_ADAPTER *face, ULONG length, PHYSICAL_ADDRESS *logical, BOOLEAN is_cached)
{
    struct adapter *a = adapter_of(face, "AllocateCommonBuffer");
    struct buffer *b = &buffers[buffer_count];
    (void)is_cached;
    if (length == 0) {
        return NULL;
    }
    if (buffer_count == MOST_BUFFERS) {
        host_fatal("internal: more than %d common buffers", MOST_BUFFERS);
    }
    b->bytes = memory_alloc(MEMORY_CONTIGUOUS, length, a->reaches_all ? 0 : 1ull << 32, "common buffer");
    b->adapter = a;
    b->pa = memory_pa(b->bytes);
    b->length = length;
    buffer_count++;
    logical->QuadPart = (LONGLONG)b->pa;
    return b->bytes;
}

static VOID NTAPI free_buffer(DMA_ADAPTER *face, ULONG length, PHYSICAL_ADDRESS logical, PVOID bytes, BOOLEAN is_cached)
{
    struct adapter *a = adapter_of(face, "FreeCommonBuffer");
    (void)is_cached;
    for (unsigned i = 0; i < buffer_count; i++) {
        struct buffer *b = &buffers[i];
        if (b->adapter == a && b->bytes == bytes) {
            if (b->length != length || b->pa != (uint64_t)logical.QuadPart) {
                rule_broken("dma.free", "a common buffer is freed with another length or address than it has");
            }
            memory_free(bytes);
            *b = buffers[--buffer_count];
            return;
        }
    }
    rule_broken("dma.free", "%p is no common buffer of this adapter", bytes);
}

static VOID NTAPI put(DMA_ADAPTER *face)
{
    struct adapter *a = adapter_of(face, "PutDmaAdapter"), **link = &adapters;
    for (unsigned i = 0; i < buffer_count; i++) {
        if (buffers[i].adapter == a) {
            rule_broken("dma.adapter", "PutDmaAdapter with a common buffer left");
        }
    }
    while (*link != a) {
        link = &(*link)->next;
    }
    *link = a->next;
    memory_free(a);
}

static struct export operations[] = {
    {(void *)put, "DMA_OPERATIONS", "PutDmaAdapter", 0, 0, false, 0},
    {(void *)allocate, "DMA_OPERATIONS", "AllocateCommonBuffer", 0, 0, false, 0},
    {(void *)free_buffer, "DMA_OPERATIONS", "FreeCommonBuffer", 0, 0, false, 0},
};
static struct export others = {.module = "DMA_OPERATIONS", .name = "an operation beside common buffers", .max_irql = 2};

static void fill_operations(DMA_OPERATIONS *o)
{
    void **slot = (void **)&o->PutDmaAdapter, **end = (void **)(o + 1);
    void *unknown = exports_bind_entry(&others, false);
    o->Size = sizeof *o;
    while (slot < end) {
        *slot++ = unknown;
    }
    o->PutDmaAdapter = (PPUT_DMA_ADAPTER)exports_bind_entry(&operations[0], true);
    o->AllocateCommonBuffer = (PALLOCATE_COMMON_BUFFER)exports_bind_entry(&operations[1], true);
    o->FreeCommonBuffer = (PFREE_COMMON_BUFFER)exports_bind_entry(&operations[2], true);
}

static DMA_ADAPTER *NTAPI get_adapter(DEVICE_OBJECT *pdo, DEVICE_DESCRIPTION *d, ULONG *map_registers)
{
    unsigned function = pdo_function(pdo, "IoGetDmaAdapter");
    struct adapter *a;
    if (d->Version > DEVICE_DESCRIPTION_VERSION2 || !d->Master || d->InterfaceType != PCIBus || d->MaximumLength == 0) {
        rule_broken("dma.description", "a PCI bus master is described with Master, InterfaceType PCIBus and MaximumLength");
    }
    a = memory_alloc(MEMORY_POOL, sizeof *a, 0, "DMA adapter");
    memset(a, 0, sizeof *a);
    a->face.Version = 1;
    a->face.Size = sizeof a->face;
    a->face.DmaOperations = &a->operations;
    fill_operations(&a->operations);
    a->function = function;
    a->reaches_all = d->Dma64BitAddresses;
    a->next = adapters;
    adapters = a;
    *map_registers = d->ScatterGather ? MAP_REGISTERS : 1;
    return &a->face;
}

bool dma_adapter_allows(unsigned function, uint64_t pa, uint64_t length)
{
    for (unsigned i = 0; i < buffer_count; i++) {
        const struct buffer *b = &buffers[i];
        if (b->adapter->function == function && pa >= b->pa && pa - b->pa <= b->length && length <= b->length - (pa - b->pa)) {
            return true;
        }
    }
    return false;
}

void dma_adapter_expect_none(void)
{
    if (adapters != NULL) {
        rule_broken("unload.dma", "a DMA adapter is left after the driver was unloaded");
    }
}

static struct export table[] = {
    NT_EXPORT_AS("ntoskrnl.exe", IoGetDmaAdapter, get_adapter),
};

void exports_dma_adapter(void)
{
    adapters = NULL;
    buffer_count = 0;
    exports_add(table, sizeof table / sizeof table[0]);
}
