/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Life of a device: EvtDriverDeviceAdd, start, D0, D3, stop, surprise removal, removal, in the order of callbacks of
 * KMDF_d "PnP and Power Management Scenarios". The IRPs that PnP and power managers send are played by direct calls.
 */
#include <ntddk.h>

#include <wdf.h>

#include "device.h"

#include <string.h>

#include "cpu/cpu.h"
#include "mem/memory.h"
#include "nt/irp.h"
#include "verify/dma.h"
#include "verify/verify.h"

/* ---- Callbacks ---- */

struct device_call {
    struct wdf_device *device;
    WDF_POWER_DEVICE_STATE state;
    NTSTATUS status;
};

/* A callback that returns a status; NULL ones succeed. */
#define CALLBACK(name, expression)                                                                                     \
    static void call_##name(void *argument)                                                                            \
    {                                                                                                                  \
        struct device_call *c = argument;                                                                              \
        const WDF_PNPPOWER_EVENT_CALLBACKS *callbacks = &c->device->callbacks;                                         \
        WDFDEVICE handle = c->device->object.handle;                                                                   \
        expression;                                                                                                    \
    }                                                                                                                  \
    static NTSTATUS name(struct wdf_device *device, WDF_POWER_DEVICE_STATE state)                                      \
    {                                                                                                                  \
        struct device_call c = {device, state, STATUS_SUCCESS};                                                        \
        if (device->callbacks.Evt##name != NULL) {                                                                     \
            cpu_call_driver("Evt" #name, IRQL_PASSIVE, call_##name, &c);                                               \
            dma_audit(device->function);                                                                               \
        }                                                                                                              \
        if (c.status == STATUS_PENDING) {                                                                              \
            rule_broken("wdf.status", "Evt" #name " returned STATUS_PENDING");                                         \
        }                                                                                                              \
        return c.status;                                                                                               \
    }

CALLBACK(DevicePrepareHardware, c->status = callbacks->EvtDevicePrepareHardware(handle, c->device->raw->object.handle,
                                                                                c->device->translated->object.handle))
CALLBACK(DeviceReleaseHardware,
         c->status = callbacks->EvtDeviceReleaseHardware(handle, c->device->translated->object.handle))
CALLBACK(DeviceD0Entry, c->status = callbacks->EvtDeviceD0Entry(handle, c->state))
CALLBACK(DeviceD0EntryPostInterruptsEnabled,
         c->status = callbacks->EvtDeviceD0EntryPostInterruptsEnabled(handle, c->state))
CALLBACK(DeviceD0Exit, c->status = callbacks->EvtDeviceD0Exit(handle, c->state))
CALLBACK(DeviceD0ExitPreInterruptsDisabled,
         c->status = callbacks->EvtDeviceD0ExitPreInterruptsDisabled(handle, c->state))
CALLBACK(DeviceSelfManagedIoInit, c->status = callbacks->EvtDeviceSelfManagedIoInit(handle))
CALLBACK(DeviceSelfManagedIoRestart, c->status = callbacks->EvtDeviceSelfManagedIoRestart(handle))
CALLBACK(DeviceSelfManagedIoSuspend, c->status = callbacks->EvtDeviceSelfManagedIoSuspend(handle))
CALLBACK(DeviceSelfManagedIoFlush, callbacks->EvtDeviceSelfManagedIoFlush(handle))
CALLBACK(DeviceSelfManagedIoCleanup, callbacks->EvtDeviceSelfManagedIoCleanup(handle))
CALLBACK(DeviceSurpriseRemoval, callbacks->EvtDeviceSurpriseRemoval(handle))
CALLBACK(DeviceQueryRemove, c->status = callbacks->EvtDeviceQueryRemove(handle))
CALLBACK(DeviceQueryStop, c->status = callbacks->EvtDeviceQueryStop(handle))

/* ---- Power ---- */

static void power_down(struct wdf_device *device, WDF_POWER_DEVICE_STATE target, bool is_removal)
{
    if (device->power != POWER_D0) {
        return;
    }
    DeviceSelfManagedIoSuspend(device, target);
    wdf_queues_stop(device, is_removal);
    device->power = POWER_CHANGING;
    DeviceD0ExitPreInterruptsDisabled(device, target);
    wdf_interrupts_disconnect(device);
    DeviceD0Exit(device, target);
    device->power = POWER_OFF;
    if (!device->is_surprise_removed) {
        dma_expect_quiet(wdf.bus, device->function);
    }
}

static NTSTATUS power_up(struct wdf_device *device, WDF_POWER_DEVICE_STATE previous)
{
    NTSTATUS status;
    device->power = POWER_CHANGING;
    status = DeviceD0Entry(device, previous);
    if (status < 0) {
        device->power = POWER_OFF; /* KMDF calls no D0Exit after a failed D0Entry */
        return status;
    }
    status = wdf_interrupts_connect(device);
    if (status >= 0) {
        status = DeviceD0EntryPostInterruptsEnabled(device, previous);
    }
    device->power = POWER_D0;
    if (status >= 0) {
        wdf_queues_start(device);
        status = device->self_managed_started ? DeviceSelfManagedIoRestart(device, previous)
                                              : DeviceSelfManagedIoInit(device, previous);
        device->self_managed_started = true;
    }
    if (status < 0) {
        power_down(device, WdfPowerDeviceD3Final, false);
    }
    return status;
}

static void release_hardware(struct wdf_device *device)
{
    if (device->is_prepared) {
        device->is_prepared = false;
        DeviceReleaseHardware(device, WdfPowerDeviceD3Final);
        wdf_resources_drop(device);
    }
}

static NTSTATUS start(struct wdf_device *device)
{
    NTSTATUS status;
    wdf_resources_make(device);
    wdf_interrupts_assign(device);
    device->is_prepared = true;
    dma_watch(wdf.bus, device->function);
    status = DevicePrepareHardware(device, WdfPowerDeviceD3Final);
    if (status >= 0) {
        status = power_up(device, WdfPowerDeviceD3Final);
    }
    if (status >= 0 && device->is_failed) {
        status = STATUS_UNSUCCESSFUL;
    }
    if (status < 0) {
        power_down(device, WdfPowerDeviceD3Final, true);
        release_hardware(device); /* called after a failed PrepareHardware too */
    }
    return status;
}

int32_t wdf_start_again(struct wdf_device *device)
{
    return start(device);
}

int32_t wdf_stop(struct wdf_device *device)
{
    NTSTATUS status = DeviceQueryStop(device, WdfPowerDeviceD0);
    if (status >= 0) {
        power_down(device, WdfPowerDeviceD3Final, false);
        release_hardware(device);
    }
    return status;
}

int32_t wdf_sleep(struct wdf_device *device)
{
    power_down(device, WdfPowerDeviceD3, false);
    return device->is_failed ? STATUS_UNSUCCESSFUL : STATUS_SUCCESS;
}

int32_t wdf_wake(struct wdf_device *device)
{
    return power_up(device, WdfPowerDeviceD3);
}

void wdf_surprise_removal(struct wdf_device *device)
{
    device->is_surprise_removed = true;
    dma_pull_out(wdf.bus, device->function);
    DeviceSurpriseRemoval(device, WdfPowerDeviceD0);
    power_down(device, WdfPowerDeviceD3Final, true);
    release_hardware(device);
    wdf_queues_purge(device);
}

static NTSTATUS NTAPI bus_dispatch(PDEVICE_OBJECT device_object, PIRP irp)
{
    NTSTATUS status = irp->IoStatus.Status;
    (void)device_object;
    irp_complete(irp);
    return status;
}

static DRIVER_OBJECT *bus_driver(void)
{
    static DRIVER_OBJECT driver;
    for (unsigned i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++) {
        driver.MajorFunction[i] = bus_dispatch;
    }
    return &driver;
}

void wdf_remove(struct wdf_device *device)
{
    unsigned slot = 0;
    DEVICE_OBJECT *fdo = device->fdo, *pdo = device->pdo;
    if (!device->is_surprise_removed) {
        DeviceQueryRemove(device, WdfPowerDeviceD0);
    }
    power_down(device, WdfPowerDeviceD3Final, true);
    release_hardware(device);
    wdf_queues_purge(device);
    if (device->self_managed_started) {
        DeviceSelfManagedIoFlush(device, WdfPowerDeviceD3Final);
        DeviceSelfManagedIoCleanup(device, WdfPowerDeviceD3Final);
    }
    if (device->requests != 0) {
        rule_broken("wdf.lost", "the device is removed with %u requests that the driver never completed",
                    device->requests);
    }
    dma_unwatch(device->function);
    while (wdf.device[slot] != device) {
        slot++;
    }
    wdf.device[slot] = NULL;
    wdf_object_delete(&device->object);
    memory_free(fdo);
    memory_free(pdo);
}

/* ---- EvtDriverDeviceAdd ---- */

struct add_call {
    WDFDEVICE_INIT *init;
    NTSTATUS status;
};

static void call_add(void *argument)
{
    struct add_call *c = argument;
    c->status = wdf.driver->config.EvtDriverDeviceAdd(wdf.driver->object.handle, c->init);
}

int32_t wdf_start(unsigned function, struct wdf_device **device)
{
    WDFDEVICE_INIT init = {.function = function, .owns_power_policy = true};
    struct add_call c = {&init, STATUS_SUCCESS};
    *device = NULL;
    if (wdf.driver == NULL || wdf.driver->config.EvtDriverDeviceAdd == NULL) {
        rule_broken("wdf.driver", "a PnP driver without EvtDriverDeviceAdd");
    }
    init.pdo = irp_device_create(bus_driver(), 1);
    cpu_call_driver("EvtDriverDeviceAdd", IRQL_PASSIVE, call_add, &c);
    *device = init.created;
    if (init.created == NULL) {
        memory_free(init.pdo);
        if (c.status >= 0) {
            rule_broken("wdf.add", "EvtDriverDeviceAdd succeeded without a device");
        }
        return c.status;
    }
    init.created->is_in_add = false;
    return c.status < 0 ? c.status : start(init.created);
}

/* ---- IRPs ---- */

static struct wdf_device *device_of(const DEVICE_OBJECT *device_object)
{
    for (unsigned i = 0; i < wdf.device_count; i++) {
        if (wdf.device[i] != NULL && wdf.device[i]->fdo == device_object) {
            return wdf.device[i];
        }
    }
    host_fatal("internal: an IRP for device %p, which is none", (const void *)device_object);
}

NTSTATUS NTAPI wdf_dispatch(PDEVICE_OBJECT device_object, PIRP irp)
{
    struct wdf_device *device = device_of(device_object);
    UCHAR major = irp->Tail.Overlay.CurrentStackLocation->MajorFunction;
    bool is_io = major == IRP_MJ_READ || major == IRP_MJ_WRITE || major == IRP_MJ_DEVICE_CONTROL ||
                 major == IRP_MJ_INTERNAL_DEVICE_CONTROL;
    if (is_io && device->default_queue != NULL) {
        struct wdf_request *request = wdf_request_make(device, irp);
        wdf_queue_insert(device->default_queue, request);
        return STATUS_PENDING;
    }
    if (device->is_filter) {
        irp->CurrentLocation++; /* as IoSkipCurrentIrpStackLocation does */
        irp->Tail.Overlay.CurrentStackLocation++;
        return irp_send(device->pdo, irp);
    }
    irp->IoStatus.Status = is_io ? STATUS_INVALID_DEVICE_REQUEST : STATUS_SUCCESS;
    irp_complete(irp);
    return is_io ? STATUS_INVALID_DEVICE_REQUEST : STATUS_SUCCESS;
}

/* ---- The pump ---- */

void wdf_pump(unsigned timeout_us)
{
    cpu_interrupt_window = wdf.options.preempt_percent != 0 ? wdf_interrupt_window : NULL;
    wdf.bus->ops->poll(wdf.bus, timeout_us);
    for (unsigned i = 0; i < wdf.device_count; i++) {
        struct wdf_device *device = wdf.device[i];
        if (device != NULL) {
            wdf_interrupts_deliver(device);
            wdf_interrupts_run_dpcs(device);
            for (unsigned q = 0; q < device->queue_count; q++) {
                wdf_queue_dispatch(device->queue[q]);
            }
        }
    }
    wdf_deferred_run();
}

bool wdf_is_gone(uint64_t address)
{
    for (unsigned i = 0; i < wdf.device_count; i++) {
        const struct bus_function *f = wdf.device[i] != NULL ? &wdf.bus->function[wdf.device[i]->function] : NULL;
        for (unsigned b = 0; f != NULL && wdf.device[i]->is_surprise_removed && b < 6; b++) {
            if (f->bar[b].length != 0 && address >= f->bar[b].address &&
                address - f->bar[b].address < f->bar[b].length) {
                return true;
            }
        }
    }
    return false;
}

unsigned wdf_requests(const struct wdf_device *device)
{
    return device->requests;
}

unsigned long wdf_interrupts(const struct wdf_device *device)
{
    return device->interrupts;
}

unsigned wdf_messages(const struct wdf_device *device)
{
    return device->messages;
}

bool wdf_is_started(const struct wdf_device *device)
{
    return device->power == POWER_D0;
}
