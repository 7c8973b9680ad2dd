/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "qemu_pci.h"

#include <stdio.h>
#include <string.h>

enum {
    PCI_ID = 0x00,
    PCI_COMMAND = 0x04,
    PCI_STATUS = 0x06,
    PCI_REVISION = 0x08,
    PCI_HEADER_TYPE = 0x0e,
    PCI_BAR0 = 0x10,
    PCI_SUBSYSTEM = 0x2c,
    PCI_CAPABILITIES = 0x34,
    PCI_INTERRUPT_LINE = 0x3c,
    PCI_INTERRUPT_PIN = 0x3d,
    COMMAND_IO_MEMORY_MASTER = 0x7,
    STATUS_CAPABILITIES = 0x10,
    CAPABILITY_MSIX = 0x11,
    MSIX_CONTROL = 2,
    MSIX_TABLE = 4,
    MSIX_ENABLE = 0x8000,
    MSIX_ENTRY_SIZE = 16,
    VENDOR_VIRTIO = 0x1af4,
    ADDRESS_PORT = 0xcf8,
    DATA_PORT = 0xcfc
};

#define ID_I440FX 0x12378086u
#define ID_Q35    0x29c08086u

/* Where BARs go: free of RAM (see qemu_process), I/O APIC, firmware and the chip sets' own ports. */
struct windows {
    uint64_t io, memory32, memory64;
};
static const struct windows first_windows = {.io = 0xc000, .memory32 = 0xc0000000, .memory64 = 0x8000000000};
static const uint64_t io_end = 0x10000, memory32_end = 0xfe000000, memory64_end = 0xc000000000;

static void queue_address(struct qtest *qtest, unsigned devfn, unsigned offset)
{
    qtest_queue_write(qtest, "outl", ADDRESS_PORT, 0x80000000u | devfn << 8 | (offset & 0xfc));
}

static void queue_read(struct qtest *qtest, unsigned devfn, unsigned offset, unsigned width)
{
    queue_address(qtest, devfn, offset);
    qtest_queue_read(qtest, width == 1 ? "inb" : width == 2 ? "inw" : "inl", DATA_PORT + (offset & 3));
}

static void queue_write(struct qtest *qtest, unsigned devfn, unsigned offset, unsigned width, uint32_t value)
{
    queue_address(qtest, devfn, offset);
    qtest_queue_write(qtest, width == 1 ? "outb" : width == 2 ? "outw" : "outl", DATA_PORT + (offset & 3), value);
}

uint32_t qemu_pci_read(struct qtest *qtest, unsigned devfn, unsigned offset, unsigned width)
{
    queue_read(qtest, devfn, offset, width);
    return (uint32_t)qtest_value(qtest);
}

void qemu_pci_write(struct qtest *qtest, unsigned devfn, unsigned offset, unsigned width, uint32_t value)
{
    queue_write(qtest, devfn, offset, width, value);
    qtest_flush(qtest);
}

/* Takes the next naturally aligned piece of a window; 0: the window is full. */
static uint64_t allocate(uint64_t *next, uint64_t end, uint64_t length)
{
    uint64_t address = (*next + length - 1) & ~(length - 1);

    if (address + length > end) {
        return 0;
    }
    *next = address + length;
    return address;
}

/* Sizes all six BARs and gives each an address. */
static bool assign_bars(struct qtest *qtest, struct bus_function *function, struct windows *windows)
{
    uint32_t flags[6], mask[6];
    unsigned i;

    for (i = 0; i < 6; i++) {
        queue_write(qtest, function->devfn, PCI_BAR0 + 4 * i, 4, UINT32_MAX);
        queue_read(qtest, function->devfn, PCI_BAR0 + 4 * i, 4);
    }
    for (i = 0; i < 6; i++) {
        mask[i] = (uint32_t)qtest_value(qtest);
        flags[i] = mask[i] & 0xf;
    }
    for (i = 0; i < 6; i++) {
        struct bus_bar *bar = &function->bar[i];
        bool is_64 = (flags[i] & 7) == 4 && i < 5;
        uint64_t whole = is_64 ? (uint64_t)mask[i + 1] << 32 | mask[i] : mask[i] | 0xffffffff00000000u;
        unsigned low = i;

        if (mask[i] == 0) {
            continue;
        }
        bar->is_io = (flags[i] & 1) != 0;
        if (bar->is_io) {
            bar->length = (~(whole & ~UINT64_C(3)) + 1) & 0xffff;
            bar->address = allocate(&windows->io, io_end, bar->length);
        } else {
            bar->length = ~(whole & ~UINT64_C(15)) + 1;
            bar->address = is_64 ? allocate(&windows->memory64, memory64_end, bar->length)
                                 : allocate(&windows->memory32, memory32_end, bar->length);
        }
        if (bar->address == 0) {
            return false;
        }
        if (is_64) {
            queue_write(qtest, function->devfn, PCI_BAR0 + 4 * ++i, 4, (uint32_t)(bar->address >> 32));
        }
        queue_write(qtest, function->devfn, PCI_BAR0 + 4 * low, 4, (uint32_t)bar->address);
    }
    return true;
}

/* Offset of the MSI-X capability; 0: none. */
static unsigned find_msix(struct qtest *qtest, unsigned devfn)
{
    unsigned at, steps = 48; /* as many as fit into the configuration space */

    if ((qemu_pci_read(qtest, devfn, PCI_STATUS, 2) & STATUS_CAPABILITIES) == 0) {
        return 0;
    }
    at = qemu_pci_read(qtest, devfn, PCI_CAPABILITIES, 1) & 0xfc;
    while (at >= 0x40 && steps-- > 0) {
        uint32_t header = qemu_pci_read(qtest, devfn, at, 2);
        if ((header & 0xff) == CAPABILITY_MSIX) {
            return at;
        }
        at = header >> 8 & 0xfc;
    }
    return 0;
}

/*
 * The I/O APIC input of a function's interrupt pin (0: INTA#). q35: the chip set's interrupt route registers as they
 * are after reset, PIRQE to H by device number below device 25, PIRQE to H by pin on device 30, PIRQA to D by pin on
 * the others; the APIC sees PIRQA to H as 16 to 23. pc: PIRQA to D by device number, each steered to an ISA interrupt
 * by route_piix.
 */
static const uint8_t piix_line[4] = {5, 7, 10, 11};

static unsigned line_of(bool is_q35, unsigned devfn, unsigned pin)
{
    unsigned device = devfn >> 3;

    if (!is_q35) {
        return piix_line[(device - 1 + pin) & 3];
    }
    if (device < 25) {
        return 20 + (device + pin) % 4;
    }
    return (device == 30 ? 20 : 16) + pin;
}

static void route_piix(struct qtest *qtest)
{
    const unsigned piix_devfn = 1 << 3, steering = 0x60;
    unsigned i;

    for (i = 0; i < 4; i++) {
        queue_write(qtest, piix_devfn, steering + i, 1, piix_line[i]);
    }
    qtest_flush(qtest);
}

static bool set_up(struct qtest *qtest, struct bus_function *function, uint32_t id, bool is_q35,
                   struct windows *windows)
{
    unsigned devfn = function->devfn;
    uint32_t subsystem = qemu_pci_read(qtest, devfn, PCI_SUBSYSTEM, 4);
    unsigned pin = qemu_pci_read(qtest, devfn, PCI_INTERRUPT_PIN, 1);
    unsigned msix = find_msix(qtest, devfn);

    function->vendor_id = (uint16_t)id;
    function->device_id = (uint16_t)(id >> 16);
    function->revision = (uint8_t)qemu_pci_read(qtest, devfn, PCI_REVISION, 1);
    function->subsystem_vendor_id = (uint16_t)subsystem;
    function->subsystem_id = (uint16_t)(subsystem >> 16);
    if (msix != 0) {
        function->msix_vectors = (qemu_pci_read(qtest, devfn, msix + MSIX_CONTROL, 2) & 0x7ff) + 1;
    }
    if (!assign_bars(qtest, function, windows)) {
        return false;
    }
    function->line = line_of(is_q35, devfn, pin > 0 ? pin - 1 : 0);
    qemu_pci_write(qtest, devfn, PCI_INTERRUPT_LINE, 1, function->line);
    qemu_pci_write(qtest, devfn, PCI_COMMAND, 2, COMMAND_IO_MEMORY_MASTER);
    return true;
}

bool qemu_pci_enumerate(struct qtest *qtest, struct bus *bus, char *error, size_t error_size)
{
    struct windows windows = first_windows;
    uint32_t chip_set = qemu_pci_read(qtest, 0, PCI_ID, 4);
    uint32_t id[32];
    unsigned device, number;

    if (chip_set != ID_I440FX && chip_set != ID_Q35) {
        snprintf(error, error_size, "machine without a known PCI host bridge (%08x): use q35 or pc", chip_set);
        return false;
    }
    if (chip_set == ID_I440FX) {
        route_piix(qtest);
    }
    for (device = 0; device < 32; device++) {
        queue_read(qtest, device << 3, PCI_ID, 4);
    }
    for (device = 0; device < 32; device++) {
        id[device] = (uint32_t)qtest_value(qtest);
    }
    for (device = 0; device < 32; device++) {
        bool many = id[device] != UINT32_MAX && (qemu_pci_read(qtest, device << 3, PCI_HEADER_TYPE, 1) & 0x80) != 0;
        for (number = 0; number < (many ? 8 : 1); number++) {
            unsigned devfn = device << 3 | number;
            uint32_t function_id = number == 0 ? id[device] : qemu_pci_read(qtest, devfn, PCI_ID, 4);
            struct bus_function *function = &bus->function[bus->function_count];

            if ((function_id & 0xffff) != VENDOR_VIRTIO) {
                continue;
            }
            if (bus->function_count == BUS_MAX_FUNCTIONS) {
                snprintf(error, error_size, "more than %d virtio functions", BUS_MAX_FUNCTIONS);
                return false;
            }
            function->devfn = devfn;
            if (!set_up(qtest, function, function_id, chip_set == ID_Q35, &windows)) {
                snprintf(error, error_size, "no room for a BAR of function %02x.%u", device, number);
                return false;
            }
            bus->function_count++;
        }
    }
    return true;
}

void qemu_pci_set_msix(struct qtest *qtest, const struct bus_function *function, unsigned count, uint64_t messages)
{
    unsigned capability = find_msix(qtest, function->devfn), i;
    uint32_t table, control;
    uint64_t entry;

    if (capability == 0) {
        return;
    }
    table = qemu_pci_read(qtest, function->devfn, capability + MSIX_TABLE, 4);
    control = qemu_pci_read(qtest, function->devfn, capability + MSIX_CONTROL, 2);
    if ((table & 7) > 5 || function->bar[table & 7].address == 0) {
        return;
    }
    entry = function->bar[table & 7].address + (table & ~7u);
    for (i = 0; i < count; i++, entry += MSIX_ENTRY_SIZE) {
        qtest_queue_write(qtest, "writel", entry, (uint32_t)(messages + 4 * i));
        qtest_queue_write(qtest, "writel", entry + 4, (messages + 4 * i) >> 32);
        qtest_queue_write(qtest, "writel", entry + 8, 1);
        qtest_queue_write(qtest, "writel", entry + 12, 0); /* not masked */
    }
    control = count > 0 ? control | MSIX_ENABLE : control & ~(uint32_t)MSIX_ENABLE;
    qemu_pci_write(qtest, function->devfn, capability + MSIX_CONTROL, 2, control);
}
