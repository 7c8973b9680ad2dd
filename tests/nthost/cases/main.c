/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* nthost: opens a bus, loads a driver, plays a case, and checks that nothing is left behind. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bus/fake.h"
#include "cases.h"
#include "device.h"
#include "cpu/mmio.h"
#include "cpu/stack.h"
#include "mem/memory.h"
#include "nt/exports.h"
#include "verify/dma.h"
#include "verify/verify.h"

const struct test_case all_cases[] = {
    {"info", "start each disk and show what the driver found: features, queues, interrupt, diagnostics", case_info},
    {"refused", "the driver must refuse the device with a reason in the event log (--reason)", case_refused},
    {"poke", "start each adapter and send it three requests without data, whatever comes of them", case_poke},
    {"suffer", "use a device that breaks the rules (--fault): every request ends, the event log says why", case_suffer},
    {"scsi", "every SCSI command that Windows 7 sends, and refusals of others", case_scsi},
    {"readonly", "a read-only disk says so, and refuses to be written", case_readonly},
    {"pattern", "write a pattern over each disk in requests of many sizes, read it back", case_pattern},
    {"flush", "each way to flush reaches the device; the caching page tells the truth", case_flush},
    {"recover", "bus reset with requests in flight, then work goes on", case_recover},
    {"power", "sleep and wake, PnP stop and start, with work in between", case_power},
    {"soak", "random reads, writes, flushes, resets and sleeps against a model of the disk", case_soak},
    {"serve", "serve each disk to nbdkit's plug-in until it disconnects (--socket)", case_serve},
};
const size_t all_cases_count = sizeof all_cases / sizeof all_cases[0];

bool failed(const char *format, ...)
{
    va_list arguments;
    fflush(stdout);
    fputs("FAILED  ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    return false;
}

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
            const struct sp_event *event = sp_event_count() > 0 ? sp_event(sp_event_count() - 1) : NULL;
            return failed("disk %u: %s: %s", i, start_text(result), event != NULL ? event->text : "no event logged");
        }
    }
    return true;
}

static struct bus *open_bus(const struct options *o)
{
    char error[512] = "";
    struct bus_qemu_options qemu = {.machine = o->machine, .args = o->qemu_args, .ram_mib = o->ram_mib,
                                    .trace = o->trace};
    struct bus_fake_options fake = {.fault = o->fault, .seed = o->storport.seed};
    struct bus *bus = strcmp(o->bus, "fake") == 0 ? bus_fake_open(&fake, error, sizeof error)
                                                  : bus_qemu_open(&qemu, error, sizeof error);
    if (bus == NULL) {
        host_fatal("%s", error);
    }
    return bus;
}

static uint64_t device_read(void *context, uint64_t address, unsigned width)
{
    struct bus *bus = context;
    return bus->ops->mem_read(bus, address, width);
}

static void device_write(void *context, uint64_t address, unsigned width, uint64_t value)
{
    struct bus *bus = context;
    dma_on_write(bus, address, width, value);
    bus->ops->mem_write(bus, address, width, value);
}

static const struct test_case *find_case(const char *name)
{
    for (size_t i = 0; i < all_cases_count; i++) {
        if (strcmp(all_cases[i].name, name) == 0) {
            return &all_cases[i];
        }
    }
    host_fatal("there is no case %s; --list shows them", name);
}

/* Stops what the case left running, then looks for what is left behind. */
static bool finish(struct run *run)
{
    for (unsigned i = 0; i < run->adapter_count; i++) {
        sp_remove(run->adapter[i]);
    }
    exports_report();
    if (memory_live(true) != 0) {
        return failed("memory is left behind: %zu allocations", memory_live(false));
    }
    memory_check_freed();
    trace("%lu register reads, %lu writes, %lu buffers with %lu descriptors checked", mmio_reads, mmio_writes,
          dma_chains, dma_descriptors);
    return true;
}

int main(int argc, char **argv)
{
    static struct options options;
    struct run run = {.options = &options};
    const struct test_case *test_case;
    struct mmio_bus mmio = {device_read, device_write, NULL};
    bool good;
    options_parse(&options, argc, argv);
    trace_is_on = options.trace;
    test_case = find_case(options.case_name);
    run.bus = open_bus(&options);
    mmio.context = run.bus;
    stack_init();
    mmio_init(&mmio);
    memory_init(&run.bus->ram, options.storport.seed);
    sp_init(run.bus, &options.storport);
    run.image = image_load(options.driver, exports_bind);
    good = test_case->play(&run) && finish(&run) &&
           (test_case->play == case_suffer || device_is_content(run.bus));
    if (run.bus->dead) {
        good = failed("the device is gone: %s", run.bus->why);
    }
    run.bus->ops->close(run.bus);
    return good ? 0 : 1;
}
