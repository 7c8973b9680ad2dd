/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The device's side of a split virtqueue, written from the specification and without the engine's headers: raw bytes at
 * computed offsets, addresses translated through two windows. It checks every rule on drivers that it can see while it
 * walks a chain.
 */
#ifndef RING_DEVICE_H
#define RING_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Device-visible memory: a device address inside [pa, pa + size) is va + (address - pa). */
struct ring_window {
    uint8_t *va;
    uint64_t pa;
    size_t size;
};

struct ring_device {
    uint16_t qsz;
    bool event_idx;
    bool indirect;
    struct ring_window ring;
    struct ring_window pool;
    uint64_t desc_pa, avail_pa, used_pa;
    uint16_t avail_pos; /* next avail slot to take */
    uint16_t used_pos;  /* what used idx holds */
};

struct ring_element {
    uint64_t addr;
    uint32_t len;
    bool write;
};

struct ring_chain {
    uint16_t head;
    bool is_indirect;
    unsigned count;
    struct ring_element element[32768];
};

/* Takes the next available chain. Returns NULL and *got; or the rule that the driver broke. */
const char *ring_device_take(struct ring_device *device, struct ring_chain *chain, bool *got);

/* Returns a buffer: element first, then used idx. Any id goes: hostile tests use it too. */
void ring_device_use(struct ring_device *device, uint32_t id, uint32_t len);

/* Whether a device that moved used idx from old_idx to its present value interrupts; by counting, not by formula. */
bool ring_device_interrupts(const struct ring_device *device, uint16_t old_idx);

/* The reference for both suppression decisions: does old_idx, old_idx + 1 ... new_idx - 1 contain event? */
bool ring_passes(uint16_t event, uint16_t new_idx, uint16_t old_idx);

uint16_t ring_device_avail_flags(const struct ring_device *device);
uint16_t ring_device_avail_idx(const struct ring_device *device);
uint16_t ring_device_used_event(const struct ring_device *device);
void ring_device_set_used_flags(struct ring_device *device, uint16_t flags);
void ring_device_set_used_idx(struct ring_device *device, uint16_t idx);
void ring_device_set_avail_event(struct ring_device *device, uint16_t event);

#endif
