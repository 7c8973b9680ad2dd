/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * virtio-input: the KMDF 1.9 driver for virtio keyboards, mice and tablets on Windows 7, a HID device below the in-box
 * mshidkmdf.sys. What its callbacks share: device context and prototypes. Locks, states and IRQLs: TECHNOTES.md.
 * Layer: glue. Highest IRQL: DIRQL (stated per function).
 */
#ifndef VIRTIO_INPUT_H
#define VIRTIO_INPUT_H

#include <ntddk.h>
#include <wdf.h>
#include <hidport.h>

#include "input_device.h"
#include "virtio_diag.h"
#include "virtio_reason.h"
#include "virtio_version.h"

#define AEROVINPUT_POOL_TAG     0x6E497641 /* "AvIn": the queues' private memory */
#define AEROVINPUT_BARS         6
#define AEROVINPUT_PCI_CONFIG   256
#define AEROVINPUT_MESSAGES_MAX 3 /* events, status, configuration: more are of no use */
#define AEROVINPUT_WATCHDOG_MS  1000
#define AEROVINPUT_REPORTS_MAX  32 /* event log entries between two starts */

typedef struct _AEROVINPUT_BAR {
    PHYSICAL_ADDRESS start; /* as the processor sees it */
    ULONG length;           /* 0: no such memory BAR */
    PUCHAR mapped;
} AEROVINPUT_BAR;

/*
 * Context of the device object, zeroed by the framework. Under lock: device from is_ready on (before, PnP's callbacks
 * have it to themselves), is_ready and all fields behind it. The handles are written in EvtDriverDeviceAdd; the rest in
 * EvtDevicePrepareHardware and EvtDeviceReleaseHardware, while no interrupt is connected.
 */
typedef struct _AEROVINPUT_CONTEXT {
    INPUT_DEVICE device;
    WDFDEVICE handle;
    WDFSPINLOCK lock;
    WDFQUEUE reads; /* IOCTL_HID_READ_REPORT that wait for a report */
    WDFDPC dpc;     /* goes on where an interrupt's DPC had enough */
    WDFTIMER watchdog;
    WDFDMAENABLER dma_enabler;
    WDFINTERRUPT interrupts[AEROVINPUT_MESSAGES_MAX];

    WDFCOMMONBUFFER dma; /* NULL without hardware */
    WDFMEMORY state;
    INPUT_MEMORY memory;
    ULONG report_size;                          /* bytes of the longest input report */
    INPUT_REPORTS kept_reports;                 /* over a PnP stop; see hardware.c */
    UINT8 kept_lengths[INPUT_COLLECTION_COUNT]; /* of the device that they belong to */
    BOOLEAN has_interrupt;                      /* PnP granted one */
    UINT16 message_count;                       /* messages in use; 0: line interrupt */
    AEROVINPUT_BAR bars[AEROVINPUT_BARS];
    UINT8 pci_config[AEROVINPUT_PCI_CONFIG];

    volatile LONG config_pending; /* the ISR saw a configuration change; interlocked */
    BOOLEAN is_ready;             /* device may be used: it was probed and has its memory */
    BOOLEAN is_gone;              /* surprise removal */
    BOOLEAN is_pumping;           /* somebody hands out reports */
    BOOLEAN pump_again;           /* there is more for that somebody */
    ULONG active_collections;     /* by number: what HIDCLASS activated */
    VIRTIO_REASON reported_reason;
    ULONG report_count;
} AEROVINPUT_CONTEXT;

WDF_DECLARE_CONTEXT_TYPE_WITH_NAME(AEROVINPUT_CONTEXT, AerovinputContext)

/* Callbacks, one noun a file. */
EVT_WDF_DRIVER_DEVICE_ADD AerovinputDeviceAdd;
EVT_WDF_DEVICE_PREPARE_HARDWARE AerovinputPrepareHardware;
EVT_WDF_DEVICE_RELEASE_HARDWARE AerovinputReleaseHardware;
EVT_WDF_DEVICE_D0_ENTRY AerovinputD0Entry;
EVT_WDF_DEVICE_D0_ENTRY_POST_INTERRUPTS_ENABLED AerovinputInterruptsEnabled;
EVT_WDF_DEVICE_D0_EXIT AerovinputD0Exit;
EVT_WDF_DEVICE_SURPRISE_REMOVAL AerovinputSurpriseRemoval;
EVT_WDF_TIMER AerovinputWatchdog;
EVT_WDF_INTERRUPT_ISR AerovinputIsr;
EVT_WDF_INTERRUPT_DPC AerovinputInterruptDpc;
EVT_WDF_DPC AerovinputDpc;
EVT_WDF_IO_QUEUE_IO_INTERNAL_DEVICE_CONTROL AerovinputInternalDeviceControl;

/* What INPUT_DEVICE asks of the system; the context is AEROVINPUT_CONTEXT. */
extern const VIRTIO_PCI_OPS aerovinput_pci_ops;

/*
 * Reads PCI configuration space and finds the memory range of each BAR. Fills pci_config and bars.
 *
 * raw, translated  the device's resources, as of EvtDevicePrepareHardware
 *
 * IRQL:    PASSIVE_LEVEL
 * Returns: FALSE: configuration space cannot be read
 */
BOOLEAN AerovinputPciInit(AEROVINPUT_CONTEXT *context, WDFCMRESLIST raw, WDFCMRESLIST translated);

/* Unmaps what aerovinput_pci_ops mapped. IRQL: PASSIVE_LEVEL. */
VOID AerovinputPciUninit(AEROVINPUT_CONTEXT *context);

/*
 * Takes the queues' memory: a common buffer for what the device sees, pool for the rest. context->device is probed.
 *
 * IRQL:    PASSIVE_LEVEL
 * Returns: FALSE: the system has none; AerovinputMemoryUninit takes back what there is
 */
BOOLEAN AerovinputMemoryInit(AEROVINPUT_CONTEXT *context);

/*
 * Gives the queues' memory back.
 *
 * is_free  FALSE: the device may still write to it, so the common buffer is never given back
 *
 * IRQL:    PASSIVE_LEVEL
 */
VOID AerovinputMemoryUninit(AEROVINPUT_CONTEXT *context, BOOLEAN is_free);

/*
 * Creates one interrupt object for each message that is of use; PnP grants all, one, or a line instead.
 *
 * IRQL:    PASSIVE_LEVEL, in EvtDriverDeviceAdd
 * Returns: that of WdfInterruptCreate
 */
NTSTATUS AerovinputInterruptCreate(AEROVINPUT_CONTEXT *context);

/*
 * Looks up what PnP granted: has_interrupt and message_count. context->device is probed.
 *
 * IRQL:    PASSIVE_LEVEL
 * Returns: FALSE: nothing that the device could use
 */
BOOLEAN AerovinputInterruptFind(AEROVINPUT_CONTEXT *context, WDFCMRESLIST translated);

/* Which message each source of interrupts gets. IRQL: any. */
VOID AerovinputInterruptPlan(const AEROVINPUT_CONTEXT *context, INPUT_VECTORS *vectors);

/*
 * Takes an IOCTL_HID_READ_REPORT: it waits for a report, or fails at once when the device is gone.
 *
 * IRQL:    <= DISPATCH_LEVEL. Locks: takes the lock
 */
VOID AerovinputRead(AEROVINPUT_CONTEXT *context, WDFREQUEST request);

/*
 * Hands out reports to waiting reads, in order: while one caller does, others only leave word. Ends all reads of a
 * device that is gone.
 *
 * IRQL:    <= DISPATCH_LEVEL. Locks: takes the lock; completes requests without it
 */
VOID AerovinputPump(AEROVINPUT_CONTEXT *context);

/* Ends the reads that wait now. IRQL: <= DISPATCH_LEVEL. Locks: none may be held. */
VOID AerovinputEndReads(AEROVINPUT_CONTEXT *context, NTSTATUS status);

/*
 * An output report: the LEDs.
 *
 * information  out: bytes taken
 *
 * IRQL:    <= DISPATCH_LEVEL. Locks: the lock is held
 * Returns: as InputDeviceWriteReport
 * Spec:    INPUT-07, INPUT-13
 */
NTSTATUS AerovinputWriteOutput(AEROVINPUT_CONTEXT *context, const HID_XFER_PACKET *packet, ULONG_PTR *information);

/* The part of the report descriptor that belongs to the driver, not to the device: see virtio_diag.h. */
#define AEROVINPUT_DIAG_COLLECTION_LENGTH 24
extern const UINT8 aerovinput_diag_collection[AEROVINPUT_DIAG_COLLECTION_LENGTH];

/*
 * The diagnostic record as a feature report.
 *
 * information  out: bytes written
 *
 * IRQL:    <= DISPATCH_LEVEL. Locks: the lock is held
 * Returns: STATUS_SUCCESS; STATUS_INVALID_PARAMETER: another report; STATUS_BUFFER_TOO_SMALL
 */
NTSTATUS AerovinputReadDiag(AEROVINPUT_CONTEXT *context, const HID_XFER_PACKET *packet, ULONG_PTR *information);

/*
 * Writes the device's last fault to the event log, unless that was its last entry or there were too many.
 *
 * IRQL:    <= DISPATCH_LEVEL. Locks: takes the lock
 */
VOID AerovinputReport(AEROVINPUT_CONTEXT *context);

#endif
