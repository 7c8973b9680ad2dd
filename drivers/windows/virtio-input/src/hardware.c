/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * EvtDevicePrepareHardware and EvtDeviceReleaseHardware: the device is found, asked what it is, and given memory; it
 * starts in EvtDeviceD0Entry. Layer: glue. IRQL: PASSIVE_LEVEL, no interrupt connected.
 */
#include "virtio_input.h"

static VOID SetReady(AEROVINPUT_CONTEXT *context, BOOLEAN is_ready)
{
    WdfSpinLockAcquire(context->lock);
    context->is_ready = is_ready;
    WdfSpinLockRelease(context->lock);
}

static VOID MeasureReports(AEROVINPUT_CONTEXT *context)
{
    const INPUT_LAYOUT *layout = &context->device.layout;
    UINT32 i;

    context->report_size = 0;
    for (i = 0; i < INPUT_COLLECTION_COUNT; i++) {
        if (layout->input_length[i] > context->report_size)
            context->report_size = layout->input_length[i];
    }
}

/*
 * When Windows stops a device to move its resources, the reports that release its keys may still be unread: they are
 * kept, with what the reader knows, until the same device starts again.
 */
static VOID KeepReports(AEROVINPUT_CONTEXT *context)
{
    RtlCopyMemory(context->kept_lengths, context->device.layout.input_length, sizeof(context->kept_lengths));
    RtlCopyMemory(&context->kept_reports, &context->device.reports, sizeof(context->kept_reports));
}

/* The record points into context->device, which is where it was. */
static VOID RestoreReports(AEROVINPUT_CONTEXT *context)
{
    if (RtlEqualMemory(context->kept_lengths, context->device.layout.input_length, sizeof(context->kept_lengths)))
        RtlCopyMemory(&context->device.reports, &context->kept_reports, sizeof(context->kept_reports));
}

/* Gives up a device that is not ready: nobody but PnP's callbacks looks at it. */
static VOID TakeDown(AEROVINPUT_CONTEXT *context)
{
    BOOLEAN is_free = InputDeviceUninit(&context->device);

    AerovinputMemoryUninit(context, is_free);
    AerovinputPciUninit(context);
}

NTSTATUS NTAPI AerovinputPrepareHardware(WDFDEVICE handle, WDFCMRESLIST raw, WDFCMRESLIST translated)
{
    AEROVINPUT_CONTEXT *context = AerovinputContext(handle);
    INPUT_DEVICE *device = &context->device;
    NTSTATUS status;

    context->reported_reason = VIRTIO_REASON_NONE;
    context->report_count = 0;
    if (!AerovinputPciInit(context, raw, translated)) {
        device->reason = VIRTIO_REASON_CONFIG_SPACE_UNREADABLE;
        status = STATUS_DEVICE_CONFIGURATION_ERROR;
        goto report;
    }
    status = InputDeviceProbe(device, &aerovinput_pci_ops, context);
    if (!NT_SUCCESS(status))
        goto report;
    if (!AerovinputInterruptFind(context, translated)) {
        device->reason = VIRTIO_REASON_NO_INTERRUPT;
        status = STATUS_DEVICE_CONFIGURATION_ERROR;
        goto report;
    }
    if (!AerovinputMemoryInit(context)) {
        device->reason = VIRTIO_REASON_NO_MEMORY;
        status = STATUS_INSUFFICIENT_RESOURCES;
        goto report;
    }
    MeasureReports(context);
    RestoreReports(context);
    SetReady(context, TRUE);
    return STATUS_SUCCESS;

report:
    AerovinputReport(context);
    TakeDown(context);
    return status;
}

/* May follow a preparation that failed, and finds nothing to do then. */
NTSTATUS NTAPI AerovinputReleaseHardware(WDFDEVICE handle, WDFCMRESLIST translated)
{
    AEROVINPUT_CONTEXT *context = AerovinputContext(handle);

    UNREFERENCED_PARAMETER(translated);
    if (context->is_ready)
        KeepReports(context);
    SetReady(context, FALSE);
    TakeDown(context);
    return STATUS_SUCCESS;
}
