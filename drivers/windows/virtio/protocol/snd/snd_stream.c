/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* One direction's audio. Layer: core. Highest IRQL: DISPATCH_LEVEL. */
#include "snd_stream.h"

#include "virtio_sg_pfn.h"

#define STATUS_UNWRITTEN 0 /* no status that a device may write */
#define TAKE_BURST       (2 * SND_SLICES_MAX)
#define MESSAGE_ELEMENTS (SND_DATA_ELEMENTS + 2)

static UINT32 BytesPerSecond(const SND_STREAM *stream)
{
    return stream->geometry.rate * stream->geometry.frame_bytes;
}

static UINT64 PostedBytes(const SND_STREAM *stream)
{
    return stream->posted_periods * stream->geometry.period_bytes;
}

static UINT64 CompletedBytes(const SND_STREAM *stream)
{
    return stream->completed_periods * stream->geometry.period_bytes - stream->missing;
}

NTSTATUS SndStreamSetBuffer(SND_STREAM *stream, const SND_GEOMETRY *geometry, const UINT64 *pfns, UINT32 pfn_count,
                            UINT32 first_offset)
{
    UINT32 pages = geometry->period_bytes / VIRTIO_SG_PAGE_SIZE + 2; /* that a period touches, at most */

    if (geometry->buffer_bytes == 0 || geometry->read_ahead_periods > SND_SLICES_MAX || pages > SND_DATA_ELEMENTS ||
        pages + 2 > stream->queue.vq->qsz || first_offset >= VIRTIO_SG_PAGE_SIZE || pfns == NULL ||
        ((UINT64)first_offset + geometry->buffer_bytes + VIRTIO_SG_PAGE_SIZE - 1) / VIRTIO_SG_PAGE_SIZE > pfn_count)
        return STATUS_INVALID_PARAMETER;
    stream->geometry = *geometry;
    stream->pfns = pfns;
    stream->pfn_count = pfn_count;
    stream->first_offset = first_offset;
    SndStreamRewind(stream);
    return STATUS_SUCCESS;
}

VOID SndStreamClearBuffer(SND_STREAM *stream)
{
    stream->pfns = NULL;
    stream->pfn_count = 0;
    RtlZeroMemory(&stream->geometry, sizeof(stream->geometry));
    SndStreamRewind(stream);
}

VOID SndStreamOpen(SND_STREAM *stream, volatile UINT8 *notify_address)
{
    stream->notify_address = notify_address;
}

static VOID CountUnits(SND_STREAM *stream)
{
    if (stream->geometry.unit_periods != 0)
        stream->units_done = stream->completed_periods / stream->geometry.unit_periods;
}

VOID SndStreamReset(SND_STREAM *stream, UINT64 now)
{
    UINT64 heard_periods = 0;

    SndStreamFreeze(stream, now);
    if (stream->geometry.period_bytes != 0)
        heard_periods = stream->heard / stream->geometry.period_bytes;
    if (stream->completed_periods < heard_periods) { /* the client may have written there */
        stream->completed_periods = heard_periods;
        stream->missing = 0;
        CountUnits(stream);
    }
    VirtioSndQueueReset(&stream->queue);
    stream->notify_address = NULL;
    stream->posted_periods = stream->completed_periods;
    stream->resume_from = CompletedBytes(stream);
    stream->is_latency_due = TRUE;
    stream->is_failed = FALSE;
    stream->error_run = 0;
    RtlZeroMemory(stream->slices, sizeof(stream->slices));
}

VOID SndStreamRewind(SND_STREAM *stream)
{
    stream->is_running = FALSE;
    stream->is_primed = FALSE;
    stream->is_starved = FALSE;
    stream->is_failed = FALSE;
    stream->error_run = 0;
    stream->posted_periods = 0;
    stream->completed_periods = 0;
    stream->missing = 0;
    stream->heard = 0;
    stream->resume_from = 0;
    stream->is_latency_due = TRUE;
    stream->units_done = 0;
    stream->units_told = 0;
    stream->told_time = 0;
    RtlZeroMemory(stream->slices, sizeof(stream->slices));
}

/* Whether the client had its event, and time, to fill the unit that the next period is in. */
static BOOLEAN IsFilled(const SND_STREAM *stream, UINT64 now)
{
    const SND_GEOMETRY *geometry = &stream->geometry;
    UINT64 round_units = geometry->notification_count;
    UINT64 unit;

    if (stream->is_capture || geometry->unit_periods == 0)
        return TRUE;
    unit = stream->posted_periods / geometry->unit_periods;
    if (unit < round_units)
        return TRUE;     /* prepared before RUN */
    unit -= round_units; /* what the same place held before */
    if (stream->units_told != unit + 1)
        return stream->units_told > unit;
    return now >= stream->told_time + SND_REFILL_MS * SND_CLOCK_TICKS_PER_MS;
}

/* Posts the next period. Returns: FALSE: there is no room in the ring now. */
static BOOLEAN PostPeriod(SND_STREAM *stream)
{
    UINT32 slot = (UINT32)(stream->posted_periods % SND_SLICES_MAX);
    UINT32 period = (UINT32)(stream->posted_periods % stream->geometry.period_count);
    UINT32 start = stream->first_offset + period * stream->geometry.period_bytes;
    UINT64 message_pa = stream->messages_pa + slot * sizeof(SND_MESSAGE);
    SND_MESSAGE *message = &stream->messages[slot];
    VIRTQ_SG sg[MESSAGE_ELEMENTS];
    UINT16 count;
    NTSTATUS status;

    status =
        VirtioSgBuildFromPfns(stream->pfns + start / VIRTIO_SG_PAGE_SIZE,
                              stream->pfn_count - start / VIRTIO_SG_PAGE_SIZE, start % VIRTIO_SG_PAGE_SIZE,
                              stream->geometry.period_bytes, stream->is_capture, sg + 1, SND_DATA_ELEMENTS, &count);
    if (!NT_SUCCESS(status))
        return FALSE; /* SndStreamSetBuffer has made sure of it */
    message->xfer.stream_id = stream->stream_id;
    message->status.status = STATUS_UNWRITTEN;
    message->status.latency_bytes = 0;
    sg[0].addr = message_pa;
    sg[0].len = sizeof(message->xfer);
    sg[0].write = FALSE;
    sg[count + 1].addr = message_pa + offsetof(SND_MESSAGE, status);
    sg[count + 1].len = sizeof(message->status);
    sg[count + 1].write = TRUE;
    if (!NT_SUCCESS(VirtioSndQueuePost(&stream->queue, sg, (UINT16)(count + 2), message))) {
        stream->stats.full++;
        return FALSE;
    }
    stream->slices[slot].is_posted = TRUE;
    stream->slices[slot].is_done = FALSE;
    stream->posted_periods++;
    return TRUE;
}

/* Posts what may be posted, and tells the device. */
static VOID Fill(SND_STREAM *stream, UINT64 now)
{
    BOOLEAN has_posted = FALSE;

    if (!stream->is_primed || stream->is_failed || stream->pfns == NULL || stream->notify_address == NULL)
        return;
    while (stream->posted_periods - stream->completed_periods < stream->geometry.read_ahead_periods &&
           IsFilled(stream, now)) {
        if (!PostPeriod(stream))
            break;
        has_posted = TRUE;
    }
    if (!has_posted)
        return;
    if (stream->is_starved) { /* the converter stood still; it goes on now */
        stream->is_starved = FALSE;
        stream->is_latency_due = TRUE;
        SndClockStart(&stream->clock, BytesPerSecond(stream), CompletedBytes(stream), now);
    }
    if (VirtioSndQueueWantsKick(&stream->queue)) {
        stream->stats.kicks++;
        VirtioPciNotify(stream->notify_address, stream->queue.index);
    }
}

VOID SndStreamPrime(SND_STREAM *stream, UINT64 now)
{
    stream->is_primed = TRUE;
    Fill(stream, now);
}

VOID SndStreamRun(SND_STREAM *stream, UINT64 now)
{
    stream->is_running = TRUE;
    SndClockStart(&stream->clock, BytesPerSecond(stream), stream->resume_from, now);
}

/* Where the converter is, from the clock; not beyond what it was given. */
static UINT64 Estimate(const SND_STREAM *stream, UINT64 now)
{
    UINT64 position = SndClockRead(&stream->clock, now);
    UINT64 limit = PostedBytes(stream);

    if (position > limit)
        position = limit;
    return position - position % stream->geometry.frame_bytes;
}

static VOID Advance(SND_STREAM *stream, UINT64 now)
{
    UINT64 position;

    if (!stream->is_running)
        return;
    position = Estimate(stream, now);
    if (position > stream->heard)
        stream->heard = position;
}

VOID SndStreamFreeze(SND_STREAM *stream, UINT64 now)
{
    Advance(stream, now);
    stream->is_running = FALSE;
    stream->is_primed = FALSE;
    stream->is_starved = FALSE;
    stream->resume_from = stream->heard;
}

/* Judges a message that came back. length: as the device says. */
static VOID Judge(SND_STREAM *stream, SND_SLICE *slice, const SND_MESSAGE *message, UINT32 length)
{
    VIRTIO_SND_PCM_STATUS status;
    UINT32 audio = stream->is_capture ? stream->geometry.period_bytes : 0;
    UINT32 latency_max = BytesPerSecond(stream) / 1000 * SND_LATENCY_MAX_MS;

    RtlCopyMemory(&status, &message->status, sizeof(status)); /* once: the device may change it */
    stream->stats.messages++;
    slice->missing = 0;
    slice->latency = status.latency_bytes <= latency_max ? status.latency_bytes : 0;
    if (length >= sizeof(status) && length - sizeof(status) <= audio) {
        audio = length - (UINT32)sizeof(status);
        audio -= audio % stream->geometry.frame_bytes;
        slice->missing = stream->is_capture ? stream->geometry.period_bytes - audio : 0;
        if (status.status == VIRTIO_SND_S_OK) {
            stream->error_run = 0;
            return;
        }
    }
    stream->stats.errors++;
    stream->error_run++;
    if (stream->error_run >= SND_ERRORS_MAX && stream->is_running)
        stream->is_failed = TRUE;
}

/* The next period in order has come back. */
static VOID CompletePeriod(SND_STREAM *stream, UINT64 now)
{
    SND_SLICE *slice = &stream->slices[stream->completed_periods % SND_SLICES_MAX];
    INT64 position;

    slice->is_posted = FALSE;
    slice->is_done = FALSE;
    stream->completed_periods++;
    stream->missing = slice->missing;
    CountUnits(stream);
    if (!stream->is_running)
        return;
    position = (INT64)CompletedBytes(stream);
    if (!stream->is_capture) {
        position -= slice->latency;
        if (stream->is_latency_due)
            SndClockDelay(&stream->clock, slice->latency);
        stream->is_latency_due = FALSE;
        stream->latency_bytes = slice->latency;
    }
    SndClockSample(&stream->clock, position, now);
}

/* Takes what came back. Returns: TRUE: the ring is broken. */
static BOOLEAN Take(SND_STREAM *stream, UINT64 now)
{
    void *cookie;
    UINT32 length;
    UINT32 slot;
    UINT32 i;
    NTSTATUS status = STATUS_SUCCESS;

    for (i = 0; i < TAKE_BURST; i++) {
        status = VirtioSndQueueTake(&stream->queue, &cookie, &length);
        if (status != STATUS_SUCCESS)
            break;
        slot = (UINT32)((SND_MESSAGE *)cookie - stream->messages);
        Judge(stream, &stream->slices[slot], &stream->messages[slot], length);
        stream->slices[slot].is_done = TRUE;
        while (stream->completed_periods != stream->posted_periods &&
               stream->slices[stream->completed_periods % SND_SLICES_MAX].is_done)
            CompletePeriod(stream, now);
    }
    return status != STATUS_SUCCESS && status != STATUS_NOT_FOUND;
}

BOOLEAN SndStreamService(SND_STREAM *stream, UINT64 now)
{
    if (stream->notify_address == NULL)
        return FALSE;
    if (Take(stream, now))
        return TRUE;
    if (stream->is_running && !stream->is_starved && stream->posted_periods == stream->completed_periods) {
        stream->is_starved = TRUE;
        stream->stats.starved++;
    }
    Fill(stream, now);
    return FALSE;
}

BOOLEAN SndStreamTakeNotification(SND_STREAM *stream, UINT64 now)
{
    if (!stream->is_primed || stream->units_told >= stream->units_done)
        return FALSE;
    stream->units_told = stream->units_done;
    stream->told_time = now;
    stream->stats.notifications++;
    return TRUE;
}

VOID SndStreamPosition(SND_STREAM *stream, UINT64 now, SND_POSITION *position)
{
    UINT64 behind = stream->geometry.period_bytes;
    UINT64 completed = CompletedBytes(stream);

    RtlZeroMemory(position, sizeof(*position));
    if (stream->pfns == NULL)
        return;
    Advance(stream, now);
    if (stream->is_capture) {
        /* a period behind the converter, so that it flows although data comes in periods */
        position->play = stream->heard > behind ? stream->heard - behind : 0;
        if (position->play > completed)
            position->play = completed;
        position->write = completed;
    } else {
        position->play = stream->heard;
        position->write = PostedBytes(stream);
        if (position->write < position->play) /* after a reset, until it is posted anew */
            position->write = position->play;
    }
    position->play_offset = (UINT32)(position->play % stream->geometry.buffer_bytes);
    position->write_offset = (UINT32)(position->write % stream->geometry.buffer_bytes);
}

VOID SndStreamXrun(SND_STREAM *stream)
{
    stream->stats.device_xruns++;
}
