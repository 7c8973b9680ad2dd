/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * HwInterrupt and HwMSInterruptRoutine. Layer: glue. IRQL: DIRQL with the interrupt lock (InterruptSynchronizeAll).
 * Both may come at any moment, half-built or reset device included (HOST-08, HOST-09).
 */
#include "aerovblk.h"

#define ISR_GONE 0xFF /* all ones: nothing answers any more, so it is not us who holds the line */

static VOID HandleConfigChange(AEROVBLK_ADAPTER *adapter)
{
    if (BlkDeviceConfigChanged(&adapter->device))
        StorPortNotification(BusChangeDetected, adapter, (UCHAR)0);
}

BOOLEAN NTAPI AerovblkInterrupt(PVOID extension)
{
    AEROVBLK_ADAPTER *adapter = (AEROVBLK_ADAPTER *)extension;
    BLK_REQUEST_LIST done = {NULL, NULL};
    UINT8 isr;

    if (adapter->device.pci.isr == NULL)
        return FALSE;
    isr = VirtioPciReadIsr(&adapter->device.pci); /* lowers the line */
    if (isr == 0 || isr == ISR_GONE)
        return FALSE;
    if (!adapter->is_ready)
        return TRUE;
    if ((isr & VIRTIO_PCI_ISR_CONFIG) != 0)
        HandleConfigChange(adapter);
    (void)BlkDeviceService(&adapter->device, &done);
    AerovblkCompleteList(adapter, &done);
    return TRUE;
}

BOOLEAN NTAPI AerovblkMessageInterrupt(PVOID extension, ULONG message)
{
    AEROVBLK_ADAPTER *adapter = (AEROVBLK_ADAPTER *)extension;
    BLK_REQUEST_LIST done = {NULL, NULL};
    BOOLEAN found = FALSE;

    if (!adapter->is_ready)
        return TRUE;
    if (message == adapter->device.queue_vector)
        found = BlkDeviceService(&adapter->device, &done);
    /* With one message for both, one that brought no request is taken for a configuration change. */
    if (message == adapter->device.config_vector && !found)
        HandleConfigChange(adapter);
    AerovblkCompleteList(adapter, &done);
    return TRUE;
}
