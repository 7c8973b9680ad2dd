/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Looking into the input model: what it says about itself, what it sends, and what it was told. */
#ifndef FAKE_INPUT_H
#define FAKE_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fake_device.h"

struct fake_input_event {
    uint16_t type, code;
    uint32_t value;
};

/*
 * Replaces one answer of the configuration.
 *
 * size  what the size field says, whatever length is; data: length bytes, at most 128, the rest is 0xEE (no terminator)
 */
void fake_input_answer(struct fake_device *device, uint8_t select, uint8_t subsel, uint8_t size, const void *data,
                       size_t length);
/* The same for a bitmap: sets or clears one bit of an EV_BITS answer, which grows as needed. */
void fake_input_bit(struct fake_device *device, uint8_t type, uint16_t code, bool set);
/* And for an axis: its bit and its ABS_INFO. */
void fake_input_axis(struct fake_device *device, uint8_t axis, int32_t minimum, int32_t maximum, uint32_t resolution);

/*
 * Sends an event. Events are gathered until SYN_REPORT (type 0, code 0) and are delivered then, as buffers allow; the
 * rest waits for buffers, or with fake_input_drops is dropped by whole reports, as QEMU does.
 */
void fake_input_event(struct fake_device *device, uint16_t type, uint16_t code, uint32_t value);
void fake_input_drops(struct fake_device *device, bool drops);
/* The next event is not written, and its buffer is given back with this used length. */
void fake_input_short(struct fake_device *device, uint32_t length);
uint64_t fake_input_waiting(const struct fake_device *device); /* events without a buffer */
uint64_t fake_input_dropped(const struct fake_device *device); /* reports */

/* What came on the status queue, oldest first; the last 4096 are kept. NULL: not kept. */
const struct fake_input_event *fake_input_status(const struct fake_device *device, uint64_t index);
uint64_t fake_input_status_count(const struct fake_device *device);
/* LEDs that are on, bit by Linux code, as the events said. */
uint32_t fake_input_leds(const struct fake_device *device);
/* Status buffers are held (true) or taken again. */
void fake_input_hold_status(struct fake_device *device, bool hold);

/* The first buffer that breaks a rule for drivers, led by its row; NULL: none. */
const char *fake_input_why(const struct fake_device *device);

#endif
