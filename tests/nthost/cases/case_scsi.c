/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* SCSI commands one by one: what Windows 7 sends must work, the rest must be refused as SPC says. */
#include <string.h>

#include "cases.h"
#include "disk.h"
#include "mem/memory.h"
#include "verify/verify.h"

enum { SRB_SUCCESS = 1, SRB_ERROR = 4, SRB_NO_DEVICE = 8, SRB_SELECTION_TIMEOUT = 0x0a, SRB_UNDERRUN = 0x12,
       SRB_INVALID_REQUEST = 6, SRB_INVALID_LUN = 0x20 };

struct expectation {
    const char *what;
    uint8_t cdb[16], cdb_length;
    uint32_t length;   /* bytes asked of the device; 0: no data */
    bool good;         /* success or underrun */
    uint8_t key, code; /* sense of a refusal */
};

static const struct expectation expected[] = {
    {"TEST UNIT READY", {0x00}, 6, 0, true, 0, 0},
    {"INQUIRY", {0x12, 0, 0, 0, 36}, 6, 36, true, 0, 0},
    {"INQUIRY page 00", {0x12, 1, 0x00, 0, 64}, 6, 64, true, 0, 0},
    {"INQUIRY page 80", {0x12, 1, 0x80, 0, 64}, 6, 64, true, 0, 0},
    {"INQUIRY page 83", {0x12, 1, 0x83, 0, 128}, 6, 128, true, 0, 0},
    {"INQUIRY page 55", {0x12, 1, 0x55, 0, 64}, 6, 64, false, 5, 0x24},
    {"INQUIRY page without EVPD", {0x12, 0, 0x80, 0, 64}, 6, 64, false, 5, 0x24},
    {"REQUEST SENSE", {0x03, 0, 0, 0, 18}, 6, 18, true, 0, 0},
    {"READ CAPACITY (10)", {0x25}, 10, 8, true, 0, 0},
    {"READ CAPACITY (16)", {0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32}, 16, 32, true, 0, 0},
    {"MODE SENSE (6) caching", {0x1a, 8, 8, 0, 64}, 6, 64, true, 0, 0},
    {"MODE SENSE (6) all pages", {0x1a, 0, 0x3f, 0, 192}, 6, 192, true, 0, 0},
    {"MODE SENSE (10) caching", {0x5a, 8, 8, 0, 0, 0, 0, 0, 64}, 10, 64, true, 0, 0},
    {"MODE SENSE (6) page 33", {0x1a, 0, 0x33, 0, 64}, 6, 64, false, 5, 0x24},
    {"REPORT LUNS", {0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 16}, 12, 16, true, 0, 0},
    {"VERIFY (10)", {0x2f, 0, 0, 0, 0, 0, 0, 0, 8}, 10, 0, true, 0, 0},
    {"START STOP UNIT", {0x1b, 0, 0, 0, 1}, 6, 0, true, 0, 0},
    {"SYNCHRONIZE CACHE (10)", {0x35}, 10, 0, true, 0, 0},
    {"READ (10)", {0x28, 0, 0, 0, 0, 0, 0, 0, 1}, 10, 512, true, 0, 0},
    {"READ (10) of no blocks", {0x28}, 10, 0, true, 0, 0},
    {"READ (10) beyond the end", {0x28, 0, 0x7f, 0xff, 0xff, 0xff, 0, 0, 1}, 10, 512, false, 5, 0x21},
    {"READ (16) at 2^64 - 1", {0x88, 0, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 1}, 16, 512, false, 5, 0x21},
    {"WRITE (10) beyond the end", {0x2a, 0, 0x7f, 0xff, 0xff, 0xff, 0, 0, 1}, 10, 512, false, 5, 0x21},
    {"a vendor's command", {0xd9}, 10, 0, false, 5, 0x20},
    {"FORMAT UNIT", {0x04}, 6, 0, false, 5, 0x20},
};

static bool check(struct disk *d, const struct expectation *e, uint8_t *data)
{
    struct sp_request r = {.cdb_length = e->cdb_length, .data = e->length != 0 ? data : NULL, .length = e->length};
    memcpy(r.cdb, e->cdb, sizeof r.cdb);
    r.direction = e->length == 0 ? SP_NO_DATA : e->cdb[0] == 0x2a ? SP_TO_DEVICE : SP_FROM_DEVICE;
    if (!disk_command(d, &r)) {
        return false;
    }
    if (e->good ? r.srb_status != (r.transferred < e->length ? SRB_UNDERRUN : SRB_SUCCESS)
                : r.srb_status != SRB_ERROR || r.scsi_status != 2 || !r.sense_valid || (r.sense[2] & 15) != e->key ||
                      r.sense[12] != e->code) {
        return failed("%s: %s", e->what, disk_result(&r));
    }
    return true;
}

/* Functions and addresses that have no meaning here must come back with the status that StorPort knows for it. */
static bool check_others(struct disk *d, uint8_t *data)
{
    struct sp_request unknown = {.function = 0x10}, wmi = {.function = 0x17};
    struct sp_request target = {.cdb = {0x12, 0, 0, 0, 36}, .cdb_length = 6, .target = 1, .data = data, .length = 36,
                                .direction = SP_FROM_DEVICE};
    struct sp_request lun = target;
    struct sp_request pnp = {.function = 0x25, .action = 0x09};
    struct sp_request reset = {.function = 0x13};
    lun.target = 0;
    lun.lun = 3;
    if (!disk_command(d, &unknown) || !disk_command(d, &wmi) || !disk_command(d, &target) || !disk_command(d, &lun) ||
        !disk_command(d, &pnp) || !disk_command(d, &reset)) {
        return false;
    }
    if (unknown.srb_status != SRB_INVALID_REQUEST || wmi.srb_status != SRB_INVALID_REQUEST) {
        return failed("an unsupported SRB function: %s", disk_result(&unknown));
    }
    if (target.srb_status != SRB_NO_DEVICE && target.srb_status != SRB_SELECTION_TIMEOUT) {
        return failed("target 1 has no disk, but: %s", disk_result(&target));
    }
    if (lun.srb_status == SRB_SUCCESS && (data[0] >> 5) != 3) {
        return failed("logical unit 3 has no disk, but: %s", disk_result(&lun));
    }
    return reset.srb_status == SRB_SUCCESS || failed("RESET DEVICE: %s", disk_result(&reset));
}

bool case_scsi(struct run *run)
{
    struct disk d;
    uint8_t *data = memory_alloc(MEMORY_SCATTERED, MEMORY_PAGE, 0, "SCSI buffer");
    bool good = run_start(run) && disk_open(&d, run->adapter[0]);
    for (size_t i = 0; good && i < sizeof expected / sizeof expected[0]; i++) {
        good = check(&d, &expected[i], data);
    }
    good = good && check_others(&d, data);
    if (good) {
        say("%zu commands answered as they should", sizeof expected / sizeof expected[0]);
    }
    memory_free(data);
    return good;
}

bool case_readonly(struct run *run)
{
    struct disk d;
    uint8_t *data = memory_alloc(MEMORY_SCATTERED, MEMORY_PAGE, 0, "read-only buffer");
    struct sp_request write;
    bool good = run_start(run) && disk_open(&d, run->adapter[0]);
    good = good && (d.write_protect || failed("the mode parameter header does not say write protected"));
    good = good && disk_io(&d, false, 0, 1, data);
    if (good) {
        disk_prepare_io(&d, &write, true, 0, 1, data);
        good = disk_command(&d, &write);
        if (good && (write.srb_status != SRB_ERROR || !write.sense_valid || (write.sense[2] & 15) != 7 ||
                     write.sense[12] != 0x27)) {
            good = failed("a write to a read-only disk: %s", disk_result(&write));
        }
    }
    memory_free(data);
    return good;
}
