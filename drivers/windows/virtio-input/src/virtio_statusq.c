/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Output reports: the LEDs that the system sets, which go to the device by the status queue. A report counts as done
 * when the queue has it: a device that answers late holds up nobody. Layer: glue. Highest IRQL: DISPATCH_LEVEL.
 */
#include "virtio_input.h"
#include "virtqueue_split.h"

NTSTATUS AerovinputWriteOutput(AEROVINPUT_CONTEXT *context, const HID_XFER_PACKET *packet, ULONG_PTR *information)
{
    NTSTATUS status;

    if (context->is_gone)
        return STATUS_DEVICE_NOT_CONNECTED;
    status = InputDeviceWriteReport(&context->device, packet->reportId, packet->reportBuffer, packet->reportBufferLen);
    if (NT_SUCCESS(status))
        *information = packet->reportBufferLen;
    return status;
}
