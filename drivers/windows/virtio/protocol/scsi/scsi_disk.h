/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A direct-access SCSI logical unit, as bytes in and bytes out: answers what can be answered from a description of the
 * disk, and says what else has to be done (read, write, flush). Knows no virtio and no framework.
 * SPC-3 and SBC-3. Layer: core. Highest IRQL: any.
 *
 * The CDB, its length and the buffer's length may come from a user program (SCSI pass-through): nothing in them is
 * believed. A command's data is bounded by the allocation length and by the buffer, whichever is shorter.
 */
#ifndef SCSI_DISK_H
#define SCSI_DISK_H

#include "virtio_osdep.h"
#include "scsi_proto.h"

#define SCSI_SERIAL_MAX 20

/* The disk. Written by its owner at start and on a capacity change, under the lock that ScsiDiskExecute runs under. */
typedef struct _SCSI_DISK {
    UINT64 block_count; /* logical blocks; 0: not ready */
    UINT32 block_size;  /* bytes, power of two from 512 to 65536 */
    UINT8 physical_exponent;     /* 2^n logical blocks make a physical one, 0 to 15 */
    UINT16 lowest_aligned_block; /* below 2^14 */
    BOOLEAN read_only;
    BOOLEAN write_cache;         /* a completed write may still be volatile until a flush */
    BOOLEAN force_unit_access;   /* the owner honours SCSI_ACTION.fua */
    BOOLEAN capacity_changed;    /* raises a unit attention once; cleared when it was reported */
    char vendor[SCSI_VENDOR_LENGTH];     /* blank padded, printable */
    char product[SCSI_PRODUCT_LENGTH];
    char revision[SCSI_REVISION_LENGTH];
    char serial[SCSI_SERIAL_MAX];        /* printable, serial_length of them */
    UINT8 serial_length;                 /* 0 to SCSI_SERIAL_MAX */
    char location[SCSI_SERIAL_MAX];      /* stands in for the serial number in VPD 83 when there is none */
    UINT8 location_length;
} SCSI_DISK;

/* One command. data is mapped memory for every command but READ and WRITE, for which it is not touched. */
typedef struct _SCSI_REQUEST {
    const UINT8 *cdb;
    UINT8 cdb_length;
    UINT8 lun;          /* 0 is the disk; path and target are the caller's to check */
    BOOLEAN data_in;    /* the buffer may be written */
    BOOLEAN data_out;   /* the buffer may be read */
    UINT8 *data;        /* may be NULL */
    UINT32 data_length; /* of the buffer */
} SCSI_REQUEST;

typedef enum _SCSI_ACTION_KIND {
    SCSI_ACTION_DONE,  /* finished: status, sense and transferred are final */
    SCSI_ACTION_READ,  /* lba, block_count and transferred (bytes to move) are set; in range, buffer long enough */
    SCSI_ACTION_WRITE, /* as READ, with fua */
    SCSI_ACTION_FLUSH  /* everything completed so far must become durable */
} SCSI_ACTION_KIND;

typedef struct _SCSI_ACTION {
    SCSI_ACTION_KIND kind;
    UINT8 status;       /* SCSI_STATUS_* */
    UINT8 sense_key;    /* with CHECK CONDITION */
    UINT16 asc;         /* code << 8 | qualifier */
    BOOLEAN info_valid; /* info holds the first LBA in error, and it fits 32 bits */
    UINT32 info;
    UINT32 transferred; /* DONE: bytes put into data */
    UINT64 lba;
    UINT32 block_count;
    BOOLEAN fua;
} SCSI_ACTION;

/*
 * Executes or classifies one command.
 *
 * disk     capacity_changed may be cleared
 * request  see above; the CDB is copied before it is looked at
 * action   out: set on every path; a READ or WRITE of no blocks is DONE
 *
 * IRQL:    any
 * Locks:   the caller serialises calls for one disk
 * Spec:    SPC-3, SBC-3; BLK-02, BLK-03, BLK-06, BLK-07, BLK-11, BLK-24, BLK-25, BLK-28, HOST-23
 */
VOID ScsiDiskExecute(SCSI_DISK *disk, const SCSI_REQUEST *request, SCSI_ACTION *action);

/*
 * Sets CHECK CONDITION with the given sense; kind becomes DONE, transferred 0.
 *
 * IRQL: any
 */
VOID ScsiActionFail(SCSI_ACTION *action, UINT8 sense_key, UINT16 asc);

/*
 * Writes fixed-format sense data.
 *
 * action   status CHECK CONDITION
 * sense    out: at most length bytes
 *
 * IRQL:    any
 * Returns: bytes written: min(length, SCSI_SENSE_LENGTH)
 */
UINT32 ScsiBuildSense(const SCSI_ACTION *action, UINT8 *sense, UINT32 length);

#endif
