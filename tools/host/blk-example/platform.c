/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64 /* guest RAM is larger than 2 GiB in the 32-bit build too */
#include "platform.h"

#include "virtio_mmio.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MAX_WINDOWS = 8 };

/* A register window: addresses that nobody can access but through the functions below. */
struct window {
    struct bus *bus;
    uintptr_t start;
    size_t length;
    uint64_t physical;
};
static struct window windows[MAX_WINDOWS];
static unsigned window_count;

static BOOLEAN read_config(void *context, UINT16 offset, void *buffer, UINT16 length)
{
    struct platform *platform = context;
    UINT8 *bytes = buffer;
    UINT16 i;

    for (i = 0; i < length; i++) {
        bytes[i] =
            (UINT8)platform->bus->ops->config_read(platform->bus, platform->function->devfn, (unsigned)offset + i, 1);
    }
    return !platform->bus->dead;
}

static UINT64 bar_length(void *context, UINT8 bar)
{
    const struct platform *platform = context;

    return platform->function->bar[bar].is_io ? 0 : platform->function->bar[bar].length;
}

static volatile UINT8 *map_bar(void *context, UINT8 bar, UINT32 offset, UINT32 length)
{
    struct platform *platform = context;
    struct window *window = &windows[window_count];
    uint64_t physical = platform->function->bar[bar].address + offset;
    size_t in_page = (size_t)(physical & 4095);
    void *reserved;

    if (window_count == MAX_WINDOWS) {
        return NULL;
    }
    reserved = mmap(NULL, in_page + length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (reserved == MAP_FAILED) {
        return NULL;
    }
    window->bus = platform->bus;
    window->start = (uintptr_t)reserved + in_page; /* aligned as the register is */
    window->length = length;
    window->physical = physical;
    window_count++;
    return (volatile UINT8 *)window->start;
}

static VOID stall(void *context, UINT32 microseconds)
{
    (void)context;
    usleep(microseconds);
}

const VIRTIO_PCI_OPS platform_pci_ops = {read_config, bar_length, map_bar, stall};

static const struct window *find(const volatile void *register_address, uint64_t *physical)
{
    uintptr_t address = (uintptr_t)register_address;
    unsigned i;

    for (i = 0; i < window_count; i++) {
        if (address - windows[i].start < windows[i].length) {
            *physical = windows[i].physical + (address - windows[i].start);
            return &windows[i];
        }
    }
    fprintf(stderr, "register access outside of every window\n");
    abort();
}

static uint64_t mmio_read(const volatile void *register_address, unsigned width)
{
    uint64_t physical;
    struct bus *bus = find(register_address, &physical)->bus;

    return bus->ops->mem_read(bus, physical, width);
}

static void mmio_write(volatile void *register_address, unsigned width, uint64_t value)
{
    uint64_t physical;
    struct bus *bus = find(register_address, &physical)->bus;

    bus->ops->mem_write(bus, physical, width, value);
}

UINT8 VirtioMmioRead8(const volatile void *register_address)
{
    return (UINT8)mmio_read(register_address, 1);
}

UINT16 VirtioMmioRead16(const volatile void *register_address)
{
    return (UINT16)mmio_read(register_address, 2);
}

UINT32 VirtioMmioRead32(const volatile void *register_address)
{
    return (UINT32)mmio_read(register_address, 4);
}

VOID VirtioMmioWrite8(volatile void *register_address, UINT8 value)
{
    mmio_write(register_address, 1, value);
}

VOID VirtioMmioWrite16(volatile void *register_address, UINT16 value)
{
    mmio_write(register_address, 2, value);
}

VOID VirtioMmioWrite32(volatile void *register_address, UINT32 value)
{
    mmio_write(register_address, 4, value);
}

static void *os_alloc(void *context, size_t size)
{
    (void)context;
    return malloc(size);
}

static void os_free(void *context, void *block)
{
    (void)context;
    free(block);
}

static virtio_bool_t os_alloc_dma(void *context, size_t size, size_t alignment, virtio_dma_buffer_t *out)
{
    struct platform *platform = context;
    size_t start = (platform->dma_used + alignment - 1) & ~(alignment - 1);

    if (start > platform->dma_size || size > platform->dma_size - start) {
        return VIRTIO_FALSE;
    }
    out->vaddr = platform->dma + start;
    out->paddr = platform->dma_address + start;
    out->size = size;
    platform->dma_used = start + size;
    return VIRTIO_TRUE;
}

/* The arena is given back as a whole. */
static void os_free_dma(void *context, virtio_dma_buffer_t *buffer)
{
    (void)context;
    buffer->vaddr = NULL;
}

static uint64_t os_virt_to_phys(void *context, const void *vaddr)
{
    const struct platform *platform = context;

    return platform->dma_address + (size_t)((const char *)vaddr - platform->dma);
}

static void os_log(void *context, const char *message)
{
    (void)context;
    fprintf(stderr, "core: %s\n", message);
}

const virtio_os_ops_t platform_os_ops = {os_alloc, os_free, os_alloc_dma, os_free_dma, os_virt_to_phys, os_log};

bool platform_init(struct platform *platform, struct bus *bus, const struct bus_function *function, size_t dma_size)
{
    uint64_t offset;

    platform->bus = bus;
    platform->function = function;
    platform->dma_address = 0x100000000;
    platform->dma_size = dma_size;
    platform->dma_used = 0;
    platform->dma = NULL;
    offset = bus_ram_offset(&bus->ram, platform->dma_address, dma_size);
    if (offset == UINT64_MAX) {
        return false;
    }
    platform->dma = mmap(NULL, dma_size, PROT_READ | PROT_WRITE, MAP_SHARED, bus->ram.fd, (off_t)offset);
    if (platform->dma == MAP_FAILED) {
        platform->dma = NULL;
    }
    return platform->dma != NULL;
}

void platform_uninit(struct platform *platform)
{
    while (window_count > 0) {
        const struct window *window = &windows[--window_count];
        size_t in_page = window->start & 4095;
        munmap((void *)(window->start - in_page), window->length + in_page);
    }
    if (platform->dma != NULL) {
        munmap(platform->dma, platform->dma_size);
        platform->dma = NULL;
    }
}
