/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The event log: why a device was refused, given up or reset. NDIS takes numbers only; its own texts, of the nearest code,
 * stand in the viewer, and behind them the numbers: reason (virtio_reason.h) and detail. Layer: glue.
 * IRQL: <= DISPATCH_LEVEL.
 */
#include "aerovnet.h"

static NDIS_ERROR_CODE CodeOf(VIRTIO_REASON reason)
{
    switch (reason) {
    case VIRTIO_REASON_NO_MEMORY:
    case VIRTIO_REASON_QUEUE_MEMORY:
    case VIRTIO_REASON_BAR_MAP_FAILED:
        return NDIS_ERROR_CODE_OUT_OF_RESOURCES;
    case VIRTIO_REASON_NO_INTERRUPT:
        return NDIS_ERROR_CODE_INTERRUPT_CONNECT;
    case VIRTIO_REASON_RESET_TIMEOUT:
    case VIRTIO_REASON_REQUEST_TIMEOUT:
        return NDIS_ERROR_CODE_TIMEOUT;
    case VIRTIO_REASON_LEGACY_ONLY:
    case VIRTIO_REASON_NO_VERSION_1:
    case VIRTIO_REASON_FEATURE_MISSING:
    case VIRTIO_REASON_NOT_A_VIRTIO_DEVICE:
        return NDIS_ERROR_CODE_UNSUPPORTED_CONFIGURATION;
    case VIRTIO_REASON_CONFIG_UNSTABLE:
    case VIRTIO_REASON_CONFIG_INVALID:
    case VIRTIO_REASON_USED_RING_INVALID:
    case VIRTIO_REASON_REQUEST_ANSWER_INVALID:
        return NDIS_ERROR_CODE_INVALID_VALUE_FROM_ADAPTER;
    default:
        return NDIS_ERROR_CODE_HARDWARE_FAILURE;
    }
}

VOID AerovnetReport(AEROVNET_ADAPTER *adapter)
{
    VIRTIO_REASON reason;
    ULONG detail;
    BOOLEAN is_new;

    NdisAcquireSpinLock(&adapter->lock);
    reason = adapter->device.reason;
    detail = adapter->device.reason_detail;
    is_new = reason != VIRTIO_REASON_NONE && reason != adapter->reported_reason &&
             adapter->report_count < AEROVNET_REPORTS_MAX;
    if (is_new) {
        adapter->reported_reason = reason;
        adapter->report_count++;
    }
    NdisReleaseSpinLock(&adapter->lock);
    if (is_new)
        NdisWriteErrorLogEntry(adapter->handle, CodeOf(reason), 2, (ULONG)reason, detail);
}
