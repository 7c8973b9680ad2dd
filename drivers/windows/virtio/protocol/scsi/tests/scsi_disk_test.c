/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The SCSI command set: each command's bytes, each refusal's sense data, truncation at every length, and random CDBs
 * with buffers of exactly the stated size (AddressSanitizer sees what goes past them).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "scsi_disk.h"

enum { BLOCKS = 0x10000, ANSWER = 512 };

static SCSI_DISK disk;
static SCSI_ACTION action;
static UINT8 answer[ANSWER];

static int make_disk(void **state)
{
    (void)state;
    memset(&disk, 0, sizeof(disk));
    disk.block_count = BLOCKS;
    disk.block_size = 512;
    disk.write_cache = TRUE;
    disk.force_unit_access = TRUE;
    memcpy(disk.vendor, "VENDOR  ", 8);
    memcpy(disk.product, "PRODUCT         ", 16);
    memcpy(disk.revision, "0007", 4);
    memcpy(disk.serial, "12345678901234567890", 20);
    disk.serial_length = 20;
    memcpy(disk.location, "PCI00.04.0", 10);
    disk.location_length = 10;
    return 0;
}

static void put_be(UINT8 *to, UINT64 value, unsigned width)
{
    while (width-- > 0) {
        to[width] = (UINT8)value;
        value >>= 8;
    }
}

static UINT64 get_be(const UINT8 *from, unsigned width)
{
    UINT64 value = 0;
    while (width-- > 0) {
        value = (value << 8) | *from++;
    }
    return value;
}

/* Runs a CDB on a heap buffer of exactly size bytes, both directions allowed. */
static void run_sized(const UINT8 *cdb, UINT8 cdb_length, UINT32 size)
{
    SCSI_REQUEST request = {
        .cdb = cdb, .cdb_length = cdb_length, .data_in = TRUE, .data_out = TRUE, .data_length = size};
    request.data = size != 0 && size <= ANSWER ? malloc(size) : NULL;
    if (request.data != NULL) {
        memset(request.data, 0xEE, size);
    }
    memset(&action, 0xEE, sizeof(action));
    ScsiDiskExecute(&disk, &request, &action);
    memset(answer, 0xEE, sizeof(answer));
    if (request.data != NULL) {
        memcpy(answer, request.data, size);
    }
    free(request.data);
}

#define RUN(size, ...)                                                                                                 \
    do {                                                                                                               \
        const UINT8 cdb_[] = {__VA_ARGS__};                                                                            \
        run_sized(cdb_, sizeof(cdb_), (size));                                                                         \
    } while (0)

static void expect_good(UINT32 transferred)
{
    assert_int_equal(action.kind, SCSI_ACTION_DONE);
    assert_int_equal(action.status, SCSI_STATUS_GOOD);
    assert_int_equal(action.transferred, transferred);
}

static void expect_sense(UINT8 key, UINT16 asc)
{
    assert_int_equal(action.kind, SCSI_ACTION_DONE);
    assert_int_equal(action.status, SCSI_STATUS_CHECK_CONDITION);
    assert_int_equal(action.sense_key, key);
    assert_int_equal(action.asc, asc);
    assert_int_equal(action.transferred, 0);
}

#define EXPECT_ILLEGAL(asc) expect_sense(SCSI_SENSE_KEY_ILLEGAL_REQUEST, (asc))

static void inquiry_standard(void **state)
{
    (void)state;
    RUN(96, 0x12, 0, 0, 0, 96, 0);
    expect_good(36);
    assert_int_equal(answer[0], 0);
    assert_int_equal(answer[1], 0); /* not removable */
    assert_int_equal(answer[2], 5);
    assert_int_equal(answer[3], 2);
    assert_int_equal(answer[4], 31);
    assert_int_equal(answer[7], 2); /* CMDQUE */
    assert_memory_equal(answer + 8, "VENDOR  PRODUCT         0007", 28);
    RUN(96, 0x12, 0, 0x80, 0, 96, 0); /* a page without EVPD */
    EXPECT_ILLEGAL(0x2400);
    RUN(96, 0x12, 2, 0, 0, 96, 0); /* CMDDT */
    EXPECT_ILLEGAL(0x2400);
}

static void inquiry_pages(void **state)
{
    (void)state;
    RUN(255, 0x12, 1, 0, 0, 255, 0);
    expect_good(7);
    assert_memory_equal(answer, "\x00\x00\x00\x03\x00\x80\x83", 7);
    RUN(255, 0x12, 1, 0x80, 0, 255, 0); /* BLK-25: twenty characters without a NUL */
    expect_good(24);
    assert_memory_equal(answer, "\x00\x80\x00\x14" "12345678901234567890", 24);
    RUN(255, 0x12, 1, 0x83, 0, 255, 0);
    expect_good(8 + 8 + 16 + 20);
    assert_memory_equal(answer, "\x00\x83\x00\x30\x02\x01\x00\x2c" "VENDOR  PRODUCT         12345678901234567890", 52);
    RUN(255, 0x12, 1, 0xB0, 0, 255, 0);
    EXPECT_ILLEGAL(0x2400);
}

static void inquiry_without_serial(void **state)
{
    (void)state;
    disk.serial_length = 0;
    RUN(255, 0x12, 1, 0x80, 0, 255, 0);
    expect_good(24);
    assert_memory_equal(answer + 4, "                    ", 20);
    RUN(255, 0x12, 1, 0x83, 0, 255, 0); /* two disks of one machine still differ */
    expect_good(8 + 8 + 16 + 10);
    assert_memory_equal(answer + 32, "PCI00.04.0", 10);
}

static void report_luns(void **state)
{
    (void)state;
    RUN(64, 0xA0, 0, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0);
    expect_good(16);
    assert_memory_equal(answer, "\0\0\0\x08\0\0\0\0\0\0\0\0\0\0\0\0", 16);
    RUN(64, 0xA0, 0, 1, 0, 0, 0, 0, 0, 0, 64, 0, 0);
    expect_good(8);
    RUN(64, 0xA0, 0, 3, 0, 0, 0, 0, 0, 0, 64, 0, 0);
    EXPECT_ILLEGAL(0x2400);
}

static void read_capacity(void **state)
{
    (void)state;
    RUN(8, 0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    expect_good(8);
    assert_int_equal(get_be(answer, 4), BLOCKS - 1);
    assert_int_equal(get_be(answer + 4, 4), 512);
    disk.block_count = 0x100000001ULL;
    disk.block_size = 4096;
    disk.physical_exponent = 3;
    disk.lowest_aligned_block = 7;
    RUN(8, 0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    assert_int_equal(get_be(answer, 4), 0xFFFFFFFF);
    RUN(32, 0x9E, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0); /* BLK-24 */
    expect_good(32);
    assert_int_equal(get_be(answer, 8), 0x100000000ULL);
    assert_int_equal(get_be(answer + 8, 4), 4096);
    assert_int_equal(answer[13], 3);
    assert_int_equal(get_be(answer + 14, 2), 7);
    RUN(32, 0x9E, 0x11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0);
    EXPECT_ILLEGAL(0x2400);
}

static void mode_sense(void **state)
{
    (void)state;
    RUN(192, 0x1A, 0, 0x3F, 0, 192, 0);
    expect_good(4 + 8 + 20);
    assert_memory_equal(answer, "\x1f\0\x10\x08\0\x01\0\0\0\0\x02\0\x08\x12\x04", 15); /* BLK-03: WCE */
    RUN(192, 0x1A, 8, 0x08, 0, 192, 0);
    expect_good(4 + 20);
    assert_memory_equal(answer, "\x17\0\x10\0\x08\x12\x04", 7);
    RUN(192, 0x1A, 8, 0x48, 0, 192, 0); /* changeable: nothing is */
    assert_int_equal(answer[6], 0);
    RUN(192, 0x1A, 8, 0x88, 0, 192, 0); /* default */
    assert_int_equal(answer[6], 4);
    RUN(192, 0x1A, 8, 0xC8, 0, 192, 0); /* saved */
    EXPECT_ILLEGAL(0x3900);
    RUN(192, 0x1A, 8, 0x1C, 0, 192, 0);
    EXPECT_ILLEGAL(0x2400);
    disk.read_only = TRUE; /* BLK-28 */
    disk.write_cache = FALSE; /* BLK-02 */
    disk.force_unit_access = FALSE;
    RUN(192, 0x1A, 8, 0x08, 0, 192, 0);
    assert_memory_equal(answer, "\x17\0\x80\0\x08\x12\0", 7);
    RUN(192, 0x5A, 0x10, 0x3F, 0, 0, 0, 0, 0, 192, 0);
    expect_good(8 + 16 + 20);
    assert_memory_equal(answer, "\0\x2a\0\x80\x01\0\0\x10\0\0\0\0\0\x01\0\0", 16);
    assert_int_equal(get_be(answer + 20, 4), 512);
    RUN(192, 0x5A, 0, 0x08, 0, 0, 0, 0, 0, 192, 0);
    expect_good(8 + 8 + 20);
    RUN(192, 0x15, 0x10, 0, 0, 24, 0); /* MODE SELECT */
    EXPECT_ILLEGAL(0x2000);
}

/* Every answer is cut at every allocation length and at every buffer length; what is there is the same. */
static void truncation(void **state)
{
    static const struct {
        UINT8 cdb[16], length, where, width;
    } commands[] = {
        {{0x12, 0, 0}, 6, 3, 2},
        {{0x12, 1, 0}, 6, 3, 2},
        {{0x12, 1, 0x80}, 6, 3, 2},
        {{0x12, 1, 0x83}, 6, 3, 2},
        {{0x03}, 6, 4, 1},
        {{0x1A, 0, 0x3F}, 6, 4, 1},
        {{0x5A, 0x10, 0x3F}, 10, 7, 2},
        {{0x9E, 0x10}, 16, 10, 4},
        {{0xA0}, 12, 6, 4},
        {{0x25}, 10, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        UINT8 cdb[16], whole[ANSWER];
        memcpy(cdb, commands[i].cdb, 16);
        put_be(cdb + commands[i].where, 255, commands[i].width);
        run_sized(cdb, commands[i].length, 255);
        UINT32 length = action.transferred;
        assert_true(length > 0);
        memcpy(whole, answer, sizeof(whole));
        for (UINT32 limit = 0; limit <= 80; limit++) {
            UINT32 expected = limit < length ? limit : length;
            put_be(cdb + commands[i].where, 255, commands[i].width);
            run_sized(cdb, commands[i].length, limit);
            expect_good(expected);
            assert_memory_equal(answer, whole, expected);
            if (commands[i].width == 0) {
                continue;
            }
            put_be(cdb + commands[i].where, limit, commands[i].width);
            run_sized(cdb, commands[i].length, 255);
            expect_good(expected);
            assert_memory_equal(answer, whole, expected);
            for (UINT32 at = expected; at < 255; at++) {
                assert_int_equal(answer[at], 0xEE);
            }
        }
    }
}

static void request_sense_and_attention(void **state)
{
    (void)state;
    RUN(18, 0x03, 0, 0, 0, 18, 0);
    expect_good(18);
    assert_memory_equal(answer, "\x70\0\0\0\0\0\0\x0a", 8);
    disk.capacity_changed = TRUE; /* BLK-06 */
    RUN(36, 0x12, 0, 0, 0, 36, 0); /* INQUIRY neither reports nor clears it */
    expect_good(36);
    RUN(0, 0x00, 0, 0, 0, 0, 0);
    expect_sense(SCSI_SENSE_KEY_UNIT_ATTENTION, 0x2A09);
    RUN(0, 0x00, 0, 0, 0, 0, 0);
    expect_good(0);
    disk.capacity_changed = TRUE;
    RUN(18, 0x03, 0, 0, 0, 18, 0);
    assert_int_equal(answer[2], 6);
    assert_int_equal(get_be(answer + 12, 2), 0x2A09);
    RUN(0, 0x00, 0, 0, 0, 0, 0);
    expect_good(0);
    RUN(18, 0x03, 1, 0, 0, 18, 0); /* descriptor format */
    EXPECT_ILLEGAL(0x2400);
}

static void not_ready(void **state)
{
    static const UINT8 opcodes[] = {0x00, 0x25, 0x28, 0x2F, 0x35};
    (void)state;
    disk.block_count = 0; /* HOST-23 */
    for (size_t i = 0; i < sizeof(opcodes); i++) {
        RUN(512, opcodes[i], 0, 0, 0, 0, 0, 0, 0, 1, 0);
        expect_sense(SCSI_SENSE_KEY_NOT_READY, 0x0400);
    }
}

/* A READ or WRITE CDB of each group. */
static UINT8 build_io(UINT8 *cdb, UINT8 opcode, UINT64 lba, UINT32 count)
{
    memset(cdb, 0, 16);
    cdb[0] = opcode;
    switch (opcode >> 5) {
    case 0:
        put_be(cdb + 1, lba, 3);
        cdb[4] = (UINT8)count;
        return 6;
    case 1:
        put_be(cdb + 2, lba, 4);
        put_be(cdb + 7, count, 2);
        return 10;
    case 5:
        put_be(cdb + 2, lba, 4);
        put_be(cdb + 6, count, 4);
        return 12;
    default:
        put_be(cdb + 2, lba, 8);
        put_be(cdb + 10, count, 4);
        return 16;
    }
}

static const UINT8 reads[] = {0x08, 0x28, 0xA8, 0x88};
static const UINT8 writes[] = {0x0A, 0x2A, 0xAA, 0x8A};

static void read_write(void **state)
{
    UINT8 cdb[16];
    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        UINT8 opcode = i < 4 ? reads[i] : writes[i - 4];
        run_sized(cdb, build_io(cdb, opcode, 0x1234, 5), 5 * 512);
        assert_int_equal(action.kind, i < 4 ? SCSI_ACTION_READ : SCSI_ACTION_WRITE);
        assert_int_equal(action.lba, 0x1234);
        assert_int_equal(action.block_count, 5);
        assert_int_equal(action.transferred, 5 * 512);
        assert_false(action.fua);
        run_sized(cdb, build_io(cdb, opcode, 0x1234, 5), 4096); /* a longer buffer: only what was asked for */
        assert_int_equal(action.transferred, 5 * 512);
        run_sized(cdb, build_io(cdb, opcode, 0x1234, 5), 5 * 512 - 1);
        EXPECT_ILLEGAL(0x2400);
        UINT8 length = build_io(cdb, opcode, 0x1234, 5);
        run_sized(cdb, length - 1, 5 * 512); /* a CDB cut short */
        EXPECT_ILLEGAL(0x2400);
        if (length > 6) {
            cdb[1] = 0x08;
            run_sized(cdb, length, 5 * 512);
            assert_int_equal(action.fua, i >= 4);
            cdb[1] = 0x20; /* protection information */
            run_sized(cdb, length, 5 * 512);
            EXPECT_ILLEGAL(0x2400);
            run_sized(cdb, build_io(cdb, opcode, 0, 0), 0);
            expect_good(0);
        } else {
            run_sized(cdb, build_io(cdb, opcode, 0, 0), 256 * 512);
            assert_int_equal(action.block_count, 256);
        }
    }
}

/* BLK-07: around the end, and where sums overflow. */
static void range(void **state)
{
    static const struct {
        UINT64 lba;
        UINT32 count;
        bool good;
        UINT64 first_bad;
    } cases[] = {
        {BLOCKS - 1, 1, true, 0},
        {BLOCKS - 1, 2, false, BLOCKS},
        {BLOCKS, 1, false, BLOCKS},
        {BLOCKS, 0, false, BLOCKS},
        {BLOCKS - 5, 5, true, 0},
        {1, 0xFFFFFFFF, false, BLOCKS},
        {0xFFFFFFFFFFFFFFFFULL, 1, false, 0},
        {0xFFFFFFFFFFFFFFFFULL, 0xFFFFFFFF, false, 0},
        {0x8000000000000000ULL, 1, false, 0},
    };
    UINT8 cdb[16];
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (unsigned group = 1; group < 4; group++) {
            if ((group < 3 && cases[i].lba > 0xFFFFFFFF) || (group == 1 && cases[i].count > 0xFFFF)) {
                continue;
            }
            run_sized(cdb, build_io(cdb, reads[group], cases[i].lba, cases[i].count), 0x40000000);
            if (cases[i].good) {
                assert_int_equal(action.kind, SCSI_ACTION_READ);
                continue;
            }
            EXPECT_ILLEGAL(0x2100);
            assert_int_equal(action.info_valid, cases[i].first_bad != 0);
            assert_int_equal(action.info, cases[i].first_bad);
        }
    }
    disk.block_count = 0xFFFFFFFFFFFFFFFFULL; /* the byte count must not wrap into a small one */
    disk.block_size = 65536;
    run_sized(cdb, build_io(cdb, 0x88, 0, 0x10000), 4096);
    EXPECT_ILLEGAL(0x2400);
    run_sized(cdb, build_io(cdb, 0x88, 0xFFFFFFFFFFFFFFFEULL, 5), 4096); /* nor the end of the extent */
    EXPECT_ILLEGAL(0x2100);
    run_sized(cdb, build_io(cdb, 0x88, 0, 0xFFFFFFFF), 4096);
    EXPECT_ILLEGAL(0x2400);
}

static void write_protection(void **state)
{
    UINT8 cdb[16];
    (void)state;
    disk.read_only = TRUE; /* BLK-28 */
    for (unsigned i = 0; i < 4; i++) {
        run_sized(cdb, build_io(cdb, writes[i], 0, 1), 512);
        expect_sense(SCSI_SENSE_KEY_DATA_PROTECT, 0x2700);
        run_sized(cdb, build_io(cdb, reads[i], 0, 1), 512);
        assert_int_equal(action.kind, SCSI_ACTION_READ);
    }
}

/* A buffer that was only locked for the other direction is never used. */
static void direction(void **state)
{
    UINT8 cdb[16], data[512];
    SCSI_REQUEST request = {.cdb = cdb, .data = data, .data_length = sizeof(data)};
    (void)state;
    request.cdb_length = build_io(cdb, 0x28, 0, 1);
    request.data_out = TRUE;
    ScsiDiskExecute(&disk, &request, &action);
    EXPECT_ILLEGAL(0x2400);
    request.data_in = TRUE;
    request.data_out = FALSE;
    request.cdb_length = build_io(cdb, 0x2A, 0, 1);
    ScsiDiskExecute(&disk, &request, &action);
    EXPECT_ILLEGAL(0x2400);
    memset(data, 0xEE, sizeof(data));
    memcpy(cdb, "\x12\0\0\0\x24\0", 6);
    request.cdb_length = 6;
    request.data_in = FALSE;
    request.data_out = TRUE;
    ScsiDiskExecute(&disk, &request, &action);
    EXPECT_ILLEGAL(0x2400);
    assert_int_equal(data[4], 0xEE);
    request.data_in = TRUE;
    request.data = NULL;
    ScsiDiskExecute(&disk, &request, &action);
    EXPECT_ILLEGAL(0x2400);
}

static void other_commands(void **state)
{
    (void)state;
    RUN(0, 0x2F, 0, 0, 0, 0, 0, 0, 0, 1, 0);
    expect_good(0);
    RUN(512, 0x2F, 2, 0, 0, 0, 0, 0, 0, 1, 0); /* BYTCHK */
    EXPECT_ILLEGAL(0x2400);
    RUN(0, 0x8F, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0);
    EXPECT_ILLEGAL(0x2100);
    RUN(0, 0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    assert_int_equal(action.kind, SCSI_ACTION_FLUSH);
    RUN(0, 0x91, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    assert_int_equal(action.kind, SCSI_ACTION_FLUSH);
    RUN(0, 0x35, 0, 0, 1, 0, 0, 0, 0, 1, 0); /* out of range */
    EXPECT_ILLEGAL(0x2100);
    RUN(0, 0x1B, 0, 0, 0, 1, 0);
    expect_good(0);
    RUN(0, 0x1B, 0, 0, 0, 0, 0); /* stop: the cache is written back */
    assert_int_equal(action.kind, SCSI_ACTION_FLUSH);
    RUN(0, 0x1B, 0, 0, 0, 2, 0); /* eject */
    EXPECT_ILLEGAL(0x2400);
    RUN(0, 0x1E, 0, 0, 0, 1, 0);
    expect_good(0);
    RUN(24, 0x42, 0, 0, 0, 0, 0, 0, 0, 24, 0); /* UNMAP */
    EXPECT_ILLEGAL(0x2000);
    RUN(0, 0x16, 0, 0, 0, 0, 0); /* RESERVE */
    EXPECT_ILLEGAL(0x2000);
}

static void other_luns(void **state)
{
    UINT8 data[36], cdb[16] = {0x12, 0, 0, 0, 36};
    SCSI_REQUEST request = {.cdb = cdb, .cdb_length = 6, .lun = 1, .data_in = TRUE, .data = data, .data_length = 36};
    (void)state;
    ScsiDiskExecute(&disk, &request, &action);
    expect_good(36);
    assert_int_equal(data[0], 0x7F);
    memset(cdb, 0, sizeof(cdb));
    ScsiDiskExecute(&disk, &request, &action);
    EXPECT_ILLEGAL(0x2500);
    request.cdb_length = build_io(cdb, 0x2A, 0, 1);
    request.data_out = TRUE;
    request.data_length = 512;
    ScsiDiskExecute(&disk, &request, &action);
    EXPECT_ILLEGAL(0x2500);
}

static void sense_data(void **state)
{
    UINT8 sense[32];
    (void)state;
    memset(&action, 0, sizeof(action));
    ScsiActionFail(&action, 5, 0x2100);
    action.info_valid = TRUE;
    action.info = 0x01020304;
    for (UINT32 length = 0; length <= sizeof(sense); length++) {
        UINT32 expected = length < 18 ? length : 18;
        memset(sense, 0xEE, sizeof(sense));
        assert_int_equal(ScsiBuildSense(&action, sense, length), expected);
        assert_memory_equal(sense, "\xf0\0\x05\x01\x02\x03\x04\x0a\0\0\0\0\x21\0\0\0\0\0", expected);
        for (UINT32 at = expected; at < sizeof(sense); at++) {
            assert_int_equal(sense[at], 0xEE);
        }
    }
}

/* Every opcode with random CDBs, lengths and disks: no access outside, and what is let through is in range. */
static void random_cdbs(void **state)
{
    UINT64 seed = 0x9E3779B97F4A7C15ULL;
    (void)state;
    for (unsigned round = 0; round < 256 * 300; round++) {
        UINT8 cdb[16];
        for (unsigned i = 0; i < sizeof(cdb); i++) {
            seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
            cdb[i] = (seed >> 40) & 1 ? (UINT8)(seed >> 56) : 0;
        }
        cdb[0] = (UINT8)round;
        disk.block_count = (seed >> 20) & 1 ? seed >> (seed & 63) : BLOCKS;
        disk.block_size = 512u << ((seed >> 30) & 7);
        disk.capacity_changed = (seed >> 33) % 9 == 0;
        run_sized(cdb, (UINT8)((seed >> 34) % 18), (UINT32)(seed >> 44) % 300 * ((seed & 2) ? 1 : 4096));
        assert_in_range(action.kind, SCSI_ACTION_DONE, SCSI_ACTION_FLUSH);
        if (action.kind == SCSI_ACTION_READ || action.kind == SCSI_ACTION_WRITE) {
            assert_true(action.lba < disk.block_count);
            assert_true(action.block_count <= disk.block_count - action.lba);
            assert_int_equal(action.transferred, (UINT64)action.block_count * disk.block_size);
        } else {
            assert_true(action.transferred <= 300);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(inquiry_standard, make_disk),
        cmocka_unit_test_setup(inquiry_pages, make_disk),
        cmocka_unit_test_setup(inquiry_without_serial, make_disk),
        cmocka_unit_test_setup(report_luns, make_disk),
        cmocka_unit_test_setup(read_capacity, make_disk),
        cmocka_unit_test_setup(mode_sense, make_disk),
        cmocka_unit_test_setup(truncation, make_disk),
        cmocka_unit_test_setup(request_sense_and_attention, make_disk),
        cmocka_unit_test_setup(not_ready, make_disk),
        cmocka_unit_test_setup(read_write, make_disk),
        cmocka_unit_test_setup(range, make_disk),
        cmocka_unit_test_setup(write_protection, make_disk),
        cmocka_unit_test_setup(direction, make_disk),
        cmocka_unit_test_setup(other_commands, make_disk),
        cmocka_unit_test_setup(other_luns, make_disk),
        cmocka_unit_test_setup(sense_data, make_disk),
        cmocka_unit_test_setup(random_cdbs, make_disk),
    };
    return cmocka_run_group_tests_name("scsi_disk", tests, NULL, NULL);
}
