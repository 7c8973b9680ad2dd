/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What HIDCLASS of Windows 7 asks of a HID minidriver: internal control codes (mingw-w64's hidclass.h numbers them
 * wrongly) and the records that go with them. Include after <ntddk.h>; stands in for the WDK's hidport.h and the part
 * of its hidclass.h that a minidriver sees. Held against abi/ by check-win7-tables.py.
 */
#ifndef AERO_DDK_HIDPORT_H
#define AERO_DDK_HIDPORT_H

#define HID_CTL_CODE(id)                         CTL_CODE(FILE_DEVICE_KEYBOARD, (id), METHOD_NEITHER, FILE_ANY_ACCESS)
#define HID_IN_CTL_CODE(id)                      CTL_CODE(FILE_DEVICE_KEYBOARD, (id), METHOD_IN_DIRECT, FILE_ANY_ACCESS)
#define HID_OUT_CTL_CODE(id)                     CTL_CODE(FILE_DEVICE_KEYBOARD, (id), METHOD_OUT_DIRECT, FILE_ANY_ACCESS)

#define IOCTL_HID_GET_DEVICE_DESCRIPTOR          HID_CTL_CODE(0)
#define IOCTL_HID_GET_REPORT_DESCRIPTOR          HID_CTL_CODE(1)
#define IOCTL_HID_READ_REPORT                    HID_CTL_CODE(2)
#define IOCTL_HID_WRITE_REPORT                   HID_CTL_CODE(3)
#define IOCTL_HID_GET_STRING                     HID_CTL_CODE(4)
#define IOCTL_HID_ACTIVATE_DEVICE                HID_CTL_CODE(7)
#define IOCTL_HID_DEACTIVATE_DEVICE              HID_CTL_CODE(8)
#define IOCTL_HID_GET_DEVICE_ATTRIBUTES          HID_CTL_CODE(9)
#define IOCTL_HID_SEND_IDLE_NOTIFICATION_REQUEST HID_CTL_CODE(10)

#define IOCTL_HID_SET_FEATURE                    HID_IN_CTL_CODE(100)
#define IOCTL_HID_GET_FEATURE                    HID_OUT_CTL_CODE(100)
#define IOCTL_HID_SET_OUTPUT_REPORT              HID_IN_CTL_CODE(101)
#define IOCTL_GET_PHYSICAL_DESCRIPTOR            HID_OUT_CTL_CODE(102)
#define IOCTL_HID_GET_INPUT_REPORT               HID_OUT_CTL_CODE(104)
#define IOCTL_HID_GET_INDEXED_STRING             HID_OUT_CTL_CODE(120)

#define HID_REVISION                             0x00000001

#define HID_HID_DESCRIPTOR_TYPE                  0x21
#define HID_REPORT_DESCRIPTOR_TYPE               0x22
#define HID_PHYSICAL_DESCRIPTOR_TYPE             0x23

/* Low word of the id of IOCTL_HID_GET_STRING; the high word is the language. */
#define HID_STRING_ID_IMANUFACTURER              14
#define HID_STRING_ID_IPRODUCT                   15
#define HID_STRING_ID_ISERIALNUMBER              16

#pragma pack(push, 1)
typedef struct _HID_DESCRIPTOR {
    UCHAR bLength;
    UCHAR bDescriptorType;
    USHORT bcdHID;
    UCHAR bCountry;
    UCHAR bNumDescriptors;
    struct _HID_DESCRIPTOR_DESC_LIST {
        UCHAR bReportType;
        USHORT wReportLength;
    } DescriptorList[1];
} HID_DESCRIPTOR, *PHID_DESCRIPTOR;
#pragma pack(pop)

typedef struct _HID_DEVICE_ATTRIBUTES {
    ULONG Size;
    USHORT VendorID;
    USHORT ProductID;
    USHORT VersionNumber;
    USHORT Reserved[11];
} HID_DEVICE_ATTRIBUTES, *PHID_DEVICE_ATTRIBUTES;

/* A report on its way to or from the device; reportBuffer begins with the report id where the device has ids. */
typedef struct _HID_XFER_PACKET {
    PUCHAR reportBuffer;
    ULONG reportBufferLen;
    UCHAR reportId;
} HID_XFER_PACKET, *PHID_XFER_PACKET;

typedef VOID(NTAPI *HID_SEND_IDLE_CALLBACK)(PVOID Context);
typedef struct _HID_SUBMIT_IDLE_NOTIFICATION_CALLBACK_INFO {
    HID_SEND_IDLE_CALLBACK IdleCallback;
    PVOID IdleContext;
} HID_SUBMIT_IDLE_NOTIFICATION_CALLBACK_INFO, *PHID_SUBMIT_IDLE_NOTIFICATION_CALLBACK_INFO;

/* ---- What mshidkmdf.sys, the minidriver that HIDCLASS knows, registers; a KMDF driver sits below it ---- */

typedef struct _HID_MINIDRIVER_REGISTRATION {
    ULONG Revision;
    PDRIVER_OBJECT DriverObject;
    PUNICODE_STRING RegistryPath;
    ULONG DeviceExtensionSize;
    BOOLEAN DevicesArePolled;
    UCHAR Reserved[3];
} HID_MINIDRIVER_REGISTRATION, *PHID_MINIDRIVER_REGISTRATION;

typedef struct _HID_DEVICE_EXTENSION {
    PDEVICE_OBJECT PhysicalDeviceObject;
    PDEVICE_OBJECT NextDeviceObject;
    PVOID MiniDeviceExtension;
} HID_DEVICE_EXTENSION, *PHID_DEVICE_EXTENSION;

DECLSPEC_IMPORT NTSTATUS NTAPI HidRegisterMinidriver(PHID_MINIDRIVER_REGISTRATION MinidriverRegistration);

#endif
