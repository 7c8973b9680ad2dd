/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The virtio input device as a whole; see input_device.h. Layer: core. Highest IRQL: any. */
#include "input_device.h"

static const UINT64 features_wanted =
    VIRTIO_F_RING_EVENT_IDX | VIRTIO_F_VERSION_1 | VIRTIO_F_ACCESS_PLATFORM | VIRTIO_F_ORDER_PLATFORM;

static NTSTATUS Fault(INPUT_DEVICE *device, NTSTATUS status, VIRTIO_REASON reason, UINT32 detail)
{
    device->reason = reason;
    device->reason_detail = detail;
    return status;
}

/* A fault that the transport has recorded. */
static NTSTATUS TransportFault(INPUT_DEVICE *device, NTSTATUS status)
{
    return Fault(device, status, device->pci.reason, device->pci.reason_detail);
}

/* As Fault, for a device that is to be given up: it is told so (INIT-25). */
static NTSTATUS Refuse(INPUT_DEVICE *device, VIRTIO_REASON reason, UINT32 detail)
{
    VirtioPciFail(&device->pci);
    return Fault(device, STATUS_NOT_SUPPORTED, reason, detail);
}

/* From a reset device to FEATURES_OK. After the first time the same features are demanded: the rings rely on them. */
static NTSTATUS Negotiate(INPUT_DEVICE *device)
{
    VIRTIO_FEATURE_REQUEST request;
    NTSTATUS status;

    RtlZeroMemory(&request, sizeof(request));
    request.wanted = device->features != 0 ? device->features : features_wanted;
    request.required = device->features;
    status = VirtioPciNegotiate(&device->pci, &request);
    if (!NT_SUCCESS(status))
        return TransportFault(device, status);
    device->features = device->pci.features;
    return STATUS_SUCCESS;
}

/* Reads what the device offers; after the first time at least the planned size must be there. */
static NTSTATUS ReadQueueSize(INPUT_DEVICE *device, UINT16 index, const INPUT_RING_PLAN *plan, UINT16 *offered)
{
    NTSTATUS status = VirtioPciQueueSize(&device->pci, index, offered);

    if (!NT_SUCCESS(status)) {
        VirtioPciFail(&device->pci);
        return TransportFault(device, status);
    }
    if (*offered < plan->queue.qsz)
        return Refuse(device, VIRTIO_REASON_QUEUE_TOO_SMALL, (UINT32)*offered << 16 | index);
    return STATUS_SUCCESS;
}

static NTSTATUS ReadQueueSizes(INPUT_DEVICE *device)
{
    NTSTATUS status = ReadQueueSize(device, VIRTIO_INPUT_QUEUE_EVENT, &device->event_plan, &device->event_size_offered);

    if (!NT_SUCCESS(status))
        return status;
    if (device->event_size_offered == 0)
        return Refuse(device, VIRTIO_REASON_QUEUE_MISSING, VIRTIO_INPUT_QUEUE_EVENT);
    return ReadQueueSize(device, VIRTIO_INPUT_QUEUE_STATUS, &device->status_plan, &device->status_size_offered);
}

/* Sizes are powers of two, and so are the limits. */
static NTSTATUS PlanQueue(INPUT_DEVICE *device, INPUT_RING_PLAN *plan, UINT16 offered, UINT16 limit)
{
    if (!NT_SUCCESS(InputRingPlan(plan, offered < limit ? offered : limit)))
        return Refuse(device, VIRTIO_REASON_QUEUE_SIZE_INVALID, offered);
    return STATUS_SUCCESS;
}

static NTSTATUS PlanQueues(INPUT_DEVICE *device)
{
    NTSTATUS status = ReadQueueSizes(device);

    if (!NT_SUCCESS(status))
        return status;
    status = PlanQueue(device, &device->event_plan, device->event_size_offered, INPUT_EVENT_QUEUE_MAX);
    if (!NT_SUCCESS(status) || device->status_size_offered == 0)
        return status;
    return PlanQueue(device, &device->status_plan, device->status_size_offered, INPUT_STATUS_QUEUE_MAX);
}

static NTSTATUS Describe(INPUT_DEVICE *device)
{
    NTSTATUS status;

    if (!InputLayoutBuild(&device->config, (BOOLEAN)(device->status_size_offered != 0), &device->layout))
        return Refuse(device, VIRTIO_REASON_NO_HID_USAGE, device->config.refused);
    status =
        InputDescriptorBuild(&device->layout, device->descriptor, INPUT_DESCRIPTOR_MAX, &device->descriptor_length);
    if (!NT_SUCCESS(status))
        return Refuse(device, VIRTIO_REASON_CONFIG_INVALID, INPUT_DESCRIPTOR_MAX);
    InputReportsInit(&device->reports, &device->layout);
    device->status.mask = device->layout.led_mask;
    return STATUS_SUCCESS;
}

NTSTATUS InputDeviceProbe(INPUT_DEVICE *device, const VIRTIO_PCI_OPS *ops, void *context)
{
    NTSTATUS status;

    RtlZeroMemory(device, sizeof(*device));
    status = VirtioPciOpen(&device->pci, ops, context);
    if (!NT_SUCCESS(status))
        return TransportFault(device, status);
    if (device->pci.caps.pci_device_id != VIRTIO_INPUT_DEVICE_ID)
        return Fault(device, STATUS_NOT_SUPPORTED, VIRTIO_REASON_NOT_A_VIRTIO_DEVICE, device->pci.caps.pci_device_id);
    status = VirtioPciReset(&device->pci);
    if (!NT_SUCCESS(status))
        return TransportFault(device, status);
    status = Negotiate(device);
    if (!NT_SUCCESS(status))
        return status;
    status = InputConfigRead(&device->pci, &device->config);
    if (!NT_SUCCESS(status)) {
        VirtioPciFail(&device->pci);
        return TransportFault(device, status);
    }
    status = PlanQueues(device);
    if (!NT_SUCCESS(status))
        return status;
    status = Describe(device);
    if (NT_SUCCESS(status))
        device->state = INPUT_STATE_PROBED;
    return status;
}

/* The state block: the event queue's engine, the status queue's, then the events that were taken. */
static size_t AlignState(size_t size)
{
    return (size + sizeof(UINT64) - 1) & ~(sizeof(UINT64) - 1);
}

VOID InputDeviceMemoryNeeded(const INPUT_DEVICE *device, INPUT_MEMORY_NEEDED *needed)
{
    needed->dma_size = device->event_plan.dma_size + device->status_plan.dma_size;
    needed->state_size = AlignState(device->event_plan.queue.state_size) +
                         AlignState(device->status_plan.queue.state_size) +
                         (size_t)device->event_plan.queue.qsz * sizeof(INPUT_TAKEN);
}

static NTSTATUS InitRings(INPUT_DEVICE *device, const INPUT_MEMORY *memory)
{
    BOOLEAN event_idx = (BOOLEAN)((device->features & VIRTIO_F_RING_EVENT_IDX) != 0);
    UINT8 *status_state = (UINT8 *)memory->state + AlignState(device->event_plan.queue.state_size);
    size_t status_offset = device->event_plan.dma_size;
    NTSTATUS status;

    device->events.taken = (INPUT_TAKEN *)(status_state + AlignState(device->status_plan.queue.state_size));
    status = InputRingInit(&device->events.ring, &device->event_plan, VIRTIO_INPUT_QUEUE_EVENT, memory->dma_va,
                           memory->dma_pa, memory->state, event_idx);
    if (!NT_SUCCESS(status) || device->status_size_offered == 0)
        return status;
    return InputRingInit(&device->status.ring, &device->status_plan, VIRTIO_INPUT_QUEUE_STATUS,
                         (UINT8 *)memory->dma_va + status_offset, memory->dma_pa + status_offset, status_state,
                         event_idx);
}

static NTSTATUS EnableRing(INPUT_DEVICE *device, const INPUT_RING *ring, UINT16 vector, volatile UINT8 **notify_address)
{
    VIRTIO_PCI_QUEUE_SETUP setup;

    setup.index = ring->index;
    setup.size = ring->size;
    setup.desc_pa = ring->vq->desc_pa;
    setup.avail_pa = ring->vq->avail_pa;
    setup.used_pa = ring->vq->used_pa;
    setup.vector = vector;
    return VirtioPciEnableQueue(&device->pci, &setup, notify_address);
}

/* From FEATURES_OK with empty rings to DRIVER_OK with a full event queue. */
static NTSTATUS EnableRings(INPUT_DEVICE *device)
{
    volatile UINT8 *event_notify;
    volatile UINT8 *status_notify = NULL;
    NTSTATUS status = VirtioPciSetConfigVector(&device->pci, device->vectors.config);

    if (NT_SUCCESS(status))
        status = EnableRing(device, &device->events.ring, device->vectors.events, &event_notify);
    if (NT_SUCCESS(status) && device->status.ring.vq != NULL)
        status = EnableRing(device, &device->status.ring, device->vectors.status, &status_notify);
    if (NT_SUCCESS(status))
        status = VirtioPciDriverOk(&device->pci);
    if (!NT_SUCCESS(status)) {
        VirtioPciFail(&device->pci);
        return TransportFault(device, status);
    }
    device->state = INPUT_STATE_RUNNING;
    InputEventsOpen(&device->events, event_notify);
    if (status_notify != NULL)
        InputStatusOpen(&device->status, status_notify);
    return STATUS_SUCCESS;
}

NTSTATUS InputDeviceStart(INPUT_DEVICE *device, const INPUT_MEMORY *memory, const INPUT_VECTORS *vectors)
{
    if (device->state != INPUT_STATE_PROBED)
        return STATUS_INVALID_PARAMETER;
    device->vectors = *vectors;
    device->state = INPUT_STATE_DEAD;
    if (!NT_SUCCESS(InitRings(device, memory))) {
        RtlZeroMemory(&device->events.ring, sizeof(device->events.ring));
        return Refuse(device, VIRTIO_REASON_QUEUE_MEMORY, 0);
    }
    return EnableRings(device);
}

/* Returns: TRUE: more waits. count: out, buffers that came back */
static BOOLEAN Drain(INPUT_DEVICE *device, UINT32 *count)
{
    INPUT_DRAIN result;
    UINT32 sent;

    *count = 0;
    if (device->state != INPUT_STATE_RUNNING)
        return FALSE;
    result = InputEventsDrain(&device->events, &device->reports, count);
    if (result == INPUT_DRAIN_BROKEN || InputStatusDrain(&device->status, &sent)) {
        device->state = INPUT_STATE_BROKEN;
        (void)Fault(device, STATUS_IO_DEVICE_ERROR, VIRTIO_REASON_USED_RING_INVALID,
                    result == INPUT_DRAIN_BROKEN ? VIRTIO_INPUT_QUEUE_EVENT : VIRTIO_INPUT_QUEUE_STATUS);
        return FALSE;
    }
    *count += sent;
    return (BOOLEAN)(result == INPUT_DRAIN_MORE);
}

BOOLEAN InputDeviceService(INPUT_DEVICE *device)
{
    UINT32 count;

    device->interrupts++;
    return Drain(device, &count);
}

BOOLEAN InputDeviceHasReport(const INPUT_DEVICE *device)
{
    return (BOOLEAN)(device->reports.queue_count != 0);
}

NTSTATUS InputDeviceReadReport(INPUT_DEVICE *device, UINT8 *buffer, size_t size, UINT32 *length)
{
    return InputReportsPop(&device->reports, buffer, size, length);
}

NTSTATUS InputDeviceWriteReport(INPUT_DEVICE *device, UINT8 report_id, const UINT8 *report, size_t length)
{
    const INPUT_LAYOUT *layout = &device->layout;
    UINT16 leds = 0;
    UINT32 code;
    UINT32 bit;

    if (report_id != INPUT_REPORT_ID(INPUT_COLLECTION_KEYBOARD) || layout->output_length == 0 ||
        length < layout->output_length)
        return STATUS_INVALID_PARAMETER;
    for (code = 0; code < INPUT_LED_COUNT; code++) {
        bit = layout->led_bit[code];
        if (bit != INPUT_NO_SLOT && ((report[bit / 8] >> (bit % 8)) & 1) != 0)
            leds |= (UINT16)(1U << code);
    }
    InputStatusSet(&device->status, leds);
    return STATUS_SUCCESS;
}

VOID InputDeviceConfigChanged(INPUT_DEVICE *device)
{
    UINT8 status;

    if (device->state != INPUT_STATE_RUNNING)
        return;
    status = VirtioPciStatus(&device->pci);
    if (status == VIRTIO_STATUS_GONE) {
        (void)Fault(device, STATUS_DEVICE_NOT_CONNECTED, VIRTIO_REASON_DEVICE_GONE, status);
    } else if ((status & VIRTIO_STATUS_NEEDS_RESET) != 0 || (status & VIRTIO_STATUS_DRIVER_OK) == 0) {
        (void)Fault(device, STATUS_IO_DEVICE_ERROR, VIRTIO_REASON_DEVICE_NEEDS_RESET, status);
    } else {
        return;
    }
    device->state = INPUT_STATE_BROKEN;
}

BOOLEAN InputDevicePoll(INPUT_DEVICE *device)
{
    UINT32 count;

    (void)Drain(device, &count); /* what is left waits for the next interrupt, or the next poll */
    device->polled += count;
    InputDeviceConfigChanged(device);
    return (BOOLEAN)(device->state == INPUT_STATE_BROKEN);
}

/* Resets the device; rings empty, everything up. */
static NTSTATUS Quiesce(INPUT_DEVICE *device)
{
    NTSTATUS status = VirtioPciReset(&device->pci);

    InputRingReset(&device->events.ring);
    InputRingReset(&device->status.ring);
    InputReportsRelease(&device->reports);
    return status;
}

NTSTATUS InputDeviceRecover(INPUT_DEVICE *device, VIRTIO_REASON reason)
{
    NTSTATUS status;

    if (device->events.ring.vq == NULL)
        return STATUS_INVALID_PARAMETER;
    if (reason != VIRTIO_REASON_NONE)
        (void)Fault(device, STATUS_IO_DEVICE_ERROR, reason, 0);
    device->resets++;
    device->state = INPUT_STATE_DEAD;
    status = Quiesce(device);
    if (!NT_SUCCESS(status))
        return TransportFault(device, status);
    status = Negotiate(device);
    if (NT_SUCCESS(status))
        status = ReadQueueSizes(device);
    if (NT_SUCCESS(status))
        status = EnableRings(device);
    return status;
}

VOID InputDeviceStop(INPUT_DEVICE *device)
{
    NTSTATUS status;

    if (device->events.ring.vq == NULL)
        return;
    status = Quiesce(device);
    if (!NT_SUCCESS(status))
        (void)TransportFault(device, status);
    device->state = NT_SUCCESS(status) ? INPUT_STATE_STOPPED : INPUT_STATE_DEAD;
}

BOOLEAN InputDeviceUninit(INPUT_DEVICE *device)
{
    BOOLEAN is_free = TRUE;

    if (device->pci.common != NULL)
        is_free = (BOOLEAN)(VirtioPciReset(&device->pci) != STATUS_IO_TIMEOUT);
    RtlZeroMemory(device, sizeof(*device));
    return is_free;
}

static VOID DescribeQueue(VIRTIO_DIAG *diag, const INPUT_RING *ring, UINT16 offered)
{
    VIRTIO_DIAG_QUEUE *queue = &diag->queues[diag->queue_count++];

    queue->index = ring->index;
    queue->size = ring->size;
    queue->device_size = offered;
    queue->in_flight = ring->in_flight;
}

VOID InputDeviceDescribe(INPUT_DEVICE *device, VIRTIO_DIAG *diag)
{
    const INPUT_REPORT_STATS *stats = &device->reports.stats;
    UINT32 i;

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
    diag->requests_in = stats->events;
    diag->requests_out = device->status.sent;
    diag->requests_other = stats->reports;
    diag->errors = device->events.wrong_lengths + device->status.wrong_lengths;
    diag->kicks = device->events.ring.kicks + device->status.ring.kicks;
    diag->waited = stats->merged + device->status.waited;
    diag->device_specific[0] = stats->unknown;
    diag->device_specific[1] = stats->dropped;
    for (i = 0; i < INPUT_COLLECTION_COUNT; i++)
        diag->device_specific[2] += device->layout.input_length[i];
    diag->device_specific[3] = device->descriptor_length;
    DescribeQueue(diag, &device->events.ring, device->event_size_offered);
    if (device->status.ring.vq != NULL)
        DescribeQueue(diag, &device->status.ring, device->status_size_offered);
}
