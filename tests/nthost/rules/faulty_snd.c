/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A WaveRT driver with a render and a capture pin that breaks one rule on purpose, chosen by the last part of its registry path
 * (nthost --boot-argument NAME): shows that the host notices. With any other name ("honest") it breaks none. What it plays
 * comes back as what it records; its sound card is a timer and the performance counter. It owns the device's interrupt and a
 * common buffer and does nothing with either.
 */
#include <initguid.h>
#include <ntddk.h>

#include <portcls.h>

#include "faulty_snd_filter.h"

#define TAG 0x64535346
enum { LOOP_BYTES = 65536, COMMON_BYTES = 8192, EVENTS = 4, TIMER_MS = 10 };

typedef struct _ADAPTER ADAPTER;

typedef struct _STREAM {
    IMiniportWaveRTStreamNotification face; /* first */
    LONG references;
    ADAPTER *adapter;
    PUNKNOWN miniport;
    PPORTWAVERTSTREAM port;
    ULONG capture; /* also the index in ADAPTER.stream */
    ULONG block, rate;
    KSSTATE state;
    PMDL mdl;
    PUCHAR bytes;
    ULONG size, parts;
    ULONGLONG done, told; /* bytes since STOP that went through, and parts whose event was set */
    LONGLONG started;     /* performance counter when `base` was where the stream was */
    ULONGLONG base;
    PKEVENT event[EVENTS];
    BOOLEAN torn;
} STREAM;

struct _ADAPTER {
    IAdapterPowerManagement face; /* first */
    LONG references;
    PDEVICE_OBJECT pdo;
    KSPIN_LOCK lock;
    KTIMER timer;
    KDPC dpc;
    ULONG version;
    PVOID connection;
    PDMA_ADAPTER dma;
    PVOID common;
    PHYSICAL_ADDRESS common_address;
    STREAM *stream[2];
    ULONG loop_in, loop_used;
    UCHAR loop[LOOP_BYTES];
};

typedef struct _MINIPORT {
    const void *table; /* first: of IMiniportWaveRT or IMiniportTopology */
    LONG references;
    BOOLEAN is_wave;
    ADAPTER *adapter;
} MINIPORT;

DRIVER_INITIALIZE DriverEntry;
static char rule[32];
static PDRIVER_UNLOAD portcls_unload;

BOOLEAN FaultyWants(const char *name)
{
    ULONG i = 0;
    while (name[i] != '\0' && rule[i] == name[i]) {
        i++;
    }
    return name[i] == '\0' && rule[i] == '\0';
}

#define Wants FaultyWants

static BOOLEAN SameGuid(const GUID *a, const GUID *b)
{
    return RtlCompareMemory(a, b, sizeof(GUID)) == sizeof(GUID);
}

static PVOID Allocate(SIZE_T size)
{
    PVOID pool = ExAllocatePoolWithTag(NonPagedPool, size, TAG);
    if (pool != NULL) {
        RtlZeroMemory(pool, size);
    }
    return pool;
}

/* ---- The adapter: interrupt, DMA, clock ---- */

static BOOLEAN NTAPI LineIsr(PKINTERRUPT interrupt, PVOID context)
{
    UNREFERENCED_PARAMETER(interrupt);
    UNREFERENCED_PARAMETER(context);
    return FALSE;
}

static BOOLEAN NTAPI MessageIsr(PKINTERRUPT interrupt, PVOID context, ULONG message)
{
    UNREFERENCED_PARAMETER(message);
    return LineIsr(interrupt, context);
}

static NTSTATUS ConnectInterrupt(ADAPTER *adapter)
{
    IO_CONNECT_INTERRUPT_PARAMETERS p;
    NTSTATUS status;
    RtlZeroMemory(&p, sizeof(p));
    p.Version = CONNECT_MESSAGE_BASED;
    p.MessageBased.PhysicalDeviceObject = adapter->pdo;
    p.MessageBased.ConnectionContext.Generic = &adapter->connection;
    p.MessageBased.MessageServiceRoutine = MessageIsr;
    p.MessageBased.FallBackServiceRoutine = LineIsr;
    p.MessageBased.ServiceContext = adapter;
    status = IoConnectInterruptEx(&p);
    adapter->version = p.Version;
    return status;
}

static VOID DisconnectInterrupt(ADAPTER *adapter)
{
    IO_DISCONNECT_INTERRUPT_PARAMETERS p;
    p.Version = adapter->version;
    p.ConnectionContext.Generic = adapter->connection;
    IoDisconnectInterruptEx(&p);
}

static NTSTATUS GetDma(ADAPTER *adapter)
{
    DEVICE_DESCRIPTION d;
    ULONG registers;
    RtlZeroMemory(&d, sizeof(d));
    d.Version = DEVICE_DESCRIPTION_VERSION;
    d.Master = d.ScatterGather = d.Dma32BitAddresses = d.Dma64BitAddresses = TRUE;
    d.InterfaceType = PCIBus;
    d.MaximumLength = COMMON_BYTES;
    adapter->dma = IoGetDmaAdapter(adapter->pdo, &d, &registers);
    if (adapter->dma == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    adapter->common = adapter->dma->DmaOperations->AllocateCommonBuffer(adapter->dma, COMMON_BYTES, &adapter->common_address, TRUE);
    return adapter->common != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

static ULONGLONG Position(const STREAM *stream)
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
    ULONGLONG end = Position(stream) + (Wants("read-early") ? stream->size / 2 + stream->size / 4 : 0);
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
    ULONGLONG end = Position(stream);
    for (; stream->done < end; stream->done++) {
        ULONG at = (adapter->loop_in + LOOP_BYTES - adapter->loop_used) % LOOP_BYTES;
        stream->bytes[stream->done % stream->size] = adapter->loop_used != 0 ? adapter->loop[at] : 0;
        adapter->loop_used -= adapter->loop_used != 0;
    }
}

static VOID Advance(ADAPTER *adapter)
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

static VOID NTAPI Dpc(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    ADAPTER *adapter = context;
    ULONG i;
    UNREFERENCED_PARAMETER(dpc);
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
    KeAcquireSpinLockAtDpcLevel(&adapter->lock);
    Advance(adapter);
    for (i = 0; i < 2; i++) {
        STREAM *stream = adapter->stream[i];
        if (stream != NULL && stream->parts != 0 && (stream->state == KSSTATE_RUN || Wants("event-state"))) {
            ULONGLONG played = Wants("read-early") ? Position(stream) : stream->done;
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

static VOID DestroyAdapter(ADAPTER *adapter)
{
    if (!Wants("timer-left")) {
        KeCancelTimer(&adapter->timer);
    }
    KeFlushQueuedDpcs();
    if (adapter->connection != NULL && !Wants("interrupt-left")) {
        DisconnectInterrupt(adapter);
    }
    if (adapter->common != NULL) {
        ULONG length = Wants("common-length") ? COMMON_BYTES / 2 : COMMON_BYTES;
        adapter->dma->DmaOperations->FreeCommonBuffer(adapter->dma, length, adapter->common_address, adapter->common, TRUE);
    }
    if (adapter->dma != NULL && !Wants("dma-left")) {
        adapter->dma->DmaOperations->PutDmaAdapter(adapter->dma);
    }
    ExFreePoolWithTag(adapter, TAG);
}

static NTSTATUS NTAPI AdapterQuery(IAdapterPowerManagement *This, REFIID iid, PVOID *out)
{
    *out = NULL;
    if (!SameGuid(iid, &IID_IUnknown) && !SameGuid(iid, &IID_IAdapterPowerManagement)) {
        return STATUS_INVALID_PARAMETER;
    }
    This->lpVtbl->AddRef(This);
    *out = This;
    return STATUS_SUCCESS;
}

static ULONG NTAPI AdapterAddRef(IAdapterPowerManagement *This)
{
    return (ULONG)InterlockedIncrement(&((ADAPTER *)This)->references);
}

static ULONG NTAPI AdapterRelease(IAdapterPowerManagement *This)
{
    LONG left = InterlockedDecrement(&((ADAPTER *)This)->references);
    if (left == 0) {
        DestroyAdapter((ADAPTER *)This);
    }
    return (ULONG)left;
}

/* Asleep the clock stands: what a stream in RUN plays meanwhile is nothing. */
static VOID NTAPI AdapterPowerChange(IAdapterPowerManagement *This, POWER_STATE state)
{
    ADAPTER *adapter = (ADAPTER *)This;
    KIRQL irql;
    ULONG i;
    KeAcquireSpinLock(&adapter->lock, &irql);
    for (i = 0; i < 2; i++) {
        STREAM *stream = adapter->stream[i];
        if (stream != NULL && state.DeviceState == PowerDeviceD0) {
            stream->started = KeQueryPerformanceCounter(NULL).QuadPart;
        } else if (stream != NULL) {
            Advance(adapter);
            stream->base = Position(stream);
            stream->started = MAXLONGLONG;
        }
    }
    KeReleaseSpinLock(&adapter->lock, irql);
}

static NTSTATUS NTAPI AdapterQueryPower(IAdapterPowerManagement *This, POWER_STATE state)
{
    UNREFERENCED_PARAMETER(This);
    UNREFERENCED_PARAMETER(state);
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI AdapterCapabilities(IAdapterPowerManagement *This, PDEVICE_CAPABILITIES capabilities)
{
    UNREFERENCED_PARAMETER(This);
    UNREFERENCED_PARAMETER(capabilities);
    return STATUS_SUCCESS;
}

static const IAdapterPowerManagementVtbl adapter_table = {AdapterQuery, AdapterAddRef, AdapterRelease, AdapterPowerChange,
                                                          AdapterQueryPower, AdapterCapabilities};

static ADAPTER *CreateAdapter(PDEVICE_OBJECT pdo)
{
    ADAPTER *adapter = Allocate(sizeof(ADAPTER));
    LARGE_INTEGER due;
    if (adapter == NULL) {
        return NULL;
    }
    adapter->face.lpVtbl = &adapter_table;
    adapter->references = 1;
    adapter->pdo = pdo;
    KeInitializeSpinLock(&adapter->lock);
    KeInitializeTimer(&adapter->timer);
    KeInitializeDpc(&adapter->dpc, Dpc, adapter);
    if (!NT_SUCCESS(ConnectInterrupt(adapter)) || !NT_SUCCESS(GetDma(adapter))) {
        AdapterRelease(&adapter->face);
        return NULL;
    }
    due.QuadPart = -10000LL * TIMER_MS;
    KeSetTimerEx(&adapter->timer, due, TIMER_MS, &adapter->dpc);
    return adapter;
}

/* ---- Streams ---- */

static NTSTATUS NTAPI StreamQuery(IMiniportWaveRTStreamNotification *This, REFIID iid, PVOID *out)
{
    *out = NULL;
    if (!SameGuid(iid, &IID_IUnknown) && !SameGuid(iid, &IID_IMiniportWaveRTStream) &&
        !SameGuid(iid, &IID_IMiniportWaveRTStreamNotification)) {
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
    Advance(stream->adapter);
    if (stream->state == KSSTATE_RUN) {
        stream->base = Position(stream);
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
    Advance(stream->adapter);
    play = Position(stream); /* but never what has not gone through: the clock moved on meanwhile */
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

/* ---- Miniports ---- */

static NTSTATUS NTAPI MiniportQuery(PVOID This, REFIID iid, PVOID *out)
{
    MINIPORT *miniport = This;
    *out = NULL;
    if (!SameGuid(iid, &IID_IUnknown) && !SameGuid(iid, &IID_IMiniport) &&
        !SameGuid(iid, miniport->is_wave ? &IID_IMiniportWaveRT : &IID_IMiniportTopology)) {
        if (Wants("query")) {
            *out = This;
        }
        return STATUS_INVALID_PARAMETER;
    }
    InterlockedIncrement(&miniport->references);
    *out = This;
    return STATUS_SUCCESS;
}

static ULONG NTAPI MiniportAddRef(PVOID This)
{
    return (ULONG)InterlockedIncrement(&((MINIPORT *)This)->references);
}

static ULONG NTAPI MiniportRelease(PVOID This)
{
    MINIPORT *miniport = This;
    LONG left = InterlockedDecrement(&miniport->references);
    if (left == 0) {
        AdapterRelease(&miniport->adapter->face);
        ExFreePoolWithTag(miniport, TAG);
    }
    return (ULONG)left;
}

static NTSTATUS NTAPI MiniportDescription(PVOID This, PPCFILTER_DESCRIPTOR *description)
{
    *description = FaultyFilter(((MINIPORT *)This)->is_wave);
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI MiniportInit(PVOID This, PUNKNOWN adapter, PRESOURCELIST resources, PVOID port)
{
    MINIPORT *miniport = This;
    UNREFERENCED_PARAMETER(port);
    if (miniport->adapter != (ADAPTER *)adapter || resources->lpVtbl->NumberOfEntriesOfType(resources, CmResourceTypeMemory) == 0) {
        return STATUS_DEVICE_CONFIGURATION_ERROR;
    }
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI MiniportNewStream(IMiniportWaveRT *This, PMINIPORTWAVERTSTREAM *out, PPORTWAVERTSTREAM port, ULONG pin,
                                        BOOLEAN capture, PKSDATAFORMAT format)
{
    MINIPORT *miniport = (MINIPORT *)This;
    STREAM *stream;
    KIRQL irql;
    UNREFERENCED_PARAMETER(pin);
    if (!FaultyFormatIsGood(format)) {
        return STATUS_NO_MATCH;
    }
    stream = Allocate(sizeof(STREAM));
    if (stream == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    stream->face.lpVtbl = &stream_table;
    stream->references = 1;
    stream->adapter = miniport->adapter;
    stream->miniport = (PUNKNOWN)This;
    stream->port = port;
    stream->capture = capture != FALSE;
    stream->block = ((PKSDATAFORMAT_WAVEFORMATEX)format)->WaveFormatEx.nBlockAlign;
    stream->rate = ((PKSDATAFORMAT_WAVEFORMATEX)format)->WaveFormatEx.nSamplesPerSec;
    port->lpVtbl->AddRef(port);
    MiniportAddRef(This);
    KeAcquireSpinLock(&miniport->adapter->lock, &irql);
    miniport->adapter->stream[stream->capture] = stream;
    KeReleaseSpinLock(&miniport->adapter->lock, irql);
    *out = (PMINIPORTWAVERTSTREAM)&stream->face;
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI MiniportDevice(IMiniportWaveRT *This, PDEVICE_DESCRIPTION description)
{
    UNREFERENCED_PARAMETER(This);
    RtlZeroMemory(description, sizeof(DEVICE_DESCRIPTION));
    description->Version = DEVICE_DESCRIPTION_VERSION;
    description->Master = !Wants("description");
    description->ScatterGather = description->Dma32BitAddresses = description->Dma64BitAddresses = TRUE;
    description->InterfaceType = PCIBus;
    description->MaximumLength = 4 << 20;
    return STATUS_SUCCESS;
}

/* The first three slots and those of IMiniport are alike in both. */
#define SLOT(interface, slot, function) ((__typeof__(((interface##Vtbl *)NULL)->slot))(PVOID)(function))
static const IMiniportWaveRTVtbl wave_table = {
    SLOT(IMiniportWaveRT, QueryInterface, MiniportQuery), SLOT(IMiniportWaveRT, AddRef, MiniportAddRef),
    SLOT(IMiniportWaveRT, Release, MiniportRelease), SLOT(IMiniportWaveRT, GetDescription, MiniportDescription),
    SLOT(IMiniportWaveRT, DataRangeIntersection, FaultyIntersect), SLOT(IMiniportWaveRT, Init, MiniportInit),
    MiniportNewStream, MiniportDevice};
static const IMiniportTopologyVtbl topology_table = {
    SLOT(IMiniportTopology, QueryInterface, MiniportQuery), SLOT(IMiniportTopology, AddRef, MiniportAddRef),
    SLOT(IMiniportTopology, Release, MiniportRelease), SLOT(IMiniportTopology, GetDescription, MiniportDescription),
    SLOT(IMiniportTopology, DataRangeIntersection, FaultyIntersect), SLOT(IMiniportTopology, Init, MiniportInit)};

/* ---- Driver ---- */

/* Creates port and miniport, joins them, registers the subdevice; port: out, referenced. */
static NTSTATUS AddSubdevice(PDEVICE_OBJECT fdo, PIRP irp, PRESOURCELIST resources, ADAPTER *adapter, BOOLEAN is_wave, PPORT *port)
{
    MINIPORT *miniport = Allocate(sizeof(MINIPORT));
    NTSTATUS status;
    if (miniport == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    miniport->table = is_wave ? (const void *)&wave_table : (const void *)&topology_table;
    miniport->references = 1;
    miniport->is_wave = is_wave;
    miniport->adapter = adapter;
    AdapterAddRef(&adapter->face);
    status = PcNewPort(port, is_wave ? &CLSID_PortWaveRT : &CLSID_PortTopology);
    if (NT_SUCCESS(status)) {
        status = (*port)->lpVtbl->Init(*port, fdo, irp, (PUNKNOWN)miniport, (PUNKNOWN)&adapter->face, resources);
        if (NT_SUCCESS(status)) {
            status = PcRegisterSubdevice(fdo, is_wave || Wants("subdevice-name") ? L"Wave" : L"Topology", (PUNKNOWN)*port);
        }
    }
    MiniportRelease(miniport);
    return status;
}

static NTSTATUS NTAPI StartDevice(PDEVICE_OBJECT fdo, PIRP irp, PRESOURCELIST resources)
{
    PVOID *extension = (PVOID *)((PUCHAR)fdo->DeviceExtension + PORT_CLASS_DEVICE_EXTENSION_SIZE);
    ADAPTER *adapter = CreateAdapter(extension[0]);
    PPORT wave = NULL, topology = NULL;
    NTSTATUS status = adapter != NULL ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
    if (Wants("extension")) {
        ((PUCHAR)fdo->DeviceExtension)[1] = 0;
    }
    if (NT_SUCCESS(status)) {
        status = PcRegisterAdapterPowerManagement((PUNKNOWN)&adapter->face, fdo);
    }
    if (NT_SUCCESS(status)) {
        status = AddSubdevice(fdo, irp, resources, adapter, TRUE, &wave);
    }
    if (NT_SUCCESS(status)) {
        status = AddSubdevice(fdo, irp, resources, adapter, FALSE, &topology);
    }
    if (NT_SUCCESS(status) && !Wants("endpoint")) {
        status = PcRegisterPhysicalConnection(fdo, (PUNKNOWN)wave, PIN_WAVE_OUT, (PUNKNOWN)topology, PIN_TOPOLOGY_IN);
    }
    if (NT_SUCCESS(status)) {
        ULONG pin = Wants("connection") ? PIN_TOPOLOGY_IN : PIN_TOPOLOGY_OUT;
        status = PcRegisterPhysicalConnection(fdo, (PUNKNOWN)topology, pin, (PUNKNOWN)wave, PIN_WAVE_IN);
    }
    if (topology != NULL) {
        topology->lpVtbl->Release(topology);
    }
    if (wave != NULL && !Wants("port-kept")) {
        wave->lpVtbl->Release(wave);
    }
    if (adapter != NULL && !Wants("adapter-leak")) {
        AdapterRelease(&adapter->face);
    }
    return status;
}

static NTSTATUS NTAPI AddDevice(PDRIVER_OBJECT driver, PDEVICE_OBJECT pdo)
{
    ULONG size = Wants("extension-size") ? sizeof(PVOID) : PORT_CLASS_DEVICE_EXTENSION_SIZE + sizeof(PVOID);
    NTSTATUS status = PcAddAdapterDevice(driver, pdo, StartDevice, 2, size);
    if (NT_SUCCESS(status)) {
        PDEVICE_OBJECT fdo = pdo->AttachedDevice;
        *(PVOID *)((PUCHAR)fdo->DeviceExtension + PORT_CLASS_DEVICE_EXTENSION_SIZE) = pdo;
    }
    return status;
}

static VOID NTAPI Unload(PDRIVER_OBJECT driver)
{
    if (!Wants("unload")) {
        portcls_unload(driver);
    }
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    ULONG length = path->Length / sizeof(WCHAR), start = length, i;
    NTSTATUS status;
    while (start > 0 && path->Buffer[start - 1] != L'\\') {
        start--;
    }
    for (i = 0; start + i < length && i + 1 < sizeof(rule); i++) {
        rule[i] = (char)path->Buffer[start + i];
    }
    FaultyFilterPrepare();
    status = PcInitializeAdapterDriver(driver, path, AddDevice);
    portcls_unload = driver->DriverUnload;
    driver->DriverUnload = Unload;
    return status;
}
