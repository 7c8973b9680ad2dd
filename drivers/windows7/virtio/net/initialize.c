/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * MiniportInitializeEx: finds the device, says what it is, takes what it needs, starts it. Ends Paused.
 * Layer: glue. IRQL: PASSIVE_LEVEL.
 */
#include "aerovnet.h"

static NDIS_STATUS RegisterDma(AEROVNET_ADAPTER *adapter)
{
    NDIS_SG_DMA_DESCRIPTION dma;

    RtlZeroMemory(&dma, sizeof(dma));
    dma.Header.Type = NDIS_OBJECT_TYPE_SG_DMA_DESCRIPTION;
    dma.Header.Revision = NDIS_SG_DMA_DESCRIPTION_REVISION_1;
    dma.Header.Size = NDIS_SIZEOF_SG_DMA_DESCRIPTION_REVISION_1;
    dma.Flags = NDIS_SG_DMA_64_BIT_ADDRESS;
    dma.MaximumPhysicalMapping = AEROVNET_DMA_MAX;
    dma.ProcessSGListHandler = AerovnetProcessSGList;
    return NdisMRegisterScatterGatherDma(adapter->handle, &dma, &adapter->dma);
}

/* Timer, work item, event: what pause, reset and halt need is there before they may be asked for. */
static NDIS_STATUS CreateHelpers(AEROVNET_ADAPTER *adapter)
{
    NDIS_TIMER_CHARACTERISTICS timer;

    RtlZeroMemory(&timer, sizeof(timer));
    timer.Header.Type = NDIS_OBJECT_TYPE_TIMER_CHARACTERISTICS;
    timer.Header.Revision = NDIS_TIMER_CHARACTERISTICS_REVISION_1;
    timer.Header.Size = NDIS_SIZEOF_TIMER_CHARACTERISTICS_REVISION_1;
    timer.AllocationTag = AEROVNET_TAG;
    timer.TimerFunction = AerovnetWatchdog;
    timer.FunctionContext = adapter;
    NdisInitializeEvent(&adapter->idle);
    NdisSetEvent(&adapter->idle);
    NdisInitializeEvent(&adapter->unwatched);
    NdisSetEvent(&adapter->unwatched);
    adapter->work_item = NdisAllocateIoWorkItem(adapter->handle);
    if (adapter->work_item == NULL)
        return NDIS_STATUS_RESOURCES;
    return NdisAllocateTimerObject(adapter->handle, &timer, &adapter->timer);
}

/* The queues' memory and everything that goes with a queue here. */
static NDIS_STATUS CreateQueues(AEROVNET_ADAPTER *adapter)
{
    UINT16 i;

    if (!NT_SUCCESS(NetDeviceInit(&adapter->device, &aerovnet_os_ops, adapter, AerovnetReadFrame)))
        return NDIS_STATUS_RESOURCES;
    for (i = 0; i < adapter->device.pair_count; i++) {
        adapter->device.pairs[i].rx.strip_tags = adapter->options.tag_mode != 0;
        adapter->tx[i].adapter = adapter;
        adapter->tx[i].queue = &adapter->device.pairs[i].tx;
        adapter->tx[i].status = NDIS_STATUS_PAUSED;
        NdisAllocateSpinLock(&adapter->tx[i].lock);
        adapter->rx[i].adapter = adapter;
        adapter->rx[i].queue = &adapter->device.pairs[i].rx;
        NdisAllocateSpinLock(&adapter->rx[i].lock);
        if (!AerovnetReceivePoolInit(&adapter->rx[i])) {
            adapter->device.reason = VIRTIO_REASON_NO_MEMORY;
            return NDIS_STATUS_RESOURCES;
        }
    }
    return NDIS_STATUS_SUCCESS;
}

/* Finds the device, and tells NDIS of it. */
static NDIS_STATUS Probe(AEROVNET_ADAPTER *adapter, const NDIS_RESOURCE_LIST *resources)
{
    NET_OPTIONS options;
    NDIS_STATUS status;

    AerovnetReadOptions(adapter, &options);
    if (!AerovnetPciInit(adapter, resources)) {
        adapter->device.reason = VIRTIO_REASON_CONFIG_SPACE_UNREADABLE;
        return NDIS_STATUS_ADAPTER_NOT_FOUND;
    }
    if (!NT_SUCCESS(NetDeviceProbe(&adapter->device, &aerovnet_pci_ops, adapter, &options)))
        return NDIS_STATUS_ADAPTER_NOT_FOUND;
    adapter->is_down = TRUE;
    RtlCopyMemory(adapter->filter.mac, adapter->device.mac, NET_MAC_LENGTH);
    adapter->filter.vlan = adapter->options.vlan;
    AerovnetInitOffloads(adapter);
    status = AerovnetSetGeneralAttributes(adapter);
    if (status == NDIS_STATUS_SUCCESS)
        status = AerovnetSetOffloadAttributes(adapter);
    return status;
}

/* The last step, with everything in place: from now on interrupts are served. */
static NDIS_STATUS Start(AEROVNET_ADAPTER *adapter)
{
    if (!NT_SUCCESS(NetDeviceStart(&adapter->device, &adapter->vectors)))
        return NDIS_STATUS_DEVICE_FAILED;
    NdisAcquireSpinLock(&adapter->lock);
    adapter->is_down = FALSE;
    if (adapter->options.vlan != 0)
        NetCtrlSetVlan(&adapter->device.ctrl, adapter->options.vlan, TRUE);
    AerovnetApplyFilter(adapter);
    InterlockedExchange(&adapter->is_ready, 1);
    AerovnetArmWatchdog(adapter);
    NdisReleaseSpinLock(&adapter->lock);
    AerovnetServeControl(adapter, FALSE);
    AerovnetIndicateLink(adapter);
    return NDIS_STATUS_SUCCESS;
}

NDIS_STATUS NTAPI AerovnetInitializeEx(NDIS_HANDLE handle, NDIS_HANDLE driver_context,
                                       PNDIS_MINIPORT_INIT_PARAMETERS parameters)
{
    AEROVNET_ADAPTER *adapter;
    NDIS_STATUS status;

    UNREFERENCED_PARAMETER(driver_context);
    adapter = (AEROVNET_ADAPTER *)NdisAllocateMemoryWithTagPriority(handle, sizeof(*adapter), AEROVNET_TAG,
                                                                    NormalPoolPriority);
    if (adapter == NULL) {
        NdisWriteErrorLogEntry(handle, NDIS_ERROR_CODE_OUT_OF_RESOURCES, 1, (ULONG)VIRTIO_REASON_NO_MEMORY);
        return NDIS_STATUS_RESOURCES;
    }
    RtlZeroMemory(adapter, sizeof(*adapter));
    adapter->handle = handle;
    adapter->luid = parameters->NetLuid.Value;
    NdisAllocateSpinLock(&adapter->lock);

    status = AerovnetSetRegistrationAttributes(adapter);
    if (status == NDIS_STATUS_SUCCESS)
        status = Probe(adapter, parameters->AllocatedResources);
    if (status == NDIS_STATUS_SUCCESS)
        status = RegisterDma(adapter);
    if (status == NDIS_STATUS_SUCCESS)
        status = CreateQueues(adapter);
    if (status == NDIS_STATUS_SUCCESS)
        status = CreateHelpers(adapter);
    if (status == NDIS_STATUS_SUCCESS)
        status = AerovnetInterruptInit(adapter);
    if (status == NDIS_STATUS_SUCCESS)
        status = Start(adapter);
    if (status == NDIS_STATUS_SUCCESS)
        return NDIS_STATUS_SUCCESS;

    if (adapter->device.reason == VIRTIO_REASON_NONE && status == NDIS_STATUS_RESOURCES)
        adapter->device.reason = VIRTIO_REASON_NO_MEMORY;
    AerovnetReport(adapter);
    AerovnetDestroy(adapter);
    return status;
}
