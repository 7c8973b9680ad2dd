/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * HwInitialize and the passive initialisation that it asks for, which starts the device: the number of interrupt
 * messages may only be asked for at DISPATCH_LEVEL and below. Layer: glue. IRQL: DIRQL and PASSIVE_LEVEL.
 */
#include "aerovblk.h"

#define AEROVBLK_MESSAGES_MAX 2

BOOLEAN NTAPI AerovblkInitialize(PVOID extension)
{
    return StorPortEnablePassiveInitialization(extension, AerovblkPassiveInitialize);
}

/* How many messages PnP gave us, as far as we have a use for them; 0: a line interrupt. */
static ULONG CountMessages(AEROVBLK_ADAPTER *adapter)
{
    MESSAGE_INTERRUPT_INFORMATION information;
    ULONG count = 0;

    while (count < AEROVBLK_MESSAGES_MAX && count < adapter->device.pci.caps.msix_table_size &&
           StorPortGetMSIInfo(adapter, count, &information) == STOR_STATUS_SUCCESS)
        count++;
    return count;
}

BOOLEAN NTAPI AerovblkPassiveInitialize(PVOID extension)
{
    AEROVBLK_ADAPTER *adapter = (AEROVBLK_ADAPTER *)extension;
    BLK_REQUEST_LIST none = {NULL, NULL};
    BLK_IDENTITY identity;
    UINT16 config_vector = VIRTIO_PCI_NO_VECTOR;
    UINT16 queue_vector = VIRTIO_PCI_NO_VECTOR;

    adapter->message_count = CountMessages(adapter);
    if (adapter->message_count != 0) {
        queue_vector = 0;
        config_vector = (UINT16)(adapter->message_count - 1); /* shared when there is only one */
    }
    identity.location = adapter->location;
    identity.revision = VIRTIO_VERSION_SCSI;
    if (!NT_SUCCESS(BlkDeviceStart(&adapter->device, &aerovblk_os_ops, adapter, &identity, config_vector,
                                   queue_vector))) {
        BlkDeviceStop(&adapter->device, &none); /* StorPort frees the queue's memory: the device must be off it */
        AerovblkReport(adapter);
        return FALSE;
    }
    VirtioBarrierCompiler(); /* the device's fields before the flag that lets interrupts use them */
    adapter->is_ready = TRUE;
    AerovblkArmWatchdog(adapter);
    return TRUE;
}
