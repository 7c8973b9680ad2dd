/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Link state towards NDIS. Layer: glue. IRQL: <= DISPATCH_LEVEL. */
#include "aerovnet.h"

#define BITS_PER_MBIT 1000000

VOID AerovnetDescribeLink(const AEROVNET_ADAPTER *adapter, NDIS_LINK_STATE *link)
{
    const NET_CONFIG *config = &adapter->device.config;

    RtlZeroMemory(link, sizeof(*link));
    link->Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    link->Header.Revision = NDIS_LINK_STATE_REVISION_1;
    link->Header.Size = NDIS_SIZEOF_LINK_STATE_REVISION_1;
    link->XmitLinkSpeed = NDIS_LINK_SPEED_UNKNOWN;
    link->RcvLinkSpeed = NDIS_LINK_SPEED_UNKNOWN;
    link->MediaDuplexState = MediaDuplexStateUnknown;
    link->PauseFunctions = NdisPauseFunctionsUnsupported;
    link->AutoNegotiationFlags = NDIS_LINK_STATE_XMIT_LINK_SPEED_AUTO_NEGOTIATED |
                                 NDIS_LINK_STATE_RCV_LINK_SPEED_AUTO_NEGOTIATED |
                                 NDIS_LINK_STATE_DUPLEX_AUTO_NEGOTIATED;
    if (adapter->is_asleep) {
        link->MediaConnectState = MediaConnectStateUnknown;
    } else if (adapter->is_removed || adapter->device.state == NET_STATE_DEAD || !config->is_link_up) {
        link->MediaConnectState = MediaConnectStateDisconnected;
    } else {
        link->MediaConnectState = MediaConnectStateConnected;
        link->MediaDuplexState = config->is_full_duplex ? MediaDuplexStateFull : MediaDuplexStateHalf;
        link->XmitLinkSpeed = (ULONG64)config->speed_mbps * BITS_PER_MBIT;
        link->RcvLinkSpeed = link->XmitLinkSpeed;
    }
}

VOID AerovnetIndicate(AEROVNET_ADAPTER *adapter, NDIS_STATUS code, VOID *buffer, ULONG length)
{
    NDIS_STATUS_INDICATION indication;

    RtlZeroMemory(&indication, sizeof(indication));
    indication.Header.Type = NDIS_OBJECT_TYPE_STATUS_INDICATION;
    indication.Header.Revision = NDIS_STATUS_INDICATION_REVISION_1;
    indication.Header.Size = NDIS_SIZEOF_STATUS_INDICATION_REVISION_1;
    indication.SourceHandle = adapter->handle;
    indication.StatusCode = code;
    indication.StatusBuffer = buffer;
    indication.StatusBufferSize = length;
    NdisMIndicateStatusEx(adapter->handle, &indication);
}

VOID AerovnetIndicateLink(AEROVNET_ADAPTER *adapter)
{
    NDIS_LINK_STATE link;
    BOOLEAN is_new;

    NdisAcquireSpinLock(&adapter->lock);
    AerovnetDescribeLink(adapter, &link);
    is_new = memcmp(&link, &adapter->link, sizeof(link)) != 0;
    adapter->link = link;
    NdisReleaseSpinLock(&adapter->lock);
    if (is_new)
        AerovnetIndicate(adapter, NDIS_STATUS_LINK_STATE, &link, sizeof(link));
}
