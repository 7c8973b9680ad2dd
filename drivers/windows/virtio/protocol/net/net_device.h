/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * One virtio network device: joins transport, configuration, queue pairs and control queue, from finding it to giving
 * it up. VIRTIO 1.x "Network Device". Layer: core. Highest IRQL: DISPATCH_LEVEL (stated per function).
 *
 *   NetDeviceProbe          finds, negotiates, reads the configuration (no queue memory yet)
 *   NetDeviceInit           allocates the queues
 *   NetDeviceStart          fills the receive queues, DRIVER_OK, kicks
 *   NetDeviceConfigChanged  on a configuration interrupt; NetDevicePoll: once in a while
 *   NetDeviceStop           resets the device; then NetTxTakeBack for each pair
 *   NetDeviceStart          again, with the same features and memory; or
 *   NetDeviceUninit
 *
 * Locks, all of them the caller's: one per receive queue, one per transmit queue, and the device lock (control queue,
 * configuration, state). Functions under different locks may run at the same time; nothing in here takes one.
 * To stop under traffic: NetRxClose, NetTxClose, NetCtrlClose, each under its lock; NetDeviceStop, serialised with
 * other device calls but with no spin lock held (it may wait a second); then all locks for NetDeviceStart, which does
 * not wait.
 */
#ifndef NET_DEVICE_H
#define NET_DEVICE_H

#include "net_config.h"
#include "net_ctrl.h"
#include "net_rx.h"
#include "net_tx.h"
#include "net_vectors.h"
#include "virtio_diag.h"

#define NET_QUEUE_SIZE_MAX     1024 /* larger rings are not used */
#define NET_QUEUE_SIZE_MIN     4
#define NET_CTRL_QUEUE_SIZE    64
#define NET_RX_BUFFERS_DEFAULT 256

typedef enum _NET_STATE {
    NET_STATE_NONE,   /* zeroed */
    NET_STATE_PROBED, /* features negotiated; queues allocated after NetDeviceInit */
    NET_STATE_RUNNING,
    NET_STATE_STOPPED, /* queue memory kept, the device is reset */
    NET_STATE_BROKEN,  /* to be stopped and started: reason says why */
    NET_STATE_DEAD     /* did not come up, or did not finish its reset */
} NET_STATE;

typedef struct _NET_PAIR {
    NET_RX_QUEUE rx;
    NET_TX_QUEUE tx;
    UINT16 rx_size_offered;
    UINT16 tx_size_offered;
} NET_PAIR;

/* Guarded by the device lock but for the pairs, which have their own locks. Features do not change once negotiated. */
typedef struct _NET_DEVICE {
    VIRTIO_PCI_DEVICE pci;
    NET_OPTIONS options;
    NET_CONFIG config;
    NET_VECTORS vectors;
    NET_STATE state;
    UINT16 pair_count; /* in use: 1 until multi-queue is there */
    UINT16 ctrl_index;
    UINT16 ctrl_size_offered;  /* 0: no control queue */
    BOOLEAN is_initialised;    /* queues hold memory */
    UINT8 mac[NET_MAC_LENGTH]; /* in use: the administrator's or config.mac */
    UINT64 features;           /* of the first negotiation: later ones must give the same */
    VIRTIO_REASON reason;      /* last fault */
    UINT32 reason_detail;
    UINT64 resets;
    UINT64 config_changes;
    UINT64 polled; /* faults and changes found by NetDevicePoll: interrupts that never came */
    NET_CTRL ctrl;
    NET_PAIR pairs[NET_PAIRS_MAX];
} NET_DEVICE;

/*
 * Finds the device, negotiates features, reads configuration and queue sizes. On failure it is left FAILED or reset.
 *
 * device        any content; zeroed first
 * ops, context  as VirtioPciOpen
 * options       copied
 *
 * IRQL:    PASSIVE_LEVEL
 * Returns: STATUS_SUCCESS; else device->reason says why: refuse the device
 * Spec:    INIT-21, NET-72, HOST-11 to HOST-13
 */
NTSTATUS NetDeviceProbe(NET_DEVICE *device, const VIRTIO_PCI_OPS *ops, void *context, const NET_OPTIONS *options);

/*
 * Allocates the queues. The receive buffers are there from now on (pairs[n].rx.buffers: give each its owner).
 *
 * device   probed
 * os       kept, with os_context
 * read     as NET_TX_READ
 *
 * IRQL:    PASSIVE_LEVEL
 * Returns: STATUS_SUCCESS; else device->reason, nothing is held
 */
NTSTATUS NetDeviceInit(NET_DEVICE *device, const virtio_os_ops_t *os, void *os_context, NET_TX_READ read);

/*
 * Brings the device up to DRIVER_OK: from PROBED or STOPPED. The control queue is then to be polled: what was wanted
 * of it is sent again.
 *
 * vectors  from NetVectorsPlan; copied
 *
 * IRQL:    <= DISPATCH_LEVEL. Locks: all. Every frame was taken back
 * Returns: STATUS_SUCCESS; else the device is DEAD and device->reason says why; STATUS_INVALID_PARAMETER: wrong state,
 * or frames are still in flight Spec:    INIT-27, INIT-30, NET-42, NET-75
 */
NTSTATUS NetDeviceStart(NET_DEVICE *device, const NET_VECTORS *vectors);

/* What NetDeviceConfigChanged and NetDevicePoll found. */
#define NET_CHANGED_LINK  0x01 /* link state, speed or duplex: config has the new ones */
#define NET_CHANGED_FAULT 0x02 /* BROKEN now: stop and start the device */

/*
 * After a configuration interrupt: device status, link, speed. Anything else keeps its first value.
 *
 * IRQL:    <= DISPATCH_LEVEL. Locks: the device's
 * Returns: NET_CHANGED_*
 * Spec:    NET-06, NET-12, INIT-05, INIT-28, HOST-16, HOST-21
 */
UINT32 NetDeviceConfigChanged(NET_DEVICE *device);

/* The watchdog, for notifications that never came: as NetDeviceConfigChanged. Spec: HOST-16, HOST-21, INIT-04 */
UINT32 NetDevicePoll(NET_DEVICE *device);

/* A queue reported that it is broken or stuck: the device is BROKEN with this reason. Locks: the device's. IRQL: any.
 */
VOID NetDeviceBreak(NET_DEVICE *device, VIRTIO_REASON reason, UINT16 queue_index);

/*
 * Resets the device and closes all queues; frames in flight are then the caller's to take back (NetTxTakeBack), also
 * when this fails. Lent receive buffers stay lent.
 *
 * reason   why, for the record; VIRTIO_REASON_NONE keeps the one that is there and counts no reset
 *
 * IRQL:    <= DISPATCH_LEVEL, but may busy-wait for VIRTIO_PCI_RESET_TIMEOUT_US. Locks: see above
 * Returns: STATUS_SUCCESS; else the device is DEAD and device->reason says why
 * Spec:    INIT-03, INIT-13, INIT-30, HOST-09, HOST-10
 */
NTSTATUS NetDeviceStop(NET_DEVICE *device, VIRTIO_REASON reason);

/*
 * Frees the queues. Every frame was taken back, every receive buffer returned. Memory that a device which never
 * finished its reset may still write is not freed. Accepts a zeroed device.
 *
 * IRQL:    PASSIVE_LEVEL
 */
VOID NetDeviceUninit(NET_DEVICE *device);

/*
 * Fills the diagnostic record but for interrupts, interrupt mode, message count and driver version.
 * device_specific: merged frames, receive checksums believed or completed, transmit checksums, segmented frames.
 *
 * IRQL: any. Locks: the device's; counters of the queues may be a moment old
 */
VOID NetDeviceDescribe(NET_DEVICE *device, VIRTIO_DIAG *diag);

#endif
