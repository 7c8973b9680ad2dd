/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* OID queries. Layer: glue. IRQL: <= DISPATCH_LEVEL. */
#include "aerovnet.h"

#define ETHERNET_HEADER 14
#define VENDOR_UNKNOWN  0x00FFFFFF /* no vendor code of the IEEE's */
#define VENDOR_TEXT     "Virtio network adapter"

static NDIS_STATUS PutBytes(PNDIS_OID_REQUEST request, const VOID *bytes, ULONG length)
{
    if (request->DATA.QUERY_INFORMATION.InformationBufferLength < length) {
        request->DATA.QUERY_INFORMATION.BytesWritten = 0;
        request->DATA.QUERY_INFORMATION.BytesNeeded = length;
        return NDIS_STATUS_BUFFER_TOO_SHORT;
    }
    RtlCopyMemory(request->DATA.QUERY_INFORMATION.InformationBuffer, bytes, length);
    request->DATA.QUERY_INFORMATION.BytesWritten = length;
    request->DATA.QUERY_INFORMATION.BytesNeeded = 0;
    return NDIS_STATUS_SUCCESS;
}

static NDIS_STATUS PutUlong(PNDIS_OID_REQUEST request, ULONG value)
{
    return PutBytes(request, &value, sizeof(value));
}

/* A counter: 64 bits, or the lower 32 into a buffer of 4 bytes. */
static NDIS_STATUS PutCounter(PNDIS_OID_REQUEST request, ULONG64 value)
{
    NDIS_STATUS status;

    if (request->DATA.QUERY_INFORMATION.InformationBufferLength >= sizeof(value))
        return PutBytes(request, &value, sizeof(value));
    status = PutUlong(request, (ULONG)value);
    request->DATA.QUERY_INFORMATION.BytesNeeded = sizeof(value);
    return status;
}

static NDIS_STATUS PutModeration(PNDIS_OID_REQUEST request)
{
    NDIS_INTERRUPT_MODERATION_PARAMETERS moderation;

    RtlZeroMemory(&moderation, sizeof(moderation));
    moderation.Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    moderation.Header.Revision = NDIS_INTERRUPT_MODERATION_PARAMETERS_REVISION_1;
    moderation.Header.Size = NDIS_SIZEOF_INTERRUPT_MODERATION_PARAMETERS_REVISION_1;
    moderation.InterruptModeration = NdisInterruptModerationNotSupported;
    return PutBytes(request, &moderation, sizeof(moderation));
}

static NDIS_STATUS PutDiag(AEROVNET_ADAPTER *adapter, PNDIS_OID_REQUEST request)
{
    VIRTIO_DIAG diag;

    AerovnetDescribe(adapter, &diag);
    return PutBytes(request, &diag, sizeof(diag));
}

static NDIS_STATUS QueryStatistics(AEROVNET_ADAPTER *adapter, PNDIS_OID_REQUEST request)
{
    NDIS_STATISTICS_INFO info;

    AerovnetStatistics(adapter, &info);
    switch (request->DATA.QUERY_INFORMATION.Oid) {
    case OID_GEN_XMIT_OK:
        return PutCounter(request, info.ifHCOutUcastPkts + info.ifHCOutMulticastPkts + info.ifHCOutBroadcastPkts);
    case OID_GEN_RCV_OK:
        return PutCounter(request, info.ifHCInUcastPkts + info.ifHCInMulticastPkts + info.ifHCInBroadcastPkts);
    case OID_GEN_XMIT_ERROR:
        return PutCounter(request, info.ifOutErrors);
    case OID_GEN_RCV_ERROR:
        return PutCounter(request, info.ifInErrors);
    case OID_GEN_RCV_NO_BUFFER:
        return PutCounter(request, info.ifInDiscards);
    default:
        return PutBytes(request, &info, sizeof(info));
    }
}

NDIS_STATUS AerovnetQuery(AEROVNET_ADAPTER *adapter, PNDIS_OID_REQUEST request)
{
    const NET_PAIR *pair = &adapter->device.pairs[0];
    ULONG frame = adapter->device.config.mtu + ETHERNET_HEADER;

    request->DATA.QUERY_INFORMATION.BytesWritten = 0;
    request->DATA.QUERY_INFORMATION.BytesNeeded = 0;
    switch (request->DATA.QUERY_INFORMATION.Oid) {
    case OID_GEN_MAXIMUM_TOTAL_SIZE:
    case OID_GEN_RECEIVE_BLOCK_SIZE:
    case OID_GEN_TRANSMIT_BLOCK_SIZE:
        return PutUlong(request, frame);
    case OID_GEN_RECEIVE_BUFFER_SPACE:
        return PutUlong(request, pair->rx.buffer_size * pair->rx.buffer_count * adapter->device.pair_count);
    case OID_GEN_TRANSMIT_BUFFER_SPACE:
        return PutUlong(request, frame * adapter->options.tx_limit * adapter->device.pair_count);
    case OID_GEN_VENDOR_ID:
        return PutUlong(request, VENDOR_UNKNOWN);
    case OID_GEN_VENDOR_DESCRIPTION:
        return PutBytes(request, VENDOR_TEXT, sizeof(VENDOR_TEXT));
    case OID_GEN_VENDOR_DRIVER_VERSION:
        return PutUlong(request, (ULONG)VIRTIO_VERSION_MAJOR << 16 | VIRTIO_VERSION_MINOR);
    case OID_GEN_INTERRUPT_MODERATION:
        return PutModeration(request);
    case OID_GEN_SUPPORTED_GUIDS:
        return PutBytes(request, aerovnet_guids, sizeof(aerovnet_guids));
    case OID_GEN_STATISTICS:
    case OID_GEN_XMIT_OK:
    case OID_GEN_RCV_OK:
    case OID_GEN_XMIT_ERROR:
    case OID_GEN_RCV_ERROR:
    case OID_GEN_RCV_NO_BUFFER:
        return QueryStatistics(adapter, request);
    case OID_802_3_PERMANENT_ADDRESS:
        return PutBytes(request, adapter->device.config.mac, NET_MAC_LENGTH);
    case OID_802_3_CURRENT_ADDRESS:
        return PutBytes(request, adapter->device.mac, NET_MAC_LENGTH);
    case OID_802_3_MAXIMUM_LIST_SIZE:
        return PutUlong(request, AEROVNET_MULTICAST_MAX);
    case OID_PNP_QUERY_POWER:
        return NDIS_STATUS_SUCCESS; /* ready for any state */
    case VIRTIO_DIAG_NDIS_OID:
        return PutDiag(adapter, request);
    default:
        return NDIS_STATUS_NOT_SUPPORTED;
    }
}
