/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The portable virtqueue engine; see virtqueue_split_legacy.h. Layer: ring. Highest IRQL: DISPATCH_LEVEL. */
#include "virtqueue_split_legacy.h"

static void forget_dma_buffer(virtio_dma_buffer_t *buffer)
{
    buffer->vaddr = NULL;
    buffer->paddr = 0;
    buffer->size = 0;
}

static void write_log(const virtio_os_ops_t *os, void *os_ctx, const char *message)
{
    if (os->log != NULL) {
        os->log(os_ctx, message);
    }
}

static size_t ring_alignment(uint32_t queue_align)
{
    return queue_align > 16 ? queue_align : 16;
}

static uint16_t table_count(uint16_t queue_size)
{
    return (uint16_t)(queue_size < VIRTQUEUE_SPLIT_MAX_TABLES ? queue_size : VIRTQUEUE_SPLIT_MAX_TABLES);
}

static uint16_t table_capacity(uint16_t queue_size, uint16_t indirect_max_desc)
{
    return indirect_max_desc < queue_size ? indirect_max_desc : queue_size;
}

size_t virtqueue_split_ring_size(uint16_t queue_size, uint32_t queue_align, virtio_bool_t event_idx)
{
    return VirtqSplitRingMemSize(queue_size, queue_align, event_idx);
}

size_t virtqueue_split_indirect_size(uint16_t queue_size, uint16_t indirect_max_desc)
{
    return (size_t)table_count(queue_size) * table_capacity(queue_size, indirect_max_desc) * sizeof(VIRTQ_DESC);
}

int virtqueue_split_alloc_ring(const virtio_os_ops_t *os, void *os_ctx, uint16_t queue_size, uint32_t queue_align,
                               virtio_bool_t event_idx, virtio_dma_buffer_t *out_ring)
{
    size_t size = virtqueue_split_ring_size(queue_size, queue_align, event_idx);

    forget_dma_buffer(out_ring);
    if (os == NULL || size == 0) {
        return VIRTIO_ERR_INVAL;
    }
    if (!os->alloc_dma(os_ctx, size, ring_alignment(queue_align), out_ring)) {
        forget_dma_buffer(out_ring);
        write_log(os, os_ctx, "virtqueue: no DMA memory for a ring");
        return VIRTIO_ERR_NOMEM;
    }
    return VIRTIO_OK;
}

void virtqueue_split_free_ring(const virtio_os_ops_t *os, void *os_ctx, virtio_dma_buffer_t *ring)
{
    if (ring->vaddr != NULL) {
        os->free_dma(os_ctx, ring);
    }
    forget_dma_buffer(ring);
}

/* Takes the queue's own memory: the state block and, when tables are wanted, the pool. */
static int take_memory(virtqueue_split_t *vq, uint16_t queue_size, size_t pool_size)
{
    vq->engine = (VIRTQ_SPLIT *)vq->os->alloc(vq->os_ctx, VirtqSplitStateSize(queue_size));
    if (vq->engine == NULL) {
        return VIRTIO_ERR_NOMEM;
    }
    if (pool_size != 0 && !vq->os->alloc_dma(vq->os_ctx, pool_size, sizeof(VIRTQ_DESC), &vq->pool)) {
        forget_dma_buffer(&vq->pool);
        return VIRTIO_ERR_NOMEM;
    }
    return VIRTIO_OK;
}

int virtqueue_split_init(virtqueue_split_t *vq, const virtio_os_ops_t *os, void *os_ctx, uint16_t queue_index,
                         uint16_t queue_size, uint32_t queue_align, const virtio_dma_buffer_t *ring,
                         virtio_bool_t event_idx, virtio_bool_t indirect_desc, uint16_t indirect_max_desc)
{
    size_t ring_size = virtqueue_split_ring_size(queue_size, queue_align, event_idx);
    size_t pool_size = indirect_desc ? virtqueue_split_indirect_size(queue_size, indirect_max_desc) : 0;
    int result;

    if (vq == NULL) {
        return VIRTIO_ERR_INVAL;
    }
    RtlZeroMemory(vq, sizeof(*vq));
    if (os == NULL || ring == NULL || ring->vaddr == NULL || ring_size == 0 || (indirect_desc && pool_size == 0)) {
        return VIRTIO_ERR_INVAL;
    }
    if (ring->size < ring_size) {
        return VIRTIO_ERR_RANGE;
    }
    vq->os = os;
    vq->os_ctx = os_ctx;
    vq->queue_index = queue_index;
    result = take_memory(vq, queue_size, pool_size);
    if (result == VIRTIO_OK &&
        !NT_SUCCESS(VirtqSplitInit(vq->engine, queue_size, event_idx, indirect_desc, ring->vaddr, ring->paddr,
                                   queue_align, vq->pool.vaddr, vq->pool.paddr, table_count(queue_size),
                                   table_capacity(queue_size, indirect_max_desc)))) {
        result = VIRTIO_ERR_RANGE; /* everything else was checked: an address is not aligned */
    }
    if (result != VIRTIO_OK) {
        write_log(os, os_ctx, result == VIRTIO_ERR_NOMEM ? "virtqueue: no memory" : "virtqueue: memory not aligned");
        virtqueue_split_destroy(vq);
    }
    return result;
}

void virtqueue_split_reset(virtqueue_split_t *vq)
{
    VirtqSplitReset(vq->engine);
    vq->error_flags = 0;
}

void virtqueue_split_destroy(virtqueue_split_t *vq)
{
    if (vq->pool.vaddr != NULL) {
        vq->os->free_dma(vq->os_ctx, &vq->pool);
    }
    if (vq->engine != NULL) {
        vq->os->free(vq->os_ctx, vq->engine);
    }
    RtlZeroMemory(vq, sizeof(*vq));
}

int virtqueue_split_add_sg(virtqueue_split_t *vq, const virtio_sg_entry_t *sg, uint16_t sg_count, void *cookie,
                           virtio_bool_t use_indirect, uint16_t *out_head)
{
    NTSTATUS status;
    UINT16 head;

    if (use_indirect) {
        status = VirtqSplitAddBuffer(vq->engine, sg, sg_count, cookie, &head);
    } else {
        status = VirtqSplitAddDirect(vq->engine, sg, sg_count, cookie, &head);
    }
    if (!NT_SUCCESS(status)) {
        return status == STATUS_INSUFFICIENT_RESOURCES ? VIRTIO_ERR_NOSPC : VIRTIO_ERR_INVAL;
    }
    VirtqSplitPublish(vq->engine, head);
    if (out_head != NULL) {
        *out_head = head;
    }
    return VIRTIO_OK;
}

virtio_bool_t virtqueue_split_kick_prepare(virtqueue_split_t *vq)
{
    virtio_bool_t notify = VirtqSplitKickPrepare(vq->engine);

    VirtqSplitKickCommit(vq->engine);
    return notify;
}

void virtqueue_split_disable_interrupts(virtqueue_split_t *vq)
{
    VirtqSplitDisableInterrupts(vq->engine);
}

virtio_bool_t virtqueue_split_enable_interrupts(virtqueue_split_t *vq)
{
    return VirtqSplitEnableInterrupts(vq->engine) ? VIRTIO_FALSE : VIRTIO_TRUE;
}

virtio_bool_t virtqueue_split_pop_used(virtqueue_split_t *vq, void **out_cookie, uint32_t *out_len)
{
    UINT32 len;
    NTSTATUS status = VirtqSplitGetUsed(vq->engine, out_cookie, &len);

    if (status == STATUS_INVALID_PARAMETER) {
        vq->error_flags |= VIRTQUEUE_ERR_INVALID_USED;
    }
    if (out_len != NULL) {
        *out_len = len;
    }
    return NT_SUCCESS(status) ? VIRTIO_TRUE : VIRTIO_FALSE;
}

virtio_bool_t virtqueue_split_detach_unused(virtqueue_split_t *vq, void **out_cookie)
{
    return VirtqSplitDetachUnused(vq->engine, out_cookie);
}

uint32_t virtqueue_split_get_error_flags(const virtqueue_split_t *vq)
{
    return vq->error_flags;
}

void virtqueue_split_clear_error_flags(virtqueue_split_t *vq)
{
    vq->error_flags = 0;
}
