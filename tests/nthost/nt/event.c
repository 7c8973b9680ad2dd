/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Ke: events, waits, the performance counter. There is one thread: a wait lets happen what is due. kernel_r "KeSetEvent". */
#include <ntddk.h>

#include <string.h>

#include "cpu/cpu.h"
#include "exports.h"
#include "kernel.h"
#include "nt.h"
#include "verify/verify.h"
#include "wdm.h"

enum { HANG_US = 30 * 1000 * 1000, UNITS_PER_US = 10, COUNTER_PER_US = 10, COUNTER_PER_SECOND = 10000000 };

void (*event_was_set)(KEVENT *event);

static VOID NTAPI initialize_event(KEVENT *event, EVENT_TYPE type, BOOLEAN is_set)
{
    memset(event, 0, sizeof *event);
    event->Header.Type = (UCHAR)type;
    event->Header.Size = sizeof *event / sizeof(LONG);
    event->Header.SignalState = is_set;
    event->Header.WaitListHead.Flink = event->Header.WaitListHead.Blink = &event->Header.WaitListHead;
}

static void check(const KEVENT *event)
{
    if (event->Header.Type > SynchronizationEvent || event->Header.Size != sizeof *event / sizeof(LONG)) {
        rule_broken("event.uninitialized", "%p is no event", (const void *)event);
    }
}

static LONG NTAPI set_event(KEVENT *event, KPRIORITY increment, BOOLEAN is_wait_next)
{
    LONG before = event->Header.SignalState;
    (void)increment;
    check(event);
    if (is_wait_next) {
        rule_broken("event.wait", "KeSetEvent with Wait TRUE is not for drivers");
    }
    event->Header.SignalState = 1;
    if (event_was_set != NULL) {
        event_was_set(event);
    }
    return before;
}

static LONG NTAPI reset_event(KEVENT *event)
{
    LONG before = event->Header.SignalState;
    check(event);
    event->Header.SignalState = 0;
    return before;
}

static VOID NTAPI clear_event(KEVENT *event)
{
    reset_event(event);
}

static LONG NTAPI read_state(KEVENT *event)
{
    check(event);
    return event->Header.SignalState;
}

static NTSTATUS NTAPI wait_for(PVOID object, KWAIT_REASON reason, KPROCESSOR_MODE mode, BOOLEAN is_alertable, LARGE_INTEGER *timeout)
{
    DISPATCHER_HEADER *header = object;
    uint64_t start = nt_bus->ops->clock_us(nt_bus), most = HANG_US;
    (void)reason;
    (void)mode;
    (void)is_alertable;
    if (timeout != NULL) {
        if (timeout->QuadPart > 0) {
            rule_broken("wait.absolute", "a wait until an absolute time");
        }
        most = (uint64_t)-timeout->QuadPart / UNITS_PER_US;
    }
    if (most != 0 && cpu_irql > IRQL_APC) {
        rule_broken("irql.import", "KeWaitForSingleObject is called at IRQL %u; only with a time-out of 0 may it be", cpu_irql);
    }
    while (header->SignalState <= 0) {
        uint64_t waited = nt_bus->ops->clock_us(nt_bus) - start;
        if (waited >= most || nt_bus->dead) {
            if (timeout == NULL) {
                rule_broken("wait.hang", "a wait without time-out did not end within %d s", HANG_US / 1000000);
            }
            return STATUS_TIMEOUT;
        }
        nt_pump((unsigned)(most - waited < 1000 ? most - waited : 1000));
    }
    if (header->Type == SynchronizationEvent) {
        header->SignalState = 0;
    }
    return STATUS_SUCCESS;
}

static LARGE_INTEGER NTAPI performance_counter(LARGE_INTEGER *frequency)
{
    LARGE_INTEGER now;
    if (frequency != NULL) {
        frequency->QuadPart = COUNTER_PER_SECOND;
    }
    now.QuadPart = (LONGLONG)(nt_bus->ops->clock_us(nt_bus) * COUNTER_PER_US);
    return now;
}

#define MODULE "ntoskrnl.exe"
static struct export table[] = {
    NT_EXPORT_AS(MODULE, KeInitializeEvent, initialize_event),
    NT_EXPORT_AS(MODULE, KeSetEvent, set_event),
    NT_EXPORT_AS(MODULE, KeResetEvent, reset_event),
    NT_EXPORT_AS(MODULE, KeClearEvent, clear_event),
    NT_EXPORT_AS(MODULE, KeReadStateEvent, read_state),
    NT_EXPORT_AS(MODULE, KeWaitForSingleObject, wait_for),
    NT_EXPORT_AS("HAL.dll", KeQueryPerformanceCounter, performance_counter),
};

void exports_event(void)
{
    event_was_set = NULL;
    exports_add(table, sizeof table / sizeof table[0]);
}
