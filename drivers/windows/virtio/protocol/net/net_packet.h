/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Frames as bytes: finds the headers of any bytes without reading outside of them, and adds up Internet checksums.
 * Knows no virtio and no ring. RFC 791, 793, 768, 1071, 8200; IEEE 802.1Q. Layer: core. IRQL: any; no state.
 */
#ifndef NET_PACKET_H
#define NET_PACKET_H

#include "virtio_osdep.h"

#define NET_ETHERNET_LENGTH     14
#define NET_TAG_LENGTH          4
#define NET_TAG_OFFSET          12 /* where a tag stands in a frame */
#define NET_ETHERTYPE_TAG       0x8100
#define NET_HEADERS_MAX         240 /* headers are looked for in so many bytes: the longest chain that is understood */
#define NET_EXTENSIONS_MAX      8   /* IPv6 extension headers */
#define NET_TCP_CHECKSUM_OFFSET 16
#define NET_UDP_CHECKSUM_OFFSET 6
#define NET_TCP_FLAG_CWR        0x80

typedef enum _NET_L3 { NET_L3_OTHER, NET_L3_IPV4, NET_L3_IPV6 } NET_L3;
typedef enum _NET_L4 { NET_L4_OTHER, NET_L4_TCP, NET_L4_UDP } NET_L4;

/*
 * Where things are in a frame, offsets from its first byte. l3 is set only when the whole IP header was there and well
 * formed; l4 only when the whole TCP or UDP header was there and the packet is no fragment.
 */
typedef struct _NET_LAYOUT {
    NET_L3 l3;
    NET_L4 l4;
    BOOLEAN is_tagged; /* 802.1Q; tci is valid */
    BOOLEAN is_fragment;
    UINT16 tci; /* priority, CFI, VLAN id */
    UINT16 l3_offset;
    UINT16 l3_header_bytes; /* IPv4: with options; IPv6: the fixed 40 */
    UINT16 l4_offset;
    UINT16 payload_offset; /* behind the TCP or UDP header */
    UINT32 packet_end;     /* where the IP header says that its packet ends; may lie behind the frame */
    UINT8 tcp_flags;
} NET_LAYOUT;

/*
 * Finds the headers.
 *
 * bytes, count   the frame's first bytes, private to the caller; NET_HEADERS_MAX (or all there are) is enough
 * layout         out
 *
 * Returns: FALSE: not even an Ethernet header is there; the layout is zeroed
 * Spec:    HOST-26
 */
BOOLEAN NetPacketParse(const UINT8 *bytes, UINT32 count, NET_LAYOUT *layout);

/* A one's-complement sum over a byte stream that comes in pieces of any length. */
typedef struct _NET_SUM {
    UINT64 total;
    BOOLEAN is_odd; /* so many bytes so far */
} NET_SUM;

VOID NetSumInit(NET_SUM *sum);
VOID NetSumAdd(NET_SUM *sum, const UINT8 *bytes, UINT32 count);

/* Returns: the folded sum, not complemented, as the number whose high byte comes first on the wire. */
UINT16 NetSumFold(const NET_SUM *sum);

/*
 * The pseudo-header's sum of a TCP or UDP packet, folded and not complemented: what the checksum field holds when the
 * rest is left to someone else (NET-29).
 *
 * bytes       the frame's headers
 * layout      of them; l4 is TCP or UDP
 * l4_bytes    length of TCP or UDP header and data
 */
UINT16 NetPseudoSum(const UINT8 *bytes, const NET_LAYOUT *layout, UINT16 l4_bytes);

/* The right IPv4 header checksum; the field itself does not count. bytes: the frame's headers; l3 is IPv4. */
UINT16 NetIpv4Checksum(const UINT8 *bytes, const NET_LAYOUT *layout);

/* Where the TCP or UDP checksum field is in the frame. l4 is TCP or UDP. */
UINT16 NetChecksumField(const NET_LAYOUT *layout);

/* Big-endian fields. */
UINT16 NetGet16(const UINT8 *from);
VOID NetPut16(UINT8 *to, UINT16 value);

#endif
