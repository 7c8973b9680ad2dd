/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The one processor of the host: its IRQL, and the only way into driver code. Plain C types only.
 */
#ifndef NTHOST_CPU_H
#define NTHOST_CPU_H

#include <stdbool.h>

enum {
    IRQL_PASSIVE = 0,
    IRQL_APC = 1,
    IRQL_DISPATCH = 2,
    IRQL_DEVICE = 9, /* every device of the host interrupts at this level */
#if defined(__x86_64__)
    IRQL_HIGH = 15
#else
    IRQL_HIGH = 31
#endif
};

extern unsigned cpu_irql;

/*
 * Calls driver code on the driver stack at an IRQL, and checks that it comes back at the same one.
 *
 * callback  name for traces and reports, for example "HwStartIo"
 * irql      at least the current one
 * body      calls the driver with what argument holds
 */
void cpu_call_driver(const char *callback, unsigned irql, void (*body)(void *argument), void *argument);

/* Whether driver code is running (then an interrupt would have to nest). */
bool cpu_in_driver(void);

/*
 * Called at each import, before the function: the place where a pending interrupt may hit a driver that is running
 * below DIRQL. Set by the host's scheduler; NULL: never.
 */
extern void (*cpu_interrupt_window)(void);

#endif
