/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Which interrupt message serves which queue: four queues and the configuration on two messages (what QEMU's device
 * has), on one, or on the line. Layer: core. IRQL: any; no state.
 *
 *   0 messages: the line; VIRTIO_PCI_NO_VECTOR everywhere
 *   1:          everything shares it
 *   2 or more:  message 0 for configuration, control and events, message 1 for tx and rx; more are not used
 */
#ifndef SND_VECTORS_H
#define SND_VECTORS_H

#include "virtio_pci_modern.h"
#include "virtio_snd_proto.h"

typedef struct _SND_VECTORS {
    UINT16 message_count; /* in use; 0: the line */
    UINT16 config;
    UINT16 queue[VIRTIO_SND_QUEUE_COUNT];
} SND_VECTORS;

/* message_count: granted. Spec: PCI-22, PCI-29, PCI-33 */
VOID SndVectorsPlan(UINT16 message_count, SND_VECTORS *vectors);

#endif
