/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Wire layout of the virtio block device: feature bits, configuration offsets, request header, status values.
 * VIRTIO 1.x "Block Device". Little-endian, as are all machines that run Windows 7. Layer: core, wire. IRQL: any.
 */
#ifndef VIRTIO_BLK_PROTO_H
#define VIRTIO_BLK_PROTO_H

#include <stddef.h>

#include "virtio_osdep.h"

#define VIRTIO_BLK_DEVICE_ID_MODERN       0x1042
#define VIRTIO_BLK_DEVICE_ID_TRANSITIONAL 0x1001

#define VIRTIO_BLK_F_SIZE_MAX   (1ULL << 1)
#define VIRTIO_BLK_F_SEG_MAX    (1ULL << 2)
#define VIRTIO_BLK_F_RO         (1ULL << 5)
#define VIRTIO_BLK_F_BLK_SIZE   (1ULL << 6)
#define VIRTIO_BLK_F_FLUSH      (1ULL << 9)
#define VIRTIO_BLK_F_TOPOLOGY   (1ULL << 10)
#define VIRTIO_BLK_F_CONFIG_WCE (1ULL << 11)

/* Offsets in the device configuration */
#define VIRTIO_BLK_CFG_CAPACITY          0  /* le64, units of 512 bytes */
#define VIRTIO_BLK_CFG_SIZE_MAX          8  /* le32 */
#define VIRTIO_BLK_CFG_SEG_MAX           12 /* le32 */
#define VIRTIO_BLK_CFG_BLK_SIZE          20 /* le32 */
#define VIRTIO_BLK_CFG_PHYSICAL_EXPONENT 24 /* u8 */
#define VIRTIO_BLK_CFG_ALIGNMENT_OFFSET  25 /* u8 */
#define VIRTIO_BLK_CFG_WRITEBACK         32 /* u8 */

#define VIRTIO_BLK_SECTOR_SIZE  512
#define VIRTIO_BLK_SECTOR_SHIFT 9

#define VIRTIO_BLK_T_IN     0
#define VIRTIO_BLK_T_OUT    1
#define VIRTIO_BLK_T_FLUSH  4
#define VIRTIO_BLK_T_GET_ID 8

#define VIRTIO_BLK_S_OK     0
#define VIRTIO_BLK_S_IOERR  1
#define VIRTIO_BLK_S_UNSUPP 2

#define VIRTIO_BLK_ID_LENGTH 20

/* What the device reads first; data and one status byte follow in descriptors of their own. */
typedef struct _VIRTIO_BLK_HEADER {
    UINT32 type;
    UINT32 reserved;
    UINT64 sector;
} VIRTIO_BLK_HEADER;
VIRTIO_STATIC_ASSERT(sizeof(VIRTIO_BLK_HEADER) == 16);
VIRTIO_STATIC_ASSERT(offsetof(VIRTIO_BLK_HEADER, sector) == 8);

#endif
