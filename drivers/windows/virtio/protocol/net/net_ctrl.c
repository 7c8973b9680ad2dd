/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The control queue. Layer: core, on the portable ring. Highest IRQL: DISPATCH_LEVEL. */
#include "net_ctrl.h"

#define NET_RING_ALIGN      4
#define NET_CTRL_BURST      8    /* commands within one poll, for a device that answers at once */
#define NET_CTRL_ACK_PRESET 0xFF /* no ack that a device may write means success by accident */

/* Steps in the order in which they are sent; each is one command, but VLANS: one per VLAN. */
#define STEP_MAC            0x01
#define STEP_TABLE          0x02
#define STEP_PROMISCUOUS    0x04
#define STEP_ALL_MULTICAST  0x08
#define STEP_VLANS          0x10
#define STEP_FILTER         (STEP_TABLE | STEP_PROMISCUOUS | STEP_ALL_MULTICAST)
/* Where a refusal has no substitute. */
#define STEP_FATAL          (STEP_PROMISCUOUS | STEP_ALL_MULTICAST | STEP_VLANS)

/* The command's memory. Written by us but for ack; the device may scribble over all of it. */
typedef struct _NET_CTRL_COMMAND {
    UINT8 class_code;
    UINT8 command;
    UINT8 data[4 + NET_MAC_LENGTH + 4 + NET_MULTICAST_MAX * NET_MAC_LENGTH];
    volatile UINT8 ack;
} NET_CTRL_COMMAND;
VIRTIO_STATIC_ASSERT(offsetof(NET_CTRL_COMMAND, data) == 2);

NTSTATUS NetCtrlInit(NET_CTRL *ctrl, const virtio_os_ops_t *os, void *os_context, const NET_CTRL_SETUP *setup)
{
    BOOLEAN event_idx = (setup->features & VIRTIO_F_RING_EVENT_IDX) != 0;
    int result;

    RtlZeroMemory(ctrl, sizeof(*ctrl));
    ctrl->os = os;
    ctrl->os_context = os_context;
    ctrl->index = setup->index;
    ctrl->size = setup->size;
    ctrl->features = setup->features;
    if (setup->config_mac != NULL)
        RtlCopyMemory(ctrl->config_mac, setup->config_mac, NET_MAC_LENGTH);
    RtlCopyMemory(ctrl->wanted.mac, setup->mac, NET_MAC_LENGTH);
    ctrl->vlans_wanted[0] = 1; /* VLAN 0: frames with a priority only */

    result = virtqueue_split_alloc_ring(os, os_context, setup->size, NET_RING_ALIGN, event_idx, &ctrl->ring);
    if (result == VIRTIO_OK)
        result = virtqueue_split_init(&ctrl->vq, os, os_context, setup->index, setup->size, NET_RING_ALIGN, &ctrl->ring,
                                      event_idx, FALSE, 1);
    if (result == VIRTIO_OK && !os->alloc_dma(os_context, sizeof(NET_CTRL_COMMAND), sizeof(UINT64), &ctrl->command))
        result = VIRTIO_ERR_NOMEM;
    if (result == VIRTIO_OK) {
        RtlZeroMemory(ctrl->command.vaddr, sizeof(NET_CTRL_COMMAND));
        return STATUS_SUCCESS;
    }
    NetCtrlUninit(ctrl);
    return result == VIRTIO_ERR_NOMEM ? STATUS_INSUFFICIENT_RESOURCES : STATUS_INVALID_PARAMETER;
}

VOID NetCtrlUninit(NET_CTRL *ctrl)
{
    if (ctrl->os == NULL)
        return;
    if (ctrl->command.vaddr != NULL)
        ctrl->os->free_dma(ctrl->os_context, &ctrl->command);
    if (ctrl->vq.engine != NULL)
        virtqueue_split_destroy(&ctrl->vq);
    virtqueue_split_free_ring(ctrl->os, ctrl->os_context, &ctrl->ring);
    RtlZeroMemory(ctrl, sizeof(*ctrl));
}

/* The device's address must become the wanted one, by command. */
static BOOLEAN WantsMacCommand(const NET_CTRL *ctrl)
{
    return (ctrl->features & VIRTIO_NET_F_CTRL_MAC_ADDR) != 0 && !NetMacIsSame(ctrl->device_mac, ctrl->wanted.mac);
}

static VOID MarkFilter(NET_CTRL *ctrl)
{
    ctrl->refused = 0;
    if ((ctrl->features & VIRTIO_NET_F_CTRL_RX) == 0)
        return;
    ctrl->todo |= STEP_FILTER;
    if (WantsMacCommand(ctrl))
        ctrl->todo |= STEP_MAC;
}

VOID NetCtrlOpen(NET_CTRL *ctrl, volatile UINT8 *notify_address)
{
    ctrl->notify_address = notify_address;
    ctrl->is_open = TRUE;
    RtlCopyMemory(ctrl->device_mac, ctrl->config_mac, NET_MAC_LENGTH);
    RtlZeroMemory(ctrl->vlans_set, sizeof(ctrl->vlans_set));
    MarkFilter(ctrl);
    if ((ctrl->features & VIRTIO_NET_F_CTRL_VLAN) != 0)
        ctrl->todo |= STEP_VLANS;
}

VOID NetCtrlClose(NET_CTRL *ctrl)
{
    ctrl->is_open = FALSE;
}

VOID NetCtrlReset(NET_CTRL *ctrl)
{
    void *cookie;

    if (ctrl->os == NULL)
        return;
    ctrl->is_open = FALSE;
    while (virtqueue_split_detach_unused(&ctrl->vq, &cookie)) {
        /* the command needs nothing; it will be sent again */
    }
    virtqueue_split_reset(&ctrl->vq);
    ctrl->is_in_flight = FALSE;
    ctrl->is_broken = FALSE;
    ctrl->reason = VIRTIO_REASON_NONE;
}

VOID NetCtrlSetFilter(NET_CTRL *ctrl, const NET_FILTER *filter)
{
    if (ctrl->os == NULL)
        return;
    ctrl->wanted = *filter;
    MarkFilter(ctrl);
}

VOID NetCtrlSetVlan(NET_CTRL *ctrl, UINT16 vlan, BOOLEAN is_wanted)
{
    UINT8 bit = (UINT8)(1 << (vlan % 8));

    if (ctrl->os == NULL || vlan >= NET_VLAN_COUNT)
        return;
    if (is_wanted)
        ctrl->vlans_wanted[vlan / 8] |= bit;
    else
        ctrl->vlans_wanted[vlan / 8] &= (UINT8)~bit;
    ctrl->refused &= ~(UINT32)STEP_VLANS;
    if ((ctrl->features & VIRTIO_NET_F_CTRL_VLAN) != 0)
        ctrl->todo |= STEP_VLANS;
}

/* A station address that the device did not take over stands in the table of addresses. */
static BOOLEAN NeedsUnicastEntry(const NET_CTRL *ctrl)
{
    return !NetMacIsSame(ctrl->device_mac, ctrl->wanted.mac);
}

static UINT8 WantsPromiscuous(const NET_CTRL *ctrl)
{
    return (ctrl->wanted.accept & NET_ACCEPT_PROMISCUOUS) != 0 ||
           ((ctrl->refused & STEP_TABLE) != 0 && NeedsUnicastEntry(ctrl));
}

static UINT8 WantsAllMulticast(const NET_CTRL *ctrl)
{
    const NET_FILTER *wanted = &ctrl->wanted;
    BOOLEAN by_list = (wanted->accept & NET_ACCEPT_MULTICAST) != 0;

    return (wanted->accept & NET_ACCEPT_ALL_MULTICAST) != 0 || (by_list && wanted->multicast_overflow) ||
           (by_list && wanted->multicast_count != 0 && (ctrl->refused & STEP_TABLE) != 0);
}

/* The table: a count and unicast addresses, a count and multicast addresses. Returns: bytes. */
static UINT32 BuildTable(const NET_CTRL *ctrl, UINT8 *data)
{
    const NET_FILTER *wanted = &ctrl->wanted;
    UINT32 count = NeedsUnicastEntry(ctrl) ? 1 : 0;
    UINT32 length = 0;

    RtlCopyMemory(data, &count, 4);
    length += 4;
    RtlCopyMemory(data + length, wanted->mac, count * NET_MAC_LENGTH);
    length += count * NET_MAC_LENGTH;
    count = (wanted->accept & NET_ACCEPT_MULTICAST) != 0 ? wanted->multicast_count : 0;
    RtlCopyMemory(data + length, &count, 4);
    length += 4;
    RtlCopyMemory(data + length, wanted->multicast, count * NET_MAC_LENGTH);
    return length + count * NET_MAC_LENGTH;
}

/* The next VLAN that differs. FALSE: none. */
static BOOLEAN FindVlan(const NET_CTRL *ctrl, UINT16 *vlan)
{
    UINT32 i;
    UINT8 difference;

    for (i = 0; i < sizeof(ctrl->vlans_wanted); i++) {
        difference = ctrl->vlans_wanted[i] ^ ctrl->vlans_set[i];
        if (difference == 0)
            continue;
        *vlan = (UINT16)(i * 8);
        while ((difference & 1) == 0) {
            difference >>= 1;
            (*vlan)++;
        }
        return TRUE;
    }
    return FALSE;
}

static BOOLEAN HasBit(const UINT8 *bits, UINT16 number)
{
    return (bits[number / 8] >> (number % 8)) & 1;
}

/* Writes the next command. Returns: bytes of data; step 0: there is nothing to do. */
static UINT32 BuildCommand(NET_CTRL *ctrl, NET_CTRL_COMMAND *to)
{
    ctrl->step = 0;
    if ((ctrl->todo & STEP_VLANS) != 0 && !FindVlan(ctrl, &ctrl->step_vlan))
        ctrl->todo &= ~(UINT32)STEP_VLANS;
    if (ctrl->todo == 0)
        return 0;
    ctrl->step = (UINT8)(ctrl->todo & (~ctrl->todo + 1));
    switch (ctrl->step) {
    case STEP_MAC:
        to->class_code = VIRTIO_NET_CTRL_MAC;
        to->command = VIRTIO_NET_CTRL_MAC_ADDR_SET;
        RtlCopyMemory(ctrl->sent_mac, ctrl->wanted.mac, NET_MAC_LENGTH);
        RtlCopyMemory(to->data, ctrl->wanted.mac, NET_MAC_LENGTH);
        return NET_MAC_LENGTH;
    case STEP_TABLE:
        to->class_code = VIRTIO_NET_CTRL_MAC;
        to->command = VIRTIO_NET_CTRL_MAC_TABLE_SET;
        return BuildTable(ctrl, to->data);
    case STEP_PROMISCUOUS:
        to->class_code = VIRTIO_NET_CTRL_RX;
        to->command = VIRTIO_NET_CTRL_RX_PROMISC;
        to->data[0] = WantsPromiscuous(ctrl);
        return 1;
    case STEP_ALL_MULTICAST:
        to->class_code = VIRTIO_NET_CTRL_RX;
        to->command = VIRTIO_NET_CTRL_RX_ALLMULTI;
        to->data[0] = WantsAllMulticast(ctrl);
        return 1;
    default:
        to->class_code = VIRTIO_NET_CTRL_VLAN;
        to->command = HasBit(ctrl->vlans_wanted, ctrl->step_vlan) ? VIRTIO_NET_CTRL_VLAN_ADD : VIRTIO_NET_CTRL_VLAN_DEL;
        to->data[0] = (UINT8)ctrl->step_vlan;
        to->data[1] = (UINT8)(ctrl->step_vlan >> 8);
        return 2;
    }
}

static VOID Break(NET_CTRL *ctrl, VIRTIO_REASON reason)
{
    ctrl->is_broken = TRUE;
    ctrl->reason = reason;
}

/* Sends the next command, if there is one. */
static VOID Send(NET_CTRL *ctrl, UINT64 now_ms)
{
    NET_CTRL_COMMAND *command = (NET_CTRL_COMMAND *)ctrl->command.vaddr;
    UINT32 data_length = BuildCommand(ctrl, command);
    VIRTQ_SG sg[2];

    if (ctrl->step == 0)
        return;
    command->ack = NET_CTRL_ACK_PRESET;
    sg[0].addr = ctrl->command.paddr;
    sg[0].len = offsetof(NET_CTRL_COMMAND, data) + data_length;
    sg[0].write = FALSE;
    sg[1].addr = ctrl->command.paddr + offsetof(NET_CTRL_COMMAND, ack);
    sg[1].len = 1;
    sg[1].write = TRUE;
    if (virtqueue_split_add_sg(&ctrl->vq, sg, 2, ctrl, FALSE, NULL) != VIRTIO_OK) {
        Break(ctrl, VIRTIO_REASON_USED_RING_INVALID); /* the ring is empty: only a broken one takes nothing */
        return;
    }
    /* what was changed on the way, NetCtrlSetFilter marks again */
    if (ctrl->step != STEP_VLANS) {
        ctrl->todo &= ~(UINT32)ctrl->step;
        ctrl->refused &= ~(UINT32)ctrl->step;
    } else if (HasBit(ctrl->vlans_wanted, ctrl->step_vlan)) {
        ctrl->vlans_set[ctrl->step_vlan / 8] |= (UINT8)(1 << (ctrl->step_vlan % 8));
    } else {
        ctrl->vlans_set[ctrl->step_vlan / 8] &= (UINT8) ~(1 << (ctrl->step_vlan % 8));
    }
    ctrl->is_in_flight = TRUE;
    ctrl->deadline_ms = now_ms + NET_CTRL_TIMEOUT_MS;
    ctrl->stats.commands++;
    if (virtqueue_split_kick_prepare(&ctrl->vq)) {
        ctrl->stats.kicks++;
        VirtioPciNotify(ctrl->notify_address, ctrl->index);
    }
}

/* The command in flight was answered. */
static VOID Finish(NET_CTRL *ctrl)
{
    BOOLEAN is_ok = ((NET_CTRL_COMMAND *)ctrl->command.vaddr)->ack == VIRTIO_NET_CTRL_OK;

    ctrl->is_in_flight = FALSE;
    if (is_ok) {
        if (ctrl->step == STEP_MAC) {
            RtlCopyMemory(ctrl->device_mac, ctrl->sent_mac, NET_MAC_LENGTH);
            if (WantsMacCommand(ctrl)) /* it was changed on the way */
                ctrl->todo |= STEP_MAC;
        }
        return;
    }
    /* what makes up for it comes later in the order of steps, and so is still to be sent */
    ctrl->stats.refused++;
    ctrl->refused |= ctrl->step;
}

NET_CTRL_STATUS NetCtrlPoll(NET_CTRL *ctrl, UINT64 now_ms)
{
    UINT32 sent = 0;
    void *cookie;

    if (ctrl->os == NULL || !ctrl->is_open)
        return NET_CTRL_IDLE;
    while (!ctrl->is_broken) {
        if (ctrl->is_in_flight) {
            if (virtqueue_split_pop_used(&ctrl->vq, &cookie, NULL)) {
                Finish(ctrl);
                continue;
            }
            if (virtqueue_split_get_error_flags(&ctrl->vq) != 0) {
                Break(ctrl, VIRTIO_REASON_USED_RING_INVALID);
            } else if (now_ms > ctrl->deadline_ms) {
                ctrl->stats.timeouts++;
                Break(ctrl, VIRTIO_REASON_REQUEST_TIMEOUT);
            } else {
                return NET_CTRL_BUSY;
            }
        } else {
            /* an answer that nobody asked for */
            if (virtqueue_split_pop_used(&ctrl->vq, &cookie, NULL) || virtqueue_split_get_error_flags(&ctrl->vq) != 0) {
                Break(ctrl, VIRTIO_REASON_USED_RING_INVALID);
                continue;
            }
            if (sent == NET_CTRL_BURST)
                return NET_CTRL_BUSY;
            sent++;
            Send(ctrl, now_ms);
            if (!ctrl->is_in_flight && !ctrl->is_broken)
                return NET_CTRL_IDLE;
        }
    }
    return NET_CTRL_BROKEN;
}

NTSTATUS NetCtrlResult(const NET_CTRL *ctrl)
{
    return (ctrl->refused & STEP_FATAL) != 0 ? STATUS_IO_DEVICE_ERROR : STATUS_SUCCESS;
}
