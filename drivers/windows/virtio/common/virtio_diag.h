/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The diagnostic record that every driver hands to a user program: what device it found, what it negotiated, how it
 * gets interrupts, what it counted and what went wrong last. The layout is an interface: new fields only at the end,
 * with a higher version; a reader takes `size` bytes at most.
 *
 * A storage driver answers IOCTL_SCSI_MINIPORT (ntddscsi.h) with signature VIRTIO_DIAG_SIGNATURE and control code
 * VIRTIO_DIAG_CODE_QUERY; the record follows the SRB_IO_CONTROL header. Other control codes of that signature and other
 * signatures fail.
 *
 * A network driver answers a query of its own identifier, VIRTIO_DIAG_NDIS_OID, and maps VIRTIO_DIAG_NDIS_GUID to it
 * (OID_GEN_SUPPORTED_GUIDS). NDIS registers the GUID with WMI, and passes what a program asks of it on to the driver: the
 * class AeroNetDiagnostics in root\wmi, once aerovnet.mof was compiled (mofcomp), has one instance for
 * each adapter, and the record as an array of bytes.
 *
 * An input driver has a HID collection of its own beside those of the device: usage page VIRTIO_DIAG_HID_USAGE_PAGE, usage
 * VIRTIO_DIAG_HID_USAGE, nothing but a feature report. A program finds it among the HID interfaces by HidP_GetCaps and calls
 * HidD_GetFeature with a buffer of VIRTIO_DIAG_HID_REPORT_LENGTH bytes, of which it sets the first to
 * VIRTIO_DIAG_HID_REPORT_ID; the record follows that byte.
 * Layer: below everything; also for user programs (VIRTIO_USER_MODE). IRQL: any.
 */
#ifndef VIRTIO_DIAG_H
#define VIRTIO_DIAG_H

#include <stddef.h>

#include "virtio_osdep.h"

#define VIRTIO_DIAG_SIGNATURE        "AEROVIRT" /* eight characters, no terminator in SRB_IO_CONTROL */
#define VIRTIO_DIAG_SIGNATURE_LENGTH 8
#define VIRTIO_DIAG_CODE_QUERY       0x41560001

#define VIRTIO_DIAG_NDIS_OID  0xFFAE5601 /* 0xFF: of a vendor's own */
#define VIRTIO_DIAG_NDIS_GUID {0x6E0E2D4B, 0x5C0A, 0x4F7E, {0x9D, 0x37, 0x41, 0x45, 0x52, 0x4F, 0x56, 0x4E}}

#define VIRTIO_DIAG_HID_USAGE_PAGE    0xFF41 /* vendor-defined */
#define VIRTIO_DIAG_HID_USAGE         0x56
#define VIRTIO_DIAG_HID_REPORT_ID     0x56
#define VIRTIO_DIAG_HID_REPORT_LENGTH (1 + sizeof(VIRTIO_DIAG))

#define VIRTIO_DIAG_VERSION    1
#define VIRTIO_DIAG_QUEUES_MAX 8

#define VIRTIO_DIAG_INTERRUPT_NONE    0
#define VIRTIO_DIAG_INTERRUPT_LINE    1
#define VIRTIO_DIAG_INTERRUPT_MESSAGE 2

typedef struct _VIRTIO_DIAG_QUEUE {
    UINT16 index;
    UINT16 size;
    UINT16 device_size; /* what the device offered */
    UINT16 in_flight;
} VIRTIO_DIAG_QUEUE;

typedef struct _VIRTIO_DIAG {
    UINT16 version;        /* VIRTIO_DIAG_VERSION */
    UINT16 size;           /* of the record as the driver knows it */
    UINT32 driver_version; /* VIRTIO_VERSION_NUMBER */
    UINT16 pci_device_id;
    UINT8 pci_revision;
    UINT8 device_status;
    UINT8 state;           /* the driver's own state number; 2 is running in every driver */
    UINT8 interrupt_mode;  /* VIRTIO_DIAG_INTERRUPT_* */
    UINT16 message_count;  /* interrupt messages in use */
    UINT64 offered_features;
    UINT64 features;
    UINT32 last_reason;    /* VIRTIO_REASON */
    UINT32 last_reason_detail;
    UINT64 interrupts;
    UINT64 polled;         /* work found by the watchdog */
    UINT64 resets;
    UINT64 config_changes;
    UINT64 requests_in;    /* reads, received frames, input events, captured periods */
    UINT64 requests_out;
    UINT64 requests_other; /* flushes, control requests */
    UINT64 errors;
    UINT64 kicks;
    UINT64 waited;         /* requests that found the ring full */
    UINT64 device_specific[4]; /* block: capacity in sectors, block size, segment limit, transfer limit. Network: merged
                                  frames, receive checksums good, transmit checksums, segmented frames. Input:
                                  unknown events, suspected losses, input bytes of all reports, report descriptor bytes */
    UINT32 queue_count;
    UINT32 reserved;
    VIRTIO_DIAG_QUEUE queues[VIRTIO_DIAG_QUEUES_MAX];
} VIRTIO_DIAG;

VIRTIO_STATIC_ASSERT(sizeof(VIRTIO_DIAG_QUEUE) == 8);
VIRTIO_STATIC_ASSERT(offsetof(VIRTIO_DIAG, offered_features) == 16);
VIRTIO_STATIC_ASSERT(offsetof(VIRTIO_DIAG, interrupts) == 40);
VIRTIO_STATIC_ASSERT(offsetof(VIRTIO_DIAG, device_specific) == 120);
VIRTIO_STATIC_ASSERT(offsetof(VIRTIO_DIAG, queues) == 160);
VIRTIO_STATIC_ASSERT(sizeof(VIRTIO_DIAG) == 224);

#endif
