/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Cases of an adapter's life: bus reset under load, sleep and wake, PnP stop and start. */
#include <stdio.h>
#include <string.h>

#include "bus/fake.h"
#include "cases.h"
#include "diag.h"
#include "disk.h"
#include "fake_blk.h"
#include "mem/memory.h"
#include "verify/dma.h"
#include "verify/verify.h"

enum { IN_FLIGHT = 16, SRB_SUCCESS = 1, SRB_BUS_RESET = 0x0e };

static bool still_works(struct disk *d, uint8_t *data, uint8_t stamp)
{
    memset(data, stamp, MEMORY_PAGE);
    if (!disk_io(d, true, 100, MEMORY_PAGE / d->block_size, data)) {
        return false;
    }
    memset(data, 0, MEMORY_PAGE);
    if (!disk_io(d, false, 100, MEMORY_PAGE / d->block_size, data)) {
        return false;
    }
    for (int i = 0; i < MEMORY_PAGE; i++) {
        if (data[i] != stamp) {
            return failed("byte %d read back is %#x instead of %#x", i, data[i], stamp);
        }
    }
    return true;
}

static bool reset_under_load(struct disk *d, uint8_t *data)
{
    struct sp_request r[IN_FLIGHT];
    unsigned reset = 0;
    for (int i = 0; i < IN_FLIGHT; i++) {
        disk_prepare_io(d, &r[i], false, (uint64_t)i * 8, 8, data + (size_t)i * 8 * d->block_size);
        sp_submit(d->adapter, &r[i]);
    }
    sp_reset_bus(d->adapter);
    for (int i = 0; i < IN_FLIGHT; i++) {
        if (!sp_wait(d->adapter, &r[i], 10)) {
            return failed("a request is lost after the bus reset");
        }
        if (r[i].srb_status != SRB_SUCCESS && r[i].srb_status != SRB_BUS_RESET) {
            return failed("a request ended with %s", disk_result(&r[i]));
        }
        reset += r[i].srb_status == SRB_BUS_RESET;
    }
    say("  bus reset with %d requests in flight: %u given back, the rest had finished", IN_FLIGHT, reset);
    return true;
}

bool case_recover(struct run *run)
{
    uint8_t *data = memory_alloc(MEMORY_SCATTERED, 1 << 19, 0, "recover buffer");
    bool good = run_start(run);
    for (unsigned i = 0; good && i < run->adapter_count; i++) {
        struct disk d;
        VIRTIO_DIAG diag;
        good = disk_open(&d, run->adapter[i]) && still_works(&d, data, 0x11);
        for (uint8_t round = 0; good && round < 5; round++) {
            good = reset_under_load(&d, data) && still_works(&d, data, (uint8_t)(0x20 + round));
        }
        good = good && diag_read(&d, &diag) &&
               (diag.resets >= 5 || failed("the driver counts %u resets", (unsigned)diag.resets));
    }
    memory_free(data);
    return good;
}

bool case_power(struct run *run)
{
    uint8_t *data = memory_alloc(MEMORY_SCATTERED, MEMORY_PAGE, 0, "power buffer");
    bool good = run_start(run);
    for (unsigned i = 0; good && i < run->adapter_count; i++) {
        struct disk d;
        good = disk_open(&d, run->adapter[i]) && still_works(&d, data, 0x31);
        for (uint8_t round = 0; good && round < 3; round++) {
            good = (sp_sleep(d.adapter) && sp_wake(d.adapter)) || failed("sleep or wake failed");
            good = good && still_works(&d, data, (uint8_t)(0x40 + round));
        }
        for (uint8_t round = 0; good && round < 3; round++) {
            sp_stop(d.adapter);
            good = sp_start_again(d.adapter) == SP_STARTED || failed("PnP start after stop failed");
            good = good && disk_open(&d, run->adapter[i]) && still_works(&d, data, (uint8_t)(0x50 + round));
        }
        if (good) {
            say("disk %u: works after 3 sleeps and 3 PnP stops", i);
        }
    }
    memory_free(data);
    return good;
}

/* Grows or shrinks the first disk, whichever device it is. */
static bool resize_device(struct run *run, uint64_t bytes)
{
    struct fake_device *fake = bus_fake_device(run->bus, 0);
    char command[128];
    const char *reply;
    if (fake != NULL) {
        fake_blk_resize(fake, bytes / 512);
        return true;
    }
    snprintf(command, sizeof command,
             "{\"execute\": \"block_resize\", \"arguments\": {\"node-name\": \"disk0\", \"size\": %llu}}",
             (unsigned long long)bytes);
    reply = bus_qemu_qmp(run->bus, command);
    return (reply != NULL && strstr(reply, "\"return\"") != NULL) ||
           failed("block_resize: %s", reply != NULL ? reply : "no answer");
}

/* The next command hears of a new capacity as a unit attention, once, and READ CAPACITY says it. */
static bool notices_size(struct disk *d, uint64_t blocks)
{
    struct sp_request ready = {.cdb_length = 6};
    for (int tries = 0; tries < 3000; tries++) {
        sp_pump(1000);
        ready.completed = false;
        if (!disk_command(d, &ready)) {
            return false;
        }
        if (ready.srb_status != SRB_SUCCESS) {
            if (!ready.sense_valid || (ready.sense[2] & 15) != 6 || ready.sense[12] != 0x2a || ready.sense[13] != 9) {
                return failed("after a change of capacity: %s", disk_result(&ready));
            }
            return disk_open(d, d->adapter) && (d->blocks == blocks || failed("the disk has %llu blocks instead of %llu",
                                                (unsigned long long)d->blocks, (unsigned long long)blocks));
        }
    }
    return failed("a change of capacity was never noticed");
}

bool case_resize(struct run *run)
{
    struct disk d;
    uint8_t *data = memory_alloc(MEMORY_SCATTERED, MEMORY_PAGE, 0, "resize buffer");
    bool good = run_start(run) && disk_open(&d, run->adapter[0]) && still_works(&d, data, 0x61);
    for (unsigned round = 0; good && round < 3; round++) {
        uint64_t blocks = round % 2 == 0 ? d.blocks / 2 : d.blocks * 2;
        struct sp_request beyond;
        good = resize_device(run, blocks * d.block_size) && notices_size(&d, blocks) &&
               still_works(&d, data, (uint8_t)(0x62 + round));
        if (good) {
            disk_prepare_io(&d, &beyond, false, blocks, 1, data);
            good = disk_command(&d, &beyond) &&
                   (beyond.srb_status != SRB_SUCCESS || failed("a read behind the new end succeeded"));
        }
    }
    /* The watchdog finds a change too; here the device said so. */
    good = good && (sp_changes_told(d.adapter) > 0 || failed("no interrupt brought a change of capacity"));
    memory_free(data);
    return good;
}

/*
 * Windows says that the adapter is gone while the device still answers: a bus reset that comes afterwards must not put
 * it to work again.
 */
bool case_remove(struct run *run)
{
    uint8_t *data = memory_alloc(MEMORY_SCATTERED, MEMORY_PAGE, 0, "remove buffer");
    struct disk d;
    struct sp_request gone = {.function = 0x25, .action = 0x17}, ready = {.cdb_length = 6}, late;
    bool good = run_start(run) && disk_open(&d, run->adapter[0]) && still_works(&d, data, 0x72) &&
                disk_command(&d, &gone);
    if (good) {
        sp_reset_bus(d.adapter);
        dma_expect_quiet(run->bus, 0);
        disk_prepare_io(&d, &late, false, 0, 1, data);
        good = disk_command(&d, &late) && disk_command(&d, &ready) &&
               (late.srb_status != SRB_SUCCESS || failed("a read from a removed disk succeeded"));
        dma_expect_quiet(run->bus, 0);
    }
    memory_free(data);
    return good;
}

/*
 * The fake device vanishes under load, seconds after the start: the driver finds out by itself, and every request ends.
 * Windows' PNP request comes last.
 */
bool case_unplug(struct run *run)
{
    uint8_t *data = memory_alloc(MEMORY_SCATTERED, 1 << 19, 0, "unplug buffer");
    struct disk d;
    struct sp_request r[IN_FLIGHT], gone = {.function = 0x25, .action = 0x17};
    struct fake_device *fake = bus_fake_device(run->bus, 0);
    bool good = (fake != NULL || failed("only the fake device can be unplugged (--fault none)")) && run_start(run) &&
                disk_open(&d, run->adapter[0]) && still_works(&d, data, 0x71);
    for (int i = 0; good && i < 2500; i++) {
        sp_pump(1000);
    }
    for (int i = 0; good && i < IN_FLIGHT; i++) {
        disk_prepare_io(&d, &r[i], i % 2 == 0, (uint64_t)i * 8, 8, data + (size_t)i * 8 * d.block_size);
        sp_submit(d.adapter, &r[i]);
        if (i == IN_FLIGHT / 2) {
            fake_remove(fake);
        }
    }
    for (int i = 0; good && i < IN_FLIGHT; i++) {
        good = sp_wait(d.adapter, &r[i], 5) || failed("a request outlived the device");
    }
    if (good) {
        sp_submit(d.adapter, &gone);
        good = sp_wait(d.adapter, &gone, 5) || failed("the PNP request did not complete");
    }
    memory_free(data);
    return good;
}
