/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The split virtqueue engine: descriptors, both rings, indirect tables, notification suppression.
 * Never allocates and never locks: one caller at a time per queue. Trusts nothing the device can write: free list,
 * chain lengths and what is in flight live in the caller's private state block.
 * VIRTIO 1.x "Split Virtqueues", "Message Framing", "Indirect Descriptors". Layer: ring. Highest IRQL: DISPATCH_LEVEL
 * by contract; nothing here depends on it, so a queue owned by an interrupt handler may be used at DIRQL too.
 *
 * A queue's life:
 *   VirtqSplitStateSize, VirtqSplitRingMemSize, VirtqSplitInit
 *   AddBuffer, Publish (each buffer)  ->  KickPrepare, KickCommit (each batch)
 *   DisableInterrupts, GetUsed until NOT_FOUND, EnableInterrupts until TRUE
 *   device reset, DetachUnused until FALSE, VirtqSplitReset
 *
 * The caller keeps each chain's readable elements before its writable ones (RING-03) and below 4 GiB (RING-05).
 */
#ifndef VIRTQUEUE_SPLIT_H
#define VIRTQUEUE_SPLIT_H

#include "virtio_osdep.h"
#include "virtio_ring.h"

typedef struct _VIRTQ_SG {
    UINT64 addr; /* device address */
    UINT32 len;
    BOOLEAN write; /* the device writes it */
} VIRTQ_SG;

/* What the engine remembers of a descriptor and, where a chain begins there, of the buffer. */
typedef struct _VIRTQ_SLOT {
    void *cookie;
    UINT16 next;  /* the next descriptor of the chain, or of the free list */
    UINT16 last;  /* of a chain of several: its last descriptor; of an indirect one: its table */
    UINT16 count; /* of a chain of several: its descriptors */
    UINT8 state;  /* VIRTQ_SLOT_* bits; 0 when no buffer begins here */
} VIRTQ_SLOT;

/*
 * State block; StateSize bytes, of which this is the beginning. desc, avail, used, their addresses and qsz are public
 * and constant after Init; the rest is private. Guarded by the caller's queue lock; the device cannot reach it.
 * Indices count on in 32 bits; their low 16 bits are what the rings hold.
 */
typedef struct _VIRTQ_SPLIT {
    VIRTQ_DESC *desc;
    VIRTQ_AVAIL *avail;
    VIRTQ_USED *used;
    UINT64 desc_pa;
    UINT64 avail_pa;
    UINT64 used_pa;
    UINT16 qsz;

    BOOLEAN event_idx;
    BOOLEAN interrupts_on;
    UINT32 free_head;
    UINT32 mask;
    UINT32 free_count;   /* 0 in a broken queue, so that nothing can be added */
    UINT32 head_limit;   /* qsz; 0 once the device broke the rules, so that no head is valid any more */
    UINT32 avail_idx;    /* what avail->idx holds */
    UINT32 used_idx;     /* next used element to take */
    UINT32 prepared_idx; /* avail_idx at the last KickPrepare */
    UINT32 kicked_idx;   /* prepared_idx at the last KickCommit */
    UINT16 used_event;   /* what the event word behind avail->ring holds */
    UINT16 detach_cursor;

    VIRTQ_DESC *tables; /* table_count tables of table_stride descriptors */
    UINT64 tables_pa;
    UINT16 *free_tables; /* stack of table numbers, behind the slots */
    UINT32 free_table_count;
    UINT16 table_count; /* 0 without indirect descriptors */
    UINT16 table_stride;
    UINT32 table_max_desc; /* longest chain for a table: min(table_stride, qsz) */

    VIRTQ_SLOT slots[1]; /* qsz */
} VIRTQ_SPLIT;

/*
 * Bytes of private memory for a queue.
 *
 * qsz      number of descriptors: a power of two, 1 to 32768
 *
 * IRQL:    any
 * Returns: the size, for a block aligned like a pointer that the device does not see; 0 when qsz is not valid
 */
size_t VirtqSplitStateSize(UINT16 qsz);

/*
 * Bytes of ring memory: descriptor table, avail ring behind it, used ring at the next multiple of ring_align.
 *
 * qsz         a power of two, 1 to 32768
 * ring_align  a power of two, at least 4 (4: modern layout; 4096: legacy layout)
 * event_idx   does not change the layout: both event words are always reserved
 *
 * IRQL:    any
 * Returns: the size, for contiguous memory aligned to max(16, ring_align); 0 when an argument is not valid
 * Spec:    "Split Virtqueues", "Virtqueues"; RING-01, RING-02
 */
size_t VirtqSplitRingMemSize(UINT16 qsz, UINT32 ring_align, BOOLEAN event_idx);

/*
 * Sets up an empty queue and zeroes its ring memory, before the device is told of it.
 *
 * vq                    StateSize bytes of private memory, any content
 * event_idx, indirect   whether VIRTIO_F_RING_EVENT_IDX and VIRTIO_F_RING_INDIRECT_DESC were negotiated
 * ring_va, ring_pa      RingMemSize bytes, aligned to max(16, ring_align); the caller's, used until the device is reset
 * indirect_pool_va/pa   indirect_table_count * indirect_max_desc * 16 bytes aligned to 16, contiguous for the device;
 *                       looked at only when indirect is TRUE and the count is not 0
 * indirect_table_count  tables in the pool; those beyond qsz are never used
 * indirect_max_desc     capacity of each, at least 1; may exceed qsz although no chain does
 *
 * IRQL:    any
 * Returns: STATUS_SUCCESS; STATUS_INVALID_PARAMETER: size, alignment or a NULL pointer; nothing was written
 * Spec:    RING-01, RING-08, RING-21
 */
NTSTATUS VirtqSplitInit(VIRTQ_SPLIT *vq, UINT16 qsz, BOOLEAN event_idx, BOOLEAN indirect, void *ring_va, UINT64 ring_pa,
                        UINT32 ring_align, void *indirect_pool_va, UINT64 indirect_pool_pa,
                        UINT16 indirect_table_count, UINT16 indirect_max_desc);

/*
 * Back to the state after Init, ring memory zeroed. Cookies not taken by DetachUnused are forgotten.
 * Only while the device does not use the queue: it was reset, or never enabled.
 *
 * IRQL:    <= DISPATCH_LEVEL
 * Locks:   the queue's
 * Spec:    "Virtqueue Re-enable"; RING-21, RING-36
 */
VOID VirtqSplitReset(VIRTQ_SPLIT *vq);

/*
 * Writes a chain for one buffer: an indirect table when it saves descriptors and one is free, else direct descriptors.
 * The device does not see it before Publish.
 *
 * sg, sg_count  the buffer's elements, copied; readable ones first
 * cookie        not NULL; GetUsed or DetachUnused give it back
 * head_out      out, on success: for Publish
 *
 * IRQL:    <= DISPATCH_LEVEL
 * Locks:   the queue's
 * Returns: STATUS_SUCCESS; STATUS_INVALID_PARAMETER: no elements, NULL, more elements than the queue has descriptors
 *          (they can never fit), or the queue is broken; STATUS_INSUFFICIENT_RESOURCES: no room now, try again after
 *          GetUsed. On failure nothing has changed.
 * Spec:    "The Virtqueue Descriptor Table", "Indirect Descriptors"; RING-06, RING-08 to RING-11, HOST-06
 */
NTSTATUS VirtqSplitAddBuffer(VIRTQ_SPLIT *vq, const VIRTQ_SG *sg, UINT16 sg_count, void *cookie, UINT16 *head_out);

/* As AddBuffer, but never takes an indirect table. */
NTSTATUS VirtqSplitAddDirect(VIRTQ_SPLIT *vq, const VIRTQ_SG *sg, UINT16 sg_count, void *cookie, UINT16 *head_out);

/*
 * Makes an added buffer available: the device may use it when this returns.
 *
 * head     from AddBuffer or AddDirect, once; anything else is ignored
 *
 * IRQL:    <= DISPATCH_LEVEL
 * Locks:   the queue's
 * Spec:    "Updating idx"; RING-13, RING-28, RING-32
 */
VOID VirtqSplitPublish(VIRTQ_SPLIT *vq, UINT16 head);

/*
 * Whether the device must be notified of what was published since the last KickCommit.
 *
 * IRQL:    <= DISPATCH_LEVEL
 * Locks:   the queue's
 * Returns: TRUE: notify it now, then KickCommit; FALSE: KickCommit. A broken queue is never notified.
 * Spec:    "Available Buffer Notification Suppression", "Notifying The Device"; RING-22 to RING-27, RING-29, RING-30
 */
BOOLEAN VirtqSplitKickPrepare(VIRTQ_SPLIT *vq);

/* Ends the batch that KickPrepare judged; what is published since counts for the next. IRQL, Locks: as KickPrepare. */
VOID VirtqSplitKickCommit(VIRTQ_SPLIT *vq);

/*
 * Whether GetUsed has something to say.
 *
 * IRQL:    <= DISPATCH_LEVEL
 * Locks:   none: a hint when another processor uses the queue
 * Returns: FALSE when nothing is used or the queue is broken
 */
BOOLEAN VirtqSplitHasUsed(const VIRTQ_SPLIT *vq);

/*
 * Takes one buffer back from the device, in the device's order.
 *
 * cookie_out   out: the buffer's cookie; NULL unless successful
 * len_out      out: bytes written, as the device says: bound it before use, it may be any number (HOST-04, HOST-05);
 *              0 unless successful
 *
 * IRQL:    <= DISPATCH_LEVEL
 * Locks:   the queue's
 * Returns: STATUS_SUCCESS; STATUS_NOT_FOUND: nothing used. While interrupts are enabled it is then safe to wait for
 *          one; STATUS_INVALID_PARAMETER: the device broke the rules and the queue stays broken until Reset: reset the
 *          device, DetachUnused
 * Spec:    "The Virtqueue Used Ring", "Receiving Used Buffers From The Device"; RING-18, RING-32, HOST-01 to HOST-03
 */
NTSTATUS VirtqSplitGetUsed(VIRTQ_SPLIT *vq, void **cookie_out, UINT32 *len_out);

/*
 * Asks the device for no interrupts. Some may come all the same.
 *
 * IRQL:    <= DISPATCH_LEVEL
 * Locks:   the queue's
 * Spec:    "Used Buffer Notification Suppression"; RING-14 to RING-18
 */
VOID VirtqSplitDisableInterrupts(VIRTQ_SPLIT *vq);

/*
 * Asks for an interrupt at the next used buffer.
 *
 * IRQL:    <= DISPATCH_LEVEL
 * Locks:   the queue's
 * Returns: TRUE: safe to wait; FALSE: used buffers are already there and may not interrupt: drain again
 * Spec:    "Used Buffer Notification Suppression"; RING-14 to RING-17, RING-31
 */
BOOLEAN VirtqSplitEnableInterrupts(VIRTQ_SPLIT *vq);

/*
 * Takes back one buffer that the device has not used. Call until FALSE, only when the device no longer uses the queue:
 * it was reset, never enabled, or is gone. Reset the queue before it is used again.
 *
 * cookie_out   out: the cookie, in no particular order, published or not; NULL when none is left
 *
 * IRQL:    <= DISPATCH_LEVEL
 * Locks:   the queue's
 * Returns: FALSE when none is left
 */
BOOLEAN VirtqSplitDetachUnused(VIRTQ_SPLIT *vq, void **cookie_out);

#if defined(VIRTQ_DEBUG)
/*
 * Describes the queue line by line: indices, both suppression states, what is in flight. Changes nothing.
 *
 * log, context   called for each line, which has no line end and is valid during the call only
 *
 * IRQL:    <= DISPATCH_LEVEL, as far as log allows
 * Locks:   the queue's
 */
VOID VirtqSplitDump(const VIRTQ_SPLIT *vq, void (*log)(const char *line, void *context), void *context);
#endif

#endif
