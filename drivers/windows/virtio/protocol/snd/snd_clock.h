/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The position between completions. A completion says that the device had gone at least so far at that time, never by
 * how much it came late: the true position is the line of nominal speed through the earliest completions of a short
 * window. The window is short enough that the device's own clock may drift.
 * Layer: core. IRQL: any; guarded by its owner's lock.
 */
#ifndef SND_CLOCK_H
#define SND_CLOCK_H

#include "virtio_osdep.h"

#define SND_CLOCK_TICKS_PER_SECOND 10000000 /* 100 ns */
#define SND_CLOCK_TICKS_PER_MS     (SND_CLOCK_TICKS_PER_SECOND / 1000)
#define SND_CLOCK_WINDOW           40 /* samples in each of the two halves of the window */

typedef struct _SND_CLOCK {
    UINT32 rate;       /* units of position a second; 0: not running */
    UINT32 samples;    /* in the current half */
    UINT64 origin;     /* time of the line's beginning */
    UINT64 base;       /* position there */
    INT64 best;        /* of the current half: position above the nominal line, at most */
    INT64 best_before; /* of the half before */
} SND_CLOCK;

/* Starts at a position. rate: positions a second. now: 100 ns. The start counts as a sample. */
VOID SndClockStart(SND_CLOCK *clock, UINT32 rate, UINT64 position, UINT64 now);

/*
 * The converter turns out to be behind the start by delay; before the first sample only. Behind position 0 the clock
 * reads 0.
 */
VOID SndClockDelay(SND_CLOCK *clock, UINT64 delay);

/* The converter had reached position, at the latest at now; negative: so far it was from 0. now: not before the last.
 */
VOID SndClockSample(SND_CLOCK *clock, INT64 position, UINT64 now);

/* The position at now; may be lower than before, and negative positions are 0: the caller clamps. */
UINT64 SndClockRead(const SND_CLOCK *clock, UINT64 now);

#endif
