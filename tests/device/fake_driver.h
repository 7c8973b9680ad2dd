/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A fake device behind driver code that is linked into the same program: VIRTIO_PCI_OPS whose context is the
 * struct fake_device, and the VirtioMmio functions. A mapped window is address space without memory behind it, so an
 * access that goes past the accessors crashes; one through them that hits no mapped window aborts with a message.
 */
#ifndef FAKE_DRIVER_H
#define FAKE_DRIVER_H

#include "fake_device.h"
#include "virtio_pci_caps.h"

extern const VIRTIO_PCI_OPS fake_driver_ops;

/* The n-th mapping of this device from 1 on fails (0: none does); read_config: the same for configuration reads. */
void fake_driver_fail(struct fake_device *device, unsigned map, unsigned read_config);

#endif
