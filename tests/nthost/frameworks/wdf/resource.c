/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Hardware resources as the PCI bus driver hands them over: BARs in order, then one descriptor for each MSI-X message,
 * or the line. kernel_r "CM_PARTIAL_RESOURCE_DESCRIPTOR".
 */
#include <ntddk.h>

#include <wdf.h>

#include "device.h"

#include <string.h>

#include "cpu/cpu.h"
#include "mem/memory.h"
#include "verify/verify.h"

enum { VECTOR_BASE = 0x60, BARS = 6 };

static void add_bars(struct wdf_resources *list, const struct bus_function *f)
{
    for (unsigned i = 0; i < BARS; i++) {
        CM_PARTIAL_RESOURCE_DESCRIPTOR *d = &list->descriptor[list->count];
        if (f->bar[i].length == 0) {
            continue;
        }
        d->Type = f->bar[i].is_io ? CmResourceTypePort : CmResourceTypeMemory;
        d->ShareDisposition = CmResourceShareDeviceExclusive;
        d->Flags = f->bar[i].is_io ? CM_RESOURCE_PORT_IO : CM_RESOURCE_MEMORY_READ_WRITE;
        d->u.Memory.Start.QuadPart = (LONGLONG)f->bar[i].address;
        d->u.Memory.Length = (ULONG)f->bar[i].length;
        list->count++;
    }
}

static void add_line(struct wdf_resources *list, const struct bus_function *f, bool is_translated)
{
    CM_PARTIAL_RESOURCE_DESCRIPTOR *d = &list->descriptor[list->count++];
    d->Type = CmResourceTypeInterrupt;
    d->ShareDisposition = CmResourceShareShared;
    d->Flags = CM_RESOURCE_INTERRUPT_LEVEL_SENSITIVE;
    d->u.Interrupt.Level = is_translated ? IRQL_DEVICE : f->line;
    d->u.Interrupt.Vector = is_translated ? VECTOR_BASE + f->line : f->line;
    d->u.Interrupt.Affinity = 1;
}

static void add_message(struct wdf_resources *list, unsigned message, bool is_translated)
{
    CM_PARTIAL_RESOURCE_DESCRIPTOR *d = &list->descriptor[list->count++];
    d->Type = CmResourceTypeInterrupt;
    d->ShareDisposition = CmResourceShareDeviceExclusive;
    d->Flags = CM_RESOURCE_INTERRUPT_LATCHED | CM_RESOURCE_INTERRUPT_MESSAGE;
    if (is_translated) {
        d->u.MessageInterrupt.Translated.Level = IRQL_DEVICE;
        d->u.MessageInterrupt.Translated.Vector = VECTOR_BASE + BUS_MAX_LINES + message;
        d->u.MessageInterrupt.Translated.Affinity = 1;
    } else {
        d->u.MessageInterrupt.Raw.MessageCount = 1;
        d->u.MessageInterrupt.Raw.Vector = VECTOR_BASE + BUS_MAX_LINES + message;
        d->u.MessageInterrupt.Raw.Affinity = 1;
    }
}

static void dispose(struct wdf_object *object)
{
    memory_free(((struct wdf_resources *)object)->descriptor);
}

static struct wdf_resources *make_list(struct wdf_device *device, bool is_translated)
{
    const struct bus_function *f = &wdf.bus->function[device->function];
    NTSTATUS status;
    struct wdf_resources *list =
        (struct wdf_resources *)wdf_object_create(WDF_CMRESLIST, sizeof *list, NULL, &device->object, dispose, &status);
    unsigned most = BARS + (device->messages != 0 ? device->messages : 1);
    list->object.is_frameworks = true;
    list->descriptor = memory_alloc(MEMORY_POOL, most * sizeof *list->descriptor, 0, "resource descriptors");
    memset(list->descriptor, 0, most * sizeof *list->descriptor);
    add_bars(list, f);
    if (device->messages == 0) {
        add_line(list, f, is_translated);
    }
    for (unsigned i = 0; i < device->messages; i++) {
        add_message(list, i, is_translated);
    }
    return list;
}

void wdf_resources_make(struct wdf_device *device)
{
    const struct bus_function *f = &wdf.bus->function[device->function];
    unsigned wanted = wdf.options.messages <= f->msix_vectors ? wdf.options.messages : f->msix_vectors != 0;
    device->messages = wanted != 0 ? wdf.bus->ops->msix_enable(wdf.bus, device->function, wanted) : 0;
    device->raw = make_list(device, false);
    device->translated = make_list(device, true);
}

void wdf_resources_drop(struct wdf_device *device)
{
    wdf_object_delete(&device->raw->object);
    wdf_object_delete(&device->translated->object);
    device->raw = device->translated = NULL;
    wdf.bus->ops->msix_enable(wdf.bus, device->function, 0);
    device->messages = 0;
}

static ULONG NTAPI get_count(PWDF_DRIVER_GLOBALS globals, WDFCMRESLIST handle)
{
    (void)globals;
    return ((struct wdf_resources *)wdf_object_of(handle, WDF_CMRESLIST))->count;
}

static PCM_PARTIAL_RESOURCE_DESCRIPTOR NTAPI get_descriptor(PWDF_DRIVER_GLOBALS globals, WDFCMRESLIST handle,
                                                            ULONG index)
{
    struct wdf_resources *list = wdf_object_of(handle, WDF_CMRESLIST);
    (void)globals;
    return index < list->count ? &list->descriptor[index] : NULL;
}

static const struct wdf_function functions[] = {
    WDF_FUNCTION(WdfCmResourceListGetCount, WDFCMRESOURCELISTGETCOUNT, get_count),
    WDF_FUNCTION(WdfCmResourceListGetDescriptor, WDFCMRESOURCELISTGETDESCRIPTOR, get_descriptor),
};

void wdf_functions_resource(void)
{
    wdf_functions_add(functions, sizeof functions / sizeof functions[0]);
}
