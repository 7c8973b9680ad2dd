/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Random devices, from empty to full bitmaps: what tests and the NT host's judges make descriptors of. */
#ifndef INPUT_RANDOM_H
#define INPUT_RANDOM_H

#include <stdint.h>

#include "input_layout.h"

/*
 * Lays out the next random device.
 *
 * state    of the generator, not 0; is moved on
 * config   out: sanitised
 * layout   out
 *
 * Returns: as InputLayoutBuild
 */
BOOLEAN input_random_layout(uint64_t *state, INPUT_CONFIG *config, INPUT_LAYOUT *layout);

#endif
