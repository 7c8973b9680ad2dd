/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Ports for WaveRT and topology, subdevices, physical connections. audio_r "IPort", "PcRegisterSubdevice". */
#include "port.h"

#include <string.h>

#include "cpu/cpu.h"
#include "mem/memory.h"
#include "verify/verify.h"

static struct table port_table, unregister_table, disconnect_table, events_table;

struct pc_port *port_of(const void *unknown, const char *what)
{
    struct object *o = pc_object_of(unknown, what);
    if (memcmp(o->iid[0], &IID_IPortWaveRT, sizeof(GUID)) != 0 && memcmp(o->iid[0], &IID_IPortTopology, sizeof(GUID)) != 0) {
        rule_broken("portcls.object", "%s wants a port, not %s", what, o->name);
    }
    return (struct pc_port *)o;
}

/* ---- IPort ---- */

static void destroy(struct object *object)
{
    struct pc_port *port = (struct pc_port *)object;
    if (port->pin_count != NULL) {
        driver_release(port->pin_count);
    }
    if (port->power_notify != NULL) {
        driver_release(port->power_notify);
    }
    if (port->miniport != NULL) {
        driver_release(port->miniport);
    }
}

static void check_device_description(IMiniportWaveRT *miniport)
{
    DEVICE_DESCRIPTION *d = memory_alloc(MEMORY_POOL, sizeof *d, 0, "device description");
    NTSTATUS status;
    memset(d, 0, sizeof *d);
    status = (NTSTATUS)driver_call("IMiniportWaveRT::GetDeviceDescription", IRQL_PASSIVE,
                                   (const void *)miniport->lpVtbl->GetDeviceDescription, 2, WORD(miniport), WORD(d));
    if (status < 0 || !d->Master || d->InterfaceType != PCIBus || d->MaximumLength == 0 || d->Version > DEVICE_DESCRIPTION_VERSION2) {
        rule_broken("portcls.description", "GetDeviceDescription (%#x) describes no PCI bus master", (unsigned)status);
    }
    memory_free(d);
}

static NTSTATUS init_miniport(struct pc_port *port, IUnknown *adapter, IResourceList *list)
{
    IMiniportTopology *topology = (IMiniportTopology *)port->miniport;
    IMiniportWaveRT *wave = (IMiniportWaveRT *)port->miniport;
    bool is_wave = port->kind == PORT_WAVERT;
    const void *init = is_wave ? (const void *)wave->lpVtbl->Init : (const void *)topology->lpVtbl->Init;
    return (NTSTATUS)driver_call(is_wave ? "IMiniportWaveRT::Init" : "IMiniportTopology::Init", IRQL_PASSIVE, init, 4,
                                 WORD(port->miniport), WORD(adapter), WORD(list), WORD(&port->object.face[0]));
}

static const PCFILTER_DESCRIPTOR *describe(const struct pc_port *port)
{
    PCFILTER_DESCRIPTOR *filter = NULL;
    NTSTATUS status = (NTSTATUS)driver_call("IMiniport::GetDescription", IRQL_PASSIVE,
                                            (const void *)port->miniport->lpVtbl->GetDescription, 2, WORD(port->miniport),
                                            WORD(&filter));
    if (status < 0 || filter == NULL) {
        rule_broken("portcls.description", "GetDescription failed (%#x) or gave no descriptor", (unsigned)status);
    }
    return filter;
}

static NTSTATUS NTAPI init(PVOID this, PDEVICE_OBJECT device, PIRP irp, PUNKNOWN miniport, PUNKNOWN adapter, PRESOURCELIST list)
{
    struct pc_port *port = port_of(this, "IPort::Init");
    struct pc_device *d = pc_device_of(device, "IPort::Init");
    NTSTATUS status;
    if (!d->is_starting || port->miniport != NULL) {
        rule_broken("portcls.init", "IPort::Init is called twice, or outside of StartDevice");
    }
    if (irp == NULL || miniport == NULL || list == NULL) {
        rule_broken("portcls.init", "IPort::Init without IRP, miniport or resource list");
    }
    (void)pc_object_of(list, "IPort::Init");
    port->miniport = driver_query(miniport, port->kind == PORT_WAVERT ? &IID_IMiniportWaveRT : &IID_IMiniportTopology);
    if (port->miniport == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    status = init_miniport(port, adapter, list);
    if (status < 0) {
        driver_release(port->miniport);
        port->miniport = NULL;
        return status;
    }
    port->device = d;
    port->filter = describe(port);
    filter_check(port);
    if (describe(port) != port->filter) {
        rule_broken("portcls.description", "GetDescription gives another descriptor the second time");
    }
    if (port->kind == PORT_WAVERT) {
        check_device_description((IMiniportWaveRT *)port->miniport);
    }
    port->pin_count = driver_query(miniport, &IID_IPinCount);
    port->power_notify = driver_query(miniport, &IID_IPowerNotify);
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI get_device_property(PVOID this, DEVICE_REGISTRY_PROPERTY property, ULONG length, PVOID buffer,
                                          PULONG result_length)
{
    (void)port_of(this, "IPort::GetDeviceProperty");
    (void)property;
    (void)length;
    (void)buffer;
    *result_length = 0;
    return STATUS_OBJECT_NAME_NOT_FOUND;
}

static struct export port_methods[] = {
    METHOD(IPort::Init, init),
    METHOD(IPort::GetDeviceProperty, get_device_property),
    METHOD(IPort::NewRegistryKey, NULL),
};

struct notify_call {
    struct pc_port *port;
    POWER_STATE state;
};

static void call_notify(void *argument)
{
    struct notify_call *c = argument;
    c->port->power_notify->lpVtbl->PowerChangeNotify(c->port->power_notify, c->state);
}

void port_power_notify(struct pc_device *device, DEVICE_POWER_STATE state)
{
    for (unsigned i = 0; i < device->subdevices; i++) {
        struct notify_call c = {.port = device->subdevice[i].port, .state = {.DeviceState = state}};
        if (c.port->power_notify != NULL) {
            cpu_call_driver("IPowerNotify::PowerChangeNotify", IRQL_PASSIVE, call_notify, &c);
        }
    }
}

/* ---- IUnregisterSubdevice, IUnregisterPhysicalConnection ---- */

static NTSTATUS NTAPI unregister_subdevice(PVOID this, PDEVICE_OBJECT device, PUNKNOWN unknown)
{
    struct pc_device *d = pc_device_of(device, "UnregisterSubdevice");
    struct pc_port *port = port_of(unknown, "UnregisterSubdevice");
    (void)pc_object_of(this, "UnregisterSubdevice");
    for (unsigned i = 0; i < d->subdevices; i++) {
        if (d->subdevice[i].port == port) {
            d->subdevice[i] = d->subdevice[--d->subdevices];
            pc_object_release(&port->object);
            return STATUS_SUCCESS;
        }
    }
    return STATUS_NOT_FOUND;
}

static NTSTATUS NTAPI unregister_connection(PVOID this, PDEVICE_OBJECT device, PUNKNOWN from, ULONG from_pin, PUNKNOWN to,
                                            ULONG to_pin)
{
    struct pc_device *d = pc_device_of(device, "UnregisterPhysicalConnection");
    (void)pc_object_of(this, "UnregisterPhysicalConnection");
    for (unsigned i = 0; i < d->connections; i++) {
        struct connection *c = &d->connection[i];
        if (c->from == port_of(from, "UnregisterPhysicalConnection") && c->to == port_of(to, "UnregisterPhysicalConnection") &&
            c->from_pin == from_pin && c->to_pin == to_pin) {
            *c = d->connection[--d->connections];
            return STATUS_SUCCESS;
        }
    }
    return STATUS_NOT_FOUND;
}

/* Events of jacks and formats: kept by PortCls, told to whoever enabled them. Nobody does here. */
static VOID NTAPI add_event(PVOID this, PKSEVENT_ENTRY entry)
{
    (void)entry;
    rule_broken("portcls.event", "AddEventToEventList of %p: no event was enabled", this);
}

static VOID NTAPI generate_events(PVOID this, GUID *set, ULONG id, BOOL is_pin, ULONG pin, BOOL is_node, ULONG node)
{
    const struct pc_port *port = port_of(this, "GenerateEventList");
    (void)set;
    (void)id;
    (void)is_node;
    (void)node;
    if (is_pin && pin >= port->filter->PinCount) {
        rule_broken("portcls.event", "GenerateEventList for pin %u of %u", (unsigned)pin, (unsigned)port->filter->PinCount);
    }
}

static struct export unregister_methods[] = {
    {(void *)unregister_subdevice, "portcls.sys", "IUnregisterSubdevice::UnregisterSubdevice", 0, 0, false, 0},
};
static struct export disconnect_methods[] = {
    {(void *)unregister_connection, "portcls.sys", "IUnregisterPhysicalConnection::UnregisterPhysicalConnection", 0, 0, false, 0},
};
static struct export events_methods[] = {
    {(void *)add_event, "portcls.sys", "IPortEvents::AddEventToEventList", 0, 2, false, 0},
    {(void *)generate_events, "portcls.sys", "IPortEvents::GenerateEventList", 0, 2, false, 0},
};

static void add_methods(struct table *table, struct export *entries, unsigned count)
{
    table_make(table, NULL, 0);
    for (unsigned i = 0; i < count; i++) {
        table->slot[3 + i] = exports_bind_entry(&entries[i], false);
    }
}

void ports_init(void)
{
    table_make(&port_table, port_methods, sizeof port_methods / sizeof port_methods[0]);
    add_methods(&unregister_table, unregister_methods, 1);
    add_methods(&disconnect_table, disconnect_methods, 1);
    add_methods(&events_table, events_methods, 2);
}

/* ---- Exports ---- */

NTSTATUS NTAPI PcNewPort(PPORT *OutPort, REFCLSID ClassId)
{
    bool is_wave = memcmp(ClassId, &CLSID_PortWaveRT, sizeof(GUID)) == 0;
    struct pc_port *port;
    if (!is_wave && memcmp(ClassId, &CLSID_PortTopology, sizeof(GUID)) != 0) {
        return STATUS_NOT_SUPPORTED;
    }
    port = (struct pc_port *)pc_object_create(sizeof *port, is_wave ? "IPortWaveRT" : "IPortTopology", &port_table,
                                           is_wave ? &IID_IPortWaveRT : &IID_IPortTopology, destroy);
    port->kind = is_wave ? PORT_WAVERT : PORT_TOPOLOGY;
    pc_object_add_face(&port->object, &unregister_table, &IID_IUnregisterSubdevice);
    pc_object_add_face(&port->object, &disconnect_table, &IID_IUnregisterPhysicalConnection);
    pc_object_add_face(&port->object, &events_table, &IID_IPortEvents);
    *OutPort = (IPort *)&port->object.face[0];
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI PcRegisterSubdevice(PDEVICE_OBJECT DeviceObject, PWCHAR Name, PUNKNOWN Unknown)
{
    struct pc_device *d = pc_device_of(DeviceObject, "PcRegisterSubdevice");
    struct pc_port *port = port_of(Unknown, "PcRegisterSubdevice");
    struct subdevice *s = &d->subdevice[d->subdevices];
    unsigned length = 0;
    if (port->miniport == NULL || !d->is_starting) {
        rule_broken("portcls.subdevice", "a port is registered before Init, or outside of StartDevice");
    }
    if (d->subdevices == d->most_objects || d->subdevices == MAX_SUBDEVICES) {
        rule_broken("portcls.subdevice", "more subdevices than PcAddAdapterDevice was told: %u", (unsigned)d->most_objects);
    }
    for (; Name[length] != 0 && length + 1 < LONGEST_NAME; length++) {
        s->name[length] = (char)Name[length];
    }
    s->name[length] = '\0';
    for (unsigned i = 0; i < d->subdevices; i++) {
        if (length == 0 || strcmp(d->subdevice[i].name, s->name) == 0 || d->subdevice[i].port == port) {
            rule_broken("portcls.subdevice", "subdevice \"%s\" is registered twice, or has no name", s->name);
        }
    }
    s->port = port;
    port->object.references++;
    d->subdevices++;
    return STATUS_SUCCESS;
}

static void expect_bridge(const struct pc_port *port, ULONG pin, KSPIN_DATAFLOW flow)
{
    const PCPIN_DESCRIPTOR *p = filter_pin(port->filter, pin);
    if (p == NULL || p->KsPinDescriptor.Communication != KSPIN_COMMUNICATION_BRIDGE || p->KsPinDescriptor.DataFlow != flow) {
        rule_broken("portcls.connection", "pin %u is no bridge pin, or sound flows the other way", (unsigned)pin);
    }
}

NTSTATUS NTAPI PcRegisterPhysicalConnection(PDEVICE_OBJECT DeviceObject, PUNKNOWN FromUnknown, ULONG FromPin,
                                            PUNKNOWN ToUnknown, ULONG ToPin)
{
    struct pc_device *d = pc_device_of(DeviceObject, "PcRegisterPhysicalConnection");
    struct connection *c = &d->connection[d->connections];
    *c = (struct connection){port_of(FromUnknown, "PcRegisterPhysicalConnection"),
                             port_of(ToUnknown, "PcRegisterPhysicalConnection"), FromPin, ToPin};
    if (c->from->device != d || c->to->device != d || d->connections + 1 == MAX_CONNECTIONS) {
        rule_broken("portcls.connection", "a port is connected that is not registered with this adapter");
    }
    expect_bridge(c->from, FromPin, KSPIN_DATAFLOW_OUT);
    expect_bridge(c->to, ToPin, KSPIN_DATAFLOW_IN);
    for (unsigned i = 0; i < d->connections; i++) {
        const struct connection *other = &d->connection[i];
        if ((other->from == c->from && other->from_pin == FromPin) || (other->to == c->to && other->to_pin == ToPin)) {
            rule_broken("portcls.connection", "a pin is connected twice");
        }
    }
    d->connections++;
    return STATUS_SUCCESS;
}
