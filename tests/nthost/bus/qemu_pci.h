/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What firmware does on a PC's PCI bus 0: configuration cycles, finding the virtio functions, assigning BARs, routing
 * interrupts, and the MSI-X table. PCI 3.0 sections 3.2.2.3, 6.2.5, 6.8.2.
 */
#ifndef NTHOST_QEMU_PCI_H
#define NTHOST_QEMU_PCI_H

#include "bus.h"
#include "qemu_qtest.h"

/* width 1, 2 or 4, offset a multiple of it and below 256. */
uint32_t qemu_pci_read(struct qtest *qtest, unsigned devfn, unsigned offset, unsigned width);
void qemu_pci_write(struct qtest *qtest, unsigned devfn, unsigned offset, unsigned width, uint32_t value);

/* Fills bus->function: resources assigned, decoding and bus mastering enabled, interrupt lines routed and known. */
bool qemu_pci_enumerate(struct qtest *qtest, struct bus *bus, char *error, size_t error_size);

/*
 * Programs the first count vectors of a function's MSI-X table and enables MSI-X; count 0 disables it.
 *
 * messages   physical address of count dwords in RAM: a message of vector n stores 1 to dword n
 */
void qemu_pci_set_msix(struct qtest *qtest, const struct bus_function *function, unsigned count, uint64_t messages);

#endif
