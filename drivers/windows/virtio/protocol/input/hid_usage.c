/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The usage table's rows as data. Layer: core. Highest IRQL: any. */
#include "hid_usage.h"

#include "input_usage_table.h"

#define KEY_ROW(name, code, kind, usage) {code, usage, INPUT_KIND_##kind},
#define LED_ROW(name, code, usage)       {code, usage, INPUT_KIND_NONE},

const INPUT_USAGE input_key_usages[] = {INPUT_KEY_TABLE(KEY_ROW)};
const UINT16 input_key_usage_count = VIRTIO_ARRAY_COUNT(input_key_usages);
const INPUT_USAGE input_led_usages[] = {INPUT_LED_TABLE(LED_ROW)};
const UINT16 input_led_usage_count = VIRTIO_ARRAY_COUNT(input_led_usages);

UINT16 HidUsagePage(INPUT_KIND kind)
{
    static const UINT16 pages[INPUT_KIND_COUNT] = {0, HID_PAGE_KEYBOARD, HID_PAGE_CONSUMER, HID_PAGE_GENERIC_DESKTOP,
                                                   HID_PAGE_BUTTON};

    return (UINT32)kind < INPUT_KIND_COUNT ? pages[kind] : 0;
}
