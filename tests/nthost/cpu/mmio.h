/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Device memory as the driver sees it: pages without rights, so that each access traps and becomes a bus access of the
 * same width.
 *
 * The first access of an instruction is learnt by letting the processor run it twice on a shadow page with different
 * contents: what follows from the page tells whether it reads or writes, how wide and to which register. No decoder is
 * needed, on either architecture. An instruction that is no plain load or store of 1, 2, 4 or 8 bytes breaks a rule.
 */
#ifndef NTHOST_MMIO_H
#define NTHOST_MMIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mmio_bus {
    uint64_t (*read)(void *context, uint64_t address, unsigned width);
    void (*write)(void *context, uint64_t address, unsigned width, uint64_t value);
    void *context;
};

/* Installs the trap handlers (SIGSEGV, SIGTRAP) on a stack of their own. */
void mmio_init(const struct mmio_bus *bus);

/* Maps device memory [address, address + length); NULL when there is no room. */
void *mmio_map(uint64_t address, size_t length);

/* Unmaps what mmio_map returned; false: it is not mapped. */
bool mmio_unmap(void *mapping);

/* Number of mappings not yet unmapped. */
unsigned mmio_mapped(void);

/* Device address behind a mapped pointer; UINT64_MAX: none. */
uint64_t mmio_address(const void *pointer);

/* Accesses made so far, by kind, for reports. */
extern unsigned long mmio_reads, mmio_writes;

#endif
