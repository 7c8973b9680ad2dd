/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * HwAdapterControl: stop and restart for power and PnP. Takes no lock: ScsiStopAdapter comes with the interrupt lock
 * held, ScsiRestartAdapter with or without it by what one believes, and StorPort has paused all requests for both.
 * Layer: glue. IRQL: any up to DIRQL.
 */
#include "aerovblk.h"

static VOID AnswerQuery(SCSI_SUPPORTED_CONTROL_TYPE_LIST *list)
{
    static const SCSI_ADAPTER_CONTROL_TYPE supported[] = {ScsiQuerySupportedControlTypes, ScsiStopAdapter,
                                                          ScsiRestartAdapter};
    ULONG i;

    for (i = 0; i < VIRTIO_ARRAY_COUNT(supported); i++) {
        if ((ULONG)supported[i] < list->MaxControlType)
            list->SupportedTypeList[supported[i]] = TRUE;
    }
}

SCSI_ADAPTER_CONTROL_STATUS NTAPI AerovblkAdapterControl(PVOID extension, SCSI_ADAPTER_CONTROL_TYPE type,
                                                         PVOID parameters)
{
    AEROVBLK_ADAPTER *adapter = (AEROVBLK_ADAPTER *)extension;
    BLK_REQUEST_LIST done = {NULL, NULL};
    NTSTATUS status;

    switch (type) {
    case ScsiQuerySupportedControlTypes:
        AnswerQuery((SCSI_SUPPORTED_CONTROL_TYPE_LIST *)parameters);
        return ScsiAdapterControlSuccess;
    case ScsiStopAdapter:
        AerovblkStop(adapter, &done);
        AerovblkCompleteList(adapter, &done);
        return ScsiAdapterControlSuccess;
    case ScsiRestartAdapter:
        status = BlkDeviceRecover(&adapter->device, VIRTIO_REASON_NONE, &done);
        AerovblkCompleteList(adapter, &done);
        VirtioBarrierCompiler(); /* the device's fields before the flag that lets interrupts use them */
        adapter->is_ready = TRUE;
        AerovblkArmWatchdog(adapter); /* a failure too: it is logged there */
        return NT_SUCCESS(status) ? ScsiAdapterControlSuccess : ScsiAdapterControlUnsuccessful;
    default:
        return ScsiAdapterControlUnsuccessful;
    }
}
