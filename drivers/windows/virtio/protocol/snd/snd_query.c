/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Asks a starting device what it has. Layer: core. IRQL: PASSIVE_LEVEL. */
#include "snd_query.h"

#define ANSWER_WAIT_MS 1

static NTSTATUS Fault(SND_DEVICE *device, NTSTATUS status, VIRTIO_REASON reason, UINT32 detail)
{
    device->reason = reason;
    device->reason_detail = detail;
    return status;
}

/*
 * Sends one query and waits for the answer, which the control queue's time-out bounds.
 *
 * Returns: STATUS_SUCCESS: device->control has the answer; else reason and status of a device that is to be given up
 */
static NTSTATUS Ask(SND_DEVICE *device, UINT32 code, UINT32 start_id, UINT32 count, UINT32 item_size)
{
    SND_CONTROL *control = &device->control;
    SND_CONTROL_STATUS status = SND_CONTROL_BUSY;

    if (!SndControlQuery(control, code, start_id, count, item_size, device->host->Now(device->host_context)))
        return Fault(device, STATUS_IO_DEVICE_ERROR, VIRTIO_REASON_USED_RING_INVALID, VIRTIO_SND_QUEUE_CONTROL);
    for (;;) {
        status = SndControlPoll(control, device->host->Now(device->host_context));
        if (status != SND_CONTROL_BUSY)
            break;
        if (VirtioPciStatus(&device->pci) == VIRTIO_STATUS_GONE)
            return Fault(device, STATUS_DEVICE_NOT_CONNECTED, VIRTIO_REASON_DEVICE_GONE, code);
        device->host->Wait(device->host_context, ANSWER_WAIT_MS);
    }
    if (status != SND_CONTROL_DONE)
        return Fault(device, STATUS_IO_TIMEOUT, control->reason, code);
    return STATUS_SUCCESS;
}

/*
 * Asks for all items of a kind, piece by piece.
 *
 * take     called for each whole item that came, with a private copy
 *
 * Returns: as Ask; STATUS_NOT_SUPPORTED: the device refused or answered with too little; what came before was taken
 */
static NTSTATUS AskAll(SND_DEVICE *device, UINT32 code, UINT32 total, UINT32 item_size,
                       VOID (*take)(SND_DEVICE *device, UINT32 id, const void *item))
{
    const SND_CONTROL *control = &device->control;
    NTSTATUS status;
    UINT32 start;
    UINT32 count;
    UINT32 i;

    for (start = 0; start < total; start += count) {
        count = total - start < SND_CONTROL_ITEMS ? total - start : SND_CONTROL_ITEMS;
        status = Ask(device, code, start, count, item_size);
        if (!NT_SUCCESS(status))
            return status;
        if (control->code != VIRTIO_SND_S_OK && control->code != 0)
            return Fault(device, STATUS_NOT_SUPPORTED, VIRTIO_REASON_REQUEST_FAILED, code);
        for (i = 0; i < control->reply_length / item_size; i++)
            take(device, start + i, control->reply + i * item_size);
        if (control->code == 0 || i < count)
            return Fault(device, STATUS_NOT_SUPPORTED, VIRTIO_REASON_REQUEST_ANSWER_INVALID, code);
    }
    return STATUS_SUCCESS;
}

static VOID TakeJack(SND_DEVICE *device, UINT32 id, const void *item)
{
    RtlCopyMemory(&device->jacks[id], item, sizeof(device->jacks[id]));
    device->jack_count = id + 1;
}

/* The first usable stream of each direction. */
static VOID TakeStream(SND_DEVICE *device, UINT32 id, const void *item)
{
    VIRTIO_SND_PCM_INFO info;
    SND_DIRECTION *direction;
    SND_CAPS caps;

    RtlCopyMemory(&info, item, sizeof(info));
    if (!SndCapsFromInfo(&info, &caps))
        return;
    direction = &device->directions[info.direction];
    if (direction->is_present)
        return;
    direction->is_present = TRUE;
    direction->stream_id = id;
    direction->caps = caps;
    direction->stream.stream_id = id;
}

/* Those that are valid, packed. */
static VOID TakeChmap(SND_DEVICE *device, UINT32 id, const void *item)
{
    VIRTIO_SND_CHMAP_INFO info;

    UNREFERENCED_PARAMETER(id);
    RtlCopyMemory(&info, item, sizeof(info));
    if (info.direction > VIRTIO_SND_D_INPUT || info.channels == 0 || info.channels > VIRTIO_SND_CHMAP_POSITIONS)
        return;
    device->chmaps[device->chmap_count] = info;
    device->chmap_count++;
}

NTSTATUS SndQueryAll(SND_DEVICE *device)
{
    NTSTATUS status =
        AskAll(device, VIRTIO_SND_R_PCM_INFO, device->config.streams, sizeof(VIRTIO_SND_PCM_INFO), TakeStream);

    if (!device->directions[SND_RENDER].is_present && !device->directions[SND_CAPTURE].is_present)
        return NT_SUCCESS(status)
                   ? Fault(device, STATUS_NOT_SUPPORTED, VIRTIO_REASON_SND_NO_STREAM, device->config.device_streams)
                   : status;
    if (NT_SUCCESS(status) || status == STATUS_NOT_SUPPORTED)
        status = AskAll(device, VIRTIO_SND_R_JACK_INFO, device->config.jacks, sizeof(VIRTIO_SND_JACK_INFO), TakeJack);
    if (NT_SUCCESS(status) || status == STATUS_NOT_SUPPORTED)
        status =
            AskAll(device, VIRTIO_SND_R_CHMAP_INFO, device->config.chmaps, sizeof(VIRTIO_SND_CHMAP_INFO), TakeChmap);
    return status == STATUS_NOT_SUPPORTED ? STATUS_SUCCESS : status;
}
