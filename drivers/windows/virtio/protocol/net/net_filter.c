/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The receive filter in software. Layer: core. IRQL: any. */
#include "net_filter.h"

#define VLAN_ID_MASK 0x0FFF

static BOOLEAN IsBroadcast(const UINT8 *mac)
{
    return (mac[0] & mac[1] & mac[2] & mac[3] & mac[4] & mac[5]) == 0xFF;
}

BOOLEAN NetFilterSetMulticast(NET_FILTER *filter, const UINT8 *addresses, UINT32 count)
{
    UINT32 i;

    for (i = 0; i < count; i++) {
        if ((addresses[i * NET_MAC_LENGTH] & 1) == 0)
            return FALSE;
    }
    filter->multicast_overflow = count > NET_MULTICAST_MAX;
    if (filter->multicast_overflow)
        count = 0;
    filter->multicast_count = (UINT16)count;
    RtlCopyMemory(filter->multicast, addresses, count * NET_MAC_LENGTH);
    return TRUE;
}

static BOOLEAN IsInList(const NET_FILTER *filter, const UINT8 *mac)
{
    UINT32 i;

    for (i = 0; i < filter->multicast_count; i++) {
        if (NetMacIsSame(filter->multicast[i], mac))
            return TRUE;
    }
    return FALSE;
}

BOOLEAN NetFilterAccepts(const NET_FILTER *filter, const UINT8 *destination, const NET_LAYOUT *layout)
{
    UINT16 vlan = (UINT16)(layout->tci & VLAN_ID_MASK);

    if (filter->vlan != 0 && layout->is_tagged && vlan != 0 && vlan != filter->vlan)
        return FALSE;
    if ((filter->accept & NET_ACCEPT_PROMISCUOUS) != 0)
        return TRUE;
    if (IsBroadcast(destination))
        return (filter->accept & NET_ACCEPT_BROADCAST) != 0;
    if ((destination[0] & 1) == 0)
        return (filter->accept & NET_ACCEPT_DIRECTED) != 0 && NetMacIsSame(destination, filter->mac);
    if ((filter->accept & NET_ACCEPT_ALL_MULTICAST) != 0)
        return TRUE;
    return (filter->accept & NET_ACCEPT_MULTICAST) != 0 &&
           (filter->multicast_overflow || IsInList(filter, destination));
}
