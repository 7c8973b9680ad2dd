/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A StorPort miniport that breaks one rule on purpose, chosen by the argument string of HwFindAdapter
 * (nthost --boot-argument NAME): shows that the host notices. With argument "honest" it breaks none.
 * It answers every request with success and touches the device only to break a rule.
 */
#include <ntddk.h>

#include <storport.h>

typedef struct _FAULTY {
    char rule[32];
    PUCHAR registers;
    PUCHAR common; /* the virtio common configuration */
    PUCHAR uncached;
    PSCSI_REQUEST_BLOCK last_srb;
    BOOLEAN done;
} FAULTY;

static BOOLEAN Wants(const FAULTY *faulty, const char *rule)
{
    ULONG i = 0;
    while (rule[i] != '\0' && faulty->rule[i] == rule[i]) {
        i++;
    }
    return rule[i] == '\0' && faulty->rule[i] == '\0';
}

/* Once per run, in the first request that arrives. */
static BOOLEAN Now(FAULTY *faulty, const char *rule)
{
    return Wants(faulty, rule) && !faulty->done;
}

/* Maps the BAR that holds the common configuration structure; good enough for the fake device. */
static VOID MapCommon(FAULTY *faulty, PPORT_CONFIGURATION_INFORMATION config)
{
    UCHAR space[256];
    UCHAR at;
    ULONG i;
    if (StorPortGetBusData(faulty, PCIConfiguration, config->SystemIoBusNumber, config->SlotNumber, space,
                           sizeof(space)) != sizeof(space)) {
        return;
    }
    for (at = space[0x34]; at >= 0x40 && at < 0xf0 && !(space[at] == 9 && space[at + 3] == 1); at = space[at + 1]) {
    }
    for (i = 0; i < config->NumberOfAccessRanges && faulty->registers == NULL; i++) {
        PACCESS_RANGE range = &(*config->AccessRanges)[i];
        ULONG base = *(ULONG *)(PVOID)(space + 0x10 + 4 * space[at + 4]) & ~0xfUL;
        if (range->RangeInMemory && range->RangeStart.LowPart == base) {
            faulty->registers = StorPortGetDeviceBase(faulty, config->AdapterInterfaceType, config->SystemIoBusNumber,
                                                      range->RangeStart, range->RangeLength, FALSE);
            faulty->common = faulty->registers + *(ULONG *)(PVOID)(space + at + 8);
        }
    }
}

static VOID WriteAddress(PUCHAR at, ULONGLONG address)
{
    *(volatile ULONG *)(PVOID)at = (ULONG)address;
    *(volatile ULONG *)(PVOID)(at + 4) = (ULONG)(address >> 32);
}

/* Queue 0 with four entries: descriptors at 0, available ring at 64, used ring at 128 of the uncached extension. */
static VOID EnableQueue(FAULTY *faulty, ULONGLONG descriptors)
{
    STOR_PHYSICAL_ADDRESS pa;
    ULONG length;
    pa = StorPortGetPhysicalAddress(faulty, NULL, faulty->uncached, &length);
    *(volatile USHORT *)(PVOID)(faulty->common + 22) = 0;
    *(volatile USHORT *)(PVOID)(faulty->common + 24) = 4;
    WriteAddress(faulty->common + 32, descriptors != 0 ? descriptors : (ULONGLONG)pa.QuadPart);
    WriteAddress(faulty->common + 40, (ULONGLONG)pa.QuadPart + 64);
    WriteAddress(faulty->common + 48, (ULONGLONG)pa.QuadPart + 128);
    *(volatile USHORT *)(PVOID)(faulty->common + 28) = 1;
}

static ULONG NTAPI FindAdapter(PVOID extension, PVOID context, PVOID bus, PCHAR argument,
                               PPORT_CONFIGURATION_INFORMATION config, PBOOLEAN again)
{
    FAULTY *faulty = extension;
    ULONG i;
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(bus);
    for (i = 0; argument != NULL && argument[i] != '\0' && i + 1 < sizeof(faulty->rule); i++) {
        faulty->rule[i] = argument[i];
    }
    *again = FALSE;
    config->NumberOfBuses = 1;
    config->Dma64BitAddresses = SCSI_DMA64_MINIPORT_SUPPORTED;
    config->MaximumTransferLength = 65536;
    config->NumberOfPhysicalBreaks = Wants(faulty, "uncached") ? SP_UNINITIALIZED_VALUE : 16;
    if (Wants(faulty, "configuration")) {
        config->NumberOfPhysicalBreaks = 4;
    }
    if (Wants(faulty, "configuration-own")) {
        config->WmiDataProvider = FALSE;
    }
    config->SynchronizationModel = StorSynchronizeFullDuplex;
    if (Wants(faulty, "pool-leak")) {
        PVOID leak;
        (VOID)StorPortAllocatePool(extension, 100, 0x6b61654c, &leak);
    }
    if (Wants(faulty, "access-range")) {
        STOR_PHYSICAL_ADDRESS nowhere;
        nowhere.QuadPart = 0x1000;
        (VOID)StorPortGetDeviceBase(extension, config->AdapterInterfaceType, config->SystemIoBusNumber, nowhere, 4096,
                                    FALSE);
    }
    MapCommon(faulty, config);
    faulty->uncached = StorPortGetUncachedExtension(extension, config, 4096);
    return SP_RETURN_FOUND;
}

static BOOLEAN NTAPI Initialize(PVOID extension)
{
    FAULTY *faulty = extension;
    if (Wants(faulty, "irql")) {
        PVOID pool;
        (VOID)StorPortAllocatePool(extension, 16, 0x6c717269, &pool);
    }
    if (Wants(faulty, "phase")) {
        (VOID)StorPortGetBusData(extension, PCIConfiguration, 0, 0, faulty->uncached, 4);
    }
    return TRUE;
}

/* Never unrolled: each level is to take its share of the stack. */
static __attribute__((noinline, optimize("O1"))) ULONG UseStack(volatile UCHAR *above, ULONG depth)
{
    volatile UCHAR room[512];
    room[0] = above[0];
    if (depth == 0) {
        StorPortStallExecution(1);
        return room[0];
    }
    return UseStack(room, depth - 1) + room[0];
}

static VOID Complete(FAULTY *faulty, PSCSI_REQUEST_BLOCK srb)
{
    StorPortNotification(RequestComplete, faulty, srb);
}

static VOID BreakMemory(FAULTY *faulty, PSCSI_REQUEST_BLOCK srb)
{
    if (Now(faulty, "null-pointer")) {
        *(volatile ULONG *)NULL = 1;
    }
    if (Now(faulty, "extension-overrun")) {
        ((volatile UCHAR *)srb->SrbExtension)[64] = 1;
    }
    if (Now(faulty, "stack")) {
        (VOID)UseStack((volatile UCHAR *)"", 64);
    }
    if (Now(faulty, "mmio-alignment")) {
        *(volatile ULONG *)(faulty->registers + 2) = 0;
    }
    if (Now(faulty, "mmio-instruction")) {
        (VOID)InterlockedIncrement((volatile LONG *)faulty->registers);
    }
}

static VOID BreakDma(FAULTY *faulty)
{
    if (Now(faulty, "dma")) {
        EnableQueue(faulty, 0x10000);
    }
    if (Now(faulty, "dma-chain")) {
        RtlZeroMemory(faulty->uncached, 256);
        EnableQueue(faulty, 0);
        *(volatile USHORT *)(PVOID)(faulty->uncached + 68) = 9;
        *(volatile USHORT *)(PVOID)(faulty->uncached + 66) = 1;
    }
    if (Now(faulty, "stop")) {
        *(volatile UCHAR *)(faulty->common + 20) = 1;
    }
    if (Now(faulty, "storm")) {
        *(volatile UCHAR *)(faulty->common + 20) = 1;
    }
    if (Now(faulty, "import")) {
        (VOID)StorPortGetLogicalUnit(faulty, 0, 0, 0);
    }
}

static VOID BreakLocks(FAULTY *faulty)
{
    STOR_LOCK_HANDLE lock, again;
    if (Now(faulty, "lock-twice")) {
        StorPortAcquireSpinLock(faulty, StartIoLock, NULL, &lock);
    }
    if (Now(faulty, "lock-kept")) {
        StorPortAcquireSpinLock(faulty, InterruptLock, NULL, &lock);
    }
    if (Now(faulty, "lock-order")) {
        StorPortAcquireSpinLock(faulty, InterruptLock, NULL, &lock);
        StorPortAcquireSpinLock(faulty, DpcLock, NULL, &again);
    }
    if (Now(faulty, "stall")) {
        StorPortStallExecution(5000);
    }
}

static VOID NTAPI Timer(PVOID extension)
{
    StorPortNotification(RequestTimerCall, extension, Timer, (ULONG)1000);
}

static VOID BreakOrder(FAULTY *faulty)
{
    if (Now(faulty, "queue-depth")) {
        (VOID)StorPortSetDeviceQueueDepth(faulty, 0, 0, 0, 32);
    }
    if (Now(faulty, "timer")) {
        Timer(faulty);
    }
}

static BOOLEAN NTAPI BuildIo(PVOID extension, PSCSI_REQUEST_BLOCK srb)
{
    FAULTY *faulty = extension;
    if (Now(faulty, "build-io")) {
        srb->SrbStatus = SRB_STATUS_SUCCESS;
        Complete(faulty, srb);
    }
    return TRUE;
}

static BOOLEAN NTAPI StartIo(PVOID extension, PSCSI_REQUEST_BLOCK srb)
{
    FAULTY *faulty = extension;
    BreakMemory(faulty, srb);
    BreakLocks(faulty);
    BreakDma(faulty);
    BreakOrder(faulty);
    if (Wants(faulty, "srb-lost")) {
        return TRUE;
    }
    if (Now(faulty, "srb-status")) {
        srb->SrbStatus = SRB_STATUS_PENDING;
    } else {
        srb->SrbStatus = SRB_STATUS_SUCCESS;
    }
    if (Now(faulty, "srb-length")) {
        srb->DataTransferLength += 512;
    }
    if (Now(faulty, "srb-foreign")) {
        Complete(faulty, (PSCSI_REQUEST_BLOCK)faulty->uncached);
    }
    if (faulty->last_srb != NULL && Wants(faulty, "srb-released")) {
        Complete(faulty, faulty->last_srb);
    }
    Complete(faulty, srb);
    if (Now(faulty, "srb-twice")) {
        Complete(faulty, srb);
    }
    faulty->last_srb = srb;
    faulty->done = TRUE;
    return TRUE;
}

static BOOLEAN NTAPI Interrupt(PVOID extension)
{
    return Wants(extension, "storm");
}

static BOOLEAN NTAPI ResetBus(PVOID extension, ULONG path)
{
    StorPortCompleteRequest(extension, (UCHAR)path, SP_UNTAGGED, SP_UNTAGGED, SRB_STATUS_BUS_RESET);
    return TRUE;
}

static SCSI_ADAPTER_CONTROL_STATUS NTAPI AdapterControl(PVOID extension, SCSI_ADAPTER_CONTROL_TYPE type,
                                                        PVOID parameters)
{
    UNREFERENCED_PARAMETER(extension);
    UNREFERENCED_PARAMETER(type);
    UNREFERENCED_PARAMETER(parameters);
    return ScsiAdapterControlUnsuccessful;
}

ULONG NTAPI DriverEntry(PVOID driver, PVOID registry_path);

ULONG NTAPI DriverEntry(PVOID driver, PVOID registry_path)
{
    HW_INITIALIZATION_DATA init;
    RtlZeroMemory(&init, sizeof(init));
    init.HwInitializationDataSize = sizeof(init);
    init.AdapterInterfaceType = PCIBus;
    init.HwInitialize = Initialize;
    init.HwStartIo = StartIo;
    init.HwBuildIo = BuildIo;
    init.HwInterrupt = Interrupt;
    init.HwFindAdapter = FindAdapter;
    init.HwResetBus = ResetBus;
    init.HwAdapterControl = AdapterControl;
    init.DeviceExtensionSize = sizeof(FAULTY);
    init.SrbExtensionSize = 64;
    init.NumberOfAccessRanges = 6;
    init.MapBuffers = STOR_MAP_NON_READ_WRITE_BUFFERS;
    init.NeedPhysicalAddresses = TRUE;
    init.TaggedQueuing = TRUE;
    init.AutoRequestSense = TRUE;
    init.MultipleRequestPerLu = TRUE;
    return StorPortInitialize(driver, registry_path, &init, NULL);
}
