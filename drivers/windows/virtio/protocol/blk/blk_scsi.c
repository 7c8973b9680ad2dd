/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* SCSI commands on a virtio block device. Layer: core. Highest IRQL: DIRQL. */
#include "blk_scsi.h"

/* Fills the request's segments with exactly length bytes of the buffer. */
static BOOLEAN AddData(const BLK_DEVICE *device, BLK_REQUEST *request, BLK_GET_PIECE get_piece, void *context,
                       UINT32 length)
{
    UINT32 index = 0;
    UINT32 piece;
    UINT64 address;

    while (length != 0) {
        if (!get_piece(context, index, &address, &piece))
            return FALSE;
        if (piece > length)
            piece = length;
        if (!BlkRequestAddSegment(request, &device->limits, address, piece))
            return FALSE;
        length -= piece;
        index++;
    }
    return TRUE;
}

static BOOLEAN IsAlive(const BLK_DEVICE *device)
{
    return device->state == BLK_STATE_RUNNING || device->state == BLK_STATE_BROKEN;
}

BOOLEAN BlkScsiFlush(BLK_DEVICE *device, BLK_REQUEST *request, SCSI_ACTION *action)
{
    void *owner = request->owner;

    RtlZeroMemory(action, sizeof(*action));
    if (!IsAlive(device)) {
        ScsiActionFail(action, SCSI_SENSE_KEY_HARDWARE_ERROR, SCSI_ASC_INTERNAL_TARGET_FAILURE);
        return FALSE;
    }
    if (!device->config.has_flush) /* a cache that does not exist is always empty (BLK-02) */
        return FALSE;
    BlkRequestInit(request, BLK_FLUSH, 0);
    request->owner = owner;
    return NT_SUCCESS(BlkQueueSubmit(&device->queue, request)); /* a request without data is always taken */
}

/* READ and WRITE, in range. */
static BOOLEAN StartTransfer(BLK_DEVICE *device, BLK_GET_PIECE get_piece, void *context, BLK_REQUEST *request,
                             const SCSI_ACTION *action)
{
    void *owner = request->owner;
    /* block_size is a multiple of 512 and lba * block_size at most 2^63: no overflow */
    UINT64 sector = action->lba * (device->disk.block_size >> VIRTIO_BLK_SECTOR_SHIFT);

    BlkRequestInit(request, action->kind == SCSI_ACTION_WRITE ? BLK_WRITE : BLK_READ, sector);
    request->owner = owner;
    request->flush_after = action->fua && device->config.write_cache;
    if (!AddData(device, request, get_piece, context, action->transferred))
        return FALSE;
    return NT_SUCCESS(BlkQueueSubmit(&device->queue, request));
}

BOOLEAN BlkScsiExecute(BLK_DEVICE *device, const SCSI_REQUEST *scsi, BLK_GET_PIECE get_piece, void *context,
                       BLK_REQUEST *request, SCSI_ACTION *action)
{
    ScsiDiskExecute(&device->disk, scsi, action);
    if (action->kind == SCSI_ACTION_DONE)
        return FALSE;
    if (action->kind == SCSI_ACTION_FLUSH)
        return BlkScsiFlush(device, request, action);
    if (!IsAlive(device)) {
        ScsiActionFail(action, SCSI_SENSE_KEY_HARDWARE_ERROR, SCSI_ASC_INTERNAL_TARGET_FAILURE);
        return FALSE;
    }
    if (!StartTransfer(device, get_piece, context, request, action)) {
        ScsiActionFail(action, SCSI_SENSE_KEY_ILLEGAL_REQUEST, SCSI_ASC_INVALID_FIELD_IN_CDB);
        return FALSE;
    }
    return TRUE;
}

static VOID FailMedium(const BLK_REQUEST *request, SCSI_ACTION *action)
{
    if (request->type == BLK_READ)
        ScsiActionFail(action, SCSI_SENSE_KEY_MEDIUM_ERROR, SCSI_ASC_READ_ERROR);
    else
        ScsiActionFail(action, SCSI_SENSE_KEY_MEDIUM_ERROR, SCSI_ASC_WRITE_FAULT);
}

BOOLEAN BlkScsiComplete(const BLK_REQUEST *request, SCSI_ACTION *action)
{
    RtlZeroMemory(action, sizeof(*action));
    switch (request->result) {
    case BLK_RESULT_OK:
        action->transferred = request->data_length;
        break;
    case BLK_RESULT_IO_ERROR:
    case BLK_RESULT_SHORT:
        FailMedium(request, action);
        break;
    case BLK_RESULT_UNSUPPORTED:
        ScsiActionFail(action, SCSI_SENSE_KEY_ILLEGAL_REQUEST, SCSI_ASC_INVALID_OPCODE);
        break;
    case BLK_RESULT_RESET:
        ScsiActionFail(action, SCSI_SENSE_KEY_ABORTED, SCSI_ASC_NONE);
        return FALSE;
    default:
        ScsiActionFail(action, SCSI_SENSE_KEY_HARDWARE_ERROR, SCSI_ASC_INTERNAL_TARGET_FAILURE);
        break;
    }
    return TRUE;
}
