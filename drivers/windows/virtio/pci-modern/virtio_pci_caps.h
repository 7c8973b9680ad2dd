/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Finding the virtio structures of a PCI function: a bounded walk of its capability list.
 * VIRTIO 1.x "Virtio Structure PCI Capabilities". Layer: transport. Highest IRQL: DISPATCH_LEVEL.
 */
#ifndef VIRTIO_PCI_CAPS_H
#define VIRTIO_PCI_CAPS_H

#include "virtio_osdep.h"
#include "virtio_reason.h"

/* What the transport needs from the system; written by the glue of each framework. */
typedef struct _VIRTIO_PCI_OPS {
    /*
     * Reads length bytes at offset of the function's PCI configuration space (offset + length <= 256).
     * FALSE: the bytes could not be read. Called at the IRQL of VirtioPciOpen.
     */
    BOOLEAN (*ReadConfig)(void *context, UINT16 offset, void *buffer, UINT16 length);
    /* Length in bytes of memory BAR bar (0 to 5); 0: absent, an I/O BAR, or the upper half of a 64-bit one. */
    UINT64 (*BarLength)(void *context, UINT8 bar);
    /*
     * Maps length bytes at offset of memory BAR bar uncached; the window stays mapped until the framework removes the
     * device. offset + length <= BarLength(bar). NULL: not possible.
     */
    volatile UINT8 *(*MapBar)(void *context, UINT8 bar, UINT32 offset, UINT32 length);
    /* Busy-waits; microseconds is below 1000. Any IRQL up to DIRQL. */
    VOID (*Stall)(void *context, UINT32 microseconds);
} VIRTIO_PCI_OPS;

/* Where one structure lies. length 0: not found. */
typedef struct _VIRTIO_PCI_REGION {
    UINT8 bar;
    UINT32 offset;
    UINT32 length;
} VIRTIO_PCI_REGION;

typedef struct _VIRTIO_PCI_CAPS {
    UINT16 pci_device_id;
    UINT8 pci_revision;
    UINT8 has_msix;         /* an MSI-X capability is there */
    UINT16 msix_table_size; /* number of vectors, 1 to 2048; 0 without MSI-X */
    VIRTIO_PCI_REGION common;
    VIRTIO_PCI_REGION notify;
    VIRTIO_PCI_REGION isr;
    VIRTIO_PCI_REGION device; /* may be absent: length 0 */
    UINT32 notify_multiplier;
} VIRTIO_PCI_CAPS;

/*
 * Walks the capability list and keeps the first usable instance of each structure (PCI-07 to PCI-13, PCI-27, PCI-28).
 * Usable: a capability of full length inside the space, a memory BAR that is there, an aligned offset inside it, and at
 * least the bytes that the driver needs in length and in the BAR; a length that reaches past the BAR is cut to it.
 *
 * ops, context  as above; ops is only read during the call
 * caps          out: filled on success, zeroed otherwise
 *
 * IRQL:    that of ops->ReadConfig, at most DISPATCH_LEVEL
 * Returns: VIRTIO_REASON_NONE, or why the function cannot be driven: refuse it with that reason
 */
VIRTIO_REASON VirtioPciFindCaps(const VIRTIO_PCI_OPS *ops, void *context, VIRTIO_PCI_CAPS *caps);

/*
 * Where a memory BAR lies, for a framework that lists memory ranges without saying which BAR each belongs to.
 *
 * config   the function's PCI configuration space, at least its header; a copy that no device writes
 * bar      0 to 5
 *
 * IRQL:    any
 * Returns: the address in it; 0: an I/O BAR, an unused one, or the upper half of a 64-bit one
 */
UINT64 VirtioPciBarAddress(const UINT8 *config, UINT8 bar);

#endif
