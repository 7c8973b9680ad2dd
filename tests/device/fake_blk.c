/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The block device model: an in-memory disk. VIRTIO 1.x "Block Device". */
#include "fake_blk.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "fake_internal.h"

enum {
    SECTOR = 512,
    KEPT = 4096, /* requests that are remembered */
    T_IN = 0,
    T_OUT = 1,
    T_FLUSH = 4,
    T_GET_ID = 8,
    T_DISCARD = 11,
    T_WRITE_ZEROES = 13,
    S_OK = 0,
    S_IOERR = 1,
    S_UNSUPP = 2
};
enum {
    F_SIZE_MAX = 1,
    F_SEG_MAX = 2,
    F_GEOMETRY = 4,
    F_RO = 5,
    F_BLK_SIZE = 6,
    F_FLUSH = 9,
    F_TOPOLOGY = 10,
    F_CONFIG_WCE = 11,
    F_MQ = 12,
    F_DISCARD = 13,
    F_WRITE_ZEROES = 14
};

struct blk {
    uint8_t *disk;
    uint64_t bytes;
    uint64_t requests, flushes, unflushed;
    struct fake_blk_request kept[KEPT];
    const char *why;
};

static const struct fake_field fields[] = {
    {0, 8, false, 0},
    {8, 4, false, FEATURE(F_SIZE_MAX)},
    {12, 4, false, FEATURE(F_SEG_MAX)},
    {16, 2, false, FEATURE(F_GEOMETRY)},
    {18, 1, false, FEATURE(F_GEOMETRY)},
    {19, 1, false, FEATURE(F_GEOMETRY)},
    {20, 4, false, FEATURE(F_BLK_SIZE)},
    {24, 1, false, FEATURE(F_TOPOLOGY)},
    {25, 1, false, FEATURE(F_TOPOLOGY)},
    {26, 2, false, FEATURE(F_TOPOLOGY)},
    {28, 4, false, FEATURE(F_TOPOLOGY)},
    {32, 1, true, FEATURE(F_CONFIG_WCE)},
    {34, 2, false, FEATURE(F_MQ)},
    {36, 4, false, FEATURE(F_DISCARD)},
    {40, 4, false, FEATURE(F_DISCARD)},
    {44, 4, false, FEATURE(F_DISCARD)},
    {48, 4, false, FEATURE(F_WRITE_ZEROES)},
    {52, 4, false, FEATURE(F_WRITE_ZEROES)},
    {56, 1, false, FEATURE(F_WRITE_ZEROES)},
};

static struct blk *blk_of(const struct fake_device *device)
{
    return device->model;
}

static void fill_config(struct fake_device *device)
{
    uint8_t *config = device->type_config;
    put_le(config, (uint64_t)knob_value(device, KNOB_BLK_CAPACITY, (int64_t)(blk_of(device)->bytes / SECTOR)), 8);
    put_le(config + 8, (uint64_t)knob_value(device, KNOB_BLK_SIZE_MAX, 1 << 20), 4);
    put_le(config + 12, (uint64_t)knob_value(device, KNOB_BLK_SEG_MAX, 126), 4);
    put_le(config + 16, 16, 2);
    config[18] = 16;
    config[19] = 63;
    put_le(config + 20, (uint64_t)knob_value(device, KNOB_BLK_BLK_SIZE, SECTOR), 4);
    config[24] = (uint8_t)knob_value(device, KNOB_BLK_EXPONENT, 3);
    put_le(config + 26, 8, 2);
    put_le(config + 28, 64, 4);
    config[32] = 1;
    put_le(config + 34, device->options.queue_count, 2);
    for (unsigned at = 36; at <= 48; at += 12) {
        put_le(config + at, (uint64_t)knob_value(device, KNOB_BLK_SECTORS, 8192), 4);
        put_le(config + at + 4, (uint64_t)knob_value(device, KNOB_BLK_SEGMENTS, 16), 4);
    }
    put_le(config + 44, 1, 4);
    config[56] = 1;
}

static bool create(struct fake_device *device)
{
    struct blk *blk = calloc(1, sizeof(*blk));
    if (blk == NULL) {
        return false;
    }
    device->model = blk;
    blk->bytes = device->options.disk_bytes / SECTOR * SECTOR;
    blk->disk = mmap(NULL, blk->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (blk->disk == MAP_FAILED) {
        blk->disk = NULL;
        return false;
    }
    if (device->options.read_only) {
        device->options.features |= FEATURE(F_RO);
    }
    if (device->options.queue_count > 1) {
        device->options.features |= FEATURE(F_MQ);
    }
    fill_config(device);
    return true;
}

static void destroy(struct fake_device *device)
{
    struct blk *blk = blk_of(device);
    if (blk != NULL && blk->disk != NULL) {
        munmap(blk->disk, blk->bytes);
    }
    free(blk);
}

static void complain(struct blk *blk, const char *why)
{
    if (blk->why == NULL) {
        blk->why = why;
    }
}

/* Whether the disk has these sectors. A driver is to blame only if the capacity that it was told says no too. */
static bool in_range(struct fake_device *device, uint64_t sector, uint64_t bytes)
{
    const uint64_t limits[] = {get_le(device->type_config, 8), blk_of(device)->bytes / SECTOR};
    for (unsigned i = 0; i < 2; i++) {
        if (sector > limits[i] || bytes / SECTOR > limits[i] - sector) {
            if (i == 0) {
                complain(blk_of(device), "BLK-07: a request past the capacity");
            }
            return false;
        }
    }
    return true;
}

/* Copies between the disk and a chain's data; returns the bytes that were written to guest memory. */
static uint64_t copy_data(const struct fake_chain *chain, struct blk *blk, const struct fake_blk_request *request)
{
    uint8_t *disk = blk->disk + request->sector * SECTOR;
    if (request->type == T_IN) {
        return fake_chain_write(chain, 0, disk, request->data_bytes);
    }
    fake_chain_read(chain, 16, disk, request->data_bytes);
    blk->unflushed += request->data_bytes;
    return 0;
}

static uint8_t read_write(struct fake_device *device, const struct fake_chain *chain, struct fake_blk_request *request,
                          uint64_t *written)
{
    struct blk *blk = blk_of(device);
    bool is_read = request->type == T_IN;
    if (request->data_bytes % SECTOR != 0 || request->data_bytes == 0) {
        complain(blk, "BLK-11: data is not a whole number of sectors");
        return S_IOERR;
    }
    if (!in_range(device, request->sector, request->data_bytes)) {
        return S_IOERR;
    }
    if (!is_read && (fake_offered_features(device) & FEATURE(F_RO)) != 0) {
        complain(blk, "BLK-28: a write to a read-only disk");
        return S_IOERR;
    }
    if ((device->features & FEATURE(F_SEG_MAX)) != 0 && request->data_parts > get_le(device->type_config + 12, 4)) {
        complain(blk, "BLK-23: more segments than seg_max");
        return S_IOERR;
    }
    if ((device->features & FEATURE(F_SIZE_MAX)) != 0 && request->largest_part > get_le(device->type_config + 8, 4)) {
        complain(blk, "BLK-23: a segment larger than size_max");
        return S_IOERR;
    }
    if (is_read && knob(device, KNOB_BLK_SHORT)) {
        uint64_t less = (uint64_t)knob_value(device, KNOB_BLK_SHORT, 0);
        struct fake_blk_request part = *request;
        part.data_bytes -= less < part.data_bytes ? less : part.data_bytes;
        *written = copy_data(chain, blk, &part);
        return S_OK;
    }
    *written = copy_data(chain, blk, request);
    return S_OK;
}

static uint8_t segments(struct fake_device *device, const struct fake_chain *chain, struct fake_blk_request *request)
{
    struct blk *blk = blk_of(device);
    unsigned at = request->type == T_DISCARD ? 36 : 48;
    uint64_t most = get_le(device->type_config + at, 4);
    request->segments = (uint32_t)(request->data_bytes / 16);
    if (request->data_bytes % 16 != 0 || request->segments == 0) {
        complain(blk, "BLK-12: the payload is not a whole number of segments");
        return S_IOERR;
    }
    if (request->segments > get_le(device->type_config + at + 4, 4)) {
        complain(blk, "BLK-14, BLK-16: more segments than the limit");
        return S_IOERR;
    }
    for (uint32_t i = 0; i < request->segments; i++) {
        uint8_t segment[16];
        fake_chain_read(chain, 16 + 16 * (uint64_t)i, segment, sizeof(segment));
        uint64_t sector = get_le(segment, 8), sectors = get_le(segment + 8, 4);
        request->segment_flags |= (uint32_t)get_le(segment + 12, 4);
        if (sectors > most) {
            complain(blk, "BLK-30: a segment larger than the limit");
            return S_IOERR;
        }
        if ((request->segment_flags & (request->type == T_DISCARD ? ~0u : ~1u)) != 0) {
            complain(blk, "BLK-19, BLK-29: flags in a segment");
            return S_UNSUPP;
        }
        if (!in_range(device, sector, sectors * SECTOR)) {
            return S_IOERR;
        }
        int fill = request->type == T_DISCARD && knob(device, KNOB_BLK_JUNK_AFTER) ? 0xD7 : 0;
        memset(blk->disk + sector * SECTOR, fill, sectors * SECTOR);
    }
    return S_OK;
}

static uint8_t execute(struct fake_device *device, const struct fake_chain *chain, struct fake_blk_request *request,
                       uint64_t *written)
{
    static const char id[20] = "fake-disk-0123456789";
    struct blk *blk = blk_of(device);
    switch (request->type) {
    case T_IN:
    case T_OUT:
        return read_write(device, chain, request, written);
    case T_FLUSH:
        if ((device->features & FEATURE(F_FLUSH)) == 0) {
            return S_UNSUPP;
        }
        if (request->sector != 0 || request->data_bytes != 0) {
            complain(blk, "BLK-09, BLK-10: a flush with sector or data");
        }
        blk->flushes++;
        blk->unflushed = 0;
        return S_OK;
    case T_GET_ID:
        if (request->data_bytes != sizeof(id)) {
            complain(blk, "BLK-13: the buffer for the id is not 20 bytes");
            return S_IOERR;
        }
        *written = fake_chain_write(chain, 0, id, sizeof(id));
        return S_OK;
    case T_DISCARD:
    case T_WRITE_ZEROES:
        if ((device->features & FEATURE(request->type == T_DISCARD ? F_DISCARD : F_WRITE_ZEROES)) == 0) {
            return S_UNSUPP;
        }
        return segments(device, chain, request);
    default:
        return S_UNSUPP;
    }
}

/* Sizes of the data part: writable bytes but the status for what the device writes, readable ones but the header else.
 */
static void measure(const struct fake_chain *chain, struct fake_blk_request *request)
{
    bool is_in = request->type == T_IN || request->type == T_GET_ID;
    uint64_t skip = is_in ? 0 : 16;
    uint64_t left = request->data_bytes = is_in ? chain->write_bytes - 1 : chain->read_bytes - 16;
    for (size_t i = is_in ? chain->readable : 0; i < (is_in ? chain->count : chain->readable) && left != 0; i++) {
        uint64_t length = chain->part[i].length;
        uint64_t skipped = skip < length ? skip : length;
        skip -= skipped;
        length = length - skipped < left ? length - skipped : left;
        left -= length;
        request->data_parts += length != 0;
        if (length > request->largest_part) {
            request->largest_part = (uint32_t)length;
        }
    }
}

static uint32_t do_request(struct fake_device *device, unsigned queue, const struct fake_chain *chain)
{
    struct blk *blk = blk_of(device);
    struct fake_blk_request *request = &blk->kept[blk->requests++ % KEPT];
    uint8_t header[16];
    uint64_t written = 0;

    *request = (struct fake_blk_request){.queue = (uint16_t)queue, .indirect = chain->indirect};
    if (chain->read_bytes < sizeof(header) || chain->write_bytes < 1) {
        complain(blk, "BLK-26: no room for header or status");
        request->status = 0xFF;
        return 0;
    }
    fake_chain_read(chain, 0, header, sizeof(header));
    request->type = (uint32_t)get_le(header, 4);
    request->reserved = (uint32_t)get_le(header + 4, 4);
    request->sector = get_le(header + 8, 8);
    if (request->reserved != 0) {
        complain(blk, "BLK-29: the header's reserved word is set");
    }
    measure(chain, request);
    request->status = execute(device, chain, request, &written);
    if (knob(device, KNOB_BLK_NO_STATUS)) {
        return (uint32_t)written;
    }
    request->status = (uint8_t)knob_value(device, KNOB_BLK_STATUS, request->status);
    fake_chain_write(chain, chain->write_bytes - 1, &request->status, 1);
    return (uint32_t)(written + 1);
}

const struct fake_blk_request *fake_blk_request(const struct fake_device *device, uint64_t index)
{
    const struct blk *blk = blk_of(device);
    bool is_kept = index < blk->requests && blk->requests - index <= KEPT;
    return is_kept ? &blk->kept[index % KEPT] : NULL;
}

uint64_t fake_blk_request_count(const struct fake_device *device)
{
    return blk_of(device)->requests;
}

uint64_t fake_blk_flush_count(const struct fake_device *device)
{
    return blk_of(device)->flushes;
}

uint64_t fake_blk_unflushed(const struct fake_device *device)
{
    return blk_of(device)->unflushed;
}

uint8_t *fake_blk_disk(struct fake_device *device, uint64_t *bytes)
{
    *bytes = blk_of(device)->bytes;
    return blk_of(device)->disk;
}

void fake_blk_resize(struct fake_device *device, uint64_t sectors)
{
    put_le(device->type_config, sectors, 8);
    fake_config_changed(device);
}

const char *fake_blk_why(const struct fake_device *device)
{
    return blk_of(device)->why;
}

const struct fake_type fake_type_blk = {
    .name = "blk",
    .number = 2,
    .class_code = 0x010000,
    .features = FEATURE_VERSION_1 | FEATURE_INDIRECT | FEATURE_EVENT_IDX | FEATURE(F_SEG_MAX) | FEATURE(F_BLK_SIZE) |
                FEATURE(F_FLUSH) | FEATURE(F_TOPOLOGY) | FEATURE(F_CONFIG_WCE) | FEATURE(F_DISCARD) |
                FEATURE(F_WRITE_ZEROES) | FEATURE(F_SIZE_MAX) | FEATURE(F_GEOMETRY),
    .config_length = 96,
    .fields = fields,
    .field_count = sizeof(fields) / sizeof(fields[0]),
    .create = create,
    .destroy = destroy,
    .request = do_request,
    .why = fake_blk_why,
};
