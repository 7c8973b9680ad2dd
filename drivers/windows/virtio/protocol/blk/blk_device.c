/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The virtio block device as a whole. Layer: core. Highest IRQL: DIRQL. */
#include "blk_device.h"

#define BLK_QUEUE_INDEX 0
#define BLK_DMA_SLACK   4096 /* alignment of one block of DMA memory, at most */
#define BLK_PLAIN_SLACK 64

static const char disk_vendor[SCSI_VENDOR_LENGTH + 1] = "VirtIO  ";
static const char disk_product[SCSI_PRODUCT_LENGTH + 1] = "Block Device    ";

static const UINT64 features_wanted =
    VIRTIO_BLK_F_SIZE_MAX | VIRTIO_BLK_F_SEG_MAX | VIRTIO_BLK_F_RO | VIRTIO_BLK_F_BLK_SIZE | VIRTIO_BLK_F_FLUSH |
    VIRTIO_BLK_F_TOPOLOGY | VIRTIO_BLK_F_CONFIG_WCE | VIRTIO_F_RING_INDIRECT_DESC | VIRTIO_F_RING_EVENT_IDX |
    VIRTIO_F_VERSION_1 | VIRTIO_F_ACCESS_PLATFORM | VIRTIO_F_ORDER_PLATFORM;

static NTSTATUS Fault(BLK_DEVICE *device, NTSTATUS status, VIRTIO_REASON reason, UINT32 detail)
{
    device->reason = reason;
    device->reason_detail = detail;
    return status;
}

/* A fault that the transport has recorded. */
static NTSTATUS TransportFault(BLK_DEVICE *device, NTSTATUS status)
{
    return Fault(device, status, device->pci.reason, device->pci.reason_detail);
}

/* As Fault, for a device that is to be given up: it is told so (INIT-25). */
static NTSTATUS Refuse(BLK_DEVICE *device, VIRTIO_REASON reason, UINT32 detail)
{
    VirtioPciFail(&device->pci);
    return Fault(device, STATUS_NOT_SUPPORTED, reason, detail);
}

/*
 * From a reset device to FEATURES_OK. After the first time the same features are demanded: the ring was laid out for
 * them.
 */
static NTSTATUS Negotiate(BLK_DEVICE *device)
{
    static const VIRTIO_FEATURE_DEPENDENCY dependencies[] = {
        {VIRTIO_BLK_F_CONFIG_WCE, VIRTIO_BLK_F_FLUSH}, /* a cache that cannot be flushed is no use */
    };
    VIRTIO_FEATURE_REQUEST request;
    NTSTATUS status;

    request.wanted = device->features != 0 ? device->features : features_wanted;
    request.required = device->features;
    request.dependencies = dependencies;
    request.dependency_count = VIRTIO_ARRAY_COUNT(dependencies);
    status = VirtioPciNegotiate(&device->pci, &request);
    if (!NT_SUCCESS(status))
        return TransportFault(device, status);
    device->features = device->pci.features;
    return STATUS_SUCCESS;
}

/* How many whole blocks the disk has now. */
static UINT64 BlockCount(const BLK_DEVICE *device)
{
    return device->config.capacity_sectors / (device->disk.block_size >> VIRTIO_BLK_SECTOR_SHIFT);
}

/* Largest power of two up to what the device offers and we want. */
static UINT16 ChooseQueueSize(UINT16 offered, BOOLEAN indirect)
{
    UINT16 wanted = indirect ? BLK_QUEUE_SIZE_INDIRECT : BLK_QUEUE_SIZE_DIRECT;

    return offered < wanted ? offered : wanted;
}

static NTSTATUS ReadQueueSize(BLK_DEVICE *device)
{
    UINT16 offered;
    NTSTATUS status = VirtioPciQueueSize(&device->pci, BLK_QUEUE_INDEX, &offered);

    if (!NT_SUCCESS(status)) {
        VirtioPciFail(&device->pci);
        return TransportFault(device, status);
    }
    if (offered == 0)
        return Refuse(device, VIRTIO_REASON_QUEUE_MISSING, BLK_QUEUE_INDEX);
    if (offered < device->queue_size) /* after a reset: the ring is laid out for the size it had */
        return Refuse(device, VIRTIO_REASON_QUEUE_TOO_SMALL, offered);
    device->queue_size_offered = offered;
    return STATUS_SUCCESS;
}

NTSTATUS BlkDeviceProbe(BLK_DEVICE *device, const VIRTIO_PCI_OPS *ops, void *context)
{
    NTSTATUS status;
    VIRTIO_REASON reason;

    RtlZeroMemory(device, sizeof(*device));
    status = VirtioPciOpen(&device->pci, ops, context);
    if (!NT_SUCCESS(status))
        return TransportFault(device, status);
    if (device->pci.caps.pci_device_id != VIRTIO_BLK_DEVICE_ID_MODERN &&
        device->pci.caps.pci_device_id != VIRTIO_BLK_DEVICE_ID_TRANSITIONAL)
        return Fault(device, STATUS_NOT_SUPPORTED, VIRTIO_REASON_NOT_A_VIRTIO_DEVICE, device->pci.caps.pci_device_id);

    status = VirtioPciReset(&device->pci);
    if (!NT_SUCCESS(status))
        return TransportFault(device, status);
    status = Negotiate(device);
    if (!NT_SUCCESS(status))
        return status;
    status = BlkConfigRead(&device->pci, &device->config);
    if (!NT_SUCCESS(status)) {
        VirtioPciFail(&device->pci);
        return TransportFault(device, status);
    }
    device->disk.block_size = device->config.block_size;
    if (BlockCount(device) == 0)
        return Refuse(device, VIRTIO_REASON_CAPACITY_ZERO, (UINT32)device->config.capacity_sectors);
    status = ReadQueueSize(device);
    if (!NT_SUCCESS(status))
        return status;
    device->queue_size =
        ChooseQueueSize(device->queue_size_offered, (device->features & VIRTIO_F_RING_INDIRECT_DESC) != 0);
    status = BlkLimitsCompute(&device->config, device->queue_size, &device->limits, &reason);
    if (!NT_SUCCESS(status))
        return Refuse(device, reason, device->config.segment_max);
    device->state = BLK_STATE_PROBED;
    return STATUS_SUCCESS;
}

VOID BlkDeviceMemoryNeeded(const BLK_DEVICE *device, size_t *dma, size_t *plain)
{
    *dma = virtqueue_split_ring_size(device->queue_size, 4, TRUE) + BLK_DMA_SLACK;
    *dma += BlkQueueSlotMemory(device->queue_size) + BLK_DMA_SLACK;
    if ((device->features & VIRTIO_F_RING_INDIRECT_DESC) != 0)
        *dma += virtqueue_split_indirect_size(device->queue_size, (UINT16)(device->limits.segment_limit + 2)) +
                BLK_DMA_SLACK;
    *plain = VirtqSplitStateSize(device->queue_size) + BLK_PLAIN_SLACK;
}

/* From FEATURES_OK to DRIVER_OK with an empty queue. */
static NTSTATUS EnableQueue(BLK_DEVICE *device)
{
    VIRTIO_PCI_QUEUE_SETUP setup;
    volatile UINT8 *notify_address;
    NTSTATUS status;

    status = VirtioPciSetConfigVector(&device->pci, device->config_vector);
    if (!NT_SUCCESS(status))
        goto failed;
    setup.index = BLK_QUEUE_INDEX;
    setup.size = device->queue_size;
    setup.desc_pa = device->queue.vq.engine->desc_pa;
    setup.avail_pa = device->queue.vq.engine->avail_pa;
    setup.used_pa = device->queue.vq.engine->used_pa;
    setup.vector = device->queue_vector;
    status = VirtioPciEnableQueue(&device->pci, &setup, &notify_address);
    if (!NT_SUCCESS(status))
        goto failed;
    status = VirtioPciDriverOk(&device->pci);
    if (!NT_SUCCESS(status))
        goto failed;
    BlkQueueOpen(&device->queue, notify_address);
    device->state = BLK_STATE_RUNNING;
    return STATUS_SUCCESS;

failed:
    VirtioPciFail(&device->pci);
    return TransportFault(device, status);
}

/*
 * Remembers what the device answered wrong; a request that it was not asked, or that a reset gave back, says nothing.
 */
static VOID NoteResult(BLK_DEVICE *device, const BLK_REQUEST *request)
{
    switch (request->result) {
    case BLK_RESULT_IO_ERROR:
    case BLK_RESULT_UNSUPPORTED:
        (void)Fault(device, STATUS_IO_DEVICE_ERROR, VIRTIO_REASON_REQUEST_FAILED, (UINT32)request->type);
        break;
    case BLK_RESULT_BAD_STATUS:
    case BLK_RESULT_SHORT:
        (void)Fault(device, STATUS_IO_DEVICE_ERROR, VIRTIO_REASON_REQUEST_ANSWER_INVALID, (UINT32)request->type);
        break;
    default:
        break;
    }
}

/* Takes ended requests over from the queue, but for our own. Returns: how many there were. */
static UINT32 TakeDone(BLK_DEVICE *device, BLK_REQUEST_LIST *ended, BLK_REQUEST_LIST *done)
{
    BLK_REQUEST *request;
    UINT32 count = 0;

    while ((request = BlkListPop(ended)) != NULL) {
        count++;
        if (request == &device->id_request) {
            device->id_done = TRUE; /* a device without a serial number is no fault */
            continue;
        }
        NoteResult(device, request);
        BlkListAppend(done, request);
    }
    return count;
}

static UINT32 Drain(BLK_DEVICE *device, BLK_REQUEST_LIST *done)
{
    BLK_REQUEST_LIST ended = {NULL, NULL};
    BOOLEAN is_broken;
    UINT32 count;

    if (device->state != BLK_STATE_RUNNING)
        return 0;
    is_broken = BlkQueueDrain(&device->queue, &ended);
    count = TakeDone(device, &ended, done);
    if (is_broken) {
        device->state = BLK_STATE_BROKEN;
        (void)Fault(device, STATUS_IO_DEVICE_ERROR, VIRTIO_REASON_USED_RING_INVALID, BLK_QUEUE_INDEX);
    }
    return count;
}

/* Up to maximum printable characters of a text that need not be terminated; blanks around it go. Returns: how many. */
static UINT8 CopyText(char *to, const char *from, UINT32 maximum)
{
    UINT32 begin = 0;
    UINT32 end = 0;
    UINT32 i;

    while (end < maximum && from[end] != '\0')
        end++;
    while (begin < end && from[begin] == ' ')
        begin++;
    while (end > begin && from[end - 1] == ' ')
        end--;
    for (i = 0; i < end - begin; i++) {
        to[i] = from[begin + i];
        if (to[i] < ' ' || to[i] > '~')
            to[i] = '_';
    }
    return (UINT8)i;
}

/* Asks for the serial number. An answer that comes too late is not used: the disk must not change its name. */
static VOID ReadSerial(BLK_DEVICE *device)
{
    BLK_REQUEST_LIST none = {NULL, NULL};
    UINT32 waited_us = 0;
    UINT8 id[VIRTIO_BLK_ID_LENGTH];

    BlkRequestInit(&device->id_request, BLK_GET_ID, 0);
    device->id_done = FALSE;
    (void)BlkQueueSubmit(&device->queue, &device->id_request);
    for (;;) {
        (void)Drain(device, &none); /* nothing but our own request can be there */
        if (device->id_done || device->state != BLK_STATE_RUNNING || waited_us >= BLK_ID_TIMEOUT_US)
            break;
        device->pci.ops->Stall(device->pci.context, BLK_ID_POLL_US);
        waited_us += BLK_ID_POLL_US;
    }
    if (!device->id_done || device->id_request.result != BLK_RESULT_OK)
        return;
    BlkQueueCopyId(&device->queue, id);
    device->disk.serial_length = CopyText(device->disk.serial, (const char *)id, VIRTIO_BLK_ID_LENGTH);
}

static VOID DescribeDisk(BLK_DEVICE *device, const BLK_IDENTITY *identity)
{
    SCSI_DISK *disk = &device->disk;

    RtlZeroMemory(disk, sizeof(*disk));
    disk->block_size = device->config.block_size;
    disk->block_count = BlockCount(device);
    disk->physical_exponent = device->config.physical_exponent;
    disk->lowest_aligned_block = device->config.lowest_aligned_block;
    disk->read_only = device->config.read_only;
    disk->write_cache = device->config.write_cache;
    disk->force_unit_access = TRUE; /* a flush behind the write, or no cache at all */
    RtlCopyMemory(disk->vendor, disk_vendor, SCSI_VENDOR_LENGTH);
    RtlCopyMemory(disk->product, disk_product, SCSI_PRODUCT_LENGTH);
    RtlCopyMemory(disk->revision, identity->revision, SCSI_REVISION_LENGTH);
    disk->location_length = CopyText(disk->location, identity->location, SCSI_SERIAL_MAX);
}

NTSTATUS BlkDeviceStart(BLK_DEVICE *device, const virtio_os_ops_t *os, void *os_context, const BLK_IDENTITY *identity,
                        UINT16 config_vector, UINT16 queue_vector)
{
    BLK_QUEUE_SETUP setup;
    NTSTATUS status;

    if (device->state != BLK_STATE_PROBED)
        return Fault(device, STATUS_INVALID_PARAMETER, device->reason, device->reason_detail);
    device->config_vector = config_vector;
    device->queue_vector = queue_vector;
    setup.index = BLK_QUEUE_INDEX;
    setup.size = device->queue_size;
    setup.event_idx = (device->features & VIRTIO_F_RING_EVENT_IDX) != 0;
    setup.indirect = (device->features & VIRTIO_F_RING_INDIRECT_DESC) != 0;
    setup.segment_limit = device->limits.segment_limit;
    status = BlkQueueInit(&device->queue, os, os_context, &setup);
    if (!NT_SUCCESS(status)) {
        (void)Refuse(device, VIRTIO_REASON_QUEUE_MEMORY, BLK_QUEUE_INDEX);
        goto failed;
    }
    DescribeDisk(device, identity);
    status = EnableQueue(device);
    if (!NT_SUCCESS(status))
        goto failed;
    ReadSerial(device);
    return STATUS_SUCCESS;

failed:
    device->state = BLK_STATE_DEAD;
    return status;
}

BOOLEAN BlkDeviceService(BLK_DEVICE *device, BLK_REQUEST_LIST *done)
{
    device->interrupts++;
    return Drain(device, done) != 0;
}

/* Looks at the status byte; anything that needs a recovery makes the device BROKEN. */
static BOOLEAN IsHealthy(BLK_DEVICE *device)
{
    UINT8 status = VirtioPciStatus(&device->pci);

    if (status == VIRTIO_STATUS_GONE) {
        (void)Fault(device, STATUS_DEVICE_NOT_CONNECTED, VIRTIO_REASON_DEVICE_GONE, status);
    } else if ((status & VIRTIO_STATUS_NEEDS_RESET) != 0 || (status & VIRTIO_STATUS_DRIVER_OK) == 0) {
        (void)Fault(device, STATUS_IO_DEVICE_ERROR, VIRTIO_REASON_DEVICE_NEEDS_RESET, status);
    } else {
        return TRUE;
    }
    device->state = BLK_STATE_BROKEN;
    return FALSE;
}

/* Takes over what may change while the device runs: the capacity and the cache mode. TRUE: the capacity did. */
static BOOLEAN RefreshConfig(BLK_DEVICE *device)
{
    BLK_CONFIG config;
    UINT64 block_count;

    if (!NT_SUCCESS(BlkConfigRead(&device->pci, &config)))
        return FALSE; /* it keeps changing: there will be another notification, or the watchdog comes by */
    device->config.capacity_sectors = config.capacity_sectors;
    device->config.write_cache = config.write_cache;
    device->disk.write_cache = config.write_cache;
    block_count = BlockCount(device);
    if (block_count == device->disk.block_count)
        return FALSE;
    device->disk.block_count = block_count;
    device->disk.capacity_changed = TRUE;
    device->config_changes++;
    return TRUE;
}

BOOLEAN BlkDeviceConfigChanged(BLK_DEVICE *device)
{
    if (device->state != BLK_STATE_RUNNING || !IsHealthy(device))
        return FALSE;
    return RefreshConfig(device);
}

BOOLEAN BlkDevicePoll(BLK_DEVICE *device, BLK_REQUEST_LIST *done, BOOLEAN *capacity_changed)
{
    *capacity_changed = FALSE;
    if (device->state == BLK_STATE_RUNNING) {
        device->polled += Drain(device, done);
        *capacity_changed = BlkDeviceConfigChanged(device);
    }
    return device->state == BLK_STATE_BROKEN;
}

/* Resets the device and gives everything back. */
static NTSTATUS Quiesce(BLK_DEVICE *device, BLK_REQUEST_LIST *done)
{
    BLK_REQUEST_LIST ended = {NULL, NULL};
    NTSTATUS status = VirtioPciReset(&device->pci);

    /*
     * A device that does not finish its reset gets no further chance; its requests have to end all the same (INIT-04).
     */
    BlkQueueAbort(&device->queue, NT_SUCCESS(status) ? BLK_RESULT_RESET : BLK_RESULT_DEAD, &ended);
    (void)TakeDone(device, &ended, done);
    return status;
}

NTSTATUS BlkDeviceRecover(BLK_DEVICE *device, VIRTIO_REASON reason, BLK_REQUEST_LIST *done)
{
    NTSTATUS status;

    if (device->state == BLK_STATE_NONE || device->state == BLK_STATE_PROBED || device->queue.os == NULL)
        return STATUS_INVALID_PARAMETER;
    if (reason != VIRTIO_REASON_NONE)
        (void)Fault(device, STATUS_IO_DEVICE_ERROR, reason, 0);
    device->resets++;
    status = Quiesce(device, done);
    if (!NT_SUCCESS(status)) {
        status = TransportFault(device, status);
        goto dead;
    }
    status = Negotiate(device);
    if (!NT_SUCCESS(status))
        goto dead;
    status = ReadQueueSize(device);
    if (!NT_SUCCESS(status))
        goto dead;
    status = EnableQueue(device);
    if (!NT_SUCCESS(status))
        goto dead;
    (void)RefreshConfig(device);
    return STATUS_SUCCESS;

dead:
    device->state = BLK_STATE_DEAD;
    return status;
}

VOID BlkDeviceStop(BLK_DEVICE *device, BLK_REQUEST_LIST *done)
{
    if (device->pci.common == NULL)
        return;
    if (NT_SUCCESS(Quiesce(device, done)))
        device->state = BLK_STATE_STOPPED;
    else
        device->state = BLK_STATE_DEAD;
}

VOID BlkDeviceUninit(BLK_DEVICE *device)
{
    NTSTATUS status;

    if (device->pci.common != NULL && device->queue.os != NULL) {
        status = VirtioPciReset(&device->pci);
        if (status != STATUS_IO_TIMEOUT)
            BlkQueueUninit(&device->queue);
    }
    RtlZeroMemory(device, sizeof(*device));
}

VOID BlkDeviceDescribe(BLK_DEVICE *device, VIRTIO_DIAG *diag)
{
    const BLK_QUEUE_STATS *stats = &device->queue.stats;

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
    diag->interrupts = device->interrupts;
    diag->polled = device->polled;
    diag->resets = device->resets;
    diag->config_changes = device->config_changes;
    diag->requests_in = stats->reads;
    diag->requests_out = stats->writes;
    diag->requests_other = stats->flushes;
    diag->errors = stats->errors;
    diag->kicks = stats->kicks;
    diag->waited = stats->waited;
    diag->device_specific[0] = device->config.capacity_sectors;
    diag->device_specific[1] = device->config.block_size;
    diag->device_specific[2] = device->limits.segment_limit;
    diag->device_specific[3] = device->limits.transfer_limit;
    diag->queue_count = 1;
    diag->queues[0].index = BLK_QUEUE_INDEX;
    diag->queues[0].size = device->queue_size;
    diag->queues[0].device_size = device->queue_size_offered;
    diag->queues[0].in_flight = device->queue.in_flight_count;
}
