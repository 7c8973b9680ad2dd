/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A queue of single events: a split virtqueue and one eight-byte buffer for each of its descriptors. Both queues of an
 * input device are made of this.
 * VIRTIO 1.x "Input Device: Virtqueues". Layer: core, on the canonical ring. Highest IRQL: DISPATCH_LEVEL by use.
 */
#ifndef INPUT_RING_H
#define INPUT_RING_H

#include "virtio_input_proto.h"
#include "virtio_queue_memory.h"

typedef struct _INPUT_RING_PLAN {
    VIRTIO_QUEUE_LAYOUT queue;
    size_t buffers_offset; /* in the DMA block, behind the ring */
    size_t dma_size;       /* of ring and buffers; a multiple of 16, as is the alignment */
} INPUT_RING_PLAN;

/* Guarded by the caller's one lock. Zeroed: no such queue. */
typedef struct _INPUT_RING {
    VIRTQ_SPLIT *vq;
    VIRTIO_INPUT_EVENT *buffers; /* the device reads or writes them */
    UINT64 buffers_pa;
    volatile UINT8 *notify_address;
    UINT16 index;     /* the queue's number */
    UINT16 size;
    UINT16 in_flight;
    UINT64 kicks;
} INPUT_RING;

/* Computes the sizes for a queue of qsz descriptors. IRQL: any. Returns: STATUS_INVALID_PARAMETER: qsz is not valid. */
NTSTATUS InputRingPlan(INPUT_RING_PLAN *plan, UINT16 qsz);

/*
 * Sets up an empty queue.
 *
 * dma_va, dma_pa   plan->dma_size bytes aligned to 16, the caller's; any content
 * state            plan->queue.state_size bytes that the device cannot reach, aligned like a pointer
 *
 * IRQL:    any
 * Returns: as VirtqSplitInit
 */
NTSTATUS InputRingInit(INPUT_RING *ring, const INPUT_RING_PLAN *plan, UINT16 index, void *dma_va, UINT64 dma_pa,
                       void *state, BOOLEAN event_idx);

/*
 * Makes buffer number buffer available, without a kick.
 *
 * buffer   below size, not in flight
 *
 * Returns: FALSE: the ring is broken
 * Spec:    INPUT-05 to INPUT-07
 */
BOOLEAN InputRingPost(INPUT_RING *ring, UINT16 buffer, BOOLEAN device_writes);

/* Notifies the device of what was posted, if it wants to know. */
VOID InputRingKick(INPUT_RING *ring);

/*
 * Takes one buffer back.
 *
 * buffer   out: its number
 * length   out: bytes written, as the device says: any number
 *
 * Returns: as VirtqSplitGetUsed
 */
NTSTATUS InputRingTake(INPUT_RING *ring, UINT16 *buffer, UINT32 *length);

/* Empties the queue; the device was reset. Accepts a zeroed ring. */
VOID InputRingReset(INPUT_RING *ring);

#endif
