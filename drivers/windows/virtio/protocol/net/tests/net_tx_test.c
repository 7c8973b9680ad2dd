/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The transmit queue against the fake device. */
#include "net_fixture.h"
#include "net_frames.h"

static const NET_TX_OFFLOAD plain = {0, 0, 0};

static void expect_sent(struct rig *rig, uint64_t index, const uint8_t *bytes, uint32_t length)
{
    const struct fake_net_sent *sent = fake_net_sent(rig->fake, index);
    assert_non_null(sent);
    assert_int_equal(sent->length, length < 60 ? 60 : length);
    assert_memory_equal(sent->bytes, bytes, length);
    for (uint32_t i = length; i < sent->length; i++) {
        assert_int_equal(sent->bytes[i], 0);
    }
}

/* NET-18, NET-19, NET-37: frames of every length near a limit of ours, in pieces of several sizes. */
static void test_plain(void **state)
{
    static const uint32_t lengths[] = {14, 15, 59, 60, 61, 239, 240, 241, 600, 1513, 1514};
    static const uint32_t pieces[] = {0, 13, 240, 241, 700};
    static struct rig rig;
    uint64_t count = 0;
    (void)state;

    rig_up(&rig, (struct fake_options){0}, NULL);
    for (unsigned p = 0; p < 5; p++) {
        rig.piece = pieces[p];
        for (unsigned i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
            for (uint32_t at = 0; at < lengths[i]; at++) {
                rig_data(&rig, 0)[at] = (uint8_t)(at * 3 + i);
            }
            if (pieces[p] == 13 && lengths[i] > 13 * 90) {
                continue; /* more pieces than a frame may have */
            }
            memset(rig_data(&rig, 12), 0x88, 2);
            assert_int_equal(rig_send(&rig, 0, 0, lengths[i], plain), NET_TX_SENT);
            NetTxKick(rig_tx(&rig));
            expect_sent(&rig, count++, rig_data(&rig, 0), lengths[i]);
            assert_int_equal(rig_reap(&rig, NET_TX_IDLE), 1);
            if (pieces[p] == 240) { /* the copied bytes are one element less, not an empty one more */
                assert_int_equal(fake_net_sent(rig.fake, count - 1)->parts, (lengths[i] + 239) / 240);
            }
        }
    }
    assert_int_equal(rig_tx(&rig)->stats.frames, count);
    rig_check_rules(&rig);
    rig_end(&rig);
}

static void count_segment(void *context, const uint8_t *frame, uint32_t length)
{
    unsigned *count = context;
    assert_null(fake_net_check(frame, length));
    assert_true(length <= 1514 + 4);
    (*count)++;
}

/* Large sends through the ring: 64 KiB in pages, in odd pieces, indirect and not, IPv4 and IPv6, with a tag. */
static void test_large_send(void **state)
{
    (void)state;
    for (int variant = 0; variant < 16; variant++) {
        static struct rig rig;
        struct frame_shape shape = {
            .version = variant & 1 ? 4 : 6, .protocol = 6, .payload = 63000, .tcp_options = 12, .wrong_sums = true};
        NET_TX_OFFLOAD offload = {NET_TX_SEGMENT | (variant & 2 ? NET_TX_TAG : 0), 1400, 0x2007};
        struct fake_options options = {.features_off = variant & 4 ? VIRTIO_F_RING_INDIRECT_DESC : 0};
        unsigned segments = 0;
        rig_up(&rig, options, NULL);
        rig.piece = variant & 8 ? 4096 : 1111;
        uint32_t length = frame_make(rig_data(&rig, 0), &shape, 9);
        assert_int_equal(rig_send(&rig, 0, 0, length, offload), NET_TX_SENT);
        NetTxKick(rig_tx(&rig));
        const struct fake_net_sent *sent = fake_net_sent(rig.fake, 0);
        assert_non_null(sent);
        assert_int_equal(sent->indirect, !(variant & 4) && rig.piece == 4096);
        assert_null(fake_net_wire(&sent->header, sent->bytes, sent->length, count_segment, &segments));
        assert_int_equal(segments, 45);
        assert_int_equal(rig_tx(&rig)->stats.segmented, 1);
        assert_int_equal(rig_tx(&rig)->stats.tags_inserted, variant & 2 ? 1 : 0);
        assert_int_equal(rig_reap(&rig, NET_TX_IDLE), 1);
        /* the frame itself was not touched */
        uint8_t *again = malloc(FRAME_ROOM);
        frame_make(again, &shape, 9);
        assert_memory_equal(again, rig_data(&rig, 0), length);
        free(again);
        rig_check_rules(&rig);
        rig_end(&rig);
    }
}

/* NET-20, NET-21, NET-31: a device without CSUM gets complete frames and empty headers. */
static void test_software_checksum(void **state)
{
    static struct rig rig;
    uint64_t count = 0;
    (void)state;

    rig_up(&rig, (struct fake_options){.features_off = VIRTIO_NET_F_CSUM}, NULL);
    assert_int_equal(rig.device.features & (VIRTIO_NET_F_HOST_TSO4 | VIRTIO_NET_F_HOST_TSO6 | VIRTIO_NET_F_HOST_ECN),
                     0);
    for (unsigned payload = 1; payload < 1400; payload += 111) {
        for (int kind = 0; kind < 8; kind++) {
            struct frame_shape shape = {
                .version = kind & 1 ? 4 : 6, .protocol = kind & 2 ? 6 : 17, .payload = payload, .wrong_sums = true};
            NET_TX_OFFLOAD offload = {NET_TX_TCP_CHECKSUM | NET_TX_UDP_CHECKSUM | (kind & 1 ? NET_TX_IP_CHECKSUM : 0) |
                                          (kind & 4 ? NET_TX_TAG : 0),
                                      0, 0x0003};
            uint32_t length = frame_make(rig_data(&rig, 0), &shape, 5);
            assert_int_equal(rig_send(&rig, 0, 0, length, offload), NET_TX_SENT);
            NetTxKick(rig_tx(&rig));
            const struct fake_net_sent *sent = fake_net_sent(rig.fake, count++);
            assert_int_equal(sent->header.flags, 0);
            assert_null(fake_net_check(sent->bytes, sent->length));
            rig_reap(&rig, NET_TX_IDLE);
        }
    }
    /* a UDP checksum that comes out as zero is sent as all ones: zero would say that there is none */
    struct frame_shape zero = {.version = 6, .protocol = 17, .payload = 600};
    NET_TX_OFFLOAD udp = {NET_TX_UDP_CHECKSUM, 0, 0};
    uint32_t whole = frame_make(rig_data(&rig, 0), &zero, 5);
    uint8_t *word = rig_data(&rig, frame_payload(&zero)), *sum = rig_data(&rig, frame_l4(&zero) + 6);
    uint32_t value = (word[0] << 8 | word[1]) + (sum[0] << 8 | sum[1]);
    value = (value & 0xFFFF) + (value >> 16);
    word[0] = (uint8_t)(value >> 8);
    word[1] = (uint8_t)value;
    assert_int_equal(rig_send(&rig, 0, 0, whole, udp), NET_TX_SENT);
    NetTxKick(rig_tx(&rig));
    const struct fake_net_sent *last = fake_net_sent(rig.fake, count++);
    assert_int_equal(last->bytes[frame_l4(&zero) + 6] << 8 | last->bytes[frame_l4(&zero) + 7], 0xFFFF);
    rig_reap(&rig, NET_TX_IDLE);
    assert_int_equal(rig_tx(&rig)->stats.checksums_software, count);
    assert_int_equal(rig_tx(&rig)->stats.checksums, 0);
    rig_check_rules(&rig);
    rig_end(&rig);
}

/* The device is slow: the ring fills, what does not fit stays the caller's; reaping in the device's order, in batches.
 */
static void test_full(void **state)
{
    (void)state;
    for (int variant = 0; variant < 2; variant++) {
        static struct rig rig;
        void *owners[10];
        UINT32 count = 0, total = 0;
        unsigned sent = 0;
        rig_up(&rig,
               (struct fake_options){
                   .queue_size = 64, .deferred = true, .features_off = variant ? VIRTIO_F_RING_INDIRECT_DESC : 0},
               "reorder");
        rig.piece = 100;
        memset(rig_data(&rig, 0), 0x55, 400);
        while (rig_send(&rig, sent, 0, 400, plain) == NET_TX_SENT) {
            sent++;
        }
        assert_int_equal(sent, variant ? 64 / 3 : 64); /* header and head, and two pieces */
        assert_int_equal(rig_tx(&rig)->stats.full, 1);
        NetTxKick(rig_tx(&rig));
        assert_int_equal(rig_reap(&rig, NET_TX_IDLE), 0);
        fake_poll(rig.fake, 1);
        while (NetTxReap(rig_tx(&rig), owners, 10, &count) == NET_TX_MORE) {
            assert_int_equal(count, 10);
            total += count;
        }
        total += count;
        assert_int_equal(total, sent);
        assert_int_equal(rig_tx(&rig)->in_flight_count, 0);
        assert_int_equal(rig_send(&rig, 0, 0, 400, plain), NET_TX_SENT);
        NetTxKick(rig_tx(&rig));
        fake_poll(rig.fake, 1);
        assert_int_equal(rig_reap(&rig, NET_TX_IDLE), 1);
        rig_check_rules(&rig);
        rig_end(&rig);
    }
}

/* What can never go is refused, counted, and holds nothing. */
static void test_refused(void **state)
{
    static struct rig rig;
    (void)state;
    rig_up(&rig, (struct fake_options){.queue_size = 16}, NULL);
    memset(rig_data(&rig, 0), 0x55, 3000);
    assert_int_equal(rig_send(&rig, 0, 0, 1515, plain), NET_TX_REFUSED); /* NET-09 */
    assert_int_equal(rig_send(&rig, 0, 0, 13, plain), NET_TX_REFUSED);
    assert_int_equal(rig_send(&rig, 0, 0, 0, plain), NET_TX_REFUSED);
    assert_int_equal(rig_tx(&rig)->stats.refused_headers, 3);
    rig.piece = 70; /* 1500 bytes less 240 copied ones: more than 15 pieces */
    assert_int_equal(rig_send(&rig, 0, 0, 1500, plain), NET_TX_REFUSED);
    rig.piece = 2; /* more than NET_TX_ELEMENTS_MAX */
    assert_int_equal(rig_send(&rig, 0, 0, 1500, plain), NET_TX_REFUSED);
    assert_int_equal(rig_send(&rig, 1, 0, 100, plain), NET_TX_SENT); /* copied whole */
    rig.piece = 90;
    assert_int_equal(rig_send(&rig, 2, 0, 1500, plain), NET_TX_SENT);
    NET_TX_FRAME frame = {.owner = &rig.out[3], .length = 700};
    rig.out[3].length = 700;
    NetTxBegin(rig_tx(&rig));
    NetTxAddElement(rig_tx(&rig), RAM_START + DATA_OFFSET, 699); /* the elements do not add up */
    assert_int_equal(NetTxSubmit(rig_tx(&rig), &frame), NET_TX_REFUSED);
    assert_int_equal(rig_tx(&rig)->stats.refused_pieces, 3);
    rig.out[4].cannot_read = true;
    assert_int_equal(rig_send(&rig, 4, 0, 700, plain), NET_TX_REFUSED);
    assert_int_equal(rig_tx(&rig)->stats.refused_memory, 1);
    NetTxKick(rig_tx(&rig));
    assert_int_equal(rig_reap(&rig, NET_TX_IDLE), 2);
    assert_int_equal(fake_net_sent_count(rig.fake), 2);
    rig_check_rules(&rig);
    rig_end(&rig);
}

/* HOST-01 to HOST-03: a broken ring is found; the frames come back once, from the reset. */
static void test_broken_ring(void **state)
{
    static const char *const faults[] = {"used-id",   "used-id=7",   "used-twice", "used-jump",
                                         "used-back", "used-jump=3", "used-middle"};
    (void)state;
    for (unsigned i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        static struct rig rig;
        unsigned reaped = 0;
        NET_TX_STATUS status;
        rig_make(&rig, (struct fake_options){.features_off = VIRTIO_F_RING_INDIRECT_DESC, .deferred = true}, faults[i]);
        assert_int_equal(rig_start(&rig, 0), STATUS_SUCCESS);
        rig.piece = 300;
        for (unsigned n = 0; n < 3; n++) {
            assert_int_equal(rig_send(&rig, n, 0, 900, plain), NET_TX_SENT);
        }
        NetTxKick(rig_tx(&rig));
        fake_poll(rig.fake, 1);
        void *owners[FRAMES];
        UINT32 count;
        status = NetTxReap(rig_tx(&rig), owners, FRAMES, &count);
        if (strcmp(faults[i], "used-id") == 0) {
            assert_int_equal(status, NET_TX_BROKEN);
        }
        for (UINT32 n = 0; n < count; n++) {
            ((struct out *)owners[n])->ended++;
            reaped++;
        }
        NetDeviceStop(&rig.device, VIRTIO_REASON_USED_RING_INVALID);
        assert_int_equal(reaped + rig_take_back(&rig), 3);
        for (unsigned n = 0; n < 3; n++) {
            assert_int_equal(rig.out[n].ended, 1);
        }
        rig_end(&rig);
    }
}

/* INIT-04, INIT-30, HOST-20: a device that never finishes: found, reset, each frame back once; then it works again. */
static void test_give_up(void **state)
{
    static struct rig rig;
    NET_VECTORS vectors;
    (void)state;
    rig_up(&rig, (struct fake_options){.deferred = true}, NULL);
    memset(rig_data(&rig, 0), 0x55, 400);
    assert_false(NetTxIsStuck(rig_tx(&rig)));
    for (unsigned n = 0; n < 20; n++) {
        assert_int_equal(rig_send(&rig, n, 0, 400, plain), NET_TX_SENT);
    }
    for (unsigned i = 1; i < NET_TX_STUCK_CHECKS; i++) {
        assert_false(NetTxIsStuck(rig_tx(&rig)));
    }
    assert_true(NetTxIsStuck(rig_tx(&rig)));
    assert_int_equal(NetDeviceStop(&rig.device, VIRTIO_REASON_REQUEST_TIMEOUT), STATUS_SUCCESS);
    assert_int_equal(rig_send(&rig, 50, 0, 400, plain), NET_TX_FULL);
    NetVectorsPlan(0, 1, &vectors);
    assert_int_equal(NetDeviceStart(&rig.device, &vectors), STATUS_INVALID_PARAMETER); /* frames are still there */
    assert_int_equal(rig_take_back(&rig), 20);
    assert_int_equal(rig_tx(&rig)->stats.aborted, 20);
    assert_int_equal(NetDeviceStart(&rig.device, &vectors), STATUS_SUCCESS);
    assert_int_equal(rig_send(&rig, 0, 0, 400, plain), NET_TX_SENT);
    NetTxKick(rig_tx(&rig));
    fake_poll(rig.fake, 1);
    assert_int_equal(rig_reap(&rig, NET_TX_IDLE), 1);
    rig_check_rules(&rig);
    rig_end(&rig);
}

/* HOST-07: the device writes over headers in flight; nothing of them is read again. */
static void test_scribbling(void **state)
{
    static struct rig rig;
    (void)state;
    rig_up(&rig, (struct fake_options){0}, "scribble-read,scribble-desc");
    memset(rig_data(&rig, 0), 0x55, 200);
    for (unsigned n = 0; n < 300; n++) {
        assert_int_equal(rig_send(&rig, n, 0, 200, plain), NET_TX_SENT);
        NetTxKick(rig_tx(&rig));
        assert_int_equal(rig_reap(&rig, NET_TX_IDLE), 1);
        expect_sent(&rig, n, rig_data(&rig, 0), 200);
    }
    rig_check_rules(&rig);
    rig_end(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),   cmocka_unit_test(test_large_send), cmocka_unit_test(test_software_checksum),
        cmocka_unit_test(test_full),    cmocka_unit_test(test_refused),    cmocka_unit_test(test_broken_ring),
        cmocka_unit_test(test_give_up), cmocka_unit_test(test_scribbling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
