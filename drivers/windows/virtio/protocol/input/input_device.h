/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * One virtio input device: joins transport, configuration, both queues and the reports, from finding it to giving it
 * up, and is a HID device towards the system. VIRTIO 1.x "Input Device". Layer: core. Highest IRQL: DISPATCH_LEVEL by
 * use (stated per function where it is lower).
 *
 *   InputDeviceProbe      finds, negotiates, reads the configuration, makes layout and descriptor (no queue memory yet)
 *   InputDeviceStart      programs the queues in the caller's memory, DRIVER_OK, posts the event buffers
 *   InputDeviceService    on a queue interrupt; reports can be read then
 *   InputDevicePoll       once in a while: lost interrupts, NEEDS_RESET, removal
 *   InputDeviceRecover    reset, everything up, running again
 *   InputDeviceStop       reset, everything up; InputDeviceRecover starts it again
 *   InputDeviceUninit     reset, forgets the memory
 *
 * HID requests are answered from: descriptor, descriptor_length, InputIdentity* with config, InputDeviceReadReport,
 * InputReportsCurrent and InputReportsRelease with reports, InputDeviceWriteReport.
 */
#ifndef INPUT_DEVICE_H
#define INPUT_DEVICE_H

#include "input_descriptor.h"
#include "input_events.h"
#include "input_identity.h"
#include "input_status.h"
#include "virtio_diag.h"
#include "virtio_pci_modern.h"

typedef enum _INPUT_STATE {
    INPUT_STATE_NONE,    /* zeroed */
    INPUT_STATE_PROBED,  /* features negotiated, no queues */
    INPUT_STATE_RUNNING,
    INPUT_STATE_STOPPED, /* memory kept, the device is reset */
    INPUT_STATE_BROKEN,  /* running, but to be recovered: reason says why */
    INPUT_STATE_DEAD     /* bring-up or recovery failed; a later recovery may succeed */
} INPUT_STATE;

/* What InputDeviceStart needs. */
typedef struct _INPUT_MEMORY_NEEDED {
    size_t dma_size;   /* bytes, contiguous, device-visible, aligned to INPUT_DMA_ALIGNMENT */
    size_t state_size; /* bytes of non-paged memory that the device cannot reach, aligned like a pointer */
} INPUT_MEMORY_NEEDED;
#define INPUT_DMA_ALIGNMENT 16

typedef struct _INPUT_MEMORY {
    void *dma_va;
    UINT64 dma_pa;
    void *state;
} INPUT_MEMORY;

/* MSI-X table indices, or VIRTIO_PCI_NO_VECTOR; several may be the same. */
typedef struct _INPUT_VECTORS {
    UINT16 config;
    UINT16 events;
    UINT16 status;
} INPUT_VECTORS;

/*
 * Guarded by the caller's one lock from InputDeviceStart on; config, layout and descriptor do not change until the next
 * probe and need none.
 */
typedef struct _INPUT_DEVICE {
    VIRTIO_PCI_DEVICE pci;
    INPUT_CONFIG config;
    INPUT_LAYOUT layout;
    UINT16 descriptor_length;
    UINT8 descriptor[INPUT_DESCRIPTOR_MAX];
    INPUT_EVENTS events;
    INPUT_STATUS status;
    INPUT_REPORTS reports;
    INPUT_RING_PLAN event_plan;
    INPUT_RING_PLAN status_plan; /* zeroed without a status queue */
    UINT16 event_size_offered;
    UINT16 status_size_offered;  /* 0: no status queue, so no LEDs */
    INPUT_VECTORS vectors;
    INPUT_STATE state;
    UINT64 features;             /* of the first negotiation: later ones must give the same */
    VIRTIO_REASON reason;        /* last fault */
    UINT32 reason_detail;
    UINT64 resets;
    UINT64 interrupts;
    UINT64 polled;               /* buffers found by InputDevicePoll: interrupts that never came */
} INPUT_DEVICE;

/*
 * Finds the device, negotiates features, reads the configuration, builds layout and descriptor. On failure the device
 * is left FAILED or reset.
 *
 * device        any content; zeroed first
 * ops, context  as VirtioPciOpen
 *
 * IRQL:    PASSIVE_LEVEL
 * Returns: STATUS_SUCCESS; else device->reason says why: refuse the device
 * Spec:    INPUT-01 to INPUT-03, INPUT-10, INIT-21
 */
NTSTATUS InputDeviceProbe(INPUT_DEVICE *device, const VIRTIO_PCI_OPS *ops, void *context);

/* How much memory InputDeviceStart takes. device: probed. IRQL: any. */
VOID InputDeviceMemoryNeeded(const INPUT_DEVICE *device, INPUT_MEMORY_NEEDED *needed);

/*
 * Brings the device up to DRIVER_OK with its event queue full.
 *
 * device    probed
 * memory    of the needed sizes, any content; the caller's, which keeps it until InputDeviceUninit
 *
 * IRQL:    any
 * Returns: STATUS_SUCCESS; else device->reason, the state is DEAD: InputDeviceUninit, then free the memory
 * Spec:    INIT-19 to INIT-27, INPUT-04 to INPUT-06
 */
NTSTATUS InputDeviceStart(INPUT_DEVICE *device, const INPUT_MEMORY *memory, const INPUT_VECTORS *vectors);

/*
 * Takes events and returned status buffers. A broken ring makes the device BROKEN; nothing is reset here.
 *
 * IRQL:    any. Locks: the caller's lock
 * Returns: TRUE: more events wait, call again (from a new DPC, so that others get their turn)
 */
BOOLEAN InputDeviceService(INPUT_DEVICE *device);

/* Whether InputDeviceReadReport has one. IRQL: any. Locks: the caller's lock. */
BOOLEAN InputDeviceHasReport(const INPUT_DEVICE *device);

/* The oldest input report; see InputReportsPop. In every state: what is queued when the device stops can be read. */
NTSTATUS InputDeviceReadReport(INPUT_DEVICE *device, UINT8 *buffer, size_t size, UINT32 *length);

/*
 * An output report from the system: the LEDs. It counts as done at once; see input_status.h for when it is sent.
 *
 * report    length bytes, the first is the report id; copied
 *
 * IRQL:    any. Locks: the caller's lock
 * Returns: STATUS_SUCCESS, also while the device does not run (it is told when it does);
 *          STATUS_INVALID_PARAMETER: no output report of that id, or too short
 * Spec:    INPUT-13
 */
NTSTATUS InputDeviceWriteReport(INPUT_DEVICE *device, UINT8 report_id, const UINT8 *report, size_t length);

/*
 * After a configuration interrupt: looks at the device status. The contents of the configuration never change.
 *
 * IRQL: any. Locks: the caller's lock. Spec: INIT-05, HOST-21
 */
VOID InputDeviceConfigChanged(INPUT_DEVICE *device);

/*
 * The watchdog: as InputDeviceService and InputDeviceConfigChanged, for notifications that never came.
 *
 * IRQL:    any. Locks: the caller's lock
 * Returns: TRUE: the state is BROKEN, call InputDeviceRecover
 * Spec:    HOST-16, HOST-20, HOST-21
 */
BOOLEAN InputDevicePoll(INPUT_DEVICE *device);

/*
 * Resets the device and brings it up again with the same features and memory; everything is up afterwards, LEDs are set
 * anew. Takes the device out of STOPPED and DEAD too.
 *
 * reason   why, for the record; VIRTIO_REASON_NONE keeps the one that is there
 *
 * IRQL:    any (busy-waits for the reset). Locks: the caller's lock
 * Returns: STATUS_SUCCESS; STATUS_INVALID_PARAMETER: it was never started; else the device is DEAD and device->reason
 *          says why
 * Spec:    INIT-03 to INIT-05, INIT-30
 */
NTSTATUS InputDeviceRecover(INPUT_DEVICE *device, VIRTIO_REASON reason);

/*
 * Resets the device; everything is up afterwards, and reports say so where the reader thinks otherwise.
 *
 * IRQL: any. Locks: the caller's lock. Spec: INIT-30, HOST-09
 */
VOID InputDeviceStop(INPUT_DEVICE *device);

/*
 * Resets the device and zeroes the record.
 *
 * Returns: TRUE: the memory may be freed; FALSE: the device did not finish its reset and may still write to it: keep it
 */
BOOLEAN InputDeviceUninit(INPUT_DEVICE *device);

/*
 * Fills the diagnostic record but for interrupt mode and driver version. requests_in: events; requests_out: status
 * events; requests_other: reports; errors: wrong used lengths; waited: reports and LEDs that found no room.
 * device_specific: unknown events, suspected losses, input bytes of all reports, bytes of the report descriptor.
 *
 * IRQL: any. Locks: the caller's lock
 */
VOID InputDeviceDescribe(INPUT_DEVICE *device, VIRTIO_DIAG *diag);

#endif
