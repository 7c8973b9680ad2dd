/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Timers, work items and DPC objects: one list of those that are to run. */
#include <ntddk.h>

#include <wdf.h>

#include "device.h"

#include "cpu/cpu.h"
#include "verify/verify.h"

struct deferred {
    struct wdf_object object;
    struct deferred *next; /* of all that live */
    union {
        PFN_WDF_TIMER timer;
        PFN_WDF_WORKITEM workitem;
        PFN_WDF_DPC dpc;
    } routine;
    bool is_serialized, is_queued, is_running;
    uint64_t due_us, period_us; /* timers */
};

static struct deferred *all;

static void dispose(struct wdf_object *object)
{
    struct deferred *d = (struct deferred *)object, **link = &all;
    while (*link != d) {
        link = &(*link)->next;
    }
    *link = d->next;
}

static void call_routine(void *argument)
{
    struct deferred *d = argument;
    switch (d->object.type) {
    case WDF_TIMER:
        d->routine.timer(d->object.handle);
        break;
    case WDF_WORKITEM:
        d->routine.workitem(d->object.handle);
        break;
    default:
        d->routine.dpc(d->object.handle);
        break;
    }
}

static bool is_due(const struct deferred *d)
{
    unsigned limit = d->object.type == WDF_WORKITEM || d->object.is_passive ? IRQL_PASSIVE : IRQL_APC;
    return d->is_queued && !d->is_running && cpu_irql <= limit &&
           (d->object.type != WDF_TIMER || wdf.bus->ops->clock_us(wdf.bus) >= d->due_us);
}

/* False: its lock is held; it stays queued. */
static bool run(struct deferred *d)
{
    static const char *const names[] = {"EvtTimerFunc", "EvtWorkItemFunc", "EvtDpcFunc"};
    struct wdf_object *with = d->is_serialized ? wdf_serializer(d->object.parent) : NULL;
    unsigned irql = d->object.type == WDF_WORKITEM || d->object.is_passive ? IRQL_PASSIVE : IRQL_DISPATCH;
    if (with != NULL && with->callback_lock != 0) {
        return false;
    }
    d->is_queued = d->period_us != 0;
    d->due_us += d->period_us;
    d->is_running = true;
    d->object.references++;
    wdf_call(with, names[d->object.type - WDF_TIMER], irql, call_routine, d);
    d->is_running = false;
    wdf_object_release(&d->object);
    return true;
}

void wdf_deferred_run(void)
{
    struct deferred *d = all;
    while (d != NULL) {
        if (is_due(d) && run(d)) {
            d = all; /* the list may have changed */
        } else {
            d = d->next;
        }
    }
}

static NTSTATUS create(enum wdf_type type, PWDF_OBJECT_ATTRIBUTES attributes, bool is_serialized,
                       struct deferred **made)
{
    NTSTATUS status;
    struct deferred *d;
    if (attributes == NULL || attributes->ParentObject == NULL) {
        return STATUS_WDF_PARENT_NOT_SPECIFIED;
    }
    if (is_serialized && type == WDF_WORKITEM) {
        struct wdf_object *with = wdf_serializer(wdf_object_of(attributes->ParentObject, WDF_ANY));
        if (with != NULL && !with->is_passive) {
            return STATUS_WDF_INCOMPATIBLE_EXECUTION_LEVEL;
        }
    }
    d = (struct deferred *)wdf_object_create(type, sizeof *d, attributes, NULL, dispose, &status);
    if (d == NULL) {
        return status;
    }
    d->object.is_passive = attributes->ExecutionLevel == WdfExecutionLevelPassive;
    d->is_serialized = is_serialized;
    d->next = all;
    all = d;
    *made = d;
    return status;
}

static void wait_for(struct deferred *d, const char *what)
{
    uint64_t end = wdf.bus->ops->clock_us(wdf.bus) + WDF_WAIT_S * 1000000ull;
    if (d->is_running) {
        rule_broken("wdf.deadlock", "%s waits for a callback from inside of that callback", what);
    }
    while (d->is_queued && wdf.bus->ops->clock_us(wdf.bus) < end) {
        wdf_pump(1000);
    }
    if (d->is_queued) {
        rule_broken("wdf.deadlock", "%s waits for a callback that cannot run", what);
    }
}

/* ---- Timers ---- */

static NTSTATUS NTAPI timer_create(PWDF_DRIVER_GLOBALS globals, PWDF_TIMER_CONFIG config,
                                   PWDF_OBJECT_ATTRIBUTES attributes, WDFTIMER *handle)
{
    struct deferred *d;
    NTSTATUS status;
    (void)globals;
    if (config->Size != sizeof *config || config->EvtTimerFunc == NULL || config->Period < 0) {
        rule_broken("wdf.size", "WDF_TIMER_CONFIG of %u bytes, or without EvtTimerFunc", (unsigned)config->Size);
    }
    status = create(WDF_TIMER, attributes, config->AutomaticSerialization, &d);
    if (status >= 0) {
        d->routine.timer = config->EvtTimerFunc;
        d->period_us = (uint64_t)config->Period * 1000;
        *handle = d->object.handle;
    }
    return status;
}

static BOOLEAN NTAPI timer_start(PWDF_DRIVER_GLOBALS globals, WDFTIMER handle, LONGLONG due_time)
{
    struct deferred *d = wdf_object_of(handle, WDF_TIMER);
    BOOLEAN was_queued = d->is_queued;
    (void)globals;
    if (due_time > 0) {
        host_fatal("internal: absolute time of a timer");
    }
    d->is_queued = true;
    d->due_us = wdf.bus->ops->clock_us(wdf.bus) + (uint64_t)-due_time / 10;
    return was_queued;
}

static BOOLEAN NTAPI timer_stop(PWDF_DRIVER_GLOBALS globals, WDFTIMER handle, BOOLEAN wait)
{
    struct deferred *d = wdf_object_of(handle, WDF_TIMER);
    BOOLEAN was_queued = d->is_queued;
    (void)globals;
    if (wait && cpu_irql != IRQL_PASSIVE) {
        rule_broken("irql.import", "WdfTimerStop waits, at IRQL %u", cpu_irql);
    }
    d->is_queued = false;
    if (wait) {
        wait_for(d, "WdfTimerStop");
    }
    return was_queued;
}

static WDFOBJECT NTAPI timer_parent(PWDF_DRIVER_GLOBALS globals, WDFTIMER handle)
{
    (void)globals;
    return ((struct wdf_object *)wdf_object_of(handle, WDF_TIMER))->parent->handle;
}

/* ---- Work items ---- */

static NTSTATUS NTAPI workitem_create(PWDF_DRIVER_GLOBALS globals, PWDF_WORKITEM_CONFIG config,
                                      PWDF_OBJECT_ATTRIBUTES attributes, WDFWORKITEM *handle)
{
    struct deferred *d;
    NTSTATUS status;
    (void)globals;
    if (config->Size != sizeof *config || config->EvtWorkItemFunc == NULL) {
        rule_broken("wdf.size", "WDF_WORKITEM_CONFIG of %u bytes, or without EvtWorkItemFunc", (unsigned)config->Size);
    }
    status = create(WDF_WORKITEM, attributes, config->AutomaticSerialization, &d);
    if (status >= 0) {
        d->routine.workitem = config->EvtWorkItemFunc;
        *handle = d->object.handle;
    }
    return status;
}

static VOID NTAPI workitem_enqueue(PWDF_DRIVER_GLOBALS globals, WDFWORKITEM handle)
{
    (void)globals;
    ((struct deferred *)wdf_object_of(handle, WDF_WORKITEM))->is_queued = true;
}

static WDFOBJECT NTAPI workitem_parent(PWDF_DRIVER_GLOBALS globals, WDFWORKITEM handle)
{
    (void)globals;
    return ((struct wdf_object *)wdf_object_of(handle, WDF_WORKITEM))->parent->handle;
}

static VOID NTAPI workitem_flush(PWDF_DRIVER_GLOBALS globals, WDFWORKITEM handle)
{
    (void)globals;
    wait_for(wdf_object_of(handle, WDF_WORKITEM), "WdfWorkItemFlush");
}

/* ---- DPCs ---- */

static NTSTATUS NTAPI dpc_create(PWDF_DRIVER_GLOBALS globals, PWDF_DPC_CONFIG config, PWDF_OBJECT_ATTRIBUTES attributes,
                                 WDFDPC *handle)
{
    struct deferred *d;
    NTSTATUS status;
    (void)globals;
    if (config->Size != sizeof *config || config->EvtDpcFunc == NULL) {
        rule_broken("wdf.size", "WDF_DPC_CONFIG of %u bytes, or without EvtDpcFunc", (unsigned)config->Size);
    }
    status = create(WDF_DPC, attributes, config->AutomaticSerialization, &d);
    if (status >= 0) {
        d->routine.dpc = config->EvtDpcFunc;
        *handle = d->object.handle;
    }
    return status;
}

static BOOLEAN NTAPI dpc_enqueue(PWDF_DRIVER_GLOBALS globals, WDFDPC handle)
{
    struct deferred *d = wdf_object_of(handle, WDF_DPC);
    BOOLEAN was_queued = d->is_queued;
    (void)globals;
    d->is_queued = true;
    return !was_queued;
}

static WDFOBJECT NTAPI dpc_parent(PWDF_DRIVER_GLOBALS globals, WDFDPC handle)
{
    (void)globals;
    return ((struct wdf_object *)wdf_object_of(handle, WDF_DPC))->parent->handle;
}

static const struct wdf_function functions[] = {
    WDF_FUNCTION(WdfTimerCreate, WDFTIMERCREATE, timer_create),
    WDF_FUNCTION(WdfTimerStart, WDFTIMERSTART, timer_start),
    WDF_FUNCTION(WdfTimerStop, WDFTIMERSTOP, timer_stop),
    WDF_FUNCTION(WdfTimerGetParentObject, WDFTIMERGETPARENTOBJECT, timer_parent),
    WDF_FUNCTION(WdfWorkItemCreate, WDFWORKITEMCREATE, workitem_create),
    WDF_FUNCTION(WdfWorkItemEnqueue, WDFWORKITEMENQUEUE, workitem_enqueue),
    WDF_FUNCTION(WdfWorkItemGetParentObject, WDFWORKITEMGETPARENTOBJECT, workitem_parent),
    WDF_FUNCTION(WdfWorkItemFlush, WDFWORKITEMFLUSH, workitem_flush),
    WDF_FUNCTION(WdfDpcCreate, WDFDPCCREATE, dpc_create),
    WDF_FUNCTION(WdfDpcEnqueue, WDFDPCENQUEUE, dpc_enqueue),
    WDF_FUNCTION(WdfDpcGetParentObject, WDFDPCGETPARENTOBJECT, dpc_parent),
};

void wdf_functions_deferred(void)
{
    wdf_functions_add(functions, sizeof functions / sizeof functions[0]);
}
