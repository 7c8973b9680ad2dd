/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The functions of storport.sys that miniports import. Facts: WDK 7.1 documentation, book storage_r, page of each. */
#include "adapter.h"

#include <string.h>

#include "cpu/cpu.h"
#include "cpu/mmio.h"
#include "events.h"
#include "frameworks/event_log.h"
#include "mem/memory.h"
#include "nt/exports.h"
#include "nt/variadic.h"
#include "verify/verify.h"

ULONG NTAPI StorPortInitialize(PVOID Argument1, PVOID Argument2, PHW_INITIALIZATION_DATA HwInitializationData,
                               PVOID HwContext)
{
    const HW_INITIALIZATION_DATA *init = HwInitializationData;
    (void)HwContext;
    if (Argument1 == NULL || Argument2 == NULL) {
        trace("StorPortInitialize without driver object: dump mode");
    }
    if (init->HwInitializationDataSize != sizeof *init) {
        rule_broken("storport.initialize", "HW_INITIALIZATION_DATA of %u bytes; Windows 7 has %zu",
                    (unsigned)init->HwInitializationDataSize, sizeof *init);
    }
    if (init->HwInitialize == NULL || init->HwStartIo == NULL || init->HwFindAdapter == NULL ||
        init->HwResetBus == NULL || init->HwInterrupt == NULL || init->HwAdapterControl == NULL ||
        init->HwDmaStarted != NULL || init->HwAdapterState != NULL || !init->NeedPhysicalAddresses ||
        !init->TaggedQueuing || !init->AutoRequestSense || !init->MultipleRequestPerLu) {
        rule_broken("storport.initialize", "a callback is missing, or a flag that must be TRUE is not");
    }
    sp.init = *init;
    sp.initialized = true;
    return STATUS_SUCCESS;
}

static void require_phase(enum phase phase, const char *name, const char *where, const struct sp_adapter *a)
{
    if (a->phase != phase) {
        rule_broken("storport.phase", "%s may only be called in %s", name, where);
    }
}

ULONG NTAPI StorPortGetBusData(PVOID DeviceExtension, ULONG BusDataType, ULONG SystemIoBusNumber, ULONG SlotNumber,
                               PVOID Buffer, ULONG Length)
{
    struct sp_adapter *a = adapter_of(DeviceExtension);
    const struct bus_function *f = &sp.bus->function[a->function];
    uint8_t *to = Buffer;
    require_phase(PHASE_FIND_ADAPTER, "StorPortGetBusData", "HwFindAdapter", a);
    if (BusDataType != PCIConfiguration || SystemIoBusNumber != a->config.SystemIoBusNumber ||
        SlotNumber != a->config.SlotNumber) {
        return 0;
    }
    for (ULONG i = 0; i < Length && i < 256; i++) {
        to[i] = (uint8_t)sp.bus->ops->config_read(sp.bus, f->devfn, i, 1);
    }
    return Length < 256 ? Length : 256;
}

PVOID NTAPI StorPortGetDeviceBase(PVOID HwDeviceExtension, INTERFACE_TYPE BusType, ULONG SystemIoBusNumber,
                                  STOR_PHYSICAL_ADDRESS IoAddress, ULONG NumberOfBytes, BOOLEAN InIoSpace)
{
    struct sp_adapter *a = adapter_of(HwDeviceExtension);
    uint64_t start = (uint64_t)IoAddress.QuadPart;
    require_phase(PHASE_FIND_ADAPTER, "StorPortGetDeviceBase", "HwFindAdapter", a);
    if (BusType != a->config.AdapterInterfaceType || SystemIoBusNumber != a->config.SystemIoBusNumber || InIoSpace) {
        return NULL;
    }
    for (unsigned i = 0; i < MAX_BARS; i++) {
        const ACCESS_RANGE *range = &a->ranges[i];
        uint64_t base = (uint64_t)range->RangeStart.QuadPart;
        if (range->RangeInMemory && start >= base && start - base < range->RangeLength &&
            NumberOfBytes <= range->RangeLength - (start - base)) {
            a->mapped[i] = mmio_map(start, NumberOfBytes);
            return a->mapped[i];
        }
    }
    rule_broken("storport.range", "%#llx, %u bytes, is no part of an access range of the adapter",
                (unsigned long long)start, (unsigned)NumberOfBytes);
}

VOID NTAPI StorPortFreeDeviceBase(PVOID HwDeviceExtension, PVOID MappedAddress)
{
    struct sp_adapter *a = adapter_of(HwDeviceExtension);
    if (!mmio_unmap(MappedAddress)) {
        rule_broken("storport.range", "%p is no mapped device memory", MappedAddress);
    }
    for (unsigned i = 0; i < MAX_BARS; i++) {
        if (a->mapped[i] == MappedAddress) {
            a->mapped[i] = NULL;
        }
    }
}

PVOID NTAPI StorPortGetUncachedExtension(PVOID HwDeviceExtension, PPORT_CONFIGURATION_INFORMATION ConfigInfo,
                                         ULONG NumberOfBytes)
{
    struct sp_adapter *a = adapter_of(HwDeviceExtension);
    require_phase(PHASE_FIND_ADAPTER, "StorPortGetUncachedExtension", "HwFindAdapter", a);
    if (ConfigInfo != &a->config) {
        rule_broken("storport.uncached", "another configuration record than the one given to HwFindAdapter");
    }
    if (ConfigInfo->MaximumTransferLength == SP_UNINITIALIZED_VALUE ||
        ConfigInfo->NumberOfPhysicalBreaks == SP_UNINITIALIZED_VALUE) {
        rule_broken("storport.uncached", "MaximumTransferLength and NumberOfPhysicalBreaks are to be set before");
    }
    if (a->uncached != NULL) {
        return NULL; /* there is one already */
    }
    a->uncached = memory_alloc(MEMORY_CONTIGUOUS, NumberOfBytes, 0, "uncached extension");
    a->uncached_length = NumberOfBytes;
    return a->uncached;
}

STOR_PHYSICAL_ADDRESS NTAPI StorPortGetPhysicalAddress(PVOID HwDeviceExtension, PSCSI_REQUEST_BLOCK Srb,
                                                       PVOID VirtualAddress, ULONG *Length)
{
    STOR_PHYSICAL_ADDRESS result = {.QuadPart = 0};
    struct sp_adapter *a = adapter_of(HwDeviceExtension);
    uint8_t *at = VirtualAddress;
    uint64_t pa = memory_pa(at);
    (void)Srb;
    *Length = 0;
    if (pa == UINT64_MAX) {
        return result;
    }
    if (at >= (uint8_t *)a->uncached && at < (uint8_t *)a->uncached + a->uncached_length) {
        *Length = a->uncached_length - (ULONG)(at - (uint8_t *)a->uncached);
    } else {
        *Length = MEMORY_PAGE - (ULONG)(pa % MEMORY_PAGE);
    }
    result.QuadPart = (LONGLONG)pa;
    return result;
}

PVOID NTAPI StorPortGetVirtualAddress(PVOID HwDeviceExtension, STOR_PHYSICAL_ADDRESS PhysicalAddress)
{
    (void)adapter_of(HwDeviceExtension);
    return memory_at((uint64_t)PhysicalAddress.QuadPart);
}

PSTOR_SCATTER_GATHER_LIST NTAPI StorPortGetScatterGatherList(PVOID HwDeviceExtension, PSCSI_REQUEST_BLOCK Srb)
{
    struct slot *s = request_slot(Srb);
    if (s->adapter != adapter_of(HwDeviceExtension) || s->state != SLOT_WITH_DRIVER) {
        rule_broken("storport.srb", "the scatter/gather list of a request that the miniport does not have");
    }
    return s->elements->NumberOfElements != 0 ? s->elements : NULL;
}

VOID NTAPI StorPortStallExecution(ULONG Delay)
{
    uint64_t end = sp.bus->ops->clock_us(sp.bus) + Delay;
    if (Delay >= 1000) {
        rule_broken("storport.stall", "a stall of %u us; it must be below 1000", (unsigned)Delay);
    }
    while (sp.bus->ops->clock_us(sp.bus) < end) {
        sp.stalling = true;
        interrupt_let_in();
        sp.stalling = false;
        sp.bus->ops->poll(sp.bus, (unsigned)(end - sp.bus->ops->clock_us(sp.bus)) % 1000);
    }
}

VOID NTAPI StorPortCompleteRequest(PVOID HwDeviceExtension, UCHAR PathId, UCHAR TargetId, UCHAR Lun, UCHAR SrbStatus)
{
    (void)PathId;
    (void)TargetId;
    (void)Lun;
    request_complete_all(adapter_of(HwDeviceExtension), SrbStatus);
}

BOOLEAN NTAPI StorPortSetDeviceQueueDepth(PVOID HwDeviceExtension, UCHAR PathId, UCHAR TargetId, UCHAR Lun, ULONG Depth)
{
    struct sp_adapter *a = adapter_of(HwDeviceExtension);
    if (!a->inquiry_seen) {
        rule_broken("storport.depth", "the queue depth is set before the unit's first INQUIRY");
    }
    if (PathId != 0 || TargetId != 0 || Lun != 0 || Depth == 0 || Depth > MAX_SLOTS) {
        return FALSE;
    }
    a->queue_depth = Depth;
    return TRUE;
}

BOOLEAN NTAPI StorPortBusy(PVOID HwDeviceExtension, ULONG RequestsToComplete)
{
    struct sp_adapter *a = adapter_of(HwDeviceExtension);
    a->busy_until = RequestsToComplete < a->with_driver ? RequestsToComplete : a->with_driver;
    return TRUE;
}

BOOLEAN NTAPI StorPortReady(PVOID HwDeviceExtension)
{
    adapter_of(HwDeviceExtension)->busy_until = 0;
    return TRUE;
}

BOOLEAN NTAPI StorPortDeviceBusy(PVOID HwDeviceExtension, UCHAR PathId, UCHAR TargetId, UCHAR Lun,
                                 ULONG RequestsToComplete)
{
    (void)PathId;
    (void)TargetId;
    (void)Lun;
    return StorPortBusy(HwDeviceExtension, RequestsToComplete);
}

BOOLEAN NTAPI StorPortDeviceReady(PVOID HwDeviceExtension, UCHAR PathId, UCHAR TargetId, UCHAR Lun)
{
    (void)PathId;
    (void)TargetId;
    (void)Lun;
    return StorPortReady(HwDeviceExtension);
}

BOOLEAN NTAPI StorPortPause(PVOID HwDeviceExtension, ULONG Timeout)
{
    struct sp_adapter *a = adapter_of(HwDeviceExtension);
    a->paused = true;
    a->pause_ends_us = sp.bus->ops->clock_us(sp.bus) + Timeout * 1000000ull;
    return TRUE;
}

BOOLEAN NTAPI StorPortResume(PVOID HwDeviceExtension)
{
    adapter_of(HwDeviceExtension)->paused = false;
    return TRUE;
}

VOID NTAPI StorPortLogError(PVOID HwDeviceExtension, PSCSI_REQUEST_BLOCK Srb, UCHAR PathId, UCHAR TargetId, UCHAR Lun,
                            ULONG ErrorCode, ULONG UniqueId)
{
    (void)Srb;
    (void)PathId;
    (void)TargetId;
    (void)Lun;
    (void)adapter_of(HwDeviceExtension);
    event_add(ErrorCode, UniqueId, NULL);
}

/* ---- StorPortNotification: one function for many ---- */

static void initialize_dpc(struct sp_adapter *a, STOR_DPC *dpc, PHW_DPC_ROUTINE routine)
{
    require_phase(PHASE_PASSIVE_INITIALIZE, "StorPortInitializeDpc", "HwPassiveInitialize", a);
    for (int i = 0; i < MAX_DPCS; i++) {
        if (a->dpc[i].dpc == NULL || a->dpc[i].dpc == dpc) {
            a->dpc[i] = (struct dpc){.dpc = dpc, .routine = routine};
            return;
        }
    }
    host_fatal("internal: more than %d DPCs", MAX_DPCS);
}

static BOOLEAN issue_dpc(struct sp_adapter *a, STOR_DPC *dpc, void *argument1, void *argument2)
{
    for (int i = 0; i < MAX_DPCS; i++) {
        struct dpc *d = &a->dpc[i];
        if (d->dpc == dpc) {
            if (d->queued) {
                return FALSE;
            }
            d->queued = true;
            d->argument1 = argument1;
            d->argument2 = argument2;
            return TRUE;
        }
    }
    rule_broken("storport.dpc", "a DPC is issued that was never initialised");
}

static void acquire(struct sp_adapter *a, STOR_SPINLOCK lock, STOR_LOCK_HANDLE *handle)
{
    unsigned irql = lock == InterruptLock ? IRQL_DEVICE : IRQL_DISPATCH;
    lock_acquire(a, (enum lock)lock);
    handle->Lock = lock;
    handle->Context.OldIrql = (KIRQL)cpu_irql;
    cpu_irql = irql > cpu_irql ? irql : cpu_irql;
}

static void release(struct sp_adapter *a, const STOR_LOCK_HANDLE *handle)
{
    lock_release(a, (enum lock)handle->Lock);
    cpu_irql = handle->Context.OldIrql;
}

static VOID VARIADIC_ABI notification(SCSI_NOTIFICATION_TYPE type, PVOID extension, ...)
{
    struct sp_adapter *a = adapter_of(extension);
    driver_va_list arguments;
    driver_va_start(arguments, extension);
    switch ((unsigned)type) {
    case RequestComplete:
        request_completed(a, driver_va_arg(arguments, PSCSI_REQUEST_BLOCK));
        break;
    case NextRequest:
    case NextLuRequest:
        break; /* StorPort asks for neither */
    case BusChangeDetected:
        a->changes_told += cpu_irql == IRQL_DEVICE;
        trace("the bus changed");
        break;
    case ResetDetected:
        trace("notification %u", (unsigned)type);
        break;
    case RequestTimerCall: {
        PHW_TIMER timer = driver_va_arg(arguments, PHW_TIMER);
        ULONG delay_us = driver_va_arg(arguments, ULONG);
        a->timer = delay_us != 0 ? timer : NULL;
        a->timer_at_us = sp.bus->ops->clock_us(sp.bus) + delay_us;
        break;
    }
    case EnablePassiveInitialization: {
        exports_check_irql("StorPortEnablePassiveInitialization");
        PHW_PASSIVE_INITIALIZE_ROUTINE routine = driver_va_arg(arguments, PHW_PASSIVE_INITIALIZE_ROUTINE);
        BOOLEAN *accepted = driver_va_arg(arguments, BOOLEAN *);
        require_phase(PHASE_INITIALIZE, "StorPortEnablePassiveInitialization", "HwInitialize", a);
        a->passive_initialize = routine;
        *accepted = TRUE;
        break;
    }
    case InitializeDpc: {
        exports_check_irql("StorPortInitializeDpc");
        STOR_DPC *dpc = driver_va_arg(arguments, STOR_DPC *);
        initialize_dpc(a, dpc, driver_va_arg(arguments, PHW_DPC_ROUTINE));
        break;
    }
    case IssueDpc: {
        exports_check_irql("StorPortIssueDpc");
        STOR_DPC *dpc = driver_va_arg(arguments, STOR_DPC *);
        void *argument1 = driver_va_arg(arguments, void *), *argument2 = driver_va_arg(arguments, void *);
        *driver_va_arg(arguments, BOOLEAN *) = issue_dpc(a, dpc, argument1, argument2);
        break;
    }
    case AcquireSpinLock: {
        STOR_SPINLOCK lock = (STOR_SPINLOCK)driver_va_arg(arguments, unsigned);
        (void)driver_va_arg(arguments, void *);
        acquire(a, lock, driver_va_arg(arguments, STOR_LOCK_HANDLE *));
        break;
    }
    case ReleaseSpinLock:
        release(a, driver_va_arg(arguments, STOR_LOCK_HANDLE *));
        break;
    default:
        rule_broken("storport.notification", "notification %#x is not served by this host", (unsigned)type);
    }
    driver_va_end(arguments);
}

/* ---- StorPortExtendedFunction ---- */

static ULONG message_information(struct sp_adapter *a, ULONG message, MESSAGE_INTERRUPT_INFORMATION *information)
{
    if (message >= a->messages) {
        return STOR_STATUS_UNSUCCESSFUL;
    }
    memset(information, 0, sizeof *information);
    information->MessageId = message;
    information->InterruptMode = Latched;
    return STOR_STATUS_SUCCESS;
}

static ULONG initialize_perf_opts(struct sp_adapter *a, BOOLEAN query, PERF_CONFIGURATION_DATA *data)
{
    ULONG known = STOR_PERF_DPC_REDIRECTION | STOR_PERF_INTERRUPT_MESSAGE_RANGES | STOR_PERF_ADV_CONFIG_LOCALITY |
                  STOR_PERF_OPTIMIZE_FOR_COMPLETION_DURING_STARTIO;
    if (a->phase != PHASE_INITIALIZE || data->Version != STOR_PERF_VERSION || data->Size != sizeof *data ||
        (!query && data->Flags & ~known)) {
        return STOR_STATUS_UNSUCCESSFUL;
    }
    if (query) {
        data->Flags = known;
    }
    return STOR_STATUS_SUCCESS;
}

static ULONG VARIADIC_ABI extended_function(STORPORT_FUNCTION_CODE code, PVOID extension, ...)
{
    struct sp_adapter *a = adapter_of(extension);
    ULONG status = STOR_STATUS_SUCCESS;
    driver_va_list arguments;
    driver_va_start(arguments, extension);
    switch ((unsigned)code) {
    case ExtFunctionAllocatePool: {
        exports_check_irql("StorPortAllocatePool");
        ULONG size = driver_va_arg(arguments, ULONG);
        (void)driver_va_arg(arguments, ULONG);
        *driver_va_arg(arguments, void **) = memory_alloc(MEMORY_POOL, size, 0, "StorPortAllocatePool");
        break;
    }
    case ExtFunctionFreePool:
        exports_check_irql("StorPortFreePool");
        memory_free(driver_va_arg(arguments, void *));
        break;
    case ExtFunctionGetSystemAddress: {
        exports_check_irql("StorPortGetSystemAddress");
        struct slot *s = request_slot(driver_va_arg(arguments, PSCSI_REQUEST_BLOCK));
        *driver_va_arg(arguments, void **) = s->request->data;
        break;
    }
    case ExtFunctionGetMessageInterruptInformation: {
        exports_check_irql("StorPortGetMSIInfo");
        ULONG message = driver_va_arg(arguments, ULONG);
        status = message_information(a, message, driver_va_arg(arguments, MESSAGE_INTERRUPT_INFORMATION *));
        break;
    }
    case ExtFunctionInitializePerformanceOptimizations: {
        exports_check_irql("StorPortInitializePerfOpts");
        BOOLEAN query = (BOOLEAN)driver_va_arg(arguments, int);
        status = initialize_perf_opts(a, query, driver_va_arg(arguments, PERF_CONFIGURATION_DATA *));
        break;
    }
    case ExtFunctionLogSystemEvent: {
        exports_check_irql("StorPortLogSystemEvent");
        STOR_LOG_EVENT_DETAILS *details = driver_va_arg(arguments, STOR_LOG_EVENT_DETAILS *);
        status = event_add_details(details, driver_va_arg(arguments, ULONG *));
        break;
    }
    default:
        if ((unsigned)code > ExtFunctionFreeContiguousMemorySpecifyCache) {
            rule_broken("storport.extended", "extended function %u does not exist in Windows 7", (unsigned)code);
        }
        rule_broken("storport.extended", "extended function %u is not served by this host", (unsigned)code);
    }
    driver_va_end(arguments);
    return status;
}

static VOID VARIADIC_ABI debug_print(ULONG level, PCCHAR message, ...)
{
    trace("StorPortDebugPrint(%u): %s", (unsigned)level, message);
}

#define MODULE "storport.sys"
static struct export table[] = {
    NT_EXPORT(MODULE, StorPortInitialize),
    NT_EXPORT(MODULE, StorPortGetBusData),
    NT_EXPORT(MODULE, StorPortGetDeviceBase),
    NT_EXPORT(MODULE, StorPortFreeDeviceBase),
    NT_EXPORT(MODULE, StorPortGetUncachedExtension),
    NT_EXPORT(MODULE, StorPortGetPhysicalAddress),
    NT_EXPORT(MODULE, StorPortGetVirtualAddress),
    NT_EXPORT(MODULE, StorPortGetScatterGatherList),
    NT_EXPORT(MODULE, StorPortStallExecution),
    NT_EXPORT(MODULE, StorPortCompleteRequest),
    NT_EXPORT(MODULE, StorPortSetDeviceQueueDepth),
    NT_EXPORT(MODULE, StorPortBusy),
    NT_EXPORT(MODULE, StorPortReady),
    NT_EXPORT(MODULE, StorPortDeviceBusy),
    NT_EXPORT(MODULE, StorPortDeviceReady),
    NT_EXPORT(MODULE, StorPortPause),
    NT_EXPORT(MODULE, StorPortResume),
    NT_EXPORT(MODULE, StorPortLogError),
    NT_EXPORT_AS(MODULE, StorPortNotification, notification),
    NT_EXPORT_AS(MODULE, StorPortExtendedFunction, extended_function),
    NT_EXPORT_AS(MODULE, StorPortDebugPrint, debug_print),
};

void exports_storport(void)
{
    exports_add(table, sizeof table / sizeof table[0]);
}
