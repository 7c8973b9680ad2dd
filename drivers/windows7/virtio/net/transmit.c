/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * From the waiting queue to the device and back. Frames leave in the order in which they came; each is mapped when its turn
 * comes, so that what waits holds no DMA resources. NDIS is called without a lock: the HAL may call AerovnetProcessSGList
 * from inside of mapping and of unmapping (of another frame), or later. Layer: glue. IRQL: DISPATCH_LEVEL.
 */
#include "aerovnet.h"

#define REAP_ROUNDS 16 /* batches in one AerovnetReap */

/* Gives the core the pieces that hold the frame: the list begins where its first MDL does. */
static VOID AddPieces(NET_TX_QUEUE *queue, PNET_BUFFER buffer)
{
    const SCATTER_GATHER_LIST *list = AerovnetFrame(buffer)->pieces;
    ULONG skip = NET_BUFFER_CURRENT_MDL_OFFSET(buffer);
    ULONG left = NET_BUFFER_DATA_LENGTH(buffer);
    ULONG length;
    ULONG i;

    for (i = 0; list != NULL && i < list->NumberOfElements && left != 0; i++) {
        length = list->Elements[i].Length;
        if (skip >= length) {
            skip -= length;
            continue;
        }
        length -= skip;
        if (length > left)
            length = left;
        NetTxAddElement(queue, (UINT64)list->Elements[i].Address.QuadPart + skip, length);
        left -= length;
        skip = 0;
    }
}

static VOID ReadOffload(const AEROVNET_OPTIONS *options, PNET_BUFFER_LIST list, NET_TX_OFFLOAD *offload)
{
    NDIS_TCP_LARGE_SEND_OFFLOAD_NET_BUFFER_LIST_INFO large;
    NDIS_TCP_IP_CHECKSUM_NET_BUFFER_LIST_INFO checksum;
    NDIS_NET_BUFFER_LIST_8021Q_INFO tag;
    ULONG vlan;

    RtlZeroMemory(offload, sizeof(*offload));
    large.Value = NET_BUFFER_LIST_INFO(list, TcpLargeSendNetBufferListInfo);
    checksum.Value = NET_BUFFER_LIST_INFO(list, TcpIpChecksumNetBufferListInfo);
    tag.Value = NET_BUFFER_LIST_INFO(list, Ieee8021QNetBufferListInfo);

    if (large.LsoV1Transmit.MSS != 0) { /* in the same place in both versions */
        offload->flags = NET_TX_SEGMENT;
        offload->mss = large.LsoV1Transmit.MSS;
    } else if (checksum.Transmit.IsIPv4 || checksum.Transmit.IsIPv6) {
        if (checksum.Transmit.TcpChecksum)
            offload->flags |= NET_TX_TCP_CHECKSUM;
        if (checksum.Transmit.UdpChecksum)
            offload->flags |= NET_TX_UDP_CHECKSUM;
        if (checksum.Transmit.IsIPv4 && checksum.Transmit.IpHeaderChecksum)
            offload->flags |= NET_TX_IP_CHECKSUM;
    }

    offload->tci = 0;
    vlan = tag.TagHeader.VlanId != 0 ? tag.TagHeader.VlanId : options->vlan;
    if ((options->tag_mode & AEROVNET_TAG_VLAN) != 0)
        offload->tci = (UINT16)vlan;
    if ((options->tag_mode & AEROVNET_TAG_PRIORITY) != 0)
        offload->tci |= (UINT16)(tag.TagHeader.UserPriority << 13 | tag.TagHeader.CanonicalFormatId << 12);
    if (offload->tci != 0)
        offload->flags |= NET_TX_TAG;
}

/* Large send version 1 wants to know how much it was; each such list has one frame. */
static VOID ReportPayload(PNET_BUFFER_LIST list, const NET_TX_FRAME *frame)
{
    NDIS_TCP_LARGE_SEND_OFFLOAD_NET_BUFFER_LIST_INFO large;

    large.Value = NET_BUFFER_LIST_INFO(list, TcpLargeSendNetBufferListInfo);
    if ((frame->offload.flags & NET_TX_SEGMENT) == 0 || large.Transmit.Type != NDIS_TCP_LARGE_SEND_OFFLOAD_V1_TYPE)
        return;
    large.LsoV1TransmitComplete.TcpPayload = frame->tcp_payload;
    NET_BUFFER_LIST_INFO(list, TcpLargeSendNetBufferListInfo) = large.Value;
}

static NET_TX_RESULT Submit(AEROVNET_TX *tx, PNET_BUFFER buffer)
{
    PNET_BUFFER_LIST list = AerovnetFrame(buffer)->list;
    NET_TX_RESULT result;
    NET_TX_FRAME frame;

    if (tx->queue->in_flight_count >= tx->adapter->options.tx_limit)
        return NET_TX_FULL;
    frame.owner = buffer;
    frame.length = NET_BUFFER_DATA_LENGTH(buffer);
    ReadOffload(&tx->adapter->options, list, &frame.offload);
    NetTxBegin(tx->queue);
    AddPieces(tx->queue, buffer);
    result = NetTxSubmit(tx->queue, &frame);
    if (result == NET_TX_SENT) {
        AerovnetFrame(buffer)->state = AEROVNET_FRAME_SENT;
        ReportPayload(list, &frame);
    }
    return result;
}

/* Has the first waiting frame mapped. Locks: tx's, released meanwhile. */
static VOID Map(AEROVNET_TX *tx, PNET_BUFFER buffer)
{
    AEROVNET_FRAME *frame = AerovnetFrame(buffer);
    NDIS_STATUS status;

    if (NET_BUFFER_DATA_LENGTH(buffer) <= NET_HEADERS_MAX) {
        frame->state = AEROVNET_FRAME_READY; /* the core copies it */
        return;
    }
    frame->state = AEROVNET_FRAME_MAPPING;
    NdisDprReleaseSpinLock(&tx->lock);
    status = NdisMAllocateNetBufferSGList(tx->adapter->dma, buffer, buffer, NDIS_SG_LIST_WRITE_TO_DEVICE, NULL, 0);
    NdisDprAcquireSpinLock(&tx->lock);
    if (status != NDIS_STATUS_SUCCESS)
        frame->state = AEROVNET_FRAME_READY; /* without pieces the core refuses it */
}

VOID NTAPI AerovnetProcessSGList(PDEVICE_OBJECT device, PVOID reserved, PSCATTER_GATHER_LIST list, PVOID context)
{
    PNET_BUFFER buffer = (PNET_BUFFER)context;
    AEROVNET_TX *tx = AerovnetListQueue(AerovnetFrame(buffer)->list);

    UNREFERENCED_PARAMETER(device);
    UNREFERENCED_PARAMETER(reserved);
    NdisDprAcquireSpinLock(&tx->lock);
    AerovnetFrame(buffer)->pieces = list;
    AerovnetFrame(buffer)->state = AEROVNET_FRAME_READY;
    NdisDprReleaseSpinLock(&tx->lock);
    AerovnetPump(tx);
}

/* One step with the first waiting frame. FALSE: nothing can be done now. Locks: tx's. */
static BOOLEAN Step(AEROVNET_TX *tx, AEROVNET_FRAMES *refused)
{
    PNET_BUFFER buffer = tx->waiting.first;

    if (buffer == NULL || AerovnetFrame(buffer)->state == AEROVNET_FRAME_MAPPING)
        return FALSE;
    if (tx->status != NDIS_STATUS_SUCCESS) {
        tx->discards++;
        AerovnetFramesAppend(refused, AerovnetFramesPop(&tx->waiting));
        return TRUE;
    }
    if (AerovnetFrame(buffer)->state == AEROVNET_FRAME_NEW) {
        if (tx->queue->in_flight_count >= tx->adapter->options.tx_limit || !tx->queue->is_open)
            return FALSE;
        Map(tx, buffer);
        return TRUE;
    }
    switch (Submit(tx, buffer)) {
    case NET_TX_SENT:
        (void)AerovnetFramesPop(&tx->waiting);
        return TRUE;
    case NET_TX_REFUSED:
        tx->errors++;
        AerovnetFramesAppend(refused, AerovnetFramesPop(&tx->waiting));
        return TRUE;
    default:
        return FALSE;
    }
}

VOID AerovnetPump(AEROVNET_TX *tx)
{
    AEROVNET_FRAMES refused = {NULL, NULL};
    NDIS_STATUS status;

    NdisDprAcquireSpinLock(&tx->lock);
    if (tx->is_pumping) { /* he who is in here sees what is new: he looks with the lock held */
        NdisDprReleaseSpinLock(&tx->lock);
        return;
    }
    tx->is_pumping = TRUE;
    while (Step(tx, &refused)) {
    }
    tx->is_pumping = FALSE;
    status = tx->status != NDIS_STATUS_SUCCESS ? tx->status : NDIS_STATUS_FAILURE;
    NetTxKick(tx->queue);
    NdisDprReleaseSpinLock(&tx->lock);
    AerovnetEndFrames(tx, &refused, status);
}

VOID AerovnetReap(AEROVNET_TX *tx)
{
    void *owners[AEROVNET_BATCH];
    AEROVNET_FRAMES sent;
    AEROVNET_FRAME *frame;
    NET_TX_STATUS status;
    ULONG rounds = 0;
    UINT32 count;
    UINT32 i;

    do {
        RtlZeroMemory(&sent, sizeof(sent));
        NdisDprAcquireSpinLock(&tx->lock);
        status = NetTxReap(tx->queue, owners, AEROVNET_BATCH, &count);
        for (i = 0; i < count; i++) {
            frame = AerovnetFrame((PNET_BUFFER)owners[i]);
            tx->sent.frames[frame->kind]++;
            tx->sent.bytes[frame->kind] += NET_BUFFER_DATA_LENGTH((PNET_BUFFER)owners[i]);
            AerovnetFramesAppend(&sent, (PNET_BUFFER)owners[i]);
        }
        NdisDprReleaseSpinLock(&tx->lock);
        AerovnetEndFrames(tx, &sent, NDIS_STATUS_SUCCESS);
        AerovnetPump(tx);
        rounds++;
    } while (status == NET_TX_MORE && rounds < REAP_ROUNDS);
    if (status == NET_TX_MORE) /* the queue's interrupt is off */
        AerovnetQueueDpc(tx->adapter, tx->adapter->vectors.tx[tx - tx->adapter->tx]);
    if (status == NET_TX_BROKEN)
        AerovnetBreak(tx->adapter, VIRTIO_REASON_USED_RING_INVALID, tx->queue->index);
}

VOID AerovnetTakeBack(AEROVNET_TX *tx, NDIS_STATUS status)
{
    AEROVNET_FRAMES aborted = {NULL, NULL};
    void *owner;

    NdisDprAcquireSpinLock(&tx->lock);
    while (NetTxTakeBack(tx->queue, &owner)) {
        tx->errors++;
        AerovnetFramesAppend(&aborted, (PNET_BUFFER)owner);
    }
    NdisDprReleaseSpinLock(&tx->lock);
    AerovnetEndFrames(tx, &aborted, status);
}

/* The next piece of a buffer's MDL chain, mapped. NULL: it cannot be mapped now. */
static const UINT8 *MapMdl(PMDL mdl)
{
    return (const UINT8 *)MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
}

BOOLEAN AerovnetReadFrame(void *owner, UINT32 offset, UINT8 *to, UINT32 length)
{
    PNET_BUFFER buffer = (PNET_BUFFER)owner;
    ULONG skip = NET_BUFFER_CURRENT_MDL_OFFSET(buffer) + offset;
    PMDL mdl = NET_BUFFER_CURRENT_MDL(buffer);
    UINT8 *start = to;
    UINT32 left = length;
    const UINT8 *from;
    ULONG piece;

    for (; left != 0; mdl = mdl->Next) {
        if (mdl == NULL)
            return FALSE;
        piece = MmGetMdlByteCount(mdl);
        if (skip >= piece) {
            skip -= piece;
            continue;
        }
        piece -= skip;
        if (piece > left)
            piece = left;
        from = MapMdl(mdl);
        if (from == NULL)
            return FALSE;
        RtlCopyMemory(to, from + skip, piece);
        to += piece;
        left -= piece;
        skip = 0;
    }
    if (offset == 0 && length >= NET_MAC_LENGTH)
        AerovnetFrame(buffer)->kind = (UCHAR)AerovnetKindOf(start);
    return TRUE;
}
