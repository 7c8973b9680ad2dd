/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Received frames to NDIS and back (MiniportReturnNetBufferLists). Layer: glue. IRQL: <= DISPATCH_LEVEL. */
#include "aerovnet.h"

#define SCARCE_PART 8 /* with less than this part of the buffers not lent, frames are only shown */

/* A batch on its way up. */
typedef struct _BATCH {
    PNET_BUFFER_LIST first;
    PNET_BUFFER_LIST last;
    ULONG count;
    NET_RX_STATUS status; /* why it ends: FRAME_READY: it is full */
    BOOLEAN is_scarce;
} BATCH;

static VOID SetChecksums(ULONG offloads, const NET_RX_INFO *info, PNET_BUFFER_LIST list)
{
    NDIS_TCP_IP_CHECKSUM_NET_BUFFER_LIST_INFO checksum;
    BOOLEAN is_ip4 = info->layout.l3 == NET_L3_IPV4;
    BOOLEAN is_good = info->l4_checksum == NET_VERDICT_GOOD;

    checksum.Value = NULL;
    if (is_ip4 && (offloads & AEROVNET_RX_IP4) != 0) {
        checksum.Receive.IpChecksumSucceeded = info->ip_checksum == NET_VERDICT_GOOD;
        checksum.Receive.IpChecksumFailed = info->ip_checksum == NET_VERDICT_BAD;
    }
    if (info->layout.l4 == NET_L4_TCP && (offloads & (is_ip4 ? AEROVNET_RX_TCP4 : AEROVNET_RX_TCP6)) != 0)
        checksum.Receive.TcpChecksumSucceeded = is_good;
    if (info->layout.l4 == NET_L4_UDP && (offloads & (is_ip4 ? AEROVNET_RX_UDP4 : AEROVNET_RX_UDP6)) != 0)
        checksum.Receive.UdpChecksumSucceeded = is_good;
    NET_BUFFER_LIST_INFO(list, TcpIpChecksumNetBufferListInfo) = checksum.Value;
}

static VOID SetTag(UINT16 tci, PNET_BUFFER_LIST list)
{
    NDIS_NET_BUFFER_LIST_8021Q_INFO tag;

    tag.Value = NULL;
    tag.TagHeader.UserPriority = (tci >> 13) & 7;
    tag.TagHeader.CanonicalFormatId = (tci >> 12) & 1;
    tag.TagHeader.VlanId = tci & 0xFFF;
    NET_BUFFER_LIST_INFO(list, Ieee8021QNetBufferListInfo) = tag.Value;
}

static VOID CountFrame(AEROVNET_RX *rx, const NET_RX_FRAME *frame)
{
    AEROVNET_KIND kind = AerovnetKindOf(frame->buffers->bytes + frame->buffers->offset);

    rx->received.frames[kind]++;
    rx->received.bytes[kind] += frame->length;
}

/* Up to count frames into a batch. Locks: rx's. */
static VOID Collect(AEROVNET_RX *rx, ULONG count, BATCH *batch)
{
    ULONG offloads = (ULONG)(rx->adapter->offloads & rx->adapter->rx_offloads);
    PNET_BUFFER_LIST list;
    NET_RX_FRAME frame;

    RtlZeroMemory(batch, sizeof(*batch));
    NetRxBegin(rx->queue);
    do {
        batch->status = NetRxNext(rx->queue, &frame);
        if (batch->status != NET_RX_FRAME_READY)
            break;
        list = AerovnetReceivePoolTake(rx, &frame);
        if (list == NULL) {
            rx->no_list++;
            NetRxReturn(rx->queue, frame.buffers);
            continue;
        }
        SetChecksums(offloads, &frame.info, list);
        if (frame.info.layout.is_tagged && rx->queue->strip_tags)
            SetTag(frame.info.layout.tci, list);
        CountFrame(rx, &frame);
        if (batch->last != NULL)
            NET_BUFFER_LIST_NEXT_NBL(batch->last) = list;
        else
            batch->first = list;
        batch->last = list;
        batch->count++;
    } while (batch->count < count);
    batch->is_scarce =
        rx->queue->lent_count > rx->queue->buffer_count - rx->queue->buffer_count / SCARCE_PART;
    InterlockedExchangeAdd(&rx->adapter->references, (LONG)batch->count + 1); /* and one for the call */
}

/* Lists that are ours again. Locks: none may be held. */
static VOID TakeBack(AEROVNET_ADAPTER *adapter, PNET_BUFFER_LIST lists)
{
    PNET_BUFFER_LIST next;
    AEROVNET_RX *rx;
    LONG count = 0;

    while (lists != NULL) {
        rx = AerovnetReceivePoolOwner(lists);
        NdisAcquireSpinLock(&rx->lock);
        for (; lists != NULL && AerovnetReceivePoolOwner(lists) == rx; lists = next) {
            next = NET_BUFFER_LIST_NEXT_NBL(lists);
            AerovnetReceivePoolReturn(rx, lists);
            count++;
        }
        NetRxKick(rx->queue);
        NdisReleaseSpinLock(&rx->lock);
    }
    AerovnetRelease(adapter, count);
}

static VOID Indicate(AEROVNET_ADAPTER *adapter, const BATCH *batch)
{
    ULONG flags = NDIS_RECEIVE_FLAGS_DISPATCH_LEVEL;

    if (batch->count != 0) {
        if (batch->is_scarce)
            flags |= NDIS_RECEIVE_FLAGS_RESOURCES;
        NdisMIndicateReceiveNetBufferLists(adapter->handle, batch->first, NDIS_DEFAULT_PORT_NUMBER, batch->count,
                                           flags);
        if (batch->is_scarce)
            TakeBack(adapter, batch->first);
    }
    AerovnetRelease(adapter, 1);
}

BOOLEAN AerovnetReceive(AEROVNET_RX *rx, ULONG *budget)
{
    NET_RX_STATUS status = NET_RX_IDLE;
    BOOLEAN is_more = FALSE;
    BATCH batch;

    if (*budget == 0) /* others used it up */
        return TRUE;
    NdisAcquireSpinLock(&rx->lock);
    if (rx->is_busy || !rx->is_running) {
        rx->is_again = TRUE; /* frames must not overtake each other: he who is in here looks again */
        NdisReleaseSpinLock(&rx->lock);
        return FALSE;
    }
    rx->is_busy = TRUE;
    do {
        rx->is_again = FALSE;
        Collect(rx, *budget < AEROVNET_BATCH ? *budget : AEROVNET_BATCH, &batch);
        status = batch.status;
        *budget -= batch.count != 0 ? batch.count : 1; /* frames that nobody wants take their time too */
        NdisReleaseSpinLock(&rx->lock);
        Indicate(rx->adapter, &batch);
        NdisAcquireSpinLock(&rx->lock);
        is_more = rx->is_running && (status == NET_RX_FRAME_READY || status == NET_RX_MORE || rx->is_again);
    } while (is_more && *budget != 0);
    rx->is_busy = FALSE;
    NdisReleaseSpinLock(&rx->lock);
    if (status == NET_RX_BROKEN)
        AerovnetBreak(rx->adapter, VIRTIO_REASON_USED_RING_INVALID, rx->queue->index);
    return is_more;
}

VOID NTAPI AerovnetReturnNetBufferLists(NDIS_HANDLE context, PNET_BUFFER_LIST lists, ULONG flags)
{
    UNREFERENCED_PARAMETER(flags);
    TakeBack((AEROVNET_ADAPTER *)context, lists);
}
