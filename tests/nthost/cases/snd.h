/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A client of sound streams like Windows' audio engine: fills each part of the cyclic buffer only after it was played, poisons
 * what was played, takes what was recorded. What it plays is told apart sample by sample.
 */
#ifndef NTHOST_CASES_SND_H
#define NTHOST_CASES_SND_H

#include "cases.h"
#include "frameworks/portcls/portcls_host.h"

enum { SND_NO_TONE = 0, SND_MOST_ERRORS = 65536 };

struct snd_client {
    struct pc_stream *stream;
    struct pc_event *event;
    struct pc_format format;
    bool is_capture;
    unsigned parts;  /* notifications per buffer; 0: it polls the position */
    unsigned block;  /* bytes of a frame */
    double tone;     /* Hz; SND_NO_TONE: the pattern */
    uint8_t *buffer; /* the driver's */
    uint32_t size, last_play;
    uint64_t filled, played; /* bytes since the start of the stream */
    uint64_t refill_at_us;   /* event mode: a played part waits for its data until then; 0: none waits */
    uint64_t started_us, ran_us;
    unsigned long events, late;
    uint64_t origin;   /* frame number of what is played first */
    uint8_t *recorded; /* capture: all of it, up to room bytes */
    uint64_t recorded_bytes, room;
    unsigned random;
    uint64_t position; /* bytes since the start, from the offsets */
    uint32_t last_offset;
    float *error_ms; /* of the position, against the device's clock */
    unsigned error_count;
};

/* Opens a pin with a buffer of about that many milliseconds; record_seconds: of room for a capture stream. */
bool snd_open(struct run *run, struct snd_client *c, const struct pc_pin *pin, const struct pc_format *format, unsigned ms,
              unsigned parts, unsigned record_seconds);
bool snd_start(struct run *run, struct snd_client *c);
/* What the client does now and then while the stream runs. */
bool snd_step(struct run *run, struct snd_client *c);
/* To STOP: the next start begins anew. */
bool snd_stop(struct run *run, struct snd_client *c);
void snd_close(struct snd_client *c);

/* Pumps and steps for milliseconds; clients may be NULL. False when a stream stalls or a rule of the client's breaks. */
bool snd_run_for(struct run *run, struct snd_client *one, struct snd_client *two, unsigned ms);

/* Whether what was recorded is silence, then the pattern from any frame on without gap or repeat; frames: out: of the pattern. */
bool snd_check_recorded(const struct snd_client *c, uint64_t *frames);

/* Whether bytes are what is played as that frame. */
bool snd_is_frame(const struct snd_client *c, const uint8_t *bytes, uint64_t frame);

/* Holds a position that was just read against the fake device's converter. */
void snd_note_position(struct run *run, struct snd_client *c, uint32_t play);
/* What the fake device says it played and gave since its first start; true for other devices, and for an unused one. */
bool snd_device_played(struct run *run, struct snd_client *c);
bool snd_device_recorded(struct run *run, struct snd_client *c);

/* DriverEntry and start of the first device; false, with a line that says why. */
bool snd_begin(struct run *run);
/* The first pin of that direction; false: there is none. */
bool snd_find_pin(struct run *run, bool is_capture, struct pc_pin *pin);
/* The format of the command line, or 48 kHz, stereo, 16 bit. */
struct pc_format snd_format(const struct run *run);

#endif
