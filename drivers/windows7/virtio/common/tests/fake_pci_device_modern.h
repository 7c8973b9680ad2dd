/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The device at the other end of rings that are programmed through the modern registers: tests/device with any of its
 * types ("echo", "blk"), set up and notified by register writes as a transport would do them. Layer: test.
 * Building: as the comment in fake_pci_device.h says.
 */
#ifndef FAKE_PCI_DEVICE_MODERN_H
#define FAKE_PCI_DEVICE_MODERN_H

#include "virtqueue_split_legacy.h"

#include <stdio.h>

#include "fake_device.h"
#include "fake_ranges.h"

enum { FAKE_MODERN_BAR = 4, FAKE_MODERN_NOTIFY = 0x3000, FAKE_MODERN_MULTIPLIER = 4 };

typedef struct fake_pci_device_modern {
    struct fake_device *device;
} fake_pci_device_modern_t;

/*
 * deferred: notifications are worked on in fake_pci_device_modern_process only. Other parameters as
 * fake_pci_device_create.
 */
static inline bool fake_pci_device_modern_create(fake_pci_device_modern_t *fake, const char *type,
                                                 struct fake_ranges *ranges, bool deferred, const char *fault)
{
    char error[160];
    struct fake_options options = {.type = type,
                                   .fault = fault,
                                   .memory = fake_ranges_memory(ranges),
                                   .queue_count = 8,
                                   .queue_size = 256,
                                   .notify_multiplier = FAKE_MODERN_MULTIPLIER,
                                   .bar = FAKE_MODERN_BAR,
                                   .deferred = deferred};

    fake->device = fake_create(&options, error, sizeof(error));
    if (fake->device == NULL) {
        fprintf(stderr, "fake_pci_device_modern: %s\n", error);
    }
    return fake->device != NULL;
}

static inline void fake_pci_device_modern_destroy(fake_pci_device_modern_t *fake)
{
    fake_destroy(fake->device);
    fake->device = NULL;
}

static inline void fake_pci_device_modern_write(fake_pci_device_modern_t *fake, unsigned offset, unsigned width,
                                                uint64_t value)
{
    fake_mem_write(fake->device, FAKE_MODERN_BAR, offset, width, value);
}

/* From reset to FEATURES_OK with these features (VERSION_1 included). Returns whether the device took them. */
static inline bool fake_pci_device_modern_negotiate(fake_pci_device_modern_t *fake, uint64_t features)
{
    fake_pci_device_modern_write(fake, 0x14, 1, 0);
    fake_pci_device_modern_write(fake, 0x14, 1, 1);
    fake_pci_device_modern_write(fake, 0x14, 1, 3);
    fake_pci_device_modern_write(fake, 0x08, 4, 0);
    fake_pci_device_modern_write(fake, 0x0C, 4, (uint32_t)features);
    fake_pci_device_modern_write(fake, 0x08, 4, 1);
    fake_pci_device_modern_write(fake, 0x0C, 4, features >> 32);
    fake_pci_device_modern_write(fake, 0x14, 1, 0x0B);
    return (fake_status(fake->device) & 8) != 0;
}

/* Programs and enables a queue; before fake_pci_device_modern_driver_ok. */
static inline void fake_pci_device_modern_attach(fake_pci_device_modern_t *fake, uint16_t queue, uint16_t size,
                                                 uint64_t desc_pa, uint64_t avail_pa, uint64_t used_pa)
{
    const uint64_t part[3] = {desc_pa, avail_pa, used_pa};

    fake_pci_device_modern_write(fake, 0x16, 2, queue);
    fake_pci_device_modern_write(fake, 0x18, 2, size);
    for (unsigned i = 0; i < 3; i++) {
        fake_pci_device_modern_write(fake, 0x20 + 8 * i, 4, (uint32_t)part[i]);
        fake_pci_device_modern_write(fake, 0x24 + 8 * i, 4, part[i] >> 32);
    }
    fake_pci_device_modern_write(fake, 0x1C, 2, 1);
}

static inline void fake_pci_device_modern_driver_ok(fake_pci_device_modern_t *fake)
{
    fake_pci_device_modern_write(fake, 0x14, 1, 0x0F);
}

/* The kick: the queue's index to the queue's place. */
static inline void fake_pci_device_modern_notify(fake_pci_device_modern_t *fake, uint16_t queue)
{
    fake_pci_device_modern_write(fake, FAKE_MODERN_NOTIFY + FAKE_MODERN_MULTIPLIER * (unsigned)queue, 2, queue);
}

/* Works on the queues that were notified. Returns whether there was anything. */
static inline bool fake_pci_device_modern_process(fake_pci_device_modern_t *fake)
{
    return fake_poll(fake->device, 1);
}

#endif
