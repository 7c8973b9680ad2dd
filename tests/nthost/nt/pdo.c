/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The PCI bus driver below a WDM driver: a device object for each function, what it answers to PnP IRPs, its resources, its
 * configuration space. kernel_r "IRP_MN_QUERY_INTERFACE", "BUS_INTERFACE_STANDARD", "CM_PARTIAL_RESOURCE_DESCRIPTOR".
 */
#include <ntddk.h>
#include <wdmguid.h>

#include <string.h>

#include "cpu/cpu.h"
#include "exports.h"
#include "irp.h"
#include "mem/memory.h"
#include "nt.h"
#include "verify/verify.h"
#include "wdm.h"

enum { VECTOR_BASE = 0x60, BARS = 6, CONFIG_LENGTH = 256 };

static struct pdo {
    DEVICE_OBJECT *device;
    unsigned messages, interfaces;
} pdos[BUS_MAX_FUNCTIONS];
static DRIVER_OBJECT bus_driver;

unsigned pdo_function(const DEVICE_OBJECT *device, const char *what)
{
    for (unsigned f = 0; f < BUS_MAX_FUNCTIONS; f++) {
        if (device != NULL && pdos[f].device == device) {
            return f;
        }
    }
    rule_broken("pdo.unknown", "%s: %p is no physical device object", what, (const void *)device);
}

unsigned pdo_messages(unsigned function)
{
    return pdos[function].messages;
}

/* ---- Configuration space ---- */

static ULONG NTAPI get_bus_data(PVOID context, ULONG space, PVOID buffer, ULONG offset, ULONG length)
{
    const struct bus_function *f = &nt_bus->function[(uintptr_t)context - 1];
    uint8_t *bytes = buffer;
    if (space != PCI_WHICHSPACE_CONFIG) {
        return 0;
    }
    for (ULONG i = 0; i < length && offset + i < CONFIG_LENGTH; i++) {
        bytes[i] = (uint8_t)nt_bus->ops->config_read(nt_bus, f->devfn, offset + i, 1);
    }
    return offset >= CONFIG_LENGTH ? 0 : length < CONFIG_LENGTH - offset ? length : CONFIG_LENGTH - offset;
}

static ULONG NTAPI set_bus_data(PVOID context, ULONG space, PVOID buffer, ULONG offset, ULONG length)
{
    (void)context;
    (void)buffer;
    rule_broken("pci.write", "configuration space %u is written, %u bytes at %u: no driver here has to", (unsigned)space,
                (unsigned)length, (unsigned)offset);
}

static VOID NTAPI reference(PVOID context)
{
    pdos[(uintptr_t)context - 1].interfaces++;
}

static VOID NTAPI dereference(PVOID context)
{
    if (pdos[(uintptr_t)context - 1].interfaces-- == 0) {
        rule_broken("pci.interface", "BUS_INTERFACE_STANDARD is given back once too often");
    }
}

static struct export bus_interface[] = {
    {(void *)reference, "BUS_INTERFACE_STANDARD", "InterfaceReference", 0, IRQL_DISPATCH, false, 0},
    {(void *)dereference, "BUS_INTERFACE_STANDARD", "InterfaceDereference", 0, IRQL_DISPATCH, false, 0},
    {(void *)set_bus_data, "BUS_INTERFACE_STANDARD", "SetBusData", 0, IRQL_DISPATCH, false, 0},
    {(void *)get_bus_data, "BUS_INTERFACE_STANDARD", "GetBusData", 0, IRQL_DISPATCH, false, 0},
    {NULL, "BUS_INTERFACE_STANDARD", "TranslateBusAddress or GetDmaAdapter", 0, IRQL_DISPATCH, false, 0},
};

static const GUID bus_interface_guid = {0x496B8280, 0x6F25, 0x11D0, {0xBE, 0xAF, 0x08, 0x00, 0x2B, 0xE2, 0x09, 0x2F}};

static NTSTATUS query_interface(unsigned function, IO_STACK_LOCATION *location)
{
    BUS_INTERFACE_STANDARD *b = (BUS_INTERFACE_STANDARD *)location->Parameters.QueryInterface.Interface;
    if (memcmp(location->Parameters.QueryInterface.InterfaceType, &bus_interface_guid, sizeof(GUID)) != 0) {
        return STATUS_NOT_SUPPORTED;
    }
    if (location->Parameters.QueryInterface.Size < sizeof *b || location->Parameters.QueryInterface.Version != 1) {
        return STATUS_INVALID_PARAMETER;
    }
    memset(b, 0, sizeof *b);
    b->Size = sizeof *b;
    b->Version = 1;
    b->Context = (PVOID)(uintptr_t)(function + 1);
    b->InterfaceReference = (PINTERFACE_REFERENCE)exports_bind_entry(&bus_interface[0], false);
    b->InterfaceDereference = (PINTERFACE_DEREFERENCE)exports_bind_entry(&bus_interface[1], false);
    b->SetBusData = (PGET_SET_DEVICE_DATA)exports_bind_entry(&bus_interface[2], false);
    b->GetBusData = (PGET_SET_DEVICE_DATA)exports_bind_entry(&bus_interface[3], false);
    b->TranslateBusAddress = (PTRANSLATE_BUS_ADDRESS)exports_bind_entry(&bus_interface[4], false);
    b->GetDmaAdapter = (PGET_DMA_ADAPTER)(PVOID)b->TranslateBusAddress;
    pdos[function].interfaces++;
    return STATUS_SUCCESS;
}

/* ---- IRPs ---- */

static NTSTATUS dispatch(DEVICE_OBJECT *device, IRP *irp)
{
    IO_STACK_LOCATION *location = irp->Tail.Overlay.CurrentStackLocation;
    unsigned function = pdo_function(device, "the PCI bus driver");
    NTSTATUS status = irp->IoStatus.Status;
    if (location->MajorFunction == IRP_MJ_PNP) {
        switch (location->MinorFunction) {
        case IRP_MN_QUERY_INTERFACE: status = query_interface(function, location); break;
        case IRP_MN_START_DEVICE:
        case IRP_MN_STOP_DEVICE:
        case IRP_MN_QUERY_STOP_DEVICE:
        case IRP_MN_CANCEL_STOP_DEVICE:
        case IRP_MN_QUERY_REMOVE_DEVICE:
        case IRP_MN_CANCEL_REMOVE_DEVICE:
        case IRP_MN_SURPRISE_REMOVAL:
        case IRP_MN_REMOVE_DEVICE: status = STATUS_SUCCESS; break;
        default: break; /* as it came */
        }
    } else if (location->MajorFunction == IRP_MJ_POWER) {
        status = STATUS_SUCCESS;
    }
    irp->IoStatus.Status = status;
    irp_complete(irp);
    return status;
}

static NTSTATUS NTAPI dispatch_entry(DEVICE_OBJECT *device, IRP *irp)
{
    return dispatch(device, irp);
}

DEVICE_OBJECT *pdo_create(unsigned function, unsigned messages)
{
    struct pdo *p = &pdos[function];
    unsigned vectors = nt_bus->function[function].msix_vectors;
    unsigned wanted = messages <= vectors ? messages : vectors != 0; /* the number asked for, or one */
    for (unsigned i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++) {
        bus_driver.MajorFunction[i] = dispatch_entry;
    }
    memset(p, 0, sizeof *p);
    p->device = irp_device_create(&bus_driver, 1);
    p->device->Flags = DO_BUS_ENUMERATED_DEVICE;
    p->messages = wanted != 0 ? nt_bus->ops->msix_enable(nt_bus, function, wanted) : 0;
    return p->device;
}

void pdo_free(DEVICE_OBJECT *device)
{
    unsigned function = pdo_function(device, "pdo_free");
    if (device->AttachedDevice != NULL || pdos[function].interfaces != 0) {
        rule_broken("pdo.left", "a device object is left attached, or BUS_INTERFACE_STANDARD was not given back");
    }
    nt_bus->ops->msix_enable(nt_bus, function, 0);
    memory_free(device);
    pdos[function].device = NULL;
}

/* ---- Resources ---- */

static void add_interrupt(CM_PARTIAL_RESOURCE_LIST *list, const struct bus_function *f, unsigned messages, bool is_translated)
{
    for (unsigned i = 0; i < (messages != 0 ? messages : 1); i++) {
        CM_PARTIAL_RESOURCE_DESCRIPTOR *d = &list->PartialDescriptors[list->Count++];
        unsigned vector = VECTOR_BASE + (messages != 0 ? BUS_MAX_LINES + i : f->line);
        d->Type = CmResourceTypeInterrupt;
        d->ShareDisposition = messages != 0 ? CmResourceShareDeviceExclusive : CmResourceShareShared;
        d->Flags = messages != 0 ? CM_RESOURCE_INTERRUPT_LATCHED | CM_RESOURCE_INTERRUPT_MESSAGE
                                 : CM_RESOURCE_INTERRUPT_LEVEL_SENSITIVE;
        if (is_translated || messages == 0) {
            d->u.Interrupt.Level = is_translated ? IRQL_DEVICE : f->line;
            d->u.Interrupt.Vector = is_translated ? vector : f->line;
            d->u.Interrupt.Affinity = 1;
        } else {
            d->u.MessageInterrupt.Raw.MessageCount = 1;
            d->u.MessageInterrupt.Raw.Vector = vector;
            d->u.MessageInterrupt.Raw.Affinity = 1;
        }
    }
}

CM_RESOURCE_LIST *pdo_resources(unsigned function, bool is_translated)
{
    const struct bus_function *f = &nt_bus->function[function];
    unsigned messages = pdos[function].messages, most = BARS + (messages != 0 ? messages : 1);
    size_t size = sizeof(CM_RESOURCE_LIST) + most * sizeof(CM_PARTIAL_RESOURCE_DESCRIPTOR);
    CM_RESOURCE_LIST *list = memory_alloc(MEMORY_POOL, size, 0, "resource list");
    CM_PARTIAL_RESOURCE_LIST *partial = &list->List[0].PartialResourceList;
    memset(list, 0, size);
    list->Count = 1;
    list->List[0].InterfaceType = PCIBus;
    partial->Version = partial->Revision = 1;
    for (unsigned i = 0; i < BARS; i++) {
        CM_PARTIAL_RESOURCE_DESCRIPTOR *d = &partial->PartialDescriptors[partial->Count];
        if (f->bar[i].length != 0) {
            d->Type = f->bar[i].is_io ? CmResourceTypePort : CmResourceTypeMemory;
            d->ShareDisposition = CmResourceShareDeviceExclusive;
            d->Flags = f->bar[i].is_io ? CM_RESOURCE_PORT_IO : CM_RESOURCE_MEMORY_READ_WRITE;
            d->u.Memory.Start.QuadPart = (LONGLONG)f->bar[i].address;
            d->u.Memory.Length = (ULONG)f->bar[i].length;
            partial->Count++;
        }
    }
    add_interrupt(partial, f, messages, is_translated);
    return list;
}

/* ---- Exports ---- */

static NTSTATUS NTAPI set_synchronous_event(DEVICE_OBJECT *device, IRP *irp, PVOID context)
{
    KEVENT *event = irp->UserEvent;
    (void)device;
    (void)context;
    *irp->UserIosb = irp->IoStatus;
    event->Header.SignalState = 1;
    irp_free(irp); /* the I/O manager's */
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static PIRP NTAPI build_synchronous(ULONG major, PDEVICE_OBJECT device, PVOID buffer, ULONG length, PLARGE_INTEGER offset,
                                    PKEVENT event, PIO_STATUS_BLOCK status)
{
    IRP *irp = irp_alloc(device->StackSize);
    (void)buffer;
    (void)length;
    (void)offset;
    if (major != IRP_MJ_PNP) {
        host_fatal("internal: IoBuildSynchronousFsdRequest knows PnP only, not major function %u", (unsigned)major);
    }
    irp_next(irp)->MajorFunction = (UCHAR)major;
    irp->UserEvent = event;
    irp->UserIosb = status;
    irp_on_completion(irp, set_synchronous_event, NULL);
    return irp;
}

static PDEVICE_OBJECT NTAPI attached_reference(PDEVICE_OBJECT device)
{
    while (device->AttachedDevice != NULL) {
        device = device->AttachedDevice;
    }
    device->ReferenceCount++;
    return device;
}

static VOID IN_REGISTERS dereference_object(PVOID object)
{
    DEVICE_OBJECT *device = object;
    if (device->Type != 3 || device->ReferenceCount-- <= 1) {
        rule_broken("object.reference", "%p is dereferenced once too often, or is no device object", object);
    }
}

#define MODULE "ntoskrnl.exe"
static struct export table[] = {
    NT_EXPORT_AS(MODULE, IoBuildSynchronousFsdRequest, build_synchronous),
    NT_EXPORT_AS(MODULE, IoGetAttachedDeviceReference, attached_reference),
    NT_EXPORT_AS(MODULE, ObfDereferenceObject, dereference_object),
};

void exports_pdo(void)
{
    memset(pdos, 0, sizeof pdos);
    exports_add(table, sizeof table / sizeof table[0]);
}
