/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What NDIS is told of the adapter: registration and general attributes. Layer: glue. IRQL: PASSIVE_LEVEL. */
#include "aerovnet.h"

#define CHECK_FOR_HANG_SECONDS 2

#define STATISTICS                                                                                                     \
    (NDIS_STATISTICS_XMIT_OK_SUPPORTED | NDIS_STATISTICS_RCV_OK_SUPPORTED | NDIS_STATISTICS_XMIT_ERROR_SUPPORTED |     \
     NDIS_STATISTICS_RCV_ERROR_SUPPORTED | NDIS_STATISTICS_RCV_NO_BUFFER_SUPPORTED |                                   \
     NDIS_STATISTICS_DIRECTED_BYTES_XMIT_SUPPORTED | NDIS_STATISTICS_DIRECTED_FRAMES_XMIT_SUPPORTED |                  \
     NDIS_STATISTICS_MULTICAST_BYTES_XMIT_SUPPORTED | NDIS_STATISTICS_MULTICAST_FRAMES_XMIT_SUPPORTED |                \
     NDIS_STATISTICS_BROADCAST_BYTES_XMIT_SUPPORTED | NDIS_STATISTICS_BROADCAST_FRAMES_XMIT_SUPPORTED |                \
     NDIS_STATISTICS_DIRECTED_BYTES_RCV_SUPPORTED | NDIS_STATISTICS_DIRECTED_FRAMES_RCV_SUPPORTED |                    \
     NDIS_STATISTICS_MULTICAST_BYTES_RCV_SUPPORTED | NDIS_STATISTICS_MULTICAST_FRAMES_RCV_SUPPORTED |                  \
     NDIS_STATISTICS_BROADCAST_BYTES_RCV_SUPPORTED | NDIS_STATISTICS_BROADCAST_FRAMES_RCV_SUPPORTED |                  \
     NDIS_STATISTICS_BYTES_RCV_SUPPORTED | NDIS_STATISTICS_BYTES_XMIT_SUPPORTED |                                      \
     NDIS_STATISTICS_RCV_DISCARDS_SUPPORTED | NDIS_STATISTICS_XMIT_DISCARDS_SUPPORTED |                                \
     NDIS_STATISTICS_GEN_STATISTICS_SUPPORTED)

NDIS_STATUS AerovnetSetRegistrationAttributes(AEROVNET_ADAPTER *adapter)
{
    NDIS_MINIPORT_ADAPTER_ATTRIBUTES attributes;
    NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES *registration = &attributes.RegistrationAttributes;

    RtlZeroMemory(&attributes, sizeof(attributes));
    registration->Header.Type = NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES;
    registration->Header.Revision = NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES_REVISION_1;
    registration->Header.Size = NDIS_SIZEOF_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES_REVISION_1;
    registration->MiniportAdapterContext = adapter;
    registration->AttributeFlags = NDIS_MINIPORT_ATTRIBUTES_HARDWARE_DEVICE | NDIS_MINIPORT_ATTRIBUTES_BUS_MASTER |
                                   NDIS_MINIPORT_ATTRIBUTES_SURPRISE_REMOVE_OK |
                                   NDIS_MINIPORT_ATTRIBUTES_NO_HALT_ON_SUSPEND;
    registration->CheckForHangTimeInSeconds = CHECK_FOR_HANG_SECONDS;
    registration->InterfaceType = NdisInterfacePci;
    return NdisMSetMiniportAttributes(adapter->handle, &attributes);
}

static VOID DescribeMedium(const AEROVNET_ADAPTER *adapter, NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES *general)
{
    general->MediaType = NdisMedium802_3;
    general->PhysicalMediumType = NdisPhysicalMedium802_3;
    general->MtuSize = adapter->device.config.mtu;
    general->LookaheadSize = adapter->device.config.mtu;
    general->MacOptions = NDIS_MAC_OPTION_COPY_LOOKAHEAD_DATA | NDIS_MAC_OPTION_TRANSFERS_NOT_PEND |
                          NDIS_MAC_OPTION_NO_LOOPBACK | NDIS_MAC_OPTION_8021P_PRIORITY;
    if ((adapter->options.tag_mode & AEROVNET_TAG_VLAN) != 0)
        general->MacOptions |= NDIS_MAC_OPTION_8021Q_VLAN;
    general->SupportedPacketFilters = NDIS_PACKET_TYPE_DIRECTED | NDIS_PACKET_TYPE_MULTICAST |
                                      NDIS_PACKET_TYPE_ALL_MULTICAST | NDIS_PACKET_TYPE_BROADCAST |
                                      NDIS_PACKET_TYPE_PROMISCUOUS;
    general->MaxMulticastListSize = AEROVNET_MULTICAST_MAX;
    general->MacAddressLength = NET_MAC_LENGTH;
    RtlCopyMemory(general->PermanentMacAddress, adapter->device.config.mac, NET_MAC_LENGTH);
    RtlCopyMemory(general->CurrentMacAddress, adapter->device.mac, NET_MAC_LENGTH);
    general->AccessType = NET_IF_ACCESS_BROADCAST;
    general->DirectionType = NET_IF_DIRECTION_SENDRECEIVE;
    general->ConnectionType = NET_IF_CONNECTION_DEDICATED;
    general->IfType = IF_TYPE_ETHERNET_CSMACD;
    general->IfConnectorPresent = TRUE;
    general->SupportedPauseFunctions = NdisPauseFunctionsUnsupported;
}

NDIS_STATUS AerovnetSetGeneralAttributes(AEROVNET_ADAPTER *adapter)
{
    NDIS_MINIPORT_ADAPTER_ATTRIBUTES attributes;
    NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES *general = &attributes.GeneralAttributes;
    NDIS_PM_CAPABILITIES power;
    ULONG count;

    RtlZeroMemory(&attributes, sizeof(attributes));
    RtlZeroMemory(&power, sizeof(power)); /* no wake-up, no offload of protocols */
    power.Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    power.Header.Revision = NDIS_PM_CAPABILITIES_REVISION_1;
    power.Header.Size = NDIS_SIZEOF_NDIS_PM_CAPABILITIES_REVISION_1;

    general->Header.Type = NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES;
    general->Header.Revision = NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES_REVISION_2;
    general->Header.Size = NDIS_SIZEOF_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES_REVISION_2;
    DescribeMedium(adapter, general);
    AerovnetDescribeLink(adapter, &adapter->link);
    general->MaxXmitLinkSpeed = (ULONG64)adapter->device.config.speed_mbps * 1000000;
    general->MaxRcvLinkSpeed = general->MaxXmitLinkSpeed;
    general->XmitLinkSpeed = adapter->link.XmitLinkSpeed;
    general->RcvLinkSpeed = adapter->link.RcvLinkSpeed;
    general->MediaConnectState = adapter->link.MediaConnectState;
    general->MediaDuplexState = adapter->link.MediaDuplexState;
    general->AutoNegotiationFlags = adapter->link.AutoNegotiationFlags;
    general->SupportedStatistics = STATISTICS;
    general->PowerManagementCapabilitiesEx = &power;
    general->SupportedOidList = (PNDIS_OID)(ULONG_PTR)AerovnetSupportedOids(&count);
    general->SupportedOidListLength = count * sizeof(NDIS_OID);
    return NdisMSetMiniportAttributes(adapter->handle, &attributes);
}
