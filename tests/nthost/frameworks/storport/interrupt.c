/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Interrupts, DPCs, the timer, and the pump that delivers them. */
#include "adapter.h"

#include "cpu/cpu.h"
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
    if (a->phase != PHASE_RUNNING) {
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

void interrupt_deliver(struct sp_adapter *a)
{
    struct isr_call c = {.adapter = a};
    unsigned calls = 0;
    if (a->phase != PHASE_RUNNING) {
        return;
    }
    if (a->uses_messages) {
        for (c.message = 0; c.message < a->messages; c.message++) {
            if (sp.bus->ops->msix_take(sp.bus, a->function, c.message)) {
                a->interrupts++;
                call_with_lock(a, LOCK_INTERRUPT, "HwMSInterruptRoutine", IRQL_DEVICE, call_message_isr, &c);
            }
        }
        return;
    }
    while (sp.bus->ops->line_level(sp.bus, sp.bus->function[a->function].line) && !sp.bus->dead) {
        call_with_lock(a, LOCK_INTERRUPT, "HwInterrupt", IRQL_DEVICE, call_line_isr, &c);
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

/* At an import of a running driver: a pending interrupt may come in between, if IRQL and locks allow it. */
static void interrupt_window(void)
{
    static bool nested;
    sp.random = sp.random * 1664525u + 1013904223u;
    if (nested || cpu_irql >= IRQL_DEVICE || (sp.random >> 16) % 100 >= sp.options.preempt_percent) {
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
    cpu_interrupt_window = sp.options.preempt_percent != 0 ? interrupt_window : NULL;
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
