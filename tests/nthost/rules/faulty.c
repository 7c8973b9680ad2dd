/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A StorPort miniport that breaks one rule on purpose, chosen by the argument string of HwFindAdapter
 * (nthost --boot-argument NAME): shows that the host notices. With argument "honest" it breaks none.
 * It answers every request with success and never touches a device but for one register.
 */
#include <ntddk.h>

#include <storport.h>

typedef struct _FAULTY {
    char rule[32];
    PUCHAR registers;
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
    config->ScatterGather = TRUE;
    config->Master = TRUE;
    config->NumberOfBuses = 1;
    config->MaximumTransferLength = 65536;
    config->NumberOfPhysicalBreaks = Wants(faulty, "configuration") ? SP_UNINITIALIZED_VALUE : 16;
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
    for (i = 0; i < config->NumberOfAccessRanges && faulty->registers == NULL; i++) {
        PACCESS_RANGE range = &(*config->AccessRanges)[i];
        if (range->RangeInMemory && range->RangeLength >= 4096) {
            faulty->registers = StorPortGetDeviceBase(extension, config->AdapterInterfaceType,
                                                      config->SystemIoBusNumber, range->RangeStart,
                                                      range->RangeLength, FALSE);
        }
    }
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

static ULONG UseStack(volatile UCHAR *above, ULONG depth)
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
    UNREFERENCED_PARAMETER(extension);
    return FALSE;
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
