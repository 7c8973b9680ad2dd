/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The one version of all drivers; read by the resource compilers too, so preprocessor lines only. */
#ifndef VIRTIO_VERSION_H
#define VIRTIO_VERSION_H

#define VIRTIO_VERSION_MAJOR 0
#define VIRTIO_VERSION_MINOR 1
#define VIRTIO_VERSION_PATCH 0
#define VIRTIO_VERSION_TEXT  "0.1.0.0"
#define VIRTIO_VERSION_NUMBER                                                                                          \
    ((VIRTIO_VERSION_MAJOR << 24) | (VIRTIO_VERSION_MINOR << 16) | VIRTIO_VERSION_PATCH)
#define VIRTIO_VERSION_COMPANY "Aero"

/* SCSI INQUIRY revision: four characters */
#define VIRTIO_VERSION_SCSI "0001"

#endif
