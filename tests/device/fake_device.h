/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The one fake virtio-pci device: configuration space with a capability list, BARs, the modern registers, MSI-X, ISR,
 * device-side split rings and per-type models, a log of every access, and a script of named faults.
 *
 * Three users: unit tests (driver code linked in, see fake_driver.h), the NT host's fake bus (tests/nthost/bus/fake.c)
 * and fuzzers or benchmarks. Written from the VIRTIO specification alone; shares no ring code with the driver.
 * Plain C11, one thread per device. Numbers on this interface are host-endian; guest memory is little-endian.
 */
#ifndef FAKE_DEVICE_H
#define FAKE_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fake_log.h"

enum { FAKE_MAX_QUEUES = 64, FAKE_MAX_VECTORS = 2048, FAKE_BARS = 6, FAKE_CONFIG_LENGTH = 256 };

struct fake_device;

/* Guest memory as the device sees it. at: host pointer to [address, address + length), NULL when that is not RAM. */
struct fake_memory {
    void *(*at)(void *context, uint64_t address, uint64_t length);
    void *context;
};

/*
 * What a device is made of; zero means the default that the comment names. Strings are borrowed for the call.
 * Defaults are a modern-only blk device much like QEMU's.
 */
struct fake_options {
    const char *type;  /* "blk" (default), "net", "input", "snd" or "echo" (writes what it reads) */
    const char *fault; /* NULL or a list "name[=value],..." from the fault table */
    struct fake_memory memory;
    uint16_t pci_device_id; /* 0x1040 + type */
    uint8_t revision;       /* 0 means 1; the fault "revision" sets any */
    uint64_t features;      /* 0: all that the type's model can do, with VERSION_1, INDIRECT_DESC and EVENT_IDX */
    uint64_t features_off;  /* taken away from these */
    uint16_t queue_count;   /* 1 */
    uint16_t queue_size;    /* 128 */
    int msix_vectors;       /* table size; 0 means 2, -1 no MSI-X */
    int notify_multiplier;  /* 0 means 4, -1 zero */
    bool permute_notify;    /* queue_notify_off runs backwards */
    int bar;                /* memory BAR of the structures, 1 to 5; 0 means 4. MSI-X lies in BAR 1, or 2 */
    uint32_t offset;        /* where the structures start in the BAR, a multiple of 4 */
    bool deferred;          /* a notification is worked on in fake_poll only, not at once */
    bool no_log;
    uint64_t seed;       /* for faults that are random */
    uint64_t disk_bytes; /* blk: 16 MiB */
    bool read_only;      /* blk: offers RO */
    const char *input;   /* input: "keyboard" (default), "mouse", "tablet"; any other: one that says nothing */
};

/* error: out: one line for the user when NULL is returned (an option or a fault that does not exist, no memory) */
struct fake_device *fake_create(const struct fake_options *options, char *error, size_t error_size);
void fake_destroy(struct fake_device *device);

/* --- The PCI side. width: 1, 2 or 4 (mem: 8 too, which is logged as a wrong access). --- */

uint32_t fake_config_read(struct fake_device *device, unsigned offset, unsigned width);
void fake_config_write(struct fake_device *device, unsigned offset, unsigned width, uint32_t value);
uint64_t fake_bar_length(const struct fake_device *device, unsigned bar); /* 0: no such memory BAR */
uint64_t fake_mem_read(struct fake_device *device, unsigned bar, uint64_t offset, unsigned width);
void fake_mem_write(struct fake_device *device, unsigned bar, uint64_t offset, unsigned width, uint64_t value);

/* --- Interrupts --- */

bool fake_line_level(const struct fake_device *device);
unsigned fake_msix_vectors(const struct fake_device *device); /* of the table; 0: no MSI-X */
/* Enables count entries of the MSI-X table (0: back to INTx). Returns how many there are now. */
unsigned fake_msix_enable(struct fake_device *device, unsigned count);
/* Whether a message is there to be taken. */
bool fake_msix_waits(struct fake_device *device);
/* Takes one message: true once per arrival. */
bool fake_msix_take(struct fake_device *device, unsigned vector);

/* --- What happens by itself --- */

/* Lets microseconds of virtual time pass, works on deferred notifications. Returns whether anything happened. */
bool fake_poll(struct fake_device *device, uint64_t microseconds);
uint64_t fake_clock_us(const struct fake_device *device);
/* The device vanishes: reads give all ones, writes and DMA do nothing (HOST-16). */
void fake_remove(struct fake_device *device);
/* Sets NEEDS_RESET and raises a configuration interrupt (INIT-05); quiet: without the interrupt (HOST-21). */
void fake_need_reset(struct fake_device *device, bool quiet);
/* Raises a queue's or (queue < 0) the configuration interrupt without cause (RING-18). */
void fake_interrupt(struct fake_device *device, int queue);

/* --- Looking inside --- */

struct fake_log *fake_log_of(struct fake_device *device);
uint8_t fake_status(const struct fake_device *device);
uint64_t fake_driver_features(const struct fake_device *device);
uint64_t fake_offered_features(const struct fake_device *device);
/* The device configuration bytes; a test that changes them calls fake_config_changed. */
uint8_t *fake_type_config(struct fake_device *device, size_t *length);
void fake_config_changed(struct fake_device *device);
/* Raw configuration space, for fuzzers that put any bytes there. FAKE_CONFIG_LENGTH bytes. */
uint8_t *fake_config_bytes(struct fake_device *device);
/* What DMA the device could not do: addresses that are not RAM. */
uint64_t fake_dma_errors(const struct fake_device *device);

struct fake_queue_view {
    bool enabled;
    uint16_t size, vector, notify_off;
    uint64_t desc, avail, used;
    uint64_t chains, notifies, interrupts; /* since reset: taken, kicked, raised */
    uint64_t broken_chains;                /* chains that break a driver rule of the ring (see fake_ring.h) */
    const char *why;                       /* of the first of them, with its row; NULL */
};
void fake_queue_look(const struct fake_device *device, unsigned queue, struct fake_queue_view *view);

/*
 * Sets a queue up without the registers, for tests of a ring alone. features: the negotiated ones.
 */
void fake_queue_attach(struct fake_device *device, unsigned queue, uint16_t size, uint64_t desc, uint64_t avail,
                       uint64_t used, uint64_t features);
/* Works on what the queue offers, up to limit chains. Returns how many were taken. */
unsigned fake_queue_process(struct fake_device *device, unsigned queue, unsigned limit);

#endif
