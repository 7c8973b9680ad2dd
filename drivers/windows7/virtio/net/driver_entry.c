/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* DriverEntry and MiniportDriverUnload: tells NDIS what this miniport is. Layer: glue. IRQL: PASSIVE_LEVEL. */
#include "aerovnet.h"

static NDIS_HANDLE driver_handle; /* of the image, not of an adapter */

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver_object, PUNICODE_STRING registry_path)
{
    NDIS_MINIPORT_DRIVER_CHARACTERISTICS miniport;

    RtlZeroMemory(&miniport, sizeof(miniport));
    miniport.Header.Type = NDIS_OBJECT_TYPE_MINIPORT_DRIVER_CHARACTERISTICS;
    miniport.Header.Revision = NDIS_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_2;
    miniport.Header.Size = NDIS_SIZEOF_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_2;
    miniport.MajorNdisVersion = NDIS_MINIPORT_MAJOR_VERSION;
    miniport.MinorNdisVersion = NDIS_MINIPORT_MINOR_VERSION;
    miniport.MajorDriverVersion = VIRTIO_VERSION_MAJOR;
    miniport.MinorDriverVersion = VIRTIO_VERSION_MINOR;
    miniport.InitializeHandlerEx = AerovnetInitializeEx;
    miniport.HaltHandlerEx = AerovnetHaltEx;
    miniport.UnloadHandler = AerovnetUnload;
    miniport.PauseHandler = AerovnetPause;
    miniport.RestartHandler = AerovnetRestart;
    miniport.OidRequestHandler = AerovnetOidRequest;
    miniport.SendNetBufferListsHandler = AerovnetSendNetBufferLists;
    miniport.ReturnNetBufferListsHandler = AerovnetReturnNetBufferLists;
    miniport.CancelSendHandler = AerovnetCancelSend;
    miniport.CheckForHangHandlerEx = AerovnetCheckForHangEx;
    miniport.ResetHandlerEx = AerovnetResetEx;
    miniport.DevicePnPEventNotifyHandler = AerovnetDevicePnPEventNotify;
    miniport.ShutdownHandlerEx = AerovnetShutdownEx;
    miniport.CancelOidRequestHandler = AerovnetCancelOidRequest;
    return NdisMRegisterMiniportDriver(driver_object, registry_path, NULL, &miniport, &driver_handle);
}

VOID NTAPI AerovnetUnload(PDRIVER_OBJECT driver_object)
{
    UNREFERENCED_PARAMETER(driver_object);
    NdisMDeregisterMiniportDriver(driver_handle);
}
