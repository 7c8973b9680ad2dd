/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The portable virtqueue engine: the canonical engine (virtqueue_split.h) together with its memory, which it gets
 * through virtio_os_ops_t: ring, indirect pool, private state. No ring algorithm of its own.
 * VIRTIO 1.x "Split Virtqueues". Layer: ring. Highest IRQL: DISPATCH_LEVEL for what handles buffers, that of the
 * operations for set-up and tear-down. One caller at a time per queue.
 *
 * A queue's life:
 *   virtqueue_split_alloc_ring, virtqueue_split_init; addresses for the device: vq.engine->desc_pa, avail_pa, used_pa
 *   add_sg (each buffer), kick_prepare (each batch), pop_used until false, enable_interrupts until false
 *   device reset, detach_unused until false, then virtqueue_split_reset, or virtqueue_split_destroy and free_ring
 */
#ifndef VIRTQUEUE_SPLIT_LEGACY_H
#define VIRTQUEUE_SPLIT_LEGACY_H

#include "virtio_os_ops.h"
#include "virtio_types.h"
#include "virtqueue_split.h"

typedef VIRTQ_SG virtio_sg_entry_t; /* one SG type: no list is ever copied */

/* Bits of virtqueue_split_get_error_flags */
#define VIRTQUEUE_ERR_INVALID_USED 0x1u /* a used id or used idx was not valid: the queue is broken until reset */

/* Indirect tables per queue at most: beyond that, buffers take direct descriptors. Bounds the pool (DMA memory). */
#define VIRTQUEUE_SPLIT_MAX_TABLES 128

/* engine and queue_index are public and constant after init; the rest is private. Guarded by the caller's lock. */
typedef struct virtqueue_split {
    VIRTQ_SPLIT *engine; /* NULL: not initialised */
    uint16_t queue_index;
    uint32_t error_flags;
    const virtio_os_ops_t *os;
    void *os_ctx;
    virtio_dma_buffer_t pool; /* indirect tables; vaddr NULL without */
} virtqueue_split_t;

/*
 * Bytes of ring memory.
 *
 * queue_size   a power of two, 1 to 32768
 * queue_align  a power of two, at least 4; 4096 gives the legacy layout, 4 the modern one
 * event_idx    does not change the size
 *
 * IRQL:    any
 * Returns: 0 when an argument is not valid
 */
size_t virtqueue_split_ring_size(uint16_t queue_size, uint32_t queue_align, virtio_bool_t event_idx);

/*
 * Bytes of the indirect pool that virtqueue_split_init takes with alloc_dma (alignment 16), for a system that has to
 * reserve all DMA memory beforehand.
 *
 * queue_size         a power of two, 1 to 32768
 * indirect_max_desc  as for virtqueue_split_init
 *
 * IRQL:    any
 * Returns: 0 when no pool is taken
 */
size_t virtqueue_split_indirect_size(uint16_t queue_size, uint16_t indirect_max_desc);

/*
 * Gets ring memory through alloc_dma.
 *
 * os, os_ctx   the operations and their context
 * queue_size, queue_align, event_idx  as for virtqueue_split_ring_size
 * out_ring     out: the memory, for virtqueue_split_init and free_ring; zeroed on failure
 *
 * IRQL:    that of alloc_dma
 * Returns: VIRTIO_OK; VIRTIO_ERR_INVAL: an argument is not valid; VIRTIO_ERR_NOMEM
 */
int virtqueue_split_alloc_ring(const virtio_os_ops_t *os, void *os_ctx, uint16_t queue_size, uint32_t queue_align,
                               virtio_bool_t event_idx, virtio_dma_buffer_t *out_ring);

/* Gives ring memory back, zeroes *ring; a zeroed one is fine. The device no longer uses it. IRQL: that of free_dma. */
void virtqueue_split_free_ring(const virtio_os_ops_t *os, void *os_ctx, virtio_dma_buffer_t *ring);

/*
 * Sets up an empty queue: takes private memory and, for indirect descriptors, a pool; zeroes the ring.
 *
 * vq                 caller's memory, any content; zeroed on failure
 * os, os_ctx         kept until virtqueue_split_destroy
 * queue_index        the queue's number at its device; the engine only keeps it
 * queue_size, queue_align, event_idx  as for virtqueue_split_alloc_ring
 * ring               from virtqueue_split_alloc_ring, or other DMA memory of that size, aligned to max(16,
 *                    queue_align); stays the caller's
 * indirect_desc      whether VIRTIO_F_RING_INDIRECT_DESC was negotiated
 * indirect_max_desc  longest chain that should be indirect, in descriptors; more than queue_size gives queue_size;
 *                    looked at only with indirect_desc, at least 1 then
 *
 * IRQL:    that of alloc and alloc_dma
 * Returns: VIRTIO_OK; VIRTIO_ERR_INVAL: an argument is not valid; VIRTIO_ERR_RANGE: ring is too small or not aligned;
 *          VIRTIO_ERR_NOMEM
 */
int virtqueue_split_init(virtqueue_split_t *vq, const virtio_os_ops_t *os, void *os_ctx, uint16_t queue_index,
                         uint16_t queue_size, uint32_t queue_align, const virtio_dma_buffer_t *ring,
                         virtio_bool_t event_idx, virtio_bool_t indirect_desc, uint16_t indirect_max_desc);

/* Back to the state after init; the device was reset and detach_unused emptied the queue. IRQL: <= DISPATCH_LEVEL. */
void virtqueue_split_reset(virtqueue_split_t *vq);

/* Gives back what init took, zeroes *vq; a zeroed one is fine. The device was reset. IRQL: that of free, free_dma. */
void virtqueue_split_destroy(virtqueue_split_t *vq);

/*
 * Adds a buffer and makes it available to the device at once.
 *
 * sg, sg_count   elements, read during the call only; readable ones first
 * cookie         not NULL; pop_used or detach_unused give it back
 * use_indirect   VIRTIO_TRUE: take an indirect table if that saves descriptors and one is free; else never
 * out_head       out, on success: the chain's first descriptor; NULL when not wanted
 *
 * IRQL:    <= DISPATCH_LEVEL
 * Locks:   the queue's
 * Returns: VIRTIO_OK; VIRTIO_ERR_INVAL: no elements, NULL cookie, more elements than queue_size, or a broken queue;
 *          VIRTIO_ERR_NOSPC: full now. On failure nothing has changed.
 */
int virtqueue_split_add_sg(virtqueue_split_t *vq, const virtio_sg_entry_t *sg, uint16_t sg_count, void *cookie,
                           virtio_bool_t use_indirect, uint16_t *out_head);

/*
 * Ends a batch of add_sg.
 *
 * IRQL:    <= DISPATCH_LEVEL
 * Locks:   the queue's
 * Returns: VIRTIO_TRUE: notify the device, now; nothing else has to be called
 */
virtio_bool_t virtqueue_split_kick_prepare(virtqueue_split_t *vq);

/* Asks the device for no interrupts; some may come all the same. IRQL: <= DISPATCH_LEVEL. Locks: the queue's. */
void virtqueue_split_disable_interrupts(virtqueue_split_t *vq);

/*
 * Asks for an interrupt at the next used buffer. The sense is the opposite of VirtqSplitEnableInterrupts.
 *
 * IRQL:    <= DISPATCH_LEVEL
 * Locks:   the queue's
 * Returns: VIRTIO_TRUE: used buffers are already there and may not interrupt: drain again; VIRTIO_FALSE: safe to wait
 */
virtio_bool_t virtqueue_split_enable_interrupts(virtqueue_split_t *vq);

/*
 * Takes one buffer back from the device.
 *
 * out_cookie   out: its cookie; NULL when there is none
 * out_len      out: bytes written, as the device says: bound it before use; NULL when not wanted
 *
 * IRQL:    <= DISPATCH_LEVEL
 * Locks:   the queue's
 * Returns: VIRTIO_FALSE: nothing used, or the queue is broken: virtqueue_split_get_error_flags tells
 */
virtio_bool_t virtqueue_split_pop_used(virtqueue_split_t *vq, void **out_cookie, uint32_t *out_len);

/* Takes back one buffer that the device did not use; as VirtqSplitDetachUnused. VIRTIO_FALSE: none is left. */
virtio_bool_t virtqueue_split_detach_unused(virtqueue_split_t *vq, void **out_cookie);

/* What pop_used found wrong since init, reset or clear: VIRTQUEUE_ERR_*. IRQL: any. */
uint32_t virtqueue_split_get_error_flags(const virtqueue_split_t *vq);

/* Forgets the flags. A broken queue stays broken, and pop_used sets them again. IRQL: any. */
void virtqueue_split_clear_error_flags(virtqueue_split_t *vq);

#endif
