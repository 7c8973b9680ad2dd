/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * IOCTL_HID_READ_REPORT: requests that wait in a manual queue, and the reports that they get. Layer: glue.
 * Highest IRQL: DISPATCH_LEVEL.
 */
#include "virtio_input.h"

#define PUMP_BUDGET 256 /* reports that one call hands out before it leaves the rest to a DPC */

VOID AerovinputEndReads(AEROVINPUT_CONTEXT *context, NTSTATUS status)
{
    WDFREQUEST request;
    ULONG count = 0;

    (void)WdfIoQueueGetState(context->reads, &count, NULL); /* not those that are sent in answer to it */
    while (count-- > 0 && NT_SUCCESS(WdfIoQueueRetrieveNextRequest(context->reads, &request)))
        WdfRequestComplete(request, status);
}

/* Takes a request and its report together. request: out, to be completed. FALSE: one of the two is missing. */
static BOOLEAN Match(AEROVINPUT_CONTEXT *context, WDFREQUEST *request, NTSTATUS *status, UINT32 *length)
{
    PVOID buffer;
    size_t size;

    *length = 0;
    if (!context->is_ready || !InputDeviceHasReport(&context->device) ||
        !NT_SUCCESS(WdfIoQueueRetrieveNextRequest(context->reads, request)))
        return FALSE;
    *status = WdfRequestRetrieveOutputBuffer(*request, context->report_size, &buffer, &size);
    if (NT_SUCCESS(*status))
        *status = InputDeviceReadReport(&context->device, (UINT8 *)buffer, size, length);
    return TRUE;
}

/* Called by one at a time. FALSE: nothing to do. */
static BOOLEAN HandOut(AEROVINPUT_CONTEXT *context)
{
    WDFREQUEST request;
    NTSTATUS status;
    UINT32 length;
    BOOLEAN is_gone;
    BOOLEAN is_matched;

    WdfSpinLockAcquire(context->lock);
    is_gone = context->is_gone;
    is_matched = (BOOLEAN)(!is_gone && Match(context, &request, &status, &length));
    WdfSpinLockRelease(context->lock);
    if (is_gone)
        AerovinputEndReads(context, STATUS_DEVICE_NOT_CONNECTED);
    if (is_matched)
        WdfRequestCompleteWithInformation(request, status, length);
    return is_matched;
}

/*
 * Two that hand out at once could complete a later report first, and a key would stay down. And a reader sends its next
 * request from within the completion of the last: that must not nest.
 */
VOID AerovinputPump(AEROVINPUT_CONTEXT *context)
{
    ULONG budget = PUMP_BUDGET;
    BOOLEAN is_moved;

    WdfSpinLockAcquire(context->lock);
    context->pump_again = TRUE;
    if (context->is_pumping) {
        WdfSpinLockRelease(context->lock);
        return;
    }
    context->is_pumping = TRUE;
    do {
        context->pump_again = FALSE;
        WdfSpinLockRelease(context->lock);
        is_moved = HandOut(context);
        WdfSpinLockAcquire(context->lock);
        budget--;
    } while ((is_moved || context->pump_again) && budget != 0);
    context->is_pumping = FALSE;
    WdfSpinLockRelease(context->lock);
    if (budget == 0)
        (void)WdfDpcEnqueue(context->dpc);
}

VOID AerovinputRead(AEROVINPUT_CONTEXT *context, WDFREQUEST request)
{
    NTSTATUS status;
    PVOID buffer;
    BOOLEAN is_gone;

    WdfSpinLockAcquire(context->lock);
    is_gone = context->is_gone;
    WdfSpinLockRelease(context->lock);
    if (is_gone) {
        WdfRequestComplete(request, STATUS_DEVICE_NOT_CONNECTED);
        return;
    }
    status = WdfRequestRetrieveOutputBuffer(request, context->report_size, &buffer, NULL);
    if (NT_SUCCESS(status))
        status = WdfRequestForwardToIoQueue(request, context->reads);
    if (!NT_SUCCESS(status)) {
        WdfRequestComplete(request, status);
        return;
    }
    AerovinputPump(context);
}
