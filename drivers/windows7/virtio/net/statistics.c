/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Counters as NDIS wants them. Layer: glue. IRQL: <= DISPATCH_LEVEL. */
#include "aerovnet.h"

#define ALL_STATISTICS                                                                                                 \
    (NDIS_STATISTICS_FLAGS_VALID_DIRECTED_FRAMES_RCV | NDIS_STATISTICS_FLAGS_VALID_MULTICAST_FRAMES_RCV |              \
     NDIS_STATISTICS_FLAGS_VALID_BROADCAST_FRAMES_RCV | NDIS_STATISTICS_FLAGS_VALID_BYTES_RCV |                        \
     NDIS_STATISTICS_FLAGS_VALID_RCV_DISCARDS | NDIS_STATISTICS_FLAGS_VALID_RCV_ERROR |                                \
     NDIS_STATISTICS_FLAGS_VALID_DIRECTED_FRAMES_XMIT | NDIS_STATISTICS_FLAGS_VALID_MULTICAST_FRAMES_XMIT |            \
     NDIS_STATISTICS_FLAGS_VALID_BROADCAST_FRAMES_XMIT | NDIS_STATISTICS_FLAGS_VALID_BYTES_XMIT |                      \
     NDIS_STATISTICS_FLAGS_VALID_XMIT_ERROR | NDIS_STATISTICS_FLAGS_VALID_XMIT_DISCARDS |                              \
     NDIS_STATISTICS_FLAGS_VALID_DIRECTED_BYTES_RCV | NDIS_STATISTICS_FLAGS_VALID_MULTICAST_BYTES_RCV |                \
     NDIS_STATISTICS_FLAGS_VALID_BROADCAST_BYTES_RCV | NDIS_STATISTICS_FLAGS_VALID_DIRECTED_BYTES_XMIT |               \
     NDIS_STATISTICS_FLAGS_VALID_MULTICAST_BYTES_XMIT | NDIS_STATISTICS_FLAGS_VALID_BROADCAST_BYTES_XMIT)

AEROVNET_KIND AerovnetKindOf(const UINT8 *destination)
{
    UINT8 all = 0xFF;
    UINT32 i;

    if ((destination[0] & 1) == 0)
        return AEROVNET_DIRECTED;
    for (i = 0; i < NET_MAC_LENGTH; i++)
        all &= destination[i];
    return all == 0xFF ? AEROVNET_BROADCAST : AEROVNET_MULTICAST;
}

static VOID AddReceived(AEROVNET_RX *rx, NDIS_STATISTICS_INFO *info)
{
    const NET_RX_STATS *core = &rx->queue->stats;

    NdisAcquireSpinLock(&rx->lock);
    info->ifHCInUcastPkts += rx->received.frames[AEROVNET_DIRECTED];
    info->ifHCInMulticastPkts += rx->received.frames[AEROVNET_MULTICAST];
    info->ifHCInBroadcastPkts += rx->received.frames[AEROVNET_BROADCAST];
    info->ifHCInUcastOctets += rx->received.bytes[AEROVNET_DIRECTED];
    info->ifHCInMulticastOctets += rx->received.bytes[AEROVNET_MULTICAST];
    info->ifHCInBroadcastOctets += rx->received.bytes[AEROVNET_BROADCAST];
    info->ifInErrors += core->dropped_length + core->dropped_header + core->dropped_merge;
    info->ifInDiscards += rx->no_list;
    NdisReleaseSpinLock(&rx->lock);
}

static VOID AddSent(AEROVNET_TX *tx, NDIS_STATISTICS_INFO *info)
{
    NdisAcquireSpinLock(&tx->lock);
    info->ifHCOutUcastPkts += tx->sent.frames[AEROVNET_DIRECTED];
    info->ifHCOutMulticastPkts += tx->sent.frames[AEROVNET_MULTICAST];
    info->ifHCOutBroadcastPkts += tx->sent.frames[AEROVNET_BROADCAST];
    info->ifHCOutUcastOctets += tx->sent.bytes[AEROVNET_DIRECTED];
    info->ifHCOutMulticastOctets += tx->sent.bytes[AEROVNET_MULTICAST];
    info->ifHCOutBroadcastOctets += tx->sent.bytes[AEROVNET_BROADCAST];
    info->ifOutErrors += tx->errors;
    info->ifOutDiscards += tx->discards;
    NdisReleaseSpinLock(&tx->lock);
}

VOID AerovnetStatistics(AEROVNET_ADAPTER *adapter, NDIS_STATISTICS_INFO *info)
{
    UINT16 i;

    RtlZeroMemory(info, sizeof(*info));
    info->Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    info->Header.Revision = NDIS_STATISTICS_INFO_REVISION_1;
    info->Header.Size = NDIS_SIZEOF_STATISTICS_INFO_REVISION_1;
    info->SupportedStatistics = ALL_STATISTICS;
    for (i = 0; i < adapter->device.pair_count; i++) {
        AddReceived(&adapter->rx[i], info);
        AddSent(&adapter->tx[i], info);
    }
    info->ifHCInOctets = info->ifHCInUcastOctets + info->ifHCInMulticastOctets + info->ifHCInBroadcastOctets;
    info->ifHCOutOctets = info->ifHCOutUcastOctets + info->ifHCOutMulticastOctets + info->ifHCOutBroadcastOctets;
}
