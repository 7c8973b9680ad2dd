/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The block device's request queue. Layer: core, on the portable ring. Highest IRQL: DIRQL. */
#include "blk_queue.h"

#define BLK_RING_ALIGN      4    /* the modern layout */
#define BLK_STATUS_PRESET   0xFF /* no status that a device may write */
#define BLK_EMPTY_ROUNDS    8    /* so often the ring may say that there is something where nothing is */

/* Written by us but for status; the device may scribble over all of it. */
typedef struct _BLK_SLOT {
    VIRTIO_BLK_HEADER header;
    volatile UINT8 status;
    UINT8 padding[BLK_SLOT_SIZE - 17];
} BLK_SLOT;
VIRTIO_STATIC_ASSERT(sizeof(BLK_SLOT) == BLK_SLOT_SIZE);
VIRTIO_STATIC_ASSERT(offsetof(BLK_SLOT, status) == sizeof(VIRTIO_BLK_HEADER));

static UINT16 SlotCount(UINT16 queue_size)
{
    return queue_size < BLK_SLOTS_MAX ? queue_size : BLK_SLOTS_MAX;
}

size_t BlkQueueSlotMemory(UINT16 queue_size)
{
    return ((size_t)SlotCount(queue_size) + 1) * BLK_SLOT_SIZE; /* the last one takes GET_ID's data */
}

static BLK_SLOT *SlotAt(const BLK_QUEUE *queue, UINT16 slot)
{
    return (BLK_SLOT *)queue->slots.vaddr + slot;
}

static UINT64 SlotAddress(const BLK_QUEUE *queue, UINT16 slot)
{
    return queue->slots.paddr + (UINT64)slot * BLK_SLOT_SIZE;
}

VOID BlkListAppend(BLK_REQUEST_LIST *list, BLK_REQUEST *request)
{
    request->next = NULL;
    if (list->tail != NULL)
        list->tail->next = request;
    else
        list->head = request;
    list->tail = request;
}

BLK_REQUEST *BlkListPop(BLK_REQUEST_LIST *list)
{
    BLK_REQUEST *request = list->head;

    if (request == NULL)
        return NULL;
    list->head = request->next;
    if (list->head == NULL)
        list->tail = NULL;
    request->next = NULL;
    return request;
}

VOID BlkRequestInit(BLK_REQUEST *request, BLK_REQUEST_TYPE type, UINT64 sector)
{
    request->type = type;
    request->flush_after = FALSE;
    request->sector = sector;
    request->data_length = 0;
    request->owner = NULL;
    request->result = BLK_RESULT_OK;
    request->next = NULL;
    request->sequence = 0;
    request->writes_before = 0;
    request->slot = BLK_NO_SLOT;
    request->is_flushing = FALSE;
    request->segment_count = 0;
}

BOOLEAN BlkRequestAddSegment(BLK_REQUEST *request, const BLK_LIMITS *limits, UINT64 address, UINT32 length)
{
    VIRTQ_SG *sg;
    UINT32 piece;

    while (length != 0) {
        if (request->segment_count >= limits->segment_limit)
            return FALSE;
        piece = length < limits->size_max ? length : limits->size_max;
        request->segment_count++;
        sg = &request->sg[request->segment_count];
        sg->addr = address;
        sg->len = piece;
        sg->write = request->type == BLK_READ;
        request->data_length += piece;
        address += piece;
        length -= piece;
    }
    return TRUE;
}

static VOID ResetSlots(BLK_QUEUE *queue)
{
    UINT16 i;

    for (i = 0; i < queue->slot_count; i++)
        queue->next_slot[i] = (UINT16)(i + 1);
    queue->next_slot[queue->slot_count - 1] = BLK_NO_SLOT;
    queue->free_slot = 0;
    queue->in_flight_count = 0;
}

NTSTATUS BlkQueueInit(BLK_QUEUE *queue, const virtio_os_ops_t *os, void *os_context, const BLK_QUEUE_SETUP *setup)
{
    int result;

    RtlZeroMemory(queue, sizeof(*queue));
    queue->os = os;
    queue->os_context = os_context;
    queue->index = setup->index;
    queue->size = setup->size;
    queue->indirect = setup->indirect;
    queue->slot_count = SlotCount(setup->size);

    result = virtqueue_split_alloc_ring(os, os_context, setup->size, BLK_RING_ALIGN, setup->event_idx, &queue->ring);
    if (result != VIRTIO_OK)
        goto failed;
    if (!os->alloc_dma(os_context, BlkQueueSlotMemory(setup->size), BLK_SLOT_SIZE, &queue->slots)) {
        result = VIRTIO_ERR_NOMEM;
        goto free_ring;
    }
    result = virtqueue_split_init(&queue->vq, os, os_context, setup->index, setup->size, BLK_RING_ALIGN, &queue->ring,
                                  setup->event_idx, setup->indirect, (UINT16)(setup->segment_limit + 2));
    if (result != VIRTIO_OK)
        goto free_slots;
    RtlZeroMemory(queue->slots.vaddr, BlkQueueSlotMemory(setup->size));
    ResetSlots(queue);
    return STATUS_SUCCESS;

free_slots:
    os->free_dma(os_context, &queue->slots);
free_ring:
    virtqueue_split_free_ring(os, os_context, &queue->ring);
failed:
    RtlZeroMemory(queue, sizeof(*queue));
    return result == VIRTIO_ERR_NOMEM ? STATUS_INSUFFICIENT_RESOURCES : STATUS_INVALID_PARAMETER;
}

VOID BlkQueueUninit(BLK_QUEUE *queue)
{
    if (queue->os == NULL)
        return;
    virtqueue_split_destroy(&queue->vq);
    queue->os->free_dma(queue->os_context, &queue->slots);
    virtqueue_split_free_ring(queue->os, queue->os_context, &queue->ring);
    RtlZeroMemory(queue, sizeof(*queue));
}

static BOOLEAN IsFlush(const BLK_REQUEST *request)
{
    return request->type == BLK_FLUSH || request->is_flushing;
}

/* Writes header and status of the request's slot and the two descriptors around its data. */
static UINT16 BuildChain(BLK_QUEUE *queue, BLK_REQUEST *request)
{
    static const UINT32 types[] = {VIRTIO_BLK_T_IN, VIRTIO_BLK_T_OUT, VIRTIO_BLK_T_FLUSH, VIRTIO_BLK_T_GET_ID};
    BLK_SLOT *slot = SlotAt(queue, request->slot);
    UINT64 address = SlotAddress(queue, request->slot);
    UINT16 count = IsFlush(request) ? 0 : request->segment_count;

    slot->header.type = IsFlush(request) ? VIRTIO_BLK_T_FLUSH : types[request->type];
    slot->header.reserved = 0;
    slot->header.sector = IsFlush(request) ? 0 : request->sector;
    slot->status = BLK_STATUS_PRESET;

    request->sg[0].addr = address;
    request->sg[0].len = sizeof(slot->header);
    request->sg[0].write = FALSE;
    if (request->type == BLK_GET_ID) {
        request->sg[1].addr = SlotAddress(queue, queue->slot_count);
        request->sg[1].len = VIRTIO_BLK_ID_LENGTH;
        request->sg[1].write = TRUE;
        count = 1;
    }
    count++;
    request->sg[count].addr = address + offsetof(BLK_SLOT, status);
    request->sg[count].len = 1;
    request->sg[count].write = TRUE;
    return (UINT16)(count + 1);
}

/* Puts the request into the ring. FALSE: there is no room now. */
static BOOLEAN TrySend(BLK_QUEUE *queue, BLK_REQUEST *request)
{
    UINT16 slot = queue->free_slot;

    if (!queue->is_open || slot == BLK_NO_SLOT)
        return FALSE;
    request->slot = slot;
    if (virtqueue_split_add_sg(&queue->vq, request->sg, BuildChain(queue, request), request, queue->indirect, NULL) !=
        VIRTIO_OK) {
        request->slot = BLK_NO_SLOT;
        return FALSE;
    }
    queue->free_slot = queue->next_slot[slot];
    queue->in_flight_count++;
    return TRUE;
}

/* Sends the request, or queues it behind those that found the ring full. */
static VOID Send(BLK_QUEUE *queue, BLK_REQUEST *request)
{
    if (queue->waiting.head == NULL && TrySend(queue, request))
        return;
    queue->stats.waited++;
    BlkListAppend(&queue->waiting, request);
}

static VOID SendWaiting(BLK_QUEUE *queue)
{
    while (queue->waiting.head != NULL && TrySend(queue, queue->waiting.head)) {
        /* in the ring now: TrySend does not use the link */
        (void)BlkListPop(&queue->waiting);
    }
}

static VOID Kick(BLK_QUEUE *queue)
{
    if (!queue->is_open || !virtqueue_split_kick_prepare(&queue->vq))
        return;
    queue->stats.kicks++;
    VirtioPciNotify(queue->notify_address, queue->index);
}

VOID BlkQueueOpen(BLK_QUEUE *queue, volatile UINT8 *notify_address)
{
    queue->notify_address = notify_address;
    queue->is_open = TRUE;
    SendWaiting(queue);
    Kick(queue);
}

NTSTATUS BlkQueueSubmit(BLK_QUEUE *queue, BLK_REQUEST *request)
{
    BOOLEAN has_data = request->type == BLK_READ || request->type == BLK_WRITE;

    if (has_data && (request->data_length == 0 || request->data_length % VIRTIO_BLK_SECTOR_SIZE != 0))
        return STATUS_INVALID_PARAMETER;
    if (request->segment_count + 2 > queue->size) /* would wait for ever */
        return STATUS_INVALID_PARAMETER;
    request->sequence = ++queue->sequence;
    switch (request->type) {
    case BLK_READ:
        queue->stats.reads++;
        break;
    case BLK_WRITE:
        queue->stats.writes++;
        queue->writes_pending++;
        break;
    case BLK_FLUSH:
        queue->stats.flushes++;
        request->writes_before = queue->writes_pending;
        if (request->writes_before != 0) {
            BlkListAppend(&queue->held, request);
            return STATUS_SUCCESS;
        }
        break;
    case BLK_GET_ID:
        break;
    }
    Send(queue, request);
    Kick(queue);
    return STATUS_SUCCESS;
}

/* A write left the device: flushes that were submitted after it wait for one write less. */
static VOID WriteEnded(BLK_QUEUE *queue, const BLK_REQUEST *write)
{
    BLK_REQUEST_LIST still_held = {NULL, NULL};
    BLK_REQUEST *flush;

    queue->writes_pending--;
    while ((flush = BlkListPop(&queue->held)) != NULL) {
        if (write->sequence < flush->sequence)
            flush->writes_before--;
        if (flush->writes_before == 0)
            Send(queue, flush);
        else
            BlkListAppend(&still_held, flush);
    }
    queue->held = still_held;
}

/*
 * used_length only matters for data: a device that does not count the status byte, or counts nothing for a write, is
 * believed, because the status byte was preset and proves itself.
 */
static BLK_RESULT JudgeStatus(const BLK_REQUEST *request, UINT8 status, UINT32 used_length)
{
    UINT32 expected = 0;

    if (!IsFlush(request)) {
        if (request->type == BLK_READ)
            expected = request->data_length;
        else if (request->type == BLK_GET_ID)
            expected = VIRTIO_BLK_ID_LENGTH;
    }
    switch (status) {
    case VIRTIO_BLK_S_OK:
        return used_length >= expected ? BLK_RESULT_OK : BLK_RESULT_SHORT;
    case VIRTIO_BLK_S_IOERR:
        return BLK_RESULT_IO_ERROR;
    case VIRTIO_BLK_S_UNSUPP:
        return BLK_RESULT_UNSUPPORTED;
    default:
        return BLK_RESULT_BAD_STATUS;
    }
}

static VOID Finish(BLK_QUEUE *queue, BLK_REQUEST *request, UINT32 used_length, BLK_REQUEST_LIST *done)
{
    UINT16 slot = request->slot;

    request->result = JudgeStatus(request, SlotAt(queue, slot)->status, used_length);
    request->slot = BLK_NO_SLOT;
    queue->next_slot[slot] = queue->free_slot;
    queue->free_slot = slot;
    queue->in_flight_count--;

    if (request->type == BLK_WRITE && !request->is_flushing) {
        WriteEnded(queue, request);
        if (request->flush_after && request->result == BLK_RESULT_OK) {
            request->is_flushing = TRUE;
            queue->stats.flushes++;
            Send(queue, request);
            return;
        }
    }
    if (request->result != BLK_RESULT_OK)
        queue->stats.errors++;
    BlkListAppend(done, request);
}

BOOLEAN BlkQueueDrain(BLK_QUEUE *queue, BLK_REQUEST_LIST *done)
{
    UINT32 empty_rounds = 0;
    void *cookie;
    UINT32 used_length;
    BOOLEAN found;

    if (!queue->is_open)
        return FALSE;
    /* Ends: each buffer taken ends one of finitely many requests, and rounds that take none are counted. */
    do {
        found = FALSE;
        virtqueue_split_disable_interrupts(&queue->vq);
        while (virtqueue_split_pop_used(&queue->vq, &cookie, &used_length)) {
            found = TRUE;
            Finish(queue, (BLK_REQUEST *)cookie, used_length, done);
        }
        if (virtqueue_split_get_error_flags(&queue->vq) != 0)
            return TRUE;
        SendWaiting(queue);
        Kick(queue);
        empty_rounds = found ? 0 : empty_rounds + 1;
        if (empty_rounds > BLK_EMPTY_ROUNDS)
            return TRUE;
    } while (virtqueue_split_enable_interrupts(&queue->vq));
    return FALSE;
}

static VOID GiveBack(BLK_QUEUE *queue, BLK_REQUEST *request, BLK_RESULT result, BLK_REQUEST_LIST *done)
{
    request->result = result;
    request->slot = BLK_NO_SLOT;
    queue->stats.errors++;
    BlkListAppend(done, request);
}

VOID BlkQueueAbort(BLK_QUEUE *queue, BLK_RESULT result, BLK_REQUEST_LIST *done)
{
    void *cookie;
    BLK_REQUEST *request;

    if (queue->os == NULL)
        return;
    queue->is_open = FALSE;
    while (virtqueue_split_detach_unused(&queue->vq, &cookie))
        GiveBack(queue, (BLK_REQUEST *)cookie, result, done);
    while ((request = BlkListPop(&queue->waiting)) != NULL)
        GiveBack(queue, request, result, done);
    while ((request = BlkListPop(&queue->held)) != NULL)
        GiveBack(queue, request, result, done);
    queue->writes_pending = 0;
    ResetSlots(queue);
    virtqueue_split_reset(&queue->vq);
}

VOID BlkQueueCopyId(const BLK_QUEUE *queue, UINT8 *id)
{
    RtlCopyMemory(id, SlotAt(queue, queue->slot_count), VIRTIO_BLK_ID_LENGTH);
}
