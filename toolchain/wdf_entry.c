/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Entry stub of KMDF drivers built with mingw-w64: binds the driver to the framework before DriverEntry and unbinds it
 * at unload, as the WDK's wdfdriverentry.lib does for a WDK build.
 */
#include <ntddk.h>

#include "wdf.h"

DRIVER_INITIALIZE DriverEntry;
NTSTATUS NTAPI FxDriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry_path);

WDFFUNC *WdfFunctions;
PWDF_DRIVER_GLOBALS WdfDriverGlobals;

static WCHAR component[] = L"KmdfLibrary";
/* Version and build of the framework in the box of Windows 7. */
static WDF_BIND_INFO bind_info = {sizeof(WDF_BIND_INFO),      component,     {1, 9, 7600},
                                  WdfFunctionTableNumEntries, &WdfFunctions, NULL};
static WCHAR path_text[260]; /* the path that Windows hands over is gone by the time of unload */
static UNICODE_STRING path = {0, sizeof(path_text) - sizeof(WCHAR), path_text};
static PDRIVER_UNLOAD driver_unload;

static VOID NTAPI Unload(PDRIVER_OBJECT driver)
{
    if (driver_unload != NULL) {
        driver_unload(driver);
    }
    WdfVersionUnbind(&path, &bind_info, WdfDriverGlobals);
}

static VOID CopyPath(PCUNICODE_STRING from)
{
    USHORT length = from->Length < path.MaximumLength ? from->Length : path.MaximumLength;
    USHORT i;
    for (i = 0; i < length / sizeof(WCHAR); i++) {
        path_text[i] = from->Buffer[i];
    }
    path.Length = length;
}

NTSTATUS NTAPI FxDriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry_path)
{
    NTSTATUS status;
    CopyPath(registry_path);
    status = WdfVersionBind(driver, &path, &bind_info, &WdfDriverGlobals);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = DriverEntry(driver, registry_path);
    if (!NT_SUCCESS(status)) {
        WdfVersionUnbind(&path, &bind_info, WdfDriverGlobals);
        return status;
    }
    if (WdfDriverGlobals->DisplaceDriverUnload) {
        driver_unload = driver->DriverUnload;
        driver->DriverUnload = Unload;
    }
    return status;
}
