/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the portable core asks of a system, answered by a bus of bus.h: configuration space, register windows, DMA
 * memory. This and a main loop are all that a new home for the core has to bring.
 */
#ifndef BLK_EXAMPLE_PLATFORM_H
#define BLK_EXAMPLE_PLATFORM_H

#include "bus.h"
#include "virtio_os_ops.h"
#include "virtio_pci_caps.h"

#include <stdbool.h>

struct platform {
    struct bus *bus;
    const struct bus_function *function;
    char *dma;            /* mapping of the DMA arena */
    uint64_t dma_address; /* its physical address: above 4 GiB */
    size_t dma_size, dma_used;
};

/*
 * Register accessors have no context argument, so the windows are found in a table of the process: one platform at a
 * time.
 *
 * function  one of bus's
 * dma_size  bytes of DMA memory, multiple of 4096
 */
bool platform_init(struct platform *platform, struct bus *bus, const struct bus_function *function, size_t dma_size);
void platform_uninit(struct platform *platform);

/* Both take a struct platform as their context. */
extern const VIRTIO_PCI_OPS platform_pci_ops;
extern const virtio_os_ops_t platform_os_ops;

#endif
