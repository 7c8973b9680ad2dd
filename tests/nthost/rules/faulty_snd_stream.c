/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Streams of faulty_snd.sys: what is played goes through a loop to what is recorded, by the performance counter. */
#include <ntddk.h>

#include <portcls.h>

#include "faulty_snd.h"
#include "faulty_snd_filter.h"

#define Wants FaultyWants

/* ---- Clock ---- */

ULONGLONG FaultyPosition(const STREAM *stream)
{
    LARGE_INTEGER frequency, now;
    ULONGLONG frames;
    if (stream->state != KSSTATE_RUN) {
        return stream->base;
    }
    now = KeQueryPerformanceCounter(&frequency);
    frames = (ULONGLONG)(now.QuadPart - stream->started) * stream->rate / (ULONGLONG)frequency.QuadPart;
    if (Wants("position-fast")) {
        frames *= 8;
    }
    return stream->base + frames * stream->block;
}

/* What the render stream played up to its position goes into the loop. */
static VOID Play(ADAPTER *adapter, STREAM *stream)
{
    ULONGLONG end = FaultyPosition(stream) + (Wants("read-early") ? stream->size / 2 + stream->size / 4 : 0);
    if (Wants("drop") && !stream->torn && stream->done > stream->size) {
        stream->torn = TRUE;
        stream->done += stream->block;
    }
    if (Wants("repeat") && !stream->torn && stream->done > stream->size) {
        stream->torn = TRUE;
        stream->done -= stream->block;
    }
    for (; stream->done < end; stream->done++) {
        adapter->loop[adapter->loop_in] = stream->bytes[stream->done % stream->size];
        adapter->loop_in = (adapter->loop_in + 1) % LOOP_BYTES;
        adapter->loop_used += adapter->loop_used < LOOP_BYTES;
    }
}

static VOID Record(ADAPTER *adapter, STREAM *stream)
{
    ULONGLONG end = FaultyPosition(stream);
    for (; stream->done < end; stream->done++) {
        ULONG at = (adapter->loop_in + LOOP_BYTES - adapter->loop_used) % LOOP_BYTES;
        stream->bytes[stream->done % stream->size] = adapter->loop_used != 0 ? adapter->loop[at] : 0;
        adapter->loop_used -= adapter->loop_used != 0;
    }
}

VOID FaultyAdvance(ADAPTER *adapter)
{
    if (adapter->stream[0] != NULL && adapter->stream[0]->state == KSSTATE_RUN) {
        Play(adapter, adapter->stream[0]);
    }
    if (adapter->stream[1] != NULL && adapter->stream[1]->state == KSSTATE_RUN) {
        Record(adapter, adapter->stream[1]);
    }
}

static VOID SetEvents(const STREAM *stream)
{
    ULONG i;
    for (i = 0; i < EVENTS; i++) {
        if (stream->event[i] != NULL && !Wants("event-never")) {
            KeSetEvent(stream->event[i], 0, FALSE);
        }
    }
}

VOID NTAPI FaultyDpc(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    ADAPTER *adapter = context;
    ULONG i;
    UNREFERENCED_PARAMETER(dpc);
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
    KeAcquireSpinLockAtDpcLevel(&adapter->lock);
    FaultyAdvance(adapter);
    for (i = 0; i < 2; i++) {
        STREAM *stream = adapter->stream[i];
        if (stream != NULL && stream->parts != 0 && (stream->state == KSSTATE_RUN || Wants("event-state"))) {
            ULONGLONG played = Wants("read-early") ? FaultyPosition(stream) : stream->done;
            ULONGLONG parts = played / (stream->size / stream->parts);
            if (parts != stream->told || stream->state == KSSTATE_PAUSE) {
                stream->told = parts;
                SetEvents(stream);
            }
        }
    }
    if (!Wants("dpc-lock")) {
        KeReleaseSpinLockFromDpcLevel(&adapter->lock);
    }
}

/* ---- Streams ---- */

static NTSTATUS NTAPI StreamQuery(IMiniportWaveRTStreamNotification *This, REFIID iid, PVOID *out)
{
    *out = NULL;
    if (!FaultySameGuid(iid, &IID_IUnknown) && !FaultySameGuid(iid, &IID_IMiniportWaveRTStream) &&
        !FaultySameGuid(iid, &IID_IMiniportWaveRTStreamNotification)) {
        return STATUS_INVALID_PARAMETER;
    }
    This->lpVtbl->AddRef(This);
    *out = This;
    return STATUS_SUCCESS;
}

static ULONG NTAPI StreamAddRef(IMiniportWaveRTStreamNotification *This)
{
    return (ULONG)InterlockedIncrement(&((STREAM *)This)->references);
}

static ULONG NTAPI StreamRelease(IMiniportWaveRTStreamNotification *This)
{
    STREAM *stream = (STREAM *)This;
    LONG left = InterlockedDecrement(&stream->references);
    KIRQL irql;
    if (left == 0) {
        KeAcquireSpinLock(&stream->adapter->lock, &irql);
        stream->adapter->stream[stream->capture] = NULL;
        KeReleaseSpinLock(&stream->adapter->lock, irql);
        if (!Wants("port-stream-kept")) {
            stream->port->lpVtbl->Release(stream->port);
        }
        stream->miniport->lpVtbl->Release(stream->miniport);
        if (!Wants("stream-leak")) {
            ExFreePoolWithTag(stream, TAG);
        }
    }
    return (ULONG)left;
}

static NTSTATUS NTAPI StreamSetFormat(IMiniportWaveRTStreamNotification *This, PKSDATAFORMAT format)
{
    STREAM *stream = (STREAM *)This;
    if (stream->state != KSSTATE_STOP || !FaultyFormatIsGood(format)) {
        return STATUS_NO_MATCH;
    }
    stream->block = ((PKSDATAFORMAT_WAVEFORMATEX)format)->WaveFormatEx.nBlockAlign;
    stream->rate = ((PKSDATAFORMAT_WAVEFORMATEX)format)->WaveFormatEx.nSamplesPerSec;
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI StreamSetState(IMiniportWaveRTStreamNotification *This, KSSTATE state)
{
    STREAM *stream = (STREAM *)This;
    KIRQL irql;
    if (Wants("state-refused") && state < stream->state) {
        return STATUS_UNSUCCESSFUL;
    }
    KeAcquireSpinLock(&stream->adapter->lock, &irql);
    FaultyAdvance(stream->adapter);
    if (stream->state == KSSTATE_RUN) {
        stream->base = FaultyPosition(stream);
    }
    stream->state = state;
    stream->started = KeQueryPerformanceCounter(NULL).QuadPart;
    if (state == KSSTATE_STOP) {
        stream->base = Wants("position-stop") ? stream->base + stream->block : 0;
        stream->done = stream->told = 0;
        stream->adapter->loop_used = stream->capture ? stream->adapter->loop_used : 0;
    }
    KeReleaseSpinLock(&stream->adapter->lock, irql);
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI StreamGetPosition(IMiniportWaveRTStreamNotification *This, PKSAUDIO_POSITION position)
{
    STREAM *stream = (STREAM *)This;
    ULONGLONG play;
    KIRQL irql;
    if (Wants("position-irql") && stream->mdl != NULL) {
        (VOID)stream->port->lpVtbl->GetPhysicalPagesCount(stream->port, stream->mdl);
    }
    KeAcquireSpinLock(&stream->adapter->lock, &irql);
    FaultyAdvance(stream->adapter);
    play = FaultyPosition(stream); /* but never what has not gone through: the clock moved on meanwhile */
    if (stream->state == KSSTATE_RUN && play > stream->done && !Wants("position-fast")) {
        play = stream->done;
    }
    if (Wants("position-back") && !stream->torn && play > stream->size) {
        stream->torn = TRUE;
        play -= stream->size / 16 / stream->block * stream->block;
    }
    if (Wants("position-drift") && stream->state == KSSTATE_PAUSE) {
        play += stream->block * (ULONG)(KeQueryPerformanceCounter(NULL).QuadPart & 31);
    }
    if (!Wants("position-lock")) {
        KeReleaseSpinLock(&stream->adapter->lock, irql);
    }
    if (stream->size == 0) {
        position->PlayOffset = position->WriteOffset = 0;
        return STATUS_SUCCESS;
    }
    position->PlayOffset = Wants("position-wrap") ? play : play % stream->size;
    position->WriteOffset = (play + (Wants("position-fifo") ? 2 * FIFO_BYTES : 0)) % stream->size;
    return Wants("position-silent") ? STATUS_UNSUCCESSFUL : STATUS_SUCCESS;
}

static NTSTATUS NTAPI StreamAllocateWith(IMiniportWaveRTStreamNotification *This, ULONG parts, ULONG wanted, PMDL *mdl,
                                         ULONG *size, ULONG *offset, MEMORY_CACHING_TYPE *cache)
{
    STREAM *stream = (STREAM *)This;
    PHYSICAL_ADDRESS highest;
    ULONG unit = stream->block * (parts != 0 ? parts : 1), actual = (wanted + unit - 1) / unit * unit;
    PMDL pages;
    highest.QuadPart = -1;
    if (wanted == 0 || wanted > 4 << 20 || parts > 2) {
        return STATUS_INVALID_PARAMETER;
    }
    pages = stream->port->lpVtbl->AllocatePagesForMdl(stream->port, highest, actual);
    if (pages == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    stream->bytes = stream->port->lpVtbl->MapAllocatedPages(stream->port, pages, MmCached);
    stream->parts = parts;
    stream->mdl = *mdl = pages;
    *size = Wants("buffer-frames") ? actual - 1 : Wants("buffer-size") ? actual + 8192 : actual;
    stream->size = actual;
    *offset = 0;
    *cache = MmCached;
    return STATUS_SUCCESS;
}

static VOID NTAPI StreamFree(IMiniportWaveRTStreamNotification *This, PMDL mdl, ULONG size)
{
    STREAM *stream = (STREAM *)This;
    UNREFERENCED_PARAMETER(size);
    stream->mdl = NULL;
    stream->size = stream->parts = 0;
    if (!Wants("pages-mapped")) {
        stream->port->lpVtbl->UnmapAllocatedPages(stream->port, stream->bytes, mdl);
    }
    if (!Wants("pages-left")) {
        stream->port->lpVtbl->FreePagesFromMdl(stream->port, mdl);
    }
}

static NTSTATUS NTAPI StreamAllocate(IMiniportWaveRTStreamNotification *This, ULONG wanted, PMDL *mdl, ULONG *size, ULONG *offset,
                                     MEMORY_CACHING_TYPE *cache)
{
    return StreamAllocateWith(This, 0, wanted, mdl, size, offset, cache);
}

static VOID NTAPI StreamLatency(IMiniportWaveRTStreamNotification *This, KSRTAUDIO_HWLATENCY *latency)
{
    UNREFERENCED_PARAMETER(This);
    if (!Wants("latency")) {
        latency->FifoSize = FIFO_BYTES;
        latency->ChipsetDelay = latency->CodecDelay = 0;
    }
}

static NTSTATUS NTAPI StreamRegister(IMiniportWaveRTStreamNotification *This, KSRTAUDIO_HWREGISTER *hardware)
{
    UNREFERENCED_PARAMETER(This);
    UNREFERENCED_PARAMETER(hardware);
    return Wants("register") ? STATUS_UNSUCCESSFUL : STATUS_NOT_SUPPORTED;
}

static NTSTATUS NTAPI StreamAddEvent(IMiniportWaveRTStreamNotification *This, PKEVENT event)
{
    STREAM *stream = (STREAM *)This;
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;
    KIRQL irql;
    ULONG i;
    KeAcquireSpinLock(&stream->adapter->lock, &irql);
    for (i = 0; i < EVENTS && status != STATUS_SUCCESS; i++) {
        if (stream->event[i] == NULL) {
            stream->event[i] = event;
            status = STATUS_SUCCESS;
        }
    }
    KeReleaseSpinLock(&stream->adapter->lock, irql);
    return status;
}

static NTSTATUS NTAPI StreamRemoveEvent(IMiniportWaveRTStreamNotification *This, PKEVENT event)
{
    STREAM *stream = (STREAM *)This;
    NTSTATUS status = STATUS_NOT_FOUND;
    KIRQL irql;
    ULONG i;
    KeAcquireSpinLock(&stream->adapter->lock, &irql);
    for (i = 0; i < EVENTS; i++) {
        if (stream->event[i] == event) {
            stream->event[i] = Wants("event-kept") ? event : NULL;
            status = STATUS_SUCCESS;
        }
    }
    KeReleaseSpinLock(&stream->adapter->lock, irql);
    return status;
}

static const IMiniportWaveRTStreamNotificationVtbl stream_table = {
    StreamQuery, StreamAddRef, StreamRelease, StreamSetFormat, StreamSetState, StreamGetPosition, StreamAllocate, StreamFree,
    StreamLatency, StreamRegister, StreamRegister, StreamAllocateWith, StreamFree, StreamAddEvent, StreamRemoveEvent};

NTSTATUS FaultyStreamCreate(ADAPTER *adapter, PUNKNOWN miniport, PPORTWAVERTSTREAM port, BOOLEAN capture, PKSDATAFORMAT format,
                            PMINIPORTWAVERTSTREAM *out)
{
    STREAM *stream;
    KIRQL irql;
    if (!FaultyFormatIsGood(format)) {
        return STATUS_NO_MATCH;
    }
    stream = FaultyAllocate(sizeof(STREAM));
    if (stream == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    stream->face.lpVtbl = &stream_table;
    stream->references = 1;
    stream->adapter = adapter;
    stream->miniport = miniport;
    stream->port = port;
    stream->capture = capture != FALSE;
    stream->block = ((PKSDATAFORMAT_WAVEFORMATEX)format)->WaveFormatEx.nBlockAlign;
    stream->rate = ((PKSDATAFORMAT_WAVEFORMATEX)format)->WaveFormatEx.nSamplesPerSec;
    port->lpVtbl->AddRef(port);
    miniport->lpVtbl->AddRef(miniport);
    KeAcquireSpinLock(&adapter->lock, &irql);
    adapter->stream[stream->capture] = stream;
    KeReleaseSpinLock(&adapter->lock, irql);
    *out = (PMINIPORTWAVERTSTREAM)&stream->face;
    return STATUS_SUCCESS;
}
