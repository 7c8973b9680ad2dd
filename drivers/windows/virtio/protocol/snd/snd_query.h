/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Asks a starting device for its jacks, streams and channel maps, and chooses the streams. Private to the core: used by
 * snd_device.c. VIRTIO 1.x "Sound Device: Item Information Request". Layer: core. IRQL: PASSIVE_LEVEL.
 */
#ifndef SND_QUERY_H
#define SND_QUERY_H

#include "snd_device.h"

/*
 * Fills jacks, channel maps and the two directions. The device has DRIVER_OK and is not serviced yet.
 *
 * Returns: STATUS_SUCCESS; else device->reason is set as SndDeviceStart says. Jacks and channel maps that cannot be had
 *          are no failure
 * Spec:    SND-04, SND-05, SND-29, HOST-28, HOST-30
 */
NTSTATUS SndQueryAll(SND_DEVICE *device);

#endif
