/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The control queue. Layer: core. Highest IRQL: DISPATCH_LEVEL. */
#include "snd_control.h"

#define STATUS_BYTES    4
#define CODE_UNANSWERED 0 /* no status that a device may write */

VIRTIO_STATIC_ASSERT(sizeof(SND_CONTROL_MESSAGE) == 24 + SND_CONTROL_REPLY_MAX);
VIRTIO_STATIC_ASSERT(sizeof(VIRTIO_SND_PCM_INFO) <= 32);

VOID SndControlOpen(SND_CONTROL *control, volatile UINT8 *notify_address)
{
    control->notify_address = notify_address;
}

VOID SndControlReset(SND_CONTROL *control)
{
    VirtioSndQueueReset(&control->queue);
    control->notify_address = NULL;
    control->is_busy = FALSE;
    control->is_broken = FALSE;
    control->reason = VIRTIO_REASON_NONE;
}

static VOID Break(SND_CONTROL *control, VIRTIO_REASON reason)
{
    control->is_broken = TRUE;
    control->is_busy = FALSE;
    control->reason = reason;
}

/* Sends a request. request_size: at most that of SET_PARAMS; reply_size: behind the status. */
static BOOLEAN Send(SND_CONTROL *control, const void *request, UINT32 request_size, UINT32 reply_size, UINT32 tag,
                    UINT64 now)
{
    VIRTQ_SG sg[2];

    if (control->is_busy || control->is_broken || control->notify_address == NULL)
        return FALSE;
    RtlZeroMemory(control->message, sizeof(*control->message));
    RtlCopyMemory(&control->message->request, request, request_size);
    sg[0].addr = control->message_pa;
    sg[0].len = request_size;
    sg[0].write = FALSE;
    sg[1].addr = control->message_pa + offsetof(SND_CONTROL_MESSAGE, reply);
    sg[1].len = STATUS_BYTES + reply_size;
    sg[1].write = TRUE;
    if (!NT_SUCCESS(VirtioSndQueuePost(&control->queue, sg, VIRTIO_ARRAY_COUNT(sg), control->message))) {
        Break(control, VIRTIO_REASON_USED_RING_INVALID); /* the ring is empty: only a broken one takes nothing */
        return FALSE;
    }
    RtlCopyMemory(&control->request_code, request, sizeof(control->request_code));
    control->tag = tag;
    control->reply_size = reply_size;
    control->is_busy = TRUE;
    control->deadline = now + (UINT64)SND_CONTROL_TIMEOUT_MS * SND_CLOCK_TICKS_PER_MS;
    control->sent++;
    if (VirtioSndQueueWantsKick(&control->queue))
        VirtioPciNotify(control->notify_address, control->queue.index);
    return TRUE;
}

BOOLEAN SndControlQuery(SND_CONTROL *control, UINT32 code, UINT32 start_id, UINT32 count, UINT32 item_size, UINT64 now)
{
    VIRTIO_SND_QUERY_INFO request;

    if (count == 0 || count > SND_CONTROL_ITEMS || item_size > sizeof(VIRTIO_SND_PCM_INFO))
        return FALSE;
    request.code = code;
    request.start_id = start_id;
    request.count = count;
    request.size = item_size;
    return Send(control, &request, sizeof(request), count * item_size, 0, now);
}

BOOLEAN SndControlCommand(SND_CONTROL *control, UINT32 code, UINT32 stream_id, UINT32 tag, UINT64 now)
{
    VIRTIO_SND_PCM_HEADER request;

    request.code = code;
    request.stream_id = stream_id;
    return Send(control, &request, sizeof(request), 0, tag, now);
}

BOOLEAN SndControlSetParams(SND_CONTROL *control, UINT32 stream_id, const SND_WIRE_FORMAT *wire,
                            const SND_GEOMETRY *geometry, UINT32 features, UINT32 tag, UINT64 now)
{
    VIRTIO_SND_PCM_SET_PARAMS request;

    RtlZeroMemory(&request, sizeof(request));
    request.code = VIRTIO_SND_R_PCM_SET_PARAMS;
    request.stream_id = stream_id;
    request.buffer_bytes = geometry->fifo_bytes; /* what the device ever holds of ours */
    request.period_bytes = geometry->period_bytes;
    request.features = features;
    request.channels = wire->channels;
    request.format = wire->format;
    request.rate = wire->rate;
    return Send(control, &request, sizeof(request), 0, tag, now);
}

/* The message on its way came back. length: as the device says. */
static VOID Finish(SND_CONTROL *control, UINT32 length)
{
    UINT32 behind;

    control->is_busy = FALSE;
    control->code = CODE_UNANSWERED;
    control->reply_length = 0;
    RtlZeroMemory(control->reply, sizeof(control->reply));
    if (length >= STATUS_BYTES && length - STATUS_BYTES <= control->reply_size) {
        behind = length - STATUS_BYTES;
        RtlCopyMemory(&control->code, control->message->reply, STATUS_BYTES);
        RtlCopyMemory(control->reply, control->message->reply + STATUS_BYTES, behind);
        control->reply_length = behind;
    }
    if (control->code != VIRTIO_SND_S_OK)
        control->failed++;
}

SND_CONTROL_STATUS SndControlPoll(SND_CONTROL *control, UINT64 now)
{
    void *cookie;
    UINT32 length;
    NTSTATUS status;

    if (control->is_broken)
        return SND_CONTROL_BROKEN;
    if (control->notify_address == NULL)
        return SND_CONTROL_IDLE;
    status = VirtioSndQueueTake(&control->queue, &cookie, &length);
    if (status == STATUS_SUCCESS) {
        Finish(control, length); /* the engine gives nothing back that is not in flight, and no more than one is */
        return SND_CONTROL_DONE;
    }
    if (status != STATUS_NOT_FOUND) {
        Break(control, VIRTIO_REASON_USED_RING_INVALID);
        return SND_CONTROL_BROKEN;
    }
    if (!control->is_busy)
        return SND_CONTROL_IDLE;
    if (now > control->deadline) {
        control->timeouts++;
        Break(control, VIRTIO_REASON_REQUEST_TIMEOUT);
        return SND_CONTROL_BROKEN;
    }
    return SND_CONTROL_BUSY;
}
