/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * HwResetBus, recovery, and the watchdog (HwTimer) that finds what no interrupt told. Layer: glue.
 * IRQL: DISPATCH_LEVEL with the StartIo lock; takes the interrupt lock around the device.
 */
#include "aerovblk.h"

BOOLEAN AerovblkRecover(AEROVBLK_ADAPTER *adapter, VIRTIO_REASON reason)
{
    BLK_REQUEST_LIST done = {NULL, NULL};
    STOR_LOCK_HANDLE lock;
    NTSTATUS status;

    StorPortAcquireSpinLock(adapter, InterruptLock, NULL, &lock);
    status = BlkDeviceRecover(&adapter->device, reason, &done);
    StorPortReleaseSpinLock(adapter, &lock);
    AerovblkCompleteList(adapter, &done);
    AerovblkReport(adapter);
    return NT_SUCCESS(status);
}

BOOLEAN NTAPI AerovblkResetBus(PVOID extension, ULONG path)
{
    UNREFERENCED_PARAMETER(path); /* there is only one */
    return AerovblkRecover((AEROVBLK_ADAPTER *)extension, VIRTIO_REASON_REQUEST_TIMEOUT);
}

VOID AerovblkArmWatchdog(AEROVBLK_ADAPTER *adapter)
{
    StorPortNotification(RequestTimerCall, adapter, AerovblkWatchdog, (ULONG)AEROVBLK_WATCHDOG_US);
}

VOID NTAPI AerovblkWatchdog(PVOID extension)
{
    AEROVBLK_ADAPTER *adapter = (AEROVBLK_ADAPTER *)extension;
    BLK_REQUEST_LIST done = {NULL, NULL};
    STOR_LOCK_HANDLE lock;
    BOOLEAN capacity_changed;
    BOOLEAN must_recover;
    BOOLEAN is_stopped;

    StorPortAcquireSpinLock(adapter, InterruptLock, NULL, &lock);
    must_recover = BlkDevicePoll(&adapter->device, &done, &capacity_changed);
    is_stopped = adapter->device.state == BLK_STATE_STOPPED;
    StorPortReleaseSpinLock(adapter, &lock);

    AerovblkCompleteList(adapter, &done);
    if (capacity_changed)
        StorPortNotification(BusChangeDetected, adapter, (UCHAR)0);
    if (must_recover)
        (void)AerovblkRecover(adapter, VIRTIO_REASON_NONE);
    AerovblkReport(adapter); /* what the interrupt routine found may not be logged there */
    if (!is_stopped)
        AerovblkArmWatchdog(adapter);
}
