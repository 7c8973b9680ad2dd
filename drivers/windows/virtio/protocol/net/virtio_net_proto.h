/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Wire layouts and values of the virtio network device. VIRTIO 1.x "Network Device". Values only; multi-byte fields are
 * little-endian. Layer: core. IRQL: any.
 */
#ifndef VIRTIO_NET_PROTO_H
#define VIRTIO_NET_PROTO_H

#include "virtio_osdep.h"

#define VIRTIO_NET_DEVICE_ID_MODERN       0x1041
#define VIRTIO_NET_DEVICE_ID_TRANSITIONAL 0x1000

/* Feature bits */
#define VIRTIO_NET_F_CSUM                 (1ULL << 0)
#define VIRTIO_NET_F_GUEST_CSUM           (1ULL << 1)
#define VIRTIO_NET_F_MTU                  (1ULL << 3)
#define VIRTIO_NET_F_MAC                  (1ULL << 5)
#define VIRTIO_NET_F_HOST_TSO4            (1ULL << 11)
#define VIRTIO_NET_F_HOST_TSO6            (1ULL << 12)
#define VIRTIO_NET_F_HOST_ECN             (1ULL << 13)
#define VIRTIO_NET_F_MRG_RXBUF            (1ULL << 15)
#define VIRTIO_NET_F_STATUS               (1ULL << 16)
#define VIRTIO_NET_F_CTRL_VQ              (1ULL << 17)
#define VIRTIO_NET_F_CTRL_RX              (1ULL << 18)
#define VIRTIO_NET_F_CTRL_VLAN            (1ULL << 19)
#define VIRTIO_NET_F_MQ                   (1ULL << 22)
#define VIRTIO_NET_F_CTRL_MAC_ADDR        (1ULL << 23)
#define VIRTIO_NET_F_GUEST_HDRLEN         (1ULL << 59)
#define VIRTIO_NET_F_SPEED_DUPLEX         (1ULL << 63)

/* Device configuration, offsets in bytes */
#define VIRTIO_NET_CFG_MAC                0  /* six single bytes */
#define VIRTIO_NET_CFG_STATUS             6  /* 16 bits */
#define VIRTIO_NET_CFG_MAX_PAIRS          8  /* 16 bits */
#define VIRTIO_NET_CFG_MTU                10 /* 16 bits */
#define VIRTIO_NET_CFG_SPEED              12 /* 32 bits, Mbit/s */
#define VIRTIO_NET_CFG_DUPLEX             16 /* 8 bits */

#define VIRTIO_NET_S_LINK_UP              0x0001
#define VIRTIO_NET_DUPLEX_HALF            0
#define VIRTIO_NET_DUPLEX_FULL            1
#define VIRTIO_NET_SPEED_MAX              0x7FFFFFFF
#define VIRTIO_NET_MTU_MIN                68
#define VIRTIO_NET_PAIRS_MAX              0x8000

/* In front of each frame, both ways; always 12 bytes with VERSION_1. */
typedef struct _VIRTIO_NET_HEADER {
    UINT8 flags;
    UINT8 gso_type;
    UINT16 header_length;
    UINT16 gso_size;
    UINT16 checksum_start;
    UINT16 checksum_offset; /* from checksum_start */
    UINT16 buffer_count;    /* receive only */
} VIRTIO_NET_HEADER;
VIRTIO_STATIC_ASSERT(sizeof(VIRTIO_NET_HEADER) == 12);
VIRTIO_STATIC_ASSERT(offsetof(VIRTIO_NET_HEADER, gso_type) == 1);
VIRTIO_STATIC_ASSERT(offsetof(VIRTIO_NET_HEADER, header_length) == 2);
VIRTIO_STATIC_ASSERT(offsetof(VIRTIO_NET_HEADER, gso_size) == 4);
VIRTIO_STATIC_ASSERT(offsetof(VIRTIO_NET_HEADER, checksum_start) == 6);
VIRTIO_STATIC_ASSERT(offsetof(VIRTIO_NET_HEADER, checksum_offset) == 8);
VIRTIO_STATIC_ASSERT(offsetof(VIRTIO_NET_HEADER, buffer_count) == 10);

#define VIRTIO_NET_HDR_F_NEEDS_CSUM      0x01
#define VIRTIO_NET_HDR_F_DATA_VALID      0x02
#define VIRTIO_NET_HDR_F_RSC_INFO        0x04
#define VIRTIO_NET_HDR_F_UDP_TUNNEL_CSUM 0x08

#define VIRTIO_NET_HDR_GSO_NONE          0
#define VIRTIO_NET_HDR_GSO_TCPV4         1
#define VIRTIO_NET_HDR_GSO_TCPV6         4
#define VIRTIO_NET_HDR_GSO_ECN           0x80

/* Control commands: class and command byte, data, then one ack byte that the device writes */
#define VIRTIO_NET_CTRL_RX               0
#define VIRTIO_NET_CTRL_RX_PROMISC       0
#define VIRTIO_NET_CTRL_RX_ALLMULTI      1
#define VIRTIO_NET_CTRL_MAC              1
#define VIRTIO_NET_CTRL_MAC_TABLE_SET    0
#define VIRTIO_NET_CTRL_MAC_ADDR_SET     1
#define VIRTIO_NET_CTRL_VLAN             2
#define VIRTIO_NET_CTRL_VLAN_ADD         0
#define VIRTIO_NET_CTRL_VLAN_DEL         1

#define VIRTIO_NET_CTRL_OK               0

/* Queue numbers of pair n; the control queue comes behind all pairs that the negotiated features allow. */
#define VIRTIO_NET_RX_QUEUE(pair)        ((UINT16)(2 * (pair)))
#define VIRTIO_NET_TX_QUEUE(pair)        ((UINT16)(2 * (pair) + 1))

#endif
