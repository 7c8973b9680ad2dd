/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Memory objects. */
#include <ntddk.h>

#include <wdf.h>

#include "device.h"

#include <string.h>

#include "mem/memory.h"
#include "verify/verify.h"

static void dispose(struct wdf_object *object)
{
    struct wdf_memory *memory = (struct wdf_memory *)object;
    if (memory->is_own) {
        memory_free(memory->bytes);
    }
}

static NTSTATUS NTAPI create(PWDF_DRIVER_GLOBALS globals, PWDF_OBJECT_ATTRIBUTES attributes, POOL_TYPE pool, ULONG tag,
                             size_t size, WDFMEMORY *handle, PVOID *buffer)
{
    NTSTATUS status;
    struct wdf_memory *memory;
    (void)pool;
    (void)tag;
    if (size == 0) {
        return STATUS_INVALID_PARAMETER;
    }
    memory = (struct wdf_memory *)wdf_object_create(WDF_MEMORY, sizeof *memory, attributes,
                                                    wdf_object_of(globals->Driver, WDF_DRIVER), dispose, &status);
    if (memory == NULL) {
        return status;
    }
    memory->bytes = memory_alloc(MEMORY_POOL, size, 0, "WDFMEMORY");
    memory->size = size;
    memory->is_own = true;
    *handle = memory->object.handle;
    if (buffer != NULL) {
        *buffer = memory->bytes;
    }
    return status;
}

static PVOID NTAPI get_buffer(PWDF_DRIVER_GLOBALS globals, WDFMEMORY handle, size_t *size)
{
    struct wdf_memory *memory = wdf_object_of(handle, WDF_MEMORY);
    (void)globals;
    if (size != NULL) {
        *size = memory->size;
    }
    return memory->bytes;
}

static NTSTATUS NTAPI copy_from_buffer(PWDF_DRIVER_GLOBALS globals, WDFMEMORY handle, size_t offset, PVOID buffer,
                                       size_t count)
{
    struct wdf_memory *memory = wdf_object_of(handle, WDF_MEMORY);
    (void)globals;
    if (offset > memory->size || count > memory->size - offset) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    memcpy((uint8_t *)memory->bytes + offset, buffer, count);
    return STATUS_SUCCESS;
}

static const struct wdf_function functions[] = {
    WDF_FUNCTION(WdfMemoryCreate, WDFMEMORYCREATE, create),
    WDF_FUNCTION(WdfMemoryGetBuffer, WDFMEMORYGETBUFFER, get_buffer),
    WDF_FUNCTION(WdfMemoryCopyFromBuffer, WDFMEMORYCOPYFROMBUFFER, copy_from_buffer),
};

void wdf_functions_memory(void)
{
    wdf_functions_add(functions, sizeof functions / sizeof functions[0]);
}
