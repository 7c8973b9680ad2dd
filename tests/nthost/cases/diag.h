/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Reading the driver's diagnostic record as a user program does: IOCTL_SCSI_MINIPORT, which StorPort makes an SRB. */
#ifndef NTHOST_DIAG_H
#define NTHOST_DIAG_H

#include <stdbool.h>

#include "disk.h"
#include "virtio_diag.h"

/* False, with a line, when the driver does not answer as virtio_diag.h says. */
bool diag_read(struct disk *disk, VIRTIO_DIAG *diag);

/* Prints the record for people. */
void diag_show(const VIRTIO_DIAG *diag);

#endif
