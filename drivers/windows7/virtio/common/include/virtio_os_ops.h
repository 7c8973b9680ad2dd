/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the portable virtqueue engine asks of the system for its memory. Used at set-up and tear-down only, never for a
 * buffer. Layer: below the ring. IRQL: that of the set-up (StorPort: HwFindAdapter and HwInitialize; NDIS: PASSIVE).
 */
#ifndef VIRTIO_OS_OPS_H
#define VIRTIO_OS_OPS_H

#include "virtio_types.h"

/* Contiguous memory that the device can reach. vaddr NULL: none. */
typedef struct virtio_dma_buffer {
    void *vaddr;
    uint64_t paddr; /* device address */
    size_t size;    /* bytes */
} virtio_dma_buffer_t;

/* Each operation gets the context that was given along with the table. */
typedef struct virtio_os_ops {
    /* Private memory of size bytes (not 0), aligned like a pointer, any content; NULL when there is none. */
    void *(*alloc)(void *ctx, size_t size);

    /* Gives back what alloc gave; ptr is never NULL. May do nothing where the memory goes with the adapter. */
    void (*free)(void *ctx, void *ptr);

    /*
     * DMA memory of size bytes, contiguous, vaddr and paddr aligned to alignment (a power of two), any content.
     * VIRTIO_TRUE: *out is filled, out->size at least size.
     */
    virtio_bool_t (*alloc_dma)(void *ctx, size_t size, size_t alignment, virtio_dma_buffer_t *out);

    /* Gives back what alloc_dma gave; the device no longer uses it. */
    void (*free_dma)(void *ctx, virtio_dma_buffer_t *buffer);

    /* Device address of a byte in memory from alloc_dma; for cores that keep request headers there. */
    uint64_t (*virt_to_phys)(void *ctx, const void *vaddr);

    /* One line without line end, for whoever debugs; NULL when nobody listens. */
    void (*log)(void *ctx, const char *message);
} virtio_os_ops_t;

#endif
