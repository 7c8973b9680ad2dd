/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * How the cyclic buffer is cut: periods (one message each), notification units, read-ahead.
 * VIRTIO 1.x "Sound Device: Stream Parameters, Output Stream". Layer: core. IRQL: any; no state.
 *
 * The read-ahead has to cover what a device takes at once (QEMU's timer runs every 10 ms) and completions that come
 * late, so it aims at SND_READ_AHEAD_MS, and a unit is at least twice as long: what the client has to fill a half in.
 */
#ifndef SND_GEOMETRY_H
#define SND_GEOMETRY_H

#include "snd_format.h"

#define SND_PERIOD_MS        5 /* aimed at */
#define SND_READ_AHEAD       4 /* periods: 20 ms */
#define SND_UNIT_MIN         6 /* periods of a unit, at least */
#define SND_BUFFER_MAX_MS    2000
#define SND_BUFFER_PAGES_MAX 4096

/* Every number is consistent with the others; bytes are whole frames. */
typedef struct _SND_GEOMETRY {
    UINT32 rate;
    UINT32 frame_bytes;
    UINT32 period_bytes;
    UINT32 period_count;       /* of the buffer */
    UINT32 buffer_bytes;       /* period_bytes * period_count */
    UINT32 read_ahead_periods; /* posted and not completed, at most */
    UINT32 fifo_bytes;         /* read_ahead_periods * period_bytes: FifoSize */
    UINT32 unit_periods;       /* between two notifications; 0: none wanted */
    UINT32 notification_count; /* 0, 1 or 2 */
} SND_GEOMETRY;

/*
 * Cuts a buffer.
 *
 * wire                 the stream's format
 * rate                 frames a second
 * requested_bytes      what the client wants; rounded up, also to the least that works, and down to SND_BUFFER_MAX_MS
 * notification_count   0, 1 or 2
 * geometry             out: zeroed on failure; buffer_bytes is the size to allocate
 *
 * Returns: STATUS_SUCCESS; STATUS_INVALID_PARAMETER: notification_count, or rate or frame size of 0
 * Spec:    SND-06
 */
NTSTATUS SndGeometryPlan(const SND_WIRE_FORMAT *wire, UINT32 rate, UINT32 requested_bytes, UINT32 notification_count,
                         SND_GEOMETRY *geometry);

#endif
