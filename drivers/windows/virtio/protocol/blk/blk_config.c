/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Reading the block device's configuration and what follows from it. Layer: core. Highest IRQL: DIRQL. */
#include "blk_config.h"

/* 2^63 bytes: byte offsets stay positive in the system's signed 64-bit arithmetic. */
#define BLK_CAPACITY_MAX   (1ULL << 54)
#define BLK_BLOCK_SIZE_MAX 65536
#define BLK_EXPONENT_MAX   15 /* what READ CAPACITY (16) can say */

enum {
    FIELD_CAPACITY,
    FIELD_SIZE_MAX,
    FIELD_SEG_MAX,
    FIELD_BLK_SIZE,
    FIELD_EXPONENT,
    FIELD_ALIGNMENT,
    FIELD_WRITEBACK,
    FIELD_COUNT
};

typedef struct _BLK_FIELD {
    UINT64 feature; /* that has to be negotiated; 0: always there */
    VIRTIO_CONFIG_FIELD where;
} BLK_FIELD;

static const BLK_FIELD fields[FIELD_COUNT] = {
    {0, {VIRTIO_BLK_CFG_CAPACITY, 8}},
    {VIRTIO_BLK_F_SIZE_MAX, {VIRTIO_BLK_CFG_SIZE_MAX, 4}},
    {VIRTIO_BLK_F_SEG_MAX, {VIRTIO_BLK_CFG_SEG_MAX, 4}},
    {VIRTIO_BLK_F_BLK_SIZE, {VIRTIO_BLK_CFG_BLK_SIZE, 4}},
    {VIRTIO_BLK_F_TOPOLOGY, {VIRTIO_BLK_CFG_PHYSICAL_EXPONENT, 1}},
    {VIRTIO_BLK_F_TOPOLOGY, {VIRTIO_BLK_CFG_ALIGNMENT_OFFSET, 1}},
    {VIRTIO_BLK_F_CONFIG_WCE, {VIRTIO_BLK_CFG_WRITEBACK, 1}},
};

/* Reads the fields that exist; the others stay 0. */
static NTSTATUS ReadFields(VIRTIO_PCI_DEVICE *pci, UINT64 values[FIELD_COUNT])
{
    VIRTIO_CONFIG_FIELD wanted[FIELD_COUNT];
    UINT64 read[FIELD_COUNT];
    UINT8 which[FIELD_COUNT];
    UINT32 count = 0;
    UINT32 i;
    NTSTATUS status;

    RtlZeroMemory(values, FIELD_COUNT * sizeof(values[0]));
    for (i = 0; i < FIELD_COUNT; i++) {
        if ((pci->features & fields[i].feature) != fields[i].feature)
            continue;
        wanted[count] = fields[i].where;
        which[count] = (UINT8)i;
        count++;
    }
    status = VirtioPciReadConfig(pci, wanted, count, read);
    if (!NT_SUCCESS(status))
        return status;
    for (i = 0; i < count; i++)
        values[which[i]] = read[i];
    return STATUS_SUCCESS;
}

static BOOLEAN IsBlockSize(UINT64 size)
{
    return size >= VIRTIO_BLK_SECTOR_SIZE && size <= BLK_BLOCK_SIZE_MAX && (size & (size - 1)) == 0;
}

NTSTATUS BlkConfigRead(VIRTIO_PCI_DEVICE *pci, BLK_CONFIG *config)
{
    UINT64 values[FIELD_COUNT];
    NTSTATUS status;

    RtlZeroMemory(config, sizeof(*config));
    status = ReadFields(pci, values);
    if (!NT_SUCCESS(status))
        return status;

    config->capacity_sectors = values[FIELD_CAPACITY] < BLK_CAPACITY_MAX ? values[FIELD_CAPACITY] : BLK_CAPACITY_MAX;
    config->block_size = VIRTIO_BLK_SECTOR_SIZE;
    if (IsBlockSize(values[FIELD_BLK_SIZE]))
        config->block_size = (UINT32)values[FIELD_BLK_SIZE];
    if (values[FIELD_EXPONENT] <= BLK_EXPONENT_MAX) {
        config->physical_exponent = (UINT8)values[FIELD_EXPONENT];
        if (values[FIELD_ALIGNMENT] < (1ULL << config->physical_exponent))
            config->lowest_aligned_block = (UINT16)values[FIELD_ALIGNMENT];
    }

    config->segment_max = 0xFFFFFFFF;
    if ((pci->features & VIRTIO_BLK_F_SEG_MAX) != 0)
        config->segment_max = values[FIELD_SEG_MAX] != 0 ? (UINT32)values[FIELD_SEG_MAX] : 1;
    config->size_max = 0xFFFFFFFF;
    if (values[FIELD_SIZE_MAX] >= VIRTIO_BLK_SECTOR_SIZE) /* less would not carry a sector: not plausible, no limit */
        config->size_max = (UINT32)values[FIELD_SIZE_MAX];

    config->read_only = (pci->features & VIRTIO_BLK_F_RO) != 0;
    config->has_flush = (pci->features & VIRTIO_BLK_F_FLUSH) != 0;
    config->write_cache = config->has_flush;
    if ((pci->features & VIRTIO_BLK_F_CONFIG_WCE) != 0)
        config->write_cache = config->has_flush && values[FIELD_WRITEBACK] != 0;
    return STATUS_SUCCESS;
}

NTSTATUS BlkLimitsCompute(const BLK_CONFIG *config, UINT16 queue_size, BLK_LIMITS *limits, VIRTIO_REASON *reason)
{
    UINT32 segments = BLK_SEGMENTS_MAX;
    UINT32 per_page = 1; /* descriptors that one page may take */
    UINT32 pages;
    UINT32 transfer;

    RtlZeroMemory(limits, sizeof(*limits));
    *reason = VIRTIO_REASON_QUEUE_TOO_SMALL;
    if (queue_size < 3) /* header, one piece of data, status */
        return STATUS_NOT_SUPPORTED;
    if (segments > (UINT32)queue_size - 2)
        segments = (UINT32)queue_size - 2;
    if (segments > config->segment_max)
        segments = config->segment_max;
    if (config->size_max < BLK_PAGE_SIZE)
        per_page = (BLK_PAGE_SIZE + config->size_max - 1) / config->size_max;

    /*
     * A buffer of n pages that starts anywhere touches n + 1 pages, and an element that covers k pages takes at most
     * k * per_page descriptors. With room for one page only, blocks that are aligned to their size never touch two.
     */
    pages = segments / per_page;
    limits->alignment_mask = 3;
    if (pages >= 2) {
        transfer = (pages - 1) * BLK_PAGE_SIZE;
        transfer -= transfer % config->block_size;
    } else {
        transfer = config->block_size;
        if (transfer > BLK_PAGE_SIZE || (transfer + config->size_max - 1) / config->size_max > segments)
            transfer = 0;
        limits->alignment_mask = config->block_size - 1;
        pages = 1;
    }
    if (transfer == 0) {
        RtlZeroMemory(limits, sizeof(*limits));
        *reason = VIRTIO_REASON_CONFIG_INVALID;
        return STATUS_NOT_SUPPORTED;
    }
    limits->segment_limit = (UINT16)segments;
    limits->element_limit = (UINT16)pages;
    limits->size_max = config->size_max;
    limits->transfer_limit = transfer;
    *reason = VIRTIO_REASON_NONE;
    return STATUS_SUCCESS;
}
