/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The core's engine: takes what the device returned, hands it on, and sends what comes next. Private to the core: used
 * by snd_device.c and snd_client.c, under the device's lock. Layer: core. Highest IRQL: DISPATCH_LEVEL.
 */
#ifndef SND_PUMP_H
#define SND_PUMP_H

#include "snd_device.h"

/* Does all there is to do now; device->work gets SND_WORK_* bits. Does nothing unless the device is RUNNING. */
VOID SndPumpRun(SND_DEVICE *device, UINT64 now);

/* Looks at the status byte; FALSE: the device has become BROKEN. Spec: INIT-05, HOST-16, HOST-21 */
BOOLEAN SndPumpIsHealthy(SND_DEVICE *device, UINT64 now);

/* A RUNNING device becomes BROKEN; positions freeze and a recovery is asked for. */
VOID SndPumpBreak(SND_DEVICE *device, VIRTIO_REASON reason, UINT32 detail, UINT64 now);

/*
 * Resets the device. On success nothing is in flight any more and all is closed; when the reset does not end, all is
 * closed, and buffers that were in flight are marked as lost.
 *
 * Returns: as VirtioPciReset
 */
NTSTATUS SndPumpQuiesce(SND_DEVICE *device, UINT64 now);

#endif
