/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Interrupt objects: creation, which message is for what, EvtInterruptIsr, EvtInterruptDpc and the DPC that goes on.
 * Layer: glue. Highest IRQL: DIRQL (ISR), DISPATCH_LEVEL (DPCs).
 */
#include "virtio_input.h"

#define ISR_GONE 0xFF /* all ones: nothing answers any more, so it is not us who holds the line */

NTSTATUS AerovinputInterruptCreate(AEROVINPUT_CONTEXT *context)
{
    WDF_INTERRUPT_CONFIG config;
    NTSTATUS status = STATUS_SUCCESS;
    ULONG i;

    for (i = 0; i < AEROVINPUT_MESSAGES_MAX && NT_SUCCESS(status); i++) {
        WDF_INTERRUPT_CONFIG_INIT(&config, AerovinputIsr, AerovinputInterruptDpc);
        status = WdfInterruptCreate(context->handle, &config, WDF_NO_OBJECT_ATTRIBUTES, &context->interrupts[i]);
    }
    return status;
}

BOOLEAN AerovinputInterruptFind(AEROVINPUT_CONTEXT *context, WDFCMRESLIST translated)
{
    const CM_PARTIAL_RESOURCE_DESCRIPTOR *resource;
    ULONG count = WdfCmResourceListGetCount(translated);
    ULONG messages = 0;
    ULONG lines = 0;
    ULONG i;

    for (i = 0; i < count; i++) {
        resource = WdfCmResourceListGetDescriptor(translated, i);
        if (resource->Type != CmResourceTypeInterrupt)
            continue;
        if ((resource->Flags & CM_RESOURCE_INTERRUPT_MESSAGE) != 0)
            messages++; /* MSI-X has a descriptor for each */
        else
            lines++;
    }
    if (messages > AEROVINPUT_MESSAGES_MAX)
        messages = AEROVINPUT_MESSAGES_MAX;
    if (messages > context->device.pci.caps.msix_table_size)
        messages = context->device.pci.caps.msix_table_size;
    context->message_count = (UINT16)messages;
    return (BOOLEAN)(messages != 0 || lines != 0);
}

VOID AerovinputInterruptPlan(const AEROVINPUT_CONTEXT *context, INPUT_VECTORS *vectors)
{
    UINT16 last = (UINT16)(context->message_count - 1);

    if (context->message_count == 0)
        last = VIRTIO_PCI_NO_VECTOR;
    vectors->config = last;
    vectors->events = last;
    vectors->status = last;
    if (context->message_count > 1) { /* the configuration has the last one for itself */
        vectors->events = 0;
        vectors->status = (UINT16)(last - 1);
    }
}

BOOLEAN NTAPI AerovinputIsr(WDFINTERRUPT interrupt, ULONG message)
{
    AEROVINPUT_CONTEXT *context = AerovinputContext(WdfInterruptGetDevice(interrupt));
    BOOLEAN is_config = (BOOLEAN)(message == context->device.vectors.config);
    UINT8 isr;

    if (context->message_count == 0) {
        isr = VirtioPciReadIsr(&context->device.pci); /* lowers the line */
        if (isr == 0 || isr == ISR_GONE)
            return FALSE;
        is_config = (BOOLEAN)((isr & VIRTIO_PCI_ISR_CONFIG) != 0);
    }
    if (is_config)
        (void)InterlockedExchange(&context->config_pending, 1);
    (void)WdfInterruptQueueDpcForIsr(interrupt);
    return TRUE;
}

/* What came by interrupt, or may have. A device that never pauses is left to a new DPC: others get their turn. */
static VOID Service(AEROVINPUT_CONTEXT *context)
{
    BOOLEAN is_more = FALSE;

    WdfSpinLockAcquire(context->lock);
    if (context->is_ready) {
        if (InterlockedExchange(&context->config_pending, 0) != 0)
            InputDeviceConfigChanged(&context->device);
        is_more = InputDeviceService(&context->device);
    }
    WdfSpinLockRelease(context->lock);
    AerovinputPump(context);
    AerovinputReport(context);
    if (is_more)
        (void)WdfDpcEnqueue(context->dpc);
}

VOID NTAPI AerovinputInterruptDpc(WDFINTERRUPT interrupt, WDFOBJECT object)
{
    UNREFERENCED_PARAMETER(object);
    Service(AerovinputContext(WdfInterruptGetDevice(interrupt)));
}

VOID NTAPI AerovinputDpc(WDFDPC dpc)
{
    Service(AerovinputContext(WdfDpcGetParentObject(dpc)));
}
