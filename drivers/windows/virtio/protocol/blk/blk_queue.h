/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The request queue of a block device: in-flight table, waiting list, flush ordering, completion, give-up.
 * VIRTIO 1.x "Block Device: Device Operation". Layer: core, on the portable ring. Highest IRQL: DIRQL.
 *
 * A request is always taken (the ring being full only makes it wait) and ends exactly once, on the list that
 * BlkQueueDrain or BlkQueueAbort hands out. Request header and status byte lie in DMA memory of the queue, never in the
 * request; nothing that the device can write is used for a decision but the status byte and the used length.
 *
 * Flush order (BLK-22): a flush goes to the device when every write submitted before it has ended. A write with
 * flush_after ends when a flush sent after its own completion has ended.
 */
#ifndef BLK_QUEUE_H
#define BLK_QUEUE_H

#include "blk_config.h"
#include "virtio_blk_proto.h"
#include "virtqueue_split_legacy.h"

#define BLK_SLOTS_MAX 256
#define BLK_SLOT_SIZE 32 /* header, status, padding */
#define BLK_NO_SLOT   0xFFFF

typedef enum _BLK_REQUEST_TYPE { BLK_READ, BLK_WRITE, BLK_FLUSH, BLK_GET_ID } BLK_REQUEST_TYPE;

typedef enum _BLK_RESULT {
    BLK_RESULT_OK,
    BLK_RESULT_IO_ERROR,    /* the device said IOERR */
    BLK_RESULT_UNSUPPORTED, /* the device said UNSUPP */
    BLK_RESULT_BAD_STATUS,  /* a status that is not defined, or none was written */
    BLK_RESULT_SHORT,       /* success with fewer bytes than asked for */
    BLK_RESULT_RESET,       /* given back by a reset: may or may not have happened; try again */
    BLK_RESULT_DEAD         /* the device was given up */
} BLK_RESULT;

/*
 * One request, in its owner's memory from BlkQueueSubmit until it comes back. The owner fills the first group (data by
 * BlkRequestAddSegment), reads the second.
 */
typedef struct _BLK_REQUEST {
    BLK_REQUEST_TYPE type;
    BOOLEAN flush_after;    /* WRITE: durable before it ends */
    UINT64 sector;          /* READ, WRITE: 512-byte units */
    UINT32 data_length;     /* READ, WRITE: multiple of 512, what the segments add up to */
    void *owner;            /* the owner's */

    BLK_RESULT result;

    /* the queue's own from here on */
    struct _BLK_REQUEST *next;
    UINT64 sequence;
    UINT32 writes_before;   /* FLUSH: earlier writes that have not ended */
    UINT16 slot;
    BOOLEAN is_flushing;    /* the flush of a flush_after write */
    UINT16 segment_count;
    VIRTQ_SG sg[BLK_SEGMENTS_MAX + 2]; /* header, data, status */
} BLK_REQUEST;

/* Requests in order, linked by next. */
typedef struct _BLK_REQUEST_LIST {
    BLK_REQUEST *head;
    BLK_REQUEST *tail;
} BLK_REQUEST_LIST;

typedef struct _BLK_QUEUE_STATS {
    UINT64 reads;
    UINT64 writes;
    UINT64 flushes;
    UINT64 errors;      /* requests that ended with anything but OK */
    UINT64 kicks;
    UINT64 waited;      /* requests that found the ring full */
} BLK_QUEUE_STATS;

/* All of it is guarded by the caller's one lock; BlkRequestInit and BlkRequestAddSegment need none. */
typedef struct _BLK_QUEUE {
    virtqueue_split_t vq;
    const virtio_os_ops_t *os;
    void *os_context;
    virtio_dma_buffer_t ring;
    virtio_dma_buffer_t slots;      /* header and status of each, then the GET_ID data */
    UINT16 index;
    UINT16 size;
    UINT16 slot_count;
    UINT16 free_slot;               /* head of the free list, BLK_NO_SLOT: none */
    UINT16 next_slot[BLK_SLOTS_MAX];
    UINT16 in_flight_count;
    BOOLEAN indirect;
    BOOLEAN is_open;                /* the device may be notified */
    volatile UINT8 *notify_address;
    BLK_REQUEST_LIST waiting;       /* no room in the ring */
    BLK_REQUEST_LIST held;          /* flushes with writes before them */
    UINT64 sequence;
    UINT32 writes_pending;          /* writes that have not ended, wherever they are */
    BLK_QUEUE_STATS stats;
} BLK_QUEUE;

typedef struct _BLK_QUEUE_SETUP {
    UINT16 index;
    UINT16 size;         /* power of two, at least 4 */
    BOOLEAN event_idx;
    BOOLEAN indirect;
    UINT16 segment_limit;
} BLK_QUEUE_SETUP;

/* Bytes of DMA memory for the slots of a queue. IRQL: any. */
size_t BlkQueueSlotMemory(UINT16 queue_size);

/* Prepares a request with no data. owner, flush_after and result are reset too. IRQL: any. Locks: none. */
VOID BlkRequestInit(BLK_REQUEST *request, BLK_REQUEST_TYPE type, UINT64 sector);

/*
 * Appends a piece of the data buffer, cut to limits->size_max.
 *
 * request   READ or WRITE, not submitted
 * address   device address; length bytes, may be 0
 *
 * IRQL:    any
 * Locks:   none
 * Returns: FALSE: more descriptors than limits->segment_limit, the request must not be submitted
 * Spec:    BLK-23
 */
BOOLEAN BlkRequestAddSegment(BLK_REQUEST *request, const BLK_LIMITS *limits, UINT64 address, UINT32 length);

/* Appends at the end. IRQL: any. */
VOID BlkListAppend(BLK_REQUEST_LIST *list, BLK_REQUEST *request);

/* Removes the first one. Returns: NULL when the list is empty. IRQL: any. */
BLK_REQUEST *BlkListPop(BLK_REQUEST_LIST *list);

/*
 * Allocates ring, slots and whatever the ring engine needs.
 *
 * queue      any content
 * os         kept, with os_context: must outlive the queue
 *
 * IRQL:    that of the os operations
 * Returns: STATUS_SUCCESS; STATUS_INSUFFICIENT_RESOURCES, STATUS_INVALID_PARAMETER: nothing is held
 */
NTSTATUS BlkQueueInit(BLK_QUEUE *queue, const virtio_os_ops_t *os, void *os_context, const BLK_QUEUE_SETUP *setup);

/* Frees everything. The device must have been reset and every request given back. Accepts a zeroed queue. */
VOID BlkQueueUninit(BLK_QUEUE *queue);

/*
 * From now on submitted requests go to the device.
 *
 * notify_address  from VirtioPciEnableQueue, after DRIVER_OK
 *
 * IRQL:    any
 * Locks:   the caller's lock
 */
VOID BlkQueueOpen(BLK_QUEUE *queue, volatile UINT8 *notify_address);

/*
 * Takes a request. It may wait inside (no room, flush order, queue not open) but will end on a list.
 *
 * request  from BlkRequestInit; READ and WRITE with a data length that is a positive multiple of 512
 *
 * IRQL:    any up to DIRQL
 * Locks:   the caller's lock
 * Returns: STATUS_SUCCESS; STATUS_INVALID_PARAMETER: not taken: its data is no whole number of sectors, or
 *          longer than any chain of this queue
 * Spec:    BLK-01, BLK-09 to BLK-11, BLK-13, BLK-22, BLK-26, BLK-29
 */
NTSTATUS BlkQueueSubmit(BLK_QUEUE *queue, BLK_REQUEST *request);

/*
 * Takes what the device finished, sends what waited, and leaves interrupts on.
 *
 * done     in/out: ended requests are appended
 *
 * IRQL:    any up to DIRQL
 * Locks:   the caller's lock
 * Returns: TRUE: the device broke the ring, reset it (and BlkQueueAbort)
 * Spec:    BLK-26, BLK-27, HOST-01 to HOST-07, HOST-22
 */
BOOLEAN BlkQueueDrain(BLK_QUEUE *queue, BLK_REQUEST_LIST *done);

/*
 * Gives every request back and readies the ring for another bring-up; the queue is closed afterwards.
 *
 * result   what the requests end with
 * done     in/out: every request that had not ended is appended
 *
 * IRQL:    any up to DIRQL
 * Locks:   the caller's lock; the device has been reset (or does not answer and never will again)
 * Spec:    INIT-04, INIT-30
 */
VOID BlkQueueAbort(BLK_QUEUE *queue, BLK_RESULT result, BLK_REQUEST_LIST *done);

/*
 * GET_ID data of a request that ended OK: VIRTIO_BLK_ID_LENGTH bytes, copied out of DMA memory. At most one GET_ID is
 * in flight at a time.
 *
 * IRQL: any. Spec: BLK-13
 */
VOID BlkQueueCopyId(const BLK_QUEUE *queue, UINT8 *id);

#endif
