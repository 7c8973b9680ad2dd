/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The portable virtqueue engine: what it adds to the canonical one (memory, results, error flags, senses), each failing
 * acquisition, and traffic against two devices: the reference of the canonical engine's tests, and tests/device through
 * the two fakes.
 */
#include "fake_pci_device.h"
#include "fake_pci_device_modern.h"
#include "ring_device.h"
#include "virtqueue_split_legacy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A system whose memory is counted, and whose n-th acquisition can be made to fail. */
struct fake_os {
    unsigned acquisitions;
    unsigned fail_at; /* 1: the first; 0: never */
    unsigned live;
    unsigned lines;
    size_t misalign; /* bytes off in device addresses */
    struct ring_window last_dma;
    struct fake_ranges ranges; /* what a device may reach */
};

#define FAKE_PA_OFFSET 0x4000000000ULL

static virtio_bool_t may_acquire(struct fake_os *os)
{
    return ++os->acquisitions != os->fail_at;
}

static void *fake_alloc(void *ctx, size_t size)
{
    struct fake_os *os = ctx;
    void *memory;

    if (!may_acquire(os)) {
        return NULL;
    }
    memory = malloc(size);
    memset(memory, 0xA5, size);
    os->live++;
    return memory;
}

static void fake_free(void *ctx, void *ptr)
{
    struct fake_os *os = ctx;

    assert_non_null(ptr);
    os->live--;
    free(ptr);
}

static virtio_bool_t fake_alloc_dma(void *ctx, size_t size, size_t alignment, virtio_dma_buffer_t *out)
{
    struct fake_os *os = ctx;
    void *memory = NULL;

    memset(out, 0xFF, sizeof(*out)); /* what is left of a failed attempt must not be used */
    if (!may_acquire(os)) {
        return VIRTIO_FALSE;
    }
    assert_int_equal(posix_memalign(&memory, alignment, size), 0);
    memset(memory, 0xA5, size);
    out->vaddr = memory;
    out->paddr = (uint64_t)(size_t)memory + FAKE_PA_OFFSET + os->misalign;
    out->size = size;
    os->last_dma = (struct ring_window){memory, out->paddr, size};
    assert_true(fake_ranges_add(&os->ranges, out->paddr, memory, size));
    os->live++;
    return VIRTIO_TRUE;
}

static void fake_free_dma(void *ctx, virtio_dma_buffer_t *buffer)
{
    struct fake_os *os = ctx;

    os->live--;
    fake_ranges_remove(&os->ranges, buffer->paddr);
    free(buffer->vaddr);
}

static uint64_t fake_virt_to_phys(void *ctx, const void *vaddr)
{
    struct fake_os *os = ctx;

    return (uint64_t)(size_t)vaddr + FAKE_PA_OFFSET + os->misalign;
}

static void fake_log(void *ctx, const char *message)
{
    struct fake_os *os = ctx;

    assert_true(strlen(message) > 0 && strchr(message, '\n') == NULL);
    os->lines++;
}

static const virtio_os_ops_t ops = {fake_alloc,    fake_free,         fake_alloc_dma,
                                    fake_free_dma, fake_virt_to_phys, fake_log};

static const virtio_sg_entry_t SG[4] = {
    {0x1000, 16, FALSE},
    {0x2000, 32, FALSE},
    {0x3000, 64, TRUE},
    {0x4000, 1, TRUE},
};

/* A queue with its device. */
struct bench {
    struct fake_os os;
    virtio_dma_buffer_t ring;
    virtqueue_split_t vq;
    struct ring_device device;
    struct ring_chain chain;
};

static struct bench *open_bench(uint16_t size, uint32_t align, bool event_idx, uint16_t indirect_max_desc)
{
    struct bench *b = calloc(1, sizeof(*b));
    bool indirect = indirect_max_desc != 0;

    assert_non_null(b);
    assert_int_equal(virtqueue_split_alloc_ring(&ops, &b->os, size, align, event_idx, &b->ring), VIRTIO_OK);
    b->device.ring = (struct ring_window){b->ring.vaddr, b->ring.paddr, b->ring.size};
    assert_int_equal(virtqueue_split_init(&b->vq, &ops, &b->os, 5, size, align, &b->ring, event_idx, indirect,
                                          indirect_max_desc),
                     VIRTIO_OK);
    if (indirect) {
        b->device.pool = b->os.last_dma;
    }
    b->device.qsz = size;
    b->device.event_idx = event_idx;
    b->device.indirect = indirect;
    b->device.desc_pa = b->vq.engine->desc_pa;
    b->device.avail_pa = b->vq.engine->avail_pa;
    b->device.used_pa = b->vq.engine->used_pa;
    return b;
}

static void close_bench(struct bench *b)
{
    virtqueue_split_destroy(&b->vq);
    virtqueue_split_free_ring(&ops, &b->os, &b->ring);
    assert_null(b->ring.vaddr);
    assert_int_equal(b->os.live, 0);
    /* Both take a zeroed object, too. */
    virtqueue_split_destroy(&b->vq);
    virtqueue_split_free_ring(&ops, &b->os, &b->ring);
    free(b);
}

static struct ring_chain *take(struct bench *b)
{
    bool got;
    const char *broken = ring_device_take(&b->device, &b->chain, &got);

    if (broken != NULL) {
        fail_msg("%s", broken);
    }
    assert_true(got);
    return &b->chain;
}

static void assert_popped(struct bench *b, void *expected, uint32_t expected_len)
{
    void *cookie = NULL;
    uint32_t len = 0;

    assert_true(virtqueue_split_pop_used(&b->vq, &cookie, &len));
    assert_ptr_equal(cookie, expected);
    assert_int_equal(len, expected_len);
}

static void test_ring_size(void **state)
{
    (void)state;
    for (uint32_t size = 1; size <= 32768; size *= 2) {
        assert_int_equal(virtqueue_split_ring_size((uint16_t)size, 4096, VIRTIO_FALSE),
                         (16 * size + 6 + 2 * size + 4095) / 4096 * 4096 + 6 + 8 * size);
        assert_int_equal(virtqueue_split_ring_size((uint16_t)size, 4, VIRTIO_TRUE),
                         (16 * size + 6 + 2 * size + 3) / 4 * 4 + 6 + 8 * size);
    }
    assert_int_equal(virtqueue_split_ring_size(3, 4096, VIRTIO_FALSE), 0);
    assert_int_equal(virtqueue_split_ring_size(8, 2, VIRTIO_FALSE), 0);
}

static void test_bool_and_sg_are_the_engines(void **state)
{
    (void)state;
    assert_int_equal(sizeof(virtio_bool_t), sizeof(BOOLEAN));
    assert_int_equal(sizeof(virtio_sg_entry_t), sizeof(VIRTQ_SG));
}

/* Legacy layout page-aligned, modern layout packed; both event words are there. */
static void test_layouts(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        uint32_t align = i == 0 ? 4096 : 4;
        struct bench *b = open_bench(64, align, true, 0);

        assert_int_equal(b->vq.queue_index, 5);
        assert_int_equal(b->vq.engine->desc_pa, b->ring.paddr);
        assert_int_equal(b->vq.engine->used_pa % align, 0);
        assert_int_equal(b->ring.size, virtqueue_split_ring_size(64, align, VIRTIO_TRUE));
        close_bench(b);
    }
}

static void test_init_refused(void **state)
{
    struct fake_os os = {0};
    virtio_dma_buffer_t ring;
    virtqueue_split_t vq;
    virtqueue_split_t zero;

    (void)state;
    memset(&zero, 0, sizeof(zero));
    assert_int_equal(virtqueue_split_alloc_ring(&ops, &os, 7, 4096, 0, &ring), VIRTIO_ERR_INVAL);
    assert_null(ring.vaddr);
    assert_int_equal(virtqueue_split_alloc_ring(NULL, &os, 8, 4096, 0, &ring), VIRTIO_ERR_INVAL);
    assert_int_equal(virtqueue_split_alloc_ring(&ops, &os, 8, 4096, 0, &ring), VIRTIO_OK);

    assert_int_equal(virtqueue_split_init(NULL, &ops, &os, 0, 8, 4096, &ring, 0, 0, 0), VIRTIO_ERR_INVAL);
    assert_int_equal(virtqueue_split_init(&vq, NULL, &os, 0, 8, 4096, &ring, 0, 0, 0), VIRTIO_ERR_INVAL);
    assert_int_equal(virtqueue_split_init(&vq, &ops, &os, 0, 8, 4096, NULL, 0, 0, 0), VIRTIO_ERR_INVAL);
    assert_int_equal(virtqueue_split_init(&vq, &ops, &os, 0, 9, 4096, &ring, 0, 0, 0), VIRTIO_ERR_INVAL);
    assert_int_equal(virtqueue_split_init(&vq, &ops, &os, 0, 8, 3, &ring, 0, 0, 0), VIRTIO_ERR_INVAL);
    assert_int_equal(virtqueue_split_init(&vq, &ops, &os, 0, 8, 4096, &ring, 0, VIRTIO_TRUE, 0), VIRTIO_ERR_INVAL);
    ring.size--;
    assert_int_equal(virtqueue_split_init(&vq, &ops, &os, 0, 8, 4096, &ring, 0, 0, 0), VIRTIO_ERR_RANGE);
    ring.size++;
    ring.paddr += 16;
    assert_int_equal(virtqueue_split_init(&vq, &ops, &os, 0, 8, 4096, &ring, 0, 0, 0), VIRTIO_ERR_RANGE);
    ring.paddr -= 16;
    os.misalign = 8; /* of the pool */
    assert_int_equal(virtqueue_split_init(&vq, &ops, &os, 0, 8, 4096, &ring, 0, VIRTIO_TRUE, 4), VIRTIO_ERR_RANGE);
    assert_memory_equal(&vq, &zero, sizeof(vq));
    assert_int_equal(os.live, 1);
    virtqueue_split_free_ring(&ops, &os, &ring);
    assert_int_equal(os.live, 0);
}

/* Each acquisition fails in turn: nothing is leaked, the object stays zero, and somebody is told. */
static void test_each_acquisition_fails(void **state)
{
    (void)state;
    for (unsigned fail_at = 1; fail_at <= 4; fail_at++) {
        struct fake_os os = {0};
        virtio_dma_buffer_t ring;
        virtqueue_split_t vq;
        int result;

        os.fail_at = fail_at;
        result = virtqueue_split_alloc_ring(&ops, &os, 16, 4, VIRTIO_TRUE, &ring);
        assert_int_equal(result, fail_at == 1 ? VIRTIO_ERR_NOMEM : VIRTIO_OK);
        if (result == VIRTIO_OK) {
            result = virtqueue_split_init(&vq, &ops, &os, 0, 16, 4, &ring, VIRTIO_TRUE, VIRTIO_TRUE, 8);
            assert_int_equal(result, fail_at == 4 ? VIRTIO_OK : VIRTIO_ERR_NOMEM);
            if (result != VIRTIO_OK) {
                assert_null(vq.engine);
            }
            virtqueue_split_destroy(&vq);
        }
        assert_int_equal(os.lines, fail_at < 4 ? 1 : 0);
        virtqueue_split_free_ring(&ops, &os, &ring);
        assert_int_equal(os.live, 0);
    }
}

static void test_nobody_listens(void **state)
{
    virtio_os_ops_t silent = ops;
    struct fake_os os = {0};
    virtio_dma_buffer_t ring;

    (void)state;
    silent.log = NULL;
    os.fail_at = 1;
    assert_int_equal(virtqueue_split_alloc_ring(&silent, &os, 16, 4, 0, &ring), VIRTIO_ERR_NOMEM);
}

static void test_indirect_pool_size(void **state)
{
    struct bench *b;

    (void)state;
    assert_int_equal(virtqueue_split_indirect_size(16, 8), 16 * 8 * 16);
    assert_int_equal(virtqueue_split_indirect_size(16, 100), 16 * 16 * 16); /* RING-10 */
    assert_int_equal(virtqueue_split_indirect_size(1024, 64), VIRTQUEUE_SPLIT_MAX_TABLES * 64 * 16);
    assert_int_equal(virtqueue_split_indirect_size(16, 0), 0);
    b = open_bench(16, 4, true, 8);
    assert_int_equal(b->device.pool.size, virtqueue_split_indirect_size(16, 8));
    close_bench(b);
}

static void test_add_and_pop(void **state)
{
    (void)state;
    for (int mode = 0; mode < 8; mode++) {
        bool indirect = (mode & 2) != 0;
        struct bench *b = open_bench(8, (mode & 4) != 0 ? 4096 : 4, mode & 1, indirect ? 4 : 0);

        for (unsigned round = 0; round < 70000; round++) {
            uint16_t count = (uint16_t)(1 + round % 4);
            bool use_indirect = round % 3 != 0;
            uint16_t head = 0xFFFF;

            assert_int_equal(virtqueue_split_add_sg(&b->vq, SG, count, &b->chain, use_indirect, &head), VIRTIO_OK);
            take(b); /* add_sg publishes */
            assert_int_equal(b->chain.head, head);
            assert_int_equal(b->chain.is_indirect, indirect && use_indirect && count > 1);
            assert_int_equal(b->chain.count, count);
            ring_device_use(&b->device, head, round);
            assert_popped(b, &b->chain, round);
        }
        assert_int_equal(virtqueue_split_get_error_flags(&b->vq), 0);
        close_bench(b);
    }
}

static void test_add_results(void **state)
{
    struct bench *b = open_bench(4, 4, false, 0);
    void *cookie;

    (void)state;
    assert_int_equal(virtqueue_split_add_sg(&b->vq, SG, 0, b, 0, NULL), VIRTIO_ERR_INVAL);
    assert_int_equal(virtqueue_split_add_sg(&b->vq, NULL, 1, b, 0, NULL), VIRTIO_ERR_INVAL);
    assert_int_equal(virtqueue_split_add_sg(&b->vq, SG, 1, NULL, 0, NULL), VIRTIO_ERR_INVAL);
    assert_int_equal(virtqueue_split_add_sg(&b->vq, SG, 5, b, 1, NULL), VIRTIO_ERR_INVAL);
    assert_int_equal(virtqueue_split_add_sg(&b->vq, SG, 3, b, 0, NULL), VIRTIO_OK);
    assert_int_equal(virtqueue_split_add_sg(&b->vq, SG, 2, b, 1, NULL), VIRTIO_ERR_NOSPC);
    assert_int_equal(ring_device_avail_idx(&b->device), 1);
    take(b);
    ring_device_use(&b->device, b->chain.head, 1);
    assert_true(virtqueue_split_pop_used(&b->vq, &cookie, NULL));
    assert_ptr_equal(cookie, b);
    assert_false(virtqueue_split_pop_used(&b->vq, &cookie, NULL));
    assert_null(cookie);
    assert_int_equal(virtqueue_split_get_error_flags(&b->vq), 0); /* empty is no error */
    close_bench(b);
}

/* kick_prepare commits by itself: the same batch is not reported twice (RING-24, RING-26, RING-27). */
static void test_kick(void **state)
{
    (void)state;
    for (int event_idx = 0; event_idx < 2; event_idx++) {
        struct bench *b = open_bench(8, 4, event_idx, 0);

        assert_false(virtqueue_split_kick_prepare(&b->vq));
        assert_int_equal(virtqueue_split_add_sg(&b->vq, SG, 1, b, 0, NULL), VIRTIO_OK);
        assert_true(virtqueue_split_kick_prepare(&b->vq));
        assert_false(virtqueue_split_kick_prepare(&b->vq));
        assert_int_equal(virtqueue_split_add_sg(&b->vq, SG, 1, b, 0, NULL), VIRTIO_OK);
        ring_device_set_used_flags(&b->device, 1);
        assert_false(virtqueue_split_kick_prepare(&b->vq)); /* flags, or avail_event passed already */
        ring_device_set_avail_event(&b->device, 2);
        assert_int_equal(virtqueue_split_add_sg(&b->vq, SG, 1, b, 0, NULL), VIRTIO_OK);
        assert_int_equal(virtqueue_split_kick_prepare(&b->vq), event_idx);
        close_bench(b);
    }
}

/* enable_interrupts has the opposite sense of the canonical engine's. */
static void test_interrupts(void **state)
{
    (void)state;
    for (int event_idx = 0; event_idx < 2; event_idx++) {
        struct bench *b = open_bench(8, 4, event_idx, 0);
        uint16_t old;

        virtqueue_split_disable_interrupts(&b->vq);
        assert_int_equal(virtqueue_split_add_sg(&b->vq, SG, 1, b, 0, NULL), VIRTIO_OK);
        take(b);
        old = b->device.used_pos;
        ring_device_use(&b->device, b->chain.head, 1);
        assert_false(ring_device_interrupts(&b->device, old));
        assert_true(virtqueue_split_enable_interrupts(&b->vq)); /* work is there */
        assert_popped(b, b, 1);
        assert_false(virtqueue_split_enable_interrupts(&b->vq)); /* safe to wait */
        assert_int_equal(virtqueue_split_add_sg(&b->vq, SG, 1, b, 0, NULL), VIRTIO_OK);
        take(b);
        old = b->device.used_pos;
        ring_device_use(&b->device, b->chain.head, 1);
        assert_true(ring_device_interrupts(&b->device, old));
        close_bench(b);
    }
}

/* HOST-01 to HOST-03: the flag, cleared and set again, the dead queue, its cookies, and the way back. */
static void test_device_breaks_the_rules(void **state)
{
    static const uint32_t ids[] = {8, 0xFFFFFFFF, 1, 7};

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        struct bench *b = open_bench(8, 4, true, 4);
        void *cookie;
        uint32_t len;

        assert_int_equal(virtqueue_split_add_sg(&b->vq, SG, 2, b, 0, NULL), VIRTIO_OK);
        take(b);
        ring_device_use(&b->device, ids[i], 1);
        assert_false(virtqueue_split_pop_used(&b->vq, &cookie, &len));
        assert_int_equal(virtqueue_split_get_error_flags(&b->vq), VIRTQUEUE_ERR_INVALID_USED);
        virtqueue_split_clear_error_flags(&b->vq);
        assert_int_equal(virtqueue_split_get_error_flags(&b->vq), 0);
        assert_false(virtqueue_split_pop_used(&b->vq, &cookie, &len));
        assert_null(cookie);
        assert_int_equal(len, 0);
        assert_int_equal(virtqueue_split_get_error_flags(&b->vq), 1);
        assert_int_equal(virtqueue_split_add_sg(&b->vq, SG, 1, b, 0, NULL), VIRTIO_ERR_INVAL);
        assert_false(virtqueue_split_kick_prepare(&b->vq));
        assert_false(virtqueue_split_enable_interrupts(&b->vq));

        assert_true(virtqueue_split_detach_unused(&b->vq, &cookie));
        assert_ptr_equal(cookie, b);
        assert_false(virtqueue_split_detach_unused(&b->vq, &cookie));
        virtqueue_split_reset(&b->vq);
        assert_int_equal(virtqueue_split_get_error_flags(&b->vq), 0);
        b->device.avail_pos = 0;
        b->device.used_pos = 0;
        assert_int_equal(virtqueue_split_add_sg(&b->vq, SG, 3, b, 1, NULL), VIRTIO_OK);
        assert_true(take(b)->is_indirect);
        ring_device_use(&b->device, b->chain.head, 9);
        assert_popped(b, b, 9);
        close_bench(b);
    }
}

/* An echo request: two readable pieces come back in the writable one. Its memory is the device's by alloc_dma. */
struct echo {
    virtio_dma_buffer_t memory;
    virtio_sg_entry_t sg[3];
};

static void open_echo(struct bench *b, struct echo *echo)
{
    assert_true(fake_alloc_dma(&b->os, 96, 16, &echo->memory));
    for (unsigned i = 0; i < 3; i++) {
        echo->sg[i].addr = fake_virt_to_phys(&b->os, (uint8_t *)echo->memory.vaddr + 16 * i);
        echo->sg[i].len = i < 2 ? 16 : 64;
        echo->sg[i].write = i == 2;
    }
}

static void add_echo(struct bench *b, struct echo *echo, unsigned round)
{
    memset(echo->memory.vaddr, (int)(round & 0x7F), 32);
    memset((uint8_t *)echo->memory.vaddr + 32, 0xEE, 64);
    assert_int_equal(virtqueue_split_add_sg(&b->vq, echo->sg, 3, echo, round % 2 != 0, NULL), VIRTIO_OK);
}

static void pop_echo(struct bench *b, struct echo *echo)
{
    assert_popped(b, echo, 32);
    assert_memory_equal((uint8_t *)echo->memory.vaddr + 32, echo->memory.vaddr, 32);
    assert_int_equal(((uint8_t *)echo->memory.vaddr)[64], 0xEE);
}

/* The legacy layout against a device that knows it. */
static void test_fake_device_legacy(void **state)
{
    (void)state;
    for (int event_idx = 0; event_idx < 2; event_idx++) {
        struct bench *b = open_bench(8, 4096, event_idx, 4);
        fake_pci_device_t fake;
        struct echo echo;

        assert_true(fake_pci_device_create(&fake, &b->os.ranges, NULL));
        fake_pci_device_attach(&fake, 1, 8, b->ring.paddr, 4096, 1ULL << 28 | (uint64_t)event_idx << 29);
        open_echo(b, &echo);
        for (unsigned round = 0; round < 1000; round++) {
            add_echo(b, &echo, round);
            virtqueue_split_kick_prepare(&b->vq);
            assert_int_equal(fake_pci_device_process(&fake, 1), 1);
            pop_echo(b, &echo);
        }
        fake_free_dma(&b->os, &echo.memory);
        fake_pci_device_destroy(&fake);
        close_bench(b);
    }
}

/* The modern layout, programmed by registers; the device works only when kick_prepare says that it must be notified. */
static void test_fake_device_modern(void **state)
{
    (void)state;
    for (int event_idx = 0; event_idx < 2; event_idx++) {
        struct bench *b = open_bench(8, 4, event_idx, 4);
        const VIRTQ_SPLIT *engine = b->vq.engine;
        fake_pci_device_modern_t fake;
        struct echo echo;

        assert_true(fake_pci_device_modern_create(&fake, "echo", &b->os.ranges, false, NULL));
        assert_true(fake_pci_device_modern_negotiate(&fake, 1ULL << 32 | 1ULL << 28 | (uint64_t)event_idx << 29));
        fake_pci_device_modern_attach(&fake, 2, 8, engine->desc_pa, engine->avail_pa, engine->used_pa);
        fake_pci_device_modern_driver_ok(&fake);
        open_echo(b, &echo);
        for (unsigned round = 0; round < 1000; round++) {
            add_echo(b, &echo, round);
            if (virtqueue_split_kick_prepare(&b->vq)) {
                fake_pci_device_modern_notify(&fake, 2);
            }
            pop_echo(b, &echo);
        }
        fake_free_dma(&b->os, &echo.memory);
        fake_pci_device_modern_destroy(&fake);
        close_bench(b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ring_size),
        cmocka_unit_test(test_bool_and_sg_are_the_engines),
        cmocka_unit_test(test_layouts),
        cmocka_unit_test(test_init_refused),
        cmocka_unit_test(test_each_acquisition_fails),
        cmocka_unit_test(test_nobody_listens),
        cmocka_unit_test(test_indirect_pool_size),
        cmocka_unit_test(test_add_and_pop),
        cmocka_unit_test(test_add_results),
        cmocka_unit_test(test_kick),
        cmocka_unit_test(test_interrupts),
        cmocka_unit_test(test_device_breaks_the_rules),
        cmocka_unit_test(test_fake_device_legacy),
        cmocka_unit_test(test_fake_device_modern),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
