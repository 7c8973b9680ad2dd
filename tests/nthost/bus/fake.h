/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The fake device of tests/device as a PCI bus, in this process: one or more devices, each honest or with a named
 * fault, guest RAM in a memfd, and a virtual clock that only poll moves. Plain C types, as in bus.h.
 */
#ifndef NTHOST_BUS_FAKE_H
#define NTHOST_BUS_FAKE_H

#include "bus.h"

struct fake_device;

struct bus_fake_device {
    const char *type;       /* NULL: "blk" */
    const char *fault;      /* names of tests/device/fake_fault.c, "name[=value],..."; NULL or "none": honest */
    uint16_t pci_device_id; /* this and the rest: 0 means tests/device's default */
    uint64_t features_off;
    uint16_t queue_size;
    int msix_vectors; /* -1: no MSI-X */
    uint64_t disk_bytes;
    bool read_only;
};

struct bus_fake_options {
    const char *fault; /* of the one device there is when device_count is 0 */
    const struct bus_fake_device *device;
    unsigned device_count;
    uint64_t seed;    /* for faults that are random */
    uint64_t ram_mib; /* 0: 256; half lies above 4 GiB */
};

/*
 * Makes the devices, assigns their resources.
 *
 * error    out: one line for the user when NULL is returned
 */
struct bus *bus_fake_open(const struct bus_fake_options *options, char *error, size_t error_size);

/*
 * The device behind a function, for scenarios that look into it or let something happen (fake_device.h, fake_blk.h).
 * NULL: bus is not a fake one, or has no such function.
 */
struct fake_device *bus_fake_device(struct bus *bus, unsigned function);

/*
 * Whether the driver kept every rule that shows on the devices: accesses, rings, requests (fake_check of fake_log.h).
 * true for a bus that is not a fake one.
 *
 * why      out: the first broken rule, led by its row of docs/conformance.md; at least 160 bytes
 */
bool bus_fake_check(struct bus *bus, char *why, size_t why_size);

#endif
