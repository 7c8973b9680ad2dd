/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* MiniportDevicePnPEventNotify: a device that was pulled out gives back what it holds. Layer: glue. IRQL: PASSIVE_LEVEL. */
#include "aerovnet.h"

static VOID Remove(AEROVNET_ADAPTER *adapter)
{
    NdisAcquireSpinLock(&adapter->lock);
    adapter->is_removed = TRUE; /* work that is not begun does nothing any more */
    NdisReleaseSpinLock(&adapter->lock);
    (void)NdisWaitEvent(&adapter->idle, 0);
    AerovnetTakeDown(adapter, VIRTIO_REASON_DEVICE_GONE, NDIS_STATUS_NOT_ACCEPTED);
    AerovnetUpdateFlow(adapter);
    AerovnetServeControl(adapter, FALSE);
}

VOID NTAPI AerovnetDevicePnPEventNotify(NDIS_HANDLE context, PNET_DEVICE_PNP_EVENT event)
{
    if (event->DevicePnPEvent == NdisDevicePnPEventSurpriseRemoved)
        Remove((AEROVNET_ADAPTER *)context);
}
