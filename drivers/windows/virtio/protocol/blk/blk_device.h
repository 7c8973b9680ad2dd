/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * One virtio block device: joins transport, configuration and request queue, from finding it to giving it up, and is a
 * SCSI disk towards the system. VIRTIO 1.x "Block Device". Layer: core. Highest IRQL: DIRQL (stated per function).
 *
 *   BlkDeviceProbe      finds, negotiates, reads limits (no queue memory yet)
 *   BlkDeviceStart      allocates, programs the queue, DRIVER_OK, reads the serial number
 *   BlkDeviceService    on an interrupt
 *   BlkDevicePoll       once in a while: lost interrupts, NEEDS_RESET, removal
 *   BlkDeviceRecover    reset, give everything back, up again
 *   BlkDeviceStop       reset, give everything back; BlkDeviceRecover starts it again
 */
#ifndef BLK_DEVICE_H
#define BLK_DEVICE_H

#include "blk_queue.h"
#include "scsi_disk.h"
#include "virtio_diag.h"

#define BLK_QUEUE_SIZE_DIRECT   1024 /* largest queue used without indirect descriptors */
#define BLK_QUEUE_SIZE_INDIRECT 256  /* and with them: one descriptor per request */
#define BLK_ID_TIMEOUT_US       500000
#define BLK_ID_POLL_US          20

typedef enum _BLK_STATE {
    BLK_STATE_NONE,    /* zeroed */
    BLK_STATE_PROBED,  /* features negotiated, no queue */
    BLK_STATE_RUNNING,
    BLK_STATE_STOPPED, /* queue memory kept, the device is reset */
    BLK_STATE_BROKEN,  /* running, but to be recovered: reason says why */
    BLK_STATE_DEAD     /* recovery failed: requests end with BLK_RESULT_DEAD until a later recovery succeeds */
} BLK_STATE;

/* Guarded by the caller's one lock from BlkDeviceStart on; limits and features do not change while it runs. */
typedef struct _BLK_DEVICE {
    VIRTIO_PCI_DEVICE pci;
    BLK_CONFIG config;
    BLK_LIMITS limits;
    BLK_QUEUE queue;
    SCSI_DISK disk;
    BLK_STATE state;
    UINT16 queue_size;
    UINT16 queue_size_offered;
    UINT16 config_vector;
    UINT16 queue_vector;
    UINT64 features;          /* of the first negotiation: later ones must give the same */
    VIRTIO_REASON reason;     /* last fault */
    UINT32 reason_detail;
    UINT64 resets;
    UINT64 config_changes;
    UINT64 interrupts;
    UINT64 polled;            /* requests found by BlkDevicePoll: interrupts that never came */
    BLK_REQUEST id_request;
    BOOLEAN id_done;
} BLK_DEVICE;

/* Names the disk as the system shows it. */
typedef struct _BLK_IDENTITY {
    const char *location;  /* printable, NUL-terminated; where the device sits, for VPD 83 without a serial number */
    const char *revision;  /* four printable characters */
} BLK_IDENTITY;

/*
 * Finds the device, negotiates features, reads configuration and limits. On failure the device is left FAILED or reset.
 *
 * device        any content; zeroed first
 * ops, context  as VirtioPciOpen
 *
 * IRQL:    PASSIVE_LEVEL
 * Returns: STATUS_SUCCESS; else device->reason says why: refuse the device
 * Spec:    BLK-01 to BLK-05, BLK-08, INIT-21
 */
NTSTATUS BlkDeviceProbe(BLK_DEVICE *device, const VIRTIO_PCI_OPS *ops, void *context);

/*
 * An upper bound for the memory that BlkDeviceStart will ask its os operations for.
 *
 * dma      out: bytes through alloc_dma, page alignment of each block included
 * plain    out: bytes through alloc
 *
 * IRQL: any
 */
VOID BlkDeviceMemoryNeeded(const BLK_DEVICE *device, size_t *dma, size_t *plain);

/*
 * Allocates the queue, brings the device up to DRIVER_OK and asks for its serial number (bounded by BLK_ID_TIMEOUT_US).
 *
 * device    probed
 * os        kept, with os_context
 * identity  only read during the call
 * config_vector, queue_vector   MSI-X table index or VIRTIO_PCI_NO_VECTOR
 *
 * IRQL:    any up to DIRQL, if the os operations allow it
 * Returns: STATUS_SUCCESS; else device->reason; the queue memory was freed, or kept where the device may still use it
 */
NTSTATUS BlkDeviceStart(BLK_DEVICE *device, const virtio_os_ops_t *os, void *os_context, const BLK_IDENTITY *identity,
                        UINT16 config_vector, UINT16 queue_vector);

/*
 * Drains the queue. A broken ring makes the device BROKEN; nothing is reset here.
 *
 * done     in/out: ended requests are appended
 *
 * IRQL:    any up to DIRQL. Locks: the caller's lock
 * Returns: TRUE: something had ended
 */
BOOLEAN BlkDeviceService(BLK_DEVICE *device, BLK_REQUEST_LIST *done);

/*
 * After a configuration interrupt: device status and capacity again.
 *
 * IRQL:    any up to DIRQL. Locks: the caller's lock
 * Returns: TRUE: the capacity changed, tell the system
 * Spec:    BLK-06, INIT-28, HOST-21, HOST-23
 */
BOOLEAN BlkDeviceConfigChanged(BLK_DEVICE *device);

/*
 * The watchdog: as BlkDeviceService and BlkDeviceConfigChanged, for notifications that never came.
 *
 * done              in/out
 * capacity_changed  out
 *
 * IRQL:    any up to DIRQL. Locks: the caller's lock
 * Returns: TRUE: call BlkDeviceRecover
 * Spec:    HOST-16, HOST-20, HOST-21, INIT-04
 */
BOOLEAN BlkDevicePoll(BLK_DEVICE *device, BLK_REQUEST_LIST *done, BOOLEAN *capacity_changed);

/*
 * Resets the device, gives everything back (BLK_RESULT_RESET) and brings it up again with the same features and memory.
 * Takes the device out of STOPPED and DEAD too.
 *
 * reason   why, for the record; VIRTIO_REASON_NONE keeps the one that is there
 *
 * IRQL:    any up to DIRQL. Locks: the caller's lock
 * Returns: STATUS_SUCCESS; else the device is DEAD and device->reason says why
 * Spec:    INIT-03 to INIT-05, INIT-30
 */
NTSTATUS BlkDeviceRecover(BLK_DEVICE *device, VIRTIO_REASON reason, BLK_REQUEST_LIST *done);

/*
 * Resets the device and gives everything back. Memory is kept for BlkDeviceRecover or BlkDeviceUninit.
 *
 * IRQL: any up to DIRQL. Locks: the caller's lock. Spec: INIT-30, HOST-09
 */
VOID BlkDeviceStop(BLK_DEVICE *device, BLK_REQUEST_LIST *done);

/*
 * Frees the queue's memory through the os operations. The device is STOPPED, or DEAD, PROBED, NONE. Memory that a
 * device which never finished its reset may still write is not freed.
 */
VOID BlkDeviceUninit(BLK_DEVICE *device);

/* Fills the diagnostic record but for interrupt mode and driver version. IRQL: any. Locks: the caller's lock. */
VOID BlkDeviceDescribe(BLK_DEVICE *device, VIRTIO_DIAG *diag);

#endif
