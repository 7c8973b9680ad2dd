/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* KMDF 1.9 as this project uses it, in place of the WDK's wdf.h. Include after <ntddk.h>. See wdf_base.h. */
#ifndef AERO_DDK_WDF_H
#define AERO_DDK_WDF_H

#include "wdf_base.h"
#include "wdf_object.h"
#include "wdf_sync.h"
#include "wdf_deferred.h"
#include "wdf_memory.h"
#include "wdf_driver.h"
#include "wdf_device.h"
#include "wdf_queue.h"
#include "wdf_request.h"
#include "wdf_interrupt.h"
#include "wdf_dma.h"

#endif
