/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Wire layout of the virtio input device: configuration selectors and offsets, events, and the numbers of Linux's event
 * interface that the driver names. Single key codes are in input_usage_table.h only.
 * VIRTIO 1.x "Input Device". Little-endian, as are all machines that run Windows 7. Layer: core, wire. IRQL: any.
 */
#ifndef VIRTIO_INPUT_PROTO_H
#define VIRTIO_INPUT_PROTO_H

#include <stddef.h>

#include "virtio_osdep.h"

#define VIRTIO_INPUT_DEVICE_ID    0x1052

#define VIRTIO_INPUT_QUEUE_EVENT  0
#define VIRTIO_INPUT_QUEUE_STATUS 1

/* Offsets in the device configuration. select and subsel choose what size and data show. */
#define VIRTIO_INPUT_CFG_SELECT 0 /* u8 */
#define VIRTIO_INPUT_CFG_SUBSEL 1 /* u8 */
#define VIRTIO_INPUT_CFG_SIZE   2 /* u8, bytes of data; 0: not there */
#define VIRTIO_INPUT_CFG_DATA   8
#define VIRTIO_INPUT_DATA_MAX   128

/* Values of select */
#define VIRTIO_INPUT_ID_NAME    0x01
#define VIRTIO_INPUT_ID_SERIAL  0x02
#define VIRTIO_INPUT_ID_DEVIDS  0x03 /* le16 bus type, vendor, product, version */
#define VIRTIO_INPUT_PROP_BITS  0x10
#define VIRTIO_INPUT_EV_BITS    0x11 /* subsel: event type */
#define VIRTIO_INPUT_ABS_INFO   0x12 /* subsel: axis; le32 min, max, fuzz, flat, resolution */

/* What travels on both queues. */
typedef struct _VIRTIO_INPUT_EVENT {
    UINT16 type;
    UINT16 code;
    UINT32 value; /* signed for relative and absolute axes */
} VIRTIO_INPUT_EVENT;
VIRTIO_STATIC_ASSERT(sizeof(VIRTIO_INPUT_EVENT) == 8);
VIRTIO_STATIC_ASSERT(offsetof(VIRTIO_INPUT_EVENT, code) == 2);
VIRTIO_STATIC_ASSERT(offsetof(VIRTIO_INPUT_EVENT, value) == 4);

/* Event types, and how many codes each has */
#define INPUT_EV_SYN      0x00
#define INPUT_EV_KEY      0x01
#define INPUT_EV_REL      0x02
#define INPUT_EV_ABS      0x03
#define INPUT_EV_LED      0x11

#define INPUT_SYN_REPORT  0
#define INPUT_SYN_DROPPED 3

#define INPUT_KEY_COUNT   0x300
#define INPUT_REL_COUNT   0x10
#define INPUT_ABS_COUNT   0x40
#define INPUT_LED_COUNT   0x10
#define INPUT_PROP_COUNT  0x20

#define INPUT_REL_X       0x00
#define INPUT_REL_Y       0x01
#define INPUT_REL_HWHEEL  0x06
#define INPUT_REL_WHEEL   0x08
#define INPUT_ABS_X       0x00
#define INPUT_ABS_Y       0x01

#endif
