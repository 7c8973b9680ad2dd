/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Events to reports, held against a model that shares nothing with the translator: it knows the table of usages, reads
 * reports through the descriptor, and keeps per usage what should be down and what the reader has seen.
 */
#include <linux/input-event-codes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hid_walk.h"
#include "input_descriptor.h"
#include "input_report.h"

enum { MOTIONS = 4, AXES = 2 };

static INPUT_CONFIG config;
static INPUT_LAYOUT layout;
static INPUT_REPORTS reports;
static struct walk walk;
static uint64_t seed = 42;

/* What the model sent, by Linux code, and what the reader got, by field of the walk. */
static bool sent_down[KEY_CNT];
static uint64_t sent_changes[WALK_FIELDS];
static int64_t sent_motion[MOTIONS], sent_position[AXES];
static bool seen_down[WALK_FIELDS];
static uint64_t seen_changes[WALK_FIELDS];
static int64_t seen_motion[MOTIONS], seen_position[AXES];
static uint64_t seen_reports;

static const struct walk_field *motion_field[MOTIONS], *axis_field[AXES];
static const uint16_t motion_code[MOTIONS] = {REL_X, REL_Y, REL_WHEEL, REL_HWHEEL};
static const struct walk_field *key_field[KEY_CNT];

static uint32_t roll(uint32_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed >> 32) % below;
}

static void set_bit(UINT8 *bitmap, unsigned bit)
{
    bitmap[bit / 8] |= (UINT8)(1u << (bit % 8));
}

static void find_fields(void)
{
    static const uint32_t motions[MOTIONS] = {0x10030, 0x10031, 0x10038, 0xC0238};
    memset(key_field, 0, sizeof(key_field));
    for (unsigned i = 0; i < input_key_usage_count; i++) {
        const INPUT_USAGE *row = &input_key_usages[i];
        if (InputConfigHas(config.keys, row->code)) {
            key_field[row->code] = walk_find(&walk, 0, HidUsagePage((INPUT_KIND)row->kind), row->usage);
        }
    }
    for (unsigned i = 0; i < MOTIONS; i++) {
        motion_field[i] = walk_find(&walk, 4, (uint16_t)(motions[i] >> 16), (uint16_t)motions[i]);
    }
    for (unsigned i = 0; i < AXES; i++) {
        axis_field[i] = walk_find(&walk, 5, HID_PAGE_GENERIC_DESKTOP, (uint16_t)(HID_USAGE_X + i));
    }
}

static void forget(void)
{
    memset(sent_down, 0, sizeof(sent_down));
    memset(sent_changes, 0, sizeof(sent_changes));
    memset(sent_motion, 0, sizeof(sent_motion));
    memset(seen_down, 0, sizeof(seen_down));
    memset(seen_changes, 0, sizeof(seen_changes));
    memset(seen_motion, 0, sizeof(seen_motion));
    seen_reports = 0;
    for (unsigned i = 0; i < AXES; i++) {
        sent_position[i] = seen_position[i] = config.ranges[i].minimum;
    }
}

/* A device with everything: keyboard, media and power keys, mouse and tablet in one. */
static int make_everything(void **unused)
{
    UINT8 descriptor[INPUT_DESCRIPTOR_MAX];
    UINT16 length;
    (void)unused;
    memset(&config, 0, sizeof(config));
    memset(config.keys, 0xFF, sizeof(config.keys));
    for (unsigned i = 0; i < MOTIONS; i++) {
        set_bit(config.rels, motion_code[i]);
    }
    for (unsigned i = 0; i < AXES; i++) {
        set_bit(config.abses, i);
        config.ranges[i] = i == 0 ? (INPUT_ABS_RANGE){-100, 100000, 10} : (INPUT_ABS_RANGE){0, 0x7FFF, 0};
    }
    assert_true(InputLayoutBuild(&config, TRUE, &layout));
    assert_int_equal(InputDescriptorBuild(&layout, descriptor, sizeof(descriptor), &length), STATUS_SUCCESS);
    assert_null(walk_descriptor(&walk, descriptor, length));
    InputReportsInit(&reports, &layout);
    find_fields();
    forget();
    return 0;
}

static void event(uint16_t type, uint16_t code, int64_t value)
{
    VIRTIO_INPUT_EVENT wire = {type, code, (UINT32)value};
    InputReportsEvent(&reports, &wire);
}

static void syn(void)
{
    event(EV_SYN, SYN_REPORT, 0);
}

/* The reader: takes one report apart. */
static bool read_one(UINT8 *id)
{
    UINT8 report[INPUT_REPORT_MAX];
    UINT32 length;
    if (InputReportsPop(&reports, report, sizeof(report), &length) != STATUS_SUCCESS) {
        return false;
    }
    *id = report[0];
    seen_reports++;
    assert_int_equal(length * 8, walk.input_bits[report[0]]);
    for (size_t i = 0; i < walk.count; i++) {
        const struct walk_field *field = &walk.field[i];
        if (field->report_id == report[0] && !field->is_output && field->bits == 1 && !field->is_constant) {
            bool is_down = walk_value(field, report) != 0;
            seen_changes[i] += is_down != seen_down[i];
            seen_down[i] = is_down;
        }
    }
    for (unsigned i = 0; i < MOTIONS; i++) {
        if (report[0] == 4) {
            seen_motion[i] += walk_value(motion_field[i], report);
        }
    }
    for (unsigned i = 0; i < AXES; i++) {
        if (report[0] == 5) {
            seen_position[i] = walk_value(axis_field[i], report);
        }
    }
    return true;
}

static unsigned read_all(void)
{
    unsigned count = 0;
    UINT8 id;
    while (read_one(&id)) {
        count++;
    }
    return count;
}

/* Whether any code of that field is down. */
static bool should_be_down(const struct walk_field *field)
{
    for (unsigned code = 0; code < KEY_CNT; code++) {
        if (sent_down[code] && key_field[code] == field) {
            return true;
        }
    }
    return false;
}

static void send_key(uint16_t code, int value)
{
    const struct walk_field *field = key_field[code];
    if (field != NULL) {
        bool before = should_be_down(field);
        sent_down[code] = value != 0;
        sent_changes[field - walk.field] += should_be_down(field) != before;
    }
    event(EV_KEY, code, value);
}

/* The reader knows what the model knows. changes: that it saw every press and release too. */
static void compare(bool changes)
{
    static bool wanted[WALK_FIELDS];
    memset(wanted, 0, sizeof(wanted));
    for (unsigned code = 0; code < KEY_CNT; code++) {
        if (sent_down[code] && key_field[code] != NULL) {
            wanted[key_field[code] - walk.field] = true;
        }
    }
    assert_memory_equal(wanted, seen_down, sizeof(wanted));
    assert_memory_equal(sent_motion, seen_motion, sizeof(sent_motion));
    assert_memory_equal(sent_position, seen_position, sizeof(sent_position));
    if (changes) {
        assert_memory_equal(sent_changes, seen_changes, sizeof(sent_changes));
    }
}

static uint16_t random_key(void)
{
    return roll(4) != 0 ? (uint16_t)(roll(12) + KEY_Q)
                        : (uint16_t)roll(KEY_CNT); /* a few often, all of them sometimes */
}

static void send_random_event(void)
{
    unsigned which = roll(10);
    if (which < 6) {
        send_key(random_key(), (int)roll(3));
    } else if (which < 8) {
        unsigned i = roll(MOTIONS);
        int64_t value = roll(50) == 0 ? (int64_t)roll(80000) - 40000 : (int64_t)roll(400) - 200;
        sent_motion[i] += value;
        event(EV_REL, motion_code[i], value);
    } else if (which < 9) {
        unsigned i = roll(AXES);
        int64_t value = (int64_t)roll(140000) - 20000;
        event(EV_ABS, (uint16_t)i, value);
        sent_position[i] = value < config.ranges[i].minimum   ? config.ranges[i].minimum
                           : value > config.ranges[i].maximum ? config.ranges[i].maximum
                                                              : value;
    } else { /* INPUT-08: nothing of this is anything */
        static const uint16_t types[] = {EV_MSC, EV_SW, EV_SND, EV_REP, EV_FF, EV_LED, 0x1F, 0xFFFF};
        event(types[roll(8)], (uint16_t)roll(0x10000), roll(0xFFFFFFFF));
        event(EV_KEY, (uint16_t)(KEY_CNT + roll(0x10000 - KEY_CNT)), 1);
        event(EV_REL, (uint16_t)(REL_CNT + roll(100)), 1);
        event(EV_ABS, (uint16_t)(ABS_Z + roll(1000)), 1);
        event(EV_SYN, SYN_MT_REPORT, 0);
    }
}

/* INPUT-12, INPUT-08: 100,000 events, read at each SYN_REPORT: every change is seen, in every collection. */
static void test_random_events(void **unused)
{
    (void)unused;
    for (unsigned events = 0; events < 100000;) {
        unsigned count = 1 + roll(8);
        for (unsigned i = 0; i < count; i++, events++) {
            send_random_event();
        }
        syn();
        read_all();
        compare(true);
    }
    assert_true(reports.stats.unknown > 10000);
    assert_int_equal(reports.stats.merged, 0);
    assert_int_equal(reports.stats.reports, seen_reports);
}

/* The same with nobody reading for long: at the end the reader knows the state, and all motion (not every press). */
static void test_flood_without_reader(void **unused)
{
    (void)unused;
    for (unsigned round = 0; round < 200; round++) {
        unsigned events = roll(1000);
        for (unsigned i = 0; i < events; i++) {
            send_random_event();
            if (roll(4) == 0) {
                syn();
            }
            assert_true(reports.queue_count <= INPUT_REPORT_QUEUE);
        }
        syn();
        read_all();
        compare(false);
    }
    assert_true(reports.stats.merged > 1000);
}

/* Random chords: any number of keys at once, more than six, all of them in one report (no rollover limit). */
static void test_chords(void **unused)
{
    (void)unused;
    for (unsigned round = 0; round < 2000; round++) {
        uint16_t chord[40];
        unsigned count = 1 + roll(40);
        for (unsigned i = 0; i < count; i++) {
            chord[i] = (uint16_t)(KEY_ESC + roll(KEY_KPDOT));
            send_key(chord[i], 1);
        }
        syn();
        assert_int_equal(read_all(), 1);
        compare(true);
        for (unsigned i = count; i-- > 0;) {
            send_key(chord[i], 0);
        }
        syn();
        assert_int_equal(read_all(), 1);
        compare(true);
    }
}

/* INPUT-12: X, Y and SYN make one report with both; three collections make three. */
static void test_gathering(void **unused)
{
    (void)unused;
    event(EV_REL, REL_X, 3);
    event(EV_REL, REL_Y, -4);
    assert_int_equal(read_all(), 0);
    syn();
    assert_int_equal(read_all(), 1);
    assert_int_equal(seen_motion[0], 3);
    assert_int_equal(seen_motion[1], -4);
    syn(); /* nothing happened */
    assert_int_equal(read_all(), 0);
    event(EV_KEY, KEY_A, 1);
    event(EV_KEY, KEY_MUTE, 1);
    event(EV_KEY, BTN_LEFT, 1);
    event(EV_KEY, KEY_SLEEP, 1);
    syn();
    assert_int_equal(read_all(), 4);
    event(EV_KEY, KEY_B, 1); /* tapped within one report: QEMU's input-send-event does that */
    event(EV_KEY, KEY_B, 0);
    syn();
    assert_int_equal(read_all(), 2);
    assert_int_equal(seen_changes[key_field[KEY_B] - walk.field], 2);
    event(EV_REL, REL_X, 5); /* a click between two moves stays between them */
    event(EV_KEY, BTN_RIGHT, 1);
    event(EV_KEY, BTN_RIGHT, 0);
    event(EV_REL, REL_X, 7);
    syn();
    assert_int_equal(read_all(), 2);
    assert_int_equal(seen_motion[0], 15);
    event(EV_KEY, BTN_LEFT, 0);
    syn();
    event(EV_KEY, KEY_C, 1); /* reading in the middle of a report does not end it */
    assert_int_equal(read_all(), 1);
    event(EV_KEY, KEY_D, 1);
    syn();
    assert_int_equal(read_all(), 1);
}

/* HOST-29: motion that no report holds is split; motion that no mouse makes is cut, and nothing overflows. */
static void test_motion_limits(void **unused)
{
    (void)unused;
    event(EV_REL, REL_X, 100000);
    event(EV_REL, REL_Y, -1);
    syn();
    assert_int_equal(read_all(), 4);
    assert_int_equal(seen_motion[0], 100000);
    assert_int_equal(seen_motion[1], -1);
    seen_motion[0] = 0;
    for (unsigned i = 0; i < 10; i++) {
        event(EV_REL, REL_X, INT32_MAX);
    }
    syn();
    read_all();
    assert_int_equal(seen_motion[0], INPUT_MOTION_MAX);
    seen_motion[0] = 0;
    event(EV_REL, REL_X, INT32_MIN);
    event(EV_REL, REL_X, INT32_MIN);
    event(EV_REL, REL_X, 1);
    syn();
    read_all();
    assert_int_equal(seen_motion[0], 1 - INPUT_MOTION_MAX);
}

static unsigned downs(void)
{
    unsigned count = 0;
    for (size_t i = 0; i < walk.count; i++) {
        count += seen_down[i];
    }
    return count;
}

/* SYN_DROPPED: everything is up at once, the broken report is ignored to its end, the next one counts again. */
static void test_dropped(void **unused)
{
    (void)unused;
    event(EV_KEY, KEY_LEFTSHIFT, 1);
    event(EV_KEY, BTN_LEFT, 1);
    event(EV_ABS, ABS_Y, 77);
    syn();
    read_all();
    assert_int_equal(downs(), 2);
    event(EV_KEY, KEY_C, 1);
    event(EV_SYN, SYN_DROPPED, 0);
    read_all();
    assert_int_equal(downs(), 0);
    assert_int_equal(seen_position[1], 77); /* a position is no key: it stays */
    event(EV_KEY, KEY_D, 1);
    event(EV_REL, REL_X, 9);
    syn();
    assert_int_equal(read_all(), 0);
    event(EV_KEY, KEY_LEFTSHIFT, 2); /* still held: the device repeats it, and it is back */
    syn();
    assert_int_equal(read_all(), 1);
    assert_int_equal(downs(), 1);
    event(EV_KEY, KEY_LEFTSHIFT, 0);
    syn();
    read_all();
    assert_int_equal(downs(), 0);
    assert_int_equal(reports.stats.dropped, 1);
    InputReportsLost(&reports); /* between reports: the next one is whole */
    event(EV_KEY, KEY_E, 1);
    syn();
    read_all();
    assert_int_equal(downs(), 1);
}

/* 20,000 random events with losses among them: nothing that is up for the model after a loss is down for the reader. */
static void test_random_losses(void **unused)
{
    (void)unused;
    for (unsigned n = 0; n < 20000; n++) {
        if (roll(50) != 0) {
            send_random_event();
            if (roll(3) == 0) {
                syn();
                read_all();
                compare(false);
            }
            continue;
        }
        syn();
        if (roll(2) != 0) {
            event(EV_SYN, SYN_DROPPED, 0);
            event(EV_KEY, KEY_A, 1);
            syn();
        } else {
            InputReportsLost(&reports);
        }
        memset(sent_down, 0, sizeof(sent_down));
        read_all();
        assert_int_equal(downs(), 0);
        compare(false);
    }
}

/* Reset, suspend: nothing stays down, whatever of it the reader had seen; stale reports and motion are gone. */
static void test_release(void **unused)
{
    UINT8 id;
    (void)unused;
    event(EV_KEY, KEY_A, 1);
    syn();
    assert_int_equal(read_all(), 1);
    event(EV_KEY, KEY_A, 0); /* the release waits in the queue, and is thrown away with it */
    syn();
    event(EV_KEY, BTN_LEFT, 1);
    event(EV_REL, REL_X, 1000);
    syn();
    event(EV_KEY, KEY_B, 1); /* and a report has begun */
    event(EV_REL, REL_X, 5);
    InputReportsRelease(&reports);
    assert_true(read_one(&id));
    assert_int_equal(id, 1);
    assert_true(read_one(&id));
    assert_int_equal(id, 4);
    assert_false(read_one(&id));
    assert_int_equal(downs(), 0);
    assert_int_equal(seen_motion[0], 0);
    InputReportsRelease(&reports); /* at rest already */
    assert_int_equal(read_all(), 0);
    for (unsigned n = 0; n < 3000; n++) {
        send_random_event();
        if (roll(3) == 0) {
            syn();
        }
        while (roll(3) == 0 && read_one(&id)) {
        }
        if (roll(20) == 0) {
            InputReportsRelease(&reports);
            read_all();
            assert_int_equal(downs(), 0);
        }
    }
}

/* SYN_REPORT never comes (HOST-29): no report, no growth; and all bytes of an event are data. */
static void test_hostile_events(void **unused)
{
    UINT8 id;
    (void)unused;
    for (unsigned n = 0; n < 10000; n++) {
        event(EV_REL, REL_X, 1);
        event(EV_KEY, KEY_A, 1);
    }
    assert_false(read_one(&id));
    syn();
    read_all();
    assert_int_equal(seen_motion[0], 10000);
    for (unsigned n = 0; n < 100000; n++) {
        VIRTIO_INPUT_EVENT wire = {(UINT16)roll(roll(2) != 0 ? 4 : 0x10000),
                                   (UINT16)roll(roll(2) != 0 ? 0x310 : 0x10000), roll(0xFFFFFFFF)};
        InputReportsEvent(&reports, &wire);
        if (roll(8) == 0) {
            read_one(&id);
        }
    }
}

static void test_current_and_sizes(void **unused)
{
    UINT8 report[INPUT_REPORT_MAX];
    UINT32 length;
    (void)unused;
    event(EV_KEY, KEY_A, 1);
    syn();
    assert_int_equal(InputReportsPop(&reports, report, layout.input_length[0] - 1u, &length), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(length, 0);
    assert_int_equal(InputReportsCurrent(&reports, 1, report, sizeof(report), &length), STATUS_SUCCESS);
    assert_int_equal(length, layout.input_length[0]);
    assert_int_equal(walk_value(key_field[KEY_A], report), 1);
    assert_int_equal(InputReportsCurrent(&reports, 0, report, sizeof(report), &length), STATUS_INVALID_PARAMETER);
    assert_int_equal(InputReportsCurrent(&reports, 6, report, sizeof(report), &length), STATUS_INVALID_PARAMETER);
    assert_int_equal(InputReportsCurrent(&reports, 255, report, sizeof(report), &length), STATUS_INVALID_PARAMETER);
    assert_int_equal(InputReportsCurrent(&reports, 1, report, 1, &length), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(read_all(), 1); /* it is still there */
}

#define TEST(name) cmocka_unit_test_setup(name, make_everything)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_random_events),  TEST(test_flood_without_reader),
        TEST(test_chords),         TEST(test_gathering),
        TEST(test_motion_limits),  TEST(test_dropped),
        TEST(test_random_losses),  TEST(test_release),
        TEST(test_hostile_events), TEST(test_current_and_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
