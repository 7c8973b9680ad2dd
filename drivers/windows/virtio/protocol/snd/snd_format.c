/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Formats, rates and channel numbers that both sides have. Layer: core. IRQL: any. */
#include "snd_format.h"

#define FEATURES_KNOWN (1U << VIRTIO_SND_PCM_F_EVT_XRUNS)

typedef struct _SND_SAMPLE {
    UINT8 code; /* VIRTIO_SND_PCM_FMT_* */
    UINT8 bits; /* of the container */
    BOOLEAN is_float;
} SND_SAMPLE;

/* Best first: what the system's mixer likes to deliver. */
static const SND_SAMPLE samples[] = {
    {VIRTIO_SND_PCM_FMT_S16, 16, FALSE},   {VIRTIO_SND_PCM_FMT_S32, 32, FALSE}, {VIRTIO_SND_PCM_FMT_FLOAT, 32, TRUE},
    {VIRTIO_SND_PCM_FMT_S24_3, 24, FALSE}, {VIRTIO_SND_PCM_FMT_U8, 8, FALSE},   {VIRTIO_SND_PCM_FMT_FLOAT64, 64, TRUE},
};

/* By code. */
static const UINT32 rates[VIRTIO_SND_PCM_RATE_COUNT] = {5512,  8000,  11025, 16000, 22050,  32000,  44100,
                                                        48000, 64000, 88200, 96000, 176400, 192000, 384000};

/* Codes, best first: 48 and 44.1 kHz, what lies above, what lies below. */
static const UINT8 rate_order[VIRTIO_SND_PCM_RATE_COUNT] = {7, 6, 8, 9, 10, 11, 12, 13, 5, 4, 3, 2, 1, 0};

VIRTIO_STATIC_ASSERT(SND_RANGES_MAX == sizeof(samples) / sizeof(samples[0]) * VIRTIO_SND_PCM_RATE_COUNT);

BOOLEAN SndCapsFromInfo(const VIRTIO_SND_PCM_INFO *info, SND_CAPS *caps)
{
    UINT32 i;

    RtlZeroMemory(caps, sizeof(*caps));
    if (info->direction > VIRTIO_SND_D_INPUT || info->channels_min > info->channels_max ||
        info->channels_min > SND_CHANNELS_MAX || info->channels_max == 0)
        return FALSE;
    for (i = 0; i < VIRTIO_ARRAY_COUNT(samples); i++) {
        if ((info->formats >> samples[i].code & 1) != 0)
            caps->formats |= 1U << i;
    }
    caps->rates = (UINT32)info->rates & ((1U << VIRTIO_SND_PCM_RATE_COUNT) - 1);
    if (caps->formats == 0 || caps->rates == 0) {
        RtlZeroMemory(caps, sizeof(*caps));
        return FALSE;
    }
    caps->features = info->features & FEATURES_KNOWN;
    caps->channels_min = info->channels_min > 0 ? info->channels_min : 1;
    caps->channels_max = info->channels_max < SND_CHANNELS_MAX ? info->channels_max : SND_CHANNELS_MAX;
    return TRUE;
}

BOOLEAN SndFormatToWire(const SND_CAPS *caps, const SND_FORMAT *format, SND_WIRE_FORMAT *wire)
{
    UINT32 sample;
    UINT8 rate;

    if (format->channels < caps->channels_min || format->channels > caps->channels_max ||
        format->valid_bits > format->bits)
        return FALSE;
    if (format->is_float && format->valid_bits != 0 && format->valid_bits != format->bits)
        return FALSE;
    for (sample = 0; sample < VIRTIO_ARRAY_COUNT(samples); sample++) {
        if ((caps->formats >> sample & 1) != 0 && samples[sample].bits == format->bits &&
            !samples[sample].is_float == !format->is_float)
            break;
    }
    for (rate = 0; rate < VIRTIO_SND_PCM_RATE_COUNT; rate++) {
        if ((caps->rates >> rate & 1) != 0 && rates[rate] == format->rate)
            break;
    }
    if (sample == VIRTIO_ARRAY_COUNT(samples) || rate == VIRTIO_SND_PCM_RATE_COUNT)
        return FALSE;
    if (wire != NULL) {
        wire->format = samples[sample].code;
        wire->rate = rate;
        wire->channels = (UINT8)format->channels;
        wire->frame_bytes = (UINT32)format->channels * (format->bits / 8);
    }
    return TRUE;
}

BOOLEAN SndFormatRange(const SND_CAPS *caps, UINT32 index, SND_RANGE *range)
{
    UINT32 sample;
    UINT32 i;

    RtlZeroMemory(range, sizeof(*range));
    for (i = 0; i < VIRTIO_SND_PCM_RATE_COUNT; i++) {
        if ((caps->rates >> rate_order[i] & 1) == 0)
            continue;
        for (sample = 0; sample < VIRTIO_ARRAY_COUNT(samples); sample++) {
            if ((caps->formats >> sample & 1) == 0)
                continue;
            if (index == 0) {
                range->rate_min = rates[rate_order[i]];
                range->rate_max = range->rate_min;
                range->bits_min = samples[sample].bits;
                range->bits_max = samples[sample].bits;
                range->channels_max = caps->channels_max;
                range->is_float = samples[sample].is_float;
                return TRUE;
            }
            index--;
        }
    }
    return FALSE;
}

UINT32 SndFormatRangeCount(const SND_CAPS *caps)
{
    SND_RANGE range;
    UINT32 count = 0;

    while (SndFormatRange(caps, count, &range))
        count++;
    return count;
}

BOOLEAN SndFormatIntersect(const SND_CAPS *caps, const SND_RANGE *range, SND_FORMAT *format)
{
    SND_RANGE ours;
    UINT32 index;

    RtlZeroMemory(format, sizeof(*format));
    if (range->channels_max < caps->channels_min)
        return FALSE;
    for (index = 0; SndFormatRange(caps, index, &ours); index++) {
        if (!ours.is_float != !range->is_float || ours.rate_min < range->rate_min || ours.rate_min > range->rate_max ||
            ours.bits_min < range->bits_min || ours.bits_min > range->bits_max)
            continue;
        format->rate = ours.rate_min;
        format->bits = ours.bits_min;
        format->valid_bits = ours.bits_min;
        format->is_float = ours.is_float;
        format->channels = range->channels_max < ours.channels_max ? range->channels_max : ours.channels_max;
        return TRUE;
    }
    return FALSE;
}
