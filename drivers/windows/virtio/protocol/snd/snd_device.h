/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * One virtio sound device: joins transport, queues, PCM state machines and streams, from finding it to giving it up.
 * VIRTIO 1.x "Sound Device". Layer: core. Highest IRQL: DISPATCH_LEVEL (stated per function where it is lower).
 *
 *   SndDeviceProbe        finds, negotiates, reads the configuration (no memory yet)
 *   SndDeviceStart        queues in the caller's memory, DRIVER_OK, asks for jacks, streams and channel maps
 *   SndDeviceService      on an interrupt, from the DPC
 *   SndDevicePoll         from a timer: every SND_TICK_MS while SndDeviceIsActive, else about once a second
 *   SndDeviceRecover      after SND_WORK_RECOVER: reset, bring-up, streams go on
 *   SndDeviceStop         reset (power down, removal); SndDeviceRestart takes it up again
 *   SndDeviceUninit       reset, forgets the memory
 *
 * What a client of a stream calls is in snd_client.h.
 *
 * From SndDeviceStart on every function takes and releases the device's lock through SND_HOST itself: hold none. The
 * functions at PASSIVE_LEVEL of one direction are called one at a time (PortCls does); those of two directions,
 * Service, Poll and Position may run at the same time. Start, Recover, Restart, Stop and Uninit are called one at a
 * time, too, beside the others; after Uninit comes nothing.
 */
#ifndef SND_DEVICE_H
#define SND_DEVICE_H

#include "snd_config.h"
#include "snd_control.h"
#include "snd_event.h"
#include "snd_format.h"
#include "snd_geometry.h"
#include "snd_pcm.h"
#include "snd_stream.h"
#include "snd_vectors.h"
#include "virtio_diag.h"

#define SND_RENDER              0 /* VIRTIO_SND_D_OUTPUT */
#define SND_CAPTURE             1 /* VIRTIO_SND_D_INPUT */
#define SND_DIRECTIONS          2

#define SND_TICK_MS             5
/* So many recoveries of a broken device, each so soon after the one before: then it is DEAD. */
#define SND_RECOVERIES_MAX      8
#define SND_RECOVERY_MS         200
#define SND_WAIT_MS             5    /* longest single wait for an answer: a lost Wake costs no more */
#define SND_STATE_TIMEOUT_MS    3000 /* SndClientSetState, whatever happens */

/* What Service and Poll ask the glue to do, bits. */
#define SND_WORK_MORE           0x01 /* call again soon, from a new DPC, after the notifications below */
#define SND_WORK_RECOVER        0x02 /* queue a work item that calls SndDeviceRecover */
#define SND_WORK_NOTIFY_RENDER  0x04 /* set the notification events of the client */
#define SND_WORK_NOTIFY_CAPTURE 0x08
#define SND_WORK_JACKS          0x10 /* a jack was plugged or unplugged: see SndDeviceJack */

/*
 * What the core needs of the system. Acquire and Release: a spin lock, which raises to DISPATCH_LEVEL. Now: 100 ns from
 * the performance counter, never back, at any IRQL up to DISPATCH_LEVEL. Wait: at PASSIVE_LEVEL without the lock, about
 * milliseconds long, or until Wake, which is called under the lock when a control answer came; it may end early, and
 * several threads may wait.
 */
typedef struct _SND_HOST {
    VOID (*Acquire)(void *context);
    VOID (*Release)(void *context);
    UINT64 (*Now)(void *context);
    VOID (*Wait)(void *context, UINT32 milliseconds);
    VOID (*Wake)(void *context);
} SND_HOST;

typedef enum _SND_STATE {
    SND_STATE_NONE,   /* zeroed */
    SND_STATE_PROBED, /* features negotiated, no queues */
    SND_STATE_RUNNING,
    SND_STATE_STOPPED, /* memory kept, the device is reset */
    SND_STATE_BROKEN,  /* running, but to be recovered: reason says why */
    SND_STATE_DEAD     /* bring-up or recovery failed; a later recovery may succeed */
} SND_STATE;

typedef struct _SND_MEMORY_NEEDED {
    size_t dma_size;   /* bytes, contiguous, device-visible, aligned to SND_DMA_ALIGNMENT */
    size_t state_size; /* bytes of non-paged memory that the device cannot reach, aligned like a pointer */
} SND_MEMORY_NEEDED;
#define SND_DMA_ALIGNMENT 16

typedef struct _SND_MEMORY {
    void *dma_va;
    UINT64 dma_pa;
    void *state;
} SND_MEMORY;

/* A direction: the device's stream for it, and the client's wishes. Guarded by the device's lock. */
typedef struct _SND_DIRECTION {
    BOOLEAN is_present; /* constant after SndDeviceStart, as are the next two */
    UINT32 stream_id;
    SND_CAPS caps;
    BOOLEAN is_open;
    BOOLEAN is_lost; /* the device may still own the buffer's pages: it did not finish a reset */
    SND_FORMAT format;
    SND_WIRE_FORMAT wire;
    SND_PCM pcm;
    SND_STREAM stream;
    UINT64 release_deadline; /* 0, or until when a released stream's messages must be back */
} SND_DIRECTION;

typedef struct _SND_DEVICE {
    VIRTIO_PCI_DEVICE pci;
    const SND_HOST *host;
    void *host_context;
    SND_CONFIG config;
    SND_CONTROL control;
    SND_EVENTS events;
    SND_DIRECTION directions[SND_DIRECTIONS];
    VIRTIO_QUEUE_LAYOUT layouts[VIRTIO_SND_QUEUE_COUNT];
    UINT16 sizes_offered[VIRTIO_SND_QUEUE_COUNT];
    size_t dma_offsets[VIRTIO_SND_QUEUE_COUNT + 3]; /* of queues, control message, event buffers, audio messages */
    size_t state_offsets[VIRTIO_SND_QUEUE_COUNT];
    size_t dma_size;
    size_t state_size;
    SND_VECTORS vectors;
    UINT32 jack_count;
    VIRTIO_SND_JACK_INFO jacks[SND_JACKS_MAX];
    UINT32 chmap_count;
    VIRTIO_SND_CHMAP_INFO chmaps[SND_CHMAPS_MAX];
    SND_STATE state;
    BOOLEAN has_memory;
    UINT64 features;      /* of the first negotiation: later ones must give the same */
    UINT32 work;          /* SND_WORK_* not handed out yet */
    VIRTIO_REASON reason; /* last fault */
    UINT32 reason_detail;
    UINT64 interrupts;
    UINT64 polled; /* completions that SndDevicePoll found: interrupts that came late or never */
    UINT64 resets;
    UINT64 recovered_at; /* last recovery of a broken device, and how many came in a row */
    UINT32 recoveries;
} SND_DEVICE;

/*
 * Finds the device, negotiates features, reads configuration and queue sizes. On failure the device is left FAILED or
 * reset.
 *
 * device        any content; zeroed first
 * ops, context  as VirtioPciOpen
 *
 * IRQL:    PASSIVE_LEVEL. Locks: none
 * Returns: STATUS_SUCCESS; else device->reason says why: refuse the device
 * Spec:    SND-01, INIT-21
 */
NTSTATUS SndDeviceProbe(SND_DEVICE *device, const VIRTIO_PCI_OPS *ops, void *context);

/* How much memory SndDeviceStart takes. device: probed. IRQL: any. Locks: none. */
VOID SndDeviceMemoryNeeded(const SND_DEVICE *device, SND_MEMORY_NEEDED *needed);

/*
 * Brings the device up to DRIVER_OK and asks what it has. Interrupts need not arrive yet.
 *
 * device         probed
 * memory         of the needed sizes, any content; the caller's, which keeps it until SndDeviceUninit
 * vectors        from SndVectorsPlan
 * host, context  kept: must outlive device
 *
 * IRQL:    PASSIVE_LEVEL
 * Returns: STATUS_SUCCESS: at least one direction is present; else device->reason, the state is DEAD: SndDeviceUninit,
 *          then free the memory. SND_NO_STREAM: nothing usable; REQUEST_TIMEOUT, REQUEST_FAILED,
 *          REQUEST_ANSWER_INVALID (detail: the request's code)
 * Spec:    INIT-19 to INIT-27, SND-02 to SND-05, HOST-28, HOST-30
 */
NTSTATUS SndDeviceStart(SND_DEVICE *device, const SND_MEMORY *memory, const SND_VECTORS *vectors, const SND_HOST *host,
                        void *host_context);

/*
 * Takes what the device returned and gives it new work. May be called as soon as SndDeviceProbe has returned, and does
 * nothing before SndDeviceStart.
 *
 * IRQL:    <= DISPATCH_LEVEL
 * Returns: SND_WORK_* bits
 * Spec:    HOST-08
 */
UINT32 SndDeviceService(SND_DEVICE *device);

/*
 * As SndDeviceService, for notifications that never came, and looks at the device status; also for a configuration
 * interrupt, as the sound device's configuration never changes.
 *
 * IRQL:    <= DISPATCH_LEVEL
 * Returns: SND_WORK_* bits
 * Spec:    INIT-05, HOST-16, HOST-20, HOST-21
 */
UINT32 SndDevicePoll(SND_DEVICE *device);

/* Whether a stream runs or a control message is on its way, so that SndDevicePoll is due every SND_TICK_MS. */
BOOLEAN SndDeviceIsActive(SND_DEVICE *device);

/*
 * Resets a running or broken device, brings it up again with the same features and memory, and lets the streams go on
 * where they were. Does nothing to one that is stopped or given up, so a late work item does no harm.
 *
 * reason   why, for the record; VIRTIO_REASON_NONE keeps the one that is there
 *
 * IRQL:    <= DISPATCH_LEVEL, better PASSIVE_LEVEL: it busy-waits for the reset under the lock
 * Returns: STATUS_SUCCESS; STATUS_INVALID_PARAMETER: it was never started; STATUS_DEVICE_NOT_CONNECTED: it is stopped,
 *          or DEAD, now because of too many recoveries, perhaps; else bring-up failed and it is DEAD
 * Spec:    INIT-03 to INIT-05, INIT-30
 */
NTSTATUS SndDeviceRecover(SND_DEVICE *device, VIRTIO_REASON reason);

/* Takes a stopped (power up) or dead device up again, as SndDeviceRecover does. No-op while it runs or is broken. */
NTSTATUS SndDeviceRestart(SND_DEVICE *device);

/* Resets the device; positions freeze, buffers are the clients'. IRQL: as Recover. Spec: INIT-30, HOST-09 */
VOID SndDeviceStop(SND_DEVICE *device);

/*
 * Resets the device and zeroes the record.
 *
 * Returns: TRUE: the memory may be freed; FALSE: the device did not finish its reset and may still write to it: keep it
 */
BOOLEAN SndDeviceUninit(SND_DEVICE *device);

/*
 * A jack as the device describes it now.
 *
 * index    from 0
 *
 * Returns: FALSE: there are no more
 */
BOOLEAN SndDeviceJack(SND_DEVICE *device, UINT32 index, VIRTIO_SND_JACK_INFO *jack);

/*
 * Fills the diagnostic record but for interrupt mode and driver version. requests_in and requests_out: audio messages;
 * requests_other: control messages; errors: failed messages of both kinds; waited: messages that found the ring full.
 * device_specific: starvations, xrun events, unknown events, client notifications.
 */
VOID SndDeviceDescribe(SND_DEVICE *device, VIRTIO_DIAG *diag);

#endif
