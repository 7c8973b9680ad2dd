/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Driver code's way to a fake device in the same program. */
#include "fake_driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "fake_internal.h"
#include "virtio_mmio.h"

struct mapping {
    unsigned bar;
    uint32_t offset, length;
};

enum { MAPPINGS = 64 };

struct fake_windows {
    struct fake_windows *next;
    struct fake_device *device;
    uint8_t *base[FAKE_BARS]; /* address space of the whole BAR */
    struct mapping mapping[MAPPINGS];
    unsigned mappings;
    unsigned maps, fail_map;
    unsigned reads, fail_read;
};

static _Thread_local struct fake_windows *first; /* of this thread's devices */

static void drop_windows(struct fake_device *device)
{
    struct fake_windows **link = &first;
    while (*link != NULL && *link != device->windows) {
        link = &(*link)->next;
    }
    if (*link != NULL) {
        *link = device->windows->next;
    }
    for (unsigned bar = 0; bar < FAKE_BARS; bar++) {
        if (device->windows->base[bar] != NULL) {
            munmap(device->windows->base[bar], device->bar_length[bar]);
        }
    }
    free(device->windows);
    device->windows = NULL;
}

static struct fake_windows *windows_of(struct fake_device *device)
{
    if (device->windows == NULL) {
        device->windows = calloc(1, sizeof(*device->windows));
        if (device->windows == NULL) {
            abort();
        }
        device->windows->device = device;
        device->windows->next = first;
        device->drop_windows = drop_windows;
        first = device->windows;
    }
    return device->windows;
}

void fake_driver_fail(struct fake_device *device, unsigned map, unsigned read_config)
{
    windows_of(device)->fail_map = map;
    windows_of(device)->fail_read = read_config;
}

static BOOLEAN read_config(void *context, UINT16 offset, void *buffer, UINT16 length)
{
    struct fake_device *device = context;
    struct fake_windows *windows = windows_of(device);
    if (offset + length > FAKE_CONFIG_LENGTH) {
        fprintf(stderr, "fake device: HOST-15: a read outside of configuration space, 0x%x + %u\n", offset, length);
        abort();
    }
    if (++windows->reads == windows->fail_read) {
        return FALSE;
    }
    for (UINT16 i = 0; i < length; i++) {
        ((uint8_t *)buffer)[i] = (uint8_t)fake_config_read(device, offset + i, 1);
    }
    return TRUE;
}

static UINT64 bar_length(void *context, UINT8 bar)
{
    if (bar >= FAKE_BARS) {
        fprintf(stderr, "fake device: PCI-10: the length of BAR %u is asked for\n", bar);
        abort();
    }
    return fake_bar_length(context, bar);
}

static volatile UINT8 *map_bar(void *context, UINT8 bar, UINT32 offset, UINT32 length)
{
    struct fake_device *device = context;
    struct fake_windows *windows = windows_of(device);
    uint64_t whole = fake_bar_length(device, bar);

    fake_log_add(&device->log,
                 &(struct fake_access){.region = FAKE_MAP, .width = bar, .offset = offset, .value = length});
    if (length == 0 || offset >= whole || length > whole - offset) {
        fprintf(stderr, "fake device: HOST-15: a mapping outside of BAR %u, 0x%x + 0x%x\n", bar, offset, length);
        abort();
    }
    if (++windows->maps == windows->fail_map || windows->mappings == MAPPINGS) {
        return NULL;
    }
    if (windows->base[bar] == NULL) {
        void *base = mmap(NULL, whole, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (base == MAP_FAILED) {
            return NULL;
        }
        windows->base[bar] = base;
    }
    windows->mapping[windows->mappings++] = (struct mapping){bar, offset, length};
    return windows->base[bar] + offset;
}

static VOID stall(void *context, UINT32 microseconds)
{
    fake_poll(context, microseconds);
}

const VIRTIO_PCI_OPS fake_driver_ops = {read_config, bar_length, map_bar, stall};

/* The device and the place that an address belongs to. */
static struct fake_device *resolve(const volatile void *address, unsigned width, unsigned *bar, uint64_t *offset)
{
    uintptr_t at = (uintptr_t)address;
    for (struct fake_windows *windows = first; windows != NULL; windows = windows->next) {
        for (unsigned i = 0; i < windows->mappings; i++) {
            const struct mapping *mapping = &windows->mapping[i];
            uintptr_t start = (uintptr_t)windows->base[mapping->bar] + mapping->offset;
            if (at >= start && at - start < mapping->length && width <= mapping->length - (at - start)) {
                *bar = mapping->bar;
                *offset = mapping->offset + (at - start);
                return windows->device;
            }
        }
    }
    fprintf(stderr, "fake device: PCI-13: an access of %u bytes at %p, outside of what is mapped\n", width, (void *)at);
    abort();
}

static uint64_t mmio_read(const volatile void *address, unsigned width)
{
    unsigned bar;
    uint64_t offset;
    struct fake_device *device = resolve(address, width, &bar, &offset);
    return fake_mem_read(device, bar, offset, width);
}

static void mmio_write(volatile void *address, unsigned width, uint64_t value)
{
    unsigned bar;
    uint64_t offset;
    struct fake_device *device = resolve(address, width, &bar, &offset);
    fake_mem_write(device, bar, offset, width, value);
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
