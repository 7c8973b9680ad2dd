/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The virtio network device as a whole. Layer: core. Highest IRQL: DISPATCH_LEVEL. */
#include "net_device.h"

static NTSTATUS Fault(NET_DEVICE *device, NTSTATUS status, VIRTIO_REASON reason, UINT32 detail)
{
    device->reason = reason;
    device->reason_detail = detail;
    return status;
}

/* A fault that the transport has recorded. */
static NTSTATUS TransportFault(NET_DEVICE *device, NTSTATUS status)
{
    return Fault(device, status, device->pci.reason, device->pci.reason_detail);
}

/* As Fault, for a device that is to be given up: it is told so (INIT-25). */
static NTSTATUS Refuse(NET_DEVICE *device, NTSTATUS status, VIRTIO_REASON reason, UINT32 detail)
{
    VirtioPciFail(&device->pci);
    return Fault(device, status, reason, detail);
}

static BOOLEAN HasFeature(const NET_DEVICE *device, UINT64 feature)
{
    return (device->features & feature) != 0;
}

/* From a reset device to FEATURES_OK. After the first time the same features are demanded: queues are laid out for
 * them. */
static NTSTATUS Negotiate(NET_DEVICE *device)
{
    VIRTIO_FEATURE_REQUEST request;
    NTSTATUS status;

    NetFeatureRequest(&device->options, device->features, &request);
    status = VirtioPciNegotiate(&device->pci, &request);
    if (!NT_SUCCESS(status))
        return TransportFault(device, status);
    device->features = device->pci.features;
    return STATUS_SUCCESS;
}

/* Largest power of two up to what the device offers and we want. */
static UINT16 ChooseSize(UINT16 offered, UINT16 wanted)
{
    return offered < wanted ? offered : wanted;
}

/* A queue's size now. It must not be less than in_use, the size that memory was allocated for. */
static NTSTATUS ReadSize(NET_DEVICE *device, UINT16 index, UINT16 in_use, UINT16 *offered)
{
    NTSTATUS status = VirtioPciQueueSize(&device->pci, index, offered);

    if (!NT_SUCCESS(status)) {
        VirtioPciFail(&device->pci);
        return TransportFault(device, status);
    }
    if (*offered == 0)
        return Refuse(device, STATUS_NOT_SUPPORTED, VIRTIO_REASON_QUEUE_MISSING, index);
    if (*offered < NET_QUEUE_SIZE_MIN || *offered < in_use)
        return Refuse(device, STATUS_NOT_SUPPORTED, VIRTIO_REASON_QUEUE_TOO_SMALL, *offered);
    return STATUS_SUCCESS;
}

static NTSTATUS ReadSizes(NET_DEVICE *device)
{
    NTSTATUS status = STATUS_SUCCESS;
    NET_PAIR *pair;
    UINT16 i;

    for (i = 0; i < device->pair_count && NT_SUCCESS(status); i++) {
        pair = &device->pairs[i];
        status = ReadSize(device, VIRTIO_NET_RX_QUEUE(i), pair->rx.size, &pair->rx_size_offered);
        if (NT_SUCCESS(status))
            status = ReadSize(device, VIRTIO_NET_TX_QUEUE(i), pair->tx.size, &pair->tx_size_offered);
    }
    if (NT_SUCCESS(status) && HasFeature(device, VIRTIO_NET_F_CTRL_VQ))
        status = ReadSize(device, device->ctrl_index, device->ctrl.size, &device->ctrl_size_offered);
    return status;
}

NTSTATUS NetDeviceProbe(NET_DEVICE *device, const VIRTIO_PCI_OPS *ops, void *context, const NET_OPTIONS *options)
{
    NTSTATUS status;

    RtlZeroMemory(device, sizeof(*device));
    device->options = *options;
    status = VirtioPciOpen(&device->pci, ops, context);
    if (!NT_SUCCESS(status))
        return TransportFault(device, status);
    if (device->pci.caps.pci_device_id != VIRTIO_NET_DEVICE_ID_MODERN &&
        device->pci.caps.pci_device_id != VIRTIO_NET_DEVICE_ID_TRANSITIONAL)
        return Fault(device, STATUS_NOT_SUPPORTED, VIRTIO_REASON_NOT_A_VIRTIO_DEVICE, device->pci.caps.pci_device_id);

    status = VirtioPciReset(&device->pci);
    if (!NT_SUCCESS(status))
        return TransportFault(device, status);
    status = Negotiate(device);
    if (!NT_SUCCESS(status))
        return status;
    status = NetConfigRead(&device->pci, &device->options, &device->config);
    if (!NT_SUCCESS(status)) {
        VirtioPciFail(&device->pci);
        return TransportFault(device, status);
    }
    device->pair_count = 1;
    device->ctrl_index = 2; /* behind the only pair, whatever max_virtqueue_pairs says: MQ is not taken */
    status = ReadSizes(device);
    if (!NT_SUCCESS(status))
        return status;
    RtlCopyMemory(device->mac, device->options.has_mac ? device->options.mac : device->config.mac, NET_MAC_LENGTH);
    device->state = NET_STATE_PROBED;
    return STATUS_SUCCESS;
}

static VOID FreeQueues(NET_DEVICE *device)
{
    UINT16 i;

    NetCtrlUninit(&device->ctrl);
    for (i = device->pair_count; i > 0; i--) {
        NetTxUninit(&device->pairs[i - 1].tx);
        NetRxUninit(&device->pairs[i - 1].rx);
    }
    device->is_initialised = FALSE;
}

static NTSTATUS InitPair(NET_DEVICE *device, UINT16 number, const virtio_os_ops_t *os, void *os_context,
                         NET_TX_READ read)
{
    NET_PAIR *pair = &device->pairs[number];
    NET_RX_SETUP rx;
    NET_TX_SETUP tx;
    NTSTATUS status;

    rx.index = VIRTIO_NET_RX_QUEUE(number);
    rx.size = ChooseSize(pair->rx_size_offered, NET_QUEUE_SIZE_MAX);
    rx.buffer_count = device->options.rx_buffer_count != 0 ? device->options.rx_buffer_count : NET_RX_BUFFERS_DEFAULT;
    rx.features = device->features;
    rx.mtu = device->config.mtu;
    rx.device_mtu = device->config.device_mtu;
    status = NetRxInit(&pair->rx, os, os_context, &rx);
    if (!NT_SUCCESS(status))
        return status;
    RtlCopyMemory(pair->rx.filter.mac, device->mac, NET_MAC_LENGTH);
    pair->rx.strip_tags = TRUE;

    tx.index = VIRTIO_NET_TX_QUEUE(number);
    tx.size = ChooseSize(pair->tx_size_offered, NET_QUEUE_SIZE_MAX);
    tx.features = device->features;
    tx.mtu = device->config.mtu;
    tx.read = read;
    return NetTxInit(&pair->tx, os, os_context, &tx);
}

NTSTATUS NetDeviceInit(NET_DEVICE *device, const virtio_os_ops_t *os, void *os_context, NET_TX_READ read)
{
    NTSTATUS status = STATUS_SUCCESS;
    NET_CTRL_SETUP ctrl;
    UINT16 i;

    if (device->state != NET_STATE_PROBED || device->is_initialised)
        return STATUS_INVALID_PARAMETER;
    for (i = 0; i < device->pair_count && NT_SUCCESS(status); i++)
        status = InitPair(device, i, os, os_context, read);
    if (NT_SUCCESS(status) && HasFeature(device, VIRTIO_NET_F_CTRL_VQ)) {
        ctrl.index = device->ctrl_index;
        ctrl.size = ChooseSize(device->ctrl_size_offered, NET_CTRL_QUEUE_SIZE);
        ctrl.features = device->features;
        ctrl.config_mac = device->config.mac_is_made_up ? NULL : device->config.mac;
        ctrl.mac = device->mac;
        status = NetCtrlInit(&device->ctrl, os, os_context, &ctrl);
    }
    if (!NT_SUCCESS(status)) {
        FreeQueues(device);
        device->state = NET_STATE_DEAD;
        return Refuse(device, status, VIRTIO_REASON_QUEUE_MEMORY, 0);
    }
    device->is_initialised = TRUE;
    return STATUS_SUCCESS;
}

static NTSTATUS EnableQueue(NET_DEVICE *device, const virtqueue_split_t *vq, UINT16 size, UINT16 vector,
                            volatile UINT8 **notify_address)
{
    VIRTIO_PCI_QUEUE_SETUP setup;

    setup.index = vq->queue_index;
    setup.size = size;
    setup.desc_pa = vq->engine->desc_pa;
    setup.avail_pa = vq->engine->avail_pa;
    setup.used_pa = vq->engine->used_pa;
    setup.vector = vector;
    return VirtioPciEnableQueue(&device->pci, &setup, notify_address);
}

/* From FEATURES_OK to DRIVER_OK; buffers are posted before, and told of only after it (INIT-27). */
static NTSTATUS EnableQueues(NET_DEVICE *device)
{
    volatile UINT8 *rx_notify[NET_PAIRS_MAX];
    volatile UINT8 *tx_notify[NET_PAIRS_MAX];
    volatile UINT8 *ctrl_notify = NULL;
    NTSTATUS status = VirtioPciSetConfigVector(&device->pci, device->vectors.config);
    NET_PAIR *pair;
    UINT16 i;

    for (i = 0; i < device->pair_count && NT_SUCCESS(status); i++) {
        pair = &device->pairs[i];
        NetRxFill(&pair->rx);
        status = EnableQueue(device, &pair->rx.vq, pair->rx.size, device->vectors.rx[i], &rx_notify[i]);
        if (NT_SUCCESS(status))
            status = EnableQueue(device, &pair->tx.vq, pair->tx.size, device->vectors.tx[i], &tx_notify[i]);
    }
    NetCtrlReset(&device->ctrl);
    if (NT_SUCCESS(status) && device->ctrl.os != NULL)
        status = EnableQueue(device, &device->ctrl.vq, device->ctrl.size, device->vectors.control, &ctrl_notify);
    if (NT_SUCCESS(status))
        status = VirtioPciDriverOk(&device->pci);
    if (!NT_SUCCESS(status)) {
        VirtioPciFail(&device->pci);
        return TransportFault(device, status);
    }
    for (i = 0; i < device->pair_count; i++) {
        NetTxOpen(&device->pairs[i].tx, tx_notify[i]);
        NetRxOpen(&device->pairs[i].rx, rx_notify[i]);
    }
    if (device->ctrl.os != NULL)
        NetCtrlOpen(&device->ctrl, ctrl_notify);
    return STATUS_SUCCESS;
}

/* Looks at the status byte; anything that needs a recovery makes the device BROKEN. */
static BOOLEAN IsHealthy(NET_DEVICE *device)
{
    UINT8 status = VirtioPciStatus(&device->pci);

    if (status == VIRTIO_STATUS_GONE) {
        (void)Fault(device, STATUS_DEVICE_NOT_CONNECTED, VIRTIO_REASON_DEVICE_GONE, status);
    } else if ((status & VIRTIO_STATUS_NEEDS_RESET) != 0 || (status & VIRTIO_STATUS_DRIVER_OK) == 0) {
        (void)Fault(device, STATUS_IO_DEVICE_ERROR, VIRTIO_REASON_DEVICE_NEEDS_RESET, status);
    } else {
        return TRUE;
    }
    device->state = NET_STATE_BROKEN;
    return FALSE;
}

/* Takes over what may change while the device runs: link and speed. */
static UINT32 RefreshLink(NET_DEVICE *device)
{
    NET_CONFIG now;

    if (!NT_SUCCESS(NetConfigRead(&device->pci, &device->options, &now)))
        return 0; /* it keeps changing: there will be another notification, or the watchdog comes by */
    if (now.is_link_up == device->config.is_link_up && now.speed_mbps == device->config.speed_mbps &&
        now.is_full_duplex == device->config.is_full_duplex && now.is_speed_known == device->config.is_speed_known)
        return 0;
    device->config.is_link_up = now.is_link_up;
    device->config.is_speed_known = now.is_speed_known;
    device->config.speed_mbps = now.speed_mbps;
    device->config.is_full_duplex = now.is_full_duplex;
    device->config_changes++;
    return NET_CHANGED_LINK;
}

NTSTATUS NetDeviceStart(NET_DEVICE *device, const NET_VECTORS *vectors)
{
    NTSTATUS status = STATUS_SUCCESS;
    UINT16 i;

    if ((device->state != NET_STATE_PROBED && device->state != NET_STATE_STOPPED) || !device->is_initialised)
        return STATUS_INVALID_PARAMETER;
    for (i = 0; i < device->pair_count; i++) {
        if (device->pairs[i].tx.in_flight_count != 0)
            return STATUS_INVALID_PARAMETER;
    }
    device->vectors = *vectors;
    if (device->state == NET_STATE_STOPPED) {
        status = Negotiate(device);
        if (NT_SUCCESS(status))
            status = ReadSizes(device);
    }
    if (NT_SUCCESS(status))
        status = EnableQueues(device);
    if (!NT_SUCCESS(status)) {
        device->state = NET_STATE_DEAD;
        return status;
    }
    device->state = NET_STATE_RUNNING;
    (void)RefreshLink(device);
    return STATUS_SUCCESS;
}

UINT32 NetDeviceConfigChanged(NET_DEVICE *device)
{
    if (device->state == NET_STATE_BROKEN)
        return NET_CHANGED_FAULT;
    if (device->state != NET_STATE_RUNNING)
        return 0;
    return IsHealthy(device) ? RefreshLink(device) : NET_CHANGED_FAULT;
}

UINT32 NetDevicePoll(NET_DEVICE *device)
{
    BOOLEAN was_running = device->state == NET_STATE_RUNNING;
    UINT32 changes = NetDeviceConfigChanged(device);

    if (was_running && changes != 0)
        device->polled++;
    return changes;
}

VOID NetDeviceBreak(NET_DEVICE *device, VIRTIO_REASON reason, UINT16 queue_index)
{
    if (device->state != NET_STATE_RUNNING)
        return;
    device->state = NET_STATE_BROKEN;
    (void)Fault(device, STATUS_IO_DEVICE_ERROR, reason, queue_index);
    (void)IsHealthy(device); /* a device that is gone, or said so itself, is the better reason */
}

NTSTATUS NetDeviceStop(NET_DEVICE *device, VIRTIO_REASON reason)
{
    NTSTATUS status;
    UINT16 i;

    if (device->pci.common == NULL)
        return STATUS_INVALID_PARAMETER;
    for (i = 0; i < device->pair_count; i++) {
        NetRxClose(&device->pairs[i].rx);
        NetTxClose(&device->pairs[i].tx);
    }
    NetCtrlClose(&device->ctrl);
    if (reason != VIRTIO_REASON_NONE) {
        device->resets++;
        (void)Fault(device, STATUS_IO_DEVICE_ERROR, reason, device->reason_detail);
    }
    status = VirtioPciReset(&device->pci);
    device->state = NT_SUCCESS(status) ? NET_STATE_STOPPED : NET_STATE_DEAD;
    return NT_SUCCESS(status) ? status : TransportFault(device, status);
}

VOID NetDeviceUninit(NET_DEVICE *device)
{
    if (device->pci.common != NULL && VirtioPciReset(&device->pci) != STATUS_IO_TIMEOUT)
        FreeQueues(device);
    RtlZeroMemory(device, sizeof(*device));
}

/* device_size 0 in the record of a queue that is not there. */
static VOID DescribeQueue(VIRTIO_DIAG *diag, UINT16 index, UINT16 size, UINT16 offered, UINT16 in_flight)
{
    VIRTIO_DIAG_QUEUE *queue;

    if (diag->queue_count == VIRTIO_DIAG_QUEUES_MAX)
        return;
    queue = &diag->queues[diag->queue_count];
    queue->index = index;
    queue->size = size;
    queue->device_size = offered;
    queue->in_flight = in_flight;
    diag->queue_count++;
}

static VOID DescribePair(const NET_PAIR *pair, VIRTIO_DIAG *diag)
{
    const NET_RX_STATS *rx = &pair->rx.stats;
    const NET_TX_STATS *tx = &pair->tx.stats;

    diag->requests_in += rx->frames;
    diag->requests_out += tx->frames;
    diag->errors += rx->dropped_length + rx->dropped_header + rx->dropped_merge + tx->refused_headers +
                    tx->refused_pieces + tx->refused_memory + tx->aborted;
    diag->kicks += rx->kicks + tx->kicks;
    diag->waited += tx->full;
    diag->device_specific[0] += rx->merged;
    diag->device_specific[1] += rx->checksum_good + rx->checksum_completed;
    diag->device_specific[2] += tx->checksums;
    diag->device_specific[3] += tx->segmented;
    DescribeQueue(diag, pair->rx.index, pair->rx.size, pair->rx_size_offered, pair->rx.posted_count);
    DescribeQueue(diag, pair->tx.index, pair->tx.size, pair->tx_size_offered, pair->tx.in_flight_count);
}

VOID NetDeviceDescribe(NET_DEVICE *device, VIRTIO_DIAG *diag)
{
    UINT16 i;

    RtlZeroMemory(diag, sizeof(*diag));
    diag->version = VIRTIO_DIAG_VERSION;
    diag->size = sizeof(*diag);
    diag->pci_device_id = device->pci.caps.pci_device_id;
    diag->pci_revision = device->pci.caps.pci_revision;
    if (device->pci.common != NULL)
        diag->device_status = VirtioPciStatus(&device->pci);
    diag->state = (UINT8)device->state;
    diag->offered_features = device->pci.offered_features;
    diag->features = device->features;
    diag->last_reason = device->reason;
    diag->last_reason_detail = device->reason_detail;
    diag->polled = device->polled;
    diag->resets = device->resets;
    diag->config_changes = device->config_changes;
    for (i = 0; i < device->pair_count; i++)
        DescribePair(&device->pairs[i], diag);
    diag->requests_other = device->ctrl.stats.commands;
    diag->errors += device->ctrl.stats.refused + device->ctrl.stats.timeouts;
    diag->kicks += device->ctrl.stats.kicks;
    if (device->ctrl.os != NULL)
        DescribeQueue(diag, device->ctrl.index, device->ctrl.size, device->ctrl_size_offered,
                      device->ctrl.is_in_flight);
}
