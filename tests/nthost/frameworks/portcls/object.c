/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Objects with reference counts that PortCls hands to a driver, and calls of the driver's own objects. */
#include "port.h"

#include <string.h>

#include "cpu/cpu.h"
#include "mem/memory.h"
#include "nt/nt.h"
#include "verify/verify.h"

enum { MAX_OBJECTS = 64, MAX_WORDS = 8 };

static struct object *live[MAX_OBJECTS];
static unsigned live_count;

bool pc_object_is_ours(const void *face)
{
    const struct face *f = face;
    for (unsigned i = 0; i < live_count; i++) {
        if (f >= &live[i]->face[0] && f < &live[i]->face[MAX_FACES]) {
            return f->object == live[i];
        }
    }
    return false;
}

struct object *pc_object_of(const void *face, const char *what)
{
    if (!pc_object_is_ours(face)) {
        rule_broken("portcls.object", "%s: %p is no interface of PortCls', or its object is gone", what, face);
    }
    return ((const struct face *)face)->object;
}

unsigned pc_objects_left(void)
{
    for (unsigned i = 0; i < live_count; i++) {
        trace("still referenced: %s, %u times", live[i]->name, live[i]->references);
    }
    return live_count;
}

struct object *pc_object_create(size_t size, const char *name, const struct table *table, const GUID *iid,
                             void (*destroy)(struct object *object))
{
    struct object *o = memory_alloc(MEMORY_POOL, size, 0, name);
    if (live_count == MAX_OBJECTS) {
        host_fatal("internal: more than %d objects of PortCls", MAX_OBJECTS);
    }
    memset(o, 0, size);
    o->name = name;
    o->references = 1;
    o->destroy = destroy;
    live[live_count++] = o;
    pc_object_add_face(o, table, iid);
    return o;
}

void pc_object_add_face(struct object *o, const struct table *table, const GUID *iid)
{
    for (unsigned i = 0; i < MAX_FACES; i++) {
        if (o->iid[i] == NULL) {
            o->face[i] = (struct face){table->slot, o};
            o->iid[i] = iid;
            return;
        }
    }
    host_fatal("internal: %s has more than %d interfaces", o->name, MAX_FACES);
}

void pc_object_release(struct object *o)
{
    if (o->references == 0) {
        host_fatal("internal: %s is released once too often", o->name);
    }
    if (--o->references > 0) {
        return;
    }
    if (o->destroy != NULL) {
        o->destroy(o);
    }
    for (unsigned i = 0; i < live_count; i++) {
        if (live[i] == o) {
            live[i] = live[--live_count];
            break;
        }
    }
    memory_free(o);
}

/* ---- IUnknown, for every table ---- */

static NTSTATUS NTAPI query_interface(PVOID this, REFIID iid, PVOID *out)
{
    struct object *o = pc_object_of(this, "QueryInterface");
    *out = NULL;
    for (unsigned i = 0; i < MAX_FACES && o->iid[i] != NULL; i++) {
        if (memcmp(iid, o->iid[i], sizeof *iid) == 0 || (i == 0 && memcmp(iid, &IID_IUnknown, sizeof *iid) == 0) ||
            (i == 0 && memcmp(iid, &IID_IPort, sizeof *iid) == 0 && memcmp(o->iid[0], &IID_IResourceList, sizeof *iid) != 0)) {
            o->references++;
            *out = &o->face[i];
            return STATUS_SUCCESS;
        }
    }
    return STATUS_INVALID_PARAMETER;
}

static ULONG NTAPI add_reference(PVOID this)
{
    return ++pc_object_of(this, "AddRef")->references;
}

static ULONG NTAPI release(PVOID this)
{
    struct object *o = pc_object_of(this, "Release");
    unsigned left = o->references - 1;
    pc_object_release(o);
    return left;
}

static struct export unknown[] = {
    {(void *)query_interface, "portcls.sys", "IUnknown::QueryInterface", 0, IRQL_DISPATCH, false, 0},
    {(void *)add_reference, "portcls.sys", "IUnknown::AddRef", 0, IRQL_DISPATCH, false, 0},
    {(void *)release, "portcls.sys", "IUnknown::Release", 0, IRQL_DISPATCH, false, 0},
};

void table_make(struct table *table, struct export *entries, unsigned count)
{
    static void *shared[3];
    for (unsigned i = 0; i < 3; i++) {
        shared[i] = shared[i] != NULL ? shared[i] : exports_bind_entry(&unknown[i], false);
        table->slot[i] = shared[i];
    }
    for (unsigned i = 0; i < count; i++) {
        table->slot[3 + i] = exports_bind_entry(&entries[i], true);
    }
}

/* ---- The driver's objects ---- */

struct words {
    const void *function;
    unsigned count;
    uintptr_t word[MAX_WORDS], result;
};

static void call_words(void *argument)
{
    struct words *c = argument;
    const uintptr_t *w = c->word;
    union {
        const void *pointer;
        uintptr_t(NTAPI *one)(uintptr_t);
        uintptr_t(NTAPI *two)(uintptr_t, uintptr_t);
        uintptr_t(NTAPI *three)(uintptr_t, uintptr_t, uintptr_t);
        uintptr_t(NTAPI *four)(uintptr_t, uintptr_t, uintptr_t, uintptr_t);
        uintptr_t(NTAPI *six)(uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t);
        uintptr_t(NTAPI *seven)(uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t);
    } f = {c->function};
    switch (c->count) {
    case 1: c->result = f.one(w[0]); break;
    case 2: c->result = f.two(w[0], w[1]); break;
    case 3: c->result = f.three(w[0], w[1], w[2]); break;
    case 4: c->result = f.four(w[0], w[1], w[2], w[3]); break;
    case 6: c->result = f.six(w[0], w[1], w[2], w[3], w[4], w[5]); break;
    case 7: c->result = f.seven(w[0], w[1], w[2], w[3], w[4], w[5], w[6]); break;
    default: host_fatal("internal: a method of %u arguments", c->count);
    }
}

uintptr_t driver_call(const char *name, unsigned irql, const void *function, unsigned count, ...)
{
    struct words c = {.function = function, .count = count};
    unsigned locks = nt_locks_held();
    __builtin_va_list arguments;
    __builtin_va_start(arguments, count);
    for (unsigned i = 0; i < count; i++) {
        c.word[i] = __builtin_va_arg(arguments, uintptr_t);
    }
    __builtin_va_end(arguments);
    cpu_call_driver(name, irql, call_words, &c);
    if (nt_locks_held() != locks) {
        rule_broken("lock.kept", "%s returned with a spin lock held", name);
    }
    return c.result;
}

void *driver_query(void *object, REFIID iid)
{
    IUnknown *u = object;
    void *out = NULL;
    NTSTATUS status = (NTSTATUS)driver_call("IUnknown::QueryInterface", cpu_irql, (const void *)u->lpVtbl->QueryInterface, 3,
                                            WORD(u), WORD(iid), WORD(&out));
    if (status >= 0 && out == NULL) {
        rule_broken("portcls.query", "QueryInterface succeeded without an interface");
    }
    if (status < 0 && out != NULL) {
        rule_broken("portcls.query", "QueryInterface failed (%#x) and left its result set", (unsigned)status);
    }
    return out;
}

void driver_release(void *object)
{
    IUnknown *u = object;
    driver_call("IUnknown::Release", cpu_irql, (const void *)u->lpVtbl->Release, 1, WORD(u));
}

void driver_reference(void *object)
{
    IUnknown *u = object;
    driver_call("IUnknown::AddRef", cpu_irql, (const void *)u->lpVtbl->AddRef, 1, WORD(u));
}
