/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Life of an adapter: initialise, restart, pause, reset, sleep, halt, surprise removal, shutdown. */
#include "adapter.h"

#include <string.h>

#include "cpu/cpu.h"
#include "service.h"
#include "verify/dma.h"
#include "verify/verify.h"

enum { HANG_CHECK_US = 2000000 };

static void expect_state(const struct nd_adapter *a, enum state state, const char *what)
{
    if (a->state != state) {
        host_fatal("internal: %s in state %d", what, a->state);
    }
}

/* ---- Initialise ---- */

struct initialize_call {
    struct nd_adapter *adapter;
    NDIS_MINIPORT_INIT_PARAMETERS parameters;
    NDIS_STATUS status;
};

static void call_initialize(void *argument)
{
    struct initialize_call *c = argument;
    c->status = nd.driver.InitializeHandlerEx(nd_handle(c->adapter), nd.driver_context, &c->parameters);
}

/* Forgets what the last life left; counters, filters' wishes and the receiver stay. */
static void clear(struct nd_adapter *a)
{
    a->has_registration = a->has_general = a->has_offload = false;
    a->context = NULL;
    a->is_asleep = a->is_dead = a->is_resetting = a->encapsulation_set = false;
    memset(&a->offload, 0, sizeof a->offload);
    memset(&a->offload_hardware, 0, sizeof a->offload_hardware);
    memset(&a->link, 0, sizeof a->link);
}

int32_t nd_initialize_again(struct nd_adapter *a)
{
    struct initialize_call c = {.adapter = a};
    expect_state(a, STATE_HALTED, "MiniportInitializeEx");
    clear(a);
    resources_assign(a);
    dma_watch(nd.bus, a->function);
    c.parameters.Header.Type = NDIS_OBJECT_TYPE_MINIPORT_INIT_PARAMETERS;
    c.parameters.Header.Revision = NDIS_MINIPORT_INIT_PARAMETERS_REVISION_1;
    c.parameters.Header.Size = NDIS_SIZEOF_MINIPORT_INIT_PARAMETER_REVISION_1;
    c.parameters.AllocatedResources = a->resources;
    c.parameters.IfIndex = a->function + 1;
    a->state = STATE_INITIALIZING;
    nd_call(a, "MiniportInitializeEx", IRQL_PASSIVE, call_initialize, &c);
    if (c.status != NDIS_STATUS_SUCCESS) {
        a->state = STATE_HALTED;
        service_check_timers(a, "after MiniportInitializeEx failed");
        object_check_none(a, "after MiniportInitializeEx failed");
        dma_expect_quiet(nd.bus, a->function);
        resources_release(a);
        return c.status;
    }
    if (!a->has_general || a->interrupt.object == NULL) {
        rule_broken("ndis.initialize", "MiniportInitializeEx succeeded without general attributes or an interrupt");
    }
    a->state = STATE_PAUSED;
    a->hang_check_us = nd_now_us() + HANG_CHECK_US;
    return NDIS_STATUS_SUCCESS;
}

int32_t nd_initialize(unsigned function, struct nd_adapter **adapter)
{
    struct nd_adapter *a = &nd.adapter[nd.adapter_count];
    if (nd.adapter_count == ND_MAX_ADAPTERS || !nd.is_registered) {
        host_fatal("internal: nd_initialize before DriverEntry, or more than %d adapters", ND_MAX_ADAPTERS);
    }
    nd.adapter_count++;
    a->function = function;
    send_create(a);
    *adapter = a;
    return nd_initialize_again(a);
}

/* ---- Restart and pause ---- */

struct state_call {
    struct nd_adapter *adapter;
    NDIS_MINIPORT_PAUSE_PARAMETERS pause;
    NDIS_MINIPORT_RESTART_PARAMETERS restart;
    NDIS_HALT_ACTION halt;
    NDIS_SHUTDOWN_ACTION shutdown;
    BOOLEAN addressing_reset, is_hung;
    NDIS_STATUS status;
};

static void call_restart(void *argument)
{
    struct state_call *c = argument;
    c->status = nd.driver.RestartHandler(c->adapter->context, &c->restart);
}

bool nd_restart(struct nd_adapter *a)
{
    struct state_call c = {.adapter = a};
    NDIS_STATUS status;
    expect_state(a, STATE_PAUSED, "MiniportRestart");
    c.restart.Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    c.restart.Header.Revision = NDIS_MINIPORT_RESTART_PARAMETERS_REVISION_1;
    c.restart.Header.Size = NDIS_SIZEOF_MINIPORT_RESTART_PARAMETERS_REVISION_1;
    a->state = STATE_RESTARTING;
    pending_begin(&a->restart);
    nd_call(a, "MiniportRestart", IRQL_PASSIVE, call_restart, &c);
    status = pending_wait(&a->restart, c.status, "MiniportRestart");
    a->state = status == NDIS_STATUS_SUCCESS ? STATE_RUNNING : STATE_PAUSED;
    return status == NDIS_STATUS_SUCCESS && (a->encapsulation_set || oid_bind(a));
}

VOID NTAPI NdisMRestartComplete(NDIS_HANDLE MiniportAdapterHandle, NDIS_STATUS Status)
{
    struct nd_adapter *a = nd_adapter_of(MiniportAdapterHandle);
    pending_done(&a->restart, Status, "MiniportRestart");
}

static void call_pause(void *argument)
{
    struct state_call *c = argument;
    c->status = nd.driver.PauseHandler(c->adapter->context, &c->pause);
}

static void pause_for(struct nd_adapter *a, ULONG reason)
{
    struct state_call c = {.adapter = a};
    NDIS_STATUS status;
    expect_state(a, STATE_RUNNING, "MiniportPause");
    nd_send_flush(a);
    c.pause.Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    c.pause.Header.Revision = NDIS_MINIPORT_PAUSE_PARAMETERS_REVISION_1;
    c.pause.Header.Size = NDIS_SIZEOF_MINIPORT_PAUSE_PARAMETERS_REVISION_1;
    c.pause.PauseReason = reason;
    a->state = STATE_PAUSING;
    pending_begin(&a->pause);
    a->is_in_pause = true;
    nd_call(a, "MiniportPause", IRQL_PASSIVE, call_pause, &c);
    a->is_in_pause = false;
    status = pending_wait(&a->pause, c.status, "MiniportPause");
    if (status != NDIS_STATUS_SUCCESS) {
        rule_broken("ndis.pause", "MiniportPause returned %s; it cannot fail", nd_status_text(status));
    }
    if (a->receives_held != 0) {
        rule_broken("ndis.pause", "the pause is complete with %u received lists not yet returned", a->receives_held);
    }
    send_check_idle(a, "when the pause is complete");
    a->state = STATE_PAUSED;
}

void nd_pause(struct nd_adapter *a)
{
    pause_for(a, NDIS_PAUSE_NDIS_INTERNAL);
}

VOID NTAPI NdisMPauseComplete(NDIS_HANDLE MiniportAdapterHandle)
{
    struct nd_adapter *a = nd_adapter_of(MiniportAdapterHandle);
    pending_done(&a->pause, NDIS_STATUS_SUCCESS, "MiniportPause");
}

/* ---- Reset ---- */

static void call_reset(void *argument)
{
    struct state_call *c = argument;
    c->status = nd.driver.ResetHandlerEx(c->adapter->context, &c->addressing_reset);
}

bool nd_reset(struct nd_adapter *a)
{
    struct state_call c = {.adapter = a};
    NDIS_STATUS status;
    if (a->is_resetting || (a->state != STATE_RUNNING && a->state != STATE_PAUSED)) {
        host_fatal("internal: MiniportResetEx in state %d", a->state);
    }
    a->is_resetting = true;
    a->reset_addressing = false;
    pending_begin(&a->reset);
    nd_call(a, "MiniportResetEx", nd_random(2) == 0 ? IRQL_PASSIVE : IRQL_DISPATCH, call_reset, &c);
    status = pending_wait(&a->reset, c.status, "MiniportResetEx");
    a->is_resetting = false;
    a->counters.resets++;
    trace("reset: %s", nd_status_text(status));
    if (status == NDIS_STATUS_SUCCESS && (c.addressing_reset || a->reset_addressing)) {
        return oid_restore_addressing(a);
    }
    return status == NDIS_STATUS_SUCCESS;
}

VOID NTAPI NdisMResetComplete(NDIS_HANDLE MiniportAdapterHandle, NDIS_STATUS Status, BOOLEAN AddressingReset)
{
    struct nd_adapter *a = nd_adapter_of(MiniportAdapterHandle);
    a->reset_addressing = AddressingReset;
    pending_done(&a->reset, Status, "MiniportResetEx");
}

static void call_check_for_hang(void *argument)
{
    struct state_call *c = argument;
    c->is_hung = nd.driver.CheckForHangHandlerEx(c->adapter->context);
}

/* The miniport's period, rounded to two seconds. */
static void check_for_hang(struct nd_adapter *a)
{
    struct state_call c = {.adapter = a};
    UINT seconds = (a->registration.CheckForHangTimeInSeconds + 1) / 2 * 2;
    if ((a->state != STATE_RUNNING && a->state != STATE_PAUSED) || a->is_asleep || a->is_resetting || a->is_gone ||
        a->request.is_open || nd_now_us() < a->hang_check_us) {
        return;
    }
    a->hang_check_us = nd_now_us() + (seconds != 0 ? seconds * 1000000ull : HANG_CHECK_US);
    nd_call(a, "MiniportCheckForHangEx", nd_random(2) == 0 ? IRQL_PASSIVE : IRQL_DISPATCH, call_check_for_hang, &c);
    if (c.is_hung) {
        a->counters.hangs++;
        nd_reset(a);
    }
}

/* ---- Halt ---- */

static void call_halt(void *argument)
{
    struct state_call *c = argument;
    nd.driver.HaltHandlerEx(c->adapter->context, c->halt);
}

void nd_halt(struct nd_adapter *a, enum nd_halt why)
{
    struct state_call c = {.adapter = a, .halt = (NDIS_HALT_ACTION)why};
    expect_state(a, STATE_PAUSED, "MiniportHaltEx");
    nd_call(a, "MiniportHaltEx", IRQL_PASSIVE, call_halt, &c);
    a->state = STATE_HALTED;
    service_check_timers(a, "after MiniportHaltEx");
    object_check_none(a, "after MiniportHaltEx");
    if (!a->is_gone) {
        dma_expect_quiet(nd.bus, a->function);
    }
    dma_unwatch(a->function);
    resources_release(a);
}

struct event_call {
    struct nd_adapter *adapter;
    NET_DEVICE_PNP_EVENT event;
};

static void call_event(void *argument)
{
    struct event_call *c = argument;
    nd.driver.DevicePnPEventNotifyHandler(c->adapter->context, &c->event);
}

void nd_surprise_remove(struct nd_adapter *a)
{
    struct event_call c = {.adapter = a};
    dma_pull_out(nd.bus, a->function);
    a->is_gone = true;
    c.event.Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    c.event.Header.Revision = NET_DEVICE_PNP_EVENT_REVISION_1;
    c.event.Header.Size = NDIS_SIZEOF_NET_DEVICE_PNP_EVENT_REVISION_1;
    c.event.DevicePnPEvent = NdisDevicePnPEventSurpriseRemoved;
    nd_call(a, "MiniportDevicePnPEventNotify", IRQL_PASSIVE, call_event, &c);
    if (a->state == STATE_RUNNING) {
        pause_for(a, NDIS_PAUSE_MINIPORT_DEVICE_REMOVE);
    }
    nd_halt(a, ND_HALT_REMOVED);
}

void nd_plug_in(struct nd_adapter *a)
{
    expect_state(a, STATE_HALTED, "plugging in");
    a->is_gone = false;
}

bool nd_is_gone(uint64_t address)
{
    for (unsigned i = 0; i < nd.adapter_count; i++) {
        const struct bus_function *f = &nd.bus->function[nd.adapter[i].function];
        for (int bar = 0; nd.adapter[i].is_gone && bar < 6; bar++) {
            if (f->bar[bar].length != 0 && address >= f->bar[bar].address && address - f->bar[bar].address < f->bar[bar].length) {
                return true;
            }
        }
    }
    return false;
}

/* ---- Power ---- */

static bool set_power(struct nd_adapter *a, NDIS_DEVICE_POWER_STATE state)
{
    NDIS_STATUS status = oid_send(a, NdisRequestSetInformation, OID_PNP_SET_POWER, &state, sizeof state, NULL, NULL);
    if (status != NDIS_STATUS_SUCCESS) {
        rule_broken("ndis.power", "OID_PNP_SET_POWER to D%d: %s; it must succeed", state - NdisDeviceStateD0,
                    nd_status_text(status));
    }
    return true;
}

bool nd_sleep(struct nd_adapter *a)
{
    pause_for(a, NDIS_PAUSE_LOW_POWER);
    set_power(a, NdisDeviceStateD3);
    a->is_asleep = true;
    dma_expect_quiet(nd.bus, a->function);
    return true;
}

bool nd_wake(struct nd_adapter *a)
{
    a->is_asleep = false;
    return set_power(a, NdisDeviceStateD0) && nd_restart(a);
}

static void call_shutdown(void *argument)
{
    struct state_call *c = argument;
    nd.driver.ShutdownHandlerEx(c->adapter->context, c->shutdown);
}

void nd_shutdown(struct nd_adapter *a, bool bug_check)
{
    struct state_call c = {.adapter = a, .shutdown = bug_check ? NdisShutdownBugCheck : NdisShutdownPowerOff};
    nd_call(a, "MiniportShutdownEx", bug_check ? IRQL_HIGH : IRQL_PASSIVE, call_shutdown, &c);
    dma_expect_quiet(nd.bus, a->function);
}

void nd_remove(struct nd_adapter *a)
{
    if (a->state == STATE_RUNNING) {
        nd_pause(a);
    }
    if (a->state == STATE_PAUSED) {
        nd_halt(a, ND_HALT_DISABLED);
    }
    send_destroy(a);
}

bool nd_is_running(const struct nd_adapter *a)
{
    return a->state == STATE_RUNNING;
}

NDIS_STATUS NTAPI NdisMRemoveMiniport(NDIS_HANDLE MiniportHandle)
{
    nd_adapter_of(MiniportHandle)->is_dead = true;
    return NDIS_STATUS_SUCCESS;
}

/* ---- The pump ---- */

bool nd_is_busy(void)
{
    for (unsigned i = 0; i < nd.adapter_count; i++) {
        const struct nd_adapter *a = &nd.adapter[i];
        if (interrupt_is_due(a) || receive_is_due(a)) {
            return true;
        }
    }
    return sg_is_deferred() || service_is_due();
}

void nd_pump(unsigned timeout_us)
{
    nd.bus->ops->poll(nd.bus, nd_is_busy() ? 0 : timeout_us);
    for (unsigned i = 0; i < nd.adapter_count; i++) {
        struct nd_adapter *a = &nd.adapter[i];
        nd_deliver_interrupts(a);
        nd_run_dpcs(a);
        receive_return(a, a->state == STATE_PAUSING);
    }
    sg_run_deferred();
    service_run_timers();
    if (cpu_irql == IRQL_PASSIVE) {
        service_run_work_items();
    }
    for (unsigned i = 0; i < nd.adapter_count && !cpu_in_driver(); i++) {
        check_for_hang(&nd.adapter[i]);
    }
}
