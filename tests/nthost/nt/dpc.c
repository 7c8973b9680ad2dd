/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Ke: deferred procedure calls and timers. A DPC that is queued is not queued twice; it runs at the next moment below
 * DISPATCH_LEVEL, in the order of queueing. A timer expires at a tick. kernel_r "KeInsertQueueDpc", "KeSetTimerEx".
 */
#include <ntddk.h>

#include <string.h>

#include "cpu/cpu.h"
#include "exports.h"
#include "image/image.h"
#include "nt.h"
#include "verify/verify.h"
#include "wdm.h"

enum { MOST_DPCS = 64, MOST_TIMERS = 32, DPC_OBJECT = 19, TIMER_OBJECT = 8, UNITS_PER_US = 10 };

struct timer {
    KTIMER *timer;
    uint64_t due_us, period_us;
};

static KDPC *queue[MOST_DPCS];
static unsigned queued;
static struct timer timers[MOST_TIMERS];
static unsigned timer_count;
static bool is_running;

bool dpc_is_queued(void)
{
    return queued != 0;
}

/* ---- DPCs ---- */

static VOID NTAPI initialize_dpc(KDPC *dpc, PKDEFERRED_ROUTINE routine, PVOID context)
{
    if (image_at((uintptr_t)routine) == NULL) {
        rule_broken("dpc.routine", "a DPC with routine %p, which is no code of the driver", (PVOID)routine);
    }
    memset(dpc, 0, sizeof *dpc);
    dpc->Type = DPC_OBJECT;
    dpc->Importance = MediumImportance;
    dpc->DeferredRoutine = routine;
    dpc->DeferredContext = context;
}

static bool enqueue(KDPC *dpc, PVOID argument1, PVOID argument2)
{
    if (dpc->Type != DPC_OBJECT) {
        rule_broken("dpc.uninitialized", "the DPC at %p was never initialised", (PVOID)dpc);
    }
    if (dpc->DpcData != NULL) {
        return false;
    }
    if (queued == MOST_DPCS) {
        host_fatal("internal: more than %d DPCs are queued", MOST_DPCS);
    }
    dpc->SystemArgument1 = argument1;
    dpc->SystemArgument2 = argument2;
    dpc->DpcData = queue;
    queue[queued++] = dpc;
    return true;
}

static KDPC *dequeue(unsigned index)
{
    KDPC *dpc = queue[index];
    memmove(&queue[index], &queue[index + 1], (--queued - index) * sizeof queue[0]);
    dpc->DpcData = NULL;
    return dpc;
}

static BOOLEAN NTAPI insert_dpc(KDPC *dpc, PVOID argument1, PVOID argument2)
{
    return enqueue(dpc, argument1, argument2);
}

static BOOLEAN NTAPI remove_dpc(KDPC *dpc)
{
    for (unsigned i = 0; i < queued; i++) {
        if (queue[i] == dpc) {
            dequeue(i);
            return TRUE;
        }
    }
    return FALSE;
}

struct dpc_call {
    KDPC *dpc;
    PKDEFERRED_ROUTINE routine;
    PVOID context, argument1, argument2;
};

static void call_dpc(void *argument)
{
    struct dpc_call *c = argument;
    c->routine(c->dpc, c->context, c->argument1, c->argument2);
    if (nt_locks_held() != 0) {
        rule_broken("lock.kept", "a DPC returns with a spin lock held");
    }
}

void dpc_run(void)
{
    if (is_running || cpu_irql >= IRQL_DISPATCH) {
        return;
    }
    is_running = true;
    for (unsigned most = queued; most > 0 && queued > 0; most--) {
        struct dpc_call c = {.dpc = queue[0]};
        c.routine = c.dpc->DeferredRoutine;
        c.context = c.dpc->DeferredContext;
        c.argument1 = c.dpc->SystemArgument1;
        c.argument2 = c.dpc->SystemArgument2;
        dequeue(0);
        cpu_call_driver("a DPC", IRQL_DISPATCH, call_dpc, &c);
    }
    is_running = false;
}

static VOID NTAPI flush_dpcs(VOID)
{
    while (queued > 0) {
        dpc_run();
    }
}

/* ---- Timers ---- */

static VOID NTAPI initialize_timer_ex(KTIMER *timer, TIMER_TYPE type)
{
    memset(timer, 0, sizeof *timer);
    timer->Header.Type = (UCHAR)(TIMER_OBJECT + type);
}

static VOID NTAPI initialize_timer(KTIMER *timer)
{
    initialize_timer_ex(timer, NotificationTimer);
}

static bool take_out(const KTIMER *timer)
{
    for (unsigned i = 0; i < timer_count; i++) {
        if (timers[i].timer == timer) {
            timers[i] = timers[--timer_count];
            return true;
        }
    }
    return false;
}

static BOOLEAN NTAPI cancel_timer(KTIMER *timer)
{
    return take_out(timer);
}

static BOOLEAN NTAPI set_timer_ex(KTIMER *timer, LARGE_INTEGER due, LONG period_ms, KDPC *dpc)
{
    uint64_t now = nt_bus->ops->clock_us(nt_bus);
    bool was_set = take_out(timer);
    if (timer->Header.Type != TIMER_OBJECT && timer->Header.Type != TIMER_OBJECT + 1) {
        rule_broken("timer.uninitialized", "the timer at %p was never initialised", (PVOID)timer);
    }
    if (due.QuadPart > 0) {
        rule_broken("timer.absolute", "a timer at an absolute time: system time is no clock for a device");
    }
    if (timer_count == MOST_TIMERS) {
        host_fatal("internal: more than %d timers", MOST_TIMERS);
    }
    timer->Dpc = dpc;
    timer->Period = (ULONG)period_ms;
    timer->Header.SignalState = 0;
    timers[timer_count++] = (struct timer){timer, now + (uint64_t)-due.QuadPart / UNITS_PER_US, (uint64_t)period_ms * 1000};
    return was_set;
}

static BOOLEAN NTAPI set_timer(KTIMER *timer, LARGE_INTEGER due, KDPC *dpc)
{
    return set_timer_ex(timer, due, 0, dpc);
}

static uint64_t expiry_us(const struct timer *t)
{
    return (t->due_us + WDM_TICK_US - 1) / WDM_TICK_US * WDM_TICK_US;
}

uint64_t timer_next_us(void)
{
    uint64_t next = UINT64_MAX;
    for (unsigned i = 0; i < timer_count; i++) {
        next = expiry_us(&timers[i]) < next ? expiry_us(&timers[i]) : next;
    }
    return next;
}

void timer_run(void)
{
    uint64_t now = nt_bus->ops->clock_us(nt_bus);
    for (unsigned i = 0; i < timer_count;) {
        KTIMER *timer = timers[i].timer;
        if (expiry_us(&timers[i]) > now) {
            i++;
            continue;
        }
        timer->Header.SignalState = 1;
        if (timer->Dpc != NULL) {
            enqueue(timer->Dpc, NULL, NULL);
        }
        if (timers[i].period_us != 0) {
            timers[i].due_us += timers[i].period_us;
            i++;
        } else {
            timers[i] = timers[--timer_count];
        }
    }
}

void dpc_expect_none(void)
{
    if (queued != 0) {
        rule_broken("unload.dpc", "a DPC is still queued after the driver was unloaded");
    }
    if (timer_count != 0) {
        rule_broken("unload.timer", "a timer is still set after the driver was unloaded");
    }
}

#define MODULE "ntoskrnl.exe"
static struct export table[] = {
    NT_EXPORT_AS(MODULE, KeInitializeDpc, initialize_dpc),
    NT_EXPORT_AS(MODULE, KeInsertQueueDpc, insert_dpc),
    NT_EXPORT_AS(MODULE, KeRemoveQueueDpc, remove_dpc),
    NT_EXPORT_AS(MODULE, KeFlushQueuedDpcs, flush_dpcs),
    NT_EXPORT_AS(MODULE, KeInitializeTimer, initialize_timer),
    NT_EXPORT_AS(MODULE, KeInitializeTimerEx, initialize_timer_ex),
    NT_EXPORT_AS(MODULE, KeSetTimer, set_timer),
    NT_EXPORT_AS(MODULE, KeSetTimerEx, set_timer_ex),
    NT_EXPORT_AS(MODULE, KeCancelTimer, cancel_timer),
};

void exports_dpc(void)
{
    queued = timer_count = 0;
    exports_add(table, sizeof table / sizeof table[0]);
}
