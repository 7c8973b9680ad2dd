/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* KMDF 1.9: memory objects. */
#ifndef AERO_DDK_WDF_MEMORY_H
#define AERO_DDK_WDF_MEMORY_H

#include "wdf_object.h"

/* Buffer may be NULL; the memory goes with its object. */
typedef NTSTATUS(NTAPI *PFN_WDFMEMORYCREATE)(PWDF_DRIVER_GLOBALS DriverGlobals, PWDF_OBJECT_ATTRIBUTES Attributes,
                                             POOL_TYPE PoolType, ULONG PoolTag, size_t BufferSize, WDFMEMORY *Memory,
                                             PVOID *Buffer);
#define WdfMemoryCreate(...) WDF_CALL(WDFMEMORYCREATE, WdfMemoryCreate)(WdfDriverGlobals, __VA_ARGS__)

typedef PVOID(NTAPI *PFN_WDFMEMORYGETBUFFER)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFMEMORY Memory, size_t *BufferSize);
#define WdfMemoryGetBuffer(...) WDF_CALL(WDFMEMORYGETBUFFER, WdfMemoryGetBuffer)(WdfDriverGlobals, __VA_ARGS__)

typedef NTSTATUS(NTAPI *PFN_WDFMEMORYCOPYFROMBUFFER)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFMEMORY DestinationMemory,
                                                     size_t DestinationOffset, PVOID Buffer, size_t NumBytesToCopyFrom);
#define WdfMemoryCopyFromBuffer(...)                                                                                   \
    WDF_CALL(WDFMEMORYCOPYFROMBUFFER, WdfMemoryCopyFromBuffer)(WdfDriverGlobals, __VA_ARGS__)

#endif
