/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* One receive queue. Layer: core, on the portable ring. Highest IRQL: DISPATCH_LEVEL. */
#include "net_rx.h"

#define NET_RING_ALIGN    4       /* the modern layout */
#define NET_RX_BLOCK_SIZE 0x10000 /* buffers are allocated in blocks of this size, or one by one when they are larger  \
                                   */
#define NET_RX_ALIGN      64
#define NET_RX_SINGLE_MIN 1526 /* NET-39 */
#define NET_RX_ROUNDS     8    /* refills within one NetRxBegin: a device cannot keep the caller for ever */
#define NET_HEADER_SIZE   ((UINT32)sizeof(VIRTIO_NET_HEADER))

static UINT32 BufferSize(const NET_RX_SETUP *setup)
{
    UINT32 size = NET_HEADER_SIZE + NET_TAGGED_FRAME_MAX(setup->device_mtu);

    if ((setup->features & VIRTIO_NET_F_MRG_RXBUF) != 0)
        return NET_RX_BUFFER_SIZE;
    if (size < NET_RX_SINGLE_MIN)
        size = NET_RX_SINGLE_MIN;
    return (size + NET_RX_ALIGN - 1) & ~(UINT32)(NET_RX_ALIGN - 1);
}

static VOID Free(NET_RX_QUEUE *queue, NET_RX_BUFFER *buffer)
{
    buffer->next = queue->free;
    queue->free = buffer;
}

static BOOLEAN AllocateBuffers(NET_RX_QUEUE *queue)
{
    UINT32 per_block = queue->buffer_size < NET_RX_BLOCK_SIZE ? NET_RX_BLOCK_SIZE / queue->buffer_size : 1;
    UINT32 blocks = (queue->buffer_count + per_block - 1) / per_block;
    virtio_dma_buffer_t *block = NULL;
    NET_RX_BUFFER *buffer;
    UINT32 i;

    queue->buffers = (NET_RX_BUFFER *)queue->os->alloc(queue->os_context, queue->buffer_count * sizeof(NET_RX_BUFFER));
    queue->blocks = (virtio_dma_buffer_t *)queue->os->alloc(queue->os_context, blocks * sizeof(virtio_dma_buffer_t));
    if (queue->buffers == NULL || queue->blocks == NULL)
        return FALSE;
    for (i = 0; i < queue->buffer_count; i++) {
        if (i % per_block == 0) {
            block = &queue->blocks[queue->block_count];
            if (!queue->os->alloc_dma(queue->os_context, (size_t)per_block * queue->buffer_size, NET_RX_ALIGN, block))
                return FALSE;
            queue->block_count++;
        }
        buffer = &queue->buffers[i];
        RtlZeroMemory(buffer, sizeof(*buffer));
        buffer->number = (UINT16)i;
        buffer->bytes = (UINT8 *)block->vaddr + (size_t)(i % per_block) * queue->buffer_size;
        buffer->address = block->paddr + (UINT64)(i % per_block) * queue->buffer_size;
        /* a frame's bytes never are what was in the memory before */
        RtlZeroMemory(buffer->bytes, queue->buffer_size);
        Free(queue, buffer);
    }
    return TRUE;
}

NTSTATUS NetRxInit(NET_RX_QUEUE *queue, const virtio_os_ops_t *os, void *os_context, const NET_RX_SETUP *setup)
{
    UINT32 count = setup->buffer_count < setup->size ? setup->buffer_count : setup->size;
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;
    int result;

    RtlZeroMemory(queue, sizeof(*queue));
    queue->buffer_size = BufferSize(setup);
    if (count > NET_RX_MEMORY_MAX / queue->buffer_size)
        count = NET_RX_MEMORY_MAX / queue->buffer_size;
    if (count == 0)
        return STATUS_INVALID_PARAMETER;
    queue->os = os;
    queue->os_context = os_context;
    queue->index = setup->index;
    queue->size = setup->size;
    queue->features = setup->features;
    queue->frame_max = NET_FRAME_MAX(setup->mtu);
    queue->buffer_count = (UINT16)count;

    result = virtqueue_split_alloc_ring(os, os_context, setup->size, NET_RING_ALIGN, TRUE, &queue->ring);
    if (result == VIRTIO_OK)
        result = virtqueue_split_init(&queue->vq, os, os_context, setup->index, setup->size, NET_RING_ALIGN,
                                      &queue->ring, (setup->features & VIRTIO_F_RING_EVENT_IDX) != 0, FALSE, 1);
    if (result != VIRTIO_OK) {
        if (result != VIRTIO_ERR_NOMEM)
            status = STATUS_INVALID_PARAMETER;
        goto undo;
    }
    if (!AllocateBuffers(queue))
        goto undo;
    return STATUS_SUCCESS;

undo:
    NetRxUninit(queue);
    return status;
}

VOID NetRxUninit(NET_RX_QUEUE *queue)
{
    if (queue->os == NULL)
        return;
    while (queue->block_count > 0) {
        queue->block_count--;
        queue->os->free_dma(queue->os_context, &queue->blocks[queue->block_count]);
    }
    if (queue->blocks != NULL)
        queue->os->free(queue->os_context, queue->blocks);
    if (queue->buffers != NULL)
        queue->os->free(queue->os_context, queue->buffers);
    if (queue->vq.engine != NULL)
        virtqueue_split_destroy(&queue->vq);
    virtqueue_split_free_ring(queue->os, queue->os_context, &queue->ring);
    RtlZeroMemory(queue, sizeof(*queue));
}

/* Free buffers into the ring. */
static VOID Post(NET_RX_QUEUE *queue)
{
    NET_RX_BUFFER *buffer;
    VIRTQ_SG sg;

    while ((buffer = queue->free) != NULL) {
        sg.addr = buffer->address;
        sg.len = queue->buffer_size;
        sg.write = TRUE;
        if (virtqueue_split_add_sg(&queue->vq, &sg, 1, buffer, FALSE, NULL) != VIRTIO_OK)
            return; /* broken: there is a descriptor for each buffer */
        queue->free = buffer->next;
        queue->posted_count++;
    }
}

VOID NetRxFill(NET_RX_QUEUE *queue)
{
    void *cookie;

    while (virtqueue_split_detach_unused(&queue->vq, &cookie))
        Free(queue, (NET_RX_BUFFER *)cookie);
    virtqueue_split_reset(&queue->vq);
    queue->posted_count = 0;
    Post(queue);
}

VOID NetRxKick(NET_RX_QUEUE *queue)
{
    if (!queue->is_open || !virtqueue_split_kick_prepare(&queue->vq))
        return;
    queue->stats.kicks++;
    VirtioPciNotify(queue->notify_address, queue->index);
}

VOID NetRxOpen(NET_RX_QUEUE *queue, volatile UINT8 *notify_address)
{
    queue->notify_address = notify_address;
    queue->is_open = TRUE;
    NetRxKick(queue);
}

VOID NetRxClose(NET_RX_QUEUE *queue)
{
    queue->is_open = FALSE;
}

VOID NetRxBegin(NET_RX_QUEUE *queue)
{
    queue->rounds = 0;
    if (queue->is_open)
        virtqueue_split_disable_interrupts(&queue->vq);
}

static VOID FreeParts(NET_RX_QUEUE *queue, NET_RX_BUFFER *buffers)
{
    NET_RX_BUFFER *next;

    for (; buffers != NULL; buffers = next) {
        next = buffers->next;
        Free(queue, buffers);
    }
}

/* One buffer that the device used becomes the last part of a frame. FALSE: its length cannot be. */
static BOOLEAN AddPart(NET_RX_QUEUE *queue, NET_RX_FRAME *frame, NET_RX_BUFFER **last, NET_RX_BUFFER *buffer,
                       UINT32 used_length)
{
    queue->posted_count--;
    buffer->next = NULL;
    buffer->offset = *last == NULL ? NET_HEADER_SIZE : 0;
    buffer->length = 0;
    if (*last == NULL)
        frame->buffers = buffer;
    else
        (*last)->next = buffer;
    *last = buffer;
    frame->buffer_count++;
    if (used_length > queue->buffer_size || used_length <= buffer->offset)
        return FALSE;
    buffer->length = used_length - buffer->offset;
    frame->length += buffer->length;
    return TRUE;
}

/*
 * All buffers of the frame that begins with this one. The device makes them used together (it moves used idx once), so
 * what is not there now is not waited for.
 */
static BOOLEAN Collect(NET_RX_QUEUE *queue, NET_RX_BUFFER *buffer, UINT32 used_length, NET_RX_FRAME *frame,
                       VIRTIO_NET_HEADER *header)
{
    NET_RX_BUFFER *last = NULL;
    BOOLEAN is_good;
    void *cookie;
    UINT32 count = 1;

    RtlZeroMemory(frame, sizeof(*frame));
    is_good = AddPart(queue, frame, &last, buffer, used_length);
    RtlCopyMemory(header, buffer->bytes, NET_HEADER_SIZE);
    /* without MRG_RXBUF many devices leave the field alone: it says nothing then */
    if ((queue->features & VIRTIO_NET_F_MRG_RXBUF) != 0 && used_length >= NET_HEADER_SIZE)
        count = header->buffer_count;
    if (count == 0 || count > NET_RX_FRAME_PARTS_MAX || count > queue->buffer_count) {
        queue->stats.dropped_merge++;
        return FALSE;
    }
    while (frame->buffer_count < count) {
        if (!virtqueue_split_pop_used(&queue->vq, &cookie, &used_length)) {
            queue->stats.dropped_merge++;
            return FALSE;
        }
        if (!AddPart(queue, frame, &last, (NET_RX_BUFFER *)cookie, used_length))
            is_good = FALSE;
    }
    if (!is_good || frame->length < NET_ETHERNET_LENGTH || frame->length > queue->frame_max + NET_TAG_LENGTH) {
        queue->stats.dropped_length++;
        return FALSE;
    }
    return TRUE;
}

/* A private copy of the frame's first bytes. Returns: how many. */
static UINT32 CopyHead(const NET_RX_FRAME *frame, UINT8 *to)
{
    const NET_RX_BUFFER *part;
    UINT32 done = 0;
    UINT32 piece;

    for (part = frame->buffers; part != NULL && done < NET_HEADERS_MAX; part = part->next) {
        piece = part->length < NET_HEADERS_MAX - done ? part->length : NET_HEADERS_MAX - done;
        RtlCopyMemory(to + done, part->bytes + part->offset, piece);
        done += piece;
    }
    return done;
}

/* Sums from sum_start to the frame's end and puts the checksum at sum_field, which may be split between buffers. */
static VOID CompleteChecksum(const NET_RX_FRAME *frame, UINT32 sum_start, UINT32 sum_field)
{
    const NET_RX_BUFFER *part;
    UINT32 begin = 0; /* of the part, in the frame */
    UINT32 skip;
    UINT32 i;
    UINT16 checksum;
    UINT8 field[2];
    NET_SUM sum;

    NetSumInit(&sum);
    for (part = frame->buffers; part != NULL; part = part->next) {
        skip = sum_start > begin ? sum_start - begin : 0;
        if (skip < part->length)
            NetSumAdd(&sum, part->bytes + part->offset + skip, part->length - skip);
        begin += part->length;
    }
    checksum = (UINT16)~NetSumFold(&sum);
    NetPut16(field, checksum != 0 ? checksum : 0xFFFF); /* 0 would say "no checksum" in UDP */
    for (i = 0; i < 2; i++) {
        begin = 0;
        for (part = frame->buffers; sum_field + i - begin >= part->length; part = part->next)
            begin += part->length;
        part->bytes[part->offset + sum_field + i - begin] = field[i];
    }
}

static VOID StripTag(NET_RX_FRAME *frame, const UINT8 *head)
{
    NET_RX_BUFFER *first = frame->buffers;

    first->offset += NET_TAG_LENGTH;
    first->length -= NET_TAG_LENGTH;
    frame->length -= NET_TAG_LENGTH;
    RtlCopyMemory(first->bytes + first->offset, head, NET_TAG_OFFSET);
}

/* Whether a collected frame is good and wanted; counts it if not. */
static BOOLEAN Accept(NET_RX_QUEUE *queue, NET_RX_FRAME *frame, const VIRTIO_NET_HEADER *header)
{
    UINT8 head[NET_HEADERS_MAX];
    UINT32 count = CopyHead(frame, head);
    NET_LAYOUT *layout = &frame->info.layout;
    NET_RX_ACTION action;
    UINT32 sum_start;
    UINT32 sum_field;

    action = NetRxJudge(header, queue->features, head, count, frame->length, &frame->info, &sum_start, &sum_field);
    if (action == NET_RX_DROP) {
        queue->stats.dropped_header++;
        return FALSE;
    }
    /* the whole Ethernet header in one piece; and a tag is what makes a frame longer than others */
    if (frame->buffers->length < layout->l3_offset || (!layout->is_tagged && frame->length > queue->frame_max)) {
        queue->stats.dropped_length++;
        return FALSE;
    }
    if (!NetFilterAccepts(&queue->filter, head, layout)) {
        queue->stats.filtered++;
        return FALSE;
    }
    if (action == NET_RX_COMPLETE) {
        CompleteChecksum(frame, sum_start, sum_field);
        queue->stats.checksum_completed++;
    } else if (frame->info.l4_checksum == NET_VERDICT_GOOD) {
        queue->stats.checksum_good++;
    }
    if (layout->is_tagged && queue->strip_tags) {
        StripTag(frame, head);
        queue->stats.tags_stripped++;
    }
    return TRUE;
}

static VOID Lend(NET_RX_QUEUE *queue, NET_RX_FRAME *frame)
{
    NET_RX_BUFFER *part;

    for (part = frame->buffers; part != NULL; part = part->next)
        part->is_lent = TRUE;
    queue->lent_count += frame->buffer_count;
    queue->stats.frames++;
    queue->stats.bytes += frame->length;
    if (frame->buffer_count > 1)
        queue->stats.merged++;
    if (frame->buffer_count > queue->stats.largest_merge)
        queue->stats.largest_merge = frame->buffer_count;
}

NET_RX_STATUS NetRxNext(NET_RX_QUEUE *queue, NET_RX_FRAME *frame)
{
    VIRTIO_NET_HEADER header;
    void *cookie;
    UINT32 used_length;

    /* Ends: each turn takes one of the posted buffers, or counts a round. */
    while (queue->is_open) {
        if (virtqueue_split_pop_used(&queue->vq, &cookie, &used_length)) {
            if (Collect(queue, (NET_RX_BUFFER *)cookie, used_length, frame, &header) && Accept(queue, frame, &header)) {
                Lend(queue, frame);
                return NET_RX_FRAME_READY;
            }
            FreeParts(queue, frame->buffers);
            continue;
        }
        if (virtqueue_split_get_error_flags(&queue->vq) != 0)
            return NET_RX_BROKEN;
        Post(queue);
        NetRxKick(queue);
        if (!virtqueue_split_enable_interrupts(&queue->vq))
            break;
        virtqueue_split_disable_interrupts(&queue->vq);
        queue->rounds++;
        if (queue->rounds > NET_RX_ROUNDS)
            return NET_RX_MORE;
    }
    return NET_RX_IDLE;
}

VOID NetRxReturn(NET_RX_QUEUE *queue, NET_RX_BUFFER *buffers)
{
    NET_RX_BUFFER *part;

    for (part = buffers; part != NULL; part = part->next) {
        part->is_lent = FALSE;
        queue->lent_count--;
    }
    FreeParts(queue, buffers);
    if (queue->is_open)
        Post(queue);
}
