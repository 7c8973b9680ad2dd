/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * MiniportPause and MiniportRestart, and the count of what is not ours. Pausing needs nothing that could be missing: the
 * count holds one reference while the data path is open, and whoever drops the last one completes the pause.
 * Layer: glue. IRQL: PASSIVE_LEVEL; AerovnetRelease, AerovnetUpdateFlow: <= DISPATCH_LEVEL.
 */
#include "aerovnet.h"

/* TRUE: that was the last. */
static BOOLEAN Drop(AEROVNET_ADAPTER *adapter, LONG count)
{
    return InterlockedExchangeAdd(&adapter->references, -count) == count;
}

VOID AerovnetRelease(AEROVNET_ADAPTER *adapter, LONG count)
{
    if (count != 0 && Drop(adapter, count))
        NdisMPauseComplete(adapter->handle);
}

/* What frames that are to be sent end with. Locks: the adapter's. */
static NDIS_STATUS FlowStatus(const AEROVNET_ADAPTER *adapter)
{
    if (adapter->is_removed)
        return NDIS_STATUS_NOT_ACCEPTED;
    if (!adapter->is_running)
        return NDIS_STATUS_PAUSED;
    if (adapter->is_asleep)
        return NDIS_STATUS_LOW_POWER_STATE;
    return adapter->device.state == NET_STATE_DEAD ? NDIS_STATUS_FAILURE : NDIS_STATUS_SUCCESS;
}

VOID AerovnetUpdateFlow(AEROVNET_ADAPTER *adapter)
{
    NDIS_STATUS status;
    KIRQL irql;
    UINT16 i;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    NdisDprAcquireSpinLock(&adapter->lock);
    status = FlowStatus(adapter);
    for (i = 0; i < adapter->device.pair_count; i++) {
        NdisDprAcquireSpinLock(&adapter->rx[i].lock);
        adapter->rx[i].is_running = status == NDIS_STATUS_SUCCESS;
        NdisDprReleaseSpinLock(&adapter->rx[i].lock);
        NdisDprAcquireSpinLock(&adapter->tx[i].lock);
        adapter->tx[i].status = status;
        NdisDprReleaseSpinLock(&adapter->tx[i].lock);
    }
    NdisDprReleaseSpinLock(&adapter->lock);
    for (i = 0; i < adapter->device.pair_count; i++)
        AerovnetPump(&adapter->tx[i]);
    KeLowerIrql(irql);
}

NDIS_STATUS NTAPI AerovnetPause(NDIS_HANDLE context, PNDIS_MINIPORT_PAUSE_PARAMETERS parameters)
{
    AEROVNET_ADAPTER *adapter = (AEROVNET_ADAPTER *)context;

    UNREFERENCED_PARAMETER(parameters);
    NdisAcquireSpinLock(&adapter->lock);
    adapter->is_running = FALSE;
    NdisReleaseSpinLock(&adapter->lock);
    AerovnetUpdateFlow(adapter);
    return Drop(adapter, 1) ? NDIS_STATUS_SUCCESS : NDIS_STATUS_PENDING;
}

NDIS_STATUS NTAPI AerovnetRestart(NDIS_HANDLE context, PNDIS_MINIPORT_RESTART_PARAMETERS parameters)
{
    AEROVNET_ADAPTER *adapter = (AEROVNET_ADAPTER *)context;
    KIRQL irql;
    UINT16 i;

    UNREFERENCED_PARAMETER(parameters);
    InterlockedExchange(&adapter->references, 1);
    NdisAcquireSpinLock(&adapter->lock);
    adapter->is_running = TRUE;
    NdisReleaseSpinLock(&adapter->lock);
    AerovnetUpdateFlow(adapter);
    /* what came in while the adapter was paused has had its interrupt */
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    for (i = 0; i < adapter->device.pair_count; i++)
        AerovnetQueueDpc(adapter, adapter->vectors.rx[i]);
    KeLowerIrql(irql);
    return NDIS_STATUS_SUCCESS;
}
