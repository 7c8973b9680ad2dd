/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The fake bus with blk devices on it, driven register by register and with rings written by hand: that the device
 * does what the specification says, and each kind of ring fault what its name says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <sys/mman.h>

#include "fake.h"
#include "fake_blk.h"
#include "fake_device.h"

enum { QUEUE = 8, DESC = 0x200000, AVAIL = 0x201000, USED = 0x202000, HEADER = 0x203000, TABLE = 0x204000 };
#define DATA UINT64_C(0x100000000) /* above 4 GiB */
enum { NEXT = 1, WRITE = 2, INDIRECT = 4, NOTIFY = 0x3000, ISR = 0x1000 };

struct rig {
    struct bus *bus;
    uint8_t *ram;
    uint64_t base;
    uint16_t avail;
};

static uint8_t *at(const struct rig *rig, uint64_t address)
{
    return rig->ram + bus_ram_offset(&rig->bus->ram, address, 1);
}

static void put(const struct rig *rig, uint64_t address, uint64_t value, unsigned width)
{
    memcpy(at(rig, address), &value, width);
}

static uint64_t get(const struct rig *rig, uint64_t address, unsigned width)
{
    uint64_t value = 0;
    memcpy(&value, at(rig, address), width);
    return value;
}

static void reg(const struct rig *rig, unsigned offset, unsigned width, uint64_t value)
{
    rig->bus->ops->mem_write(rig->bus, rig->base + offset, width, value);
}

static void start(struct rig *rig, const struct bus_fake_options *options, unsigned function, uint64_t features)
{
    char error[160];
    if (rig->bus == NULL) {
        rig->bus = bus_fake_open(options, error, sizeof(error));
        if (rig->bus == NULL) {
            fail_msg("%s", error);
        }
        rig->ram = mmap(NULL, rig->bus->ram.size, PROT_READ | PROT_WRITE, MAP_SHARED, rig->bus->ram.fd, 0);
        assert_ptr_not_equal(rig->ram, MAP_FAILED);
    }
    rig->base = rig->bus->function[function].bar[4].address;
    rig->avail = 0;
    memset(at(rig, DESC), 0, 0x5000);
    features |= UINT64_C(1) << 32;
    reg(rig, 0x14, 1, 0);
    assert_int_equal(rig->bus->ops->mem_read(rig->bus, rig->base + 0x14, 1), 0);
    reg(rig, 0x14, 1, 1);
    reg(rig, 0x14, 1, 3);
    reg(rig, 0x0C, 4, (uint32_t)features);
    reg(rig, 0x08, 4, 1);
    reg(rig, 0x0C, 4, features >> 32);
    reg(rig, 0x14, 1, 0xB);
    reg(rig, 0x18, 2, QUEUE);
    if (rig->bus->function[function].msix_granted != 0) {
        reg(rig, 0x1A, 2, 1);
    }
    reg(rig, 0x20, 4, DESC);
    reg(rig, 0x28, 4, AVAIL);
    reg(rig, 0x30, 4, USED);
    reg(rig, 0x1C, 2, 1);
    reg(rig, 0x14, 1, 0xF);
}

static void end(struct rig *rig)
{
    munmap(rig->ram, rig->bus->ram.size);
    rig->bus->ops->close(rig->bus);
}

static void desc(const struct rig *rig, uint64_t table, unsigned index, uint64_t address, uint32_t length,
                 unsigned flags, unsigned next)
{
    uint64_t place = table + 16 * index;
    put(rig, place, address, 8);
    put(rig, place + 8, length, 4);
    put(rig, place + 12, flags, 2);
    put(rig, place + 14, next, 2);
}

/* Exposes head, kicks, polls. */
static void submit(struct rig *rig, unsigned head)
{
    put(rig, AVAIL + 4 + 2 * (rig->avail % QUEUE), head, 2);
    put(rig, AVAIL + 2, ++rig->avail, 2);
    reg(rig, NOTIFY, 2, 0);
    rig->bus->ops->poll(rig->bus, 0);
}

/* A request of three descriptors from the first on, or of one indirect one. */
static void request(struct rig *rig, unsigned first, uint32_t type, uint64_t sector, uint64_t data, uint32_t length,
                    bool indirect)
{
    uint64_t table = indirect ? TABLE : DESC;
    unsigned base = indirect ? 0 : first;
    put(rig, HEADER, type, 4);
    put(rig, HEADER + 4, 0, 4);
    put(rig, HEADER + 8, sector, 8);
    put(rig, HEADER + 16, 0xFF, 1);
    desc(rig, table, base, HEADER, 16, NEXT, base + 1);
    desc(rig, table, base + 1, data, length, NEXT | (type == 0 || type == 8 ? WRITE : 0), base + 2);
    desc(rig, table, base + 2, HEADER + 16, 1, WRITE, 0);
    if (indirect) {
        desc(rig, DESC, first, TABLE, 48, INDIRECT, 0);
    }
    submit(rig, first);
}

static struct fake_queue_view look(const struct rig *rig)
{
    struct fake_queue_view view;
    fake_queue_look(bus_fake_device(rig->bus, 0), 0, &view);
    return view;
}

/* Writes, reads back, flushes; over index wrap, with and without indirect tables, by line and by message. */
static void test_read_write(void **unused)
{
    (void)unused;
    for (unsigned msix = 0; msix < 2; msix++) {
        struct rig rig = {0};
        start(&rig, &(struct bus_fake_options){0}, 0, 0);
        if (msix != 0) {
            assert_int_equal(rig.bus->ops->msix_enable(rig.bus, 0, 64), 2);
        }
        start(&rig, NULL, 0, (1ull << 28) | (1 << 9));
        uint8_t *data = at(&rig, DATA);
        for (unsigned round = 0; round < 70000; round++) {
            bool is_write = round % 2 == 0;
            memset(data, is_write ? (int)(round / 2 % 251) : 0, 1024);
            request(&rig, round % 6, is_write ? 1 : 0, round / 2 % 100, DATA, 1024, round % 3 == 0);
            assert_int_equal(get(&rig, HEADER + 16, 1), 0);
            assert_int_equal(get(&rig, USED + 2, 2), (uint16_t)(round + 1));
            uint64_t element = USED + 4 + 8 * (round % QUEUE);
            assert_int_equal(get(&rig, element, 4), round % 6);
            assert_int_equal(get(&rig, element + 4, 4), is_write ? 1 : 1025);
            assert_int_equal(data[0], round / 2 % 251);
            assert_int_equal(data[1023], round / 2 % 251);
            assert_int_equal(rig.bus->ops->line_level(rig.bus, rig.bus->function[0].line), msix == 0);
            assert_int_equal(rig.bus->ops->msix_take(rig.bus, 0, 1), msix);
            if (msix == 0) {
                assert_int_equal(rig.bus->ops->mem_read(rig.bus, rig.base + ISR, 1), 1);
            }
        }
        struct fake_device *device = bus_fake_device(rig.bus, 0);
        assert_int_equal(fake_blk_unflushed(device), 35000 * 1024);
        put(&rig, HEADER, 4, 4);
        put(&rig, HEADER + 8, 0, 8);
        desc(&rig, DESC, 0, HEADER, 16, NEXT, 1);
        desc(&rig, DESC, 1, HEADER + 16, 1, WRITE, 0);
        submit(&rig, 0);
        assert_int_equal(fake_blk_unflushed(device), 0);
        assert_int_equal(fake_blk_flush_count(device), 1);
        assert_null(fake_blk_why(device));
        assert_null(look(&rig).why);
        end(&rig);
    }
}

/* EVENT_IDX: an interrupt at used_event only, avail_event follows; without it avail flags rule. */
static void test_suppression(void **unused)
{
    struct rig rig = {0};
    (void)unused;
    start(&rig, &(struct bus_fake_options){0}, 0, 1 << 29);
    for (unsigned event = 0; event < 5; event++) {
        start(&rig, NULL, 0, 1 << 29);
        put(&rig, AVAIL + 4 + 2 * QUEUE, event, 2);
        for (unsigned i = 0; i < 5; i++) {
            request(&rig, 0, 0, 0, DATA, 512, false);
            assert_int_equal(look(&rig).interrupts, i >= event ? 1 : 0);
            assert_int_equal(get(&rig, USED + 4 + 8 * QUEUE, 2), i + 1);
            assert_int_equal(get(&rig, USED, 2), 0);
        }
    }
    start(&rig, NULL, 0, 0);
    put(&rig, AVAIL, 1, 2);
    request(&rig, 0, 0, 0, DATA, 512, false);
    assert_int_equal(look(&rig).interrupts, 0);
    put(&rig, AVAIL, 0, 2);
    request(&rig, 0, 0, 0, DATA, 512, false);
    assert_int_equal(look(&rig).interrupts, 1);
    end(&rig);
}

/* Chains that break rules are told by row, answered with length 0, and harm nothing. */
static void test_bad_chains(void **unused)
{
    static const struct {
        const char *row;
        struct {
            uint64_t address;
            uint32_t length;
            unsigned flags, next;
        } desc[3];
    } chains[] = {
        {"RING-03", {{HEADER, 1, NEXT | WRITE, 1}, {HEADER, 16, 0, 0}}},
        {"RING-03", {{HEADER, 1, 8, 0}}},
        {"RING-06", {{HEADER, 16, NEXT, QUEUE}}},
        {"RING-10", {{HEADER, 16, NEXT, 1}, {HEADER, 16, NEXT, 0}}},
        {"RING-09", {{TABLE, 15, INDIRECT, 0}}},
        {"RING-09", {{TABLE, 0, INDIRECT, 0}}},
        {"RING-11", {{TABLE, 16, INDIRECT | NEXT, 1}}},
        {"INIT-36", {{0x90000000, 16, 0, 0}}},
        {"INIT-36", {{0x7FFFFF0, 17, 0, 0}}},
        {"INIT-36", {{UINT64_MAX - 7, 16, 0, 0}}},
    };
    (void)unused;
    for (size_t i = 0; i < sizeof(chains) / sizeof(chains[0]); i++) {
        struct rig rig = {0};
        start(&rig, &(struct bus_fake_options){0}, 0, 1 << 28);
        for (unsigned d = 0; d < 3; d++) {
            desc(&rig, DESC, d, chains[i].desc[d].address, chains[i].desc[d].length, chains[i].desc[d].flags,
                 chains[i].desc[d].next);
        }
        submit(&rig, 0);
        struct fake_queue_view view = look(&rig);
        assert_int_equal(view.broken_chains, 1);
        assert_memory_equal(view.why, chains[i].row, strlen(chains[i].row));
        assert_int_equal(get(&rig, USED + 2, 2), 1);
        assert_int_equal(get(&rig, USED + 8, 4), 0);
        char why[160];
        assert_false(bus_fake_check(rig.bus, why, sizeof(why)));
        assert_memory_equal(why, chains[i].row, strlen(chains[i].row));
        end(&rig);
    }
    struct rig rig = {0};
    start(&rig, &(struct bus_fake_options){0}, 0, 0);
    request(&rig, 0, 0, 0, DATA, 512, true);
    assert_memory_equal(look(&rig).why, "RING-08", 7);
    start(&rig, NULL, 0, 0);
    put(&rig, AVAIL + 2, QUEUE + 1, 2);
    reg(&rig, NOTIFY, 2, 0);
    rig.bus->ops->poll(rig.bus, 0);
    assert_memory_equal(look(&rig).why, "RING-13", 7);
    assert_int_equal(look(&rig).chains, 0);
    end(&rig);
}

struct ring_fault {
    const char *fault;
    uint64_t used_idx, id, length, status;
};

/* What the first request with each ring or status fault looks like to the driver. */
static void test_ring_faults(void **unused)
{
    static const struct ring_fault faults[] = {
        {"none", 1, 2, 513, 0},           {"used-id", 1, 0xFFFFFFFF, 513, 0}, {"used-id=9", 1, 9, 513, 0},
        {"used-twice", 2, 2, 513, 0},     {"used-middle", 1, 3, 513, 0},      {"used-jump", 0x8001, 2, 513, 0},
        {"used-back", 0xFFFF, 2, 513, 0}, {"used-len", 1, 2, 0xFFFFFFFF, 0},  {"stalled", 0, 0, 0, 0},
        {"blk-status=1", 1, 2, 513, 1},   {"blk-status=255", 1, 2, 513, 255}, {"blk-no-status", 1, 2, 512, 0xFF},
        {"blk-short=512", 1, 2, 1, 0},
    };
    (void)unused;
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        struct rig rig = {0};
        start(&rig, &(struct bus_fake_options){.fault = faults[i].fault}, 0, 0);
        request(&rig, 2, 0, 0, DATA, 512, false);
        assert_int_equal(get(&rig, USED + 2, 2), faults[i].used_idx);
        assert_int_equal(get(&rig, USED + 4, 4), faults[i].id);
        assert_int_equal(get(&rig, USED + 8, 4), faults[i].length);
        assert_int_equal(get(&rig, HEADER + 16, 1), faults[i].status);
        end(&rig);
    }
    struct rig rig = {0};
    start(&rig, &(struct bus_fake_options){.fault = "scribble-desc,scribble-read"}, 0, 0);
    request(&rig, 2, 0, 0, DATA, 512, false);
    assert_int_equal(get(&rig, HEADER, 4), 0xA5A5A5A5);
    assert_int_not_equal(get(&rig, DESC, 8), 0);
    end(&rig);
    memset(&rig, 0, sizeof(rig));
    start(&rig, &(struct bus_fake_options){.fault = "suppress"}, 0, 0);
    rig.bus->ops->poll(rig.bus, 0);
    assert_int_equal(get(&rig, USED, 2), 1);
    request(&rig, 2, 0, 0, DATA, 512, false);
    put(&rig, AVAIL + 2, 2, 2); /* exposed without a kick: found all the same */
    rig.bus->ops->poll(rig.bus, 0);
    assert_int_equal(get(&rig, USED + 2, 2), 2);
    end(&rig);
    memset(&rig, 0, sizeof(rig));
    start(&rig, &(struct bus_fake_options){.fault = "suppress-dead"}, 0, 0);
    put(&rig, AVAIL + 2, 1, 2);
    rig.bus->ops->poll(rig.bus, 0);
    assert_int_equal(get(&rig, USED + 2, 2), 0);
    end(&rig);
}

/* The blk rules that the model holds a driver to. */
static void test_blk_rules(void **unused)
{
    static const struct {
        const char *row, *fault;
        uint32_t type;
        uint64_t sector;
        uint32_t length;
        uint64_t status;
    } rows[] = {
        {NULL, NULL, 1, 32767, 512, 0},
        {"BLK-07", NULL, 0, 32768, 512, 1},
        {"BLK-07", NULL, 1, 32767, 1024, 1},
        {"BLK-07", NULL, 0, UINT64_MAX, 512, 1},
        {"BLK-11", NULL, 0, 0, 511, 1},
        {"BLK-13", NULL, 8, 0, 21, 1},
        {NULL, NULL, 8, 0, 20, 0},
        {"BLK-09", NULL, 4, 1, 512, 0},
        {"BLK-23", "blk-size-max=4096", 0, 0, 8192, 1},
        {"BLK-23", "blk-seg-max=0", 0, 0, 512, 1},
        {"BLK-12", NULL, 11, 0, 17, 1},
        {"BLK-14", "blk-segments=1", 11, 0, 32, 1},
        {NULL, NULL, 99, 0, 512, 2},
        {NULL, "blk-capacity=0xFFFFFFFFFF", 0, 0xFFFFFFFF, 512, 1}, /* the device's lie, not the driver's fault */
    };
    const uint64_t features = (1 << 1) | (1 << 2) | (1 << 9) | (1 << 13) | (1 << 14);
    (void)unused;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct rig rig = {0};
        start(&rig, &(struct bus_fake_options){.fault = rows[i].fault}, 0, features);
        request(&rig, 0, rows[i].type, rows[i].sector, DATA, rows[i].length, false);
        const char *why = fake_blk_why(bus_fake_device(rig.bus, 0));
        assert_int_equal(get(&rig, HEADER + 16, 1), rows[i].status);
        if (rows[i].row == NULL) {
            assert_null(why);
        } else {
            assert_non_null(why);
            assert_memory_equal(why, rows[i].row, strlen(rows[i].row));
        }
        end(&rig);
    }
}

/* Two devices: own BARs, lines and messages; a removed one answers all ones. Time moves by poll alone. */
static void test_two_devices(void **unused)
{
    const struct bus_fake_device two[] = {{.fault = NULL},
                                          {.pci_device_id = 0x1001, .fault = "gone=40", .read_only = true}};
    struct rig rig = {0};
    (void)unused;
    start(&rig, &(struct bus_fake_options){.device = two, .device_count = 2}, 1, 1 << 5);
    assert_int_equal(rig.bus->function_count, 2);
    assert_int_equal(rig.bus->function[0].device_id, 0x1042);
    assert_int_equal(rig.bus->function[1].device_id, 0x1001);
    assert_int_not_equal(rig.bus->function[0].line, rig.bus->function[1].line);
    assert_int_equal(fake_status(bus_fake_device(rig.bus, 0)), 0);
    assert_int_equal(fake_status(bus_fake_device(rig.bus, 1)), 0xF);
    for (unsigned i = 0; i < 40; i++) {
        rig.bus->ops->mem_read(rig.bus, rig.base + 0x14, 1);
    }
    assert_int_equal(rig.bus->ops->mem_read(rig.bus, rig.base + 0x14, 1), 0xFF);
    assert_int_equal(rig.bus->ops->mem_read(rig.bus, rig.base + 0x18, 2), 0xFFFF);
    assert_int_equal(rig.bus->ops->config_read(rig.bus, rig.bus->function[1].devfn, 0, 4), 0xFFFFFFFF);
    assert_int_equal(rig.bus->ops->config_read(rig.bus, 0xF8, 0, 2), 0xFFFF);
    uint64_t before = rig.bus->ops->clock_us(rig.bus);
    rig.bus->ops->poll(rig.bus, 0);
    rig.bus->ops->poll(rig.bus, 1000);
    assert_int_equal(rig.bus->ops->clock_us(rig.bus), before + 1001);
    end(&rig);
}

/* A poll waits for its whole time unless there is news: a line that rose, or a message that nobody took. */
static void test_waiting(void **unused)
{
    (void)unused;
    for (unsigned msix = 0; msix < 2; msix++) {
        struct rig rig = {0};
        start(&rig, &(struct bus_fake_options){0}, 0, 0);
        if (msix != 0) {
            rig.bus->ops->msix_enable(rig.bus, 0, 2);
            start(&rig, NULL, 0, 0);
        }
        fake_interrupt(bus_fake_device(rig.bus, 0), 0);
        for (unsigned i = 0; i < 3; i++) {
            uint64_t before = rig.bus->ops->clock_us(rig.bus);
            rig.bus->ops->poll(rig.bus, 1000);
            uint64_t waited = rig.bus->ops->clock_us(rig.bus) - before;
            assert_int_equal(waited, msix != 0 || i == 0 ? 1 : 1000);
        }
        rig.bus->ops->msix_take(rig.bus, 0, 1);
        uint64_t before = rig.bus->ops->clock_us(rig.bus);
        rig.bus->ops->poll(rig.bus, 1000);
        assert_int_equal(rig.bus->ops->clock_us(rig.bus) - before, 1000);
        end(&rig);
    }
}

/* A wrong fault name is a line for the user. */
static void test_bad_options(void **unused)
{
    char error[160];
    (void)unused;
    assert_null(bus_fake_open(&(struct bus_fake_options){.fault = "no-such"}, error, sizeof(error)));
    assert_string_equal(error, "no fault is named 'no-such'");
    assert_null(bus_fake_open(&(struct bus_fake_options){.fault = "used-id=x"}, error, sizeof(error)));
    assert_string_equal(error, "fault 'used-id=x': not a number");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read_write),  cmocka_unit_test(test_suppression), cmocka_unit_test(test_bad_chains),
        cmocka_unit_test(test_ring_faults), cmocka_unit_test(test_blk_rules),   cmocka_unit_test(test_two_devices),
        cmocka_unit_test(test_waiting),     cmocka_unit_test(test_bad_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
