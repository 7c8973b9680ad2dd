/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The parts without a ring: header parsing, sums, transmit headers, receive verdicts, the filter, vectors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_net.h"
#include "net_filter.h"
#include "net_frames.h"
#include "net_offload.h"
#include "net_vectors.h"

#define ALL_FEATURES                                                                                                   \
    (VIRTIO_NET_F_CSUM | VIRTIO_NET_F_GUEST_CSUM | VIRTIO_NET_F_HOST_TSO4 | VIRTIO_NET_F_HOST_TSO6 |                   \
     VIRTIO_NET_F_HOST_ECN)

static uint64_t random_state = 0x1234567;

static uint32_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 16);
}

static uint16_t plain_sum(const uint8_t *bytes, uint32_t count)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        sum += i % 2 == 0 ? (uint32_t)bytes[i] << 8 : bytes[i];
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    return (uint16_t)sum;
}

/* RFC 1071, section 3, and random pieces of odd and even lengths against the plain sum. */
static void test_sums(void **state)
{
    static const uint8_t example[] = {0x00, 0x01, 0xF2, 0x03, 0xF4, 0xF5, 0xF6, 0xF7};
    uint8_t bytes[300];
    NET_SUM sum;
    (void)state;

    NetSumInit(&sum);
    assert_int_equal(NetSumFold(&sum), 0);
    NetSumAdd(&sum, example, sizeof(example));
    assert_int_equal(NetSumFold(&sum), 0xDDF2);
    for (int turn = 0; turn < 2000; turn++) {
        uint32_t count = next_random() % sizeof(bytes), done = 0;
        for (uint32_t i = 0; i < count; i++) {
            bytes[i] = turn % 3 == 0 ? 0xFF : (uint8_t)next_random();
        }
        NetSumInit(&sum);
        while (done < count) {
            uint32_t piece = next_random() % 9;
            piece = piece < count - done ? piece : count - done;
            NetSumAdd(&sum, bytes + done, piece);
            done += piece;
        }
        assert_int_equal(NetSumFold(&sum), plain_sum(bytes, count));
    }
}

static void test_parse_shapes(void **state)
{
    uint8_t frame[512];
    (void)state;
    for (int version = 4; version <= 6; version += 2) {
        for (int tag = 0; tag < 2; tag++) {
            for (unsigned options = 0; options <= 40; options += 8) {
                for (int tcp = 0; tcp < 2; tcp++) {
                    struct frame_shape shape = {.version = version,
                                                .protocol = tcp ? 6 : 17,
                                                .tag = tag,
                                                .ip_options = options,
                                                .tcp_options = tcp ? options : 0,
                                                .payload = 9};
                    uint32_t length = frame_make(frame, &shape, 1);
                    NET_LAYOUT layout;
                    assert_true(NetPacketParse(frame, length, &layout));
                    assert_int_equal(layout.l3, version == 4 ? NET_L3_IPV4 : NET_L3_IPV6);
                    assert_int_equal(layout.l4, tcp ? NET_L4_TCP : NET_L4_UDP);
                    assert_int_equal(layout.l4_offset, frame_l4(&shape));
                    assert_int_equal(layout.payload_offset, frame_payload(&shape));
                    assert_int_equal(layout.packet_end, length);
                    assert_int_equal(layout.is_tagged, tag);
                    assert_int_equal(layout.tci, tag ? 0x6064 : 0);
                    /* one byte less than all headers, and the transport header is not there */
                    assert_true(NetPacketParse(frame, frame_payload(&shape) - 1, &layout));
                    assert_int_equal(layout.l4, NET_L4_OTHER);
                }
            }
        }
    }
}

static void expect_no_l4(const uint8_t *frame, uint32_t length, BOOLEAN is_fragment)
{
    NET_LAYOUT layout;
    assert_true(NetPacketParse(frame, length, &layout));
    assert_int_equal(layout.l4, NET_L4_OTHER);
    assert_int_equal(layout.is_fragment, is_fragment);
}

static void test_parse_odd_ones(void **state)
{
    struct frame_shape shape = {.version = 4, .protocol = 6, .payload = 10};
    uint8_t frame[512];
    uint32_t length = frame_make(frame, &shape, 0);
    NET_LAYOUT layout;
    (void)state;

    assert_false(NetPacketParse(frame, 13, &layout));
    frame[20] = 0x20; /* more fragments */
    expect_no_l4(frame, length, TRUE);
    frame[20] = 0x00;
    frame[21] = 0x01; /* an offset */
    expect_no_l4(frame, length, TRUE);
    frame[20] = 0x40; /* do not fragment: no fragment */
    frame[21] = 0;
    assert_true(NetPacketParse(frame, length, &layout));
    assert_int_equal(layout.l4, NET_L4_TCP);
    frame[14 + 20 + 12] = 0x40; /* a TCP header of 16 bytes */
    expect_no_l4(frame, length, FALSE);
    frame[14] = 0x44; /* an IPv4 header of 16 bytes */
    assert_true(NetPacketParse(frame, length, &layout));
    assert_int_equal(layout.l3, NET_L3_OTHER);

    shape = (struct frame_shape){.version = 6, .protocol = 17, .ip_options = 8, .payload = 10};
    length = frame_make(frame, &shape, 0);
    frame[14 + 6] = 44;
    expect_no_l4(frame, length, TRUE);
    frame[14 + 6] = 43; /* routing, no segments left */
    frame[14 + 43] = 0;
    assert_true(NetPacketParse(frame, length, &layout));
    assert_int_equal(layout.l4, NET_L4_UDP);
    frame[14 + 43] = 1; /* one left: the pseudo-header is another one */
    expect_no_l4(frame, length, FALSE);
    frame[14 + 6] = 60;
    frame[14 + 40] = 17;
    frame[14 + 41] = 0xFF; /* an extension header of 2 KiB, longer than the frame */
    expect_no_l4(frame, length, FALSE);
    frame[14 + 40] = 60; /* extension headers without end */
    for (uint32_t i = 14 + 48; i + 8 <= sizeof(frame); i += 8) {
        memset(frame + i, 0, 8);
        frame[i] = 60;
    }
    expect_no_l4(frame, sizeof(frame), FALSE);
}

/* HOST-26: any bytes, of any length, in a buffer of exactly that length (AddressSanitizer watches its end). */
static void test_random_bytes(void **state)
{
    (void)state;
    for (int turn = 0; turn < 100000; turn++) {
        uint32_t count = next_random() % 160;
        uint8_t *bytes = malloc(count + NET_TAG_LENGTH);
        struct frame_shape shape = {.version = turn % 2 ? 4 : 6, .protocol = turn % 3 ? 6 : 17, .tag = turn % 5 == 0};
        uint8_t frame[256];
        VIRTIO_NET_HEADER header;
        NET_RX_INFO info;
        NET_LAYOUT layout;
        UINT32 sum_start, sum_field;

        frame_make(frame, &shape, 0);
        for (uint32_t i = 0; i < count; i++) {
            /* mostly a frame with some bytes changed */
            bytes[i] = i < 100 && next_random() % 8 != 0 ? frame[i] : (uint8_t)next_random();
        }
        uint8_t *exact = malloc(count);
        memcpy(exact, bytes, count);
        BOOLEAN is_frame = NetPacketParse(exact, count, &layout);
        assert_int_equal(is_frame, count >= 14);
        if (layout.l4 != NET_L4_OTHER) {
            assert_true(layout.l4_offset >= 34 && layout.payload_offset > layout.l4_offset);
            assert_true(layout.payload_offset <= count);
        }
        uint8_t *raw = (uint8_t *)&header;
        for (uint32_t i = 0; i < sizeof(header); i++) {
            raw[i] = (uint8_t)next_random();
        }
        header.gso_type = turn % 4 == 0 ? header.gso_type : 0;
        NET_RX_ACTION action = NetRxJudge(&header, ALL_FEATURES, exact, count, count, &info, &sum_start, &sum_field);
        if (action == NET_RX_COMPLETE) {
            assert_true(sum_start >= 14 && sum_field >= sum_start && sum_field + 2 <= count);
        }
        if (header.gso_type != 0) {
            assert_int_equal(action, NET_RX_DROP);
        }
        /* the same bytes as a frame to be sent, with anything wanted of it */
        NET_TX_OFFLOAD offload = {next_random() % 32, next_random() % 3000, (UINT16)next_random()};
        NET_TX_HEAD head = {.bytes = bytes, .count = count, .frame_length = count + (turn % 7 == 0) * 30000u};
        if (NetTxBuildHead(&offload, ALL_FEATURES, 1500, &head, &header)) {
            assert_true(head.count <= count + NET_TAG_LENGTH && head.count <= head.frame_length);
            assert_true(header.flags == 0 || header.checksum_start + header.checksum_offset + 2u <= head.count);
        }
        free(exact);
        free(bytes);
    }
}

/* --- Transmit headers, judged by the wire model of the fake device --- */

struct wire {
    uint32_t count, payload, longest;
    uint32_t header; /* bytes of headers in each */
    uint8_t seed;
    const char *why;
};

static void take_segment(void *context, const uint8_t *frame, uint32_t length)
{
    struct wire *wire = context;
    const char *why = fake_net_check(frame, length);
    if (wire->why == NULL) {
        wire->why = why;
    }
    wire->count++;
    wire->longest = length > wire->longest ? length : wire->longest;
    for (uint32_t i = wire->header; i < length; i++) {
        uint32_t at = wire->payload++;
        if (frame[i] != (uint8_t)(wire->seed + at * 7 + (at >> 8))) {
            wire->why = "payload differs";
        }
    }
}

static void build_and_cut(const struct frame_shape *shape, const NET_TX_OFFLOAD *offload, uint64_t features,
                          struct wire *wire, VIRTIO_NET_HEADER *header)
{
    uint8_t *frame = malloc(70000);
    uint32_t length = frame_make(frame, shape, 3);
    if ((offload->flags & NET_TX_SEGMENT) == 0) { /* behind the packet */
        memset(frame + length, 0xAB, 18);
        length += 18;
    }
    uint8_t bytes[NET_HEADERS_MAX + NET_TAG_LENGTH];
    NET_TX_HEAD head = {
        .bytes = bytes, .count = length < NET_HEADERS_MAX ? length : NET_HEADERS_MAX, .frame_length = length};
    uint32_t copied = head.count;

    if ((offload->flags & NET_TX_SEGMENT) != 0) { /* lengths that a stack leaves for a frame to be cut */
        memset(frame + (shape->tag ? 18 : 14) + (shape->version == 4 ? 2 : 4), 0, 2);
    }
    memcpy(bytes, frame, copied);
    assert_true(NetTxBuildHead(offload, features, 1500, &head, header));
    uint8_t *sent = malloc(head.frame_length);
    memcpy(sent, bytes, head.count);
    memcpy(sent + head.count, frame + copied, head.frame_length - head.count);
    *wire = (struct wire){.seed = 3, .header = frame_payload(shape) + ((offload->flags & NET_TX_TAG) != 0 ? 4 : 0)};
    struct fake_net_header wire_header = {header->flags,       header->gso_type,       header->header_length,
                                          header->gso_size,    header->checksum_start, header->checksum_offset,
                                          header->buffer_count};
    const char *why = fake_net_wire(&wire_header, sent, head.frame_length, take_segment, wire);
    if (why != NULL || wire->why != NULL) {
        fail_msg("%s", why != NULL ? why : wire->why);
    }
    assert_int_equal(wire->payload, shape->payload);
    if ((offload->flags & NET_TX_SEGMENT) != 0) {
        assert_int_equal(head.tcp_payload, shape->payload);
    }
    free(sent);
    free(frame);
}

/* NET-22, NET-23, NET-28 to NET-34: every kind of header, cut by a segmenter that knows nothing of the driver. */
static void test_segmentation(void **state)
{
    static const unsigned payloads[] = {1, 1399, 1400, 1401, 2800, 2801, 33333, 64000};
    (void)state;
    for (int version = 4; version <= 6; version += 2) {
        for (int variant = 0; variant < 8; variant++) {
            for (unsigned i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++) {
                struct frame_shape shape = {.version = version,
                                            .protocol = 6,
                                            .tag = variant & 1,
                                            .ip_options = variant & 2 ? 16 : 0,
                                            .tcp_options = variant & 4 ? 12 : 0,
                                            .payload = payloads[i],
                                            .wrong_sums = true};
                NET_TX_OFFLOAD offload = {NET_TX_SEGMENT | (variant & 1 ? 0 : NET_TX_TAG), 1400, 0x2005};
                VIRTIO_NET_HEADER header;
                struct wire wire;
                build_and_cut(&shape, &offload, ALL_FEATURES, &wire, &header);
                assert_int_equal(wire.count, (payloads[i] + 1399) / 1400);
                assert_int_equal(header.gso_size, payloads[i] > 1400 ? 1400 : 0);
                assert_int_equal(header.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
            }
        }
    }
}

/* NET-28 to NET-31: checksums alone; the frame is 18 bytes longer than the packet, with junk that must not be summed.
 */
static void test_checksums(void **state)
{
    (void)state;
    for (int version = 4; version <= 6; version += 2) {
        for (int tcp = 0; tcp < 2; tcp++) {
            for (unsigned payload = 0; payload < 1300; payload += 97) {
                struct frame_shape shape = {.version = version,
                                            .protocol = tcp ? 6 : 17,
                                            .payload = payload,
                                            .ip_options = payload % 2 ? 8 : 0,
                                            .wrong_sums = true};
                NET_TX_OFFLOAD offload = {NET_TX_TCP_CHECKSUM | NET_TX_UDP_CHECKSUM, 0, 0};
                VIRTIO_NET_HEADER header;
                struct wire wire;
                offload.flags |= version == 4 ? NET_TX_IP_CHECKSUM : 0;
                build_and_cut(&shape, &offload, ALL_FEATURES, &wire, &header);
                assert_int_equal(header.gso_type, 0);
                assert_int_equal(wire.count, 1);
            }
        }
    }
}

static BOOLEAN build(struct frame_shape shape, UINT32 flags, UINT32 mss, uint64_t features)
{
    uint8_t *frame = malloc(70000);
    VIRTIO_NET_HEADER header;
    NET_TX_OFFLOAD offload = {flags, mss, 0};
    NET_TX_HEAD head = {.bytes = frame, .frame_length = frame_make(frame, &shape, 0)};
    head.count = head.frame_length < NET_HEADERS_MAX ? head.frame_length : NET_HEADERS_MAX;
    BOOLEAN is_good = NetTxBuildHead(&offload, features, 1500, &head, &header);
    free(frame);
    return is_good;
}

/* What the frame or the features do not allow is refused. */
static void test_refused(void **state)
{
    struct frame_shape tcp4 = {.version = 4, .protocol = 6, .payload = 3000};
    struct frame_shape tcp6 = {.version = 6, .protocol = 6, .payload = 3000};
    struct frame_shape udp4 = {.version = 4, .protocol = 17, .payload = 100};
    struct frame_shape other = {.version = 0, .payload = 100};
    struct frame_shape full = {.version = 4, .protocol = 17, .payload = 1500 - 28};
    struct frame_shape full_tag = {.version = 4, .protocol = 17, .payload = 1500 - 28, .tag = true};
    struct frame_shape large = {.version = 4, .protocol = 6, .payload = 65535 - 40};
    struct frame_shape large6 = {.version = 6, .protocol = 6, .payload = 65535 - 20};
    (void)state;

    assert_true(build(tcp4, NET_TX_SEGMENT, 1460, ALL_FEATURES));
    assert_false(build(tcp4, NET_TX_SEGMENT, 1460, ALL_FEATURES & ~VIRTIO_NET_F_HOST_TSO4)); /* NET-22 */
    assert_true(build(tcp6, NET_TX_SEGMENT, 1440, ALL_FEATURES));
    assert_false(build(tcp6, NET_TX_SEGMENT, 1440, ALL_FEATURES & ~VIRTIO_NET_F_HOST_TSO6)); /* NET-23 */
    assert_false(build(tcp4, NET_TX_SEGMENT, 0, ALL_FEATURES));
    assert_false(build(tcp4, NET_TX_SEGMENT, 1461, ALL_FEATURES)); /* segments longer than the MTU */
    assert_false(build(tcp4, NET_TX_SEGMENT, 0x10000, ALL_FEATURES));
    assert_false(build(udp4, NET_TX_SEGMENT, 50, ALL_FEATURES));
    assert_false(build(tcp4, 0, 0, ALL_FEATURES)); /* NET-09 */
    assert_true(build(full, 0, 0, ALL_FEATURES));
    assert_true(build(full, NET_TX_TAG, 0, ALL_FEATURES));
    assert_true(build(full_tag, 0, 0, ALL_FEATURES));
    full.payload++;
    full_tag.payload++;
    assert_false(build(full, 0, 0, ALL_FEATURES));
    assert_false(build(full_tag, 0, 0, ALL_FEATURES));
    assert_true(build(large, NET_TX_SEGMENT, 1460, ALL_FEATURES));
    assert_true(build(large6, NET_TX_SEGMENT, 1440, ALL_FEATURES));
    large.payload++;
    large6.payload++;
    assert_false(build(large, NET_TX_SEGMENT, 1460, ALL_FEATURES));
    assert_false(build(large6, NET_TX_SEGMENT, 1440, ALL_FEATURES));
    assert_false(build(udp4, NET_TX_TCP_CHECKSUM, 0, ALL_FEATURES));
    assert_false(build(other, NET_TX_UDP_CHECKSUM, 0, ALL_FEATURES));
    assert_false(build(other, NET_TX_IP_CHECKSUM, 0, ALL_FEATURES));
    assert_true(build(other, 0, 0, ALL_FEATURES));
}

/* NET-26, NET-27: CWR needs the feature, and the bit. */
static void test_congestion_mark(void **state)
{
    struct frame_shape shape = {.version = 4, .protocol = 6, .payload = 3000};
    NET_TX_OFFLOAD offload = {NET_TX_SEGMENT, 1000, 0};
    uint8_t frame[4000], copy[4000];
    VIRTIO_NET_HEADER header;
    uint32_t length = frame_make(frame, &shape, 0);
    (void)state;

    frame[frame_l4(&shape) + 13] |= 0x80;
    memcpy(copy, frame, length);
    NET_TX_HEAD head = {.bytes = copy, .count = NET_HEADERS_MAX, .frame_length = length};
    assert_true(NetTxBuildHead(&offload, ALL_FEATURES, 1500, &head, &header));
    assert_int_equal(header.gso_type, VIRTIO_NET_HDR_GSO_TCPV4 | VIRTIO_NET_HDR_GSO_ECN);
    memcpy(copy, frame, length);
    assert_false(NetTxBuildHead(&offload, ALL_FEATURES & ~VIRTIO_NET_F_HOST_ECN, 1500, &head, &header));
    offload.mss = 1400; /* one segment carries the mark itself */
    shape.payload = 1400;
    length = frame_make(frame, &shape, 0);
    frame[frame_l4(&shape) + 13] |= 0x80;
    head = (NET_TX_HEAD){.bytes = frame, .count = NET_HEADERS_MAX, .frame_length = length};
    assert_true(NetTxBuildHead(&offload, ALL_FEATURES & ~VIRTIO_NET_F_HOST_ECN, 1500, &head, &header));
    assert_int_equal(header.gso_type, 0);
}

/* --- Receive --- */

static NET_RX_ACTION judge(const uint8_t *frame, uint32_t length, VIRTIO_NET_HEADER header, uint64_t features,
                           NET_RX_INFO *info)
{
    UINT32 sum_start, sum_field;
    uint32_t count = length < NET_HEADERS_MAX ? length : NET_HEADERS_MAX;
    return NetRxJudge(&header, features, frame, count, length, info, &sum_start, &sum_field);
}

static void test_receive_verdicts(void **state)
{
    struct frame_shape shape = {.version = 4, .protocol = 6, .payload = 600};
    VIRTIO_NET_HEADER plain = {.buffer_count = 1}, valid = {.flags = 2}, needs = {.flags = 1};
    uint8_t frame[1600];
    uint32_t length = frame_make(frame, &shape, 0), l4 = frame_l4(&shape);
    NET_RX_INFO info;
    NET_LAYOUT layout;
    (void)state;

    /* NET-46: neither bit: nothing is known */
    assert_int_equal(judge(frame, length, plain, ALL_FEATURES, &info), NET_RX_PASS);
    assert_int_equal(info.l4_checksum, NET_VERDICT_NONE);
    assert_int_equal(info.ip_checksum, NET_VERDICT_GOOD);
    assert_int_equal(judge(frame, length, valid, ALL_FEATURES, &info), NET_RX_PASS);
    assert_int_equal(info.l4_checksum, NET_VERDICT_GOOD);
    /* the bit without the feature, or without a whole TCP packet, says nothing */
    assert_int_equal(judge(frame, length, valid, 0, &info), NET_RX_PASS);
    assert_int_equal(info.l4_checksum, NET_VERDICT_NONE);
    assert_int_equal(judge(frame, length - 1, valid, ALL_FEATURES, &info), NET_RX_PASS);
    assert_int_equal(info.l4_checksum, NET_VERDICT_NONE);
    /* NET-43: unknown bits */
    valid.flags = 0xF2;
    assert_int_equal(judge(frame, length, valid, ALL_FEATURES, &info), NET_RX_PASS);
    assert_int_equal(info.l4_checksum, NET_VERDICT_GOOD);
    /* NET-45: hdr_len is no more than a hint */
    valid.header_length = 0xFFFF;
    assert_int_equal(judge(frame, length, valid, ALL_FEATURES, &info), NET_RX_PASS);
    /* NET-44: without NEEDS_CSUM, or with RSC_INFO, the checksum fields are not looked at */
    plain.checksum_start = 0xFFFF;
    plain.checksum_offset = 0xFFFF;
    assert_int_equal(judge(frame, length, plain, ALL_FEATURES, &info), NET_RX_PASS);
    plain.flags = 5;
    assert_int_equal(judge(frame, length, plain, ALL_FEATURES, &info), NET_RX_PASS);
    assert_int_equal(info.l4_checksum, NET_VERDICT_NONE);
    /* NET-47, NET-48, HOST-26: segmentation that was not negotiated; NET-49: a tunnel bit alone */
    for (unsigned type = 1; type < 256; type++) {
        VIRTIO_NET_HEADER gso = {.flags = (UINT8)(type % 4), .gso_type = (UINT8)type, .gso_size = 100};
        assert_int_equal(judge(frame, length, gso, ALL_FEATURES, &info), NET_RX_DROP);
    }
    assert_int_equal(judge(frame, length, (VIRTIO_NET_HEADER){.flags = 9, .checksum_start = 34, .checksum_offset = 16},
                           ALL_FEATURES, &info),
                     NET_RX_DROP);
    /* a wrong IPv4 header */
    frame[24] ^= 1;
    assert_int_equal(judge(frame, length, plain, ALL_FEATURES, &info), NET_RX_PASS);
    assert_int_equal(info.ip_checksum, NET_VERDICT_BAD);
    frame[24] ^= 1;

    /* NEEDS_CSUM: good only with the right place and the right pseudo-header sum */
    needs.checksum_start = (UINT16)l4;
    needs.checksum_offset = 16;
    assert_true(NetPacketParse(frame, NET_HEADERS_MAX, &layout));
    NetPut16(frame + l4 + 16, NetPseudoSum(frame, &layout, (UINT16)(length - l4)));
    assert_int_equal(judge(frame, length, needs, ALL_FEATURES, &info), NET_RX_COMPLETE);
    assert_int_equal(info.l4_checksum, NET_VERDICT_GOOD);
    assert_int_equal(judge(frame, length, needs, 0, &info), NET_RX_PASS);
    needs.checksum_start--;
    assert_int_equal(judge(frame, length, needs, ALL_FEATURES, &info), NET_RX_COMPLETE);
    assert_int_equal(info.l4_checksum, NET_VERDICT_NONE);
    needs.checksum_start++;
    frame[l4 + 17] ^= 1;
    assert_int_equal(judge(frame, length, needs, ALL_FEATURES, &info), NET_RX_COMPLETE);
    assert_int_equal(info.l4_checksum, NET_VERDICT_NONE);
    needs.checksum_offset = (UINT16)(length - l4 - 2);
    assert_int_equal(judge(frame, length, needs, ALL_FEATURES, &info), NET_RX_COMPLETE);
    needs.checksum_offset++;
    assert_int_equal(judge(frame, length, needs, ALL_FEATURES, &info), NET_RX_DROP);
    needs.checksum_start = 13;
    needs.checksum_offset = 0;
    assert_int_equal(judge(frame, length, needs, ALL_FEATURES, &info), NET_RX_DROP);
}

static void test_filter(void **state)
{
    static const UINT8 mine[6] = {2, 0, 0, 0, 0, 1}, other[6] = {2, 0, 0, 0, 0, 2},
                       all[6] = {255, 255, 255, 255, 255, 255};
    UINT8 groups[NET_MULTICAST_MAX + 1][6] = {{0}};
    static const UINT8 group[6] = {1, 0, 0x5E, 0, 0, 7};
    NET_FILTER filter = {.mac = {2, 0, 0, 0, 0, 1}};
    NET_LAYOUT layout = {0};
    (void)state;

    assert_false(NetFilterAccepts(&filter, mine, &layout) || NetFilterAccepts(&filter, all, &layout));
    filter.accept = NET_ACCEPT_DIRECTED;
    assert_true(NetFilterAccepts(&filter, mine, &layout));
    assert_false(NetFilterAccepts(&filter, other, &layout) || NetFilterAccepts(&filter, all, &layout) ||
                 NetFilterAccepts(&filter, group, &layout));
    filter.accept |= NET_ACCEPT_BROADCAST | NET_ACCEPT_MULTICAST;
    assert_true(NetFilterAccepts(&filter, all, &layout));
    assert_false(NetFilterAccepts(&filter, group, &layout));
    for (unsigned i = 0; i <= NET_MULTICAST_MAX; i++) {
        groups[i][0] = 1;
        groups[i][5] = (UINT8)(i + 50);
    }
    assert_true(NetFilterSetMulticast(&filter, group, 1));
    assert_true(NetFilterAccepts(&filter, group, &layout));
    assert_false(NetFilterSetMulticast(&filter, mine, 1));
    assert_true(NetFilterAccepts(&filter, group, &layout));
    assert_true(NetFilterSetMulticast(&filter, groups[0], NET_MULTICAST_MAX));
    assert_false(NetFilterAccepts(&filter, group, &layout));
    assert_true(NetFilterSetMulticast(&filter, groups[0], NET_MULTICAST_MAX + 1)); /* overflow lets all in */
    assert_true(NetFilterAccepts(&filter, group, &layout));
    filter.accept = NET_ACCEPT_ALL_MULTICAST;
    assert_true(NetFilterAccepts(&filter, group, &layout));
    assert_false(NetFilterAccepts(&filter, mine, &layout));
    filter.accept = NET_ACCEPT_PROMISCUOUS;
    assert_true(NetFilterAccepts(&filter, other, &layout));
    filter.vlan = 5;
    layout.is_tagged = TRUE;
    layout.tci = 0xE006;
    assert_false(NetFilterAccepts(&filter, other, &layout));
    layout.tci = 0xE005;
    assert_true(NetFilterAccepts(&filter, other, &layout));
    layout.tci = 0xE000;
    assert_true(NetFilterAccepts(&filter, other, &layout));
}

/* PCI-22, PCI-29: any number of messages; each queue is served by exactly one. */
static void test_vectors(void **state)
{
    (void)state;
    for (UINT16 pairs = 1; pairs <= NET_PAIRS_MAX; pairs++) {
        for (UINT16 messages = 0; messages < 24; messages++) {
            NET_VECTORS vectors;
            NET_VECTOR_WORK work;
            UINT32 rx = 0, tx = 0, config = 0;
            NetVectorsPlan(messages, pairs, &vectors);
            assert_true(vectors.message_count <= messages);
            for (UINT16 m = 0; m < (messages == 0 ? 1 : vectors.message_count); m++) {
                NetVectorsWork(&vectors, pairs, m, &work);
                assert_true(work.config || work.rx != 0 || work.tx != 0);
                assert_int_equal((rx & work.rx) | (tx & work.tx), 0);
                rx |= work.rx;
                tx |= work.tx;
                config += work.config;
                if (messages > 2u * pairs) {
                    assert_int_equal(!!work.config + !!work.rx + !!work.tx, 1);
                }
            }
            assert_int_equal(rx, (1u << pairs) - 1);
            assert_int_equal(tx, (1u << pairs) - 1);
            assert_int_equal(config, 1);
            assert_int_equal(vectors.config, messages == 0 ? VIRTIO_PCI_NO_VECTOR : 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sums),
        cmocka_unit_test(test_parse_shapes),
        cmocka_unit_test(test_parse_odd_ones),
        cmocka_unit_test(test_random_bytes),
        cmocka_unit_test(test_segmentation),
        cmocka_unit_test(test_checksums),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_congestion_mark),
        cmocka_unit_test(test_receive_verdicts),
        cmocka_unit_test(test_filter),
        cmocka_unit_test(test_vectors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
