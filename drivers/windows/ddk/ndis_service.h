/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Services that NDIS 6.20 gives to miniports beside the data path: configuration, memory, locks, events, timers, work
 * items, processors, control devices, event log. Part of ndis.h, which includes it; never included alone. Layer, rules
 * and checks: see ndis.h.
 */
#ifndef AERO_DDK_NDIS_SERVICE_H
#define AERO_DDK_NDIS_SERVICE_H

/* ---- Configuration ---- */

typedef enum _NDIS_PARAMETER_TYPE {
    NdisParameterInteger,
    NdisParameterHexInteger,
    NdisParameterString,
    NdisParameterMultiString,
    NdisParameterBinary
} NDIS_PARAMETER_TYPE, *PNDIS_PARAMETER_TYPE;

typedef struct _BINARY_DATA {
    USHORT Length;
    PVOID Buffer;
} BINARY_DATA;

typedef struct _NDIS_CONFIGURATION_PARAMETER {
    NDIS_PARAMETER_TYPE ParameterType;
    union {
        ULONG IntegerData;
        NDIS_STRING StringData;
        BINARY_DATA BinaryData;
    } ParameterData;
} NDIS_CONFIGURATION_PARAMETER, *PNDIS_CONFIGURATION_PARAMETER;

#define NDIS_CONFIGURATION_OBJECT_REVISION_1        1
#define NDIS_SIZEOF_CONFIGURATION_OBJECT_REVISION_1 RTL_SIZEOF_THROUGH_FIELD(NDIS_CONFIGURATION_OBJECT, Flags)

typedef struct _NDIS_CONFIGURATION_OBJECT {
    NDIS_OBJECT_HEADER Header;
    NDIS_HANDLE NdisHandle;
    ULONG Flags;
} NDIS_CONFIGURATION_OBJECT, *PNDIS_CONFIGURATION_OBJECT;

NDIS_API NDIS_STATUS NTAPI NdisOpenConfigurationEx(PNDIS_CONFIGURATION_OBJECT ConfigObject,
                                                   PNDIS_HANDLE ConfigurationHandle);
NDIS_API VOID NTAPI NdisCloseConfiguration(NDIS_HANDLE ConfigurationHandle);
NDIS_API VOID NTAPI NdisReadConfiguration(PNDIS_STATUS Status, PNDIS_CONFIGURATION_PARAMETER *ParameterValue,
                                          NDIS_HANDLE ConfigurationHandle, PNDIS_STRING Keyword,
                                          NDIS_PARAMETER_TYPE ParameterType);
NDIS_API VOID NTAPI NdisWriteConfiguration(PNDIS_STATUS Status, NDIS_HANDLE ConfigurationHandle, PNDIS_STRING Keyword,
                                           PNDIS_CONFIGURATION_PARAMETER ParameterValue);
NDIS_API VOID NTAPI NdisReadNetworkAddress(PNDIS_STATUS Status, PVOID *NetworkAddress, PUINT NetworkAddressLength,
                                           NDIS_HANDLE ConfigurationHandle);
NDIS_API VOID NTAPI NdisOpenConfigurationKeyByName(PNDIS_STATUS Status, NDIS_HANDLE ConfigurationHandle,
                                                   PNDIS_STRING SubKeyName, PNDIS_HANDLE SubKeyHandle);

/* ---- Memory ---- */

NDIS_API PVOID NTAPI NdisAllocateMemoryWithTagPriority(NDIS_HANDLE NdisHandle, UINT Length, ULONG Tag,
                                                       EX_POOL_PRIORITY Priority);
/* Frees what NdisAllocateMemoryWithTagPriority gave, with Length and MemoryFlags 0. */
NDIS_API VOID NTAPI NdisFreeMemory(PVOID VirtualAddress, UINT Length, UINT MemoryFlags);

#define NdisMoveMemory(destination, source, length) RtlCopyMemory(destination, source, length)
#define NdisZeroMemory(destination, length)         RtlZeroMemory(destination, length)
#define NdisEqualMemory(a, b, length)               RtlEqualMemory(a, b, length)

/* ---- Locks and events: the kernel's, as in the WDK, though NDIS.SYS exports functions of these names too ---- */

typedef struct _NDIS_SPIN_LOCK {
    KSPIN_LOCK SpinLock;
    KIRQL OldIrql;
} NDIS_SPIN_LOCK, *PNDIS_SPIN_LOCK;

NDIS_INLINE VOID NdisAllocateSpinLock(PNDIS_SPIN_LOCK SpinLock)
{
    SpinLock->SpinLock = 0; /* all that KeInitializeSpinLock does */
}

NDIS_INLINE VOID NdisFreeSpinLock(PNDIS_SPIN_LOCK SpinLock)
{
    (void)SpinLock;
}

NDIS_INLINE VOID NdisAcquireSpinLock(PNDIS_SPIN_LOCK SpinLock)
{
    KeAcquireSpinLock(&SpinLock->SpinLock, &SpinLock->OldIrql);
}

NDIS_INLINE VOID NdisReleaseSpinLock(PNDIS_SPIN_LOCK SpinLock)
{
    KeReleaseSpinLock(&SpinLock->SpinLock, SpinLock->OldIrql);
}

NDIS_INLINE VOID NdisDprAcquireSpinLock(PNDIS_SPIN_LOCK SpinLock)
{
    KeAcquireSpinLockAtDpcLevel(&SpinLock->SpinLock);
}

NDIS_INLINE VOID NdisDprReleaseSpinLock(PNDIS_SPIN_LOCK SpinLock)
{
    KeReleaseSpinLockFromDpcLevel(&SpinLock->SpinLock);
}

typedef struct _NDIS_EVENT {
    KEVENT Event;
} NDIS_EVENT, *PNDIS_EVENT;

NDIS_API VOID NTAPI NdisInitializeEvent(PNDIS_EVENT Event);
NDIS_API VOID NTAPI NdisSetEvent(PNDIS_EVENT Event);
NDIS_API VOID NTAPI NdisResetEvent(PNDIS_EVENT Event);
NDIS_API BOOLEAN NTAPI NdisWaitEvent(PNDIS_EVENT Event, UINT MsToWait);

/* ---- Time ---- */

typedef VOID NTAPI NDIS_TIMER_FUNCTION(PVOID SystemSpecific1, PVOID FunctionContext, PVOID SystemSpecific2,
                                       PVOID SystemSpecific3);
typedef NDIS_TIMER_FUNCTION *PNDIS_TIMER_FUNCTION;

#define NDIS_TIMER_CHARACTERISTICS_REVISION_1        1
#define NDIS_SIZEOF_TIMER_CHARACTERISTICS_REVISION_1 \
    RTL_SIZEOF_THROUGH_FIELD(NDIS_TIMER_CHARACTERISTICS, FunctionContext)

typedef struct _NDIS_TIMER_CHARACTERISTICS {
    NDIS_OBJECT_HEADER Header;
    ULONG AllocationTag;
    PNDIS_TIMER_FUNCTION TimerFunction;
    PVOID FunctionContext;
} NDIS_TIMER_CHARACTERISTICS, *PNDIS_TIMER_CHARACTERISTICS;

NDIS_API NDIS_STATUS NTAPI NdisAllocateTimerObject(NDIS_HANDLE NdisHandle,
                                                   PNDIS_TIMER_CHARACTERISTICS TimerCharacteristics,
                                                   PNDIS_HANDLE pTimerObject);
/* DueTime: 100 ns, negative is from now. Period 0: once. FunctionContext NULL: that of the characteristics. */
NDIS_API BOOLEAN NTAPI NdisSetTimerObject(NDIS_HANDLE TimerObject, LARGE_INTEGER DueTime, LONG MillisecondsPeriod,
                                          PVOID FunctionContext);
NDIS_API BOOLEAN NTAPI NdisCancelTimerObject(NDIS_HANDLE TimerObject);
NDIS_API VOID NTAPI NdisFreeTimerObject(NDIS_HANDLE TimerObject);
NDIS_API VOID NTAPI NdisMSleep(ULONG MicrosecondsToSleep);
NDIS_API VOID NTAPI NdisGetSystemUpTimeEx(PLARGE_INTEGER pSystemUpTime); /* milliseconds */

NDIS_INLINE VOID NdisStallExecution(ULONG MicrosecondsToStall)
{
    KeStallExecutionProcessor(MicrosecondsToStall);
}

/* ---- Work items ---- */

typedef VOID NTAPI NDIS_IO_WORKITEM_FUNCTION(PVOID WorkItemContext, NDIS_HANDLE NdisIoWorkItemHandle);
typedef NDIS_IO_WORKITEM_FUNCTION *NDIS_IO_WORKITEM_ROUTINE;

NDIS_API NDIS_HANDLE NTAPI NdisAllocateIoWorkItem(NDIS_HANDLE NdisObjectHandle);
NDIS_API VOID NTAPI NdisQueueIoWorkItem(NDIS_HANDLE NdisIoWorkItemHandle, NDIS_IO_WORKITEM_ROUTINE Routine,
                                        PVOID WorkItemContext);
NDIS_API VOID NTAPI NdisFreeIoWorkItem(NDIS_HANDLE NdisIoWorkItemHandle);

/* ---- Processors ---- */

NDIS_API ULONG NTAPI NdisGroupActiveProcessorCount(USHORT Group);
NDIS_API ULONG NTAPI NdisCurrentProcessorIndex(VOID);
NDIS_API ULONG NTAPI NdisProcessorNumberToIndex(PROCESSOR_NUMBER ProcNum);
NDIS_API NTSTATUS NTAPI NdisProcessorIndexToNumber(ULONG ProcIndex, PPROCESSOR_NUMBER ProcNum);
NDIS_API NDIS_STATUS NTAPI NdisGetRssProcessorInformation(NDIS_HANDLE NdisHandle,
                                                          PNDIS_RSS_PROCESSOR_INFO RssProcessorInfo, PSIZE_T Size);

/* ---- Control device objects ---- */

#define NDIS_DEVICE_OBJECT_ATTRIBUTES_REVISION_1 1
#define NDIS_SIZEOF_DEVICE_OBJECT_ATTRIBUTES_REVISION_1 \
    RTL_SIZEOF_THROUGH_FIELD(NDIS_DEVICE_OBJECT_ATTRIBUTES, DeviceClassGuid)

typedef struct _NDIS_DEVICE_OBJECT_ATTRIBUTES {
    NDIS_OBJECT_HEADER Header;
    PNDIS_STRING DeviceName;
    PNDIS_STRING SymbolicName;
    PDRIVER_DISPATCH *MajorFunctions; /* IRP_MJ_MAXIMUM_FUNCTION + 1 */
    ULONG ExtensionSize;
    PCUNICODE_STRING DefaultSDDLString;
    LPCGUID DeviceClassGuid;
} NDIS_DEVICE_OBJECT_ATTRIBUTES, *PNDIS_DEVICE_OBJECT_ATTRIBUTES;

NDIS_API NDIS_STATUS NTAPI NdisRegisterDeviceEx(NDIS_HANDLE NdisObjectHandle,
                                                PNDIS_DEVICE_OBJECT_ATTRIBUTES DeviceObjectAttributes,
                                                PDEVICE_OBJECT *pDeviceObject, PNDIS_HANDLE NdisDeviceHandle);
NDIS_API VOID NTAPI NdisDeregisterDeviceEx(NDIS_HANDLE NdisDeviceHandle);
NDIS_API PVOID NTAPI NdisGetDeviceReservedExtension(PDEVICE_OBJECT DeviceObject);

/* ---- Event log ---- */

/* Variadic, so cdecl on x86: NumberOfErrorValues times ULONG. */
NDIS_API VOID __cdecl NdisWriteErrorLogEntry(NDIS_HANDLE NdisAdapterHandle, NDIS_ERROR_CODE ErrorCode,
                                             ULONG NumberOfErrorValues, ...);

#endif

