/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* HwFindAdapter: finds the device, tells StorPort its limits, takes its memory. Layer: glue. IRQL: PASSIVE_LEVEL. */
#include "aerovblk.h"

/* Whether the argument string of a dump driver asks for what we cannot do. */
static BOOLEAN HasArgument(const char *arguments, const char *wanted)
{
    SIZE_T i;

    if (arguments == NULL)
        return FALSE;
    for (; *arguments != '\0'; arguments++) {
        for (i = 0; wanted[i] != '\0' && arguments[i] == wanted[i]; i++) {
        }
        if (wanted[i] == '\0')
            return TRUE;
    }
    return FALSE;
}

static VOID DescribeAdapter(const BLK_DEVICE *device, PPORT_CONFIGURATION_INFORMATION config)
{
    ULONG breaks = (ULONG)device->limits.element_limit - 1;

    config->MaximumTransferLength = device->limits.transfer_limit;
    /* A transfer of that length cannot have more elements, so the larger minimum that StorPort asks for is no lie. */
    config->NumberOfPhysicalBreaks = breaks > SCSI_MINIMUM_PHYSICAL_BREAKS ? breaks : SCSI_MINIMUM_PHYSICAL_BREAKS;
    config->AlignmentMask = device->limits.alignment_mask;
    config->NumberOfBuses = 1;
    config->MaximumNumberOfTargets = 1;
    config->MaximumNumberOfLogicalUnits = 1;
    config->CachesData = device->config.has_flush;
    config->ResetTargetSupported = TRUE;
    if ((config->Dma64BitAddresses & SCSI_DMA64_SYSTEM_SUPPORTED) != 0)
        config->Dma64BitAddresses = SCSI_DMA64_MINIPORT_SUPPORTED;
    config->SynchronizationModel = StorSynchronizeFullDuplex;
    config->HwMSInterruptRoutine = AerovblkMessageInterrupt;
    config->InterruptSynchronizationMode = InterruptSynchronizeAll;
}

ULONG NTAPI AerovblkFindAdapter(PVOID extension, PVOID context, PVOID bus_information, PCHAR arguments,
                                PPORT_CONFIGURATION_INFORMATION config, PBOOLEAN again)
{
    AEROVBLK_ADAPTER *adapter = (AEROVBLK_ADAPTER *)extension;
    AEROVBLK_REGION earlier = adapter->dma; /* of the life before a PnP stop */

    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(bus_information);
    if (again != NULL) /* StorPort need not supply it */
        *again = FALSE;
    RtlZeroMemory(adapter, sizeof(*adapter));

    if (HasArgument(arguments, "dump=1") || HasArgument(arguments, "ntldr=1")) {
        adapter->device.reason = VIRTIO_REASON_DUMP_MODE;
        goto report;
    }
    if (!AerovblkPciInit(adapter, config)) {
        adapter->device.reason = VIRTIO_REASON_CONFIG_SPACE_UNREADABLE;
        goto report;
    }
    if (!NT_SUCCESS(BlkDeviceProbe(&adapter->device, &aerovblk_pci_ops, adapter)))
        goto unmap;
    DescribeAdapter(&adapter->device, config);
    if (!AerovblkMemoryInit(adapter, config, &earlier)) {
        VirtioPciFail(&adapter->device.pci);
        adapter->device.reason = VIRTIO_REASON_NO_MEMORY;
        goto unmap;
    }
    return SP_RETURN_FOUND;

unmap:
    AerovblkPciUninit(adapter);
report:
    AerovblkReport(adapter);
    return SP_RETURN_ERROR;
}
