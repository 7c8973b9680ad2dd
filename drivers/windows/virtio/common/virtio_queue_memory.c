/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Memory of one queue; see virtio_queue_memory.h. Layer: ring. Highest IRQL: any. */
#include "virtio_queue_memory.h"

NTSTATUS VirtioQueueMemoryPlan(VIRTIO_QUEUE_LAYOUT *layout, UINT16 qsz, UINT32 ring_align, UINT16 indirect_table_count,
                               UINT16 indirect_max_desc)
{
    size_t ring_size = VirtqSplitRingMemSize(qsz, ring_align, FALSE);
    UINT16 count = indirect_table_count < qsz ? indirect_table_count : qsz;
    UINT16 capacity = indirect_max_desc < qsz ? indirect_max_desc : qsz;
    UINT64 pool_offset = ((UINT64)ring_size + sizeof(VIRTQ_DESC) - 1) & ~((UINT64)sizeof(VIRTQ_DESC) - 1);
    UINT64 dma_size = pool_offset + (UINT64)count * capacity * sizeof(VIRTQ_DESC);

    RtlZeroMemory(layout, sizeof(*layout));
    if (ring_size == 0 || (count != 0 && capacity == 0) || dma_size > 0xFFFFFFFFU) {
        return STATUS_INVALID_PARAMETER;
    }
    layout->qsz = qsz;
    layout->indirect_table_count = count;
    layout->indirect_max_desc = capacity;
    layout->ring_align = ring_align;
    layout->dma_alignment = ring_align > sizeof(VIRTQ_DESC) ? ring_align : (UINT32)sizeof(VIRTQ_DESC);
    layout->pool_offset = (size_t)pool_offset;
    layout->dma_size = (size_t)dma_size;
    layout->state_size = VirtqSplitStateSize(qsz);
    return STATUS_SUCCESS;
}

NTSTATUS VirtioQueueMemoryInit(const VIRTIO_QUEUE_LAYOUT *layout, void *dma_va, UINT64 dma_pa, void *state,
                               BOOLEAN event_idx, VIRTQ_SPLIT **vq_out)
{
    NTSTATUS status = STATUS_INVALID_PARAMETER;

    *vq_out = NULL;
    if (dma_va != NULL) {
        status = VirtqSplitInit((VIRTQ_SPLIT *)state, layout->qsz, event_idx,
                                (BOOLEAN)(layout->indirect_table_count != 0), dma_va, dma_pa, layout->ring_align,
                                (UINT8 *)dma_va + layout->pool_offset, dma_pa + layout->pool_offset,
                                layout->indirect_table_count, layout->indirect_max_desc);
    }
    if (NT_SUCCESS(status)) {
        *vq_out = (VIRTQ_SPLIT *)state;
    }
    return status;
}
