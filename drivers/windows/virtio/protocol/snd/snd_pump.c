/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The core's engine. Layer: core. Highest IRQL: DISPATCH_LEVEL. */
#include "snd_pump.h"

#define RELEASE_MS    200 /* for messages that a released stream still owes */
#define CONTROL_BURST 16  /* control messages within one run, for a device that answers at once */

static VOID Fault(SND_DEVICE *device, VIRTIO_REASON reason, UINT32 detail)
{
    device->reason = reason;
    device->reason_detail = detail;
}

VOID SndPumpBreak(SND_DEVICE *device, VIRTIO_REASON reason, UINT32 detail, UINT64 now)
{
    BOOLEAN is_unanswered = device->control.is_broken && reason == VIRTIO_REASON_REQUEST_TIMEOUT;
    SND_DIRECTION *direction;
    UINT32 i;

    if (device->state != SND_STATE_RUNNING)
        return;
    device->state = SND_STATE_BROKEN;
    Fault(device, reason, detail);
    for (i = 0; i < SND_DIRECTIONS; i++) {
        direction = &device->directions[i];
        SndStreamFreeze(&direction->stream, now);
        if (is_unanswered && direction->pcm.in_flight != 0 && direction->pcm.wanted != SND_KS_STOP)
            direction->pcm.is_failed = TRUE; /* its command is not tried again for ever */
    }
    device->host->Wake(device->host_context);
}

BOOLEAN SndPumpIsHealthy(SND_DEVICE *device, UINT64 now)
{
    UINT8 status = VirtioPciStatus(&device->pci);

    if (status == VIRTIO_STATUS_GONE)
        SndPumpBreak(device, VIRTIO_REASON_DEVICE_GONE, status, now);
    else if ((status & VIRTIO_STATUS_NEEDS_RESET) != 0 || (status & VIRTIO_STATUS_DRIVER_OK) == 0)
        SndPumpBreak(device, VIRTIO_REASON_DEVICE_NEEDS_RESET, status, now);
    else
        return TRUE;
    return FALSE;
}

NTSTATUS SndPumpQuiesce(SND_DEVICE *device, UINT64 now)
{
    NTSTATUS status = VirtioPciReset(&device->pci);
    BOOLEAN is_over = status != STATUS_IO_TIMEOUT;
    SND_DIRECTION *direction;
    UINT32 i;

    device->control.notify_address = NULL;
    device->events.notify_address = NULL;
    for (i = 0; i < SND_DIRECTIONS; i++) {
        direction = &device->directions[i];
        direction->is_lost = !is_over && direction->stream.queue.in_flight != 0;
        direction->release_deadline = 0;
        if (is_over) {
            SndStreamReset(&direction->stream, now);
            SndPcmReset(&direction->pcm);
        } else {
            SndStreamFreeze(&direction->stream, now);
            direction->stream.notify_address = NULL;
        }
    }
    if (is_over) {
        SndControlReset(&device->control);
        SndEventsReset(&device->events);
    }
    return status;
}

static VOID TakeEvent(SND_DEVICE *device, const VIRTIO_SND_EVENT *event)
{
    UINT32 i;

    switch (event->code) {
    case VIRTIO_SND_EVT_JACK_CONNECTED:
    case VIRTIO_SND_EVT_JACK_DISCONNECTED:
        if (event->data >= device->jack_count)
            break;
        device->jacks[event->data].connected = event->code == VIRTIO_SND_EVT_JACK_CONNECTED;
        device->work |= SND_WORK_JACKS;
        return;
    case VIRTIO_SND_EVT_PCM_XRUN:
        for (i = 0; i < SND_DIRECTIONS; i++) {
            if (device->directions[i].is_present && device->directions[i].stream_id == event->data) {
                SndStreamXrun(&device->directions[i].stream);
                return;
            }
        }
        break;
    case VIRTIO_SND_EVT_PCM_PERIOD_ELAPSED: /* completions say it better */
        return;
    default:
        break;
    }
    device->events.unknown++;
}

static VOID TakeEvents(SND_DEVICE *device, UINT64 now)
{
    VIRTIO_SND_EVENT event;
    SND_EVENT_STATUS status = SND_EVENT_TAKEN;
    UINT32 i;

    for (i = 0; i < SND_EVENT_BURST && status == SND_EVENT_TAKEN; i++) {
        status = SndEventsTake(&device->events, &event);
        if (status == SND_EVENT_TAKEN)
            TakeEvent(device, &event);
    }
    if (status == SND_EVENT_BROKEN)
        SndPumpBreak(device, VIRTIO_REASON_USED_RING_INVALID, VIRTIO_SND_QUEUE_EVENT, now);
    else
        SndEventsKick(&device->events);
    if (status == SND_EVENT_TAKEN)
        device->work |= SND_WORK_MORE;
}

/* The control message on its way was answered. */
static VOID TakeAnswer(SND_DEVICE *device, UINT64 now)
{
    const SND_CONTROL *control = &device->control;
    SND_DIRECTION *direction = &device->directions[control->tag];
    UINT32 command = direction->pcm.in_flight;
    BOOLEAN is_known = control->code >= VIRTIO_SND_S_OK && control->code <= VIRTIO_SND_S_IO_ERR;

    device->host->Wake(device->host_context);
    if (SndPcmAnswered(&direction->pcm, control->code)) {
        if (command == VIRTIO_SND_R_PCM_START)
            SndStreamRun(&direction->stream, now);
        return;
    }
    Fault(device, is_known ? VIRTIO_REASON_REQUEST_FAILED : VIRTIO_REASON_REQUEST_ANSWER_INVALID,
          command << 16 | (control->code & 0xFFFF));
    if (command == VIRTIO_SND_R_PCM_START)
        SndStreamFreeze(&direction->stream, now);
    if (direction->pcm.is_stuck)
        SndPumpBreak(device, device->reason, device->reason_detail, now);
}

/* Sends what the stream's state machine wants next. FALSE: nothing. */
static BOOLEAN SendNext(SND_DEVICE *device, UINT32 number, UINT64 now)
{
    SND_DIRECTION *direction = &device->directions[number];
    UINT32 command = SndPcmNext(&direction->pcm);
    BOOLEAN is_sent;

    if (command == 0 || direction->release_deadline != 0)
        return FALSE;
    if (command == VIRTIO_SND_R_PCM_SET_PARAMS && direction->stream.pfns == NULL)
        return FALSE; /* nothing to tell yet */
    if (command == VIRTIO_SND_R_PCM_START) {
        SndStreamPrime(&direction->stream, now);
        if (direction->stream.queue.in_flight == 0)
            return FALSE; /* the client still has to fill what comes first */
    } else if (command == VIRTIO_SND_R_PCM_STOP)
        SndStreamFreeze(&direction->stream, now);
    if (command == VIRTIO_SND_R_PCM_SET_PARAMS)
        is_sent = SndControlSetParams(&device->control, direction->stream_id, &direction->wire,
                                      &direction->stream.geometry, direction->caps.features, number, now);
    else
        is_sent = SndControlCommand(&device->control, command, direction->stream_id, number, now);
    if (is_sent)
        SndPcmSent(&direction->pcm, command);
    return is_sent;
}

static VOID RunControl(SND_DEVICE *device, UINT64 now)
{
    SND_CONTROL_STATUS status;
    UINT32 i;

    for (i = 0; i < CONTROL_BURST && device->state == SND_STATE_RUNNING; i++) {
        status = SndControlPoll(&device->control, now);
        if (status == SND_CONTROL_DONE) {
            TakeAnswer(device, now);
        } else if (status == SND_CONTROL_BROKEN) {
            SndPumpBreak(device, device->control.reason, device->control.request_code, now);
        } else if (status == SND_CONTROL_BUSY) {
            return;
        } else if (!SendNext(device, SND_RENDER, now) && !SendNext(device, SND_CAPTURE, now)) {
            if (!device->control.is_broken)
                return;
        }
    }
    device->work |= SND_WORK_MORE;
}

/* A stream in STOP: its messages have to come back, then it is at 0 again (SND-28). */
static VOID Settle(SND_DEVICE *device, SND_DIRECTION *direction, UINT64 now)
{
    if (direction->pcm.wanted != SND_KS_STOP || direction->pcm.state != SND_PCM_NONE || direction->pcm.in_flight != 0)
        return;
    if (direction->stream.queue.in_flight == 0) {
        SndStreamRewind(&direction->stream);
        direction->release_deadline = 0;
    } else if (direction->release_deadline == 0) {
        direction->release_deadline = now + (UINT64)RELEASE_MS * SND_CLOCK_TICKS_PER_MS;
    } else if (now > direction->release_deadline) {
        SndPumpBreak(device, VIRTIO_REASON_REQUEST_TIMEOUT, direction->stream.queue.index, now);
    }
}

static VOID RunStream(SND_DEVICE *device, UINT32 number, UINT64 now)
{
    SND_STREAM *stream = &device->directions[number].stream;
    BOOLEAN was_failed = stream->is_failed;

    if (SndStreamService(stream, now)) {
        SndPumpBreak(device, VIRTIO_REASON_USED_RING_INVALID, stream->queue.index, now);
        return;
    }
    if (stream->is_failed && !was_failed)
        Fault(device, VIRTIO_REASON_REQUEST_FAILED, stream->queue.index);
    if (SndStreamTakeNotification(stream, now))
        device->work |= number == SND_RENDER ? SND_WORK_NOTIFY_RENDER : SND_WORK_NOTIFY_CAPTURE;
}

VOID SndPumpRun(SND_DEVICE *device, UINT64 now)
{
    UINT32 i;

    if (device->state != SND_STATE_RUNNING)
        return;
    TakeEvents(device, now);
    for (i = 0; i < SND_DIRECTIONS && device->state == SND_STATE_RUNNING; i++) {
        RunStream(device, i, now);
        Settle(device, &device->directions[i], now);
    }
    RunControl(device, now);
    for (i = 0; i < SND_DIRECTIONS && device->state == SND_STATE_RUNNING; i++) {
        if (device->directions[i].stream.queue.in_flight != 0 && device->directions[i].pcm.state == SND_PCM_NONE)
            RunStream(device, i, now); /* RELEASE gave them back just now */
        Settle(device, &device->directions[i], now);
    }
}
