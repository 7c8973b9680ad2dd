/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Transmit headers built, receive headers judged. Layer: core. IRQL: any. */
#include "net_offload.h"

#define IPV4_TOTAL_LENGTH   2 /* offsets in the IP headers */
#define IPV4_CHECKSUM       10
#define IPV6_PAYLOAD_LENGTH 4
#define IPV6_HEADER         40

/* Everything that is known while a transmit header is built. */
typedef struct _BUILD {
    const NET_TX_OFFLOAD *offload;
    UINT64 features;
    UINT32 mtu;
    NET_TX_HEAD *head;
    VIRTIO_NET_HEADER *header;
    NET_LAYOUT layout;
    BOOLEAN is_segmented;
    BOOLEAN needs_l4_sum;
} BUILD;

/* The lengths and the IPv4 checksum of a packet that ends where the frame does. FALSE: too long for the fields. */
static BOOLEAN WriteLengths(const BUILD *build)
{
    UINT8 *l3 = build->head->bytes + build->layout.l3_offset;
    UINT32 length = build->head->frame_length - build->layout.l3_offset;

    if (build->layout.l3 == NET_L3_IPV6)
        length -= IPV6_HEADER;
    if (length > 0xFFFF)
        return FALSE;
    if (build->layout.l3 == NET_L3_IPV6) {
        NetPut16(l3 + IPV6_PAYLOAD_LENGTH, (UINT16)length);
    } else {
        NetPut16(l3 + IPV4_TOTAL_LENGTH, (UINT16)length);
        NetPut16(l3 + IPV4_CHECKSUM, NetIpv4Checksum(build->head->bytes, &build->layout));
    }
    return TRUE;
}

/* Large send: lengths, and segmentation fields when there is more than one segment. */
static BOOLEAN BuildSegmentation(BUILD *build)
{
    const NET_LAYOUT *layout = &build->layout;
    BOOLEAN is_ipv4 = layout->l3 == NET_L3_IPV4;
    UINT64 needed = is_ipv4 ? VIRTIO_NET_F_HOST_TSO4 : VIRTIO_NET_F_HOST_TSO6;
    UINT32 mss = build->offload->mss;

    if (layout->l4 != NET_L4_TCP || (build->features & needed) == 0 || mss == 0 || mss > 0xFFFF)
        return FALSE;
    if (mss + layout->payload_offset - layout->l3_offset > build->mtu)
        return FALSE;
    if (build->head->frame_length < layout->payload_offset || !WriteLengths(build))
        return FALSE;
    build->needs_l4_sum = TRUE;
    build->layout.packet_end = build->head->frame_length;
    build->head->tcp_payload = build->head->frame_length - layout->payload_offset;
    if (build->head->tcp_payload <= mss)
        return TRUE;

    build->is_segmented = TRUE;
    build->header->gso_type = is_ipv4 ? VIRTIO_NET_HDR_GSO_TCPV4 : VIRTIO_NET_HDR_GSO_TCPV6;
    if ((layout->tcp_flags & NET_TCP_FLAG_CWR) != 0) {
        /* without the feature the device would repeat the mark in each segment; the resent packet will not have it */
        if ((build->features & VIRTIO_NET_F_HOST_ECN) == 0)
            return FALSE;
        build->header->gso_type |= VIRTIO_NET_HDR_GSO_ECN;
    }
    build->header->gso_size = (UINT16)mss;
    build->header->header_length = layout->payload_offset;
    return TRUE;
}

/* A frame that goes as it is, perhaps with checksums. */
static BOOLEAN BuildPlain(BUILD *build)
{
    const NET_LAYOUT *layout = &build->layout;
    UINT32 flags = build->offload->flags;
    UINT8 *l3 = build->head->bytes + layout->l3_offset;

    if ((flags & NET_TX_IP_CHECKSUM) != 0) {
        if (layout->l3 != NET_L3_IPV4)
            return FALSE;
        NetPut16(l3 + IPV4_CHECKSUM, NetIpv4Checksum(build->head->bytes, layout));
    }
    if ((flags & (NET_TX_TCP_CHECKSUM | NET_TX_UDP_CHECKSUM)) == 0)
        return TRUE;
    if (layout->l4 == NET_L4_OTHER ||
        (flags & (layout->l4 == NET_L4_TCP ? NET_TX_TCP_CHECKSUM : NET_TX_UDP_CHECKSUM)) == 0)
        return FALSE;
    if (layout->packet_end < layout->payload_offset || layout->packet_end > build->head->frame_length)
        return FALSE;
    build->head->frame_length = layout->packet_end; /* padding must not be summed */
    build->needs_l4_sum = TRUE;
    return TRUE;
}

/* The pseudo-header sum, and who adds the rest. */
static VOID BuildChecksum(BUILD *build)
{
    const NET_LAYOUT *layout = &build->layout;
    UINT16 field = NetChecksumField(layout);

    NetPut16(build->head->bytes + field,
             NetPseudoSum(build->head->bytes, layout, (UINT16)(layout->packet_end - layout->l4_offset)));
    if ((build->features & VIRTIO_NET_F_CSUM) != 0) {
        build->header->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
        build->header->checksum_start = layout->l4_offset;
        build->header->checksum_offset = (UINT16)(field - layout->l4_offset);
    } else {
        build->head->software_start = layout->l4_offset;
        build->head->software_sum = field;
    }
}

static VOID InsertTag(BUILD *build)
{
    NET_TX_HEAD *head = build->head;
    UINT32 i;

    for (i = head->count; i > NET_TAG_OFFSET; i--)
        head->bytes[i - 1 + NET_TAG_LENGTH] = head->bytes[i - 1];
    NetPut16(head->bytes + NET_TAG_OFFSET, NET_ETHERTYPE_TAG);
    NetPut16(head->bytes + NET_TAG_OFFSET + 2, build->offload->tci);
    head->count += NET_TAG_LENGTH;
    head->frame_length += NET_TAG_LENGTH;
    if (head->software_sum != 0) {
        head->software_sum += NET_TAG_LENGTH;
        head->software_start += NET_TAG_LENGTH;
    }
    if (build->header->flags != 0)
        build->header->checksum_start += NET_TAG_LENGTH;
    if (build->is_segmented)
        build->header->header_length += NET_TAG_LENGTH;
}

BOOLEAN NetTxBuildHead(const NET_TX_OFFLOAD *offload, UINT64 features, UINT32 mtu, NET_TX_HEAD *head,
                       VIRTIO_NET_HEADER *header)
{
    BUILD build;
    UINT32 longest;

    RtlZeroMemory(header, sizeof(*header));
    RtlZeroMemory(&build, sizeof(build));
    head->tcp_payload = 0;
    head->software_sum = 0;
    head->software_start = 0;
    build.offload = offload;
    build.features = features;
    build.mtu = mtu;
    build.head = head;
    build.header = header;
    if (!NetPacketParse(head->bytes, head->count, &build.layout))
        return FALSE;
    if (!((offload->flags & NET_TX_SEGMENT) != 0 ? BuildSegmentation(&build) : BuildPlain(&build)))
        return FALSE;
    longest = mtu + build.layout.l3_offset;
    if (!build.is_segmented && head->frame_length > longest)
        return FALSE;
    if (head->count > head->frame_length)
        head->count = head->frame_length;
    if (build.needs_l4_sum)
        BuildChecksum(&build);
    if ((offload->flags & NET_TX_TAG) != 0)
        InsertTag(&build);
    return TRUE;
}

/* One's-complement numbers: all ones is zero too. */
static BOOLEAN IsSameSum(UINT16 a, UINT16 b)
{
    return (a == 0xFFFF ? 0 : a) == (b == 0xFFFF ? 0 : b);
}

NET_RX_ACTION NetRxJudge(const VIRTIO_NET_HEADER *header, UINT64 features, const UINT8 *bytes, UINT32 count,
                         UINT32 frame_length, NET_RX_INFO *info, UINT32 *sum_start, UINT32 *sum_field)
{
    const UINT8 bad = VIRTIO_NET_HDR_F_NEEDS_CSUM | VIRTIO_NET_HDR_F_UDP_TUNNEL_CSUM;
    const NET_LAYOUT *layout = &info->layout;
    BOOLEAN is_whole;

    RtlZeroMemory(info, sizeof(*info));
    *sum_start = 0;
    *sum_field = 0;
    if (!NetPacketParse(bytes, count, &info->layout))
        return NET_RX_DROP;
    /* no segmentation was negotiated; the tunnel checksum bit needs a tunnel */
    if (header->gso_type != VIRTIO_NET_HDR_GSO_NONE || (header->flags & bad) == bad)
        return NET_RX_DROP;
    if (layout->l3 == NET_L3_IPV4) {
        info->ip_checksum =
            IsSameSum(NetGet16(bytes + layout->l3_offset + IPV4_CHECKSUM), NetIpv4Checksum(bytes, layout))
                ? NET_VERDICT_GOOD
                : NET_VERDICT_BAD;
    }
    if ((features & VIRTIO_NET_F_GUEST_CSUM) == 0)
        return NET_RX_PASS;
    is_whole = layout->l4 != NET_L4_OTHER && layout->packet_end >= layout->payload_offset &&
               layout->packet_end <= frame_length;

    if ((header->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) != 0) {
        if ((header->flags & VIRTIO_NET_HDR_F_RSC_INFO) != 0)
            return NET_RX_PASS;
        *sum_start = header->checksum_start;
        *sum_field = *sum_start + header->checksum_offset;
        if (*sum_start < NET_ETHERNET_LENGTH || *sum_field + 2 > frame_length)
            return NET_RX_DROP;
        /* good only if the device summed the right pseudo-header, and the rest is exactly the packet */
        if (is_whole && layout->packet_end == frame_length && *sum_start == layout->l4_offset &&
            *sum_field == NetChecksumField(layout) &&
            IsSameSum(NetGet16(bytes + *sum_field),
                      NetPseudoSum(bytes, layout, (UINT16)(layout->packet_end - layout->l4_offset))))
            info->l4_checksum = NET_VERDICT_GOOD;
        return NET_RX_COMPLETE;
    }
    if ((header->flags & VIRTIO_NET_HDR_F_DATA_VALID) != 0 && is_whole)
        info->l4_checksum = NET_VERDICT_GOOD;
    return NET_RX_PASS;
}
