/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Io: interrupts of WDM drivers, by line or by message with the line to fall back on; the interrupt's spin lock. kernel_r
 * "IoConnectInterruptEx", "IO_CONNECT_INTERRUPT_PARAMETERS", "KeSynchronizeExecution".
 */
#include <ntddk.h>

#include <string.h>

#include "cpu/cpu.h"
#include "exports.h"
#include "mem/memory.h"
#include "nt.h"
#include "verify/verify.h"
#include "wdm.h"

enum { STORM_LIMIT = 10000, INTERRUPT_OBJECT = 22 };

struct connection;

/* One per message, or one for the line. */
struct _KINTERRUPT {
    unsigned type;
    struct connection *connection;
    KSPIN_LOCK own_lock, *lock;
    ULONG message;
};

struct connection {
    bool is_connected, is_called;
    ULONG version;
    unsigned messages; /* 0: line */
    PKSERVICE_ROUTINE line_routine;
    PKMESSAGE_SERVICE_ROUTINE message_routine;
    PVOID context;
    struct _KINTERRUPT *object[BUS_MAX_VECTORS];
    IO_INTERRUPT_MESSAGE_INFO *table;
    unsigned long count;
};

static struct connection connections[BUS_MAX_FUNCTIONS];
static struct system_options options;
static unsigned random_state;

unsigned long wdm_interrupt_count(unsigned function)
{
    return connections[function].count;
}

bool wdm_interrupt_uses_messages(unsigned function)
{
    return connections[function].messages != 0;
}

/* ---- Delivery ---- */

static void lock_interrupt(struct _KINTERRUPT *object)
{
    if (*object->lock != 0) {
        rule_broken("lock.deadlock", "the interrupt lock is held already");
    }
    *object->lock = 1;
}

struct isr_call {
    struct _KINTERRUPT *object;
    BOOLEAN claimed;
};

static void call_isr(void *argument)
{
    struct isr_call *c = argument;
    struct connection *i = c->object->connection;
    c->claimed = i->messages != 0 ? i->message_routine(c->object, i->context, c->object->message)
                                  : i->line_routine(c->object, i->context);
}

static bool run_isr(struct _KINTERRUPT *object)
{
    struct connection *i = object->connection;
    struct isr_call c = {.object = object};
    lock_interrupt(object);
    i->is_called = true;
    cpu_call_driver(i->messages != 0 ? "KMESSAGE_SERVICE_ROUTINE" : "KSERVICE_ROUTINE", IRQL_DEVICE, call_isr, &c);
    i->is_called = false;
    *object->lock = 0;
    i->count += c.claimed != FALSE;
    return c.claimed;
}

static void deliver(struct connection *i, unsigned function)
{
    unsigned calls = 0;
    for (unsigned message = 0; i->is_connected && message < i->messages; message++) {
        if (*i->object[message]->lock == 0 && nt_bus->ops->msix_take(nt_bus, function, message)) {
            run_isr(i->object[message]);
        }
    }
    while (i->is_connected && i->messages == 0 && !nt_bus->dead && *i->object[0]->lock == 0 &&
           nt_bus->ops->line_level(nt_bus, nt_bus->function[function].line)) {
        if (!run_isr(i->object[0])) {
            return; /* another device on the same line */
        }
        if (++calls == STORM_LIMIT) {
            rule_broken("interrupt.storm", "the line stays high: the service routine claims it and does not quiet it");
        }
    }
}

void wdm_interrupt_deliver(void)
{
    if (cpu_irql >= IRQL_DEVICE) {
        return;
    }
    for (unsigned f = 0; f < nt_bus->function_count; f++) {
        deliver(&connections[f], f);
    }
}

/* At an import of a running driver: what is pending may come in between, and below DISPATCH_LEVEL its DPC too. */
static void window(void)
{
    static bool is_nested;
    random_state = random_state * 1664525u + 1013904223u;
    if (is_nested || cpu_irql >= IRQL_DEVICE || (random_state >> 16) % 100 >= options.preempt_percent) {
        return;
    }
    is_nested = true;
    nt_bus->ops->poll(nt_bus, 0);
    wdm_interrupt_deliver();
    dpc_run();
    is_nested = false;
}

/* ---- Connecting ---- */

static void add_object(struct connection *i, ULONG message, KSPIN_LOCK *lock)
{
    struct _KINTERRUPT *object = memory_alloc(MEMORY_POOL, sizeof *object, 0, "interrupt object");
    memset(object, 0, sizeof *object);
    object->type = INTERRUPT_OBJECT;
    object->connection = i;
    object->message = message;
    object->lock = lock != NULL ? lock : &object->own_lock;
    i->object[message] = object;
}

static void connect(struct connection *i, ULONG version)
{
    i->is_connected = true;
    i->version = version;
    i->count = 0;
    if (i->messages == 0 && *i->object[0]->lock == 0) {
        run_isr(i->object[0]); /* a neighbour on the same line: the routine can run before the connecting returns */
    }
}

static struct connection *connection_of(const DEVICE_OBJECT *pdo, unsigned *function)
{
    *function = pdo_function(pdo, "IoConnectInterruptEx");
    if (connections[*function].is_connected) {
        rule_broken("interrupt.twice", "the interrupt is connected already");
    }
    return &connections[*function];
}

static void check_irql(KIRQL irql, const char *what)
{
    if (irql != 0 && irql != IRQL_DEVICE) {
        rule_broken("interrupt.irql", "%s %u; the device interrupts at %u", what, irql, IRQL_DEVICE);
    }
}

static NTSTATUS connect_line(const DEVICE_OBJECT *pdo, PKSERVICE_ROUTINE routine, PVOID context, KSPIN_LOCK *lock,
                             PKINTERRUPT *object, ULONG version)
{
    unsigned function;
    struct connection *i = connection_of(pdo, &function);
    if (routine == NULL || object == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    if (pdo_messages(function) != 0) {
        return STATUS_NOT_FOUND; /* the line was not assigned */
    }
    memset(i, 0, sizeof *i);
    i->line_routine = routine;
    i->context = context;
    add_object(i, 0, lock);
    *object = i->object[0];
    connect(i, version);
    return STATUS_SUCCESS;
}

static void fill_table(struct connection *i)
{
    size_t size = sizeof *i->table + (i->messages - 1) * sizeof i->table->MessageInfo[0];
    i->table = memory_alloc(MEMORY_POOL, size, 0, "message table");
    memset(i->table, 0, size);
    i->table->UnifiedIrql = IRQL_DEVICE;
    i->table->MessageCount = i->messages;
    for (ULONG m = 0; m < i->messages; m++) {
        IO_INTERRUPT_MESSAGE_INFO_ENTRY *entry = &i->table->MessageInfo[m];
        entry->TargetProcessorSet = 1;
        entry->InterruptObject = i->object[m];
        entry->MessageData = m;
        entry->Irql = IRQL_DEVICE;
        entry->Mode = Latched;
        entry->Polarity = InterruptActiveHigh;
    }
}

static NTSTATUS connect_messages(IO_CONNECT_INTERRUPT_PARAMETERS *p)
{
    IO_CONNECT_INTERRUPT_MESSAGE_BASED_PARAMETERS m = p->MessageBased;
    unsigned function;
    struct connection *i;
    check_irql(m.SynchronizeIrql, "SynchronizeIrql");
    i = connection_of(m.PhysicalDeviceObject, &function);
    if (m.MessageServiceRoutine == NULL || m.ConnectionContext.Generic == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    if (pdo_messages(function) == 0) {
        if (m.FallBackServiceRoutine == NULL) {
            return STATUS_NOT_FOUND;
        }
        p->Version = CONNECT_LINE_BASED;
        return connect_line(m.PhysicalDeviceObject, m.FallBackServiceRoutine, m.ServiceContext, m.SpinLock,
                            m.ConnectionContext.InterruptObject, CONNECT_LINE_BASED);
    }
    memset(i, 0, sizeof *i);
    i->message_routine = m.MessageServiceRoutine;
    i->context = m.ServiceContext;
    i->messages = pdo_messages(function);
    for (ULONG message = 0; message < i->messages; message++) {
        add_object(i, message, m.SpinLock);
    }
    fill_table(i);
    *m.ConnectionContext.InterruptMessageTable = i->table;
    connect(i, CONNECT_MESSAGE_BASED);
    return STATUS_SUCCESS;
}

static NTSTATUS connect_specified(const IO_CONNECT_INTERRUPT_FULLY_SPECIFIED_PARAMETERS *p)
{
    check_irql(p->Irql, "Irql");
    check_irql(p->SynchronizeIrql, "SynchronizeIrql");
    if (!p->ShareVector || p->InterruptMode != LevelSensitive) {
        rule_broken("interrupt.share", "a PCI line is level sensitive and shared");
    }
    return connect_line(p->PhysicalDeviceObject, p->ServiceRoutine, p->ServiceContext, p->SpinLock, p->InterruptObject,
                        CONNECT_FULLY_SPECIFIED);
}

static NTSTATUS NTAPI connect_ex(IO_CONNECT_INTERRUPT_PARAMETERS *p)
{
    switch (p->Version) {
    case CONNECT_FULLY_SPECIFIED:
        return connect_specified(&p->FullySpecified);
    case CONNECT_LINE_BASED:
        check_irql(p->LineBased.SynchronizeIrql, "SynchronizeIrql");
        return connect_line(p->LineBased.PhysicalDeviceObject, p->LineBased.ServiceRoutine, p->LineBased.ServiceContext,
                            p->LineBased.SpinLock, p->LineBased.InterruptObject, CONNECT_LINE_BASED);
    case CONNECT_MESSAGE_BASED:
        return connect_messages(p);
    default:
        p->Version = CONNECT_MESSAGE_BASED;
        return STATUS_NOT_SUPPORTED;
    }
}

static VOID NTAPI disconnect_ex(IO_DISCONNECT_INTERRUPT_PARAMETERS *p)
{
    for (unsigned f = 0; f < BUS_MAX_FUNCTIONS; f++) {
        struct connection *i = &connections[f];
        const void *context = i->table != NULL ? (const void *)i->table : (const void *)i->object[0];
        if (!i->is_connected || p->ConnectionContext.Generic != context) {
            continue;
        }
        if (i->version != p->Version || i->is_called) {
            rule_broken("interrupt.disconnect", "version %u, connected as %u, or from within the service routine",
                        (unsigned)p->Version, (unsigned)i->version);
        }
        for (unsigned m = 0; m < (i->messages != 0 ? i->messages : 1); m++) {
            memory_free(i->object[m]);
        }
        if (i->table != NULL) {
            memory_free(i->table);
        }
        i->is_connected = false;
        i->table = NULL;
        return;
    }
    rule_broken("interrupt.disconnect", "%p is not connected", p->ConnectionContext.Generic);
}

/* ---- The interrupt's lock ---- */

static struct _KINTERRUPT *check_object(PKINTERRUPT object)
{
    if (object == NULL || object->type != INTERRUPT_OBJECT) {
        rule_broken("interrupt.object", "%p is no interrupt object", (PVOID)object);
    }
    return object;
}

struct synchronize_call {
    PKSYNCHRONIZE_ROUTINE routine;
    PVOID context;
    BOOLEAN result;
};

static void call_synchronized(void *argument)
{
    struct synchronize_call *c = argument;
    c->result = c->routine(c->context);
}

static BOOLEAN NTAPI synchronize(PKINTERRUPT object, PKSYNCHRONIZE_ROUTINE routine, PVOID context)
{
    struct synchronize_call c = {.routine = routine, .context = context};
    lock_interrupt(check_object(object));
    cpu_call_driver("KSYNCHRONIZE_ROUTINE", IRQL_DEVICE, call_synchronized, &c);
    *object->lock = 0;
    return c.result;
}

static KIRQL NTAPI acquire(PKINTERRUPT object)
{
    KIRQL old = (KIRQL)cpu_irql;
    lock_interrupt(check_object(object));
    cpu_irql = IRQL_DEVICE;
    return old;
}

static VOID NTAPI release(PKINTERRUPT object, KIRQL old)
{
    if (*check_object(object)->lock == 0) {
        rule_broken("lock.release", "the interrupt lock is released but not held");
    }
    *object->lock = 0;
    cpu_irql = old;
}

void wdm_interrupt_expect_none(void)
{
    for (unsigned f = 0; f < BUS_MAX_FUNCTIONS; f++) {
        if (connections[f].is_connected) {
            rule_broken("unload.interrupt", "the interrupt is still connected");
        }
    }
}

#define MODULE "ntoskrnl.exe"
static struct export table[] = {
    NT_EXPORT_AS(MODULE, IoConnectInterruptEx, connect_ex),
    NT_EXPORT_AS(MODULE, IoDisconnectInterruptEx, disconnect_ex),
    NT_EXPORT_AS(MODULE, KeSynchronizeExecution, synchronize),
    NT_EXPORT_AS(MODULE, KeAcquireInterruptSpinLock, acquire),
    NT_EXPORT_AS(MODULE, KeReleaseInterruptSpinLock, release),
};

void exports_interrupt(const struct system_options *system)
{
    options = *system;
    random_state = system->seed * 2654435761u + 1;
    memset(connections, 0, sizeof connections);
    cpu_interrupt_window = window;
    exports_add(table, sizeof table / sizeof table[0]);
}
