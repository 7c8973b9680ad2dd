/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The benchmark's device and floor loop: units of their own, so that neither is inlined into what is measured. */
#ifndef BENCH_DEVICE_H
#define BENCH_DEVICE_H

#include <stdbool.h>

#include "virtqueue_split.h"

/* Where one queue lies; both the engine's and the floor's driver use one. */
struct bench_ring {
    uint16_t qsz;
    VIRTQ_DESC *desc;
    VIRTQ_DESC *tables; /* of BENCH_MAX_SG descriptors */
    VIRTQ_AVAIL *avail;
    VIRTQ_USED *used;
    uint16_t device_avail_idx; /* the device's position */
};

enum { BENCH_MAX_SG = 18, BENCH_RX_BUFFER = 2048 };

/* Uses every available buffer at once, then asks for a notification at the next one. */
void bench_device_run(struct bench_ring *ring);

/*
 * Delivers count frames of length bytes (the virtio header included) into the receive buffers that are available: the
 * first head_bytes of each are written, the rest is left as it is. Buffers hold BENCH_RX_BUFFER bytes.
 */
void bench_device_receive(struct bench_ring *ring, const uint8_t *head, uint32_t head_bytes, uint32_t length,
                          unsigned count);

/*
 * The least that any driver does for a batch: constant SG count, no free list, no cookies, no checks. Two halves with
 * the device in between. The result keeps the compiler from dropping the loads.
 */
bool bench_floor_submit(struct bench_ring *ring, unsigned sg_count, unsigned batch, bool event_idx,
                        uint16_t *avail_idx);
uint64_t bench_floor_complete(struct bench_ring *ring, unsigned batch, uint16_t *used_idx);

#endif
