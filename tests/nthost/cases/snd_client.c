/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The sound client: buffer, events, positions, what it plays and what it takes. */
#include "snd.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "verify/verify.h"

enum { POISON = 0x5a, STALL_MS = 2000, SEARCH_SECONDS = 60, FRAMES_TO_FIND = 8 };

/* Odd, so that neither silence nor poison looks like it; scenarios/wav_check.py has the same. */
static uint32_t pattern(uint64_t sample)
{
    uint32_t h = (uint32_t)(sample + 1) * 2654435761u;
    h ^= h >> 15;
    h *= 0x85ebca6bu;
    h ^= h >> 13;
    return h | 0x10001u;
}

static void put_sample(const struct snd_client *c, uint64_t frame, unsigned channel, uint8_t *at)
{
    unsigned bytes = c->format.bits / 8;
    uint32_t bits = pattern(frame * c->format.channels + channel);
    if (c->tone != SND_NO_TONE) {
        double value = 0.5 * sin(2 * 3.14159265358979323846 * c->tone * (double)frame / c->format.rate);
        float single = (float)value;
        if (c->format.is_float) {
            memcpy(&bits, &single, sizeof bits);
        } else {
            bits = (uint32_t)(int32_t)lrint(value * 2147483647.0);
        }
    }
    if (bytes == 1) {
        *at = (uint8_t)((bits >> 24) + 128); /* 8-bit samples are unsigned */
    } else {
        bits >>= 32 - 8 * bytes;
        memcpy(at, &bits, bytes);
    }
}

static void fill(struct snd_client *c, uint64_t until)
{
    for (; c->filled < until; c->filled += c->block) {
        for (unsigned channel = 0; channel < c->format.channels; channel++) {
            put_sample(c, c->origin + c->filled / c->block, channel,
                       c->buffer + c->filled % c->size + channel * (c->format.bits / 8));
        }
    }
}

/* Bytes [from, to) of the stream, wherever they lie in the buffer. */
static void poison(struct snd_client *c, uint64_t from, uint64_t to)
{
    for (; from < to; from++) {
        c->buffer[from % c->size] = POISON;
    }
}

static void record(struct snd_client *c, uint64_t until)
{
    for (; c->played < until; c->played++) {
        if (c->recorded_bytes < c->room) {
            c->recorded[c->recorded_bytes++] = c->buffer[c->played % c->size];
        }
        c->buffer[c->played % c->size] = POISON;
    }
}

static unsigned random_below(struct snd_client *c, unsigned most)
{
    c->random = c->random * 1664525u + 1013904223u;
    return most == 0 ? 0 : (c->random >> 8) % most;
}

bool snd_open(struct run *run, struct snd_client *c, const struct pc_pin *pin, const struct pc_format *format, unsigned ms,
              unsigned parts, unsigned record_seconds)
{
    uint32_t wanted;
    int32_t status;
    memset(c, 0, sizeof *c);
    c->format = *format;
    c->is_capture = pin->is_capture;
    c->block = format->channels * format->bits / 8;
    c->random = run->options->system.seed;
    c->tone = run->options->tone;
    status = pc_open(pin, format, &c->stream);
    if (status < 0) {
        return failed("a pin does not open with %u Hz, %u channels, %u bits: %#x", format->rate, format->channels, format->bits,
                      (unsigned)status);
    }
    c->parts = pc_has_notifications(c->stream) ? parts : 0;
    c->error_ms = malloc(SND_MOST_ERRORS * sizeof c->error_ms[0]);
    if (c->error_ms == NULL) {
        host_fatal("no memory for a sound client");
    }
    wanted = format->rate / 100 * ms / 10 * c->block;
    status = pc_allocate(c->stream, wanted, c->parts, &c->buffer, &c->size);
    if (status >= 0 && c->parts != 0) {
        status = pc_event_create(c->stream, &c->event);
    }
    if (status < 0) {
        return failed("a buffer of %u bytes with %u notifications: %#x", wanted, c->parts, (unsigned)status);
    }
    if (c->is_capture && record_seconds != 0) {
        c->room = (uint64_t)record_seconds * format->rate * c->block;
        c->recorded = malloc((size_t)c->room);
        if (c->recorded == NULL) {
            host_fatal("no memory for %u seconds of sound", record_seconds);
        }
    }
    return true;
}

bool snd_start(struct run *run, struct snd_client *c)
{
    int32_t status;
    if (pc_state(c->stream) == PC_STOP) {
        c->filled = c->played = 0;
        c->last_play = c->last_offset = 0;
        c->position = 0;
        c->events = 0;
        c->refill_at_us = 0;
        if (c->is_capture) {
            poison(c, 0, c->size);
        } else {
            fill(c, c->size);
        }
    }
    status = pc_set_state(c->stream, PC_RUN);
    c->started_us = run->bus->ops->clock_us(run->bus);
    return status >= 0 || failed("the stream does not run: %#x", (unsigned)status);
}

/* The part that ends at played was played, or recorded: its event was there. */
static bool take_event(struct run *run, struct snd_client *c)
{
    uint32_t part = c->size / 2;
    uint64_t part_us = (uint64_t)part / c->block * 1000000 / c->format.rate;
    c->events++;
    if (c->is_capture) {
        record(c, c->played + part);
        return true;
    }
    c->late += c->refill_at_us != 0;
    if (c->refill_at_us != 0) {
        fill(c, c->played + c->size);
    }
    poison(c, c->played, c->played + part);
    c->played += part;
    c->refill_at_us = run->bus->ops->clock_us(run->bus) + random_below(c, (unsigned)(part_us / 4));
    return true;
}

/* Polled, or one event per buffer: by the position. A quarter of the buffer stays poisoned behind it. */
static bool follow_position(struct run *run, struct snd_client *c)
{
    uint32_t play, write, moved;
    int32_t status = pc_position(c->stream, &play, &write);
    if (status < 0) {
        return failed("the position is not to be had: %#x", (unsigned)status);
    }
    snd_note_position(run, c, play);
    moved = (play + c->size - c->last_play) % c->size;
    c->last_play = play;
    if (c->is_capture) {
        record(c, c->played + moved);
        return true;
    }
    poison(c, c->played, c->played + moved);
    c->played += moved;
    fill(c, c->played + c->size / 4 * 3);
    return true;
}

bool snd_step(struct run *run, struct snd_client *c)
{
    uint32_t play, write;
    bool has_event = c->event != NULL && pc_event_take(c->event);
    if (pc_state(c->stream) != PC_RUN) {
        return true;
    }
    if (c->parts != 2) {
        c->events += has_event;
        return follow_position(run, c);
    }
    if (has_event && !take_event(run, c)) {
        return false;
    }
    if (c->refill_at_us != 0 && run->bus->ops->clock_us(run->bus) >= c->refill_at_us) {
        fill(c, c->played + c->size);
        c->refill_at_us = 0;
    }
    if (pc_position(c->stream, &play, &write) < 0) {
        return failed("the position is not to be had");
    }
    snd_note_position(run, c, play);
    return true;
}

bool snd_stop(struct run *run, struct snd_client *c)
{
    int32_t status = pc_set_state(c->stream, PC_STOP);
    c->ran_us += run->bus->ops->clock_us(run->bus) - c->started_us;
    if (c->event != NULL) {
        pc_event_take(c->event);
    }
    c->origin += c->played / c->block;
    return status >= 0 || failed("the stream does not stop: %#x", (unsigned)status);
}

void snd_close(struct snd_client *c)
{
    if (c->stream == NULL) {
        return;
    }
    pc_set_state(c->stream, PC_STOP);
    if (c->event != NULL) {
        pc_event_delete(c->event);
    }
    pc_close(c->stream);
    free(c->recorded);
    free(c->error_ms);
    c->error_ms = NULL;
    c->stream = NULL;
    c->event = NULL;
    c->recorded = NULL;
}

/* What a running stream must at least have played by now. */
static bool goes_on(struct run *run, const struct snd_client *c, uint64_t started_us, uint64_t before)
{
    uint64_t now = run->bus->ops->clock_us(run->bus);
    if (c == NULL || c->stream == NULL || pc_state(c->stream) != PC_RUN || c->played != before || now - started_us < STALL_MS * 1000) {
        return true;
    }
    return failed("the stream stalls: nothing was %s for %u ms (%lu events so far)", c->is_capture ? "recorded" : "played", STALL_MS,
                  c->events);
}

bool snd_run_for(struct run *run, struct snd_client *one, struct snd_client *two, unsigned ms)
{
    struct snd_client *both[2] = {one, two};
    uint64_t now = run->bus->ops->clock_us(run->bus), end = now + ms * 1000ull;
    uint64_t moved_us[2] = {now, now}, played[2] = {one != NULL ? one->played : 0, two != NULL ? two->played : 0};
    while (now < end && !run->bus->dead) {
        pc_pump(500);
        now = run->bus->ops->clock_us(run->bus);
        for (unsigned i = 0; i < 2; i++) {
            struct snd_client *c = both[i];
            if (c == NULL || c->stream == NULL) {
                continue;
            }
            if (!snd_step(run, c) || !goes_on(run, c, moved_us[i], played[i])) {
                return false;
            }
            if (c->played != played[i]) {
                moved_us[i] = now;
                played[i] = c->played;
            }
        }
    }
    return !run->bus->dead;
}

/* ---- What was recorded ---- */

bool snd_is_frame(const struct snd_client *c, const uint8_t *bytes, uint64_t frame)
{
    uint8_t sample[8];
    unsigned size = c->format.bits / 8;
    for (unsigned channel = 0; channel < c->format.channels; channel++) {
        put_sample(c, frame, channel, sample);
        if (memcmp(sample, bytes + channel * size, size) != 0) {
            return false;
        }
    }
    return true;
}

static bool frame_is(const struct snd_client *c, uint64_t at, uint64_t frame)
{
    return snd_is_frame(c, c->recorded + at * c->block, frame);
}

static bool is_silent(const struct snd_client *c, uint64_t at)
{
    for (unsigned i = 0; i < c->block; i++) {
        if (c->recorded[at * c->block + i] != 0) {
            return false;
        }
    }
    return true;
}

bool snd_check_recorded(const struct snd_client *c, uint64_t *frames)
{
    uint64_t total = c->recorded_bytes / c->block, at = 0, frame = 0, most = (uint64_t)SEARCH_SECONDS * c->format.rate, start;
    unsigned found = 0;
    *frames = 0;
    while (at < total && is_silent(c, at)) {
        at++;
    }
    if (at + FRAMES_TO_FIND > total) {
        return failed("only silence was recorded");
    }
    for (start = 0; start < most && found < FRAMES_TO_FIND; start++) {
        for (found = 0; found < FRAMES_TO_FIND && frame_is(c, at + found, start + found); found++) {
        }
        frame = start;
    }
    if (found < FRAMES_TO_FIND) {
        return failed("what was recorded at frame %llu was never played: %02x %02x %02x %02x%s", (unsigned long long)at,
                      c->recorded[at * c->block], c->recorded[at * c->block + 1], c->recorded[at * c->block + 2],
                      c->recorded[at * c->block + 3], c->recorded[at * c->block] == POISON ? " (played before it was filled)" : "");
    }
    for (; at < total && frame_is(c, at, frame); at++, frame++) {
        ++*frames;
    }
    start = at;
    while (at < total && is_silent(c, at)) {
        at++;
    }
    if (at != total) {
        const uint8_t *sample = c->recorded + start * c->block;
        return failed("after %llu right frames comes %02x %02x: %s", (unsigned long long)*frames, sample[0], sample[1],
                      sample[0] == POISON ? "what was played was not filled" : "a gap or a repeat");
    }
    return true;
}
