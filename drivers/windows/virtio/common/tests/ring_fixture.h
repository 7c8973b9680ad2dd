/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A queue for tests: engine and reference device on memory blocks of exactly the promised sizes, so that a sanitizer
 * sees the first byte beyond, and with device addresses that are no pointers.
 */
#ifndef RING_FIXTURE_H
#define RING_FIXTURE_H

#include "../virtqueue_split.h"
#include "ring_device.h"

#include <stdlib.h>
#include <string.h>

#define RING_FIXTURE_RING_PA 0x1234500000ULL
#define RING_FIXTURE_POOL_PA 0x7788800000ULL

struct ring_options {
    uint16_t qsz;
    bool event_idx;
    uint16_t tables; /* 0: no indirect descriptors */
    uint16_t table_desc;
    uint32_t align; /* 0: 4 */
};

struct ring_fixture {
    struct ring_options options;
    VIRTQ_SPLIT *vq;
    struct ring_device device;
    struct ring_chain chain; /* what the device took last */
};

static inline void *ring_fixture_alloc(size_t alignment, size_t size)
{
    void *memory = NULL;

    if (posix_memalign(&memory, alignment, size) != 0) {
        abort();
    }
    memset(memory, 0xA5, size); /* whatever it held before */
    return memory;
}

static inline void ring_fixture_attach(struct ring_fixture *fixture)
{
    struct ring_device *device = &fixture->device;

    device->qsz = fixture->options.qsz;
    device->event_idx = fixture->options.event_idx;
    device->indirect = fixture->options.tables != 0;
    device->desc_pa = fixture->vq->desc_pa;
    device->avail_pa = fixture->vq->avail_pa;
    device->used_pa = fixture->vq->used_pa;
    device->avail_pos = 0;
    device->used_pos = 0;
}

static inline struct ring_fixture *ring_fixture_open(struct ring_options options)
{
    struct ring_fixture *fixture = calloc(1, sizeof(*fixture));
    uint32_t align = options.align != 0 ? options.align : 4;
    size_t ring_size = VirtqSplitRingMemSize(options.qsz, align, options.event_idx);
    size_t pool_size = 16 * (size_t)options.tables * options.table_desc;
    struct ring_device *device;

    if (fixture == NULL) {
        abort();
    }
    device = &fixture->device;
    fixture->options = options;
    fixture->vq = ring_fixture_alloc(sizeof(void *), VirtqSplitStateSize(options.qsz));
    device->ring = (struct ring_window){ring_fixture_alloc(align > 16 ? align : 16, ring_size), RING_FIXTURE_RING_PA,
                                        ring_size};
    device->pool = (struct ring_window){pool_size != 0 ? ring_fixture_alloc(16, pool_size) : NULL, RING_FIXTURE_POOL_PA,
                                        pool_size};
    if (VirtqSplitInit(fixture->vq, options.qsz, options.event_idx, options.tables != 0, device->ring.va,
                       device->ring.pa, align, device->pool.va, device->pool.pa, options.tables,
                       options.table_desc) != STATUS_SUCCESS) {
        abort();
    }
    ring_fixture_attach(fixture);
    return fixture;
}

static inline void ring_fixture_close(struct ring_fixture *fixture)
{
    free(fixture->vq);
    free(fixture->device.ring.va);
    free(fixture->device.pool.va);
    free(fixture);
}

#endif
