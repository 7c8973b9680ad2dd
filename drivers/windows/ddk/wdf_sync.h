/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* KMDF 1.9: spin locks and wait locks. */
#ifndef AERO_DDK_WDF_SYNC_H
#define AERO_DDK_WDF_SYNC_H

#include "wdf_object.h"

typedef NTSTATUS(NTAPI *PFN_WDFSPINLOCKCREATE)(PWDF_DRIVER_GLOBALS DriverGlobals,
                                               PWDF_OBJECT_ATTRIBUTES SpinLockAttributes, WDFSPINLOCK *SpinLock);
#define WdfSpinLockCreate(...) WDF_CALL(WDFSPINLOCKCREATE, WdfSpinLockCreate)(WdfDriverGlobals, __VA_ARGS__)

typedef VOID(NTAPI *PFN_WDFSPINLOCKACQUIRE)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFSPINLOCK SpinLock);
#define WdfSpinLockAcquire(...) WDF_CALL(WDFSPINLOCKACQUIRE, WdfSpinLockAcquire)(WdfDriverGlobals, __VA_ARGS__)

typedef VOID(NTAPI *PFN_WDFSPINLOCKRELEASE)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFSPINLOCK SpinLock);
#define WdfSpinLockRelease(...) WDF_CALL(WDFSPINLOCKRELEASE, WdfSpinLockRelease)(WdfDriverGlobals, __VA_ARGS__)

typedef NTSTATUS(NTAPI *PFN_WDFWAITLOCKCREATE)(PWDF_DRIVER_GLOBALS DriverGlobals, PWDF_OBJECT_ATTRIBUTES LockAttributes,
                                               WDFWAITLOCK *Lock);
#define WdfWaitLockCreate(...) WDF_CALL(WDFWAITLOCKCREATE, WdfWaitLockCreate)(WdfDriverGlobals, __VA_ARGS__)

/* Timeout: NULL waits for ever, else 100 ns, negative: from now. */
typedef NTSTATUS(NTAPI *PFN_WDFWAITLOCKACQUIRE)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFWAITLOCK Lock, PLONGLONG Timeout);
#define WdfWaitLockAcquire(...) WDF_CALL(WDFWAITLOCKACQUIRE, WdfWaitLockAcquire)(WdfDriverGlobals, __VA_ARGS__)

typedef VOID(NTAPI *PFN_WDFWAITLOCKRELEASE)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFWAITLOCK Lock);
#define WdfWaitLockRelease(...) WDF_CALL(WDFWAITLOCKRELEASE, WdfWaitLockRelease)(WdfDriverGlobals, __VA_ARGS__)

#endif
