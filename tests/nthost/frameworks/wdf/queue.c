/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Queues: what waits, what the driver is given, and the stops in between. KMDF_d "Framework Queue Objects". */
#include <ntddk.h>

#include <wdf.h>

#include "device.h"

#include "cpu/cpu.h"
#include "nt/irp.h"
#include "verify/verify.h"

/* The oldest requests come first; one that was given back comes at the end, as in KMDF. */
void wdf_queue_insert(struct wdf_queue *queue, struct wdf_request *request)
{
    request->queue = queue;
    request->place = REQUEST_WAITS;
    request->is_stopped = false;
    if (!queue->accepts) {
        wdf_request_finish(request, STATUS_INVALID_DEVICE_STATE, 0);
        return;
    }
    if (request->irp->Cancel) {
        wdf_request_finish(request, STATUS_CANCELLED, 0);
        return;
    }
    request->next = NULL;
    *queue->end = request;
    queue->end = &request->next;
    queue->waiting++;
    wdf_request_make_cancelable_on_queue(request);
    wdf_queue_dispatch(queue);
}

void wdf_queue_remove(struct wdf_request *request)
{
    struct wdf_queue *queue = request->queue;
    struct wdf_request **link = &queue->first;
    while (*link != request) {
        link = &(*link)->next;
    }
    *link = request->next;
    if (queue->end == &request->next) {
        queue->end = link;
    }
    queue->waiting--;
    irp_set_cancel_routine(request->irp, NULL);
}

static struct wdf_request *take_first(struct wdf_queue *queue)
{
    struct wdf_request *request = queue->first;
    wdf_queue_remove(request);
    request->place = REQUEST_WITH_DRIVER;
    request->was_presented = true;
    queue->presented++;
    return request;
}

static bool is_running(const struct wdf_queue *queue)
{
    return queue->presents && !queue->is_held && (!queue->is_power_managed || queue->device->power == POWER_D0);
}

static bool may_present(const struct wdf_queue *queue)
{
    ULONG most = queue->config.DispatchType == WdfIoQueueDispatchSequential ? 1
                 : queue->config.DispatchType == WdfIoQueueDispatchParallel
                     ? queue->config.Settings.Parallel.NumberOfPresentedRequests
                     : 0;
    return queue->first != NULL && queue->presented < most && is_running(queue) &&
           (!queue->object.is_passive || cpu_irql == IRQL_PASSIVE);
}

struct present_call {
    struct wdf_queue *queue;
    struct wdf_request *request;
};

static void call_present(void *argument)
{
    struct present_call *c = argument;
    const WDF_IO_QUEUE_CONFIG *config = &c->queue->config;
    const IO_STACK_LOCATION *l = c->request->irp->Tail.Overlay.CurrentStackLocation;
    WDFQUEUE queue = c->queue->object.handle;
    WDFREQUEST request = c->request->object.handle;
    switch (l->MajorFunction) {
    case IRP_MJ_INTERNAL_DEVICE_CONTROL:
    case IRP_MJ_DEVICE_CONTROL: {
        PFN_WDF_IO_QUEUE_IO_DEVICE_CONTROL control =
            l->MajorFunction == IRP_MJ_DEVICE_CONTROL ? config->EvtIoDeviceControl : config->EvtIoInternalDeviceControl;
        if (control != NULL) {
            control(queue, request, l->Parameters.DeviceIoControl.OutputBufferLength,
                    l->Parameters.DeviceIoControl.InputBufferLength, l->Parameters.DeviceIoControl.IoControlCode);
            return;
        }
        break;
    }
    case IRP_MJ_READ:
        if (config->EvtIoRead != NULL) {
            config->EvtIoRead(queue, request, l->Parameters.Read.Length);
            return;
        }
        break;
    case IRP_MJ_WRITE:
        if (config->EvtIoWrite != NULL) {
            config->EvtIoWrite(queue, request, l->Parameters.Write.Length);
            return;
        }
        break;
    default:
        break;
    }
    config->EvtIoDefault(queue, request);
}

static bool has_callback(const WDF_IO_QUEUE_CONFIG *config, UCHAR major)
{
    return config->EvtIoDefault != NULL ||
           (major == IRP_MJ_INTERNAL_DEVICE_CONTROL && config->EvtIoInternalDeviceControl != NULL) ||
           (major == IRP_MJ_DEVICE_CONTROL && config->EvtIoDeviceControl != NULL) ||
           (major == IRP_MJ_READ && config->EvtIoRead != NULL) || (major == IRP_MJ_WRITE && config->EvtIoWrite != NULL);
}

/* Presents what may be presented; comes again from the pump when IRQL or a callback lock forbid it now. */
void wdf_queue_dispatch(struct wdf_queue *queue)
{
    struct wdf_object *with = wdf_serializer(&queue->object);
    queue->object.references++;
    while (may_present(queue) && (with == NULL || with->callback_lock == 0)) {
        struct present_call c = {queue, take_first(queue)};
        if (!has_callback(&queue->config, c.request->irp->Tail.Overlay.CurrentStackLocation->MajorFunction)) {
            wdf_request_finish(c.request, STATUS_INVALID_DEVICE_REQUEST, 0);
            continue;
        }
        wdf_call(with, "EvtIo", cpu_irql, call_present, &c);
    }
    wdf_object_release(&queue->object);
}

struct state_call {
    PFN_WDF_IO_QUEUE_STATE callback;
    WDFQUEUE handle;
    WDFCONTEXT context;
};

static void call_state(void *argument)
{
    struct state_call *c = argument;
    c->callback(c->handle, c->context);
}

void wdf_queue_driver_gave_back(struct wdf_queue *queue)
{
    if (queue->presented == 0 && queue->purge_complete != NULL) {
        struct state_call c = {queue->purge_complete, queue->object.handle, queue->purge_context};
        queue->purge_complete = NULL;
        cpu_call_driver("EvtIoQueueState", cpu_irql, call_state, &c);
    }
    if (!queue->object.is_disposed) {
        wdf_queue_dispatch(queue);
    }
}

static void call_cancelled(void *argument)
{
    struct present_call *c = argument;
    c->queue->config.EvtIoCanceledOnQueue(c->queue->object.handle, c->request->object.handle);
}

bool wdf_queue_hand_cancelled(struct wdf_request *request)
{
    struct present_call c = {request->queue, request};
    if (!request->was_presented || request->queue->config.EvtIoCanceledOnQueue == NULL) {
        return false;
    }
    request->place = REQUEST_WITH_DRIVER;
    request->queue->presented++;
    cpu_call_driver("EvtIoCanceledOnQueue", cpu_irql, call_cancelled, &c);
    return true;
}

/* ---- Power ---- */

struct stop_call {
    struct wdf_queue *queue;
    WDFREQUEST request;
    ULONG flags;
};

static void call_stop(void *argument)
{
    struct stop_call *c = argument;
    c->queue->config.EvtIoStop(c->queue->object.handle, c->request, c->flags);
}

/* Requests of this queue that the driver has and has not answered for. */
static struct wdf_request *unanswered(struct wdf_queue *queue, const struct wdf_object *after)
{
    bool seen = after == NULL;
    for (struct wdf_object *o = queue->device->object.children; o != NULL; o = o->sibling) {
        struct wdf_request *request = (struct wdf_request *)o;
        if (seen && o->type == WDF_REQUEST && request->queue == queue && request->place == REQUEST_WITH_DRIVER &&
            !request->is_stopped) {
            return request;
        }
        seen = seen || o == after;
    }
    return NULL;
}

static void ask_about_requests(struct wdf_queue *queue, bool is_removal)
{
    struct wdf_request *asked[256];
    unsigned count = 0;
    for (struct wdf_request *r = unanswered(queue, NULL); r != NULL && count < 256; r = unanswered(queue, &r->object)) {
        asked[count++] = r;
    }
    for (unsigned i = 0; i < count && queue->config.EvtIoStop != NULL; i++) {
        struct stop_call c = {queue, asked[i]->object.handle,
                              (is_removal ? WdfRequestStopActionPurge : WdfRequestStopActionSuspend) |
                                  (asked[i]->cancel != NULL ? WdfRequestStopRequestCancelable : 0)};
        bool is_there = false;
        for (struct wdf_request *r = unanswered(queue, NULL); r != NULL; r = unanswered(queue, &r->object)) {
            is_there = is_there || r == asked[i]; /* an answer about one may have ended others */
        }
        if (is_there) {
            cpu_call_driver("EvtIoStop", IRQL_PASSIVE, call_stop, &c);
        }
    }
}

void wdf_queues_stop(struct wdf_device *device, bool is_removal)
{
    for (unsigned i = 0; i < device->queue_count; i++) {
        struct wdf_queue *queue = device->queue[i];
        uint64_t end = wdf.bus->ops->clock_us(wdf.bus) + WDF_WAIT_S * 1000000ull;
        if (!queue->is_power_managed && !is_removal) {
            continue;
        }
        queue->is_held = true;
        ask_about_requests(queue, is_removal);
        while (unanswered(queue, NULL) != NULL && wdf.bus->ops->clock_us(wdf.bus) < end && !wdf.bus->dead) {
            wdf_pump(1000);
        }
        if (unanswered(queue, NULL) != NULL) {
            rule_broken("wdf.held", "a request that the driver holds keeps the device from %s",
                        is_removal ? "being removed" : "leaving D0");
        }
    }
}

static void call_resume(void *argument)
{
    struct stop_call *c = argument;
    c->queue->config.EvtIoResume(c->queue->object.handle, c->request);
}

void wdf_queues_start(struct wdf_device *device)
{
    for (unsigned i = 0; i < device->queue_count; i++) {
        struct wdf_queue *queue = device->queue[i];
        if (!queue->is_held) {
            continue;
        }
        queue->is_held = false;
        for (struct wdf_object *o = device->object.children, *next; o != NULL; o = next) {
            struct wdf_request *request = (struct wdf_request *)o;
            next = o->sibling;
            if (o->type == WDF_REQUEST && request->queue == queue && request->is_stopped) {
                struct stop_call c = {queue, o->handle, 0};
                request->is_stopped = false;
                if (queue->config.EvtIoResume != NULL) {
                    cpu_call_driver("EvtIoResume", IRQL_PASSIVE, call_resume, &c);
                    next = device->object.children;
                }
            }
        }
    }
    for (unsigned i = 0; i < device->queue_count; i++) {
        wdf_queue_dispatch(device->queue[i]);
    }
}

static void purge(struct wdf_queue *queue)
{
    queue->accepts = false;
    while (queue->first != NULL) {
        struct wdf_request *request = queue->first;
        wdf_queue_remove(request);
        if (!wdf_queue_hand_cancelled(request)) {
            wdf_request_finish(request, STATUS_CANCELLED, 0);
        }
    }
    for (struct wdf_request *r = unanswered(queue, NULL); r != NULL; r = unanswered(queue, NULL)) {
        if (r->cancel == NULL) {
            break;
        }
        irp_cancel(r->irp);
    }
}

void wdf_queues_purge(struct wdf_device *device)
{
    for (unsigned i = 0; i < device->queue_count; i++) {
        purge(device->queue[i]);
    }
}

/* ---- What drivers call ---- */

static void dispose(struct wdf_object *object)
{
    struct wdf_queue *queue = (struct wdf_queue *)object;
    struct wdf_device *device = queue->device;
    if (queue->waiting != 0 || queue->presented != 0) {
        rule_broken("wdf.lost", "a queue is deleted with %u requests in it and %u with the driver", queue->waiting,
                    queue->presented);
    }
    for (unsigned i = 0; i < device->queue_count; i++) {
        if (device->queue[i] == queue) {
            device->queue[i] = device->queue[--device->queue_count];
        }
    }
    device->default_queue = device->default_queue == queue ? NULL : device->default_queue;
}

static NTSTATUS NTAPI create(PWDF_DRIVER_GLOBALS globals, WDFDEVICE device_handle, PWDF_IO_QUEUE_CONFIG config,
                             PWDF_OBJECT_ATTRIBUTES attributes, WDFQUEUE *handle)
{
    NTSTATUS status;
    struct wdf_device *device = wdf_object_of(device_handle, WDF_DEVICE);
    struct wdf_queue *queue;
    (void)globals;
    if (config->Size != sizeof *config || config->DispatchType <= WdfIoQueueDispatchInvalid ||
        config->DispatchType >= WdfIoQueueDispatchMax) {
        rule_broken("wdf.size", "WDF_IO_QUEUE_CONFIG of %u bytes, or of no dispatch type", (unsigned)config->Size);
    }
    if (config->DispatchType == WdfIoQueueDispatchManual
            ? config->EvtIoInternalDeviceControl != NULL || config->EvtIoDefault != NULL
            : config->EvtIoDefault == NULL && config->EvtIoRead == NULL && config->EvtIoWrite == NULL &&
                  config->EvtIoDeviceControl == NULL && config->EvtIoInternalDeviceControl == NULL) {
        return config->DispatchType == WdfIoQueueDispatchManual ? STATUS_INVALID_PARAMETER : STATUS_WDF_NO_CALLBACK;
    }
    if (config->DefaultQueue && device->default_queue != NULL) {
        return STATUS_UNSUCCESSFUL;
    }
    if (device->queue_count == WDF_MAX_QUEUES) {
        host_fatal("more than %d queues", WDF_MAX_QUEUES);
    }
    queue =
        (struct wdf_queue *)wdf_object_create(WDF_QUEUE, sizeof *queue, attributes, &device->object, dispose, &status);
    if (queue == NULL) {
        return status;
    }
    queue->object.is_frameworks = config->DefaultQueue;
    queue->device = device;
    queue->config = *config;
    queue->end = &queue->first;
    queue->accepts = queue->presents = true;
    queue->is_power_managed =
        config->PowerManaged == WdfUseDefault ? !device->is_filter : config->PowerManaged == WdfTrue;
    queue->is_held = queue->is_power_managed && device->power != POWER_D0;
    device->queue[device->queue_count++] = queue;
    if (config->DefaultQueue) {
        device->default_queue = queue;
    }
    if (handle != NULL) {
        *handle = queue->object.handle;
    }
    return status;
}

static WDF_IO_QUEUE_STATE NTAPI get_state(PWDF_DRIVER_GLOBALS globals, WDFQUEUE handle, PULONG waiting,
                                          PULONG presented)
{
    struct wdf_queue *queue = wdf_object_of(handle, WDF_QUEUE);
    unsigned state =
        (queue->accepts ? WdfIoQueueAcceptRequests : 0u) | (queue->presents ? WdfIoQueueDispatchRequests : 0u) |
        (queue->waiting == 0 ? WdfIoQueueNoRequests : 0u) | (queue->presented == 0 ? WdfIoQueueDriverNoRequests : 0u) |
        (queue->is_held ? WdfIoQueuePnpHeld : 0u);
    (void)globals;
    if (waiting != NULL) {
        *waiting = queue->waiting;
    }
    if (presented != NULL) {
        *presented = queue->presented;
    }
    return (WDF_IO_QUEUE_STATE)state;
}

static VOID NTAPI start(PWDF_DRIVER_GLOBALS globals, WDFQUEUE handle)
{
    struct wdf_queue *queue = wdf_object_of(handle, WDF_QUEUE);
    (void)globals;
    queue->accepts = queue->presents = true;
    wdf_queue_dispatch(queue);
}

static VOID NTAPI stop(PWDF_DRIVER_GLOBALS globals, WDFQUEUE handle, PFN_WDF_IO_QUEUE_STATE complete,
                       WDFCONTEXT context)
{
    struct wdf_queue *queue = wdf_object_of(handle, WDF_QUEUE);
    (void)globals;
    queue->presents = false;
    if (complete != NULL) {
        queue->purge_complete = complete;
        queue->purge_context = context;
        wdf_queue_driver_gave_back(queue);
    }
}

static VOID NTAPI purge_asynchronously(PWDF_DRIVER_GLOBALS globals, WDFQUEUE handle, PFN_WDF_IO_QUEUE_STATE complete,
                                       WDFCONTEXT context)
{
    struct wdf_queue *queue = wdf_object_of(handle, WDF_QUEUE);
    (void)globals;
    queue->purge_complete = complete;
    queue->purge_context = context;
    purge(queue);
    wdf_queue_driver_gave_back(queue);
}

static VOID NTAPI purge_synchronously(PWDF_DRIVER_GLOBALS globals, WDFQUEUE handle)
{
    struct wdf_queue *queue = wdf_object_of(handle, WDF_QUEUE);
    uint64_t end = wdf.bus->ops->clock_us(wdf.bus) + WDF_WAIT_S * 1000000ull;
    (void)globals;
    purge(queue);
    while (queue->presented != 0 && wdf.bus->ops->clock_us(wdf.bus) < end && !wdf.bus->dead) {
        wdf_pump(1000);
    }
    if (queue->presented != 0) {
        rule_broken("wdf.held", "WdfIoQueuePurgeSynchronously waits for %u requests that the driver holds",
                    queue->presented);
    }
}

static WDFDEVICE NTAPI get_device(PWDF_DRIVER_GLOBALS globals, WDFQUEUE handle)
{
    (void)globals;
    return ((struct wdf_queue *)wdf_object_of(handle, WDF_QUEUE))->device->object.handle;
}

static NTSTATUS NTAPI retrieve_next(PWDF_DRIVER_GLOBALS globals, WDFQUEUE handle, WDFREQUEST *request)
{
    struct wdf_queue *queue = wdf_object_of(handle, WDF_QUEUE);
    (void)globals;
    *request = NULL;
    if (queue->config.DispatchType == WdfIoQueueDispatchParallel) {
        return STATUS_INVALID_DEVICE_STATE;
    }
    if (!is_running(queue)) {
        return STATUS_WDF_PAUSED;
    }
    if (queue->first == NULL) {
        return STATUS_NO_MORE_ENTRIES;
    }
    *request = take_first(queue)->object.handle;
    return STATUS_SUCCESS;
}

static const struct wdf_function functions[] = {
    WDF_FUNCTION(WdfIoQueueCreate, WDFIOQUEUECREATE, create),
    WDF_FUNCTION(WdfIoQueueGetState, WDFIOQUEUEGETSTATE, get_state),
    WDF_FUNCTION(WdfIoQueueStart, WDFIOQUEUESTART, start),
    WDF_FUNCTION(WdfIoQueueStop, WDFIOQUEUESTOP, stop),
    WDF_FUNCTION(WdfIoQueuePurge, WDFIOQUEUEPURGE, purge_asynchronously),
    WDF_FUNCTION(WdfIoQueuePurgeSynchronously, WDFIOQUEUEPURGESYNCHRONOUSLY, purge_synchronously),
    WDF_FUNCTION(WdfIoQueueGetDevice, WDFIOQUEUEGETDEVICE, get_device),
    WDF_FUNCTION(WdfIoQueueRetrieveNextRequest, WDFIOQUEUERETRIEVENEXTREQUEST, retrieve_next),
};

void wdf_functions_queue(void)
{
    wdf_functions_add(functions, sizeof functions / sizeof functions[0]);
}
