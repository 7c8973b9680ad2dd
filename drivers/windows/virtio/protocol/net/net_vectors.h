/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Which interrupt message serves which queue, for any number of messages. Layer: core. IRQL: any; no state.
 *
 *   0 messages: the line; VIRTIO_PCI_NO_VECTOR everywhere
 *   1:          everything shares it
 *   fewer than one per queue: message 0 for configuration and control, the pairs share the others in turn
 *   enough:     message 0 for configuration and control, one for each receive and transmit queue
 */
#ifndef NET_VECTORS_H
#define NET_VECTORS_H

#include "virtio_pci_modern.h"

#define NET_PAIRS_MAX 8

typedef struct _NET_VECTORS {
    UINT16 message_count; /* in use; 0: the line */
    UINT16 config;
    UINT16 control;
    UINT16 rx[NET_PAIRS_MAX];
    UINT16 tx[NET_PAIRS_MAX];
} NET_VECTORS;

/* What a message (or the line) has to look at. */
typedef struct _NET_VECTOR_WORK {
    BOOLEAN config; /* configuration and control queue */
    UINT32 rx;      /* bit n: pair n */
    UINT32 tx;
} NET_VECTOR_WORK;

/* message_count: granted; pair_count: 1 to NET_PAIRS_MAX. Spec: PCI-22, PCI-29, PCI-33 */
VOID NetVectorsPlan(UINT16 message_count, UINT16 pair_count, NET_VECTORS *vectors);

/* message: below message_count, or anything for the line. A message that nobody uses has no work. */
VOID NetVectorsWork(const NET_VECTORS *vectors, UINT16 pair_count, UINT16 message, NET_VECTOR_WORK *work);

#endif
