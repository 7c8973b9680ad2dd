/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * bus/qemu against a real QEMU: functions and their resources, register and configuration cycles, both kinds of
 * interrupt on every routing that the machines have, and how a start or a device process fails.
 */
#include "bus.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* VIRTIO 1.x "Virtio Structure PCI Capabilities" and "Common configuration structure layout" */
enum { CAP_COMMON = 1, CAP_ISR = 3, CAP_DEVICE = 4 };
enum { COMMON_CONFIG_VECTOR = 0x10, COMMON_NUM_QUEUES = 0x12, COMMON_STATUS = 0x14 };
enum { STATUS_ACKNOWLEDGE = 1, STATUS_DRIVER = 2, STATUS_DRIVER_OK = 4 };

static char error[256];

static struct bus *open_bus(const char *machine, const char *const *args)
{
    struct bus_qemu_options options = {.machine = machine, .args = args, .ram_mib = 64};
    struct bus *bus = bus_qemu_open(&options, error, sizeof(error));

    if (bus == NULL) {
        print_error("%s\n", error);
    }
    return bus;
}

static const struct bus_function *find(const struct bus *bus, uint16_t device_id, unsigned nth)
{
    unsigned i;

    for (i = 0; i < bus->function_count; i++) {
        if (bus->function[i].device_id == device_id && nth-- == 0) {
            return &bus->function[i];
        }
    }
    fail_msg("no function %04x", device_id);
    return NULL;
}

/* Physical address of a virtio structure, by its vendor capability. */
static uint64_t structure(struct bus *bus, const struct bus_function *function, unsigned type)
{
    unsigned at = bus->ops->config_read(bus, function->devfn, 0x34, 1);

    while (at != 0) {
        if (bus->ops->config_read(bus, function->devfn, at, 1) == 9 &&
            bus->ops->config_read(bus, function->devfn, at + 3, 1) == type) {
            unsigned bar = bus->ops->config_read(bus, function->devfn, at + 4, 1);
            assert_in_range(bar, 0, 5);
            assert_int_not_equal(function->bar[bar].address, 0);
            return function->bar[bar].address + bus->ops->config_read(bus, function->devfn, at + 8, 4);
        }
        at = bus->ops->config_read(bus, function->devfn, at + 1, 1);
    }
    fail_msg("no structure of type %u", type);
    return 0;
}

static const char *const three_devices[] = {"-blockdev", "null-co,node-name=a,size=1048576,read-zeroes=on",
                                            "-device",   "virtio-blk-pci,drive=a,num-queues=2",
                                            "-blockdev", "null-co,node-name=b,size=2097152,read-zeroes=on",
                                            "-device",   "virtio-blk-pci,drive=b,num-queues=1,disable-legacy=on",
                                            "-netdev",   "hubport,id=n,hubid=0",
                                            "-device",   "virtio-net-pci,netdev=n,romfile=",
                                            NULL};

static void check_function(struct bus *bus, const struct bus_function *function, unsigned queues)
{
    uint64_t common = structure(bus, function, CAP_COMMON);
    unsigned i, memory_bars = 0;

    assert_int_equal(function->vendor_id, 0x1af4);
    assert_int_equal(function->subsystem_vendor_id, 0x1af4);
    assert_int_equal(bus->ops->config_read(bus, function->devfn, 4, 2) & 7, 7);
    assert_int_equal(bus->ops->config_read(bus, function->devfn, 0x3c, 1), function->line);
    assert_true(function->msix_vectors > 0);
    for (i = 0; i < 6; i++) {
        const struct bus_bar *bar = &function->bar[i];
        if (bar->length != 0) {
            assert_int_equal(bar->length & (bar->length - 1), 0);
            assert_int_equal(bar->address & (bar->length - 1), 0);
            assert_int_equal(bus->ops->config_read(bus, function->devfn, 0x10 + 4 * i, 4) & ~15u,
                             (uint32_t)bar->address);
            memory_bars += !bar->is_io;
        }
    }
    assert_int_equal(memory_bars, 2);
    assert_int_equal(bus->ops->mem_read(bus, common + COMMON_NUM_QUEUES, 2), queues);
    /* a register that keeps what is written, in each width that virtio uses */
    bus->ops->mem_write(bus, common + COMMON_STATUS, 1, STATUS_ACKNOWLEDGE);
    assert_int_equal(bus->ops->mem_read(bus, common + COMMON_STATUS, 1), STATUS_ACKNOWLEDGE);
    bus->ops->mem_write(bus, common, 4, 1); /* device_feature_select: the word that has VERSION_1 */
    assert_int_equal(bus->ops->mem_read(bus, common, 4), 1);
    assert_int_equal(bus->ops->mem_read(bus, common + 4, 4) & 1, 1);
    bus->ops->mem_write(bus, common + COMMON_STATUS, 1, 0);
}

static void check_functions_on(const char *machine)
{
    struct bus *bus = open_bus(machine, three_devices);

    assert_non_null(bus);
    assert_int_equal(bus->function_count, 3);
    check_function(bus, find(bus, 0x1001, 0), 2);
    check_function(bus, find(bus, 0x1042, 0), 1);
    check_function(bus, find(bus, 0x1000, 0), 2 + 1); /* one pair and the control queue */
    assert_int_equal(find(bus, 0x1042, 0)->revision, 1);
    /* disk capacity in sectors: the device configuration's first field, as one 8-byte access */
    assert_int_equal(bus->ops->mem_read(bus, structure(bus, find(bus, 0x1001, 0), CAP_DEVICE), 8), 2048);
    assert_int_equal(bus->ops->mem_read(bus, structure(bus, find(bus, 0x1042, 0), CAP_DEVICE), 8), 4096);
    /* nothing is there: all ones of the width that was asked for */
    assert_int_equal(bus->ops->config_read(bus, 20 << 3, 0, 2), 0xffff);
    assert_int_equal(bus->ops->config_read(bus, 20 << 3, 0, 4), 0xffffffff);
    bus->ops->config_write(bus, find(bus, 0x1000, 0)->devfn, 0x3c, 1, 0xab);
    assert_int_equal(bus->ops->config_read(bus, find(bus, 0x1000, 0)->devfn, 0x3c, 2) & 0xff, 0xab);
    assert_false(bus->dead);
    bus->ops->close(bus);
}

static void functions_on_q35(void **state)
{
    (void)state;
    check_functions_on("q35");
}

static void functions_on_pc(void **state)
{
    (void)state;
    check_functions_on("pc");
}

/* Lets a disk announce a configuration change. */
static void resize(struct bus *bus, unsigned disk, unsigned sectors)
{
    char command[128];
    const char *reply;

    snprintf(command, sizeof(command),
             "{\"execute\":\"block_resize\",\"arguments\":{\"node-name\":\"d%u\",\"size\":%u}}", disk, sectors * 512);
    reply = bus_qemu_qmp(bus, command);
    assert_non_null(reply);
    assert_string_equal(reply, "{\"return\": {}}\r");
}

/* Waits until the condition holds; at most two seconds. */
#define WAIT_UNTIL(bus, condition)                                                                                     \
    do {                                                                                                               \
        uint64_t deadline = (bus)->ops->clock_us(bus) + 2000000;                                                       \
        bool holds = (condition);                                                                                      \
        while (!holds && (bus)->ops->clock_us(bus) < deadline) {                                                       \
            (bus)->ops->poll(bus, 10000);                                                                              \
            holds = (condition);                                                                                       \
        }                                                                                                              \
        assert_true(holds);                                                                                            \
    } while (0)

static void make_disk(unsigned disk, char *path, size_t size)
{
    int fd;

    snprintf(path, size, "/tmp/nthost-bus-test-XXXXXX");
    fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, (off_t)(disk + 1) * 65536), 0);
    close(fd);
}

static unsigned raised_lines(struct bus *bus)
{
    unsigned line, lines = 0;

    for (line = 0; line < BUS_MAX_LINES; line++) {
        lines |= (unsigned)bus->ops->line_level(bus, line) << line;
    }
    return lines;
}

static void check_intx(struct bus *bus, unsigned function, unsigned disk)
{
    const struct bus_function *f = &bus->function[function];
    uint64_t common = structure(bus, f, CAP_COMMON), isr = structure(bus, f, CAP_ISR);

    assert_int_equal(raised_lines(bus), 0);
    bus->ops->mem_write(bus, common + COMMON_STATUS, 1, STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_DRIVER_OK);
    assert_int_equal(bus->ops->mem_read(bus, common + COMMON_STATUS, 1), 7);
    resize(bus, disk, 256);
    WAIT_UNTIL(bus, raised_lines(bus) != 0);
    assert_int_equal(raised_lines(bus), 1u << f->line);
    assert_int_equal(bus->ops->mem_read(bus, isr, 1) & 2, 2);
    WAIT_UNTIL(bus, raised_lines(bus) == 0);
    assert_int_equal(bus->ops->mem_read(bus, isr, 1), 0);
}

static void check_msix(struct bus *bus, unsigned function, unsigned disk)
{
    const struct bus_function *f = &bus->function[function];
    uint64_t common = structure(bus, f, CAP_COMMON);
    unsigned vector = f->msix_vectors - 1;

    assert_int_equal(bus->ops->msix_enable(bus, function, BUS_MAX_VECTORS + 1), f->msix_vectors);
    assert_int_equal(f->msix_granted, f->msix_vectors);
    bus->ops->mem_write(bus, common + COMMON_CONFIG_VECTOR, 2, vector);
    assert_int_equal(bus->ops->mem_read(bus, common + COMMON_CONFIG_VECTOR, 2), vector);
    assert_false(bus->ops->msix_take(bus, function, vector));
    resize(bus, disk, 512);
    WAIT_UNTIL(bus, bus->ops->msix_take(bus, function, vector));
    assert_false(bus->ops->msix_take(bus, function, vector));
    assert_false(bus->ops->msix_take(bus, function, 0));
    assert_int_equal(raised_lines(bus), 0);
    assert_int_equal(bus->ops->msix_enable(bus, function, 0), 0);
    bus->ops->mem_write(bus, common + COMMON_STATUS, 1, 0);
}

/* Disks in slots that cover each value of the routing, q35's two routing schemes included. */
static void check_interrupts_on(const char *machine, const unsigned slot[6])
{
    char path[6][64], blockdev[6][128], device[6][96];
    const char *args[6 * 4 + 1];
    struct bus *bus;
    unsigned i, n = 0;

    for (i = 0; i < 6; i++) {
        make_disk(i, path[i], sizeof(path[i]));
        snprintf(blockdev[i], sizeof(blockdev[i]), "file,node-name=d%u,filename=%s", i, path[i]);
        snprintf(device[i], sizeof(device[i]), "virtio-blk-pci,drive=d%u,addr=%x", i, slot[i]);
        args[n++] = "-blockdev";
        args[n++] = blockdev[i];
        args[n++] = "-device";
        args[n++] = device[i];
    }
    args[n] = NULL;
    bus = open_bus(machine, args);
    for (i = 0; i < 6; i++) {
        unlink(path[i]);
    }
    assert_non_null(bus);
    assert_int_equal(bus->function_count, 6);
    for (i = 0; i < 6; i++) {
        assert_int_equal(bus->function[i].devfn, slot[i] << 3);
        check_intx(bus, i, i);
        check_msix(bus, i, i);
    }
    bus->ops->close(bus);
}

static void interrupts_on_q35(void **state)
{
    static const unsigned slot[6] = {1, 2, 3, 0x18, 0x1a, 0x1e};

    (void)state;
    check_interrupts_on("q35", slot);
}

static void interrupts_on_pc(void **state)
{
    static const unsigned slot[6] = {2, 3, 4, 5, 0x1a, 0x1f};

    (void)state;
    check_interrupts_on("pc", slot);
}

static void ram_has_two_parts(void **state)
{
    const struct bus_ram ram = {.size = 0x4000000, .low_size = 0x2000000};
    struct bus *bus;
    uint32_t value = 0;

    (void)state;
    assert_int_equal(bus_ram_offset(&ram, 0, 0x2000000), 0);
    assert_int_equal(bus_ram_offset(&ram, 1, 0x2000000), UINT64_MAX);
    assert_int_equal(bus_ram_offset(&ram, 0x2000000, 1), UINT64_MAX);
    assert_int_equal(bus_ram_offset(&ram, 0xffffffff, 1), UINT64_MAX);
    assert_int_equal(bus_ram_offset(&ram, 0x100000000, 0x2000000), 0x2000000);
    assert_int_equal(bus_ram_offset(&ram, 0x101000000, 0x1000001), UINT64_MAX);
    assert_int_equal(bus_ram_offset(&ram, 0x102000000, 0), UINT64_MAX);
    assert_int_equal(bus_ram_offset(&ram, 0x101ffffff, UINT64_MAX), UINT64_MAX);

    /* QEMU sees the same memory at these addresses */
    bus = open_bus("pc", NULL);
    assert_non_null(bus);
    assert_int_equal(bus->ram.size, 64 << 20);
    bus->ops->mem_write(bus, 0x100000010, 4, 0x12345678);
    assert_int_equal(bus->ops->mem_read(bus, 0x100000010, 4), 0x12345678);
    assert_int_equal(pread(bus->ram.fd, &value, 4, (off_t)bus_ram_offset(&bus->ram, 0x100000010, 4)), 4);
    assert_int_equal(value, 0x12345678);
    bus->ops->mem_write(bus, bus->ram.low_size, 4, 1); /* nothing there */
    assert_int_equal(bus->ops->mem_read(bus, bus->ram.low_size, 4), 0);
    bus->ops->close(bus);
}

/* More posted writes than may be pending at once, with an answer after each batch. */
static void posted_writes_keep_order(void **state)
{
    struct bus *bus = open_bus("q35", NULL);
    unsigned i;

    (void)state;
    assert_non_null(bus);
    for (i = 0; i < 1000; i++) {
        bus->ops->mem_write(bus, 0x200000 + 4 * (i % 7), 4, i);
        if (i % 300 == 299) {
            assert_int_equal(bus->ops->mem_read(bus, 0x200000 + 4 * (i % 7), 4), i);
        }
    }
    assert_int_equal(bus->ops->mem_read(bus, 0x200000 + 4 * (999 % 7), 2), 999);
    assert_false(bus->dead);
    bus->ops->close(bus);
}

static void death_is_noticed(void **state)
{
    struct bus *bus = open_bus("q35", three_devices);
    unsigned devfn;

    (void)state;
    assert_non_null(bus);
    devfn = bus->function[0].devfn;
    assert_non_null(bus_qemu_qmp(bus, "{\"execute\":\"quit\"}"));
    WAIT_UNTIL(bus, bus->dead);
    assert_non_null(strstr(bus->why, "QEMU ended"));
    assert_non_null(strstr(bus->why, "exit code 0"));
    assert_int_equal(bus->ops->config_read(bus, devfn, 0, 2), 0xffff);
    assert_int_equal(bus->ops->mem_read(bus, bus->function[0].bar[4].address, 1), 0xff);
    assert_int_equal(bus->ops->mem_read(bus, bus->function[0].bar[4].address, 8), UINT64_MAX);
    bus->ops->mem_write(bus, bus->function[0].bar[4].address, 4, 0);
    bus->ops->poll(bus, 1000000);
    assert_int_equal(bus->ops->msix_enable(bus, 0, 0), 0);
    assert_null(bus_qemu_qmp(bus, "{\"execute\":\"query-status\"}"));
    bus->ops->close(bus);
}

static void a_failed_start_says_why(void **state)
{
    static const char *const bad_device[] = {"-device", "no-such-device", NULL};
    struct bus_qemu_options options = {.machine = "q35", .args = bad_device, .ram_mib = 64};

    (void)state;
    assert_null(bus_qemu_open(&options, error, sizeof(error)));
    assert_non_null(strstr(error, "'no-such-device' is not a valid device model name"));
    assert_null(strchr(error, '\n'));
    options.args = NULL;
    options.qemu = "/no/such/qemu";
    assert_null(bus_qemu_open(&options, error, sizeof(error)));
    assert_non_null(strstr(error, "cannot run /no/such/qemu: No such file"));
    options.qemu = NULL;
    options.machine = "microvm";
    assert_null(bus_qemu_open(&options, error, sizeof(error)));
    assert_true(strlen(error) > 0);
    options.machine = "q35";
    options.ram_mib = 3;
    assert_null(bus_qemu_open(&options, error, sizeof(error)));
    assert_non_null(strstr(error, "guest RAM of 3 MiB"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_on_q35),  cmocka_unit_test(functions_on_pc),
        cmocka_unit_test(interrupts_on_q35), cmocka_unit_test(interrupts_on_pc),
        cmocka_unit_test(ram_has_two_parts), cmocka_unit_test(posted_writes_keep_order),
        cmocka_unit_test(death_is_noticed),  cmocka_unit_test(a_failed_start_says_why),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
