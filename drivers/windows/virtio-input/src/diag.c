/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The diagnostic record for user programs, as a feature report of a vendor-defined collection (virtio_diag.h).
 * Layer: glue. Highest IRQL: DISPATCH_LEVEL.
 */
#include "virtio_input.h"

#define LOW(word)  ((UINT8)((word)&0xFF))
#define HIGH(word) ((UINT8)((word) >> 8))

/* HID 1.11 "Report Descriptor": short items. */
const UINT8 aerovinput_diag_collection[AEROVINPUT_DIAG_COLLECTION_LENGTH] = {
    0x06, LOW(VIRTIO_DIAG_HID_USAGE_PAGE), HIGH(VIRTIO_DIAG_HID_USAGE_PAGE), /* usage page */
    0x09, VIRTIO_DIAG_HID_USAGE,                                             /* usage */
    0xA1, 0x01,                                                              /* collection: application */
    0x85, VIRTIO_DIAG_HID_REPORT_ID,                                         /* report id */
    0x09, VIRTIO_DIAG_HID_USAGE,                                             /* usage */
    0x15, 0x00,                                                              /* logical minimum */
    0x26, 0xFF, 0x00,                                                        /* logical maximum */
    0x75, 0x08,                                                              /* report size */
    0x96, LOW(sizeof(VIRTIO_DIAG)), HIGH(sizeof(VIRTIO_DIAG)),               /* report count */
    0xB1, 0x02,                                                              /* feature: data, variable, absolute */
    0xC0                                                                     /* end of collection */
};

NTSTATUS AerovinputReadDiag(AEROVINPUT_CONTEXT *context, const HID_XFER_PACKET *packet, ULONG_PTR *information)
{
    VIRTIO_DIAG diag;

    if (packet->reportId != VIRTIO_DIAG_HID_REPORT_ID)
        return STATUS_INVALID_PARAMETER;
    if (packet->reportBufferLen < VIRTIO_DIAG_HID_REPORT_LENGTH)
        return STATUS_BUFFER_TOO_SMALL;
    InputDeviceDescribe(&context->device, &diag);
    diag.driver_version = VIRTIO_VERSION_NUMBER;
    diag.interrupt_mode = VIRTIO_DIAG_INTERRUPT_LINE;
    if (context->message_count != 0)
        diag.interrupt_mode = VIRTIO_DIAG_INTERRUPT_MESSAGE;
    diag.message_count = context->message_count;
    packet->reportBuffer[0] = VIRTIO_DIAG_HID_REPORT_ID;
    RtlCopyMemory(packet->reportBuffer + 1, &diag, sizeof(diag));
    *information = VIRTIO_DIAG_HID_REPORT_LENGTH;
    return STATUS_SUCCESS;
}
