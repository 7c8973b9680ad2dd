/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What a WDM driver has of the kernel beside nt.h and kernel.h: DPCs, timers, events, work items, its interrupt, DMA adapter and
 * the device object of the PCI bus below it. Plain C types only, but for what only units with <ntddk.h> see.
 */
#ifndef NTHOST_WDM_H
#define NTHOST_WDM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bus/bus.h"
#include "frameworks/system.h"

/* Timers expire at the tick that follows their due time: Windows 7's, as long as nobody asks for a finer one. */
enum { WDM_TICK_US = 15625 };

/* Registers the exports of all units; after nt_init. */
void wdm_init(const struct system_options *options);

/* Lets happen what is due below the current IRQL: interrupts, DPCs, timers, work items; waits for the bus up to timeout_us. */
void wdm_pump(unsigned timeout_us);

/* After the driver was unloaded: no DPC, timer, work item, interrupt or DMA adapter may be left. Breaks rule unload.NAME. */
void wdm_expect_nothing_left(void);

/* ---- Units: exports, what is due, what is left ---- */

void exports_dpc(void);
void dpc_run(void);
bool dpc_is_queued(void);
void timer_run(void);
uint64_t timer_next_us(void); /* bus time of the next expiry, UINT64_MAX: none */
void dpc_expect_none(void);

void exports_event(void);

void exports_interrupt(const struct system_options *options);
void wdm_interrupt_deliver(void);
void wdm_interrupt_expect_none(void);
unsigned long wdm_interrupt_count(unsigned function);
bool wdm_interrupt_uses_messages(unsigned function);

void exports_dma_adapter(void);
void dma_adapter_expect_none(void);
/* Whether a function's driver has that as common buffer. */
bool dma_adapter_allows(unsigned function, uint64_t pa, uint64_t length);

void exports_work(void);
void work_run(void);
void work_expect_none(void);

void exports_pdo(void);
void exports_rtl(void);

#ifdef _NTDDK_

/* The PCI bus driver's device object of a function, its resources granted: messages of them, 0: the line. Power is D0. */
DEVICE_OBJECT *pdo_create(unsigned function, unsigned messages);
/* Gives it back; nothing may be attached to it. */
void pdo_free(DEVICE_OBJECT *pdo);
/* Function of a PDO; breaks rule pdo.unknown for any other object, named by what. */
unsigned pdo_function(const DEVICE_OBJECT *pdo, const char *what);
/* Messages that PnP granted it. */
unsigned pdo_messages(unsigned function);
/* Its resources, raw or translated; the caller frees them with memory_free. */
CM_RESOURCE_LIST *pdo_resources(unsigned function, bool is_translated);

/* Called for each KeSetEvent of the driver. NULL: nobody is interested. */
extern void (*event_was_set)(KEVENT *event);

#endif

#endif
