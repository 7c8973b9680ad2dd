/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Driving and looking into the sound model: a device with its own sample clock that plays what it is sent and captures
 * a known signal. Time is fake_clock_us; the sample clock runs knob snd-ppm off it and starts with START.
 *
 * Play back: data is copied when a message arrives (as QEMU does) and compared when it is played. A message is returned
 * when its last frame was played, and up to snd-late microseconds (seeded) after that, always in order.
 * Capture: byte n since START is fake_snd_byte(n); frames that find no buffer are lost.
 */
#ifndef FAKE_SND_H
#define FAKE_SND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fake_device.h"

enum { FAKE_SND_OUTPUT, FAKE_SND_INPUT, FAKE_SND_STREAMS_MAX = 8 };

enum fake_snd_state {
    FAKE_SND_NONE,
    FAKE_SND_PARAMS,
    FAKE_SND_PREPARED,
    FAKE_SND_STARTED,
    FAKE_SND_STOPPED,
    FAKE_SND_RELEASED
};

/* What became of a stream. Counters run since the device was made. */
struct fake_snd_stream {
    enum fake_snd_state state;
    uint32_t buffer_bytes, period_bytes, features;
    uint8_t channels, format, rate;
    uint32_t frame_bytes, frames_per_second;
    uint64_t commands, starts;
    uint64_t messages;   /* played or filled */
    uint64_t xruns;      /* times that a started stream had nothing */
    uint64_t silence_us; /* how long in all */
    uint64_t torn;       /* messages whose data changed between arrival and playing */
    uint64_t lost_bytes; /* captured, without a buffer to go to */
    unsigned held;       /* messages in the device */
};
void fake_snd_look(const struct fake_device *device, unsigned stream, struct fake_snd_stream *look);
/* The first stream of a direction, FAKE_SND_OUTPUT or _INPUT. */
unsigned fake_snd_find(const struct fake_device *device, unsigned direction);

/* Bytes that the converter has worked on since the last START from PREPARED, as its own clock says. */
double fake_snd_position(const struct fake_device *device, unsigned stream);

/* What was played since fake_snd_forget: bytes, in order, gaps left out. */
const uint8_t *fake_snd_played(const struct fake_device *device, size_t *length);
void fake_snd_forget(struct fake_device *device);

/* Byte n of the captured signal. */
uint8_t fake_snd_byte(uint64_t n);

/* Sends an event; false: the event queue is empty, it is lost. */
bool fake_snd_event(struct fake_device *device, uint32_t code, uint32_t data);
unsigned fake_snd_event_buffers(const struct fake_device *device);

/* The next count control messages with this code are answered with status; code 0: any. */
void fake_snd_fail(struct fake_device *device, uint32_t code, uint32_t status, unsigned count);
/* Control messages are answered so much later; UINT64_MAX: never. */
void fake_snd_answer_after(struct fake_device *device, uint64_t microseconds);

/* Returns the last message of a stream before its time and out of order; it counts as neither played nor filled. */
void fake_snd_return_last(struct fake_device *device, unsigned stream);

/* Faults of the table from now on. false: one does not exist. */
bool fake_snd_fault(struct fake_device *device, const char *list);

/* Returns all messages of a stream at once, the first that is not done as far as it got (SND-27). */
void fake_snd_flush(struct fake_device *device, unsigned stream);

/* The first message that breaks a rule for drivers, led by its row; NULL: none. */
const char *fake_snd_why(const struct fake_device *device);

#endif
