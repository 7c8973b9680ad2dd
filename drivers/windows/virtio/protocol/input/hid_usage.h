/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What a Linux event code is called in HID: the one table for keys, buttons and LEDs, and the pages and usages that the
 * driver names itself. HID Usage Tables 1.12 and later; the rows are in input_usage_table.h.
 * Layer: core. IRQL: any.
 */
#ifndef HID_USAGE_H
#define HID_USAGE_H

#include "virtio_input_proto.h"

#define HID_PAGE_GENERIC_DESKTOP  0x01
#define HID_PAGE_KEYBOARD         0x07
#define HID_PAGE_LED              0x08
#define HID_PAGE_BUTTON           0x09
#define HID_PAGE_CONSUMER         0x0C

#define HID_USAGE_POINTER         0x01
#define HID_USAGE_MOUSE           0x02
#define HID_USAGE_KEYBOARD        0x06
#define HID_USAGE_X               0x30
#define HID_USAGE_Y               0x31
#define HID_USAGE_WHEEL           0x38
#define HID_USAGE_SYSTEM_CONTROL  0x80
#define HID_USAGE_CONSUMER        0x01  /* consumer page: consumer control */
#define HID_USAGE_AC_PAN          0x238 /* consumer page: horizontal wheel */

#define HID_USAGE_KEY_FIRST       0x04  /* keyboard page: below are error codes */
#define HID_USAGE_KEY_LAST        0xDD
#define HID_USAGE_MODIFIER_FIRST  0xE0
#define HID_USAGE_MODIFIER_LAST   0xE7
#define HID_BUTTONS_MAX           32    /* of one pointer */

/* Which collection a key belongs to; the page follows from it. */
typedef enum _INPUT_KIND {
    INPUT_KIND_NONE,     /* no HID usage: events of it are counted as unknown */
    INPUT_KIND_KEYBOARD, /* keyboard page; usages from HID_USAGE_MODIFIER_FIRST on are modifiers */
    INPUT_KIND_CONSUMER, /* consumer page */
    INPUT_KIND_SYSTEM,   /* generic desktop page, system control */
    INPUT_KIND_BUTTON,   /* button page, usage is the button's number from 1 */
    INPUT_KIND_COUNT
} INPUT_KIND;

typedef struct _INPUT_USAGE {
    UINT16 code;  /* of EV_KEY or EV_LED */
    UINT16 usage; /* 0 with INPUT_KIND_NONE */
    UINT8 kind;   /* INPUT_KIND; unused for LEDs */
} INPUT_USAGE;

/* Sorted by code, each code once. Several codes may have one usage: it is down while any of them is. */
extern const INPUT_USAGE input_key_usages[];
extern const UINT16 input_key_usage_count;
extern const INPUT_USAGE input_led_usages[]; /* LED page */
extern const UINT16 input_led_usage_count;

/* The usage page of a kind; 0 for INPUT_KIND_NONE. IRQL: any. */
UINT16 HidUsagePage(INPUT_KIND kind);

#endif
