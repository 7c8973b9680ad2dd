/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Stopping the device and bringing it up again: MiniportCheckForHangEx, MiniportResetEx, and the work item that does what
 * may take a second (a reset that a device is slow with). Layer: glue. IRQL: the work item: PASSIVE_LEVEL.
 */
#include "aerovnet.h"

BOOLEAN NTAPI AerovnetCheckForHangEx(NDIS_HANDLE context)
{
    AEROVNET_ADAPTER *adapter = (AEROVNET_ADAPTER *)context;
    BOOLEAN is_broken;

    NdisAcquireSpinLock(&adapter->lock);
    is_broken = !adapter->is_down && adapter->device.state == NET_STATE_BROKEN;
    NdisReleaseSpinLock(&adapter->lock);
    return is_broken;
}

BOOLEAN AerovnetQueueWork(AEROVNET_ADAPTER *adapter, ULONG work)
{
    if (adapter->is_halting)
        return FALSE;
    adapter->work |= work;
    if (!adapter->is_working) {
        adapter->is_working = TRUE;
        NdisResetEvent(&adapter->idle);
        NdisQueueIoWorkItem(adapter->work_item, AerovnetWork, adapter);
    }
    return TRUE;
}

NDIS_STATUS NTAPI AerovnetResetEx(NDIS_HANDLE context, PBOOLEAN addressing_reset)
{
    AEROVNET_ADAPTER *adapter = (AEROVNET_ADAPTER *)context;
    NDIS_STATUS status = NDIS_STATUS_PENDING;

    *addressing_reset = FALSE; /* filter and addresses are given to the device again without NDIS */
    NdisAcquireSpinLock(&adapter->lock);
    if (adapter->is_reset_pending) {
        status = NDIS_STATUS_RESET_IN_PROGRESS;
    } else {
        adapter->is_reset_pending = TRUE;
        if (!AerovnetQueueWork(adapter, AEROVNET_WORK_RESET))
            status = NDIS_STATUS_HARD_ERRORS;
    }
    NdisReleaseSpinLock(&adapter->lock);
    return status;
}

/* Nobody starts anything with the device from here on; each lock says when those are out who had started. */
static VOID Close(AEROVNET_ADAPTER *adapter)
{
    UINT16 i;

    NdisDprAcquireSpinLock(&adapter->lock);
    adapter->is_down = TRUE;
    NetCtrlClose(&adapter->device.ctrl);
    NdisDprReleaseSpinLock(&adapter->lock);
    for (i = 0; i < adapter->device.pair_count; i++) {
        NdisDprAcquireSpinLock(&adapter->rx[i].lock);
        NetRxClose(adapter->rx[i].queue);
        NdisDprReleaseSpinLock(&adapter->rx[i].lock);
        NdisDprAcquireSpinLock(&adapter->tx[i].lock);
        NetTxClose(adapter->tx[i].queue);
        NdisDprReleaseSpinLock(&adapter->tx[i].lock);
    }
}

VOID AerovnetTakeDown(AEROVNET_ADAPTER *adapter, VIRTIO_REASON reason, NDIS_STATUS status)
{
    KIRQL irql;
    UINT16 i;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    Close(adapter);
    KeLowerIrql(irql);

    (void)NetDeviceStop(&adapter->device, reason); /* may wait, and holds no lock */

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    for (i = 0; i < adapter->device.pair_count; i++)
        AerovnetTakeBack(&adapter->tx[i], status);
    KeLowerIrql(irql);
}

/* The device with the same queues again. It stays down, and DEAD, when that fails. */
static VOID BringUp(AEROVNET_ADAPTER *adapter)
{
    KIRQL irql;
    UINT16 i;

    InterlockedExchange(&adapter->is_silent, 0);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    NdisDprAcquireSpinLock(&adapter->lock);
    for (i = 0; i < adapter->device.pair_count; i++) {
        NdisDprAcquireSpinLock(&adapter->rx[i].lock);
        NdisDprAcquireSpinLock(&adapter->tx[i].lock);
    }
    if (adapter->device.state == NET_STATE_STOPPED)
        (void)NetDeviceStart(&adapter->device, &adapter->vectors);
    for (i = adapter->device.pair_count; i-- > 0;) {
        NdisDprReleaseSpinLock(&adapter->tx[i].lock);
        NdisDprReleaseSpinLock(&adapter->rx[i].lock);
    }
    adapter->broken_since = 0;
    adapter->is_asleep = FALSE;
    if (adapter->device.state == NET_STATE_RUNNING) {
        adapter->is_down = FALSE;
        AerovnetApplyFilter(adapter);
    }
    AerovnetArmWatchdog(adapter);
    NdisDprReleaseSpinLock(&adapter->lock);
    KeLowerIrql(irql);

    AerovnetUpdateFlow(adapter);
    AerovnetServeControl(adapter, FALSE);
    AerovnetIndicateLink(adapter);
    AerovnetReport(adapter);
}

/* What the record says about a reset that NDIS asked for: a request took too long, if nothing else is known. */
static VOID Reset(AEROVNET_ADAPTER *adapter)
{
    VIRTIO_REASON reason = VIRTIO_REASON_REQUEST_TIMEOUT;

    if (adapter->device.state == NET_STATE_BROKEN)
        reason = adapter->device.reason;
    AerovnetTakeDown(adapter, reason, NDIS_STATUS_RESET_IN_PROGRESS);
    BringUp(adapter);
}

/* To D3: nothing is left running, and nothing of the device is touched any more. */
static VOID Sleep(AEROVNET_ADAPTER *adapter)
{
    NdisAcquireSpinLock(&adapter->lock);
    adapter->is_asleep = TRUE;
    NdisReleaseSpinLock(&adapter->lock);
    if (NdisCancelTimerObject(adapter->timer))
        NdisSetEvent(&adapter->unwatched);
    AerovnetUpdateFlow(adapter);
    AerovnetTakeDown(adapter, VIRTIO_REASON_NONE, NDIS_STATUS_LOW_POWER_STATE);
    InterlockedExchange(&adapter->is_silent, 1); /* not before: until the reset its line had to be lowered */
    AerovnetIndicateLink(adapter);
}

static VOID CompleteReset(AEROVNET_ADAPTER *adapter)
{
    BOOLEAN is_pending;
    BOOLEAN is_running;

    NdisAcquireSpinLock(&adapter->lock);
    is_pending = adapter->is_reset_pending;
    adapter->is_reset_pending = FALSE;
    is_running = adapter->device.state == NET_STATE_RUNNING;
    NdisReleaseSpinLock(&adapter->lock);
    if (is_pending)
        NdisMResetComplete(adapter->handle, is_running ? NDIS_STATUS_SUCCESS : NDIS_STATUS_HARD_ERRORS, FALSE);
}

static VOID CompletePower(AEROVNET_ADAPTER *adapter)
{
    PNDIS_OID_REQUEST request;

    NdisAcquireSpinLock(&adapter->lock);
    request = adapter->power_request;
    adapter->power_request = NULL;
    NdisReleaseSpinLock(&adapter->lock);
    if (request != NULL)
        NdisMOidRequestComplete(adapter->handle, request, NDIS_STATUS_SUCCESS); /* it may not fail */
}

static VOID DoWork(AEROVNET_ADAPTER *adapter, ULONG work, BOOLEAN is_possible)
{
    if ((work & AEROVNET_WORK_SLEEP) != 0 && is_possible)
        Sleep(adapter);
    if ((work & AEROVNET_WORK_WAKE) != 0 && is_possible) {
        if (adapter->device.state != NET_STATE_STOPPED) /* it did not finish its reset when it was to sleep */
            (void)NetDeviceStop(&adapter->device, VIRTIO_REASON_NONE);
        BringUp(adapter);
    }
    if ((work & AEROVNET_WORK_RESET) != 0) {
        if (is_possible && !adapter->is_asleep)
            Reset(adapter);
        CompleteReset(adapter);
    }
    if ((work & (AEROVNET_WORK_SLEEP | AEROVNET_WORK_WAKE)) != 0)
        CompletePower(adapter);
}

VOID NTAPI AerovnetWork(PVOID context, NDIS_HANDLE work_item)
{
    AEROVNET_ADAPTER *adapter = (AEROVNET_ADAPTER *)context;
    BOOLEAN is_possible;
    ULONG work;

    UNREFERENCED_PARAMETER(work_item);
    for (;;) {
        NdisAcquireSpinLock(&adapter->lock);
        work = adapter->work;
        adapter->work = 0;
        is_possible = !adapter->is_removed;
        if (work == 0)
            break;
        NdisReleaseSpinLock(&adapter->lock);
        DoWork(adapter, work, is_possible);
    }
    adapter->is_working = FALSE;
    NdisSetEvent(&adapter->idle);
    NdisReleaseSpinLock(&adapter->lock); /* MiniportHaltEx waits for this, too */
}
