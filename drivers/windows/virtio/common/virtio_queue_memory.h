/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Memory of one queue: sizes first, then ring, indirect pool and state carved from what the caller allocated.
 *
 * Two blocks, on purpose: what the device reads and writes (ring, then indirect pool) is one contiguous DMA block; the
 * engine's private state is an ordinary block that no device address leads to. A state block behind the ring in the
 * same common buffer would be in a hostile device's reach.
 * Layer: ring. Highest IRQL: any.
 */
#ifndef VIRTIO_QUEUE_MEMORY_H
#define VIRTIO_QUEUE_MEMORY_H

#include "virtqueue_split.h"

/*
 * Filled in by VirtioQueueMemoryPlan; read-only afterwards. Several queues may share a DMA block: place each at a
 * multiple of its dma_alignment.
 */
typedef struct _VIRTIO_QUEUE_LAYOUT {
    UINT16 qsz;
    UINT16 indirect_table_count; /* 0: no indirect descriptors */
    UINT16 indirect_max_desc;
    UINT32 ring_align;
    UINT32 dma_alignment; /* bytes, of address and device address; a power of two */
    size_t pool_offset;   /* in the DMA block */
    size_t dma_size;      /* bytes, device-visible, contiguous; the caller need not zero it */
    size_t state_size;    /* bytes, private, aligned like a pointer */
} VIRTIO_QUEUE_LAYOUT;

/*
 * Computes the sizes.
 *
 * layout                out
 * qsz, ring_align       as for VirtqSplitRingMemSize
 * indirect_table_count  tables wanted: 0 where indirect descriptors were not negotiated; more than qsz gives qsz
 * indirect_max_desc     descriptors in each; more than qsz gives qsz (RING-10: no chain is longer)
 *
 * IRQL:    any
 * Returns: STATUS_SUCCESS; STATUS_INVALID_PARAMETER: a size or alignment is not valid, or tables of no capacity wanted,
 *          or the sum exceeds 32 bits; *layout is zeroed then
 */
NTSTATUS VirtioQueueMemoryPlan(VIRTIO_QUEUE_LAYOUT *layout, UINT16 qsz, UINT32 ring_align, UINT16 indirect_table_count,
                               UINT16 indirect_max_desc);

/*
 * Sets up the queue in memory of the planned sizes.
 *
 * layout           from VirtioQueueMemoryPlan
 * dma_va, dma_pa   dma_size bytes, both aligned to dma_alignment; the caller's, freed after the device was reset
 * state            state_size bytes; the caller's
 * vq_out           out: the queue, which lives at the start of state; NULL on failure
 *
 * IRQL:    any
 * Returns: as VirtqSplitInit
 */
NTSTATUS VirtioQueueMemoryInit(const VIRTIO_QUEUE_LAYOUT *layout, void *dma_va, UINT64 dma_pa, void *state,
                               BOOLEAN event_idx, VIRTQ_SPLIT **vq_out);

#endif
