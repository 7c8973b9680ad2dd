/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The event queue: always stocked, any traffic tolerated. VIRTIO 1.x "Sound Device: Device Initialization, Jack
 * Notifications, PCM Notifications". Layer: core. Highest IRQL: DISPATCH_LEVEL by use; the device's lock.
 */
#ifndef SND_EVENT_H
#define SND_EVENT_H

#include "virtio_pci_modern.h"
#include "virtio_snd_proto.h"
#include "virtiosnd_queue_split.h"

#define SND_EVENT_QUEUE_MAX 32 /* buffers */
#define SND_EVENT_BURST     64 /* events taken in one call */

typedef struct _SND_EVENTS {
    VIRTIOSND_QUEUE queue;
    VIRTIO_SND_EVENT *buffers; /* in DMA memory, one for each descriptor */
    UINT64 buffers_pa;
    volatile UINT8 *notify_address; /* NULL: closed */
    UINT64 taken;
    UINT64 unknown;       /* codes that have no meaning here */
    UINT64 wrong_lengths; /* shorter than an event, or longer than its buffer */
} SND_EVENTS;

/* What one call of SndEventsTake found. */
typedef enum _SND_EVENT_STATUS { SND_EVENT_NONE, SND_EVENT_TAKEN, SND_EVENT_BROKEN } SND_EVENT_STATUS;

/* Posts every buffer, before the device has DRIVER_OK. FALSE: the ring is broken. Spec: SND-02, SND-03 */
BOOLEAN SndEventsFill(SND_EVENTS *events);

/* The device has DRIVER_OK and is told of the buffers. Spec: INIT-27 */
VOID SndEventsOpen(SND_EVENTS *events, volatile UINT8 *notify_address);

/* The device was reset. Accepts a zeroed one. */
VOID SndEventsReset(SND_EVENTS *events);

/*
 * Takes one event and gives its buffer back to the device.
 *
 * event    out: a private copy; code 0 where the device wrote too little
 *
 * Returns: SND_EVENT_NONE, SND_EVENT_TAKEN; SND_EVENT_BROKEN: the device broke the ring, reset it
 * Spec:    SND-30, HOST-01 to HOST-05
 */
SND_EVENT_STATUS SndEventsTake(SND_EVENTS *events, VIRTIO_SND_EVENT *event);

/* Tells the device of buffers given back, if it wants to know. */
VOID SndEventsKick(SND_EVENTS *events);

#endif
