/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * One receive queue: its buffers, merging of a frame that spans several of them, judging and filtering, recycling.
 * VIRTIO 1.x "Setting Up Receive Buffers", "Processing of Incoming Packets". Layer: core, on the portable ring.
 * Highest IRQL: DISPATCH_LEVEL (set-up: that of the os operations).
 *
 * A buffer is in the ring, or free, or lent to the system as part of a frame. Lent ones come back through NetRxReturn
 * at any time, also while the queue is closed or the device is reset; only NetRxUninit needs them all back. One lock
 * per queue, the caller's, guards everything but lent buffers, which are their borrower's.
 *
 * In a DPC: NetRxBegin, NetRxNext until it says something else than NET_RX_FRAME_READY (or the caller has had enough).
 */
#ifndef NET_RX_H
#define NET_RX_H

#include "net_filter.h"
#include "net_offload.h"
#include "virtqueue_split_legacy.h"

#define NET_RX_BUFFER_SIZE     2048     /* with merging */
#define NET_RX_MEMORY_MAX      0x800000 /* bytes of buffers; huge ones are fewer */
#define NET_RX_FRAME_PARTS_MAX 40       /* buffers of one frame at most: the longest MTU needs 33 */

/* bytes, address, number and owner are written once; the rest is the queue's, or the borrower's to read. */
typedef struct _NET_RX_BUFFER {
    UINT8 *bytes;
    UINT64 address;
    UINT16 number;
    BOOLEAN is_lent;
    UINT32 offset; /* lent: where the frame's bytes are */
    UINT32 length;
    void *owner;                 /* the caller's: an MDL for this buffer, say; kept until NetRxUninit */
    struct _NET_RX_BUFFER *next; /* of the frame, or of the free list */
} NET_RX_BUFFER;

/* A whole frame, lent. A stripped tag is in info.layout.tci. */
typedef struct _NET_RX_FRAME {
    NET_RX_BUFFER *buffers; /* linked by next */
    UINT16 buffer_count;
    UINT32 length;    /* of the frame: what the buffers' lengths add up to */
    NET_RX_INFO info; /* layout offsets: before a tag was stripped */
} NET_RX_FRAME;

typedef struct _NET_RX_STATS {
    UINT64 frames; /* handed out */
    UINT64 bytes;
    UINT64 merged;        /* of these, in more than one buffer */
    UINT64 largest_merge; /* most buffers of one frame */
    UINT64 checksum_good; /* told by the device, and believed */
    UINT64 checksum_completed;
    UINT64 tags_stripped;
    UINT64 filtered;       /* good frames that nobody wanted */
    UINT64 dropped_length; /* too short, too long, or a used length that cannot be */
    UINT64 dropped_header; /* impossible checksum or segmentation fields */
    UINT64 dropped_merge;  /* impossible buffer count, or the rest was not there */
    UINT64 kicks;
} NET_RX_STATS;

typedef struct _NET_RX_QUEUE {
    virtqueue_split_t vq;
    const virtio_os_ops_t *os;
    void *os_context;
    virtio_dma_buffer_t ring;
    virtio_dma_buffer_t *blocks; /* what the buffers lie in */
    UINT16 block_count;
    NET_RX_BUFFER *buffers; /* buffer_count of them */
    UINT16 buffer_count;
    UINT16 posted_count;
    UINT16 lent_count;
    UINT32 buffer_size;
    NET_RX_BUFFER *free;
    UINT16 index;
    UINT16 size;
    UINT64 features;
    UINT32 frame_max; /* longest frame without tag */
    BOOLEAN is_open;
    BOOLEAN strip_tags;
    UINT16 rounds; /* since NetRxBegin */
    volatile UINT8 *notify_address;
    NET_FILTER filter;
    NET_RX_STATS stats;
} NET_RX_QUEUE;

typedef struct _NET_RX_SETUP {
    UINT16 index;
    UINT16 size;         /* power of two */
    UINT16 buffer_count; /* wanted, at least 1; no more than size, or than NET_RX_MEMORY_MAX holds, are made */
    UINT64 features;     /* negotiated */
    UINT32 mtu;          /* longer frames are dropped */
    UINT32 device_mtu;   /* buffers have room for it; at least mtu */
} NET_RX_SETUP;

typedef enum _NET_RX_STATUS {
    NET_RX_FRAME_READY,
    NET_RX_IDLE,  /* nothing left, interrupts are on */
    NET_RX_MORE,  /* there may be more, interrupts are off: come back with NetRxBegin soon */
    NET_RX_BROKEN /* the device broke the ring: recover it */
} NET_RX_STATUS;

/*
 * Allocates ring and buffers. Buffers hold a whole frame without MRG_RXBUF, NET_RX_BUFFER_SIZE bytes with it.
 *
 * queue      any content
 * os         kept, with os_context: must outlive the queue
 *
 * IRQL:    that of the os operations
 * Returns: STATUS_SUCCESS; STATUS_INSUFFICIENT_RESOURCES, STATUS_INVALID_PARAMETER: nothing is held
 * Spec:    NET-08, NET-39 to NET-41
 */
NTSTATUS NetRxInit(NET_RX_QUEUE *queue, const virtio_os_ops_t *os, void *os_context, const NET_RX_SETUP *setup);

/* Frees everything. The device was reset and no buffer is lent. Accepts a zeroed queue. IRQL: as NetRxInit. */
VOID NetRxUninit(NET_RX_QUEUE *queue);

/*
 * Takes every buffer out of the ring and posts all free ones again, from an empty ring: before the queue is enabled.
 *
 * IRQL:    <= DISPATCH_LEVEL. Locks: the queue's; the device is reset
 * Spec:    NET-42, INIT-27 (nothing is notified)
 */
VOID NetRxFill(NET_RX_QUEUE *queue);

/* The device may be notified from now on: tells it of the posted buffers. After DRIVER_OK. Locks: the queue's. */
VOID NetRxOpen(NET_RX_QUEUE *queue, volatile UINT8 *notify_address);

/* From now on the ring is not touched. Locks: the queue's. IRQL: <= DISPATCH_LEVEL. */
VOID NetRxClose(NET_RX_QUEUE *queue);

/* Starts a round of NetRxNext: interrupts off. Locks: the queue's. IRQL: <= DISPATCH_LEVEL. */
VOID NetRxBegin(NET_RX_QUEUE *queue);

/*
 * The next good and wanted frame. Others are dropped, counted and recycled in here.
 *
 * frame    out: with NET_RX_FRAME_READY: lent until NetRxReturn
 *
 * IRQL:    <= DISPATCH_LEVEL. Locks: the queue's
 * Spec:    NET-43 to NET-49, NET-71, HOST-01 to HOST-05, HOST-25, HOST-26
 */
NET_RX_STATUS NetRxNext(NET_RX_QUEUE *queue, NET_RX_FRAME *frame);

/*
 * Gives a frame's buffers back; they are posted again when the queue is open.
 *
 * buffers  NET_RX_FRAME.buffers
 *
 * IRQL:    <= DISPATCH_LEVEL. Locks: the queue's
 */
VOID NetRxReturn(NET_RX_QUEUE *queue, NET_RX_BUFFER *buffers);

/* Tells the device of buffers that were returned; once after a batch of NetRxReturn. Locks: the queue's. */
VOID NetRxKick(NET_RX_QUEUE *queue);

#endif
