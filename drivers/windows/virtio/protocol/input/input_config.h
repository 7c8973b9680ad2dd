/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What an input device says about itself, read query by query through select and subsel, and made plausible.
 * VIRTIO 1.x "Input Device: Device configuration layout". Layer: core. Highest IRQL: DIRQL.
 */
#ifndef INPUT_CONFIG_H
#define INPUT_CONFIG_H

#include "virtio_input_proto.h"
#include "virtio_pci_modern.h"

#define INPUT_AXIS_COUNT 2 /* absolute axes that are read: ABS_X and ABS_Y, by their codes */

typedef struct _INPUT_ABS_RANGE {
    INT32 minimum;
    INT32 maximum;     /* above minimum; both 0 when the device does not have the axis, or not plausibly */
    UINT32 resolution; /* units per millimetre; 0: not known */
} INPUT_ABS_RANGE;

/* Sanitised: every field may be used without a check. Bitmaps have bit code % 8 of byte code / 8. */
typedef struct _INPUT_CONFIG {
    BOOLEAN has_ids;   /* the device has ID_DEVIDS */
    UINT8 name_length; /* bytes of name; no terminator anywhere, any bytes */
    UINT8 serial_length;
    UINT8 name[VIRTIO_INPUT_DATA_MAX];
    UINT8 serial[VIRTIO_INPUT_DATA_MAX];
    UINT16 bus_type; /* these four: 0 unless has_ids */
    UINT16 vendor;
    UINT16 product;
    UINT16 version;
    UINT8 props[INPUT_PROP_COUNT / 8];
    UINT8 keys[INPUT_KEY_COUNT / 8];
    UINT8 rels[INPUT_REL_COUNT / 8];
    UINT8 abses[INPUT_ABS_COUNT / 8]; /* an axis of a range that is not plausible is taken away */
    UINT8 leds[INPUT_LED_COUNT / 8];
    INPUT_ABS_RANGE ranges[INPUT_AXIS_COUNT];
    UINT32 refused; /* answers that were cut or dropped: too long, or min >= max */
} INPUT_CONFIG;

/* Whether a bitmap has a bit. code is below the bitmap's number of bits. IRQL: any. */
#define InputConfigHas(bitmap, code) ((BOOLEAN)(((bitmap)[(code) / 8] >> ((code) % 8)) & 1))

/*
 * Reads everything. Each query writes select and subsel, reads size, then no more data than size says, at most
 * VIRTIO_INPUT_DATA_MAX bytes and none behind the device's structure.
 *
 * pci      FEATURES_OK is set (INIT-20)
 * config   out: what the device does not answer is empty
 *
 * IRQL:    any up to DIRQL
 * Locks:   nobody else may touch the device configuration meanwhile (INPUT-14)
 * Returns: STATUS_SUCCESS; else pci->reason: CAP_DEVICE_MISSING, CONFIG_UNSTABLE, DEVICE_GONE; *config is zeroed then
 * Spec:    INPUT-01 to INPUT-03, INPUT-09 to INPUT-11, INPUT-14, HOST-29
 */
NTSTATUS InputConfigRead(VIRTIO_PCI_DEVICE *pci, INPUT_CONFIG *config);

#endif
