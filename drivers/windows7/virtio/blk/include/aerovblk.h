/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * aerovblk: the StorPort miniport for virtio-blk on Windows 7. What its callbacks share: the adapter
 * (HwDeviceExtension), the per-request part (SrbExtension) and the prototypes. Locks, states and IRQLs: TECHNOTES.md.
 * Layer: glue. Highest IRQL: DIRQL (stated per function).
 */
#ifndef AEROVBLK_H
#define AEROVBLK_H

#include <ntddk.h>
#include <storport.h>

#include "blk_device.h"
#include "blk_scsi.h"
#include "virtio_diag.h"
#include "virtio_reason.h"
#include "virtio_version.h"
#include "virtqueue_split.h"
#include "virtqueue_split_legacy.h"

#define AEROVBLK_BARS          6
#define AEROVBLK_PCI_CONFIG    256
#define AEROVBLK_LOCATION_MAX  16
#define AEROVBLK_WATCHDOG_US   1000000
#define AEROVBLK_QUEUE_DEPTH   254 /* what StorPort sends to one unit at most */
#define AEROVBLK_REPORTS_MAX   32 /* event log entries in one life of the adapter */

/* Bytes behind AEROVBLK_ADAPTER in the device extension: private memory of the largest queue. */
#define AEROVBLK_PRIVATE_SLACK 64

typedef struct _AEROVBLK_BAR {
    STOR_PHYSICAL_ADDRESS start;
    ULONG length; /* 0: no such memory BAR */
    PUCHAR mapped;
} AEROVBLK_BAR;

/* A block that is handed out from the front and taken back as a whole. */
typedef struct _AEROVBLK_REGION {
    PUCHAR base;
    UINT64 device_address;
    SIZE_T size;
    SIZE_T used;
} AEROVBLK_REGION;

/*
 * StorPort zeroes this once, at allocation, and hands it out again after a PnP stop: AerovblkFindAdapter writes every
 * field. device is guarded by the interrupt lock while is_ready is set; before the start is over and after a stop,
 * start and stop own it: interrupts only read the ISR then, the watchdog ends, and a reset does nothing. The other
 * fields are written at PASSIVE_LEVEL before is_ready.
 */
typedef struct _AEROVBLK_ADAPTER {
    BLK_DEVICE device;
    volatile BOOLEAN is_ready;
    ULONG message_count; /* 0: line interrupt */
    INTERFACE_TYPE interface_type;
    ULONG bus;
    ULONG slot;
    AEROVBLK_BAR bars[AEROVBLK_BARS];
    UINT8 pci_config[AEROVBLK_PCI_CONFIG];
    AEROVBLK_REGION dma;
    AEROVBLK_REGION private_memory;
    char location[AEROVBLK_LOCATION_MAX];
    BOOLEAN is_depth_set;          /* StartIo lock */
    VIRTIO_REASON reported_reason; /* what the event log said last; StartIo lock */
    ULONG report_count;
} AEROVBLK_ADAPTER;

/* The uninitialised SrbExtension of an SRB. */
typedef struct _AEROVBLK_SRB {
    BLK_REQUEST request;
    PSTOR_SCATTER_GATHER_LIST list; /* StorPort's own; NULL: no data */
} AEROVBLK_SRB;

/* Callbacks, one file each. */
ULONG NTAPI DriverEntry(PVOID driver_object, PVOID registry_path);
ULONG NTAPI AerovblkFindAdapter(PVOID extension, PVOID context, PVOID bus_information, PCHAR arguments,
                                PPORT_CONFIGURATION_INFORMATION config, PBOOLEAN again);
BOOLEAN NTAPI AerovblkInitialize(PVOID extension);
BOOLEAN NTAPI AerovblkPassiveInitialize(PVOID extension);
BOOLEAN NTAPI AerovblkBuildIo(PVOID extension, PSCSI_REQUEST_BLOCK srb);
BOOLEAN NTAPI AerovblkStartIo(PVOID extension, PSCSI_REQUEST_BLOCK srb);
BOOLEAN NTAPI AerovblkInterrupt(PVOID extension);
BOOLEAN NTAPI AerovblkMessageInterrupt(PVOID extension, ULONG message);
VOID NTAPI AerovblkWatchdog(PVOID extension);
BOOLEAN NTAPI AerovblkResetBus(PVOID extension, ULONG path);
SCSI_ADAPTER_CONTROL_STATUS NTAPI AerovblkAdapterControl(PVOID extension, SCSI_ADAPTER_CONTROL_TYPE type,
                                                         PVOID parameters);

/* What BLK_DEVICE asks of the system; the context of both is the adapter. */
extern const VIRTIO_PCI_OPS aerovblk_pci_ops;
extern const virtio_os_ops_t aerovblk_os_ops;

/*
 * Reads the PCI header and finds the memory range of each BAR. Fills pci_config, bars, bus, slot, interface_type and
 * location.
 *
 * IRQL:    PASSIVE_LEVEL
 * Returns: FALSE: configuration space cannot be read
 */
BOOLEAN AerovblkPciInit(AEROVBLK_ADAPTER *adapter, const PORT_CONFIGURATION_INFORMATION *config);

/* Unmaps what aerovblk_pci_ops mapped. IRQL: PASSIVE_LEVEL. */
VOID AerovblkPciUninit(AEROVBLK_ADAPTER *adapter);

/*
 * Gives the queue its memory: the uncached extension for DMA, the end of the device extension for the rest.
 *
 * earlier   the uncached extension of an earlier start, base NULL: none. StorPort gives none while there is one, and
 *           does not say whether a PnP stop took it back
 *
 * IRQL:    PASSIVE_LEVEL, in HwFindAdapter, with config filled
 * Returns: FALSE: the system has no memory
 */
BOOLEAN AerovblkMemoryInit(AEROVBLK_ADAPTER *adapter, PPORT_CONFIGURATION_INFORMATION config,
                           const AEROVBLK_REGION *earlier);

/*
 * Completes ended requests towards StorPort.
 *
 * IRQL:    any up to DIRQL. Locks: any
 */
VOID AerovblkCompleteList(AEROVBLK_ADAPTER *adapter, BLK_REQUEST_LIST *done);

/* Completes one SRB with a status of its own, and no data. IRQL: any up to DIRQL. Locks: any. */
VOID AerovblkCompleteSrb(AEROVBLK_ADAPTER *adapter, PSCSI_REQUEST_BLOCK srb, UCHAR srb_status);

/* Completes one SRB from a finished SCSI command: status, sense and length. IRQL: any up to DIRQL. Locks: any. */
VOID AerovblkCompleteAction(AEROVBLK_ADAPTER *adapter, PSCSI_REQUEST_BLOCK srb, const SCSI_ACTION *action);

/*
 * Resets the device and brings it up again, then completes what it gave back. A stopped or removed adapter is left
 * alone.
 *
 * IRQL:    DISPATCH_LEVEL. Locks: StartIo held; takes the interrupt lock
 * Returns: TRUE: it runs again
 */
BOOLEAN AerovblkRecover(AEROVBLK_ADAPTER *adapter, VIRTIO_REASON reason);

/*
 * Resets the device for good, until a restart, and appends what it gave back to done.
 *
 * IRQL:    any up to DIRQL. Locks: the interrupt lock
 */
VOID AerovblkStop(AEROVBLK_ADAPTER *adapter, BLK_REQUEST_LIST *done);

/* Asks for the next call of AerovblkWatchdog, in AEROVBLK_WATCHDOG_US. IRQL: any up to DIRQL. */
VOID AerovblkArmWatchdog(AEROVBLK_ADAPTER *adapter);

/*
 * Fills a diagnostic record into an IOCTL_SCSI_MINIPORT buffer.
 *
 * srb      IO_CONTROL; its buffer is checked here
 *
 * IRQL:    any. Locks: the interrupt lock
 * Returns: the SRB status; DataTransferLength is set
 */
UCHAR AerovblkIoControl(AEROVBLK_ADAPTER *adapter, PSCSI_REQUEST_BLOCK srb);

/*
 * Writes the device's last fault to the event log, unless that was its last entry or there were too many. Reads the
 * reason without the interrupt lock: a newer one is reported the next time.
 *
 * IRQL:    <= DISPATCH_LEVEL. Locks: StartIo held, or the adapter is not started yet
 */
VOID AerovblkReport(AEROVBLK_ADAPTER *adapter);

#endif
