/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Acquired objects. Live ones are in tables by handle and by address and in a list by kind. */
#include "object.h"

#include <stdlib.h>

#include "verify/verify.h"

enum { TABLE = 4096 };

struct record {
    struct object object; /* first: the handle */
    struct record *by_handle, *by_memory, *previous, *next;
};

static struct record *by_handle[TABLE], *by_memory[TABLE], *live[OBJECT_KINDS];

static const char *const names[OBJECT_KINDS] = {
    [OBJECT_RELEASED] = "a released object", [OBJECT_MEMORY] = "memory", [OBJECT_SHARED_MEMORY] = "shared memory",
    [OBJECT_IO_SPACE] = "mapped registers", [OBJECT_CONFIGURATION] = "a configuration handle",
    [OBJECT_INTERRUPT] = "the interrupt", [OBJECT_DMA] = "the DMA handle", [OBJECT_LIST_POOL] = "a NET_BUFFER_LIST pool",
    [OBJECT_BUFFER_POOL] = "a NET_BUFFER pool", [OBJECT_LIST] = "a NET_BUFFER_LIST", [OBJECT_BUFFER] = "a NET_BUFFER",
    [OBJECT_MDL] = "an MDL", [OBJECT_TIMER] = "a timer", [OBJECT_WORK_ITEM] = "a work item"};

static unsigned slot_of(const void *pointer)
{
    uintptr_t value = (uintptr_t)pointer;
    return (unsigned)((value >> 4 ^ value >> 12) % TABLE);
}

void *host_zalloc(size_t size)
{
    void *memory = calloc(1, size);
    if (memory == NULL) {
        host_fatal("no memory for %zu bytes", size);
    }
    return memory;
}

struct object *object_create(enum object_kind kind, struct nd_adapter *adapter, void *memory, uint64_t size)
{
    struct record *r = host_zalloc(sizeof *r);
    unsigned handle_slot, memory_slot = slot_of(memory);
    r->object = (struct object){.kind = kind, .adapter = adapter, .memory = memory, .size = size};
    handle_slot = slot_of(r);
    r->by_handle = by_handle[handle_slot];
    by_handle[handle_slot] = r;
    r->by_memory = by_memory[memory_slot];
    by_memory[memory_slot] = r;
    r->next = live[kind];
    if (r->next != NULL) {
        r->next->previous = r;
    }
    live[kind] = r;
    return &r->object;
}

struct object *object_of(void *handle, enum object_kind kind)
{
    struct record *r = by_handle[slot_of(handle)];
    while (r != NULL && (void *)r != handle) {
        r = r->by_handle;
    }
    if (r == NULL || r->object.kind != kind) {
        rule_broken("ndis.handle", "%p is no handle of %s: it is %s", handle, names[kind],
                    r == NULL ? "nothing that was handed out" : names[r->object.kind]);
    }
    return &r->object;
}

struct object *object_at(enum object_kind kind, const void *memory)
{
    struct record *r = by_memory[slot_of(memory)];
    while (r != NULL && (r->object.kind != kind || r->object.memory != memory)) {
        r = r->by_memory;
    }
    return r != NULL ? &r->object : NULL;
}

/* Objects that the driver knows by an address and not by a handle come and go with every frame. */
static bool has_handle(enum object_kind kind)
{
    return kind != OBJECT_MEMORY && kind != OBJECT_SHARED_MEMORY && kind != OBJECT_LIST && kind != OBJECT_BUFFER &&
           kind != OBJECT_MDL;
}

void object_release(struct object *object)
{
    struct record *r = (struct record *)object, **link = &by_memory[slot_of(object->memory)];
    enum object_kind kind = object->kind;
    while (*link != r) {
        link = &(*link)->by_memory;
    }
    *link = r->by_memory;
    *(r->previous != NULL ? &r->previous->next : &live[kind]) = r->next;
    if (r->next != NULL) {
        r->next->previous = r->previous;
    }
    free(object->detail);
    object->detail = NULL;
    object->kind = OBJECT_RELEASED;
    if (has_handle(kind)) {
        return; /* the record stays: its address is not handed out again */
    }
    for (link = &by_handle[slot_of(r)]; *link != r; link = &(*link)->by_handle) {
    }
    *link = r->by_handle;
    free(r);
}

struct object *object_first(enum object_kind kind)
{
    return live[kind] != NULL ? &live[kind]->object : NULL;
}

struct object *object_next(struct object *object)
{
    struct record *next = ((struct record *)object)->next;
    return next != NULL ? &next->object : NULL;
}

void object_check_none(const struct nd_adapter *adapter, const char *when)
{
    for (enum object_kind kind = OBJECT_RELEASED; kind < OBJECT_KINDS; kind++) {
        for (struct object *o = object_first(kind); o != NULL; o = object_next(o)) {
            if (o->adapter == adapter) {
                rule_broken("ndis.leak", "%s (%llu) is still there %s", names[kind], (unsigned long long)o->size, when);
            }
        }
    }
}
