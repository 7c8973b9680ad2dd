/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * One transmit queue: header slots, in-flight table, submit, reap, give-up. A frame that finds no room is the caller's
 * to keep. VIRTIO 1.x "Packet Transmission". Layer: core, on the portable ring. Highest IRQL: DISPATCH_LEVEL.
 *
 * The virtio header and a private copy of the frame's headers lie in DMA memory of the queue; the rest of the frame is
 * sent from where it is. A frame that was taken comes back exactly once: from NetTxReap or NetTxTakeBack.
 * One lock per queue, the caller's, guards all of it.
 *
 * To send: NetTxBegin, NetTxAddElement (each piece of the frame), NetTxSubmit; NetTxKick after a batch. A frame of at
 * most NET_HEADERS_MAX bytes is copied whole: its elements are not looked at and need not be given.
 */
#ifndef NET_TX_H
#define NET_TX_H

#include "net_offload.h"
#include "virtqueue_split_legacy.h"

#define NET_TX_SLOTS_MAX    256
#define NET_TX_SLOT_SIZE    256 /* virtio header and NET_TX_HEAD_MAX bytes */
#define NET_TX_HEAD_MAX     (NET_TX_SLOT_SIZE - 12)
#define NET_TX_TABLE_MAX    40 /* descriptors of an indirect table; longer chains are direct */
#define NET_TX_ELEMENTS_MAX 96 /* pieces of a frame: 64 KiB in pages, and each page in several MDLs */
#define NET_TX_STUCK_CHECKS 4

/*
 * Copies bytes out of a frame that is being submitted.
 *
 * owner, offset, length  of NET_TX_FRAME; inside the frame
 * to       length bytes
 *
 * IRQL:    <= DISPATCH_LEVEL, under the queue's lock
 * Returns: FALSE: they cannot be reached now (no memory to map them)
 */
typedef BOOLEAN (*NET_TX_READ)(void *owner, UINT32 offset, UINT8 *to, UINT32 length);

/* Read during NetTxSubmit only. */
typedef struct _NET_TX_FRAME {
    void *owner;   /* not NULL; comes back */
    UINT32 length; /* bytes from destination address on, without a tag to be inserted */
    NET_TX_OFFLOAD offload;
    UINT32 tcp_payload; /* out: NET_TX_SEGMENT, NET_TX_SENT: bytes of TCP data (large send version 1 reports them) */
} NET_TX_FRAME;

typedef enum _NET_TX_RESULT {
    NET_TX_SENT,   /* taken: owner comes back later */
    NET_TX_FULL,   /* not taken: no room now, or the queue is closed; try again after NetTxReap or NetTxOpen */
    NET_TX_REFUSED /* not taken: will never go; counted in stats */
} NET_TX_RESULT;

typedef enum _NET_TX_STATUS {
    NET_TX_IDLE,  /* nothing left, interrupts are on */
    NET_TX_MORE,  /* the array is full, interrupts are off: call again */
    NET_TX_BROKEN /* the device broke the ring: recover it. What was reaped is valid */
} NET_TX_STATUS;

typedef struct _NET_TX_STATS {
    UINT64 frames; /* completed by the device */
    UINT64 bytes;
    UINT64 checksums; /* left to the device */
    UINT64 checksums_software;
    UINT64 segmented; /* frames left to the device to cut */
    UINT64 tags_inserted;
    UINT64 full;            /* submissions that found no room */
    UINT64 refused_headers; /* what was wanted does not fit the frame */
    UINT64 refused_pieces;  /* more elements than a chain may have, or they do not add up */
    UINT64 refused_memory;  /* NET_TX_READ failed */
    UINT64 aborted;         /* taken back */
    UINT64 kicks;
} NET_TX_STATS;

typedef struct _NET_TX_SLOT {
    void *owner; /* NULL: free */
    UINT32 length;
    UINT16 next; /* of the free list */
} NET_TX_SLOT;

typedef struct _NET_TX_QUEUE {
    virtqueue_split_t vq;
    const virtio_os_ops_t *os;
    void *os_context;
    virtio_dma_buffer_t ring;
    virtio_dma_buffer_t heads;
    NET_TX_READ read;
    NET_TX_SLOT *slots;
    UINT16 slot_count;
    UINT16 free_slot;
    UINT16 in_flight_count;
    UINT16 index;
    UINT16 size;
    UINT16 element_limit; /* of one frame */
    UINT64 features;
    UINT32 mtu;
    BOOLEAN is_open;
    UINT16 stuck_checks;
    UINT64 checked_frames; /* stats.frames at the last NetTxIsStuck */
    volatile UINT8 *notify_address;
    UINT16 sg_count;                      /* elements since NetTxBegin */
    VIRTQ_SG sg[NET_TX_ELEMENTS_MAX + 1]; /* [0]: header and copied head */
    NET_TX_STATS stats;
} NET_TX_QUEUE;

typedef struct _NET_TX_SETUP {
    UINT16 index;
    UINT16 size;     /* power of two, at least 4 */
    UINT64 features; /* negotiated */
    UINT32 mtu;
    NET_TX_READ read;
} NET_TX_SETUP;

/*
 * Allocates ring, slots and whatever the ring engine needs. queue: any content; os: kept, with os_context.
 *
 * IRQL:    that of the os operations
 * Returns: STATUS_SUCCESS; STATUS_INSUFFICIENT_RESOURCES, STATUS_INVALID_PARAMETER: nothing is held
 */
NTSTATUS NetTxInit(NET_TX_QUEUE *queue, const virtio_os_ops_t *os, void *os_context, const NET_TX_SETUP *setup);

/* Frees everything. The device was reset and every frame taken back. Accepts a zeroed queue. IRQL: as NetTxInit. */
VOID NetTxUninit(NET_TX_QUEUE *queue);

/* Frames go to the device from now on. After DRIVER_OK. IRQL: any. Locks: the queue's. */
VOID NetTxOpen(NET_TX_QUEUE *queue, volatile UINT8 *notify_address);

/* From now on the ring is not touched; frames in flight stay there for NetTxTakeBack. Locks: the queue's. */
VOID NetTxClose(NET_TX_QUEUE *queue);

/* Starts a frame's list of elements. IRQL: any. Locks: the queue's, held until NetTxSubmit returned. */
VOID NetTxBegin(NET_TX_QUEUE *queue);

/* Appends a piece; when there are too many, NetTxSubmit refuses the frame. length may be 0. Locks: the queue's. */
VOID NetTxAddElement(NET_TX_QUEUE *queue, UINT64 address, UINT32 length);

/*
 * Sends the frame made of the elements since NetTxBegin (which must be called before another attempt).
 *
 * IRQL:    <= DISPATCH_LEVEL. Locks: the queue's
 * Spec:    NET-09, NET-18 to NET-37, RING-10
 */
NET_TX_RESULT NetTxSubmit(NET_TX_QUEUE *queue, NET_TX_FRAME *frame);

/* Tells the device of what was submitted. IRQL: <= DISPATCH_LEVEL. Locks: the queue's. */
VOID NetTxKick(NET_TX_QUEUE *queue);

/*
 * Takes frames that the device has done with, in its order.
 *
 * owners, capacity  out: room for capacity (at least 1) of them
 * count             out: how many
 *
 * IRQL:    <= DISPATCH_LEVEL. Locks: the queue's
 * Spec:    HOST-01 to HOST-07
 */
NET_TX_STATUS NetTxReap(NET_TX_QUEUE *queue, void **owners, UINT32 capacity, UINT32 *count);

/*
 * Takes back one frame that the device did not finish. Call until FALSE, after NetDeviceStop.
 *
 * IRQL:    <= DISPATCH_LEVEL. Locks: the queue's; the device was reset, or is gone, or will never answer
 * Returns: FALSE: none is left; the ring is empty and ready for another bring-up
 */
BOOLEAN NetTxTakeBack(NET_TX_QUEUE *queue, void **owner);

/*
 * To be called every second or two: whether frames are in flight and none was completed in the last NET_TX_STUCK_CHECKS
 * calls. Reap first.
 *
 * IRQL: <= DISPATCH_LEVEL. Locks: the queue's. Spec: HOST-20
 */
BOOLEAN NetTxIsStuck(NET_TX_QUEUE *queue);

#endif
