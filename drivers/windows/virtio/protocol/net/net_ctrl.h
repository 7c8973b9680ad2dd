/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The control queue: brings the device's receive filter, station address and VLAN table to what is wanted, one command
 * at a time, without ever waiting. VIRTIO 1.x "Control Virtqueue". Layer: core, on the portable ring.
 * Highest IRQL: DISPATCH_LEVEL. One lock, the caller's device lock, guards all of it.
 *
 * NetCtrlSetFilter and NetCtrlSetVlan only say what is wanted. NetCtrlPoll does the next step whenever it is called:
 * once right after a change, on the control interrupt, and on a timer while it says NET_CTRL_BUSY. Command and ack lie
 * in the queue's DMA memory, which stays until the device was reset, so that an answer that comes too late touches
 * nothing.
 */
#ifndef NET_CTRL_H
#define NET_CTRL_H

#include "net_filter.h"
#include "virtqueue_split_legacy.h"

#define NET_CTRL_TIMEOUT_MS 2000 /* for one command */
#define NET_VLAN_COUNT      4096

typedef enum _NET_CTRL_STATUS {
    NET_CTRL_IDLE,  /* the device is as wanted, as far as its features go; see NetCtrlResult */
    NET_CTRL_BUSY,  /* a command is on its way: poll again */
    NET_CTRL_BROKEN /* no answer in time (REQUEST_TIMEOUT), or a broken ring (USED_RING_INVALID): recover the device */
} NET_CTRL_STATUS;

typedef struct _NET_CTRL_STATS {
    UINT64 commands;
    UINT64 refused; /* the device's ack was not OK */
    UINT64 timeouts;
    UINT64 kicks;
} NET_CTRL_STATS;

typedef struct _NET_CTRL {
    virtqueue_split_t vq;
    const virtio_os_ops_t *os; /* NULL: the device has no control queue; everything is accepted and nothing sent */
    void *os_context;
    virtio_dma_buffer_t ring;
    virtio_dma_buffer_t command; /* class, command, data; the ack behind */
    UINT16 index;
    UINT16 size;
    UINT64 features;
    BOOLEAN is_open;
    BOOLEAN is_in_flight;
    BOOLEAN is_broken;
    VIRTIO_REASON reason; /* with NET_CTRL_BROKEN */
    volatile UINT8 *notify_address;
    UINT64 deadline_ms;
    UINT8 step; /* of the command in flight, private */
    UINT16 step_vlan;
    UINT32 todo;    /* steps that have to be sent, private */
    UINT32 refused; /* steps that the device refused since the last change, private */
    NET_FILTER wanted;
    UINT8 config_mac[NET_MAC_LENGTH]; /* what the device filters for after a reset */
    UINT8 device_mac[NET_MAC_LENGTH]; /* and now */
    UINT8 sent_mac[NET_MAC_LENGTH];   /* by the command in flight */
    UINT8 vlans_wanted[NET_VLAN_COUNT / 8];
    UINT8 vlans_set[NET_VLAN_COUNT / 8];
    NET_CTRL_STATS stats;
} NET_CTRL;

typedef struct _NET_CTRL_SETUP {
    UINT16 index;
    UINT16 size;             /* power of two, at least 2 */
    UINT64 features;         /* negotiated, with CTRL_VQ */
    const UINT8 *config_mac; /* the device's own, copied; NULL: it has none that is usable */
    const UINT8 *mac;        /* in use */
} NET_CTRL_SETUP;

/* Allocates ring and command memory. Returns, IRQL: as NetTxInit. The filter wanted is: nothing. */
NTSTATUS NetCtrlInit(NET_CTRL *ctrl, const virtio_os_ops_t *os, void *os_context, const NET_CTRL_SETUP *setup);

/* Frees everything. The device was reset. Accepts a zeroed one. IRQL: as NetTxInit. */
VOID NetCtrlUninit(NET_CTRL *ctrl);

/* The device was brought up and knows nothing: everything has to be sent again (NET-75). Locks: the device's. */
VOID NetCtrlOpen(NET_CTRL *ctrl, volatile UINT8 *notify_address);

/* From now on the ring is not touched. Locks: the device's. */
VOID NetCtrlClose(NET_CTRL *ctrl);

/* Empties the ring; what is wanted stays. The device was reset. Locks: the device's. */
VOID NetCtrlReset(NET_CTRL *ctrl);

/*
 * What the device shall let pass. The station address too: filter->mac.
 *
 * IRQL:    <= DISPATCH_LEVEL. Locks: the device's
 * Spec:    NET-50 to NET-54
 */
VOID NetCtrlSetFilter(NET_CTRL *ctrl, const NET_FILTER *filter);

/* Whether frames of a VLAN shall pass; matters only with CTRL_VLAN. vlan: below NET_VLAN_COUNT. Spec: NET-74 */
VOID NetCtrlSetVlan(NET_CTRL *ctrl, UINT16 vlan, BOOLEAN is_wanted);

/*
 * Takes an answer, sends the next command. Never waits.
 *
 * now_ms   any clock that does not go back
 *
 * IRQL:    <= DISPATCH_LEVEL. Locks: the device's
 * Spec:    NET-73, HOST-28
 */
NET_CTRL_STATUS NetCtrlPoll(NET_CTRL *ctrl, UINT64 now_ms);

/*
 * How the last change ended, once NetCtrlPoll said NET_CTRL_IDLE. A list that the device refused is no failure when it
 * took promiscuous or all-multicast mode instead.
 *
 * Returns: STATUS_SUCCESS; STATUS_IO_DEVICE_ERROR: the device refused something: the filter OID fails
 * Spec:    NET-73
 */
NTSTATUS NetCtrlResult(const NET_CTRL *ctrl);

#endif
