/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* From finished requests to completed SRBs. Layer: glue. Highest IRQL: DIRQL. */
#include "aerovblk.h"

VOID AerovblkCompleteSrb(AEROVBLK_ADAPTER *adapter, PSCSI_REQUEST_BLOCK srb, UCHAR srb_status)
{
    if (srb->Function == SRB_FUNCTION_EXECUTE_SCSI) {
        srb->ScsiStatus = SCSI_STATUS_GOOD;
        srb->DataTransferLength = 0;
    }
    srb->SrbStatus = srb_status;
    StorPortNotification(RequestComplete, adapter, srb);
}

/* CHECK CONDITION, with the sense data in the SRB when it has room for it. */
static UCHAR PutSense(PSCSI_REQUEST_BLOCK srb, const SCSI_ACTION *action)
{
    srb->ScsiStatus = SCSI_STATUS_CHECK_CONDITION;
    srb->DataTransferLength = 0;
    if (srb->SenseInfoBuffer == NULL || srb->SenseInfoBufferLength == 0 ||
        (srb->SrbFlags & SRB_FLAGS_DISABLE_AUTOSENSE) != 0)
        return SRB_STATUS_ERROR;
    srb->SenseInfoBufferLength =
        (UCHAR)ScsiBuildSense(action, (UINT8 *)srb->SenseInfoBuffer, srb->SenseInfoBufferLength);
    return SRB_STATUS_ERROR | SRB_STATUS_AUTOSENSE_VALID;
}

static UCHAR PutResult(PSCSI_REQUEST_BLOCK srb, const SCSI_ACTION *action)
{
    if (srb->Function != SRB_FUNCTION_EXECUTE_SCSI) /* FLUSH and SHUTDOWN have neither data nor sense */
        return action->status == SCSI_STATUS_GOOD ? SRB_STATUS_SUCCESS : SRB_STATUS_ERROR;
    if (action->status != SCSI_STATUS_GOOD)
        return PutSense(srb, action);
    srb->ScsiStatus = SCSI_STATUS_GOOD;
    if (action->transferred >= srb->DataTransferLength)
        return SRB_STATUS_SUCCESS;
    srb->DataTransferLength = action->transferred;
    return SRB_STATUS_DATA_OVERRUN; /* StorPort's name for an underrun as well */
}

VOID AerovblkCompleteAction(AEROVBLK_ADAPTER *adapter, PSCSI_REQUEST_BLOCK srb, const SCSI_ACTION *action)
{
    srb->SrbStatus = PutResult(srb, action);
    StorPortNotification(RequestComplete, adapter, srb);
}

VOID AerovblkCompleteList(AEROVBLK_ADAPTER *adapter, BLK_REQUEST_LIST *done)
{
    BLK_REQUEST *request;
    PSCSI_REQUEST_BLOCK srb;
    SCSI_ACTION action;

    while ((request = BlkListPop(done)) != NULL) {
        srb = (PSCSI_REQUEST_BLOCK)request->owner;
        if (BlkScsiComplete(request, &action))
            AerovblkCompleteAction(adapter, srb, &action);
        else
            AerovblkCompleteSrb(adapter, srb, SRB_STATUS_BUS_RESET);
    }
}
