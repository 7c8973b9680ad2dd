/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Reading what an input device says about itself, the rules of the selectors, and identity and strings made of it. */
#include "input_fixture.h"

enum { SELECT = 0, SUBSEL = 1, SIZE = 2, DATA = 8 };

static void probe(struct rig *rig, const char *kind, const char *fault)
{
    rig_make(rig, (struct fake_options){.input = kind}, fault);
    assert_int_equal(InputDeviceProbe(&rig->device, &fake_driver_ops, rig->fake), STATUS_SUCCESS);
}

static void test_qemu_devices(void **unused)
{
    static struct rig rig;
    const INPUT_CONFIG *config = &rig.device.config;
    (void)unused;
    probe(&rig, "keyboard", NULL);
    assert_int_equal(config->name_length, 20);
    assert_memory_equal(config->name, "QEMU Virtio Keyboard", 20);
    assert_int_equal(config->serial_length, 0);
    assert_true(config->has_ids);
    assert_int_equal(config->bus_type, 6);
    assert_int_equal(config->vendor, 0x0627);
    assert_int_equal(config->leds[0], 7);
    assert_true(InputConfigHas(config->keys, KEY_A));
    assert_int_equal(config->rels[0] | config->rels[1], 0);
    assert_int_equal(config->refused, 0);
    rig_end(&rig);
    probe(&rig, "tablet", NULL);
    assert_int_equal(config->abses[0], 3);
    assert_int_equal(config->ranges[1].minimum, 0);
    assert_int_equal(config->ranges[1].maximum, 0x7FFF);
    assert_int_equal(config->rels[1], 1); /* the wheel */
    rig_end(&rig);
}

/*
 * The access log of a probe: both selectors before each size (INPUT-01), nothing else written (INPUT-02), size before
 * data and no data behind it (INPUT-03), subsel 0 where it has no meaning (INPUT-11), each query whole before the next
 * begins (INPUT-14).
 */
static void check_queries(struct rig *rig)
{
    const struct fake_log *log = fake_log_of(rig->fake);
    unsigned written = 0, sizes = 0;
    uint64_t select = 0, subsel = 0, room = 0;
    for (size_t i = 0; i < log->count; i++) {
        const struct fake_access *access = &log->access[i];
        if (access->region != FAKE_TYPE) {
            continue;
        }
        if (access->write) {
            assert_true(access->offset <= SUBSEL && access->width == 1);
            written = room != 0 && access->offset == SELECT ? 0 : written;
            written |= 1u << access->offset;
            *(access->offset == SELECT ? &select : &subsel) = access->value;
            room = 0;
        } else if (access->offset == SIZE) {
            assert_int_equal(written, 3);
            assert_true(subsel == 0 || select == 0x11 || select == 0x12);
            room = access->value < 128 ? access->value : 128;
            written = 0;
            sizes++;
        } else {
            assert_true(access->offset >= DATA);
            assert_int_equal(written, 0);
            assert_true(access->offset - DATA + access->width <= room);
        }
    }
    assert_true(sizes >= 8);
}

static void test_query_order(void **unused)
{
    static const char *const faults[] = {NULL, "input-size", "input-full", "generation-each", "input-size=3"};
    static struct rig rig;
    (void)unused;
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        rig_make(&rig, (struct fake_options){.input = "tablet"}, faults[i]);
        (void)InputDeviceProbe(&rig.device, &fake_driver_ops, rig.fake);
        if (rig.device.reason != VIRTIO_REASON_CONFIG_UNSTABLE) {
            check_queries(&rig);
        }
        rig_check_rules(&rig);
        rig_end(&rig);
    }
}

/* INPUT-09: a name of 128 bytes without a terminator; HOST-29: sizes that no answer has. */
static void test_strings_without_end(void **unused)
{
    static struct rig rig;
    UINT16 text[INPUT_STRING_MAX / 2];
    UINT32 length;
    char name[128];
    (void)unused;
    memset(name, 'n', sizeof(name));
    rig_make(&rig, (struct fake_options){.input = "keyboard"}, NULL);
    fake_input_answer(rig.fake, VIRTIO_INPUT_ID_NAME, 0, 128, name, sizeof(name));
    fake_input_answer(rig.fake, VIRTIO_INPUT_ID_SERIAL, 0, 255, "serial", 6); /* the rest of it is 0xEE */
    assert_int_equal(InputDeviceProbe(&rig.device, &fake_driver_ops, rig.fake), STATUS_SUCCESS);
    assert_int_equal(rig.device.config.name_length, 128);
    assert_int_equal(rig.device.config.serial_length, 128);
    assert_int_equal(rig.device.config.refused, 1);
    assert_int_equal(InputIdentityString(&rig.device.config, INPUT_STRING_PRODUCT, text, sizeof(text), &length),
                     STATUS_SUCCESS);
    assert_int_equal(length, 258);
    assert_int_equal(text[127], 'n');
    assert_int_equal(text[128], 0);
    assert_int_equal(InputIdentityString(&rig.device.config, INPUT_STRING_SERIAL, text, sizeof(text), &length),
                     STATUS_SUCCESS);
    assert_int_equal(text[5], 'l');
    assert_int_equal(text[6], '_');
    rig_check_rules(&rig);
    rig_end(&rig);
}

static void check_string(const INPUT_CONFIG *config, UINT32 id, const char *expected)
{
    UINT16 text[INPUT_STRING_MAX / 2];
    UINT32 length, needed;
    assert_int_equal(InputIdentityString(config, id, text, sizeof(text), &length), STATUS_SUCCESS);
    assert_int_equal(length, 2 * (strlen(expected) + 1));
    for (size_t i = 0; i <= strlen(expected); i++) {
        assert_int_equal(text[i], expected[i]);
    }
    text[0] = 0x7777;
    assert_int_equal(InputIdentityString(config, id, text, length - 1, &needed), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(needed, length);
    assert_int_equal(text[0], 0x7777);
}

static void set_text(UINT8 *to, UINT8 *length, const char *text)
{
    *length = (UINT8)strlen(text);
    memcpy(to, text, *length);
}

static void test_strings(void **unused)
{
    INPUT_CONFIG config = {0};
    UINT16 text[4];
    UINT32 length;
    (void)unused;
    check_string(&config, INPUT_STRING_MANUFACTURER, "VirtIO");
    check_string(&config, INPUT_STRING_PRODUCT, "VirtIO input device");
    assert_int_equal(InputIdentityString(&config, INPUT_STRING_SERIAL, text, sizeof(text), &length), STATUS_NOT_FOUND);
    assert_int_equal(InputIdentityString(&config, 3, text, sizeof(text), &length), STATUS_INVALID_PARAMETER);
    set_text(config.name, &config.name_length, "  My \x01 key\xC3\xA4  ");
    check_string(&config, INPUT_STRING_PRODUCT, "My _ key__");
    set_text(config.serial, &config.serial_length, "0815");
    check_string(&config, INPUT_STRING_SERIAL, "0815");
    config.name[2] = 0; /* ends there; and what is left is blank */
    check_string(&config, INPUT_STRING_PRODUCT, "VirtIO input device");
}

static void test_identity(void **unused)
{
    static const UINT8 expected[] = {9, 0x21, 0x11, 0x01, 0, 1, 0x22, 0x34, 0x12};
    UINT8 descriptor[INPUT_HID_DESCRIPTOR_LENGTH];
    INPUT_HID_ATTRIBUTES attributes;
    INPUT_CONFIG config = {0};
    (void)unused;
    InputIdentityHidDescriptor(0x1234, descriptor);
    assert_memory_equal(descriptor, expected, sizeof(expected));
    InputIdentityAttributes(&config, &attributes);
    assert_int_equal(attributes.size, 32);
    assert_int_equal(attributes.vendor, 0x1AF4);
    assert_int_equal(attributes.product, 0x1052);
    config.has_ids = TRUE;
    config.vendor = 0x627;
    config.product = 3;
    config.version = 2;
    InputIdentityAttributes(&config, &attributes);
    assert_int_equal(attributes.vendor, 0x627);
    assert_int_equal(attributes.product, 3);
    assert_int_equal(attributes.version, 2);
    config.vendor = 0;
    InputIdentityAttributes(&config, &attributes);
    assert_int_equal(attributes.vendor, 0x1AF4);
}

/* HOST-29: a range that runs backwards or is empty hides the axis, and with one axis the tablet. */
static void test_ranges(void **unused)
{
    static const struct {
        int32_t minimum, maximum;
        bool is_good;
    } cases[] = {
        {0, 0, false}, {1, 0, false}, {INT32_MAX, INT32_MIN, false}, {-1, 0, true}, {INT32_MIN, INT32_MAX, true}};
    static struct rig rig;
    (void)unused;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        rig_make(&rig, (struct fake_options){.input = "tablet"}, NULL);
        fake_input_axis(rig.fake, ABS_Y, cases[i].minimum, cases[i].maximum, 7);
        assert_int_equal(rig_start(&rig, VIRTIO_PCI_NO_VECTOR), STATUS_SUCCESS);
        assert_int_equal(InputConfigHas(rig.device.config.abses, ABS_Y), cases[i].is_good);
        assert_int_equal(rig.device.config.refused, !cases[i].is_good);
        assert_int_equal(walk_find(&rig.walk, 5, HID_PAGE_GENERIC_DESKTOP, HID_USAGE_Y) != NULL, cases[i].is_good);
        rig_send(&rig, EV_KEY, BTN_LEFT, 1); /* its buttons are a mouse's then */
        assert_int_equal(rig_value(&rig, HID_PAGE_BUTTON, 1), 1);
        rig_end(&rig);
    }
}

/* INPUT-10: size 0 is no answer; HOST-29: an answer too short for what it should hold. */
static void test_missing_answers(void **unused)
{
    static const uint8_t range[20] = {0, 0, 0, 0, 100}; /* 0 to 100 */
    static struct rig rig;
    (void)unused;
    rig_make(&rig, (struct fake_options){.input = "nothing"}, NULL);
    assert_int_equal(rig_start(&rig, VIRTIO_PCI_NO_VECTOR), STATUS_NOT_SUPPORTED);
    assert_int_equal(rig.device.reason, VIRTIO_REASON_NO_HID_USAGE);
    assert_int_equal(fake_status(rig.fake) & 0x80, 0x80); /* told so */
    rig_end(&rig);
    rig_make(&rig, (struct fake_options){.input = "tablet"}, NULL);
    fake_input_answer(rig.fake, VIRTIO_INPUT_ABS_INFO, ABS_X, 19, range, sizeof(range));
    fake_input_answer(rig.fake, VIRTIO_INPUT_ID_DEVIDS, 0, 7, "", 0);
    assert_int_equal(rig_start(&rig, VIRTIO_PCI_NO_VECTOR), STATUS_SUCCESS);
    assert_false(rig.device.config.has_ids);
    assert_false(InputConfigHas(rig.device.config.abses, ABS_X));
    rig_end(&rig);
}

/* A structure too short for the selectors, or that ends within the data. */
static void test_short_structure(void **unused)
{
    static struct rig rig;
    (void)unused;
    rig_make(&rig, (struct fake_options){.input = "keyboard"}, "type-length=7");
    assert_int_equal(rig_start(&rig, VIRTIO_PCI_NO_VECTOR), STATUS_NOT_SUPPORTED);
    assert_int_equal(rig.device.reason, VIRTIO_REASON_CAP_DEVICE_MISSING);
    rig_end(&rig);
    rig_make(&rig, (struct fake_options){.input = "keyboard"}, "type-length=16");
    assert_int_equal(rig_start(&rig, VIRTIO_PCI_NO_VECTOR), STATUS_SUCCESS);
    assert_int_equal(rig.device.config.name_length, 8);
    assert_true(InputConfigHas(rig.device.config.keys, KEY_A));
    assert_false(InputConfigHas(rig.device.config.keys, KEY_F24)); /* behind the end */
    rig_check_rules(&rig);
    rig_end(&rig);
    rig_make(&rig, (struct fake_options){.input = "keyboard"}, "caps-no-type");
    assert_int_not_equal(rig_start(&rig, VIRTIO_PCI_NO_VECTOR), STATUS_SUCCESS);
    rig_end(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_qemu_devices),
        cmocka_unit_test(test_query_order),
        cmocka_unit_test(test_strings_without_end),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_identity),
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_missing_answers),
        cmocka_unit_test(test_short_structure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
