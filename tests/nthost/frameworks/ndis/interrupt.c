/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Interrupts: registration, service routines, DPCs with the receive throttle. netlh_r "NdisMRegisterInterruptEx". */
#include "adapter.h"

#include <string.h>

#include "cpu/cpu.h"
#include "mem/memory.h"
#include "verify/verify.h"

enum { STORM_LIMIT = 10000 }; /* a level-triggered line that stays high after this many calls has no owner */

/* ---- Service routines ---- */

struct isr_call {
    struct nd_adapter *adapter;
    ULONG message;
    BOOLEAN claimed, queue;
    ULONG targets;
};

static void call_line_isr(void *argument)
{
    struct isr_call *c = argument;
    const struct interrupt *i = &c->adapter->interrupt;
    c->claimed = i->handlers.InterruptHandler(i->context, &c->queue, &c->targets);
}

static void call_message_isr(void *argument)
{
    struct isr_call *c = argument;
    const struct interrupt *i = &c->adapter->interrupt;
    c->claimed = i->handlers.MessageInterruptHandler(i->context, c->message, &c->queue, &c->targets);
}

static void queue_dpc(struct nd_adapter *a, ULONG message, void *context)
{
    struct dpc *d = &a->interrupt.dpc[message];
    if (!d->is_queued) {
        *d = (struct dpc){.is_queued = true, .context = context};
    }
}

static bool call_isr(struct nd_adapter *a, ULONG message)
{
    struct isr_call c = {.adapter = a, .message = message};
    bool is_line = a->interrupt.messages == 0;
    nd_call(a, is_line ? "MiniportInterrupt" : "MiniportMessageInterrupt", IRQL_DEVICE,
            is_line ? call_line_isr : call_message_isr, &c);
    if (!c.claimed) {
        if (c.queue || c.targets != 0) {
            rule_broken("ndis.isr", "an interrupt that is not the device's queues a DPC");
        }
        return false;
    }
    a->counters.interrupts++;
    if (c.queue || c.targets & 1) {
        queue_dpc(a, message, NULL);
    }
    return true;
}

void nd_deliver_interrupts(struct nd_adapter *a)
{
    struct interrupt *i = &a->interrupt;
    unsigned calls = 0;
    if (i->object == NULL || a->is_gone) {
        return;
    }
    for (ULONG message = 0; message < i->messages; message++) {
        if (nd.bus->ops->msix_take(nd.bus, a->function, message)) {
            call_isr(a, message);
        }
    }
    while (i->messages == 0 && i->object != NULL && !nd.bus->dead &&
           nd.bus->ops->line_level(nd.bus, nd.bus->function[a->function].line)) {
        if (!call_isr(a, 0)) {
            return; /* another device on the same line */
        }
        if (++calls == STORM_LIMIT) {
            rule_broken("ndis.storm", "the interrupt line stays high: MiniportInterrupt claims it and does not quiet it");
        }
    }
}

/* ---- DPCs ---- */

struct dpc_call {
    struct nd_adapter *adapter;
    ULONG message;
    void *context;
    NDIS_RECEIVE_THROTTLE_PARAMETERS throttle;
};

static void call_line_dpc(void *argument)
{
    struct dpc_call *c = argument;
    const struct interrupt *i = &c->adapter->interrupt;
    i->handlers.InterruptDpcHandler(i->context, c->context, &c->throttle, NULL);
}

static void call_message_dpc(void *argument)
{
    struct dpc_call *c = argument;
    const struct interrupt *i = &c->adapter->interrupt;
    i->handlers.MessageInterruptDpcHandler(i->context, c->message, c->context, &c->throttle, NULL);
}

static void run_dpc(struct nd_adapter *a, ULONG message)
{
    struct interrupt *i = &a->interrupt;
    struct dpc_call c = {.adapter = a, .message = message, .context = i->dpc[message].context};
    ULONG most = nd.options.throttle != 0 ? nd.options.throttle : NDIS_INDICATE_ALL_NBLS;
    c.throttle.MaxNblsToIndicate = most;
    i->dpc[message].is_queued = false;
    a->in_dpc = true;
    a->throttle_used = 0;
    nd_call(a, i->messages == 0 ? "MiniportInterruptDPC" : "MiniportMessageInterruptDPC", IRQL_DISPATCH,
            i->messages == 0 ? call_line_dpc : call_message_dpc, &c);
    a->in_dpc = false;
    a->counters.dpcs++;
    if (a->throttle_used > most) {
        rule_broken("ndis.throttle", "a DPC indicated %u lists; it may indicate %u", a->throttle_used, (unsigned)most);
    }
    if (c.throttle.MoreNblsPending && i->object != NULL) {
        queue_dpc(a, message, c.context);
    }
}

/* One round: a DPC that asks to be called again waits for the next. */
void nd_run_dpcs(struct nd_adapter *a)
{
    bool due[BUS_MAX_VECTORS];
    for (ULONG message = 0; message < BUS_MAX_VECTORS; message++) {
        due[message] = a->interrupt.dpc[message].is_queued;
    }
    for (ULONG message = 0; message < BUS_MAX_VECTORS; message++) {
        if (due[message] && a->interrupt.dpc[message].is_queued && !a->in_dpc) {
            run_dpc(a, message);
        }
    }
}

bool interrupt_is_due(const struct nd_adapter *a)
{
    for (ULONG message = 0; message < BUS_MAX_VECTORS; message++) {
        if (a->interrupt.dpc[message].is_queued) {
            return true;
        }
    }
    return false;
}

/* At an import of a running driver: a pending interrupt may come in between, and below DISPATCH_LEVEL its DPC too. */
void interrupt_window(void)
{
    static bool is_nested;
    if (is_nested || cpu_irql >= IRQL_DEVICE || nd_random(100) >= nd.options.preempt_percent) {
        return;
    }
    is_nested = true;
    nd.bus->ops->poll(nd.bus, 0);
    for (unsigned i = 0; i < nd.adapter_count; i++) {
        nd_deliver_interrupts(&nd.adapter[i]);
        if (cpu_irql < IRQL_DISPATCH) {
            nd_run_dpcs(&nd.adapter[i]);
        }
    }
    is_nested = false;
}

/* ---- Registration ---- */

static void fill_table(struct nd_adapter *a)
{
    unsigned count = a->interrupt.messages;
    size_t size = sizeof(IO_INTERRUPT_MESSAGE_INFO) + (count - 1) * sizeof(IO_INTERRUPT_MESSAGE_INFO_ENTRY);
    IO_INTERRUPT_MESSAGE_INFO *table = memory_alloc(MEMORY_POOL, size, 0, "message table");
    memset(table, 0, size);
    table->UnifiedIrql = IRQL_DEVICE;
    table->MessageCount = count;
    for (unsigned i = 0; i < count; i++) {
        table->MessageInfo[i].Irql = IRQL_DEVICE;
        table->MessageInfo[i].Mode = Latched;
        table->MessageInfo[i].Polarity = InterruptActiveHigh;
        table->MessageInfo[i].TargetProcessorSet = 1;
        table->MessageInfo[i].MessageData = i;
    }
    a->interrupt.table = table;
}

NDIS_STATUS NTAPI NdisMRegisterInterruptEx(NDIS_HANDLE MiniportAdapterHandle, NDIS_HANDLE MiniportInterruptContext,
                                           PNDIS_MINIPORT_INTERRUPT_CHARACTERISTICS c, PNDIS_HANDLE NdisInterruptHandle)
{
    struct nd_adapter *a = nd_adapter_of(MiniportAdapterHandle);
    struct interrupt *i = &a->interrupt;
    header_check(&c->Header, NDIS_OBJECT_TYPE_MINIPORT_INTERRUPT, 1,
                 NDIS_SIZEOF_MINIPORT_INTERRUPT_CHARACTERISTICS_REVISION_1, "NDIS_MINIPORT_INTERRUPT_CHARACTERISTICS");
    if (!a->has_general || i->object != NULL || a->state != STATE_INITIALIZING) {
        rule_broken("ndis.interrupt", "the interrupt is registered before the attributes, outside of MiniportInitializeEx, "
                                      "or twice");
    }
    if (c->InterruptHandler == NULL || c->InterruptDpcHandler == NULL || c->DisableInterruptHandler == NULL ||
        c->EnableInterruptHandler == NULL ||
        (c->MsiSupported && (c->MessageInterruptHandler == NULL || c->MessageInterruptDpcHandler == NULL ||
                             c->DisableMessageInterruptHandler == NULL || c->EnableMessageInterruptHandler == NULL))) {
        rule_broken("ndis.interrupt", "a handler is missing; those for lines are wanted with those for messages too");
    }
    if (a->messages_granted != 0 && !c->MsiSupported) {
        return NDIS_STATUS_RESOURCE_CONFLICT; /* PnP assigned messages: a line cannot be connected */
    }
    memset(i, 0, sizeof *i);
    if (a->messages_granted != 0) {
        i->messages = nd.bus->ops->msix_enable(nd.bus, a->function, a->messages_granted);
        fill_table(a);
    }
    c->InterruptType = i->messages != 0 ? NDIS_CONNECT_MESSAGE_BASED : NDIS_CONNECT_LINE_BASED;
    c->MessageInfoTable = i->table;
    i->context = MiniportInterruptContext;
    i->handlers = *c;
    i->object = object_create(OBJECT_INTERRUPT, a, NULL, i->messages);
    *NdisInterruptHandle = i->object;
    if (i->messages == 0) {
        call_isr(a, 0); /* a neighbour on the same line: the service routine can run before this function returns */
    }
    return NDIS_STATUS_SUCCESS;
}

VOID NTAPI NdisMDeregisterInterruptEx(NDIS_HANDLE NdisInterruptHandle)
{
    struct object *o = object_of(NdisInterruptHandle, OBJECT_INTERRUPT);
    struct nd_adapter *a = o->adapter;
    while (interrupt_is_due(a)) {
        nd_run_dpcs(a); /* waits for what is queued */
    }
    nd.bus->ops->msix_enable(nd.bus, a->function, 0);
    if (a->interrupt.table != NULL) {
        memory_free(a->interrupt.table);
    }
    memset(&a->interrupt, 0, sizeof a->interrupt);
    object_release(o);
}

struct synchronize_call {
    MINIPORT_SYNCHRONIZE_INTERRUPT_HANDLER function;
    void *context;
    BOOLEAN result;
};

static void call_synchronized(void *argument)
{
    struct synchronize_call *c = argument;
    c->result = c->function(c->context);
}

BOOLEAN NTAPI NdisMSynchronizeWithInterruptEx(NDIS_HANDLE NdisInterruptHandle, ULONG MessageId,
                                              MINIPORT_SYNCHRONIZE_INTERRUPT_HANDLER SynchronizeFunction,
                                              PVOID SynchronizeContext)
{
    struct object *o = object_of(NdisInterruptHandle, OBJECT_INTERRUPT);
    struct synchronize_call c = {.function = SynchronizeFunction, .context = SynchronizeContext};
    if (cpu_irql >= IRQL_DEVICE) {
        rule_broken("lock.deadlock", "the interrupt lock is held already");
    }
    if (MessageId >= (o->size != 0 ? o->size : 1)) {
        rule_broken("ndis.interrupt", "message %u of %u", (unsigned)MessageId, (unsigned)o->size);
    }
    nd_call(o->adapter, "MiniportSynchronizeInterrupt", IRQL_DEVICE, call_synchronized, &c);
    return c.result;
}

ULONG NTAPI NdisMQueueDpc(NDIS_HANDLE NdisInterruptHandle, ULONG MessageId, ULONG TargetProcessors,
                          PVOID MiniportDpcContext)
{
    struct object *o = object_of(NdisInterruptHandle, OBJECT_INTERRUPT);
    bool was_queued;
    if (MessageId >= (o->size != 0 ? o->size : 1) || TargetProcessors == 0) {
        rule_broken("ndis.interrupt", "a DPC of message %u of %u for processors %#x", (unsigned)MessageId,
                    (unsigned)o->size, (unsigned)TargetProcessors);
    }
    was_queued = o->adapter->interrupt.dpc[MessageId].is_queued;
    queue_dpc(o->adapter, MessageId, MiniportDpcContext);
    return was_queued ? 0 : 1;
}

KAFFINITY NTAPI NdisMQueueDpcEx(NDIS_HANDLE NdisInterruptHandle, ULONG MessageId, PGROUP_AFFINITY TargetProcessors,
                                PVOID MiniportDpcContext)
{
    return NdisMQueueDpc(NdisInterruptHandle, MessageId, (ULONG)TargetProcessors->Mask, MiniportDpcContext);
}

/* ---- The enable and disable handlers ---- */

struct mask_call {
    struct interrupt *interrupt;
    ULONG message;
    bool enable;
};

static void call_mask(void *argument)
{
    struct mask_call *c = argument;
    NDIS_MINIPORT_INTERRUPT_CHARACTERISTICS *h = &c->interrupt->handlers;
    if (c->interrupt->messages == 0) {
        (c->enable ? h->EnableInterruptHandler : h->DisableInterruptHandler)(c->interrupt->context);
    } else {
        (c->enable ? h->EnableMessageInterruptHandler : h->DisableMessageInterruptHandler)(c->interrupt->context,
                                                                                          c->message);
    }
}

void nd_mask_interrupts(struct nd_adapter *a)
{
    struct mask_call c = {.interrupt = &a->interrupt};
    for (int enable = 0; enable < 2 && a->interrupt.object != NULL; enable++) {
        c.enable = enable != 0;
        for (c.message = 0; c.message == 0 || c.message < a->interrupt.messages; c.message++) {
            nd_call(a, c.enable ? "MiniportEnableInterruptEx" : "MiniportDisableInterruptEx", IRQL_DEVICE, call_mask, &c);
        }
    }
}
