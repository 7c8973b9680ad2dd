/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Frames that a case makes by itself: UDP over IPv4 and IPv6 of many lengths, some tagged, some with checksums to do. */
#ifndef NTHOST_CASES_NET_TRAFFIC_H
#define NTHOST_CASES_NET_TRAFFIC_H

#include "net.h"

/* Puts one frame into the adapter's batch; there must be room. Addressed to a station that does not exist. */
void traffic_send(struct nd_adapter *adapter);

/*
 * Makes a frame from mac with so many bytes of data. The checksum field is left with the pseudo-header's sum, as for an
 * offload. Returns the UDP header's offset.
 */
uint32_t traffic_build(uint8_t *frame, const uint8_t *mac, uint32_t data, bool is_ipv6);

/* A number below n, from the same source as the frames. */
unsigned traffic_random(unsigned n);

#endif
