/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the client of a stream can do. Layer: core. Highest IRQL: DISPATCH_LEVEL. */
#include "snd_client.h"

#include "snd_pump.h"

static SND_DIRECTION *Lock(SND_DEVICE *device, UINT32 direction)
{
    device->host->Acquire(device->host_context);
    return &device->directions[direction];
}

static VOID Unlock(SND_DEVICE *device)
{
    device->host->Release(device->host_context);
}

static UINT64 Now(const SND_DEVICE *device)
{
    return device->host->Now(device->host_context);
}

NTSTATUS SndClientOpen(SND_DEVICE *device, UINT32 direction, const SND_FORMAT *format)
{
    SND_DIRECTION *own = Lock(device, direction);
    NTSTATUS status = STATUS_SUCCESS;
    SND_WIRE_FORMAT wire;

    if (!own->is_present || !SndFormatToWire(&own->caps, format, &wire)) {
        status = STATUS_NOT_SUPPORTED;
    } else if (own->is_open && (own->pcm.wanted != SND_KS_STOP || own->stream.pfns != NULL)) {
        status = STATUS_INVALID_PARAMETER;
    } else {
        own->is_open = TRUE;
        own->format = *format;
        own->wire = wire;
    }
    Unlock(device);
    return status;
}

NTSTATUS SndClientPlanBuffer(SND_DEVICE *device, UINT32 direction, UINT32 requested_bytes, UINT32 notification_count,
                             SND_GEOMETRY *geometry)
{
    SND_DIRECTION *own = Lock(device, direction);
    NTSTATUS status = STATUS_INVALID_PARAMETER;

    RtlZeroMemory(geometry, sizeof(*geometry));
    if (own->is_open)
        status = SndGeometryPlan(&own->wire, own->format.rate, requested_bytes, notification_count, geometry);
    Unlock(device);
    return status;
}

NTSTATUS SndClientSetBuffer(SND_DEVICE *device, UINT32 direction, const SND_GEOMETRY *geometry, const UINT64 *pfns,
                            UINT32 pfn_count, UINT32 first_offset)
{
    SND_DIRECTION *own = Lock(device, direction);
    NTSTATUS status = STATUS_INVALID_PARAMETER;

    if (own->is_open && own->pcm.wanted == SND_KS_STOP && own->stream.pfns == NULL &&
        own->pcm.state == SND_PCM_NONE) /* else the device has parameters that are not this buffer's */
        status = SndStreamSetBuffer(&own->stream, geometry, pfns, pfn_count, first_offset);
    Unlock(device);
    return status;
}

/* Whether the stream is where it is wanted, as far as it goes without a buffer. */
static BOOLEAN IsThere(const SND_DIRECTION *own)
{
    if (own->stream.pfns == NULL)
        return own->pcm.in_flight == 0;
    return SndPcmIsSettled(&own->pcm) && own->release_deadline == 0;
}

/* Why a stream did not get where it is wanted. */
static NTSTATUS FailureOf(const SND_DEVICE *device)
{
    if (device->reason == VIRTIO_REASON_DEVICE_GONE)
        return STATUS_DEVICE_NOT_CONNECTED;
    return device->reason == VIRTIO_REASON_REQUEST_TIMEOUT ? STATUS_IO_TIMEOUT : STATUS_IO_DEVICE_ERROR;
}

/*
 * Pumps until the stream is where it is wanted, or not to be had there. A device that broke for another reason than
 * this stream is waited for. The lock is held, and released while waiting.
 *
 * Returns: STATUS_SUCCESS; STATUS_IO_DEVICE_ERROR, STATUS_IO_TIMEOUT, STATUS_DEVICE_NOT_CONNECTED
 */
static NTSTATUS WaitUntilThere(SND_DEVICE *device, SND_DIRECTION *own)
{
    UINT64 now = Now(device);
    UINT64 deadline = now + (UINT64)SND_STATE_TIMEOUT_MS * SND_CLOCK_TICKS_PER_MS;

    for (;;) {
        SndPumpRun(device, now);
        if (own->pcm.is_failed || (own->stream.is_failed && own->pcm.wanted != SND_KS_STOP))
            return FailureOf(device);
        if (device->state != SND_STATE_RUNNING && (device->state != SND_STATE_BROKEN || own->pcm.wanted == SND_KS_STOP))
            return STATUS_DEVICE_NOT_CONNECTED;
        if (device->state == SND_STATE_RUNNING && IsThere(own))
            return STATUS_SUCCESS;
        if (now > deadline)
            return STATUS_IO_TIMEOUT;
        (void)SndPumpIsHealthy(device, now);
        Unlock(device);
        device->host->Wait(device->host_context, SND_WAIT_MS);
        device->host->Acquire(device->host_context);
        now = Now(device);
    }
}

NTSTATUS SndClientSetState(SND_DEVICE *device, UINT32 direction, SND_KS_STATE state)
{
    SND_DIRECTION *own = Lock(device, direction);
    NTSTATUS status = STATUS_INVALID_PARAMETER;

    if (own->is_open && (state != SND_KS_RUN || own->stream.pfns != NULL)) {
        SndPcmWant(&own->pcm, state);
        status = WaitUntilThere(device, own);
        if (state == SND_KS_STOP)
            status = STATUS_SUCCESS;
        else if (!NT_SUCCESS(status))
            own->pcm.is_failed = TRUE;
    }
    Unlock(device);
    return status;
}

VOID SndClientLatency(SND_DEVICE *device, UINT32 direction, UINT32 *fifo_bytes, UINT32 *delay)
{
    const SND_STREAM *stream = &Lock(device, direction)->stream;

    *fifo_bytes = stream->geometry.fifo_bytes;
    *delay = 0;
    if (stream->pfns != NULL)
        *delay = (UINT32)((UINT64)stream->latency_bytes * SND_CLOCK_TICKS_PER_SECOND /
                          (stream->geometry.rate * stream->geometry.frame_bytes));
    Unlock(device);
}

VOID SndClientPosition(SND_DEVICE *device, UINT32 direction, SND_POSITION *position)
{
    SND_DIRECTION *own = Lock(device, direction);

    SndStreamPosition(&own->stream, Now(device), position);
    Unlock(device);
}

/* The lock is held. Returns: as SndClientClearBuffer. */
static BOOLEAN ClearBuffer(SND_DEVICE *device, SND_DIRECTION *own)
{
    if (own->stream.pfns == NULL)
        return TRUE;
    SndPcmWant(&own->pcm, SND_KS_STOP);
    (void)WaitUntilThere(device, own);
    if (own->stream.queue.in_flight != 0 && !own->is_lost) {
        SndPumpBreak(device, VIRTIO_REASON_REQUEST_TIMEOUT, own->stream.queue.index, Now(device));
        (void)SndPumpQuiesce(device, Now(device));
    }
    SndStreamClearBuffer(&own->stream);
    return !own->is_lost;
}

BOOLEAN SndClientClearBuffer(SND_DEVICE *device, UINT32 direction)
{
    BOOLEAN may_free = ClearBuffer(device, Lock(device, direction));

    Unlock(device);
    return may_free;
}

BOOLEAN SndClientClose(SND_DEVICE *device, UINT32 direction)
{
    SND_DIRECTION *own = Lock(device, direction);
    BOOLEAN may_free = ClearBuffer(device, own);

    own->is_open = FALSE;
    SndPcmWant(&own->pcm, SND_KS_STOP);
    Unlock(device);
    return may_free;
}
