/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The position between completions. Layer: core. IRQL: any. */
#include "snd_clock.h"

/* Where the nominal line is at a time. */
static INT64 Line(const SND_CLOCK *clock, UINT64 now)
{
    UINT64 elapsed = now > clock->origin ? now - clock->origin : 0;
    UINT64 seconds = elapsed / SND_CLOCK_TICKS_PER_SECOND;
    UINT64 rest = elapsed % SND_CLOCK_TICKS_PER_SECOND;

    return (INT64)(clock->base + seconds * clock->rate + rest * clock->rate / SND_CLOCK_TICKS_PER_SECOND);
}

VOID SndClockStart(SND_CLOCK *clock, UINT32 rate, UINT64 position, UINT64 now)
{
    clock->rate = rate;
    clock->origin = now;
    clock->base = position;
    clock->samples = 0;
    clock->best = 0;
    clock->best_before = 0;
}

VOID SndClockDelay(SND_CLOCK *clock, UINT64 delay)
{
    clock->best_before = -(INT64)delay;
}

VOID SndClockSample(SND_CLOCK *clock, INT64 position, UINT64 now)
{
    INT64 above = position - Line(clock, now);

    if (clock->samples == SND_CLOCK_WINDOW) {
        clock->best_before = clock->best;
        clock->samples = 0;
    }
    if (clock->samples == 0 || above > clock->best)
        clock->best = above;
    clock->samples++;
}

UINT64 SndClockRead(const SND_CLOCK *clock, UINT64 now)
{
    INT64 above = clock->best;
    INT64 position;

    if (clock->samples == 0 || clock->best_before > above)
        above = clock->best_before;
    position = Line(clock, now) + above;
    return position > 0 ? (UINT64)position : 0;
}
