/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The control queue: one message at a time, asynchronous. Request and reply lie in the queue's DMA memory, which stays
 * until the device was reset, so an answer that comes too late touches nothing; what is read of a reply is copied once.
 * VIRTIO 1.x "Sound Device: Control Messages". Layer: core. Highest IRQL: DISPATCH_LEVEL by use; the device's lock
 * guards all of it.
 */
#ifndef SND_CONTROL_H
#define SND_CONTROL_H

#include "snd_clock.h"
#include "snd_geometry.h"
#include "virtio_pci_modern.h"
#include "virtiosnd_queue_split.h"

#define SND_CONTROL_TIMEOUT_MS 1000 /* for one message */
#define SND_CONTROL_ITEMS      16   /* information items in one reply, at most */
#define SND_CONTROL_REPLY_MAX  (4 + SND_CONTROL_ITEMS * 32)

typedef enum _SND_CONTROL_STATUS {
    SND_CONTROL_IDLE, /* nothing is on its way */
    SND_CONTROL_BUSY,
    SND_CONTROL_DONE,  /* the reply was taken: code, reply; reported once, then IDLE */
    SND_CONTROL_BROKEN /* no answer in time (REQUEST_TIMEOUT) or a broken ring (USED_RING_INVALID): reset the device */
} SND_CONTROL_STATUS;

typedef struct _SND_CONTROL_MESSAGE {
    VIRTIO_SND_PCM_SET_PARAMS request;  /* the longest one; the device reads it */
    UINT8 reply[SND_CONTROL_REPLY_MAX]; /* the device writes it */
} SND_CONTROL_MESSAGE;

typedef struct _SND_CONTROL {
    VIRTIOSND_QUEUE queue;
    SND_CONTROL_MESSAGE *message; /* in DMA memory */
    UINT64 message_pa;
    volatile UINT8 *notify_address; /* NULL: closed */
    BOOLEAN is_busy;
    BOOLEAN is_broken;
    VIRTIO_REASON reason; /* with SND_CONTROL_BROKEN */
    UINT32 request_code;  /* of the message on its way, or answered last */
    UINT32 tag;           /* the caller's, of that message */
    UINT32 reply_size;    /* bytes asked for behind the status */
    UINT32 code;          /* of the answer: VIRTIO_SND_S_*; any number */
    UINT32 reply_length;  /* bytes behind the status that the device wrote, at most what was asked for */
    UINT8 reply[SND_CONTROL_REPLY_MAX - 4]; /* private copy; what was not written is zero */
    UINT64 deadline;                        /* 100 ns */
    UINT64 sent;
    UINT64 failed; /* answers other than OK */
    UINT64 timeouts;
} SND_CONTROL;

/* The queue is set up and empty; the device has DRIVER_OK. */
VOID SndControlOpen(SND_CONTROL *control, volatile UINT8 *notify_address);

/* The device was reset: what was on its way will not be answered. Accepts a zeroed one. */
VOID SndControlReset(SND_CONTROL *control);

/*
 * Asks for information items.
 *
 * code             VIRTIO_SND_R_JACK_INFO, PCM_INFO or CHMAP_INFO
 * start_id, count  the caller keeps their sum within the configured total; count: 1 to SND_CONTROL_ITEMS
 * item_size        bytes, at most 32
 *
 * Returns: FALSE: busy, closed or broken
 * Spec:    SND-04, SND-05
 */
BOOLEAN SndControlQuery(SND_CONTROL *control, UINT32 code, UINT32 start_id, UINT32 count, UINT32 item_size, UINT64 now);

/* Sends PREPARE, RELEASE, START or STOP. tag: given back in control->tag. Returns: as SndControlQuery. */
BOOLEAN SndControlCommand(SND_CONTROL *control, UINT32 code, UINT32 stream_id, UINT32 tag, UINT64 now);

/*
 * Sends SET_PARAMS. features: bits of the stream's that are wanted. Returns: as SndControlQuery.
 * Spec: SND-06 to SND-11, SND-13, SND-14
 */
BOOLEAN SndControlSetParams(SND_CONTROL *control, UINT32 stream_id, const SND_WIRE_FORMAT *wire,
                            const SND_GEOMETRY *geometry, UINT32 features, UINT32 tag, UINT64 now);

/*
 * Takes the answer, if there is one. An answer that nobody asked for breaks the queue.
 *
 * now      100 ns, any clock that does not go back
 *
 * Spec:    SND-29, HOST-28
 */
SND_CONTROL_STATUS SndControlPoll(SND_CONTROL *control, UINT64 now);

#endif
