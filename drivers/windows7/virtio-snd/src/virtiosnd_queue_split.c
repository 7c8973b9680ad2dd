/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A queue of the sound driver; see virtiosnd_queue_split.h. Layer: ring. Highest IRQL: DISPATCH_LEVEL. */
#include "virtiosnd_queue_split.h"

#define RING_ALIGN 4

NTSTATUS VirtioSndQueuePlan(VIRTIO_QUEUE_LAYOUT *layout, UINT16 size_offered, UINT16 size_wanted, UINT16 tables,
                            UINT16 elements_max)
{
    UINT16 size = size_offered < size_wanted ? size_offered : size_wanted;

    return VirtioQueueMemoryPlan(layout, size, RING_ALIGN, tables, elements_max);
}

NTSTATUS VirtioSndQueueInit(VIRTIOSND_QUEUE *queue, const VIRTIO_QUEUE_LAYOUT *layout, UINT16 index, void *dma_va,
                            UINT64 dma_pa, void *state, BOOLEAN event_idx)
{
    RtlZeroMemory(queue, sizeof(*queue));
    queue->index = index;
    return VirtioQueueMemoryInit(layout, dma_va, dma_pa, state, event_idx, &queue->vq);
}

NTSTATUS VirtioSndQueuePost(VIRTIOSND_QUEUE *queue, const VIRTQ_SG *sg, UINT16 sg_count, void *cookie)
{
    UINT16 head;
    NTSTATUS status = VirtqSplitAddBuffer(queue->vq, sg, sg_count, cookie, &head);

    if (!NT_SUCCESS(status))
        return status;
    VirtqSplitPublish(queue->vq, head);
    queue->in_flight++;
    return status;
}

BOOLEAN VirtioSndQueueWantsKick(VIRTIOSND_QUEUE *queue)
{
    BOOLEAN is_wanted = VirtqSplitKickPrepare(queue->vq);

    VirtqSplitKickCommit(queue->vq);
    if (is_wanted)
        queue->kicks++;
    return is_wanted;
}

NTSTATUS VirtioSndQueueTake(VIRTIOSND_QUEUE *queue, void **cookie, UINT32 *length)
{
    NTSTATUS status = VirtqSplitGetUsed(queue->vq, cookie, length);

    if (status == STATUS_SUCCESS)
        queue->in_flight--;
    return status;
}

VOID VirtioSndQueueReset(VIRTIOSND_QUEUE *queue)
{
    void *cookie;

    if (queue->vq == NULL)
        return;
    while (VirtqSplitDetachUnused(queue->vq, &cookie)) {
        /* its owner knows what it was */
    }
    VirtqSplitReset(queue->vq);
    queue->in_flight = 0;
}
