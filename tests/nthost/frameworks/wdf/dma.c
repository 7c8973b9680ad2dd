/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* DMA enablers and common buffers: what the device of a KMDF driver may touch. */
#include <ntddk.h>

#include <wdf.h>

#include "device.h"

#include "mem/memory.h"
#include "verify/verify.h"

static NTSTATUS NTAPI enabler_create(PWDF_DRIVER_GLOBALS globals, WDFDEVICE device_handle,
                                     PWDF_DMA_ENABLER_CONFIG config, PWDF_OBJECT_ATTRIBUTES attributes,
                                     WDFDMAENABLER *handle)
{
    NTSTATUS status;
    struct wdf_device *device = wdf_object_of(device_handle, WDF_DEVICE);
    struct wdf_dma_enabler *enabler;
    (void)globals;
    if (config->Size != sizeof *config) {
        rule_broken("wdf.size", "WDF_DMA_ENABLER_CONFIG of %u bytes", (unsigned)config->Size);
    }
    if (config->Profile <= WdfDmaProfileInvalid || config->Profile > WdfDmaProfileScatterGather64Duplex ||
        config->MaximumLength == 0) {
        return STATUS_INVALID_PARAMETER;
    }
    enabler = (struct wdf_dma_enabler *)wdf_object_create(WDF_DMAENABLER, sizeof *enabler, attributes, &device->object,
                                                          NULL, &status);
    if (enabler != NULL) {
        enabler->device = device;
        enabler->config = *config;
        *handle = enabler->object.handle;
    }
    return status;
}

static void dispose_buffer(struct wdf_object *object)
{
    struct wdf_common_buffer *buffer = (struct wdf_common_buffer *)object, **link = &buffer->device->buffers;
    while (*link != buffer) {
        link = &(*link)->next;
    }
    *link = buffer->next;
    memory_free(buffer->bytes);
}

static bool reaches_all(WDF_DMA_PROFILE profile)
{
    return profile == WdfDmaProfilePacket64 || profile == WdfDmaProfileScatterGather64 ||
           profile == WdfDmaProfileScatterGather64Duplex;
}

static NTSTATUS create_buffer(WDFDMAENABLER enabler_handle, size_t length, ULONG alignment,
                              PWDF_OBJECT_ATTRIBUTES attributes, WDFCOMMONBUFFER *handle)
{
    NTSTATUS status;
    struct wdf_dma_enabler *enabler = wdf_object_of(enabler_handle, WDF_DMAENABLER);
    struct wdf_common_buffer *buffer;
    if (length == 0 || (alignment & (alignment + 1)) != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    if (alignment >= MEMORY_PAGE) {
        host_fatal("internal: common buffers are aligned to a page, not to %u", (unsigned)alignment + 1);
    }
    buffer = (struct wdf_common_buffer *)wdf_object_create(WDF_COMMONBUFFER, sizeof *buffer, attributes,
                                                           &enabler->object, dispose_buffer, &status);
    if (buffer == NULL) {
        return status;
    }
    buffer->device = enabler->device;
    buffer->bytes =
        memory_alloc(MEMORY_CONTIGUOUS, length, reaches_all(enabler->config.Profile) ? 0 : 1ull << 32, "common buffer");
    buffer->length = length;
    buffer->next = buffer->device->buffers;
    buffer->device->buffers = buffer;
    *handle = buffer->object.handle;
    return status;
}

static NTSTATUS NTAPI buffer_create(PWDF_DRIVER_GLOBALS globals, WDFDMAENABLER enabler, size_t length,
                                    PWDF_OBJECT_ATTRIBUTES attributes, WDFCOMMONBUFFER *handle)
{
    (void)globals;
    return create_buffer(enabler, length, 0, attributes, handle);
}

static NTSTATUS NTAPI buffer_create_with_config(PWDF_DRIVER_GLOBALS globals, WDFDMAENABLER enabler, size_t length,
                                                PWDF_COMMON_BUFFER_CONFIG config, PWDF_OBJECT_ATTRIBUTES attributes,
                                                WDFCOMMONBUFFER *handle)
{
    (void)globals;
    if (config->Size != sizeof *config) {
        rule_broken("wdf.size", "WDF_COMMON_BUFFER_CONFIG of %u bytes", (unsigned)config->Size);
    }
    return create_buffer(enabler, length, config->AlignmentRequirement, attributes, handle);
}

static PVOID NTAPI get_virtual_address(PWDF_DRIVER_GLOBALS globals, WDFCOMMONBUFFER handle)
{
    (void)globals;
    return ((struct wdf_common_buffer *)wdf_object_of(handle, WDF_COMMONBUFFER))->bytes;
}

static PHYSICAL_ADDRESS NTAPI get_logical_address(PWDF_DRIVER_GLOBALS globals, WDFCOMMONBUFFER handle)
{
    struct wdf_common_buffer *buffer = wdf_object_of(handle, WDF_COMMONBUFFER);
    PHYSICAL_ADDRESS address = {.QuadPart = (LONGLONG)memory_pa(buffer->bytes)};
    (void)globals;
    return address;
}

static size_t NTAPI get_length(PWDF_DRIVER_GLOBALS globals, WDFCOMMONBUFFER handle)
{
    (void)globals;
    return ((struct wdf_common_buffer *)wdf_object_of(handle, WDF_COMMONBUFFER))->length;
}

bool wdf_dma_allowed(unsigned function, uint64_t pa, uint64_t length, bool device_writes)
{
    (void)device_writes;
    for (unsigned i = 0; i < wdf.device_count; i++) {
        struct wdf_device *device = wdf.device[i];
        for (struct wdf_common_buffer *b = device != NULL && device->function == function ? device->buffers : NULL;
             b != NULL; b = b->next) {
            uint64_t start = memory_pa(b->bytes);
            if (pa >= start && pa - start <= b->length && length <= b->length - (pa - start)) {
                return true;
            }
        }
    }
    return false;
}

static const struct wdf_function functions[] = {
    WDF_FUNCTION(WdfDmaEnablerCreate, WDFDMAENABLERCREATE, enabler_create),
    WDF_FUNCTION(WdfCommonBufferCreate, WDFCOMMONBUFFERCREATE, buffer_create),
    WDF_FUNCTION(WdfCommonBufferCreateWithConfig, WDFCOMMONBUFFERCREATEWITHCONFIG, buffer_create_with_config),
    WDF_FUNCTION(WdfCommonBufferGetAlignedVirtualAddress, WDFCOMMONBUFFERGETALIGNEDVIRTUALADDRESS, get_virtual_address),
    WDF_FUNCTION(WdfCommonBufferGetAlignedLogicalAddress, WDFCOMMONBUFFERGETALIGNEDLOGICALADDRESS, get_logical_address),
    WDF_FUNCTION(WdfCommonBufferGetLength, WDFCOMMONBUFFERGETLENGTH, get_length),
};

void wdf_functions_dma(void)
{
    wdf_functions_add(functions, sizeof functions / sizeof functions[0]);
}
