/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The benchmark's device: the shortest honest one. */
#include "bench_device.h"

#include <string.h>

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

void bench_device_receive(struct bench_ring *ring, const uint8_t *head, uint32_t head_bytes, uint32_t length,
                          unsigned count)
{
    uint16_t mask = (uint16_t)(ring->qsz - 1);

    for (; count != 0; count--) {
        for (uint32_t left = length, piece; left != 0; left -= piece) {
            uint32_t slot = ring->device_avail_idx & mask;
            uint16_t id = ring->avail->ring[slot];

            piece = left < BENCH_RX_BUFFER ? left : BENCH_RX_BUFFER;
            if (left == length) {
                memcpy((void *)(size_t)ring->desc[id].addr, head, head_bytes);
            }
            ring->used->ring[slot].id = id;
            ring->used->ring[slot].len = piece;
            ring->device_avail_idx++;
        }
    }
    *(volatile uint16_t *)(void *)(&ring->used->ring[0] + ring->qsz) = VirtioRingLoad16(&ring->avail->idx);
    VirtioRingStore16(&ring->used->idx, ring->device_avail_idx);
}
