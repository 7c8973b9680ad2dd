/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What every part of KMDF 1.9 rests on: handles, the driver's globals, the function table, binding to the framework.
 *
 * This and the other wdf_*.h stand in for the WDK's wdf.h in builds with mingw-w64 and in the NT host, as far as the
 * drivers use it; a WDK build never sees them. Names and layouts are those of the kit, held against abi/ by
 * check-win7-tables.py. IRQL of each function: abi/irql.tsv and abi/irql-documented.tsv.
 */
#ifndef AERO_DDK_WDF_BASE_H
#define AERO_DDK_WDF_BASE_H

#include "wdf_functions.h"

/* Two functions take their arguments in registers on x86; mingw-w64's FASTCALL is empty on amd64, also where NTAPI is
 * not. */
#if defined(_M_IX86) || defined(__i386__)
#define WDF_FASTCALL FASTCALL
#else
#define WDF_FASTCALL NTAPI
#endif

#define WDF_INLINE static __inline__ __attribute__((unused))

/* Each kind of handle is a type of its own to the compiler, but any of them serves as a WDFOBJECT. */
typedef HANDLE WDFOBJECT;
typedef PVOID WDFCONTEXT;
#define WDF_DECLARE_HANDLE(name) typedef struct name##__ *name
WDF_DECLARE_HANDLE(WDFDRIVER);
WDF_DECLARE_HANDLE(WDFDEVICE);
WDF_DECLARE_HANDLE(WDFQUEUE);
WDF_DECLARE_HANDLE(WDFREQUEST);
WDF_DECLARE_HANDLE(WDFINTERRUPT);
WDF_DECLARE_HANDLE(WDFDPC);
WDF_DECLARE_HANDLE(WDFTIMER);
WDF_DECLARE_HANDLE(WDFWORKITEM);
WDF_DECLARE_HANDLE(WDFSPINLOCK);
WDF_DECLARE_HANDLE(WDFWAITLOCK);
WDF_DECLARE_HANDLE(WDFMEMORY);
WDF_DECLARE_HANDLE(WDFCMRESLIST);
WDF_DECLARE_HANDLE(WDFDMAENABLER);
WDF_DECLARE_HANDLE(WDFCOMMONBUFFER);
typedef struct WDFDEVICE_INIT WDFDEVICE_INIT, *PWDFDEVICE_INIT;

#define WDF_NO_OBJECT_ATTRIBUTES NULL
#define WDF_NO_EVENT_CALLBACK    NULL
#define WDF_NO_HANDLE            NULL
#define WDF_NO_CONTEXT           NULL

typedef enum _WDF_TRI_STATE { WdfFalse = FALSE, WdfTrue = TRUE, WdfUseDefault = 2 } WDF_TRI_STATE, *PWDF_TRI_STATE;

#define STATUS_WDF_PAUSED                        ((NTSTATUS)0xC0200203L)
#define STATUS_WDF_BUSY                          ((NTSTATUS)0xC0200204L)
#define STATUS_WDF_REQUEST_ALREADY_PENDING       ((NTSTATUS)0xC0200207L)
#define STATUS_WDF_REQUEST_INVALID_STATE         ((NTSTATUS)0xC0200208L)
#define STATUS_WDF_OBJECT_ATTRIBUTES_INVALID     ((NTSTATUS)0xC0200209L)
#define STATUS_WDF_NO_CALLBACK                   ((NTSTATUS)0xC020020BL)
#define STATUS_WDF_INCOMPATIBLE_EXECUTION_LEVEL  ((NTSTATUS)0xC020020CL)
#define STATUS_WDF_PARENT_ASSIGNMENT_NOT_ALLOWED ((NTSTATUS)0xC020020FL)
#define STATUS_WDF_SYNCHRONIZATION_SCOPE_INVALID ((NTSTATUS)0xC0200210L)
#define STATUS_WDF_PARENT_NOT_SPECIFIED          ((NTSTATUS)0xC0200212L)

/* Relative times of timers and waits, in 100 ns. */
#define WDF_TIMEOUT_TO_MS                        10000L
#define WDF_REL_TIMEOUT_IN_MS(ms)                (-(LONGLONG)(ms)*WDF_TIMEOUT_TO_MS)

#define WDF_DRIVER_GLOBALS_NAME_LEN              32

typedef struct _WDF_DRIVER_GLOBALS {
    WDFDRIVER Driver;
    ULONG DriverFlags;
    ULONG DriverTag;
    CHAR DriverName[WDF_DRIVER_GLOBALS_NAME_LEN];
    BOOLEAN DisplaceDriverUnload; /* the framework wants the entry stub to unload the driver */
} WDF_DRIVER_GLOBALS, *PWDF_DRIVER_GLOBALS;

typedef VOID (*WDFFUNC)(VOID);

/* What the entry stub asks the loader for; in no header of the kit, measured from its library. */
typedef struct _WDF_BIND_INFO {
    ULONG Size;
    PWCHAR Component;
    struct {
        ULONG Major, Minor, Build;
    } Version;
    ULONG FuncCount;
    WDFFUNC **FuncTable; /* out: *FuncTable is the table */
    PVOID Module;
} WDF_BIND_INFO, *PWDF_BIND_INFO;

DECLSPEC_IMPORT NTSTATUS NTAPI WdfVersionBind(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath,
                                              PWDF_BIND_INFO Info, PWDF_DRIVER_GLOBALS *Globals);
DECLSPEC_IMPORT VOID NTAPI WdfVersionUnbind(PUNICODE_STRING RegistryPath, PWDF_BIND_INFO Info,
                                            PWDF_DRIVER_GLOBALS Globals);

/* Set by the entry stub (toolchain/wdf_entry.c) before DriverEntry. */
extern WDFFUNC *WdfFunctions;
extern PWDF_DRIVER_GLOBALS WdfDriverGlobals;

/* The table's entry of a function, with its type; for the definitions of the functions in the other headers. */
#define WDF_CALL(upper, name) ((PFN_##upper)WdfFunctions[name##TableIndex])

#endif
