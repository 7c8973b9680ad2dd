/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The registers of a virtio device, as far as rules about them are to be broken; good enough for the fake device. */
#include <ntddk.h>

#include <portcls.h>

#include "faulty_snd_device.h"
#include "faulty_snd_filter.h"

enum { CONFIG_VECTOR = 16, STATUS = 20, SELECT = 22, SIZE = 24, ENABLE = 28, DESC = 32, AVAIL = 40, USED = 48, ACKNOWLEDGE = 1 };

static const GUID bus_interface = {0x496B8280, 0x6F25, 0x11D0, {0xBE, 0xAF, 0x08, 0x00, 0x2B, 0xE2, 0x09, 0x2F}};

static NTSTATUS GetBusInterface(PDEVICE_OBJECT pdo, PBUS_INTERFACE_STANDARD bus)
{
    PDEVICE_OBJECT top = IoGetAttachedDeviceReference(pdo);
    IO_STATUS_BLOCK result;
    PIO_STACK_LOCATION next;
    NTSTATUS status;
    KEVENT event;
    PIRP irp;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    irp = IoBuildSynchronousFsdRequest(IRP_MJ_PNP, top, NULL, 0, NULL, &event, &result);
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    next = IoGetNextIrpStackLocation(irp);
    next->MinorFunction = IRP_MN_QUERY_INTERFACE;
    next->Parameters.QueryInterface.InterfaceType = &bus_interface;
    next->Parameters.QueryInterface.Size = sizeof(*bus);
    next->Parameters.QueryInterface.Version = 1;
    next->Parameters.QueryInterface.Interface = (PINTERFACE)(PVOID)bus;
    next->Parameters.QueryInterface.InterfaceSpecificData = NULL;
    status = IoCallDriver(top, irp);
    if (status == STATUS_PENDING) {
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
        status = result.Status;
    }
    ObDereferenceObject(top);
    return status;
}

static ULONG BaseOf(const UCHAR *space, ULONG bar)
{
    return *(const ULONG *)(const void *)(space + 0x10 + 4 * bar) & ~0xfUL;
}

NTSTATUS FaultyMap(FAULTY_DEVICE *device, PDEVICE_OBJECT pdo, PRESOURCELIST resources)
{
    BUS_INTERFACE_STANDARD bus;
    PCM_PARTIAL_RESOURCE_DESCRIPTOR memory;
    UCHAR space[256];
    UCHAR at, common = 0, isr = 0;
    ULONG i;
    NTSTATUS status = GetBusInterface(pdo, &bus);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    i = bus.GetBusData(bus.Context, PCI_WHICHSPACE_CONFIG, space, 0, sizeof(space));
    if (!FaultyWants("bus-interface")) {
        bus.InterfaceDereference(bus.Context);
    }
    if (i != sizeof(space)) {
        return STATUS_DEVICE_CONFIGURATION_ERROR;
    }
    for (at = space[0x34]; at >= 0x40 && at < 0xf0; at = space[at + 1]) {
        common = space[at] == 9 && space[at + 3] == 1 ? at : common;
        isr = space[at] == 9 && space[at + 3] == 3 ? at : isr;
    }
    for (i = 0; common != 0 && device->registers == NULL &&
                (memory = resources->lpVtbl->FindTranslatedEntry(resources, CmResourceTypeMemory, i)) != NULL; i++) {
        if (memory->u.Memory.Start.LowPart == BaseOf(space, space[common + 4])) {
            device->length = memory->u.Memory.Length;
            device->registers = MmMapIoSpace(memory->u.Memory.Start, device->length, MmNonCached);
        }
    }
    if (device->registers == NULL) {
        return STATUS_DEVICE_CONFIGURATION_ERROR;
    }
    device->common = device->registers + *(ULONG *)(PVOID)(space + common + 8);
    device->isr = isr != 0 ? device->registers + *(ULONG *)(PVOID)(space + isr + 8) : NULL;
    return STATUS_SUCCESS;
}

VOID FaultyUnmap(FAULTY_DEVICE *device)
{
    if (device->registers != NULL) {
        if (!FaultyWants("stop")) {
            *(volatile UCHAR *)(device->common + STATUS) = 0;
        }
        MmUnmapIoSpace(device->registers, device->length);
        device->registers = NULL;
    }
}

static VOID WriteAddress(PUCHAR at, ULONGLONG address)
{
    *(volatile ULONG *)(PVOID)at = (ULONG)address;
    *(volatile ULONG *)(PVOID)(at + 4) = (ULONG)(address >> 32);
}

VOID FaultyTouch(FAULTY_DEVICE *device, PHYSICAL_ADDRESS common_buffer)
{
    ULONGLONG ring = (ULONGLONG)common_buffer.QuadPart;
    if (FaultyWants("honest-interrupt")) {
        *(volatile USHORT *)(PVOID)(device->common + CONFIG_VECTOR) = 0;
        (VOID)*(volatile USHORT *)(PVOID)(device->common + CONFIG_VECTOR);
    }
    if (FaultyWants("stop") || FaultyWants("storm") || FaultyWants("honest-interrupt")) {
        *(volatile UCHAR *)(device->common + STATUS) = ACKNOWLEDGE;
    }
    if (FaultyWants("dma")) {
        *(volatile USHORT *)(PVOID)(device->common + SELECT) = 0;
        *(volatile USHORT *)(PVOID)(device->common + SIZE) = 4;
        WriteAddress(device->common + DESC, 0x10000);
        WriteAddress(device->common + AVAIL, ring + 64);
        WriteAddress(device->common + USED, ring + 128);
        *(volatile USHORT *)(PVOID)(device->common + ENABLE) = 1;
    }
}
