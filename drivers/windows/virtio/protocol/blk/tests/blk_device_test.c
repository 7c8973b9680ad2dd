/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Bring-up, configuration, limits, configuration changes, recovery and failures of the block device. */
#include "blk_fixture.h"

#define FEATURE(bit) (1ULL << (bit))
#define NO_VECTOR    VIRTIO_PCI_NO_VECTOR

static struct rig rig;

static uint8_t *type_config(void)
{
    size_t length;
    return fake_type_config(rig.fake, &length);
}

static void refused(struct fake_options options, const char *fault, VIRTIO_REASON reason)
{
    rig_make(&rig, options, fault);
    NTSTATUS status = rig_start(&rig, NO_VECTOR, NO_VECTOR);
    if (NT_SUCCESS(status) || rig.device.reason != reason) {
        fail_msg("%s: 0x%x, %s", fault != NULL ? fault : "-", (unsigned)status, VirtioReasonText(rig.device.reason));
    }
    rig_end(&rig);
}

static void starts_and_names_itself(void **state)
{
    (void)state;
    rig_up(&rig, (struct fake_options){0}, NULL);
    assert_int_equal(rig.device.state, BLK_STATE_RUNNING);
    assert_int_equal(rig.device.disk.block_count, (16 << 20) / 512);
    assert_int_equal(rig.device.disk.serial_length, 20); /* BLK-25: full length, no NUL */
    assert_memory_equal(rig.device.disk.serial, "fake-disk-0123456789", 20);
    assert_int_equal(rig.device.disk.physical_exponent, 3);
    assert_true(rig.device.disk.write_cache);
    assert_int_equal(fake_status(rig.fake), 0x0F);
    rig_check_rules(&rig); /* BLK-04, BLK-13, INIT-01, INIT-27 and all others that show in the log */
    rig_end(&rig);
}

/* INIT-09, BLK-05: what is accepted is a subset of what we know, whatever is offered. */
static void accepts_only_what_it_knows(void **state)
{
    static const uint64_t known = FEATURE(1) | FEATURE(2) | FEATURE(5) | FEATURE(6) | FEATURE(9) | FEATURE(10) |
                                  FEATURE(11) | FEATURE(28) | FEATURE(29) | FEATURE(32) | FEATURE(33) | FEATURE(36);
    (void)state;
    rig_make(&rig, (struct fake_options){0}, "offer-all");
    (void)rig_start(&rig, NO_VECTOR, NO_VECTOR);
    assert_int_equal(fake_driver_features(rig.fake) & ~known, 0);
    assert_true((fake_driver_features(rig.fake) & FEATURE(5)) != 0); /* BLK-08 */
    assert_true((fake_driver_features(rig.fake) & FEATURE(32)) != 0); /* INIT-32 */
    rig_end(&rig);
}

/* INIT-10: each optional feature away in turn, reading works; BLK-02, BLK-03 for the cache. */
static void works_with_less(void **state)
{
    static const unsigned bits[] = {1, 2, 6, 9, 10, 11, 28, 29};
    (void)state;
    for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
        rig_up(&rig, (struct fake_options){.features_off = FEATURE(bits[i])}, NULL);
        assert_int_equal(rig.device.disk.write_cache, bits[i] != 9);
        assert_false((rig.device.features & FEATURE(11)) != 0 && bits[i] == 9); /* CONFIG_WCE needs FLUSH */
        assert_true(rig_read(&rig, 0, 1, 2, 0));
        rig_settle(&rig);
        rig_expect_good(&rig, 0);
        if (bits[i] == 9) { /* a flush succeeds and is not sent */
            assert_false(rig_flush(&rig, 1));
            assert_int_equal(rig.command[1].action.status, SCSI_STATUS_GOOD);
            assert_int_equal(fake_blk_flush_count(rig.fake), 0);
        }
        rig_check_rules(&rig);
        rig_end(&rig);
    }
}

/* BLK-03, BLK-04: the cache mode is what writeback says, read after FEATURES_OK. */
static void follows_writeback(void **state)
{
    (void)state;
    for (unsigned writeback = 0; writeback < 2; writeback++) {
        rig_make(&rig, (struct fake_options){0}, NULL);
        type_config()[32] = (uint8_t)writeback;
        assert_int_equal(rig_start(&rig, NO_VECTOR, NO_VECTOR), STATUS_SUCCESS);
        assert_int_equal(rig.device.disk.write_cache, writeback);
        rig_check_rules(&rig);
        rig_end(&rig);
    }
}

static void refuses_by_name(void **state)
{
    struct fake_options none = {0};
    (void)state;
    refused((struct fake_options){.queue_size = 1}, NULL, VIRTIO_REASON_QUEUE_TOO_SMALL);
    refused((struct fake_options){.queue_size = 2}, NULL, VIRTIO_REASON_QUEUE_TOO_SMALL);
    refused((struct fake_options){.features_off = FEATURE(32)}, NULL, VIRTIO_REASON_NO_VERSION_1);
    refused((struct fake_options){.pci_device_id = 0x1041}, NULL, VIRTIO_REASON_NOT_A_VIRTIO_DEVICE);
    refused(none, "blk-capacity=0", VIRTIO_REASON_CAPACITY_ZERO); /* HOST-23 */
    refused(none, "blk-4k,blk-capacity=7", VIRTIO_REASON_CAPACITY_ZERO);
    refused(none, "queue-size=0", VIRTIO_REASON_QUEUE_MISSING);
    refused(none, "queue-size=1000", VIRTIO_REASON_QUEUE_SIZE_INVALID); /* HOST-12 */
    refused(none, "features-refused", VIRTIO_REASON_FEATURES_REFUSED);
    refused(none, "enable-refused", VIRTIO_REASON_QUEUE_ENABLE_FAILED);
    refused(none, "reset-stuck", VIRTIO_REASON_RESET_TIMEOUT); /* HOST-10 */
    refused(none, "blk-size=8192,blk-seg-max=1", VIRTIO_REASON_CONFIG_INVALID);
}

/* INIT-25: an allocation that fails gives the device up, and nothing is lost. */
static void survives_lack_of_memory(void **state)
{
    (void)state;
    for (unsigned n = 1; n < 20; n++) {
        rig_make(&rig, (struct fake_options){0}, NULL);
        rig.fail_allocation = n;
        NTSTATUS status = rig_start(&rig, NO_VECTOR, NO_VECTOR);
        bool was_last = NT_SUCCESS(status);
        if (!was_last) {
            assert_int_equal(rig.device.reason, VIRTIO_REASON_QUEUE_MEMORY);
            assert_int_equal(rig.live, 0);
            assert_int_equal(fake_status(rig.fake) & 0x80, 0x80);
        }
        rig_end(&rig);
        if (was_last) {
            assert_true(n > 3);
            return;
        }
    }
    fail_msg("it never started");
}

/* What BlkDeviceMemoryNeeded says is enough for any alignment. */
static void memory_bound_holds(void **state)
{
    size_t dma, plain;
    (void)state;
    for (unsigned size = 4; size <= 1024; size *= 2) {
        for (unsigned indirect = 0; indirect < 2; indirect++) {
            rig_up(&rig, (struct fake_options){.queue_size = (uint16_t)size,
                                               .features_off = indirect != 0 ? 0 : FEATURE(28)}, NULL);
            BlkDeviceMemoryNeeded(&rig.device, &dma, &plain);
            assert_true(rig.ram_used + (indirect != 0 ? 3 : 2) * 4000 <= dma); /* each block may start badly aligned */
            assert_true(VirtqSplitStateSize(rig.device.queue_size) <= plain);
            rig_end(&rig);
        }
    }
}

/* Queue sizes 4 to 1024; larger ones are cut to what we want (PCI-36). */
static void queue_sizes(void **state)
{
    (void)state;
    for (unsigned size = 4; size <= 32768; size *= 2) {
        for (unsigned indirect = 0; indirect < 2; indirect++) {
            struct fake_queue_view view;
            unsigned most = indirect != 0 ? 256 : 1024;
            rig_up(&rig, (struct fake_options){.queue_size = (uint16_t)size,
                                               .features_off = indirect != 0 ? 0 : FEATURE(28)}, NULL);
            fake_queue_look(rig.fake, 0, &view);
            assert_int_equal(view.size, size < most ? size : most);
            unsigned segments = view.size - 2u < 126 ? view.size - 2u : 126;
            assert_int_equal(rig.device.limits.segment_limit, segments);
            rig.piece = 512;
            assert_true(rig_read(&rig, 0, 0, segments, 0)); /* the longest chain */
            rig_settle(&rig);
            rig_expect_good(&rig, 0);
            assert_int_equal(fake_blk_request(rig.fake, fake_blk_request_count(rig.fake) - 1)->data_parts, segments);
            rig_check_rules(&rig);
            rig_end(&rig);
        }
    }
}

/* HOST-23, HOST-24: nonsense in the configuration gives usable limits and no arithmetic accident. */
static void implausible_configuration(void **state)
{
    static const char *const faults[] = {
        "blk-size=0", "blk-size=513", "blk-size=0x80000000", "blk-size=1", "blk-size=131072", "blk-exponent=255",
        "blk-exponent=16", "blk-seg-max=0", "blk-seg-max=0xFFFFFFFF", "blk-size-max=0", "blk-size-max=1",
        "blk-size-max=0xFFFFFFFF", "blk-capacity=-1", "blk-capacity=0x7FFFFFFFFFFFFFFF",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        rig_up(&rig, (struct fake_options){0}, faults[i]);
        const BLK_DEVICE *device = &rig.device;
        assert_int_equal(device->disk.block_size, 512);
        assert_in_range(device->disk.block_count, 1, 1ULL << 54);
        assert_in_range(device->disk.physical_exponent, 0, 15);
        assert_in_range(device->limits.segment_limit, 1, BLK_SEGMENTS_MAX);
        assert_true(device->limits.transfer_limit >= 512);
        (void)rig_read(&rig, 0, device->disk.block_count - 1, 1, 0); /* nothing crashes; the disk may not have it */
        (void)rig_read(&rig, 1, 0xFFFFFFFFFFFFFFFFULL, 1, 0);
        rig_expect_sense(&rig, 1, SCSI_SENSE_KEY_ILLEGAL_REQUEST, SCSI_ASC_LBA_OUT_OF_RANGE);
        rig_settle(&rig);
        rig_end(&rig);
    }
}

/*
 * The arithmetic of limits: a buffer of transfer_limit bytes at the worst offset into its first page, with an element
 * per page or all in one, always fits into segment_limit descriptors (BLK-23).
 */
static void limits_always_fit(void **state)
{
    static const UINT32 size_maxes[] = {512, 1000, 1536, 2048, 4095, 4096, 5000, 65536, 0xFFFFFFFF};
    static BLK_REQUEST request;
    (void)state;
    for (size_t s = 0; s < sizeof(size_maxes) / sizeof(size_maxes[0]); s++) {
        for (UINT32 segment_max = 1; segment_max < 140; segment_max++) {
            BLK_CONFIG config = {.block_size = 512, .segment_max = segment_max, .size_max = size_maxes[s]};
            BLK_LIMITS limits;
            VIRTIO_REASON reason;
            assert_int_equal(BlkLimitsCompute(&config, 256, &limits, &reason), STATUS_SUCCESS);
            assert_true(limits.segment_limit <= segment_max);
            bool one_page = limits.alignment_mask != 3;
            for (unsigned merged = 0; merged < 2; merged++) {
                UINT32 left = limits.transfer_limit, elements = 0;
                UINT64 at = one_page ? 0x10000 + 512 : 0x10000 + 4092;
                BlkRequestInit(&request, BLK_READ, 0);
                while (left != 0) {
                    UINT32 length = merged ? left : 4096 - (UINT32)(at & 4095);
                    length = length < left ? length : left;
                    assert_true(BlkRequestAddSegment(&request, &limits, at, length));
                    elements++;
                    at += length;
                    left -= length;
                }
                assert_true(elements <= limits.element_limit);
                assert_int_equal(request.data_length, limits.transfer_limit);
            }
        }
    }
}

/* BLK-06, INIT-28: the disk grows, shrinks, vanishes. */
static void capacity_changes(void **state)
{
    static const UINT8 ready[6] = {SCSI_OP_TEST_UNIT_READY};
    (void)state;
    rig_up(&rig, (struct fake_options){0}, NULL);
    assert_false(BlkDeviceConfigChanged(&rig.device));
    fake_blk_resize(rig.fake, 1000);
    assert_true(BlkDeviceConfigChanged(&rig.device));
    assert_int_equal(rig.device.disk.block_count, 1000);
    (void)rig_cdb(&rig, 0, ready, 6, 0, 0);
    rig_expect_sense(&rig, 0, SCSI_SENSE_KEY_UNIT_ATTENTION, SCSI_ASC_CAPACITY_CHANGED);
    (void)rig_cdb(&rig, 0, ready, 6, 0, 0);
    assert_int_equal(rig.command[0].action.status, SCSI_STATUS_GOOD);
    assert_false(rig_read(&rig, 0, 1000, 1, 0)); /* BLK-07 */
    rig_expect_sense(&rig, 0, SCSI_SENSE_KEY_ILLEGAL_REQUEST, SCSI_ASC_LBA_OUT_OF_RANGE);
    memset(type_config(), 0, 8); /* HOST-23: silently, found by the watchdog */
    BOOLEAN changed;
    assert_false(BlkDevicePoll(&rig.device, &rig.done, &changed));
    assert_true(changed);
    rig.device.disk.capacity_changed = FALSE;
    assert_false(rig_read(&rig, 0, 0, 1, 0));
    rig_expect_sense(&rig, 0, SCSI_SENSE_KEY_NOT_READY, SCSI_ASC_NOT_READY);
    rig_check_rules(&rig);
    rig_end(&rig);
}

/* INIT-04, INIT-05, HOST-21: NEEDS_RESET with requests that never complete; everything ends, the next request works. */
static void needs_reset(void **state)
{
    BOOLEAN changed;
    (void)state;
    for (unsigned quiet = 0; quiet < 2; quiet++) {
        rig_up(&rig, (struct fake_options){.deferred = true}, NULL);
        for (unsigned n = 0; n < COMMANDS - 1; n++) { /* more than the ring takes */
            assert_true(n % 3 == 2 ? rig_flush(&rig, n) : rig_write(&rig, n, n, 1, 512 * n, false));
        }
        fake_need_reset(rig.fake, quiet != 0);
        if (quiet == 0) {
            (void)BlkDeviceConfigChanged(&rig.device);
            assert_int_equal(rig.device.state, BLK_STATE_BROKEN);
            assert_true(rig_write(&rig, COMMANDS - 1, 1, 1, 0, false)); /* taken: it waits for the recovery */
        }
        assert_true(BlkDevicePoll(&rig.device, &rig.done, &changed));
        assert_int_equal(BlkDeviceRecover(&rig.device, VIRTIO_REASON_NONE, &rig.done), STATUS_SUCCESS);
        rig_collect(&rig);
        assert_int_equal(rig.device.reason, VIRTIO_REASON_DEVICE_NEEDS_RESET);
        for (unsigned n = 0; n < COMMANDS - quiet; n++) {
            assert_int_equal(rig.command[n].ended, 1);
            assert_true(rig.command[n].given_back);
        }
        assert_true(rig_flush(&rig, 1)); /* held back by none of the writes that were given back */
        assert_true(rig_write(&rig, 0, 5, 1, 0, true));
        rig_settle(&rig);
        rig_expect_good(&rig, 0);
        rig_expect_good(&rig, 1);
        rig_check_rules(&rig);
        rig_end(&rig);
    }
}

/* HOST-01 to HOST-03: a broken used ring is found, nothing is lost, a reset repairs it. */
static void broken_ring(void **state)
{
    static const char *const faults[] = {"used-id=0xFFFFFFFF", "used-id=200", "used-twice", "used-jump=32768",
                                         "used-back", "used-middle"};
    (void)state;
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        rig_make(&rig, (struct fake_options){.features_off = FEATURE(28)}, faults[i]);
        (void)rig_start(&rig, NO_VECTOR, NO_VECTOR); /* the serial number's request already meets the fault */
        for (unsigned n = 0; n < 4 && rig.device.state == BLK_STATE_RUNNING; n++) {
            (void)rig_read(&rig, n, n, 1, 512 * n);
            (void)fake_poll(rig.fake, 1000);
            (void)BlkDeviceService(&rig.device, &rig.done);
        }
        assert_int_equal(rig.device.state, BLK_STATE_BROKEN);
        assert_int_equal(rig.device.reason, VIRTIO_REASON_USED_RING_INVALID);
        rig_collect(&rig);
        assert_int_equal(BlkDeviceRecover(&rig.device, VIRTIO_REASON_NONE, &rig.done), STATUS_SUCCESS);
        rig_collect(&rig);
        assert_int_equal(rig.device.queue.in_flight_count, 0);
        rig_end(&rig);
    }
}

/* HOST-16: the device vanishes with requests in flight. */
static void surprise_removal(void **state)
{
    BOOLEAN changed;
    (void)state;
    rig_up(&rig, (struct fake_options){.deferred = true}, NULL);
    assert_true(rig_read(&rig, 0, 0, 1, 0));
    fake_remove(rig.fake);
    assert_true(BlkDevicePoll(&rig.device, &rig.done, &changed));
    assert_int_equal(rig.device.reason, VIRTIO_REASON_DEVICE_GONE);
    assert_false(NT_SUCCESS(BlkDeviceRecover(&rig.device, VIRTIO_REASON_NONE, &rig.done)));
    assert_int_equal(rig.device.state, BLK_STATE_DEAD);
    rig_collect(&rig);
    assert_int_equal(rig.command[0].ended, 1);
    rig_expect_sense(&rig, 0, SCSI_SENSE_KEY_HARDWARE_ERROR, SCSI_ASC_INTERNAL_TARGET_FAILURE);
    assert_false(rig_read(&rig, 1, 0, 1, 0));
    rig_expect_sense(&rig, 1, SCSI_SENSE_KEY_HARDWARE_ERROR, SCSI_ASC_INTERNAL_TARGET_FAILURE);
    assert_false(rig_flush(&rig, 2));
    rig_expect_sense(&rig, 2, SCSI_SENSE_KEY_HARDWARE_ERROR, SCSI_ASC_INTERNAL_TARGET_FAILURE);
    rig_end(&rig);
}

/* Removed at every single register access of the start, the start ends and holds nothing it should not (HOST-16). */
static void removal_at_any_access(void **state)
{
    char fault[32];
    (void)state;
    for (unsigned n = 1; n < 400; n++) {
        snprintf(fault, sizeof(fault), "gone=%u", n);
        rig_make(&rig, (struct fake_options){0}, fault);
        NTSTATUS status = rig_start(&rig, NO_VECTOR, NO_VECTOR);
        bool alive = NT_SUCCESS(status) && VirtioPciStatus(&rig.device.pci) != VIRTIO_STATUS_GONE;
        rig_end(&rig);
        if (alive) {
            assert_true(n > 20);
            return;
        }
    }
    fail_msg("the start needs too many accesses");
}

static void stop_and_restart(void **state)
{
    (void)state;
    rig_up(&rig, (struct fake_options){.deferred = true}, NULL);
    assert_true(rig_write(&rig, 0, 0, 1, 0, false));
    BlkDeviceStop(&rig.device, &rig.done);
    rig_collect(&rig);
    assert_int_equal(rig.command[0].ended, 1);
    assert_int_equal(fake_status(rig.fake), 0); /* INIT-30 */
    assert_false(rig_read(&rig, 1, 0, 1, 0));
    assert_false(BlkDeviceService(&rig.device, &rig.done)); /* HOST-09: a late interrupt */
    assert_int_equal(BlkDeviceRecover(&rig.device, VIRTIO_REASON_NONE, &rig.done), STATUS_SUCCESS);
    assert_true(rig_read(&rig, 1, 0, 1, 0));
    rig_settle(&rig);
    rig_expect_good(&rig, 1);
    rig_check_rules(&rig);
    rig_end(&rig);
}

/* HOST-28 in spirit: the serial number never comes; the disk works without it and its name stays. */
static void serial_number_late(void **state)
{
    (void)state;
    rig_up(&rig, (struct fake_options){0}, "stalled");
    assert_int_equal(rig.device.disk.serial_length, 0);
    assert_true(fake_clock_us(rig.fake) < 2 * BLK_ID_TIMEOUT_US);
    assert_int_equal(BlkDeviceRecover(&rig.device, VIRTIO_REASON_REQUEST_TIMEOUT, &rig.done), STATUS_SUCCESS);
    assert_null(rig.done.head); /* our own request is nobody else's */
    rig_end(&rig);
}

/* A device that comes back from its reset with a smaller queue than the ring was laid out for is given up. */
static void queue_shrinks(void **state)
{
    (void)state;
    rig_up(&rig, (struct fake_options){0}, NULL);
    rig.device.queue_size *= 2;
    assert_false(NT_SUCCESS(BlkDeviceRecover(&rig.device, VIRTIO_REASON_NONE, &rig.done)));
    assert_int_equal(rig.device.reason, VIRTIO_REASON_QUEUE_TOO_SMALL);
    assert_int_equal(rig.device.state, BLK_STATE_DEAD);
    assert_int_equal(fake_status(rig.fake) & 0x80, 0x80);
    rig_end(&rig);
}

static void vectors(void **state)
{
    struct fake_queue_view view;
    (void)state;
    rig_make(&rig, (struct fake_options){0}, NULL);
    assert_int_equal(rig_start(&rig, 1, 0), STATUS_SUCCESS);
    fake_queue_look(rig.fake, 0, &view);
    assert_int_equal(view.vector, 0);
    (void)fake_msix_take(rig.fake, 0);
    assert_true(rig_read(&rig, 0, 0, 1, 0));
    assert_true(fake_msix_take(rig.fake, 0));
    fake_blk_resize(rig.fake, 100);
    assert_true(fake_msix_take(rig.fake, 1));
    rig_settle(&rig);
    rig_expect_good(&rig, 0);
    rig_check_rules(&rig);
    rig_end(&rig);
    rig_make(&rig, (struct fake_options){0}, "vector-refused=2");
    assert_false(NT_SUCCESS(rig_start(&rig, 1, 0)));
    assert_int_equal(rig.device.reason, VIRTIO_REASON_VECTOR_REFUSED);
    rig_end(&rig);
}

static void describes_itself(void **state)
{
    VIRTIO_DIAG diag;
    (void)state;
    rig_up(&rig, (struct fake_options){.queue_size = 1024}, NULL);
    assert_true(rig_write(&rig, 0, 0, 1, 0, true));
    rig_settle(&rig);
    BlkDeviceDescribe(&rig.device, &diag);
    assert_int_equal(diag.size, sizeof(diag));
    assert_int_equal(diag.pci_device_id, 0x1042);
    assert_int_equal(diag.device_status, 0x0F);
    assert_int_equal(diag.state, 2);
    assert_int_equal(diag.features, fake_driver_features(rig.fake));
    assert_int_equal(diag.requests_out, 1);
    assert_int_equal(diag.requests_other, 1);
    assert_int_equal(diag.queues[0].size, 256);
    assert_int_equal(diag.queues[0].device_size, 1024);
    rig_end(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_and_names_itself),
        cmocka_unit_test(accepts_only_what_it_knows),
        cmocka_unit_test(works_with_less),
        cmocka_unit_test(follows_writeback),
        cmocka_unit_test(refuses_by_name),
        cmocka_unit_test(survives_lack_of_memory),
        cmocka_unit_test(memory_bound_holds),
        cmocka_unit_test(queue_sizes),
        cmocka_unit_test(implausible_configuration),
        cmocka_unit_test(limits_always_fit),
        cmocka_unit_test(capacity_changes),
        cmocka_unit_test(needs_reset),
        cmocka_unit_test(broken_ring),
        cmocka_unit_test(surprise_removal),
        cmocka_unit_test(removal_at_any_access),
        cmocka_unit_test(stop_and_restart),
        cmocka_unit_test(serial_number_late),
        cmocka_unit_test(queue_shrinks),
        cmocka_unit_test(vectors),
        cmocka_unit_test(describes_itself),
    };
    return cmocka_run_group_tests_name("blk_device", tests, NULL, NULL);
}
