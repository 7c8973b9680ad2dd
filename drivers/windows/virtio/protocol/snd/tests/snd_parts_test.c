/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The pure parts: formats, the cut of the buffer, the clock, the PCM state machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "snd_clock.h"
#include "snd_format.h"
#include "snd_geometry.h"
#include "snd_pcm.h"
#include "snd_stream.h"
#include "snd_vectors.h"

enum { PAGE = 4096, S8 = 3, U16 = 6, S24 = 15, U32 = 18, ALL_RATES = (1 << VIRTIO_SND_PCM_RATE_COUNT) - 1 };

static const UINT32 frequencies[] = {5512,  8000,  11025, 16000, 22050,  32000,  44100,
                                     48000, 64000, 88200, 96000, 176400, 192000, 384000};

static VIRTIO_SND_PCM_INFO info_of(UINT64 formats, UINT64 rates, UINT8 channels_min, UINT8 channels_max)
{
    return (VIRTIO_SND_PCM_INFO){
        .formats = formats, .rates = rates, .channels_min = channels_min, .channels_max = channels_max};
}

/* SND-07, SND-08: every format of Windows maps to its code, and only to that. */
static void formats_map_to_their_codes(void **state)
{
    static const struct {
        UINT16 bits;
        BOOLEAN is_float;
        UINT8 code;
    } table[] = {{8, FALSE, 4}, {16, FALSE, 5}, {24, FALSE, 11}, {32, FALSE, 17}, {32, TRUE, 19}, {64, TRUE, 20}};
    (void)state;
    for (size_t i = 0; i < VIRTIO_ARRAY_COUNT(table); i++) {
        for (UINT8 rate = 0; rate < VIRTIO_SND_PCM_RATE_COUNT; rate++) {
            VIRTIO_SND_PCM_INFO only = info_of(1ULL << table[i].code, 1ULL << rate, 1, 2);
            VIRTIO_SND_PCM_INFO others = info_of(~(1ULL << table[i].code), ~0ULL, 1, 2);
            SND_FORMAT format = {frequencies[rate], 2, table[i].bits, table[i].bits, table[i].is_float};
            SND_WIRE_FORMAT wire;
            SND_CAPS caps;
            assert_true(SndCapsFromInfo(&only, &caps));
            assert_true(SndFormatToWire(&caps, &format, &wire));
            assert_int_equal(wire.format, table[i].code);
            assert_int_equal(wire.rate, rate);
            assert_int_equal(wire.channels, 2);
            assert_int_equal(wire.frame_bytes, 2 * table[i].bits / 8);
            assert_int_equal(SndFormatRangeCount(&caps), 1);
            format.rate++;
            assert_false(SndFormatToWire(&caps, &format, NULL));
            format.rate--;
            format.is_float = !format.is_float;
            assert_false(SndFormatToWire(&caps, &format, NULL));
            format.is_float = !format.is_float;
            assert_true(SndCapsFromInfo(&others, &caps));
            assert_false(SndFormatToWire(&caps, &format, NULL));
        }
    }
}

/* 24 valid bits in 32 are left-justified: the device's S32, never its S24. */
static void valid_bits_are_left_justified(void **state)
{
    VIRTIO_SND_PCM_INFO s32 = info_of(1 << VIRTIO_SND_PCM_FMT_S32, ~0ULL, 1, 2), s24 = info_of(1 << S24, ~0ULL, 1, 2);
    SND_FORMAT format = {48000, 2, 32, 24, FALSE};
    SND_WIRE_FORMAT wire;
    SND_CAPS caps;
    (void)state;
    assert_true(SndCapsFromInfo(&s32, &caps));
    assert_true(SndFormatToWire(&caps, &format, &wire));
    assert_int_equal(wire.format, VIRTIO_SND_PCM_FMT_S32);
    format.valid_bits = 33;
    assert_false(SndFormatToWire(&caps, &format, &wire));
    format.valid_bits = 0;
    assert_true(SndFormatToWire(&caps, &format, &wire));
    assert_false(SndCapsFromInfo(&s24, &caps));
}

/* HOST-30, SND-09: nothing in common, or nonsense, hides the stream. */
static void unusable_streams_are_hidden(void **state)
{
    static const struct {
        UINT64 formats, rates;
        UINT8 min, max, direction;
        bool usable;
    } table[] = {
        {1 << 5, 1 << 7, 1, 2, 0, true},  {1 << 5, 1 << 7, 1, 1, 1, true},
        {1 << 5, 1 << 7, 2, 8, 1, true},  {1 << 5, 1 << 7, 0, 2, 0, true},
        {1 << 5, 1 << 7, 6, 6, 0, false}, {1 << 5, 1 << 7, 2, 1, 0, false},
        {1 << 5, 1 << 7, 0, 0, 0, false}, {1 << 5, 1 << 7, 1, 2, 2, false},
        {0, 1 << 7, 1, 2, 0, false},      {1 << S8 | 1 << U16 | 1 << U32, 1 << 7, 1, 2, 0, false},
        {1 << 5, 0, 1, 2, 0, false},      {1 << 5, ~(UINT64)ALL_RATES, 1, 2, 0, false},
        {~0ULL, ~0ULL, 0, 255, 0, true},
    };
    (void)state;
    for (size_t i = 0; i < VIRTIO_ARRAY_COUNT(table); i++) {
        VIRTIO_SND_PCM_INFO info = info_of(table[i].formats, table[i].rates, table[i].min, table[i].max);
        SND_CAPS caps;
        info.direction = table[i].direction;
        assert_int_equal(SndCapsFromInfo(&info, &caps), table[i].usable);
        assert_int_equal(caps.formats != 0, table[i].usable);
    }
}

/* Each range that is offered can be asked for, and its intersection with itself is itself. */
static void ranges_and_intersection_agree(void **state)
{
    VIRTIO_SND_PCM_INFO info = info_of(~0ULL, ~0ULL, 1, 2);
    SND_CAPS caps;
    SND_RANGE range;
    SND_FORMAT format;
    UINT32 count = 0;
    (void)state;
    assert_true(SndCapsFromInfo(&info, &caps));
    for (; SndFormatRange(&caps, count, &range); count++) {
        assert_true(SndFormatIntersect(&caps, &range, &format));
        assert_int_equal(format.rate, range.rate_min);
        assert_int_equal(format.bits, range.bits_min);
        assert_int_equal(format.is_float, range.is_float);
        assert_int_equal(format.channels, 2);
        assert_true(SndFormatToWire(&caps, &format, NULL));
    }
    assert_int_equal(count, SND_RANGES_MAX);
    assert_int_equal(count, SndFormatRangeCount(&caps));

    SND_RANGE wide = {1, 1000000, 1, 64, 0xFFFF, FALSE};
    assert_true(SndFormatIntersect(&caps, &wide, &format)); /* the best: 48 kHz, 16 bit, stereo */
    assert_int_equal(format.rate, 48000);
    assert_int_equal(format.bits, 16);
    assert_int_equal(format.channels, 2);
    wide.channels_max = 1;
    assert_true(SndFormatIntersect(&caps, &wide, &format));
    assert_int_equal(format.channels, 1);
    wide.channels_max = 0;
    assert_false(SndFormatIntersect(&caps, &wide, &format));
    wide = (SND_RANGE){48001, 63999, 8, 32, 2, FALSE};
    assert_false(SndFormatIntersect(&caps, &wide, &format));
    caps.channels_min = 2;
    wide = (SND_RANGE){8000, 48000, 8, 32, 1, FALSE};
    assert_false(SndFormatIntersect(&caps, &wide, &format));
}

/* SND-06, and what a cut must always be. */
static void buffers_are_cut_evenly(void **state)
{
    static const UINT32 sizes[] = {0,     1,     2,     3,     1920,   3840,       7680,
                                   17640, 20000, 35280, 65536, 100001, 0x7FFFFFFF, 0xFFFFFFFF};
    static const UINT32 frames[] = {1, 2, 3, 4, 6, 8, 16};
    (void)state;
    for (size_t r = 0; r < VIRTIO_ARRAY_COUNT(frequencies); r++) {
        for (size_t f = 0; f < VIRTIO_ARRAY_COUNT(frames); f++) {
            for (size_t s = 0; s < VIRTIO_ARRAY_COUNT(sizes); s++) {
                for (UINT32 notifications = 0; notifications <= 2; notifications++) {
                    SND_WIRE_FORMAT wire = {.frame_bytes = frames[f]};
                    SND_GEOMETRY cut;
                    assert_int_equal(SndGeometryPlan(&wire, frequencies[r], sizes[s], notifications, &cut),
                                     STATUS_SUCCESS);
                    assert_int_equal(cut.period_bytes % cut.frame_bytes, 0);
                    assert_int_equal(cut.buffer_bytes, cut.period_bytes * cut.period_count);
                    assert_int_equal(cut.fifo_bytes, cut.read_ahead_periods * cut.period_bytes);
                    assert_true(cut.fifo_bytes % cut.period_bytes == 0 && cut.fifo_bytes <= cut.buffer_bytes / 2);
                    assert_true(cut.buffer_bytes / cut.frame_bytes <= 2 * cut.rate + 2 * cut.period_count);
                    assert_true(cut.period_bytes / PAGE + 2 <= SND_DATA_ELEMENTS);
                    if (notifications != 0) {
                        assert_int_equal(cut.unit_periods * notifications, cut.period_count);
                    }
                    if (notifications == 2) { /* the client has time between its event and the first read */
                        assert_true(cut.unit_periods >= cut.read_ahead_periods + 2);
                    }
                    UINT32 period_us = (UINT32)(1000000ULL * (cut.period_bytes / cut.frame_bytes) / cut.rate);
                    assert_in_range(period_us, 2500, 10100);
                }
            }
        }
    }
    SND_WIRE_FORMAT wire = {.frame_bytes = 4};
    SND_GEOMETRY cut;
    assert_int_equal(SndGeometryPlan(&wire, 48000, 19200, 2, &cut),
                     STATUS_SUCCESS); /* 2 * 50 ms: as it was asked for */
    assert_int_equal(cut.buffer_bytes, 19200);
    assert_int_equal(SndGeometryPlan(&wire, 48000, 19200, 3, &cut), STATUS_INVALID_PARAMETER);
    assert_int_equal(cut.buffer_bytes, 0);
    assert_int_equal(SndGeometryPlan(&wire, 0, 19200, 0, &cut), STATUS_INVALID_PARAMETER);
    wire.frame_bytes = 0;
    assert_int_equal(SndGeometryPlan(&wire, 48000, 19200, 0, &cut), STATUS_INVALID_PARAMETER);
}

/* Samples that come late do not move the line back, an early one moves it up, an old one is forgotten. */
static void the_clock_follows_the_earliest_samples(void **state)
{
    const UINT64 second = SND_CLOCK_TICKS_PER_SECOND;
    SND_CLOCK clock;
    (void)state;
    SndClockStart(&clock, 48000, 1000, 5 * second);
    assert_int_equal(SndClockRead(&clock, 5 * second), 1000);
    assert_int_equal(SndClockRead(&clock, 4 * second), 1000);
    assert_int_equal(SndClockRead(&clock, 6 * second), 49000);
    SndClockSample(&clock, 1000 + 480, 5 * second + second / 50); /* 10 ms late */
    assert_int_equal(SndClockRead(&clock, 6 * second), 49000);
    SndClockSample(&clock, 49100, 6 * second);
    assert_int_equal(SndClockRead(&clock, 6 * second), 49100);
    for (unsigned i = 0; i < 2 * SND_CLOCK_WINDOW; i++) {
        SndClockSample(&clock, 97000 - 480, 7 * second); /* it has become 10 ms slower */
    }
    assert_int_equal(SndClockRead(&clock, 7 * second), 97000 - 480);
    SndClockStart(&clock, 48000, 0, second);
    for (unsigned i = 0; i < 2 * SND_CLOCK_WINDOW; i++) {
        SndClockSample(&clock, 0, 2 * second);
    }
    assert_int_equal(SndClockRead(&clock, second), 0); /* never below zero */
    SndClockStart(&clock, 384000 * 16, 0, 0);
    assert_int_equal(SndClockRead(&clock, 86400 * 365 * second), 86400ULL * 365 * 384000 * 16);
}

/* The lifecycle as the specification draws it, as a table of its own. */
static SND_PCM_STATE apply(SND_PCM_STATE at, UINT32 command)
{
    switch (command) {
    case VIRTIO_SND_R_PCM_SET_PARAMS:
        assert_true(at == SND_PCM_NONE);
        return SND_PCM_PARAMS;
    case VIRTIO_SND_R_PCM_PREPARE:
        assert_true(at == SND_PCM_PARAMS);
        return SND_PCM_PREPARED;
    case VIRTIO_SND_R_PCM_START:
        assert_true(at == SND_PCM_PREPARED || at == SND_PCM_STOPPED);
        return SND_PCM_STARTED;
    case VIRTIO_SND_R_PCM_STOP:
        assert_true(at == SND_PCM_STARTED);
        return SND_PCM_STOPPED;
    default:
        assert_int_equal(command, VIRTIO_SND_R_PCM_RELEASE);
        assert_true(at == SND_PCM_PREPARED || at == SND_PCM_STOPPED);
        return SND_PCM_NONE;
    }
}

/* SND-25: all sequences of five states, each pair of them with and without an answer in between. */
static void every_order_of_states_is_legal_on_the_wire(void **state)
{
    (void)state;
    for (unsigned sequence = 0; sequence < 4 * 4 * 4 * 4 * 4 * 32; sequence++) {
        SND_PCM pcm = {0};
        SND_PCM_STATE device = SND_PCM_NONE;
        unsigned rest = sequence / 32;
        for (unsigned i = 0; i < 5; i++, rest /= 4) {
            UINT32 command;
            SndPcmWant(&pcm, (SND_KS_STATE)(rest % 4));
            for (unsigned steps = 0; (command = SndPcmNext(&pcm)) != 0; steps++) {
                assert_true(steps < 6);
                device = apply(device, command);
                SndPcmSent(&pcm, command);
                assert_int_equal(SndPcmNext(&pcm), 0); /* one at a time */
                if ((sequence >> i & 1) != 0) {
                    break; /* the next wish comes before the answer */
                }
                assert_true(SndPcmAnswered(&pcm, VIRTIO_SND_S_OK));
            }
            if (pcm.in_flight != 0) {
                SndPcmWant(&pcm, (SND_KS_STATE)(rest / 4 % 4));
                assert_true(SndPcmAnswered(&pcm, VIRTIO_SND_S_OK));
                if (device == SND_PCM_PARAMS && pcm.state == SND_PCM_NONE) {
                    device = SND_PCM_NONE; /* parameters may be set anew */
                }
            }
            if (device == SND_PCM_PARAMS && pcm.state == SND_PCM_NONE) {
                device = SND_PCM_NONE;
            }
            assert_int_equal(pcm.state, device);
        }
    }
}

static void settle(SND_PCM *pcm)
{
    UINT32 command;
    while ((command = SndPcmNext(pcm)) != 0) {
        SndPcmSent(pcm, command);
        SndPcmAnswered(pcm, VIRTIO_SND_S_OK);
    }
}

static void states_map_to_the_device(void **state)
{
    SND_PCM pcm = {0};
    (void)state;
    SndPcmWant(&pcm, SND_KS_ACQUIRE);
    settle(&pcm);
    assert_int_equal(pcm.state, SND_PCM_PREPARED);
    SndPcmWant(&pcm, SND_KS_PAUSE);
    assert_true(SndPcmIsSettled(&pcm));
    SndPcmWant(&pcm, SND_KS_RUN);
    settle(&pcm);
    assert_int_equal(pcm.state, SND_PCM_STARTED);
    SndPcmWant(&pcm, SND_KS_PAUSE);
    settle(&pcm);
    assert_int_equal(pcm.state, SND_PCM_STOPPED);
    SndPcmWant(&pcm, SND_KS_ACQUIRE);
    assert_true(SndPcmIsSettled(&pcm));
    SndPcmWant(&pcm, SND_KS_STOP);
    settle(&pcm);
    assert_int_equal(pcm.state, SND_PCM_NONE);
}

/* SND-29: a refusal stops the stream until it is taken to STOP, which works from wherever it was. */
static void refusals_fail_the_stream(void **state)
{
    static const UINT32 codes[] = {VIRTIO_SND_S_BAD_MSG, VIRTIO_SND_S_NOT_SUPP, VIRTIO_SND_S_IO_ERR, 0, 0xFFFFFFFF};
    (void)state;
    for (unsigned refused = 0; refused < 3; refused++) {
        for (size_t c = 0; c < VIRTIO_ARRAY_COUNT(codes); c++) {
            SND_PCM pcm = {0};
            SndPcmWant(&pcm, SND_KS_RUN);
            for (unsigned i = 0; i <= refused; i++) {
                SndPcmSent(&pcm, SndPcmNext(&pcm));
                assert_int_equal(SndPcmAnswered(&pcm, i == refused ? codes[c] : VIRTIO_SND_S_OK), i != refused);
            }
            assert_true(pcm.is_failed);
            assert_int_equal(pcm.failed_code, codes[c]);
            assert_int_equal(SndPcmNext(&pcm), 0);
            SndPcmWant(&pcm, SND_KS_PAUSE);
            assert_int_equal(SndPcmNext(&pcm), 0);
            SndPcmWant(&pcm, SND_KS_STOP);
            settle(&pcm);
            assert_int_equal(pcm.state, SND_PCM_NONE);
            assert_false(pcm.is_failed);
        }
    }
    SND_PCM pcm = {0};
    SndPcmWant(&pcm, SND_KS_RUN);
    settle(&pcm);
    SndPcmWant(&pcm, SND_KS_STOP);
    SndPcmSent(&pcm, SndPcmNext(&pcm));
    SndPcmAnswered(&pcm, VIRTIO_SND_S_IO_ERR); /* not even STOP */
    assert_true(pcm.is_stuck);
    SndPcmWant(&pcm, SND_KS_STOP);
    assert_int_equal(SndPcmNext(&pcm), 0);
    SndPcmReset(&pcm);
    assert_false(pcm.is_stuck || pcm.is_failed);
}

/* PCI-22, PCI-29, PCI-33: messages are shared as there are. */
static void vectors_are_shared(void **state)
{
    SND_VECTORS plan;
    (void)state;
    SndVectorsPlan(0, &plan);
    assert_int_equal(plan.message_count, 0);
    assert_int_equal(plan.config, VIRTIO_PCI_NO_VECTOR);
    assert_int_equal(plan.queue[3], VIRTIO_PCI_NO_VECTOR);
    SndVectorsPlan(1, &plan);
    assert_int_equal(plan.message_count, 1);
    for (unsigned i = 0; i < VIRTIO_SND_QUEUE_COUNT; i++) {
        assert_int_equal(plan.queue[i], 0);
    }
    for (UINT16 count = 2; count < 6; count++) {
        SndVectorsPlan(count, &plan);
        assert_int_equal(plan.message_count, 2);
        assert_int_equal(plan.config, 0);
        assert_int_equal(plan.queue[0], 0);
        assert_int_equal(plan.queue[1], 0);
        assert_int_equal(plan.queue[2], 1);
        assert_int_equal(plan.queue[3], 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats_map_to_their_codes),
        cmocka_unit_test(valid_bits_are_left_justified),
        cmocka_unit_test(unusable_streams_are_hidden),
        cmocka_unit_test(ranges_and_intersection_agree),
        cmocka_unit_test(buffers_are_cut_evenly),
        cmocka_unit_test(the_clock_follows_the_earliest_samples),
        cmocka_unit_test(every_order_of_states_is_legal_on_the_wire),
        cmocka_unit_test(states_map_to_the_device),
        cmocka_unit_test(refusals_fail_the_stream),
        cmocka_unit_test(vectors_are_shared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
