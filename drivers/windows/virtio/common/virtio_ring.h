/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The split virtqueue as it lies in memory shared with the device, and the only accessors to what both sides touch.
 * VIRTIO 1.x "Split Virtqueues". All fields are little-endian, as is every machine that Windows 7 runs on.
 * Layer: wire layout. IRQL: any.
 */
#ifndef VIRTIO_RING_H
#define VIRTIO_RING_H

#include <stddef.h>

#include "virtio_osdep.h"

#define VIRTQ_MAX_SIZE 32768

typedef struct _VIRTQ_DESC {
    UINT64 addr;
    UINT32 len;
    UINT16 flags;
    UINT16 next;
} VIRTQ_DESC;

#define VIRTQ_DESC_F_NEXT     1
#define VIRTQ_DESC_F_WRITE    2
#define VIRTQ_DESC_F_INDIRECT 4

typedef struct _VIRTQ_AVAIL {
    UINT16 flags;
    UINT16 idx;
    UINT16 ring[1]; /* queue size entries, then used_event */
} VIRTQ_AVAIL;

#define VIRTQ_AVAIL_F_NO_INTERRUPT 1

typedef struct _VIRTQ_USED_ELEM {
    UINT32 id;
    UINT32 len;
} VIRTQ_USED_ELEM;

typedef struct _VIRTQ_USED {
    UINT16 flags;
    UINT16 idx;
    VIRTQ_USED_ELEM ring[1]; /* queue size entries, then avail_event */
} VIRTQ_USED;

#define VIRTQ_USED_F_NO_NOTIFY 1

/* The parts' sizes, each with its trailing event word (RING-02). */
#define VIRTQ_DESC_SIZE(qsz)  (16 * (size_t)(qsz))
#define VIRTQ_AVAIL_SIZE(qsz) (6 + 2 * (size_t)(qsz))
#define VIRTQ_USED_SIZE(qsz)  (6 + 8 * (size_t)(qsz))

VIRTIO_STATIC_ASSERT(sizeof(VIRTQ_DESC) == 16);
VIRTIO_STATIC_ASSERT(offsetof(VIRTQ_DESC, len) == 8);
VIRTIO_STATIC_ASSERT(offsetof(VIRTQ_DESC, flags) == 12);
VIRTIO_STATIC_ASSERT(offsetof(VIRTQ_DESC, next) == 14);
VIRTIO_STATIC_ASSERT(offsetof(VIRTQ_AVAIL, ring) == 4);
VIRTIO_STATIC_ASSERT(sizeof(VIRTQ_USED_ELEM) == 8);
VIRTIO_STATIC_ASSERT(offsetof(VIRTQ_USED, ring) == 4);

/* One load or store of exactly this width, neither cached nor repeated nor torn by the compiler. */
VIRTIO_INLINE UINT16 VirtioRingLoad16(const UINT16 *from)
{
    return *(const volatile UINT16 *)from;
}

VIRTIO_INLINE UINT32 VirtioRingLoad32(const UINT32 *from)
{
    return *(const volatile UINT32 *)from;
}

VIRTIO_INLINE VOID VirtioRingStore16(UINT16 *to, UINT16 value)
{
    *(volatile UINT16 *)to = value;
}

/* Where the driver says at which used idx it wants an interrupt (EVENT_IDX). */
VIRTIO_INLINE UINT16 *VirtioRingUsedEvent(VIRTQ_AVAIL *avail, UINT16 qsz)
{
    return &avail->ring[0] + qsz;
}

/* Where the device says at which avail idx it wants a notification (EVENT_IDX). */
VIRTIO_INLINE const UINT16 *VirtioRingAvailEvent(const VIRTQ_USED *used, UINT16 qsz)
{
    return (const UINT16 *)(const void *)(&used->ring[0] + qsz);
}

/*
 * Whether moving an index from old_idx to new_idx passed the slot that the other side waits for; all modulo 65536.
 * VIRTIO 1.x "Available Buffer Notification Suppression" (RING-26, RING-27, RING-30).
 */
VIRTIO_INLINE BOOLEAN VirtioRingNeedEvent(UINT16 event, UINT16 new_idx, UINT16 old_idx)
{
    return (BOOLEAN)((UINT16)(new_idx - event - 1) < (UINT16)(new_idx - old_idx));
}

#endif
