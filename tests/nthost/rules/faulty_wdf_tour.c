/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* See faulty_wdf_tour.h. Steps are numbered by line. */
#include <ntddk.h>

#include <wdf.h>

#include "faulty_wdf_tour.h"

#define STEP(condition)                                                                                                \
    if (!(condition)) {                                                                                                \
        return __LINE__;                                                                                               \
    }

typedef struct _TOUR {
    ULONG mark;
} TOUR;
WDF_DECLARE_CONTEXT_TYPE_WITH_NAME(TOUR, TourGet)

typedef struct _EXTRA {
    ULONG value;
} EXTRA;
WDF_DECLARE_CONTEXT_TYPE_WITH_NAME(EXTRA, ExtraGet)

static ULONG cleanups, destroys; /* by the marks of the objects they came for */

static VOID NTAPI Cleanup(WDFOBJECT object)
{
    cleanups += TourGet(object)->mark;
}

static VOID NTAPI Destroy(WDFOBJECT object)
{
    destroys += TourGet(object)->mark;
}

/* Contexts are zeroed, found again from their address, several to an object; children go with their parents. */
static ULONG TourObjects(WDFDEVICE device)
{
    WDF_OBJECT_ATTRIBUTES attributes;
    WDFOBJECT parent, child;
    PVOID extra;
    cleanups = destroys = 0;
    WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE(&attributes, TOUR);
    attributes.EvtCleanupCallback = Cleanup;
    attributes.EvtDestroyCallback = Destroy;
    attributes.ParentObject = device;
    STEP(NT_SUCCESS(WdfObjectCreate(&attributes, &parent)))
    attributes.ParentObject = parent;
    STEP(NT_SUCCESS(WdfObjectCreate(&attributes, &child)))
    STEP(TourGet(parent)->mark == 0 && TourGet(child)->mark == 0)
    TourGet(parent)->mark = 1;
    TourGet(child)->mark = 16;
    STEP(WdfObjectContextGetObject(TourGet(child)) == child)
    STEP(ExtraGet(parent) == NULL)
    WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE(&attributes, EXTRA);
    STEP(NT_SUCCESS(WdfObjectAllocateContext(parent, &attributes, &extra)) && extra == ExtraGet(parent))
    STEP(WdfObjectAllocateContext(parent, &attributes, &extra) == STATUS_OBJECT_NAME_EXISTS)
    WdfObjectReference(child);
    WdfObjectDelete(parent);
    STEP(cleanups == 17 && destroys == 1)
    WdfObjectDereference(child);
    STEP(destroys == 17)
    attributes.ContextSizeOverride = 1;
    STEP(WdfObjectCreate(&attributes, &parent) == STATUS_WDF_OBJECT_ATTRIBUTES_INVALID)
    return 0;
}

static ULONG TourMemory(WDFDEVICE device)
{
    WDF_OBJECT_ATTRIBUTES attributes;
    WDFMEMORY memory;
    UCHAR bytes[4] = {1, 2, 3, 4};
    PUCHAR buffer;
    size_t size;
    WDF_OBJECT_ATTRIBUTES_INIT(&attributes);
    attributes.ParentObject = device;
    STEP(NT_SUCCESS(WdfMemoryCreate(&attributes, NonPagedPool, 0x72756f54, 8, &memory, (PVOID *)&buffer)))
    STEP(WdfMemoryGetBuffer(memory, &size) == buffer && size == 8)
    STEP(NT_SUCCESS(WdfMemoryCopyFromBuffer(memory, 4, bytes, 4)) && buffer[4] == 1 && buffer[7] == 4)
    STEP(WdfMemoryCopyFromBuffer(memory, 5, bytes, 4) == STATUS_BUFFER_TOO_SMALL)
    WdfObjectDelete(memory);
    return 0;
}

static ULONG TourDma(WDFDEVICE device)
{
    WDF_DMA_ENABLER_CONFIG config;
    WDF_COMMON_BUFFER_CONFIG aligned;
    WDFDMAENABLER enabler;
    WDFCOMMONBUFFER buffer, other;
    PHYSICAL_ADDRESS address;
    WDF_DMA_ENABLER_CONFIG_INIT(&config, WdfDmaProfileScatterGather64Duplex, 0x10000);
    STEP(NT_SUCCESS(WdfDmaEnablerCreate(device, &config, WDF_NO_OBJECT_ATTRIBUTES, &enabler)))
    WDF_COMMON_BUFFER_CONFIG_INIT(&aligned, 0xff);
    STEP(NT_SUCCESS(WdfCommonBufferCreateWithConfig(enabler, 10000, &aligned, WDF_NO_OBJECT_ATTRIBUTES, &buffer)))
    STEP(NT_SUCCESS(WdfCommonBufferCreate(enabler, 64, WDF_NO_OBJECT_ATTRIBUTES, &other)))
    address = WdfCommonBufferGetAlignedLogicalAddress(buffer);
    STEP((address.LowPart & 0xff) == 0 && WdfCommonBufferGetLength(buffer) == 10000)
    STEP(((ULONG_PTR)WdfCommonBufferGetAlignedVirtualAddress(buffer) & 0xff) == 0)
    ((PUCHAR)WdfCommonBufferGetAlignedVirtualAddress(buffer))[9999] = 1;
    WdfObjectDelete(buffer);
    WdfObjectDelete(enabler); /* takes the other one with it */
    return 0;
}

static ULONG TourLocks(WDFDEVICE device)
{
    WDF_OBJECT_ATTRIBUTES attributes;
    WDFWAITLOCK wait;
    WDFSPINLOCK spin;
    LONGLONG now = 0;
    WDF_OBJECT_ATTRIBUTES_INIT(&attributes);
    attributes.ParentObject = device;
    STEP(NT_SUCCESS(WdfWaitLockCreate(&attributes, &wait)))
    STEP(WdfWaitLockAcquire(wait, NULL) == STATUS_SUCCESS)
    STEP(WdfWaitLockAcquire(wait, &now) == STATUS_TIMEOUT)
    WdfWaitLockRelease(wait);
    STEP(WdfWaitLockAcquire(wait, &now) == STATUS_SUCCESS)
    WdfWaitLockRelease(wait);
    STEP(NT_SUCCESS(WdfSpinLockCreate(&attributes, &spin)))
    WdfSpinLockAcquire(spin);
    WdfSpinLockRelease(spin);
    WdfObjectDelete(wait);
    return 0;
}

static VOID NTAPI EvtDpc(WDFDPC dpc)
{
    UNREFERENCED_PARAMETER(dpc);
}

static ULONG TourDeferred(WDFDEVICE device)
{
    WDF_OBJECT_ATTRIBUTES attributes;
    WDF_DPC_CONFIG config;
    WDFDPC dpc;
    WDF_DPC_CONFIG_INIT(&config, EvtDpc);
    STEP(WdfDpcCreate(&config, WDF_NO_OBJECT_ATTRIBUTES, &dpc) == STATUS_WDF_PARENT_NOT_SPECIFIED)
    WDF_OBJECT_ATTRIBUTES_INIT(&attributes);
    attributes.ParentObject = device;
    STEP(NT_SUCCESS(WdfDpcCreate(&config, &attributes, &dpc)))
    STEP(WdfDpcEnqueue(dpc) && !WdfDpcEnqueue(dpc))
    STEP(WdfDpcGetParentObject(dpc) == device)
    return 0;
}

static ULONG TourQueues(WDFDEVICE device)
{
    WDF_IO_QUEUE_CONFIG config;
    WDFQUEUE queue;
    WDFREQUEST request;
    ULONG waiting, presented;
    WDF_IO_QUEUE_CONFIG_INIT(&config, WdfIoQueueDispatchParallel);
    STEP(WdfIoQueueCreate(device, &config, WDF_NO_OBJECT_ATTRIBUTES, &queue) == STATUS_WDF_NO_CALLBACK)
    WDF_IO_QUEUE_CONFIG_INIT(&config, WdfIoQueueDispatchManual);
    config.PowerManaged = WdfTrue;
    STEP(NT_SUCCESS(WdfIoQueueCreate(device, &config, WDF_NO_OBJECT_ATTRIBUTES, &queue)))
    STEP(WdfIoQueueRetrieveNextRequest(queue, &request) == STATUS_WDF_PAUSED) /* not in D0 yet */
    STEP((WdfIoQueueGetState(queue, &waiting, &presented) & WdfIoQueuePnpHeld) != 0 && waiting == 0 && presented == 0)
    WdfIoQueuePurgeSynchronously(queue);
    STEP((WdfIoQueueGetState(queue, NULL, NULL) & WdfIoQueueAcceptRequests) == 0)
    WdfIoQueueStart(queue);
    STEP((WdfIoQueueGetState(queue, NULL, NULL) & WdfIoQueueAcceptRequests) != 0)
    WdfObjectDelete(queue);
    return 0;
}

ULONG FaultyTour(WDFDEVICE device)
{
    ULONG step = TourObjects(device);
    step = step != 0 ? step : TourMemory(device);
    step = step != 0 ? step : TourDma(device);
    step = step != 0 ? step : TourLocks(device);
    step = step != 0 ? step : TourDeferred(device);
    step = step != 0 ? step : TourQueues(device);
    if (step == 0) {
        PDRIVER_OBJECT driver = WdfDriverWdmGetDriverObject(WdfDeviceGetDriver(device));
        STEP(WdfDeviceWdmGetPhysicalDevice(device) == WdfDeviceWdmGetAttachedDevice(device))
        STEP(WdfDeviceWdmGetDeviceObject(device)->DriverObject == driver)
    }
    return step;
}

static BOOLEAN NTAPI EvtSynchronize(WDFINTERRUPT interrupt, WDFCONTEXT context)
{
    *(WDFINTERRUPT *)context = interrupt;
    return TRUE;
}

ULONG FaultyTourInterrupt(WDFINTERRUPT interrupt)
{
    WDF_INTERRUPT_INFO info;
    WDFINTERRUPT seen = NULL;
    WDF_INTERRUPT_INFO_INIT(&info);
    WdfInterruptGetInfo(interrupt, &info);
    STEP(info.Vector != 0 && info.MessageSignaled == (info.Mode == Latched))
    STEP(WdfInterruptSynchronize(interrupt, EvtSynchronize, &seen) && seen == interrupt)
    WdfInterruptAcquireLock(interrupt);
    WdfInterruptReleaseLock(interrupt);
    return 0;
}
