/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The operations of bus.h on fake devices. A notification is worked on in the next poll, never inside the register
 * write, so a driver cannot see a completion that a real device could not have made by then. Each poll takes at least
 * a microsecond of the virtual clock, so that every wait for a time ends.
 */
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64
#include "fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fake_device.h"

enum { FIRST_SLOT = 2, PCI_COMMAND = 0x04, PCI_BAR0 = 0x10, PCI_LINE = 0x3C, MIB = 1 << 20 };
#define FIRST_BAR_ADDRESS UINT64_C(0xC0000000)

struct fake_bus {
    struct bus bus;
    struct fake_device *device[BUS_MAX_FUNCTIONS];
    uint8_t *ram;
    uint64_t now_us;
    uint64_t next_bar;
    uint32_t lines; /* that were high after the last poll */
};

static const struct bus_ops ops;

static struct fake_bus *of(struct bus *bus)
{
    return (struct fake_bus *)bus;
}

static struct fake_device *by_devfn(struct bus *bus, unsigned devfn)
{
    for (unsigned i = 0; i < bus->function_count; i++) {
        if (bus->function[i].devfn == devfn) {
            return of(bus)->device[i];
        }
    }
    return NULL;
}

static uint32_t config_read(struct bus *bus, unsigned devfn, unsigned offset, unsigned width)
{
    struct fake_device *device = by_devfn(bus, devfn);
    uint32_t value = device != NULL ? fake_config_read(device, offset, width) : UINT32_MAX;
    return width < 4 ? value & ((1u << 8 * width) - 1) : value;
}

static void config_write(struct bus *bus, unsigned devfn, unsigned offset, unsigned width, uint32_t value)
{
    struct fake_device *device = by_devfn(bus, devfn);
    if (device != NULL) {
        fake_config_write(device, offset, width, value);
    }
}

/* The device that answers at an address. bar, address: out: the place in it. */
static struct fake_device *decode(struct bus *bus, uint64_t *address, unsigned *bar)
{
    for (unsigned i = 0; i < bus->function_count; i++) {
        for (*bar = 0; *bar < 6; ++*bar) {
            const struct bus_bar *window = &bus->function[i].bar[*bar];
            if (window->address != 0 && *address >= window->address && *address - window->address < window->length) {
                *address -= window->address;
                return of(bus)->device[i];
            }
        }
    }
    return NULL;
}

static uint64_t mem_read(struct bus *bus, uint64_t address, unsigned width)
{
    unsigned bar;
    struct fake_device *device = decode(bus, &address, &bar);
    uint64_t value = device != NULL ? fake_mem_read(device, bar, address, width) : UINT64_MAX;
    return width < 8 ? value & ((UINT64_C(1) << 8 * width) - 1) : value;
}

static void mem_write(struct bus *bus, uint64_t address, unsigned width, uint64_t value)
{
    unsigned bar;
    struct fake_device *device = decode(bus, &address, &bar);
    if (device != NULL) {
        fake_mem_write(device, bar, address, width, value);
    }
}

static void pass(struct fake_bus *fake, uint64_t microseconds)
{
    fake->now_us += microseconds;
    for (unsigned i = 0; i < fake->bus.function_count; i++) {
        fake_poll(fake->device[i], microseconds);
    }
}

/* Bits of the lines that are high. message: out: whether a message is there to be taken. */
static uint32_t look(const struct fake_bus *fake, bool *message)
{
    uint32_t lines = 0;
    *message = false;
    for (unsigned i = 0; i < fake->bus.function_count; i++) {
        lines |= (uint32_t)fake_line_level(fake->device[i]) << fake->bus.function[i].line;
        *message |= fake_msix_waits(fake->device[i]);
    }
    return lines;
}

static void poll_devices(struct bus *bus, unsigned timeout_us)
{
    struct fake_bus *fake = of(bus);
    bool message;
    uint32_t lines;

    pass(fake, 1);
    lines = look(fake, &message);
    if (!message && (lines & ~fake->lines) == 0 && timeout_us > 1) {
        pass(fake, timeout_us - 1);
        lines = look(fake, &message);
    }
    fake->lines = lines;
}

static bool line_level(struct bus *bus, unsigned line)
{
    for (unsigned i = 0; i < bus->function_count; i++) {
        if (bus->function[i].line == line && fake_line_level(of(bus)->device[i])) {
            return true;
        }
    }
    return false;
}

static unsigned msix_enable(struct bus *bus, unsigned function, unsigned count)
{
    struct bus_function *of_function = &bus->function[function];
    of_function->msix_granted =
        fake_msix_enable(of(bus)->device[function], count < BUS_MAX_VECTORS ? count : BUS_MAX_VECTORS);
    return of_function->msix_granted;
}

static bool msix_take(struct bus *bus, unsigned function, unsigned vector)
{
    return fake_msix_take(of(bus)->device[function], vector);
}

static uint64_t clock_us(struct bus *bus)
{
    return of(bus)->now_us;
}

static void close_bus(struct bus *bus)
{
    struct fake_bus *fake = of(bus);
    for (unsigned i = 0; i < bus->function_count; i++) {
        fake_destroy(fake->device[i]);
    }
    if (fake->ram != NULL) {
        munmap(fake->ram, (size_t)bus->ram.size);
    }
    if (bus->ram.fd >= 0) {
        close(bus->ram.fd);
    }
    free(fake);
}

static void *ram_at(void *context, uint64_t address, uint64_t length)
{
    struct fake_bus *fake = context;
    uint64_t offset = bus_ram_offset(&fake->bus.ram, address, length);
    return offset != UINT64_MAX ? fake->ram + offset : NULL;
}

static bool make_ram(struct fake_bus *fake, uint64_t mib)
{
    struct bus_ram *ram = &fake->bus.ram;
    void *at;
    ram->size = (mib != 0 ? mib : 256) * MIB;
    ram->low_size = ram->size / 2;
    ram->first_free = MIB;
    ram->fd = memfd_create("fake-bus-ram", MFD_CLOEXEC);
    if (ram->fd < 0 || ftruncate(ram->fd, (off_t)ram->size) != 0) {
        return false;
    }
    at = mmap(NULL, (size_t)ram->size, PROT_READ | PROT_WRITE, MAP_SHARED, ram->fd, 0);
    fake->ram = at != MAP_FAILED ? at : NULL;
    return fake->ram != NULL;
}

/* BARs at multiples of their lengths, memory and bus mastering on. */
static void assign(struct fake_bus *fake, struct bus_function *function, struct fake_device *device)
{
    for (unsigned bar = 0; bar < 6; bar++) {
        uint64_t length = fake_bar_length(device, bar);
        if (length != 0) {
            uint64_t page = length < 4096 ? 4096 : length;
            fake->next_bar = (fake->next_bar + page - 1) / page * page;
            function->bar[bar].address = fake->next_bar;
            function->bar[bar].length = length;
            fake->next_bar += page;
            fake_config_write(device, PCI_BAR0 + 4 * bar, 4, (uint32_t)function->bar[bar].address);
        }
    }
    fake_config_write(device, PCI_COMMAND, 2, 0x0006);
    fake_config_write(device, PCI_LINE, 1, function->line);
}

static bool add_device(struct fake_bus *fake, const struct bus_fake_device *given, uint64_t seed, char *error,
                       size_t error_size)
{
    unsigned index = fake->bus.function_count;
    struct bus_function *function = &fake->bus.function[index];
    bool is_honest = given->fault == NULL || strcmp(given->fault, "none") == 0;
    struct fake_options options = {.type = given->type,
                                   .fault = is_honest ? NULL : given->fault,
                                   .memory = {ram_at, fake},
                                   .pci_device_id = given->pci_device_id,
                                   .features_off = given->features_off,
                                   .queue_size = given->queue_size,
                                   .msix_vectors = given->msix_vectors,
                                   .disk_bytes = given->disk_bytes,
                                   .read_only = given->read_only,
                                   .deferred = true,
                                   .seed = seed + index};
    struct fake_device *device;

    if (index == BUS_MAX_FUNCTIONS) {
        snprintf(error, error_size, "more than %d devices", BUS_MAX_FUNCTIONS);
        return false;
    }
    device = fake_create(&options, error, error_size);
    if (device == NULL) {
        return false;
    }
    fake->device[index] = device;
    fake->bus.function_count++;
    function->devfn = (FIRST_SLOT + index) << 3;
    function->line = 16 + (FIRST_SLOT + index) % 8;
    function->vendor_id = (uint16_t)fake_config_read(device, 0x00, 2);
    function->device_id = (uint16_t)fake_config_read(device, 0x02, 2);
    function->revision = (uint8_t)fake_config_read(device, 0x08, 1);
    function->subsystem_vendor_id = (uint16_t)fake_config_read(device, 0x2C, 2);
    function->subsystem_id = (uint16_t)fake_config_read(device, 0x2E, 2);
    function->msix_vectors = fake_msix_vectors(device);
    assign(fake, function, device);
    return true;
}

struct bus *bus_fake_open(const struct bus_fake_options *options, char *error, size_t error_size)
{
    const struct bus_fake_device only = {.fault = options->fault};
    const struct bus_fake_device *device = options->device_count != 0 ? options->device : &only;
    unsigned count = options->device_count != 0 ? options->device_count : 1;
    struct fake_bus *fake = calloc(1, sizeof(*fake));

    if (fake == NULL) {
        snprintf(error, error_size, "no memory for the fake bus");
        return NULL;
    }
    fake->bus.ops = &ops;
    fake->bus.ram.fd = -1;
    fake->next_bar = FIRST_BAR_ADDRESS;
    if (!make_ram(fake, options->ram_mib)) {
        snprintf(error, error_size, "no memory for guest RAM of the fake bus");
        close_bus(&fake->bus);
        return NULL;
    }
    for (unsigned i = 0; i < count; i++) {
        if (!add_device(fake, &device[i], options->seed, error, error_size)) {
            close_bus(&fake->bus);
            return NULL;
        }
    }
    return &fake->bus;
}

struct fake_device *bus_fake_device(struct bus *bus, unsigned function)
{
    return bus->ops == &ops && function < bus->function_count ? of(bus)->device[function] : NULL;
}

bool bus_fake_check(struct bus *bus, char *why, size_t why_size)
{
    for (unsigned i = 0; bus->ops == &ops && i < bus->function_count; i++) {
        if (!fake_check(of(bus)->device[i], why, why_size)) {
            return false;
        }
    }
    return true;
}

static const struct bus_ops ops = {
    .name = "fake",
    .config_read = config_read,
    .config_write = config_write,
    .mem_read = mem_read,
    .mem_write = mem_write,
    .poll = poll_devices,
    .line_level = line_level,
    .msix_enable = msix_enable,
    .msix_take = msix_take,
    .clock_us = clock_us,
    .close = close_bus,
};
