/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Cases of an adapter's life: bus reset under load, sleep and wake, PnP stop and start. */
#include <string.h>

#include "cases.h"
#include "diag.h"
#include "disk.h"
#include "mem/memory.h"
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
