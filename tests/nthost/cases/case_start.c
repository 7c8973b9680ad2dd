/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Cases of starting: what the driver found, and refusals. */
#include <string.h>

#include "cases.h"
#include "diag.h"
#include "disk.h"
#include "mem/memory.h"
#include "verify/verify.h"

bool case_info(struct run *run)
{
    if (!run_start(run)) {
        return false;
    }
    for (unsigned i = 0; i < run->adapter_count; i++) {
        struct disk disk;
        VIRTIO_DIAG diag;
        uint8_t *block = memory_alloc(MEMORY_SCATTERED, MEMORY_PAGE, 0, "info buffer");
        bool read = disk_open(&disk, run->adapter[i]) && disk_io(&disk, false, 0, 1, block) && diag_read(&disk, &diag);
        memory_free(block);
        if (!read) {
            return false;
        }
        if ((diag.interrupt_mode == VIRTIO_DIAG_INTERRUPT_MESSAGE) != sp_uses_messages(run->adapter[i])) {
            return failed("the record says interrupt mode %u, which is not what the system granted",
                          diag.interrupt_mode);
        }
        if (sp_interrupts(run->adapter[i]) == 0) {
            return failed("no interrupt was taken: requests completed by something else");
        }
        say("disk %u: %s %s %s, serial \"%s\"", i, disk.vendor, disk.product, disk.revision, disk.serial);
        say("  capacity     %llu blocks of %u bytes, write cache %s%s", (unsigned long long)disk.blocks, disk.block_size,
            disk.write_cache ? "on" : "off", disk.write_protect ? ", write protected" : "");
        say("  transfers    up to %u bytes in %u elements, %u requests at once", sp_max_transfer(run->adapter[i]),
            sp_max_elements(run->adapter[i]), sp_queue_depth(run->adapter[i]));
        diag_show(&diag);
    }
    return true;
}

bool case_refused(struct run *run)
{
    int32_t status = sp_driver_entry(run->image->entry, run->options->null_entry);
    if (run->options->null_entry) {
        return status < 0 || failed("DriverEntry without arguments succeeded; dump mode is not supported yet");
    }
    if (status < 0 || run->bus->function_count == 0) {
        return failed("DriverEntry returned %#x, %u devices", (unsigned)status, run->bus->function_count);
    }
    image_discard_init(run->image);
    if (sp_start(0, &run->adapter[run->adapter_count++]) == SP_STARTED) {
        return failed("the driver started a device that it should have refused");
    }
    for (unsigned i = 0; run->options->reason != NULL && i < event_count(); i++) {
        if (strstr(event_at(i)->text, run->options->reason) != NULL) {
            say("refused: %s", event_at(i)->text);
            return true;
        }
    }
    return run->options->reason == NULL ||
           failed("the event log does not say \"%s\"; its last of %u entries: %s", run->options->reason, event_count(),
                  event_last_text("none"));
}

bool case_poke(struct run *run)
{
    if (!run_start(run)) {
        return false;
    }
    for (unsigned i = 0; i < 3 * run->adapter_count; i++) {
        struct sp_request r = {.cdb_length = 6};
        sp_submit(run->adapter[i / 3], &r);
        if (!sp_wait(run->adapter[i / 3], &r, 10)) {
            return failed("a request did not complete");
        }
    }
    return true;
}
