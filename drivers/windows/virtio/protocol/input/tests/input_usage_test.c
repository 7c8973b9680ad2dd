/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The usage table against Linux's own header, and every key of it through descriptor and reports. */
#include <linux/input-event-codes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "hid_walk.h"
#include "input_descriptor.h"
#include "input_report.h"
#include "input_usage_table.h"

/* The names are Linux's macros here: a wrong number in the table does not compile. */
#define KEY_IS_LINUX(name, code, kind, usage) _Static_assert(name == (code), #name);
#define LED_IS_LINUX(name, code, usage)       _Static_assert(name == (code), #name);
INPUT_KEY_TABLE(KEY_IS_LINUX)
INPUT_LED_TABLE(LED_IS_LINUX)

static INPUT_CONFIG config;
static INPUT_LAYOUT layout;
static INPUT_REPORTS reports;
static struct walk walk;

static void set_bit(UINT8 *bitmap, unsigned bit)
{
    bitmap[bit / 8] |= (UINT8)(1u << (bit % 8));
}

/* Makes layout, descriptor and reports of config. */
static void build(void)
{
    UINT8 descriptor[INPUT_DESCRIPTOR_MAX];
    UINT16 length;
    assert_true(InputLayoutBuild(&config, TRUE, &layout));
    assert_int_equal(InputDescriptorBuild(&layout, descriptor, sizeof(descriptor), &length), STATUS_SUCCESS);
    const char *why = walk_descriptor(&walk, descriptor, length);
    if (why != NULL) {
        fail_msg("%s", why);
    }
    InputReportsInit(&reports, &layout);
}

static void test_table_is_sorted_and_in_range(void **unused)
{
    (void)unused;
    for (unsigned i = 0; i < input_key_usage_count; i++) {
        const INPUT_USAGE *row = &input_key_usages[i];
        assert_true(i == 0 || row[-1].code < row->code);
        assert_true(row->code < INPUT_KEY_COUNT);
        assert_int_equal(row->usage == 0, row->kind == INPUT_KIND_NONE);
        if (row->kind == INPUT_KIND_KEYBOARD) {
            assert_true((row->usage >= HID_USAGE_KEY_FIRST && row->usage <= HID_USAGE_KEY_LAST) ||
                        (row->usage >= HID_USAGE_MODIFIER_FIRST && row->usage <= HID_USAGE_MODIFIER_LAST));
        }
        if (row->kind == INPUT_KIND_BUTTON) {
            assert_true(row->usage <= HID_BUTTONS_MAX);
        }
    }
    for (unsigned i = 0; i < input_led_usage_count; i++) {
        assert_true(input_led_usages[i].code < INPUT_LED_COUNT);
    }
    assert_int_equal(HidUsagePage(INPUT_KIND_NONE), 0);
    assert_int_equal(HidUsagePage((INPUT_KIND)77), 0);
}

/* HID's keyboard page from usage 4 on, in its order: the table said the other way round. */
static const uint16_t keyboard_page[] = {
    KEY_A,
    KEY_B,
    KEY_C,
    KEY_D,
    KEY_E,
    KEY_F,
    KEY_G,
    KEY_H,
    KEY_I,
    KEY_J,
    KEY_K,
    KEY_L,
    KEY_M,
    KEY_N,
    KEY_O,
    KEY_P,
    KEY_Q,
    KEY_R,
    KEY_S,
    KEY_T,
    KEY_U,
    KEY_V,
    KEY_W,
    KEY_X,
    KEY_Y,
    KEY_Z,
    KEY_1,
    KEY_2,
    KEY_3,
    KEY_4,
    KEY_5,
    KEY_6,
    KEY_7,
    KEY_8,
    KEY_9,
    KEY_0,
    KEY_ENTER,
    KEY_ESC,
    KEY_BACKSPACE,
    KEY_TAB,
    KEY_SPACE,
    KEY_MINUS,
    KEY_EQUAL,
    KEY_LEFTBRACE,
    KEY_RIGHTBRACE,
    KEY_BACKSLASH,
    0,
    KEY_SEMICOLON,
    KEY_APOSTROPHE,
    KEY_GRAVE,
    KEY_COMMA,
    KEY_DOT,
    KEY_SLASH,
    KEY_CAPSLOCK,
    KEY_F1,
    KEY_F2,
    KEY_F3,
    KEY_F4,
    KEY_F5,
    KEY_F6,
    KEY_F7,
    KEY_F8,
    KEY_F9,
    KEY_F10,
    KEY_F11,
    KEY_F12,
    KEY_SYSRQ,
    KEY_SCROLLLOCK,
    KEY_PAUSE,
    KEY_INSERT,
    KEY_HOME,
    KEY_PAGEUP,
    KEY_DELETE,
    KEY_END,
    KEY_PAGEDOWN,
    KEY_RIGHT,
    KEY_LEFT,
    KEY_DOWN,
    KEY_UP,
    KEY_NUMLOCK,
    KEY_KPSLASH,
    KEY_KPASTERISK,
    KEY_KPMINUS,
    KEY_KPPLUS,
    KEY_KPENTER,
    KEY_KP1,
    KEY_KP2,
    KEY_KP3,
    KEY_KP4,
    KEY_KP5,
    KEY_KP6,
    KEY_KP7,
    KEY_KP8,
    KEY_KP9,
    KEY_KP0,
    KEY_KPDOT,
    KEY_102ND,
    KEY_COMPOSE,
    0,
    KEY_KPEQUAL,
    KEY_F13,
    KEY_F14,
    KEY_F15,
    KEY_F16,
    KEY_F17,
    KEY_F18,
    KEY_F19,
    KEY_F20,
    KEY_F21,
    KEY_F22,
    KEY_F23,
    KEY_F24,
};

static const INPUT_USAGE *find_row(uint16_t code)
{
    for (unsigned i = 0; i < input_key_usage_count; i++) {
        if (input_key_usages[i].code == code) {
            return &input_key_usages[i];
        }
    }
    fail_msg("code 0x%x has no row", code);
    return NULL;
}

static void expect_row(uint16_t code, INPUT_KIND kind, unsigned usage)
{
    const INPUT_USAGE *row = find_row(code);
    if (row->kind != kind || row->usage != usage) {
        fail_msg("code 0x%x is kind %u, usage 0x%x", code, row->kind, row->usage);
    }
}

/* Rows that people would notice at once, named here a second time on purpose. */
static void test_well_known_rows(void **unused)
{
    static const INPUT_USAGE known[] = {
        {KEY_RO, 0x87, INPUT_KIND_KEYBOARD},
        {KEY_YEN, 0x89, INPUT_KIND_KEYBOARD},
        {KEY_HENKAN, 0x8A, INPUT_KIND_KEYBOARD},
        {KEY_MUHENKAN, 0x8B, INPUT_KIND_KEYBOARD},
        {KEY_HANGEUL, 0x90, INPUT_KIND_KEYBOARD},
        {KEY_HANJA, 0x91, INPUT_KIND_KEYBOARD},
        {KEY_LEFTCTRL, 0xE0, INPUT_KIND_KEYBOARD},
        {KEY_LEFTSHIFT, 0xE1, INPUT_KIND_KEYBOARD},
        {KEY_LEFTALT, 0xE2, INPUT_KIND_KEYBOARD},
        {KEY_LEFTMETA, 0xE3, INPUT_KIND_KEYBOARD},
        {KEY_RIGHTCTRL, 0xE4, INPUT_KIND_KEYBOARD},
        {KEY_RIGHTSHIFT, 0xE5, INPUT_KIND_KEYBOARD},
        {KEY_RIGHTALT, 0xE6, INPUT_KIND_KEYBOARD},
        {KEY_RIGHTMETA, 0xE7, INPUT_KIND_KEYBOARD},
        {KEY_NEXTSONG, 0xB5, INPUT_KIND_CONSUMER},
        {KEY_PREVIOUSSONG, 0xB6, INPUT_KIND_CONSUMER},
        {KEY_STOPCD, 0xB7, INPUT_KIND_CONSUMER},
        {KEY_PLAYPAUSE, 0xCD, INPUT_KIND_CONSUMER},
        {KEY_MUTE, 0xE2, INPUT_KIND_CONSUMER},
        {KEY_VOLUMEUP, 0xE9, INPUT_KIND_CONSUMER},
        {KEY_VOLUMEDOWN, 0xEA, INPUT_KIND_CONSUMER},
        {KEY_MEDIA, 0x183, INPUT_KIND_CONSUMER},
        {KEY_MAIL, 0x18A, INPUT_KIND_CONSUMER},
        {KEY_CALC, 0x192, INPUT_KIND_CONSUMER},
        {KEY_COMPUTER, 0x194, INPUT_KIND_CONSUMER},
        {KEY_SEARCH, 0x221, INPUT_KIND_CONSUMER},
        {KEY_HOMEPAGE, 0x223, INPUT_KIND_CONSUMER},
        {KEY_BACK, 0x224, INPUT_KIND_CONSUMER},
        {KEY_FORWARD, 0x225, INPUT_KIND_CONSUMER},
        {KEY_STOP, 0x226, INPUT_KIND_CONSUMER},
        {KEY_REFRESH, 0x227, INPUT_KIND_CONSUMER},
        {KEY_BOOKMARKS, 0x22A, INPUT_KIND_CONSUMER},
        {KEY_POWER, 0x81, INPUT_KIND_SYSTEM},
        {KEY_SLEEP, 0x82, INPUT_KIND_SYSTEM},
        {KEY_WAKEUP, 0x83, INPUT_KIND_SYSTEM},
        {BTN_LEFT, 1, INPUT_KIND_BUTTON},
        {BTN_RIGHT, 2, INPUT_KIND_BUTTON},
        {BTN_MIDDLE, 3, INPUT_KIND_BUTTON},
        {BTN_SIDE, 4, INPUT_KIND_BUTTON},
        {BTN_EXTRA, 5, INPUT_KIND_BUTTON},
        {BTN_SOUTH, 0, INPUT_KIND_NONE},
    };
    (void)unused;
    for (size_t i = 0; i < sizeof(keyboard_page) / sizeof(keyboard_page[0]); i++) {
        if (keyboard_page[i] != 0) {
            expect_row(keyboard_page[i], INPUT_KIND_KEYBOARD, (unsigned)i + 4);
        }
    }
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        expect_row(known[i].code, (INPUT_KIND)known[i].kind, known[i].usage);
    }
}

/* Codes that share a usage are meant to; any other pair is a slip. */
static void test_shared_rows(void **unused)
{
    static const uint16_t pairs[][2] = {{KEY_POWER, KEY_POWER2},       {KEY_MAIL, KEY_EMAIL},
                                        {KEY_FILE, KEY_COMPUTER},      {KEY_CONFIG, KEY_MEDIA},
                                        {KEY_PLAYCD, KEY_PLAY},        {KEY_EJECTCD, KEY_EJECTCLOSECD},
                                        {KEY_BOOKMARKS, KEY_FAVORITES}};
    unsigned found = 0;
    (void)unused;
    for (unsigned i = 0; i < input_key_usage_count; i++) {
        for (unsigned k = i + 1; k < input_key_usage_count; k++) {
            const INPUT_USAGE *a = &input_key_usages[i], *b = &input_key_usages[k];
            if (a->kind == INPUT_KIND_NONE || a->kind != b->kind || a->usage != b->usage) {
                continue;
            }
            bool is_meant = false;
            for (size_t p = 0; p < sizeof(pairs) / sizeof(pairs[0]); p++) {
                is_meant |= pairs[p][0] == a->code && pairs[p][1] == b->code;
            }
            if (!is_meant) {
                fail_msg("codes 0x%x and 0x%x share usage 0x%x", a->code, b->code, a->usage);
            }
            found++;
        }
    }
    assert_int_equal(found, sizeof(pairs) / sizeof(pairs[0]));
}

static void event(UINT16 type, UINT16 code, UINT32 value)
{
    VIRTIO_INPUT_EVENT wire = {type, code, value};
    InputReportsEvent(&reports, &wire);
}

/* Takes the one report that must be there. */
static void take(UINT8 *report)
{
    UINT32 length;
    UINT8 more[INPUT_REPORT_MAX];
    assert_int_equal(InputReportsPop(&reports, report, INPUT_REPORT_MAX, &length), STATUS_SUCCESS);
    assert_int_equal(length * 8, walk.input_bits[report[0]]);
    assert_int_equal(InputReportsPop(&reports, more, sizeof(more), &length), STATUS_NOT_FOUND);
}

/* Down and up again: the one bit of its usage and no other, in the collection where Windows looks for it. */
static void press(const INPUT_USAGE *row)
{
    static const uint32_t collection[INPUT_KIND_COUNT] = {0, 0x10006, 0xC0001, 0x10080, 0x10002};
    UINT8 report[INPUT_REPORT_MAX];
    event(INPUT_EV_KEY, row->code, 1);
    event(INPUT_EV_SYN, INPUT_SYN_REPORT, 0);
    take(report);
    const struct walk_field *field = walk_find(&walk, 0, HidUsagePage((INPUT_KIND)row->kind), row->usage);
    assert_non_null(field);
    assert_int_equal(field->report_id, report[0]);
    assert_int_equal(field->collection, collection[row->kind]);
    for (size_t i = 0; i < walk.count; i++) {
        if (walk.field[i].report_id == report[0] && !walk.field[i].is_output) {
            assert_int_equal(walk_value(&walk.field[i], report), &walk.field[i] == field);
        }
    }
    event(INPUT_EV_KEY, row->code, 2); /* the device repeats it: nothing new */
    event(INPUT_EV_SYN, INPUT_SYN_REPORT, 0);
    assert_int_equal(reports.queue_count, 0);
    event(INPUT_EV_KEY, row->code, 0);
    event(INPUT_EV_SYN, INPUT_SYN_REPORT, 0);
    take(report);
    assert_int_equal(walk_value(field, report), 0);
}

/* Every code that has a usage, on a device that has all of them; the others do nothing and are counted (INPUT-08). */
static void test_every_key(void **unused)
{
    unsigned without = 0;
    (void)unused;
    memset(&config, 0, sizeof(config));
    memset(config.keys, 0xFF, sizeof(config.keys));
    build();
    for (unsigned i = 0; i < input_key_usage_count; i++) {
        const INPUT_USAGE *row = &input_key_usages[i];
        if (row->kind != INPUT_KIND_NONE) {
            press(row);
            continue;
        }
        event(INPUT_EV_KEY, row->code, 1);
        event(INPUT_EV_SYN, INPUT_SYN_REPORT, 0);
        assert_int_equal(reports.queue_count, 0);
        without++;
    }
    assert_int_equal(reports.stats.unknown, without);
}

/* And each on a device that has no other key: the descriptor has room for that one. */
static void test_every_key_alone(void **unused)
{
    (void)unused;
    for (unsigned i = 0; i < input_key_usage_count; i++) {
        const INPUT_USAGE *row = &input_key_usages[i];
        memset(&config, 0, sizeof(config));
        set_bit(config.keys, row->code);
        if (row->kind == INPUT_KIND_NONE) {
            assert_false(InputLayoutBuild(&config, TRUE, &layout));
            continue;
        }
        build();
        assert_int_equal(walk.collections, 1);
        press(row);
    }
}

/* Two codes of one usage: it is down while any of them is. */
static void test_shared_usage(void **unused)
{
    UINT8 report[INPUT_REPORT_MAX];
    (void)unused;
    memset(&config, 0, sizeof(config));
    set_bit(config.keys, KEY_MAIL);
    set_bit(config.keys, KEY_EMAIL);
    build();
    event(INPUT_EV_KEY, KEY_MAIL, 1);
    event(INPUT_EV_SYN, 0, 0);
    take(report);
    event(INPUT_EV_KEY, KEY_EMAIL, 1);
    event(INPUT_EV_SYN, 0, 0);
    event(INPUT_EV_KEY, KEY_MAIL, 0);
    event(INPUT_EV_SYN, 0, 0);
    assert_int_equal(reports.queue_count, 0);
    event(INPUT_EV_KEY, KEY_EMAIL, 0);
    event(INPUT_EV_SYN, 0, 0);
    take(report);
    assert_int_equal(report[1], 0);
}

static void test_every_led(void **unused)
{
    (void)unused;
    memset(&config, 0, sizeof(config));
    set_bit(config.keys, KEY_A);
    memset(config.leds, 0xFF, sizeof(config.leds));
    build();
    for (unsigned i = 0; i < input_led_usage_count; i++) {
        const struct walk_field *field = walk_find(&walk, 0, HID_PAGE_LED, input_led_usages[i].usage);
        assert_non_null(field);
        assert_true(field->is_output);
        assert_int_equal(field->bit, layout.led_bit[input_led_usages[i].code]);
    }
    assert_int_equal(layout.output_length * 8, walk.output_bits[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table_is_sorted_and_in_range),
        cmocka_unit_test(test_well_known_rows),
        cmocka_unit_test(test_shared_rows),
        cmocka_unit_test(test_every_key),
        cmocka_unit_test(test_every_key_alone),
        cmocka_unit_test(test_shared_usage),
        cmocka_unit_test(test_every_led),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
