/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What HIDCLASS asks of a HID minidriver: IRP_MJ_INTERNAL_DEVICE_CONTROL, handed down by mshidkmdf. All but reads is
 * answered at once; the buffers are nonpaged or locked. Layer: glue. Highest IRQL: DISPATCH_LEVEL.
 */
#include "virtio_input.h"

#define STRING_ID_MASK  0xFFFF /* the upper half is a language: the device has but one */
#define COLLECTIONS_MAX 32

VIRTIO_STATIC_ASSERT(sizeof(HID_DESCRIPTOR) == INPUT_HID_DESCRIPTOR_LENGTH);
VIRTIO_STATIC_ASSERT(sizeof(HID_DEVICE_ATTRIBUTES) == sizeof(INPUT_HID_ATTRIBUTES));
VIRTIO_STATIC_ASSERT(HID_STRING_ID_IMANUFACTURER == INPUT_STRING_MANUFACTURER);
VIRTIO_STATIC_ASSERT(HID_STRING_ID_IPRODUCT == INPUT_STRING_PRODUCT);
VIRTIO_STATIC_ASSERT(HID_STRING_ID_ISERIALNUMBER == INPUT_STRING_SERIAL);

static NTSTATUS GetDeviceDescriptor(AEROVINPUT_CONTEXT *context, WDFREQUEST request, ULONG_PTR *information)
{
    UINT16 length = (UINT16)(context->device.descriptor_length + AEROVINPUT_DIAG_COLLECTION_LENGTH);
    PVOID buffer;
    NTSTATUS status = WdfRequestRetrieveOutputBuffer(request, INPUT_HID_DESCRIPTOR_LENGTH, &buffer, NULL);

    if (!NT_SUCCESS(status))
        return status;
    InputIdentityHidDescriptor(length, (UINT8 *)buffer);
    *information = INPUT_HID_DESCRIPTOR_LENGTH;
    return STATUS_SUCCESS;
}

static NTSTATUS GetReportDescriptor(AEROVINPUT_CONTEXT *context, WDFREQUEST request, ULONG_PTR *information)
{
    SIZE_T length = context->device.descriptor_length;
    PVOID buffer;
    NTSTATUS status =
        WdfRequestRetrieveOutputBuffer(request, length + AEROVINPUT_DIAG_COLLECTION_LENGTH, &buffer, NULL);

    if (!NT_SUCCESS(status))
        return status;
    RtlCopyMemory(buffer, context->device.descriptor, length);
    RtlCopyMemory((UINT8 *)buffer + length, aerovinput_diag_collection, AEROVINPUT_DIAG_COLLECTION_LENGTH);
    *information = length + AEROVINPUT_DIAG_COLLECTION_LENGTH;
    return STATUS_SUCCESS;
}

static NTSTATUS GetAttributes(AEROVINPUT_CONTEXT *context, WDFREQUEST request, ULONG_PTR *information)
{
    INPUT_HID_ATTRIBUTES attributes;
    PVOID buffer;
    NTSTATUS status = WdfRequestRetrieveOutputBuffer(request, sizeof(attributes), &buffer, NULL);

    if (!NT_SUCCESS(status))
        return status;
    InputIdentityAttributes(&context->device.config, &attributes);
    RtlCopyMemory(buffer, &attributes, sizeof(attributes));
    *information = sizeof(attributes);
    return STATUS_SUCCESS;
}

/* The value that some codes have in place of an input buffer. */
static ULONG GetArgument(WDFREQUEST request)
{
    WDF_REQUEST_PARAMETERS parameters;

    WDF_REQUEST_PARAMETERS_INIT(&parameters);
    WdfRequestGetParameters(request, &parameters);
    return PtrToUlong(parameters.Parameters.DeviceIoControl.Type3InputBuffer);
}

static NTSTATUS GetString(AEROVINPUT_CONTEXT *context, WDFREQUEST request, ULONG_PTR *information)
{
    PVOID buffer;
    size_t size;
    UINT32 length = 0;
    NTSTATUS status = WdfRequestRetrieveOutputBuffer(request, sizeof(WCHAR), &buffer, &size);

    if (!NT_SUCCESS(status))
        return status;
    status = InputIdentityString(&context->device.config, GetArgument(request) & STRING_ID_MASK, (UINT16 *)buffer, size,
                                 &length);
    if (NT_SUCCESS(status))
        *information = length;
    return status;
}

/* The argument is a collection's number. Events go on: what nobody reads is bounded. */
static NTSTATUS SetActive(AEROVINPUT_CONTEXT *context, WDFREQUEST request, BOOLEAN is_active)
{
    ULONG collection = GetArgument(request);

    if (collection >= COLLECTIONS_MAX)
        return STATUS_INVALID_PARAMETER;
    if (is_active)
        context->active_collections |= 1UL << collection;
    else
        context->active_collections &= ~(1UL << collection);
    return STATUS_SUCCESS;
}

/* IOCTL_HID_GET_INPUT_REPORT: as things are now, beside the reads. */
static NTSTATUS GetInputReport(AEROVINPUT_CONTEXT *context, const HID_XFER_PACKET *packet, ULONG_PTR *information)
{
    UINT32 length = 0;
    NTSTATUS status = InputReportsCurrent(&context->device.reports, packet->reportId, packet->reportBuffer,
                                          packet->reportBufferLen, &length);

    *information = length;
    return status;
}

/*
 * Requests with a HID_XFER_PACKET. For codes of the direct methods the framework does not hand it out, so it is taken
 * from the IRP for all of them.
 */
static NTSTATUS Transfer(AEROVINPUT_CONTEXT *context, WDFREQUEST request, ULONG code, ULONG_PTR *information)
{
    const HID_XFER_PACKET *packet = (const HID_XFER_PACKET *)WdfRequestWdmGetIrp(request)->UserBuffer;

    if (packet == NULL || packet->reportBuffer == NULL)
        return STATUS_INVALID_PARAMETER;
    if (code == IOCTL_HID_GET_FEATURE)
        return AerovinputReadDiag(context, packet, information);
    if (code == IOCTL_HID_GET_INPUT_REPORT)
        return GetInputReport(context, packet, information);
    return AerovinputWriteOutput(context, packet, information);
}

/* Under the lock. IOCTL_HID_SEND_IDLE_NOTIFICATION_REQUEST is refused: asleep, the device would not see a key. */
static NTSTATUS Answer(AEROVINPUT_CONTEXT *context, WDFREQUEST request, ULONG code, ULONG_PTR *information)
{
    if (!context->is_ready)
        return STATUS_DEVICE_NOT_READY;
    switch (code) {
    case IOCTL_HID_GET_DEVICE_DESCRIPTOR:
        return GetDeviceDescriptor(context, request, information);
    case IOCTL_HID_GET_REPORT_DESCRIPTOR:
        return GetReportDescriptor(context, request, information);
    case IOCTL_HID_GET_DEVICE_ATTRIBUTES:
        return GetAttributes(context, request, information);
    case IOCTL_HID_GET_STRING:
        return GetString(context, request, information);
    case IOCTL_HID_WRITE_REPORT:
    case IOCTL_HID_SET_OUTPUT_REPORT:
    case IOCTL_HID_GET_INPUT_REPORT:
    case IOCTL_HID_GET_FEATURE:
        return Transfer(context, request, code, information);
    case IOCTL_HID_ACTIVATE_DEVICE:
    case IOCTL_HID_DEACTIVATE_DEVICE:
        return SetActive(context, request, (BOOLEAN)(code == IOCTL_HID_ACTIVATE_DEVICE));
    default:
        return STATUS_NOT_SUPPORTED;
    }
}

VOID NTAPI AerovinputInternalDeviceControl(WDFQUEUE queue, WDFREQUEST request, size_t output_length,
                                           size_t input_length, ULONG code)
{
    AEROVINPUT_CONTEXT *context = AerovinputContext(WdfIoQueueGetDevice(queue));
    ULONG_PTR information = 0;
    BOOLEAN is_end;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(output_length);
    UNREFERENCED_PARAMETER(input_length);
    if (code == IOCTL_HID_READ_REPORT) {
        AerovinputRead(context, request);
        return;
    }
    WdfSpinLockAcquire(context->lock);
    status = Answer(context, request, code, &information);
    is_end = (BOOLEAN)(code == IOCTL_HID_DEACTIVATE_DEVICE && NT_SUCCESS(status) && context->active_collections == 0);
    WdfSpinLockRelease(context->lock);
    if (is_end) /* reads are the device's, not one collection's */
        AerovinputEndReads(context, STATUS_CANCELLED);
    WdfRequestCompleteWithInformation(request, status, information);
}
