/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Requests: made of IRPs, cancelled, completed exactly once. KMDF_d "Handling I/O Requests". */
#include <ntddk.h>

#include <wdf.h>

#include "device.h"

#include <string.h>

#include "cpu/cpu.h"
#include "mem/memory.h"
#include "nt/irp.h"
#include "verify/verify.h"

static IO_STACK_LOCATION *location_of(const struct wdf_request *request)
{
    return request->irp->Tail.Overlay.CurrentStackLocation;
}

static void dispose(struct wdf_object *object)
{
    struct wdf_request *request = (struct wdf_request *)object;
    request->device->requests--;
}

struct wdf_request *wdf_request_make(struct wdf_device *device, IRP *irp)
{
    NTSTATUS status;
    struct wdf_request *request = (struct wdf_request *)wdf_object_create(
        WDF_REQUEST, sizeof *request, device->has_request_attributes ? &device->request_attributes : NULL,
        &device->object, dispose, &status);
    if (request == NULL) {
        rule_broken("wdf.request", "the attributes for requests do not serve: %#x", (unsigned)status);
    }
    request->object.is_frameworks = true;
    request->device = device;
    request->irp = irp;
    irp->Tail.Overlay.DriverContext[0] = request;
    location_of(request)->Control |= SL_PENDING_RETURNED;
    device->requests++;
    return request;
}

/* The request of a handle that the driver holds now. */
static struct wdf_request *held(WDFREQUEST handle, const char *function)
{
    struct wdf_request *request = wdf_object_of(handle, WDF_REQUEST);
    if (request->place == REQUEST_DONE) {
        rule_broken("wdf.twice", "%s of a request that was completed before; a reference keeps its object", function);
    }
    if (request->place != REQUEST_WITH_DRIVER) {
        rule_broken("wdf.request", "%s of a request that waits in a queue: the driver does not have it", function);
    }
    return request;
}

void wdf_request_finish(struct wdf_request *request, NTSTATUS status, ULONG_PTR information)
{
    struct wdf_queue *queue = request->place == REQUEST_WITH_DRIVER ? request->queue : NULL;
    IRP *irp = request->irp;
    request->place = REQUEST_DONE;
    request->irp = NULL;
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    if (queue != NULL) {
        queue->object.references++;
    }
    wdf_object_delete(&request->object);
    irp_complete(irp);
    if (queue != NULL) {
        queue->presented--;
        wdf_queue_driver_gave_back(queue);
        wdf_object_release(&queue->object);
    }
}

/* ---- Cancelling ---- */

static VOID NTAPI cancel_on_queue(PDEVICE_OBJECT device_object, PIRP irp)
{
    struct wdf_request *request = irp->Tail.Overlay.DriverContext[0];
    (void)device_object;
    wdf_queue_remove(request);
    if (!wdf_queue_hand_cancelled(request)) {
        wdf_request_finish(request, STATUS_CANCELLED, 0);
    }
}

void wdf_request_make_cancelable_on_queue(struct wdf_request *request)
{
    irp_set_cancel_routine(request->irp, cancel_on_queue);
}

struct cancel_call {
    PFN_WDF_REQUEST_CANCEL cancel;
    WDFREQUEST handle;
};

static void call_cancel(void *argument)
{
    struct cancel_call *c = argument;
    c->cancel(c->handle);
}

static VOID NTAPI cancel_with_driver(PDEVICE_OBJECT device_object, PIRP irp)
{
    struct wdf_request *request = irp->Tail.Overlay.DriverContext[0];
    struct cancel_call c = {request->cancel, request->object.handle};
    (void)device_object;
    request->cancel = NULL;
    request->cancel_called = true;
    /* A held callback lock would make KMDF wait for another processor; here the callback comes without it. */
    cpu_call_driver("EvtRequestCancel", cpu_irql, call_cancel, &c);
}

static NTSTATUS NTAPI mark_cancelable(PWDF_DRIVER_GLOBALS globals, WDFREQUEST handle, PFN_WDF_REQUEST_CANCEL cancel)
{
    struct wdf_request *request = held(handle, "WdfRequestMarkCancelableEx");
    (void)globals;
    if (cancel == NULL || request->cancel != NULL) {
        rule_broken("wdf.cancelable", "a request is marked cancelable twice, or without a callback");
    }
    if (request->irp->Cancel) {
        return STATUS_CANCELLED;
    }
    request->cancel = cancel;
    irp_set_cancel_routine(request->irp, cancel_with_driver);
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI unmark_cancelable(PWDF_DRIVER_GLOBALS globals, WDFREQUEST handle)
{
    struct wdf_request *request = held(handle, "WdfRequestUnmarkCancelable");
    (void)globals;
    if (request->cancel_called) {
        return STATUS_CANCELLED;
    }
    if (request->cancel == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    request->cancel = NULL;
    irp_set_cancel_routine(request->irp, NULL);
    return STATUS_SUCCESS;
}

static BOOLEAN NTAPI is_canceled(PWDF_DRIVER_GLOBALS globals, WDFREQUEST handle)
{
    (void)globals;
    return held(handle, "WdfRequestIsCanceled")->irp->Cancel;
}

static void check_not_cancelable(const struct wdf_request *request, const char *function)
{
    if (request->cancel != NULL) {
        rule_broken("wdf.cancelable", "%s of a request that is still cancelable", function);
    }
}

/* ---- Completing ---- */

static void complete(struct wdf_request *request, NTSTATUS status, ULONG_PTR information)
{
    check_not_cancelable(request, "completion");
    if (status == STATUS_PENDING) {
        rule_broken("wdf.status", "a request is completed with STATUS_PENDING");
    }
    wdf_request_finish(request, status, information);
}

static VOID NTAPI complete_request(PWDF_DRIVER_GLOBALS globals, WDFREQUEST handle, NTSTATUS status)
{
    struct wdf_request *request = held(handle, "WdfRequestComplete");
    (void)globals;
    complete(request, status, request->irp->IoStatus.Information);
}

static VOID NTAPI complete_with_information(PWDF_DRIVER_GLOBALS globals, WDFREQUEST handle, NTSTATUS status,
                                            ULONG_PTR information)
{
    (void)globals;
    complete(held(handle, "WdfRequestCompleteWithInformation"), status, information);
}

static VOID NTAPI set_information(PWDF_DRIVER_GLOBALS globals, WDFREQUEST handle, ULONG_PTR information)
{
    (void)globals;
    held(handle, "WdfRequestSetInformation")->irp->IoStatus.Information = information;
}

/* ---- What is in it ---- */

static VOID NTAPI get_parameters(PWDF_DRIVER_GLOBALS globals, WDFREQUEST handle, PWDF_REQUEST_PARAMETERS parameters)
{
    const IO_STACK_LOCATION *location = location_of(held(handle, "WdfRequestGetParameters"));
    (void)globals;
    if (parameters->Size != sizeof *parameters) {
        rule_broken("wdf.size", "WDF_REQUEST_PARAMETERS of %u bytes", parameters->Size);
    }
    parameters->Type = (WDF_REQUEST_TYPE)location->MajorFunction;
    parameters->MinorFunction = location->MinorFunction;
    memcpy(&parameters->Parameters, &location->Parameters, sizeof parameters->Parameters);
}

struct span {
    void *bytes;
    size_t length;
};

static void *mdl_system_address(const MDL *mdl)
{
    return mdl->MdlFlags & (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL) ? mdl->MappedSystemVa : NULL;
}

static struct span output_of(const struct wdf_request *request)
{
    const IO_STACK_LOCATION *l = location_of(request);
    struct span none = {NULL, 0};
    bool internal = l->MajorFunction == IRP_MJ_INTERNAL_DEVICE_CONTROL;
    if (l->MajorFunction != IRP_MJ_DEVICE_CONTROL && !internal) {
        return none;
    }
    switch (l->Parameters.DeviceIoControl.IoControlCode & 3) {
    case METHOD_BUFFERED:
        return (struct span){request->irp->AssociatedIrp.SystemBuffer,
                             l->Parameters.DeviceIoControl.OutputBufferLength};
    case METHOD_NEITHER:
        return internal ? (struct span){request->irp->UserBuffer, l->Parameters.DeviceIoControl.OutputBufferLength}
                        : none;
    default:
        return request->irp->MdlAddress != NULL
                   ? (struct span){mdl_system_address(request->irp->MdlAddress), request->irp->MdlAddress->ByteCount}
                   : none;
    }
}

static struct span input_of(const struct wdf_request *request)
{
    const IO_STACK_LOCATION *l = location_of(request);
    struct span none = {NULL, 0};
    bool internal = l->MajorFunction == IRP_MJ_INTERNAL_DEVICE_CONTROL;
    if (l->MajorFunction != IRP_MJ_DEVICE_CONTROL && !internal) {
        return none;
    }
    if ((l->Parameters.DeviceIoControl.IoControlCode & 3) == METHOD_NEITHER) {
        return internal ? (struct span){l->Parameters.DeviceIoControl.Type3InputBuffer,
                                        l->Parameters.DeviceIoControl.InputBufferLength}
                        : none;
    }
    return (struct span){request->irp->AssociatedIrp.SystemBuffer, l->Parameters.DeviceIoControl.InputBufferLength};
}

static NTSTATUS hand_out(struct span span, size_t least, PVOID *buffer, size_t *length)
{
    if (span.bytes == NULL) {
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    if (span.length == 0 || span.length < least) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    *buffer = span.bytes;
    if (length != NULL) {
        *length = span.length;
    }
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI retrieve_input(PWDF_DRIVER_GLOBALS globals, WDFREQUEST handle, size_t least, PVOID *buffer,
                                     size_t *length)
{
    (void)globals;
    return hand_out(input_of(held(handle, "WdfRequestRetrieveInputBuffer")), least, buffer, length);
}

static NTSTATUS NTAPI retrieve_output(PWDF_DRIVER_GLOBALS globals, WDFREQUEST handle, size_t least, PVOID *buffer,
                                      size_t *length)
{
    (void)globals;
    return hand_out(output_of(held(handle, "WdfRequestRetrieveOutputBuffer")), least, buffer, length);
}

static NTSTATUS NTAPI retrieve_output_memory(PWDF_DRIVER_GLOBALS globals, WDFREQUEST handle, WDFMEMORY *memory)
{
    struct wdf_request *request = held(handle, "WdfRequestRetrieveOutputMemory");
    PVOID bytes;
    size_t length;
    NTSTATUS status = hand_out(output_of(request), 0, &bytes, &length);
    (void)globals;
    if (status < 0) {
        return status;
    }
    if (request->output == NULL) {
        request->output = (struct wdf_memory *)wdf_object_create(WDF_MEMORY, sizeof *request->output, NULL,
                                                                 &request->object, NULL, &status);
        request->output->object.is_frameworks = true;
        request->output->bytes = bytes;
        request->output->size = length;
    }
    *memory = request->output->object.handle;
    return STATUS_SUCCESS;
}

static PIRP NTAPI get_irp(PWDF_DRIVER_GLOBALS globals, WDFREQUEST handle)
{
    (void)globals;
    return held(handle, "WdfRequestWdmGetIrp")->irp;
}

static WDFQUEUE NTAPI get_queue(PWDF_DRIVER_GLOBALS globals, WDFREQUEST handle)
{
    (void)globals;
    return held(handle, "WdfRequestGetIoQueue")->queue->object.handle;
}

/* ---- From queue to queue ---- */

static NTSTATUS NTAPI forward(PWDF_DRIVER_GLOBALS globals, WDFREQUEST handle, WDFQUEUE queue_handle)
{
    struct wdf_request *request = held(handle, "WdfRequestForwardToIoQueue");
    struct wdf_queue *from = request->queue, *to = wdf_object_of(queue_handle, WDF_QUEUE);
    (void)globals;
    check_not_cancelable(request, "WdfRequestForwardToIoQueue");
    if (to == from || to->device != request->device) {
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    if (!to->accepts) {
        return STATUS_WDF_BUSY;
    }
    from->presented--;
    wdf_queue_insert(to, request);
    wdf_queue_driver_gave_back(from);
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI requeue(PWDF_DRIVER_GLOBALS globals, WDFREQUEST handle)
{
    struct wdf_request *request = held(handle, "WdfRequestRequeue");
    struct wdf_queue *queue = request->queue;
    (void)globals;
    check_not_cancelable(request, "WdfRequestRequeue");
    if (queue->config.DispatchType != WdfIoQueueDispatchManual) {
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    queue->presented--;
    wdf_queue_insert(queue, request);
    return STATUS_SUCCESS;
}

static VOID NTAPI stop_acknowledge(PWDF_DRIVER_GLOBALS globals, WDFREQUEST handle, BOOLEAN is_requeued)
{
    struct wdf_request *request = held(handle, "WdfRequestStopAcknowledge");
    struct wdf_queue *queue = request->queue;
    (void)globals;
    if (!is_requeued) {
        request->is_stopped = true;
        return;
    }
    check_not_cancelable(request, "WdfRequestStopAcknowledge");
    queue->presented--;
    wdf_queue_insert(queue, request);
}

static const struct wdf_function functions[] = {
    WDF_FUNCTION(WdfRequestMarkCancelableEx, WDFREQUESTMARKCANCELABLEEX, mark_cancelable),
    WDF_FUNCTION(WdfRequestUnmarkCancelable, WDFREQUESTUNMARKCANCELABLE, unmark_cancelable),
    WDF_FUNCTION(WdfRequestIsCanceled, WDFREQUESTISCANCELED, is_canceled),
    WDF_FUNCTION(WdfRequestComplete, WDFREQUESTCOMPLETE, complete_request),
    WDF_FUNCTION(WdfRequestCompleteWithInformation, WDFREQUESTCOMPLETEWITHINFORMATION, complete_with_information),
    WDF_FUNCTION(WdfRequestSetInformation, WDFREQUESTSETINFORMATION, set_information),
    WDF_FUNCTION(WdfRequestGetParameters, WDFREQUESTGETPARAMETERS, get_parameters),
    WDF_FUNCTION(WdfRequestRetrieveInputBuffer, WDFREQUESTRETRIEVEINPUTBUFFER, retrieve_input),
    WDF_FUNCTION(WdfRequestRetrieveOutputBuffer, WDFREQUESTRETRIEVEOUTPUTBUFFER, retrieve_output),
    WDF_FUNCTION(WdfRequestRetrieveOutputMemory, WDFREQUESTRETRIEVEOUTPUTMEMORY, retrieve_output_memory),
    WDF_FUNCTION(WdfRequestWdmGetIrp, WDFREQUESTWDMGETIRP, get_irp),
    WDF_FUNCTION(WdfRequestGetIoQueue, WDFREQUESTGETIOQUEUE, get_queue),
    WDF_FUNCTION(WdfRequestForwardToIoQueue, WDFREQUESTFORWARDTOIOQUEUE, forward),
    WDF_FUNCTION(WdfRequestRequeue, WDFREQUESTREQUEUE, requeue),
    WDF_FUNCTION(WdfRequestStopAcknowledge, WDFREQUESTSTOPACKNOWLEDGE, stop_acknowledge),
};

void wdf_functions_request(void)
{
    wdf_functions_add(functions, sizeof functions / sizeof functions[0]);
}
