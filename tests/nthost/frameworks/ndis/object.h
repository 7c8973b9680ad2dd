/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What a miniport acquires and must give back by the end of MiniportHaltEx (or of the driver): one record each, whose
 * address is the handle. A record is never reused, so a stale handle is noticed.
 */
#ifndef NTHOST_NDIS_OBJECT_H
#define NTHOST_NDIS_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bus/bus.h"

enum object_kind {
    OBJECT_RELEASED,
    OBJECT_MEMORY,
    OBJECT_SHARED_MEMORY,
    OBJECT_IO_SPACE,
    OBJECT_CONFIGURATION,
    OBJECT_INTERRUPT,
    OBJECT_DMA,
    OBJECT_LIST_POOL,
    OBJECT_BUFFER_POOL,
    OBJECT_LIST,
    OBJECT_BUFFER,
    OBJECT_MDL,
    OBJECT_TIMER,
    OBJECT_WORK_ITEM,
    OBJECT_KINDS
};

struct nd_adapter;

struct object {
    enum object_kind kind;
    struct nd_adapter *adapter; /* NULL: the driver's */
    void *memory;               /* from memory_alloc, or what the driver knows it by */
    BUS_U64 size;               /* bytes, or what the kind makes of it */
    struct object *pool;        /* of lists and buffers */
    unsigned long uses;         /* objects that came from this one */
    void *detail;               /* the kind's own, on the host's heap */
    struct object *next;
};

struct object *object_create(enum object_kind kind, struct nd_adapter *adapter, void *memory, uint64_t size);
/* The object behind a handle. Breaks rule ndis.handle when it is none, of another kind, or was released. */
struct object *object_of(void *handle, enum object_kind kind);
/* The live object of a kind that the driver knows by an address; NULL: none. */
struct object *object_at(enum object_kind kind, const void *memory);
void object_release(struct object *object);
/* First live object of a kind, and the next one. Objects made meanwhile may or may not be seen. */
struct object *object_first(enum object_kind kind);
struct object *object_next(struct object *object);
/* Breaks rule ndis.leak when the adapter (NULL: the driver) still has an object. */
void object_check_none(const struct nd_adapter *adapter, const char *when);

/* Zeroed memory on the host's own heap, for an object's detail; ends the process when there is none. */
void *host_zalloc(size_t size);

#endif
