/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Scatter-gather lists from page frames. RING-04: contiguous pages are one element. */
#include "../virtio_sg_pfn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void assert_element(const VIRTQ_SG *sg, UINT64 addr, UINT32 len, BOOLEAN write)
{
    assert_int_equal(sg->addr, addr);
    assert_int_equal(sg->len, len);
    assert_int_equal(sg->write, write);
}

static void test_coalesces_contiguous_frames(void **state)
{
    static const UINT64 pfns[] = {0x100, 0x101, 0x102, 0x200, 0x300, 0x301, 0x2FF};
    VIRTQ_SG sg[8];
    UINT16 count;

    (void)state;
    assert_int_equal(VirtioSgBuildFromPfns(pfns, 7, 0x10, 7 * 4096 - 0x10, 2, sg, 8, &count), STATUS_SUCCESS);
    assert_int_equal(count, 4);
    assert_element(&sg[0], 0x100010, 3 * 4096 - 0x10, TRUE);
    assert_element(&sg[1], 0x200000, 4096, TRUE);
    assert_element(&sg[2], 0x300000, 8192, TRUE);
    assert_element(&sg[3], 0x2FF000, 4096, TRUE);
    /* part of the first page only; part of the last */
    assert_int_equal(VirtioSgBuildFromPfns(pfns, 7, 4095, 1, FALSE, sg, 1, &count), STATUS_SUCCESS);
    assert_element(&sg[0], 0x100FFF, 1, FALSE);
    assert_int_equal(VirtioSgBuildFromPfns(pfns, 7, 4095, 2, FALSE, sg, 1, &count), STATUS_SUCCESS);
    assert_element(&sg[0], 0x100FFF, 2, FALSE);
    assert_int_equal(VirtioSgBuildFromPfns(pfns, 4, 0, 3 * 4096 + 5, FALSE, sg, 2, &count), STATUS_SUCCESS);
    assert_element(&sg[1], 0x200000, 5, FALSE);
}

static void test_too_small(void **state)
{
    static const UINT64 pfns[] = {1, 3, 5, 6, 8};
    VIRTQ_SG sg[3] = {{0, 0, 0}, {0, 0, 0}, {0xAA, 0xBB, 1}};
    UINT16 count;

    (void)state;
    assert_int_equal(VirtioSgBuildFromPfns(pfns, 5, 0, 5 * 4096, FALSE, NULL, 0, &count), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(count, 4);
    assert_int_equal(VirtioSgBuildFromPfns(pfns, 5, 0, 5 * 4096, FALSE, sg, 2, &count), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(count, 4);
    assert_element(&sg[0], 0x1000, 4096, FALSE);
    assert_element(&sg[1], 0x3000, 4096, FALSE);
    assert_element(&sg[2], 0xAA, 0xBB, TRUE);
    assert_int_equal(VirtioSgBuildFromPfns(pfns, 5, 0, 5 * 4096, FALSE, sg, 3, &count), STATUS_BUFFER_TOO_SMALL);
    assert_element(&sg[2], 0x5000, 8192, FALSE); /* complete although the next one does not fit */
}

/* No length exceeds 32 bits, although 4 GiB and more are contiguous. */
static void test_four_gib(void **state)
{
    const UINT32 pages = 0x100002;
    UINT64 *pfns = malloc(pages * sizeof(*pfns));
    VIRTQ_SG sg[2];
    UINT16 count;

    (void)state;
    for (UINT32 i = 0; i < pages; i++) {
        pfns[i] = 0x500000 + i;
    }
    assert_int_equal(VirtioSgBuildFromPfns(pfns, pages, 1, 0xFFFFFFFF, FALSE, sg, 2, &count), STATUS_SUCCESS);
    assert_int_equal(count, 1);
    assert_element(&sg[0], 0x500000001, 0xFFFFFFFF, FALSE);
    assert_int_equal(VirtioSgBuildFromPfns(pfns, pages, 0, 0x100001000, FALSE, sg, 2, &count), STATUS_SUCCESS);
    assert_int_equal(count, 2);
    assert_element(&sg[0], 0x500000000, 0xFFFFF000, FALSE);
    assert_element(&sg[1], 0x5FFFFF000, 0x2000, FALSE);
    free(pfns);
}

static void test_refused(void **state)
{
    UINT64 pfns[] = {1, 2};
    VIRTQ_SG sg[2];
    UINT16 count = 9;
    const NTSTATUS refused = STATUS_INVALID_PARAMETER;

    (void)state;
    assert_int_equal(VirtioSgBuildFromPfns(NULL, 2, 0, 1, FALSE, sg, 2, &count), refused);
    assert_int_equal(count, 0);
    assert_int_equal(VirtioSgBuildFromPfns(pfns, 2, 4096, 1, FALSE, sg, 2, &count), refused);
    assert_int_equal(VirtioSgBuildFromPfns(pfns, 2, 0, 0, FALSE, sg, 2, &count), refused);
    assert_int_equal(VirtioSgBuildFromPfns(pfns, 2, 0, 8193, FALSE, sg, 2, &count), refused);
    assert_int_equal(VirtioSgBuildFromPfns(pfns, 2, 1, 8192, FALSE, sg, 2, &count), refused);
    assert_int_equal(VirtioSgBuildFromPfns(pfns, 2, 1, (size_t)-1, FALSE, sg, 2, &count), refused);
    assert_int_equal(VirtioSgBuildFromPfns(pfns, 0, 0, 1, FALSE, sg, 2, &count), refused);
    assert_int_equal(VirtioSgBuildFromPfns(pfns, 0, 1, 1, FALSE, sg, 2, &count), refused);
    assert_int_equal(VirtioSgBuildFromPfns(pfns, 2, 0, 1, FALSE, NULL, 1, &count), refused);
    pfns[1] = 1ULL << 52;
    assert_int_equal(VirtioSgBuildFromPfns(pfns, 2, 0, 8192, FALSE, sg, 2, &count), refused);
    assert_int_equal(count, 0);
}

/* More elements than any queue has descriptors. */
static void test_more_than_any_queue(void **state)
{
    UINT64 *pfns = malloc(70000 * sizeof(*pfns));
    UINT16 count;

    (void)state;
    for (UINT32 i = 0; i < 70000; i++) {
        pfns[i] = 2 * (UINT64)i;
    }
    assert_int_equal(VirtioSgBuildFromPfns(pfns, 32768, 0, 32768u * 4096, FALSE, NULL, 0, &count),
                     STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(count, 32768);
    assert_int_equal(VirtioSgBuildFromPfns(pfns, 70000, 0, 32769u * 4096, FALSE, NULL, 0, &count),
                     STATUS_INVALID_PARAMETER);
    assert_int_equal(VirtioSgBuildFromPfns(pfns, 70000, 0, 65537u * 4096, FALSE, NULL, 0, &count),
                     STATUS_INVALID_PARAMETER);
    free(pfns);
}

/* Against byte-by-byte addresses, for random frames, offsets and lengths. */
static void test_every_byte(void **state)
{
    (void)state;
    srand(7);
    for (unsigned round = 0; round < 2000; round++) {
        UINT64 pfns[6];
        VIRTQ_SG sg[6];
        UINT16 count;
        size_t offset = (size_t)rand() % 4096;
        size_t length = 1 + (size_t)rand() % (6 * 4096 - offset);
        size_t byte = 0;

        for (unsigned i = 0; i < 6; i++) {
            pfns[i] = i != 0 && rand() % 2 == 0 ? pfns[i - 1] + 1 : (UINT64)rand() % 32;
        }
        assert_int_equal(VirtioSgBuildFromPfns(pfns, 6, offset, length, FALSE, sg, 6, &count), STATUS_SUCCESS);
        for (unsigned i = 0; i < count; i++) {
            assert_true(i == 0 || sg[i].addr == 0 || sg[i].addr != sg[i - 1].addr + sg[i - 1].len);
            for (UINT32 at = 0; at < sg[i].len; at++, byte++) {
                assert_int_equal(sg[i].addr + at, pfns[(offset + byte) / 4096] * 4096 + (offset + byte) % 4096);
            }
        }
        assert_int_equal(byte, length);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_coalesces_contiguous_frames),
        cmocka_unit_test(test_too_small),
        cmocka_unit_test(test_four_gib),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_more_than_any_queue),
        cmocka_unit_test(test_every_byte),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
