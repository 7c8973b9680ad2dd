/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * One MDL for each receive buffer, and as many lists with a net buffer: made once, handed out and taken back, so that
 * receiving allocates nothing. A frame in several buffers becomes a chain of their MDLs. Layer: glue.
 * IRQL: PASSIVE_LEVEL for set-up, else <= DISPATCH_LEVEL.
 */
#include "aerovnet.h"

/* NET_BUFFER_LIST.MiniportReserved of a list of ours. */
typedef struct _LIST_PART {
    AEROVNET_RX *rx;
    NET_RX_BUFFER *buffers; /* NULL: free */
} LIST_PART;
VIRTIO_STATIC_ASSERT(sizeof(LIST_PART) <= 2 * sizeof(PVOID));

static LIST_PART *PartOf(PNET_BUFFER_LIST list)
{
    return (LIST_PART *)(PVOID)NET_BUFFER_LIST_MINIPORT_RESERVED(list);
}

static NDIS_HANDLE CreatePool(const AEROVNET_ADAPTER *adapter)
{
    NET_BUFFER_LIST_POOL_PARAMETERS parameters;

    RtlZeroMemory(&parameters, sizeof(parameters));
    parameters.Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    parameters.Header.Revision = NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1;
    parameters.Header.Size = NDIS_SIZEOF_NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1;
    parameters.ProtocolId = NDIS_PROTOCOL_ID_DEFAULT;
    parameters.fAllocateNetBuffer = TRUE;
    parameters.PoolTag = AEROVNET_TAG;
    return NdisAllocateNetBufferListPool(adapter->handle, &parameters);
}

static BOOLEAN AddBuffer(AEROVNET_RX *rx, NET_RX_BUFFER *buffer)
{
    PNET_BUFFER_LIST list;

    buffer->owner = NdisAllocateMdl(rx->adapter->handle, buffer->bytes, rx->queue->buffer_size);
    if (buffer->owner == NULL)
        return FALSE;
    list = NdisAllocateNetBufferAndNetBufferList(rx->pool, 0, 0, NULL, 0, 0);
    if (list == NULL)
        return FALSE;
    PartOf(list)->rx = rx;
    PartOf(list)->buffers = NULL;
    list->SourceHandle = rx->adapter->handle;
    NET_BUFFER_LIST_NEXT_NBL(list) = rx->free;
    rx->free = list;
    return TRUE;
}

BOOLEAN AerovnetReceivePoolInit(AEROVNET_RX *rx)
{
    UINT16 i;

    rx->pool = CreatePool(rx->adapter);
    if (rx->pool == NULL)
        return FALSE;
    for (i = 0; i < rx->queue->buffer_count; i++) {
        if (!AddBuffer(rx, &rx->queue->buffers[i])) {
            AerovnetReceivePoolUninit(rx);
            return FALSE;
        }
    }
    return TRUE;
}

VOID AerovnetReceivePoolUninit(AEROVNET_RX *rx)
{
    PNET_BUFFER_LIST list;
    UINT16 i;

    if (rx->pool == NULL)
        return;
    while ((list = rx->free) != NULL) {
        rx->free = NET_BUFFER_LIST_NEXT_NBL(list);
        NET_BUFFER_LIST_NEXT_NBL(list) = NULL;
        NdisFreeNetBufferList(list);
    }
    for (i = 0; i < rx->queue->buffer_count; i++) {
        if (rx->queue->buffers[i].owner != NULL)
            NdisFreeMdl((PMDL)rx->queue->buffers[i].owner);
        rx->queue->buffers[i].owner = NULL;
    }
    NdisFreeNetBufferListPool(rx->pool);
    rx->pool = NULL;
}

/* The chain of the frame's MDLs, each as long as what it holds. */
static PMDL ChainMdls(const NET_RX_FRAME *frame)
{
    const NET_RX_BUFFER *buffer;
    PMDL mdl;

    for (buffer = frame->buffers; buffer != NULL; buffer = buffer->next) {
        mdl = (PMDL)buffer->owner;
        NdisAdjustMdlLength(mdl, buffer->offset + buffer->length);
        mdl->Next = buffer->next != NULL ? (PMDL)buffer->next->owner : NULL;
    }
    return (PMDL)frame->buffers->owner;
}

PNET_BUFFER_LIST AerovnetReceivePoolTake(AEROVNET_RX *rx, const NET_RX_FRAME *frame)
{
    PNET_BUFFER_LIST list = rx->free;
    PNET_BUFFER buffer;

    if (list == NULL)
        return NULL;
    rx->free = NET_BUFFER_LIST_NEXT_NBL(list);
    NET_BUFFER_LIST_NEXT_NBL(list) = NULL;
    PartOf(list)->buffers = frame->buffers;
    RtlZeroMemory(list->NetBufferListInfo, sizeof(list->NetBufferListInfo));
    NET_BUFFER_LIST_STATUS(list) = NDIS_STATUS_SUCCESS;

    buffer = NET_BUFFER_LIST_FIRST_NB(list);
    NET_BUFFER_FIRST_MDL(buffer) = ChainMdls(frame);
    NET_BUFFER_CURRENT_MDL(buffer) = NET_BUFFER_FIRST_MDL(buffer);
    NET_BUFFER_DATA_OFFSET(buffer) = frame->buffers->offset;
    NET_BUFFER_CURRENT_MDL_OFFSET(buffer) = frame->buffers->offset;
    NET_BUFFER_DATA_LENGTH(buffer) = frame->length;
    return list;
}

VOID AerovnetReceivePoolReturn(AEROVNET_RX *rx, PNET_BUFFER_LIST list)
{
    NetRxReturn(rx->queue, PartOf(list)->buffers);
    PartOf(list)->buffers = NULL;
    NET_BUFFER_LIST_NEXT_NBL(list) = rx->free;
    rx->free = list;
}

AEROVNET_RX *AerovnetReceivePoolOwner(PNET_BUFFER_LIST list)
{
    return PartOf(list)->rx;
}
