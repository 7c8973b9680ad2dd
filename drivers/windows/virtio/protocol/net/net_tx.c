/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* One transmit queue. Layer: core, on the portable ring. Highest IRQL: DISPATCH_LEVEL. */
#include "net_tx.h"

#include "virtio_pci_modern.h"

#define NET_RING_ALIGN  4 /* the modern layout */
#define NET_NO_SLOT     0xFFFF
#define NET_FRAME_MIN   60 /* shorter ones get zeros behind */
#define NET_TX_ROUNDS   8
#define NET_SUM_PIECE   256
#define NET_HEADER_SIZE ((UINT32)sizeof(VIRTIO_NET_HEADER))

VIRTIO_STATIC_ASSERT(NET_TX_HEAD_MAX >= NET_HEADERS_MAX + NET_TAG_LENGTH);
VIRTIO_STATIC_ASSERT(NET_HEADERS_MAX >= NET_FRAME_MIN);

static VOID ResetSlots(NET_TX_QUEUE *queue)
{
    UINT16 i;

    for (i = 0; i < queue->slot_count; i++) {
        queue->slots[i].owner = NULL;
        queue->slots[i].next = (UINT16)(i + 1);
    }
    queue->slots[queue->slot_count - 1].next = NET_NO_SLOT;
    queue->free_slot = 0;
    queue->in_flight_count = 0;
}

static int Allocate(NET_TX_QUEUE *queue)
{
    BOOLEAN event_idx = (queue->features & VIRTIO_F_RING_EVENT_IDX) != 0;
    BOOLEAN indirect = (queue->features & VIRTIO_F_RING_INDIRECT_DESC) != 0;
    int result;

    result =
        virtqueue_split_alloc_ring(queue->os, queue->os_context, queue->size, NET_RING_ALIGN, event_idx, &queue->ring);
    if (result != VIRTIO_OK)
        return result;
    result = virtqueue_split_init(&queue->vq, queue->os, queue->os_context, queue->index, queue->size, NET_RING_ALIGN,
                                  &queue->ring, event_idx, indirect, NET_TX_TABLE_MAX);
    if (result != VIRTIO_OK)
        return result;
    queue->slots = (NET_TX_SLOT *)queue->os->alloc(queue->os_context, queue->slot_count * sizeof(NET_TX_SLOT));
    if (queue->slots == NULL || !queue->os->alloc_dma(queue->os_context, (size_t)queue->slot_count * NET_TX_SLOT_SIZE,
                                                      NET_TX_SLOT_SIZE, &queue->heads))
        return VIRTIO_ERR_NOMEM;
    RtlZeroMemory(queue->heads.vaddr, (size_t)queue->slot_count * NET_TX_SLOT_SIZE);
    ResetSlots(queue);
    return VIRTIO_OK;
}

NTSTATUS NetTxInit(NET_TX_QUEUE *queue, const virtio_os_ops_t *os, void *os_context, const NET_TX_SETUP *setup)
{
    int result;

    RtlZeroMemory(queue, sizeof(*queue));
    queue->os = os;
    queue->os_context = os_context;
    queue->read = setup->read;
    queue->index = setup->index;
    queue->size = setup->size;
    queue->features = setup->features;
    queue->mtu = setup->mtu;
    queue->slot_count = setup->size < NET_TX_SLOTS_MAX ? setup->size : NET_TX_SLOTS_MAX;
    queue->element_limit = setup->size <= NET_TX_ELEMENTS_MAX ? (UINT16)(setup->size - 1) : NET_TX_ELEMENTS_MAX;
    result = Allocate(queue);
    if (result == VIRTIO_OK)
        return STATUS_SUCCESS;
    NetTxUninit(queue);
    return result == VIRTIO_ERR_NOMEM ? STATUS_INSUFFICIENT_RESOURCES : STATUS_INVALID_PARAMETER;
}

VOID NetTxUninit(NET_TX_QUEUE *queue)
{
    if (queue->os == NULL)
        return;
    if (queue->heads.vaddr != NULL)
        queue->os->free_dma(queue->os_context, &queue->heads);
    if (queue->slots != NULL)
        queue->os->free(queue->os_context, queue->slots);
    if (queue->vq.engine != NULL)
        virtqueue_split_destroy(&queue->vq);
    virtqueue_split_free_ring(queue->os, queue->os_context, &queue->ring);
    RtlZeroMemory(queue, sizeof(*queue));
}

VOID NetTxOpen(NET_TX_QUEUE *queue, volatile UINT8 *notify_address)
{
    queue->notify_address = notify_address;
    queue->is_open = TRUE;
    queue->stuck_checks = 0;
}

VOID NetTxClose(NET_TX_QUEUE *queue)
{
    queue->is_open = FALSE;
}

VOID NetTxBegin(NET_TX_QUEUE *queue)
{
    queue->sg_count = 0;
}

VOID NetTxAddElement(NET_TX_QUEUE *queue, UINT64 address, UINT32 length)
{
    VIRTQ_SG *sg;

    if (length == 0)
        return;
    if (queue->sg_count == NET_TX_ELEMENTS_MAX)
        return; /* what is kept will not add up to the frame */
    queue->sg_count++;
    sg = &queue->sg[queue->sg_count];
    sg->addr = address;
    sg->len = length;
    sg->write = FALSE;
}

/*
 * Leaves count bytes behind the first skip ones, as elements from [1] on. FALSE: there are not so many, or the chain
 * gets too long.
 */
static BOOLEAN TrimElements(NET_TX_QUEUE *queue, UINT32 skip, UINT32 count)
{
    UINT16 kept = 0;
    UINT16 i;
    VIRTQ_SG sg;

    for (i = 1; i <= queue->sg_count && count != 0; i++) {
        sg = queue->sg[i];
        if (skip >= sg.len) {
            skip -= sg.len;
            continue;
        }
        sg.addr += skip;
        sg.len -= skip;
        skip = 0;
        if (sg.len > count)
            sg.len = count;
        count -= sg.len;
        kept++;
        queue->sg[kept] = sg;
    }
    queue->sg_count = kept;
    return count == 0 && kept <= queue->element_limit;
}

/* The checksum that the device does not do. copied: so many bytes of the frame are in the head, before the tag came in.
 */
static BOOLEAN SumInSoftware(NET_TX_QUEUE *queue, const NET_TX_FRAME *frame, const NET_TX_HEAD *head, UINT32 copied)
{
    UINT32 left = head->frame_length - head->count;
    UINT8 bytes[NET_SUM_PIECE];
    UINT32 piece;
    UINT16 checksum;
    NET_SUM sum;

    NetSumInit(&sum);
    NetSumAdd(&sum, head->bytes + head->software_start, head->count - head->software_start);
    for (; left != 0; left -= piece) {
        piece = left < sizeof(bytes) ? left : (UINT32)sizeof(bytes);
        if (!queue->read(frame->owner, copied, bytes, piece))
            return FALSE;
        NetSumAdd(&sum, bytes, piece);
        copied += piece;
    }
    checksum = (UINT16)~NetSumFold(&sum);
    NetPut16(head->bytes + head->software_sum, checksum != 0 ? checksum : 0xFFFF);
    return TRUE;
}

/* Fills a slot and the list of elements. FALSE: the frame can never go, and is counted. */
static BOOLEAN Build(NET_TX_QUEUE *queue, UINT16 slot, NET_TX_FRAME *frame, VIRTIO_NET_HEADER *header)
{
    UINT8 *bytes = (UINT8 *)queue->heads.vaddr + (size_t)slot * NET_TX_SLOT_SIZE;
    UINT32 copied = frame->length < NET_HEADERS_MAX ? frame->length : NET_HEADERS_MAX;
    NET_TX_HEAD head;

    RtlZeroMemory(&head, sizeof(head));
    head.bytes = bytes + NET_HEADER_SIZE;
    head.count = copied;
    head.frame_length = frame->length;
    if (!queue->read(frame->owner, 0, head.bytes, copied))
        goto no_memory;
    if (!NetTxBuildHead(&frame->offload, queue->features, queue->mtu, &head, header)) {
        queue->stats.refused_headers++;
        return FALSE;
    }
    if (!TrimElements(queue, copied, head.frame_length - head.count)) {
        queue->stats.refused_pieces++;
        return FALSE;
    }
    if (head.software_sum != 0 && !SumInSoftware(queue, frame, &head, copied))
        goto no_memory;
    if (head.frame_length < NET_FRAME_MIN) {
        RtlZeroMemory(head.bytes + head.count, NET_FRAME_MIN - head.count);
        head.count = NET_FRAME_MIN;
        head.frame_length = NET_FRAME_MIN;
    }
    RtlCopyMemory(bytes, header, NET_HEADER_SIZE);
    queue->sg[0].addr = queue->heads.paddr + (UINT64)slot * NET_TX_SLOT_SIZE;
    queue->sg[0].len = NET_HEADER_SIZE + head.count;
    queue->sg[0].write = FALSE;
    queue->slots[slot].length = head.frame_length;
    frame->tcp_payload = head.tcp_payload;
    if (head.software_sum != 0)
        queue->stats.checksums_software++;
    return TRUE;

no_memory:
    queue->stats.refused_memory++;
    return FALSE;
}

static VOID CountSent(NET_TX_QUEUE *queue, const NET_TX_FRAME *frame, const VIRTIO_NET_HEADER *header)
{
    if (header->flags != 0)
        queue->stats.checksums++;
    if (header->gso_type != VIRTIO_NET_HDR_GSO_NONE)
        queue->stats.segmented++;
    if ((frame->offload.flags & NET_TX_TAG) != 0)
        queue->stats.tags_inserted++;
}

NET_TX_RESULT NetTxSubmit(NET_TX_QUEUE *queue, NET_TX_FRAME *frame)
{
    UINT16 slot = queue->free_slot;
    VIRTIO_NET_HEADER header;
    int result = VIRTIO_ERR_NOSPC;

    frame->tcp_payload = 0;
    if (queue->is_open && slot != NET_NO_SLOT) {
        if (!Build(queue, slot, frame, &header))
            return NET_TX_REFUSED;
        result = virtqueue_split_add_sg(&queue->vq, queue->sg, (UINT16)(queue->sg_count + 1), &queue->slots[slot],
                                        (queue->features & VIRTIO_F_RING_INDIRECT_DESC) != 0, NULL);
    }
    if (result != VIRTIO_OK) { /* a broken queue counts as full: the frame waits for the recovery */
        queue->stats.full++;
        return NET_TX_FULL;
    }
    queue->free_slot = queue->slots[slot].next;
    queue->slots[slot].owner = frame->owner;
    queue->in_flight_count++;
    CountSent(queue, frame, &header);
    return NET_TX_SENT;
}

VOID NetTxKick(NET_TX_QUEUE *queue)
{
    if (!queue->is_open || !virtqueue_split_kick_prepare(&queue->vq))
        return;
    queue->stats.kicks++;
    VirtioPciNotify(queue->notify_address, queue->index);
}

static void *Release(NET_TX_QUEUE *queue, NET_TX_SLOT *slot)
{
    void *owner = slot->owner;

    slot->owner = NULL;
    slot->next = queue->free_slot;
    queue->free_slot = (UINT16)(slot - queue->slots);
    queue->in_flight_count--;
    return owner;
}

NET_TX_STATUS NetTxReap(NET_TX_QUEUE *queue, void **owners, UINT32 capacity, UINT32 *count)
{
    UINT32 rounds = 0;
    void *cookie;

    *count = 0;
    if (!queue->is_open)
        return NET_TX_IDLE;
    do {
        virtqueue_split_disable_interrupts(&queue->vq);
        while (*count < capacity && virtqueue_split_pop_used(&queue->vq, &cookie, NULL)) {
            queue->stats.frames++;
            queue->stats.bytes += ((NET_TX_SLOT *)cookie)->length;
            owners[*count] = Release(queue, (NET_TX_SLOT *)cookie);
            (*count)++;
        }
        if (virtqueue_split_get_error_flags(&queue->vq) != 0)
            return NET_TX_BROKEN;
        if (*count == capacity || rounds > NET_TX_ROUNDS)
            return NET_TX_MORE;
        rounds++;
    } while (virtqueue_split_enable_interrupts(&queue->vq));
    return NET_TX_IDLE;
}

BOOLEAN NetTxTakeBack(NET_TX_QUEUE *queue, void **owner)
{
    void *cookie;

    *owner = NULL;
    if (queue->os == NULL)
        return FALSE;
    queue->is_open = FALSE;
    if (virtqueue_split_detach_unused(&queue->vq, &cookie)) {
        queue->stats.aborted++;
        *owner = Release(queue, (NET_TX_SLOT *)cookie);
        return TRUE;
    }
    virtqueue_split_reset(&queue->vq);
    return FALSE;
}

BOOLEAN NetTxIsStuck(NET_TX_QUEUE *queue)
{
    if (queue->in_flight_count == 0 || queue->checked_frames != queue->stats.frames)
        queue->stuck_checks = 0;
    else
        queue->stuck_checks++;
    queue->checked_frames = queue->stats.frames;
    return queue->stuck_checks >= NET_TX_STUCK_CHECKS;
}
