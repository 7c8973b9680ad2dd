/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Ke: spin locks and stalls. There is one processor, so a lock that is found held would never be released. */
#include <ntddk.h>

#include "cpu/cpu.h"
#include "exports.h"
#include "nt.h"
#include "verify/verify.h"

enum { LONG_STALL_US = 50 };

struct bus *nt_bus;
static unsigned locks_held;

unsigned nt_locks_held(void)
{
    return locks_held;
}

static void take(KSPIN_LOCK *lock)
{
    if (*lock != 0) {
        rule_broken("lock.deadlock", "the spin lock at %p is held already, or was never initialised", (void *)lock);
    }
    *lock = 1;
    locks_held++;
}

static void give(KSPIN_LOCK *lock)
{
    if (*lock != 1) {
        rule_broken("lock.release", "the spin lock at %p is released but not held", (void *)lock);
    }
    *lock = 0;
    locks_held--;
}

static KIRQL take_and_raise(KSPIN_LOCK *lock)
{
    KIRQL old_irql = (KIRQL)cpu_irql;
    cpu_irql = IRQL_DISPATCH;
    take(lock);
    return old_irql;
}

static void give_and_lower(KSPIN_LOCK *lock, KIRQL irql)
{
    give(lock);
    if (irql > IRQL_DISPATCH) {
        rule_broken("lock.release", "the IRQL to go back to is %u", irql);
    }
    cpu_irql = irql;
}

static VOID NTAPI stall(ULONG microseconds)
{
    uint64_t end = nt_bus->ops->clock_us(nt_bus) + microseconds;
    if (microseconds > LONG_STALL_US) {
        rule_broken("stall.long", "a stall of %u us; %d is the most", (unsigned)microseconds, LONG_STALL_US);
    }
    while (nt_bus->ops->clock_us(nt_bus) < end && !nt_bus->dead) {
        nt_bus->ops->poll(nt_bus, 1);
    }
}

#if defined(__x86_64__)
static KIRQL NTAPI acquire_raise(KSPIN_LOCK *lock)
{
    return take_and_raise(lock);
}

static VOID NTAPI release_lower(KSPIN_LOCK *lock, KIRQL irql)
{
    give_and_lower(lock, irql);
}

static VOID NTAPI acquire_at_dpc(KSPIN_LOCK *lock)
{
    take(lock);
}

static VOID NTAPI release_from_dpc(KSPIN_LOCK *lock)
{
    give(lock);
}

static struct export table[] = {
    NT_EXPORT_AS("ntoskrnl.exe", KeAcquireSpinLockRaiseToDpc, acquire_raise),
    NT_EXPORT_AS("ntoskrnl.exe", KeReleaseSpinLock, release_lower),
    NT_EXPORT_AS("ntoskrnl.exe", KeAcquireSpinLockAtDpcLevel, acquire_at_dpc),
    NT_EXPORT_AS("ntoskrnl.exe", KeReleaseSpinLockFromDpcLevel, release_from_dpc),
    NT_EXPORT_AS("HAL.dll", KeStallExecutionProcessor, stall),
};
#else
static KIRQL FASTCALL acquire_raise(KSPIN_LOCK *lock)
{
    return take_and_raise(lock);
}

static VOID FASTCALL release_lower(KSPIN_LOCK *lock, KIRQL irql)
{
    give_and_lower(lock, irql);
}

static VOID FASTCALL acquire_at_dpc(KSPIN_LOCK *lock)
{
    take(lock);
}

static VOID FASTCALL release_from_dpc(KSPIN_LOCK *lock)
{
    give(lock);
}

static KIRQL FASTCALL raise_irql(KIRQL irql)
{
    KIRQL old_irql = (KIRQL)cpu_irql;
    if (irql < cpu_irql) {
        rule_broken("irql.value", "the IRQL is raised from %u to %u", cpu_irql, irql);
    }
    cpu_irql = irql;
    return old_irql;
}

static VOID FASTCALL lower_irql(KIRQL irql)
{
    if (irql > cpu_irql) {
        rule_broken("irql.value", "the IRQL is lowered from %u to %u", cpu_irql, irql);
    }
    cpu_irql = irql;
}

static struct export table[] = {
    NT_EXPORT_AS("HAL.dll", KfRaiseIrql, raise_irql),
    NT_EXPORT_AS("HAL.dll", KfLowerIrql, lower_irql),
    NT_EXPORT_AS("HAL.dll", KfAcquireSpinLock, acquire_raise),
    NT_EXPORT_AS("HAL.dll", KfReleaseSpinLock, release_lower),
    NT_EXPORT_AS("ntoskrnl.exe", KefAcquireSpinLockAtDpcLevel, acquire_at_dpc),
    NT_EXPORT_AS("ntoskrnl.exe", KefReleaseSpinLockFromDpcLevel, release_from_dpc),
    NT_EXPORT_AS("HAL.dll", KeStallExecutionProcessor, stall),
};
#endif

void exports_ke(void)
{
    exports_add(table, sizeof table / sizeof table[0]);
}

void nt_init(struct bus *bus)
{
    nt_bus = bus;
    locks_held = 0;
    exports_ke();
    exports_mm();
}
