/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Queue memory: planned sizes suffice exactly, and the device's block holds nothing of the driver's. */
#include "../virtio_queue_memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void *aligned_block(size_t alignment, size_t size)
{
    void *block = NULL;

    assert_int_equal(posix_memalign(&block, alignment, size), 0);
    memset(block, 0xA5, size);
    return block;
}

static void test_plan_and_init(void **state)
{
    static const UINT32 aligns[] = {4, 16, 64, 4096};

    (void)state;
    for (UINT32 qsz = 1; qsz <= 1024; qsz *= 2) {
        for (unsigned i = 0; i < 8; i++) {
            UINT16 tables = (UINT16)(i % 2 != 0 ? 3 : 0);
            VIRTIO_QUEUE_LAYOUT layout;
            VIRTQ_SPLIT *vq;
            VIRTQ_SG sg[2] = {{1, 1, FALSE}, {2, 2, TRUE}};
            UINT16 head;
            void *dma, *private_block;

            assert_int_equal(VirtioQueueMemoryPlan(&layout, (UINT16)qsz, aligns[i / 2], tables, 8), STATUS_SUCCESS);
            assert_int_equal(layout.state_size, VirtqSplitStateSize((UINT16)qsz));
            assert_int_equal(layout.dma_alignment, aligns[i / 2] > 16 ? aligns[i / 2] : 16);
            assert_int_equal(layout.pool_offset % 16, 0);
            assert_true(layout.pool_offset >= VirtqSplitRingMemSize((UINT16)qsz, aligns[i / 2], TRUE));
            assert_int_equal(layout.dma_size, layout.pool_offset + 16u * (tables < qsz ? tables : qsz) *
                                                                       (qsz < 8 ? qsz : 8));
            dma = aligned_block(layout.dma_alignment, layout.dma_size);
            private_block = aligned_block(sizeof(void *), layout.state_size);
            assert_int_equal(VirtioQueueMemoryInit(&layout, dma, 0x70000, private_block, TRUE, &vq), STATUS_SUCCESS);
            assert_ptr_equal(vq, private_block);
            assert_ptr_equal(vq->desc, dma);
            assert_int_equal(vq->desc_pa, 0x70000);
            if (qsz >= 2) {
                /* Fill all tables, so that a sanitizer sees the last one. */
                for (unsigned n = 0; n < (qsz < 3 ? qsz : 3) && tables != 0; n++) {
                    assert_int_equal(VirtqSplitAddBuffer(vq, sg, 2, vq, &head), STATUS_SUCCESS);
                    assert_true((vq->desc[head].flags & VIRTQ_DESC_F_INDIRECT) != 0);
                    assert_true(vq->desc[head].addr >= 0x70000 + layout.pool_offset);
                    assert_true(vq->desc[head].addr + vq->desc[head].len <= 0x70000 + layout.dma_size);
                }
            }
            free(dma);
            free(private_block);
        }
    }
}

static void test_refused(void **state)
{
    static _Alignas(4096) uint8_t dma[32768];
    static _Alignas(8) uint8_t block[65536];
    VIRTIO_QUEUE_LAYOUT layout;
    VIRTQ_SPLIT *vq = (VIRTQ_SPLIT *)(void *)block;

    (void)state;
    assert_int_equal(VirtioQueueMemoryPlan(&layout, 3, 4, 0, 0), STATUS_INVALID_PARAMETER);
    assert_int_equal(layout.dma_size, 0);
    assert_int_equal(VirtioQueueMemoryPlan(&layout, 8, 3, 0, 0), STATUS_INVALID_PARAMETER);
    assert_int_equal(VirtioQueueMemoryPlan(&layout, 8, 4, 2, 0), STATUS_INVALID_PARAMETER);
    assert_int_equal(VirtioQueueMemoryPlan(&layout, 32768, 4, 32768, 32768), STATUS_INVALID_PARAMETER);
    assert_int_equal(VirtioQueueMemoryPlan(&layout, 8, 4096, 2, 8), STATUS_SUCCESS);
    assert_int_equal(VirtioQueueMemoryInit(&layout, dma + 16, 0x10000, block, FALSE, &vq), STATUS_INVALID_PARAMETER);
    assert_null(vq);
    assert_int_equal(VirtioQueueMemoryInit(&layout, NULL, 0x10000, block, FALSE, &vq), STATUS_INVALID_PARAMETER);
    assert_int_equal(VirtioQueueMemoryInit(&layout, dma, 0x10000, NULL, FALSE, &vq), STATUS_INVALID_PARAMETER);
    assert_int_equal(VirtioQueueMemoryInit(&layout, dma, 0x10010, block, FALSE, &vq), STATUS_INVALID_PARAMETER);
    assert_int_equal(VirtioQueueMemoryInit(&layout, dma, 0x10000, block, FALSE, &vq), STATUS_SUCCESS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_plan_and_init), cmocka_unit_test(test_refused)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
