/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * QEMU's devices as a bus: the operations of bus.h over qtest. Writes are posted as on real PCI: they are sent at once,
 * their replies are taken with the next read or poll.
 */
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64 /* guest RAM is larger than 2 GiB in the 32-bit build too */
#include "bus.h"
#include "qemu_pci.h"
#include "qemu_process.h"
#include "qemu_qmp.h"
#include "qemu_qtest.h"

#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { START_TIMEOUT_S = 60, REPLY_TIMEOUT_S = 30, MESSAGE_PAGE = 4096, SPIN_US = 500, SLEEP_US = 100 };
_Static_assert(sizeof(uint32_t) * BUS_MAX_FUNCTIONS * BUS_MAX_VECTORS == MESSAGE_PAGE, "one page of message dwords");

struct qemu_bus {
    struct bus bus;
    struct qemu_process process;
    struct qtest qtest;
    struct qemu_qmp qmp;
    uint64_t messages;         /* physical address of the message page */
    uint32_t *message;         /* the page: [function][vector], stored to by the devices */
    unsigned messages_enabled; /* functions that run with MSI-X */
    uint64_t opened_us;
};

static struct qemu_bus *of(struct bus *bus)
{
    return (struct qemu_bus *)bus;
}

static uint64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* After each use of the socket: a lost connection is the end of the bus. */
static void note_death(struct qemu_bus *q)
{
    char how[160];

    if (!q->qtest.lost || q->bus.dead) {
        return;
    }
    qemu_process_stop(&q->process, true, how, sizeof(how));
    snprintf(q->bus.why, sizeof(q->bus.why), "%.90s (%.150s)", q->qtest.why, how);
    q->bus.dead = true;
}

static uint64_t all_ones(unsigned width)
{
    return width >= 8 ? UINT64_MAX : (UINT64_C(1) << 8 * width) - 1;
}

static uint32_t config_read(struct bus *bus, unsigned devfn, unsigned offset, unsigned width)
{
    uint32_t value = qemu_pci_read(&of(bus)->qtest, devfn, offset, width);

    note_death(of(bus));
    return value & (uint32_t)all_ones(width);
}

static void config_write(struct bus *bus, unsigned devfn, unsigned offset, unsigned width, uint32_t value)
{
    qemu_pci_write(&of(bus)->qtest, devfn, offset, width, value);
    note_death(of(bus));
}

static const char *const read_verbs[4] = {"readb", "readw", "readl", "readq"};
static const char *const write_verbs[4] = {"writeb", "writew", "writel", "writeq"};

static const char *verb(const char *const verbs[4], unsigned width)
{
    return verbs[width == 1 ? 0 : width == 2 ? 1 : width == 4 ? 2 : 3];
}

static uint64_t mem_read(struct bus *bus, uint64_t address, unsigned width)
{
    struct qtest *qtest = &of(bus)->qtest;
    uint64_t value;

    qtest_queue_read(qtest, verb(read_verbs, width), address);
    value = qtest_value(qtest);
    note_death(of(bus));
    return value & all_ones(width);
}

static void mem_write(struct bus *bus, uint64_t address, unsigned width, uint64_t value)
{
    struct qtest *qtest = &of(bus)->qtest;

    qtest_queue_write(qtest, verb(write_verbs, width), address, value & all_ones(width));
    qtest_flush(qtest);
    note_death(of(bus));
}

static bool has_message(const struct qemu_bus *q)
{
    unsigned function, vector;

    for (function = 0; function < q->bus.function_count; function++) {
        for (vector = 0; vector < q->bus.function[function].msix_granted; vector++) {
            if (__atomic_load_n(&q->message[function * BUS_MAX_VECTORS + vector], __ATOMIC_ACQUIRE) != 0) {
                return true;
            }
        }
    }
    return false;
}

/* Messages are stores to RAM that wake nobody: yield while they are likely to come soon, then look in steps. */
static void bus_poll(struct bus *bus, unsigned timeout_us)
{
    struct qemu_bus *q = of(bus);
    uint64_t start = now_us(), waited = 0;

    for (;;) {
        struct pollfd socket = {.fd = q->qtest.fd, .events = POLLIN};
        uint64_t left, step;
        struct timespec wait;

        qtest_drain(&q->qtest);
        note_death(q);
        if (q->bus.dead || (q->qtest.raised & q->qtest.lines) != 0 || has_message(q)) {
            break;
        }
        waited = now_us() - start;
        if (waited >= timeout_us) {
            break;
        }
        if (q->messages_enabled != 0 && waited < SPIN_US) {
            sched_yield();
            continue;
        }
        left = timeout_us - waited;
        step = q->messages_enabled != 0 && left > SLEEP_US ? SLEEP_US : left;
        wait.tv_sec = (time_t)(step / 1000000);
        wait.tv_nsec = (long)(step % 1000000) * 1000;
        ppoll(&socket, 1, &wait, NULL);
    }
    q->qtest.raised = 0;
}

static bool line_level(struct bus *bus, unsigned line)
{
    return line < BUS_MAX_LINES && (of(bus)->qtest.lines >> line & 1) != 0;
}

static unsigned msix_enable(struct bus *bus, unsigned function, unsigned count)
{
    struct qemu_bus *q = of(bus);
    struct bus_function *f = &bus->function[function];

    if (count > f->msix_vectors) {
        count = f->msix_vectors;
    }
    if (count > BUS_MAX_VECTORS) {
        count = BUS_MAX_VECTORS;
    }
    if (count == 0 && f->msix_granted == 0) {
        return 0;
    }
    qemu_pci_set_msix(&q->qtest, f, count, q->messages + sizeof(uint32_t) * BUS_MAX_VECTORS * function);
    note_death(q);
    q->messages_enabled += (count != 0) - (f->msix_granted != 0);
    f->msix_granted = count;
    if (count == 0) {
        memset(&q->message[function * BUS_MAX_VECTORS], 0, sizeof(uint32_t) * BUS_MAX_VECTORS);
    }
    return count;
}

static bool msix_take(struct bus *bus, unsigned function, unsigned vector)
{
    uint32_t *message = &of(bus)->message[function * BUS_MAX_VECTORS + vector];

    /* The plain look first: a locked exchange on each idle look would pull the line from the device's core. */
    return __atomic_load_n(message, __ATOMIC_RELAXED) != 0 && __atomic_exchange_n(message, 0, __ATOMIC_ACQ_REL) != 0;
}

static uint64_t clock_us(struct bus *bus)
{
    return now_us() - of(bus)->opened_us;
}

static void bus_close(struct bus *bus)
{
    struct qemu_bus *q = of(bus);
    char how[160];

    if (!bus->dead) {
        qtest_flush(&q->qtest);
    }
    qemu_process_stop(&q->process, false, how, sizeof(how));
    if (q->message != NULL) {
        munmap(q->message, MESSAGE_PAGE);
    }
    close(bus->ram.fd);
    free(q);
}

static const struct bus_ops qemu_ops = {
    .name = "qemu",
    .config_read = config_read,
    .config_write = config_write,
    .mem_read = mem_read,
    .mem_write = mem_write,
    .poll = bus_poll,
    .line_level = line_level,
    .msix_enable = msix_enable,
    .msix_take = msix_take,
    .clock_us = clock_us,
    .close = bus_close,
};

/* The first page above 1 MiB becomes the message page. */
static bool map_messages(struct qemu_bus *q)
{
    struct bus_ram *ram = &q->bus.ram;
    void *page;

    q->messages = ram->first_free;
    ram->first_free += MESSAGE_PAGE;
    page = mmap(NULL, MESSAGE_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, ram->fd,
                (off_t)bus_ram_offset(ram, q->messages, MESSAGE_PAGE));
    if (page == MAP_FAILED) {
        return false;
    }
    q->message = page;
    return true;
}

struct bus *bus_qemu_open(const struct bus_qemu_options *options, char *error, size_t error_size)
{
    struct qemu_bus *q = calloc(1, sizeof(*q));

    if (q == NULL) {
        snprintf(error, error_size, "no memory");
        return NULL;
    }
    q->bus.ops = &qemu_ops;
    q->opened_us = now_us();
    if (!qemu_process_start(&q->process, options, &q->bus.ram, error, error_size)) {
        free(q);
        return NULL;
    }
    error[0] = '\0';
    qtest_init(&q->qtest, q->process.qtest_fd, START_TIMEOUT_S, options->trace);
    if (!map_messages(q)) {
        snprintf(error, error_size, "guest RAM cannot be mapped");
    } else if (qtest_plain(&q->qtest, "irq_intercept_in ioapic") && qtest_set_timeout(&q->qtest, REPLY_TIMEOUT_S) &&
               qemu_pci_enumerate(&q->qtest, &q->bus, error, error_size) && !q->qtest.lost) {
        if (qemu_qmp_init(&q->qmp, q->process.qmp_fd, REPLY_TIMEOUT_S, options->trace)) {
            return &q->bus;
        }
        snprintf(error, error_size, "QEMU does not answer on its QMP socket");
    }
    note_death(q);
    if (q->bus.dead || error[0] == '\0') {
        snprintf(error, error_size, "%s", q->bus.why);
    }
    bus_close(&q->bus);
    return NULL;
}

const char *bus_qemu_qmp(struct bus *bus, const char *command)
{
    return bus->ops == &qemu_ops && !bus->dead ? qemu_qmp_command(&of(bus)->qmp, command) : NULL;
}
