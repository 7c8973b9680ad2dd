/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Scatter-gather lists from page frame numbers; see virtio_sg_pfn.h. Layer: ring. Highest IRQL: DISPATCH_LEVEL. */
#include "virtio_sg_pfn.h"

#define MAX_PFN (0xFFFFFFFFFFFFFFFFULL / VIRTIO_SG_PAGE_SIZE)

/* The list being built: out's first min(count, cap) elements are complete but for the last, which may still grow. */
typedef struct _SG_BUILDER {
    VIRTQ_SG *out;
    UINT16 cap;
    BOOLEAN device_write;
    UINT32 count;
    UINT64 next_addr; /* behind the last element */
    UINT32 last_len;
} SG_BUILDER;

static VOID AppendPiece(SG_BUILDER *builder, UINT64 addr, UINT32 len)
{
    if (builder->count != 0 && addr == builder->next_addr && addr != 0 && builder->last_len <= 0xFFFFFFFFU - len) {
        builder->last_len += len;
    } else {
        builder->count++;
        builder->last_len = len;
        if (builder->count <= builder->cap) {
            builder->out[builder->count - 1].addr = addr;
            builder->out[builder->count - 1].write = builder->device_write;
        }
    }
    builder->next_addr = addr + len;
    if (builder->count <= builder->cap) {
        builder->out[builder->count - 1].len = builder->last_len;
    }
}

/* pfns: frames of pfn_size bytes each, 4 or 8 (an MDL's frame numbers have the machine's width). */
static NTSTATUS BuildFromFrames(const void *pfns, UINT32 pfn_size, UINT32 pfn_count, size_t offset, size_t length,
                                SG_BUILDER *builder, UINT16 *out_count)
{
    UINT64 covered = (UINT64)pfn_count * VIRTIO_SG_PAGE_SIZE;
    UINT32 i;

    *out_count = 0;
    if (pfns == NULL || offset >= VIRTIO_SG_PAGE_SIZE || length == 0 || covered < offset || length > covered - offset ||
        (builder->out == NULL && builder->cap != 0)) {
        return STATUS_INVALID_PARAMETER;
    }
    for (i = 0; length != 0; i++) {
        UINT64 pfn = pfn_size == 4 ? ((const UINT32 *)pfns)[i] : ((const UINT64 *)pfns)[i];
        UINT32 piece = (UINT32)(VIRTIO_SG_PAGE_SIZE - offset);

        if (piece > length) {
            piece = (UINT32)length;
        }
        if (pfn > MAX_PFN) {
            return STATUS_INVALID_PARAMETER;
        }
        AppendPiece(builder, pfn * VIRTIO_SG_PAGE_SIZE + offset, piece);
        length -= piece;
        offset = 0;
    }
    if (builder->count > VIRTQ_MAX_SIZE) {
        return STATUS_INVALID_PARAMETER;
    }
    *out_count = (UINT16)builder->count;
    return builder->count > builder->cap ? STATUS_BUFFER_TOO_SMALL : STATUS_SUCCESS;
}

static VOID StartBuilder(SG_BUILDER *builder, BOOLEAN device_write, VIRTQ_SG *out, UINT16 out_cap)
{
    RtlZeroMemory(builder, sizeof(*builder));
    builder->out = out;
    builder->cap = out_cap;
    builder->device_write = (BOOLEAN)(device_write != FALSE);
}

NTSTATUS VirtioSgBuildFromPfns(const UINT64 *pfns, UINT32 pfn_count, size_t first_page_offset, size_t byte_length,
                               BOOLEAN device_write, VIRTQ_SG *out, UINT16 out_cap, UINT16 *out_count)
{
    SG_BUILDER builder;

    StartBuilder(&builder, device_write, out, out_cap);
    return BuildFromFrames(pfns, sizeof(UINT64), pfn_count, first_page_offset, byte_length, &builder, out_count);
}

#if defined(_WIN32) && !defined(VIRTIO_USER_MODE)

/* Where a part of the MDL's buffer begins, in bytes from its first page. FALSE when it is not inside the buffer. */
static BOOLEAN LocatePart(PMDL mdl, size_t byte_offset, size_t byte_length, size_t *start)
{
    size_t mdl_length = MmGetMdlByteCount(mdl);

    if (byte_length == 0 || byte_offset > mdl_length || byte_length > mdl_length - byte_offset) {
        return FALSE;
    }
    *start = (size_t)MmGetMdlByteOffset(mdl) + byte_offset;
    return TRUE;
}

ULONG VirtioSgMaxElemsForMdl(PMDL mdl, size_t byte_offset, size_t byte_length)
{
    size_t start;

    if (mdl == NULL || !LocatePart(mdl, byte_offset, byte_length, &start)) {
        return 0;
    }
    return (ULONG)((start + byte_length - 1) / VIRTIO_SG_PAGE_SIZE - start / VIRTIO_SG_PAGE_SIZE + 1);
}

NTSTATUS VirtioSgBuildFromMdl(PMDL mdl, size_t byte_offset, size_t byte_length, BOOLEAN device_write, VIRTQ_SG *out,
                              UINT16 out_cap, UINT16 *out_count)
{
    SG_BUILDER builder;
    size_t start;

    *out_count = 0;
    if (mdl == NULL || !LocatePart(mdl, byte_offset, byte_length, &start)) {
        return STATUS_INVALID_PARAMETER;
    }
    StartBuilder(&builder, device_write, out, out_cap);
    return BuildFromFrames(MmGetMdlPfnArray(mdl) + start / VIRTIO_SG_PAGE_SIZE, sizeof(PFN_NUMBER),
                           VirtioSgMaxElemsForMdl(mdl, byte_offset, byte_length), start % VIRTIO_SG_PAGE_SIZE,
                           byte_length, &builder, out_count);
}

#endif
