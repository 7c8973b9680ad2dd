/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A WaveRT driver with a render and a capture pin that breaks one rule on purpose, chosen by the last part of its registry path
 * (nthost --boot-argument NAME): shows that the host notices. With any other name ("honest") it breaks none. What it plays
 * comes back as what it records; its sound card is a timer and the performance counter. It owns the device's interrupt,
 * registers and a common buffer, and touches them only to break a rule.
 */
#include <initguid.h>
#include <ntddk.h>

#include <portcls.h>

#include "faulty_snd.h"
#include "faulty_snd_filter.h"

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

BOOLEAN FaultySameGuid(const GUID *a, const GUID *b)
{
    return RtlCompareMemory(a, b, sizeof(GUID)) == sizeof(GUID);
}

PVOID FaultyAllocate(SIZE_T size)
{
    PVOID pool = ExAllocatePoolWithTag(NonPagedPool, size, TAG);
    if (pool != NULL) {
        RtlZeroMemory(pool, size);
    }
    return pool;
}

/* ---- The adapter: interrupt, DMA, clock ---- */

/* Reading the register quiets the line. */
static BOOLEAN NTAPI LineIsr(PKINTERRUPT interrupt, PVOID context)
{
    FAULTY_DEVICE *device = &((ADAPTER *)context)->device;
    UNREFERENCED_PARAMETER(interrupt);
    if (Wants("storm")) {
        return TRUE;
    }
    if (device->isr == NULL || (*(volatile UCHAR *)device->isr & 1) == 0) {
        return FALSE;
    }
    device->interrupts++;
    return TRUE;
}

static BOOLEAN NTAPI MessageIsr(PKINTERRUPT interrupt, PVOID context, ULONG message)
{
    UNREFERENCED_PARAMETER(interrupt);
    UNREFERENCED_PARAMETER(message);
    ((ADAPTER *)context)->device.interrupts++;
    return TRUE;
}

static BOOLEAN NTAPI CountInterrupts(PVOID context)
{
    return ((ADAPTER *)context)->device.interrupts != 0;
}

/* Whether an interrupt came, as one asks who knows that it may come again meanwhile. */
static BOOLEAN HasInterrupted(ADAPTER *adapter)
{
    PKINTERRUPT interrupt = adapter->connection;
    if (adapter->version == CONNECT_MESSAGE_BASED) {
        interrupt = ((PIO_INTERRUPT_MESSAGE_INFO)adapter->connection)->MessageInfo[0].InterruptObject;
    }
    return KeSynchronizeExecution(interrupt, CountInterrupts, adapter);
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
    if (adapter->common == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    RtlZeroMemory(adapter->common, COMMON_BYTES);
    return STATUS_SUCCESS;
}

static VOID DestroyAdapter(ADAPTER *adapter)
{
    if (!Wants("timer-left")) {
        KeCancelTimer(&adapter->timer);
    }
    KeFlushQueuedDpcs();
    FaultyUnmap(&adapter->device);
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
    if (!FaultySameGuid(iid, &IID_IUnknown) && !FaultySameGuid(iid, &IID_IAdapterPowerManagement)) {
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
            FaultyAdvance(adapter);
            stream->base = FaultyPosition(stream);
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

static ADAPTER *CreateAdapter(PDEVICE_OBJECT pdo, PRESOURCELIST resources)
{
    ADAPTER *adapter = FaultyAllocate(sizeof(ADAPTER));
    LARGE_INTEGER due;
    if (adapter == NULL) {
        return NULL;
    }
    adapter->face.lpVtbl = &adapter_table;
    adapter->references = 1;
    adapter->pdo = pdo;
    KeInitializeSpinLock(&adapter->lock);
    KeInitializeTimer(&adapter->timer);
    KeInitializeDpc(&adapter->dpc, FaultyDpc, adapter);
    if (!NT_SUCCESS(ConnectInterrupt(adapter)) || !NT_SUCCESS(GetDma(adapter)) ||
        !NT_SUCCESS(FaultyMap(&adapter->device, pdo, resources))) {
        AdapterRelease(&adapter->face);
        return NULL;
    }
    due.QuadPart = -10000LL * TIMER_MS;
    KeSetTimerEx(&adapter->timer, due, TIMER_MS, &adapter->dpc);
    FaultyTouch(&adapter->device, adapter->common_address);
    if (Wants("honest-interrupt")) {
        due.QuadPart = -10000LL;
        KeDelayExecutionThread(KernelMode, FALSE, &due);
        if (!HasInterrupted(adapter)) {
            AdapterRelease(&adapter->face);
            return NULL;
        }
    }
    return adapter;
}

/* ---- Miniports ---- */

static NTSTATUS NTAPI MiniportQuery(PVOID This, REFIID iid, PVOID *out)
{
    MINIPORT *miniport = This;
    *out = NULL;
    if (!FaultySameGuid(iid, &IID_IUnknown) && !FaultySameGuid(iid, &IID_IMiniport) &&
        !FaultySameGuid(iid, miniport->is_wave ? &IID_IMiniportWaveRT : &IID_IMiniportTopology)) {
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
    UNREFERENCED_PARAMETER(pin);
    return FaultyStreamCreate(((MINIPORT *)This)->adapter, (PUNKNOWN)This, port, capture, format, out);
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
    MINIPORT *miniport = FaultyAllocate(sizeof(MINIPORT));
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
    ADAPTER *adapter = CreateAdapter(extension[0], resources);
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
