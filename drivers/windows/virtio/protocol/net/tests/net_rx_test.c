/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The receive queue against the fake device. */
#include "net_fixture.h"
#include "net_frames.h"

enum { NEEDS_CSUM = 1, DATA_VALID = 2 };

static uint8_t bytes[1 << 17];

/* Takes one frame and puts it together; fails unless there is one. */
static uint32_t take(struct rig *rig, NET_RX_FRAME *frame, uint8_t *to)
{
    uint32_t length = 0;
    unsigned parts = 0;
    assert_int_equal(NetRxNext(rig_rx(rig), frame), NET_RX_FRAME_READY);
    for (NET_RX_BUFFER *part = frame->buffers; part != NULL; part = part->next) {
        assert_true(part->is_lent);
        assert_true(part->length != 0 && part->offset + part->length <= rig_rx(rig)->buffer_size);
        memcpy(to + length, part->bytes + part->offset, part->length);
        length += part->length;
        parts++;
    }
    assert_int_equal(length, frame->length);
    assert_int_equal(parts, frame->buffer_count);
    return length;
}

static void expect_idle(struct rig *rig)
{
    NET_RX_FRAME frame;
    assert_int_equal(NetRxNext(rig_rx(rig), &frame), NET_RX_IDLE);
    assert_int_equal(rig_rx(rig)->posted_count + rig_rx(rig)->lent_count, rig_rx(rig)->buffer_count);
}

static void receive(struct rig *rig, const uint8_t *from, uint32_t length, uint8_t flags)
{
    fake_net_receive(rig->fake, 0,
                     &(struct fake_net_receive){.bytes = from, .length = length, .header = {.flags = flags}});
}

/* Sends a frame up and expects it whole, then gives it back. */
static void expect_frame(struct rig *rig, const uint8_t *expected, uint32_t length)
{
    static uint8_t got[1 << 17];
    NET_RX_FRAME frame;
    assert_int_equal(take(rig, &frame, got), length);
    assert_memory_equal(got, expected, length);
    NetRxReturn(rig_rx(rig), frame.buffers);
    NetRxKick(rig_rx(rig));
}

/* NET-71: frames in 1 to 17 buffers, full ones and half empty ones; the ring wraps many times. */
static void test_merging(void **state)
{
    static struct rig rig;
    unsigned merged = 0;
    (void)state;
    rig.options.mtu = 0;
    rig_up(&rig, (struct fake_options){0}, "net-mtu=40000");
    for (unsigned round = 0; round < 20; round++) {
        for (unsigned buffers = 1; buffers <= 17; buffers++) {
            struct frame_shape shape = {.version = 4, .protocol = 17};
            uint32_t piece = round % 2 ? 0 : 150 + round * 60;
            uint32_t per_buffer = piece != 0 ? piece : NET_RX_BUFFER_SIZE;
            uint32_t length = per_buffer * (buffers - 1) + (piece != 0 ? piece : NET_RX_BUFFER_SIZE - 12) - round;
            shape.payload = length - frame_payload(&shape);
            assert_int_equal(frame_make(bytes, &shape, (uint8_t)round), length);
            NetRxBegin(rig_rx(&rig));
            fake_net_receive(rig.fake, 0, &(struct fake_net_receive){.bytes = bytes, .length = length, .piece = piece});
            NET_RX_FRAME frame;
            static uint8_t got[1 << 17];
            assert_int_equal(take(&rig, &frame, got), length);
            assert_memory_equal(got, bytes, length);
            assert_int_equal(frame.buffer_count, buffers);
            NetRxReturn(rig_rx(&rig), frame.buffers);
            expect_idle(&rig);
            merged += buffers > 1;
        }
    }
    assert_int_equal(rig_rx(&rig)->stats.merged, merged);
    assert_int_equal(rig_rx(&rig)->stats.largest_merge, 17);
    rig_check_rules(&rig);
    rig_end(&rig);
}

/* NET-08, NET-39: without MRG_RXBUF one buffer takes everything; num_buffers says nothing then, whatever it is. */
static void test_single_buffers(void **state)
{
    static const char *const faults[] = {"net-mtu=9000", "net-mtu=9000,net-buffers=0", "net-mtu=9000,net-buffers=2",
                                         "net-mtu=68"};
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        static struct rig rig;
        struct frame_shape shape = {.version = 4, .protocol = 17, .tag = true};
        rig_up(&rig, (struct fake_options){.features_off = VIRTIO_NET_F_MRG_RXBUF}, faults[i]);
        rig_rx(&rig)->strip_tags = FALSE;
        shape.payload = rig.device.config.mtu + 18 - frame_payload(&shape);
        uint32_t length = frame_make(bytes, &shape, 1);
        NetRxBegin(rig_rx(&rig));
        receive(&rig, bytes, length, 0);
        expect_frame(&rig, bytes, length);
        expect_idle(&rig);
        rig_check_rules(&rig);
        rig_end(&rig);
    }
}

/* A lent buffer is not posted until it comes back; frames wait for buffers, none is lost; also with the kick deferred.
 */
static void test_lending(void **state)
{
    static struct rig rig;
    NET_RX_FRAME frames[70];
    unsigned count = 0;
    uint8_t got[200];
    (void)state;
    rig_up(&rig, (struct fake_options){0}, NULL);
    NetRxBegin(rig_rx(&rig));
    for (unsigned i = 0; i < 100; i++) {
        memset(bytes, (int)i, 100);
        receive(&rig, bytes, 100, 0);
    }
    assert_int_equal(fake_net_waiting(rig.fake, 0), 36); /* 64 buffers */
    while (count < 64) {
        take(&rig, &frames[count], got);
        assert_int_equal(got[50], count);
        count++;
    }
    expect_idle(&rig);
    assert_int_equal(rig_rx(&rig)->lent_count, 64);
    for (unsigned i = 0; i < 64; i++) {
        NetRxReturn(rig_rx(&rig), frames[i].buffers);
    }
    NetRxKick(rig_rx(&rig));
    NetRxBegin(rig_rx(&rig));
    for (unsigned i = 64; i < 100; i++) {
        memset(bytes, (int)i, 100);
        expect_frame(&rig, bytes, 100);
    }
    expect_idle(&rig);
    rig_check_rules(&rig);
    rig_end(&rig);
}

/* A tag is stripped and reported; the frame is as it was without it. */
static void test_tags(void **state)
{
    static struct rig rig;
    struct frame_shape shape = {.version = 6, .protocol = 6, .tag = true, .payload = 1440};
    uint8_t plain_frame[2000], got[2000];
    NET_RX_FRAME frame;
    (void)state;
    rig_up(&rig, (struct fake_options){0}, NULL);
    uint32_t length = frame_make(bytes, &shape, 1);
    shape.tag = false;
    assert_int_equal(frame_make(plain_frame, &shape, 1), length - 4);
    NetRxBegin(rig_rx(&rig));
    receive(&rig, bytes, length, DATA_VALID);
    assert_int_equal(take(&rig, &frame, got), length - 4);
    assert_memory_equal(got, plain_frame, length - 4);
    assert_true(frame.info.layout.is_tagged);
    assert_int_equal(frame.info.layout.tci, 0x6064);
    assert_int_equal(frame.info.l4_checksum, NET_VERDICT_GOOD);
    NetRxReturn(rig_rx(&rig), frame.buffers);
    rig_rx(&rig)->strip_tags = FALSE;
    receive(&rig, bytes, length, 0);
    expect_frame(&rig, bytes, length);
    rig_rx(&rig)->filter.vlan = 5; /* another VLAN's */
    receive(&rig, bytes, length, 0);
    expect_idle(&rig);
    assert_int_equal(rig_rx(&rig)->stats.filtered, 1);
    assert_int_equal(rig_rx(&rig)->stats.tags_stripped, 1);
    rig_end(&rig);
}

/* NEEDS_CSUM: completed before the frame goes up, wherever the field falls between buffers. */
static void test_partial_checksums(void **state)
{
    (void)state;
    for (int version = 4; version <= 6; version += 2) {
        for (int tcp = 0; tcp < 2; tcp++) {
            for (uint32_t piece = 20; piece < 120; piece++) {
                static struct rig rig;
                struct frame_shape shape = {.version = version, .protocol = tcp ? 6 : 17, .payload = 501};
                uint8_t partial[1000], got[1000];
                uint32_t length = frame_make(bytes, &shape, 7), l4 = frame_l4(&shape);
                NET_LAYOUT layout;
                NET_RX_FRAME frame;
                memcpy(partial, bytes, length);
                assert_true(NetPacketParse(partial, length, &layout));
                NetPut16(partial + NetChecksumField(&layout), NetPseudoSum(partial, &layout, (UINT16)(length - l4)));
                if (piece == 20) {
                    rig_up(&rig, (struct fake_options){0}, NULL);
                }
                NetRxBegin(rig_rx(&rig));
                fake_net_receive(
                    rig.fake, 0,
                    &(struct fake_net_receive){
                        .bytes = partial,
                        .length = length,
                        .piece = piece,
                        .header = {.flags = NEEDS_CSUM, .csum_start = (uint16_t)l4, .csum_offset = tcp ? 16 : 6}});
                assert_int_equal(take(&rig, &frame, got), length);
                assert_memory_equal(got, bytes, length);
                assert_int_equal(frame.info.l4_checksum, NET_VERDICT_GOOD);
                NetRxReturn(rig_rx(&rig), frame.buffers);
                expect_idle(&rig);
                if (piece == 119) {
                    assert_int_equal(rig_rx(&rig)->stats.checksum_completed, 100);
                    rig_check_rules(&rig);
                    rig_end(&rig);
                }
            }
        }
    }
}

/* A sum that comes out as zero is sent as all ones (UDP's zero says that there is none). */
static void test_zero_checksum(void **state)
{
    static struct rig rig;
    uint8_t got[100];
    NET_RX_FRAME frame;
    (void)state;
    rig_up(&rig, (struct fake_options){0}, NULL);
    memset(bytes, 0, 80);
    bytes[40] = 0xFF;
    bytes[41] = 0xFF;
    NetRxBegin(rig_rx(&rig));
    fake_net_receive(rig.fake, 0,
                     &(struct fake_net_receive){.bytes = bytes,
                                                .length = 80,
                                                .header = {.flags = NEEDS_CSUM, .csum_start = 30, .csum_offset = 6}});
    take(&rig, &frame, got);
    assert_int_equal(got[36] << 8 | got[37], 0xFFFF);
    NetRxReturn(rig_rx(&rig), frame.buffers);
    rig_end(&rig);
}

/*
 * HOST-25, HOST-04, HOST-05, HOST-26: what cannot be is dropped and counted under the right name; no buffer is lost,
 * and the next good frame arrives.
 */
static void test_bad_frames(void **state)
{
    enum { MERGE, LENGTH, HEADER };
    static const struct {
        struct fake_net_receive frame;
        int counter;
    } cases[] = {
        {{.length = 100, .wrong_buffers = true, .header = {.num_buffers = 0}}, MERGE},
        {{.length = 100, .wrong_buffers = true, .header = {.num_buffers = 2}}, MERGE}, /* the rest never comes */
        {{.length = 3000, .wrong_buffers = true, .header = {.num_buffers = 3}}, MERGE},
        {{.length = 100, .wrong_buffers = true, .header = {.num_buffers = 41}}, MERGE},
        {{.length = 100, .wrong_buffers = true, .header = {.num_buffers = 65535}}, MERGE},
        {{.length = 100, .used_len = 2049}, LENGTH},
        {{.length = 100, .used_len = 0xFFFFFFFF}, LENGTH},
        {{.length = 100, .used_len = 1}, LENGTH},
        {{.length = 100, .used_len = 11}, LENGTH},
        {{.length = 100, .used_len = 12}, LENGTH},
        {{.length = 100, .used_len = 25}, LENGTH},
        {{.length = 3000, .used_len = 0x80000000}, LENGTH}, /* the second buffer's */
        {{.length = 1500, .piece = 1400, .used_first = 12}, LENGTH},
        {{.length = 100, .piece = 13}, LENGTH}, /* an Ethernet header in two buffers */
        {{.length = 1515}, LENGTH},             /* longer than the MTU, no tag */
        {{.length = 1519}, LENGTH},
        {{.length = 20000}, LENGTH},
        {{.length = 100, .header = {.gso_type = 1, .gso_size = 10, .flags = 1}}, HEADER},
        {{.length = 100, .header = {.gso_type = 0x61}}, HEADER},
        {{.length = 100, .header = {.flags = 1, .csum_start = 99, .csum_offset = 0}}, HEADER},
        {{.length = 100, .header = {.flags = 1, .csum_start = 34, .csum_offset = 65}}, HEADER},
        {{.length = 100, .header = {.flags = 1, .csum_start = 0xFFFF, .csum_offset = 0xFFFF}}, HEADER},
        {{.length = 100, .header = {.flags = 9, .csum_start = 34, .csum_offset = 6}}, HEADER},
    };
    static struct rig rig;
    (void)state;
    rig_up(&rig, (struct fake_options){0}, NULL);
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fake_net_receive frame = cases[i].frame;
        NET_RX_STATS *stats = &rig_rx(&rig)->stats;
        NET_RX_STATS before = *stats;
        struct frame_shape shape = {.version = 4, .protocol = 17, .payload = 600};
        memset(bytes, 0x22, 20000);
        frame.bytes = bytes;
        NetRxBegin(rig_rx(&rig));
        fake_net_receive(rig.fake, 0, &frame);
        expect_idle(&rig);
        assert_int_equal(stats->dropped_merge - before.dropped_merge, cases[i].counter == MERGE);
        assert_int_equal(stats->dropped_length - before.dropped_length, cases[i].counter == LENGTH);
        assert_int_equal(stats->dropped_header - before.dropped_header, cases[i].counter == HEADER);
        uint32_t length = frame_make(bytes, &shape, 1);
        NetRxBegin(rig_rx(&rig));
        receive(&rig, bytes, length, 0);
        expect_frame(&rig, bytes, length);
        expect_idle(&rig);
    }
    assert_int_equal(rig_rx(&rig)->lent_count, 0);
    rig_check_rules(&rig);
    rig_end(&rig);
}

/* HOST-04: one byte more than the buffer, where a frame could be so long; HOST-25: a wrong count swallows no good
 * frame. */
static void test_limits(void **state)
{
    static struct rig rig;
    (void)state;
    rig_up(&rig, (struct fake_options){0}, "net-mtu=40000");
    memset(bytes, 0x22, 100);
    NetRxBegin(rig_rx(&rig));
    fake_net_receive(rig.fake, 0, &(struct fake_net_receive){.bytes = bytes, .length = 100, .used_len = 2049});
    expect_idle(&rig);
    assert_int_equal(rig_rx(&rig)->stats.dropped_length, 1);
    /* less than the header in the first of two, but the sum would do: neither goes up */
    NetRxBegin(rig_rx(&rig));
    fake_net_receive(rig.fake, 0,
                     &(struct fake_net_receive){.bytes = bytes, .length = 100, .piece = 60, .used_first = 5});
    expect_idle(&rig);
    assert_int_equal(rig_rx(&rig)->stats.dropped_length, 2);
    NetRxBegin(rig_rx(&rig));
    fake_net_receive(rig.fake, 0, &(struct fake_net_receive){.bytes = bytes, .length = 100, .used_len = 2048});
    NET_RX_FRAME frame;
    static uint8_t got[3000];
    assert_int_equal(take(&rig, &frame, got), 2036);
    NetRxReturn(rig_rx(&rig), frame.buffers);
    fake_net_receive(rig.fake, 0,
                     &(struct fake_net_receive){.bytes = bytes,
                                                .length = 100,
                                                .wrong_buffers = true,
                                                .header = {.num_buffers = NET_RX_FRAME_PARTS_MAX + 1}});
    for (unsigned i = 0; i < 45; i++) {
        receive(&rig, bytes, 100, 0);
    }
    for (unsigned i = 0; i < 45; i++) {
        expect_frame(&rig, bytes, 100);
    }
    expect_idle(&rig);
    rig_end(&rig);
}

/* A device that has a bad frame for each buffer it gets, for ever: a drain ends, with interrupts off, and goes on
 * later. */
static void test_endless_drops(void **state)
{
    static struct rig rig;
    NET_RX_FRAME frame;
    (void)state;
    rig_up(&rig, (struct fake_options){0}, NULL);
    memset(bytes, 0x22, 100);
    NetRxBegin(rig_rx(&rig));
    for (unsigned i = 0; i < 2000; i++) {
        fake_net_receive(rig.fake, 0,
                         &(struct fake_net_receive){.bytes = bytes, .length = 100, .header = {.gso_type = 1}});
    }
    assert_int_equal(NetRxNext(rig_rx(&rig), &frame), NET_RX_MORE);
    assert_true(rig_rx(&rig)->stats.dropped_header < 2000);
    for (unsigned i = 0; fake_net_waiting(rig.fake, 0) != 0; i++) {
        assert_true(i < 10);
        NetRxBegin(rig_rx(&rig));
        (void)NetRxNext(rig_rx(&rig), &frame);
    }
    NetRxBegin(rig_rx(&rig));
    expect_idle(&rig);
    assert_int_equal(rig_rx(&rig)->stats.dropped_header, 2000);
    rig_end(&rig);
}

/* HOST-01 to HOST-03: a broken ring is reported, and never anything but whole frames in the meantime. */
static void test_broken_ring(void **state)
{
    static const char *const faults[] = {"used-id", "used-twice", "used-jump", "used-back"};
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        static struct rig rig;
        NET_RX_FRAME frames[20];
        NET_RX_STATUS status;
        NET_VECTORS vectors;
        unsigned count = 0;
        rig_up(&rig, (struct fake_options){0}, faults[i]);
        memset(bytes, 0x22, 100);
        NetRxBegin(rig_rx(&rig));
        receive(&rig, bytes, 100, 0);
        while ((status = NetRxNext(rig_rx(&rig), &frames[count])) == NET_RX_FRAME_READY) {
            assert_int_equal(frames[count].length, 100);
            assert_int_equal(++count, 1);
        }
        if (status != NET_RX_BROKEN) {
            fail_msg("%s: %d", faults[i], status);
        }
        NetVectorsPlan(0, 1, &vectors);
        assert_int_equal(NetDeviceStop(&rig.device, VIRTIO_REASON_USED_RING_INVALID), STATUS_SUCCESS);
        while (count > 0) {
            NetRxReturn(rig_rx(&rig), frames[--count].buffers);
        }
        assert_int_equal(rig_take_back(&rig), 0);
        assert_int_equal(NetDeviceStart(&rig.device, &vectors), STATUS_SUCCESS);
        assert_int_equal(rig_rx(&rig)->posted_count, 64);
        rig_end(&rig);
    }
}

/* Buffers lent over a reset come back while the queue is closed, and after it opened again. */
static void test_lent_over_reset(void **state)
{
    static struct rig rig;
    NET_RX_FRAME frames[3];
    NET_VECTORS vectors;
    uint8_t got[200];
    (void)state;
    rig_up(&rig, (struct fake_options){0}, NULL);
    memset(bytes, 0x22, 100);
    NetRxBegin(rig_rx(&rig));
    for (unsigned i = 0; i < 3; i++) {
        receive(&rig, bytes, 100, 0);
        take(&rig, &frames[i], got);
    }
    receive(&rig, bytes, 100, 0); /* used, but never taken */
    NetDeviceStop(&rig.device, VIRTIO_REASON_NONE);
    NetRxReturn(rig_rx(&rig), frames[0].buffers);
    assert_int_equal(rig_rx(&rig)->posted_count, 61); /* a closed ring is left alone */
    assert_int_equal(NetRxNext(rig_rx(&rig), &frames[0]), NET_RX_IDLE);
    rig_take_back(&rig);
    NetVectorsPlan(0, 1, &vectors);
    assert_int_equal(NetDeviceStart(&rig.device, &vectors), STATUS_SUCCESS);
    assert_int_equal(rig_rx(&rig)->posted_count, 62);
    NetRxReturn(rig_rx(&rig), frames[1].buffers);
    NetRxReturn(rig_rx(&rig), frames[2].buffers);
    NetRxKick(rig_rx(&rig));
    assert_int_equal(rig_rx(&rig)->posted_count, 64);
    assert_int_equal(rig_rx(&rig)->lent_count, 0);
    NetRxBegin(rig_rx(&rig));
    receive(&rig, bytes, 100, 0);
    expect_frame(&rig, bytes, 100);
    rig_check_rules(&rig);
    rig_end(&rig);
}

static uint64_t random_state = 99;

static uint32_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 16);
}

/* HOST-25, HOST-26: random headers, lengths, pieces; whatever goes up fits its buffers, and no buffer is ever lost. */
static void test_random_frames(void **state)
{
    static struct rig rig;
    unsigned good = 0;
    (void)state;
    rig_up(&rig, (struct fake_options){.no_log = true}, NULL);
    for (unsigned turn = 0; turn < 20000; turn++) {
        struct fake_net_receive frame = {.bytes = bytes, .length = 1 + next_random() % 2500};
        struct frame_shape shape = {.version = turn % 2 ? 4 : 6,
                                    .protocol = turn % 3 ? 6 : 17,
                                    .tag = turn % 5 == 0,
                                    .payload = next_random() % 1400};
        NET_RX_FRAME up;
        NET_RX_STATUS status;
        static uint8_t got[1 << 17];
        uint32_t length = frame_make(bytes, &shape, 1);
        frame.length = turn % 4 == 0 ? frame.length : length;
        frame.piece = turn % 7 == 0 ? 12 + next_random() % 300 : 0;
        frame.used_len = turn % 31 == 0 ? next_random() : 0;
        frame.wrong_buffers = turn % 17 == 0;
        frame.header = (struct fake_net_header){(uint8_t)(next_random() % 16),   turn % 13 == 0,
                                                (uint16_t)next_random(),         (uint16_t)next_random(),
                                                (uint16_t)(next_random() % 200), (uint16_t)(next_random() % 200),
                                                (uint16_t)(next_random() % 5)};
        NetRxBegin(rig_rx(&rig));
        fake_net_receive(rig.fake, 0, &frame);
        while ((status = NetRxNext(rig_rx(&rig), &up)) == NET_RX_FRAME_READY) {
            uint32_t total = 0;
            for (NET_RX_BUFFER *part = up.buffers; part != NULL; part = part->next) {
                assert_true(part->offset + part->length <= NET_RX_BUFFER_SIZE);
                memcpy(got + total, part->bytes + part->offset, part->length);
                total += part->length;
            }
            assert_int_equal(total, up.length);
            assert_true(total >= 14 && total <= 1518);
            good++;
            NetRxReturn(rig_rx(&rig), up.buffers);
        }
        assert_int_equal(status, NET_RX_IDLE);
        assert_int_equal(rig_rx(&rig)->posted_count, 64);
    }
    assert_true(good > 5000);
    rig_end(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_merging),           cmocka_unit_test(test_single_buffers),
        cmocka_unit_test(test_lending),           cmocka_unit_test(test_tags),
        cmocka_unit_test(test_partial_checksums), cmocka_unit_test(test_zero_checksum),
        cmocka_unit_test(test_bad_frames),        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_endless_drops),     cmocka_unit_test(test_broken_ring),
        cmocka_unit_test(test_lent_over_reset),   cmocka_unit_test(test_random_frames),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
