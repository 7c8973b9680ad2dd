/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The benchmark's device: the shortest honest one. */
#include "bench_device.h"

void bench_device_run(struct bench_ring *ring)
{
    uint16_t mask = (uint16_t)(ring->qsz - 1);
    uint16_t available = VirtioRingLoad16(&ring->avail->idx);

    while (ring->device_avail_idx != available) {
        VIRTQ_USED_ELEM *element = &ring->used->ring[ring->device_avail_idx & mask];

        element->id = ring->avail->ring[ring->device_avail_idx & mask];
        element->len = 512;
        ring->device_avail_idx++;
    }
    *(volatile uint16_t *)(void *)(&ring->used->ring[0] + ring->qsz) = available;
    VirtioRingStore16(&ring->used->idx, available);
}
