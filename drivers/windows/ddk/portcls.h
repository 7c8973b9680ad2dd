/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * PortCls of Windows 7 for a WaveRT and topology driver in C: interfaces as tables of functions (INTERFACEVtbl), filter
 * descriptors, requests, imports. mingw-w64's portcls.h has a wrong slot and lacks records. Include after <ntddk.h>; GUIDs are
 * defined in the one unit that includes <initguid.h> first. Slots, x86 argument bytes and parameter types are held against
 * abi/vtables.tsv, GUIDs against abi/guids.tsv, the rest against abi/ too, by check-win7-tables.py.
 *
 * IPortWaveRTStream::GetPhysicalPageAddress is declared as the compiled method works: the result's place comes right after
 * This, and is returned. The WDK's header declares it in C as returning the value, so a driver that both build reads the
 * page numbers of the MDL instead.
 */
#ifndef AERO_DDK_PORTCLS_H
#define AERO_DDK_PORTCLS_H

#include "ks.h"
#include "ksmedia.h"
#include "punknown.h"

DEFINE_GUID(CLSID_PortTopology, 0xB4C90A32, 0x5791, 0x11D0, 0x86, 0xF9, 0x00, 0xA0, 0xC9, 0x11, 0xB5, 0x44);
DEFINE_GUID(CLSID_PortWaveRT, 0xCC9BE57A, 0xEB9E, 0x42B4, 0x94, 0xFC, 0x0C, 0xAD, 0x3D, 0xBC, 0xE7, 0xFA);
DEFINE_GUID(IID_IPort, 0xB4C90A25, 0x5791, 0x11D0, 0x86, 0xF9, 0x00, 0xA0, 0xC9, 0x11, 0xB5, 0x44);
DEFINE_GUID(IID_IPortTopology, 0xB4C90A30, 0x5791, 0x11D0, 0x86, 0xF9, 0x00, 0xA0, 0xC9, 0x11, 0xB5, 0x44);
DEFINE_GUID(IID_IPortWaveRT, 0x339FF909, 0x68A9, 0x4310, 0xB0, 0x9B, 0x27, 0x4E, 0x96, 0xEE, 0x4C, 0xBD);
DEFINE_GUID(IID_IPortWaveRTStream, 0x1809CE5A, 0x64BC, 0x4E62, 0xBD, 0x7D, 0x95, 0xBC, 0xE4, 0x3D, 0xE3, 0x93);
DEFINE_GUID(IID_IPortEvents, 0xA80F29C4, 0x5498, 0x11D2, 0x95, 0xD9, 0x00, 0xC0, 0x4F, 0xB9, 0x25, 0xD3);
DEFINE_GUID(IID_IMiniport, 0xB4C90A24, 0x5791, 0x11D0, 0x86, 0xF9, 0x00, 0xA0, 0xC9, 0x11, 0xB5, 0x44);
DEFINE_GUID(IID_IMiniportTopology, 0xB4C90A31, 0x5791, 0x11D0, 0x86, 0xF9, 0x00, 0xA0, 0xC9, 0x11, 0xB5, 0x44);
DEFINE_GUID(IID_IMiniportWaveRT, 0x0F9FC4D6, 0x6061, 0x4F3C, 0xB1, 0xFC, 0x07, 0x5E, 0x35, 0xF7, 0x96, 0x0A);
DEFINE_GUID(IID_IMiniportWaveRTStream, 0x000AC9AB, 0xFAAB, 0x4F3D, 0x94, 0x55, 0x6F, 0xF8, 0x30, 0x6A, 0x74, 0xA0);
DEFINE_GUID(IID_IMiniportWaveRTStreamNotification, 0x23759128, 0x96F1, 0x423B, 0xAB, 0x4D, 0x81, 0x63, 0x5B, 0xCF, 0x8C, 0xA1);
DEFINE_GUID(IID_IResourceList, 0x22C6AC60, 0x851B, 0x11D0, 0x9A, 0x7F, 0x00, 0xAA, 0x00, 0x38, 0xAC, 0xFE);
DEFINE_GUID(IID_IRegistryKey, 0xE8DA4302, 0xF304, 0x11D0, 0x95, 0x8B, 0x00, 0xC0, 0x4F, 0xB9, 0x25, 0xD3);
DEFINE_GUID(IID_IAdapterPowerManagement, 0x793417D0, 0x35FE, 0x11D1, 0xAD, 0x08, 0x00, 0xA0, 0xC9, 0x0A, 0xB1, 0xB0);
DEFINE_GUID(IID_IAdapterPowerManagement2, 0xE0F92E5D, 0x67F5, 0x48EE, 0xB5, 0x7A, 0x7D, 0x1E, 0x90, 0xC5, 0xF4, 0x3D);
DEFINE_GUID(IID_IPowerNotify, 0x3DD648B8, 0x969F, 0x11D1, 0x95, 0xA9, 0x00, 0xC0, 0x4F, 0xB9, 0x25, 0xD3);
DEFINE_GUID(IID_IUnregisterSubdevice, 0x16738177, 0xE199, 0x41F9, 0x9A, 0x87, 0xAB, 0xB2, 0xA5, 0x43, 0x2F, 0x21);
DEFINE_GUID(IID_IUnregisterPhysicalConnection, 0x6C38E231, 0x2A0D, 0x428D, 0x81, 0xF8, 0x07, 0xCC, 0x42, 0x8B, 0xB9, 0xA4);
DEFINE_GUID(IID_IPinCount, 0x5DADB7DC, 0xA2CB, 0x4540, 0xA4, 0xA8, 0x42, 0x5E, 0xE4, 0xAE, 0x90, 0x51);
DEFINE_GUID(IID_IDrmPort, 0x286D3DF8, 0xCA22, 0x4E2E, 0xB9, 0xBC, 0x20, 0xB4, 0xF0, 0xE2, 0x01, 0xCE);
DEFINE_GUID(IID_IDrmPort2, 0x1ACCE59C, 0x7311, 0x4B6B, 0x9F, 0xBA, 0xCC, 0x3B, 0xA5, 0x9A, 0xCD, 0xCE);

/* Bytes of a device extension that are PortCls' own; slots 4 to 7 of them, counted in pointers, are left to the driver. */
#define PORT_CLASS_DEVICE_EXTENSION_SIZE (64 * sizeof(PVOID))

/* ---- Descriptors of a filter, kept by the miniport as long as it lives ---- */

typedef struct _PCPROPERTY_REQUEST PCPROPERTY_REQUEST, *PPCPROPERTY_REQUEST;
typedef struct _PCEVENT_REQUEST PCEVENT_REQUEST, *PPCEVENT_REQUEST;
typedef struct _PCMETHOD_REQUEST PCMETHOD_REQUEST, *PPCMETHOD_REQUEST;
typedef NTSTATUS(NTAPI *PCPFNPROPERTY_HANDLER)(PPCPROPERTY_REQUEST PropertyRequest);
typedef NTSTATUS(NTAPI *PCPFNEVENT_HANDLER)(PPCEVENT_REQUEST EventRequest);
typedef NTSTATUS(NTAPI *PCPFNMETHOD_HANDLER)(PPCMETHOD_REQUEST MethodRequest);

#define PCPROPERTY_ITEM_FLAG_GET           KSPROPERTY_TYPE_GET
#define PCPROPERTY_ITEM_FLAG_SET           KSPROPERTY_TYPE_SET
#define PCPROPERTY_ITEM_FLAG_BASICSUPPORT  KSPROPERTY_TYPE_BASICSUPPORT
#define PCPROPERTY_ITEM_FLAG_DEFAULTVALUES KSPROPERTY_TYPE_DEFAULTVALUES
#define PCEVENT_ITEM_FLAG_ENABLE           KSEVENT_TYPE_ENABLE
#define PCEVENT_ITEM_FLAG_BASICSUPPORT     KSEVENT_TYPE_BASICSUPPORT
#define PCEVENT_VERB_NONE                  0
#define PCEVENT_VERB_ADD                   1
#define PCEVENT_VERB_REMOVE                2
#define PCEVENT_VERB_SUPPORT               4

typedef struct {
    const GUID *Set;
    ULONG Id;
    ULONG Flags;
    PCPFNPROPERTY_HANDLER Handler;
} PCPROPERTY_ITEM, *PPCPROPERTY_ITEM;

typedef struct {
    const GUID *Set;
    ULONG Id;
    ULONG Flags;
    PCPFNMETHOD_HANDLER Handler;
} PCMETHOD_ITEM, *PPCMETHOD_ITEM;

typedef struct {
    const GUID *Set;
    ULONG Id;
    ULONG Flags;
    PCPFNEVENT_HANDLER Handler;
} PCEVENT_ITEM, *PPCEVENT_ITEM;

typedef struct {
    ULONG PropertyItemSize;
    ULONG PropertyCount;
    const PCPROPERTY_ITEM *Properties;
    ULONG MethodItemSize;
    ULONG MethodCount;
    const PCMETHOD_ITEM *Methods;
    ULONG EventItemSize;
    ULONG EventCount;
    const PCEVENT_ITEM *Events;
    ULONG Reserved;
} PCAUTOMATION_TABLE, *PPCAUTOMATION_TABLE;

typedef struct {
    ULONG MaxGlobalInstanceCount;
    ULONG MaxFilterInstanceCount;
    ULONG MinFilterInstanceCount;
    const PCAUTOMATION_TABLE *AutomationTable;
    KSPIN_DESCRIPTOR KsPinDescriptor;
} PCPIN_DESCRIPTOR, *PPCPIN_DESCRIPTOR;

typedef struct {
    ULONG Flags;
    const PCAUTOMATION_TABLE *AutomationTable;
    const GUID *Type;
    const GUID *Name;
} PCNODE_DESCRIPTOR, *PPCNODE_DESCRIPTOR;

typedef KSTOPOLOGY_CONNECTION PCCONNECTION_DESCRIPTOR, *PPCCONNECTION_DESCRIPTOR;
#define PCFILTER_NODE KSFILTER_NODE

typedef struct {
    ULONG Version;
    const PCAUTOMATION_TABLE *AutomationTable;
    ULONG PinSize;
    ULONG PinCount;
    const PCPIN_DESCRIPTOR *Pins;
    ULONG NodeSize;
    ULONG NodeCount;
    const PCNODE_DESCRIPTOR *Nodes;
    ULONG ConnectionCount;
    const PCCONNECTION_DESCRIPTOR *Connections;
    ULONG CategoryCount;
    const GUID *Categories;
} PCFILTER_DESCRIPTOR, *PPCFILTER_DESCRIPTOR;

/* ---- Requests ---- */

AERO_INTERFACE(IResourceList);
typedef IResourceList *PRESOURCELIST;

struct _PCPROPERTY_REQUEST {
    PUNKNOWN MajorTarget; /* the miniport */
    PUNKNOWN MinorTarget; /* the stream; NULL for a filter's property */
    ULONG Node;           /* (ULONG)-1: none */
    const PCPROPERTY_ITEM *PropertyItem;
    ULONG Verb;
    ULONG InstanceSize;
    PVOID Instance;
    ULONG ValueSize; /* in and out */
    PVOID Value;
    PIRP Irp;
};

struct _PCEVENT_REQUEST {
    PUNKNOWN MajorTarget;
    PUNKNOWN MinorTarget;
    ULONG Node;
    const PCEVENT_ITEM *EventItem;
    PKSEVENT_ENTRY EventEntry;
    ULONG Verb;
    PIRP Irp;
};

struct _PCMETHOD_REQUEST {
    PUNKNOWN MajorTarget;
    PUNKNOWN MinorTarget;
    ULONG Node;
    const PCMETHOD_ITEM *MethodItem;
    ULONG Verb;
};

/* ---- Helpers that PortCls hands out ---- */

struct IResourceListVtbl {
    AERO_UNKNOWN_SLOTS(IResourceList)
    ULONG(NTAPI *NumberOfEntries)(IResourceList *This);
    ULONG(NTAPI *NumberOfEntriesOfType)(IResourceList *This, CM_RESOURCE_TYPE Type);
    PCM_PARTIAL_RESOURCE_DESCRIPTOR(NTAPI *FindTranslatedEntry)(IResourceList *This, CM_RESOURCE_TYPE Type, ULONG Index);
    PCM_PARTIAL_RESOURCE_DESCRIPTOR(NTAPI *FindUntranslatedEntry)(IResourceList *This, CM_RESOURCE_TYPE Type, ULONG Index);
    NTSTATUS(NTAPI *AddEntry)(IResourceList *This, PCM_PARTIAL_RESOURCE_DESCRIPTOR Translated,
                              PCM_PARTIAL_RESOURCE_DESCRIPTOR Untranslated);
    NTSTATUS(NTAPI *AddEntryFromParent)(IResourceList *This, struct IResourceList *Parent, CM_RESOURCE_TYPE Type, ULONG Index);
    PCM_RESOURCE_LIST(NTAPI *TranslatedList)(IResourceList *This);
    PCM_RESOURCE_LIST(NTAPI *UntranslatedList)(IResourceList *This);
};

typedef enum {
    GeneralRegistryKey,
    DeviceRegistryKey,
    DriverRegistryKey,
    HwProfileRegistryKey,
    DeviceInterfaceRegistryKey
} REGISTRYKEYTYPE;

AERO_INTERFACE(IRegistryKey);
typedef IRegistryKey *PREGISTRYKEY;
struct IRegistryKeyVtbl {
    AERO_UNKNOWN_SLOTS(IRegistryKey)
    NTSTATUS(NTAPI *QueryKey)(IRegistryKey *This, KEY_INFORMATION_CLASS Class, PVOID Information, ULONG Length, PULONG Needed);
    NTSTATUS(NTAPI *EnumerateKey)(IRegistryKey *This, ULONG Index, KEY_INFORMATION_CLASS Class, PVOID Information, ULONG Length,
                                  PULONG Needed);
    NTSTATUS(NTAPI *QueryValueKey)(IRegistryKey *This, PUNICODE_STRING Name, KEY_VALUE_INFORMATION_CLASS Class,
                                   PVOID Information, ULONG Length, PULONG Needed);
    NTSTATUS(NTAPI *EnumerateValueKey)(IRegistryKey *This, ULONG Index, KEY_VALUE_INFORMATION_CLASS Class, PVOID Information,
                                       ULONG Length, PULONG Needed);
    NTSTATUS(NTAPI *SetValueKey)(IRegistryKey *This, PUNICODE_STRING Name, ULONG Type, PVOID Data, ULONG Size);
    NTSTATUS(NTAPI *QueryRegistryValues)(IRegistryKey *This, PRTL_QUERY_REGISTRY_TABLE QueryTable, PVOID Context);
    NTSTATUS(NTAPI *NewSubKey)(IRegistryKey *This, IRegistryKey **Key, PUNKNOWN Outer, ACCESS_MASK Access, PUNICODE_STRING Name,
                               ULONG Options, PULONG Disposition);
    NTSTATUS(NTAPI *DeleteKey)(IRegistryKey *This);
};

/* ---- Ports ---- */

#define AERO_PORT_SLOTS(name)                                                                                               \
    AERO_UNKNOWN_SLOTS(name)                                                                                                \
    NTSTATUS(NTAPI *Init)(name *This, PDEVICE_OBJECT DeviceObject, PIRP Irp, PUNKNOWN Miniport, PUNKNOWN Adapter,           \
                          PRESOURCELIST ResourceList);                                                                      \
    NTSTATUS(NTAPI *GetDeviceProperty)(name *This, DEVICE_REGISTRY_PROPERTY Property, ULONG Length, PVOID Buffer,           \
                                       PULONG ResultLength);                                                                \
    NTSTATUS(NTAPI *NewRegistryKey)(name *This, PREGISTRYKEY *Key, PUNKNOWN Outer, ULONG Type, ACCESS_MASK Access,          \
                                    POBJECT_ATTRIBUTES Attributes, ULONG Options, PULONG Disposition);

AERO_INTERFACE(IPort);
typedef IPort *PPORT;
struct IPortVtbl {
    AERO_PORT_SLOTS(IPort)
};

AERO_INTERFACE(IPortTopology);
typedef IPortTopology *PPORTTOPOLOGY;
struct IPortTopologyVtbl {
    AERO_PORT_SLOTS(IPortTopology)
};

AERO_INTERFACE(IPortWaveRT);
typedef IPortWaveRT *PPORTWAVERT;
struct IPortWaveRTVtbl {
    AERO_PORT_SLOTS(IPortWaveRT)
};

AERO_INTERFACE(IPortEvents);
typedef IPortEvents *PPORTEVENTS;
struct IPortEventsVtbl {
    AERO_UNKNOWN_SLOTS(IPortEvents)
    VOID(NTAPI *AddEventToEventList)(IPortEvents *This, PKSEVENT_ENTRY EventEntry);
    VOID(NTAPI *GenerateEventList)(IPortEvents *This, GUID *Set, ULONG EventId, BOOL PinEvent, ULONG PinId, BOOL NodeEvent,
                                   ULONG NodeId);
};

AERO_INTERFACE(IPortWaveRTStream);
typedef IPortWaveRTStream *PPORTWAVERTSTREAM;
struct IPortWaveRTStreamVtbl {
    AERO_UNKNOWN_SLOTS(IPortWaveRTStream)
    PMDL(NTAPI *AllocatePagesForMdl)(IPortWaveRTStream *This, PHYSICAL_ADDRESS HighAddress, SIZE_T TotalBytes);
    PMDL(NTAPI *AllocateContiguousPagesForMdl)(IPortWaveRTStream *This, PHYSICAL_ADDRESS LowAddress,
                                               PHYSICAL_ADDRESS HighAddress, SIZE_T TotalBytes);
    PVOID(NTAPI *MapAllocatedPages)(IPortWaveRTStream *This, PMDL Mdl, MEMORY_CACHING_TYPE CacheType);
    VOID(NTAPI *UnmapAllocatedPages)(IPortWaveRTStream *This, PVOID BaseAddress, PMDL Mdl);
    VOID(NTAPI *FreePagesFromMdl)(IPortWaveRTStream *This, PMDL Mdl);
    ULONG(NTAPI *GetPhysicalPagesCount)(IPortWaveRTStream *This, PMDL Mdl);
    PHYSICAL_ADDRESS *(NTAPI *GetPhysicalPageAddress)(IPortWaveRTStream *This, PHYSICAL_ADDRESS *Result, PMDL Mdl, ULONG Index);
};

/* ---- Miniports ---- */

#define AERO_MINIPORT_SLOTS(name)                                                                                         \
    AERO_UNKNOWN_SLOTS(name)                                                                                              \
    NTSTATUS(NTAPI *GetDescription)(name *This, PPCFILTER_DESCRIPTOR *Description);                                       \
    NTSTATUS(NTAPI *DataRangeIntersection)(name *This, ULONG PinId, PKSDATARANGE ClientDataRange,                         \
                                           PKSDATARANGE MyDataRange, ULONG OutputBufferLength, PVOID ResultantFormat,     \
                                           PULONG ResultantFormatLength);

AERO_INTERFACE(IMiniport);
typedef IMiniport *PMINIPORT;
struct IMiniportVtbl {
    AERO_MINIPORT_SLOTS(IMiniport)
};

AERO_INTERFACE(IMiniportTopology);
typedef IMiniportTopology *PMINIPORTTOPOLOGY;
struct IMiniportTopologyVtbl {
    AERO_MINIPORT_SLOTS(IMiniportTopology)
    NTSTATUS(NTAPI *Init)(IMiniportTopology *This, PUNKNOWN Adapter, PRESOURCELIST ResourceList, PPORTTOPOLOGY Port);
};

#define AERO_WAVERT_STREAM_SLOTS(name)                                                                                    \
    AERO_UNKNOWN_SLOTS(name)                                                                                              \
    NTSTATUS(NTAPI *SetFormat)(name *This, PKSDATAFORMAT DataFormat);                                                     \
    NTSTATUS(NTAPI *SetState)(name *This, KSSTATE State);                                                                 \
    NTSTATUS(NTAPI *GetPosition)(name *This, PKSAUDIO_POSITION Position);                                                 \
    NTSTATUS(NTAPI *AllocateAudioBuffer)(name *This, ULONG RequestedSize, PMDL *Mdl, ULONG *ActualSize,                   \
                                         ULONG *OffsetFromFirstPage, MEMORY_CACHING_TYPE *CacheType);                     \
    VOID(NTAPI *FreeAudioBuffer)(name *This, PMDL Mdl, ULONG Size);                                                       \
    VOID(NTAPI *GetHWLatency)(name *This, KSRTAUDIO_HWLATENCY *Latency);                                                  \
    NTSTATUS(NTAPI *GetPositionRegister)(name *This, KSRTAUDIO_HWREGISTER *Register);                                     \
    NTSTATUS(NTAPI *GetClockRegister)(name *This, KSRTAUDIO_HWREGISTER *Register);

AERO_INTERFACE(IMiniportWaveRTStream);
typedef IMiniportWaveRTStream *PMINIPORTWAVERTSTREAM;
struct IMiniportWaveRTStreamVtbl {
    AERO_WAVERT_STREAM_SLOTS(IMiniportWaveRTStream)
};

AERO_INTERFACE(IMiniportWaveRTStreamNotification);
typedef IMiniportWaveRTStreamNotification *PMINIPORTWAVERTSTREAMNOTIFICATION;
struct IMiniportWaveRTStreamNotificationVtbl {
    AERO_WAVERT_STREAM_SLOTS(IMiniportWaveRTStreamNotification)
    NTSTATUS(NTAPI *AllocateBufferWithNotification)(IMiniportWaveRTStreamNotification *This, ULONG NotificationCount,
                                                    ULONG RequestedSize, PMDL *Mdl, ULONG *ActualSize,
                                                    ULONG *OffsetFromFirstPage, MEMORY_CACHING_TYPE *CacheType);
    VOID(NTAPI *FreeBufferWithNotification)(IMiniportWaveRTStreamNotification *This, PMDL Mdl, ULONG Size);
    NTSTATUS(NTAPI *RegisterNotificationEvent)(IMiniportWaveRTStreamNotification *This, PKEVENT Event);
    NTSTATUS(NTAPI *UnregisterNotificationEvent)(IMiniportWaveRTStreamNotification *This, PKEVENT Event);
};

AERO_INTERFACE(IMiniportWaveRT);
typedef IMiniportWaveRT *PMINIPORTWAVERT;
struct IMiniportWaveRTVtbl {
    AERO_MINIPORT_SLOTS(IMiniportWaveRT)
    NTSTATUS(NTAPI *Init)(IMiniportWaveRT *This, PUNKNOWN Adapter, PRESOURCELIST ResourceList, PPORTWAVERT Port);
    NTSTATUS(NTAPI *NewStream)(IMiniportWaveRT *This, PMINIPORTWAVERTSTREAM *Stream, PPORTWAVERTSTREAM PortStream, ULONG Pin,
                               BOOLEAN Capture, PKSDATAFORMAT DataFormat);
    NTSTATUS(NTAPI *GetDeviceDescription)(IMiniportWaveRT *This, PDEVICE_DESCRIPTION Description);
};

/* Optional interfaces of a miniport. */
AERO_INTERFACE(IPinCount);
typedef IPinCount *PPINCOUNT;
struct IPinCountVtbl {
    AERO_UNKNOWN_SLOTS(IPinCount)
    VOID(NTAPI *PinCount)(IPinCount *This, ULONG PinId, PULONG FilterNecessary, PULONG FilterCurrent, PULONG FilterPossible,
                          PULONG GlobalCurrent, PULONG GlobalPossible);
};

AERO_INTERFACE(IPowerNotify);
typedef IPowerNotify *PPOWERNOTIFY;
struct IPowerNotifyVtbl {
    AERO_UNKNOWN_SLOTS(IPowerNotify)
    VOID(NTAPI *PowerChangeNotify)(IPowerNotify *This, POWER_STATE NewState);
};

/* ---- The adapter object ---- */

#define AERO_POWER_SLOTS(name)                                                              \
    AERO_UNKNOWN_SLOTS(name)                                                                \
    VOID(NTAPI *PowerChangeState)(name *This, POWER_STATE NewState);                        \
    NTSTATUS(NTAPI *QueryPowerChangeState)(name *This, POWER_STATE NewState);               \
    NTSTATUS(NTAPI *QueryDeviceCapabilities)(name *This, PDEVICE_CAPABILITIES Capabilities);

AERO_INTERFACE(IAdapterPowerManagement);
typedef IAdapterPowerManagement *PADAPTERPOWERMANAGEMENT;
struct IAdapterPowerManagementVtbl {
    AERO_POWER_SLOTS(IAdapterPowerManagement)
};

AERO_INTERFACE(IAdapterPowerManagement2);
typedef IAdapterPowerManagement2 *PADAPTERPOWERMANAGEMENT2;
struct IAdapterPowerManagement2Vtbl {
    AERO_POWER_SLOTS(IAdapterPowerManagement2)
    VOID(NTAPI *PowerChangeState2)(IAdapterPowerManagement2 *This, DEVICE_POWER_STATE NewDeviceState,
                                   SYSTEM_POWER_STATE NewSystemState);
};

/* Got from a port by QueryInterface, where the port has them (Vista and later). */
AERO_INTERFACE(IUnregisterSubdevice);
typedef IUnregisterSubdevice *PUNREGISTERSUBDEVICE;
struct IUnregisterSubdeviceVtbl {
    AERO_UNKNOWN_SLOTS(IUnregisterSubdevice)
    NTSTATUS(NTAPI *UnregisterSubdevice)(IUnregisterSubdevice *This, PDEVICE_OBJECT DeviceObject, PUNKNOWN Unknown);
};

AERO_INTERFACE(IUnregisterPhysicalConnection);
typedef IUnregisterPhysicalConnection *PUNREGISTERPHYSICALCONNECTION;
struct IUnregisterPhysicalConnectionVtbl {
    AERO_UNKNOWN_SLOTS(IUnregisterPhysicalConnection)
    NTSTATUS(NTAPI *UnregisterPhysicalConnection)(IUnregisterPhysicalConnection *This, PDEVICE_OBJECT DeviceObject,
                                                  PUNKNOWN FromUnknown, ULONG FromPin, PUNKNOWN ToUnknown, ULONG ToPin);
    NTSTATUS(NTAPI *UnregisterPhysicalConnectionToExternal)(IUnregisterPhysicalConnection *This, PDEVICE_OBJECT DeviceObject,
                                                            PUNKNOWN FromUnknown, ULONG FromPin, PUNICODE_STRING ToString,
                                                            ULONG ToPin);
    NTSTATUS(NTAPI *UnregisterPhysicalConnectionFromExternal)(IUnregisterPhysicalConnection *This,
                                                              PDEVICE_OBJECT DeviceObject, PUNICODE_STRING FromString,
                                                              ULONG FromPin, PUNKNOWN ToUnknown, ULONG ToPin);
};

/* ---- Imports of portcls.sys ---- */

typedef NTSTATUS(NTAPI *PCPFNSTARTDEVICE)(PDEVICE_OBJECT DeviceObject, PIRP Irp, PRESOURCELIST ResourceList);

DECLSPEC_IMPORT NTSTATUS NTAPI PcInitializeAdapterDriver(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPathName,
                                                         PDRIVER_ADD_DEVICE AddDevice);
DECLSPEC_IMPORT NTSTATUS NTAPI PcDispatchIrp(PDEVICE_OBJECT DeviceObject, PIRP Irp);
DECLSPEC_IMPORT NTSTATUS NTAPI PcAddAdapterDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT PhysicalDeviceObject,
                                                  PCPFNSTARTDEVICE StartDevice, ULONG MaxObjects, ULONG DeviceExtensionSize);
DECLSPEC_IMPORT NTSTATUS NTAPI PcCompleteIrp(PDEVICE_OBJECT DeviceObject, PIRP Irp, NTSTATUS Status);
DECLSPEC_IMPORT NTSTATUS NTAPI PcForwardIrpSynchronous(PDEVICE_OBJECT DeviceObject, PIRP Irp);
DECLSPEC_IMPORT NTSTATUS NTAPI PcRegisterSubdevice(PDEVICE_OBJECT DeviceObject, PWCHAR Name, PUNKNOWN Unknown);
DECLSPEC_IMPORT NTSTATUS NTAPI PcRegisterPhysicalConnection(PDEVICE_OBJECT DeviceObject, PUNKNOWN FromUnknown, ULONG FromPin,
                                                            PUNKNOWN ToUnknown, ULONG ToPin);
DECLSPEC_IMPORT NTSTATUS NTAPI PcNewPort(PPORT *OutPort, REFCLSID ClassId);
DECLSPEC_IMPORT NTSTATUS NTAPI PcNewResourceList(PRESOURCELIST *OutResourceList, PUNKNOWN OuterUnknown, POOL_TYPE PoolType,
                                                 PCM_RESOURCE_LIST TranslatedResources, PCM_RESOURCE_LIST UntranslatedResources);
DECLSPEC_IMPORT NTSTATUS NTAPI PcRegisterAdapterPowerManagement(PUNKNOWN Unknown, PVOID Context);
DECLSPEC_IMPORT NTSTATUS NTAPI PcUnregisterAdapterPowerManagement(PDEVICE_OBJECT DeviceObject);
DECLSPEC_IMPORT NTSTATUS NTAPI PcRequestNewPowerState(PDEVICE_OBJECT DeviceObject, DEVICE_POWER_STATE RequestedNewState);
DECLSPEC_IMPORT NTSTATUS NTAPI PcGetDeviceProperty(PVOID DeviceObject, DEVICE_REGISTRY_PROPERTY DeviceProperty,
                                                   ULONG BufferLength, PVOID PropertyBuffer, PULONG ResultLength);
DECLSPEC_IMPORT NTSTATUS NTAPI PcNewRegistryKey(PREGISTRYKEY *OutRegistryKey, PUNKNOWN OuterUnknown, ULONG RegistryKeyType,
                                                ACCESS_MASK DesiredAccess, PVOID DeviceObject, PVOID SubDevice,
                                                POBJECT_ATTRIBUTES ObjectAttributes, ULONG CreateOptions, PULONG Disposition);
DECLSPEC_IMPORT NTSTATUS NTAPI PcCompletePendingPropertyRequest(PPCPROPERTY_REQUEST PropertyRequest, NTSTATUS NtStatus);
DECLSPEC_IMPORT NTSTATUS NTAPI PcRegisterIoTimeout(PDEVICE_OBJECT DeviceObject, PIO_TIMER_ROUTINE TimerRoutine, PVOID Context);
DECLSPEC_IMPORT NTSTATUS NTAPI PcUnregisterIoTimeout(PDEVICE_OBJECT DeviceObject, PIO_TIMER_ROUTINE TimerRoutine,
                                                     PVOID Context);
DECLSPEC_IMPORT ULONGLONG NTAPI PcGetTimeInterval(ULONGLONG Since);

#endif
