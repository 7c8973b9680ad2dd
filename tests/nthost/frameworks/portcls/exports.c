/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The table of portcls.sys' exports, and the one definition of its GUIDs on the host's side. */
#include <initguid.h>

#include "port.h"

#define MODULE "portcls.sys"
static struct export table[] = {
    NT_EXPORT(MODULE, PcAddAdapterDevice),
    NT_EXPORT(MODULE, PcCompleteIrp),
    NT_EXPORT(MODULE, PcCompletePendingPropertyRequest),
    NT_EXPORT(MODULE, PcDispatchIrp),
    NT_EXPORT(MODULE, PcForwardIrpSynchronous),
    NT_EXPORT(MODULE, PcGetTimeInterval),
    NT_EXPORT(MODULE, PcInitializeAdapterDriver),
    NT_EXPORT(MODULE, PcNewPort),
    NT_EXPORT(MODULE, PcRegisterAdapterPowerManagement),
    NT_EXPORT(MODULE, PcRegisterPhysicalConnection),
    NT_EXPORT(MODULE, PcRegisterSubdevice),
    NT_EXPORT(MODULE, PcUnregisterAdapterPowerManagement),
};

void exports_portcls(void)
{
    exports_add(table, sizeof table / sizeof table[0]);
}
