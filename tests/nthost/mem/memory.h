/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Memory that drivers and devices share: pages of the guest RAM file, each allocation with guard pages around it and
 * frames scattered over RAM (some above 4 GiB) unless they have to be contiguous. Plain C types only.
 */
#ifndef NTHOST_MEMORY_H
#define NTHOST_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bus/bus.h"

enum { MEMORY_PAGE = 4096 };

enum memory_kind {
    MEMORY_POOL,       /* ends at a guard page: one byte too far faults; 16-byte alignment (8 on x86) */
    MEMORY_SCATTERED,  /* page aligned, frames anywhere */
    MEMORY_CONTIGUOUS, /* page aligned, frames in a row */
};

/* Takes the bus's RAM; seed chooses the frames. */
void memory_init(const struct bus_ram *ram, unsigned seed);

/*
 * Allocates size bytes, filled with a pattern that is not zero.
 *
 * below    all frames lie below this physical address; 0: anywhere
 * what     constant text for leak reports
 *
 * Returns NULL when RAM or address space is used up.
 */
void *memory_alloc(enum memory_kind kind, size_t size, uint64_t below, const char *what);

/* Frees what memory_alloc returned. Breaks rule memory.free when pointer is no live allocation. */
void memory_free(void *pointer);

/* Physical address of a byte of an allocation; UINT64_MAX: none. */
uint64_t memory_pa(const void *pointer);

/* Pointer to a byte by its physical address, NULL when no live allocation has that frame. */
void *memory_at(uint64_t pa);

/* Whether [pointer, pointer + length) lies in one allocation. */
bool memory_holds(const void *pointer, size_t length);

/* Live allocations; with report, each is named in a trace line. */
size_t memory_live(bool report);

/* Breaks rule memory.stray when a freed frame was written (by a device: nobody else can reach it). */
void memory_check_freed(void);

#endif
