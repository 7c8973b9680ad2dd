/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * HwResetBus, recovery, and the watchdog (HwTimer) that finds what no interrupt told. Layer: glue.
 * IRQL: DISPATCH_LEVEL with the StartIo lock; takes the interrupt lock around the device.
 */
#include "aerovblk.h"

VOID AerovblkStop(AEROVBLK_ADAPTER *adapter, BLK_REQUEST_LIST *done)
{
    adapter->is_ready = FALSE;
    BlkDeviceStop(&adapter->device, done);
}

BOOLEAN AerovblkRecover(AEROVBLK_ADAPTER *adapter, VIRTIO_REASON reason)
{
    BLK_REQUEST_LIST done = {NULL, NULL};
    STOR_LOCK_HANDLE lock;
    NTSTATUS status = STATUS_DEVICE_NOT_CONNECTED;

    StorPortAcquireSpinLock(adapter, InterruptLock, NULL, &lock);
    if (adapter->is_ready)
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
    BOOLEAN is_ready;

    StorPortAcquireSpinLock(adapter, InterruptLock, NULL, &lock);
    must_recover = BlkDevicePoll(&adapter->device, &done, &capacity_changed);
    is_ready = adapter->is_ready;
    StorPortReleaseSpinLock(adapter, &lock);

    AerovblkCompleteList(adapter, &done);
    if (capacity_changed)
        StorPortNotification(BusChangeDetected, adapter, (UCHAR)0);
    if (must_recover)
        (void)AerovblkRecover(adapter, VIRTIO_REASON_NONE);
    AerovblkReport(adapter); /* what the interrupt routine found may not be logged there */
    if (is_ready)
        AerovblkArmWatchdog(adapter);
}
