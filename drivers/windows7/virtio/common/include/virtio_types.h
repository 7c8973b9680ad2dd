/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Types and results of the portable virtqueue engine. Where the compiler has no <stdint.h> (WDK 7.1) the fixed-width
 * types are ours. Layer: below everything. IRQL: any.
 */
#ifndef VIRTIO_TYPES_H
#define VIRTIO_TYPES_H

#if defined(_MSC_VER) && _MSC_VER < 1600
typedef unsigned char uint8_t;
typedef unsigned short uint16_t;
typedef unsigned int uint32_t;
typedef unsigned __int64 uint64_t;
#else
#include <stdint.h>
#endif
#include <stddef.h>

typedef uint8_t virtio_bool_t;
#define VIRTIO_TRUE  1
#define VIRTIO_FALSE 0

#define VIRTIO_OK        0
#define VIRTIO_ERR_INVAL (-1) /* an argument is not valid, or the queue is broken */
#define VIRTIO_ERR_NOMEM (-2) /* no memory */
#define VIRTIO_ERR_NOSPC (-3) /* the queue is full now */
#define VIRTIO_ERR_RANGE (-4) /* a size or address is out of range */
#define VIRTIO_ERR_IO    (-5) /* the device does not work */

#endif
