/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The device's side of a split virtqueue, from VIRTIO 1.x "Split Virtqueues". It may run in another thread than the
 * driver: available idx is loaded before what it exposes, used elements are stored before used idx, and there is a
 * full fence before each look at what the driver says about interrupts, and after each announcement of our own.
 */
#include "fake_internal.h"

#include <stdlib.h>

enum { DESC_NEXT = 1, DESC_WRITE = 2, DESC_INDIRECT = 4, BATCH = 64 };

struct desc {
    uint64_t address;
    uint32_t length;
    uint16_t flags, next;
};

/* The three parts in host memory. */
struct ring {
    uint8_t *desc, *avail, *used;
    uint16_t size;
    bool event_idx;
};

struct done {
    uint32_t id, length;
};

static uint16_t load16(const uint8_t *from)
{
    return le16toh(__atomic_load_n((const uint16_t *)(const void *)from, __ATOMIC_ACQUIRE));
}

static void store16(uint8_t *to, uint16_t value)
{
    __atomic_store_n((uint16_t *)(void *)to, htole16(value), __ATOMIC_RELEASE);
}

static void *guest(struct fake_device *device, uint64_t address, uint64_t length)
{
    void *at = device->options.memory.at != NULL
                   ? device->options.memory.at(device->options.memory.context, address, length)
                   : NULL;
    if (at == NULL) {
        device->dma_errors++;
    }
    return at;
}

static void complain(struct fake_device *device, struct fake_queue *queue, const char *why)
{
    queue->broken_chains++;
    if (device->ring_why == NULL) {
        device->ring_why = why;
    }
    if (queue->why == NULL) {
        queue->why = why;
    }
}

static bool find_ring(struct fake_device *device, struct fake_queue *queue, struct ring *ring)
{
    uint64_t size = queue->size;
    if (queue->desc % 16 != 0 || queue->avail % 2 != 0 || queue->used % 4 != 0) {
        complain(device, queue, "RING-01: a ring part is not aligned");
        return false;
    }
    ring->size = queue->size;
    ring->event_idx = (device->features & FEATURE_EVENT_IDX) != 0;
    ring->desc = guest(device, queue->desc, 16 * size);
    ring->avail = guest(device, queue->avail, 6 + 2 * size);
    ring->used = guest(device, queue->used, 6 + 8 * size);
    return size != 0 && ring->desc != NULL && ring->avail != NULL && ring->used != NULL;
}

static struct desc load_desc(const uint8_t *table, uint32_t index)
{
    const uint8_t *at = table + 16 * (size_t)index;
    return (struct desc){get_le(at, 8), (uint32_t)get_le(at + 8, 4), (uint16_t)get_le(at + 12, 2),
                         (uint16_t)get_le(at + 14, 2)};
}

static const char *add_part(struct fake_device *device, struct fake_chain *chain, const struct desc *desc)
{
    if (chain->count == device->part_capacity) {
        size_t capacity = device->part_capacity != 0 ? 2 * device->part_capacity : 64;
        struct fake_part *grown = realloc(device->part, capacity * sizeof(*grown));
        if (grown == NULL) {
            return "no memory";
        }
        device->part = grown;
        device->part_capacity = capacity;
    }
    bool write = (desc->flags & DESC_WRITE) != 0;
    if (!write && chain->write_bytes != 0) {
        return "RING-03: a readable element behind a writable one";
    }
    uint8_t *data = desc->length != 0 ? guest(device, desc->address, desc->length) : NULL;
    if (desc->length != 0 && data == NULL) {
        return "INIT-36: a buffer is not in RAM";
    }
    device->part[chain->count++] = (struct fake_part){data, desc->address, desc->length, write};
    chain->part = device->part;
    chain->readable += !write;
    *(write ? &chain->write_bytes : &chain->read_bytes) += desc->length;
    return NULL;
}

/* Collects a table's chain from index on; limit: how many elements the chain may have in all. */
static const char *add_table(struct fake_device *device, struct fake_chain *chain, const uint8_t *table,
                             uint32_t entries, uint32_t index, size_t limit, bool is_indirect)
{
    for (;;) {
        if (index >= entries) {
            return "RING-06: next lies outside of the table";
        }
        if (chain->count == limit) {
            return "RING-10: the chain is longer than the queue, or loops";
        }
        struct desc desc = load_desc(table, index);
        if ((desc.flags & ~7) != 0) {
            return "RING-03: unknown descriptor flags";
        }
        if ((desc.flags & DESC_INDIRECT) != 0) {
            if (is_indirect) {
                return "RING-09: an indirect table inside of one";
            }
            if ((device->features & FEATURE_INDIRECT) == 0) {
                return "RING-08: INDIRECT was not negotiated";
            }
            if ((desc.flags & DESC_NEXT) != 0) {
                return "RING-11: INDIRECT together with NEXT";
            }
            const uint8_t *inner =
                desc.length % 16 == 0 && desc.length != 0 ? guest(device, desc.address, desc.length) : NULL;
            if (inner == NULL) {
                return "RING-09: the indirect table has no valid place or length";
            }
            chain->indirect = true;
            return add_table(device, chain, inner, desc.length / 16, 0, limit, true);
        }
        const char *why = add_part(device, chain, &desc);
        if (why != NULL) {
            return why;
        }
        if ((desc.flags & DESC_NEXT) == 0) {
            return NULL;
        }
        if (chain->count == 1 && !is_indirect) {
            chain->second = desc.next;
        }
        index = desc.next;
    }
}

size_t fake_chain_read(const struct fake_chain *chain, uint64_t offset, void *to, size_t length)
{
    size_t done = 0;
    for (size_t i = 0; i < chain->readable && done < length; i++) {
        const struct fake_part *part = &chain->part[i];
        if (offset >= part->length) {
            offset -= part->length;
            continue;
        }
        size_t piece = part->length - offset < length - done ? part->length - (size_t)offset : length - done;
        memcpy((uint8_t *)to + done, part->data + offset, piece);
        done += piece;
        offset = 0;
    }
    return done;
}

size_t fake_chain_write(const struct fake_chain *chain, uint64_t offset, const void *from, size_t length)
{
    size_t done = 0;
    for (size_t i = chain->readable; i < chain->count && done < length; i++) {
        const struct fake_part *part = &chain->part[i];
        if (offset >= part->length) {
            offset -= part->length;
            continue;
        }
        size_t piece = part->length - offset < length - done ? part->length - (size_t)offset : length - done;
        memcpy(part->data + offset, (const uint8_t *)from + done, piece);
        done += piece;
        offset = 0;
    }
    return done;
}

static void put_used(struct fake_device *device, struct fake_queue *queue, const struct ring *ring, struct done done)
{
    uint8_t *slot = ring->used + 4 + 8 * (size_t)(queue->used_idx % ring->size);
    put_le(slot, (uint64_t)knob_value(device, KNOB_USED_ID, done.id), 4);
    put_le(slot + 4, (uint64_t)knob_value(device, KNOB_USED_LEN, done.length), 4);
    queue->used_idx++;
}

/* Says what the driver may leave unsaid: avail_event or used flags. Returns after a full fence. */
static void announce(struct fake_device *device, const struct fake_queue *queue, const struct ring *ring)
{
    bool is_random = knob(device, KNOB_USED_FLAGS_RANDOM);
    bool is_suppressed = knob(device, KNOB_SUPPRESS);
    if (ring->event_idx) {
        uint16_t event = is_suppressed ? (uint16_t)(queue->next_avail + 0x8000) : queue->next_avail;
        store16(ring->used + 4 + 8 * (size_t)ring->size, is_random ? (uint16_t)fake_random(device) : event);
    }
    if (is_random || !ring->event_idx) {
        store16(ring->used, is_random ? (uint16_t)fake_random(device) : is_suppressed);
    }
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* Makes a batch of used elements visible and interrupts if the driver wants that. */
static void give_back(struct fake_device *device, struct fake_queue *queue, const struct ring *ring, struct done *batch,
                      unsigned count)
{
    uint16_t before = queue->used_idx;
    if (count == 0) {
        return;
    }
    for (unsigned i = 0; i < count; i++) {
        struct done done = batch[knob(device, KNOB_REORDER) ? count - 1 - i : i];
        put_used(device, queue, ring, done);
        if (knob(device, KNOB_USED_TWICE)) {
            put_used(device, queue, ring, done);
        }
    }
    if (knob(device, KNOB_USED_JUMP) && !queue->jumped) {
        queue->jumped = true;
        queue->used_idx = (uint16_t)(queue->used_idx + knob_value(device, KNOB_USED_JUMP, 0));
    }
    store16(ring->used + 2, queue->used_idx);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    bool is_wanted;
    if (ring->event_idx) {
        uint16_t event = load16(ring->avail + 4 + 2 * (size_t)ring->size);
        is_wanted = (uint16_t)(event - before) < (uint16_t)(queue->used_idx - before);
    } else {
        is_wanted = (load16(ring->avail) & 1) == 0;
    }
    for (int64_t i = is_wanted ? 0 : 1; i <= knob_value(device, KNOB_INTERRUPT_EMPTY, 0); i++) {
        fake_raise(device, queue);
    }
}

static void scribble(struct fake_device *device, const struct ring *ring, const struct fake_chain *chain)
{
    if (knob(device, KNOB_SCRIBBLE_DESC)) {
        for (size_t i = 0; i < 16 * (size_t)ring->size; i++) {
            ring->desc[i] = (uint8_t)fake_random(device);
        }
    }
    for (size_t i = 0; knob(device, KNOB_SCRIBBLE_READ) && i < chain->readable; i++) {
        if (chain->part[i].length != 0) {
            memset(chain->part[i].data, 0xA5, chain->part[i].length);
        }
    }
}

static struct done do_chain(struct fake_device *device, struct fake_queue *queue, const struct ring *ring,
                            uint16_t head)
{
    struct fake_chain chain = {.head = head, .second = head};
    struct done done = {head, 0};
    const char *why = add_table(device, &chain, ring->desc, ring->size, head, ring->size, false);
    if (why == NULL && chain.read_bytes + chain.write_bytes > (1ULL << 32)) {
        why = "RING-05: a chain of more than 4 GiB";
    }
    if (why != NULL) {
        complain(device, queue, why);
        return done;
    }
    done.length = device->type->request(device, (unsigned)(queue - device->queue), &chain);
    scribble(device, ring, &chain);
    if (knob(device, KNOB_USED_MIDDLE)) {
        done.id = chain.second;
    }
    return done;
}

unsigned fake_ring_process(struct fake_device *device, struct fake_queue *queue, unsigned limit)
{
    struct done batch[BATCH];
    struct ring ring;
    unsigned count = 0, taken = 0;

    if (!queue->enabled || device->gone ||
        (device->status & (STATUS_DRIVER_OK | STATUS_NEEDS_RESET)) != STATUS_DRIVER_OK ||
        !find_ring(device, queue, &ring)) {
        return 0;
    }
    while (taken < limit) {
        uint16_t idx = load16(ring.avail + 2);
        if (idx == queue->next_avail) {
            give_back(device, queue, &ring, batch, count);
            count = 0;
            announce(device, queue, &ring);
            if (load16(ring.avail + 2) == queue->next_avail) {
                break;
            }
            continue;
        }
        if ((uint16_t)(idx - queue->next_avail) > ring.size) {
            complain(device, queue, "RING-13: avail idx moved by more than the queue size");
            break;
        }
        if (device->type->wants != NULL && !device->type->wants(device, (unsigned)(queue - device->queue))) {
            break;
        }
        uint16_t head = load16(ring.avail + 4 + 2 * (size_t)(queue->next_avail % ring.size));
        queue->next_avail++;
        queue->chains++;
        taken++;
        struct done done = do_chain(device, queue, &ring, head);
        if (!knob(device, KNOB_STALLED) && done.length != FAKE_HELD) {
            batch[count++] = done;
        }
        if (count == BATCH) {
            give_back(device, queue, &ring, batch, count);
            count = 0;
        }
    }
    give_back(device, queue, &ring, batch, count);
    return taken;
}

void fake_ring_return(struct fake_device *device, unsigned queue, uint16_t head, uint32_t length)
{
    struct done done = {head, length};
    struct ring ring;
    if (!knob(device, KNOB_STALLED) && !device->gone && device->queue[queue].enabled &&
        find_ring(device, &device->queue[queue], &ring)) {
        give_back(device, &device->queue[queue], &ring, &done, 1);
    }
}
