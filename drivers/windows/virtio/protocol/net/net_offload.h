/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the virtio header and a frame's headers say to each other: builds the transmit header with everything the device
 * relies on, judges a receive header with everything a device may get wrong.
 * VIRTIO 1.x "Packet Transmission", "Processing of Incoming Packets". Layer: core. IRQL: any; no state.
 */
#ifndef NET_OFFLOAD_H
#define NET_OFFLOAD_H

#include "net_packet.h"
#include "virtio_net_proto.h"

/* What is wanted for a frame to be sent */
#define NET_TX_IP_CHECKSUM  0x01 /* IPv4 header; done in software, virtio has no such offload */
#define NET_TX_TCP_CHECKSUM 0x02
#define NET_TX_UDP_CHECKSUM 0x04
#define NET_TX_SEGMENT      0x08 /* TCP: cut to mss (large send); implies both checksums */
#define NET_TX_TAG          0x10 /* insert an 802.1Q tag with tci */

typedef struct _NET_TX_OFFLOAD {
    UINT32 flags; /* NET_TX_* */
    UINT32 mss;   /* NET_TX_SEGMENT: TCP payload bytes in each segment */
    UINT16 tci;   /* NET_TX_TAG */
} NET_TX_OFFLOAD;

/* A frame's headers on their way: a private copy that is changed and sent instead of the original. */
typedef struct _NET_TX_HEAD {
    UINT8 *bytes;          /* room for NET_TAG_LENGTH more than count */
    UINT32 count;          /* in: copied bytes, min(frame, NET_HEADERS_MAX) at most; out: with the tag */
    UINT32 frame_length;   /* in: whole frame; out: with the tag */
    UINT32 tcp_payload;    /* out: NET_TX_SEGMENT: bytes of TCP data */
    UINT16 software_sum;   /* out: 0, or where the L4 checksum has to be put, because the device does not */
    UINT16 software_start; /* out: the sum starts here */
} NET_TX_HEAD;

/*
 * Prepares headers and virtio header: tag, IPv4 lengths and header checksum, pseudo-header sum, checksum and
 * segmentation fields. The lengths in the headers of a frame to be cut need not be right.
 *
 * features   negotiated
 * mtu        longest packet that may leave the device
 * header     out
 *
 * Returns: FALSE: the frame cannot be sent: what is wanted does not fit its headers or the features, or it is longer
 *          than the MTU allows
 * Spec:    NET-09, NET-18 to NET-23, NET-26 to NET-35, NET-37
 */
BOOLEAN NetTxBuildHead(const NET_TX_OFFLOAD *offload, UINT64 features, UINT32 mtu, NET_TX_HEAD *head,
                       VIRTIO_NET_HEADER *header);

typedef enum _NET_VERDICT {
    NET_VERDICT_NONE, /* unknown: the system has to look */
    NET_VERDICT_GOOD,
    NET_VERDICT_BAD
} NET_VERDICT;

/* What is known of a received frame. */
typedef struct _NET_RX_INFO {
    NET_LAYOUT layout;       /* as it arrived: with the tag, if there was one */
    NET_VERDICT ip_checksum; /* IPv4 header */
    NET_VERDICT l4_checksum; /* of layout.l4 */
} NET_RX_INFO;

/* What has to be done with the frame. */
typedef enum _NET_RX_ACTION {
    NET_RX_PASS,
    NET_RX_COMPLETE, /* put the checksum of sum_start to the frame's end at sum_field; then it is as info says */
    NET_RX_DROP
} NET_RX_ACTION;

/*
 * Judges a received frame by its headers.
 *
 * header         private copy
 * features       negotiated
 * bytes, count   the frame's first bytes, private copy: NET_HEADERS_MAX, or all there are
 * frame_length   whole frame
 * info           out
 * sum_start, sum_field  out: with NET_RX_COMPLETE, offsets inside the frame
 *
 * Spec:    NET-43 to NET-49, HOST-26
 */
NET_RX_ACTION NetRxJudge(const VIRTIO_NET_HEADER *header, UINT64 features, const UINT8 *bytes, UINT32 count,
                         UINT32 frame_length, NET_RX_INFO *info, UINT32 *sum_start, UINT32 *sum_field);

#endif
