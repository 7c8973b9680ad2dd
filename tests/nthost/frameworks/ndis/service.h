/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Parts of the services that the export table and the adapter's end need. */
#ifndef NTHOST_NDIS_SERVICE_H
#define NTHOST_NDIS_SERVICE_H

#include "adapter.h"
#include "nt/variadic.h"

/* NdisWriteErrorLogEntry: each value becomes a hexadecimal word of the entry's text, behind the code. */
VOID VARIADIC_ABI service_write_error_log(NDIS_HANDLE NdisAdapterHandle, NDIS_ERROR_CODE ErrorCode,
                                          ULONG NumberOfErrorValues, ...);

/* Breaks rule ndis.timer when one of the adapter's timers is set. */
void service_check_timers(const struct nd_adapter *adapter, const char *when);

#endif
