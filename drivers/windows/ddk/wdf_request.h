/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* KMDF 1.9: I/O requests. */
#ifndef AERO_DDK_WDF_REQUEST_H
#define AERO_DDK_WDF_REQUEST_H

#include "wdf_object.h"

typedef enum _WDF_REQUEST_TYPE {
    WdfRequestTypeCreate = 0x0,
    WdfRequestTypeClose = 0x2,
    WdfRequestTypeRead = 0x3,
    WdfRequestTypeWrite = 0x4,
    WdfRequestTypeDeviceControl = 0xE,
    WdfRequestTypeDeviceControlInternal = 0xF,
    WdfRequestTypeNoFormat = 0xFF,
    WdfRequestTypeMax
} WDF_REQUEST_TYPE;

typedef enum _WDF_REQUEST_STOP_ACTION_FLAGS {
    WdfRequestStopActionInvalid = 0,
    WdfRequestStopActionSuspend = 0x01,
    WdfRequestStopActionPurge = 0x02,
    WdfRequestStopRequestCancelable = 0x10000000
} WDF_REQUEST_STOP_ACTION_FLAGS;

typedef struct _WDF_REQUEST_PARAMETERS {
    USHORT Size;
    UCHAR MinorFunction;
    WDF_REQUEST_TYPE Type;
    union {
        struct {
            PIO_SECURITY_CONTEXT SecurityContext;
            ULONG Options;
            USHORT POINTER_ALIGNMENT FileAttributes;
            USHORT ShareAccess;
            ULONG POINTER_ALIGNMENT EaLength;
        } Create;
        struct {
            size_t Length;
            ULONG POINTER_ALIGNMENT Key;
            LONGLONG DeviceOffset;
        } Read;
        struct {
            size_t Length;
            ULONG POINTER_ALIGNMENT Key;
            LONGLONG DeviceOffset;
        } Write;
        struct {
            size_t OutputBufferLength;
            size_t POINTER_ALIGNMENT InputBufferLength;
            ULONG POINTER_ALIGNMENT IoControlCode;
            PVOID Type3InputBuffer;
        } DeviceIoControl;
        struct {
            PVOID Arg1;
            PVOID Arg2;
            ULONG POINTER_ALIGNMENT IoControlCode;
            PVOID Arg4;
        } Others;
    } Parameters;
} WDF_REQUEST_PARAMETERS, *PWDF_REQUEST_PARAMETERS;

WDF_INLINE VOID WDF_REQUEST_PARAMETERS_INIT(PWDF_REQUEST_PARAMETERS Parameters)
{
    RtlZeroMemory(Parameters, sizeof(*Parameters));
    Parameters->Size = sizeof(*Parameters);
}

typedef VOID NTAPI EVT_WDF_REQUEST_CANCEL(WDFREQUEST Request);
typedef EVT_WDF_REQUEST_CANCEL *PFN_WDF_REQUEST_CANCEL;

typedef NTSTATUS(NTAPI *PFN_WDFREQUESTMARKCANCELABLEEX)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFREQUEST Request,
                                                        PFN_WDF_REQUEST_CANCEL EvtRequestCancel);
#define WdfRequestMarkCancelableEx(...)                                                                                \
    WDF_CALL(WDFREQUESTMARKCANCELABLEEX, WdfRequestMarkCancelableEx)(WdfDriverGlobals, __VA_ARGS__)

typedef NTSTATUS(NTAPI *PFN_WDFREQUESTUNMARKCANCELABLE)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFREQUEST Request);
#define WdfRequestUnmarkCancelable(...)                                                                                \
    WDF_CALL(WDFREQUESTUNMARKCANCELABLE, WdfRequestUnmarkCancelable)(WdfDriverGlobals, __VA_ARGS__)

typedef BOOLEAN(NTAPI *PFN_WDFREQUESTISCANCELED)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFREQUEST Request);
#define WdfRequestIsCanceled(...) WDF_CALL(WDFREQUESTISCANCELED, WdfRequestIsCanceled)(WdfDriverGlobals, __VA_ARGS__)

typedef VOID(NTAPI *PFN_WDFREQUESTCOMPLETE)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFREQUEST Request, NTSTATUS Status);
#define WdfRequestComplete(...) WDF_CALL(WDFREQUESTCOMPLETE, WdfRequestComplete)(WdfDriverGlobals, __VA_ARGS__)

typedef VOID(NTAPI *PFN_WDFREQUESTCOMPLETEWITHINFORMATION)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFREQUEST Request,
                                                           NTSTATUS Status, ULONG_PTR Information);
#define WdfRequestCompleteWithInformation(...)                                                                         \
    WDF_CALL(WDFREQUESTCOMPLETEWITHINFORMATION, WdfRequestCompleteWithInformation)(WdfDriverGlobals, __VA_ARGS__)

typedef VOID(NTAPI *PFN_WDFREQUESTGETPARAMETERS)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFREQUEST Request,
                                                 PWDF_REQUEST_PARAMETERS Parameters);
#define WdfRequestGetParameters(...)                                                                                   \
    WDF_CALL(WDFREQUESTGETPARAMETERS, WdfRequestGetParameters)(WdfDriverGlobals, __VA_ARGS__)

/* For METHOD_NEITHER codes from kernel mode the output buffer is Irp->UserBuffer, the input buffer Type3InputBuffer. */
typedef NTSTATUS(NTAPI *PFN_WDFREQUESTRETRIEVEINPUTBUFFER)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFREQUEST Request,
                                                           size_t MinimumRequiredLength, PVOID *Buffer, size_t *Length);
#define WdfRequestRetrieveInputBuffer(...)                                                                             \
    WDF_CALL(WDFREQUESTRETRIEVEINPUTBUFFER, WdfRequestRetrieveInputBuffer)(WdfDriverGlobals, __VA_ARGS__)

typedef NTSTATUS(NTAPI *PFN_WDFREQUESTRETRIEVEOUTPUTBUFFER)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFREQUEST Request,
                                                            size_t MinimumRequiredSize, PVOID *Buffer, size_t *Length);
#define WdfRequestRetrieveOutputBuffer(...)                                                                            \
    WDF_CALL(WDFREQUESTRETRIEVEOUTPUTBUFFER, WdfRequestRetrieveOutputBuffer)(WdfDriverGlobals, __VA_ARGS__)

typedef NTSTATUS(NTAPI *PFN_WDFREQUESTRETRIEVEOUTPUTMEMORY)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFREQUEST Request,
                                                            WDFMEMORY *Memory);
#define WdfRequestRetrieveOutputMemory(...)                                                                            \
    WDF_CALL(WDFREQUESTRETRIEVEOUTPUTMEMORY, WdfRequestRetrieveOutputMemory)(WdfDriverGlobals, __VA_ARGS__)

typedef VOID(NTAPI *PFN_WDFREQUESTSETINFORMATION)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFREQUEST Request,
                                                  ULONG_PTR Information);
#define WdfRequestSetInformation(...)                                                                                  \
    WDF_CALL(WDFREQUESTSETINFORMATION, WdfRequestSetInformation)(WdfDriverGlobals, __VA_ARGS__)

typedef NTSTATUS(NTAPI *PFN_WDFREQUESTFORWARDTOIOQUEUE)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFREQUEST Request,
                                                        WDFQUEUE DestinationQueue);
#define WdfRequestForwardToIoQueue(...)                                                                                \
    WDF_CALL(WDFREQUESTFORWARDTOIOQUEUE, WdfRequestForwardToIoQueue)(WdfDriverGlobals, __VA_ARGS__)

typedef NTSTATUS(NTAPI *PFN_WDFREQUESTREQUEUE)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFREQUEST Request);
#define WdfRequestRequeue(...) WDF_CALL(WDFREQUESTREQUEUE, WdfRequestRequeue)(WdfDriverGlobals, __VA_ARGS__)

typedef WDFQUEUE(NTAPI *PFN_WDFREQUESTGETIOQUEUE)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFREQUEST Request);
#define WdfRequestGetIoQueue(...) WDF_CALL(WDFREQUESTGETIOQUEUE, WdfRequestGetIoQueue)(WdfDriverGlobals, __VA_ARGS__)

typedef VOID(NTAPI *PFN_WDFREQUESTSTOPACKNOWLEDGE)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFREQUEST Request,
                                                   BOOLEAN Requeue);
#define WdfRequestStopAcknowledge(...)                                                                                 \
    WDF_CALL(WDFREQUESTSTOPACKNOWLEDGE, WdfRequestStopAcknowledge)(WdfDriverGlobals, __VA_ARGS__)

typedef PIRP(NTAPI *PFN_WDFREQUESTWDMGETIRP)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFREQUEST Request);
#define WdfRequestWdmGetIrp(...) WDF_CALL(WDFREQUESTWDMGETIRP, WdfRequestWdmGetIrp)(WdfDriverGlobals, __VA_ARGS__)

#endif
