/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * How an input device presents itself to HIDCLASS: HID descriptor, attributes and strings, of what its configuration
 * says. HID 1.11 "HID Descriptor"; the layouts are those of HID_DESCRIPTOR and HID_DEVICE_ATTRIBUTES, which the glue
 * copies them to. Layer: core. Highest IRQL: any.
 */
#ifndef INPUT_IDENTITY_H
#define INPUT_IDENTITY_H

#include "input_config.h"

#define INPUT_HID_DESCRIPTOR_LENGTH 9
#define INPUT_HID_VERSION           0x0111 /* bcdHID */
#define INPUT_HID_DESCRIPTOR_TYPE   0x21
#define INPUT_HID_REPORT_TYPE       0x22

/* For a device that names no vendor: virtio's, and the type's device id */
#define INPUT_FALLBACK_VENDOR       0x1AF4
#define INPUT_FALLBACK_PRODUCT      VIRTIO_INPUT_DEVICE_ID
#define INPUT_FALLBACK_VERSION      0x0001

/* String ids of IOCTL_HID_GET_STRING */
#define INPUT_STRING_MANUFACTURER   14
#define INPUT_STRING_PRODUCT        15
#define INPUT_STRING_SERIAL         16
#define INPUT_STRING_MAX            ((VIRTIO_INPUT_DATA_MAX + 1) * 2) /* bytes, terminator included */

typedef struct _INPUT_HID_ATTRIBUTES {
    UINT32 size; /* of this record */
    UINT16 vendor;
    UINT16 product;
    UINT16 version;
    UINT16 reserved[11];
} INPUT_HID_ATTRIBUTES;
VIRTIO_STATIC_ASSERT(sizeof(INPUT_HID_ATTRIBUTES) == 32);
VIRTIO_STATIC_ASSERT(offsetof(INPUT_HID_ATTRIBUTES, version) == 8);

/* Writes INPUT_HID_DESCRIPTOR_LENGTH bytes: one report descriptor of that length, no country. IRQL: any. */
VOID InputIdentityHidDescriptor(UINT16 report_descriptor_length, UINT8 *descriptor);

/* ID_DEVIDS, or the fallback where there are none or the vendor is 0. IRQL: any. */
VOID InputIdentityAttributes(const INPUT_CONFIG *config, INPUT_HID_ATTRIBUTES *attributes);

/*
 * A string in UTF-16, terminated. Product is ID_NAME, serial number ID_SERIAL; characters other than printable ASCII
 * become '_', blanks around go.
 *
 * string_id  INPUT_STRING_*
 * buffer     out: size bytes, INPUT_STRING_MAX always suffice; nothing is written unless STATUS_SUCCESS
 * length     out: bytes written; with STATUS_BUFFER_TOO_SMALL the bytes needed
 *
 * IRQL:    any
 * Returns: STATUS_SUCCESS; STATUS_NOT_FOUND: the device has no such string; STATUS_INVALID_PARAMETER: no such id;
 *          STATUS_BUFFER_TOO_SMALL
 * Spec:    INPUT-09
 */
NTSTATUS InputIdentityString(const INPUT_CONFIG *config, UINT32 string_id, UINT16 *buffer, size_t size, UINT32 *length);

#endif
