/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The sound device's configuration: how many jacks, streams and channel maps it says it has, and how many of them this
 * driver asks about. VIRTIO 1.x "Sound Device: Device configuration layout". Layer: core. Highest IRQL: DIRQL.
 */
#ifndef SND_CONFIG_H
#define SND_CONFIG_H

#include "virtio_pci_modern.h"
#include "virtio_snd_proto.h"

#define SND_JACKS_MAX   16
#define SND_STREAMS_MAX 64
#define SND_CHMAPS_MAX  16

typedef struct _SND_CONFIG {
    UINT32 jacks; /* asked about: the device's number, at most SND_JACKS_MAX */
    UINT32 streams;
    UINT32 chmaps;
    UINT32 device_streams; /* the device's number as it is */
} SND_CONFIG;

/*
 * Reads the configuration. A device without streams is no failure here.
 *
 * pci      negotiated
 * config   out: zeroed on failure
 *
 * IRQL:    any up to DIRQL
 * Returns: STATUS_SUCCESS; else the status and pci->reason of VirtioPciReadConfig
 * Spec:    SND-01, SND-04, HOST-30
 */
NTSTATUS SndConfigRead(VIRTIO_PCI_DEVICE *pci, SND_CONFIG *config);

#endif
