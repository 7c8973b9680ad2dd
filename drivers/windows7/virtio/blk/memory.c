/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The queue's memory: StorPort gives a miniport one uncached extension, so it is handed out from the front and only
 * ever taken back as a whole, by StorPort. Layer: glue. Highest IRQL: DIRQL.
 */
#include "aerovblk.h"

/* An aligned piece of the region; NULL when it is used up. alignment: a power of two, for the device address. */
static PUCHAR Take(AEROVBLK_REGION *region, SIZE_T size, SIZE_T alignment, UINT64 *device_address)
{
    SIZE_T start = region->used;
    SIZE_T over = (SIZE_T)((region->device_address + start) & (alignment - 1));

    if (over != 0)
        start += alignment - over;
    if (start > region->size || size > region->size - start)
        return NULL;
    region->used = start + size;
    *device_address = region->device_address + start;
    return region->base + start;
}

static void *Alloc(void *context, size_t size)
{
    AEROVBLK_ADAPTER *adapter = (AEROVBLK_ADAPTER *)context;
    UINT64 unused;

    return Take(&adapter->private_memory, size, sizeof(void *), &unused);
}

static void Free(void *context, void *memory)
{
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(memory);
}

static virtio_bool_t AllocDma(void *context, size_t size, size_t alignment, virtio_dma_buffer_t *buffer)
{
    AEROVBLK_ADAPTER *adapter = (AEROVBLK_ADAPTER *)context;
    UINT64 device_address;

    buffer->vaddr = Take(&adapter->dma, size, alignment, &device_address);
    if (buffer->vaddr == NULL)
        return VIRTIO_FALSE;
    buffer->paddr = device_address;
    buffer->size = size;
    return VIRTIO_TRUE;
}

static void FreeDma(void *context, virtio_dma_buffer_t *buffer)
{
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(buffer);
}

static uint64_t VirtToPhys(void *context, const void *memory)
{
    const AEROVBLK_ADAPTER *adapter = (const AEROVBLK_ADAPTER *)context;

    return adapter->dma.device_address + (UINT64)((const UCHAR *)memory - adapter->dma.base);
}

const virtio_os_ops_t aerovblk_os_ops = {Alloc, Free, AllocDma, FreeDma, VirtToPhys, NULL};

BOOLEAN AerovblkMemoryInit(AEROVBLK_ADAPTER *adapter, PPORT_CONFIGURATION_INFORMATION config,
                           const AEROVBLK_REGION *earlier)
{
    STOR_PHYSICAL_ADDRESS address;
    ULONG contiguous = 0;
    size_t dma;
    size_t plain;

    BlkDeviceMemoryNeeded(&adapter->device, &dma, &plain);
    adapter->private_memory.base = (PUCHAR)(adapter + 1);
    adapter->private_memory.device_address = (UINT64)(ULONG_PTR)adapter->private_memory.base; /* for alignment only */
    adapter->private_memory.size = VirtqSplitStateSize(BLK_QUEUE_SIZE_DIRECT) + AEROVBLK_PRIVATE_SLACK;
    if (plain > adapter->private_memory.size)
        return FALSE;

    adapter->dma.base = (PUCHAR)StorPortGetUncachedExtension(adapter, config, (ULONG)dma);
    if (adapter->dma.base == NULL)
        adapter->dma.base = earlier->base;
    if (adapter->dma.base == NULL)
        return FALSE;
    /* An extension that StorPort took back is none to it any more: then there is no such length. */
    address = StorPortGetPhysicalAddress(adapter, NULL, adapter->dma.base, &contiguous);
    if (contiguous < dma)
        return FALSE;
    adapter->dma.device_address = (UINT64)address.QuadPart;
    adapter->dma.size = dma;
    return TRUE;
}
