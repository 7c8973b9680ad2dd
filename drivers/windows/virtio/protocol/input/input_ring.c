/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A queue of single events; see input_ring.h. Layer: core. Highest IRQL: any. */
#include "input_ring.h"

#include "virtio_pci_modern.h"

#define RING_ALIGN 4 /* the modern layout */
#define DMA_ALIGN  16

NTSTATUS InputRingPlan(INPUT_RING_PLAN *plan, UINT16 qsz)
{
    NTSTATUS status = VirtioQueueMemoryPlan(&plan->queue, qsz, RING_ALIGN, 0, 0);
    size_t end;

    if (!NT_SUCCESS(status))
        return status;
    plan->buffers_offset = (plan->queue.dma_size + DMA_ALIGN - 1) & ~(size_t)(DMA_ALIGN - 1);
    end = plan->buffers_offset + (size_t)qsz * sizeof(VIRTIO_INPUT_EVENT);
    plan->dma_size = (end + DMA_ALIGN - 1) & ~(size_t)(DMA_ALIGN - 1);
    return STATUS_SUCCESS;
}

NTSTATUS InputRingInit(INPUT_RING *ring, const INPUT_RING_PLAN *plan, UINT16 index, void *dma_va, UINT64 dma_pa,
                       void *state, BOOLEAN event_idx)
{
    RtlZeroMemory(ring, sizeof(*ring));
    ring->buffers = (VIRTIO_INPUT_EVENT *)((UINT8 *)dma_va + plan->buffers_offset);
    ring->buffers_pa = dma_pa + plan->buffers_offset;
    ring->index = index;
    ring->size = plan->queue.qsz;
    return VirtioQueueMemoryInit(&plan->queue, dma_va, dma_pa, state, event_idx, &ring->vq);
}

BOOLEAN InputRingPost(INPUT_RING *ring, UINT16 buffer, BOOLEAN device_writes)
{
    VIRTQ_SG sg;
    UINT16 head;

    sg.addr = ring->buffers_pa + (UINT64)buffer * sizeof(VIRTIO_INPUT_EVENT);
    sg.len = sizeof(VIRTIO_INPUT_EVENT);
    sg.write = device_writes;
    if (!NT_SUCCESS(VirtqSplitAddDirect(ring->vq, &sg, 1, &ring->buffers[buffer], &head)))
        return FALSE;
    VirtqSplitPublish(ring->vq, head);
    ring->in_flight++;
    return TRUE;
}

VOID InputRingKick(INPUT_RING *ring)
{
    if (VirtqSplitKickPrepare(ring->vq)) {
        VirtioPciNotify(ring->notify_address, ring->index);
        ring->kicks++;
    }
    VirtqSplitKickCommit(ring->vq);
}

NTSTATUS InputRingTake(INPUT_RING *ring, UINT16 *buffer, UINT32 *length)
{
    void *cookie;
    NTSTATUS status = VirtqSplitGetUsed(ring->vq, &cookie, length);

    *buffer = 0;
    if (NT_SUCCESS(status)) {
        *buffer = (UINT16)((VIRTIO_INPUT_EVENT *)cookie - ring->buffers);
        ring->in_flight--;
    }
    return status;
}

VOID InputRingReset(INPUT_RING *ring)
{
    if (ring->vq != NULL)
        VirtqSplitReset(ring->vq);
    ring->in_flight = 0;
    ring->notify_address = NULL;
}
