/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Spin locks and wait locks. There is one processor: a lock that is found held would never be released. */
#include <ntddk.h>

#include <wdf.h>

#include "device.h"

#include "cpu/cpu.h"
#include "verify/verify.h"

unsigned wdf_locks_held;

struct wdf_waitlock {
    struct wdf_object object;
    bool is_held;
};

void wdf_lock_take(struct wdf_spinlock *lock, unsigned irql)
{
    if (lock->is_held) {
        rule_broken("wdf.lock", "the spin lock is held already: this deadlocks");
    }
    lock->is_held = true;
    wdf_locks_held++;
    lock->old_irql = cpu_irql;
    cpu_irql = irql;
}

void wdf_lock_give(struct wdf_spinlock *lock)
{
    if (!lock->is_held) {
        rule_broken("wdf.lock", "a spin lock is released that is not held");
    }
    lock->is_held = false;
    wdf_locks_held--;
    cpu_irql = lock->old_irql;
}

static void dispose_spinlock(struct wdf_object *object)
{
    if (((struct wdf_spinlock *)object)->is_held) {
        rule_broken("wdf.lock", "a spin lock is deleted while it is held");
    }
}

static NTSTATUS NTAPI spinlock_create(PWDF_DRIVER_GLOBALS globals, PWDF_OBJECT_ATTRIBUTES attributes,
                                      WDFSPINLOCK *handle)
{
    NTSTATUS status;
    struct wdf_object *object =
        wdf_object_create(WDF_SPINLOCK, sizeof(struct wdf_spinlock), attributes,
                          wdf_object_of(globals->Driver, WDF_DRIVER), dispose_spinlock, &status);
    if (object != NULL) {
        *handle = object->handle;
    }
    return status;
}

static VOID NTAPI spinlock_acquire(PWDF_DRIVER_GLOBALS globals, WDFSPINLOCK handle)
{
    struct wdf_spinlock *lock = wdf_object_of(handle, WDF_SPINLOCK);
    (void)globals;
    if (lock->is_for_interrupts) {
        rule_broken("wdf.lock", "an interrupt's lock is taken as a plain one: WdfInterruptAcquireLock is for that");
    }
    wdf_lock_take(lock, IRQL_DISPATCH);
}

static VOID NTAPI spinlock_release(PWDF_DRIVER_GLOBALS globals, WDFSPINLOCK handle)
{
    (void)globals;
    wdf_lock_give(wdf_object_of(handle, WDF_SPINLOCK));
}

static NTSTATUS NTAPI waitlock_create(PWDF_DRIVER_GLOBALS globals, PWDF_OBJECT_ATTRIBUTES attributes,
                                      WDFWAITLOCK *handle)
{
    NTSTATUS status;
    struct wdf_object *object = wdf_object_create(WDF_WAITLOCK, sizeof(struct wdf_waitlock), attributes,
                                                  wdf_object_of(globals->Driver, WDF_DRIVER), NULL, &status);
    if (object != NULL) {
        *handle = object->handle;
    }
    return status;
}

/* A wait lock that is held belongs to a caller further up the same stack, so waiting for it never ends. */
static NTSTATUS NTAPI waitlock_acquire(PWDF_DRIVER_GLOBALS globals, WDFWAITLOCK handle, PLONGLONG timeout)
{
    struct wdf_waitlock *lock = wdf_object_of(handle, WDF_WAITLOCK);
    (void)globals;
    if (lock->is_held && timeout == NULL) {
        rule_broken("wdf.lock", "the wait lock is held already: this deadlocks");
    }
    if (timeout == NULL || *timeout != 0) {
        if (cpu_irql > IRQL_APC) {
            rule_broken("irql.import", "WdfWaitLockAcquire may wait, at IRQL %u", cpu_irql);
        }
    }
    if (lock->is_held) {
        return STATUS_TIMEOUT;
    }
    lock->is_held = true;
    return STATUS_SUCCESS;
}

static VOID NTAPI waitlock_release(PWDF_DRIVER_GLOBALS globals, WDFWAITLOCK handle)
{
    struct wdf_waitlock *lock = wdf_object_of(handle, WDF_WAITLOCK);
    (void)globals;
    if (!lock->is_held) {
        rule_broken("wdf.lock", "a wait lock is released that is not held");
    }
    lock->is_held = false;
}

static const struct wdf_function functions[] = {
    WDF_FUNCTION(WdfSpinLockCreate, WDFSPINLOCKCREATE, spinlock_create),
    WDF_FUNCTION(WdfSpinLockAcquire, WDFSPINLOCKACQUIRE, spinlock_acquire),
    WDF_FUNCTION(WdfSpinLockRelease, WDFSPINLOCKRELEASE, spinlock_release),
    WDF_FUNCTION(WdfWaitLockCreate, WDFWAITLOCKCREATE, waitlock_create),
    WDF_FUNCTION(WdfWaitLockAcquire, WDFWAITLOCKACQUIRE, waitlock_acquire),
    WDF_FUNCTION(WdfWaitLockRelease, WDFWAITLOCKRELEASE, waitlock_release),
};

void wdf_functions_lock(void)
{
    wdf_functions_add(functions, sizeof functions / sizeof functions[0]);
}
