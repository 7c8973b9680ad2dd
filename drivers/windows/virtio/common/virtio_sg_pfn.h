/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Scatter-gather lists from page frame numbers, and so from locked MDLs. Contiguous frames become one element, no
 * element's length exceeds 32 bits, nothing is allocated. For devices without an IOMMU only: a frame's physical address
 * is taken as its device address.
 * Layer: ring. Highest IRQL: DISPATCH_LEVEL.
 */
#ifndef VIRTIO_SG_PFN_H
#define VIRTIO_SG_PFN_H

#include "virtqueue_split.h"

#define VIRTIO_SG_PAGE_SIZE 4096

/*
 * Describes byte_length bytes that begin first_page_offset bytes into the first frame.
 *
 * pfns, pfn_count    physical address / 4096 of each page, in the buffer's order; more than needed may be given
 * first_page_offset  bytes, below 4096
 * byte_length        bytes, at least 1
 * device_write       direction of every element
 * out, out_cap       caller's list; NULL and 0: only count
 * out_count          out: elements needed; 0 with INVALID_PARAMETER
 *
 * IRQL:    <= DISPATCH_LEVEL
 * Returns: STATUS_SUCCESS; STATUS_BUFFER_TOO_SMALL: the first out_cap elements are filled;
 *          STATUS_INVALID_PARAMETER: the frames do not cover the bytes, an address exceeds 64 bits, or more elements
 *          are needed than any queue has descriptors
 */
NTSTATUS VirtioSgBuildFromPfns(const UINT64 *pfns, UINT32 pfn_count, size_t first_page_offset, size_t byte_length,
                               BOOLEAN device_write, VIRTQ_SG *out, UINT16 out_cap, UINT16 *out_count);

#if defined(_WIN32) && !defined(VIRTIO_USER_MODE)
/*
 * Upper bound of the elements for a part of an MDL: the pages that it touches.
 *
 * mdl                       one MDL; a chain behind it is not followed
 * byte_offset, byte_length  bytes, the part of the MDL's buffer
 *
 * IRQL:    <= DISPATCH_LEVEL
 * Returns: number of pages; 0 when the part is empty or not inside the buffer
 */
ULONG VirtioSgMaxElemsForMdl(PMDL mdl, size_t byte_offset, size_t byte_length);

/*
 * As VirtioSgBuildFromPfns, for a part of one MDL whose pages are locked and stay so until the device is done.
 *
 * IRQL:    <= DISPATCH_LEVEL
 * Returns: as VirtioSgBuildFromPfns; STATUS_INVALID_PARAMETER also when the part is not inside the buffer
 */
NTSTATUS VirtioSgBuildFromMdl(PMDL mdl, size_t byte_offset, size_t byte_length, BOOLEAN device_write, VIRTQ_SG *out,
                              UINT16 out_cap, UINT16 *out_count);
#endif

#endif
