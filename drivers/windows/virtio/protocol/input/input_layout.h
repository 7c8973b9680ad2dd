/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The reports of one device, field by field: made of its bitmaps, and the only description of them. The report
 * descriptor is printed from it (input_descriptor.h), events are translated with it (input_report.h), LED reports are
 * read with it (input_device.h).
 * HID 1.11 "Report Descriptor". Layer: core. Highest IRQL: any.
 */
#ifndef INPUT_LAYOUT_H
#define INPUT_LAYOUT_H

#include "hid_usage.h"
#include "input_config.h"

/* Each is a top-level collection of its own with one input report; report ids are these numbers plus one. */
typedef enum _INPUT_COLLECTION {
    INPUT_COLLECTION_KEYBOARD,
    INPUT_COLLECTION_CONSUMER,
    INPUT_COLLECTION_SYSTEM,
    INPUT_COLLECTION_MOUSE,
    INPUT_COLLECTION_TABLET,
    INPUT_COLLECTION_COUNT
} INPUT_COLLECTION;

#define INPUT_REPORT_ID(collection)   ((UINT8)((collection) + 1))
#define INPUT_COLLECTION_OF(reportid) ((UINT32)(reportid)-1) /* INPUT_COLLECTION_COUNT or more: no such report */

#define INPUT_REPORT_MAX    32  /* bytes of the longest report, its id included */
#define INPUT_FIELDS_MAX    32
#define INPUT_USAGES_MAX    192 /* of all fields that list them one by one */
#define INPUT_RELATIVE_MAX  32767
#define INPUT_NO_SLOT       0xFFFF

/* A slot is where an event code lies: collection << 12 | bit offset in its report. */
#define INPUT_SLOT(collection, bit)  ((UINT16)((collection) << 12 | (bit)))
#define INPUT_SLOT_COLLECTION(slot)  ((UINT32)(slot) >> 12)
#define INPUT_SLOT_BIT(slot)         ((UINT32)(slot)&0xFFF)

typedef enum _INPUT_FIELD_TYPE {
    INPUT_FIELD_BITS,     /* input, a bit per usage */
    INPUT_FIELD_RELATIVE, /* input, signed, one usage */
    INPUT_FIELD_ABSOLUTE, /* input, one usage */
    INPUT_FIELD_LEDS,     /* output, a bit per usage */
    INPUT_FIELD_PADDING,  /* input, constant */
    INPUT_FIELD_PADDING_OUT
} INPUT_FIELD_TYPE;

typedef struct _INPUT_FIELD {
    UINT8 type;         /* INPUT_FIELD_TYPE */
    UINT8 collection;   /* INPUT_COLLECTION; fields of one are neighbours */
    UINT8 bit_size;     /* of one usage; padding: of all of it */
    BOOLEAN is_range;   /* usages are usage, usage + 1, ...; else they are layout->usages from usage on */
    UINT16 page;
    UINT16 usage;
    UINT16 count;       /* of usages, each of bit_size; padding: 1 */
    UINT16 bit_offset;  /* in the report, its id byte included */
    INT32 minimum;      /* logical */
    INT32 maximum;
    INT32 physical_minimum; /* in hundredths of a millimetre; both 0: none */
    INT32 physical_maximum;
} INPUT_FIELD;

/* Filled in by InputLayoutBuild; read-only afterwards. */
typedef struct _INPUT_LAYOUT {
    UINT8 field_count;
    UINT16 usage_count;
    INPUT_FIELD fields[INPUT_FIELDS_MAX];
    UINT16 usages[INPUT_USAGES_MAX];
    UINT8 input_length[INPUT_COLLECTION_COUNT]; /* bytes with id; 0: the device does not have this collection */
    UINT8 output_length;                        /* of the keyboard's LED report; 0: none */
    UINT16 key_slot[INPUT_KEY_COUNT];           /* or INPUT_NO_SLOT */
    UINT16 rel_slot[INPUT_REL_COUNT];           /* 16 bits each */
    UINT16 abs_slot[INPUT_AXIS_COUNT];          /* abs_bits each */
    UINT8 abs_bits[INPUT_AXIS_COUNT];           /* 16 or 32 */
    INPUT_ABS_RANGE ranges[INPUT_AXIS_COUNT];
    UINT16 led_bit[INPUT_LED_COUNT];            /* bit offset in the LED report, or INPUT_NO_SLOT */
    UINT16 led_mask;                            /* bit code: the device has that LED */
} INPUT_LAYOUT;

/*
 * Decides which collections the device gets, and lays their reports out.
 *
 * Keyboard: any keyboard usage; LEDs only beside them. Mouse: a relative axis or wheel, or buttons and no tablet.
 * Tablet: ABS_X and ABS_Y. A device that is both gives its buttons and wheels to the mouse.
 *
 * config     sanitised
 * has_leds   FALSE: LEDs cannot be set, leave them out
 * layout     out
 *
 * IRQL:    any
 * Returns: TRUE; FALSE: nothing of the device has a HID usage
 * Spec:    INPUT-10
 */
BOOLEAN InputLayoutBuild(const INPUT_CONFIG *config, BOOLEAN has_leds, INPUT_LAYOUT *layout);

#endif
