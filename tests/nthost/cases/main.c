/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* nthost: opens a bus, loads a driver, plays a case, and checks that nothing is left behind. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bus/fake.h"
#include "cases.h"
#include "device.h"
#include "frameworks/hid/parser.h"
#include "frameworks/wdf/wdf_host.h"
#include "cpu/mmio.h"
#include "cpu/stack.h"
#include "mem/memory.h"
#include "nt/exports.h"
#include "verify/dma.h"
#include "verify/verify.h"

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

static struct bus *open_bus(const struct options *o, const struct framework *framework)
{
    char error[512] = "";
    struct bus_qemu_options qemu = {.machine = o->machine, .args = o->qemu_args, .ram_mib = o->ram_mib,
                                    .trace = o->trace};
    struct bus_fake_device device = {.type = framework->fake_device, .fault = o->fault};
    struct bus_fake_options fake = {.device = &device, .device_count = 1, .seed = o->system.seed};
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
    if (nd_is_gone(address) || wdf_is_gone(address) || pc_is_gone(address)) {
        return UINT64_MAX >> (64 - 8 * width);
    }
    return bus->ops->mem_read(bus, address, width);
}

static void device_write(void *context, uint64_t address, unsigned width, uint64_t value)
{
    struct bus *bus = context;
    if (nd_is_gone(address) || wdf_is_gone(address) || pc_is_gone(address)) {
        return;
    }
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
static bool finish(struct run *run, const struct test_case *test_case)
{
    test_case->framework->finish(run);
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
    run.bus = open_bus(&options, test_case->framework);
    mmio.context = run.bus;
    stack_init();
    mmio_init(&mmio);
    memory_init(&run.bus->ram, options.system.seed);
    test_case->framework->init(&run);
    run.image = image_load(options.driver, exports_bind);
    if (options.parser != NULL) {
        parser_load(options.parser);
    }
    good = test_case->play(&run) && finish(&run, test_case) &&
           (test_case->device_misbehaves || device_is_content(run.bus));
    if (run.bus->dead) {
        good = failed("the device is gone: %s", run.bus->why);
    }
    run.bus->ops->close(run.bus);
    return good ? 0 : 1;
}
