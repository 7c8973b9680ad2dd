/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * One virtio device on the PCI bus through its modern interface: bring-up in the specified order, features, device
 * configuration, queue set-up, notification, ISR and vectors. Knows no ring: it takes device addresses.
 * VIRTIO 1.x "Virtio Over PCI Bus", "Device Initialization". Layer: transport. Highest IRQL: DIRQL (see each function).
 *
 * Order of calls:
 *   VirtioPciOpen                       once per PCI function and start
 *   VirtioPciReset                      waits for status 0
 *   VirtioPciNegotiate                  ACKNOWLEDGE, DRIVER, features, FEATURES_OK
 *   VirtioPciReadConfig                 device-specific fields
 *   VirtioPciSetConfigVector, VirtioPciQueueSize, VirtioPciEnableQueue
 *   VirtioPciDriverOk                   only now may queues be notified
 *   VirtioPciFail or VirtioPciReset     on give-up and on stop
 *
 * Each call that fails sets device->reason. Whatever the failure looked like: when the status register reads all ones,
 * the reason is DEVICE_GONE and the call returns STATUS_DEVICE_NOT_CONNECTED (HOST-16).
 */
#ifndef VIRTIO_PCI_MODERN_H
#define VIRTIO_PCI_MODERN_H

#include "virtio_osdep.h"
#include "virtio_pci_caps.h"
#include "virtio_reason.h"

#define VIRTIO_PCI_NO_VECTOR        0xFFFF

/* Feature bits that belong to no device type; VIRTIO 1.x "Reserved Feature Bits". */
#define VIRTIO_F_RING_INDIRECT_DESC (1ULL << 28)
#define VIRTIO_F_RING_EVENT_IDX     (1ULL << 29)
#define VIRTIO_F_VERSION_1          (1ULL << 32)
#define VIRTIO_F_ACCESS_PLATFORM    (1ULL << 33)
#define VIRTIO_F_ORDER_PLATFORM     (1ULL << 36)

/* Bits of the ISR status byte */
#define VIRTIO_PCI_ISR_QUEUE        0x01
#define VIRTIO_PCI_ISR_CONFIG       0x02

/*
 * Written by VirtioPciOpen and VirtioPciNegotiate, read-only afterwards but for reason and reason_detail.
 * queue_select and device_feature_select are shared registers: the caller serialises every call of this module but
 * VirtioPciNotify, VirtioPciReadIsr and VirtioPciStatus, which touch a register of their own.
 */
typedef struct _VIRTIO_PCI_DEVICE {
    const VIRTIO_PCI_OPS *ops;
    void *context;
    VIRTIO_PCI_CAPS caps;
    volatile UINT8 *common;
    volatile UINT8 *notify;
    volatile UINT8 *isr;
    volatile UINT8 *device_config; /* NULL when the device has none */
    UINT16 queue_count;
    UINT64 offered_features; /* one coherent reading */
    UINT64 features;         /* negotiated */
    VIRTIO_REASON reason;    /* of the last failure */
    UINT32 reason_detail;    /* a number that goes with it: queue index, status byte, feature word ... */
} VIRTIO_PCI_DEVICE;

/* What a driver understands. Dependencies: a feature is taken only when what it needs is taken too (INIT-07). */
typedef struct _VIRTIO_FEATURE_DEPENDENCY {
    UINT64 feature;
    UINT64 needs; /* all of these bits */
} VIRTIO_FEATURE_DEPENDENCY;

typedef struct _VIRTIO_FEATURE_REQUEST {
    UINT64 wanted;   /* the whitelist; required and VERSION_1 are added by the transport */
    UINT64 required; /* without these, or what they need, the device is refused: FEATURE_MISSING */
    const VIRTIO_FEATURE_DEPENDENCY *dependencies;
    UINT32 dependency_count;
} VIRTIO_FEATURE_REQUEST;

/* One device-configuration field; offset is a multiple of width (1, 2, 4), of 4 for width 8 (read as two dwords). */
typedef struct _VIRTIO_CONFIG_FIELD {
    UINT16 offset;
    UINT8 width;
} VIRTIO_CONFIG_FIELD;

typedef struct _VIRTIO_PCI_QUEUE_SETUP {
    UINT16 index;
    UINT16 size; /* power of two, at most what VirtioPciQueueSize said */
    UINT64 desc_pa;
    UINT64 avail_pa;
    UINT64 used_pa;
    UINT16 vector; /* MSI-X table index, or VIRTIO_PCI_NO_VECTOR */
} VIRTIO_PCI_QUEUE_SETUP;

/*
 * Finds and maps the structures. Writes no register. Maps no more than is of use (PCI-11): the common structure as far
 * as this module knows it, one ISR byte, VIRTIO_PCI_CONFIG_MAP_MAX bytes of device configuration (more than any of the
 * four device types has fields for) and VIRTIO_PCI_NOTIFY_MAP_MAX bytes of the notification window (a queue that is
 * notified behind that is refused). device->caps then has the mapped lengths.
 *
 * device   caller's memory, any content; zeroed first
 * ops, context  kept: must outlive device
 *
 * IRQL:    PASSIVE_LEVEL (MapBar)
 * Returns: STATUS_SUCCESS; STATUS_NOT_SUPPORTED with device->reason set: refuse the device;
 *          STATUS_DEVICE_NOT_CONNECTED: see above. After a failure only VirtioPciFail may be called
 */
NTSTATUS VirtioPciOpen(VIRTIO_PCI_DEVICE *device, const VIRTIO_PCI_OPS *ops, void *context);
#define VIRTIO_PCI_CONFIG_MAP_MAX 256
#define VIRTIO_PCI_NOTIFY_MAP_MAX 0x100000

/*
 * Writes status 0 and waits until it reads 0, at most VIRTIO_PCI_RESET_TIMEOUT_US. All vectors and queues are gone
 * then.
 *
 * IRQL:    any up to DIRQL (busy-waits)
 * Returns: STATUS_SUCCESS; STATUS_IO_TIMEOUT: RESET_TIMEOUT, the device may still own queue memory: do not free or
 * reuse it; STATUS_DEVICE_NOT_CONNECTED: DEVICE_GONE (all ones), it owns nothing any more Spec:    "Device Reset";
 * INIT-13, PCI-18, HOST-10
 */
NTSTATUS VirtioPciReset(VIRTIO_PCI_DEVICE *device);
#define VIRTIO_PCI_RESET_TIMEOUT_US 1000000

/*
 * From a reset device to FEATURES_OK: ACKNOWLEDGE, DRIVER, reads the offer, prunes the whitelist by it and by the
 * dependencies, writes, FEATURES_OK, reads back.
 *
 * IRQL:    any up to DIRQL
 * Returns: STATUS_SUCCESS, device->features set; STATUS_NOT_SUPPORTED: NO_VERSION_1, FEATURE_MISSING (detail: number of
 *          the lowest missing bit), FEATURES_REFUSED; FAILED has then been written
 * Spec:    "Device Initialization", "Feature Bits"; INIT-01 to INIT-12, INIT-19 to INIT-26, INIT-32, INIT-33
 */
NTSTATUS VirtioPciNegotiate(VIRTIO_PCI_DEVICE *device, const VIRTIO_FEATURE_REQUEST *request);

/*
 * Reads fields of the device configuration as one consistent snapshot: config_generation before and after, at most
 * VIRTIO_PCI_GENERATION_TRIES times.
 *
 * fields, count  which, in any order; each must lie inside the structure (and, by INIT-16, be one that
 *                the offered features define: the caller's choice)
 * values         out: count values, zero-extended; all zero on failure
 *
 * IRQL:    any up to DIRQL
 * Returns: STATUS_SUCCESS; STATUS_INVALID_PARAMETER: a field lies outside the device's structure (CAP_DEVICE_MISSING,
 *          detail: its offset); STATUS_IO_TIMEOUT: CONFIG_UNSTABLE
 * Spec:    "Device Configuration Space"; INIT-14 to INIT-18, PCI-05, PCI-06, HOST-17
 */
NTSTATUS VirtioPciReadConfig(VIRTIO_PCI_DEVICE *device, const VIRTIO_CONFIG_FIELD *fields, UINT32 count,
                             UINT64 *values);
#define VIRTIO_PCI_GENERATION_TRIES 64

/*
 * Maps configuration-change interrupts to an MSI-X vector and reads it back.
 *
 * vector   MSI-X table index or VIRTIO_PCI_NO_VECTOR (which cannot be refused)
 *
 * Returns: STATUS_SUCCESS; STATUS_NOT_SUPPORTED: VECTOR_REFUSED (detail: what was read)
 * Spec:    "MSI-X Vector Configuration"; PCI-32 to PCI-35, HOST-18
 */
NTSTATUS VirtioPciSetConfigVector(VIRTIO_PCI_DEVICE *device, UINT16 vector);

/*
 * The queue's maximal size.
 *
 * index    0 to device->queue_count - 1 (beyond: as if size 0)
 * size     out: 0 when the queue does not exist
 *
 * Returns: STATUS_SUCCESS (size 0 included: the caller decides whether the queue is mandatory);
 *          STATUS_NOT_SUPPORTED: QUEUE_SIZE_INVALID (detail: size << 16 | index)
 * Spec:    "Virtqueue Configuration"; PCI-36, HOST-12, HOST-13
 */
NTSTATUS VirtioPciQueueSize(VIRTIO_PCI_DEVICE *device, UINT16 index, UINT16 *size);

/*
 * Programs size, vector and addresses of one queue, then enables it.
 *
 * setup            the memory that it names is zeroed ring memory, owned by the device from now until reset
 * notify_address   out: for VirtioPciNotify; NULL on failure
 *
 * Returns: STATUS_SUCCESS; STATUS_NOT_SUPPORTED: QUEUE_SIZE_INVALID, QUEUE_NOTIFY_INVALID, VECTOR_REFUSED,
 *          QUEUE_ENABLE_FAILED (detail: the queue index): reset the device before the ring memory is reused
 * Spec:    "Virtqueue Configuration"; PCI-16, PCI-17, PCI-19, PCI-33, PCI-43, HOST-14
 */
NTSTATUS VirtioPciEnableQueue(VIRTIO_PCI_DEVICE *device, const VIRTIO_PCI_QUEUE_SETUP *setup,
                              volatile UINT8 **notify_address);

/*
 * Sets DRIVER_OK and reads it back. IRQL: any up to DIRQL.
 * Returns: STATUS_SUCCESS; STATUS_NOT_SUPPORTED: DEVICE_NEEDS_RESET (detail: status), the device asked for a reset or
 * did not take the bit
 */
NTSTATUS VirtioPciDriverOk(VIRTIO_PCI_DEVICE *device);

/* Gives the device up: adds FAILED to the status (INIT-25). No further call but VirtioPciReset may follow. IRQL: any.
 */
VOID VirtioPciFail(VIRTIO_PCI_DEVICE *device);

/*
 * Tells the device that a queue has new buffers: one 16-bit write of the queue's index.
 *
 * notify_address   from VirtioPciEnableQueue
 *
 * IRQL:    any. Locks: none; may run beside any other call
 * Spec:    "Available Buffer Notifications"; PCI-39, PCI-41, INIT-27
 */
VOID VirtioPciNotify(volatile UINT8 *notify_address, UINT16 queue_index);

/* Reads the ISR status byte, which clears it and lowers the line. 0: not ours; 0xFF: the device is gone. IRQL: any. */
UINT8 VirtioPciReadIsr(VIRTIO_PCI_DEVICE *device);

/* Device status bits; VIRTIO 1.x "Device Status Field". */
#define VIRTIO_STATUS_ACKNOWLEDGE 0x01
#define VIRTIO_STATUS_DRIVER      0x02
#define VIRTIO_STATUS_DRIVER_OK   0x04
#define VIRTIO_STATUS_FEATURES_OK 0x08
#define VIRTIO_STATUS_NEEDS_RESET 0x40
#define VIRTIO_STATUS_FAILED      0x80
#define VIRTIO_STATUS_GONE        0xFF

/* Reads the device status byte. VIRTIO_STATUS_GONE: nothing answers. IRQL: any. */
UINT8 VirtioPciStatus(VIRTIO_PCI_DEVICE *device);

#endif
