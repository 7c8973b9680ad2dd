/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Life of framework objects. KMDF_d "Framework Object Life Cycle", KMDF_r page of each function. */
#include <ntddk.h>

#include <wdf.h>

#include "object.h"

#include <stdlib.h>
#include <string.h>

#include "cpu/cpu.h"
#include "framework.h"
#include "mem/memory.h"
#include "verify/verify.h"

enum { SLOTS = 16384, GENERATION_SHIFT = 17, INDEX_SHIFT = 3 };

static struct {
    struct wdf_object *object; /* NULL: free */
    enum wdf_type was;
    unsigned generation;
} slot[SLOTS];
static unsigned next_slot;

static const char *const type_names[] = {"WDFDRIVER",     "WDFDEVICE",       "WDFQUEUE",    "WDFREQUEST",
                                         "WDFINTERRUPT",  "WDFSPINLOCK",     "WDFWAITLOCK", "WDFTIMER",
                                         "WDFWORKITEM",   "WDFDPC",          "WDFMEMORY",   "WDFCMRESLIST",
                                         "WDFDMAENABLER", "WDFCOMMONBUFFER", "WDFOBJECT",   "WDFOBJECT of any kind"};

const char *wdf_type_name(enum wdf_type type)
{
    return type_names[type];
}

static void *assign_handle(struct wdf_object *object)
{
    for (unsigned tries = 0; tries < SLOTS; tries++) {
        unsigned index = next_slot;
        next_slot = (next_slot + 1) % SLOTS;
        if (slot[index].object == NULL) {
            slot[index].object = object;
            slot[index].was = object->type;
            slot[index].generation = (slot[index].generation + 1) & 0xfff;
            return (void *)((uintptr_t)(slot[index].generation + 1) << GENERATION_SHIFT | (uintptr_t)index
                                                                                              << INDEX_SHIFT);
        }
    }
    host_fatal("more than %d framework objects", SLOTS);
}

void *wdf_object_of(const void *handle, enum wdf_type type)
{
    uintptr_t value = (uintptr_t)handle;
    unsigned index = (unsigned)(value >> INDEX_SHIFT) % SLOTS;
    struct wdf_object *object = slot[index].object;
    if (handle == NULL || (value >> GENERATION_SHIFT) - 1 > 0xfff || object == NULL || object->handle != handle) {
        if ((value >> GENERATION_SHIFT) - 1 == slot[index].generation && object == NULL) {
            rule_broken(slot[index].was == WDF_REQUEST ? "wdf.twice" : "wdf.handle",
                        "handle %p is a %s that is gone: %s", handle, type_names[slot[index].was],
                        slot[index].was == WDF_REQUEST ? "it was completed" : "it was deleted");
        }
        rule_broken("wdf.handle", "%p is no handle (a %s is wanted)", handle, type_names[type]);
    }
    if (type != WDF_ANY && object->type != type) {
        rule_broken("wdf.handle", "a %s is wanted, handle %p is a %s", type_names[type], handle,
                    type_names[object->type]);
    }
    return object;
}

static NTSTATUS check_attributes(PWDF_OBJECT_ATTRIBUTES a, enum wdf_type type)
{
    if (a == NULL) {
        return STATUS_SUCCESS;
    }
    if (a->Size != sizeof *a) {
        rule_broken("wdf.size", "WDF_OBJECT_ATTRIBUTES of %u bytes: not initialised?", (unsigned)a->Size);
    }
    if (a->ContextTypeInfo != NULL && a->ContextTypeInfo->Size != sizeof *a->ContextTypeInfo) {
        rule_broken("wdf.size", "WDF_OBJECT_CONTEXT_TYPE_INFO of %u bytes", (unsigned)a->ContextTypeInfo->Size);
    }
    if (a->ContextSizeOverride != 0 &&
        (a->ContextTypeInfo == NULL || a->ContextSizeOverride < a->ContextTypeInfo->ContextSize)) {
        return STATUS_WDF_OBJECT_ATTRIBUTES_INVALID;
    }
    if (type == WDF_DRIVER || type == WDF_DEVICE || type == WDF_QUEUE) {
        return STATUS_SUCCESS;
    }
    if (a->SynchronizationScope != WdfSynchronizationScopeInheritFromParent &&
        a->SynchronizationScope != WdfSynchronizationScopeNone) {
        return STATUS_WDF_SYNCHRONIZATION_SCOPE_INVALID;
    }
    return STATUS_SUCCESS;
}

NTSTATUS wdf_object_add_context(struct wdf_object *object, PWDF_OBJECT_ATTRIBUTES a, void **bytes)
{
    struct wdf_context *context = calloc(1, sizeof *context), **end = &object->contexts;
    size_t size = a->ContextSizeOverride;
    for (; *end != NULL; end = &(*end)->next) {
        if (a->ContextTypeInfo != NULL && (*end)->type == a->ContextTypeInfo) {
            *bytes = (*end)->bytes;
            free(context);
            return STATUS_OBJECT_NAME_EXISTS;
        }
    }
    context->type = a->ContextTypeInfo;
    context->cleanup = a->EvtCleanupCallback;
    context->destroy = a->EvtDestroyCallback;
    if (a->ContextTypeInfo != NULL) {
        size = size != 0 ? size : a->ContextTypeInfo->ContextSize;
        context->bytes = memory_alloc(MEMORY_POOL, size, 0, "object context");
        memset(context->bytes, 0, size);
        *bytes = context->bytes;
    }
    *end = context;
    return STATUS_SUCCESS;
}

struct wdf_object *wdf_object_create(enum wdf_type type, size_t size, PWDF_OBJECT_ATTRIBUTES a,
                                     struct wdf_object *parent, void (*dispose)(struct wdf_object *object),
                                     NTSTATUS *status)
{
    struct wdf_object *object;
    void *bytes;
    *status = check_attributes(a, type);
    if (*status < 0) {
        return NULL;
    }
    if (a != NULL && a->ParentObject != NULL) {
        if (type == WDF_DRIVER || type == WDF_DEVICE || type == WDF_REQUEST || type == WDF_INTERRUPT) {
            *status = STATUS_WDF_PARENT_ASSIGNMENT_NOT_ALLOWED;
            return NULL;
        }
        parent = wdf_object_of(a->ParentObject, WDF_ANY);
    }
    if (parent != NULL && parent->is_disposed) {
        *status = STATUS_DELETE_PENDING;
        return NULL;
    }
    object = calloc(1, size);
    object->type = type;
    object->references = 1;
    object->dispose = dispose;
    object->parent = parent;
    object->scope = a != NULL && a->SynchronizationScope != WdfSynchronizationScopeInvalid
                        ? a->SynchronizationScope
                        : WdfSynchronizationScopeInheritFromParent;
    if (object->scope == WdfSynchronizationScopeInheritFromParent) {
        object->scope = parent != NULL ? parent->scope : WdfSynchronizationScopeNone;
    }
    object->is_passive = a != NULL && a->ExecutionLevel == WdfExecutionLevelPassive ? true
                         : a != NULL && a->ExecutionLevel == WdfExecutionLevelDispatch
                             ? false
                             : parent != NULL && parent->is_passive;
    if (parent != NULL) {
        object->sibling = parent->children;
        parent->children = object;
    }
    object->handle = assign_handle(object);
    if (a != NULL) {
        wdf_object_add_context(object, a, &bytes);
    }
    return object;
}

static void destroy(struct wdf_object *object);

struct event_call {
    void(NTAPI *callback)(WDFOBJECT object);
    WDFOBJECT handle;
};

static void call_event(void *argument)
{
    struct event_call *c = argument;
    c->callback(c->handle);
}

static void unlink_from_parent(struct wdf_object *object)
{
    struct wdf_object **link = object->parent != NULL ? &object->parent->children : NULL;
    while (link != NULL && *link != NULL && *link != object) {
        link = &(*link)->sibling;
    }
    if (link != NULL && *link == object) {
        *link = object->sibling;
    }
    object->parent = NULL;
}

void wdf_object_release(struct wdf_object *object)
{
    if (object->references == 0) {
        rule_broken("wdf.reference", "more references of a %s are given back than were taken",
                    type_names[object->type]);
    }
    if (--object->references == 0) {
        if (!object->is_disposed) {
            rule_broken("wdf.reference", "the last reference of a %s, its own, is given back without deletion",
                        type_names[object->type]);
        }
        destroy(object);
    }
}

/* Children go first; each hears of its cleanup before the framework takes its part away. */
void wdf_object_delete(struct wdf_object *object)
{
    if (object->is_disposed) {
        rule_broken("wdf.delete", "a %s is deleted a second time", type_names[object->type]);
    }
    while (object->children != NULL) {
        wdf_object_delete(object->children);
    }
    object->is_disposed = true;
    for (struct wdf_context *c = object->contexts; c != NULL; c = c->next) {
        if (c->cleanup != NULL) {
            struct event_call call = {c->cleanup, object->handle};
            cpu_call_driver("EvtCleanupCallback", cpu_irql, call_event, &call);
        }
    }
    if (object->dispose != NULL) {
        object->dispose(object);
    }
    unlink_from_parent(object);
    wdf_object_release(object);
}

static void destroy(struct wdf_object *object)
{
    for (struct wdf_context *c = object->contexts; c != NULL; c = c->next) {
        if (c->destroy != NULL) {
            struct event_call call = {c->destroy, object->handle};
            cpu_call_driver("EvtDestroyCallback", cpu_irql, call_event, &call);
        }
    }
    while (object->contexts != NULL) {
        struct wdf_context *c = object->contexts;
        object->contexts = c->next;
        if (c->bytes != NULL) {
            memory_free(c->bytes);
        }
        free(c);
    }
    slot[((uintptr_t)object->handle >> INDEX_SHIFT) % SLOTS].object = NULL;
    free(object);
}

unsigned wdf_object_live(void)
{
    unsigned count = 0;
    for (unsigned i = 0; i < SLOTS; i++) {
        if (slot[i].object != NULL) {
            trace("still there: %s %p with %u references", type_names[slot[i].object->type], slot[i].object->handle,
                  slot[i].object->references);
            count++;
        }
    }
    return count;
}

struct wdf_object *wdf_serializer(struct wdf_object *parent)
{
    while (parent != NULL && parent->type != WDF_DEVICE && parent->type != WDF_QUEUE) {
        parent = parent->parent;
    }
    if (parent == NULL || parent->scope == WdfSynchronizationScopeNone) {
        return NULL;
    }
    if (parent->type == WDF_QUEUE && parent->scope == WdfSynchronizationScopeDevice) {
        return parent->parent;
    }
    return parent->type == WDF_DEVICE && parent->scope == WdfSynchronizationScopeQueue ? NULL : parent;
}

bool wdf_call(struct wdf_object *with, const char *name, unsigned irql, void (*body)(void *argument), void *argument)
{
    unsigned held = wdf_locks_held;
    if (with != NULL && with->callback_lock != 0) {
        return false;
    }
    /* The lock is a spin lock unless the callbacks of the object are to run at PASSIVE_LEVEL. */
    if (with != NULL && !with->is_passive && irql < IRQL_DISPATCH) {
        irql = IRQL_DISPATCH;
    }
    if (with != NULL) {
        with->callback_lock = 1;
        with->references++;
    }
    cpu_call_driver(name, irql, body, argument);
    if (wdf_locks_held != held) {
        rule_broken("wdf.lock", "%s returned with %u spin locks more than it was called with", name,
                    wdf_locks_held - held);
    }
    if (with != NULL) {
        with->callback_lock = 0;
        wdf_object_release(with);
    }
    return true;
}

/* ---- What drivers call ---- */

static PVOID WDF_FASTCALL get_typed_context(PWDF_DRIVER_GLOBALS globals, WDFOBJECT handle,
                                            PCWDF_OBJECT_CONTEXT_TYPE_INFO type)
{
    struct wdf_object *object = wdf_object_of(handle, WDF_ANY);
    (void)globals;
    for (struct wdf_context *c = object->contexts; c != NULL; c = c->next) {
        if (c->type == type) {
            return c->bytes;
        }
    }
    return NULL;
}

static NTSTATUS NTAPI allocate_context(PWDF_DRIVER_GLOBALS globals, WDFOBJECT handle, PWDF_OBJECT_ATTRIBUTES attributes,
                                       PVOID *bytes)
{
    (void)globals;
    void *ignored;
    if (attributes == NULL || attributes->Size != sizeof *attributes) {
        rule_broken("wdf.size", "a context without initialised WDF_OBJECT_ATTRIBUTES");
    }
    return wdf_object_add_context(wdf_object_of(handle, WDF_ANY), attributes, bytes != NULL ? bytes : &ignored);
}

static WDFOBJECT WDF_FASTCALL context_get_object(PWDF_DRIVER_GLOBALS globals, PVOID bytes)
{
    (void)globals;
    for (unsigned i = 0; i < SLOTS; i++) {
        for (struct wdf_context *c = slot[i].object != NULL ? slot[i].object->contexts : NULL; c != NULL; c = c->next) {
            if (c->bytes == bytes) {
                return slot[i].object->handle;
            }
        }
    }
    rule_broken("wdf.handle", "%p is no context of an object", bytes);
}

static VOID NTAPI reference(PWDF_DRIVER_GLOBALS globals, WDFOBJECT handle, PVOID tag, LONG line, PCHAR file)
{
    (void)globals;
    (void)tag;
    (void)line;
    (void)file;
    ((struct wdf_object *)wdf_object_of(handle, WDF_ANY))->references++;
}

static VOID NTAPI dereference(PWDF_DRIVER_GLOBALS globals, WDFOBJECT handle, PVOID tag, LONG line, PCHAR file)
{
    (void)globals;
    (void)tag;
    (void)line;
    (void)file;
    wdf_object_release(wdf_object_of(handle, WDF_ANY));
}

static NTSTATUS NTAPI create(PWDF_DRIVER_GLOBALS globals, PWDF_OBJECT_ATTRIBUTES attributes, WDFOBJECT *handle)
{
    NTSTATUS status;
    struct wdf_object *object = wdf_object_create(WDF_PLAIN, sizeof *object, attributes,
                                                  wdf_object_of(globals->Driver, WDF_DRIVER), NULL, &status);
    if (object != NULL) {
        *handle = object->handle;
    }
    return status;
}

static VOID NTAPI delete (PWDF_DRIVER_GLOBALS globals, WDFOBJECT handle)
{
    struct wdf_object *object = wdf_object_of(handle, WDF_ANY);
    (void)globals;
    if (object->is_frameworks) {
        rule_broken("wdf.delete", "a %s of this kind is not the driver's to delete", type_names[object->type]);
    }
    wdf_object_delete(object);
}

static const struct wdf_function functions[] = {
    WDF_FUNCTION(WdfObjectGetTypedContextWorker, WDFOBJECTGETTYPEDCONTEXTWORKER, get_typed_context),
    WDF_FUNCTION(WdfObjectAllocateContext, WDFOBJECTALLOCATECONTEXT, allocate_context),
    WDF_FUNCTION(WdfObjectContextGetObject, WDFOBJECTCONTEXTGETOBJECT, context_get_object),
    WDF_FUNCTION(WdfObjectReferenceActual, WDFOBJECTREFERENCEACTUAL, reference),
    WDF_FUNCTION(WdfObjectDereferenceActual, WDFOBJECTDEREFERENCEACTUAL, dereference),
    WDF_FUNCTION(WdfObjectCreate, WDFOBJECTCREATE, create),
    WDF_FUNCTION(WdfObjectDelete, WDFOBJECTDELETE, delete),
};

void wdf_functions_object(void)
{
    wdf_functions_add(functions, sizeof functions / sizeof functions[0]);
}
