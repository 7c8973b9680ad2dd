/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * HwStartIo: starts each SRB or answers it. Layer: glue.
 * IRQL: DISPATCH_LEVEL with the StartIo lock; takes the interrupt lock around the device.
 */
#include "aerovblk.h"

/* One element of StorPort's list (BLK_GET_PIECE). */
static BOOLEAN GetPiece(void *context, UINT32 index, UINT64 *address, UINT32 *length)
{
    const STOR_SCATTER_GATHER_LIST *list = (const STOR_SCATTER_GATHER_LIST *)context;

    if (list == NULL || index >= list->NumberOfElements)
        return FALSE;
    *address = (UINT64)list->List[index].PhysicalAddress.QuadPart;
    *length = list->List[index].Length;
    return TRUE;
}

/* TRUE: on its way, or waiting in the queue; FALSE: finished. Interrupt lock. */
static BOOLEAN ExecuteScsi(AEROVBLK_ADAPTER *adapter, PSCSI_REQUEST_BLOCK srb, SCSI_ACTION *action)
{
    AEROVBLK_SRB *part = (AEROVBLK_SRB *)srb->SrbExtension;
    SCSI_REQUEST scsi;

    scsi.cdb = srb->Cdb;
    scsi.cdb_length = srb->CdbLength;
    scsi.lun = srb->Lun;
    scsi.data_in = (srb->SrbFlags & SRB_FLAGS_DATA_IN) != 0;
    scsi.data_out = (srb->SrbFlags & SRB_FLAGS_DATA_OUT) != 0;
    scsi.data = (UINT8 *)srb->DataBuffer;
    scsi.data_length = srb->DataTransferLength;
    part->request.owner = srb;
    return BlkScsiExecute(&adapter->device, &scsi, GetPiece, part->list, &part->request, action);
}

static BOOLEAN Flush(AEROVBLK_ADAPTER *adapter, PSCSI_REQUEST_BLOCK srb, SCSI_ACTION *action)
{
    AEROVBLK_SRB *part = (AEROVBLK_SRB *)srb->SrbExtension;

    part->request.owner = srb;
    return BlkScsiFlush(&adapter->device, &part->request, action);
}

/*
 * Asks for the deepest queue with the unit's first INQUIRY (not possible before): what the ring has no room for waits
 * in the request queue. StorPort's default would leave most of the ring unused.
 */
static VOID SetQueueDepth(AEROVBLK_ADAPTER *adapter, const SCSI_REQUEST_BLOCK *srb)
{
    if (adapter->is_depth_set || srb->Lun != 0 || srb->Cdb[0] != SCSI_OP_INQUIRY)
        return;
    adapter->is_depth_set = StorPortSetDeviceQueueDepth(adapter, 0, 0, 0, AEROVBLK_QUEUE_DEPTH);
}

/* SRBs that act on the device. */
static VOID StartOnDevice(AEROVBLK_ADAPTER *adapter, PSCSI_REQUEST_BLOCK srb)
{
    STOR_LOCK_HANDLE lock;
    SCSI_ACTION action;
    BOOLEAN is_started;

    srb->SrbStatus = SRB_STATUS_PENDING;
    StorPortAcquireSpinLock(adapter, InterruptLock, NULL, &lock);
    if (srb->Function == SRB_FUNCTION_EXECUTE_SCSI)
        is_started = ExecuteScsi(adapter, srb, &action);
    else
        is_started = Flush(adapter, srb, &action);
    StorPortReleaseSpinLock(adapter, &lock);
    if (!is_started)
        AerovblkCompleteAction(adapter, srb, &action);
    AerovblkReport(adapter); /* what the interrupt routine found may not be logged there */
}

static VOID StartIoControl(AEROVBLK_ADAPTER *adapter, PSCSI_REQUEST_BLOCK srb)
{
    STOR_LOCK_HANDLE lock;
    UCHAR srb_status;

    StorPortAcquireSpinLock(adapter, InterruptLock, NULL, &lock);
    srb_status = AerovblkIoControl(adapter, srb);
    StorPortReleaseSpinLock(adapter, &lock);
    srb->SrbStatus = srb_status;
    StorPortNotification(RequestComplete, adapter, srb);
}

/* Only told; a device that was pulled out gives back what it holds. */
static VOID StartPnp(AEROVBLK_ADAPTER *adapter, PSCSI_REQUEST_BLOCK srb)
{
    const SCSI_PNP_REQUEST_BLOCK *pnp = (const SCSI_PNP_REQUEST_BLOCK *)srb;
    BLK_REQUEST_LIST done = {NULL, NULL};
    STOR_LOCK_HANDLE lock;

    if ((pnp->SrbPnPFlags & SRB_PNP_FLAGS_ADAPTER_REQUEST) != 0 && pnp->PnPAction == StorSurpriseRemoval) {
        StorPortAcquireSpinLock(adapter, InterruptLock, NULL, &lock);
        AerovblkStop(adapter, &done);
        StorPortReleaseSpinLock(adapter, &lock);
        AerovblkCompleteList(adapter, &done);
    }
    AerovblkCompleteSrb(adapter, srb, SRB_STATUS_SUCCESS);
}

BOOLEAN NTAPI AerovblkStartIo(PVOID extension, PSCSI_REQUEST_BLOCK srb)
{
    AEROVBLK_ADAPTER *adapter = (AEROVBLK_ADAPTER *)extension;

    switch (srb->Function) {
    case SRB_FUNCTION_EXECUTE_SCSI:
        if (srb->PathId != 0 || srb->TargetId != 0) {
            AerovblkCompleteSrb(adapter, srb, SRB_STATUS_NO_DEVICE);
            break;
        }
        SetQueueDepth(adapter, srb);
        StartOnDevice(adapter, srb);
        break;
    case SRB_FUNCTION_FLUSH:
    case SRB_FUNCTION_SHUTDOWN:
        StartOnDevice(adapter, srb);
        break;
    case SRB_FUNCTION_RESET_LOGICAL_UNIT:
    case SRB_FUNCTION_RESET_DEVICE:
    case SRB_FUNCTION_RESET_BUS:
        AerovblkCompleteSrb(adapter, srb, AerovblkRecover(adapter, VIRTIO_REASON_REQUEST_TIMEOUT)
                                              ? SRB_STATUS_SUCCESS
                                              : SRB_STATUS_ERROR);
        break;
    case SRB_FUNCTION_IO_CONTROL:
        StartIoControl(adapter, srb);
        break;
    case SRB_FUNCTION_PNP:
        StartPnp(adapter, srb);
        break;
    case SRB_FUNCTION_POWER:
        AerovblkCompleteSrb(adapter, srb, SRB_STATUS_SUCCESS);
        break;
    default:
        AerovblkCompleteSrb(adapter, srb, SRB_STATUS_INVALID_REQUEST);
        break;
    }
    return TRUE;
}
