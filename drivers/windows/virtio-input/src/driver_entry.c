/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * DriverEntry, which the framework's entry code calls once the driver is bound to KMDF 1.9 (toolchain/wdf_entry.c here,
 * the WDK's own library there). Layer: glue. IRQL: PASSIVE_LEVEL.
 */
#include "virtio_input.h"

DRIVER_INITIALIZE DriverEntry;

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry_path)
{
    WDF_DRIVER_CONFIG config;

    WDF_DRIVER_CONFIG_INIT(&config, AerovinputDeviceAdd);
    config.DriverPoolTag = AEROVINPUT_POOL_TAG;
    return WdfDriverCreate(driver, registry_path, WDF_NO_OBJECT_ATTRIBUTES, &config, WDF_NO_HANDLE);
}
