/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A queue of the sound driver: the canonical split engine with its memory, the number in flight, and the one place
 * where this driver includes virtqueue_split.h. Knows no registers: the owner notifies the device.
 * VIRTIO 1.x "Split Virtqueues". Layer: ring. Highest IRQL: DISPATCH_LEVEL; the owner's lock guards it.
 */
#ifndef VIRTIOSND_QUEUE_SPLIT_H
#define VIRTIOSND_QUEUE_SPLIT_H

#include "virtio_queue_memory.h"
#include "virtqueue_split.h"

typedef struct _VIRTIOSND_QUEUE {
    VIRTQ_SPLIT *vq; /* NULL: not set up */
    UINT16 index;
    UINT16 in_flight;
    UINT64 kicks;
} VIRTIOSND_QUEUE;

/*
 * Sizes of a queue.
 *
 * size_offered      the device's, a power of two
 * size_wanted       a power of two; the queue is not larger than either
 * tables            indirect tables wanted; 0 without VIRTIO_F_RING_INDIRECT_DESC
 * elements_max      of one message
 *
 * IRQL:    any
 * Returns: STATUS_SUCCESS; STATUS_INVALID_PARAMETER: as VirtioQueueMemoryPlan
 */
NTSTATUS VirtioSndQueuePlan(VIRTIO_QUEUE_LAYOUT *layout, UINT16 size_offered, UINT16 size_wanted, UINT16 tables,
                            UINT16 elements_max);

/* Sets an empty queue up in the caller's memory; parameters and results as VirtioQueueMemoryInit. index: its number. */
NTSTATUS VirtioSndQueueInit(VIRTIOSND_QUEUE *queue, const VIRTIO_QUEUE_LAYOUT *layout, UINT16 index, void *dma_va,
                            UINT64 dma_pa, void *state, BOOLEAN event_idx);

/*
 * Makes a message available to the device, without a notification.
 *
 * cookie   not NULL; VirtioSndQueueTake gives it back
 *
 * Returns: as VirtqSplitAddBuffer
 */
NTSTATUS VirtioSndQueuePost(VIRTIOSND_QUEUE *queue, const VIRTQ_SG *sg, UINT16 sg_count, void *cookie);

/* Whether the device must be notified of what was posted since the last call: do it then. */
BOOLEAN VirtioSndQueueWantsKick(VIRTIOSND_QUEUE *queue);

/*
 * Takes a message back. With nothing left, interrupts are on and none is lost.
 *
 * cookie   out: NULL unless successful
 * length   out: what the device says it wrote: any number
 *
 * Returns: as VirtqSplitGetUsed
 */
NTSTATUS VirtioSndQueueTake(VIRTIOSND_QUEUE *queue, void **cookie, UINT32 *length);

/* The device was reset: the queue is empty again. Accepts one that is not set up. */
VOID VirtioSndQueueReset(VIRTIOSND_QUEUE *queue);

#endif
