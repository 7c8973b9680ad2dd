/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Framework objects: handles, parents and children, typed contexts, references, deletion, and the lock that serializes
 * an object's callbacks. A handle is no address, and none is used twice soon, so that a stale one is noticed. For the
 * framework's own units, after <ntddk.h> and "wdf.h".
 */
#ifndef NTHOST_WDF_OBJECT_H
#define NTHOST_WDF_OBJECT_H

#include <stdbool.h>
#include <stddef.h>

enum wdf_type {
    WDF_DRIVER,
    WDF_DEVICE,
    WDF_QUEUE,
    WDF_REQUEST,
    WDF_INTERRUPT,
    WDF_SPINLOCK,
    WDF_WAITLOCK,
    WDF_TIMER,
    WDF_WORKITEM,
    WDF_DPC,
    WDF_MEMORY,
    WDF_CMRESLIST,
    WDF_DMAENABLER,
    WDF_COMMONBUFFER,
    WDF_PLAIN,
    WDF_ANY
};

struct wdf_context {
    struct wdf_context *next;
    PCWDF_OBJECT_CONTEXT_TYPE_INFO type;
    void *bytes;
    PFN_WDF_OBJECT_CONTEXT_CLEANUP cleanup;
    PFN_WDF_OBJECT_CONTEXT_DESTROY destroy;
};

/* First member of every kind of object. */
struct wdf_object {
    enum wdf_type type;
    void *handle;
    struct wdf_object *parent, *children, *sibling;
    struct wdf_context *contexts;
    unsigned references;
    bool is_disposed;   /* cleaned up: only references keep it */
    bool is_frameworks; /* not the driver's to delete */
    bool is_passive;    /* its callbacks run at PASSIVE_LEVEL only */
    WDF_SYNCHRONIZATION_SCOPE scope;
    unsigned callback_lock; /* held by how many callbacks: 0 or 1 */
    void (*dispose)(struct wdf_object *object);
};

/*
 * Makes an object of size bytes, all zero behind the common part.
 *
 * attributes  NULL: none
 * parent      where none is asked for
 * dispose     what is to happen after the driver's cleanup callback; NULL: nothing
 * status      out
 *
 * Returns NULL with a status when the attributes do not serve.
 */
struct wdf_object *wdf_object_create(enum wdf_type type, size_t size, PWDF_OBJECT_ATTRIBUTES attributes,
                                     struct wdf_object *parent, void (*dispose)(struct wdf_object *object),
                                     NTSTATUS *status);

/* The live object behind a handle; breaks rule wdf.handle when there is none of that type. */
void *wdf_object_of(const void *handle, enum wdf_type type);

/* Adds a context of the attributes' type. */
NTSTATUS wdf_object_add_context(struct wdf_object *object, PWDF_OBJECT_ATTRIBUTES attributes, void **bytes);

/* Cleans up and, when nothing refers to it any more, destroys an object and its children. */
void wdf_object_delete(struct wdf_object *object);

/* Gives one reference back. */
void wdf_object_release(struct wdf_object *object);

/* Objects that live, named in trace lines. */
unsigned wdf_object_live(void);

const char *wdf_type_name(enum wdf_type type);

/*
 * Calls into the driver for an object, holding the lock that its callbacks share with those of `with` (NULL: none).
 * False, without a call, while that lock is held: the caller comes again later.
 */
bool wdf_call(struct wdf_object *with, const char *name, unsigned irql, void (*body)(void *argument), void *argument);

/* The object whose lock serializes callbacks of a queue, or of a timer, work item or DPC with that parent; NULL: none.
 */
struct wdf_object *wdf_serializer(struct wdf_object *parent);

#endif
