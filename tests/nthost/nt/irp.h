/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * IRPs between device objects, with the kernel's own records: sending down, completing up, cancelling. For NT-facing
 * units, after <ntddk.h>. kernel_r "IoCallDriver", "IoCompleteRequest", "IoCancelIrp".
 */
#ifndef NTHOST_IRP_H
#define NTHOST_IRP_H

#include <stdbool.h>

/* Bytes of a DEVICE_OBJECT on Windows 7; mingw-w64's record lacks padding at its end. */
#if defined(__x86_64__)
enum { DEVICE_OBJECT_BYTES = 336 };
#else
enum { DEVICE_OBJECT_BYTES = 184 };
#endif

/* Convention of the exports that x86 calls with arguments in registers. */
#if defined(__x86_64__)
#define IN_REGISTERS NTAPI /* FASTCALL is empty on amd64 */
#else
#define IN_REGISTERS FASTCALL
#endif

/* A zeroed device object of a driver; stack_size: of IRPs sent to it. */
DEVICE_OBJECT *irp_device_create(DRIVER_OBJECT *driver, CCHAR stack_size);

/* An IRP with stack_size stack locations, ready to be sent. */
IRP *irp_alloc(CCHAR stack_size);
/* Makes an IRP that came back ready to be sent again. */
void irp_reuse(IRP *irp);
void irp_free(IRP *irp);

/* The location that the next driver will see. */
IO_STACK_LOCATION *irp_next(IRP *irp);

/* Called, at the sender's end, when the IRP is complete; the IRP is the sender's again. */
void irp_on_completion(IRP *irp, PIO_COMPLETION_ROUTINE routine, void *context);

NTSTATUS irp_send(DEVICE_OBJECT *device, IRP *irp);
void irp_complete(IRP *irp);

/* True: the IRP was cancelable and its cancel routine was called. */
bool irp_cancel(IRP *irp);

/* Sets the cancel routine; returns the one before. */
PDRIVER_CANCEL irp_set_cancel_routine(IRP *irp, PDRIVER_CANCEL routine);

/* Registers the Io exports around IRPs; after nt_init. */
void exports_irp(void);

#endif
