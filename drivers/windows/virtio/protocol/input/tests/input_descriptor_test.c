/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Descriptors of chosen and of 10,000 random devices, held against a walker that does not know the driver. */
#include <linux/input-event-codes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hid_walk.h"
#include "input_descriptor.h"
#include "input_random.h"

static INPUT_CONFIG config;
static INPUT_LAYOUT layout;
static UINT8 descriptor[INPUT_DESCRIPTOR_MAX];
static UINT16 length;
static struct walk walk;

static void set_bit(UINT8 *bitmap, unsigned bit)
{
    bitmap[bit / 8] |= (UINT8)(1u << (bit % 8));
}

static void set_axes(INT32 minimum, INT32 maximum, UINT32 resolution)
{
    for (unsigned axis = 0; axis < INPUT_AXIS_COUNT; axis++) {
        set_bit(config.abses, axis);
        config.ranges[axis] = (INPUT_ABS_RANGE){minimum, maximum, resolution};
    }
}

/* Lengths that the driver uses are those that the descriptor says; no more, no fewer reports. */
static void check_lengths(void)
{
    for (unsigned id = 0; id < WALK_IDS; id++) {
        UINT32 collection = INPUT_COLLECTION_OF(id);
        unsigned wanted = collection < INPUT_COLLECTION_COUNT ? layout.input_length[collection] : 0;
        assert_int_equal(walk.input_bits[id], wanted * 8);
        assert_true(wanted <= INPUT_REPORT_MAX);
        assert_int_equal(walk.output_bits[id], id == 1 ? layout.output_length * 8 : 0);
    }
    assert_true(layout.field_count <= INPUT_FIELDS_MAX);
    assert_true(layout.usage_count <= INPUT_USAGES_MAX);
}

/* Where a slot points there is a field of the right usage. */
static void check_slots(void)
{
    for (unsigned i = 0; i < input_key_usage_count; i++) {
        const INPUT_USAGE *row = &input_key_usages[i];
        UINT16 slot = layout.key_slot[row->code];
        bool has_key = InputConfigHas(config.keys, row->code) && row->kind != INPUT_KIND_NONE;
        assert_int_equal(slot != INPUT_NO_SLOT, has_key);
        if (has_key) {
            uint8_t id = INPUT_REPORT_ID(INPUT_SLOT_COLLECTION(slot));
            const struct walk_field *field = walk_find(&walk, id, HidUsagePage((INPUT_KIND)row->kind), row->usage);
            assert_non_null(field);
            assert_int_equal(field->bit, INPUT_SLOT_BIT(slot));
            assert_int_equal(field->bits, 1);
        }
    }
}

static void build(void)
{
    assert_int_equal(InputDescriptorBuild(&layout, descriptor, sizeof(descriptor), &length), STATUS_SUCCESS);
    const char *why = walk_descriptor(&walk, descriptor, length);
    if (why != NULL) {
        fail_msg("%s", why);
    }
    check_lengths();
    check_slots();
}

static void clear(void)
{
    memset(&config, 0, sizeof(config));
}

/* A descriptor that people know by heart: QEMU's mouse. Every byte, so that a change of style shows. */
static void test_mouse_bytes(void **unused)
{
    static const UINT8 expected[] = {
        0x05, 0x01, 0x09, 0x02, 0xA1, 0x01, 0x85, 0x04, 0x09, 0x01, 0xA1, 0x00,             /* mouse, pointer, id 4 */
        0x05, 0x09, 0x15, 0x00, 0x25, 0x01, 0x19, 0x01, 0x29, 0x05, 0x75, 0x01, 0x95, 0x05, /* five buttons */
        0x81, 0x02, 0x75, 0x03, 0x95, 0x01, 0x81, 0x03,                                     /* padding */
        0x05, 0x01, 0x16, 0x01, 0x80, 0x26, 0xFF, 0x7F, 0x09, 0x30, 0x75, 0x10, 0x81, 0x06, /* X */
        0x09, 0x31, 0x81, 0x06, 0x09, 0x38, 0x81, 0x06, 0xC0, 0xC0,                         /* Y, wheel */
    };
    (void)unused;
    clear();
    for (unsigned code = BTN_LEFT; code <= BTN_EXTRA; code++) {
        set_bit(config.keys, code);
    }
    set_bit(config.rels, REL_X);
    set_bit(config.rels, REL_Y);
    set_bit(config.rels, REL_WHEEL);
    assert_true(InputLayoutBuild(&config, TRUE, &layout));
    build();
    assert_int_equal(length, sizeof(expected));
    assert_memory_equal(descriptor, expected, sizeof(expected));
}

static const struct walk_field *find(UINT16 page, UINT16 usage)
{
    const struct walk_field *field = walk_find(&walk, 0, page, usage);
    assert_non_null(field);
    return field;
}

/* The device's own ranges, with its resolution as physical extent: 0..32767 at 100 a millimetre are 327.67 mm. */
static void test_tablet_ranges(void **unused)
{
    static const struct {
        INT32 minimum, maximum;
        UINT32 resolution;
        unsigned bits;
        INT32 physical_maximum;
    } cases[] = {
        {0, 0x7FFF, 0, 16, 0},
        {0, 0x7FFF, 100, 16, 32767},
        {0, 0xFFFF, 1, 16, 6553500},
        {-0x8000, 0x7FFF, 10, 16, 327670},
        {-1, 0x8000, 0, 32, 0},
        {0, 0x10000, 0, 32, 0},
        {INT32_MIN, INT32_MAX, 1, 32, 0},
        {5, 6, 0xFFFFFFFF, 16, 0},
        {-1, 0, 1, 16, 0},
        {0, 21474836, 1, 32, 2147483600},
        {0, 21474837, 1, 32, 0},
        {0, 50000000, 1, 32, 0},
    };
    (void)unused;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        clear();
        set_axes(cases[i].minimum, cases[i].maximum, cases[i].resolution);
        set_bit(config.rels, REL_WHEEL);
        set_bit(config.rels, REL_HWHEEL);
        assert_true(InputLayoutBuild(&config, TRUE, &layout));
        build();
        const struct walk_field *x = find(HID_PAGE_GENERIC_DESKTOP, HID_USAGE_X);
        assert_int_equal(x->minimum, cases[i].minimum);
        assert_int_equal(x->maximum, cases[i].maximum);
        assert_int_equal(x->bits, cases[i].bits);
        assert_false(x->is_relative);
        assert_int_equal(x->physical_maximum, cases[i].physical_maximum);
        bool has_unit = x->physical_minimum != 0 || x->physical_maximum != 0;
        assert_int_equal(x->unit, has_unit ? 0x11 : 0);     /* centimetres */
        assert_int_equal(x->exponent, has_unit ? 0x0D : 0); /* of which a thousandth */
        const struct walk_field *pan = find(HID_PAGE_CONSUMER, HID_USAGE_AC_PAN);
        assert_true(pan->is_relative);
        assert_int_equal(pan->unit, 0); /* taken back */
        assert_int_equal(pan->physical_maximum, 0);
        assert_int_equal(pan->bits, 16);
    }
}

/* Which collections a device gets. collections: bit by INPUT_COLLECTION. */
static void expect_collections(unsigned collections)
{
    bool has_any = InputLayoutBuild(&config, TRUE, &layout);
    assert_int_equal(has_any, collections != 0);
    for (unsigned i = 0; i < INPUT_COLLECTION_COUNT; i++) {
        assert_int_equal(layout.input_length[i] != 0, collections >> i & 1);
    }
    build();
}

/* INPUT-10: what the device does not have is not in the descriptor. */
static void test_collections(void **unused)
{
    enum { KEYBOARD = 1, CONSUMER = 2, SYSTEM = 4, MOUSE = 8, TABLET = 16 };
    (void)unused;
    clear();
    expect_collections(0);
    memset(config.leds, 0xFF, sizeof(config.leds)); /* LEDs alone are no keyboard */
    expect_collections(0);
    set_bit(config.keys, KEY_LEFTSHIFT);
    expect_collections(KEYBOARD);
    assert_int_equal(layout.input_length[0], 2);
    assert_int_equal(layout.output_length, 3);
    set_bit(config.keys, KEY_MUTE);
    set_bit(config.keys, KEY_SLEEP);
    expect_collections(KEYBOARD | CONSUMER | SYSTEM);
    assert_int_equal(layout.input_length[1], 2);
    clear();
    set_bit(config.keys, KEY_A);
    expect_collections(KEYBOARD);
    assert_int_equal(layout.output_length, 0); /* no LEDs, no output report */
    assert_null(walk_find(&walk, 0, HID_PAGE_GENERIC_DESKTOP, HID_USAGE_X));
    clear();
    set_bit(config.rels, REL_WHEEL);
    expect_collections(MOUSE);
    clear();
    set_bit(config.keys, BTN_LEFT);
    expect_collections(MOUSE);
    set_axes(0, 100, 0);
    expect_collections(TABLET);
    assert_int_equal(find(HID_PAGE_BUTTON, 1)->report_id, 5);
    set_bit(config.rels, REL_Y); /* both: buttons and wheels are the mouse's */
    set_bit(config.rels, REL_WHEEL);
    expect_collections(MOUSE | TABLET);
    assert_int_equal(find(HID_PAGE_BUTTON, 1)->report_id, 4);
    assert_null(walk_find(&walk, 5, HID_PAGE_GENERIC_DESKTOP, HID_USAGE_WHEEL));
    clear();
    set_bit(config.abses, ABS_X); /* half a tablet */
    config.ranges[ABS_X] = (INPUT_ABS_RANGE){0, 100, 0};
    expect_collections(0);
}

static void test_leds_are_left_out(void **unused)
{
    (void)unused;
    clear();
    set_bit(config.keys, KEY_A);
    memset(config.leds, 0xFF, sizeof(config.leds));
    assert_true(InputLayoutBuild(&config, FALSE, &layout));
    build();
    assert_int_equal(layout.output_length, 0);
    assert_int_equal(layout.led_mask, 0);
}

/* HOST-29: all bitmaps full is the largest there is. Every smaller buffer is refused, and nothing written past it. */
static void test_everything(void **unused)
{
    UINT8 buffer[INPUT_DESCRIPTOR_MAX];
    UINT16 got;
    (void)unused;
    memset(&config, 0xFF, sizeof(config));
    set_axes(INT32_MIN, INT32_MAX, 0);
    config.ranges[0] = (INPUT_ABS_RANGE){-21000000, 21000000, 1};
    expect_collections(0x1F);
    assert_true(length <= INPUT_DESCRIPTOR_MAX);
    print_message("largest descriptor: %u bytes of %u, %u usages listed, %u fields, keyboard report %u\n", length,
                  INPUT_DESCRIPTOR_MAX, layout.usage_count, layout.field_count, layout.input_length[0]);
    assert_int_equal(find(HID_PAGE_BUTTON, 26)->report_id, 4);
    for (UINT16 size = 0; size < length; size++) {
        memset(buffer, 0x5A, sizeof(buffer));
        assert_int_equal(InputDescriptorBuild(&layout, buffer, size, &got), STATUS_BUFFER_TOO_SMALL);
        assert_int_equal(got, 0);
        assert_int_equal(buffer[size], 0x5A);
    }
}

/* HOST-29, INPUT-10: 10,000 random devices. */
static void test_random_devices(void **unused)
{
    uint64_t state = 0x9E3779B97F4A7C15;
    unsigned built = 0;
    (void)unused;
    for (unsigned n = 0; n < 10000; n++) {
        bool has_any = input_random_layout(&state, &config, &layout);
        build();
        assert_int_equal(has_any, walk.collections != 0);
        built += has_any;
    }
    assert_true(built > 8000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mouse_bytes), cmocka_unit_test(test_tablet_ranges),
        cmocka_unit_test(test_collections), cmocka_unit_test(test_leds_are_left_out),
        cmocka_unit_test(test_everything),  cmocka_unit_test(test_random_devices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
