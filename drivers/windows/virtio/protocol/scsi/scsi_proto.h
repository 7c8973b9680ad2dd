/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Numbers of the SCSI protocol (SPC-3, SBC-3) that a disk answers with: operation codes, status and sense codes, page
 * codes and lengths. Multi-byte values in CDBs and pages are big-endian bytes, so there are offsets here, no structs.
 * Layer: core, wire. IRQL: any.
 */
#ifndef SCSI_PROTO_H
#define SCSI_PROTO_H

/* Operation codes */
#define SCSI_OP_TEST_UNIT_READY       0x00
#define SCSI_OP_REQUEST_SENSE         0x03
#define SCSI_OP_READ_6                0x08
#define SCSI_OP_WRITE_6               0x0A
#define SCSI_OP_INQUIRY               0x12
#define SCSI_OP_MODE_SENSE_6          0x1A
#define SCSI_OP_START_STOP_UNIT       0x1B
#define SCSI_OP_PREVENT_ALLOW         0x1E
#define SCSI_OP_READ_CAPACITY_10      0x25
#define SCSI_OP_READ_10               0x28
#define SCSI_OP_WRITE_10              0x2A
#define SCSI_OP_VERIFY_10             0x2F
#define SCSI_OP_SYNCHRONIZE_CACHE_10  0x35
#define SCSI_OP_MODE_SENSE_10         0x5A
#define SCSI_OP_READ_16               0x88
#define SCSI_OP_WRITE_16              0x8A
#define SCSI_OP_VERIFY_16             0x8F
#define SCSI_OP_SYNCHRONIZE_CACHE_16  0x91
#define SCSI_OP_SERVICE_ACTION_IN_16  0x9E
#define SCSI_OP_REPORT_LUNS           0xA0
#define SCSI_OP_READ_12               0xA8
#define SCSI_OP_WRITE_12              0xAA
#define SCSI_OP_VERIFY_12             0xAF

#define SCSI_SERVICE_READ_CAPACITY_16 0x10

/* Longest CDB this layer takes */
#define SCSI_CDB_MAX 16

/* Bits of CDB byte 1 */
#define SCSI_CDB_EVPD   0x01 /* INQUIRY */
#define SCSI_CDB_FUA    0x08 /* READ, WRITE 10 to 16 */
#define SCSI_CDB_LLBAA  0x10 /* MODE SENSE (10) */
#define SCSI_CDB_DBD    0x08 /* MODE SENSE */
#define SCSI_CDB_BYTCHK 0x06 /* VERIFY */
#define SCSI_CDB_DESC   0x01 /* REQUEST SENSE */
#define SCSI_CDB_PROTECT 0xE0 /* RDPROTECT, WRPROTECT, VRPROTECT */

/* Status byte */
#define SCSI_STATUS_GOOD            0x00
#define SCSI_STATUS_CHECK_CONDITION 0x02

/* Sense keys */
#define SCSI_SENSE_KEY_NONE            0x00
#define SCSI_SENSE_KEY_NOT_READY       0x02
#define SCSI_SENSE_KEY_MEDIUM_ERROR    0x03
#define SCSI_SENSE_KEY_HARDWARE_ERROR  0x04
#define SCSI_SENSE_KEY_ILLEGAL_REQUEST 0x05
#define SCSI_SENSE_KEY_UNIT_ATTENTION  0x06
#define SCSI_SENSE_KEY_DATA_PROTECT    0x07
#define SCSI_SENSE_KEY_ABORTED         0x0B

/* Additional sense: code << 8 | qualifier */
#define SCSI_ASC_NONE                     0x0000
#define SCSI_ASC_NOT_READY                0x0400
#define SCSI_ASC_WRITE_FAULT              0x0C00
#define SCSI_ASC_READ_ERROR               0x1100
#define SCSI_ASC_INVALID_OPCODE           0x2000
#define SCSI_ASC_LBA_OUT_OF_RANGE         0x2100
#define SCSI_ASC_INVALID_FIELD_IN_CDB     0x2400
#define SCSI_ASC_LUN_NOT_SUPPORTED        0x2500
#define SCSI_ASC_WRITE_PROTECTED          0x2700
#define SCSI_ASC_CAPACITY_CHANGED         0x2A09
#define SCSI_ASC_SAVING_NOT_SUPPORTED     0x3900
#define SCSI_ASC_INTERNAL_TARGET_FAILURE  0x4400

/* Fixed-format sense data, current error */
#define SCSI_SENSE_LENGTH      18
#define SCSI_SENSE_FIXED       0x70
#define SCSI_SENSE_VALID       0x80 /* byte 0: the information field holds something */
#define SCSI_SENSE_OFF_KEY     2
#define SCSI_SENSE_OFF_INFO    3
#define SCSI_SENSE_OFF_LENGTH  7    /* bytes that follow byte 7 */
#define SCSI_SENSE_OFF_ASC     12

/* Standard INQUIRY data */
#define SCSI_INQUIRY_LENGTH       36
#define SCSI_VENDOR_LENGTH        8
#define SCSI_PRODUCT_LENGTH       16
#define SCSI_REVISION_LENGTH      4
#define SCSI_DEVICE_DISK          0x00
#define SCSI_DEVICE_NOT_PRESENT   0x7F /* qualifier 011b, type 1Fh: no such LUN */
#define SCSI_VERSION_SPC3         0x05
#define SCSI_RESPONSE_FORMAT      0x02
#define SCSI_INQUIRY_CMDQUE       0x02

/* Vital product data */
#define SCSI_VPD_SUPPORTED_PAGES  0x00
#define SCSI_VPD_SERIAL_NUMBER    0x80
#define SCSI_VPD_IDENTIFICATION   0x83
#define SCSI_CODE_SET_ASCII       0x02
#define SCSI_DESIGNATOR_T10       0x01

/* Mode pages */
#define SCSI_PAGE_CACHING         0x08
#define SCSI_PAGE_ALL             0x3F
#define SCSI_CACHING_LENGTH       20   /* header included */
#define SCSI_CACHING_WCE          0x04
#define SCSI_MODE_WP              0x80 /* device-specific parameter */
#define SCSI_MODE_DPOFUA          0x10
#define SCSI_PC_CURRENT           0
#define SCSI_PC_CHANGEABLE        1
#define SCSI_PC_DEFAULT           2
#define SCSI_PC_SAVED             3

#endif
