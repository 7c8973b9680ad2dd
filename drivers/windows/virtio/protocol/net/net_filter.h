/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Which frames the system wants: the receive filter in software. The device's own filter (net_ctrl.h) may let more
 * pass. Layer: core. IRQL: any. Locks: the caller's, see each user.
 */
#ifndef NET_FILTER_H
#define NET_FILTER_H

#include "net_config.h"
#include "net_packet.h"

#define NET_MULTICAST_MAX        32 /* addresses in the list */

#define NET_ACCEPT_DIRECTED      0x01
#define NET_ACCEPT_MULTICAST     0x02 /* those in the list */
#define NET_ACCEPT_ALL_MULTICAST 0x04
#define NET_ACCEPT_BROADCAST     0x08
#define NET_ACCEPT_PROMISCUOUS   0x10

typedef struct _NET_FILTER {
    UINT32 accept; /* NET_ACCEPT_*; 0: nothing */
    UINT8 mac[NET_MAC_LENGTH];
    UINT16 vlan; /* 0: any; else tagged frames of other VLANs are dropped, but for priority tags (id 0) */
    UINT16 multicast_count;
    BOOLEAN multicast_overflow; /* the list was longer than NET_MULTICAST_MAX: all multicast is let in */
    UINT8 multicast[NET_MULTICAST_MAX][NET_MAC_LENGTH];
} NET_FILTER;

/*
 * Takes over a multicast list; too long a one opens the filter for all multicast frames.
 *
 * addresses  count * NET_MAC_LENGTH bytes
 *
 * Returns: FALSE: an address is no group address; nothing was changed
 */
BOOLEAN NetFilterSetMulticast(NET_FILTER *filter, const UINT8 *addresses, UINT32 count);

/* Whether the system wants the frame. destination: its first six bytes. */
BOOLEAN NetFilterAccepts(const NET_FILTER *filter, const UINT8 *destination, const NET_LAYOUT *layout);

#endif
