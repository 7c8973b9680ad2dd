/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What PnP assigns to an adapter, and access to it: registers, configuration space, shared memory. */
#include "adapter.h"

#include <string.h>

#include "cpu/mmio.h"
#include "mem/memory.h"
#include "verify/verify.h"

enum { BARS = 6, LINE_VECTOR = 0x31, MESSAGE_VECTOR = 0x51, INTERRUPT_LEVEL = 9 };

static void add_interrupt(NDIS_RESOURCE_LIST *list, bool is_message, ULONG vector)
{
    CM_PARTIAL_RESOURCE_DESCRIPTOR *d = &list->PartialDescriptors[list->Count++];
    d->Type = CmResourceTypeInterrupt;
    d->ShareDisposition = is_message ? CmResourceShareDeviceExclusive : CmResourceShareShared;
    d->Flags = is_message ? CM_RESOURCE_INTERRUPT_LATCHED | CM_RESOURCE_INTERRUPT_MESSAGE
                          : CM_RESOURCE_INTERRUPT_LEVEL_SENSITIVE;
    if (is_message) {
        d->u.MessageInterrupt.Translated.Level = INTERRUPT_LEVEL;
        d->u.MessageInterrupt.Translated.Vector = vector;
        d->u.MessageInterrupt.Translated.Affinity = 1;
    } else {
        d->u.Interrupt.Level = INTERRUPT_LEVEL;
        d->u.Interrupt.Vector = vector;
        d->u.Interrupt.Affinity = 1;
    }
}

/* One descriptor for each BAR, then one for the line or one for each MSI-X message. */
void resources_assign(struct nd_adapter *a)
{
    const struct bus_function *f = &nd.bus->function[a->function];
    size_t size = sizeof(NDIS_RESOURCE_LIST) + MOST_RESOURCES * sizeof(CM_PARTIAL_RESOURCE_DESCRIPTOR);
    NDIS_RESOURCE_LIST *list = memory_alloc(MEMORY_POOL, size, 0, "resource list");
    memset(list, 0, size);
    list->Version = list->Revision = 1;
    for (unsigned i = 0; i < BARS; i++) {
        CM_PARTIAL_RESOURCE_DESCRIPTOR *d = &list->PartialDescriptors[list->Count];
        if (f->bar[i].length != 0) {
            d->Type = f->bar[i].is_io ? CmResourceTypePort : CmResourceTypeMemory;
            d->ShareDisposition = CmResourceShareDeviceExclusive;
            d->Flags = f->bar[i].is_io ? CM_RESOURCE_PORT_IO : CM_RESOURCE_MEMORY_READ_WRITE;
            d->u.Memory.Start.QuadPart = (LONGLONG)f->bar[i].address;
            d->u.Memory.Length = (ULONG)f->bar[i].length;
            list->Count++;
        }
    }
    a->messages_granted = nd.options.messages < f->msix_vectors ? nd.options.messages : f->msix_vectors;
    for (unsigned i = 0; i < a->messages_granted; i++) {
        add_interrupt(list, true, MESSAGE_VECTOR + i);
    }
    if (a->messages_granted == 0) {
        add_interrupt(list, false, LINE_VECTOR);
    }
    a->resources = list;
}

void resources_release(struct nd_adapter *a)
{
    memory_free(a->resources);
    a->resources = NULL;
}

/* ---- Registers ---- */

NDIS_STATUS NTAPI NdisMMapIoSpace(PVOID *VirtualAddress, NDIS_HANDLE MiniportAdapterHandle,
                                  NDIS_PHYSICAL_ADDRESS PhysicalAddress, UINT Length)
{
    struct nd_adapter *a = nd_adapter_of(MiniportAdapterHandle);
    const struct bus_function *f = &nd.bus->function[a->function];
    uint64_t start = (uint64_t)PhysicalAddress.QuadPart;
    for (unsigned i = 0; i < BARS; i++) {
        if (!f->bar[i].is_io && f->bar[i].length != 0 && start >= f->bar[i].address &&
            start - f->bar[i].address < f->bar[i].length && Length <= f->bar[i].length - (start - f->bar[i].address)) {
            *VirtualAddress = mmio_map(start, Length);
            if (*VirtualAddress == NULL) {
                return NDIS_STATUS_RESOURCES;
            }
            object_create(OBJECT_IO_SPACE, a, *VirtualAddress, Length);
            return NDIS_STATUS_SUCCESS;
        }
    }
    rule_broken("ndis.range", "%#llx, %u bytes, is no part of the adapter's memory resources", (unsigned long long)start,
                Length);
}

VOID NTAPI NdisMUnmapIoSpace(NDIS_HANDLE MiniportAdapterHandle, PVOID VirtualAddress, UINT Length)
{
    struct object *o = object_at(OBJECT_IO_SPACE, VirtualAddress);
    if (o == NULL || o->adapter != nd_adapter_of(MiniportAdapterHandle) || o->size != Length) {
        rule_broken("ndis.range", "%p, %u bytes, is no mapping of this adapter", VirtualAddress, Length);
    }
    mmio_unmap(VirtualAddress);
    object_release(o);
}

static ULONG access_config(NDIS_HANDLE handle, ULONG space, ULONG offset, UCHAR *buffer, ULONG length, bool is_write)
{
    struct nd_adapter *a = nd_adapter_of(handle);
    unsigned devfn = nd.bus->function[a->function].devfn;
    ULONG i;
    if (space != PCI_WHICHSPACE_CONFIG || a->is_gone) {
        return 0;
    }
    for (i = 0; i < length && offset + i < 256; i++) {
        if (is_write) {
            nd.bus->ops->config_write(nd.bus, devfn, offset + i, 1, buffer[i]);
        } else {
            buffer[i] = (UCHAR)nd.bus->ops->config_read(nd.bus, devfn, offset + i, 1);
        }
    }
    return i;
}

ULONG NTAPI NdisMGetBusData(NDIS_HANDLE NdisMiniportHandle, ULONG WhichSpace, ULONG Offset, PVOID Buffer, ULONG Length)
{
    return access_config(NdisMiniportHandle, WhichSpace, Offset, Buffer, Length, false);
}

ULONG NTAPI NdisMSetBusData(NDIS_HANDLE NdisMiniportHandle, ULONG WhichSpace, ULONG Offset, PVOID Buffer, ULONG Length)
{
    return access_config(NdisMiniportHandle, WhichSpace, Offset, Buffer, Length, true);
}

/* ---- Memory that driver and device share ---- */

VOID NTAPI NdisMAllocateSharedMemory(NDIS_HANDLE MiniportAdapterHandle, ULONG Length, BOOLEAN Cached,
                                     PVOID *VirtualAddress, PNDIS_PHYSICAL_ADDRESS PhysicalAddress)
{
    struct nd_adapter *a = nd_adapter_of(MiniportAdapterHandle);
    struct object *o;
    if (a->state != STATE_INITIALIZING || a->dma == NULL) {
        rule_broken("ndis.shared", "shared memory is allocated outside of MiniportInitializeEx, or before "
                                   "NdisMRegisterScatterGatherDma");
    }
    *VirtualAddress = memory_alloc(MEMORY_CONTIGUOUS, Length, 0, "shared memory");
    if (*VirtualAddress == NULL) {
        return;
    }
    PhysicalAddress->QuadPart = (LONGLONG)memory_pa(*VirtualAddress);
    o = object_create(OBJECT_SHARED_MEMORY, a, *VirtualAddress, Length);
    o->uses = Cached;
    sg_share(a, (uint64_t)PhysicalAddress->QuadPart, Length);
}

VOID NTAPI NdisMFreeSharedMemory(NDIS_HANDLE MiniportAdapterHandle, ULONG Length, BOOLEAN Cached, PVOID VirtualAddress,
                                 NDIS_PHYSICAL_ADDRESS PhysicalAddress)
{
    struct object *o = object_at(OBJECT_SHARED_MEMORY, VirtualAddress);
    if (o == NULL || o->adapter != nd_adapter_of(MiniportAdapterHandle) || o->size != Length || o->uses != Cached ||
        (uint64_t)PhysicalAddress.QuadPart != memory_pa(VirtualAddress)) {
        rule_broken("ndis.shared", "%p, %u bytes, is freed otherwise than it was allocated, or a second time",
                    VirtualAddress, (unsigned)Length);
    }
    sg_unshare((uint64_t)PhysicalAddress.QuadPart, Length);
    memory_free(VirtualAddress);
    object_release(o);
}

ULONG NTAPI NdisGetSharedDataAlignment(VOID)
{
    return 64;
}
