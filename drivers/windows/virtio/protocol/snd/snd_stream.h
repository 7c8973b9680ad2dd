/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * One direction's audio: slices of the cyclic buffer posted as messages (header, data, status) with a bounded
 * read-ahead, the position, notification units, starvation. VIRTIO 1.x "Sound Device: PCM I/O Messages, Output Stream,
 * Input Stream". Layer: core. Highest IRQL: DISPATCH_LEVEL by use; the device's lock guards all of it.
 *
 * Positions count bytes since the state was STOP; they never wrap (64 bits). Three of them, of which the first is known
 * between messages and the second when one comes back; neither is beyond the third:
 *   heard      where the converter is, from completions, latency and time; never goes back
 *   completed  the device has returned everything before: the client may write there (render) or read there (capture)
 *   posted     the device may read (render) or write (capture) everything before
 *
 * With notifications, render: the buffer's first round is what the client prepared. From then on a unit is posted only
 * SND_REFILL_MS after its last content's event was given to the client. With two units that is never late; with one
 * unit the device starves at each end of the buffer, as a client that fills the buffer after its event requires.
 */
#ifndef SND_STREAM_H
#define SND_STREAM_H

#include "snd_clock.h"
#include "snd_geometry.h"
#include "virtio_pci_modern.h"
#include "virtiosnd_queue_split.h"

#define SND_SLICES_MAX     SND_READ_AHEAD
#define SND_REFILL_MS      5
#define SND_DATA_ELEMENTS  18  /* of one message's audio, at most */
#define SND_ERRORS_MAX     16  /* messages in a row that fail: then the stream fails */
#define SND_LATENCY_MAX_MS 500 /* a device that claims more is not believed */

/* Of each message, in DMA memory: the device reads the first and writes the second. */
typedef struct _SND_MESSAGE {
    VIRTIO_SND_PCM_XFER xfer;
    VIRTIO_SND_PCM_STATUS status;
    UINT32 reserved;
} SND_MESSAGE;
VIRTIO_STATIC_ASSERT(sizeof(SND_MESSAGE) == 16);

typedef struct _SND_SLICE {
    BOOLEAN is_posted;
    BOOLEAN is_done; /* returned */
    UINT32 missing;  /* capture: bytes of the period that the device did not fill */
    UINT32 latency;  /* bytes, bounded */
} SND_SLICE;

typedef struct _SND_STREAM_STATS {
    UINT64 messages;
    UINT64 errors;       /* status other than OK, or an impossible length */
    UINT64 starved;      /* times that the device had nothing left */
    UINT64 device_xruns; /* events of the device */
    UINT64 notifications;
    UINT64 kicks;
    UINT64 full; /* a message found no room in the ring */
} SND_STREAM_STATS;

typedef struct _SND_STREAM {
    BOOLEAN is_capture;
    VIRTIOSND_QUEUE queue;
    SND_MESSAGE *messages; /* SND_SLICES_MAX, in DMA memory */
    UINT64 messages_pa;
    volatile UINT8 *notify_address; /* NULL: closed */
    UINT32 stream_id;
    SND_GEOMETRY geometry;
    const UINT64 *pfns; /* the buffer's pages; NULL: no buffer. The caller's, kept while set */
    UINT32 pfn_count;
    UINT32 first_offset; /* of the buffer in its first page */
    BOOLEAN is_running;  /* between START and STOP: time passes */
    BOOLEAN is_primed;   /* posting is allowed: prepared or running */
    BOOLEAN is_starved;
    UINT64 posted_periods;
    UINT64 completed_periods;
    UINT32 missing;         /* capture: bytes that the last completed message is short of a period */
    UINT64 heard;           /* bytes: the position given last; frozen while it does not run */
    BOOLEAN is_latency_due; /* private: the clock runs from what was taken; the first message says how much later it is
                               heard */
    UINT64 resume_from;     /* private: where the converter goes on at the next start */
    UINT32 latency_bytes;   /* that the device reported last, bounded; stays over STOP */
    UINT32 error_run;
    BOOLEAN is_failed;
    UINT64 units_done; /* whose last period has completed */
    UINT64 units_told; /* handed to the client, at told_time */
    UINT64 told_time;
    SND_CLOCK clock;
    SND_SLICE slices[SND_SLICES_MAX]; /* of period n: n % SND_SLICES_MAX */
    SND_STREAM_STATS stats;
} SND_STREAM;

/* What a client sees. Bytes. */
typedef struct _SND_POSITION {
    UINT64 play;        /* render: heard. capture: recorded and there to be read */
    UINT64 write;       /* render: posted, up to here the client must not write. capture: completed */
    UINT32 play_offset; /* in the buffer */
    UINT32 write_offset;
} SND_POSITION;

/*
 * Gives the stream its buffer, in state STOP.
 *
 * geometry            from SndGeometryPlan; copied
 * pfns, pfn_count     page frames that cover first_offset + buffer_bytes; kept until SndStreamClearBuffer
 *
 * Returns: STATUS_SUCCESS; STATUS_INVALID_PARAMETER: the pages do not cover the buffer, or a slice needs more elements
 *          than the ring takes
 */
NTSTATUS SndStreamSetBuffer(SND_STREAM *stream, const SND_GEOMETRY *geometry, const UINT64 *pfns, UINT32 pfn_count,
                            UINT32 first_offset);

/* Takes the buffer away. Nothing may be in flight. */
VOID SndStreamClearBuffer(SND_STREAM *stream);

/* The queue is set up and empty; the device has DRIVER_OK. */
VOID SndStreamOpen(SND_STREAM *stream, volatile UINT8 *notify_address);

/* The device was reset: what was not heard is posted anew, from a period's start; the position stays. Accepts a zeroed
 * one. */
VOID SndStreamReset(SND_STREAM *stream, UINT64 now);

/* The state is STOP: position 0, nothing in flight. */
VOID SndStreamRewind(SND_STREAM *stream);

/* Before START is sent: posts the read-ahead. Spec: SND-17, SND-26 */
VOID SndStreamPrime(SND_STREAM *stream, UINT64 now);

/*
 * START was answered well, at now: the clock runs from here, and not from when it was sent. A clock that lags is set
 * right by the next early completion, one that leads only after its window.
 */
VOID SndStreamRun(SND_STREAM *stream, UINT64 now);

/* STOP is about to be sent: freezes the position. */
VOID SndStreamFreeze(SND_STREAM *stream, UINT64 now);

/*
 * Takes completions and posts what may be posted.
 *
 * Returns: TRUE: the device broke the ring, reset it
 * Spec:    SND-12, SND-15, SND-16, SND-18, SND-27, HOST-01 to HOST-05
 */
BOOLEAN SndStreamService(SND_STREAM *stream, UINT64 now);

/*
 * Whether the client is to be told that a unit is done; marks it as told at now. The caller hands the event over.
 */
BOOLEAN SndStreamTakeNotification(SND_STREAM *stream, UINT64 now);

/* The position at now. Never goes back, never beyond what was posted. */
VOID SndStreamPosition(SND_STREAM *stream, UINT64 now, SND_POSITION *position);

/* An xrun event of the device. */
VOID SndStreamXrun(SND_STREAM *stream);

#endif
