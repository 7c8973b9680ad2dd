/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * MiniportHaltEx gives everything back; MiniportShutdownEx only makes the device stop writing memory.
 * Layer: glue. IRQL: PASSIVE_LEVEL; shutdown: any.
 */
#include "aerovnet.h"

VOID AerovnetDestroy(AEROVNET_ADAPTER *adapter)
{
    UINT16 i;

    if (adapter->interrupt != NULL && adapter->device.state != NET_STATE_STOPPED)
        (void)NetDeviceStop(&adapter->device, VIRTIO_REASON_NONE); /* nobody could lower its line any more */
    AerovnetInterruptUninit(adapter);
    if (adapter->timer != NULL)
        NdisFreeTimerObject(adapter->timer);
    if (adapter->work_item != NULL)
        NdisFreeIoWorkItem(adapter->work_item);
    for (i = NET_PAIRS_MAX; i-- > 0;)
        AerovnetReceivePoolUninit(&adapter->rx[i]);
    NetDeviceUninit(&adapter->device);
    if (adapter->dma != NULL)
        NdisMDeregisterScatterGatherDma(adapter->dma);
    AerovnetPciUninit(adapter);
    NdisFreeMemory(adapter, 0, 0);
}

/* Nothing of others is held any more (NDIS pauses first). Watchdog and work end before anything is freed. */
VOID NTAPI AerovnetHaltEx(NDIS_HANDLE context, NDIS_HALT_ACTION action)
{
    AEROVNET_ADAPTER *adapter = (AEROVNET_ADAPTER *)context;

    UNREFERENCED_PARAMETER(action);
    NdisAcquireSpinLock(&adapter->lock);
    adapter->is_halting = TRUE;
    NdisReleaseSpinLock(&adapter->lock);
    (void)NdisWaitEvent(&adapter->idle, 0);
    if (!NdisCancelTimerObject(adapter->timer))
        (void)NdisWaitEvent(&adapter->unwatched, 0);
    /* whoever set an event did it with the adapter's lock, and has left that when this has got it */
    AerovnetTakeDown(adapter, VIRTIO_REASON_NONE, NDIS_STATUS_PAUSED);
    InterlockedExchange(&adapter->is_ready, 0);
    AerovnetDestroy(adapter);
}

/* No lock may be waited for here: the system may have stopped in the middle of anything. */
VOID NTAPI AerovnetShutdownEx(NDIS_HANDLE context, NDIS_SHUTDOWN_ACTION action)
{
    AEROVNET_ADAPTER *adapter = (AEROVNET_ADAPTER *)context;

    UNREFERENCED_PARAMETER(action);
    (void)VirtioPciReset(&adapter->device.pci);
}
