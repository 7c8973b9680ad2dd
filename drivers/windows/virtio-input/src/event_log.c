/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The event log: why a device was refused, given up or reset. Layer: glue. Highest IRQL: DISPATCH_LEVEL. */
#include "virtio_input.h"

#include <ntiologc.h>

/* Characters of text that fit into an entry. 95 on amd64; 51 on x86, where longer texts take two entries. */
#define TEXT_MAX ((ERROR_LOG_MAXIMUM_SIZE - sizeof(IO_ERROR_LOG_PACKET)) / sizeof(WCHAR) - 1)

/* One entry: the reason as unique value, its detail as data, a piece of its text as string behind the device's name. */
static VOID WritePiece(AEROVINPUT_CONTEXT *context, VIRTIO_REASON reason, ULONG detail, const char *text, SIZE_T length,
                       ULONG number)
{
    PIO_ERROR_LOG_PACKET packet;
    WCHAR *to;
    SIZE_T i;

    packet = (PIO_ERROR_LOG_PACKET)IoAllocateErrorLogEntry(WdfDeviceWdmGetDeviceObject(context->handle),
                                                           (UCHAR)(sizeof(*packet) + (length + 1) * sizeof(WCHAR)));
    if (packet == NULL)
        return;
    RtlZeroMemory(packet, sizeof(*packet));
    packet->ErrorCode = IO_ERR_CONTROLLER_ERROR;
    packet->FinalStatus = STATUS_IO_DEVICE_ERROR;
    packet->UniqueErrorValue = (ULONG)reason;
    packet->SequenceNumber = number;
    packet->DumpDataSize = sizeof(packet->DumpData);
    packet->DumpData[0] = detail;
    packet->NumberOfStrings = 1;
    packet->StringOffset = sizeof(*packet);
    to = (WCHAR *)(packet + 1);
    for (i = 0; i < length; i++)
        to[i] = (WCHAR)text[i];
    to[length] = 0;
    IoWriteErrorLogEntry(packet);
}

static VOID Write(AEROVINPUT_CONTEXT *context, VIRTIO_REASON reason, ULONG detail)
{
    const char *text = VirtioReasonText(reason);
    SIZE_T length;
    ULONG number = 0;

    while (*text != '\0') {
        for (length = 0; length < TEXT_MAX && text[length] != '\0'; length++) {
        }
        WritePiece(context, reason, detail, text, length, number++);
        text += length;
    }
}

VOID AerovinputReport(AEROVINPUT_CONTEXT *context)
{
    VIRTIO_REASON reason;
    ULONG detail;
    BOOLEAN is_new;

    WdfSpinLockAcquire(context->lock);
    reason = context->device.reason;
    detail = context->device.reason_detail;
    is_new = (BOOLEAN)(reason != VIRTIO_REASON_NONE && reason != context->reported_reason &&
                       context->report_count < AEROVINPUT_REPORTS_MAX);
    if (is_new) {
        context->reported_reason = reason;
        context->report_count++;
    }
    WdfSpinLockRelease(context->lock);
    if (is_new)
        Write(context, reason, detail);
}
