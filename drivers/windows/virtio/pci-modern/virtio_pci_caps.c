/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The walk of the PCI capability list. Every step reads at a place that was checked before, and there are at most as
 * many steps as capabilities fit into the space, so no content of the space makes it leave the space or run on.
 * Layer: transport. Highest IRQL: DISPATCH_LEVEL. VIRTIO 1.x "Virtio Structure PCI Capabilities".
 */
#include "virtio_pci_caps.h"

#include "virtio_pci_regs.h"

#define CAP_LIMIT ((PCI_CFG_LENGTH - PCI_CFG_HEADER_LENGTH) / 4)

static UINT16 Get16(const UINT8 *bytes)
{
    return (UINT16)(bytes[0] | (bytes[1] << 8));
}

static UINT32 Get32(const UINT8 *bytes)
{
    return (UINT32)Get16(bytes) | ((UINT32)Get16(bytes + 2) << 16);
}

/*
 * Takes one virtio capability into region unless an earlier instance is there or this one is of no use.
 *
 * alignment, least   what the structure needs: alignment of its offset, bytes of its length
 *
 * A length that reaches past the BAR is cut to it: large lengths are legal (PCI-12), and what the driver uses has been
 * compared with what is there.
 */
static BOOLEAN TakeRegion(const VIRTIO_PCI_OPS *ops, void *context, const UINT8 *cap, UINT32 alignment, UINT32 least,
                          VIRTIO_PCI_REGION *region)
{
    UINT8 bar = cap[VIRTIO_PCI_CAP_BAR];
    UINT32 offset = Get32(cap + VIRTIO_PCI_CAP_OFFSET);
    UINT32 length = Get32(cap + VIRTIO_PCI_CAP_LENGTH);
    UINT64 bar_length;

    if (region->length != 0 || bar >= PCI_CFG_BAR_COUNT || (offset & (alignment - 1)) != 0) {
        return FALSE;
    }
    bar_length = ops->BarLength(context, bar);
    if (offset >= bar_length) {
        return FALSE;
    }
    if (length > bar_length - offset) {
        length = (UINT32)(bar_length - offset);
    }
    if (length < least) {
        return FALSE;
    }
    region->bar = bar;
    region->offset = offset;
    region->length = length;
    return TRUE;
}

/* One vendor-specific capability at offset pointer. FALSE: the space could not be read. */
static BOOLEAN TakeVirtioCap(const VIRTIO_PCI_OPS *ops, void *context, UINT16 pointer, VIRTIO_PCI_CAPS *caps,
                             BOOLEAN *is_modern)
{
    UINT8 cap[VIRTIO_PCI_CAP_NOTIFY_SIZE];
    UINT16 length;

    if (pointer + VIRTIO_PCI_CAP_SIZE > PCI_CFG_LENGTH) {
        return TRUE;
    }
    length = VIRTIO_PCI_CAP_SIZE;
    if (pointer + VIRTIO_PCI_CAP_NOTIFY_SIZE <= PCI_CFG_LENGTH) {
        length = VIRTIO_PCI_CAP_NOTIFY_SIZE;
    }
    if (!ops->ReadConfig(context, pointer, cap, length)) {
        return FALSE;
    }
    if (cap[VIRTIO_PCI_CAP_TYPE] >= VIRTIO_PCI_TYPE_COMMON && cap[VIRTIO_PCI_CAP_TYPE] <= VIRTIO_PCI_TYPE_DEVICE) {
        *is_modern = TRUE;
    }
    if (cap[VIRTIO_PCI_CAP_LEN] < VIRTIO_PCI_CAP_SIZE) {
        return TRUE;
    }
    switch (cap[VIRTIO_PCI_CAP_TYPE]) {
    case VIRTIO_PCI_TYPE_COMMON:
        TakeRegion(ops, context, cap, 4, VIRTIO_COMMON_LENGTH, &caps->common);
        break;
    case VIRTIO_PCI_TYPE_NOTIFY:
        if (length == VIRTIO_PCI_CAP_NOTIFY_SIZE && cap[VIRTIO_PCI_CAP_LEN] >= VIRTIO_PCI_CAP_NOTIFY_SIZE &&
            TakeRegion(ops, context, cap, 2, 2, &caps->notify)) {
            caps->notify_multiplier = Get32(cap + VIRTIO_PCI_CAP_MULTIPLIER);
        }
        break;
    case VIRTIO_PCI_TYPE_ISR:
        TakeRegion(ops, context, cap, 1, 1, &caps->isr);
        break;
    case VIRTIO_PCI_TYPE_DEVICE:
        TakeRegion(ops, context, cap, 4, 1, &caps->device);
        break;
    default: /* reserved, or of no use to a driver (PCI-07, PCI-23, PCI-25) */
        break;
    }
    return TRUE;
}

/* One MSI-X capability: the first one counts. FALSE: the space could not be read. */
static BOOLEAN TakeMsixCap(const VIRTIO_PCI_OPS *ops, void *context, UINT16 pointer, VIRTIO_PCI_CAPS *caps)
{
    UINT8 control[2];

    if (caps->has_msix || pointer + PCI_CAP_MSIX_LENGTH > PCI_CFG_LENGTH) {
        return TRUE;
    }
    if (!ops->ReadConfig(context, (UINT16)(pointer + PCI_CAP_MSIX_CONTROL), control, sizeof(control))) {
        return FALSE;
    }
    caps->has_msix = TRUE;
    caps->msix_table_size = (UINT16)((Get16(control) & PCI_CAP_MSIX_SIZE_MASK) + 1);
    return TRUE;
}

static VIRTIO_REASON WalkList(const VIRTIO_PCI_OPS *ops, void *context, UINT8 pointer, VIRTIO_PCI_CAPS *caps,
                              BOOLEAN *is_modern)
{
    UINT8 link[2];
    UINT32 step;
    BOOLEAN is_read;

    for (step = 0; step < CAP_LIMIT; step++) {
        pointer &= PCI_CAP_POINTER_MASK;
        if (pointer == 0) {
            return VIRTIO_REASON_NONE;
        }
        if (pointer < PCI_CFG_HEADER_LENGTH) {
            return VIRTIO_REASON_CAP_LIST_MALFORMED;
        }
        is_read = ops->ReadConfig(context, pointer, link, sizeof(link));
        if (is_read && link[PCI_CAP_ID] == PCI_CAP_ID_VENDOR) {
            is_read = TakeVirtioCap(ops, context, pointer, caps, is_modern);
        } else if (is_read && link[PCI_CAP_ID] == PCI_CAP_ID_MSIX) {
            is_read = TakeMsixCap(ops, context, pointer, caps);
        }
        if (!is_read) {
            return VIRTIO_REASON_CONFIG_SPACE_UNREADABLE;
        }
        pointer = link[PCI_CAP_NEXT];
    }
    /* The last place of a completely full list may still say "end". */
    return (pointer & PCI_CAP_POINTER_MASK) == 0 ? VIRTIO_REASON_NONE : VIRTIO_REASON_CAP_LIST_MALFORMED;
}

static VIRTIO_REASON FindCaps(const VIRTIO_PCI_OPS *ops, void *context, VIRTIO_PCI_CAPS *caps)
{
    UINT8 header[PCI_CFG_HEADER_LENGTH];
    BOOLEAN is_modern = FALSE;
    VIRTIO_REASON reason;

    if (!ops->ReadConfig(context, 0, header, sizeof(header))) {
        return VIRTIO_REASON_CONFIG_SPACE_UNREADABLE;
    }
    if (Get16(header + PCI_CFG_VENDOR_ID) == 0xFFFF) {
        return VIRTIO_REASON_DEVICE_GONE;
    }
    if (Get16(header + PCI_CFG_VENDOR_ID) != VIRTIO_PCI_VENDOR_ID) {
        return VIRTIO_REASON_NOT_A_VIRTIO_DEVICE;
    }
    caps->pci_device_id = Get16(header + PCI_CFG_DEVICE_ID);
    caps->pci_revision = header[PCI_CFG_REVISION];
    if ((Get16(header + PCI_CFG_STATUS) & PCI_CFG_STATUS_CAP_LIST) == 0) {
        return VIRTIO_REASON_LEGACY_ONLY;
    }
    reason = WalkList(ops, context, header[PCI_CFG_CAP_POINTER], caps, &is_modern);
    if (reason != VIRTIO_REASON_NONE) {
        return reason;
    }
    if (!is_modern) {
        return VIRTIO_REASON_LEGACY_ONLY;
    }
    if (caps->common.length == 0) {
        return VIRTIO_REASON_CAP_COMMON_MISSING;
    }
    if (caps->notify.length == 0) {
        return VIRTIO_REASON_CAP_NOTIFY_MISSING;
    }
    if (caps->isr.length == 0) {
        return VIRTIO_REASON_CAP_ISR_MISSING;
    }
    return VIRTIO_REASON_NONE;
}

VIRTIO_REASON VirtioPciFindCaps(const VIRTIO_PCI_OPS *ops, void *context, VIRTIO_PCI_CAPS *caps)
{
    VIRTIO_REASON reason;

    RtlZeroMemory(caps, sizeof(*caps));
    reason = FindCaps(ops, context, caps);
    if (reason != VIRTIO_REASON_NONE) {
        RtlZeroMemory(caps, sizeof(*caps));
    }
    return reason;
}

UINT64 VirtioPciBarAddress(const UINT8 *config, UINT8 bar)
{
    UINT64 address = 0;
    UINT32 low;
    UINT8 i;

    for (i = 0; i <= bar; i++) {
        low = Get32(config + PCI_CFG_BAR + 4 * i);
        address = (low & PCI_BAR_IO) != 0 ? 0 : low & PCI_BAR_ADDRESS_MASK;
        if ((low & (PCI_BAR_IO | PCI_BAR_TYPE_MASK)) != PCI_BAR_TYPE_64) {
            continue;
        }
        i++; /* the next one is its upper half */
        if (i == PCI_CFG_BAR_COUNT) {
            return 0;
        }
        if (i <= bar) {
            address = 0;
        } else {
            address |= (UINT64)Get32(config + PCI_CFG_BAR + 4 * i) << 32;
        }
    }
    return address;
}
