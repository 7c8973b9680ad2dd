/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Once a second: interrupts that never came, a device that asks for a reset or is gone, a control queue that does not
 * answer, frames that are not sent. A broken device is NDIS' to have reset (MiniportCheckForHangEx); when NDIS does not, as
 * while it waits for a pause, the device is reset from here. Layer: glue. IRQL: DISPATCH_LEVEL.
 */
#include "aerovnet.h"

#define UNITS_PER_MS 10000 /* of 100 ns */

VOID AerovnetArmWatchdog(AEROVNET_ADAPTER *adapter)
{
    LARGE_INTEGER due;

    if (adapter->is_halting || adapter->is_asleep) {
        NdisSetEvent(&adapter->unwatched);
        return;
    }
    NdisResetEvent(&adapter->unwatched);
    due.QuadPart = -(LONGLONG)AEROVNET_WATCHDOG_MS * UNITS_PER_MS;
    (void)NdisSetTimerObject(adapter->timer, due, 0, NULL);
}

/* Status, link and patience. */
static VOID CheckDevice(AEROVNET_ADAPTER *adapter)
{
    UINT32 changes = 0;

    NdisDprAcquireSpinLock(&adapter->lock);
    if (!adapter->is_down)
        changes = NetDevicePoll(&adapter->device);
    if (!adapter->is_down && adapter->device.state == NET_STATE_BROKEN) {
        adapter->broken_since++;
        if (adapter->broken_since > AEROVNET_PATIENCE)
            (void)AerovnetQueueWork(adapter, AEROVNET_WORK_RESET);
    }
    NdisDprReleaseSpinLock(&adapter->lock);
    if ((changes & NET_CHANGED_LINK) != 0)
        AerovnetIndicateLink(adapter);
}

static VOID CheckQueues(AEROVNET_ADAPTER *adapter)
{
    ULONG budget = AEROVNET_BATCH;
    BOOLEAN is_stuck;
    UINT16 i;

    for (i = 0; i < adapter->device.pair_count; i++) {
        AerovnetReap(&adapter->tx[i]);
        NdisDprAcquireSpinLock(&adapter->tx[i].lock);
        is_stuck = adapter->tx[i].queue->is_open && NetTxIsStuck(adapter->tx[i].queue);
        NdisDprReleaseSpinLock(&adapter->tx[i].lock);
        if (is_stuck)
            AerovnetBreak(adapter, VIRTIO_REASON_REQUEST_TIMEOUT, adapter->tx[i].queue->index);
        if (AerovnetReceive(&adapter->rx[i], &budget))
            AerovnetQueueDpc(adapter, adapter->vectors.rx[i]);
    }
}

VOID NTAPI AerovnetWatchdog(PVOID specific1, PVOID context, PVOID specific2, PVOID specific3)
{
    AEROVNET_ADAPTER *adapter = (AEROVNET_ADAPTER *)context;

    UNREFERENCED_PARAMETER(specific1);
    UNREFERENCED_PARAMETER(specific2);
    UNREFERENCED_PARAMETER(specific3);
    CheckDevice(adapter);
    CheckQueues(adapter);
    AerovnetServeControl(adapter, FALSE);
    AerovnetReport(adapter);
    NdisDprAcquireSpinLock(&adapter->lock);
    AerovnetArmWatchdog(adapter);
    NdisDprReleaseSpinLock(&adapter->lock);
}
