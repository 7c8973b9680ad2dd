/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The event queue of an input device, kept full: what the device wrote is copied and the buffers are posted again
 * before an event is looked at.
 * VIRTIO 1.x "Input Device: Device Operation". Layer: core. Highest IRQL: DISPATCH_LEVEL by use.
 */
#ifndef INPUT_EVENTS_H
#define INPUT_EVENTS_H

#include "input_report.h"
#include "input_ring.h"

#define INPUT_EVENT_QUEUE_MAX 256 /* largest queue that is used */
#define INPUT_DRAIN_PASSES    4   /* fillings of the queue that one InputEventsDrain takes: a device may never pause */

/*
 * A device drops a whole report when the queue has too few buffers for it, and does not say so. So when fewer than this
 * many were left, events may be missing. Longest report of common devices: two axes, a wheel or button, SYN_REPORT.
 */
#define INPUT_GAP_MARGIN      4
#define INPUT_GAP_QUEUE_MIN   16  /* smaller queues are that full all the time */

typedef enum _INPUT_DRAIN {
    INPUT_DRAIN_DONE,
    INPUT_DRAIN_MORE,  /* events are left: call again soon */
    INPUT_DRAIN_BROKEN /* the device broke the ring: reset it */
} INPUT_DRAIN;

typedef struct _INPUT_TAKEN {
    VIRTIO_INPUT_EVENT event;
    UINT16 buffer;
    BOOLEAN is_whole; /* the device says that it wrote all of it */
} INPUT_TAKEN;

/* Guarded by the caller's one lock. */
typedef struct _INPUT_EVENTS {
    INPUT_RING ring;
    INPUT_TAKEN *taken;    /* ring.size of them, private memory */
    UINT64 wrong_lengths;  /* used lengths other than 8 */
    UINT64 gaps;           /* times that events may have been dropped for want of buffers */
} INPUT_EVENTS;

/*
 * Posts all buffers and kicks.
 *
 * events   ring is set up and empty
 *
 * IRQL:    any. Locks: the caller's lock. The device has DRIVER_OK
 * Spec:    INPUT-04 to INPUT-06, INIT-27
 */
VOID InputEventsOpen(INPUT_EVENTS *events, volatile UINT8 *notify_address);

/*
 * Takes what the device wrote, posts the buffers again, then translates.
 *
 * reports  gets the events
 * count    out: how many buffers came back
 *
 * IRQL:    any. Locks: the caller's lock
 * Spec:    INPUT-04, HOST-01 to HOST-05, HOST-29
 */
INPUT_DRAIN InputEventsDrain(INPUT_EVENTS *events, INPUT_REPORTS *reports, UINT32 *count);

#endif
