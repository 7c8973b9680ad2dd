/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Task offload towards NDIS: what can be done, what is switched on, and since when received frames may say so.
 * Layer: glue. IRQL: <= DISPATCH_LEVEL.
 */
#include "aerovnet.h"

#define ENCAPSULATION   (NDIS_ENCAPSULATION_IEEE_802_3 | NDIS_ENCAPSULATION_IEEE_802_3_P_AND_Q_IN_OOB)
#define IP_PACKET_MAX   0xFFFF
#define HEADERS_MAX     120 /* the longest IPv4 and TCP headers */
#define PAGE_BYTES      4096
#define SPARE_PIECES    4   /* of a large send: header MDLs, and data that begins and ends inside of pages */
#define MIN_SEGMENTS    2

#define OFFLOADS_TX     (AEROVNET_TX_IP4 | AEROVNET_TX_TCP4 | AEROVNET_TX_UDP4 | AEROVNET_TX_TCP6 | AEROVNET_TX_UDP6)
#define OFFLOADS_RX4    (AEROVNET_RX_IP4 | AEROVNET_RX_TCP4 | AEROVNET_RX_UDP4)
#define OFFLOADS_RX6    (AEROVNET_RX_TCP6 | AEROVNET_RX_UDP6)

ULONG AerovnetLargeSendMax(const AEROVNET_ADAPTER *adapter)
{
    const NET_TX_QUEUE *queue = &adapter->device.pairs[0].tx;
    ULONG offered = adapter->device.pairs[0].tx_size_offered;
    ULONG pieces = queue->element_limit != 0 ? queue->element_limit : offered - 1;
    ULONG bytes = pieces > SPARE_PIECES ? (pieces - SPARE_PIECES) * PAGE_BYTES : 0;

    return bytes < IP_PACKET_MAX - HEADERS_MAX ? bytes : IP_PACKET_MAX - HEADERS_MAX;
}

VOID AerovnetInitOffloads(AEROVNET_ADAPTER *adapter)
{
    UINT64 features = adapter->device.features;
    BOOLEAN is_large = AerovnetLargeSendMax(adapter) > 2 * adapter->device.config.mtu;
    ULONG able = AEROVNET_TX_IP4 | AEROVNET_RX_IP4; /* both done by the core */

    if ((features & VIRTIO_NET_F_CSUM) != 0)
        able |= OFFLOADS_TX;
    if ((features & VIRTIO_NET_F_GUEST_CSUM) != 0)
        able |= OFFLOADS_RX4 | OFFLOADS_RX6;
    if ((features & VIRTIO_NET_F_HOST_TSO4) != 0 && is_large)
        able |= AEROVNET_LSO1_IP4 | AEROVNET_LSO2_IP4;
    if ((features & VIRTIO_NET_F_HOST_TSO6) != 0 && is_large)
        able |= AEROVNET_LSO2_IP6;
    adapter->offloads_able = able;
    adapter->offloads = (LONG)(able & ~adapter->options.offloads_off);
}

static ULONG Supported(ULONG offloads, ULONG which)
{
    return (offloads & which) != 0 ? NDIS_OFFLOAD_SUPPORTED : NDIS_OFFLOAD_NOT_SUPPORTED;
}

static VOID DescribeChecksums(ULONG offloads, NDIS_TCP_IP_CHECKSUM_OFFLOAD *checksum)
{
    if ((offloads & (AEROVNET_TX_IP4 | AEROVNET_TX_TCP4 | AEROVNET_TX_UDP4)) != 0) {
        checksum->IPv4Transmit.Encapsulation = ENCAPSULATION;
        checksum->IPv4Transmit.IpOptionsSupported = NDIS_OFFLOAD_SUPPORTED;
        checksum->IPv4Transmit.TcpOptionsSupported = NDIS_OFFLOAD_SUPPORTED;
        checksum->IPv4Transmit.TcpChecksum = Supported(offloads, AEROVNET_TX_TCP4);
        checksum->IPv4Transmit.UdpChecksum = Supported(offloads, AEROVNET_TX_UDP4);
        checksum->IPv4Transmit.IpChecksum = Supported(offloads, AEROVNET_TX_IP4);
    }
    if ((offloads & OFFLOADS_RX4) != 0) {
        checksum->IPv4Receive.Encapsulation = ENCAPSULATION;
        checksum->IPv4Receive.IpOptionsSupported = NDIS_OFFLOAD_SUPPORTED;
        checksum->IPv4Receive.TcpOptionsSupported = NDIS_OFFLOAD_SUPPORTED;
        checksum->IPv4Receive.TcpChecksum = Supported(offloads, AEROVNET_RX_TCP4);
        checksum->IPv4Receive.UdpChecksum = Supported(offloads, AEROVNET_RX_UDP4);
        checksum->IPv4Receive.IpChecksum = Supported(offloads, AEROVNET_RX_IP4);
    }
    if ((offloads & (AEROVNET_TX_TCP6 | AEROVNET_TX_UDP6)) != 0) {
        checksum->IPv6Transmit.Encapsulation = ENCAPSULATION;
        checksum->IPv6Transmit.IpExtensionHeadersSupported = NDIS_OFFLOAD_SUPPORTED;
        checksum->IPv6Transmit.TcpOptionsSupported = NDIS_OFFLOAD_SUPPORTED;
        checksum->IPv6Transmit.TcpChecksum = Supported(offloads, AEROVNET_TX_TCP6);
        checksum->IPv6Transmit.UdpChecksum = Supported(offloads, AEROVNET_TX_UDP6);
    }
    if ((offloads & OFFLOADS_RX6) != 0) {
        checksum->IPv6Receive.Encapsulation = ENCAPSULATION;
        checksum->IPv6Receive.IpExtensionHeadersSupported = NDIS_OFFLOAD_SUPPORTED;
        checksum->IPv6Receive.TcpOptionsSupported = NDIS_OFFLOAD_SUPPORTED;
        checksum->IPv6Receive.TcpChecksum = Supported(offloads, AEROVNET_RX_TCP6);
        checksum->IPv6Receive.UdpChecksum = Supported(offloads, AEROVNET_RX_UDP6);
    }
}

static VOID DescribeOffloads(const AEROVNET_ADAPTER *adapter, ULONG offloads, NDIS_OFFLOAD *to)
{
    ULONG most = AerovnetLargeSendMax(adapter);

    RtlZeroMemory(to, sizeof(*to));
    to->Header.Type = NDIS_OBJECT_TYPE_OFFLOAD;
    to->Header.Revision = NDIS_OFFLOAD_REVISION_2;
    to->Header.Size = NDIS_SIZEOF_NDIS_OFFLOAD_REVISION_2;
    DescribeChecksums(offloads, &to->Checksum);
    if ((offloads & AEROVNET_LSO1_IP4) != 0) {
        to->LsoV1.IPv4.Encapsulation = ENCAPSULATION;
        to->LsoV1.IPv4.MaxOffLoadSize = most;
        to->LsoV1.IPv4.MinSegmentCount = MIN_SEGMENTS;
        to->LsoV1.IPv4.TcpOptions = NDIS_OFFLOAD_SUPPORTED;
        to->LsoV1.IPv4.IpOptions = NDIS_OFFLOAD_SUPPORTED;
    }
    if ((offloads & AEROVNET_LSO2_IP4) != 0) {
        to->LsoV2.IPv4.Encapsulation = ENCAPSULATION;
        to->LsoV2.IPv4.MaxOffLoadSize = most;
        to->LsoV2.IPv4.MinSegmentCount = MIN_SEGMENTS;
    }
    if ((offloads & AEROVNET_LSO2_IP6) != 0) {
        to->LsoV2.IPv6.Encapsulation = ENCAPSULATION;
        to->LsoV2.IPv6.MaxOffLoadSize = most;
        to->LsoV2.IPv6.MinSegmentCount = MIN_SEGMENTS;
        to->LsoV2.IPv6.IpExtensionHeadersSupported = NDIS_OFFLOAD_SUPPORTED;
        to->LsoV2.IPv6.TcpOptionsSupported = NDIS_OFFLOAD_SUPPORTED;
    }
}

NDIS_STATUS AerovnetSetOffloadAttributes(AEROVNET_ADAPTER *adapter)
{
    NDIS_MINIPORT_ADAPTER_ATTRIBUTES attributes;
    NDIS_OFFLOAD able;
    NDIS_OFFLOAD now;

    DescribeOffloads(adapter, adapter->offloads_able, &able);
    DescribeOffloads(adapter, (ULONG)adapter->offloads, &now);
    RtlZeroMemory(&attributes, sizeof(attributes));
    attributes.OffloadAttributes.Header.Type = NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_OFFLOAD_ATTRIBUTES;
    attributes.OffloadAttributes.Header.Revision = NDIS_MINIPORT_ADAPTER_OFFLOAD_ATTRIBUTES_REVISION_1;
    attributes.OffloadAttributes.Header.Size = NDIS_SIZEOF_MINIPORT_ADAPTER_OFFLOAD_ATTRIBUTES_REVISION_1;
    attributes.OffloadAttributes.DefaultOffloadConfiguration = &now;
    attributes.OffloadAttributes.HardwareOffloadCapabilities = &able;
    return NdisMSetMiniportAttributes(adapter->handle, &attributes);
}

/*
 * One member of NDIS_OFFLOAD_PARAMETERS: 0 no change, 1 off, then one bit more than the value says: 1 transmit, 2 receive.
 * FALSE: not a value of it, or all that is to be switched on is what we cannot do.
 */
static BOOLEAN ApplyParameter(ULONG able, ULONG tx, ULONG rx, UCHAR value, ULONG *offloads)
{
    ULONG wanted = 0;

    if (value == NDIS_OFFLOAD_PARAMETERS_NO_CHANGE)
        return TRUE;
    value--;
    if (value > (rx != 0 ? 3 : 1))
        return FALSE;
    if ((value & 1) != 0)
        wanted |= tx;
    if ((value & 2) != 0)
        wanted |= rx;
    if (wanted != 0 && (wanted & able) == 0)
        return FALSE;
    *offloads = (*offloads & ~(tx | rx)) | (wanted & able);
    return TRUE;
}

static BOOLEAN ApplyParameters(ULONG able, const NDIS_OFFLOAD_PARAMETERS *parameters, ULONG *offloads)
{
    return ApplyParameter(able, AEROVNET_TX_IP4, AEROVNET_RX_IP4, parameters->IPv4Checksum, offloads) &&
           ApplyParameter(able, AEROVNET_TX_TCP4, AEROVNET_RX_TCP4, parameters->TCPIPv4Checksum, offloads) &&
           ApplyParameter(able, AEROVNET_TX_UDP4, AEROVNET_RX_UDP4, parameters->UDPIPv4Checksum, offloads) &&
           ApplyParameter(able, AEROVNET_TX_TCP6, AEROVNET_RX_TCP6, parameters->TCPIPv6Checksum, offloads) &&
           ApplyParameter(able, AEROVNET_TX_UDP6, AEROVNET_RX_UDP6, parameters->UDPIPv6Checksum, offloads) &&
           ApplyParameter(able, AEROVNET_LSO1_IP4, 0, parameters->LsoV1, offloads) &&
           ApplyParameter(able, AEROVNET_LSO2_IP4, 0, parameters->LsoV2IPv4, offloads) &&
           ApplyParameter(able, AEROVNET_LSO2_IP6, 0, parameters->LsoV2IPv6, offloads) &&
           /* what we never do may be switched off */
           parameters->IPsecV1 <= 1 && parameters->TcpConnectionIPv4 <= 1 && parameters->TcpConnectionIPv6 <= 1;
}

NDIS_STATUS AerovnetSetOffloadParameters(AEROVNET_ADAPTER *adapter, const VOID *buffer, ULONG length, ULONG *needed)
{
    NDIS_OFFLOAD_PARAMETERS parameters;
    ULONG offloads = (ULONG)adapter->offloads;
    NDIS_OFFLOAD now;

    *needed = NDIS_SIZEOF_OFFLOAD_PARAMETERS_REVISION_1;
    if (length < *needed)
        return NDIS_STATUS_INVALID_LENGTH;
    RtlCopyMemory(&parameters, buffer, *needed);
    if (parameters.Header.Type != NDIS_OBJECT_TYPE_DEFAULT ||
        parameters.Header.Revision < NDIS_OFFLOAD_PARAMETERS_REVISION_1 || parameters.Header.Size < *needed)
        return NDIS_STATUS_INVALID_DATA;
    if (!ApplyParameters(adapter->offloads_able, &parameters, &offloads))
        return NDIS_STATUS_INVALID_DATA;
    InterlockedExchange(&adapter->offloads, (LONG)offloads);
    DescribeOffloads(adapter, offloads, &now);
    AerovnetIndicate(adapter, NDIS_STATUS_TASK_OFFLOAD_CURRENT_CONFIG, &now, sizeof(now));
    return NDIS_STATUS_SUCCESS;
}

NDIS_STATUS AerovnetSetEncapsulation(AEROVNET_ADAPTER *adapter, const VOID *buffer, ULONG length, ULONG *needed)
{
    NDIS_OFFLOAD_ENCAPSULATION wanted;
    ULONG rx = 0;

    *needed = NDIS_SIZEOF_OFFLOAD_ENCAPSULATION_REVISION_1;
    if (length < *needed)
        return NDIS_STATUS_INVALID_LENGTH;
    RtlCopyMemory(&wanted, buffer, *needed);
    if (wanted.Header.Type != NDIS_OBJECT_TYPE_OFFLOAD_ENCAPSULATION ||
        wanted.Header.Revision < NDIS_OFFLOAD_ENCAPSULATION_REVISION_1)
        return NDIS_STATUS_INVALID_DATA;
    if (wanted.IPv4.Enabled == NDIS_OFFLOAD_SET_ON) {
        if ((wanted.IPv4.EncapsulationType & ENCAPSULATION) == 0)
            return NDIS_STATUS_INVALID_PARAMETER;
        rx |= OFFLOADS_RX4;
    }
    if (wanted.IPv6.Enabled == NDIS_OFFLOAD_SET_ON) {
        if ((wanted.IPv6.EncapsulationType & ENCAPSULATION) == 0)
            return NDIS_STATUS_INVALID_PARAMETER;
        rx |= OFFLOADS_RX6;
    }
    InterlockedExchange(&adapter->rx_offloads, (LONG)rx);
    return NDIS_STATUS_SUCCESS;
}
