/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The device at the other end of a ring in the legacy layout (used ring on the next 4096-byte boundary), without
 * registers: tests/device with type "echo", which copies the readable bytes of a chain to its writable ones.
 * Layer: test.
 *
 * For the CMakeLists.txt beside this file:
 *     if(NOT TARGET fake_device)
 *       add_subdirectory(${AERO_ROOT}/tests/device ${CMAKE_CURRENT_BINARY_DIR}/fake_device)
 *     endif()
 * and link fake_device. Guest memory: struct fake_ranges of fake_ranges.h, to which the test's alloc_dma adds each
 * block and from which its free_dma removes it.
 */
#ifndef FAKE_PCI_DEVICE_H
#define FAKE_PCI_DEVICE_H

#include "virtqueue_split_legacy.h"

#include <stdio.h>

#include "fake_device.h"
#include "fake_ranges.h"

typedef struct fake_pci_device {
    struct fake_device *device;
} fake_pci_device_t;

/* ranges must outlive the device. fault: NULL or names of tests/device/fake_fault.c. false: said on stderr. */
static inline bool fake_pci_device_create(fake_pci_device_t *fake, struct fake_ranges *ranges, const char *fault)
{
    char error[160];
    struct fake_options options = {
        .type = "echo", .fault = fault, .memory = fake_ranges_memory(ranges), .queue_count = 8, .no_log = true};

    fake->device = fake_create(&options, error, sizeof(error));
    if (fake->device == NULL) {
        fprintf(stderr, "fake_pci_device: %s\n", error);
    }
    return fake->device != NULL;
}

static inline void fake_pci_device_destroy(fake_pci_device_t *fake)
{
    fake_destroy(fake->device);
    fake->device = NULL;
}

/*
 * A queue whose three parts lie in one block that starts at ring_pa, in the legacy layout of that alignment (the
 * legacy interface's is 4096). features: VIRTIO_F_RING_* bits as negotiated.
 */
static inline void fake_pci_device_attach(fake_pci_device_t *fake, unsigned queue, uint16_t size, uint64_t ring_pa,
                                          uint32_t align, uint64_t features)
{
    uint64_t avail = ring_pa + 16u * (uint64_t)size;
    uint64_t used = (avail + 6 + 2u * (uint64_t)size + align - 1) / align * align;

    fake_queue_attach(fake->device, queue, size, ring_pa, avail, used, features);
}

/* Works on everything that the queue offers. Returns how many chains were taken. */
static inline unsigned fake_pci_device_process(fake_pci_device_t *fake, unsigned queue)
{
    return fake_queue_process(fake->device, queue, UINT32_MAX);
}

#endif
