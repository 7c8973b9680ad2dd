/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The virtio sound device as a whole. Layer: core. Highest IRQL: DISPATCH_LEVEL. */
#include "snd_device.h"

#include "snd_pump.h"
#include "snd_query.h"

#define CONTROL_QUEUE_SIZE 8
#define CONTROL_ELEMENTS   2   /* of one message, of which one is on its way */
#define AUDIO_QUEUE_SIZE   128 /* the longest messages of a whole read-ahead, without indirect tables */
#define AUDIO_QUEUE_MIN    4   /* header, a period that touches two pages, status */
#define AUDIO_ELEMENTS     (SND_DATA_ELEMENTS + 2)

/* What lies behind the rings in the DMA block. */
#define PLACE_CONTROL      VIRTIO_SND_QUEUE_COUNT
#define PLACE_EVENTS       (VIRTIO_SND_QUEUE_COUNT + 1)
#define PLACE_MESSAGES     (VIRTIO_SND_QUEUE_COUNT + 2)

static const UINT64 features_wanted = VIRTIO_F_RING_INDIRECT_DESC | VIRTIO_F_RING_EVENT_IDX | VIRTIO_F_VERSION_1 |
                                      VIRTIO_F_ACCESS_PLATFORM | VIRTIO_F_ORDER_PLATFORM;

static NTSTATUS Fault(SND_DEVICE *device, NTSTATUS status, VIRTIO_REASON reason, UINT32 detail)
{
    device->reason = reason;
    device->reason_detail = detail;
    return status;
}

/* A fault that the transport has recorded. */
static NTSTATUS TransportFault(SND_DEVICE *device, NTSTATUS status)
{
    return Fault(device, status, device->pci.reason, device->pci.reason_detail);
}

/* As Fault, for a device that is to be given up: it is told so (INIT-25). */
static NTSTATUS Refuse(SND_DEVICE *device, NTSTATUS status, VIRTIO_REASON reason, UINT32 detail)
{
    VirtioPciFail(&device->pci);
    return Fault(device, status, reason, detail);
}

/* From a reset device to FEATURES_OK. After the first time the same features are demanded: rings are laid out for them.
 */
static NTSTATUS Negotiate(SND_DEVICE *device)
{
    VIRTIO_FEATURE_REQUEST request;
    NTSTATUS status;

    request.wanted = device->features != 0 ? device->features : features_wanted;
    request.required = device->features;
    request.dependencies = NULL;
    request.dependency_count = 0;
    status = VirtioPciNegotiate(&device->pci, &request);
    if (!NT_SUCCESS(status))
        return TransportFault(device, status);
    device->features = device->pci.features;
    return STATUS_SUCCESS;
}

/* The queues' sizes now; not less than what memory was laid out for. */
static NTSTATUS ReadSizes(SND_DEVICE *device)
{
    static const UINT16 sizes_min[VIRTIO_SND_QUEUE_COUNT] = {CONTROL_ELEMENTS, 1, AUDIO_QUEUE_MIN, AUDIO_QUEUE_MIN};
    NTSTATUS status;
    UINT16 offered;
    UINT16 i;

    for (i = 0; i < VIRTIO_SND_QUEUE_COUNT; i++) {
        status = VirtioPciQueueSize(&device->pci, i, &offered);
        if (!NT_SUCCESS(status)) {
            VirtioPciFail(&device->pci);
            return TransportFault(device, status);
        }
        if (offered == 0)
            return Refuse(device, STATUS_NOT_SUPPORTED, VIRTIO_REASON_QUEUE_MISSING, i);
        if (offered < sizes_min[i] || offered < device->layouts[i].qsz)
            return Refuse(device, STATUS_NOT_SUPPORTED, VIRTIO_REASON_QUEUE_TOO_SMALL, i);
        device->sizes_offered[i] = offered;
    }
    return STATUS_SUCCESS;
}

static size_t Align(size_t size)
{
    return (size + SND_DMA_ALIGNMENT - 1) & ~(size_t)(SND_DMA_ALIGNMENT - 1);
}

/* Lays queues and buffers out. */
static NTSTATUS PlanMemory(SND_DEVICE *device)
{
    BOOLEAN is_indirect = (device->features & VIRTIO_F_RING_INDIRECT_DESC) != 0;
    UINT16 sizes[VIRTIO_SND_QUEUE_COUNT];
    NTSTATUS status;
    size_t dma = 0;
    size_t state = 0;
    UINT16 i;

    sizes[VIRTIO_SND_QUEUE_CONTROL] = CONTROL_QUEUE_SIZE;
    sizes[VIRTIO_SND_QUEUE_EVENT] = SND_EVENT_QUEUE_MAX;
    sizes[VIRTIO_SND_QUEUE_TX] = AUDIO_QUEUE_SIZE;
    sizes[VIRTIO_SND_QUEUE_RX] = AUDIO_QUEUE_SIZE;
    for (i = 0; i < VIRTIO_SND_QUEUE_COUNT; i++) {
        status = VirtioSndQueuePlan(&device->layouts[i], device->sizes_offered[i], sizes[i],
                                    is_indirect && i >= VIRTIO_SND_QUEUE_TX ? SND_SLICES_MAX : 0, AUDIO_ELEMENTS);
        if (!NT_SUCCESS(status))
            return Refuse(device, status, VIRTIO_REASON_QUEUE_MEMORY, i);
        device->dma_offsets[i] = dma;
        device->state_offsets[i] = state;
        dma += Align(device->layouts[i].dma_size);
        state += Align(device->layouts[i].state_size);
    }
    device->dma_offsets[PLACE_CONTROL] = dma;
    dma += Align(sizeof(SND_CONTROL_MESSAGE));
    device->dma_offsets[PLACE_EVENTS] = dma;
    dma += Align(device->layouts[VIRTIO_SND_QUEUE_EVENT].qsz * sizeof(VIRTIO_SND_EVENT));
    device->dma_offsets[PLACE_MESSAGES] = dma;
    dma += SND_DIRECTIONS * SND_SLICES_MAX * sizeof(SND_MESSAGE);
    device->dma_size = dma;
    device->state_size = state;
    return STATUS_SUCCESS;
}

NTSTATUS SndDeviceProbe(SND_DEVICE *device, const VIRTIO_PCI_OPS *ops, void *context)
{
    NTSTATUS status;

    RtlZeroMemory(device, sizeof(*device));
    status = VirtioPciOpen(&device->pci, ops, context);
    if (!NT_SUCCESS(status))
        return TransportFault(device, status);
    if (device->pci.caps.pci_device_id != VIRTIO_SND_DEVICE_ID)
        return Fault(device, STATUS_NOT_SUPPORTED, VIRTIO_REASON_NOT_A_VIRTIO_DEVICE, device->pci.caps.pci_device_id);
    status = VirtioPciReset(&device->pci);
    if (!NT_SUCCESS(status))
        return TransportFault(device, status);
    status = Negotiate(device);
    if (!NT_SUCCESS(status))
        return status;
    status = SndConfigRead(&device->pci, &device->config);
    if (!NT_SUCCESS(status)) {
        VirtioPciFail(&device->pci);
        return TransportFault(device, status);
    }
    if (device->config.streams == 0)
        return Refuse(device, STATUS_NOT_SUPPORTED, VIRTIO_REASON_SND_NO_STREAM, 0);
    status = ReadSizes(device);
    if (NT_SUCCESS(status))
        status = PlanMemory(device);
    if (NT_SUCCESS(status))
        device->state = SND_STATE_PROBED;
    return status;
}

VOID SndDeviceMemoryNeeded(const SND_DEVICE *device, SND_MEMORY_NEEDED *needed)
{
    needed->dma_size = device->dma_size;
    needed->state_size = device->state_size;
}

static VIRTIOSND_QUEUE *Queue(SND_DEVICE *device, UINT16 number)
{
    switch (number) {
    case VIRTIO_SND_QUEUE_CONTROL:
        return &device->control.queue;
    case VIRTIO_SND_QUEUE_EVENT:
        return &device->events.queue;
    default:
        return &device->directions[number - VIRTIO_SND_QUEUE_TX].stream.queue;
    }
}

/* Puts queues and buffers in the caller's memory. */
static NTSTATUS InitQueues(SND_DEVICE *device, const SND_MEMORY *memory)
{
    UINT8 *dma = (UINT8 *)memory->dma_va;
    SND_STREAM *stream;
    NTSTATUS status;
    size_t place;
    UINT16 i;

    for (i = 0; i < VIRTIO_SND_QUEUE_COUNT; i++) {
        status = VirtioSndQueueInit(Queue(device, i), &device->layouts[i], i, dma + device->dma_offsets[i],
                                    memory->dma_pa + device->dma_offsets[i],
                                    (UINT8 *)memory->state + device->state_offsets[i],
                                    (device->features & VIRTIO_F_RING_EVENT_IDX) != 0);
        if (!NT_SUCCESS(status))
            return Refuse(device, status, VIRTIO_REASON_QUEUE_MEMORY, i);
    }
    place = device->dma_offsets[PLACE_CONTROL];
    device->control.message = (SND_CONTROL_MESSAGE *)(dma + place);
    device->control.message_pa = memory->dma_pa + place;
    place = device->dma_offsets[PLACE_EVENTS];
    device->events.buffers = (VIRTIO_SND_EVENT *)(dma + place);
    device->events.buffers_pa = memory->dma_pa + place;
    for (i = 0; i < SND_DIRECTIONS; i++) {
        place = device->dma_offsets[PLACE_MESSAGES] + i * SND_SLICES_MAX * sizeof(SND_MESSAGE);
        stream = &device->directions[i].stream;
        stream->is_capture = i == SND_CAPTURE;
        stream->messages = (SND_MESSAGE *)(dma + place);
        stream->messages_pa = memory->dma_pa + place;
    }
    device->has_memory = TRUE;
    return STATUS_SUCCESS;
}

static NTSTATUS EnableQueue(SND_DEVICE *device, UINT16 number, volatile UINT8 **notify_address)
{
    const VIRTQ_SPLIT *vq = Queue(device, number)->vq;
    VIRTIO_PCI_QUEUE_SETUP setup;

    setup.index = number;
    setup.size = vq->qsz;
    setup.desc_pa = vq->desc_pa;
    setup.avail_pa = vq->avail_pa;
    setup.used_pa = vq->used_pa;
    setup.vector = device->vectors.queue[number];
    return VirtioPciEnableQueue(&device->pci, &setup, notify_address);
}

/* From FEATURES_OK to DRIVER_OK with all queues open. */
static NTSTATUS EnableQueues(SND_DEVICE *device)
{
    volatile UINT8 *notify[VIRTIO_SND_QUEUE_COUNT];
    NTSTATUS status;
    UINT16 i;

    if (!SndEventsFill(&device->events)) /* a fresh ring takes as many buffers as it has descriptors */
        return Refuse(device, STATUS_INVALID_PARAMETER, VIRTIO_REASON_QUEUE_MEMORY, VIRTIO_SND_QUEUE_EVENT);
    status = VirtioPciSetConfigVector(&device->pci, device->vectors.config);
    for (i = 0; i < VIRTIO_SND_QUEUE_COUNT && NT_SUCCESS(status); i++)
        status = EnableQueue(device, i, &notify[i]);
    if (NT_SUCCESS(status))
        status = VirtioPciDriverOk(&device->pci);
    if (!NT_SUCCESS(status)) {
        VirtioPciFail(&device->pci);
        return TransportFault(device, status);
    }
    SndControlOpen(&device->control, notify[VIRTIO_SND_QUEUE_CONTROL]);
    SndEventsOpen(&device->events, notify[VIRTIO_SND_QUEUE_EVENT]);
    for (i = 0; i < SND_DIRECTIONS; i++)
        SndStreamOpen(&device->directions[i].stream, notify[VIRTIO_SND_QUEUE_TX + i]);
    return STATUS_SUCCESS;
}

NTSTATUS SndDeviceStart(SND_DEVICE *device, const SND_MEMORY *memory, const SND_VECTORS *vectors, const SND_HOST *host,
                        void *host_context)
{
    NTSTATUS status;

    if (device->state != SND_STATE_PROBED)
        return STATUS_INVALID_PARAMETER;
    device->host = host;
    device->host_context = host_context;
    device->vectors = *vectors;
    status = InitQueues(device, memory);
    if (NT_SUCCESS(status))
        status = EnableQueues(device);
    if (NT_SUCCESS(status)) {
        status = SndQueryAll(device);
        if (!NT_SUCCESS(status))
            VirtioPciFail(&device->pci);
    }
    host->Acquire(host_context);
    if (NT_SUCCESS(status)) {
        device->state = SND_STATE_RUNNING;
        SndPumpRun(device, host->Now(host_context));
    } else {
        device->state = SND_STATE_DEAD;
    }
    host->Release(host_context);
    return status;
}

/* Gives the collected work out. */
static UINT32 TakeWork(SND_DEVICE *device)
{
    UINT32 work = device->work;

    device->work = 0;
    if (device->state == SND_STATE_BROKEN)
        work |= SND_WORK_RECOVER;
    return work;
}

UINT32 SndDeviceService(SND_DEVICE *device)
{
    UINT32 work;

    if (device->host == NULL)
        return 0; /* HOST-08: nothing is set up yet */
    device->host->Acquire(device->host_context);
    device->interrupts++;
    SndPumpRun(device, device->host->Now(device->host_context));
    work = TakeWork(device);
    device->host->Release(device->host_context);
    return work;
}

static UINT64 CompletionCount(const SND_DEVICE *device)
{
    return device->directions[SND_RENDER].stream.stats.messages + device->directions[SND_CAPTURE].stream.stats.messages;
}

UINT32 SndDevicePoll(SND_DEVICE *device)
{
    UINT64 before;
    UINT64 now;
    UINT32 work;

    if (device->host == NULL)
        return 0;
    device->host->Acquire(device->host_context);
    now = device->host->Now(device->host_context);
    if (device->state == SND_STATE_RUNNING && SndPumpIsHealthy(device, now)) {
        before = CompletionCount(device);
        SndPumpRun(device, now);
        device->polled += CompletionCount(device) - before;
    }
    work = TakeWork(device);
    device->host->Release(device->host_context);
    return work;
}

BOOLEAN SndDeviceIsActive(SND_DEVICE *device)
{
    BOOLEAN is_active;

    if (device->host == NULL)
        return FALSE;
    device->host->Acquire(device->host_context);
    is_active = device->state == SND_STATE_RUNNING &&
                (device->control.is_busy || device->directions[SND_RENDER].stream.is_running ||
                 device->directions[SND_CAPTURE].stream.is_running);
    device->host->Release(device->host_context);
    return is_active;
}

/* Reset to DRIVER_OK. */
static NTSTATUS BringUpAgain(SND_DEVICE *device, UINT64 now)
{
    NTSTATUS status = SndPumpQuiesce(device, now);

    if (!NT_SUCCESS(status))
        return TransportFault(device, status);
    status = Negotiate(device);
    if (NT_SUCCESS(status))
        status = ReadSizes(device);
    if (NT_SUCCESS(status))
        status = EnableQueues(device);
    return status;
}

/* Whether a broken device was brought up too often of late: it is not kept alive for ever. */
static BOOLEAN IsHopeless(SND_DEVICE *device, UINT64 now)
{
    if (device->state != SND_STATE_BROKEN)
        return FALSE;
    if (now - device->recovered_at > (UINT64)SND_RECOVERY_MS * SND_CLOCK_TICKS_PER_MS)
        device->recoveries = 0;
    device->recovered_at = now;
    device->recoveries++;
    return device->recoveries > SND_RECOVERIES_MAX;
}

/* The lock is held. */
static NTSTATUS BringUp(SND_DEVICE *device, UINT64 now)
{
    NTSTATUS status = BringUpAgain(device, now);

    device->state = NT_SUCCESS(status) ? SND_STATE_RUNNING : SND_STATE_DEAD;
    SndPumpRun(device, now);
    device->host->Wake(device->host_context);
    return status;
}

NTSTATUS SndDeviceRecover(SND_DEVICE *device, VIRTIO_REASON reason)
{
    NTSTATUS status = STATUS_DEVICE_NOT_CONNECTED;
    UINT64 now;

    if (!device->has_memory)
        return STATUS_INVALID_PARAMETER;
    device->host->Acquire(device->host_context);
    now = device->host->Now(device->host_context);
    if (device->state == SND_STATE_RUNNING || device->state == SND_STATE_BROKEN) {
        if (reason != VIRTIO_REASON_NONE)
            (void)Fault(device, STATUS_SUCCESS, reason, 0);
        device->resets++;
        if (IsHopeless(device, now)) {
            (void)SndPumpQuiesce(device, now);
            device->state = SND_STATE_DEAD;
            device->host->Wake(device->host_context);
        } else {
            status = BringUp(device, now);
        }
    }
    device->host->Release(device->host_context);
    return status;
}

NTSTATUS SndDeviceRestart(SND_DEVICE *device)
{
    NTSTATUS status = STATUS_SUCCESS;

    if (!device->has_memory)
        return STATUS_INVALID_PARAMETER;
    device->host->Acquire(device->host_context);
    if (device->state == SND_STATE_STOPPED || device->state == SND_STATE_DEAD)
        status = BringUp(device, device->host->Now(device->host_context));
    device->host->Release(device->host_context);
    return status;
}

VOID SndDeviceStop(SND_DEVICE *device)
{
    NTSTATUS status;

    if (!device->has_memory)
        return;
    device->host->Acquire(device->host_context);
    status = SndPumpQuiesce(device, device->host->Now(device->host_context));
    device->state = NT_SUCCESS(status) ? SND_STATE_STOPPED : SND_STATE_DEAD;
    if (!NT_SUCCESS(status))
        (void)TransportFault(device, status);
    device->host->Wake(device->host_context);
    device->host->Release(device->host_context);
}

BOOLEAN SndDeviceUninit(SND_DEVICE *device)
{
    BOOLEAN is_over = device->pci.common == NULL || VirtioPciReset(&device->pci) != STATUS_IO_TIMEOUT;

    RtlZeroMemory(device, sizeof(*device));
    return is_over;
}

BOOLEAN SndDeviceJack(SND_DEVICE *device, UINT32 index, VIRTIO_SND_JACK_INFO *jack)
{
    BOOLEAN is_there;

    RtlZeroMemory(jack, sizeof(*jack));
    device->host->Acquire(device->host_context);
    is_there = index < device->jack_count;
    if (is_there)
        *jack = device->jacks[index];
    device->host->Release(device->host_context);
    return is_there;
}

static VOID DescribeStreams(const SND_DEVICE *device, VIRTIO_DIAG *diag)
{
    const SND_STREAM_STATS *stats;
    UINT32 i;

    for (i = 0; i < SND_DIRECTIONS; i++) {
        stats = &device->directions[i].stream.stats;
        if (i == SND_CAPTURE)
            diag->requests_in = stats->messages;
        else
            diag->requests_out = stats->messages;
        diag->errors += stats->errors;
        diag->waited += stats->full;
        diag->device_specific[0] += stats->starved;
        diag->device_specific[1] += stats->device_xruns;
        diag->device_specific[3] += stats->notifications;
    }
    diag->device_specific[2] = device->events.unknown + device->events.wrong_lengths;
}

static VOID DescribeQueues(SND_DEVICE *device, VIRTIO_DIAG *diag)
{
    const VIRTIOSND_QUEUE *queue;
    UINT16 i;

    diag->queue_count = VIRTIO_SND_QUEUE_COUNT;
    for (i = 0; i < VIRTIO_SND_QUEUE_COUNT; i++) {
        queue = Queue(device, i);
        diag->queues[i].index = i;
        diag->queues[i].size = device->layouts[i].qsz;
        diag->queues[i].device_size = device->sizes_offered[i];
        diag->queues[i].in_flight = queue->in_flight;
        diag->kicks += queue->kicks;
    }
}

VOID SndDeviceDescribe(SND_DEVICE *device, VIRTIO_DIAG *diag)
{
    RtlZeroMemory(diag, sizeof(*diag));
    diag->version = VIRTIO_DIAG_VERSION;
    diag->size = sizeof(*diag);
    device->host->Acquire(device->host_context);
    diag->pci_device_id = device->pci.caps.pci_device_id;
    diag->pci_revision = device->pci.caps.pci_revision;
    diag->device_status = VirtioPciStatus(&device->pci);
    diag->state = (UINT8)device->state;
    diag->offered_features = device->pci.offered_features;
    diag->features = device->features;
    diag->last_reason = device->reason;
    diag->last_reason_detail = device->reason_detail;
    diag->interrupts = device->interrupts;
    diag->polled = device->polled;
    diag->resets = device->resets;
    diag->requests_other = device->control.sent;
    diag->errors = device->control.failed + device->control.timeouts;
    DescribeStreams(device, diag);
    DescribeQueues(device, diag);
    device->host->Release(device->host_context);
}
