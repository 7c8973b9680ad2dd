/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Interrupts, DPCs, the timer, and the pump that delivers them. */
#include "adapter.h"

#include <string.h>

#include "cpu/cpu.h"
#include "mem/memory.h"
#include "verify/dma.h"
#include "verify/verify.h"

enum { STORM_LIMIT = 10000 }; /* a level-triggered line that stays high after this many calls has no owner */

/* Which lock a callback may add to those it already holds; storage_r "StorPortAcquireSpinLock". */
void lock_acquire(struct sp_adapter *a, enum lock lock)
{
    for (enum lock held = lock; held <= LOCK_INTERRUPT; held++) {
        if (a->held[held]) {
            rule_broken("storport.lock", held == lock ? "lock %d is held already: this deadlocks"
                                                      : "lock %d is taken after a lock of higher order", lock);
        }
    }
    if (a->phase < PHASE_RUNNING) {
        rule_broken("storport.lock", "lock %d is taken in a callback that may take none", lock);
    }
    a->held[lock] = true;
}

void lock_release(struct sp_adapter *a, enum lock lock)
{
    if (!a->held[lock]) {
        rule_broken("storport.lock", "lock %d is released but not held", lock);
    }
    a->held[lock] = false;
}

/* Locks that a callback took itself must be given back when it returns. */
static void call_with_lock(struct sp_adapter *a, enum lock lock, const char *name, unsigned irql,
                           void (*body)(void *argument), void *argument)
{
    bool before[4];
    if (lock != LOCK_NONE) {
        a->held[lock] = true;
    }
    for (int i = 0; i < 4; i++) {
        before[i] = a->held[i];
    }
    cpu_call_driver(name, irql, body, argument);
    for (int i = 0; i < 4; i++) {
        if (a->held[i] != before[i]) {
            rule_broken("storport.lock", "%s returned with lock %d %s", name, i, a->held[i] ? "held" : "given away");
        }
    }
    if (lock != LOCK_NONE) {
        a->held[lock] = false;
    }
    dma_audit(a->function);
}

struct isr_call {
    struct sp_adapter *adapter;
    ULONG message;
    BOOLEAN claimed;
};

static void call_line_isr(void *argument)
{
    struct isr_call *c = argument;
    c->claimed = sp.init.HwInterrupt(c->adapter->extension);
}

static void call_message_isr(void *argument)
{
    struct isr_call *c = argument;
    c->claimed = c->adapter->config.HwMSInterruptRoutine(c->adapter->extension, c->message);
}

/*
 * Interrupts are on during HwPassiveInitialize, on other processors too, and it may take no lock: as long as it waits
 * for its device, whatever it works on has to be left alone.
 */
static void call_during_start(struct sp_adapter *a, const char *name, void (*body)(void *argument), void *argument)
{
    size_t size = sp.init.DeviceExtensionSize;
    void *before = memory_alloc(MEMORY_POOL, size, 0, "copy of the device extension");
    memcpy(before, a->extension, size);
    call_with_lock(a, LOCK_INTERRUPT, name, IRQL_DEVICE, body, argument);
    if (memcmp(before, a->extension, size) != 0) {
        rule_broken("storport.race", "%s changes the device extension during HwPassiveInitialize", name);
    }
    memory_free(before);
}

static void call_isr(struct sp_adapter *a, const char *name, void (*body)(void *argument), void *argument)
{
    if (a->phase == PHASE_PASSIVE_INITIALIZE && sp.stalling) {
        call_during_start(a, name, body, argument);
    } else {
        call_with_lock(a, LOCK_INTERRUPT, name, IRQL_DEVICE, body, argument);
    }
}

void interrupt_deliver(struct sp_adapter *a)
{
    struct isr_call c = {.adapter = a};
    unsigned calls = 0;
    if (!a->connected || a->phase < PHASE_PASSIVE_INITIALIZE) {
        return;
    }
    if (a->uses_messages) {
        for (c.message = 0; c.message < a->messages; c.message++) {
            if (sp.bus->ops->msix_take(sp.bus, a->function, c.message)) {
                a->interrupts++;
                call_isr(a, "HwMSInterruptRoutine", call_message_isr, &c);
            }
        }
        return;
    }
    while (sp.bus->ops->line_level(sp.bus, sp.bus->function[a->function].line) && !sp.bus->dead) {
        call_isr(a, "HwInterrupt", call_line_isr, &c);
        if (!c.claimed) {
            return; /* another device on the same line */
        }
        a->interrupts++;
        if (++calls == STORM_LIMIT) {
            rule_broken("storport.storm", "the interrupt line stays high: HwInterrupt claims it and does not quiet it");
        }
    }
}

struct dpc_call {
    struct sp_adapter *adapter;
    struct dpc *dpc;
    void *argument1, *argument2;
};

static void call_dpc(void *argument)
{
    struct dpc_call *c = argument;
    c->dpc->routine(c->dpc->dpc, c->adapter->extension, c->argument1, c->argument2);
}

void interrupt_run_dpcs(struct sp_adapter *a)
{
    for (int i = 0; i < MAX_DPCS; i++) {
        struct dpc *d = &a->dpc[i];
        if (d->queued) {
            struct dpc_call c = {.adapter = a, .dpc = d, .argument1 = d->argument1, .argument2 = d->argument2};
            d->queued = false;
            call_with_lock(a, LOCK_NONE, "DPC routine", IRQL_DISPATCH, call_dpc, &c);
        }
    }
}

static void call_timer(void *argument)
{
    struct sp_adapter *a = argument;
    PHW_TIMER timer = a->timer;
    a->timer = NULL;
    timer(a->extension);
}

static void run_timer(struct sp_adapter *a)
{
    if (a->timer != NULL && a->phase == PHASE_RUNNING && sp.bus->ops->clock_us(sp.bus) >= a->timer_at_us) {
        call_with_lock(a, LOCK_STARTIO, "HwTimer", IRQL_DISPATCH, call_timer, a);
    }
}

void interrupt_late_timer(struct sp_adapter *a)
{
    if (a->timer != NULL) {
        call_with_lock(a, LOCK_STARTIO, "HwTimer (late)", IRQL_DISPATCH, call_timer, a);
    }
    if (a->timer != NULL) {
        rule_broken("storport.timer", "a stopped miniport asks for its timer again");
    }
}

void interrupt_let_in(void)
{
    static bool nested;
    if (nested || cpu_irql >= IRQL_DEVICE) {
        return;
    }
    nested = true;
    sp.bus->ops->poll(sp.bus, 0);
    for (unsigned i = 0; i < sp.adapter_count; i++) {
        if (!sp.adapter[i].held[LOCK_INTERRUPT]) {
            interrupt_deliver(&sp.adapter[i]);
        }
    }
    nested = false;
}

/* At an import of a running driver. */
static void interrupt_window(void)
{
    sp.random = sp.random * 1664525u + 1013904223u;
    if ((sp.random >> 16) % 100 < sp.options.preempt_percent) {
        interrupt_let_in();
    }
}

void interrupt_init(void)
{
    cpu_interrupt_window = sp.options.preempt_percent != 0 ? interrupt_window : NULL;
}

static bool something_to_do(void)
{
    for (unsigned i = 0; i < sp.adapter_count; i++) {
        if (sp.adapter[i].completed != NULL) {
            return true;
        }
    }
    return false;
}

void sp_pump(unsigned timeout_us)
{
    sp.bus->ops->poll(sp.bus, something_to_do() ? 0 : timeout_us);
    for (unsigned i = 0; i < sp.adapter_count; i++) {
        struct sp_adapter *a = &sp.adapter[i];
        interrupt_deliver(a);
        interrupt_run_dpcs(a);
        run_timer(a);
        interrupt_run_dpcs(a);
        request_report_done(a);
        request_start_waiting(a);
    }
}

bool sp_wait(struct sp_adapter *a, struct sp_request *request, unsigned seconds)
{
    uint64_t end = sp.bus->ops->clock_us(sp.bus) + seconds * 1000000ull;
    while (!request->completed && sp.bus->ops->clock_us(sp.bus) < end && !sp.bus->dead) {
        sp_pump(1000);
    }
    (void)a;
    return request->completed;
}
