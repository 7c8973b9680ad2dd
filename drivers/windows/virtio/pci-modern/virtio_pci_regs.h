/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Wire offsets and values of virtio over PCI: configuration space, capabilities, common configuration structure.
 * VIRTIO 1.x "Virtio Structure PCI Capabilities", "Common configuration structure layout". Values only; every
 * multi-byte field is little-endian. Layer: transport. IRQL: any.
 */
#ifndef VIRTIO_PCI_REGS_H
#define VIRTIO_PCI_REGS_H

/* Configuration space header (type 0) */
#define PCI_CFG_LENGTH                      256
#define PCI_CFG_VENDOR_ID                   0x00
#define PCI_CFG_DEVICE_ID                   0x02
#define PCI_CFG_STATUS                      0x06
#define PCI_CFG_STATUS_CAP_LIST             0x0010
#define PCI_CFG_REVISION                    0x08
#define PCI_CFG_HEADER_LENGTH               0x40 /* capabilities lie behind it */
#define PCI_CFG_CAP_POINTER                 0x34
#define PCI_CFG_BAR_COUNT                   6
#define PCI_CFG_BAR              0x10 /* the first one */
#define PCI_BAR_IO               0x1
#define PCI_BAR_TYPE_MASK        0x6
#define PCI_BAR_TYPE_64          0x4
#define PCI_BAR_ADDRESS_MASK     0xFFFFFFF0

#define VIRTIO_PCI_VENDOR_ID                0x1AF4

/* Capabilities: identifier, next pointer (its two low bits are reserved), then the body */
#define PCI_CAP_ID                          0
#define PCI_CAP_NEXT                        1
#define PCI_CAP_POINTER_MASK                0xFC
#define PCI_CAP_ID_VENDOR                   0x09
#define PCI_CAP_ID_MSIX                     0x11
#define PCI_CAP_MSIX_CONTROL                2 /* 16 bits */
#define PCI_CAP_MSIX_LENGTH                 12
#define PCI_CAP_MSIX_SIZE_MASK              0x07FF /* vectors - 1 */

/* Body of a virtio capability */
#define VIRTIO_PCI_CAP_LEN                  2
#define VIRTIO_PCI_CAP_TYPE                 3
#define VIRTIO_PCI_CAP_BAR                  4
#define VIRTIO_PCI_CAP_OFFSET               8
#define VIRTIO_PCI_CAP_LENGTH               12
#define VIRTIO_PCI_CAP_SIZE                 16
#define VIRTIO_PCI_CAP_MULTIPLIER           16 /* notification capability only */
#define VIRTIO_PCI_CAP_NOTIFY_SIZE          20

/* Capability types */
#define VIRTIO_PCI_TYPE_COMMON              1
#define VIRTIO_PCI_TYPE_NOTIFY              2
#define VIRTIO_PCI_TYPE_ISR                 3
#define VIRTIO_PCI_TYPE_DEVICE              4

/* Common configuration structure */
#define VIRTIO_COMMON_DEVICE_FEATURE_SELECT 0x00 /* 32 bits */
#define VIRTIO_COMMON_DEVICE_FEATURE        0x04 /* 32, read-only */
#define VIRTIO_COMMON_DRIVER_FEATURE_SELECT 0x08 /* 32 */
#define VIRTIO_COMMON_DRIVER_FEATURE        0x0C /* 32 */
#define VIRTIO_COMMON_CONFIG_VECTOR         0x10 /* 16 */
#define VIRTIO_COMMON_NUM_QUEUES            0x12 /* 16, read-only */
#define VIRTIO_COMMON_STATUS                0x14 /* 8 */
#define VIRTIO_COMMON_CONFIG_GENERATION     0x15 /* 8, read-only */
#define VIRTIO_COMMON_QUEUE_SELECT          0x16 /* 16; what follows is of the selected queue */
#define VIRTIO_COMMON_QUEUE_SIZE            0x18 /* 16 */
#define VIRTIO_COMMON_QUEUE_VECTOR          0x1A /* 16 */
#define VIRTIO_COMMON_QUEUE_ENABLE          0x1C /* 16 */
#define VIRTIO_COMMON_QUEUE_NOTIFY_OFF      0x1E /* 16, read-only */
#define VIRTIO_COMMON_QUEUE_DESC            0x20 /* 64, accessed as two 32-bit halves */
#define VIRTIO_COMMON_QUEUE_AVAIL           0x28 /* likewise */
#define VIRTIO_COMMON_QUEUE_USED            0x30 /* likewise */
#define VIRTIO_COMMON_LENGTH                0x38 /* as far as this driver uses it */

#endif
