/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* MiniportOidRequest and MiniportCancelOidRequest. Layer: glue. IRQL: <= DISPATCH_LEVEL. */
#include "aerovnet.h"

/* The general attributes list them: Microsoft's mandatory ones (what NDIS answers itself left out), and ours. */
static const NDIS_OID supported[] = {
    OID_GEN_RECEIVE_BLOCK_SIZE,
    OID_GEN_TRANSMIT_BLOCK_SIZE,
    OID_GEN_RECEIVE_BUFFER_SPACE,
    OID_GEN_TRANSMIT_BUFFER_SPACE,
    OID_GEN_MAXIMUM_TOTAL_SIZE,
    OID_GEN_VENDOR_ID,
    OID_GEN_VENDOR_DESCRIPTION,
    OID_GEN_VENDOR_DRIVER_VERSION,
    OID_GEN_CURRENT_PACKET_FILTER,
    OID_GEN_CURRENT_LOOKAHEAD,
    OID_GEN_LINK_PARAMETERS,
    OID_GEN_INTERRUPT_MODERATION,
    OID_GEN_SUPPORTED_GUIDS,
    OID_GEN_STATISTICS,
    OID_GEN_XMIT_OK,
    OID_GEN_RCV_OK,
    OID_GEN_XMIT_ERROR,
    OID_GEN_RCV_ERROR,
    OID_GEN_RCV_NO_BUFFER,
    OID_802_3_PERMANENT_ADDRESS,
    OID_802_3_CURRENT_ADDRESS,
    OID_802_3_MULTICAST_LIST,
    OID_802_3_MAXIMUM_LIST_SIZE,
    OID_OFFLOAD_ENCAPSULATION,
    OID_TCP_OFFLOAD_PARAMETERS,
    OID_PNP_QUERY_POWER,
    OID_PNP_SET_POWER,
    OID_PM_PARAMETERS,
    VIRTIO_DIAG_NDIS_OID,
};

const NDIS_OID *AerovnetSupportedOids(ULONG *count)
{
    *count = VIRTIO_ARRAY_COUNT(supported);
    return supported;
}

NDIS_STATUS NTAPI AerovnetOidRequest(NDIS_HANDLE context, PNDIS_OID_REQUEST request)
{
    AEROVNET_ADAPTER *adapter = (AEROVNET_ADAPTER *)context;

    if (adapter->is_removed)
        return NDIS_STATUS_NOT_ACCEPTED;
    switch (request->RequestType) {
    case NdisRequestQueryInformation:
    case NdisRequestQueryStatistics:
        return AerovnetQuery(adapter, request);
    case NdisRequestSetInformation:
        return AerovnetSet(adapter, request);
    default:
        return NDIS_STATUS_NOT_SUPPORTED;
    }
}

/* Only what waits for the control queue can be cancelled; the filter takes effect all the same. */
VOID NTAPI AerovnetCancelOidRequest(NDIS_HANDLE context, PVOID request_id)
{
    AEROVNET_ADAPTER *adapter = (AEROVNET_ADAPTER *)context;
    PNDIS_OID_REQUEST request = NULL;

    NdisAcquireSpinLock(&adapter->lock);
    if (adapter->filter_request != NULL && adapter->filter_request->RequestId == request_id) {
        request = adapter->filter_request;
        adapter->filter_request = NULL;
    }
    NdisReleaseSpinLock(&adapter->lock);
    if (request != NULL)
        NdisMOidRequestComplete(adapter->handle, request, NDIS_STATUS_REQUEST_ABORTED);
}
