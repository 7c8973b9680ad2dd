/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* KMDF 1.9: objects in general: attributes, parents, typed contexts, references, deletion. */
#ifndef AERO_DDK_WDF_OBJECT_H
#define AERO_DDK_WDF_OBJECT_H

#include "wdf_base.h"

typedef enum _WDF_EXECUTION_LEVEL {
    WdfExecutionLevelInvalid,
    WdfExecutionLevelInheritFromParent,
    WdfExecutionLevelPassive,
    WdfExecutionLevelDispatch
} WDF_EXECUTION_LEVEL;

typedef enum _WDF_SYNCHRONIZATION_SCOPE {
    WdfSynchronizationScopeInvalid,
    WdfSynchronizationScopeInheritFromParent,
    WdfSynchronizationScopeDevice,
    WdfSynchronizationScopeQueue,
    WdfSynchronizationScopeNone
} WDF_SYNCHRONIZATION_SCOPE;

typedef VOID NTAPI EVT_WDF_OBJECT_CONTEXT_CLEANUP(WDFOBJECT Object);
typedef EVT_WDF_OBJECT_CONTEXT_CLEANUP *PFN_WDF_OBJECT_CONTEXT_CLEANUP;
typedef VOID NTAPI EVT_WDF_OBJECT_CONTEXT_DESTROY(WDFOBJECT Object);
typedef EVT_WDF_OBJECT_CONTEXT_DESTROY *PFN_WDF_OBJECT_CONTEXT_DESTROY;

struct _WDF_OBJECT_CONTEXT_TYPE_INFO;
typedef const struct _WDF_OBJECT_CONTEXT_TYPE_INFO *PCWDF_OBJECT_CONTEXT_TYPE_INFO;
typedef PCWDF_OBJECT_CONTEXT_TYPE_INFO(NTAPI *PFN_GET_UNIQUE_CONTEXT_TYPE)(VOID);

typedef struct _WDF_OBJECT_CONTEXT_TYPE_INFO {
    ULONG Size;
    PCHAR ContextName;
    size_t ContextSize;
    PCWDF_OBJECT_CONTEXT_TYPE_INFO UniqueType; /* what tells types apart: this very address */
    PFN_GET_UNIQUE_CONTEXT_TYPE EvtDriverGetUniqueContextType;
} WDF_OBJECT_CONTEXT_TYPE_INFO, *PWDF_OBJECT_CONTEXT_TYPE_INFO;

typedef struct _WDF_OBJECT_ATTRIBUTES {
    ULONG Size;
    PFN_WDF_OBJECT_CONTEXT_CLEANUP EvtCleanupCallback;
    PFN_WDF_OBJECT_CONTEXT_DESTROY EvtDestroyCallback;
    WDF_EXECUTION_LEVEL ExecutionLevel;
    WDF_SYNCHRONIZATION_SCOPE SynchronizationScope;
    WDFOBJECT ParentObject;
    size_t ContextSizeOverride;
    PCWDF_OBJECT_CONTEXT_TYPE_INFO ContextTypeInfo;
} WDF_OBJECT_ATTRIBUTES, *PWDF_OBJECT_ATTRIBUTES;

WDF_INLINE VOID WDF_OBJECT_ATTRIBUTES_INIT(PWDF_OBJECT_ATTRIBUTES Attributes)
{
    RtlZeroMemory(Attributes, sizeof(*Attributes));
    Attributes->Size = sizeof(*Attributes);
    Attributes->ExecutionLevel = WdfExecutionLevelInheritFromParent;
    Attributes->SynchronizationScope = WdfSynchronizationScopeInheritFromParent;
}

#define WDF_TYPE_NAME_TO_TYPE_INFO(type) _WDF_##type##_TYPE_INFO
#define WDF_GET_CONTEXT_TYPE_INFO(type)  (&WDF_TYPE_NAME_TO_TYPE_INFO(type))
#define WDF_OBJECT_ATTRIBUTES_SET_CONTEXT_TYPE(attributes, type)                                                       \
    ((attributes)->ContextTypeInfo = WDF_GET_CONTEXT_TYPE_INFO(type)->UniqueType)
#define WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE(attributes, type)                                                      \
    (WDF_OBJECT_ATTRIBUTES_INIT(attributes), WDF_OBJECT_ATTRIBUTES_SET_CONTEXT_TYPE(attributes, type))

typedef PVOID(WDF_FASTCALL *PFN_WDFOBJECTGETTYPEDCONTEXTWORKER)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFOBJECT Handle,
                                                                PCWDF_OBJECT_CONTEXT_TYPE_INFO TypeInfo);
#define WdfObjectGetTypedContextWorker(...)                                                                            \
    WDF_CALL(WDFOBJECTGETTYPEDCONTEXTWORKER, WdfObjectGetTypedContextWorker)(WdfDriverGlobals, __VA_ARGS__)

/* A context type with its accessor; in a header that several units include the linker keeps one copy of the type's
 * record. */
#define WDF_DECLARE_CONTEXT_TYPE_WITH_NAME(type, accessor)                                                             \
    const WDF_OBJECT_CONTEXT_TYPE_INFO __declspec(selectany) WDF_TYPE_NAME_TO_TYPE_INFO(type) = {                      \
        sizeof(WDF_OBJECT_CONTEXT_TYPE_INFO), #type, sizeof(type), WDF_GET_CONTEXT_TYPE_INFO(type), NULL};             \
    WDF_INLINE type *accessor(WDFOBJECT Handle)                                                                        \
    {                                                                                                                  \
        return (type *)WdfObjectGetTypedContextWorker(Handle, WDF_GET_CONTEXT_TYPE_INFO(type)->UniqueType);            \
    }
#define WDF_DECLARE_CONTEXT_TYPE(type) WDF_DECLARE_CONTEXT_TYPE_WITH_NAME(type, WdfObjectGet_##type)

typedef NTSTATUS(NTAPI *PFN_WDFOBJECTALLOCATECONTEXT)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFOBJECT Handle,
                                                      PWDF_OBJECT_ATTRIBUTES ContextAttributes, PVOID *Context);
#define WdfObjectAllocateContext(...)                                                                                  \
    WDF_CALL(WDFOBJECTALLOCATECONTEXT, WdfObjectAllocateContext)(WdfDriverGlobals, __VA_ARGS__)

typedef WDFOBJECT(WDF_FASTCALL *PFN_WDFOBJECTCONTEXTGETOBJECT)(PWDF_DRIVER_GLOBALS DriverGlobals, PVOID ContextPointer);
#define WdfObjectContextGetObject(...)                                                                                 \
    WDF_CALL(WDFOBJECTCONTEXTGETOBJECT, WdfObjectContextGetObject)(WdfDriverGlobals, __VA_ARGS__)

typedef VOID(NTAPI *PFN_WDFOBJECTREFERENCEACTUAL)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFOBJECT Handle, PVOID Tag,
                                                  LONG Line, PCHAR File);
#define WdfObjectReferenceActual(...)                                                                                  \
    WDF_CALL(WDFOBJECTREFERENCEACTUAL, WdfObjectReferenceActual)(WdfDriverGlobals, __VA_ARGS__)
#define WdfObjectReference(handle) WdfObjectReferenceActual(handle, NULL, __LINE__, (PCHAR) "")

typedef VOID(NTAPI *PFN_WDFOBJECTDEREFERENCEACTUAL)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFOBJECT Handle, PVOID Tag,
                                                    LONG Line, PCHAR File);
#define WdfObjectDereferenceActual(...)                                                                                \
    WDF_CALL(WDFOBJECTDEREFERENCEACTUAL, WdfObjectDereferenceActual)(WdfDriverGlobals, __VA_ARGS__)
#define WdfObjectDereference(handle) WdfObjectDereferenceActual(handle, NULL, __LINE__, (PCHAR) "")

typedef NTSTATUS(NTAPI *PFN_WDFOBJECTCREATE)(PWDF_DRIVER_GLOBALS DriverGlobals, PWDF_OBJECT_ATTRIBUTES Attributes,
                                             WDFOBJECT *Object);
#define WdfObjectCreate(...) WDF_CALL(WDFOBJECTCREATE, WdfObjectCreate)(WdfDriverGlobals, __VA_ARGS__)

typedef VOID(NTAPI *PFN_WDFOBJECTDELETE)(PWDF_DRIVER_GLOBALS DriverGlobals, WDFOBJECT Object);
#define WdfObjectDelete(...) WDF_CALL(WDFOBJECTDELETE, WdfObjectDelete)(WdfDriverGlobals, __VA_ARGS__)

#endif
