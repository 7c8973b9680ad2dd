/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A fake sound device with the whole sound core on it, and clients of its streams: shared by the sound tests. */
#ifndef SND_FIXTURE_H
#define SND_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_device.h"
#include "fake_driver.h"
#include "fake_snd.h"
#include "snd_client.h"

/* Guest RAM lies above 4 GiB, so that a truncated address shows. Buffers' pages are scattered over the upper half. */
#define RAM_START 0x123450000ULL
enum { RAM_SIZE = 4 << 20, DATA_OFFSET = 1 << 20, PAGE = 4096, POISON = 0xDD, STEP_US = 100 };

/* A client of one direction. Positions are bytes since STOP. */
struct client {
    SND_GEOMETRY geometry;
    UINT64 *pfns;
    uint32_t pages, first_offset;
    uint64_t filled;      /* render: written by the client up to here; capture: read */
    uint32_t ahead_bytes; /* render without events: written so far beyond FifoSize; 0: all the buffer */
    bool is_stalled;      /* writes nothing */
    uint32_t react_us;    /* events: so long from an event to the writing */
    uint64_t react_at;    /* 0: no event is waiting */
    uint64_t events;
    uint64_t last_play;
    uint64_t wrong;       /* capture: bytes that are not the signal */
    uint64_t signal_base; /* capture: number of the first byte */
    bool checks_capture;
};

struct rig {
    struct fake_device *fake;
    uint8_t *ram;
    void *state_block;
    SND_DEVICE device;
    struct client client[SND_DIRECTIONS];
    bool is_locked;
    bool no_interrupts; /* none arrives: the watchdog finds it all */
    bool no_recover;    /* SND_WORK_RECOVER is not done */
    bool is_waiting;
    uint64_t next_tick_us, jacks, recoveries, longest_wait_us;
    unsigned next_page;
};

/* options->memory and type are filled here; fault may be NULL. vectors: 2, 1 or 0. */
void rig_make(struct rig *rig, struct fake_options options, const char *fault);
NTSTATUS rig_start(struct rig *rig, UINT16 vectors);
/* rig_make, rig_start with two vectors, expects success. */
void rig_up(struct rig *rig, const char *fault);
/* Closes, uninits, checks every rule that the device saw broken. */
void rig_end(struct rig *rig);
void rig_check_rules(struct rig *rig);

/* Lets time pass: device, interrupts, ticks, clients. */
void rig_run(struct rig *rig, uint64_t microseconds);

/* Opens a direction: 16-bit stereo at rate. Fills the whole buffer (render) with the signal. */
void rig_open(struct rig *rig, unsigned direction, const SND_FORMAT *format, uint32_t bytes, uint32_t notifications);
void rig_close(struct rig *rig, unsigned direction);
void rig_state(struct rig *rig, unsigned direction, SND_KS_STATE state);
SND_POSITION rig_position(struct rig *rig, unsigned direction);
/* The signal anew from the buffer's beginning, in STOP. */
void rig_refill(struct rig *rig, unsigned direction);

/* Expects that what was played is the signal from byte first on, without gap or repeat; returns how much it was. */
size_t rig_expect_played(struct rig *rig, uint64_t first);

extern const SND_FORMAT cd_format, dat_format; /* 44.1 and 48 kHz, 16 bit, stereo */

#endif
