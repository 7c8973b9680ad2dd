/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Out-of-band values of a send. ndis.h of the kit; Windows' TCP/IP leaves the length out of a large send's sums. */
#include "send_offload.h"

#include <string.h>

#include "verify/verify.h"

enum { ETHERNET = 14, TCP = 6, UDP = 17, IPV4_CHECKSUM = 10, IPV4_LENGTH = 2, IPV6_LENGTH = 4, IPV6_HEADER = 40 };

/* What the frame is. */
struct layout {
    bool is_ipv4, is_ipv6;
    unsigned protocol; /* TCP, UDP or 0 */
    uint32_t transport; /* offset */
};

static uint16_t get16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

static void put16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

/* One's complement sum, folded. */
static uint32_t sum(const uint8_t *bytes, uint32_t length, uint32_t start)
{
    uint64_t total = start;
    for (uint32_t i = 0; i + 1 < length; i += 2) {
        total += get16(bytes + i);
    }
    total += length % 2 != 0 ? (uint32_t)bytes[length - 1] << 8 : 0;
    while (total >> 16 != 0) {
        total = (total & 0xffff) + (total >> 16);
    }
    return (uint32_t)total;
}

static void find_layout(const struct nd_packet *p, const uint8_t *frame, struct layout *l)
{
    unsigned type = get16(frame + 12);
    memset(l, 0, sizeof *l);
    l->transport = p->checksum_start;
    l->is_ipv4 = type == 0x0800 && p->length >= ETHERNET + 20;
    l->is_ipv6 = type == 0x86dd && p->length >= ETHERNET + IPV6_HEADER;
    if ((l->is_ipv4 || l->is_ipv6) && p->checksum_start >= ETHERNET + 20 && p->checksum_start + 18u <= p->length) {
        /* Which of the two it is can be told by where its checksum is. */
        l->protocol = p->checksum_offset == 16 ? TCP : p->checksum_offset == 6 ? UDP : 0;
    } else if ((l->is_ipv4 || l->is_ipv6) && p->checksum_start >= ETHERNET + 20 &&
               p->checksum_start + 8u <= p->length && p->checksum_offset == 6) {
        l->protocol = UDP;
    }
}

static bool is_offloaded(const NDIS_TCP_IP_CHECKSUM_OFFLOAD *c, const struct layout *l)
{
    if (l->is_ipv4) {
        return l->protocol == TCP ? c->IPv4Transmit.TcpChecksum != 0 : l->protocol == UDP && c->IPv4Transmit.UdpChecksum;
    }
    return l->is_ipv6 &&
           (l->protocol == TCP ? c->IPv6Transmit.TcpChecksum != 0 : l->protocol == UDP && c->IPv6Transmit.UdpChecksum);
}

static void checksum_in_software(const struct nd_packet *p, uint8_t *frame)
{
    uint32_t field = (uint32_t)p->checksum_start + p->checksum_offset, value;
    if (field + 2 > p->length) {
        return;
    }
    value = ~sum(frame + p->checksum_start, p->length - p->checksum_start, 0) & 0xffff;
    put16(frame + field, value == 0 && p->checksum_offset == 6 ? 0xffff : value);
}

/* The IPv4 header's own checksum may be left to the miniport too. */
static void leave_ip_checksum(struct nd_adapter *a, const struct layout *l, uint8_t *frame,
                              NDIS_TCP_IP_CHECKSUM_NET_BUFFER_LIST_INFO *info)
{
    if (l->is_ipv4 && a->offload.Checksum.IPv4Transmit.IpChecksum != 0 && nd_random(2) == 0) {
        put16(frame + ETHERNET + IPV4_CHECKSUM, 0);
        info->Transmit.IsIPv4 = 1;
        info->Transmit.IpHeaderChecksum = 1;
    }
}

/* Large send: lengths may be missing from the headers, and the sum in the TCP header leaves the length out. */
static bool prepare_large(struct nd_adapter *a, const struct nd_packet *p, const struct layout *l, uint8_t *frame,
                          struct send_offload *out)
{
    NDIS_TCP_LARGE_SEND_OFFLOAD_NET_BUFFER_LIST_INFO info = {.Value = NULL};
    const NDIS_OFFLOAD *o = &a->offload;
    uint32_t header = l->transport + (uint32_t)(frame[l->transport + 12] >> 4) * 4;
    uint32_t v2 = l->is_ipv4 ? o->LsoV2.IPv4.MaxOffLoadSize : o->LsoV2.IPv6.MaxOffLoadSize;
    uint32_t v1 = l->is_ipv4 ? o->LsoV1.IPv4.MaxOffLoadSize : 0;
    uint8_t *field = frame + l->transport + 16;
    if (l->protocol != TCP || header >= p->length) {
        return false;
    }
    out->payload = p->length - header;
    v2 = out->payload <= v2 ? v2 : 0;
    v1 = out->payload <= v1 ? v1 : 0;
    if (v1 == 0 && v2 == 0) {
        return false;
    }
    out->version = v2 != 0 && (v1 == 0 || nd_random(2) == 0) ? NDIS_TCP_LARGE_SEND_OFFLOAD_V2_TYPE
                                                             : NDIS_TCP_LARGE_SEND_OFFLOAD_V1_TYPE;
    info.LsoV2Transmit.MSS = p->mss;
    info.LsoV2Transmit.TcpHeaderOffset = l->transport;
    info.LsoV2Transmit.Type = out->version;
    if (out->version == NDIS_TCP_LARGE_SEND_OFFLOAD_V2_TYPE) {
        info.LsoV2Transmit.IPVersion = l->is_ipv6 ? NDIS_TCP_LARGE_SEND_OFFLOAD_IPv6 : NDIS_TCP_LARGE_SEND_OFFLOAD_IPv4;
    }
    put16(field, sum(field, 2, ~(p->length - l->transport) & 0xffff));
    if (nd_random(2) == 0) {
        put16(frame + ETHERNET + (l->is_ipv4 ? IPV4_LENGTH : IPV6_LENGTH), 0);
    }
    if (l->is_ipv4) {
        put16(frame + ETHERNET + IPV4_CHECKSUM, 0);
    }
    out->large_send = info.Value;
    return true;
}

bool send_offload_prepare(struct nd_adapter *a, const struct nd_packet *p, uint8_t *frame, struct send_offload *out)
{
    NDIS_TCP_IP_CHECKSUM_NET_BUFFER_LIST_INFO checksum = {.Value = NULL};
    struct layout l;
    memset(out, 0, sizeof *out);
    find_layout(p, frame, &l);
    if (p->is_tagged) {
        NDIS_NET_BUFFER_LIST_8021Q_INFO tag = {.Value = NULL};
        tag.TagHeader.UserPriority = p->tag >> 13;
        tag.TagHeader.CanonicalFormatId = p->tag >> 12 & 1;
        tag.TagHeader.VlanId = p->tag & 0xfff;
        out->tag = tag.Value;
    }
    if (p->mss != 0) {
        return prepare_large(a, p, &l, frame, out);
    }
    if (p->length > a->general.MtuSize + ETHERNET) {
        return false;
    }
    if (p->checksum_start != 0 && is_offloaded(&a->offload.Checksum, &l)) {
        checksum.Transmit.IsIPv4 = l.is_ipv4;
        checksum.Transmit.IsIPv6 = l.is_ipv6;
        checksum.Transmit.TcpChecksum = l.protocol == TCP;
        checksum.Transmit.UdpChecksum = l.protocol == UDP;
        checksum.Transmit.TcpHeaderOffset = l.transport;
    } else if (p->checksum_start != 0) {
        checksum_in_software(p, frame);
    }
    leave_ip_checksum(a, &l, frame, &checksum);
    out->checksum = checksum.Value;
    return true;
}
