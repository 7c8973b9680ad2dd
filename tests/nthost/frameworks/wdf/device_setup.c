/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What drivers call about devices: set-up in EvtDriverDeviceAdd, device objects, the bus's interface. */
#include <ntddk.h>

#include <wdf.h>

#include "device.h"

#include <string.h>

#include "cpu/cpu.h"
#include "nt/exports.h"
#include "nt/irp.h"
#include "verify/verify.h"

static VOID NTAPI set_pnp_power_callbacks(PWDF_DRIVER_GLOBALS globals, PWDFDEVICE_INIT init,
                                          PWDF_PNPPOWER_EVENT_CALLBACKS callbacks)
{
    (void)globals;
    if (callbacks->Size != sizeof *callbacks) {
        rule_broken("wdf.size", "WDF_PNPPOWER_EVENT_CALLBACKS of %u bytes", (unsigned)callbacks->Size);
    }
    if ((callbacks->EvtDeviceSelfManagedIoInit == NULL) &&
        (callbacks->EvtDeviceSelfManagedIoSuspend != NULL || callbacks->EvtDeviceSelfManagedIoRestart != NULL)) {
        rule_broken("wdf.add", "EvtDeviceSelfManagedIo... callbacks without EvtDeviceSelfManagedIoInit");
    }
    init->callbacks = *callbacks;
}

static VOID NTAPI set_power_policy_ownership(PWDF_DRIVER_GLOBALS globals, PWDFDEVICE_INIT init, BOOLEAN is_owner)
{
    (void)globals;
    init->owns_power_policy = is_owner;
}

static VOID NTAPI set_filter(PWDF_DRIVER_GLOBALS globals, PWDFDEVICE_INIT init)
{
    (void)globals;
    init->is_filter = true;
    init->owns_power_policy = false;
}

static VOID NTAPI set_request_attributes(PWDF_DRIVER_GLOBALS globals, PWDFDEVICE_INIT init,
                                         PWDF_OBJECT_ATTRIBUTES attributes)
{
    (void)globals;
    if (attributes->Size != sizeof *attributes) {
        rule_broken("wdf.size", "WDF_OBJECT_ATTRIBUTES of %u bytes", (unsigned)attributes->Size);
    }
    init->request_attributes = *attributes;
    init->has_request_attributes = true;
}

static NTSTATUS NTAPI create(PWDF_DRIVER_GLOBALS globals, PWDFDEVICE_INIT *init_pointer,
                             PWDF_OBJECT_ATTRIBUTES attributes, WDFDEVICE *handle)
{
    NTSTATUS status;
    WDFDEVICE_INIT *init = *init_pointer;
    struct wdf_device *device;
    unsigned slot = 0;
    (void)globals;
    if (init == NULL || init->created != NULL) {
        rule_broken("wdf.add", "WdfDeviceCreate without a WDFDEVICE_INIT, or a second time");
    }
    if (init->owns_power_policy) {
        rule_broken("wdf.add", "the driver is power policy owner: below HIDCLASS that is HIDCLASS");
    }
    device = (struct wdf_device *)wdf_object_create(WDF_DEVICE, sizeof *device, attributes, &wdf.driver->object, NULL,
                                                    &status);
    if (device == NULL) {
        return status;
    }
    device->object.is_frameworks = true;
    device->function = init->function;
    device->pdo = init->pdo;
    device->fdo = irp_device_create(wdf.driver_object, 2);
    device->callbacks = init->callbacks;
    device->is_filter = init->is_filter;
    device->request_attributes = init->request_attributes;
    device->has_request_attributes = init->has_request_attributes;
    device->is_in_add = true;
    while (slot < WDF_MAX_DEVICES && wdf.device[slot] != NULL) {
        slot++;
    }
    if (slot == WDF_MAX_DEVICES) {
        host_fatal("more than %d devices", WDF_MAX_DEVICES);
    }
    wdf.device[slot] = device;
    wdf.device_count = slot + 1 > wdf.device_count ? slot + 1 : wdf.device_count;
    init->created = device;
    *init_pointer = NULL;
    *handle = device->object.handle;
    return status;
}

static struct wdf_device *device_of(WDFDEVICE handle)
{
    return wdf_object_of(handle, WDF_DEVICE);
}

static PDEVICE_OBJECT NTAPI get_device_object(PWDF_DRIVER_GLOBALS globals, WDFDEVICE handle)
{
    (void)globals;
    return device_of(handle)->fdo;
}

static PDEVICE_OBJECT NTAPI get_attached_device(PWDF_DRIVER_GLOBALS globals, WDFDEVICE handle)
{
    (void)globals;
    return device_of(handle)->pdo;
}

static PDEVICE_OBJECT NTAPI get_physical_device(PWDF_DRIVER_GLOBALS globals, WDFDEVICE handle)
{
    (void)globals;
    return device_of(handle)->pdo;
}

static WDFDRIVER NTAPI get_driver(PWDF_DRIVER_GLOBALS globals, WDFDEVICE handle)
{
    (void)globals;
    (void)device_of(handle);
    return wdf.driver->object.handle;
}

/* The PnP manager would restart or stop the device; the case finds it failed at the next state change. */
static VOID NTAPI set_failed(PWDF_DRIVER_GLOBALS globals, WDFDEVICE handle, WDF_DEVICE_FAILED_ACTION action)
{
    (void)globals;
    trace("WdfDeviceSetFailed(%u)", (unsigned)action);
    device_of(handle)->is_failed = true;
}

/* ---- BUS_INTERFACE_STANDARD of the PCI bus ---- */

static const GUID bus_interface_guid = {0x496B8280, 0x6F25, 0x11D0, {0xBE, 0xAF, 0x08, 0x00, 0x2B, 0xE2, 0x09, 0x2F}};

enum { CONFIG_SPACE = 256 };

static VOID NTAPI interface_reference(PVOID context)
{
    ((struct wdf_object *)context)->references++;
}

static VOID NTAPI interface_dereference(PVOID context)
{
    wdf_object_release(context);
}

static ULONG NTAPI get_bus_data(PVOID context, ULONG type, PVOID buffer, ULONG offset, ULONG length)
{
    struct wdf_device *device = context;
    uint8_t *to = buffer;
    unsigned devfn = wdf.bus->function[device->function].devfn;
    if (type != PCI_WHICHSPACE_CONFIG || offset > CONFIG_SPACE || length > CONFIG_SPACE - offset) {
        return 0;
    }
    for (ULONG i = 0; i < length; i++) {
        to[i] = device->is_surprise_removed ? 0xff : (uint8_t)wdf.bus->ops->config_read(wdf.bus, devfn, offset + i, 1);
    }
    return length;
}

static ULONG NTAPI set_bus_data(PVOID context, ULONG type, PVOID buffer, ULONG offset, ULONG length)
{
    (void)context;
    (void)buffer;
    rule_broken("wdf.bus", "configuration space is written (space %u, offset %#x, %u bytes): that is the bus driver's",
                (unsigned)type, (unsigned)offset, (unsigned)length);
}

static struct export interface_entries[] = {
    {(void *)interface_reference, "pci.sys", "InterfaceReference", 0, IRQL_DISPATCH, false, 0},
    {(void *)interface_dereference, "pci.sys", "InterfaceDereference", 0, IRQL_DISPATCH, false, 0},
    {(void *)get_bus_data, "pci.sys", "GetBusData", 0, IRQL_DISPATCH, false, 0},
    {(void *)set_bus_data, "pci.sys", "SetBusData", 0, IRQL_DISPATCH, false, 0},
};

static NTSTATUS NTAPI query_for_interface(PWDF_DRIVER_GLOBALS globals, WDFDEVICE handle, LPCGUID type,
                                          PINTERFACE interface_out, USHORT size, USHORT version, PVOID specific)
{
    struct wdf_device *device = device_of(handle);
    BUS_INTERFACE_STANDARD *bus = (BUS_INTERFACE_STANDARD *)interface_out;
    (void)globals;
    (void)specific;
    if (memcmp(type, &bus_interface_guid, sizeof *type) != 0 || size < sizeof *bus || version != 1) {
        return STATUS_NOT_SUPPORTED;
    }
    memset(bus, 0, sizeof *bus);
    bus->Size = sizeof *bus;
    bus->Version = 1;
    bus->Context = device;
    bus->InterfaceReference = (PINTERFACE_REFERENCE)exports_bind_entry(&interface_entries[0], false);
    bus->InterfaceDereference = (PINTERFACE_DEREFERENCE)exports_bind_entry(&interface_entries[1], false);
    bus->GetBusData = (PGET_SET_DEVICE_DATA)exports_bind_entry(&interface_entries[2], false);
    bus->SetBusData = (PGET_SET_DEVICE_DATA)exports_bind_entry(&interface_entries[3], false);
    device->object.references++; /* the interface holds one, for the driver to give back */
    return STATUS_SUCCESS;
}

static const struct wdf_function functions[] = {
    WDF_FUNCTION(WdfDeviceInitSetPnpPowerEventCallbacks, WDFDEVICEINITSETPNPPOWEREVENTCALLBACKS,
                 set_pnp_power_callbacks),
    WDF_FUNCTION(WdfDeviceInitSetPowerPolicyOwnership, WDFDEVICEINITSETPOWERPOLICYOWNERSHIP,
                 set_power_policy_ownership),
    WDF_FUNCTION(WdfDeviceInitSetRequestAttributes, WDFDEVICEINITSETREQUESTATTRIBUTES, set_request_attributes),
    WDF_FUNCTION(WdfFdoInitSetFilter, WDFFDOINITSETFILTER, set_filter),
    WDF_FUNCTION(WdfDeviceCreate, WDFDEVICECREATE, create),
    WDF_FUNCTION(WdfDeviceWdmGetDeviceObject, WDFDEVICEWDMGETDEVICEOBJECT, get_device_object),
    WDF_FUNCTION(WdfDeviceWdmGetAttachedDevice, WDFDEVICEWDMGETATTACHEDDEVICE, get_attached_device),
    WDF_FUNCTION(WdfDeviceWdmGetPhysicalDevice, WDFDEVICEWDMGETPHYSICALDEVICE, get_physical_device),
    WDF_FUNCTION(WdfDeviceGetDriver, WDFDEVICEGETDRIVER, get_driver),
    WDF_FUNCTION(WdfDeviceSetFailed, WDFDEVICESETFAILED, set_failed),
    WDF_FUNCTION(WdfFdoQueryForInterface, WDFFDOQUERYFORINTERFACE, query_for_interface),
};

void wdf_functions_device(void)
{
    wdf_functions_add(functions, sizeof functions / sizeof functions[0]);
}
