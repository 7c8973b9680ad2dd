/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* KMDF 1.9: DMA enablers and common buffers. */
#ifndef AERO_DDK_WDF_DMA_H
#define AERO_DDK_WDF_DMA_H

#include "wdf_object.h"

typedef enum _WDF_DMA_PROFILE {
    WdfDmaProfileInvalid,
    WdfDmaProfilePacket,
    WdfDmaProfileScatterGather,
    WdfDmaProfilePacket64,
    WdfDmaProfileScatterGather64,
    WdfDmaProfileScatterGatherDuplex,
    WdfDmaProfileScatterGather64Duplex
} WDF_DMA_PROFILE;

typedef NTSTATUS NTAPI EVT_WDF_DMA_ENABLER(WDFDMAENABLER DmaEnabler);
typedef EVT_WDF_DMA_ENABLER *PFN_WDF_DMA_ENABLER;

typedef struct _WDF_DMA_ENABLER_CONFIG {
    ULONG Size;
    WDF_DMA_PROFILE Profile;
    size_t MaximumLength;
    PFN_WDF_DMA_ENABLER EvtDmaEnablerFill;
    PFN_WDF_DMA_ENABLER EvtDmaEnablerFlush;
    PFN_WDF_DMA_ENABLER EvtDmaEnablerDisable;
    PFN_WDF_DMA_ENABLER EvtDmaEnablerEnable;
    PFN_WDF_DMA_ENABLER EvtDmaEnablerSelfManagedIoStart;
    PFN_WDF_DMA_ENABLER EvtDmaEnablerSelfManagedIoStop;
} WDF_DMA_ENABLER_CONFIG, *PWDF_DMA_ENABLER_CONFIG;

WDF_INLINE VOID WDF_DMA_ENABLER_CONFIG_INIT(PWDF_DMA_ENABLER_CONFIG Config, WDF_DMA_PROFILE Profile,
                                            size_t MaximumLength)
{
    RtlZeroMemory(Config, sizeof(*Config));
    Config->Size = sizeof(*Config);
    Config->Profile = Profile;
    Config->MaximumLength = MaximumLength;
}

typedef NTSTATUS(NTAPI *PFN_WDFDMAENABLERCREATE)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDEVICE Device,
                                                 PWDF_DMA_ENABLER_CONFIG Config, PWDF_OBJECT_ATTRIBUTES Attributes,
                                                 WDFDMAENABLER *DmaEnablerHandle);
#define WdfDmaEnablerCreate(...) WDF_CALL(WDFDMAENABLERCREATE, WdfDmaEnablerCreate)(WdfDriverGlobals, __VA_ARGS__)

typedef struct _WDF_COMMON_BUFFER_CONFIG {
    ULONG Size;
    ULONG AlignmentRequirement; /* FILE_..._ALIGNMENT: alignment - 1 */
} WDF_COMMON_BUFFER_CONFIG, *PWDF_COMMON_BUFFER_CONFIG;

WDF_INLINE VOID WDF_COMMON_BUFFER_CONFIG_INIT(PWDF_COMMON_BUFFER_CONFIG Config, ULONG AlignmentRequirement)
{
    RtlZeroMemory(Config, sizeof(*Config));
    Config->Size = sizeof(*Config);
    Config->AlignmentRequirement = AlignmentRequirement;
}

typedef NTSTATUS(NTAPI *PFN_WDFCOMMONBUFFERCREATE)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFDMAENABLER DmaEnabler,
                                                   size_t Length, PWDF_OBJECT_ATTRIBUTES Attributes,
                                                   WDFCOMMONBUFFER *CommonBuffer);
#define WdfCommonBufferCreate(...) WDF_CALL(WDFCOMMONBUFFERCREATE, WdfCommonBufferCreate)(WdfDriverGlobals, __VA_ARGS__)

typedef NTSTATUS(NTAPI *PFN_WDFCOMMONBUFFERCREATEWITHCONFIG)(PWDF_DRIVER_GLOBALS DriverGlobals,
                                                             WDFDMAENABLER DmaEnabler, size_t Length,
                                                             PWDF_COMMON_BUFFER_CONFIG Config,
                                                             PWDF_OBJECT_ATTRIBUTES Attributes,
                                                             WDFCOMMONBUFFER *CommonBuffer);
#define WdfCommonBufferCreateWithConfig(...)                                                                           \
    WDF_CALL(WDFCOMMONBUFFERCREATEWITHCONFIG, WdfCommonBufferCreateWithConfig)(WdfDriverGlobals, __VA_ARGS__)

typedef PVOID(NTAPI *PFN_WDFCOMMONBUFFERGETALIGNEDVIRTUALADDRESS)(PWDF_DRIVER_GLOBALS DriverGlobals,
                                                                  WDFCOMMONBUFFER CommonBuffer);
#define WdfCommonBufferGetAlignedVirtualAddress(...)                                                                   \
    WDF_CALL(WDFCOMMONBUFFERGETALIGNEDVIRTUALADDRESS, WdfCommonBufferGetAlignedVirtualAddress)                         \
    (WdfDriverGlobals, __VA_ARGS__)

typedef PHYSICAL_ADDRESS(NTAPI *PFN_WDFCOMMONBUFFERGETALIGNEDLOGICALADDRESS)(PWDF_DRIVER_GLOBALS DriverGlobals,
                                                                             WDFCOMMONBUFFER CommonBuffer);
#define WdfCommonBufferGetAlignedLogicalAddress(...)                                                                   \
    WDF_CALL(WDFCOMMONBUFFERGETALIGNEDLOGICALADDRESS, WdfCommonBufferGetAlignedLogicalAddress)                         \
    (WdfDriverGlobals, __VA_ARGS__)

typedef size_t(NTAPI *PFN_WDFCOMMONBUFFERGETLENGTH)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFCOMMONBUFFER CommonBuffer);
#define WdfCommonBufferGetLength(...)                                                                                  \
    WDF_CALL(WDFCOMMONBUFFERGETLENGTH, WdfCommonBufferGetLength)(WdfDriverGlobals, __VA_ARGS__)

#endif
