/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The floor: per buffer the descriptor stores, one avail slot, one used element; per batch one idx store, one full
 * barrier, one suppression read. One function per SG count, so that the count is a constant.
 */
#include "bench_device.h"

static inline __attribute__((always_inline)) void store_chain(VIRTQ_DESC *desc, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        desc[i].addr = 0x10000 + 4096 * i;
        desc[i].len = 4096;
        desc[i].flags = i + 1 < count ? VIRTQ_DESC_F_NEXT : VIRTQ_DESC_F_WRITE;
        desc[i].next = (uint16_t)(i + 1);
    }
}

static inline __attribute__((always_inline)) bool submit(struct bench_ring *ring, unsigned sg_count, unsigned batch,
                                                         bool event_idx, uint16_t *avail_idx)
{
    uint16_t mask = (uint16_t)(ring->qsz - 1);
    uint16_t idx = *avail_idx;

    for (unsigned i = 0; i < batch; i++, idx++) {
        unsigned slot = i * (sg_count == BENCH_MAX_SG ? 1 : sg_count);

        if (sg_count == BENCH_MAX_SG) {
            VIRTQ_DESC *table = &ring->tables[BENCH_MAX_SG * i];

            store_chain(table, sg_count);
            ring->desc[slot].addr = (uint64_t)(size_t)table;
            ring->desc[slot].len = 16 * BENCH_MAX_SG;
            ring->desc[slot].flags = VIRTQ_DESC_F_INDIRECT;
            ring->desc[slot].next = 0;
        } else {
            store_chain(&ring->desc[slot], sg_count);
        }
        VirtioRingStore16(&ring->avail->ring[idx & mask], (uint16_t)slot);
    }
    *avail_idx = idx;
    VirtioBarrierCompiler();
    VirtioRingStore16(&ring->avail->idx, idx);
    VirtioBarrierFull();
    if (event_idx) {
        return VirtioRingNeedEvent(VirtioRingLoad16(VirtioRingAvailEvent(ring->used, ring->qsz)), idx,
                                   (uint16_t)(idx - batch));
    }
    return (VirtioRingLoad16(&ring->used->flags) & VIRTQ_USED_F_NO_NOTIFY) == 0;
}

bool bench_floor_submit(struct bench_ring *ring, unsigned sg_count, unsigned batch, bool event_idx,
                        uint16_t *avail_idx)
{
    switch (sg_count) {
    case 1:
        return submit(ring, 1, batch, event_idx, avail_idx);
    case 3:
        return submit(ring, 3, batch, event_idx, avail_idx);
    default:
        return submit(ring, BENCH_MAX_SG, batch, event_idx, avail_idx);
    }
}

uint64_t bench_floor_complete(struct bench_ring *ring, unsigned batch, uint16_t *used_idx)
{
    uint16_t mask = (uint16_t)(ring->qsz - 1);
    uint64_t sum = 0;

    for (unsigned i = 0; i < batch; i++) {
        const VIRTQ_USED_ELEM *element = &ring->used->ring[*used_idx & mask];

        sum += VirtioRingLoad32(&element->id) + (uint64_t)VirtioRingLoad32(&element->len);
        (*used_idx)++;
    }
    return sum;
}
