/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the control queue and the configuration say, and what follows: OID requests that end, link indications, faults.
 * Layer: glue. IRQL: <= DISPATCH_LEVEL.
 */
#include "aerovnet.h"

static UINT64 Now(VOID)
{
    LARGE_INTEGER now;

    NdisGetSystemUpTimeEx(&now);
    return (UINT64)now.QuadPart;
}

VOID AerovnetApplyFilter(AEROVNET_ADAPTER *adapter)
{
    UINT16 i;

    for (i = 0; i < adapter->device.pair_count; i++) {
        NdisAcquireSpinLock(&adapter->rx[i].lock);
        adapter->rx[i].queue->filter = adapter->filter;
        NdisReleaseSpinLock(&adapter->rx[i].lock);
    }
    if (!adapter->is_down)
        NetCtrlSetFilter(&adapter->device.ctrl, &adapter->filter);
}

/*
 * The control queue does not answer, or broke its ring: the device is to be reset, and then given everything again. When that
 * did not help (AEROVNET_CONTROL_TRIES), the card goes on without: frames are filtered here anyhow.
 * Returns: FALSE: it has been given up. Locks: the adapter's.
 */
static BOOLEAN BreakControl(AEROVNET_ADAPTER *adapter)
{
    if (adapter->control_failures == AEROVNET_CONTROL_TRIES)
        return FALSE;
    if (adapter->device.state == NET_STATE_RUNNING)
        adapter->control_failures++;
    NetDeviceBreak(&adapter->device, adapter->device.ctrl.reason, adapter->device.ctrl.index);
    return TRUE;
}

/*
 * Whether what was wanted of the control queue has ended, and how. What waits for a device that is being reset waits on.
 * Locks: the adapter's.
 */
static BOOLEAN IsFilterDone(AEROVNET_ADAPTER *adapter, NDIS_STATUS *status)
{
    *status = NDIS_STATUS_SUCCESS;
    if (adapter->is_removed) {
        *status = NDIS_STATUS_NOT_ACCEPTED;
        return TRUE;
    }
    if (adapter->is_asleep) /* it is told when it wakes up */
        return TRUE;
    if (adapter->is_down) {
        *status = NDIS_STATUS_FAILURE;
        return adapter->device.state == NET_STATE_DEAD && !adapter->is_working;
    }
    switch (NetCtrlPoll(&adapter->device.ctrl, Now())) {
    case NET_CTRL_BUSY:
        return FALSE;
    case NET_CTRL_IDLE:
        adapter->control_failures = 0;
        if (!NT_SUCCESS(NetCtrlResult(&adapter->device.ctrl)))
            *status = NDIS_STATUS_FAILURE;
        return TRUE;
    default:
        return !BreakControl(adapter);
    }
}

NDIS_STATUS AerovnetStartFilter(AEROVNET_ADAPTER *adapter, PNDIS_OID_REQUEST request)
{
    NDIS_STATUS status;

    AerovnetApplyFilter(adapter);
    if (IsFilterDone(adapter, &status))
        return status;
    adapter->filter_request = request;
    return NDIS_STATUS_PENDING;
}

VOID AerovnetServeControl(AEROVNET_ADAPTER *adapter, BOOLEAN config_changed)
{
    PNDIS_OID_REQUEST request = NULL;
    UINT32 changes = 0;
    NDIS_STATUS status;

    NdisAcquireSpinLock(&adapter->lock);
    if (config_changed && !adapter->is_down)
        changes = NetDeviceConfigChanged(&adapter->device);
    if (IsFilterDone(adapter, &status)) {
        request = adapter->filter_request;
        adapter->filter_request = NULL;
    }
    NdisReleaseSpinLock(&adapter->lock);
    if (request != NULL)
        NdisMOidRequestComplete(adapter->handle, request, status);
    if ((changes & NET_CHANGED_LINK) != 0)
        AerovnetIndicateLink(adapter);
}

VOID AerovnetBreak(AEROVNET_ADAPTER *adapter, VIRTIO_REASON reason, UINT16 queue_index)
{
    NdisAcquireSpinLock(&adapter->lock);
    if (!adapter->is_down)
        NetDeviceBreak(&adapter->device, reason, queue_index);
    NdisReleaseSpinLock(&adapter->lock);
}
