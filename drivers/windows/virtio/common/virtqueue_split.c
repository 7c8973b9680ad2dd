/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The split virtqueue engine; see virtqueue_split.h. Layer: ring. Highest IRQL: DISPATCH_LEVEL.
 * VIRTIO 1.x "Split Virtqueues".
 *
 * From memory that the device can write, only used idx, used elements, used flags and avail_event are read, each once
 * per decision, and only after used idx said so.
 */
#include "virtqueue_split.h"

/* Bits of VIRTQ_SLOT.state. Either ADDED or PUBLISHED; at most one of the others. */
#define VIRTQ_SLOT_ADDED     0x01 /* written, not yet visible to the device */
#define VIRTQ_SLOT_PUBLISHED 0x02
#define VIRTQ_SLOT_CHAIN     0x04 /* has more than one descriptor: last and count are valid */
#define VIRTQ_SLOT_TABLE     0x08 /* owns an indirect table: last is its number */

/* Kept out of its caller, whose short path would otherwise save registers for it. */
#if defined(_MSC_VER)
#define VIRTQ_OUT_OF_LINE static __declspec(noinline)
#else
#define VIRTQ_OUT_OF_LINE static __attribute__((noinline))
#endif

/* Long indirect tables are where the time goes. */
#if defined(__GNUC__) && !defined(__clang__)
#define VIRTQ_UNROLL _Pragma("GCC unroll 2")
#else
#define VIRTQ_UNROLL
#endif

static BOOLEAN IsPowerOfTwo(UINT32 value)
{
    return (BOOLEAN)(value != 0 && (value & (value - 1)) == 0);
}

static BOOLEAN IsQueueSize(UINT16 qsz)
{
    return (BOOLEAN)(qsz <= VIRTQ_MAX_SIZE && IsPowerOfTwo(qsz));
}

static size_t UsedOffset(UINT16 qsz, UINT32 ring_align)
{
    size_t end = VIRTQ_DESC_SIZE(qsz) + VIRTQ_AVAIL_SIZE(qsz);

    return (end + ring_align - 1) & ~((size_t)ring_align - 1);
}

size_t VirtqSplitStateSize(UINT16 qsz)
{
    if (!IsQueueSize(qsz)) {
        return 0;
    }
    return offsetof(VIRTQ_SPLIT, slots) + qsz * (sizeof(VIRTQ_SLOT) + sizeof(UINT16));
}

size_t VirtqSplitRingMemSize(UINT16 qsz, UINT32 ring_align, BOOLEAN event_idx)
{
    UNREFERENCED_PARAMETER(event_idx);
    if (!IsQueueSize(qsz) || ring_align < 4 || !IsPowerOfTwo(ring_align)) {
        return 0;
    }
    return UsedOffset(qsz, ring_align) + VIRTQ_USED_SIZE(qsz);
}

NTSTATUS VirtqSplitInit(VIRTQ_SPLIT *vq, UINT16 qsz, BOOLEAN event_idx, BOOLEAN indirect, void *ring_va, UINT64 ring_pa,
                        UINT32 ring_align, void *indirect_pool_va, UINT64 indirect_pool_pa,
                        UINT16 indirect_table_count, UINT16 indirect_max_desc)
{
    UINT8 *ring = (UINT8 *)ring_va;
    size_t align_mask = (ring_align > 16 ? ring_align : 16) - 1;
    size_t used_offset;
    BOOLEAN has_tables = (BOOLEAN)(indirect && indirect_table_count != 0);

    if (vq == NULL || ring == NULL || VirtqSplitRingMemSize(qsz, ring_align, event_idx) == 0) {
        return STATUS_INVALID_PARAMETER;
    }
    if (((size_t)ring & align_mask) != 0 || (ring_pa & align_mask) != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    if (has_tables && (indirect_pool_va == NULL || indirect_max_desc == 0 || ((size_t)indirect_pool_va & 15) != 0 ||
                       (indirect_pool_pa & 15) != 0)) {
        return STATUS_INVALID_PARAMETER;
    }

    RtlZeroMemory(vq, offsetof(VIRTQ_SPLIT, slots));
    used_offset = UsedOffset(qsz, ring_align);
    vq->desc = (VIRTQ_DESC *)(void *)ring;
    vq->avail = (VIRTQ_AVAIL *)(void *)(ring + VIRTQ_DESC_SIZE(qsz));
    vq->used = (VIRTQ_USED *)(void *)(ring + used_offset);
    vq->desc_pa = ring_pa;
    vq->avail_pa = ring_pa + VIRTQ_DESC_SIZE(qsz);
    vq->used_pa = ring_pa + used_offset;
    vq->qsz = qsz;
    vq->mask = (UINT32)qsz - 1;
    vq->event_idx = (BOOLEAN)(event_idx != FALSE);
    vq->free_tables = (UINT16 *)(void *)(vq->slots + qsz);
    if (has_tables) {
        vq->tables = (VIRTQ_DESC *)indirect_pool_va;
        vq->tables_pa = indirect_pool_pa;
        vq->table_count = indirect_table_count < qsz ? indirect_table_count : qsz;
        vq->table_stride = indirect_max_desc;
        vq->table_max_desc = indirect_max_desc < qsz ? indirect_max_desc : qsz; /* RING-10 */
    }
    VirtqSplitReset(vq);
    return STATUS_SUCCESS;
}

VOID VirtqSplitReset(VIRTQ_SPLIT *vq)
{
    UINT16 i;

    RtlZeroMemory(vq->desc, VIRTQ_DESC_SIZE(vq->qsz));
    RtlZeroMemory(vq->avail, VIRTQ_AVAIL_SIZE(vq->qsz));
    RtlZeroMemory(vq->used, VIRTQ_USED_SIZE(vq->qsz));
    RtlZeroMemory(vq->slots, vq->qsz * sizeof(VIRTQ_SLOT));
    for (i = 0; i < vq->qsz; i++) {
        vq->slots[i].next = (UINT16)((i + 1) & vq->mask);
    }
    for (i = 0; i < vq->table_count; i++) {
        vq->free_tables[i] = i;
    }
    vq->interrupts_on = TRUE;
    vq->head_limit = vq->qsz;
    vq->free_head = 0;
    vq->free_count = vq->qsz;
    vq->free_table_count = vq->table_count;
    vq->avail_idx = 0;
    vq->used_idx = 0;
    vq->prepared_idx = 0;
    vq->kicked_idx = 0;
    vq->used_event = 0;
    vq->detach_cursor = 0;
}

/*
 * Plain stores: the barrier in Publish makes them visible before avail idx. `next` means something with the NEXT flag
 * only.
 */
VIRTIO_INLINE VOID StoreDescriptor(VIRTQ_DESC *desc, const VIRTQ_SG *sg, UINT16 flags)
{
    desc->addr = sg->addr;
    desc->len = sg->len;
    desc->flags = (UINT16)(flags | (sg->write ? VIRTQ_DESC_F_WRITE : 0));
}

/* Takes the chain of count descriptors from free_head to last off the free list, as one buffer. */
VIRTIO_INLINE VIRTQ_SLOT *TakeChain(VIRTQ_SPLIT *vq, const VIRTQ_SLOT *last, UINT32 count, UINT8 state, void *cookie,
                                    UINT16 *head_out)
{
    UINT32 head = vq->free_head;
    VIRTQ_SLOT *slot = &vq->slots[head];

    slot->cookie = cookie;
    slot->state = state;
    vq->free_head = last->next;
    vq->free_count -= count;
    *head_out = (UINT16)head;
    return slot;
}

/* Gives a buffer's descriptors and table back. state: the slot's, read before. */
VIRTIO_INLINE VOID ReleaseChain(VIRTQ_SPLIT *vq, UINT32 head, VIRTQ_SLOT *slot, UINT8 state)
{
    VIRTQ_SLOT *last = slot;

    slot->state = 0;
    if ((state & (VIRTQ_SLOT_CHAIN | VIRTQ_SLOT_TABLE)) != 0) {
        if ((state & VIRTQ_SLOT_TABLE) != 0) {
            vq->free_tables[vq->free_table_count++] = slot->last;
        } else {
            last = &vq->slots[slot->last];
            vq->free_count += (UINT32)slot->count - 1;
        }
    }
    vq->free_count++;
    last->next = (UINT16)vq->free_head;
    vq->free_head = head;
}

/* For a buffer that does not fit: whether it may later. */
VIRTQ_OUT_OF_LINE NTSTATUS RefuseBuffer(const VIRTQ_SPLIT *vq, UINT16 sg_count)
{
    if (sg_count == 0 || sg_count > vq->head_limit) {
        return STATUS_INVALID_PARAMETER; /* head_limit is 0 in a broken queue */
    }
    return STATUS_INSUFFICIENT_RESOURCES;
}

/* A buffer of two or more elements, which fits, as a chain of direct descriptors. */
VIRTQ_OUT_OF_LINE NTSTATUS AddChain(VIRTQ_SPLIT *vq, const VIRTQ_SG *sg, UINT16 sg_count, void *cookie,
                                    UINT16 *head_out)
{
    const VIRTQ_SG *last_sg = sg + sg_count - 1;
    size_t index = vq->free_head;
    VIRTQ_SLOT *slot;

    do {
        VIRTQ_DESC *desc = &vq->desc[index];

        index = vq->slots[index].next;
        desc->next = (UINT16)index;
        StoreDescriptor(desc, sg, VIRTQ_DESC_F_NEXT);
    } while (++sg != last_sg);
    StoreDescriptor(&vq->desc[index], sg, 0);
    slot = TakeChain(vq, &vq->slots[index], sg_count, VIRTQ_SLOT_ADDED | VIRTQ_SLOT_CHAIN, cookie, head_out);
    slot->last = (UINT16)index;
    slot->count = sg_count;
    return STATUS_SUCCESS;
}

/* A buffer of two or more elements in an indirect table, which is free, as is a descriptor. */
VIRTQ_OUT_OF_LINE NTSTATUS AddIndirect(VIRTQ_SPLIT *vq, const VIRTQ_SG *sg, UINT16 sg_count, void *cookie,
                                       UINT16 *head_out)
{
    UINT16 table = vq->free_tables[--vq->free_table_count];
    size_t first = (size_t)table * vq->table_stride;
    VIRTQ_DESC *desc = &vq->tables[first];
    const VIRTQ_SG *last_sg = sg + sg_count - 1;
    UINT16 next = 0;

    VIRTQ_UNROLL
    for (; sg != last_sg; sg++, desc++) {
        StoreDescriptor(desc, sg, VIRTQ_DESC_F_NEXT);
        desc->next = ++next;
    }
    StoreDescriptor(desc, sg, 0);

    desc = &vq->desc[vq->free_head];
    desc->addr = vq->tables_pa + first * sizeof(VIRTQ_DESC);
    desc->len = sg_count * (UINT32)sizeof(VIRTQ_DESC);
    desc->flags = VIRTQ_DESC_F_INDIRECT;
    TakeChain(vq, &vq->slots[vq->free_head], 1, VIRTQ_SLOT_ADDED | VIRTQ_SLOT_TABLE, cookie, head_out)->last = table;
    return STATUS_SUCCESS;
}

/* The commonest buffer has one element: no loop for it, and a table would save nothing. */
VIRTIO_INLINE NTSTATUS AddBuffer(VIRTQ_SPLIT *vq, const VIRTQ_SG *sg, UINT16 sg_count, void *cookie, UINT16 *head_out,
                                 BOOLEAN may_be_indirect)
{
    if (sg == NULL || cookie == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    if (sg_count == 1 && vq->free_count != 0) {
        StoreDescriptor(&vq->desc[vq->free_head], sg, 0);
        TakeChain(vq, &vq->slots[vq->free_head], 1, VIRTQ_SLOT_ADDED, cookie, head_out);
        return STATUS_SUCCESS;
    }
    if (may_be_indirect && sg_count > 1 && sg_count <= vq->table_max_desc && vq->free_table_count != 0 &&
        vq->free_count != 0) {
        return AddIndirect(vq, sg, sg_count, cookie, head_out);
    }
    if ((UINT32)sg_count - 1 >= vq->free_count) {
        return RefuseBuffer(vq, sg_count);
    }
    return AddChain(vq, sg, sg_count, cookie, head_out);
}

NTSTATUS VirtqSplitAddDirect(VIRTQ_SPLIT *vq, const VIRTQ_SG *sg, UINT16 sg_count, void *cookie, UINT16 *head_out)
{
    return AddBuffer(vq, sg, sg_count, cookie, head_out, FALSE);
}

NTSTATUS VirtqSplitAddBuffer(VIRTQ_SPLIT *vq, const VIRTQ_SG *sg, UINT16 sg_count, void *cookie, UINT16 *head_out)
{
    return AddBuffer(vq, sg, sg_count, cookie, head_out, TRUE);
}

VOID VirtqSplitPublish(VIRTQ_SPLIT *vq, UINT16 head)
{
    UINT32 avail_idx = vq->avail_idx;
    VIRTQ_AVAIL *avail = vq->avail;
    VIRTQ_SLOT *slot = &vq->slots[head];

    if (head >= vq->head_limit || (slot->state & VIRTQ_SLOT_ADDED) == 0) {
        return;
    }
    slot->state ^= VIRTQ_SLOT_ADDED | VIRTQ_SLOT_PUBLISHED;
    VirtioRingStore16(&avail->ring[avail_idx & vq->mask], head);
    avail_idx++;
    vq->avail_idx = avail_idx;
    /* Descriptors and avail slot before avail idx: else the device follows a stale slot. x86 keeps stores in order. */
    VirtioBarrierCompiler();
    VirtioRingStore16(&avail->idx, (UINT16)avail_idx);
}

BOOLEAN VirtqSplitKickPrepare(VIRTQ_SPLIT *vq)
{
    UINT32 batch = vq->avail_idx - vq->kicked_idx;

    vq->prepared_idx = vq->avail_idx;
    if (batch == 0 || vq->head_limit == 0) {
        return FALSE;
    }
    /*
     * The store of avail idx before the load of used flags or avail_event. Without it the device can see the old idx
     * and go to sleep while this reads that it is awake: the notification is lost.
     */
    VirtioBarrierFull();
    if (vq->event_idx) {
        UINT16 event = VirtioRingLoad16(VirtioRingAvailEvent(vq->used, vq->qsz));

        /* A batch that went all around passed every position; 16 bits cannot express it. */
        return (BOOLEAN)(batch > 0xFFFF ||
                         VirtioRingNeedEvent(event, (UINT16)vq->avail_idx, (UINT16)vq->kicked_idx));
    }
    return (BOOLEAN)((VirtioRingLoad16(&vq->used->flags) & VIRTQ_USED_F_NO_NOTIFY) == 0);
}

VOID VirtqSplitKickCommit(VIRTQ_SPLIT *vq)
{
    vq->kicked_idx = vq->prepared_idx;
}

BOOLEAN VirtqSplitHasUsed(const VIRTQ_SPLIT *vq)
{
    return (BOOLEAN)(vq->head_limit != 0 && VirtioRingLoad16(&vq->used->idx) != (UINT16)vq->used_idx);
}

static VOID StoreUsedEvent(VIRTQ_SPLIT *vq, UINT16 used_event)
{
    vq->used_event = used_event;
    VirtioRingStore16(VirtioRingUsedEvent(vq->avail, vq->qsz), used_event);
}

VOID VirtqSplitDisableInterrupts(VIRTQ_SPLIT *vq)
{
    vq->interrupts_on = FALSE;
    if (vq->event_idx) {
        /* The idx that was passed last is the one that takes longest to come again. avail flags stay 0. */
        StoreUsedEvent(vq, (UINT16)(vq->used_idx - 1));
    } else {
        VirtioRingStore16(&vq->avail->flags, VIRTQ_AVAIL_F_NO_INTERRUPT);
    }
}

/* Asks for an interrupt at the next used buffer; returns used idx, which may have moved before the wish was seen. */
VIRTIO_INLINE UINT16 ArmInterrupt(VIRTQ_SPLIT *vq)
{
    if (vq->event_idx) {
        StoreUsedEvent(vq, (UINT16)vq->used_idx);
    } else {
        VirtioRingStore16(&vq->avail->flags, 0);
    }
    /*
     * The store of used_event or avail flags before the load of used idx. Without it the device can read the old wish
     * and stay silent while this reads the old idx: the buffer is stranded.
     */
    VirtioBarrierFull();
    return VirtioRingLoad16(&vq->used->idx);
}

BOOLEAN VirtqSplitEnableInterrupts(VIRTQ_SPLIT *vq)
{
    vq->interrupts_on = TRUE;
    return (BOOLEAN)(ArmInterrupt(vq) == (UINT16)vq->used_idx || vq->head_limit == 0);
}

/* GetUsed's way out. A broken queue stays so until Reset: no head is valid in it and no descriptor free. */
VIRTQ_OUT_OF_LINE NTSTATUS BreakQueue(VIRTQ_SPLIT *vq, void **cookie_out, UINT32 *len_out)
{
    vq->head_limit = 0;
    vq->free_count = 0;
    *cookie_out = NULL;
    *len_out = 0;
    return STATUS_INVALID_PARAMETER;
}

/*
 * Used idx once more, after it said that nothing is used. With EVENT_IDX used_event has to follow used idx before
 * anybody waits, or a caller that never disables interrupts gets no further one.
 */
VIRTQ_OUT_OF_LINE UINT16 RearmEmpty(VIRTQ_SPLIT *vq)
{
    if (vq->event_idx && vq->interrupts_on && vq->used_event != (UINT16)vq->used_idx) {
        return ArmInterrupt(vq);
    }
    return (UINT16)vq->used_idx;
}

NTSTATUS VirtqSplitGetUsed(VIRTQ_SPLIT *vq, void **cookie_out, UINT32 *len_out)
{
    UINT32 used_idx = vq->used_idx;
    const VIRTQ_USED *used = vq->used;
    UINT16 pending = (UINT16)(VirtioRingLoad16(&used->idx) - used_idx);
    const VIRTQ_USED_ELEM *element;
    VIRTQ_SLOT *slot;
    UINT32 id;
    UINT8 state;

    if (pending == 0) {
        pending = (UINT16)(RearmEmpty(vq) - used_idx);
        if (pending == 0 && vq->head_limit != 0) {
            *cookie_out = NULL;
            *len_out = 0;
            return STATUS_NOT_FOUND;
        }
    }
    if (pending > vq->avail_idx - used_idx) {
        return BreakQueue(vq, cookie_out, len_out); /* ahead of what is in flight */
    }
    /* used idx before the element it announces: else a stale one is read. x86 keeps loads in order. */
    VirtioBarrierCompiler();
    element = &used->ring[used_idx & vq->mask];
    id = VirtioRingLoad32(&element->id);
    if (id >= vq->head_limit) {
        return BreakQueue(vq, cookie_out, len_out);
    }
    slot = &vq->slots[id];
    state = slot->state;
    if ((state & VIRTQ_SLOT_PUBLISHED) == 0) {
        return BreakQueue(vq, cookie_out, len_out);
    }
    vq->used_idx = used_idx + 1;
    *len_out = VirtioRingLoad32(&element->len);
    *cookie_out = slot->cookie;
    ReleaseChain(vq, id, slot, state);
    return STATUS_SUCCESS;
}

BOOLEAN VirtqSplitDetachUnused(VIRTQ_SPLIT *vq, void **cookie_out)
{
    UINT16 tries;

    for (tries = 0; tries < vq->qsz; tries++) {
        UINT16 head = vq->detach_cursor;
        VIRTQ_SLOT *slot = &vq->slots[head];

        vq->detach_cursor = (UINT16)((head + 1) & vq->mask);
        if (slot->state != 0) {
            *cookie_out = slot->cookie;
            ReleaseChain(vq, head, slot, slot->state);
            if (vq->head_limit == 0) {
                vq->free_count = 0; /* still broken */
            }
            return TRUE;
        }
    }
    *cookie_out = NULL;
    return FALSE;
}

#if defined(VIRTQ_DEBUG)

/* Appends text, then value in hexadecimal, to a line that has room for it (its callers count). Returns the new end. */
static char *AppendField(char *end, const char *text, UINT32 value)
{
    int shift = 28;

    while (*text != 0) {
        *end++ = *text++;
    }
    while (shift > 0 && (value >> shift) == 0) {
        shift -= 4;
    }
    for (; shift >= 0; shift -= 4) {
        *end++ = "0123456789abcdef"[(value >> shift) & 15];
    }
    *end = 0;
    return end;
}

VOID VirtqSplitDump(const VIRTQ_SPLIT *vq, void (*log)(const char *line, void *context), void *context)
{
    char line[160]; /* at most seven fields of at most 20 characters */
    char *end;
    UINT32 i;

    end = AppendField(line, "virtq size=", vq->qsz);
    end = AppendField(end, " event_idx=", vq->event_idx);
    end = AppendField(end, " tables=", vq->table_count);
    end = AppendField(end, " free=", vq->free_count);
    end = AppendField(end, " free_tables=", vq->free_table_count);
    AppendField(end, " broken=", vq->head_limit == 0);
    log(line, context);

    end = AppendField(line, "driver avail_idx=", vq->avail_idx);
    end = AppendField(end, " kicked_idx=", vq->kicked_idx);
    end = AppendField(end, " used_idx=", vq->used_idx);
    end = AppendField(end, " interrupts=", vq->interrupts_on);
    AppendField(end, " used_event=", vq->used_event);
    log(line, context);

    end = AppendField(line, "device used_idx=", VirtioRingLoad16(&vq->used->idx));
    end = AppendField(end, " used_flags=", VirtioRingLoad16(&vq->used->flags));
    AppendField(end, " avail_event=", VirtioRingLoad16(VirtioRingAvailEvent(vq->used, vq->qsz)));
    log(line, context);

    for (i = 0; i < vq->qsz; i++) {
        const VIRTQ_SLOT *slot = &vq->slots[i];

        if (slot->state != 0) {
            end = AppendField(line, "head=", i);
            end = AppendField(end, " published=", (slot->state & VIRTQ_SLOT_PUBLISHED) != 0);
            AppendField(end, (slot->state & VIRTQ_SLOT_TABLE) != 0 ? " table=" : " descriptors=",
                        (slot->state & (VIRTQ_SLOT_TABLE | VIRTQ_SLOT_CHAIN)) == 0 ? 1
                        : (slot->state & VIRTQ_SLOT_TABLE) != 0                    ? slot->last
                                                                                   : slot->count);
            log(line, context);
        }
    }
}

#endif
