/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* IRPs. */
#include <ntddk.h>

#include "irp.h"

#include <string.h>

#include "cpu/cpu.h"
#include "exports.h"
#include "image/image.h"
#include "mem/memory.h"
#include "verify/verify.h"

DEVICE_OBJECT *irp_device_create(DRIVER_OBJECT *driver, CCHAR stack_size)
{
    DEVICE_OBJECT *device = memory_alloc(MEMORY_POOL, DEVICE_OBJECT_BYTES, 0, "DEVICE_OBJECT");
    memset(device, 0, DEVICE_OBJECT_BYTES);
    device->Type = 3;
    device->Size = DEVICE_OBJECT_BYTES;
    device->ReferenceCount = 1;
    device->DriverObject = driver;
    device->StackSize = stack_size;
    return device;
}

static void initialize(IRP *irp, CCHAR stack_size)
{
    memset(irp, 0, sizeof *irp + (size_t)stack_size * sizeof(IO_STACK_LOCATION));
    irp->Type = 6;
    irp->Size = (USHORT)(sizeof *irp + (size_t)stack_size * sizeof(IO_STACK_LOCATION));
    irp->StackCount = stack_size;
    irp->CurrentLocation = (CHAR)(stack_size + 1);
    irp->RequestorMode = KernelMode;
    irp->Tail.Overlay.CurrentStackLocation = (IO_STACK_LOCATION *)(irp + 1) + stack_size;
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
}

IRP *irp_alloc(CCHAR stack_size)
{
    IRP *irp = memory_alloc(MEMORY_POOL, sizeof *irp + (size_t)stack_size * sizeof(IO_STACK_LOCATION), 0, "IRP");
    initialize(irp, stack_size);
    return irp;
}

void irp_reuse(IRP *irp)
{
    initialize(irp, irp->StackCount);
}

void irp_free(IRP *irp)
{
    memory_free(irp);
}

IO_STACK_LOCATION *irp_next(IRP *irp)
{
    return irp->Tail.Overlay.CurrentStackLocation - 1;
}

void irp_on_completion(IRP *irp, PIO_COMPLETION_ROUTINE routine, void *context)
{
    IO_STACK_LOCATION *next = irp_next(irp);
    next->CompletionRoutine = routine;
    next->Context = context;
    next->Control = SL_INVOKE_ON_SUCCESS | SL_INVOKE_ON_ERROR | SL_INVOKE_ON_CANCEL;
}

struct dispatch_call {
    PDRIVER_DISPATCH routine;
    DEVICE_OBJECT *device;
    IRP *irp;
    NTSTATUS status;
};

static void call_dispatch(void *argument)
{
    struct dispatch_call *c = argument;
    c->status = c->routine(c->device, c->irp);
}

/* Routines of the host's own are called as they are, those of a module with the checks of every callback. */
static void call(const char *name, PVOID routine, void (*body)(void *argument), void *argument)
{
    if (image_at((uintptr_t)routine) != NULL) {
        cpu_call_driver(name, cpu_irql, body, argument);
    } else {
        body(argument);
    }
}

NTSTATUS irp_send(DEVICE_OBJECT *device, IRP *irp)
{
    struct dispatch_call c = {.device = device, .irp = irp};
    IO_STACK_LOCATION *location;
    if (irp->CurrentLocation <= 1) {
        rule_broken("irp.stack", "an IRP with no stack location left is sent to device %p", (void *)device);
    }
    irp->CurrentLocation--;
    location = --irp->Tail.Overlay.CurrentStackLocation;
    location->DeviceObject = device;
    c.routine = device->DriverObject->MajorFunction[location->MajorFunction];
    call("a dispatch routine", (PVOID)c.routine, call_dispatch, &c);
    return c.status;
}

struct completion_call {
    PIO_COMPLETION_ROUTINE routine;
    DEVICE_OBJECT *device;
    IRP *irp;
    void *context;
    NTSTATUS status;
};

static void call_completion(void *argument)
{
    struct completion_call *c = argument;
    c->status = c->routine(c->device, c->irp, c->context);
}

static bool is_invoked(const IO_STACK_LOCATION *location, const IRP *irp)
{
    UCHAR flag = irp->IoStatus.Status >= 0 ? SL_INVOKE_ON_SUCCESS : SL_INVOKE_ON_ERROR;
    return location->CompletionRoutine != NULL &&
           (location->Control & flag || (irp->Cancel && location->Control & SL_INVOKE_ON_CANCEL));
}

void irp_complete(IRP *irp)
{
    if (irp->CurrentLocation > irp->StackCount) {
        rule_broken("irp.twice", "an IRP is completed that is complete already");
    }
    if (irp->IoStatus.Status == STATUS_PENDING) {
        rule_broken("irp.status", "an IRP is completed with STATUS_PENDING");
    }
    if (irp->CancelRoutine != NULL) {
        rule_broken("irp.cancel", "an IRP is completed that still has a cancel routine");
    }
    while (irp->CurrentLocation <= irp->StackCount) {
        IO_STACK_LOCATION *location = irp->Tail.Overlay.CurrentStackLocation;
        struct completion_call c = {.routine = location->CompletionRoutine,
                                    .irp = irp,
                                    .context = location->Context,
                                    .status = STATUS_CONTINUE_COMPLETION};
        irp->PendingReturned = (location->Control & SL_PENDING_RETURNED) != 0;
        irp->CurrentLocation++;
        irp->Tail.Overlay.CurrentStackLocation++;
        c.device = irp->CurrentLocation <= irp->StackCount ? location[1].DeviceObject : NULL;
        if (is_invoked(location, irp)) {
            call("a completion routine", (PVOID)c.routine, call_completion, &c);
        } else if (irp->PendingReturned && irp->CurrentLocation <= irp->StackCount) {
            location[1].Control |= SL_PENDING_RETURNED;
        }
        if (c.status == STATUS_MORE_PROCESSING_REQUIRED) {
            return;
        }
    }
}

PDRIVER_CANCEL irp_set_cancel_routine(IRP *irp, PDRIVER_CANCEL routine)
{
    PDRIVER_CANCEL before = irp->CancelRoutine;
    irp->CancelRoutine = routine;
    return before;
}

struct cancel_call {
    PDRIVER_CANCEL routine;
    IRP *irp;
};

static void call_cancel(void *argument)
{
    struct cancel_call *c = argument;
    DEVICE_OBJECT *device =
        c->irp->CurrentLocation <= c->irp->StackCount ? c->irp->Tail.Overlay.CurrentStackLocation->DeviceObject : NULL;
    c->routine(device, c->irp);
}

bool irp_cancel(IRP *irp)
{
    struct cancel_call c = {irp_set_cancel_routine(irp, NULL), irp};
    irp->Cancel = TRUE;
    if (c.routine == NULL) {
        return false;
    }
    irp->CancelIrql = (KIRQL)cpu_irql;
    call("a cancel routine", (PVOID)c.routine, call_cancel, &c);
    return true;
}

/* ---- Exports ---- */

static NTSTATUS IN_REGISTERS call_driver(PDEVICE_OBJECT device, PIRP irp)
{
    return irp_send(device, irp);
}

static VOID IN_REGISTERS complete_request(PIRP irp, CCHAR priority_boost)
{
    (void)priority_boost;
    irp_complete(irp);
}

#define MODULE "ntoskrnl.exe"
static struct export table[] = {
    NT_EXPORT_AS(MODULE, IofCallDriver, call_driver),
    NT_EXPORT_AS(MODULE, IofCompleteRequest, complete_request),
};

void exports_irp(void)
{
    exports_add(table, sizeof table / sizeof table[0]);
}
