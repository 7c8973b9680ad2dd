/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Scatter/gather DMA, and which physical ranges the device may touch: shared memory, lists that are mapped now; never what
 * the stack above is reading. netlh_r "NdisMAllocateNetBufferSGList": the list starts at the start of CurrentMdl.
 */
#include "adapter.h"

#include <stdlib.h>
#include <string.h>

#include "cpu/cpu.h"
#include "mem/memory.h"
#include "nt/mdl.h"
#include "verify/dma.h"
#include "verify/verify.h"

enum { BUCKETS = 8192, MOST_MAPPED = 1024, MOST_ELEMENTS = 512 };
enum range_kind { RANGE_SHARED, RANGE_MAPPED, RANGE_HELD };

/* One physical range, in the bucket of each page that it touches. */
struct range {
    enum range_kind kind;
    unsigned function;
    uint64_t start, length;
    bool device_writes;
    struct range *next;
};

static struct range *bucket[BUCKETS], *free_ranges;

static struct range **bucket_of(uint64_t page)
{
    return &bucket[(page ^ page >> 13) % BUCKETS];
}

static void add_range(const struct range *like)
{
    uint64_t last = (like->start + like->length - 1) / MEMORY_PAGE;
    for (uint64_t page = like->start / MEMORY_PAGE; like->length != 0 && page <= last; page++) {
        struct range *r = free_ranges != NULL ? free_ranges : host_zalloc(sizeof *r);
        free_ranges = free_ranges != NULL ? free_ranges->next : NULL;
        *r = *like;
        r->next = *bucket_of(page);
        *bucket_of(page) = r;
    }
}

static void remove_range(enum range_kind kind, uint64_t start, uint64_t length)
{
    uint64_t last = (start + length - 1) / MEMORY_PAGE;
    for (uint64_t page = start / MEMORY_PAGE; length != 0 && page <= last; page++) {
        struct range **link = bucket_of(page), *r;
        while (*link != NULL && ((*link)->kind != kind || (*link)->start != start || (*link)->length != length)) {
            link = &(*link)->next;
        }
        r = *link;
        if (r == NULL) {
            host_fatal("internal: a DMA range is removed that is not there");
        }
        *link = r->next;
        r->next = free_ranges;
        free_ranges = r;
    }
}

bool sg_dma_allowed(unsigned function, uint64_t pa, uint64_t length, bool device_writes)
{
    bool allowed = false;
    for (uint64_t page = pa / MEMORY_PAGE; page <= (pa + (length != 0 ? length - 1 : 0)) / MEMORY_PAGE; page++) {
        for (const struct range *r = *bucket_of(page); r != NULL; r = r->next) {
            bool overlaps = pa < r->start + r->length && r->start < pa + length;
            bool covers = pa >= r->start && pa - r->start <= r->length && length <= r->length - (pa - r->start);
            if (r->kind == RANGE_HELD && overlaps && device_writes) {
                return false; /* a received frame that has not come back */
            }
            allowed = allowed || (r->kind != RANGE_HELD && covers && r->function == function &&
                                  (!device_writes || r->device_writes));
        }
    }
    return allowed;
}

void sg_share(struct nd_adapter *a, uint64_t pa, uint32_t length)
{
    add_range(&(struct range){RANGE_SHARED, a->function, pa, length, true, NULL});
}

void sg_unshare(uint64_t pa, uint32_t length)
{
    remove_range(RANGE_SHARED, pa, length);
}

void sg_hold(uint64_t pa, uint32_t length)
{
    add_range(&(struct range){RANGE_HELD, 0, pa, length, false, NULL});
}

void sg_unhold(uint64_t pa, uint32_t length)
{
    remove_range(RANGE_HELD, pa, length);
}

/* ---- Registration ---- */

NDIS_STATUS NTAPI NdisMRegisterScatterGatherDma(NDIS_HANDLE MiniportAdapterHandle, PNDIS_SG_DMA_DESCRIPTION d,
                                                PNDIS_HANDLE NdisMiniportDmaHandle)
{
    struct nd_adapter *a = nd_adapter_of(MiniportAdapterHandle);
    header_check(&d->Header, NDIS_OBJECT_TYPE_SG_DMA_DESCRIPTION, 1, NDIS_SIZEOF_SG_DMA_DESCRIPTION_REVISION_1,
                 "NDIS_SG_DMA_DESCRIPTION");
    if (!a->has_general || a->dma != NULL || a->state != STATE_INITIALIZING) {
        rule_broken("ndis.dma", "DMA is registered before the attributes, outside of MiniportInitializeEx, or twice");
    }
    if (d->ProcessSGListHandler == NULL || d->MaximumPhysicalMapping == 0 || !(d->Flags & NDIS_SG_DMA_64_BIT_ADDRESS)) {
        rule_broken("ndis.dma", "no handler, no limit, or no 64-bit addresses (guest RAM lies above 4 GiB too)");
    }
    d->ScatterGatherListSize = (ULONG)(offsetof(SCATTER_GATHER_LIST, Elements) +
                                       (d->MaximumPhysicalMapping / MEMORY_PAGE + 2) * sizeof(SCATTER_GATHER_ELEMENT));
    a->dma_description = *d;
    a->dma = object_create(OBJECT_DMA, a, NULL, d->MaximumPhysicalMapping);
    *NdisMiniportDmaHandle = a->dma;
    return NDIS_STATUS_SUCCESS;
}

/* ---- Lists ---- */

static struct mapped {
    bool in_use, is_deferred;
    struct nd_adapter *adapter;
    NET_BUFFER *buffer;
    SCATTER_GATHER_LIST *list;
    void *own; /* the list's memory when it is NDIS' */
    size_t own_size;
    void *context;
    unsigned count;
    SCATTER_GATHER_ELEMENT element[MOST_ELEMENTS]; /* as handed out */
} *mapped[MOST_MAPPED];
static unsigned deferred;

VOID NTAPI NdisMDeregisterScatterGatherDma(NDIS_HANDLE NdisMiniportDmaHandle)
{
    struct object *o = object_of(NdisMiniportDmaHandle, OBJECT_DMA);
    for (int i = 0; i < MOST_MAPPED; i++) {
        if (mapped[i] != NULL && mapped[i]->in_use && mapped[i]->adapter == o->adapter) {
            rule_broken("ndis.sg", "DMA is deregistered with a scatter/gather list mapped");
        }
    }
    o->adapter->dma = NULL;
    object_release(o);
}

static struct mapped *take_mapped(void)
{
    for (int i = 0; i < MOST_MAPPED; i++) {
        if (mapped[i] == NULL) {
            mapped[i] = host_zalloc(sizeof *mapped[i]);
        }
        if (!mapped[i]->in_use) {
            return mapped[i];
        }
    }
    rule_broken("ndis.sg", "more than %d scatter/gather lists are mapped", MOST_MAPPED);
}

/* Elements of the data, from the start of CurrentMdl on; those that follow on each other become one. */
static void build(struct mapped *m)
{
    const NET_BUFFER *nb = m->buffer;
    uint32_t left = nb->CurrentMdlOffset + nb->DataLength;
    m->count = 0;
    for (const MDL *mdl = nb->CurrentMdl; left != 0; mdl = mdl->Next) {
        uint32_t length = mdl != NULL && mdl->ByteCount < left ? mdl->ByteCount : left;
        if (mdl == NULL) {
            rule_broken("ndis.mdl", "the MDL chain of a NET_BUFFER is %u bytes short", left);
        }
        for (uint32_t done = 0, piece; done < length; done += piece) {
            uint64_t pa = mdl_pa(mdl, done);
            SCATTER_GATHER_ELEMENT *last = m->count > 0 ? &m->element[m->count - 1] : NULL;
            piece = MEMORY_PAGE - (uint32_t)(pa % MEMORY_PAGE);
            piece = piece < length - done ? piece : length - done;
            if (last != NULL && (uint64_t)last->Address.QuadPart + last->Length == pa) {
                last->Length += piece;
            } else {
                if (m->count == MOST_ELEMENTS) {
                    host_fatal("internal: more than %d elements", MOST_ELEMENTS);
                }
                memset(&m->element[m->count], 0, sizeof m->element[0]);
                m->element[m->count].Address.QuadPart = (LONGLONG)pa;
                m->element[m->count++].Length = piece;
            }
        }
        left -= length;
    }
}

static void call_process_list(void *argument)
{
    struct mapped *m = argument;
    m->adapter->dma_description.ProcessSGListHandler(NULL, NULL, m->list, m->context);
}

static void hand_over(struct mapped *m)
{
    m->list->NumberOfElements = m->count;
    m->list->Reserved = 0;
    memcpy(m->list->Elements, m->element, m->count * sizeof m->element[0]);
    for (unsigned i = 0; i < m->count; i++) {
        add_range(&(struct range){RANGE_MAPPED, m->adapter->function, (uint64_t)m->element[i].Address.QuadPart,
                                  m->element[i].Length, false, NULL});
    }
    nd_call(m->adapter, "MiniportProcessSGList", IRQL_DISPATCH, call_process_list, m);
}

NDIS_STATUS NTAPI NdisMAllocateNetBufferSGList(NDIS_HANDLE NdisMiniportDmaHandle, PNET_BUFFER NetBuffer, PVOID Context,
                                               ULONG Flags, PVOID ScatterGatherListBuffer,
                                               ULONG ScatterGatherListBufferSize)
{
    struct object *o = object_of(NdisMiniportDmaHandle, OBJECT_DMA);
    struct mapped *m = take_mapped();
    size_t size;
    if (!(Flags & NDIS_SG_LIST_WRITE_TO_DEVICE)) {
        rule_broken("ndis.sg", "a frame to be sent is mapped for the device to write");
    }
    if (sg_lists_of(o->adapter, NetBuffer) != 0) {
        rule_broken("ndis.sg", "a NET_BUFFER is mapped that is mapped already");
    }
    m->adapter = o->adapter;
    m->buffer = NetBuffer;
    m->context = Context;
    build(m);
    size = offsetof(SCATTER_GATHER_LIST, Elements) + m->count * sizeof(SCATTER_GATHER_ELEMENT);
    m->list = ScatterGatherListBuffer;
    if (m->list == NULL || size > ScatterGatherListBufferSize || (nd.options.preempt_percent != 0 && nd_random(16) == 0)) {
        if (m->own == NULL || m->own_size < size) {
            if (m->own != NULL) {
                memory_free(m->own);
            }
            m->own_size = size < 1024 ? 1024 : size;
            m->own = memory_alloc(MEMORY_POOL, m->own_size, 0, "scatter/gather list");
        }
        m->list = m->own;
    }
    m->in_use = true;
    /* Map registers may be short: the handler is then called later. */
    m->is_deferred = nd.options.preempt_percent != 0 && nd_random(100) < nd.options.preempt_percent / 2;
    if (m->is_deferred) {
        deferred++;
    } else {
        hand_over(m);
    }
    return NDIS_STATUS_SUCCESS;
}

void sg_run_deferred(void)
{
    for (int i = 0; deferred != 0 && i < MOST_MAPPED && mapped[i] != NULL; i++) {
        if (mapped[i]->in_use && mapped[i]->is_deferred) {
            mapped[i]->is_deferred = false;
            deferred--;
            hand_over(mapped[i]);
        }
    }
}

bool sg_is_deferred(void)
{
    return deferred != 0;
}

VOID NTAPI NdisMFreeNetBufferSGList(NDIS_HANDLE NdisMiniportDmaHandle, PSCATTER_GATHER_LIST pSGL, PNET_BUFFER NetBuffer)
{
    struct object *o = object_of(NdisMiniportDmaHandle, OBJECT_DMA);
    dma_audit(o->adapter->function); /* the device may have been faster than any kick */
    for (int i = 0; i < MOST_MAPPED && mapped[i] != NULL; i++) {
        struct mapped *m = mapped[i];
        if (m->in_use && !m->is_deferred && m->adapter == o->adapter && m->buffer == NetBuffer && m->list == pSGL) {
            if (pSGL->NumberOfElements != m->count ||
                memcmp(pSGL->Elements, m->element, m->count * sizeof m->element[0]) != 0) {
                rule_broken("ndis.sg", "a scatter/gather list was changed");
            }
            for (unsigned j = 0; j < m->count; j++) {
                remove_range(RANGE_MAPPED, (uint64_t)m->element[j].Address.QuadPart, m->element[j].Length);
            }
            m->in_use = false;
            return;
        }
    }
    rule_broken("ndis.sg", "a scatter/gather list is freed that is not this NET_BUFFER's (a second time?)");
}

unsigned sg_lists_of(const struct nd_adapter *a, const NET_BUFFER *buffer)
{
    unsigned count = 0;
    for (int i = 0; i < MOST_MAPPED && mapped[i] != NULL; i++) {
        count += mapped[i]->in_use && mapped[i]->adapter == a && mapped[i]->buffer == buffer;
    }
    return count;
}

void sg_release_memory(void)
{
    for (int i = 0; i < MOST_MAPPED && mapped[i] != NULL; i++) {
        if (mapped[i]->own != NULL) {
            memory_free(mapped[i]->own);
            mapped[i]->own = NULL;
        }
    }
}
