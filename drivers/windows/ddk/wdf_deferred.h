/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* KMDF 1.9: work for later: timers (DISPATCH_LEVEL), work items (PASSIVE_LEVEL), DPCs. */
#ifndef AERO_DDK_WDF_DEFERRED_H
#define AERO_DDK_WDF_DEFERRED_H

#include "wdf_object.h"

typedef VOID NTAPI EVT_WDF_TIMER(WDFTIMER Timer);
typedef EVT_WDF_TIMER *PFN_WDF_TIMER;

typedef struct _WDF_TIMER_CONFIG {
    ULONG Size;
    PFN_WDF_TIMER EvtTimerFunc;
    LONG Period; /* ms, 0: one shot */
    BOOLEAN AutomaticSerialization;
    ULONG TolerableDelay;
} WDF_TIMER_CONFIG, *PWDF_TIMER_CONFIG;

WDF_INLINE VOID WDF_TIMER_CONFIG_INIT(PWDF_TIMER_CONFIG Config, PFN_WDF_TIMER EvtTimerFunc)
{
    RtlZeroMemory(Config, sizeof(*Config));
    Config->Size = sizeof(*Config);
    Config->EvtTimerFunc = EvtTimerFunc;
    Config->AutomaticSerialization = TRUE;
}

typedef NTSTATUS(NTAPI *PFN_WDFTIMERCREATE)(PWDF_DRIVER_GLOBALS DriverGlobals, PWDF_TIMER_CONFIG Config,
                                            PWDF_OBJECT_ATTRIBUTES Attributes, WDFTIMER *Timer);
#define WdfTimerCreate(...) WDF_CALL(WDFTIMERCREATE, WdfTimerCreate)(WdfDriverGlobals, __VA_ARGS__)

typedef BOOLEAN(NTAPI *PFN_WDFTIMERSTART)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFTIMER Timer, LONGLONG DueTime);
#define WdfTimerStart(...) WDF_CALL(WDFTIMERSTART, WdfTimerStart)(WdfDriverGlobals, __VA_ARGS__)

typedef BOOLEAN(NTAPI *PFN_WDFTIMERSTOP)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFTIMER Timer, BOOLEAN Wait);
#define WdfTimerStop(...) WDF_CALL(WDFTIMERSTOP, WdfTimerStop)(WdfDriverGlobals, __VA_ARGS__)

typedef WDFOBJECT(NTAPI *PFN_WDFTIMERGETPARENTOBJECT)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFTIMER Timer);
#define WdfTimerGetParentObject(...)                                                                                   \
    WDF_CALL(WDFTIMERGETPARENTOBJECT, WdfTimerGetParentObject)(WdfDriverGlobals, __VA_ARGS__)

typedef VOID NTAPI EVT_WDF_WORKITEM(WDFWORKITEM WorkItem);
typedef EVT_WDF_WORKITEM *PFN_WDF_WORKITEM;

typedef struct _WDF_WORKITEM_CONFIG {
    ULONG Size;
    PFN_WDF_WORKITEM EvtWorkItemFunc;
    BOOLEAN AutomaticSerialization;
} WDF_WORKITEM_CONFIG, *PWDF_WORKITEM_CONFIG;

WDF_INLINE VOID WDF_WORKITEM_CONFIG_INIT(PWDF_WORKITEM_CONFIG Config, PFN_WDF_WORKITEM EvtWorkItemFunc)
{
    RtlZeroMemory(Config, sizeof(*Config));
    Config->Size = sizeof(*Config);
    Config->EvtWorkItemFunc = EvtWorkItemFunc;
    Config->AutomaticSerialization = TRUE;
}

typedef NTSTATUS(NTAPI *PFN_WDFWORKITEMCREATE)(PWDF_DRIVER_GLOBALS DriverGlobals, PWDF_WORKITEM_CONFIG Config,
                                               PWDF_OBJECT_ATTRIBUTES Attributes, WDFWORKITEM *WorkItem);
#define WdfWorkItemCreate(...) WDF_CALL(WDFWORKITEMCREATE, WdfWorkItemCreate)(WdfDriverGlobals, __VA_ARGS__)

typedef VOID(NTAPI *PFN_WDFWORKITEMENQUEUE)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFWORKITEM WorkItem);
#define WdfWorkItemEnqueue(...) WDF_CALL(WDFWORKITEMENQUEUE, WdfWorkItemEnqueue)(WdfDriverGlobals, __VA_ARGS__)

typedef WDFOBJECT(NTAPI *PFN_WDFWORKITEMGETPARENTOBJECT)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFWORKITEM WorkItem);
#define WdfWorkItemGetParentObject(...)                                                                                \
    WDF_CALL(WDFWORKITEMGETPARENTOBJECT, WdfWorkItemGetParentObject)(WdfDriverGlobals, __VA_ARGS__)

typedef VOID(NTAPI *PFN_WDFWORKITEMFLUSH)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFWORKITEM WorkItem);
#define WdfWorkItemFlush(...) WDF_CALL(WDFWORKITEMFLUSH, WdfWorkItemFlush)(WdfDriverGlobals, __VA_ARGS__)

typedef VOID NTAPI EVT_WDF_DPC(WDFDPC Dpc);
typedef EVT_WDF_DPC *PFN_WDF_DPC;

typedef struct _WDF_DPC_CONFIG {
    ULONG Size;
    PFN_WDF_DPC EvtDpcFunc;
    BOOLEAN AutomaticSerialization;
} WDF_DPC_CONFIG, *PWDF_DPC_CONFIG;

WDF_INLINE VOID WDF_DPC_CONFIG_INIT(PWDF_DPC_CONFIG Config, PFN_WDF_DPC EvtDpcFunc)
{
    RtlZeroMemory(Config, sizeof(*Config));
    Config->Size = sizeof(*Config);
    Config->EvtDpcFunc = EvtDpcFunc;
    Config->AutomaticSerialization = TRUE;
}

typedef NTSTATUS(NTAPI *PFN_WDFDPCCREATE)(PWDF_DRIVER_GLOBALS DriverGlobals, PWDF_DPC_CONFIG Config,
                                          PWDF_OBJECT_ATTRIBUTES Attributes, WDFDPC *Dpc);
#define WdfDpcCreate(...) WDF_CALL(WDFDPCCREATE, WdfDpcCreate)(WdfDriverGlobals, __VA_ARGS__)

typedef BOOLEAN(NTAPI *PFN_WDFDPCENQUEUE)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDPC Dpc);
#define WdfDpcEnqueue(...) WDF_CALL(WDFDPCENQUEUE, WdfDpcEnqueue)(WdfDriverGlobals, __VA_ARGS__)

typedef WDFOBJECT(NTAPI *PFN_WDFDPCGETPARENTOBJECT)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDPC Dpc);
#define WdfDpcGetParentObject(...) WDF_CALL(WDFDPCGETPARENTOBJECT, WdfDpcGetParentObject)(WdfDriverGlobals, __VA_ARGS__)

#endif
