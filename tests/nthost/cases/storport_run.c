/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* StorPort drivers: what main and the cases do with an adapter's start and end. */
#include "cases.h"

static void init(struct run *run)
{
    sp_init(run->bus, &run->options->system);
}

static void finish(struct run *run)
{
    for (unsigned i = 0; i < run->adapter_count; i++) {
        sp_remove(run->adapter[i]);
    }
}

const struct framework storport_framework = {"StorPort", "blk", init, finish};

static const char *start_text(enum sp_start result)
{
    static const char *const text[] = {"started", "not found by HwFindAdapter", "refused by HwFindAdapter",
                                       "HwInitialize failed"};
    return text[result];
}

bool run_start(struct run *run)
{
    int32_t status = sp_driver_entry(run->image->entry, run->options->null_entry);
    if (status < 0) {
        return failed("DriverEntry returned %#x", (unsigned)status);
    }
    image_discard_init(run->image);
    if (run->bus->function_count == 0) {
        return failed("there is no virtio device on the bus");
    }
    for (unsigned i = 0; i < run->bus->function_count; i++) {
        enum sp_start result = sp_start(i, &run->adapter[run->adapter_count++]);
        if (result != SP_STARTED) {
            return failed("disk %u: %s: %s", i, start_text(result), event_last_text("no event logged"));
        }
    }
    return true;
}
