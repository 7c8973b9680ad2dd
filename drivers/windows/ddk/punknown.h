/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * IUnknown as PortCls knows it (its IID is not COM's), in C style: each object begins with a pointer to its table. Include
 * after <ntddk.h>. Stands in for the WDK's punknown.h; a WDK build that has constant tables defines CONST_VTABLE.
 */
#ifndef AERO_DDK_PUNKNOWN_H
#define AERO_DDK_PUNKNOWN_H

#include <guiddef.h>

DEFINE_GUID(IID_IUnknown, 0x00000000, 0x0000, 0x0000, 0x00, 0x00, 0xC0, 0x00, 0x00, 0x00, 0x00, 0x46);

/* INTERFACE { lpVtbl } and its pointer; the table INTERFACEVtbl is declared next. */
#define AERO_INTERFACE(name)                      \
    typedef struct name {                         \
        const struct name##Vtbl *lpVtbl;          \
    } name;                                       \
    typedef struct name##Vtbl name##Vtbl

/* The first three slots of every table. */
#define AERO_UNKNOWN_SLOTS(name)                                                           \
    NTSTATUS(NTAPI *QueryInterface)(name *This, REFIID InterfaceId, PVOID *Interface);     \
    ULONG(NTAPI *AddRef)(name *This);                                                      \
    ULONG(NTAPI *Release)(name *This);

AERO_INTERFACE(IUnknown);
struct IUnknownVtbl {
    AERO_UNKNOWN_SLOTS(IUnknown)
};
typedef IUnknown *PUNKNOWN;

#endif
