/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* PCI configuration space and BARs through StorPort. Layer: glue. IRQL: PASSIVE_LEVEL, but for the stall: any. */
#include "aerovblk.h"

/* The access range that starts where the BAR does: StorPort lists ranges, not BARs. */
static VOID FindRange(AEROVBLK_BAR *bar, UINT64 base, const PORT_CONFIGURATION_INFORMATION *config)
{
    const ACCESS_RANGE *range;
    ULONG i;

    for (i = 0; i < config->NumberOfAccessRanges; i++) {
        range = &(*config->AccessRanges)[i];
        if (range->RangeInMemory && range->RangeLength != 0 && (UINT64)range->RangeStart.QuadPart == base) {
            bar->start = range->RangeStart;
            bar->length = range->RangeLength;
            return;
        }
    }
}

static VOID FindBars(AEROVBLK_ADAPTER *adapter, const PORT_CONFIGURATION_INFORMATION *config)
{
    UINT64 base;
    UINT8 bar;

    for (bar = 0; bar < AEROVBLK_BARS; bar++) {
        base = VirtioPciBarAddress(adapter->pci_config, bar);
        if (base != 0)
            FindRange(&adapter->bars[bar], base, config);
    }
}

/* "PCIbb.dd.f", hexadecimal */
static VOID DescribeLocation(AEROVBLK_ADAPTER *adapter)
{
    static const char digits[] = "0123456789ABCDEF";
    UINT32 device = adapter->slot & 0x1F;
    char *to = adapter->location;

    *to++ = 'P';
    *to++ = 'C';
    *to++ = 'I';
    *to++ = digits[(adapter->bus >> 4) & 0xF];
    *to++ = digits[adapter->bus & 0xF];
    *to++ = '.';
    *to++ = digits[device >> 4];
    *to++ = digits[device & 0xF];
    *to++ = '.';
    *to++ = digits[(adapter->slot >> 5) & 0x7];
    *to = '\0';
}

BOOLEAN AerovblkPciInit(AEROVBLK_ADAPTER *adapter, const PORT_CONFIGURATION_INFORMATION *config)
{
    adapter->interface_type = config->AdapterInterfaceType;
    adapter->bus = config->SystemIoBusNumber;
    adapter->slot = config->SlotNumber;
    DescribeLocation(adapter);
    if (StorPortGetBusData(adapter, PCIConfiguration, adapter->bus, adapter->slot, adapter->pci_config,
                           AEROVBLK_PCI_CONFIG) != AEROVBLK_PCI_CONFIG)
        return FALSE;
    FindBars(adapter, config);
    return TRUE;
}

VOID AerovblkPciUninit(AEROVBLK_ADAPTER *adapter)
{
    UINT32 i;

    for (i = 0; i < AEROVBLK_BARS; i++) {
        if (adapter->bars[i].mapped != NULL)
            StorPortFreeDeviceBase(adapter, adapter->bars[i].mapped);
        adapter->bars[i].mapped = NULL;
    }
}

static BOOLEAN ReadConfig(void *context, UINT16 offset, void *buffer, UINT16 length)
{
    const AEROVBLK_ADAPTER *adapter = (const AEROVBLK_ADAPTER *)context;

    RtlCopyMemory(buffer, adapter->pci_config + offset, length);
    return TRUE;
}

static UINT64 BarLength(void *context, UINT8 bar)
{
    const AEROVBLK_ADAPTER *adapter = (const AEROVBLK_ADAPTER *)context;

    return bar < AEROVBLK_BARS ? adapter->bars[bar].length : 0;
}

/* Maps the whole BAR once: the structures of one device mostly share one. */
static volatile UINT8 *MapBar(void *context, UINT8 bar_index, UINT32 offset, UINT32 length)
{
    AEROVBLK_ADAPTER *adapter = (AEROVBLK_ADAPTER *)context;
    AEROVBLK_BAR *bar = &adapter->bars[bar_index];

    UNREFERENCED_PARAMETER(length);
    if (bar->mapped == NULL)
        bar->mapped = (PUCHAR)StorPortGetDeviceBase(adapter, adapter->interface_type, adapter->bus, bar->start,
                                                    bar->length, FALSE);
    return bar->mapped != NULL ? bar->mapped + offset : NULL;
}

static VOID Stall(void *context, UINT32 microseconds)
{
    UNREFERENCED_PARAMETER(context);
    StorPortStallExecution(microseconds);
}

const VIRTIO_PCI_OPS aerovblk_pci_ops = {ReadConfig, BarLength, MapBar, Stall};
