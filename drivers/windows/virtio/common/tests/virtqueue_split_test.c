/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The ring engine rule by rule; the ids are those of the conformance table. */
#include "../virtqueue_split.h"

#include "ring_fixture.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COOKIE(number) ((void *)(size_t)((number) + 1))

static const VIRTQ_SG SG[4] = {
    {0x1000, 16, FALSE},
    {0x20002000, 512, FALSE},
    {0x300003000, 4096, TRUE},
    {0x4000, 1, TRUE},
};

static struct ring_fixture *open_queue(uint16_t qsz, bool event_idx, uint16_t tables, uint16_t table_desc)
{
    return ring_fixture_open((struct ring_options){qsz, event_idx, tables, table_desc, 0});
}

static uint16_t add(struct ring_fixture *f, uint16_t sg_count, unsigned number)
{
    UINT16 head = 0xFFFF;

    assert_int_equal(VirtqSplitAddBuffer(f->vq, SG, sg_count, COOKIE(number), &head), STATUS_SUCCESS);
    return head;
}

static uint16_t add_published(struct ring_fixture *f, uint16_t sg_count, unsigned number)
{
    uint16_t head = add(f, sg_count, number);

    VirtqSplitPublish(f->vq, head);
    return head;
}

static bool kick(struct ring_fixture *f)
{
    bool notify = VirtqSplitKickPrepare(f->vq);

    VirtqSplitKickCommit(f->vq);
    return notify;
}

/* The device takes the next chain, which must be there and keep all rules. */
static struct ring_chain *take(struct ring_fixture *f)
{
    bool got;
    const char *broken = ring_device_take(&f->device, &f->chain, &got);

    if (broken != NULL) {
        fail_msg("%s", broken);
    }
    assert_true(got);
    return &f->chain;
}

static bool device_is_idle(struct ring_fixture *f)
{
    bool got;

    assert_null(ring_device_take(&f->device, &f->chain, &got));
    return !got;
}

static void assert_chain_is_sg(const struct ring_chain *chain, unsigned sg_count)
{
    assert_int_equal(chain->count, sg_count);
    for (unsigned i = 0; i < sg_count; i++) {
        assert_int_equal(chain->element[i].addr, SG[i].addr);
        assert_int_equal(chain->element[i].len, SG[i].len);
        assert_int_equal(chain->element[i].write, SG[i].write);
    }
}

static void assert_used(struct ring_fixture *f, unsigned number, uint32_t len)
{
    void *cookie = NULL;
    UINT32 used_len = ~len;

    assert_int_equal(VirtqSplitGetUsed(f->vq, &cookie, &used_len), STATUS_SUCCESS);
    assert_ptr_equal(cookie, COOKIE(number));
    assert_int_equal(used_len, len);
}

static void assert_get_used_fails(struct ring_fixture *f, NTSTATUS status)
{
    void *cookie = f;
    UINT32 len = 1;

    assert_int_equal(VirtqSplitGetUsed(f->vq, &cookie, &len), status);
    assert_null(cookie);
    assert_int_equal(len, 0);
}

/* One buffer through the whole queue, of one descriptor. */
static void run_one(struct ring_fixture *f)
{
    struct ring_chain *chain;

    add_published(f, 1, 77);
    chain = take(f);
    ring_device_use(&f->device, chain->head, 5);
    assert_used(f, 77, 5);
}

/* Both indices to a position, by running. */
static void run_to(struct ring_fixture *f, uint16_t idx)
{
    while (f->device.used_pos != idx) {
        run_one(f);
        kick(f);
    }
}

/* Everything that an operation may change: state block and device-visible memory. */
struct snapshot {
    size_t sizes[3];
    uint8_t *copies[3];
    const void *sources[3];
};

static void take_snapshot(struct ring_fixture *f, struct snapshot *snapshot)
{
    *snapshot = (struct snapshot){
        {VirtqSplitStateSize(f->options.qsz), f->device.ring.size, f->device.pool.size},
        {NULL, NULL, NULL},
        {f->vq, f->device.ring.va, f->device.pool.va},
    };
    for (unsigned i = 0; i < 3; i++) {
        snapshot->copies[i] = malloc(snapshot->sizes[i] + 1);
        if (snapshot->sizes[i] != 0) {
            memcpy(snapshot->copies[i], snapshot->sources[i], snapshot->sizes[i]);
        }
    }
}

static void assert_unchanged(struct snapshot *snapshot)
{
    for (unsigned i = 0; i < 3; i++) {
        if (snapshot->sizes[i] != 0) {
            assert_memory_equal(snapshot->copies[i], snapshot->sources[i], snapshot->sizes[i]);
        }
        free(snapshot->copies[i]);
    }
}

/* RING-01, RING-02 */
static void test_layout(void **state)
{
    static const UINT32 aligns[] = {4, 16, 64, 4096, 65536};

    (void)state;
    for (uint32_t qsz = 1; qsz <= 32768; qsz *= 2) {
        for (unsigned i = 0; i < 5; i++) {
            size_t used = (16 * qsz + 6 + 2 * qsz + aligns[i] - 1) / aligns[i] * aligns[i];
            size_t size = VirtqSplitRingMemSize((UINT16)qsz, aligns[i], FALSE);
            struct ring_fixture *f;

            assert_int_equal(size, used + 6 + 8 * qsz);
            assert_int_equal(VirtqSplitRingMemSize((UINT16)qsz, aligns[i], TRUE), size);
            f = ring_fixture_open((struct ring_options){(uint16_t)qsz, true, 0, 0, aligns[i]});
            assert_int_equal(f->vq->qsz, qsz);
            assert_int_equal(f->vq->desc_pa, RING_FIXTURE_RING_PA);
            assert_int_equal(f->vq->avail_pa, RING_FIXTURE_RING_PA + 16 * qsz);
            assert_int_equal(f->vq->used_pa, RING_FIXTURE_RING_PA + used);
            assert_ptr_equal(f->vq->desc, f->device.ring.va);
            assert_ptr_equal(f->vq->avail, f->device.ring.va + 16 * qsz);
            assert_ptr_equal(f->vq->used, f->device.ring.va + used);
            assert_true(f->vq->desc_pa % 16 == 0 && f->vq->avail_pa % 2 == 0 && f->vq->used_pa % 4 == 0);
            /* RING-21: the memory was dirty. */
            for (size_t byte = 0; byte < 16 * qsz + 6 + 2 * qsz; byte++) {
                assert_int_equal(f->device.ring.va[byte], 0);
            }
            for (size_t byte = used; byte < size; byte++) {
                assert_int_equal(f->device.ring.va[byte], 0);
            }
            ring_fixture_close(f);
        }
    }
}

static void test_sizes_refused(void **state)
{
    static const UINT16 sizes[] = {0, 3, 5, 1000, 32769, 49152, 65535};
    static const UINT32 aligns[] = {0, 1, 2, 3, 6, 12, 4097};

    (void)state;
    for (unsigned i = 0; i < 7; i++) {
        assert_int_equal(VirtqSplitStateSize(sizes[i]), 0);
        assert_int_equal(VirtqSplitRingMemSize(sizes[i], 4096, FALSE), 0);
        assert_int_equal(VirtqSplitRingMemSize(8, aligns[i], FALSE), 0);
    }
}

static void test_init_refused(void **state)
{
    static _Alignas(4096) uint8_t ring[16384], pool[4096];
    static _Alignas(8) uint8_t block[4096], before[4096];
    VIRTQ_SPLIT *vq = (VIRTQ_SPLIT *)(void *)block;
    const NTSTATUS refused = STATUS_INVALID_PARAMETER;

    (void)state;
    memset(block, 0x5A, sizeof(block));
    memcpy(before, block, sizeof(block));
    assert_int_equal(VirtqSplitInit(NULL, 8, 0, 0, ring, 0x1000, 4, NULL, 0, 0, 0), refused);
    assert_int_equal(VirtqSplitInit(vq, 8, 0, 0, NULL, 0x1000, 4, NULL, 0, 0, 0), refused);
    assert_int_equal(VirtqSplitInit(vq, 7, 0, 0, ring, 0x1000, 4, NULL, 0, 0, 0), refused);
    assert_int_equal(VirtqSplitInit(vq, 0, 0, 0, ring, 0x1000, 4, NULL, 0, 0, 0), refused);
    assert_int_equal(VirtqSplitInit(vq, 8, 0, 0, ring, 0x1000, 2, NULL, 0, 0, 0), refused);
    assert_int_equal(VirtqSplitInit(vq, 8, 0, 0, ring, 0x1000, 24, NULL, 0, 0, 0), refused);
    /* aligned to max(16, ring_align), both addresses */
    assert_int_equal(VirtqSplitInit(vq, 8, 0, 0, ring + 8, 0x1000, 4, NULL, 0, 0, 0), refused);
    assert_int_equal(VirtqSplitInit(vq, 8, 0, 0, ring, 0x1008, 4, NULL, 0, 0, 0), refused);
    assert_int_equal(VirtqSplitInit(vq, 8, 0, 0, ring + 2048, 0x1000, 4096, NULL, 0, 0, 0), refused);
    assert_int_equal(VirtqSplitInit(vq, 8, 0, 0, ring, 0x1800, 4096, NULL, 0, 0, 0), refused);
    /* the pool, when it is wanted */
    assert_int_equal(VirtqSplitInit(vq, 8, 0, 1, ring, 0x1000, 4, NULL, 0x8000, 2, 8), refused);
    assert_int_equal(VirtqSplitInit(vq, 8, 0, 1, ring, 0x1000, 4, pool + 8, 0x8000, 2, 8), refused);
    assert_int_equal(VirtqSplitInit(vq, 8, 0, 1, ring, 0x1000, 4, pool, 0x8008, 2, 8), refused);
    assert_int_equal(VirtqSplitInit(vq, 8, 0, 1, ring, 0x1000, 4, pool, 0x8000, 2, 0), refused);
    assert_memory_equal(block, before, sizeof(block));
    assert_int_equal(VirtqSplitInit(vq, 8, 0, 0, ring, 0x1000, 4, pool + 8, 0x8008, 2, 0), STATUS_SUCCESS);
    assert_int_equal(VirtqSplitInit(vq, 8, 0, 1, ring, 0x1000, 4, NULL, 0, 0, 0), STATUS_SUCCESS);
    assert_int_equal(VirtqSplitInit(vq, 8, 0, 1, ring + 16, 0x1010, 4, pool, 0x8000, 2, 8), STATUS_SUCCESS);
}

/* RING-06, RING-08: without the feature no INDIRECT flag; ring_device_take checks. */
static void test_direct_chain(void **state)
{
    struct ring_fixture *f = open_queue(8, false, 0, 0);

    (void)state;
    for (uint16_t count = 1; count <= 4; count++) {
        struct ring_chain *chain;

        add_published(f, count, count);
        chain = take(f);
        assert_false(chain->is_indirect);
        assert_chain_is_sg(chain, count);
        ring_device_use(&f->device, chain->head, 100u + count);
        assert_used(f, count, 100u + count);
    }
    ring_fixture_close(f);
}

/* Any nonzero BOOLEAN is TRUE: nothing but the WRITE flag may come of it. */
static void test_write_flag_is_normalised(void **state)
{
    static const VIRTQ_SG odd = {0x1000, 8, 2};
    struct ring_fixture *f = open_queue(8, false, 0, 0);
    UINT16 head;

    (void)state;
    assert_int_equal(VirtqSplitAddBuffer(f->vq, &odd, 1, f, &head), STATUS_SUCCESS);
    VirtqSplitPublish(f->vq, head);
    assert_true(take(f)->element[0].write);
    ring_fixture_close(f);
}

/* RING-08 to RING-11 (ring_device_take); one element takes no table. */
static void test_indirect_chain(void **state)
{
    struct ring_fixture *f = open_queue(4, false, 4, 7);

    (void)state;
    for (unsigned round = 0; round < 9; round++) {
        for (uint16_t count = 1; count <= 4; count++) {
            add_published(f, count, count);
        }
        assert_int_equal(f->vq->free_count, 0);
        for (uint16_t count = 1; count <= 4; count++) {
            struct ring_chain *chain = take(f);

            assert_int_equal(chain->is_indirect, count > 1);
            assert_chain_is_sg(chain, count);
            ring_device_use(&f->device, chain->head, count);
        }
        for (uint16_t count = 1; count <= 4; count++) {
            assert_used(f, count, count);
        }
    }
    ring_fixture_close(f);
}

static void test_add_direct_takes_no_table(void **state)
{
    struct ring_fixture *f = open_queue(8, false, 4, 4);
    UINT16 head;

    (void)state;
    assert_int_equal(VirtqSplitAddDirect(f->vq, SG, 3, f, &head), STATUS_SUCCESS);
    VirtqSplitPublish(f->vq, head);
    assert_false(take(f)->is_indirect);
    assert_chain_is_sg(&f->chain, 3);
    ring_fixture_close(f);
}

/* Fewer tables than buffers, and chains longer than a table, go direct; tables come back. */
static void test_without_free_table_direct(void **state)
{
    struct ring_fixture *f = open_queue(16, false, 2, 3);

    (void)state;
    for (unsigned round = 0; round < 3; round++) {
        static const bool expected[] = {true, true, false, false};
        uint16_t heads[4];

        for (unsigned i = 0; i < 4; i++) {
            heads[i] = add_published(f, 3, i);
            take(f);
            assert_int_equal(f->chain.is_indirect, expected[i]);
            assert_chain_is_sg(&f->chain, 3);
        }
        for (unsigned i = 0; i < 4; i++) {
            ring_device_use(&f->device, heads[3 - i], 0);
            assert_used(f, 3 - i, 0);
        }
        add_published(f, 4, 9);
        assert_false(take(f)->is_indirect);
        ring_device_use(&f->device, f->chain.head, 0);
        assert_used(f, 9, 0);
    }
    ring_fixture_close(f);
}

/* More tables than descriptors are of no use, and the state block has no room for them. */
static void test_more_tables_than_descriptors(void **state)
{
    struct ring_fixture *f = open_queue(2, false, 50, 2);

    (void)state;
    for (unsigned round = 0; round < 5; round++) {
        for (unsigned i = 0; i < 2; i++) {
            add_published(f, 2, i);
            assert_true(take(f)->is_indirect);
            ring_device_use(&f->device, f->chain.head, i);
        }
        assert_used(f, 0, 0);
        assert_used(f, 1, 1);
    }
    ring_fixture_close(f);
}

/* RING-10: indirect_max_desc above the queue size does not lengthen a chain. */
static void test_chain_never_longer_than_queue(void **state)
{
    VIRTQ_SG many[9];
    struct ring_fixture *f = open_queue(4, false, 4, 16);
    struct snapshot snapshot;
    UINT16 head;

    (void)state;
    for (unsigned i = 0; i < 9; i++) {
        many[i] = SG[0];
    }
    take_snapshot(f, &snapshot);
    assert_int_equal(VirtqSplitAddBuffer(f->vq, many, 5, f, &head), STATUS_INVALID_PARAMETER);
    assert_int_equal(VirtqSplitAddBuffer(f->vq, many, 9, f, &head), STATUS_INVALID_PARAMETER);
    assert_int_equal(VirtqSplitAddDirect(f->vq, many, 5, f, &head), STATUS_INVALID_PARAMETER);
    assert_unchanged(&snapshot);
    assert_int_equal(VirtqSplitAddBuffer(f->vq, many, 4, f, &head), STATUS_SUCCESS);
    VirtqSplitPublish(f->vq, head);
    assert_int_equal(take(f)->count, 4);
    assert_true(f->chain.is_indirect);
    ring_fixture_close(f);
}

/* What adding refuses changes nothing at all. */
static void test_refused_add_changes_nothing(void **state)
{
    struct ring_fixture *f = open_queue(8, true, 1, 4);
    struct snapshot snapshot;
    UINT16 head = 0x1234;

    (void)state;
    for (int direct = 0; direct < 2; direct++) {
        NTSTATUS (*adder)(VIRTQ_SPLIT *, const VIRTQ_SG *, UINT16, void *, UINT16 *) =
            direct ? VirtqSplitAddDirect : VirtqSplitAddBuffer;

        take_snapshot(f, &snapshot);
        assert_int_equal(adder(f->vq, SG, 0, f, &head), STATUS_INVALID_PARAMETER);
        assert_int_equal(adder(f->vq, NULL, 1, f, &head), STATUS_INVALID_PARAMETER);
        assert_int_equal(adder(f->vq, SG, 1, NULL, &head), STATUS_INVALID_PARAMETER);
        assert_int_equal(adder(f->vq, SG, 3, NULL, &head), STATUS_INVALID_PARAMETER);
        assert_int_equal(adder(f->vq, SG, 65535, f, &head), STATUS_INVALID_PARAMETER);
        assert_unchanged(&snapshot);
    }
    add_published(f, 2, 0); /* takes the table and one descriptor */
    add_published(f, 4, 1);
    add_published(f, 2, 2); /* one descriptor left */
    take_snapshot(f, &snapshot);
    assert_int_equal(VirtqSplitAddBuffer(f->vq, SG, 2, f, &head), STATUS_INSUFFICIENT_RESOURCES);
    assert_int_equal(VirtqSplitAddDirect(f->vq, SG, 2, f, &head), STATUS_INSUFFICIENT_RESOURCES);
    assert_unchanged(&snapshot);
    add_published(f, 1, 3);
    take_snapshot(f, &snapshot);
    assert_int_equal(VirtqSplitAddBuffer(f->vq, SG, 1, f, &head), STATUS_INSUFFICIENT_RESOURCES);
    assert_int_equal(VirtqSplitAddDirect(f->vq, SG, 1, f, &head), STATUS_INSUFFICIENT_RESOURCES);
    assert_unchanged(&snapshot);
    assert_int_equal(head, 0x1234);
    take(f);
    ring_device_use(&f->device, f->chain.head, 0);
    assert_used(f, 0, 0); /* room again: the table is back too */
    add_published(f, 2, 4);
    ring_fixture_close(f);
}

/* No descriptor although a table is free: not now. */
static void test_no_descriptor_for_a_free_table(void **state)
{
    struct ring_fixture *f = open_queue(2, false, 2, 2);
    struct snapshot snapshot;
    UINT16 head;

    (void)state;
    add_published(f, 1, 0);
    add_published(f, 1, 1);
    take_snapshot(f, &snapshot);
    assert_int_equal(VirtqSplitAddBuffer(f->vq, SG, 2, f, &head), STATUS_INSUFFICIENT_RESOURCES);
    assert_unchanged(&snapshot);
    ring_fixture_close(f);
}

/* All sizes, all descriptors, returned in reverse order, three times. */
static void test_every_queue_size_full(void **state)
{
    (void)state;
    for (uint32_t qsz = 1; qsz <= 32768; qsz *= 2) {
        struct ring_fixture *f = open_queue((uint16_t)qsz, true, 0, 0);
        UINT16 head;

        for (unsigned round = 0; round < 3; round++) {
            for (unsigned i = 0; i < qsz; i++) {
                uint16_t got = add_published(f, 1, i);

                take(f);
                assert_int_equal(f->chain.head, got);
            }
            assert_int_equal(VirtqSplitAddBuffer(f->vq, SG, 1, f, &head), STATUS_INSUFFICIENT_RESOURCES);
            for (unsigned i = 0; i < qsz; i++) {
                /* cookie and head differ after the first round: ask the state for the cookie's number */
                uint16_t id = (uint16_t)(qsz - 1 - i);
                unsigned number = (unsigned)(size_t)f->vq->slots[id].cookie - 1;

                ring_device_use(&f->device, id, i);
                assert_used(f, number, i);
            }
            assert_int_equal(f->vq->free_count, qsz);
        }
        ring_fixture_close(f);
    }
}

/* Publish is visible when it returns, and not before; nonsense heads are ignored. */
static void test_publish(void **state)
{
    struct ring_fixture *f = open_queue(4, false, 0, 0);
    struct snapshot snapshot;
    uint16_t first, second;

    (void)state;
    first = add(f, 1, 1);
    second = add(f, 2, 2);
    assert_true(device_is_idle(f));
    VirtqSplitPublish(f->vq, second);
    assert_int_equal(ring_device_avail_idx(&f->device), 1);
    assert_int_equal(take(f)->head, second);
    VirtqSplitPublish(f->vq, first);
    assert_int_equal(take(f)->head, first);
    take_snapshot(f, &snapshot);
    VirtqSplitPublish(f->vq, first);
    VirtqSplitPublish(f->vq, (UINT16)f->vq->slots[second].last); /* continues a chain */
    VirtqSplitPublish(f->vq, 3);                                 /* free */
    VirtqSplitPublish(f->vq, 4);
    VirtqSplitPublish(f->vq, 0xFFFF);
    assert_unchanged(&snapshot);
    ring_fixture_close(f);
}

/* RING-22 to RING-24 */
static void test_kick_by_flags(void **state)
{
    struct ring_fixture *f = open_queue(8, false, 0, 0);

    (void)state;
    assert_false(kick(f)); /* nothing published */
    for (unsigned event = 0; event < 8; event++) {
        ring_device_set_avail_event(&f->device, (uint16_t)(0x1111 * event));
        ring_device_set_used_flags(&f->device, 0);
        add_published(f, 1, 0);
        assert_true(kick(f));
        assert_false(kick(f));
        ring_device_set_used_flags(&f->device, 1);
        add_published(f, 1, 1);
        assert_false(kick(f));
        ring_device_set_used_flags(&f->device, 0xFFFE); /* other bits mean nothing */
        add_published(f, 1, 2);
        assert_true(kick(f));
        for (unsigned i = 0; i < 3; i++) {
            take(f);
            ring_device_use(&f->device, f->chain.head, 0);
            assert_used(f, i, 0);
        }
    }
    ring_fixture_close(f);
}

/* RING-25 to RING-27, RING-30, across the wrap at 65536: against a reference that counts. */
static void test_kick_by_event_index(void **state)
{
    static const uint16_t starts[] = {0, 5, 32760, 65520, 65528, 65531, 65535};
    struct ring_fixture *f = open_queue(16, true, 0, 0);

    (void)state;
    for (unsigned s = 0; s < 7; s++) {
        run_to(f, starts[s]);
        for (unsigned batch = 0; batch <= 16; batch++) {
            for (int distance = -20; distance <= 36; distance++) {
                uint16_t start = f->device.used_pos;
                uint16_t event = (uint16_t)(start + distance);
                uint16_t head;

                ring_device_set_used_flags(&f->device, (uint16_t)(distance & 1));
                ring_device_set_avail_event(&f->device, event);
                for (unsigned i = 0; i < batch; i++) {
                    head = add(f, 1, i);
                    VirtqSplitPublish(f->vq, head);
                }
                assert_int_equal(kick(f), ring_passes(event, (uint16_t)(start + batch), start));
                for (unsigned i = 0; i < batch; i++) {
                    take(f);
                    ring_device_use(&f->device, f->chain.head, 0);
                    assert_used(f, i, 0);
                }
            }
        }
    }
    ring_fixture_close(f);
}

static void test_kick_far_events(void **state)
{
    struct ring_fixture *f = open_queue(4, true, 0, 0);

    (void)state;
    run_to(f, 65534);
    for (uint32_t event = 0; event < 65536; event += 251) {
        uint16_t start = f->device.used_pos;

        ring_device_set_avail_event(&f->device, (uint16_t)event);
        run_one(f);
        run_one(f);
        run_one(f);
        assert_int_equal(kick(f), ring_passes((uint16_t)event, (uint16_t)(start + 3), start));
    }
    ring_fixture_close(f);
}

/* A device that polls can take more than 65536 buffers in one batch: 16 bits must not make that an empty one. */
static void test_kick_after_a_whole_turn(void **state)
{
    static const unsigned counts[] = {65535, 65536, 65537, 131072};

    (void)state;
    for (int event_idx = 0; event_idx < 2; event_idx++) {
        for (unsigned i = 0; i < 4; i++) {
            struct ring_fixture *f = open_queue(4, event_idx != 0, 0, 0);

            for (unsigned n = 0; n < counts[i]; n++) {
                run_one(f);
            }
            ring_device_set_avail_event(&f->device, 1000);
            assert_true(kick(f));
            assert_false(kick(f));
            ring_fixture_close(f);
        }
    }
}

/* What is published between KickPrepare and KickCommit belongs to the next batch. */
static void test_publish_before_commit(void **state)
{
    (void)state;
    for (int event_idx = 0; event_idx < 2; event_idx++) {
        struct ring_fixture *f = open_queue(4, event_idx != 0, 0, 0);

        add_published(f, 1, 0);
        assert_true(VirtqSplitKickPrepare(f->vq));
        add_published(f, 1, 1);
        VirtqSplitKickCommit(f->vq);
        ring_device_set_avail_event(&f->device, 1);
        assert_true(kick(f));
        ring_fixture_close(f);
    }
}

/* RING-14, RING-15 */
static void test_interrupts_by_flags(void **state)
{
    struct ring_fixture *f = open_queue(4, false, 0, 0);

    (void)state;
    assert_int_equal(ring_device_avail_flags(&f->device), 0);
    VirtqSplitDisableInterrupts(f->vq);
    assert_int_equal(ring_device_avail_flags(&f->device), 1);
    assert_int_equal(ring_device_used_event(&f->device), 0);
    assert_true(VirtqSplitEnableInterrupts(f->vq));
    assert_int_equal(ring_device_avail_flags(&f->device), 0);
    ring_fixture_close(f);
}

/* RING-16, RING-17: flags stay 0, the event word steers, also across the wrap. */
static void test_interrupts_by_event_index(void **state)
{
    static const uint16_t starts[] = {0, 3, 65533, 65535, 0};
    struct ring_fixture *f = open_queue(8, true, 0, 0);

    (void)state;
    for (unsigned s = 0; s < 5; s++) {
        uint16_t old;

        run_to(f, starts[s]);
        for (unsigned i = 0; i < 8; i++) {
            add_published(f, 1, i);
        }
        VirtqSplitDisableInterrupts(f->vq);
        assert_int_equal(ring_device_avail_flags(&f->device), 0);
        old = f->device.used_pos;
        for (unsigned i = 0; i < 8; i++) {
            take(f);
            ring_device_use(&f->device, f->chain.head, 0);
        }
        assert_false(ring_device_interrupts(&f->device, old));
        for (unsigned i = 0; i < 8; i++) {
            assert_used(f, i, 0);
        }
        assert_get_used_fails(f, STATUS_NOT_FOUND);
        assert_int_equal(ring_device_used_event(&f->device), (uint16_t)(old - 1)); /* polling does not arm */

        assert_true(VirtqSplitEnableInterrupts(f->vq));
        assert_int_equal(ring_device_avail_flags(&f->device), 0);
        add_published(f, 1, 50);
        take(f);
        old = f->device.used_pos;
        ring_device_use(&f->device, f->chain.head, 0);
        assert_true(ring_device_interrupts(&f->device, old));
        assert_used(f, 50, 0);
    }
    ring_fixture_close(f);
}

/* A driver that never disables interrupts and drains until NOT_FOUND gets one for each later buffer. */
static void test_draining_keeps_interrupts_armed(void **state)
{
    (void)state;
    for (int event_idx = 0; event_idx < 2; event_idx++) {
        struct ring_fixture *f = open_queue(4, event_idx != 0, 0, 0);

        for (unsigned round = 0; round < 70000; round++) {
            uint16_t old = f->device.used_pos;

            add_published(f, 1, round);
            take(f);
            ring_device_use(&f->device, f->chain.head, 1);
            assert_true(ring_device_interrupts(&f->device, old));
            assert_used(f, round, 1);
            assert_get_used_fails(f, STATUS_NOT_FOUND);
        }
        ring_fixture_close(f);
    }
}

/* RING-31: a buffer that came before the interrupt was armed is reported, not stranded. */
static void test_enable_interrupts_reports_used(void **state)
{
    (void)state;
    for (int event_idx = 0; event_idx < 2; event_idx++) {
        struct ring_fixture *f = open_queue(4, event_idx != 0, 0, 0);

        VirtqSplitDisableInterrupts(f->vq);
        add_published(f, 1, 0);
        assert_false(VirtqSplitHasUsed(f->vq));
        assert_true(VirtqSplitEnableInterrupts(f->vq));
        VirtqSplitDisableInterrupts(f->vq);
        take(f);
        ring_device_use(&f->device, f->chain.head, 0);
        assert_true(VirtqSplitHasUsed(f->vq));
        assert_false(VirtqSplitEnableInterrupts(f->vq));
        assert_used(f, 0, 0);
        assert_true(VirtqSplitEnableInterrupts(f->vq));
        ring_fixture_close(f);
    }
}

/* RING-18 */
static void test_interrupts_without_work(void **state)
{
    struct ring_fixture *f = open_queue(4, true, 0, 0);
    struct snapshot snapshot;

    (void)state;
    run_to(f, 3);
    assert_get_used_fails(f, STATUS_NOT_FOUND);
    add_published(f, 1, 0);
    take_snapshot(f, &snapshot);
    for (unsigned i = 0; i < 100000; i++) {
        assert_get_used_fails(f, STATUS_NOT_FOUND);
        assert_false(VirtqSplitHasUsed(f->vq));
    }
    assert_unchanged(&snapshot);
    ring_fixture_close(f);
}

/* The queue is dead until Reset, gives every cookie back once, and works again after Reset. */
static void assert_broken_until_reset(struct ring_fixture *f, uint64_t cookies)
{
    struct snapshot snapshot;
    void *cookie;
    UINT16 head;

    for (unsigned i = 0; i < 3; i++) {
        assert_get_used_fails(f, STATUS_INVALID_PARAMETER);
        assert_int_equal(VirtqSplitAddBuffer(f->vq, SG, 1, f, &head), STATUS_INVALID_PARAMETER);
        assert_int_equal(VirtqSplitAddBuffer(f->vq, SG, 2, f, &head), STATUS_INVALID_PARAMETER);
        assert_int_equal(VirtqSplitAddDirect(f->vq, SG, 1, f, &head), STATUS_INVALID_PARAMETER);
        assert_false(VirtqSplitHasUsed(f->vq));
        assert_false(kick(f));
        assert_true(VirtqSplitEnableInterrupts(f->vq)); /* or the caller would drain for ever */
    }
    take_snapshot(f, &snapshot);
    for (unsigned i = 0; i < f->options.qsz; i++) {
        VirtqSplitPublish(f->vq, (UINT16)i);
    }
    assert_unchanged(&snapshot);
    /* The device may even undo what it did. */
    ring_device_set_used_idx(&f->device, (uint16_t)f->vq->used_idx);
    assert_get_used_fails(f, STATUS_INVALID_PARAMETER);
    while (VirtqSplitDetachUnused(f->vq, &cookie)) {
        uint64_t bit = 1ULL << ((size_t)cookie - 1);

        assert_true((cookies & bit) != 0);
        cookies &= ~bit;
        assert_int_equal(VirtqSplitAddBuffer(f->vq, SG, 1, f, &head), STATUS_INVALID_PARAMETER);
    }
    assert_null(cookie);
    assert_int_equal(cookies, 0);

    VirtqSplitReset(f->vq);
    ring_fixture_attach(f);
    assert_int_equal(ring_device_avail_idx(&f->device), 0);
    for (unsigned i = 0; i < 3u * f->options.qsz; i++) {
        run_one(f);
    }
    add_published(f, 2, 1);
    assert_chain_is_sg(take(f), 2);
}

/* HOST-01, HOST-02 */
static void test_bad_used_ids(void **state)
{
    (void)state;
    for (unsigned which = 0; which < 9; which++) {
        struct ring_fixture *f = open_queue(8, false, 1, 4);
        uint16_t indirect = add_published(f, 2, 0);
        uint16_t chain = add_published(f, 3, 1);
        uint16_t hidden = add(f, 1, 2); /* not published */
        uint32_t id = 0;

        take(f);
        take(f);
        switch (which) {
        case 0:
            id = 8;
            break;
        case 1:
            id = 0xFFFFFFFF;
            break;
        case 2:
            id = 0x10000 + chain;
            break;
        case 3:
            id = f->vq->slots[chain].next; /* in the middle */
            break;
        case 4:
            id = f->vq->slots[chain].last;
            break;
        case 5:
            id = hidden;
            break;
        case 6:
            id = (uint32_t)f->vq->free_head;
            break;
        case 7:
            id = 0x80000000u + indirect;
            break;
        case 8: /* twice */
            ring_device_use(&f->device, chain, 7);
            assert_used(f, 1, 7);
            id = chain;
            break;
        }
        ring_device_use(&f->device, id, 7);
        assert_true(VirtqSplitHasUsed(f->vq));
        assert_get_used_fails(f, STATUS_INVALID_PARAMETER);
        assert_broken_until_reset(f, which == 8 ? 5 : 7);
        ring_fixture_close(f);
    }
}

/* HOST-03: used idx ahead of what is in flight, or behind; at the start and just before the wrap. */
static void test_bad_used_idx(void **state)
{
    static const int jumps[] = {3, 9, 32768, -1, -2, -32767, 32767};
    static const uint16_t starts[] = {0, 65530, 65535};

    (void)state;
    for (unsigned s = 0; s < 3; s++) {
        for (unsigned j = 0; j < 7; j++) {
            struct ring_fixture *f = open_queue(8, true, 0, 0);

            run_to(f, starts[s]);
            add_published(f, 1, 0);
            add_published(f, 2, 1);
            ring_device_set_used_idx(&f->device, (uint16_t)(f->device.used_pos + jumps[j]));
            assert_get_used_fails(f, STATUS_INVALID_PARAMETER);
            assert_broken_until_reset(f, 3);
            ring_fixture_close(f);
        }
    }
}

/* Nothing in flight: any used idx is wrong. A queue of 32768 in flight: 32768 ahead is right, one more is not. */
static void test_used_idx_limits(void **state)
{
    struct ring_fixture *f = open_queue(8, false, 0, 0);

    (void)state;
    ring_device_use(&f->device, 0, 0);
    assert_get_used_fails(f, STATUS_INVALID_PARAMETER);
    ring_fixture_close(f);
    for (unsigned extra = 0; extra < 2; extra++) {
        f = open_queue(32768, false, 0, 0);
        for (unsigned i = 0; i < 32768; i++) {
            uint16_t head = add_published(f, 1, i);
            uint8_t *element = (uint8_t *)f->vq->used + 4 + 8 * i;

            element[0] = (uint8_t)head;
            element[1] = (uint8_t)(head >> 8);
        }
        ring_device_set_used_idx(&f->device, (uint16_t)(32768 + extra));
        if (extra != 0) {
            assert_get_used_fails(f, STATUS_INVALID_PARAMETER);
        } else {
            for (unsigned i = 0; i < 32768; i++) {
                assert_used(f, i, 0);
            }
            assert_get_used_fails(f, STATUS_NOT_FOUND);
        }
        ring_fixture_close(f);
    }
}

/* HOST-06: whatever the device scribbles over its view, the driver's is right. */
static void test_private_copies(void **state)
{
    (void)state;
    for (unsigned pattern = 0; pattern < 4; pattern++) {
        struct ring_fixture *f = open_queue(16, false, 2, 4);

        for (unsigned round = 0; round < 200; round++) {
            uint16_t heads[5];

            for (unsigned i = 0; i < 5; i++) {
                heads[i] = add_published(f, (uint16_t)(1 + (i + round) % 4), i);
                take(f);
                assert_chain_is_sg(&f->chain, 1 + (i + round) % 4);
            }
            for (unsigned i = 0; i < 16 * 16u; i++) { /* descriptors, free ones too */
                f->device.ring.va[i] = (uint8_t)(pattern == 0 ? 0xFF : pattern == 1 ? 0 : rand());
            }
            for (unsigned i = 0; i < 32; i++) { /* avail slots */
                ((uint8_t *)f->vq->avail)[4 + i] = (uint8_t)rand();
            }
            memset(f->device.pool.va, 0xEE, f->device.pool.size);
            for (unsigned i = 0; i < 5; i++) {
                unsigned number = (i * 3 + round) % 5;

                ring_device_use(&f->device, heads[number], number);
                assert_used(f, number, number);
            }
            assert_int_equal(f->vq->free_count, 16);
            assert_int_equal(f->vq->free_table_count, 2);
        }
        ring_fixture_close(f);
    }
}

/* HOST-04: the length is passed on as it is; callers bound it. */
static void test_used_length_is_the_devices(void **state)
{
    struct ring_fixture *f = open_queue(2, false, 0, 0);

    (void)state;
    add_published(f, 1, 0);
    take(f);
    ring_device_use(&f->device, f->chain.head, 0xFFFFFFFF);
    assert_used(f, 0, 0xFFFFFFFF);
    ring_fixture_close(f);
}

static void test_detach_unused(void **state)
{
    struct ring_fixture *f = open_queue(16, true, 2, 3);
    unsigned seen[8] = {0};
    void *cookie;

    (void)state;
    assert_false(VirtqSplitDetachUnused(f->vq, &cookie));
    for (unsigned i = 0; i < 6; i++) {
        add_published(f, (uint16_t)(1 + i % 3), i);
    }
    add(f, 3, 6); /* never published: still the driver's buffer */
    take(f);
    ring_device_use(&f->device, f->chain.head, 0);
    assert_used(f, 0, 0);
    while (VirtqSplitDetachUnused(f->vq, &cookie)) {
        seen[(size_t)cookie - 1]++;
    }
    assert_null(cookie);
    assert_int_equal(seen[0], 0);
    for (unsigned i = 1; i < 7; i++) {
        assert_int_equal(seen[i], 1);
    }
    assert_int_equal(f->vq->free_count, 16);
    assert_int_equal(f->vq->free_table_count, 2);
    assert_false(VirtqSplitDetachUnused(f->vq, &cookie));
    ring_fixture_close(f);
}

/* RING-21, RING-36: Reset is Init without the sizes. */
static void test_reset_equals_init(void **state)
{
    struct ring_fixture *used = open_queue(8, true, 2, 3);
    struct ring_fixture *fresh = open_queue(8, true, 2, 3);
    size_t header = offsetof(VIRTQ_SPLIT, desc_pa);

    (void)state;
    run_to(used, 70);
    VirtqSplitDisableInterrupts(used->vq);
    add_published(used, 3, 0);
    add(used, 1, 0);
    ring_device_set_used_idx(&used->device, 7);
    assert_get_used_fails(used, STATUS_INVALID_PARAMETER);
    VirtqSplitReset(used->vq);
    used->vq->tables = fresh->vq->tables; /* pointers differ, as do the first three */
    used->vq->free_tables = fresh->vq->free_tables;
    assert_memory_equal((uint8_t *)used->vq + header, (uint8_t *)fresh->vq + header, VirtqSplitStateSize(8) - header);
    assert_memory_equal(used->vq->used, fresh->vq->used, 6 + 8 * 8);
    assert_memory_equal(used->vq->desc, fresh->vq->desc, 16 * 8 + 6 + 2 * 8);
    ring_fixture_close(used);
    ring_fixture_close(fresh);
}

/* RING-32: both indices run free over 16 bits. */
static void test_indices_run_free(void **state)
{
    static const uint16_t sizes[] = {1, 2, 256, 32768};

    (void)state;
    for (unsigned s = 0; s < 4; s++) {
        struct ring_fixture *f = open_queue(sizes[s], s % 2 == 0, 0, 0);

        for (unsigned i = 0; i < 140000; i++) {
            add_published(f, 1, i);
            take(f);
            ring_device_use(&f->device, f->chain.head, i);
            assert_used(f, i, i);
            assert_int_equal(ring_device_avail_idx(&f->device), (uint16_t)(i + 1));
        }
        ring_fixture_close(f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layout),
        cmocka_unit_test(test_sizes_refused),
        cmocka_unit_test(test_init_refused),
        cmocka_unit_test(test_direct_chain),
        cmocka_unit_test(test_write_flag_is_normalised),
        cmocka_unit_test(test_indirect_chain),
        cmocka_unit_test(test_add_direct_takes_no_table),
        cmocka_unit_test(test_without_free_table_direct),
        cmocka_unit_test(test_more_tables_than_descriptors),
        cmocka_unit_test(test_chain_never_longer_than_queue),
        cmocka_unit_test(test_refused_add_changes_nothing),
        cmocka_unit_test(test_no_descriptor_for_a_free_table),
        cmocka_unit_test(test_every_queue_size_full),
        cmocka_unit_test(test_publish),
        cmocka_unit_test(test_kick_by_flags),
        cmocka_unit_test(test_kick_by_event_index),
        cmocka_unit_test(test_kick_far_events),
        cmocka_unit_test(test_kick_after_a_whole_turn),
        cmocka_unit_test(test_publish_before_commit),
        cmocka_unit_test(test_interrupts_by_flags),
        cmocka_unit_test(test_interrupts_by_event_index),
        cmocka_unit_test(test_draining_keeps_interrupts_armed),
        cmocka_unit_test(test_enable_interrupts_reports_used),
        cmocka_unit_test(test_interrupts_without_work),
        cmocka_unit_test(test_bad_used_ids),
        cmocka_unit_test(test_bad_used_idx),
        cmocka_unit_test(test_used_idx_limits),
        cmocka_unit_test(test_private_copies),
        cmocka_unit_test(test_used_length_is_the_devices),
        cmocka_unit_test(test_detach_unused),
        cmocka_unit_test(test_reset_equals_init),
        cmocka_unit_test(test_indices_run_free),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
