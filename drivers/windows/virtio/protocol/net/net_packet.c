/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Frames as bytes. Layer: core. IRQL: any. */
#include "net_packet.h"

#define IPV4_HEADER_MIN   20
#define IPV4_FRAGMENT     0x3FFF /* more fragments, or an offset */
#define IPV6_HEADER       40
#define TCP_HEADER_MIN    20
#define UDP_HEADER        8

#define PROTOCOL_HOPS     0 /* hop-by-hop options */
#define PROTOCOL_TCP      6
#define PROTOCOL_UDP      17
#define PROTOCOL_ROUTING  43
#define PROTOCOL_FRAGMENT 44
#define PROTOCOL_OPTIONS  60 /* destination options */

#define ETHERTYPE_IPV4    0x0800
#define ETHERTYPE_IPV6    0x86DD

UINT16 NetGet16(const UINT8 *from)
{
    return (UINT16)(from[0] << 8 | from[1]);
}

VOID NetPut16(UINT8 *to, UINT16 value)
{
    to[0] = (UINT8)(value >> 8);
    to[1] = (UINT8)value;
}

/* offset is at most count in all of these, so that no subtraction wraps. */
static VOID ParseL4(const UINT8 *bytes, UINT32 count, UINT8 protocol, NET_LAYOUT *layout)
{
    const UINT8 *l4 = bytes + layout->l4_offset;
    UINT32 left = count - layout->l4_offset;
    UINT32 header;

    if (protocol == PROTOCOL_UDP && left >= UDP_HEADER) {
        layout->l4 = NET_L4_UDP;
        layout->payload_offset = (UINT16)(layout->l4_offset + UDP_HEADER);
    } else if (protocol == PROTOCOL_TCP && left >= TCP_HEADER_MIN) {
        header = (UINT32)(l4[12] >> 4) * 4;
        if (header < TCP_HEADER_MIN || header > left)
            return;
        layout->l4 = NET_L4_TCP;
        layout->payload_offset = (UINT16)(layout->l4_offset + header);
        layout->tcp_flags = l4[13];
    }
}

static VOID ParseIpv4(const UINT8 *bytes, UINT32 count, NET_LAYOUT *layout)
{
    const UINT8 *l3 = bytes + layout->l3_offset;
    UINT32 left = count - layout->l3_offset;
    UINT32 header;

    if (left < IPV4_HEADER_MIN || l3[0] >> 4 != 4)
        return;
    header = (UINT32)(l3[0] & 15) * 4;
    if (header < IPV4_HEADER_MIN || header > left)
        return;
    layout->l3 = NET_L3_IPV4;
    layout->l3_header_bytes = (UINT16)header;
    layout->l4_offset = (UINT16)(layout->l3_offset + header);
    layout->packet_end = (UINT32)layout->l3_offset + NetGet16(l3 + 2);
    layout->is_fragment = (NetGet16(l3 + 6) & IPV4_FRAGMENT) != 0;
    if (!layout->is_fragment)
        ParseL4(bytes, count, l3[9], layout);
}

static VOID ParseIpv6(const UINT8 *bytes, UINT32 count, NET_LAYOUT *layout)
{
    const UINT8 *l3 = bytes + layout->l3_offset;
    UINT32 offset = (UINT32)layout->l3_offset + IPV6_HEADER;
    UINT32 header;
    UINT32 i;
    UINT8 next;

    if (count < offset || l3[0] >> 4 != 6)
        return;
    layout->l3 = NET_L3_IPV6;
    layout->l3_header_bytes = IPV6_HEADER;
    layout->l4_offset = (UINT16)offset;
    layout->packet_end = offset + NetGet16(l3 + 4);
    next = l3[6];
    for (i = 0; i < NET_EXTENSIONS_MAX; i++) {
        if (next == PROTOCOL_FRAGMENT) {
            layout->is_fragment = TRUE;
            return;
        }
        if (next != PROTOCOL_HOPS && next != PROTOCOL_ROUTING && next != PROTOCOL_OPTIONS) {
            ParseL4(bytes, count, next, layout);
            return;
        }
        if (count - offset < 8)
            return;
        header = ((UINT32)bytes[offset + 1] + 1) * 8;
        if (header > count - offset)
            return;
        if (next == PROTOCOL_ROUTING && bytes[offset + 3] != 0)
            return; /* segments left: the pseudo-header's destination is not the one in the header */
        next = bytes[offset];
        offset += header;
        layout->l4_offset = (UINT16)offset;
    }
}

BOOLEAN NetPacketParse(const UINT8 *bytes, UINT32 count, NET_LAYOUT *layout)
{
    UINT16 type;

    RtlZeroMemory(layout, sizeof(*layout));
    if (count < NET_ETHERNET_LENGTH)
        return FALSE;
    if (count > NET_HEADERS_MAX)
        count = NET_HEADERS_MAX;
    layout->l3_offset = NET_ETHERNET_LENGTH;
    type = NetGet16(bytes + NET_TAG_OFFSET);
    if (type == NET_ETHERTYPE_TAG && count >= NET_ETHERNET_LENGTH + NET_TAG_LENGTH) {
        layout->is_tagged = TRUE;
        layout->tci = NetGet16(bytes + NET_TAG_OFFSET + 2);
        layout->l3_offset += NET_TAG_LENGTH;
        type = NetGet16(bytes + NET_TAG_OFFSET + NET_TAG_LENGTH);
    }
    if (type == ETHERTYPE_IPV4)
        ParseIpv4(bytes, count, layout);
    else if (type == ETHERTYPE_IPV6)
        ParseIpv6(bytes, count, layout);
    return TRUE;
}

VOID NetSumInit(NET_SUM *sum)
{
    sum->total = 0;
    sum->is_odd = FALSE;
}

/*
 * Words are added as the processor loads them; by the arithmetic of one's complement the folded sum is then right but
 * for the order of its two bytes (RFC 1071).
 */
VOID NetSumAdd(NET_SUM *sum, const UINT8 *bytes, UINT32 count)
{
    UINT32 word;

    if (count == 0)
        return;
    if (sum->is_odd) {
        sum->total += (UINT32)bytes[0] << 8;
        sum->is_odd = FALSE;
        bytes++;
        count--;
    }
    for (; count >= 4; count -= 4) {
        RtlCopyMemory(&word, bytes, 4);
        sum->total += word;
        bytes += 4;
    }
    if (count >= 2) {
        sum->total += (UINT32)bytes[0] | (UINT32)bytes[1] << 8;
        bytes += 2;
        count -= 2;
    }
    if (count != 0) {
        sum->total += bytes[0];
        sum->is_odd = TRUE;
    }
}

UINT16 NetSumFold(const NET_SUM *sum)
{
    UINT64 total = sum->total;

    while (total > 0xFFFF)
        total = (total & 0xFFFF) + (total >> 16);
    return (UINT16)(total << 8 | total >> 8);
}

UINT16 NetPseudoSum(const UINT8 *bytes, const NET_LAYOUT *layout, UINT16 l4_bytes)
{
    NET_SUM sum;
    UINT8 rest[4];

    NetSumInit(&sum);
    if (layout->l3 == NET_L3_IPV4)
        NetSumAdd(&sum, bytes + layout->l3_offset + 12, 8);
    else
        NetSumAdd(&sum, bytes + layout->l3_offset + 8, 32);
    rest[0] = 0;
    rest[1] = layout->l4 == NET_L4_TCP ? PROTOCOL_TCP : PROTOCOL_UDP;
    NetPut16(rest + 2, l4_bytes);
    NetSumAdd(&sum, rest, sizeof(rest));
    return NetSumFold(&sum);
}

UINT16 NetIpv4Checksum(const UINT8 *bytes, const NET_LAYOUT *layout)
{
    const UINT8 *l3 = bytes + layout->l3_offset;
    NET_SUM sum;

    NetSumInit(&sum);
    NetSumAdd(&sum, l3, 10);
    NetSumAdd(&sum, l3 + 12, (UINT32)layout->l3_header_bytes - 12);
    return (UINT16)~NetSumFold(&sum);
}

UINT16 NetChecksumField(const NET_LAYOUT *layout)
{
    return (UINT16)(layout->l4_offset + (layout->l4 == NET_L4_TCP ? NET_TCP_CHECKSUM_OFFSET : NET_UDP_CHECKSUM_OFFSET));
}
