/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * OID sets: NDIS does not look into what it passes on, so everything is checked here. Layer: glue.
 * IRQL: <= DISPATCH_LEVEL.
 */
#include "aerovnet.h"

#define FILTERS                                                                                                        \
    (NDIS_PACKET_TYPE_DIRECTED | NDIS_PACKET_TYPE_MULTICAST | NDIS_PACKET_TYPE_ALL_MULTICAST |                         \
     NDIS_PACKET_TYPE_BROADCAST | NDIS_PACKET_TYPE_PROMISCUOUS)

/* A value of a fixed length, copied: the buffer need not be aligned. */
static NDIS_STATUS GetBytes(PNDIS_OID_REQUEST request, VOID *to, ULONG length)
{
    if (request->DATA.SET_INFORMATION.InformationBufferLength < length) {
        request->DATA.SET_INFORMATION.BytesNeeded = length;
        return NDIS_STATUS_INVALID_LENGTH;
    }
    RtlCopyMemory(to, request->DATA.SET_INFORMATION.InformationBuffer, length);
    request->DATA.SET_INFORMATION.BytesRead = length;
    return NDIS_STATUS_SUCCESS;
}

static UINT32 AcceptOf(ULONG filter)
{
    UINT32 accept = 0;

    if ((filter & NDIS_PACKET_TYPE_DIRECTED) != 0)
        accept |= NET_ACCEPT_DIRECTED;
    if ((filter & NDIS_PACKET_TYPE_MULTICAST) != 0)
        accept |= NET_ACCEPT_MULTICAST;
    if ((filter & NDIS_PACKET_TYPE_ALL_MULTICAST) != 0)
        accept |= NET_ACCEPT_ALL_MULTICAST;
    if ((filter & NDIS_PACKET_TYPE_BROADCAST) != 0)
        accept |= NET_ACCEPT_BROADCAST;
    if ((filter & NDIS_PACKET_TYPE_PROMISCUOUS) != 0)
        accept |= NET_ACCEPT_PROMISCUOUS;
    return accept;
}

static NDIS_STATUS SetPacketFilter(AEROVNET_ADAPTER *adapter, PNDIS_OID_REQUEST request)
{
    ULONG filter;
    NDIS_STATUS status = GetBytes(request, &filter, sizeof(filter));

    if (status != NDIS_STATUS_SUCCESS)
        return status;
    if ((filter & ~(ULONG)FILTERS) != 0)
        return NDIS_STATUS_NOT_SUPPORTED;
    NdisAcquireSpinLock(&adapter->lock);
    adapter->filter.accept = AcceptOf(filter);
    status = AerovnetStartFilter(adapter, request);
    NdisReleaseSpinLock(&adapter->lock);
    return status;
}

static NDIS_STATUS SetMulticastList(AEROVNET_ADAPTER *adapter, PNDIS_OID_REQUEST request)
{
    ULONG length = request->DATA.SET_INFORMATION.InformationBufferLength;
    NDIS_STATUS status = NDIS_STATUS_INVALID_DATA;

    if (length % NET_MAC_LENGTH != 0) {
        request->DATA.SET_INFORMATION.BytesNeeded = length - length % NET_MAC_LENGTH + NET_MAC_LENGTH;
        return NDIS_STATUS_INVALID_LENGTH;
    }
    if (length > AEROVNET_MULTICAST_MAX * NET_MAC_LENGTH) {
        request->DATA.SET_INFORMATION.BytesNeeded = AEROVNET_MULTICAST_MAX * NET_MAC_LENGTH;
        return NDIS_STATUS_MULTICAST_FULL;
    }
    request->DATA.SET_INFORMATION.BytesRead = length;
    NdisAcquireSpinLock(&adapter->lock);
    if (NetFilterSetMulticast(&adapter->filter, (const UINT8 *)request->DATA.SET_INFORMATION.InformationBuffer,
                              length / NET_MAC_LENGTH))
        status = AerovnetStartFilter(adapter, request);
    NdisReleaseSpinLock(&adapter->lock);
    return status;
}

/* Full frames are indicated always; a lookahead that fits in one is as good as any other. */
static NDIS_STATUS SetLookahead(AEROVNET_ADAPTER *adapter, PNDIS_OID_REQUEST request)
{
    ULONG lookahead;
    NDIS_STATUS status = GetBytes(request, &lookahead, sizeof(lookahead));

    if (status == NDIS_STATUS_SUCCESS && lookahead > adapter->device.config.mtu)
        return NDIS_STATUS_INVALID_DATA;
    return status;
}

/* The link cannot be told anything: only what it does anyway can be asked of it. */
static NDIS_STATUS SetLinkParameters(AEROVNET_ADAPTER *adapter, PNDIS_OID_REQUEST request)
{
    ULONG64 speed = (ULONG64)adapter->device.config.speed_mbps * 1000000;
    NDIS_LINK_PARAMETERS link;
    NDIS_STATUS status = GetBytes(request, &link, NDIS_SIZEOF_LINK_PARAMETERS_REVISION_1);

    if (status != NDIS_STATUS_SUCCESS)
        return status;
    if (link.Header.Type != NDIS_OBJECT_TYPE_DEFAULT || link.Header.Revision < NDIS_LINK_PARAMETERS_REVISION_1)
        return NDIS_STATUS_INVALID_DATA;
    if ((link.AutoNegotiationFlags & NDIS_LINK_STATE_XMIT_LINK_SPEED_AUTO_NEGOTIATED) == 0 &&
        link.XmitLinkSpeed != speed)
        return NDIS_STATUS_INVALID_DATA;
    if ((link.AutoNegotiationFlags & NDIS_LINK_STATE_RCV_LINK_SPEED_AUTO_NEGOTIATED) == 0 && link.RcvLinkSpeed != speed)
        return NDIS_STATUS_INVALID_DATA;
    if ((link.AutoNegotiationFlags & NDIS_LINK_STATE_DUPLEX_AUTO_NEGOTIATED) == 0 &&
        link.MediaDuplexState != (adapter->device.config.is_full_duplex ? MediaDuplexStateFull : MediaDuplexStateHalf))
        return NDIS_STATUS_INVALID_DATA;
    return NDIS_STATUS_SUCCESS;
}

/* To D0 the device is started, to any other state stopped, at PASSIVE_LEVEL; a state that it is in already needs nothing. */
static NDIS_STATUS SetPower(AEROVNET_ADAPTER *adapter, PNDIS_OID_REQUEST request)
{
    NDIS_DEVICE_POWER_STATE state = NdisDeviceStateD0;
    NDIS_STATUS status = GetBytes(request, &state, sizeof(state));
    BOOLEAN is_asleep = state != NdisDeviceStateD0;

    if (status != NDIS_STATUS_SUCCESS)
        return status;
    NdisAcquireSpinLock(&adapter->lock);
    if (adapter->is_asleep != is_asleep) {
        adapter->power_request = request;
        status = NDIS_STATUS_PENDING;
        if (!AerovnetQueueWork(adapter, is_asleep ? AEROVNET_WORK_SLEEP : AEROVNET_WORK_WAKE)) {
            adapter->power_request = NULL;
            status = NDIS_STATUS_SUCCESS;
        }
    }
    NdisReleaseSpinLock(&adapter->lock);
    return status;
}

/* Nothing can be enabled that the capabilities lack, which is everything. */
static NDIS_STATUS SetPowerParameters(PNDIS_OID_REQUEST request)
{
    NDIS_PM_PARAMETERS power;
    NDIS_STATUS status = GetBytes(request, &power, NDIS_SIZEOF_NDIS_PM_PARAMETERS_REVISION_1);

    if (status == NDIS_STATUS_SUCCESS &&
        (power.EnabledWoLPacketPatterns != 0 || power.EnabledProtocolOffloads != 0 || power.WakeUpFlags != 0))
        return NDIS_STATUS_INVALID_PARAMETER;
    return status;
}

static NDIS_STATUS SetOffload(AEROVNET_ADAPTER *adapter, PNDIS_OID_REQUEST request)
{
    const VOID *buffer = request->DATA.SET_INFORMATION.InformationBuffer;
    ULONG length = request->DATA.SET_INFORMATION.InformationBufferLength;
    NDIS_STATUS status;
    ULONG needed;

    if (request->DATA.SET_INFORMATION.Oid == OID_OFFLOAD_ENCAPSULATION)
        status = AerovnetSetEncapsulation(adapter, buffer, length, &needed);
    else
        status = AerovnetSetOffloadParameters(adapter, buffer, length, &needed);
    if (status == NDIS_STATUS_INVALID_LENGTH)
        request->DATA.SET_INFORMATION.BytesNeeded = needed;
    else
        request->DATA.SET_INFORMATION.BytesRead = needed;
    return status;
}

NDIS_STATUS AerovnetSet(AEROVNET_ADAPTER *adapter, PNDIS_OID_REQUEST request)
{
    request->DATA.SET_INFORMATION.BytesRead = 0;
    request->DATA.SET_INFORMATION.BytesNeeded = 0;
    switch (request->DATA.SET_INFORMATION.Oid) {
    case OID_GEN_CURRENT_PACKET_FILTER:
        return SetPacketFilter(adapter, request);
    case OID_802_3_MULTICAST_LIST:
        return SetMulticastList(adapter, request);
    case OID_GEN_CURRENT_LOOKAHEAD:
        return SetLookahead(adapter, request);
    case OID_GEN_LINK_PARAMETERS:
        return SetLinkParameters(adapter, request);
    case OID_GEN_INTERRUPT_MODERATION:
        return NDIS_STATUS_INVALID_DATA; /* as it has to be where the query says NotSupported */
    case OID_OFFLOAD_ENCAPSULATION:
    case OID_TCP_OFFLOAD_PARAMETERS:
        return SetOffload(adapter, request);
    case OID_PNP_SET_POWER:
        return SetPower(adapter, request);
    case OID_PM_PARAMETERS:
        return SetPowerParameters(request);
    default:
        return NDIS_STATUS_NOT_SUPPORTED;
    }
}
