/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* PCI configuration space and BARs through NDIS. Layer: glue. IRQL: PASSIVE_LEVEL, but for the stall: any. */
#include "aerovnet.h"

#define STALL_MAX_US 50 /* what MiniportResetEx may wait at once */

/* The memory range that starts where the BAR does: NDIS lists ranges, not BARs. */
static VOID FindRange(AEROVNET_BAR *bar, UINT64 base, const NDIS_RESOURCE_LIST *resources)
{
    const CM_PARTIAL_RESOURCE_DESCRIPTOR *range;
    ULONG i;

    for (i = 0; resources != NULL && i < resources->Count; i++) {
        range = &resources->PartialDescriptors[i];
        if (range->Type == CmResourceTypeMemory && range->u.Memory.Length != 0 &&
            (UINT64)range->u.Memory.Start.QuadPart == base) {
            bar->start = range->u.Memory.Start;
            bar->length = range->u.Memory.Length;
            return;
        }
    }
}

static VOID FindBars(AEROVNET_ADAPTER *adapter, const NDIS_RESOURCE_LIST *resources)
{
    UINT64 base;
    UINT8 bar;

    for (bar = 0; bar < AEROVNET_BARS; bar++) {
        base = VirtioPciBarAddress(adapter->pci_config, bar);
        if (base != 0)
            FindRange(&adapter->bars[bar], base, resources);
    }
}

BOOLEAN AerovnetPciInit(AEROVNET_ADAPTER *adapter, const NDIS_RESOURCE_LIST *resources)
{
    if (NdisMGetBusData(adapter->handle, PCI_WHICHSPACE_CONFIG, 0, adapter->pci_config, AEROVNET_PCI_CONFIG) !=
        AEROVNET_PCI_CONFIG)
        return FALSE;
    FindBars(adapter, resources);
    return TRUE;
}

VOID AerovnetPciUninit(AEROVNET_ADAPTER *adapter)
{
    UINT32 i;

    for (i = 0; i < AEROVNET_BARS; i++) {
        if (adapter->bars[i].mapped != NULL)
            NdisMUnmapIoSpace(adapter->handle, adapter->bars[i].mapped, adapter->bars[i].length);
        adapter->bars[i].mapped = NULL;
    }
}

static BOOLEAN ReadConfig(void *context, UINT16 offset, void *buffer, UINT16 length)
{
    const AEROVNET_ADAPTER *adapter = (const AEROVNET_ADAPTER *)context;

    RtlCopyMemory(buffer, adapter->pci_config + offset, length);
    return TRUE;
}

static UINT64 BarLength(void *context, UINT8 bar)
{
    const AEROVNET_ADAPTER *adapter = (const AEROVNET_ADAPTER *)context;

    return bar < AEROVNET_BARS ? adapter->bars[bar].length : 0;
}

/* Maps the whole BAR once: the structures of one device mostly share one. */
static volatile UINT8 *MapBar(void *context, UINT8 bar_index, UINT32 offset, UINT32 length)
{
    AEROVNET_ADAPTER *adapter = (AEROVNET_ADAPTER *)context;
    AEROVNET_BAR *bar = &adapter->bars[bar_index];
    PVOID mapped = NULL;

    UNREFERENCED_PARAMETER(length);
    if (bar->mapped == NULL &&
        NdisMMapIoSpace(&mapped, adapter->handle, bar->start, bar->length) == NDIS_STATUS_SUCCESS)
        bar->mapped = (PUCHAR)mapped;
    return bar->mapped != NULL ? bar->mapped + offset : NULL;
}

static VOID Stall(void *context, UINT32 microseconds)
{
    UINT32 piece;

    UNREFERENCED_PARAMETER(context);
    for (; microseconds != 0; microseconds -= piece) {
        piece = microseconds < STALL_MAX_US ? microseconds : STALL_MAX_US;
        NdisStallExecution(piece);
    }
}

const VIRTIO_PCI_OPS aerovnet_pci_ops = {ReadConfig, BarLength, MapBar, Stall};
