/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * KMDF 1.9: interrupt objects, made in EvtDriverDeviceAdd: one for each message the device may be granted. The
 * framework gives them the granted interrupts in the order of their creation; those left over get no callback.
 */
#ifndef AERO_DDK_WDF_INTERRUPT_H
#define AERO_DDK_WDF_INTERRUPT_H

#include "wdf_object.h"

typedef BOOLEAN NTAPI EVT_WDF_INTERRUPT_ISR(WDFINTERRUPT Interrupt, ULONG MessageID);
typedef EVT_WDF_INTERRUPT_ISR *PFN_WDF_INTERRUPT_ISR;
typedef VOID NTAPI EVT_WDF_INTERRUPT_DPC(WDFINTERRUPT Interrupt, WDFOBJECT AssociatedObject);
typedef EVT_WDF_INTERRUPT_DPC *PFN_WDF_INTERRUPT_DPC;
typedef BOOLEAN NTAPI EVT_WDF_INTERRUPT_SYNCHRONIZE(WDFINTERRUPT Interrupt, WDFCONTEXT Context);
typedef EVT_WDF_INTERRUPT_SYNCHRONIZE *PFN_WDF_INTERRUPT_SYNCHRONIZE;
typedef NTSTATUS NTAPI EVT_WDF_INTERRUPT_ENABLE(WDFINTERRUPT Interrupt, WDFDEVICE AssociatedDevice);
typedef EVT_WDF_INTERRUPT_ENABLE *PFN_WDF_INTERRUPT_ENABLE;
typedef NTSTATUS NTAPI EVT_WDF_INTERRUPT_DISABLE(WDFINTERRUPT Interrupt, WDFDEVICE AssociatedDevice);
typedef EVT_WDF_INTERRUPT_DISABLE *PFN_WDF_INTERRUPT_DISABLE;

typedef struct _WDF_INTERRUPT_CONFIG {
    ULONG Size;
    WDFSPINLOCK SpinLock; /* several interrupts may share one; NULL: each has its own */
    WDF_TRI_STATE ShareVector;
    BOOLEAN FloatingSave;
    BOOLEAN AutomaticSerialization;
    PFN_WDF_INTERRUPT_ISR EvtInterruptIsr;
    PFN_WDF_INTERRUPT_DPC EvtInterruptDpc;
    PFN_WDF_INTERRUPT_ENABLE EvtInterruptEnable;
    PFN_WDF_INTERRUPT_DISABLE EvtInterruptDisable;
} WDF_INTERRUPT_CONFIG, *PWDF_INTERRUPT_CONFIG;

WDF_INLINE VOID WDF_INTERRUPT_CONFIG_INIT(PWDF_INTERRUPT_CONFIG Configuration, PFN_WDF_INTERRUPT_ISR EvtInterruptIsr,
                                          PFN_WDF_INTERRUPT_DPC EvtInterruptDpc)
{
    RtlZeroMemory(Configuration, sizeof(*Configuration));
    Configuration->Size = sizeof(*Configuration);
    Configuration->ShareVector = WdfUseDefault;
    Configuration->EvtInterruptIsr = EvtInterruptIsr;
    Configuration->EvtInterruptDpc = EvtInterruptDpc;
}

typedef enum _WDF_INTERRUPT_POLARITY {
    WdfInterruptPolarityUnknown,
    WdfInterruptActiveHigh,
    WdfInterruptActiveLow
} WDF_INTERRUPT_POLARITY;

typedef struct _WDF_INTERRUPT_INFO {
    ULONG Size;
    ULONG64 Reserved1;
    KAFFINITY TargetProcessorSet;
    ULONG Reserved2;
    ULONG MessageNumber;
    ULONG Vector; /* 0: no interrupt was granted to this object */
    KIRQL Irql;
    KINTERRUPT_MODE Mode;
    WDF_INTERRUPT_POLARITY Polarity;
    BOOLEAN MessageSignaled;
    UCHAR ShareDisposition;
    DECLSPEC_ALIGN(8) USHORT Group;
} WDF_INTERRUPT_INFO, *PWDF_INTERRUPT_INFO;

WDF_INLINE VOID WDF_INTERRUPT_INFO_INIT(PWDF_INTERRUPT_INFO Info)
{
    RtlZeroMemory(Info, sizeof(*Info));
    Info->Size = sizeof(*Info);
}

typedef NTSTATUS(NTAPI *PFN_WDFINTERRUPTCREATE)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device,
                                                PWDF_INTERRUPT_CONFIG Configuration, PWDF_OBJECT_ATTRIBUTES Attributes,
                                                WDFINTERRUPT *Interrupt);
#define WdfInterruptCreate(...) WDF_CALL(WDFINTERRUPTCREATE, WdfInterruptCreate)(WdfDriverGlobals, __VA_ARGS__)

typedef BOOLEAN(NTAPI *PFN_WDFINTERRUPTQUEUEDPCFORISR)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFINTERRUPT Interrupt);
#define WdfInterruptQueueDpcForIsr(...)                                                                                \
    WDF_CALL(WDFINTERRUPTQUEUEDPCFORISR, WdfInterruptQueueDpcForIsr)(WdfDriverGlobals, __VA_ARGS__)

typedef BOOLEAN(NTAPI *PFN_WDFINTERRUPTSYNCHRONIZE)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFINTERRUPT Interrupt,
                                                    PFN_WDF_INTERRUPT_SYNCHRONIZE Callback, WDFCONTEXT Context);
#define WdfInterruptSynchronize(...)                                                                                   \
    WDF_CALL(WDFINTERRUPTSYNCHRONIZE, WdfInterruptSynchronize)(WdfDriverGlobals, __VA_ARGS__)

typedef VOID(NTAPI *PFN_WDFINTERRUPTACQUIRELOCK)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFINTERRUPT Interrupt);
#define WdfInterruptAcquireLock(...)                                                                                   \
    WDF_CALL(WDFINTERRUPTACQUIRELOCK, WdfInterruptAcquireLock)(WdfDriverGlobals, __VA_ARGS__)

typedef VOID(NTAPI *PFN_WDFINTERRUPTRELEASELOCK)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFINTERRUPT Interrupt);
#define WdfInterruptReleaseLock(...)                                                                                   \
    WDF_CALL(WDFINTERRUPTRELEASELOCK, WdfInterruptReleaseLock)(WdfDriverGlobals, __VA_ARGS__)

typedef VOID(NTAPI *PFN_WDFINTERRUPTGETINFO)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFINTERRUPT Interrupt,
                                             PWDF_INTERRUPT_INFO Info);
#define WdfInterruptGetInfo(...) WDF_CALL(WDFINTERRUPTGETINFO, WdfInterruptGetInfo)(WdfDriverGlobals, __VA_ARGS__)

typedef WDFDEVICE(NTAPI *PFN_WDFINTERRUPTGETDEVICE)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFINTERRUPT Interrupt);
#define WdfInterruptGetDevice(...) WDF_CALL(WDFINTERRUPTGETDEVICE, WdfInterruptGetDevice)(WdfDriverGlobals, __VA_ARGS__)

#endif
