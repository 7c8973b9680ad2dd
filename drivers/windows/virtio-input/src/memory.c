/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The queues' memory: one common buffer that the device sees, and pool. Layer: glue. IRQL: PASSIVE_LEVEL. */
#include "virtio_input.h"

static BOOLEAN CreateState(AEROVINPUT_CONTEXT *context, SIZE_T size)
{
    WDF_OBJECT_ATTRIBUTES attributes;

    WDF_OBJECT_ATTRIBUTES_INIT(&attributes);
    attributes.ParentObject = context->handle;
    return (BOOLEAN)NT_SUCCESS(
        WdfMemoryCreate(&attributes, NonPagedPool, AEROVINPUT_POOL_TAG, size, &context->state, &context->memory.state));
}

BOOLEAN AerovinputMemoryInit(AEROVINPUT_CONTEXT *context)
{
    INPUT_MEMORY_NEEDED needed;
    WDF_COMMON_BUFFER_CONFIG config;

    InputDeviceMemoryNeeded(&context->device, &needed);
    WDF_COMMON_BUFFER_CONFIG_INIT(&config, INPUT_DMA_ALIGNMENT - 1);
    if (!NT_SUCCESS(WdfCommonBufferCreateWithConfig(context->dma_enabler, needed.dma_size, &config,
                                                    WDF_NO_OBJECT_ATTRIBUTES, &context->dma)))
        return FALSE;
    context->memory.dma_va = WdfCommonBufferGetAlignedVirtualAddress(context->dma);
    context->memory.dma_pa = (UINT64)WdfCommonBufferGetAlignedLogicalAddress(context->dma).QuadPart;
    return CreateState(context, needed.state_size);
}

VOID AerovinputMemoryUninit(AEROVINPUT_CONTEXT *context, BOOLEAN is_free)
{
    if (context->state != NULL)
        WdfObjectDelete(context->state);
    context->state = NULL;
    if (context->dma != NULL) {
        if (!is_free)
            WdfObjectReference(context->dma); /* for good: better lost than written to by the device */
        WdfObjectDelete(context->dma);
    }
    context->dma = NULL;
    RtlZeroMemory(&context->memory, sizeof(context->memory));
}
