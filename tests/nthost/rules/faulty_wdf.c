/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A KMDF HID minidriver that breaks one rule on purpose, chosen by the last part of its registry path (nthost
 * --boot-argument NAME): shows that the host notices. With "honest" it breaks none. It has a mouse and a keyboard
 * collection, makes its input reports from a timer, and touches the device only to break a rule.
 */
#include <ntddk.h>

#include <hidport.h>
#include <wdf.h>

#include "faulty_wdf_tour.h"

typedef struct _FAULTY {
    WDFQUEUE reads;
    WDFSPINLOCK lock;
    WDFTIMER timer;
    WDFWORKITEM work;
    WDFINTERRUPT interrupt;
    WDFREQUEST kept[8]; /* reads that the driver holds itself, under lock: honest-cancel, honest-stop */
    PUCHAR registers;
    SIZE_T registers_length;
    PUCHAR common; /* the virtio common configuration */
    PUCHAR isr;
    ULONG common_bar, common_offset, isr_bar, isr_offset;
    UCHAR next;
    BOOLEAN in_d0, done;
} FAULTY;
WDF_DECLARE_CONTEXT_TYPE_WITH_NAME(FAULTY, FaultyGet)

DRIVER_INITIALIZE DriverEntry;

static char rule[32];

static const GUID bus_interface_standard = {
    0x496B8280, 0x6F25, 0x11D0, {0xBE, 0xAF, 0x08, 0x00, 0x2B, 0xE2, 0x09, 0x2F}};

static const UCHAR report_descriptor[] = {
    0x05, 0x01, 0x09, 0x02, 0xa1, 0x01, 0x85, 0x01,                         /* mouse, report 1 */
    0x09, 0x01, 0xa1, 0x00, 0x05, 0x09, 0x19, 0x01, 0x29, 0x08, 0x15, 0x00, /* 8 buttons */
    0x25, 0x01, 0x95, 0x08, 0x75, 0x01, 0x81, 0x02, 0x05, 0x01, 0x09, 0x30, /* X, Y */
    0x09, 0x31, 0x15, 0x81, 0x25, 0x7f, 0x75, 0x08, 0x95, 0x02, 0x81, 0x06, 0xc0, 0xc0, 0x05, 0x01,
    0x09, 0x06, 0xa1, 0x01, 0x85, 0x02, /* keyboard, report 2 */
    0x05, 0x07, 0x19, 0xe0, 0x29, 0xe7, 0x15, 0x00, 0x25, 0x01, 0x75, 0x01, 0x95, 0x08, 0x81, 0x02,
    0x05, 0x08, 0x19, 0x01, 0x29, 0x05, 0x95, 0x05, 0x91, 0x02, 0x95, 0x03, 0x91, 0x01, 0xc0};

static BOOLEAN Wants(const char *name)
{
    ULONG i = 0;
    while (name[i] != '\0' && rule[i] == name[i]) {
        i++;
    }
    return name[i] == '\0' && rule[i] == '\0';
}

/* Once per device. */
static BOOLEAN Now(FAULTY *faulty, const char *name)
{
    if (!Wants(name) || faulty->done) {
        return FALSE;
    }
    faulty->done = TRUE;
    return TRUE;
}

/* ---- Requests ---- */

static VOID Reply(WDFREQUEST request, const void *bytes, size_t length)
{
    PVOID buffer;
    NTSTATUS status = WdfRequestRetrieveOutputBuffer(request, length, &buffer, NULL);
    if (!NT_SUCCESS(status)) {
        WdfRequestComplete(request, status);
        return;
    }
    RtlCopyMemory(buffer, bytes, length);
    WdfRequestCompleteWithInformation(request, STATUS_SUCCESS, length);
}

static VOID ReplyDescriptor(WDFREQUEST request)
{
    HID_DESCRIPTOR hid;
    RtlZeroMemory(&hid, sizeof(hid));
    hid.bLength = sizeof(hid);
    hid.bDescriptorType = HID_HID_DESCRIPTOR_TYPE;
    hid.bcdHID = 0x0111;
    hid.bNumDescriptors = 1;
    hid.DescriptorList[0].bReportType = HID_REPORT_DESCRIPTOR_TYPE;
    hid.DescriptorList[0].wReportLength = sizeof(report_descriptor);
    Reply(request, &hid, sizeof(hid));
}

static VOID ReplyAttributes(WDFREQUEST request)
{
    HID_DEVICE_ATTRIBUTES attributes;
    RtlZeroMemory(&attributes, sizeof(attributes));
    attributes.Size = sizeof(attributes);
    attributes.VendorID = 0x1af4;
    attributes.ProductID = 0x1052;
    attributes.VersionNumber = 1;
    Reply(request, &attributes, sizeof(attributes));
}

static VOID ReplyString(WDFREQUEST request)
{
    static const WCHAR text[] = L"faulty";
    PIRP irp = WdfRequestWdmGetIrp(request);
    ULONG id =
        (ULONG)(ULONG_PTR)IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl.Type3InputBuffer & 0xffff;
    if (id != HID_STRING_ID_IPRODUCT) {
        WdfRequestComplete(request, STATUS_INVALID_PARAMETER);
        return;
    }
    Reply(request, text, Wants("string") ? sizeof(text) - sizeof(WCHAR) : sizeof(text));
}

/* Takes a request out of those that are held; FALSE: it is not there any more. */
static BOOLEAN Release(FAULTY *faulty, WDFREQUEST request)
{
    ULONG i;
    BOOLEAN found = FALSE;
    WdfSpinLockAcquire(faulty->lock);
    for (i = 0; i < RTL_NUMBER_OF(faulty->kept) && !found; i++) {
        if (faulty->kept[i] == request) {
            faulty->kept[i] = NULL;
            found = TRUE;
        }
    }
    WdfSpinLockRelease(faulty->lock);
    return found;
}

static VOID NTAPI Cancelled(WDFREQUEST request)
{
    (VOID) Release(FaultyGet(WdfIoQueueGetDevice(WdfRequestGetIoQueue(request))), request);
    WdfRequestComplete(request, STATUS_CANCELLED);
}

static BOOLEAN Keeps(VOID)
{
    return Wants("honest-cancel") || Wants("honest-stop");
}

static VOID Keep(FAULTY *faulty, WDFREQUEST request)
{
    ULONG i;
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;
    WdfSpinLockAcquire(faulty->lock);
    for (i = 0; i < RTL_NUMBER_OF(faulty->kept); i++) {
        if (faulty->kept[i] == NULL) {
            status = WdfRequestMarkCancelableEx(request, Cancelled);
            faulty->kept[i] = NT_SUCCESS(status) ? request : NULL;
            break;
        }
    }
    WdfSpinLockRelease(faulty->lock);
    if (!NT_SUCCESS(status)) {
        WdfRequestComplete(request, status);
    }
}

/* One of the held requests, not cancelable any more; NULL: none. */
static WDFREQUEST TakeKept(FAULTY *faulty)
{
    WDFREQUEST request = NULL;
    ULONG i;
    WdfSpinLockAcquire(faulty->lock);
    for (i = 0; i < RTL_NUMBER_OF(faulty->kept) && request == NULL; i++) {
        if (faulty->kept[i] != NULL && WdfRequestUnmarkCancelable(faulty->kept[i]) != STATUS_CANCELLED) {
            request = faulty->kept[i];
            faulty->kept[i] = NULL;
        }
    }
    WdfSpinLockRelease(faulty->lock);
    return request;
}

/* Reads stay with the driver over a sleep; at a removal they end. */
static VOID NTAPI EvtIoStop(WDFQUEUE queue, WDFREQUEST request, ULONG flags)
{
    FAULTY *faulty = FaultyGet(WdfIoQueueGetDevice(queue));
    if ((flags & WdfRequestStopActionSuspend) != 0) {
        WdfRequestStopAcknowledge(request, FALSE);
    } else if (WdfRequestUnmarkCancelable(request) != STATUS_CANCELLED && Release(faulty, request)) {
        WdfRequestComplete(request, STATUS_CANCELLED);
    }
}

/* Breaks rules about a read that has just come. TRUE: it is dealt with. */
static BOOLEAN BreakRead(FAULTY *faulty, WDFREQUEST request)
{
    if (Now(faulty, "twice")) {
        WdfRequestComplete(request, STATUS_CANCELLED);
        WdfRequestComplete(request, STATUS_CANCELLED);
    } else if (Now(faulty, "twice-referenced")) {
        WdfObjectReference(request);
        WdfRequestComplete(request, STATUS_CANCELLED);
        WdfRequestComplete(request, STATUS_CANCELLED);
    } else if (Now(faulty, "queued")) {
        (VOID) WdfRequestForwardToIoQueue(request, faulty->reads);
        WdfRequestComplete(request, STATUS_CANCELLED);
    } else if (Now(faulty, "cancelable")) {
        (VOID) WdfRequestMarkCancelableEx(request, Cancelled);
        WdfRequestComplete(request, STATUS_SUCCESS);
    } else if (Now(faulty, "status")) {
        WdfRequestComplete(request, STATUS_PENDING);
    } else if (Now(faulty, "length")) {
        WdfRequestCompleteWithInformation(request, STATUS_SUCCESS, 100);
    } else if (Now(faulty, "report")) {
        WdfRequestCompleteWithInformation(request, STATUS_SUCCESS, 2);
    } else if (Now(faulty, "overrun")) {
        *((volatile UCHAR *)WdfRequestWdmGetIrp(request)->UserBuffer + 16) = 1;
        return FALSE;
    } else if (Keeps()) {
        Keep(faulty, request);
    } else if (Wants("lost") || Wants("held")) {
        faulty->done = TRUE; /* and nobody knows the request any more */
    } else {
        return FALSE;
    }
    return TRUE;
}

static VOID NTAPI EvtIoInternalDeviceControl(WDFQUEUE queue, WDFREQUEST request, size_t output_length,
                                             size_t input_length, ULONG code)
{
    FAULTY *faulty = FaultyGet(WdfIoQueueGetDevice(queue));
    NTSTATUS status;
    UNREFERENCED_PARAMETER(output_length);
    UNREFERENCED_PARAMETER(input_length);
    switch (code) {
    case IOCTL_HID_GET_DEVICE_DESCRIPTOR:
        ReplyDescriptor(request);
        break;
    case IOCTL_HID_GET_DEVICE_ATTRIBUTES:
        ReplyAttributes(request);
        break;
    case IOCTL_HID_GET_REPORT_DESCRIPTOR:
        Reply(request, report_descriptor, sizeof(report_descriptor));
        break;
    case IOCTL_HID_GET_STRING:
        ReplyString(request);
        break;
    case IOCTL_HID_READ_REPORT:
        WdfSpinLockAcquire(faulty->lock);
        WdfSpinLockRelease(faulty->lock);
        if (!BreakRead(faulty, request)) {
            status = WdfRequestForwardToIoQueue(request, faulty->reads);
            if (!NT_SUCCESS(status)) {
                WdfRequestComplete(request, status);
            }
        }
        break;
    case IOCTL_HID_WRITE_REPORT:
    case IOCTL_HID_SET_OUTPUT_REPORT: {
        PHID_XFER_PACKET packet = WdfRequestWdmGetIrp(request)->UserBuffer;
        status = packet->reportId == 2 && packet->reportBufferLen == 2 && packet->reportBuffer[0] == 2
                     ? STATUS_SUCCESS
                     : STATUS_INVALID_PARAMETER;
        if (Now(faulty, "packet")) {
            packet->reportBuffer[1] = 0x55;
        }
        WdfRequestComplete(request, status);
        break;
    }
    default:
        WdfRequestComplete(request, STATUS_NOT_SUPPORTED);
        break;
    }
}

/* ---- Reports ---- */

/* TRUE: the timer's work is done with that. */
static BOOLEAN BreakAtDispatch(FAULTY *faulty, WDFTIMER timer)
{
    if (Now(faulty, "irql")) {
        BUS_INTERFACE_STANDARD bus;
        (VOID) WdfFdoQueryForInterface(WdfTimerGetParentObject(timer), &bus_interface_standard, (PINTERFACE)&bus,
                                       sizeof(bus), 1, NULL);
    }
    if (Now(faulty, "lock-twice")) {
        WdfSpinLockAcquire(faulty->lock);
        WdfSpinLockAcquire(faulty->lock);
    }
    if (Now(faulty, "lock-kept")) {
        WdfSpinLockAcquire(faulty->lock);
        return TRUE;
    }
    if (Now(faulty, "lock-free")) {
        WdfSpinLockRelease(faulty->lock);
    }
    if (Now(faulty, "interrupt-lock")) {
        WdfInterruptAcquireLock(faulty->interrupt);
        WdfInterruptAcquireLock(faulty->interrupt);
    }
    if (Now(faulty, "timer-wait")) {
        (VOID) WdfTimerStop(timer, TRUE);
    }
    if (Now(faulty, "unknown")) {
        WdfFunctions[WdfCollectionCreateTableIndex]();
    }
    return FALSE;
}

static VOID NTAPI EvtTimer(WDFTIMER timer)
{
    FAULTY *faulty = FaultyGet(WdfTimerGetParentObject(timer));
    WDFREQUEST request;
    UCHAR report[4];
    if (BreakAtDispatch(faulty, timer)) {
        return;
    }
    if (Keeps()) {
        request = TakeKept(faulty);
    } else if (!NT_SUCCESS(WdfIoQueueRetrieveNextRequest(faulty->reads, &request))) {
        request = NULL;
    }
    if (request == NULL) {
        return;
    }
    report[0] = (faulty->next & 1) != 0 ? 2 : 1;
    report[1] = faulty->next;
    report[2] = report[3] = 1;
    faulty->next++;
    if (Wants("complete-locked")) {
        WdfSpinLockAcquire(faulty->lock);
        Reply(request, report, report[0] == 1 ? 4 : 2);
        WdfSpinLockRelease(faulty->lock);
        return;
    }
    Reply(request, report, report[0] == 1 ? 4 : 2);
}

static VOID NTAPI EvtWorkItem(WDFWORKITEM work)
{
    FAULTY *faulty = FaultyGet(WdfWorkItemGetParentObject(work));
    if (Now(faulty, "work-flush")) {
        WdfWorkItemFlush(work);
    }
}

/* ---- Interrupts ---- */

static BOOLEAN NTAPI EvtInterruptIsr(WDFINTERRUPT interrupt, ULONG message)
{
    FAULTY *faulty = FaultyGet(WdfInterruptGetDevice(interrupt));
    UNREFERENCED_PARAMETER(message);
    if (Wants("storm")) {
        return TRUE;
    }
    if (faulty->isr != NULL && *(volatile UCHAR *)faulty->isr == 0) {
        return FALSE;
    }
    (VOID) WdfInterruptQueueDpcForIsr(interrupt);
    return TRUE;
}

static VOID NTAPI EvtInterruptDpc(WDFINTERRUPT interrupt, WDFOBJECT device)
{
    UNREFERENCED_PARAMETER(interrupt);
    WdfWorkItemEnqueue(FaultyGet(device)->work);
}

/* ---- PnP and power ---- */

static VOID FindStructures(FAULTY *faulty, WDFDEVICE device)
{
    BUS_INTERFACE_STANDARD bus;
    UCHAR space[256];
    UCHAR at;
    if (!NT_SUCCESS(WdfFdoQueryForInterface(device, &bus_interface_standard, (PINTERFACE)&bus, sizeof(bus), 1, NULL))) {
        return;
    }
    (VOID) bus.GetBusData(bus.Context, PCI_WHICHSPACE_CONFIG, space, 0, sizeof(space));
    if (Wants("bus-write")) {
        (VOID) bus.SetBusData(bus.Context, PCI_WHICHSPACE_CONFIG, space, 0x3c, 1);
    }
    if (!Wants("interface-leak")) {
        bus.InterfaceDereference(bus.Context);
    }
    for (at = space[0x34]; at >= 0x40 && at < 0xf0; at = space[at + 1]) {
        if (space[at] == 9 && space[at + 3] == 1) {
            faulty->common_bar = *(ULONG *)(PVOID)(space + 0x10 + 4 * space[at + 4]) & ~0xfUL;
            faulty->common_offset = *(ULONG *)(PVOID)(space + at + 8);
        } else if (space[at] == 9 && space[at + 3] == 3) {
            faulty->isr_bar = *(ULONG *)(PVOID)(space + 0x10 + 4 * space[at + 4]) & ~0xfUL;
            faulty->isr_offset = *(ULONG *)(PVOID)(space + at + 8);
        }
    }
}

static VOID BreakMapping(VOID)
{
    PHYSICAL_ADDRESS nowhere;
    nowhere.QuadPart = 0x1000;
    if (Wants("map-range")) {
        (VOID) MmMapIoSpace(nowhere, 4096, MmNonCached);
    }
    if (Wants("map-cached")) {
        (VOID) MmMapIoSpace(nowhere, 4096, MmCached);
    }
}

static VOID BreakEventLog(WDFDEVICE device)
{
    UCHAR size = Wants("log-size") ? 255 : sizeof(IO_ERROR_LOG_PACKET);
    PIO_ERROR_LOG_PACKET packet;
    if (!Wants("log-size") && !Wants("log-string") && !Wants("log-leak")) {
        return;
    }
    packet = IoAllocateErrorLogEntry(WdfDeviceWdmGetDeviceObject(device), size);
    if (packet != NULL && !Wants("log-leak")) {
        packet->NumberOfStrings = 1;
        packet->StringOffset = sizeof(*packet) - sizeof(WCHAR);
        ((PWCHAR)(PVOID)packet)[sizeof(*packet) / sizeof(WCHAR) - 1] = L'x';
        IoWriteErrorLogEntry(packet);
    }
}

static NTSTATUS NTAPI EvtDevicePrepareHardware(WDFDEVICE device, WDFCMRESLIST raw, WDFCMRESLIST translated)
{
    FAULTY *faulty = FaultyGet(device);
    ULONG i;
    UNREFERENCED_PARAMETER(raw);
    FindStructures(faulty, device);
    BreakMapping();
    BreakEventLog(device);
    for (i = 0; i < WdfCmResourceListGetCount(translated); i++) {
        PCM_PARTIAL_RESOURCE_DESCRIPTOR d = WdfCmResourceListGetDescriptor(translated, i);
        if (d->Type == CmResourceTypeMemory && d->u.Memory.Start.LowPart == faulty->common_bar) {
            faulty->registers = MmMapIoSpace(d->u.Memory.Start, d->u.Memory.Length, MmNonCached);
            faulty->registers_length = d->u.Memory.Length;
            if (faulty->registers != NULL) {
                faulty->common = faulty->registers + faulty->common_offset;
                faulty->isr = faulty->isr_bar == faulty->common_bar ? faulty->registers + faulty->isr_offset : NULL;
            }
        }
    }
    if (Wants("interrupt-late")) {
        WDF_INTERRUPT_CONFIG config;
        WDFINTERRUPT interrupt;
        WDF_INTERRUPT_CONFIG_INIT(&config, EvtInterruptIsr, EvtInterruptDpc);
        return WdfInterruptCreate(device, &config, WDF_NO_OBJECT_ATTRIBUTES, &interrupt);
    }
    if (FaultyTourInterrupt(faulty->interrupt) != 0) {
        return (NTSTATUS)(0xE0000000 | FaultyTourInterrupt(faulty->interrupt));
    }
    return faulty->registers != NULL ? STATUS_SUCCESS : STATUS_DEVICE_CONFIGURATION_ERROR;
}

static NTSTATUS NTAPI EvtDeviceReleaseHardware(WDFDEVICE device, WDFCMRESLIST translated)
{
    FAULTY *faulty = FaultyGet(device);
    UNREFERENCED_PARAMETER(translated);
    if (faulty->registers != NULL && !Wants("mapping-leak")) {
        MmUnmapIoSpace(faulty->registers, faulty->registers_length);
    }
    faulty->registers = NULL;
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI EvtDeviceD0Entry(WDFDEVICE device, WDF_POWER_DEVICE_STATE previous)
{
    FAULTY *faulty = FaultyGet(device);
    UNREFERENCED_PARAMETER(previous);
    faulty->in_d0 = TRUE;
    (VOID) WdfTimerStart(faulty->timer, WDF_REL_TIMEOUT_IN_MS(2));
    if (Wants("stop") || Wants("storm")) {
        *(volatile UCHAR *)(faulty->common + 20) = 1;
    }
    if (Wants("work-flush")) {
        WdfWorkItemEnqueue(faulty->work);
    }
    return Wants("d0-fails") ? STATUS_UNSUCCESSFUL : STATUS_SUCCESS;
}

static NTSTATUS NTAPI EvtDeviceD0Exit(WDFDEVICE device, WDF_POWER_DEVICE_STATE target)
{
    FAULTY *faulty = FaultyGet(device);
    UNREFERENCED_PARAMETER(target);
    faulty->in_d0 = FALSE;
    (VOID) WdfTimerStop(faulty->timer, TRUE);
    WdfWorkItemFlush(faulty->work);
    return STATUS_SUCCESS;
}

static VOID BreakObjects(WDFDEVICE device)
{
    WDF_OBJECT_ATTRIBUTES attributes;
    WDFMEMORY memory;
    PVOID bytes;
    WDF_OBJECT_ATTRIBUTES_INIT(&attributes);
    attributes.ParentObject = device;
    if (Wants("size")) {
        attributes.Size = 0;
    }
    if (!NT_SUCCESS(WdfMemoryCreate(&attributes, NonPagedPool, 0x796c7546, 64, &memory, &bytes))) {
        return;
    }
    if (Wants("memory-overrun")) {
        ((volatile UCHAR *)bytes)[64] = 1;
    }
    if (Wants("delete-twice")) {
        WdfObjectDelete(memory);
        WdfObjectDelete(memory);
    }
    if (Wants("delete-device")) {
        WdfObjectDelete(device);
    }
    if (Wants("wrong-type")) {
        WdfSpinLockAcquire((WDFSPINLOCK)memory);
    }
    if (Wants("reference")) {
        WdfObjectReference(memory);
    }
    if (Wants("dereference")) {
        WdfObjectDereference(memory);
    }
    if (Wants("pool-leak")) {
        (VOID) ExAllocatePoolWithTag(NonPagedPool, 100, 0x6b61654c);
    }
    if (Wants("context-overrun")) {
        ((volatile UCHAR *)FaultyGet(device))[(sizeof(FAULTY) + 15) & ~15u] = 1;
    }
}

/* ---- EvtDriverDeviceAdd ---- */

static NTSTATUS CreateQueues(WDFDEVICE device, FAULTY *faulty)
{
    WDF_IO_QUEUE_CONFIG config;
    NTSTATUS status;
    WDF_IO_QUEUE_CONFIG_INIT_DEFAULT_QUEUE(&config, WdfIoQueueDispatchParallel);
    config.EvtIoInternalDeviceControl = EvtIoInternalDeviceControl;
    config.PowerManaged = Wants("held") || Wants("honest-stop") ? WdfTrue : WdfFalse;
    config.EvtIoStop = Wants("honest-stop") ? EvtIoStop : NULL;
    status = WdfIoQueueCreate(device, &config, WDF_NO_OBJECT_ATTRIBUTES, NULL);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    WDF_IO_QUEUE_CONFIG_INIT(&config, WdfIoQueueDispatchManual);
    config.PowerManaged = WdfFalse;
    return WdfIoQueueCreate(device, &config, WDF_NO_OBJECT_ATTRIBUTES, &faulty->reads);
}

static NTSTATUS CreateHelpers(WDFDEVICE device, FAULTY *faulty)
{
    WDF_OBJECT_ATTRIBUTES attributes;
    WDF_TIMER_CONFIG timer;
    WDF_WORKITEM_CONFIG work;
    WDF_INTERRUPT_CONFIG interrupt;
    NTSTATUS status;
    WDF_OBJECT_ATTRIBUTES_INIT(&attributes);
    attributes.ParentObject = device;
    WDF_TIMER_CONFIG_INIT(&timer, EvtTimer);
    timer.Period = 2;
    WDF_WORKITEM_CONFIG_INIT(&work, EvtWorkItem);
    work.AutomaticSerialization = FALSE;
    WDF_INTERRUPT_CONFIG_INIT(&interrupt, EvtInterruptIsr, EvtInterruptDpc);
    status = WdfSpinLockCreate(&attributes, &faulty->lock);
    if (NT_SUCCESS(status)) {
        status = WdfTimerCreate(&timer, &attributes, &faulty->timer);
    }
    if (NT_SUCCESS(status)) {
        status = WdfWorkItemCreate(&work, &attributes, &faulty->work);
    }
    return NT_SUCCESS(status) ? WdfInterruptCreate(device, &interrupt, WDF_NO_OBJECT_ATTRIBUTES, &faulty->interrupt)
                              : status;
}

static NTSTATUS NTAPI EvtDriverDeviceAdd(WDFDRIVER driver, PWDFDEVICE_INIT init)
{
    WDF_PNPPOWER_EVENT_CALLBACKS callbacks;
    WDF_OBJECT_ATTRIBUTES attributes;
    WDFDEVICE device;
    NTSTATUS status;
    UNREFERENCED_PARAMETER(driver);
    if (!Wants("policy")) {
        WdfFdoInitSetFilter(init);
    }
    WDF_PNPPOWER_EVENT_CALLBACKS_INIT(&callbacks);
    callbacks.EvtDevicePrepareHardware = EvtDevicePrepareHardware;
    callbacks.EvtDeviceReleaseHardware = EvtDeviceReleaseHardware;
    callbacks.EvtDeviceD0Entry = EvtDeviceD0Entry;
    callbacks.EvtDeviceD0Exit = EvtDeviceD0Exit;
    WdfDeviceInitSetPnpPowerEventCallbacks(init, &callbacks);
    WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE(&attributes, FAULTY);
    status = WdfDeviceCreate(&init, &attributes, &device);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    BreakObjects(device);
    if (FaultyTour(device) != 0) {
        return (NTSTATUS)(0xE0000000 | FaultyTour(device));
    }
    status = CreateQueues(device, FaultyGet(device));
    return NT_SUCCESS(status) ? CreateHelpers(device, FaultyGet(device)) : status;
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry_path)
{
    WDF_DRIVER_CONFIG config;
    ULONG end = registry_path->Length / sizeof(WCHAR), start = end, i;
    while (start > 0 && registry_path->Buffer[start - 1] != L'\\') {
        start--;
    }
    for (i = start; i < end && i - start + 1 < sizeof(rule); i++) {
        rule[i - start] = (char)registry_path->Buffer[i];
    }
    WDF_DRIVER_CONFIG_INIT(&config, EvtDriverDeviceAdd);
    return WdfDriverCreate(driver, registry_path, WDF_NO_OBJECT_ATTRIBUTES, &config, WDF_NO_HANDLE);
}
