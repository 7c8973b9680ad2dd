/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* How the cyclic buffer is cut. Layer: core. IRQL: any. */
#include "snd_geometry.h"

#define MS_PER_SECOND 1000
/* A buffer without notifications has at least these: as much again as the read-ahead. */
#define PERIODS_MIN   (2 * SND_READ_AHEAD)

/*
 * The number of periods of a unit: near the number aimed at, one that cuts the unit without a remainder if there is
 * such a one up to twice as many.
 */
static UINT32 PeriodsOf(UINT32 unit_frames, UINT32 aimed)
{
    UINT32 count;

    for (count = aimed; count <= 2 * aimed; count++) {
        if (unit_frames % count == 0)
            return count;
    }
    return aimed;
}

NTSTATUS SndGeometryPlan(const SND_WIRE_FORMAT *wire, UINT32 rate, UINT32 requested_bytes, UINT32 notification_count,
                         SND_GEOMETRY *geometry)
{
    UINT32 units = notification_count == 2 ? 2 : 1;
    UINT32 periods_min = notification_count == 2 ? SND_UNIT_MIN : PERIODS_MIN;
    UINT32 period_frames; /* aimed at, then what it is */
    UINT32 unit_frames;
    UINT32 unit_frames_max;
    UINT32 aimed;

    RtlZeroMemory(geometry, sizeof(*geometry));
    if (notification_count > 2 || rate == 0 || wire->frame_bytes == 0)
        return STATUS_INVALID_PARAMETER;
    period_frames = (rate * SND_PERIOD_MS + MS_PER_SECOND - 1) / MS_PER_SECOND;
    unit_frames_max = rate * (SND_BUFFER_MAX_MS / MS_PER_SECOND) / units;
    unit_frames = requested_bytes / wire->frame_bytes;
    if (requested_bytes % wire->frame_bytes != 0)
        unit_frames++;
    unit_frames = unit_frames / units + unit_frames % units;
    if (unit_frames < period_frames * periods_min)
        unit_frames = period_frames * periods_min;
    if (unit_frames > unit_frames_max)
        unit_frames = unit_frames_max;

    aimed = unit_frames / period_frames;
    geometry->rate = rate;
    geometry->frame_bytes = wire->frame_bytes;
    geometry->period_count = PeriodsOf(unit_frames, aimed);
    period_frames = (unit_frames + geometry->period_count - 1) / geometry->period_count;
    geometry->unit_periods = notification_count != 0 ? geometry->period_count : 0;
    geometry->period_count *= units;
    geometry->period_bytes = period_frames * wire->frame_bytes;
    geometry->buffer_bytes = geometry->period_bytes * geometry->period_count;
    geometry->notification_count = notification_count;
    geometry->read_ahead_periods = SND_READ_AHEAD;
    geometry->fifo_bytes = geometry->read_ahead_periods * geometry->period_bytes;
    return STATUS_SUCCESS;
}
