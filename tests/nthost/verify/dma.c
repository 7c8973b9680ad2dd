/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Audit of queues and buffers. VIRTIO 1.x "Split Virtqueues", "Common configuration structure layout". */
#include "dma.h"

#include <stddef.h>
#include <string.h>

#include "mem/memory.h"
#include "verify.h"

enum { MAX_QUEUES = 8 };
enum { CAP_VENDOR = 9, CFG_COMMON = 1, CFG_NOTIFY = 2 };
enum { DEVICE_STATUS = 20, QUEUE_SELECT = 22, QUEUE_SIZE = 24, QUEUE_ENABLE = 28, QUEUE_DESC = 32, QUEUE_END = 56 };
enum { RESET_MS = 1000 };
enum { DESC_NEXT = 1, DESC_WRITE = 2, DESC_INDIRECT = 4, DESC_BYTES = 16 };

struct queue {
    uint64_t address[3]; /* descriptor table, available ring, used ring */
    uint16_t size;       /* 0: not enabled */
    uint16_t audited;    /* available index up to which all was checked */
    const uint8_t *desc, *avail;
};

static struct watched {
    bool in_use;
    uint64_t common, notify;
    uint32_t notify_length;
    uint16_t selected;
    struct queue queue[MAX_QUEUES];
} watched[BUS_MAX_FUNCTIONS];

static dma_allowed *is_allowed;
unsigned long dma_chains, dma_descriptors;

void dma_init(dma_allowed *allowed)
{
    is_allowed = allowed;
}

void dma_watch(struct bus *bus, unsigned function)
{
    const struct bus_function *f = &bus->function[function];
    struct watched *w = &watched[function];
    unsigned at = bus->ops->config_read(bus, f->devfn, 0x34, 1) & 0xfc;
    memset(w, 0, sizeof *w);
    w->in_use = true;
    for (int steps = 0; at >= 0x40 && steps < 48; steps++) {
        unsigned id = bus->ops->config_read(bus, f->devfn, at, 1), type = bus->ops->config_read(bus, f->devfn, at + 3, 1);
        unsigned bar = bus->ops->config_read(bus, f->devfn, at + 4, 1);
        uint64_t address = (bar < 6 ? f->bar[bar].address : 0) + bus->ops->config_read(bus, f->devfn, at + 8, 4);
        if (id == CAP_VENDOR && bar < 6 && type == CFG_COMMON && address % 4 == 0 && w->common == 0) {
            w->common = address;
        } else if (id == CAP_VENDOR && bar < 6 && type == CFG_NOTIFY && address % 2 == 0 && w->notify == 0) {
            w->notify = address;
            w->notify_length = bus->ops->config_read(bus, f->devfn, at + 12, 4);
        }
        at = bus->ops->config_read(bus, f->devfn, at + 1, 1) & 0xfc;
    }
}

void dma_unwatch(unsigned function)
{
    watched[function].in_use = false;
}

static void check(unsigned function, uint64_t pa, uint64_t length, bool device_writes, const char *what)
{
    if (!is_allowed(function, pa, length, device_writes)) {
        rule_broken("dma.range", "%s at %#llx, %llu bytes, is not the device's to %s", what, (unsigned long long)pa,
                    (unsigned long long)length, device_writes ? "write" : "read");
    }
}

static uint16_t get16(const uint8_t *at)
{
    return *(const volatile uint16_t *)(const void *)at;
}

static void enable_queue(struct bus *bus, unsigned function)
{
    struct watched *w = &watched[function];
    struct queue *q = &w->queue[w->selected % MAX_QUEUES];
    q->size = (uint16_t)bus->ops->mem_read(bus, w->common + QUEUE_SIZE, 2);
    q->audited = 0;
    check(function, q->address[0], (uint64_t)DESC_BYTES * q->size, false, "a descriptor table");
    check(function, q->address[1], 6 + 2ull * q->size, false, "an available ring");
    check(function, q->address[2], 6 + 8ull * q->size, true, "a used ring");
    q->desc = memory_at(q->address[0]);
    q->avail = memory_at(q->address[1]);
    /* the device begins at 0; a receive queue may have been filled already (NET-42) */
    if (get16(q->avail + 2) > q->size) {
        rule_broken("dma.ring", "queue %u is enabled with available index %u, and has %u entries", w->selected,
                    get16(q->avail + 2), q->size);
    }
}

static void on_common_write(struct bus *bus, unsigned function, unsigned offset, unsigned width, uint64_t value)
{
    struct watched *w = &watched[function];
    struct queue *q = &w->queue[w->selected % MAX_QUEUES];
    if (offset == DEVICE_STATUS && value == 0) {
        for (int i = 0; i < MAX_QUEUES; i++) {
            w->queue[i].size = 0;
        }
    } else if (offset == QUEUE_SELECT) {
        w->selected = (uint16_t)value;
    } else if (offset == QUEUE_ENABLE && value == 1) {
        enable_queue(bus, function);
    } else if (offset >= QUEUE_DESC && offset < QUEUE_END && width == 4) {
        uint64_t *address = &q->address[(offset - QUEUE_DESC) / 8];
        unsigned shift = offset % 8 * 8;
        *address = (*address & ~(0xffffffffull << shift)) | value << shift;
    }
}

void dma_on_write(struct bus *bus, uint64_t address, unsigned width, uint64_t value)
{
    for (unsigned i = 0; i < BUS_MAX_FUNCTIONS; i++) {
        struct watched *w = &watched[i];
        if (w->in_use && w->common != 0 && address - w->common < QUEUE_END) {
            on_common_write(bus, i, (unsigned)(address - w->common), width, value);
        } else if (w->in_use && w->notify != 0 && address - w->notify < w->notify_length) {
            dma_audit(i);
        }
    }
}

/* Walks one chain; nested says whether table is an indirect one. */
static void audit_chain(unsigned function, const struct queue *q, const uint8_t *table, uint32_t count, uint32_t index,
                        bool nested)
{
    uint32_t steps = 0;
    bool writable_seen = false;
    for (;;) {
        uint64_t pa;
        uint32_t length;
        uint16_t flags;
        if (index >= count || ++steps > q->size) {
            rule_broken("dma.chain", "a chain leaves its table of %u descriptors or is longer than the queue", count);
        }
        memcpy(&pa, table + index * DESC_BYTES, 8);
        memcpy(&length, table + index * DESC_BYTES + 8, 4);
        flags = get16(table + index * DESC_BYTES + 12);
        dma_descriptors++;
        if (flags & DESC_INDIRECT) {
            if (nested || flags & DESC_NEXT || length % DESC_BYTES != 0 || length == 0) {
                rule_broken("dma.chain", "an indirect descriptor with flags %#x and length %u", flags, length);
            }
            check(function, pa, length, false, "an indirect table");
            audit_chain(function, q, memory_at(pa), length / DESC_BYTES, 0, true);
            return;
        }
        if (writable_seen && !(flags & DESC_WRITE)) {
            rule_broken("dma.chain", "a readable descriptor follows a writable one");
        }
        writable_seen = (flags & DESC_WRITE) != 0;
        check(function, pa, length, writable_seen, "a buffer");
        if (!(flags & DESC_NEXT)) {
            return;
        }
        index = get16(table + index * DESC_BYTES + 14);
    }
}

void dma_audit(unsigned function)
{
    struct watched *w = &watched[function];
    for (int i = 0; w->in_use && i < MAX_QUEUES; i++) {
        struct queue *q = &w->queue[i];
        while (q->size != 0 && q->audited != get16(q->avail + 2)) {
            uint16_t head = get16(q->avail + 4 + 2 * (q->audited % q->size));
            audit_chain(function, q, q->desc, q->size, head, false);
            q->audited++;
            dma_chains++;
        }
    }
}

/* False: the device does not obey. */
static bool reset_device(struct bus *bus, const struct watched *w)
{
    bus->ops->mem_write(bus, w->common + DEVICE_STATUS, 1, 0);
    for (int ms = 0; ms < RESET_MS; ms++) {
        if (bus->ops->mem_read(bus, w->common + DEVICE_STATUS, 1) == 0) {
            return true;
        }
        bus->ops->poll(bus, 1000);
    }
    return false;
}

void dma_expect_quiet(struct bus *bus, unsigned function)
{
    struct watched *w = &watched[function];
    if (w->in_use && w->common != 0 && !bus->dead) {
        unsigned status = (unsigned)bus->ops->mem_read(bus, w->common + DEVICE_STATUS, 1);
        if (status != 0 && status != 0xff && reset_device(bus, w)) { /* else no driver could have stopped it */
            rule_broken("dma.stop", "the device is still live after the driver was stopped (status %#x)", status);
        }
    }
}

void dma_pull_out(struct bus *bus, unsigned function)
{
    struct watched *w = &watched[function];
    if (w->in_use && w->common != 0 && !bus->dead) {
        (void)reset_device(bus, w);
    }
    memset(w, 0, sizeof *w);
}
