/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * KMDF 1.9 as a case sees it: devices that a KMDF driver serves, started, put to sleep and removed. What is sent to
 * them comes from a class above (frameworks/hid). Plain C types only.
 */
#ifndef NTHOST_WDF_HOST_H
#define NTHOST_WDF_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "bus/bus.h"
#include "frameworks/system.h"

enum { WDF_MAX_DEVICES = 8, WDF_WAIT_S = 10 };

struct wdf_device;

/* Registers the exports of wdfldr.sys and of the kernel; before the driver is loaded. */
void wdf_init(struct bus *bus, const struct system_options *options);

/* Calls the driver's entry stub. Returns its NTSTATUS. The last part of the registry path is boot_argument, if there is
 * one. */
int32_t wdf_driver_entry(void *entry);

/*
 * AddDevice and start of a bus function. Returns an NTSTATUS, of whatever failed.
 *
 * device   out: NULL when EvtDriverDeviceAdd made none; else to be given to wdf_remove, started or not
 */
int32_t wdf_start(unsigned function, struct wdf_device **device);

/* PnP stop and start of the same device, with the same or other messages granted. Returns an NTSTATUS. */
int32_t wdf_stop(struct wdf_device *device);
int32_t wdf_start_again(struct wdf_device *device);

/* To D3 and back to D0. Returns an NTSTATUS. */
int32_t wdf_sleep(struct wdf_device *device);
int32_t wdf_wake(struct wdf_device *device);

/* The device is gone from the bus: the driver hears of it; wdf_remove follows. */
void wdf_surprise_removal(struct wdf_device *device);

/* Orderly removal, or the end of a surprise removal: everything that belongs to the device goes. */
void wdf_remove(struct wdf_device *device);

/* Unloads the driver, when all devices are removed, and looks for objects left behind. */
void wdf_unload(void);

/* Delivers interrupts, DPCs, timers and work items, waiting up to timeout_us for the device. */
void wdf_pump(unsigned timeout_us);

/* Whether a register belongs to a device that is gone: it reads as all ones. */
bool wdf_is_gone(uint64_t address);

/* Requests that the driver holds or that wait in its queues. */
unsigned wdf_requests(const struct wdf_device *device);

/* For reports: interrupts taken, messages granted (0: line), whether it runs in D0. */
unsigned long wdf_interrupts(const struct wdf_device *device);
unsigned wdf_messages(const struct wdf_device *device);
bool wdf_is_started(const struct wdf_device *device);

#endif
