/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Cases of moving data: patterns, flushes, random load against a model. */
#include <stdlib.h>
#include <string.h>

#include "cases.h"
#include "device.h"
#include "disk.h"
#include "mem/memory.h"
#include "verify/verify.h"

enum { SRB_SUCCESS = 1, SRB_FUNCTION_SHUTDOWN = 7, SRB_FUNCTION_FLUSH = 8, PATTERN_BYTES = 4 << 20, SOAK_BLOCKS = 4096 };

static bool open_all(struct run *run, struct disk *disks)
{
    if (!run_start(run)) {
        return false;
    }
    for (unsigned i = 0; i < run->adapter_count; i++) {
        if (!disk_open(&disks[i], run->adapter[i])) {
            return false;
        }
    }
    return true;
}

/* A block's content follows from its number, its disk and its generation, so that a swapped block is noticed. */
static void fill_block(uint8_t *block, uint32_t size, uint64_t lba, uint32_t stamp)
{
    uint64_t state = (lba + 1) * 0x9e3779b97f4a7c15ULL ^ ((uint64_t)stamp << 32 | stamp);
    for (uint32_t i = 0; i < size; i += 8) {
        state ^= state >> 29;
        state *= 0xbf58476d1ce4e5b9ULL;
        memcpy(block + i, &state, 8);
    }
}

static void fill(const struct disk *d, uint8_t *data, uint64_t lba, uint32_t count, uint32_t stamp)
{
    for (uint32_t i = 0; i < count; i++) {
        fill_block(data + (size_t)i * d->block_size, d->block_size, lba + i, stamp);
    }
}

static bool holds(const struct disk *d, const uint8_t *data, uint64_t lba, uint32_t count, uint32_t stamp)
{
    uint8_t *wanted = malloc(d->block_size);
    bool good = true;
    for (uint32_t i = 0; good && i < count; i++) {
        fill_block(wanted, d->block_size, lba + i, stamp);
        if (memcmp(wanted, data + (size_t)i * d->block_size, d->block_size) != 0) {
            good = failed("block %llu does not hold what was written", (unsigned long long)lba + i);
        }
    }
    free(wanted);
    return good;
}

/* Sizes that are one block, odd, a page, a page and a bit, and the limit. */
static bool sweep(struct disk *d, bool write, uint8_t *data, uint64_t blocks, uint32_t stamp)
{
    static const uint32_t sizes[] = {1, 3, 8, 9, 64, 127, 128, 255, 1 << 20};
    uint64_t lba = 0;
    for (unsigned i = 0; lba < blocks; i++) {
        uint32_t limit = d->max_bytes / d->block_size, count = sizes[i % (sizeof sizes / sizeof sizes[0])];
        count = count < limit ? count : limit;
        count = count < blocks - lba ? count : (uint32_t)(blocks - lba);
        if (write) {
            fill(d, data, lba, count, stamp);
        } else {
            memset(data, 0xee, (size_t)count * d->block_size);
        }
        if (!disk_io(d, write, lba, count, data) || (!write && !holds(d, data, lba, count, stamp))) {
            return false;
        }
        lba += count;
    }
    return true;
}

bool case_pattern(struct run *run)
{
    struct disk disks[SP_MAX_ADAPTERS];
    bool good = open_all(run, disks);
    uint8_t *data = memory_alloc(MEMORY_SCATTERED, 1 << 20, 0, "pattern buffer");
    for (unsigned pass = 0; pass < 2; pass++) {
        for (unsigned i = 0; good && i < run->adapter_count; i++) {
            uint64_t blocks = PATTERN_BYTES / disks[i].block_size;
            blocks = blocks < disks[i].blocks ? blocks : disks[i].blocks;
            good = sweep(&disks[i], pass == 0, data, blocks, i + 7);
            if (good && pass == 1) {
                say("disk %u: %llu blocks written and read back, %lu interrupts", i, (unsigned long long)blocks,
                    sp_interrupts(run->adapter[i]));
            }
        }
    }
    memory_free(data);
    return good;
}

/* Sends one flush of a kind; what counts is how many the device itself has done. Without a cache none is needed. */
static bool flush_counts(struct run *run, struct disk *d, unsigned index, struct sp_request *r, const char *what,
                         bool must)
{
    uint64_t before = device_flushes(run->bus, index), after;
    if (!disk_command(d, r)) {
        return false;
    }
    if (r->srb_status != SRB_SUCCESS) {
        return failed("%s: %s", what, disk_result(r));
    }
    after = device_flushes(run->bus, index);
    if (must && after - before != 1) {
        return failed("%s: the device did %llu flushes instead of 1", what, (unsigned long long)(after - before));
    }
    say("  %-24s %llu flush done by the device", what, (unsigned long long)(after - before));
    return true;
}

bool case_flush(struct run *run)
{
    struct disk disks[SP_MAX_ADAPTERS];
    uint8_t *data;
    bool good = open_all(run, disks);
    data = memory_alloc(MEMORY_SCATTERED, 8 * MEMORY_PAGE, 0, "flush buffer");
    for (unsigned i = 0; good && i < run->adapter_count; i++) {
        struct disk *d = &disks[i];
        struct sp_request sync10 = {.cdb = {0x35}, .cdb_length = 10}, sync16 = {.cdb = {0x91}, .cdb_length = 16};
        struct sp_request flush = {.function = SRB_FUNCTION_FLUSH}, shutdown = {.function = SRB_FUNCTION_SHUTDOWN};
        say("disk %u: write cache %s", i, d->write_cache ? "on" : "off");
        if (d->write_cache && !sp_caches_data(d->adapter)) {
            good = failed("there is a write cache, but CachesData keeps StorPort from sending flushes");
        }
        fill(d, data, 5, 8, 3);
        good = good && disk_io(d, true, 5, 8, data) && flush_counts(run, d, i, &sync10, "SYNCHRONIZE CACHE (10)", d->write_cache) &&
               flush_counts(run, d, i, &sync16, "SYNCHRONIZE CACHE (16)", d->write_cache) &&
               flush_counts(run, d, i, &flush, "SRB_FUNCTION_FLUSH", d->write_cache) &&
               flush_counts(run, d, i, &shutdown, "SRB_FUNCTION_SHUTDOWN", d->write_cache);
    }
    memory_free(data);
    return good;
}

/* ---- Random load ---- */

enum { SOAK_DEPTH = 32, SOAK_MOST = 64 };

struct soak_slot {
    struct sp_request request;
    uint8_t *data;
    uint64_t lba;
    uint32_t count;
    bool busy, write;
};

struct soak {
    struct disk *disk;
    struct soak_slot slot[SOAK_DEPTH];
    uint32_t stamp[SOAK_BLOCKS]; /* generation that each block holds */
    uint64_t random;
    uint32_t next_stamp;
    unsigned long done, resets, sleeps, flushes, retried;
};

static uint32_t draw(struct soak *s, uint32_t below)
{
    s->random = s->random * 6364136223846793005ULL + 1442695040888963407ULL;
    return (uint32_t)(s->random >> 33) % below;
}

static bool overlaps(const struct soak *s, uint64_t lba, uint32_t count)
{
    for (int i = 0; i < SOAK_DEPTH; i++) {
        const struct soak_slot *o = &s->slot[i];
        if (o->busy && lba < o->lba + o->count && o->lba < lba + count) {
            return true;
        }
    }
    return false;
}

static bool check_read(struct soak *s, struct soak_slot *slot)
{
    for (uint32_t i = 0; i < slot->count; i++) {
        uint64_t lba = slot->lba + i;
        if (!holds(s->disk, slot->data + (size_t)i * s->disk->block_size, lba, 1, s->stamp[lba])) {
            return false;
        }
    }
    return true;
}

/* A request that a bus reset ended is sent again, as Windows 7 does. */
static bool reap(struct soak *s)
{
    for (int i = 0; i < SOAK_DEPTH; i++) {
        struct soak_slot *slot = &s->slot[i];
        if (!slot->busy || !slot->request.completed) {
            continue;
        }
        if (slot->request.srb_status == 0x0e /* BUS_RESET */) {
            disk_prepare_io(s->disk, &slot->request, slot->write, slot->lba, slot->count, slot->data);
            sp_submit(s->disk->adapter, &slot->request);
            s->retried++;
            continue;
        }
        if (slot->request.srb_status != SRB_SUCCESS) {
            return failed("%s at %llu: %s", slot->write ? "write" : "read", (unsigned long long)slot->lba,
                          disk_result(&slot->request));
        }
        slot->busy = false;
        s->done++;
        if (!slot->write && !check_read(s, slot)) {
            return false;
        }
    }
    return true;
}

static void start_one(struct soak *s)
{
    uint32_t most = s->disk->max_bytes / s->disk->block_size;
    for (int i = 0; i < SOAK_DEPTH; i++) {
        struct soak_slot *slot = &s->slot[i];
        if (slot->busy) {
            continue;
        }
        slot->count = 1 + draw(s, most < SOAK_MOST ? most : SOAK_MOST);
        slot->lba = draw(s, SOAK_BLOCKS - slot->count);
        slot->write = draw(s, 2) == 0;
        if (overlaps(s, slot->lba, slot->count)) {
            return;
        }
        if (slot->write) {
            s->next_stamp++;
            fill(s->disk, slot->data, slot->lba, slot->count, s->next_stamp);
            for (uint32_t j = 0; j < slot->count; j++) {
                s->stamp[slot->lba + j] = s->next_stamp;
            }
        }
        slot->busy = true;
        disk_prepare_io(s->disk, &slot->request, slot->write, slot->lba, slot->count, slot->data);
        sp_submit(s->disk->adapter, &slot->request);
        return;
    }
}

static bool drain(struct soak *s)
{
    uint64_t rounds = 0;
    while (sp_outstanding(s->disk->adapter) != 0) {
        sp_pump(1000);
        if (!reap(s) || ++rounds > 60000) {
            return failed("requests do not finish");
        }
    }
    return reap(s);
}

static bool soak_step(struct soak *s)
{
    uint32_t kind = draw(s, 1000);
    if (kind < 2) {
        s->resets++;
        sp_reset_bus(s->disk->adapter);
    } else if (kind < 4) {
        s->sleeps++;
        do {
            if (!drain(s)) {
                return false;
            }
        } while (sp_outstanding(s->disk->adapter) != 0);
        if (!sp_sleep(s->disk->adapter) || !sp_wake(s->disk->adapter)) {
            return failed("sleep or wake failed");
        }
    } else if (kind < 20) {
        s->flushes++;
        if (!disk_flush(s->disk)) {
            return false;
        }
    } else {
        start_one(s);
    }
    sp_pump(draw(s, 8) == 0 ? 100 : 0);
    return reap(s);
}

static bool soak_disk(struct run *run, struct disk *d)
{
    struct soak *s = calloc(1, sizeof *s);
    uint64_t rounds = run->options->count != 0 ? run->options->count : 3000;
    bool good = d->blocks >= SOAK_BLOCKS || failed("soak wants a disk of at least %d blocks", SOAK_BLOCKS);
    s->disk = d;
    s->random = run->options->system.seed;
    for (int i = 0; i < SOAK_DEPTH; i++) {
        s->slot[i].data = memory_alloc(i % 3 == 0 ? MEMORY_CONTIGUOUS : MEMORY_SCATTERED,
                                       (size_t)SOAK_MOST * d->block_size, 0, "soak buffer");
    }
    for (uint32_t lba = 0; good && lba < SOAK_BLOCKS; lba += SOAK_MOST) {
        fill(d, s->slot[0].data, lba, SOAK_MOST, 0);
        good = disk_io(d, true, lba, SOAK_MOST, s->slot[0].data);
    }
    for (uint64_t i = 0; good && i < rounds; i++) {
        good = soak_step(s);
    }
    good = good && drain(s);
    say("soak: %lu transfers, %lu flushes, %lu bus resets (%lu requests sent again), %lu sleeps", s->done, s->flushes,
        s->resets, s->retried, s->sleeps);
    for (int i = 0; i < SOAK_DEPTH; i++) {
        memory_free(s->slot[i].data);
    }
    free(s);
    return good;
}

bool case_soak(struct run *run)
{
    struct disk disks[SP_MAX_ADAPTERS];
    bool good = open_all(run, disks);
    for (unsigned i = 0; good && i < run->adapter_count; i++) {
        good = soak_disk(run, &disks[i]);
    }
    return good;
}
