/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The device's side of a split virtqueue; see ring_device.h. VIRTIO 1.x "Split Virtqueues". */
#include "ring_device.h"

#include <stdlib.h>
#include <string.h>

enum { FLAG_NEXT = 1, FLAG_WRITE = 2, FLAG_INDIRECT = 4 };

struct raw_descriptor {
    uint64_t addr;
    uint32_t len;
    uint16_t flags;
    uint16_t next;
};

static uint8_t *translate(const struct ring_device *device, uint64_t pa, size_t size)
{
    const struct ring_window *windows[] = {&device->ring, &device->pool};

    for (unsigned i = 0; i < 2; i++) {
        const struct ring_window *window = windows[i];

        if (pa >= window->pa && size <= window->size && pa - window->pa <= window->size - size) {
            return window->va + (pa - window->pa);
        }
    }
    return NULL;
}

static uint16_t *word(const struct ring_device *device, uint64_t pa)
{
    uint8_t *at = translate(device, pa, 2);

    if (at == NULL) {
        abort(); /* the test set the device up wrong */
    }
    return (uint16_t *)(void *)at;
}

static uint16_t load16(const struct ring_device *device, uint64_t pa)
{
    return __atomic_load_n(word(device, pa), __ATOMIC_ACQUIRE);
}

static void store16(const struct ring_device *device, uint64_t pa, uint16_t value)
{
    __atomic_store_n(word(device, pa), value, __ATOMIC_RELEASE);
}

static struct raw_descriptor load_descriptor(const uint8_t *at)
{
    struct raw_descriptor descriptor;

    memcpy(&descriptor.addr, at, 8);
    memcpy(&descriptor.len, at + 8, 4);
    memcpy(&descriptor.flags, at + 12, 2);
    memcpy(&descriptor.next, at + 14, 2);
    return descriptor;
}

/* Walks one table from `index`; an indirect table when `size` is not the ring's. */
static const char *walk(const struct ring_device *device, const uint8_t *table, uint32_t size, uint16_t index,
                        struct ring_chain *chain)
{
    for (;;) {
        struct raw_descriptor descriptor;

        if (index >= size) {
            return "next outside of the table";
        }
        if (chain->count == device->qsz) {
            return "RING-06, RING-10: a chain longer than the queue, or a loop";
        }
        descriptor = load_descriptor(table + 16 * (size_t)index);
        if ((descriptor.flags & ~(FLAG_NEXT | FLAG_WRITE)) != 0) {
            return "RING-09, RING-11: INDIRECT where none may be, or an unknown flag";
        }
        if (chain->count != 0 && chain->element[chain->count - 1].write && (descriptor.flags & FLAG_WRITE) == 0) {
            return "RING-03: readable after writable";
        }
        chain->element[chain->count++] =
            (struct ring_element){descriptor.addr, descriptor.len, (descriptor.flags & FLAG_WRITE) != 0};
        if ((descriptor.flags & FLAG_NEXT) == 0) {
            return NULL;
        }
        index = descriptor.next;
    }
}

const char *ring_device_take(struct ring_device *device, struct ring_chain *chain, bool *got)
{
    uint16_t available = load16(device, device->avail_pa + 2);
    const uint8_t *desc = translate(device, device->desc_pa, 16 * (size_t)device->qsz);
    struct raw_descriptor first;
    const uint8_t *table;

    *got = false;
    if (available == device->avail_pos) {
        return NULL;
    }
    if ((uint16_t)(available - device->avail_pos) > device->qsz) {
        return "RING-13: avail idx went backwards or too far";
    }
    if (ring_device_avail_flags(device) > (device->event_idx ? 0 : 1)) {
        return "RING-14, RING-16: avail flags";
    }
    chain->head = load16(device, device->avail_pa + 4 + 2 * (uint64_t)(device->avail_pos % device->qsz));
    chain->count = 0;
    chain->is_indirect = false;
    if (desc == NULL || chain->head >= device->qsz) {
        return "RING-28: an avail slot that names no descriptor";
    }
    device->avail_pos++;
    *got = true;
    first = load_descriptor(desc + 16 * (size_t)chain->head);
    if ((first.flags & FLAG_INDIRECT) == 0) {
        return walk(device, desc, device->qsz, chain->head, chain);
    }
    if (!device->indirect) {
        return "RING-08: INDIRECT without the feature";
    }
    if (first.flags != FLAG_INDIRECT) {
        return "RING-11: INDIRECT with another flag";
    }
    table = translate(device, first.addr, first.len);
    if (table == NULL || first.len == 0 || first.len % 16 != 0) {
        return "an indirect table outside of its pool, or of a broken size";
    }
    chain->is_indirect = true;
    return walk(device, table, first.len / 16, 0, chain);
}

void ring_device_use(struct ring_device *device, uint32_t id, uint32_t len)
{
    uint8_t *element = translate(device, device->used_pa + 4 + 8 * (uint64_t)(device->used_pos % device->qsz), 8);

    memcpy(element, &id, 4);
    memcpy(element + 4, &len, 4);
    device->used_pos++;
    ring_device_set_used_idx(device, device->used_pos);
}

bool ring_passes(uint16_t event, uint16_t new_idx, uint16_t old_idx)
{
    for (uint16_t idx = old_idx; idx != new_idx; idx++) {
        if (idx == event) {
            return true;
        }
    }
    return false;
}

bool ring_device_interrupts(const struct ring_device *device, uint16_t old_idx)
{
    if (device->event_idx) {
        return ring_passes(ring_device_used_event(device), device->used_pos, old_idx);
    }
    return old_idx != device->used_pos && (ring_device_avail_flags(device) & 1) == 0;
}

uint16_t ring_device_avail_flags(const struct ring_device *device)
{
    return load16(device, device->avail_pa);
}

uint16_t ring_device_avail_idx(const struct ring_device *device)
{
    return load16(device, device->avail_pa + 2);
}

uint16_t ring_device_used_event(const struct ring_device *device)
{
    return load16(device, device->avail_pa + 4 + 2 * (uint64_t)device->qsz);
}

void ring_device_set_used_flags(struct ring_device *device, uint16_t flags)
{
    store16(device, device->used_pa, flags);
}

void ring_device_set_used_idx(struct ring_device *device, uint16_t idx)
{
    store16(device, device->used_pa + 2, idx);
}

void ring_device_set_avail_event(struct ring_device *device, uint16_t event)
{
    store16(device, device->used_pa + 4 + 8 * (uint64_t)device->qsz, event);
}
