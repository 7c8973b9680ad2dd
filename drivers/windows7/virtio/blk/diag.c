/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* IOCTL_SCSI_MINIPORT: the diagnostic record for user programs. Layer: glue. IRQL: any, with the interrupt lock. */
#include "aerovblk.h"
#include <ntddscsi.h>

/* Whether the buffer holds our request; room: out: bytes behind its header. */
static BOOLEAN IsOurs(const SRB_IO_CONTROL *header, ULONG length, ULONG *room)
{
    if (header == NULL || length < sizeof(*header) || header->HeaderLength != sizeof(*header))
        return FALSE;
    if (memcmp(header->Signature, VIRTIO_DIAG_SIGNATURE, VIRTIO_DIAG_SIGNATURE_LENGTH) != 0)
        return FALSE;
    *room = length - sizeof(*header);
    if (*room > header->Length)
        *room = header->Length;
    return header->ControlCode == VIRTIO_DIAG_CODE_QUERY;
}

UCHAR AerovblkIoControl(AEROVBLK_ADAPTER *adapter, PSCSI_REQUEST_BLOCK srb)
{
    SRB_IO_CONTROL *header = (SRB_IO_CONTROL *)srb->DataBuffer;
    VIRTIO_DIAG diag;
    ULONG room;

    if (!IsOurs(header, srb->DataTransferLength, &room)) {
        srb->DataTransferLength = 0;
        return SRB_STATUS_INVALID_REQUEST;
    }
    BlkDeviceDescribe(&adapter->device, &diag);
    diag.driver_version = VIRTIO_VERSION_NUMBER;
    diag.interrupt_mode = VIRTIO_DIAG_INTERRUPT_LINE;
    if (adapter->message_count != 0)
        diag.interrupt_mode = VIRTIO_DIAG_INTERRUPT_MESSAGE;
    diag.message_count = (UINT16)adapter->message_count;
    if (room > sizeof(diag))
        room = sizeof(diag);
    RtlCopyMemory(header + 1, &diag, room);
    header->ReturnCode = 0;
    header->Length = room;
    srb->DataTransferLength = sizeof(*header) + room;
    return SRB_STATUS_SUCCESS;
}
