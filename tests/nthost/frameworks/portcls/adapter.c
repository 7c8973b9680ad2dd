/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Life of an adapter: AddDevice, start, power, removal. PortCls handles each IRP; a driver that hooks one passes it on with
 * PcDispatchIrp. audio_d "Port Class Adapter Driver", audio_r "PcAddAdapterDevice".
 */
#include "port.h"

#include <string.h>

#include "cpu/cpu.h"
#include "mem/memory.h"
#include "nt/irp.h"
#include "nt/nt.h"
#include "nt/wdm.h"
#include "verify/dma.h"
#include "verify/verify.h"

enum { OURS = 0xa5, FIRST_FREE_SLOT = 4, LAST_FREE_SLOT = 7, PATH_CHARS = 128 };

struct pc_framework pc;

static bool dma_is_allowed(unsigned function, uint64_t pa, uint64_t length, bool device_writes)
{
    return dma_adapter_allows(function, pa, length) || stream_allows(function, pa, length, device_writes);
}

void pc_init(struct bus *bus, const struct system_options *options)
{
    memset(&pc, 0, sizeof pc);
    pc.bus = bus;
    pc.options = *options;
    nt_init(bus);
    wdm_init(options);
    exports_portcls();
    resources_init();
    ports_init();
    streams_init();
    dma_init(dma_is_allowed);
}

void pc_pump(unsigned timeout_us)
{
    wdm_pump(timeout_us);
}

struct pc_device *pc_device_of(const DEVICE_OBJECT *fdo, const char *what)
{
    for (unsigned i = 0; i < PC_MAX_DEVICES; i++) {
        if (fdo != NULL && pc.device[i].in_use && pc.device[i].fdo == fdo) {
            return &pc.device[i];
        }
    }
    rule_broken("portcls.device", "%s: %p is no device object of PcAddAdapterDevice", what, (const void *)fdo);
}

/* ---- Driver ---- */

/* Its last part is the service's name, or what the user gave for it. */
static void make_path(const char *last)
{
    static const char start[] = "\\Registry\\Machine\\System\\CurrentControlSet\\Services\\";
    unsigned length = 0;
    pc.path = memory_alloc(MEMORY_POOL, sizeof *pc.path, 0, "registry path");
    pc.path->Buffer = memory_alloc(MEMORY_POOL, PATH_CHARS * sizeof(WCHAR), 0, "registry path text");
    for (const char *from = start; *from != '\0'; from++) {
        pc.path->Buffer[length++] = (WCHAR)*from;
    }
    for (const char *from = last; *from != '\0' && length < PATH_CHARS - 1; from++) {
        pc.path->Buffer[length++] = (WCHAR)*from;
    }
    pc.path->Buffer[length] = 0;
    pc.path->Length = (USHORT)(length * sizeof(WCHAR));
    pc.path->MaximumLength = (USHORT)(pc.path->Length + sizeof(WCHAR));
}

int32_t pc_driver_entry(void *entry)
{
    NTSTATUS status;
    pc.driver = memory_alloc(MEMORY_POOL, sizeof *pc.driver + sizeof *pc.driver->DriverExtension, 0, "DRIVER_OBJECT");
    make_path(pc.options.boot_argument != NULL ? pc.options.boot_argument : "driver");
    memset(pc.driver, 0, sizeof *pc.driver + sizeof *pc.driver->DriverExtension);
    pc.driver->Type = 4;
    pc.driver->Size = sizeof *pc.driver;
    pc.driver->DriverExtension = (DRIVER_EXTENSION *)(pc.driver + 1);
    status = (NTSTATUS)driver_call("DriverEntry", IRQL_PASSIVE, entry, 2, WORD(pc.driver), WORD(pc.path));
    if (status >= 0 && !pc.is_initialized) {
        rule_broken("portcls.initialize", "DriverEntry succeeded without PcInitializeAdapterDriver");
    }
    return status;
}

void pc_unload(void)
{
    if (pc.driver == NULL) {
        return;
    }
    if (pc.is_initialized) {
        driver_call("DriverUnload", IRQL_PASSIVE, (const void *)pc.driver->DriverUnload, 1, WORD(pc.driver));
        if (!pc.was_unloaded) {
            rule_broken("portcls.unload", "the driver's DriverUnload does not call the one that PortCls had put there");
        }
    }
    if (pc_objects_left() != 0) {
        rule_broken("portcls.reference", "the driver still holds objects of PortCls after it was unloaded");
    }
    wdm_expect_nothing_left();
    memory_free(pc.driver);
    memory_free(pc.path->Buffer);
    memory_free(pc.path);
    pc.driver = NULL;
}

/* ---- IRPs to an adapter ---- */

struct done {
    bool is_done;
    NTSTATUS status;
    ULONG_PTR information;
};

static NTSTATUS NTAPI note_done(DEVICE_OBJECT *device, IRP *irp, PVOID context)
{
    struct done *d = context;
    (void)device;
    if (d->is_done) {
        rule_broken("irp.twice", "an IRP is completed twice");
    }
    *d = (struct done){true, irp->IoStatus.Status, irp->IoStatus.Information};
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static struct done send(struct pc_device *d, IRP *irp)
{
    struct done done = {.is_done = false};
    uint64_t end = pc.bus->ops->clock_us(pc.bus) + 10 * 1000000;
    irp_on_completion(irp, note_done, &done);
    irp_send(d->fdo, irp);
    while (!done.is_done && pc.bus->ops->clock_us(pc.bus) < end) {
        pc_pump(1000);
    }
    if (!done.is_done) {
        rule_broken("irp.lost", "an IRP to the adapter was not completed within 10 s");
    }
    return done;
}

static struct done send_pnp(struct pc_device *d, UCHAR minor, CM_RESOURCE_LIST *raw, CM_RESOURCE_LIST *translated)
{
    IRP *irp = irp_alloc(d->fdo->StackSize);
    IO_STACK_LOCATION *next = irp_next(irp);
    struct done done;
    next->MajorFunction = IRP_MJ_PNP;
    next->MinorFunction = minor;
    next->Parameters.StartDevice.AllocatedResources = raw;
    next->Parameters.StartDevice.AllocatedResourcesTranslated = translated;
    done = send(d, irp);
    irp_free(irp);
    return done;
}

static void send_power(struct pc_device *d, DEVICE_POWER_STATE state)
{
    IRP *irp = irp_alloc(d->fdo->StackSize);
    IO_STACK_LOCATION *next = irp_next(irp);
    next->MajorFunction = IRP_MJ_POWER;
    next->MinorFunction = IRP_MN_SET_POWER;
    next->Parameters.Power.Type = DevicePowerState;
    next->Parameters.Power.State.DeviceState = state;
    if (send(d, irp).status < 0) {
        rule_broken("portcls.power", "IRP_MN_SET_POWER failed");
    }
    irp_free(irp);
}

int32_t pc_control(struct pc_device *d, uint32_t code, void *buffer, uint32_t in, uint32_t out, uint32_t *done)
{
    uint32_t size = in > out ? in : out;
    IRP *irp = irp_alloc(d->fdo->StackSize);
    IO_STACK_LOCATION *next = irp_next(irp);
    void *system = memory_alloc(MEMORY_POOL, size, 0, "IOCTL buffer");
    struct done result;
    if (system != NULL) {
        memcpy(system, buffer, in);
    }
    next->MajorFunction = IRP_MJ_DEVICE_CONTROL;
    next->Parameters.DeviceIoControl.IoControlCode = code;
    next->Parameters.DeviceIoControl.InputBufferLength = in;
    next->Parameters.DeviceIoControl.OutputBufferLength = out;
    irp->AssociatedIrp.SystemBuffer = system;
    result = send(d, irp);
    irp_free(irp);
    if (result.status >= 0 && result.information > out) {
        rule_broken("irp.information", "%u bytes are returned into a buffer of %u", (unsigned)result.information, out);
    }
    if (system != NULL) {
        memcpy(buffer, system, result.status >= 0 ? (size_t)result.information : 0);
        memory_free(system);
    }
    *done = (uint32_t)result.information;
    return result.status;
}

/* ---- Start ---- */

static void check_extension(const struct pc_device *d)
{
    for (unsigned i = 0; i < PORT_CLASS_DEVICE_EXTENSION_SIZE; i++) {
        unsigned slot = i / sizeof(PVOID);
        if ((slot < FIRST_FREE_SLOT || slot > LAST_FREE_SLOT) && d->extension[i] != OURS) {
            rule_broken("portcls.extension", "byte %u of PortCls' own device extension was written", i);
        }
    }
}

static int32_t start_device(struct pc_device *d, IRP *irp, CM_RESOURCE_LIST *translated, CM_RESOURCE_LIST *raw)
{
    IResourceList *list = resources_create(translated, raw);
    NTSTATUS status;
    d->is_starting = true;
    status = (NTSTATUS)driver_call("StartDevice", IRQL_PASSIVE, (const void *)d->start_device, 3, WORD(d->fdo), WORD(irp),
                                   WORD(list));
    d->is_starting = false;
    pc_object_release(pc_object_of(list, "StartDevice"));
    if (status == STATUS_PENDING) {
        rule_broken("portcls.start", "StartDevice returned STATUS_PENDING");
    }
    d->is_started = status >= 0;
    if (d->is_started) {
        filter_check_device(d);
    }
    return status;
}

int32_t pc_start_again(struct pc_device *d)
{
    CM_RESOURCE_LIST *raw = pdo_resources(d->function, false), *translated = pdo_resources(d->function, true);
    struct done done = send_pnp(d, IRP_MN_START_DEVICE, raw, translated);
    memory_free(raw);
    memory_free(translated);
    return done.status;
}

int32_t pc_start(unsigned function, struct pc_device **device)
{
    struct pc_device *d = NULL;
    NTSTATUS status;
    for (unsigned i = 0; i < PC_MAX_DEVICES && d == NULL; i++) {
        d = pc.device[i].in_use ? NULL : &pc.device[i];
    }
    if (d == NULL) {
        host_fatal("internal: more than %d adapters", PC_MAX_DEVICES);
    }
    memset(d, 0, sizeof *d);
    d->in_use = true;
    d->function = function;
    d->pdo = pdo_create(function, pc.options.messages);
    dma_watch(pc.bus, function);
    *device = d;
    status = (NTSTATUS)driver_call("AddDevice", IRQL_PASSIVE, (const void *)pc.add_device, 2, WORD(pc.driver), WORD(d->pdo));
    if (status >= 0 && d->fdo == NULL) {
        rule_broken("portcls.add", "AddDevice succeeded without PcAddAdapterDevice");
    }
    return status < 0 ? status : pc_start_again(d);
}

/* ---- Power and removal ---- */

struct power_call {
    struct pc_device *device;
    POWER_STATE state;
};

static void call_power(void *argument)
{
    struct power_call *c = argument;
    IAdapterPowerManagement *p = c->device->power;
    p->lpVtbl->PowerChangeState(p, c->state);
}

static void change_power(struct pc_device *d, DEVICE_POWER_STATE state)
{
    struct power_call c = {.device = d, .state = {.DeviceState = state}};
    bool is_down = state != PowerDeviceD0;
    if (is_down) {
        streams_steer(d, true);
        port_power_notify(d, state);
    }
    if (d->power2 != NULL) {
        driver_call("IAdapterPowerManagement2::PowerChangeState2", IRQL_PASSIVE,
                    (const void *)d->power2->lpVtbl->PowerChangeState2, 3, WORD(d->power2), WORD(state),
                    WORD(is_down ? PowerSystemSleeping3 : PowerSystemWorking));
    } else if (d->power != NULL) {
        cpu_call_driver("IAdapterPowerManagement::PowerChangeState", IRQL_PASSIVE, call_power, &c);
    }
    if (!is_down) {
        port_power_notify(d, state);
        streams_steer(d, false);
    }
}

void pc_sleep(struct pc_device *d, bool steers_streams)
{
    d->steers = steers_streams;
    send_power(d, PowerDeviceD3);
    d->is_asleep = true;
    wdm_pump(0);
    dma_expect_quiet(pc.bus, d->function);
}

void pc_wake(struct pc_device *d)
{
    d->is_asleep = false;
    send_power(d, PowerDeviceD0);
}

/* What start brought: subdevices, connections, power management. The driver's objects go with their last reference. */
static void release_all(struct pc_device *d)
{
    if (d->streams != NULL) {
        host_fatal("internal: an adapter is stopped with a stream open");
    }
    d->is_started = false;
    d->connections = 0;
    while (d->subdevices > 0) {
        pc_object_release(&d->subdevice[--d->subdevices].port->object);
    }
    if (d->power != NULL) {
        driver_release(d->power);
    }
    if (d->power2 != NULL) {
        driver_release(d->power2);
    }
    if (d->power_unknown != NULL) {
        driver_release(d->power_unknown);
    }
    d->power = NULL;
    d->power2 = NULL;
    d->power_unknown = NULL;
    wdm_pump(0);
    if (!d->is_gone) {
        dma_expect_quiet(pc.bus, d->function);
    }
}

int32_t pc_stop(struct pc_device *d)
{
    return send_pnp(d, IRP_MN_STOP_DEVICE, NULL, NULL).status;
}

void pc_pull_out(struct pc_device *d)
{
    dma_pull_out(pc.bus, d->function);
    d->is_gone = true;
    send_pnp(d, IRP_MN_SURPRISE_REMOVAL, NULL, NULL);
}

bool pc_is_gone(uint64_t address)
{
    for (unsigned i = 0; i < PC_MAX_DEVICES; i++) {
        const struct pc_device *d = &pc.device[i];
        for (unsigned b = 0; d->in_use && d->is_gone && b < 6; b++) {
            const struct bus_bar *bar = &pc.bus->function[d->function].bar[b];
            if (bar->length != 0 && address >= bar->address && address - bar->address < bar->length) {
                return true;
            }
        }
    }
    return false;
}

void pc_remove(struct pc_device *d)
{
    if (d->fdo != NULL) {
        send_pnp(d, IRP_MN_REMOVE_DEVICE, NULL, NULL);
        check_extension(d);
        d->pdo->AttachedDevice = NULL;
        memory_free(d->extension);
        memory_free(d->fdo);
    }
    pdo_free(d->pdo);
    dma_unwatch(d->function);
    d->in_use = false;
}

struct pc_counts pc_counts(const struct pc_device *d)
{
    return (struct pc_counts){wdm_interrupt_count(d->function), d->events, d->positions, wdm_interrupt_uses_messages(d->function)};
}

/* ---- PortCls' dispatch routines ---- */

static NTSTATUS pass_down(struct pc_device *d, IRP *irp)
{
    IO_STACK_LOCATION *here = irp->Tail.Overlay.CurrentStackLocation, *next = irp_next(irp);
    *next = *here;
    next->CompletionRoutine = NULL;
    next->Control = 0;
    return irp_send(d->pdo, irp);
}

static NTSTATUS NTAPI stay(DEVICE_OBJECT *device, IRP *irp, PVOID context)
{
    (void)device;
    (void)irp;
    (void)context;
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS pass_down_and_back(struct pc_device *d, IRP *irp)
{
    *irp_next(irp) = *irp->Tail.Overlay.CurrentStackLocation;
    irp_on_completion(irp, stay, NULL);
    irp_send(d->pdo, irp);
    return irp->IoStatus.Status;
}

static NTSTATUS finish(IRP *irp, NTSTATUS status)
{
    irp->IoStatus.Status = status;
    irp_complete(irp);
    return status;
}

static CM_RESOURCE_LIST *copy(const CM_RESOURCE_LIST *list)
{
    size_t size = sizeof *list + list->List[0].PartialResourceList.Count * sizeof(CM_PARTIAL_RESOURCE_DESCRIPTOR);
    CM_RESOURCE_LIST *made = memory_alloc(MEMORY_POOL, size, 0, "resource list");
    memcpy(made, list, size - sizeof(CM_PARTIAL_RESOURCE_DESCRIPTOR));
    return made;
}

static NTSTATUS dispatch_pnp(struct pc_device *d, IRP *irp)
{
    IO_STACK_LOCATION *here = irp->Tail.Overlay.CurrentStackLocation;
    switch (here->MinorFunction) {
    case IRP_MN_START_DEVICE:
        pass_down_and_back(d, irp);
        return finish(irp, start_device(d, irp, copy(here->Parameters.StartDevice.AllocatedResourcesTranslated),
                                        copy(here->Parameters.StartDevice.AllocatedResources)));
    case IRP_MN_STOP_DEVICE:
    case IRP_MN_REMOVE_DEVICE: release_all(d); return pass_down(d, irp);
    default: return pass_down(d, irp);
    }
}

static NTSTATUS NTAPI dispatch(DEVICE_OBJECT *device, IRP *irp)
{
    struct pc_device *d = pc_device_of(device, "PcDispatchIrp");
    IO_STACK_LOCATION *here = irp->Tail.Overlay.CurrentStackLocation;
    switch (here->MajorFunction) {
    case IRP_MJ_PNP: return dispatch_pnp(d, irp);
    case IRP_MJ_POWER:
        if (here->MinorFunction == IRP_MN_SET_POWER && here->Parameters.Power.Type == DevicePowerState) {
            change_power(d, here->Parameters.Power.State.DeviceState);
        }
        return pass_down(d, irp);
    case IRP_MJ_CREATE:
    case IRP_MJ_CLOSE: return finish(irp, STATUS_SUCCESS);
    default: return finish(irp, STATUS_INVALID_DEVICE_REQUEST);
    }
}

static VOID NTAPI unload(DRIVER_OBJECT *driver)
{
    if (driver != pc.driver) {
        rule_broken("portcls.unload", "PortCls' DriverUnload is called for another driver object");
    }
    pc.was_unloaded = true;
}

/* ---- Exports ---- */

NTSTATUS NTAPI PcInitializeAdapterDriver(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPathName,
                                         PDRIVER_ADD_DEVICE AddDevice)
{
    static const UCHAR filled[] = {IRP_MJ_CREATE, IRP_MJ_CLOSE, IRP_MJ_DEVICE_CONTROL, IRP_MJ_FLUSH_BUFFERS, IRP_MJ_PNP,
                                   IRP_MJ_POWER, IRP_MJ_QUERY_SECURITY, IRP_MJ_SET_SECURITY, IRP_MJ_READ, IRP_MJ_WRITE,
                                   IRP_MJ_SYSTEM_CONTROL};
    static struct export entries[] = {METHOD(PcDispatchIrp, dispatch),
                                      {(void *)unload, "portcls.sys", "DriverUnload", 0, 0, false, 0}};
    static PVOID routine;
    if (DriverObject != pc.driver || RegistryPathName != pc.path || AddDevice == NULL) {
        rule_broken("portcls.initialize", "PcInitializeAdapterDriver wants what DriverEntry got, and an AddDevice routine");
    }
    routine = routine != NULL ? routine : exports_bind_entry(&entries[0], true);
    pc.unload = exports_bind_entry(&entries[1], false);
    for (unsigned i = 0; i < sizeof filled; i++) {
        DriverObject->MajorFunction[filled[i]] = (PDRIVER_DISPATCH)routine;
    }
    DriverObject->DriverUnload = (PDRIVER_UNLOAD)pc.unload;
    DriverObject->DriverExtension->AddDevice = AddDevice;
    pc.add_device = AddDevice;
    pc.is_initialized = true;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI PcDispatchIrp(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    return dispatch(DeviceObject, Irp);
}

NTSTATUS NTAPI PcAddAdapterDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT PhysicalDeviceObject, PCPFNSTARTDEVICE StartDevice,
                                  ULONG MaxObjects, ULONG DeviceExtensionSize)
{
    struct pc_device *d = NULL;
    unsigned function = pdo_function(PhysicalDeviceObject, "PcAddAdapterDevice");
    for (unsigned i = 0; i < PC_MAX_DEVICES; i++) {
        d = pc.device[i].in_use && pc.device[i].function == function ? &pc.device[i] : d;
    }
    if (d == NULL || d->fdo != NULL || StartDevice == NULL || MaxObjects == 0) {
        return STATUS_INVALID_PARAMETER;
    }
    if (DeviceExtensionSize != 0 && DeviceExtensionSize < PORT_CLASS_DEVICE_EXTENSION_SIZE) {
        rule_broken("portcls.extension", "a device extension of %u bytes; 0 or at least %u", (unsigned)DeviceExtensionSize,
                    (unsigned)PORT_CLASS_DEVICE_EXTENSION_SIZE);
    }
    d->extension_size = DeviceExtensionSize != 0 ? DeviceExtensionSize : PORT_CLASS_DEVICE_EXTENSION_SIZE;
    d->extension = memory_alloc(MEMORY_POOL, d->extension_size, 0, "device extension");
    memset(d->extension, 0, d->extension_size);
    memset(d->extension, OURS, PORT_CLASS_DEVICE_EXTENSION_SIZE);
    memset(d->extension + FIRST_FREE_SLOT * sizeof(PVOID), 0, (LAST_FREE_SLOT + 1 - FIRST_FREE_SLOT) * sizeof(PVOID));
    d->fdo = irp_device_create(DriverObject, (CCHAR)(PhysicalDeviceObject->StackSize + 1));
    d->fdo->DeviceExtension = d->extension;
    d->start_device = StartDevice;
    d->most_objects = MaxObjects;
    PhysicalDeviceObject->AttachedDevice = d->fdo;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI PcRegisterAdapterPowerManagement(PUNKNOWN Unknown, PVOID Context)
{
    struct pc_device *d = pc_device_of(Context, "PcRegisterAdapterPowerManagement");
    if (!d->is_starting || d->power_unknown != NULL) {
        rule_broken("portcls.power", "power management is registered twice, or outside of StartDevice");
    }
    d->power = driver_query(Unknown, &IID_IAdapterPowerManagement);
    d->power2 = driver_query(Unknown, &IID_IAdapterPowerManagement2);
    if (d->power == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    driver_reference(Unknown);
    d->power_unknown = Unknown;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI PcUnregisterAdapterPowerManagement(PDEVICE_OBJECT DeviceObject)
{
    struct pc_device *d = pc_device_of(DeviceObject, "PcUnregisterAdapterPowerManagement");
    if (d->power_unknown == NULL) {
        return STATUS_UNSUCCESSFUL;
    }
    driver_release(d->power);
    if (d->power2 != NULL) {
        driver_release(d->power2);
    }
    driver_release(d->power_unknown);
    d->power = NULL;
    d->power2 = NULL;
    d->power_unknown = NULL;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI PcForwardIrpSynchronous(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    return pass_down_and_back(pc_device_of(DeviceObject, "PcForwardIrpSynchronous"), Irp);
}

NTSTATUS NTAPI PcCompleteIrp(PDEVICE_OBJECT DeviceObject, PIRP Irp, NTSTATUS Status)
{
    (void)DeviceObject;
    if (Status != STATUS_PENDING) {
        finish(Irp, Status);
    }
    return Status;
}

ULONGLONG NTAPI PcGetTimeInterval(ULONGLONG Since)
{
    return pc.bus->ops->clock_us(pc.bus) * 10 - Since;
}
