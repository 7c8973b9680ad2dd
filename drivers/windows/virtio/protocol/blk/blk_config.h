/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The block device's configuration, read as one snapshot and made plausible, and what one request may look like.
 * VIRTIO 1.x "Block Device: Device configuration layout". Layer: core. Highest IRQL: DIRQL.
 */
#ifndef BLK_CONFIG_H
#define BLK_CONFIG_H

#include "virtio_blk_proto.h"
#include "virtio_pci_modern.h"

/* Longest data list of one request, in descriptors. */
#define BLK_SEGMENTS_MAX 129
#define BLK_PAGE_SIZE    4096

/* Sanitised: every field may be used without a check. */
typedef struct _BLK_CONFIG {
    UINT64 capacity_sectors; /* 512 bytes each, at most 2^54; may be 0 after a change */
    UINT32 block_size;       /* power of two, 512 to 65536 */
    UINT8 physical_exponent; /* 0 to 15 */
    UINT16 lowest_aligned_block;
    UINT32 segment_max;      /* at least 1; 0xFFFFFFFF: the device names no limit */
    UINT32 size_max;         /* bytes in one segment, at least 512; 0xFFFFFFFF: no limit */
    BOOLEAN read_only;
    BOOLEAN has_flush;
    BOOLEAN write_cache;     /* only with has_flush */
} BLK_CONFIG;

/* What the system may send as one request. */
typedef struct _BLK_LIMITS {
    UINT16 segment_limit;   /* data descriptors in one chain, 1 to BLK_SEGMENTS_MAX */
    UINT16 element_limit;   /* elements of the system's SG list; each may become several descriptors (size_max) */
    UINT32 size_max;        /* as in BLK_CONFIG */
    UINT32 transfer_limit;  /* bytes, multiple of block_size */
    UINT32 alignment_mask;  /* buffers start at a multiple of this plus one; 3 where any address will do */
} BLK_LIMITS;

/*
 * Reads and sanitises the configuration.
 *
 * pci      negotiated; writeback is only read after FEATURES_OK
 * config   out: zeroed on failure
 *
 * IRQL:    any up to DIRQL
 * Returns: STATUS_SUCCESS, capacity 0 included; else the status and pci->reason of VirtioPciReadConfig
 * Spec:    BLK-02 to BLK-04, BLK-08, BLK-24, INIT-16, HOST-23, HOST-24
 */
NTSTATUS BlkConfigRead(VIRTIO_PCI_DEVICE *pci, BLK_CONFIG *config);

/*
 * Works out what fits into one chain (header, data, status), which never is longer than the queue.
 *
 * queue_size   power of two
 * limits       out: zeroed on failure
 * reason       out: VIRTIO_REASON_NONE on success
 *
 * IRQL:    any
 * Returns: STATUS_SUCCESS; STATUS_NOT_SUPPORTED: QUEUE_TOO_SMALL, or CONFIG_INVALID when not even one block fits
 * Spec:    BLK-23, RING-10, HOST-24
 */
NTSTATUS BlkLimitsCompute(const BLK_CONFIG *config, UINT16 queue_size, BLK_LIMITS *limits, VIRTIO_REASON *reason);

#endif
