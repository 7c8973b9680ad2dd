/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * SCSI commands on a virtio block device: what a command becomes, and what a finished request means as SCSI status.
 * Layer: core. Highest IRQL: DIRQL.
 */
#ifndef BLK_SCSI_H
#define BLK_SCSI_H

#include "blk_device.h"
#include "scsi_disk.h"

/* One piece of the system's data buffer: fills address and length of piece index; FALSE: there is none. */
typedef BOOLEAN (*BLK_GET_PIECE)(void *context, UINT32 index, UINT64 *address, UINT32 *length);

/*
 * Executes a command, or starts it on the device.
 *
 * device     running, or not: then the command fails
 * scsi       the command; data of READ and WRITE is not touched
 * get_piece, context  the buffer as device addresses; only called for READ and WRITE, during the call
 * request    the caller's memory; holds the started request, request->owner is left to the caller (set it before)
 * action     out: with kind DONE the command is finished; else transferred is what it will have moved
 *
 * IRQL:    any up to DIRQL. Locks: the caller's lock
 * Returns: TRUE: started, request comes back on a done list; FALSE: finished, see action
 * Spec:    BLK-07, BLK-11, BLK-23, BLK-24
 */
BOOLEAN BlkScsiExecute(BLK_DEVICE *device, const SCSI_REQUEST *scsi, BLK_GET_PIECE get_piece, void *context,
                       BLK_REQUEST *request, SCSI_ACTION *action);

/*
 * Makes everything durable that has completed, outside of a SCSI command (shutdown). As BlkScsiExecute.
 *
 * request  request->owner is left to the caller
 */
BOOLEAN BlkScsiFlush(BLK_DEVICE *device, BLK_REQUEST *request, SCSI_ACTION *action);

/*
 * Status and sense of an ended request.
 *
 * request  from a done list
 * action   out: kind DONE; transferred is the data length on success, 0 otherwise
 *
 * IRQL:    any
 * Returns: FALSE: given back by a reset, complete the command as such; action then holds ABORTED COMMAND sense
 * Spec:    BLK-27, HOST-22
 */
BOOLEAN BlkScsiComplete(const BLK_REQUEST *request, SCSI_ACTION *action);

#endif
