/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * EvtDriverDeviceAdd: the device object and everything that lives as long as it does. Layer: glue. IRQL: PASSIVE_LEVEL.
 */
#include "virtio_input.h"
#include "virtqueue_split.h"

/* Largest transfer that the DMA enabler is asked for; only common buffers are used. */
#define DMA_LENGTH_MAX 0x10000

static VOID SetCallbacks(PWDFDEVICE_INIT init)
{
    WDF_PNPPOWER_EVENT_CALLBACKS callbacks;

    WDF_PNPPOWER_EVENT_CALLBACKS_INIT(&callbacks);
    callbacks.EvtDevicePrepareHardware = AerovinputPrepareHardware;
    callbacks.EvtDeviceReleaseHardware = AerovinputReleaseHardware;
    callbacks.EvtDeviceD0Entry = AerovinputD0Entry;
    callbacks.EvtDeviceD0EntryPostInterruptsEnabled = AerovinputInterruptsEnabled;
    callbacks.EvtDeviceD0Exit = AerovinputD0Exit;
    callbacks.EvtDeviceSurpriseRemoval = AerovinputSurpriseRemoval;
    WdfDeviceInitSetPnpPowerEventCallbacks(init, &callbacks);
}

/* None is power-managed: reads stay over a power-down, and everything else can be answered without the device. */
static NTSTATUS CreateQueues(AEROVINPUT_CONTEXT *context)
{
    WDF_IO_QUEUE_CONFIG config;
    NTSTATUS status;

    WDF_IO_QUEUE_CONFIG_INIT_DEFAULT_QUEUE(&config, WdfIoQueueDispatchParallel);
    config.PowerManaged = WdfFalse;
    config.EvtIoInternalDeviceControl = AerovinputInternalDeviceControl;
    status = WdfIoQueueCreate(context->handle, &config, WDF_NO_OBJECT_ATTRIBUTES, WDF_NO_HANDLE);
    if (!NT_SUCCESS(status))
        return status;
    WDF_IO_QUEUE_CONFIG_INIT(&config, WdfIoQueueDispatchManual);
    config.PowerManaged = WdfFalse;
    return WdfIoQueueCreate(context->handle, &config, WDF_NO_OBJECT_ATTRIBUTES, &context->reads);
}

/* No callback of ours is serialised by the framework: they share the lock, for moments only. */
static NTSTATUS CreateDeferred(AEROVINPUT_CONTEXT *context)
{
    WDF_OBJECT_ATTRIBUTES attributes;
    WDF_DPC_CONFIG dpc;
    WDF_TIMER_CONFIG timer;
    NTSTATUS status;

    WDF_OBJECT_ATTRIBUTES_INIT(&attributes);
    attributes.ParentObject = context->handle;
    status = WdfSpinLockCreate(&attributes, &context->lock);
    if (!NT_SUCCESS(status))
        return status;
    WDF_DPC_CONFIG_INIT(&dpc, AerovinputDpc);
    dpc.AutomaticSerialization = FALSE;
    status = WdfDpcCreate(&dpc, &attributes, &context->dpc);
    if (!NT_SUCCESS(status))
        return status;
    WDF_TIMER_CONFIG_INIT(&timer, AerovinputWatchdog);
    timer.Period = AEROVINPUT_WATCHDOG_MS;
    timer.AutomaticSerialization = FALSE;
    return WdfTimerCreate(&timer, &attributes, &context->watchdog);
}

static NTSTATUS CreateDma(AEROVINPUT_CONTEXT *context)
{
    WDF_DMA_ENABLER_CONFIG config;

    WDF_DMA_ENABLER_CONFIG_INIT(&config, WdfDmaProfileScatterGather64, DMA_LENGTH_MAX);
    return WdfDmaEnablerCreate(context->handle, &config, WDF_NO_OBJECT_ATTRIBUTES, &context->dma_enabler);
}

NTSTATUS NTAPI AerovinputDeviceAdd(WDFDRIVER driver, PWDFDEVICE_INIT init)
{
    WDF_OBJECT_ATTRIBUTES attributes;
    AEROVINPUT_CONTEXT *context;
    WDFDEVICE handle;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(driver);
    WdfDeviceInitSetPowerPolicyOwnership(init, FALSE); /* HIDCLASS, above, is the owner */
    SetCallbacks(init);
    WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE(&attributes, AEROVINPUT_CONTEXT);
    status = WdfDeviceCreate(&init, &attributes, &handle);
    if (!NT_SUCCESS(status))
        return status;
    context = AerovinputContext(handle);
    context->handle = handle;
    status = CreateDeferred(context);
    if (NT_SUCCESS(status))
        status = CreateQueues(context);
    if (NT_SUCCESS(status))
        status = CreateDma(context);
    if (NT_SUCCESS(status))
        status = AerovinputInterruptCreate(context);
    return status; /* on failure the framework deletes the device and all that belongs to it */
}
