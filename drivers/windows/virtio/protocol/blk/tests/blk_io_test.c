/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Requests on the wire: data, framing, flush order, status values, segment limits, hostile completions. */
#include "blk_fixture.h"
#include "fake_fault.h"

#include <stdlib.h>

#define FEATURE(bit) (1ULL << (bit))

static struct rig rig;

static const struct fake_blk_request *last_request(void)
{
    return fake_blk_request(rig.fake, fake_blk_request_count(rig.fake) - 1);
}

static void data_arrives(void **state)
{
    uint64_t bytes;
    (void)state;
    for (unsigned blocks = 1; blocks <= 64; blocks *= 2) {
        rig_up(&rig, (struct fake_options){0}, NULL);
        uint8_t *disk = fake_blk_disk(rig.fake, &bytes);
        rig.piece = 1536; /* BLK-11: pieces need not be whole sectors of their own, the sum is */
        for (unsigned i = 0; i < blocks * 512; i++) {
            rig_data(&rig, 0)[i] = (uint8_t)(i * 7 + i / 512);
        }
        assert_true(rig_write(&rig, 0, 77, blocks, 0, false));
        rig_settle(&rig);
        rig_expect_good(&rig, 0);
        assert_memory_equal(disk + 77 * 512, rig_data(&rig, 0), blocks * 512);
        assert_true(rig_read(&rig, 1, 77, blocks, 1 << 20));
        rig_settle(&rig);
        rig_expect_good(&rig, 1);
        assert_memory_equal(rig_data(&rig, 1 << 20), rig_data(&rig, 0), blocks * 512);
        assert_int_equal(rig_data(&rig, 1 << 20)[blocks * 512], 0);
        rig_check_rules(&rig); /* BLK-26, BLK-29 */
        rig_end(&rig);
    }
}

/* BLK-24: 4096-byte blocks, sectors of 512 on the wire. */
static void large_blocks(void **state)
{
    (void)state;
    rig_up(&rig, (struct fake_options){0}, "blk-4k");
    assert_int_equal(rig.device.disk.block_count, (16 << 20) / 4096);
    assert_true(rig_read(&rig, 0, 9, 2, 0));
    rig_settle(&rig);
    rig_expect_good(&rig, 0);
    assert_int_equal(last_request()->sector, 72);
    assert_int_equal(last_request()->data_bytes, 8192);
    rig_check_rules(&rig);
    rig_end(&rig);
}

/* BLK-07: nothing past the end reaches the device, and a buffer longer than the transfer is not all used. */
static void stays_inside(void **state)
{
    static const UINT8 read_one[10] = {SCSI_OP_READ_10, 0, 0, 0, 0, 1, 0, 0, 1, 0};
    (void)state;
    rig_up(&rig, (struct fake_options){0}, NULL);
    uint64_t before = fake_blk_request_count(rig.fake);
    uint64_t blocks = rig.device.disk.block_count;
    assert_false(rig_read(&rig, 0, blocks, 1, 0));
    assert_false(rig_read(&rig, 0, blocks - 1, 2, 0));
    assert_false(rig_write(&rig, 0, 0xFFFFFFFFFFFFFFFFULL, 2, 0, false));
    assert_false(rig_write(&rig, 0, 0x0080000000000000ULL, 1, 0, false)); /* * 512 overflows 64 bits */
    rig_settle(&rig);
    assert_int_equal(fake_blk_request_count(rig.fake), before);
    memset(rig_data(&rig, 0), 0xEE, 4096);
    assert_true(rig_cdb(&rig, 0, read_one, 10, 0, 4096));
    rig_settle(&rig);
    rig_expect_good(&rig, 0);
    assert_int_equal(rig.command[0].action.transferred, 512);
    assert_int_equal(last_request()->data_bytes, 512);
    assert_int_equal(rig_data(&rig, 0)[512], 0xEE);
    rig_check_rules(&rig);
    rig_end(&rig);
}

/* BLK-01, BLK-09, BLK-10: each SYNCHRONIZE CACHE is one flush of the device, without sector and data. */
static void each_flush_arrives(void **state)
{
    (void)state;
    rig_up(&rig, (struct fake_options){0}, NULL);
    for (unsigned n = 0; n < 10; n++) {
        assert_true(rig_flush(&rig, n));
        rig_settle(&rig);
        rig_expect_good(&rig, n);
        assert_int_equal(fake_blk_flush_count(rig.fake), n + 1);
        assert_int_equal(last_request()->type, 4);
        assert_int_equal(last_request()->sector, 0);
        assert_int_equal(last_request()->data_bytes, 0);
    }
    rig_check_rules(&rig);
    rig_end(&rig);
}

/* Which type the device took as n-th since first. */
static uint32_t type_at(uint64_t first, unsigned n)
{
    const struct fake_blk_request *request = fake_blk_request(rig.fake, first + n);
    return request != NULL ? request->type : 99;
}

/* BLK-22: a flush goes out when the writes before it have ended, and does not wait for those behind it. */
static void flush_order(void **state)
{
    (void)state;
    rig_up(&rig, (struct fake_options){.deferred = true}, NULL);
    uint64_t first = fake_blk_request_count(rig.fake);
    assert_true(rig_write(&rig, 0, 0, 1, 0, false));
    assert_true(rig_write(&rig, 1, 1, 1, 0, false));
    assert_true(rig_flush(&rig, 2));
    assert_true(rig_flush(&rig, 3));
    assert_true(rig_write(&rig, 4, 2, 1, 0, false));
    assert_true(rig_read(&rig, 5, 0, 1, 0));
    assert_int_equal(fake_queue_process(rig.fake, 0, 1), 1);
    (void)BlkDeviceService(&rig.device, &rig.done);
    assert_int_equal(fake_queue_process(rig.fake, 0, 1), 1); /* the second write; the third is behind it */
    (void)BlkDeviceService(&rig.device, &rig.done);
    assert_int_equal(fake_queue_process(rig.fake, 0, 16), 4);
    assert_int_equal(type_at(first, 0), 1);
    assert_int_equal(type_at(first, 1), 1);
    assert_int_equal(type_at(first, 2), 1);
    assert_int_equal(type_at(first, 3), 0);
    assert_int_equal(type_at(first, 4), 4);
    assert_int_equal(type_at(first, 5), 4);
    rig_settle(&rig);
    for (unsigned n = 0; n < 6; n++) {
        rig_expect_good(&rig, n);
    }
    assert_true(rig_write(&rig, 0, 0, 1, 0, false)); /* only the write behind it left: the flush is held by none */
    (void)fake_queue_process(rig.fake, 0, 16);
    (void)BlkDeviceService(&rig.device, &rig.done);
    rig_collect(&rig);
    assert_true(rig_flush(&rig, 1));
    assert_int_equal(fake_queue_process(rig.fake, 0, 16), 1);
    assert_int_equal(last_request()->type, 4);
    rig_check_rules(&rig);
    rig_end(&rig);
}

/* A write with FUA ends when a flush sent after it has ended; without a cache no flush is needed. */
static void forced_unit_access(void **state)
{
    (void)state;
    rig_up(&rig, (struct fake_options){.deferred = true}, NULL);
    assert_true(rig_write(&rig, 0, 0, 1, 0, true));
    assert_int_equal(fake_queue_process(rig.fake, 0, 16), 1);
    (void)BlkDeviceService(&rig.device, &rig.done);
    rig_collect(&rig);
    assert_int_equal(rig.command[0].ended, 0);
    assert_int_equal(fake_queue_process(rig.fake, 0, 16), 1);
    assert_int_equal(last_request()->type, 4);
    assert_int_equal(fake_blk_unflushed(rig.fake), 0);
    (void)BlkDeviceService(&rig.device, &rig.done);
    rig_collect(&rig);
    rig_expect_good(&rig, 0);
    rig_check_rules(&rig);
    rig_end(&rig);
    rig_up(&rig, (struct fake_options){.features_off = FEATURE(9)}, NULL);
    assert_true(rig_write(&rig, 0, 0, 1, 0, true));
    rig_settle(&rig);
    rig_expect_good(&rig, 0);
    assert_int_equal(last_request()->type, 1);
    rig_end(&rig);
}

/*
 * A forced write that failed stays failed, although a flush behind it would succeed: the disk is smaller than it
 * says.
 */
static void forced_write_fails(void **state)
{
    (void)state;
    rig_up(&rig, (struct fake_options){0}, "blk-capacity=100000");
    assert_true(rig_write(&rig, 0, 50000, 1, 0, true));
    rig_settle(&rig);
    assert_int_equal(rig.command[0].ended, 1);
    rig_expect_sense(&rig, 0, SCSI_SENSE_KEY_MEDIUM_ERROR, SCSI_ASC_WRITE_FAULT);
    rig_end(&rig);
}

/* What waits for room is not overtaken by what needs less of it. */
static void waits_in_order(void **state)
{
    (void)state;
    rig_up(&rig, (struct fake_options){.queue_size = 8, .features_off = FEATURE(28), .deferred = true}, NULL);
    uint64_t first = fake_blk_request_count(rig.fake);
    for (unsigned n = 0; n < 3; n++) { /* three descriptors each: the third has no room */
        assert_true(rig_read(&rig, n, n, 1, 512 * n));
    }
    assert_true(rig_flush(&rig, 3)); /* two descriptors would be free */
    rig_settle(&rig);
    for (unsigned n = 0; n < 4; n++) {
        rig_expect_good(&rig, n);
        assert_int_equal(type_at(first, n), n < 3 ? 0 : 4);
    }
    rig_check_rules(&rig);
    rig_end(&rig);
}

/* BLK-27, HOST-22: of 256 status values only 0 is success. */
static void status_values(void **state)
{
    char fault[32];
    (void)state;
    for (unsigned value = 0; value < 256; value++) {
        snprintf(fault, sizeof(fault), "blk-status=%u", value);
        rig_up(&rig, (struct fake_options){0}, fault);
        assert_true(rig_read(&rig, 0, 0, 1, 0));
        assert_true(rig_write(&rig, 1, 0, 1, 0, true));
        assert_true(rig_flush(&rig, 2));
        rig_settle(&rig);
        for (unsigned n = 0; n < 3; n++) {
            assert_int_equal(rig.command[n].ended, 1);
            if (value == 0) {
                rig_expect_good(&rig, n);
                assert_int_equal(rig.device.reason, VIRTIO_REASON_NONE);
            } else if (value == 1) {
                assert_int_equal(rig.device.reason, VIRTIO_REASON_REQUEST_FAILED);
                rig_expect_sense(&rig, n, SCSI_SENSE_KEY_MEDIUM_ERROR,
                                 n == 0 ? SCSI_ASC_READ_ERROR : SCSI_ASC_WRITE_FAULT);
            } else if (value == 2) {
                rig_expect_sense(&rig, n, SCSI_SENSE_KEY_ILLEGAL_REQUEST, SCSI_ASC_INVALID_OPCODE);
            } else {
                rig_expect_sense(&rig, n, SCSI_SENSE_KEY_HARDWARE_ERROR, SCSI_ASC_INTERNAL_TARGET_FAILURE);
                assert_int_equal(rig.device.reason, VIRTIO_REASON_REQUEST_ANSWER_INVALID);
            }
        }
        rig_end(&rig);
    }
}

/* BLK-26: a status that was never written is not success. */
static void no_status(void **state)
{
    (void)state;
    rig_up(&rig, (struct fake_options){0}, "blk-no-status");
    for (unsigned n = 0; n < 3; n++) { /* the slot of the one before is used again */
        assert_true(rig_write(&rig, n, 0, 1, 0, false));
        rig_settle(&rig);
        rig_expect_sense(&rig, n, SCSI_SENSE_KEY_HARDWARE_ERROR, SCSI_ASC_INTERNAL_TARGET_FAILURE);
    }
    rig_end(&rig);
}

/* HOST-04, HOST-05, HOST-22: the used length is only believed when it says that data is missing. */
static void used_lengths(void **state)
{
    (void)state;
    rig_up(&rig, (struct fake_options){0}, "blk-short=1");
    assert_true(rig_read(&rig, 0, 0, 2, 0));
    rig_settle(&rig);
    /* one byte less, status byte counted: length says it is all there but for the status, as some devices count */
    rig_expect_good(&rig, 0);
    rig_end(&rig);
    rig_up(&rig, (struct fake_options){0}, "blk-short=512");
    assert_true(rig_read(&rig, 0, 0, 2, 0));
    assert_true(rig_write(&rig, 1, 0, 2, 0, false));
    rig_settle(&rig);
    rig_expect_sense(&rig, 0, SCSI_SENSE_KEY_MEDIUM_ERROR, SCSI_ASC_READ_ERROR);
    rig_expect_good(&rig, 1);
    rig_end(&rig);
    rig_up(&rig, (struct fake_options){0}, "used-len=0");
    assert_true(rig_read(&rig, 0, 0, 1, 0));
    rig_settle(&rig);
    rig_expect_sense(&rig, 0, SCSI_SENSE_KEY_MEDIUM_ERROR, SCSI_ASC_READ_ERROR);
    rig_end(&rig);
    rig_up(&rig, (struct fake_options){0}, "used-len=0xFFFFFFFF");
    assert_true(rig_read(&rig, 0, 0, 1, 0));
    rig_settle(&rig);
    rig_expect_good(&rig, 0);
    assert_int_equal(rig.command[0].action.transferred, 512); /* never more than was asked for */
    rig_end(&rig);
}

/* BLK-23: seg_max and size_max hold for the longest transfer of any shape that the limits allow. */
static void segment_limits(void **state)
{
    static const char *const faults[] = {"blk-seg-max=1", "blk-seg-max=2", "blk-seg-max=126", "blk-size-max=4096",
                                         "blk-size-max=512,blk-seg-max=40", "blk-seg-max=3,blk-size-max=4096"};
    (void)state;
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        for (unsigned merged = 0; merged < 2; merged++) {
            rig_up(&rig, (struct fake_options){0}, faults[i]);
            const BLK_LIMITS *limits = &rig.device.limits;
            rig.piece = merged || limits->transfer_limit < 4096 ? 0 : 4096;
            uint32_t blocks = limits->transfer_limit / 512;
            for (unsigned i2 = 0; i2 < limits->transfer_limit; i2++) {
                rig_data(&rig, 0)[i2] = (uint8_t)(i2 * 3 + i2 / 512);
            }
            assert_true(rig_write(&rig, 0, 100, blocks, 0, false));
            rig_settle(&rig);
            rig_expect_good(&rig, 0);
            assert_true(rig_read(&rig, 1, 100, blocks, 2 << 20));
            rig_settle(&rig);
            rig_expect_good(&rig, 1);
            assert_memory_equal(rig_data(&rig, 2 << 20), rig_data(&rig, 0), limits->transfer_limit);
            rig_check_rules(&rig);
            rig.piece = 512; /* more pieces than any limit: refused here, not by the device */
            uint64_t before = fake_blk_request_count(rig.fake);
            assert_false(rig_write(&rig, 2, 0, limits->segment_limit + 1u, 0, false));
            rig_expect_sense(&rig, 2, SCSI_SENSE_KEY_ILLEGAL_REQUEST, SCSI_ASC_INVALID_FIELD_IN_CDB);
            assert_int_equal(fake_blk_request_count(rig.fake), before);
            rig_end(&rig);
        }
    }
}

/* A full ring makes requests wait; none is lost, none ends twice, in any order of completion (RING-32). */
static void full_ring(void **state)
{
    static const char *const faults[] = {NULL, "reorder"};
    (void)state;
    for (unsigned size = 4; size <= 256; size *= 8) {
        for (unsigned variant = 0; variant < 8; variant++) {
            uint64_t off = ((variant & 1) != 0 ? FEATURE(28) : 0) | ((variant & 2) != 0 ? FEATURE(29) : 0);
            rig_up(&rig, (struct fake_options){.queue_size = (uint16_t)size, .features_off = off, .deferred = true},
                   faults[variant >> 2]);
            for (unsigned round = 0; round < 3; round++) {
                for (unsigned n = 0; n < COMMANDS; n++) {
                    bool started = n % 5 == 0   ? rig_flush(&rig, n)
                                   : n % 5 == 1 ? rig_read(&rig, n, n, 1, 512 * n)
                                                : rig_write(&rig, n, n, 1, 512 * n, n % 5 == 2);
                    assert_true(started);
                }
                rig_settle(&rig);
                for (unsigned n = 0; n < COMMANDS; n++) {
                    rig_expect_good(&rig, n);
                }
            }
            assert_true(rig.device.queue.stats.waited > 0);
            assert_int_equal(fake_blk_flush_count(rig.fake), 3 * (COMMANDS / 5) * 2);
            rig_check_rules(&rig);
            rig_end(&rig);
        }
    }
}

/* BLK-28: a read-only disk says so and refuses writes without asking the device. */
static void read_only(void **state)
{
    (void)state;
    rig_up(&rig, (struct fake_options){.read_only = true}, NULL);
    assert_false(rig_write(&rig, 0, 0, 1, 0, false));
    rig_expect_sense(&rig, 0, SCSI_SENSE_KEY_DATA_PROTECT, SCSI_ASC_WRITE_PROTECTED);
    assert_true(rig_read(&rig, 0, 0, 1, 0));
    rig_settle(&rig);
    rig_expect_good(&rig, 0);
    rig_check_rules(&rig);
    rig_end(&rig);
}

/* HOST-06, HOST-07, HOST-20: scribbles over descriptors and headers, random suppression: every request still ends. */
static void scribbling_device(void **state)
{
    static const char *const faults[] = {"scribble-desc", "scribble-read", "used-flags", "suppress"};
    BOOLEAN changed;
    (void)state;
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        rig_up(&rig, (struct fake_options){0}, faults[i]);
        for (unsigned n = 0; n < COMMANDS; n++) {
            (void)rig_write(&rig, n, n, 1, 512 * n, n % 2 == 0);
        }
        for (unsigned round = 0; round < 20; round++) {
            rig_settle(&rig);
        }
        if (BlkDevicePoll(&rig.device, &rig.done, &changed) || rig.device.queue.in_flight_count != 0) {
            assert_int_equal(BlkDeviceRecover(&rig.device, VIRTIO_REASON_REQUEST_TIMEOUT, &rig.done), STATUS_SUCCESS);
        }
        rig_collect(&rig);
        for (unsigned n = 0; n < COMMANDS; n++) {
            assert_int_equal(rig.command[n].ended, 1);
        }
        rig_end(&rig);
    }
}

/*
 * Every fault that the fake device knows, with requests of all kinds, a poll, a recovery and a stop: each request ends
 * exactly once, nothing is written outside of the data area, and a fault that is legal costs no request.
 */
static void every_fault(void **state)
{
    BOOLEAN changed;
    (void)state;
    for (size_t i = 0; i < fake_fault_count; i++) {
        bool started[COMMANDS] = {false};
        rig_make(&rig, (struct fake_options){0}, fake_faults[i].name);
        bool is_up = NT_SUCCESS(rig_start(&rig, VIRTIO_PCI_NO_VECTOR, VIRTIO_PCI_NO_VECTOR));
        if (fake_faults[i].legal && !is_up) {
            fail_msg("%s: %s", fake_faults[i].name, VirtioReasonText(rig.device.reason));
        }
        for (unsigned n = 0; is_up && n < COMMANDS; n++) {
            uint32_t blocks = rig.device.limits.transfer_limit < 2048 ? 1 : 2048 / rig.device.disk.block_size + 1;
            started[n] = n % 4 == 0   ? rig_flush(&rig, n)
                         : n % 4 == 1 ? rig_read(&rig, n, n, blocks, 0)
                                      : rig_write(&rig, n, n, blocks, 8192, n % 4 == 2);
            if (n % 50 == 0) {
                rig_settle(&rig);
            }
        }
        rig_settle(&rig);
        bool must_recover = BlkDevicePoll(&rig.device, &rig.done, &changed);
        rig_collect(&rig);
        for (unsigned n = 0; is_up && fake_faults[i].legal && n < COMMANDS; n++) {
            if (rig.device.disk.read_only && n % 4 >= 2) {
                assert_false(started[n]); /* "offer-all" offers RO */
                continue;
            }
            if (!started[n]) {
                fail_msg("%s: request %u was refused, %x", fake_faults[i].name, n, rig.command[n].action.asc);
            }
            rig_expect_good(&rig, n);
        }
        assert_false(fake_faults[i].legal && must_recover);
        (void)BlkDeviceRecover(&rig.device, VIRTIO_REASON_NONE, &rig.done);
        rig_collect(&rig);
        for (unsigned n = 0; n < COMMANDS; n++) {
            assert_int_equal(rig.command[n].ended, started[n]);
        }
        for (size_t at = DATA_OFFSET - 64; at < DATA_OFFSET; at++) {
            assert_int_equal(rig.ram[at], 0);
        }
        rig_end(&rig);
    }
}

/* Shutdown's flush is no SCSI command: a unit attention or a missing medium does not stop it. */
static void flush_at_shutdown(void **state)
{
    struct command *command = &rig.command[0];
    (void)state;
    rig_up(&rig, (struct fake_options){0}, NULL);
    rig.device.disk.capacity_changed = TRUE;
    command->request.owner = command;
    assert_true(BlkScsiFlush(&rig.device, &command->request, &command->action));
    rig_settle(&rig);
    rig_expect_good(&rig, 0);
    assert_int_equal(fake_blk_flush_count(rig.fake), 1);
    rig_end(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(data_arrives),       cmocka_unit_test(large_blocks),
        cmocka_unit_test(stays_inside),       cmocka_unit_test(each_flush_arrives),
        cmocka_unit_test(flush_order),        cmocka_unit_test(forced_unit_access),
        cmocka_unit_test(forced_write_fails), cmocka_unit_test(waits_in_order),
        cmocka_unit_test(status_values),      cmocka_unit_test(no_status),
        cmocka_unit_test(used_lengths),       cmocka_unit_test(segment_limits),
        cmocka_unit_test(full_ring),          cmocka_unit_test(read_only),
        cmocka_unit_test(scribbling_device),  cmocka_unit_test(every_fault),
        cmocka_unit_test(flush_at_shutdown),
    };
    return cmocka_run_group_tests_name("blk_io", tests, NULL, NULL);
}
