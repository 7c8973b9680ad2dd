/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Memory for the core through NDIS: pool, and shared memory for what the device reads and writes. NDIS promises of shared
 * memory only that it is contiguous, so more is asked for and aligned here; what was asked for is noted in pool memory,
 * where no device writes. Layer: glue. IRQL: PASSIVE_LEVEL.
 */
#include "aerovnet.h"

static void *Alloc(void *context, size_t size)
{
    const AEROVNET_ADAPTER *adapter = (const AEROVNET_ADAPTER *)context;

    return NdisAllocateMemoryWithTagPriority(adapter->handle, (UINT)size, AEROVNET_TAG, NormalPoolPriority);
}

static void Free(void *context, void *memory)
{
    UNREFERENCED_PARAMETER(context);
    NdisFreeMemory(memory, 0, 0);
}

static virtio_bool_t AllocDma(void *context, size_t size, size_t alignment, virtio_dma_buffer_t *buffer)
{
    AEROVNET_ADAPTER *adapter = (AEROVNET_ADAPTER *)context;
    AEROVNET_BLOCK *block = (AEROVNET_BLOCK *)Alloc(context, sizeof(AEROVNET_BLOCK));
    UINT64 over;

    buffer->vaddr = NULL;
    if (block == NULL)
        return VIRTIO_FALSE;
    block->length = (ULONG)(size + alignment - 1);
    NdisMAllocateSharedMemory(adapter->handle, block->length, TRUE, &block->base, &block->address);
    if (block->base == NULL) {
        Free(context, block);
        return VIRTIO_FALSE;
    }
    over = (UINT64)block->address.QuadPart & (alignment - 1);
    over = over != 0 ? alignment - over : 0;
    block->aligned = (UINT8 *)block->base + (size_t)over;
    block->next = adapter->blocks;
    adapter->blocks = block;
    buffer->vaddr = block->aligned;
    buffer->paddr = (UINT64)block->address.QuadPart + over;
    buffer->size = size;
    return VIRTIO_TRUE;
}

static void FreeDma(void *context, virtio_dma_buffer_t *buffer)
{
    AEROVNET_ADAPTER *adapter = (AEROVNET_ADAPTER *)context;
    AEROVNET_BLOCK **link = &adapter->blocks;
    AEROVNET_BLOCK *block;

    while ((*link)->aligned != buffer->vaddr)
        link = &(*link)->next;
    block = *link;
    *link = block->next;
    NdisMFreeSharedMemory(adapter->handle, block->length, TRUE, block->base, block->address);
    Free(context, block);
    buffer->vaddr = NULL;
}

/* The core of this device knows all its addresses itself. */
const virtio_os_ops_t aerovnet_os_ops = {Alloc, Free, AllocDma, FreeDma, NULL, NULL};
