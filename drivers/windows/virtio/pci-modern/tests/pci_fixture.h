/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A fake device with the transport on it, brought up as a block driver does it: shared by the transport's tests. */
#ifndef PCI_FIXTURE_H
#define PCI_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "fake_device.h"
#include "fake_driver.h"
#include "fake_fault.h"
#include "fake_ranges.h"
#include "virtio_pci_modern.h"
#include "virtio_pci_regs.h"

struct pci {
    struct fake_device *fake;
    struct fake_log *log;
    VIRTIO_PCI_DEVICE device;
    NTSTATUS status;
    UINT64 capacity;
    UINT16 queue_size;
    volatile UINT8 *notify;
};

enum pci_vectors { PCI_INTX, PCI_MSIX };

/* What the block driver understands; a dependency for the tests: WRITE_ZEROES needs DISCARD, which needs FLUSH. */
#define PCI_WANTED                                                                                                     \
    (VIRTIO_F_RING_INDIRECT_DESC | VIRTIO_F_RING_EVENT_IDX | (1ULL << 2) | (1ULL << 5) | (1ULL << 6) | (1ULL << 9) |   \
     (1ULL << 13) | (1ULL << 14))
extern const VIRTIO_FEATURE_REQUEST pci_request;

/* Makes the device; fails the test if that is not possible. */
void pci_make(struct pci *pci, const struct fake_options *options);
void pci_make_fault(struct pci *pci, const char *fault);
void pci_end(struct pci *pci);
/* Open to DRIVER_OK. On failure gives the device up as a driver does. Returns pci->status. */
NTSTATUS pci_bring_up(struct pci *pci, enum pci_vectors vectors);
/* Fails the test unless every access kept the rules of fake_check_log. */
void pci_check_log(const struct pci *pci);
/* Makes a device with the fault, brings it up, expects the reason (NONE: success) and a clean log. */
void pci_expect(const char *fault, VIRTIO_REASON reason);
/* The values written to the status register, as "00 01 03 0b 0f". */
void pci_status_writes(const struct pci *pci, char *text, size_t size);

#endif
