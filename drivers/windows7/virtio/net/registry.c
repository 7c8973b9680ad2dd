/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The keywords of aerovnet.inf. Layer: glue. IRQL: PASSIVE_LEVEL. */
#include "aerovnet.h"

#define JUMBO_DEFAULT 1514 /* *JumboPacket counts the Ethernet header: the device's own MTU then */
#define ETHERNET      14
#define VLAN_MAX      4094
#define BUFFERS_MIN   16

/* An integer between low and high; anything else is the default. */
static ULONG ReadNumber(NDIS_HANDLE configuration, PNDIS_STRING keyword, ULONG low, ULONG high, ULONG otherwise)
{
    PNDIS_CONFIGURATION_PARAMETER value;
    NDIS_STATUS status;

    NdisReadConfiguration(&status, &value, configuration, keyword, NdisParameterInteger);
    if (status != NDIS_STATUS_SUCCESS || value->ParameterType != NdisParameterInteger)
        return otherwise;
    if (value->ParameterData.IntegerData < low || value->ParameterData.IntegerData > high)
        return otherwise;
    return value->ParameterData.IntegerData;
}

/* Two bits each, as the keyword has them: 1 transmit, 2 receive. Large send has one. */
static VOID ReadOffload(AEROVNET_ADAPTER *adapter, NDIS_HANDLE configuration, PNDIS_STRING keyword, ULONG tx, ULONG rx)
{
    ULONG all = rx != 0 ? 3 : 1;
    ULONG value = ReadNumber(configuration, keyword, 0, all, all);

    if ((value & 1) == 0)
        adapter->options.offloads_off |= tx;
    if ((value & 2) == 0)
        adapter->options.offloads_off |= rx;
}

static VOID ReadOffloads(AEROVNET_ADAPTER *adapter, NDIS_HANDLE configuration)
{
    NDIS_STRING ip4 = NDIS_STRING_CONST("*IPChecksumOffloadIPv4");
    NDIS_STRING tcp4 = NDIS_STRING_CONST("*TCPChecksumOffloadIPv4");
    NDIS_STRING udp4 = NDIS_STRING_CONST("*UDPChecksumOffloadIPv4");
    NDIS_STRING tcp6 = NDIS_STRING_CONST("*TCPChecksumOffloadIPv6");
    NDIS_STRING udp6 = NDIS_STRING_CONST("*UDPChecksumOffloadIPv6");
    NDIS_STRING lso1 = NDIS_STRING_CONST("*LsoV1IPv4");
    NDIS_STRING lso2_ip4 = NDIS_STRING_CONST("*LsoV2IPv4");
    NDIS_STRING lso2_ip6 = NDIS_STRING_CONST("*LsoV2IPv6");

    ReadOffload(adapter, configuration, &ip4, AEROVNET_TX_IP4, AEROVNET_RX_IP4);
    ReadOffload(adapter, configuration, &tcp4, AEROVNET_TX_TCP4, AEROVNET_RX_TCP4);
    ReadOffload(adapter, configuration, &udp4, AEROVNET_TX_UDP4, AEROVNET_RX_UDP4);
    ReadOffload(adapter, configuration, &tcp6, AEROVNET_TX_TCP6, AEROVNET_RX_TCP6);
    ReadOffload(adapter, configuration, &udp6, AEROVNET_TX_UDP6, AEROVNET_RX_UDP6);
    ReadOffload(adapter, configuration, &lso1, AEROVNET_LSO1_IP4, 0);
    ReadOffload(adapter, configuration, &lso2_ip4, AEROVNET_LSO2_IP4, 0);
    ReadOffload(adapter, configuration, &lso2_ip6, AEROVNET_LSO2_IP6, 0);
}

/* NetworkAddress, when the administrator set one that a station may have. */
static VOID ReadAddress(NDIS_HANDLE configuration, NET_OPTIONS *options)
{
    PVOID address = NULL;
    UINT length = 0;
    NDIS_STATUS status;

    NdisReadNetworkAddress(&status, &address, &length, configuration);
    if (status != NDIS_STATUS_SUCCESS || length != NET_MAC_LENGTH || !NetMacIsUsable((const UINT8 *)address))
        return;
    RtlCopyMemory(options->mac, address, NET_MAC_LENGTH);
    options->has_mac = TRUE;
}

static VOID ReadAll(AEROVNET_ADAPTER *adapter, NDIS_HANDLE configuration, NET_OPTIONS *options)
{
    NDIS_STRING tags = NDIS_STRING_CONST("*PriorityVLANTag");
    NDIS_STRING vlan = NDIS_STRING_CONST("VlanID");
    NDIS_STRING jumbo = NDIS_STRING_CONST("*JumboPacket");
    NDIS_STRING receive = NDIS_STRING_CONST("*ReceiveBuffers");
    NDIS_STRING transmit = NDIS_STRING_CONST("*TransmitBuffers");
    ULONG frame;

    adapter->options.tag_mode = ReadNumber(configuration, &tags, 0, AEROVNET_TAG_PRIORITY | AEROVNET_TAG_VLAN,
                                           AEROVNET_TAG_PRIORITY | AEROVNET_TAG_VLAN);
    if ((adapter->options.tag_mode & AEROVNET_TAG_VLAN) != 0)
        adapter->options.vlan = (USHORT)ReadNumber(configuration, &vlan, 0, VLAN_MAX, 0);
    options->vlan_filter = adapter->options.vlan != 0;
    frame = ReadNumber(configuration, &jumbo, VIRTIO_NET_MTU_MIN + ETHERNET, 0xFFFF, JUMBO_DEFAULT);
    options->mtu = frame != JUMBO_DEFAULT ? frame - ETHERNET : 0;
    options->rx_buffer_count =
        (UINT16)ReadNumber(configuration, &receive, BUFFERS_MIN, NET_QUEUE_SIZE_MAX, NET_RX_BUFFERS_DEFAULT);
    adapter->options.tx_limit =
        (USHORT)ReadNumber(configuration, &transmit, BUFFERS_MIN, NET_TX_SLOTS_MAX, NET_TX_SLOTS_MAX);
    ReadOffloads(adapter, configuration);
    ReadAddress(configuration, options);
}

VOID AerovnetReadOptions(AEROVNET_ADAPTER *adapter, NET_OPTIONS *options)
{
    NDIS_CONFIGURATION_OBJECT object;
    NDIS_HANDLE configuration;

    RtlZeroMemory(options, sizeof(*options));
    options->mac_seed = adapter->luid;
    adapter->options.tag_mode = AEROVNET_TAG_PRIORITY | AEROVNET_TAG_VLAN;
    adapter->options.tx_limit = NET_TX_SLOTS_MAX;

    RtlZeroMemory(&object, sizeof(object));
    object.Header.Type = NDIS_OBJECT_TYPE_CONFIGURATION_OBJECT;
    object.Header.Revision = NDIS_CONFIGURATION_OBJECT_REVISION_1;
    object.Header.Size = NDIS_SIZEOF_CONFIGURATION_OBJECT_REVISION_1;
    object.NdisHandle = adapter->handle;
    if (NdisOpenConfigurationEx(&object, &configuration) != NDIS_STATUS_SUCCESS)
        return;
    ReadAll(adapter, configuration, options);
    NdisCloseConfiguration(configuration);
}
