/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The diagnostic record for user programs, which reach it through WMI (virtio_diag.h). Layer: glue. IRQL: <= DISPATCH_LEVEL. */
#include "aerovnet.h"

const NDIS_GUID aerovnet_guids[1] = {
    {VIRTIO_DIAG_NDIS_GUID, {VIRTIO_DIAG_NDIS_OID}, sizeof(VIRTIO_DIAG), fNDIS_GUID_TO_OID | fNDIS_GUID_ALLOW_READ},
};

VOID AerovnetDescribe(AEROVNET_ADAPTER *adapter, VIRTIO_DIAG *diag)
{
    NdisAcquireSpinLock(&adapter->lock);
    if (adapter->is_asleep) { /* its registers may not be touched */
        RtlZeroMemory(diag, sizeof(*diag));
        diag->version = VIRTIO_DIAG_VERSION;
        diag->size = sizeof(*diag);
        diag->state = (UINT8)adapter->device.state;
    } else {
        NetDeviceDescribe(&adapter->device, diag);
    }
    NdisReleaseSpinLock(&adapter->lock);
    diag->driver_version = VIRTIO_VERSION_NUMBER;
    diag->interrupts = (ULONG)adapter->interrupts;
    diag->message_count = adapter->vectors.message_count;
    diag->interrupt_mode =
        diag->message_count != 0 ? VIRTIO_DIAG_INTERRUPT_MESSAGE : VIRTIO_DIAG_INTERRUPT_LINE;
}
