/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the client of a direction's one stream (SND_RENDER, SND_CAPTURE) can do. Layer: core. Highest IRQL:
 * DISPATCH_LEVEL (stated per function where it is lower). Locks: see snd_device.h.
 *
 *   SndClientOpen, SndClientPlanBuffer, SndClientSetBuffer
 *   SndClientSetState, SndClientPosition
 *   SndClientClearBuffer, SndClientClose
 */
#ifndef SND_CLIENT_H
#define SND_CLIENT_H

#include "snd_device.h"

/*
 * Opens a direction's stream with a format, or changes the format of an open one in STOP. Sends nothing yet.
 *
 * IRQL:    <= DISPATCH_LEVEL
 * Returns: STATUS_SUCCESS; STATUS_NOT_SUPPORTED: the direction is not there or cannot do the format;
 *          STATUS_INVALID_PARAMETER: not in STOP, or it has a buffer
 */
NTSTATUS SndClientOpen(SND_DEVICE *device, UINT32 direction, const SND_FORMAT *format);

/* The size and cut of a buffer for an open stream; see SndGeometryPlan. STATUS_INVALID_PARAMETER: not open, too. */
NTSTATUS SndClientPlanBuffer(SND_DEVICE *device, UINT32 direction, UINT32 requested_bytes, UINT32 notification_count,
                             SND_GEOMETRY *geometry);

/*
 * Gives an open stream in STOP its buffer; see SndStreamSetBuffer. geometry: from SndClientPlanBuffer.
 * IRQL: <= DISPATCH_LEVEL. Returns: as SndStreamSetBuffer; STATUS_INVALID_PARAMETER: not open, not in STOP, or the
 * device was not recovered yet from a stream before
 */
NTSTATUS SndClientSetBuffer(SND_DEVICE *device, UINT32 direction, const SND_GEOMETRY *geometry, const UINT64 *pfns,
                            UINT32 pfn_count, UINT32 first_offset);

/*
 * Takes the buffer away; the stream goes to STOP first. A device that does not give it back is reset.
 *
 * IRQL:    PASSIVE_LEVEL
 * Returns: TRUE: the pages may be freed (the list of page frames may be in any case); FALSE: the device did not even
 *          finish a reset and may still use them: leak them
 * Spec:    SND-28, INIT-30
 */
BOOLEAN SndClientClearBuffer(SND_DEVICE *device, UINT32 direction);

/* Closes the stream: SndClientClearBuffer, then it can be opened again. IRQL, Returns: as that. */
BOOLEAN SndClientClose(SND_DEVICE *device, UINT32 direction);

/*
 * Takes an open stream to a state and waits until the device is there, at most SND_STATE_TIMEOUT_MS. Without a buffer
 * ACQUIRE and PAUSE are only remembered.
 *
 * IRQL:    PASSIVE_LEVEL
 * Returns: STATUS_SUCCESS; to STOP nothing else. STATUS_INVALID_PARAMETER: not open, or RUN without a buffer;
 *          STATUS_IO_DEVICE_ERROR: the device refused (device->reason REQUEST_FAILED, detail code << 16 | answer &
 * 0xFFFF); STATUS_IO_TIMEOUT: it did not answer; STATUS_DEVICE_NOT_CONNECTED: gone, stopped or given up. After a
 * failure the stream does nothing until it is taken to STOP Spec:    SND-17, SND-25, SND-26, SND-28, SND-29, HOST-28
 */
NTSTATUS SndClientSetState(SND_DEVICE *device, UINT32 direction, SND_KS_STATE state);

/*
 * What KSRTAUDIO_HWLATENCY states of a stream with a buffer: how far a client has to write ahead of the position is
 * both together. All zero without a buffer.
 *
 * fifo_bytes   out: the read-ahead
 * delay        out: 100 ns from there to the converter, as far as the device has reported it: 0 before its first RUN
 *
 * IRQL:    <= DISPATCH_LEVEL
 */
VOID SndClientLatency(SND_DEVICE *device, UINT32 direction, UINT32 *fifo_bytes, UINT32 *delay);

/* The stream's position; all zero when it has no buffer. IRQL: <= DISPATCH_LEVEL. */
VOID SndClientPosition(SND_DEVICE *device, UINT32 direction, SND_POSITION *position);

#endif
