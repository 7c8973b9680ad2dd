/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Life of an adapter: DriverEntry, HwFindAdapter, HwInitialize, stop, sleep, removal. */
#include "adapter.h"

#include <string.h>

#include "cpu/cpu.h"
#include "cpu/mmio.h"
#include "mem/memory.h"
#include "verify/dma.h"
#include "verify/verify.h"

struct sp_framework sp;

void sp_init(struct bus *bus, const struct system_options *options)
{
    memset(&sp, 0, sizeof sp);
    sp.bus = bus;
    sp.options = *options;
    sp.random = options->seed * 2654435761u + 12345;
    exports_storport();
    interrupt_init();
    dma_init(request_dma_allowed);
}

struct sp_adapter *adapter_of(void *extension)
{
    for (unsigned i = 0; i < sp.adapter_count; i++) {
        if (extension != NULL && sp.adapter[i].extension == extension) {
            return &sp.adapter[i];
        }
    }
    rule_broken("storport.extension", "%p is no device extension of this driver", extension);
}

/* ---- DriverEntry ---- */

struct entry_call {
    NTSTATUS(NTAPI *entry)(void *driver, void *registry_path);
    void *driver, *registry_path;
    NTSTATUS status;
};

static void call_entry(void *argument)
{
    struct entry_call *c = argument;
    c->status = c->entry(c->driver, c->registry_path);
}

int32_t sp_driver_entry(void *entry, bool null_arguments)
{
    DRIVER_OBJECT *driver = memory_alloc(MEMORY_POOL, sizeof *driver, 0, "DRIVER_OBJECT");
    UNICODE_STRING *path = memory_alloc(MEMORY_POOL, sizeof *path, 0, "registry path");
    struct entry_call c = {.entry = (NTSTATUS(NTAPI *)(void *, void *))entry};
    memset(driver, 0, sizeof *driver);
    memset(path, 0, sizeof *path);
    if (!null_arguments) {
        c.driver = driver;
        c.registry_path = path;
    }
    cpu_call_driver("DriverEntry", IRQL_PASSIVE, call_entry, &c);
    memory_free(path);
    memory_free(driver);
    if (c.status >= 0 && !sp.initialized) {
        rule_broken("storport.initialize", "DriverEntry succeeded without StorPortInitialize");
    }
    return c.status;
}

/* ---- HwFindAdapter, HwInitialize ---- */

static void describe_device(struct sp_adapter *a)
{
    const struct bus_function *f = &sp.bus->function[a->function];
    PORT_CONFIGURATION_INFORMATION *c = &a->config;
    unsigned count = 0;
    memset(c, 0, sizeof *c);
    for (unsigned i = 0; i < MAX_BARS; i++) {
        if (f->bar[i].length != 0) {
            a->ranges[count].RangeStart.QuadPart = (LONGLONG)f->bar[i].address;
            a->ranges[count].RangeLength = (ULONG)f->bar[i].length;
            a->ranges[count++].RangeInMemory = !f->bar[i].is_io;
        }
    }
    c->Length = sizeof *c;
    c->AdapterInterfaceType = PCIBus;
    c->BusInterruptLevel = f->line;
    c->InterruptMode = LevelSensitive;
    c->MaximumTransferLength = SP_UNINITIALIZED_VALUE;
    c->NumberOfPhysicalBreaks = SP_UNINITIALIZED_VALUE;
    c->DmaChannel = c->DmaPort = SP_UNINITIALIZED_VALUE;
    c->NumberOfAccessRanges = sp.init.NumberOfAccessRanges;
    c->AccessRanges = (ACCESS_RANGE(*)[])a->ranges;
    c->MaximumNumberOfTargets = SCSI_MAXIMUM_TARGETS_PER_BUS;
    c->MaximumNumberOfLogicalUnits = SCSI_MAXIMUM_LOGICAL_UNITS;
    c->ScatterGather = c->Master = c->Dma32BitAddresses = c->WmiDataProvider = TRUE;
    c->MapBuffers = sp.init.MapBuffers;
    c->NeedPhysicalAddresses = sp.init.NeedPhysicalAddresses;
    c->TaggedQueuing = sp.init.TaggedQueuing;
    c->AutoRequestSense = sp.init.AutoRequestSense;
    c->MultipleRequestPerLu = sp.init.MultipleRequestPerLu;
    c->ReceiveEvent = sp.init.ReceiveEvent;
    c->SlotNumber = (f->devfn >> 3) | (f->devfn & 7) << 5;
    c->DeviceExtensionSize = sp.init.DeviceExtensionSize;
    c->SpecificLuExtensionSize = sp.init.SpecificLuExtensionSize;
    c->SrbExtensionSize = sp.init.SrbExtensionSize;
    c->Dma64BitAddresses = SCSI_DMA64_SYSTEM_SUPPORTED;
    c->InterruptSynchronizationMode = InterruptSupportNone;
}

struct find_call {
    struct sp_adapter *adapter;
    char *argument;
    BOOLEAN again, *again_pointer;
    ULONG result;
};

static void call_find_adapter(void *argument)
{
    struct find_call *c = argument;
    c->result =
        sp.init.HwFindAdapter(c->adapter->extension, NULL, NULL, c->argument, &c->adapter->config, c->again_pointer);
    if (c->again) {
        rule_broken("storport.again", "HwFindAdapter asks to be called again; PnP adapters come one by one");
    }
}

/* What HwFindAdapter must have set; facts: storage_r "HwStorFindAdapter", "PORT_CONFIGURATION_INFORMATION (Storport)". */
static void check_configuration(const struct sp_adapter *a, const PORT_CONFIGURATION_INFORMATION *given)
{
    const PORT_CONFIGURATION_INFORMATION *c = &a->config;
    PORT_CONFIGURATION_INFORMATION kept = *c;
    kept.MaximumTransferLength = given->MaximumTransferLength;
    kept.NumberOfPhysicalBreaks = given->NumberOfPhysicalBreaks;
    kept.AlignmentMask = given->AlignmentMask;
    kept.NumberOfBuses = given->NumberOfBuses;
    kept.CachesData = given->CachesData;
    kept.MapBuffers = given->MapBuffers;
    kept.MaximumNumberOfTargets = given->MaximumNumberOfTargets;
    kept.MaximumNumberOfLogicalUnits = given->MaximumNumberOfLogicalUnits;
    kept.Dma64BitAddresses = given->Dma64BitAddresses;
    kept.ResetTargetSupported = given->ResetTargetSupported;
    kept.SynchronizationModel = given->SynchronizationModel;
    kept.HwMSInterruptRoutine = given->HwMSInterruptRoutine;
    kept.InterruptSynchronizationMode = given->InterruptSynchronizationMode;
    kept.DumpRegion = given->DumpRegion;
    kept.RequestedDumpBufferSize = given->RequestedDumpBufferSize;
    if (memcmp(&kept, given, sizeof kept) != 0) {
        rule_broken("storport.configuration", "a member was changed that is StorPort's own");
    }
    if (c->NumberOfPhysicalBreaks == SP_UNINITIALIZED_VALUE || c->MaximumTransferLength == SP_UNINITIALIZED_VALUE) {
        rule_broken("storport.configuration", "MaximumTransferLength or NumberOfPhysicalBreaks was not set");
    }
    if (c->SynchronizationModel != StorSynchronizeFullDuplex) {
        rule_broken("storport.configuration", "half duplex is not for shipped drivers");
    }
    if (!(c->Dma64BitAddresses & (SCSI_DMA64_MINIPORT_SUPPORTED | SCSI_DMA64_MINIPORT_FULL64BIT_SUPPORTED))) {
        rule_broken("storport.configuration", "64-bit DMA is offered by the system and not taken: buffers would bounce");
    }
    if (c->NumberOfBuses == 0 || c->NumberOfPhysicalBreaks < SCSI_MINIMUM_PHYSICAL_BREAKS ||
        c->NumberOfPhysicalBreaks > SCSI_MAXIMUM_PHYSICAL_BREAKS) {
        rule_broken("storport.configuration", "%u buses, %u physical breaks", c->NumberOfBuses,
                    (unsigned)c->NumberOfPhysicalBreaks);
    }
    if (c->HwMSInterruptRoutine != NULL && c->InterruptSynchronizationMode == InterruptSupportNone) {
        rule_broken("storport.configuration", "a message interrupt routine without a synchronization mode");
    }
}

struct flag_call {
    struct sp_adapter *adapter;
    BOOLEAN result;
};

static void call_initialize(void *argument)
{
    struct flag_call *c = argument;
    c->result = sp.init.HwInitialize(c->adapter->extension);
}

static void call_passive_initialize(void *argument)
{
    struct flag_call *c = argument;
    c->result = c->adapter->passive_initialize(c->adapter->extension);
}

static void connect_interrupt(struct sp_adapter *a)
{
    if (a->config.HwMSInterruptRoutine != NULL && sp.options.messages > 0) {
        a->messages = sp.bus->ops->msix_enable(sp.bus, a->function, sp.options.messages);
    }
    a->uses_messages = a->messages > 0;
    a->connected = true;
}

static bool initialize(struct sp_adapter *a)
{
    struct flag_call c = {.adapter = a};
    a->phase = PHASE_INITIALIZE;
    a->held[LOCK_INTERRUPT] = true;
    cpu_call_driver("HwInitialize", IRQL_DEVICE, call_initialize, &c);
    a->held[LOCK_INTERRUPT] = false;
    if (c.result && a->passive_initialize != NULL) {
        a->phase = PHASE_PASSIVE_INITIALIZE;
        cpu_call_driver("HwPassiveInitialize", IRQL_PASSIVE, call_passive_initialize, &c);
    }
    a->phase = c.result ? PHASE_RUNNING : PHASE_STOPPED;
    return c.result;
}

enum sp_start sp_start_again(struct sp_adapter *a)
{
    struct find_call c = {.adapter = a};
    PORT_CONFIGURATION_INFORMATION given;
    char argument[64];
    describe_device(a);
    given = a->config;
    /* The page says that Again is not supplied; sources differ. So the first start has it, later ones do not. */
    c.again_pointer = a->stops == 0 ? &c.again : NULL;
    if (sp.options.boot_argument != NULL) {
        strncpy(argument, sp.options.boot_argument, sizeof argument - 1);
        argument[sizeof argument - 1] = '\0';
        c.argument = argument;
    }
    a->phase = PHASE_FIND_ADAPTER;
    a->passive_initialize = NULL;
    a->timer = NULL;
    a->queue_depth = DEFAULT_DEPTH;
    a->inquiry_seen = false;
    cpu_call_driver("HwFindAdapter", IRQL_PASSIVE, call_find_adapter, &c);
    if (c.result != SP_RETURN_FOUND) {
        a->phase = PHASE_STOPPED;
        return c.result == SP_RETURN_NOT_FOUND ? SP_NOT_FOUND : SP_REFUSED;
    }
    check_configuration(a, &given);
    connect_interrupt(a);
    return initialize(a) ? SP_STARTED : SP_INITIALIZE_FAILED;
}

enum sp_start sp_start(unsigned function, struct sp_adapter **adapter)
{
    struct sp_adapter *a = &sp.adapter[sp.adapter_count];
    if (sp.adapter_count == SP_MAX_ADAPTERS || !sp.initialized) {
        host_fatal("internal: sp_start before DriverEntry, or more than %d adapters", SP_MAX_ADAPTERS);
    }
    memset(a, 0, sizeof *a);
    a->function = function;
    a->waiting_tail = &a->waiting;
    a->completed_tail = &a->completed;
    a->extension = memory_alloc(MEMORY_POOL, sp.init.DeviceExtensionSize, 0, "device extension");
    a->ranges = memory_alloc(MEMORY_POOL, MAX_BARS * sizeof(ACCESS_RANGE), 0, "access ranges");
    memset(a->extension, 0, sp.init.DeviceExtensionSize);
    memset(a->ranges, 0, MAX_BARS * sizeof(ACCESS_RANGE));
    sp.adapter_count++;
    dma_watch(sp.bus, function);
    *adapter = a;
    return sp_start_again(a);
}

/* ---- HwAdapterControl ---- */

struct control_call {
    struct sp_adapter *adapter;
    SCSI_ADAPTER_CONTROL_TYPE type;
    void *parameters;
    SCSI_ADAPTER_CONTROL_STATUS status;
};

static void call_control(void *argument)
{
    struct control_call *c = argument;
    c->status = sp.init.HwAdapterControl(c->adapter->extension, c->type, c->parameters);
}

static bool control_is_supported(struct sp_adapter *a, SCSI_ADAPTER_CONTROL_TYPE type)
{
    size_t size = sizeof(SCSI_SUPPORTED_CONTROL_TYPE_LIST) + ScsiAdapterControlMax;
    SCSI_SUPPORTED_CONTROL_TYPE_LIST *list = memory_alloc(MEMORY_POOL, size, 0, "control type list");
    struct control_call c = {.adapter = a, .type = ScsiQuerySupportedControlTypes, .parameters = list};
    bool supported;
    memset(list, 0, size);
    list->MaxControlType = ScsiAdapterControlMax;
    cpu_call_driver("HwAdapterControl(QuerySupportedControlTypes)", IRQL_DISPATCH, call_control, &c);
    supported = c.status == ScsiAdapterControlSuccess && list->SupportedTypeList[type];
    memory_free(list);
    return supported;
}

static bool control(struct sp_adapter *a, SCSI_ADAPTER_CONTROL_TYPE type, const char *name, bool at_dirql)
{
    struct control_call c = {.adapter = a, .type = type};
    a->held[LOCK_INTERRUPT] = at_dirql;
    cpu_call_driver(name, at_dirql ? IRQL_DEVICE : IRQL_DISPATCH, call_control, &c);
    a->held[LOCK_INTERRUPT] = false;
    return c.status == ScsiAdapterControlSuccess;
}

/*
 * What StorPort takes back at a stop: the mappings, and the uncached extension every other time. Sources differ about
 * that; kept, it is not given a second time (storage_r "StorPortGetUncachedExtension").
 */
static void release_resources(struct sp_adapter *a)
{
    for (unsigned i = 0; i < MAX_BARS; i++) {
        if (a->mapped[i] != NULL) {
            mmio_unmap(a->mapped[i]);
            a->mapped[i] = NULL;
        }
    }
    if (a->stops++ % 2 == 0 && a->uncached != NULL) {
        memory_free(a->uncached);
        a->uncached = NULL;
    }
}

void sp_stop(struct sp_adapter *a)
{
    if (a->phase != PHASE_RUNNING) {
        return;
    }
    if (a->with_driver != 0) {
        host_fatal("internal: stop with %u requests in flight", a->with_driver);
    }
    if (control_is_supported(a, ScsiStopAdapter)) {
        control(a, ScsiStopAdapter, "HwAdapterControl(StopAdapter)", true);
    }
    a->phase = PHASE_STOPPED;
    interrupt_deliver(a); /* the last one, or another device's on the same line */
    a->connected = false;
    sp.bus->ops->msix_enable(sp.bus, a->function, 0);
    a->messages = 0;
    dma_expect_quiet(sp.bus, a->function);
    release_resources(a);
    interrupt_late_timer(a);
}

static void power_request(struct sp_adapter *a, uint32_t state)
{
    struct sp_request power = {.function = SRB_FUNCTION_POWER, .action = state};
    sp_submit(a, &power);
    if (!sp_wait(a, &power, 5)) {
        rule_broken("storport.hang", "a POWER request was not completed");
    }
}

bool sp_sleep(struct sp_adapter *a)
{
    power_request(a, StorPowerDeviceD3);
    if (!control_is_supported(a, ScsiStopAdapter) || !control(a, ScsiStopAdapter, "HwAdapterControl(StopAdapter)", true)) {
        return false;
    }
    a->phase = PHASE_STOPPED;
    interrupt_deliver(a);
    dma_expect_quiet(sp.bus, a->function);
    interrupt_late_timer(a);
    return true;
}

bool sp_wake(struct sp_adapter *a)
{
    if (!control_is_supported(a, ScsiRestartAdapter)) {
        return sp_start_again(a) == SP_STARTED;
    }
    if (!control(a, ScsiRestartAdapter, "HwAdapterControl(RestartAdapter)", sp.options.restart_at_dirql)) {
        return false;
    }
    a->phase = PHASE_RUNNING;
    power_request(a, StorPowerDeviceD0);
    return true;
}

static void call_reset_bus(void *argument)
{
    struct flag_call *c = argument;
    c->result = sp.init.HwResetBus(c->adapter->extension, 0);
}

void sp_reset_bus(struct sp_adapter *a)
{
    struct flag_call c = {.adapter = a};
    a->held[LOCK_STARTIO] = true;
    cpu_call_driver("HwResetBus", IRQL_DISPATCH, call_reset_bus, &c);
    a->held[LOCK_STARTIO] = false;
}

void sp_remove(struct sp_adapter *a)
{
    sp_stop(a);
    request_free_slots(a);
    dma_unwatch(a->function);
    if (a->uncached != NULL) {
        memory_free(a->uncached);
    }
    memory_free(a->ranges);
    memory_free(a->extension);
    a->extension = NULL;
    a->phase = PHASE_NONE;
}

uint32_t sp_max_transfer(const struct sp_adapter *a)
{
    return a->config.MaximumTransferLength;
}

uint32_t sp_max_elements(const struct sp_adapter *a)
{
    return a->config.NumberOfPhysicalBreaks + 1;
}

bool sp_caches_data(const struct sp_adapter *a)
{
    return a->config.CachesData;
}

unsigned sp_queue_depth(const struct sp_adapter *a)
{
    return a->queue_depth;
}

unsigned long sp_interrupts(const struct sp_adapter *a)
{
    return a->interrupts;
}

unsigned long sp_changes_told(const struct sp_adapter *a)
{
    return a->changes_told;
}

bool sp_uses_messages(const struct sp_adapter *a)
{
    return a->uses_messages;
}
