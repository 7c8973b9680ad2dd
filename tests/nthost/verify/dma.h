/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What a driver tells its device to read and write: each queue and each buffer that becomes available is held against
 * what the framework handed out for DMA. Knows the virtio registers and rings by itself, from the specification.
 */
#ifndef NTHOST_DMA_H
#define NTHOST_DMA_H

#include <stdbool.h>
#include <stdint.h>

#include "bus/bus.h"

/* Whether the device of a bus function may now touch [pa, pa + length); asked for each descriptor. */
typedef bool dma_allowed(unsigned function, uint64_t pa, uint64_t length, bool device_writes);

/* Sets who decides. Before the first dma_watch. */
void dma_init(dma_allowed *allowed);

/* Starts watching a virtio function of the bus (finds its structures in configuration space). */
void dma_watch(struct bus *bus, unsigned function);
void dma_unwatch(unsigned function);

/* Called for each register write of the driver, before the device sees it. */
void dma_on_write(struct bus *bus, uint64_t address, unsigned width, uint64_t value);

/* Checks the buffers made available since the last call. */
void dma_audit(unsigned function);

/* The device leaves its slot: it stops at once, whatever its driver believes. */
void dma_pull_out(struct bus *bus, unsigned function);

/* After a stop: the device must have been reset (status 0), or it still owns memory. Breaks rule dma.stop. */
void dma_expect_quiet(struct bus *bus, unsigned function);

/* Buffers and descriptors checked so far. */
extern unsigned long dma_chains, dma_descriptors;

#endif
