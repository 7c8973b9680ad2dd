/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Sample formats, rates and channel numbers that Windows and the device have in common.
 * VIRTIO 1.x "Sound Device: PCM Sample Formats, PCM Frame Rates, Stream Information". Layer: core. IRQL: any; no state.
 *
 * Windows knows unsigned 8-bit, signed 16, 24 and 32-bit integers and 32 and 64-bit floats. Fewer valid bits than the
 * container has are left-justified, so 24 in 32 goes to the device as S32 (its S24 is right-justified).
 */
#ifndef SND_FORMAT_H
#define SND_FORMAT_H

#include "virtio_snd_proto.h"

#define SND_CHANNELS_MAX 2

/* A format in Windows' terms. */
typedef struct _SND_FORMAT {
    UINT32 rate; /* frames a second */
    UINT16 channels;
    UINT16 bits;       /* of the container */
    UINT16 valid_bits; /* 1 to bits; 0 counts as bits */
    BOOLEAN is_float;
} SND_FORMAT;

/* What a stream can do, sanitised; all zero: nothing usable. */
typedef struct _SND_CAPS {
    UINT32 formats;     /* bit n: entry n of this module's table */
    UINT32 rates;       /* bit n: VIRTIO_SND_PCM_RATE code n */
    UINT32 features;    /* of the device's, those this driver knows */
    UINT8 channels_min; /* 1 or 2 */
    UINT8 channels_max; /* channels_min to SND_CHANNELS_MAX */
} SND_CAPS;

/* A set of formats as KSDATARANGE_AUDIO has it; every value in it is inclusive. */
typedef struct _SND_RANGE {
    UINT32 rate_min;
    UINT32 rate_max;
    UINT16 bits_min;
    UINT16 bits_max;
    UINT16 channels_max;
    BOOLEAN is_float;
} SND_RANGE;

/* The codes of SET_PARAMS. */
typedef struct _SND_WIRE_FORMAT {
    UINT8 format;
    UINT8 rate;
    UINT8 channels;
    UINT32 frame_bytes;
} SND_WIRE_FORMAT;

/*
 * Sanitises what the device says of a stream.
 *
 * info     the device's, a private copy
 * caps     out: zeroed where nothing is usable
 *
 * Returns: FALSE: nothing that Windows has too (formats, rates, one or two channels), min > max, unknown direction
 * Spec:    SND-07 to SND-09, HOST-30
 */
BOOLEAN SndCapsFromInfo(const VIRTIO_SND_PCM_INFO *info, SND_CAPS *caps);

/*
 * Whether a stream can do exactly this format.
 *
 * wire     out, on success; may be NULL
 *
 * Spec:    SND-07 to SND-09
 */
BOOLEAN SndFormatToWire(const SND_CAPS *caps, const SND_FORMAT *format, SND_WIRE_FORMAT *wire);

/*
 * The stream's data ranges, one for each pair of sample format and rate, best first (48 kHz, 16 bit).
 *
 * index    from 0
 * range    out
 *
 * Returns: FALSE: there are no more
 */
BOOLEAN SndFormatRange(const SND_CAPS *caps, UINT32 index, SND_RANGE *range);

/* How many SndFormatRange has; at most SND_RANGES_MAX. */
UINT32 SndFormatRangeCount(const SND_CAPS *caps);
#define SND_RANGES_MAX (6 * VIRTIO_SND_PCM_RATE_COUNT)

/*
 * Data intersection: the best format of the stream that lies in a range.
 *
 * range    the client's, any values
 * format   out: the first of SndFormatRange that fits, with as many channels as both sides allow
 *
 * Returns: FALSE: none
 */
BOOLEAN SndFormatIntersect(const SND_CAPS *caps, const SND_RANGE *range, SND_FORMAT *format);

#endif
