/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A WDM driver's part of the kernel as a whole: its exports, its pump, what it must have given back. */
#include <ntddk.h>

#include "wdm.h"

#include "irp.h"
#include "kernel.h"
#include "nt.h"

void wdm_init(const struct system_options *options)
{
    exports_ex();
    exports_io();
    exports_mm_io();
    exports_irp();
    exports_dpc();
    exports_event();
    exports_interrupt(options);
    exports_dma_adapter();
    exports_work();
    exports_pdo();
    exports_rtl();
    nt_pump = wdm_pump;
}

static void run_due(void)
{
    wdm_interrupt_deliver();
    timer_run();
    dpc_run();
    work_run();
}

/* A wait of the client or of the driver: ends early at the next timer, so that it does not expire late. */
void wdm_pump(unsigned timeout_us)
{
    uint64_t now, next;
    run_due();
    now = nt_bus->ops->clock_us(nt_bus);
    next = timer_next_us();
    if (dpc_is_queued()) {
        timeout_us = 0;
    } else if (next != UINT64_MAX && next - now < timeout_us) {
        timeout_us = next > now ? (unsigned)(next - now) : 0;
    }
    nt_bus->ops->poll(nt_bus, timeout_us);
    run_due();
}

void wdm_expect_nothing_left(void)
{
    dpc_expect_none();
    work_expect_none();
    wdm_interrupt_expect_none();
    dma_adapter_expect_none();
}
