/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The status queue of an input device: LEDs that the system sets. A bounded pool of buffers, one event each; while
 * none is free the wish is kept, and a newer wish replaces it.
 * VIRTIO 1.x "Input Device: Device Operation". Layer: core. Highest IRQL: DISPATCH_LEVEL by use.
 */
#ifndef INPUT_STATUS_H
#define INPUT_STATUS_H

#include "input_ring.h"

#define INPUT_STATUS_QUEUE_MAX 16 /* buffers; more than there are LEDs with a name */

/* Guarded by the caller's one lock. Zeroed: the device has no status queue. */
typedef struct _INPUT_STATUS {
    INPUT_RING ring;
    UINT16 mask;        /* LEDs that the device has, bit by Linux code */
    UINT16 wanted;      /* their state */
    UINT16 unsent;      /* which of them the device has not been told */
    BOOLEAN was_set;    /* by the system, ever */
    UINT16 free_count;
    UINT16 free_buffers[INPUT_STATUS_QUEUE_MAX];
    UINT64 sent;
    UINT64 waited;      /* times that a wish found no buffer */
    UINT64 wrong_lengths; /* the device said that it wrote into one */
} INPUT_STATUS;

/*
 * All buffers are free again and every LED that was ever set is told anew.
 *
 * status   ring is set up and empty
 *
 * IRQL:    any. Locks: the caller's lock. The device has DRIVER_OK
 */
VOID InputStatusOpen(INPUT_STATUS *status, volatile UINT8 *notify_address);

/*
 * Sets the LEDs.
 *
 * leds     bit by Linux code; those outside of mask are ignored
 *
 * IRQL:    any. Locks: the caller's lock
 * Spec:    INPUT-07, INPUT-13
 */
VOID InputStatusSet(INPUT_STATUS *status, UINT16 leds);

/*
 * Takes sent buffers back and sends what waits.
 *
 * count    out: how many came back
 *
 * IRQL:    any. Locks: the caller's lock
 * Returns: TRUE: the device broke the ring, reset it
 * Spec:    INPUT-13, HOST-01 to HOST-03
 */
BOOLEAN InputStatusDrain(INPUT_STATUS *status, UINT32 *count);

#endif
