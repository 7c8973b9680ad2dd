/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * PCI configuration space through the bus driver's interface, BARs through the device's resources. Layer: glue.
 * IRQL: PASSIVE_LEVEL, but for the stall: any.
 */
#include <initguid.h>

#include "virtio_input.h"

#include <wdmguid.h>

#define PCI_BAR_OFFSET  0x10
#define PCI_BAR_IO      0x1
#define PCI_BAR_TYPE    0x6
#define PCI_BAR_64      0x4
#define PCI_BAR_ADDRESS 0xFFFFFFF0

static BOOLEAN ReadHeader(AEROVINPUT_CONTEXT *context)
{
    BUS_INTERFACE_STANDARD bus;
    ULONG length;

    if (!NT_SUCCESS(WdfFdoQueryForInterface(context->handle, &GUID_BUS_INTERFACE_STANDARD, (PINTERFACE)&bus,
                                            sizeof(bus), 1, NULL)))
        return FALSE;
    length = bus.GetBusData(bus.Context, PCI_WHICHSPACE_CONFIG, context->pci_config, 0, AEROVINPUT_PCI_CONFIG);
    bus.InterfaceDereference(bus.Context);
    return (BOOLEAN)(length == AEROVINPUT_PCI_CONFIG);
}

static UINT32 ReadDword(const UINT8 *from)
{
    return from[0] | ((UINT32)from[1] << 8) | ((UINT32)from[2] << 16) | ((UINT32)from[3] << 24);
}

/* The memory range that starts, on the bus, where the BAR does: resources list ranges, not BARs. */
static VOID FindRange(AEROVINPUT_BAR *bar, UINT64 base, WDFCMRESLIST raw, WDFCMRESLIST translated)
{
    const CM_PARTIAL_RESOURCE_DESCRIPTOR *range;
    ULONG count = WdfCmResourceListGetCount(raw);
    ULONG i;

    for (i = 0; i < count; i++) {
        range = WdfCmResourceListGetDescriptor(raw, i);
        if (range->Type == CmResourceTypeMemory && range->u.Memory.Length != 0 &&
            (UINT64)range->u.Memory.Start.QuadPart == base) {
            bar->start = WdfCmResourceListGetDescriptor(translated, i)->u.Memory.Start;
            bar->length = range->u.Memory.Length;
            return;
        }
    }
}

static VOID FindBars(AEROVINPUT_CONTEXT *context, WDFCMRESLIST raw, WDFCMRESLIST translated)
{
    UINT32 i;
    UINT32 bar;
    UINT32 low;
    UINT64 base;

    for (i = 0; i < AEROVINPUT_BARS; i++) {
        bar = i;
        low = ReadDword(context->pci_config + PCI_BAR_OFFSET + 4 * i);
        if ((low & PCI_BAR_IO) != 0)
            continue;
        base = low & PCI_BAR_ADDRESS;
        if ((low & PCI_BAR_TYPE) == PCI_BAR_64) {
            i++; /* the next one is its upper half */
            if (i < AEROVINPUT_BARS)
                base |= (UINT64)ReadDword(context->pci_config + PCI_BAR_OFFSET + 4 * i) << 32;
        }
        if (base != 0)
            FindRange(&context->bars[bar], base, raw, translated);
    }
}

BOOLEAN AerovinputPciInit(AEROVINPUT_CONTEXT *context, WDFCMRESLIST raw, WDFCMRESLIST translated)
{
    RtlZeroMemory(context->bars, sizeof(context->bars));
    if (!ReadHeader(context))
        return FALSE;
    FindBars(context, raw, translated);
    return TRUE;
}

VOID AerovinputPciUninit(AEROVINPUT_CONTEXT *context)
{
    UINT32 i;

    for (i = 0; i < AEROVINPUT_BARS; i++) {
        if (context->bars[i].mapped != NULL)
            MmUnmapIoSpace(context->bars[i].mapped, context->bars[i].length);
        context->bars[i].mapped = NULL;
    }
}

static BOOLEAN ReadConfig(void *opaque, UINT16 offset, void *buffer, UINT16 length)
{
    const AEROVINPUT_CONTEXT *context = (const AEROVINPUT_CONTEXT *)opaque;

    RtlCopyMemory(buffer, context->pci_config + offset, length);
    return TRUE;
}

static UINT64 BarLength(void *opaque, UINT8 bar)
{
    const AEROVINPUT_CONTEXT *context = (const AEROVINPUT_CONTEXT *)opaque;

    return bar < AEROVINPUT_BARS ? context->bars[bar].length : 0;
}

/* Maps the whole BAR once: the structures of one device mostly share one. */
static volatile UINT8 *MapBar(void *opaque, UINT8 bar_index, UINT32 offset, UINT32 length)
{
    AEROVINPUT_CONTEXT *context = (AEROVINPUT_CONTEXT *)opaque;
    AEROVINPUT_BAR *bar = &context->bars[bar_index];

    UNREFERENCED_PARAMETER(length);
    if (bar->mapped == NULL)
        bar->mapped = (PUCHAR)MmMapIoSpace(bar->start, bar->length, MmNonCached);
    return bar->mapped != NULL ? bar->mapped + offset : NULL;
}

/* KeStallExecutionProcessor is for 50 microseconds at a time. */
#define STALL_MAX_US 50

static VOID Stall(void *opaque, UINT32 microseconds)
{
    UINT32 piece;

    UNREFERENCED_PARAMETER(opaque);
    for (; microseconds != 0; microseconds -= piece) {
        piece = microseconds < STALL_MAX_US ? microseconds : STALL_MAX_US;
        KeStallExecutionProcessor(piece);
    }
}

const VIRTIO_PCI_OPS aerovinput_pci_ops = {ReadConfig, BarLength, MapBar, Stall};
