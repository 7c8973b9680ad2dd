/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* HwBuildIo: what can be prepared without a lock. Layer: glue. IRQL: DISPATCH_LEVEL, several at once. */
#include "aerovblk.h"

BOOLEAN NTAPI AerovblkBuildIo(PVOID extension, PSCSI_REQUEST_BLOCK srb)
{
    AEROVBLK_SRB *part = (AEROVBLK_SRB *)srb->SrbExtension;

    if (srb->Function != SRB_FUNCTION_EXECUTE_SCSI)
        return TRUE;
    part->list = NULL;
    if (srb->DataTransferLength != 0 && (srb->SrbFlags & SRB_FLAGS_UNSPECIFIED_DIRECTION) != 0)
        part->list = StorPortGetScatterGatherList(extension, srb);
    return TRUE;
}
