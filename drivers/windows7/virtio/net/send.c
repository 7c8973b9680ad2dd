/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * MiniportSendNetBufferLists and MiniportCancelSend: frames into the waiting queue and out of it. What becomes of them then
 * is transmit.c's. Layer: glue. IRQL: <= DISPATCH_LEVEL.
 */
#include "aerovnet.h"

/* NET_BUFFER_LIST.MiniportReserved of a list that we hold. */
typedef struct _LIST_PART {
    LONG volatile frame_count; /* that are not done */
    AEROVNET_TX *tx;
} LIST_PART;
VIRTIO_STATIC_ASSERT(sizeof(LIST_PART) <= 2 * sizeof(PVOID));

static LIST_PART *PartOf(PNET_BUFFER_LIST list)
{
    return (LIST_PART *)(PVOID)NET_BUFFER_LIST_MINIPORT_RESERVED(list);
}

/* All frames of a list, behind those that wait. Locks: tx's. */
static VOID Enqueue(AEROVNET_TX *tx, PNET_BUFFER_LIST list)
{
    PNET_BUFFER buffer;
    LONG count = 0;

    for (buffer = NET_BUFFER_LIST_FIRST_NB(list); buffer != NULL; buffer = NET_BUFFER_NEXT_NB(buffer)) {
        AerovnetFrame(buffer)->list = list;
        AerovnetFrame(buffer)->pieces = NULL;
        AerovnetFrame(buffer)->state = AEROVNET_FRAME_NEW;
        AerovnetFrame(buffer)->kind = AEROVNET_DIRECTED;
        AerovnetFramesAppend(&tx->waiting, buffer);
        count++;
    }
    PartOf(list)->frame_count = count;
    PartOf(list)->tx = tx;
}

AEROVNET_TX *AerovnetListQueue(PNET_BUFFER_LIST list)
{
    return PartOf(list)->tx;
}

VOID NTAPI AerovnetSendNetBufferLists(NDIS_HANDLE context, PNET_BUFFER_LIST lists, NDIS_PORT_NUMBER port, ULONG flags)
{
    AEROVNET_TX *tx = &((AEROVNET_ADAPTER *)context)->tx[0];
    PNET_BUFFER_LIST refused = NULL;
    PNET_BUFFER_LIST *last = &refused;
    PNET_BUFFER_LIST next;
    NDIS_STATUS status;
    KIRQL irql;

    UNREFERENCED_PARAMETER(port);
    UNREFERENCED_PARAMETER(flags);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    NdisDprAcquireSpinLock(&tx->lock);
    status = tx->status;
    for (; lists != NULL; lists = next) {
        next = NET_BUFFER_LIST_NEXT_NBL(lists);
        NET_BUFFER_LIST_NEXT_NBL(lists) = NULL;
        NET_BUFFER_LIST_STATUS(lists) = status;
        if (status == NDIS_STATUS_SUCCESS && NET_BUFFER_LIST_FIRST_NB(lists) != NULL) {
            Enqueue(tx, lists);
            InterlockedIncrement(&tx->adapter->references);
        } else { /* an empty list has nothing to wait for */
            *last = lists;
            last = &NET_BUFFER_LIST_NEXT_NBL(lists);
        }
    }
    NdisDprReleaseSpinLock(&tx->lock);
    if (refused != NULL)
        NdisMSendNetBufferListsComplete(tx->adapter->handle, refused, NDIS_SEND_COMPLETE_FLAGS_DISPATCH_LEVEL);
    AerovnetPump(tx);
    KeLowerIrql(irql);
}

VOID AerovnetEndFrames(AEROVNET_TX *tx, AEROVNET_FRAMES *frames, NDIS_STATUS status)
{
    PNET_BUFFER_LIST done = NULL;
    PNET_BUFFER_LIST *last = &done;
    PNET_BUFFER_LIST list;
    PNET_BUFFER buffer;
    LONG count = 0;

    while ((buffer = AerovnetFramesPop(frames)) != NULL) {
        list = AerovnetFrame(buffer)->list;
        if (AerovnetFrame(buffer)->pieces != NULL)
            NdisMFreeNetBufferSGList(tx->adapter->dma, AerovnetFrame(buffer)->pieces, buffer);
        if (status != NDIS_STATUS_SUCCESS)
            NET_BUFFER_LIST_STATUS(list) = status;
        if (InterlockedDecrement(&PartOf(list)->frame_count) != 0)
            continue;
        *last = list;
        last = &NET_BUFFER_LIST_NEXT_NBL(list);
        count++;
    }
    if (done == NULL)
        return;
    NdisMSendNetBufferListsComplete(tx->adapter->handle, done, NDIS_SEND_COMPLETE_FLAGS_DISPATCH_LEVEL);
    AerovnetRelease(tx->adapter, count);
}

/* Takes the frames out that are marked for cancelling; one that is being mapped stays. Locks: tx's. */
static VOID TakeCancelled(AEROVNET_TX *tx, PVOID cancel_id, AEROVNET_FRAMES *cancelled)
{
    AEROVNET_FRAMES waiting = tx->waiting;
    PNET_BUFFER buffer;

    tx->waiting.first = NULL;
    tx->waiting.last = NULL;
    while ((buffer = AerovnetFramesPop(&waiting)) != NULL) {
        if (AerovnetFrame(buffer)->state != AEROVNET_FRAME_MAPPING &&
            NDIS_GET_NET_BUFFER_LIST_CANCEL_ID(AerovnetFrame(buffer)->list) == cancel_id)
            AerovnetFramesAppend(cancelled, buffer);
        else
            AerovnetFramesAppend(&tx->waiting, buffer);
    }
}

VOID NTAPI AerovnetCancelSend(NDIS_HANDLE context, PVOID cancel_id)
{
    AEROVNET_ADAPTER *adapter = (AEROVNET_ADAPTER *)context;
    AEROVNET_FRAMES cancelled;
    KIRQL irql;
    UINT16 i;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    for (i = 0; i < adapter->device.pair_count; i++) {
        RtlZeroMemory(&cancelled, sizeof(cancelled));
        NdisDprAcquireSpinLock(&adapter->tx[i].lock);
        TakeCancelled(&adapter->tx[i], cancel_id, &cancelled);
        NdisDprReleaseSpinLock(&adapter->tx[i].lock);
        AerovnetEndFrames(&adapter->tx[i], &cancelled, NDIS_STATUS_SEND_ABORTED);
    }
    KeLowerIrql(irql);
}
