/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What a protocol asks a miniport to do to a frame, by what is offloaded now. */
#ifndef NTHOST_NDIS_SEND_OFFLOAD_H
#define NTHOST_NDIS_SEND_OFFLOAD_H

#include "adapter.h"

/* Out-of-band values of a list; padding is zero, so two can be compared as bytes. */
struct send_offload {
    PVOID checksum, large_send, tag;
    ULONG version; /* of large send */
    ULONG payload; /* TCP data bytes of a large send */
};

/*
 * Decides what the miniport does and does the rest to the frame itself.
 *
 * frame    a copy of packet's bytes
 * offload  out
 *
 * Returns false when the frame wants what nobody does: cutting without large send offload.
 */
bool send_offload_prepare(struct nd_adapter *adapter, const struct nd_packet *packet, uint8_t *frame,
                          struct send_offload *offload);

#endif
