/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Asking the device, whichever it is, what reached it: no driver's word is taken for that. */
#ifndef NTHOST_DEVICE_H
#define NTHOST_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "bus/bus.h"

/* Flushes done so far: by the fake device of that function, or by all of QEMU's disks (query-blockstats). */
uint64_t device_flushes(struct bus *bus, unsigned function);

/* The fake device watches its driver too: false, with a line, when a rule of the specification was broken. */
bool device_is_content(struct bus *bus);

#endif
