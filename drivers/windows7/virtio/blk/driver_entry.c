/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* DriverEntry: tells StorPort what this miniport is. Layer: glue. IRQL: PASSIVE_LEVEL. */
#include "aerovblk.h"

ULONG NTAPI DriverEntry(PVOID driver_object, PVOID registry_path)
{
    HW_INITIALIZATION_DATA data;

    /* Loaded again for a crash dump or hibernation, which this driver does not do yet (VIRTIO_REASON_DUMP_MODE). */
    if (driver_object == NULL || registry_path == NULL)
        return (ULONG)STATUS_NOT_SUPPORTED;

    RtlZeroMemory(&data, sizeof(data));
    data.HwInitializationDataSize = sizeof(data);
    data.AdapterInterfaceType = PCIBus;
    data.HwFindAdapter = AerovblkFindAdapter;
    data.HwInitialize = AerovblkInitialize;
    data.HwBuildIo = AerovblkBuildIo;
    data.HwStartIo = AerovblkStartIo;
    data.HwInterrupt = AerovblkInterrupt;
    data.HwResetBus = AerovblkResetBus;
    data.HwAdapterControl = AerovblkAdapterControl;
    data.DeviceExtensionSize =
        (ULONG)(sizeof(AEROVBLK_ADAPTER) + VirtqSplitStateSize(BLK_QUEUE_SIZE_DIRECT) + AEROVBLK_PRIVATE_SLACK);
    data.SrbExtensionSize = sizeof(AEROVBLK_SRB);
    data.NumberOfAccessRanges = AEROVBLK_BARS;
    data.MapBuffers = STOR_MAP_NON_READ_WRITE_BUFFERS;
    data.NeedPhysicalAddresses = TRUE;
    data.TaggedQueuing = TRUE;
    data.AutoRequestSense = TRUE;
    data.MultipleRequestPerLu = TRUE;
    return StorPortInitialize(driver_object, registry_path, &data, NULL);
}
