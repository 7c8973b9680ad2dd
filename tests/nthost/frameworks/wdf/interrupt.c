/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Interrupt objects: granted in the order of creation, connected in D0, their DPCs, their locks. KMDF_d "Handling
 * Interrupts". */
#include <ntddk.h>

#include <wdf.h>

#include "device.h"

#include <string.h>

#include "cpu/cpu.h"
#include "verify/dma.h"
#include "verify/verify.h"

enum { STORM_LIMIT = 10000 }; /* a line that stays high after this many calls has no owner */

void wdf_interrupts_assign(struct wdf_device *device)
{
    for (unsigned i = 0; i < device->interrupt_count; i++) {
        struct wdf_interrupt *interrupt = device->interrupt[i];
        interrupt->is_message = device->messages != 0;
        interrupt->is_granted = i < (device->messages != 0 ? device->messages : 1);
        interrupt->message = interrupt->is_message ? i : 0;
    }
}

struct enable_call {
    struct wdf_interrupt *interrupt;
    PFN_WDF_INTERRUPT_ENABLE callback;
    NTSTATUS status;
};

static void call_enable(void *argument)
{
    struct enable_call *c = argument;
    c->status = c->callback(c->interrupt->object.handle, c->interrupt->device->object.handle);
}

/* At DIRQL with the interrupt's lock. */
static NTSTATUS tell(struct wdf_interrupt *interrupt, const char *name, PFN_WDF_INTERRUPT_ENABLE callback)
{
    struct enable_call c = {interrupt, callback, STATUS_SUCCESS};
    if (callback != NULL) {
        interrupt->lock->is_held = true;
        cpu_call_driver(name, IRQL_DEVICE, call_enable, &c);
        interrupt->lock->is_held = false;
    }
    return c.status;
}

NTSTATUS wdf_interrupts_connect(struct wdf_device *device)
{
    for (unsigned i = 0; i < device->interrupt_count; i++) {
        struct wdf_interrupt *interrupt = device->interrupt[i];
        if (interrupt->is_granted) {
            NTSTATUS status;
            interrupt->is_connected = true;
            status = tell(interrupt, "EvtInterruptEnable", interrupt->config.EvtInterruptEnable);
            if (status < 0) {
                return status;
            }
        }
    }
    return STATUS_SUCCESS;
}

void wdf_interrupts_disconnect(struct wdf_device *device)
{
    for (unsigned i = 0; i < device->interrupt_count; i++) {
        struct wdf_interrupt *interrupt = device->interrupt[i];
        if (interrupt->is_connected) {
            tell(interrupt, "EvtInterruptDisable", interrupt->config.EvtInterruptDisable);
            interrupt->is_connected = false;
        }
    }
    wdf_interrupts_run_dpcs(device); /* queued ones are flushed before D0Exit */
}

struct isr_call {
    struct wdf_interrupt *interrupt;
    BOOLEAN claimed;
};

static void call_isr(void *argument)
{
    struct isr_call *c = argument;
    c->claimed = c->interrupt->config.EvtInterruptIsr(c->interrupt->object.handle, c->interrupt->message);
}

static bool run_isr(struct wdf_interrupt *interrupt)
{
    struct isr_call c = {.interrupt = interrupt};
    interrupt->lock->is_held = true;
    cpu_call_driver("EvtInterruptIsr", IRQL_DEVICE, call_isr, &c);
    if (!interrupt->lock->is_held) {
        rule_broken("wdf.lock", "EvtInterruptIsr gave its lock away");
    }
    interrupt->lock->is_held = false;
    dma_audit(interrupt->device->function);
    interrupt->device->interrupts += c.claimed;
    return c.claimed;
}

static void deliver_line(struct wdf_device *device, struct wdf_interrupt *interrupt)
{
    unsigned line = wdf.bus->function[device->function].line, calls = 0;
    while (interrupt->is_connected && wdf.bus->ops->line_level(wdf.bus, line) && !wdf.bus->dead) {
        if (!run_isr(interrupt)) {
            return; /* another device on the same line */
        }
        if (++calls == STORM_LIMIT) {
            rule_broken("wdf.storm", "the interrupt line stays high: EvtInterruptIsr claims it and does not quiet it");
        }
    }
}

void wdf_interrupts_deliver(struct wdf_device *device)
{
    for (unsigned i = 0; i < device->interrupt_count; i++) {
        struct wdf_interrupt *interrupt = device->interrupt[i];
        if (!interrupt->is_connected || interrupt->lock->is_held) {
            continue;
        }
        if (!interrupt->is_message) {
            deliver_line(device, interrupt);
        } else if (wdf.bus->ops->msix_take(wdf.bus, device->function, interrupt->message)) {
            run_isr(interrupt);
        }
    }
}

static void call_dpc(void *argument)
{
    struct wdf_interrupt *interrupt = argument;
    interrupt->config.EvtInterruptDpc(interrupt->object.handle, interrupt->device->object.handle);
}

void wdf_interrupts_run_dpcs(struct wdf_device *device)
{
    for (unsigned i = 0; i < device->interrupt_count; i++) {
        struct wdf_interrupt *interrupt = device->interrupt[i];
        struct wdf_object *with = interrupt->config.AutomaticSerialization ? wdf_serializer(&device->object) : NULL;
        if (interrupt->dpc_queued && (with == NULL || with->callback_lock == 0)) {
            interrupt->dpc_queued = false;
            wdf_call(with, "EvtInterruptDpc", IRQL_DISPATCH, call_dpc, interrupt);
            dma_audit(device->function);
        }
    }
}

/* At an import of a running driver: a pending interrupt may come in between, if IRQL and locks allow it. */
void wdf_interrupt_window(void)
{
    static bool nested;
    wdf.random = wdf.random * 1664525u + 1013904223u;
    if (nested || cpu_irql >= IRQL_DEVICE || (wdf.random >> 16) % 100 >= wdf.options.preempt_percent) {
        return;
    }
    nested = true;
    wdf.bus->ops->poll(wdf.bus, 0);
    for (unsigned i = 0; i < wdf.device_count; i++) {
        if (wdf.device[i] != NULL) {
            wdf_interrupts_deliver(wdf.device[i]);
            if (cpu_irql < IRQL_DISPATCH) {
                wdf_interrupts_run_dpcs(wdf.device[i]);
            }
        }
    }
    nested = false;
}

/* ---- What drivers call ---- */

static NTSTATUS NTAPI create(PWDF_DRIVER_GLOBALS globals, WDFDEVICE device_handle, PWDF_INTERRUPT_CONFIG config,
                             PWDF_OBJECT_ATTRIBUTES attributes, WDFINTERRUPT *handle)
{
    NTSTATUS status;
    struct wdf_device *device = wdf_object_of(device_handle, WDF_DEVICE);
    struct wdf_interrupt *interrupt;
    (void)globals;
    if (config->Size != sizeof *config || config->EvtInterruptIsr == NULL) {
        rule_broken("wdf.size", "WDF_INTERRUPT_CONFIG of %u bytes, or without EvtInterruptIsr", (unsigned)config->Size);
    }
    if (!device->is_in_add) {
        return STATUS_INVALID_DEVICE_STATE;
    }
    if (device->interrupt_count == WDF_MAX_INTERRUPTS) {
        host_fatal("more than %d interrupt objects", WDF_MAX_INTERRUPTS);
    }
    interrupt = (struct wdf_interrupt *)wdf_object_create(WDF_INTERRUPT, sizeof *interrupt, attributes, &device->object,
                                                          NULL, &status);
    if (interrupt == NULL) {
        return status;
    }
    interrupt->object.is_frameworks = true;
    interrupt->device = device;
    interrupt->config = *config;
    interrupt->lock = config->SpinLock != NULL ? wdf_object_of(config->SpinLock, WDF_SPINLOCK) : &interrupt->own_lock;
    interrupt->lock->is_for_interrupts = true;
    device->interrupt[device->interrupt_count++] = interrupt;
    *handle = interrupt->object.handle;
    return status;
}

static BOOLEAN NTAPI queue_dpc(PWDF_DRIVER_GLOBALS globals, WDFINTERRUPT handle)
{
    struct wdf_interrupt *interrupt = wdf_object_of(handle, WDF_INTERRUPT);
    BOOLEAN was_queued = interrupt->dpc_queued;
    (void)globals;
    if (interrupt->config.EvtInterruptDpc == NULL) {
        rule_broken("wdf.dpc", "WdfInterruptQueueDpcForIsr of an interrupt without EvtInterruptDpc");
    }
    interrupt->dpc_queued = true;
    return !was_queued;
}

static VOID NTAPI acquire_lock(PWDF_DRIVER_GLOBALS globals, WDFINTERRUPT handle)
{
    (void)globals;
    wdf_lock_take(((struct wdf_interrupt *)wdf_object_of(handle, WDF_INTERRUPT))->lock, IRQL_DEVICE);
}

static VOID NTAPI release_lock(PWDF_DRIVER_GLOBALS globals, WDFINTERRUPT handle)
{
    (void)globals;
    wdf_lock_give(((struct wdf_interrupt *)wdf_object_of(handle, WDF_INTERRUPT))->lock);
}

struct synchronize_call {
    PFN_WDF_INTERRUPT_SYNCHRONIZE callback;
    WDFINTERRUPT handle;
    WDFCONTEXT context;
    BOOLEAN result;
};

static void call_synchronize(void *argument)
{
    struct synchronize_call *c = argument;
    c->result = c->callback(c->handle, c->context);
}

static BOOLEAN NTAPI synchronize(PWDF_DRIVER_GLOBALS globals, WDFINTERRUPT handle,
                                 PFN_WDF_INTERRUPT_SYNCHRONIZE callback, WDFCONTEXT context)
{
    struct wdf_interrupt *interrupt = wdf_object_of(handle, WDF_INTERRUPT);
    struct synchronize_call c = {callback, handle, context, FALSE};
    (void)globals;
    wdf_lock_take(interrupt->lock, cpu_irql);
    cpu_call_driver("EvtInterruptSynchronize", IRQL_DEVICE, call_synchronize, &c);
    wdf_lock_give(interrupt->lock);
    return c.result;
}

static VOID NTAPI get_info(PWDF_DRIVER_GLOBALS globals, WDFINTERRUPT handle, PWDF_INTERRUPT_INFO info)
{
    struct wdf_interrupt *interrupt = wdf_object_of(handle, WDF_INTERRUPT);
    (void)globals;
    if (info->Size != sizeof *info) {
        rule_broken("wdf.size", "WDF_INTERRUPT_INFO of %u bytes", (unsigned)info->Size);
    }
    memset(info, 0, sizeof *info);
    info->Size = sizeof *info;
    if (interrupt->is_granted) {
        info->Vector = 0x60 + interrupt->message;
        info->Irql = IRQL_DEVICE;
        info->TargetProcessorSet = 1;
        info->MessageSignaled = interrupt->is_message;
        info->MessageNumber = interrupt->message;
        info->Mode = interrupt->is_message ? Latched : LevelSensitive;
        info->ShareDisposition = interrupt->is_message ? CmResourceShareDeviceExclusive : CmResourceShareShared;
    }
}

static WDFDEVICE NTAPI get_device(PWDF_DRIVER_GLOBALS globals, WDFINTERRUPT handle)
{
    (void)globals;
    return ((struct wdf_interrupt *)wdf_object_of(handle, WDF_INTERRUPT))->device->object.handle;
}

static const struct wdf_function functions[] = {
    WDF_FUNCTION(WdfInterruptCreate, WDFINTERRUPTCREATE, create),
    WDF_FUNCTION(WdfInterruptQueueDpcForIsr, WDFINTERRUPTQUEUEDPCFORISR, queue_dpc),
    WDF_FUNCTION(WdfInterruptAcquireLock, WDFINTERRUPTACQUIRELOCK, acquire_lock),
    WDF_FUNCTION(WdfInterruptReleaseLock, WDFINTERRUPTRELEASELOCK, release_lock),
    WDF_FUNCTION(WdfInterruptSynchronize, WDFINTERRUPTSYNCHRONIZE, synchronize),
    WDF_FUNCTION(WdfInterruptGetInfo, WDFINTERRUPTGETINFO, get_info),
    WDF_FUNCTION(WdfInterruptGetDevice, WDFINTERRUPTGETDEVICE, get_device),
};

void wdf_functions_interrupt(void)
{
    wdf_functions_add(functions, sizeof functions / sizeof functions[0]);
}
