/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * EvtDeviceD0Entry, EvtDeviceD0Exit and what happens in between without an interrupt: the watchdog, surprise removal.
 * Layer: glue. Highest IRQL: DISPATCH_LEVEL (watchdog), else PASSIVE_LEVEL.
 */
#include "virtio_input.h"

NTSTATUS NTAPI AerovinputD0Entry(WDFDEVICE handle, WDF_POWER_DEVICE_STATE previous)
{
    AEROVINPUT_CONTEXT *context = AerovinputContext(handle);
    INPUT_VECTORS vectors;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(previous);
    AerovinputInterruptPlan(context, &vectors);
    WdfSpinLockAcquire(context->lock);
    if (context->device.state == INPUT_STATE_PROBED)
        status = InputDeviceStart(&context->device, &context->memory, &vectors);
    else
        status = InputDeviceRecover(&context->device, VIRTIO_REASON_NONE);
    WdfSpinLockRelease(context->lock);
    AerovinputReport(context);
    return status;
}

/* What the device sent between its start and now may have met no handler: looked for once. */
NTSTATUS NTAPI AerovinputInterruptsEnabled(WDFDEVICE handle, WDF_POWER_DEVICE_STATE previous)
{
    AEROVINPUT_CONTEXT *context = AerovinputContext(handle);

    UNREFERENCED_PARAMETER(previous);
    (void)WdfDpcEnqueue(context->dpc);
    (void)WdfTimerStart(context->watchdog, WDF_REL_TIMEOUT_IN_MS(AEROVINPUT_WATCHDOG_MS));
    return STATUS_SUCCESS;
}

/* Reads that wait are given the reports in which everything is up; others go on waiting. */
NTSTATUS NTAPI AerovinputD0Exit(WDFDEVICE handle, WDF_POWER_DEVICE_STATE target)
{
    AEROVINPUT_CONTEXT *context = AerovinputContext(handle);

    UNREFERENCED_PARAMETER(target);
    (void)WdfTimerStop(context->watchdog, TRUE);
    WdfSpinLockAcquire(context->lock);
    InputDeviceStop(&context->device);
    WdfSpinLockRelease(context->lock);
    AerovinputPump(context);
    AerovinputReport(context);
    return STATUS_SUCCESS;
}

/* May come beside any other callback. The rest of the removal follows by itself. */
VOID NTAPI AerovinputSurpriseRemoval(WDFDEVICE handle)
{
    AEROVINPUT_CONTEXT *context = AerovinputContext(handle);

    WdfSpinLockAcquire(context->lock);
    context->is_gone = TRUE;
    WdfSpinLockRelease(context->lock);
    AerovinputPump(context);
}

/* Interrupts that never came, a device that asks for a reset or is gone; brings up again what broke. */
VOID NTAPI AerovinputWatchdog(WDFTIMER timer)
{
    AEROVINPUT_CONTEXT *context = AerovinputContext(WdfTimerGetParentObject(timer));
    NTSTATUS status = STATUS_SUCCESS;
    VIRTIO_REASON reason;

    WdfSpinLockAcquire(context->lock);
    if (!context->is_gone && InputDevicePoll(&context->device))
        status = InputDeviceRecover(&context->device, VIRTIO_REASON_NONE);
    reason = context->device.reason;
    WdfSpinLockRelease(context->lock);
    AerovinputPump(context);
    AerovinputReport(context);
    /* A device that does not come up again is started anew by PnP; one that was pulled out, PnP finds by itself. */
    if (!NT_SUCCESS(status) && reason != VIRTIO_REASON_DEVICE_GONE)
        WdfDeviceSetFailed(context->handle, WdfDeviceFailedAttemptRestart);
}
