/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The disk class driver's side. Command formats: SPC-3, SBC-2. */
#include "disk.h"

#include <stdio.h>
#include <string.h>

#include "cases.h"
#include "mem/memory.h"

enum { REQUEST_SECONDS = 60, SRB_SUCCESS = 1, SRB_UNDERRUN = 0x12 };

static uint32_t be32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void put_be32(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 24);
    at[1] = (uint8_t)(value >> 16);
    at[2] = (uint8_t)(value >> 8);
    at[3] = (uint8_t)value;
}

const char *disk_result(const struct sp_request *r)
{
    static char text[96];
    if (!r->completed) {
        return "never completed";
    }
    snprintf(text, sizeof text, "SRB status %#x, SCSI status %#x, sense %x/%02x/%02x%s, %u bytes", r->srb_status,
             r->scsi_status, r->sense_valid ? r->sense[2] & 15 : 0, r->sense_valid ? r->sense[12] : 0,
             r->sense_valid ? r->sense[13] : 0, r->sense_valid ? "" : " (none)", r->transferred);
    return text;
}

bool disk_command(struct disk *d, struct sp_request *r)
{
    sp_submit(d->adapter, r);
    if (!sp_wait(d->adapter, r, REQUEST_SECONDS)) {
        return failed("command %#x did not complete within %d s", r->cdb[0], REQUEST_SECONDS);
    }
    return true;
}

/* A command that returns data; an underrun is as good as a success. */
static bool query(struct disk *d, const uint8_t *cdb, uint8_t cdb_length, uint8_t *data, uint32_t length)
{
    struct sp_request r = {.cdb_length = cdb_length, .direction = SP_FROM_DEVICE, .data = data, .length = length};
    memcpy(r.cdb, cdb, cdb_length);
    memset(data, 0, length);
    if (!disk_command(d, &r)) {
        return false;
    }
    if (r.srb_status != SRB_SUCCESS && r.srb_status != SRB_UNDERRUN) {
        return failed("command %#x: %s", cdb[0], disk_result(&r));
    }
    return true;
}

static void copy_text(char *to, const uint8_t *from, size_t length)
{
    memcpy(to, from, length);
    while (length > 0 && (to[length - 1] == ' ' || to[length - 1] == '\0')) {
        length--;
    }
    to[length] = '\0';
}

static bool identify(struct disk *d, uint8_t *data)
{
    static const uint8_t inquiry[6] = {0x12, 0, 0, 0, 96, 0}, serial[6] = {0x12, 1, 0x80, 0, 96, 0};
    if (!query(d, inquiry, 6, data, 96)) {
        return false;
    }
    if ((data[0] & 0x1f) != 0 || (data[0] & 0xe0) != 0) {
        return failed("INQUIRY says device type %#x: no disk", data[0]);
    }
    copy_text(d->vendor, data + 8, 8);
    copy_text(d->product, data + 16, 16);
    copy_text(d->revision, data + 32, 4);
    if (query(d, serial, 6, data, 96) && data[1] == 0x80 && data[3] < sizeof d->serial) {
        copy_text(d->serial, data + 4, data[3]);
    }
    return true;
}

static bool measure(struct disk *d, uint8_t *data)
{
    static const uint8_t capacity10[10] = {0x25};
    static const uint8_t capacity16[16] = {0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32};
    if (!query(d, capacity10, 10, data, 8)) {
        return false;
    }
    d->blocks = (uint64_t)be32(data) + 1;
    d->block_size = be32(data + 4);
    if (be32(data) == 0xffffffff) {
        if (!query(d, capacity16, 16, data, 32)) {
            return false;
        }
        d->blocks = ((uint64_t)be32(data) << 32 | be32(data + 4)) + 1;
        d->block_size = be32(data + 8);
    }
    if (d->block_size < 512 || (d->block_size & (d->block_size - 1)) != 0) {
        return failed("READ CAPACITY says blocks of %u bytes", d->block_size);
    }
    return true;
}

static bool read_modes(struct disk *d, uint8_t *data)
{
    static const uint8_t mode6[6] = {0x1a, 8, 0x08, 0, 192, 0}; /* DBD, caching page */
    if (!query(d, mode6, 6, data, 192)) {
        return false;
    }
    d->write_protect = (data[2] & 0x80) != 0;
    d->write_cache = (data[4 + data[3]] & 0x3f) == 8 && (data[4 + data[3] + 2] & 4) != 0;
    return true;
}

bool disk_open(struct disk *d, struct sp_adapter *adapter)
{
    uint8_t *data = memory_alloc(MEMORY_SCATTERED, 256, 0, "class driver buffer");
    struct sp_request ready = {.cdb_length = 6};
    uint32_t elements_bytes = (sp_max_elements(adapter) - 1) * MEMORY_PAGE;
    bool good;
    memset(d, 0, sizeof *d);
    d->adapter = adapter;
    d->max_bytes = sp_max_transfer(adapter) < elements_bytes ? sp_max_transfer(adapter) : elements_bytes;
    if (d->max_bytes > 1024 * 1024) {
        d->max_bytes = 1024 * 1024;
    }
    good = identify(d, data) && disk_command(d, &ready) && measure(d, data) && read_modes(d, data);
    d->max_bytes -= d->block_size != 0 ? d->max_bytes % d->block_size : 0;
    memory_free(data);
    return good;
}

void disk_prepare_io(const struct disk *d, struct sp_request *r, bool write, uint64_t lba, uint32_t count, void *data)
{
    memset(r, 0, sizeof *r);
    r->direction = write ? SP_TO_DEVICE : SP_FROM_DEVICE;
    r->data = data;
    r->length = count * d->block_size;
    if (lba + count <= 0xffffffff && count <= 0xffff) {
        r->cdb_length = 10;
        r->cdb[0] = write ? 0x2a : 0x28;
        put_be32(r->cdb + 2, (uint32_t)lba);
        r->cdb[7] = (uint8_t)(count >> 8);
        r->cdb[8] = (uint8_t)count;
    } else {
        r->cdb_length = 16;
        r->cdb[0] = write ? 0x8a : 0x88;
        put_be32(r->cdb + 2, (uint32_t)(lba >> 32));
        put_be32(r->cdb + 6, (uint32_t)lba);
        put_be32(r->cdb + 10, count);
    }
}

void disk_prepare_flush(const struct disk *d, struct sp_request *r)
{
    (void)d;
    memset(r, 0, sizeof *r);
    r->cdb_length = 10;
    r->cdb[0] = 0x35;
}

bool disk_io(struct disk *d, bool write, uint64_t lba, uint32_t count, void *data)
{
    uint8_t *at = data;
    while (count > 0) {
        struct sp_request r;
        uint32_t now = count < d->max_bytes / d->block_size ? count : d->max_bytes / d->block_size;
        disk_prepare_io(d, &r, write, lba, now, at);
        if (!disk_command(d, &r)) {
            return false;
        }
        if (r.srb_status != SRB_SUCCESS || r.transferred != r.length) {
            return failed("%s of %u blocks at %llu: %s", write ? "write" : "read", now, (unsigned long long)lba,
                          disk_result(&r));
        }
        lba += now;
        at += (size_t)now * d->block_size;
        count -= now;
    }
    return true;
}

bool disk_flush(struct disk *d)
{
    struct sp_request r;
    disk_prepare_flush(d, &r);
    return disk_command(d, &r) && (r.srb_status == SRB_SUCCESS || failed("flush: %s", disk_result(&r)));
}
