/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Wire layouts and values of the virtio sound device. VIRTIO 1.x "Sound Device". Values only; multi-byte fields are
 * little-endian. Layer: core. IRQL: any.
 */
#ifndef VIRTIO_SND_PROTO_H
#define VIRTIO_SND_PROTO_H

#include <stddef.h>

#include "virtio_osdep.h"

#define VIRTIO_SND_DEVICE_ID              0x1059 /* modern only */

/* Device configuration, offsets in bytes; controls (12) exists with VIRTIO_SND_F_CTLS only, which is not taken. */
#define VIRTIO_SND_CFG_JACKS              0
#define VIRTIO_SND_CFG_STREAMS            4
#define VIRTIO_SND_CFG_CHMAPS             8

/* Queues */
#define VIRTIO_SND_QUEUE_CONTROL          0
#define VIRTIO_SND_QUEUE_EVENT            1
#define VIRTIO_SND_QUEUE_TX               2
#define VIRTIO_SND_QUEUE_RX               3
#define VIRTIO_SND_QUEUE_COUNT            4

/* Requests on the control queue */
#define VIRTIO_SND_R_JACK_INFO            0x0001
#define VIRTIO_SND_R_PCM_INFO             0x0100
#define VIRTIO_SND_R_PCM_SET_PARAMS       0x0101
#define VIRTIO_SND_R_PCM_PREPARE          0x0102
#define VIRTIO_SND_R_PCM_RELEASE          0x0103
#define VIRTIO_SND_R_PCM_START            0x0104
#define VIRTIO_SND_R_PCM_STOP             0x0105
#define VIRTIO_SND_R_CHMAP_INFO           0x0200

/* Notifications on the event queue */
#define VIRTIO_SND_EVT_JACK_CONNECTED     0x1000
#define VIRTIO_SND_EVT_JACK_DISCONNECTED  0x1001
#define VIRTIO_SND_EVT_PCM_PERIOD_ELAPSED 0x1100
#define VIRTIO_SND_EVT_PCM_XRUN           0x1101
#define VIRTIO_SND_EVT_CTL_NOTIFY         0x1200

/* Status of control replies and of audio messages */
#define VIRTIO_SND_S_OK                   0x8000
#define VIRTIO_SND_S_BAD_MSG              0x8001
#define VIRTIO_SND_S_NOT_SUPP             0x8002
#define VIRTIO_SND_S_IO_ERR               0x8003

#define VIRTIO_SND_D_OUTPUT               0
#define VIRTIO_SND_D_INPUT                1

/* Features of a PCM stream: bit numbers */
#define VIRTIO_SND_PCM_F_EVT_XRUNS        4

/* Sample formats: bit numbers in a mask and codes in a request. No others have a Windows counterpart. */
#define VIRTIO_SND_PCM_FMT_U8             4
#define VIRTIO_SND_PCM_FMT_S16            5
#define VIRTIO_SND_PCM_FMT_S24_3          11
#define VIRTIO_SND_PCM_FMT_S32            17
#define VIRTIO_SND_PCM_FMT_FLOAT          19
#define VIRTIO_SND_PCM_FMT_FLOAT64        20

/* Rates: bit numbers and codes; the order is that of the frequencies, 5512 to 384000 */
#define VIRTIO_SND_PCM_RATE_COUNT         14

#define VIRTIO_SND_CHMAP_POSITIONS        18

typedef struct _VIRTIO_SND_QUERY_INFO {
    UINT32 code;
    UINT32 start_id;
    UINT32 count;
    UINT32 size; /* of one item */
} VIRTIO_SND_QUERY_INFO;
VIRTIO_STATIC_ASSERT(sizeof(VIRTIO_SND_QUERY_INFO) == 16);
VIRTIO_STATIC_ASSERT(offsetof(VIRTIO_SND_QUERY_INFO, start_id) == 4);
VIRTIO_STATIC_ASSERT(offsetof(VIRTIO_SND_QUERY_INFO, size) == 12);

typedef struct _VIRTIO_SND_JACK_INFO {
    UINT32 hda_fn_nid;
    UINT32 features;
    UINT32 hda_reg_defconf;
    UINT32 hda_reg_caps;
    UINT8 connected;
    UINT8 padding[7];
} VIRTIO_SND_JACK_INFO;
VIRTIO_STATIC_ASSERT(sizeof(VIRTIO_SND_JACK_INFO) == 24);
VIRTIO_STATIC_ASSERT(offsetof(VIRTIO_SND_JACK_INFO, hda_reg_defconf) == 8);
VIRTIO_STATIC_ASSERT(offsetof(VIRTIO_SND_JACK_INFO, connected) == 16);

typedef struct _VIRTIO_SND_PCM_INFO {
    UINT32 hda_fn_nid;
    UINT32 features;
    UINT64 formats;
    UINT64 rates;
    UINT8 direction;
    UINT8 channels_min;
    UINT8 channels_max;
    UINT8 padding[5];
} VIRTIO_SND_PCM_INFO;
VIRTIO_STATIC_ASSERT(sizeof(VIRTIO_SND_PCM_INFO) == 32);
VIRTIO_STATIC_ASSERT(offsetof(VIRTIO_SND_PCM_INFO, formats) == 8);
VIRTIO_STATIC_ASSERT(offsetof(VIRTIO_SND_PCM_INFO, rates) == 16);
VIRTIO_STATIC_ASSERT(offsetof(VIRTIO_SND_PCM_INFO, direction) == 24);
VIRTIO_STATIC_ASSERT(offsetof(VIRTIO_SND_PCM_INFO, channels_max) == 26);

typedef struct _VIRTIO_SND_CHMAP_INFO {
    UINT32 hda_fn_nid;
    UINT8 direction;
    UINT8 channels;
    UINT8 positions[VIRTIO_SND_CHMAP_POSITIONS];
} VIRTIO_SND_CHMAP_INFO;
VIRTIO_STATIC_ASSERT(sizeof(VIRTIO_SND_CHMAP_INFO) == 24);
VIRTIO_STATIC_ASSERT(offsetof(VIRTIO_SND_CHMAP_INFO, positions) == 6);

/* PREPARE, RELEASE, START and STOP are this and no more. */
typedef struct _VIRTIO_SND_PCM_HEADER {
    UINT32 code;
    UINT32 stream_id;
} VIRTIO_SND_PCM_HEADER;
VIRTIO_STATIC_ASSERT(sizeof(VIRTIO_SND_PCM_HEADER) == 8);

typedef struct _VIRTIO_SND_PCM_SET_PARAMS {
    UINT32 code;
    UINT32 stream_id;
    UINT32 buffer_bytes;
    UINT32 period_bytes;
    UINT32 features;
    UINT8 channels;
    UINT8 format;
    UINT8 rate;
    UINT8 padding;
} VIRTIO_SND_PCM_SET_PARAMS;
VIRTIO_STATIC_ASSERT(sizeof(VIRTIO_SND_PCM_SET_PARAMS) == 24);
VIRTIO_STATIC_ASSERT(offsetof(VIRTIO_SND_PCM_SET_PARAMS, buffer_bytes) == 8);
VIRTIO_STATIC_ASSERT(offsetof(VIRTIO_SND_PCM_SET_PARAMS, features) == 16);
VIRTIO_STATIC_ASSERT(offsetof(VIRTIO_SND_PCM_SET_PARAMS, channels) == 20);
VIRTIO_STATIC_ASSERT(offsetof(VIRTIO_SND_PCM_SET_PARAMS, padding) == 23);

/* In front of the data of an audio message, and behind it. */
typedef struct _VIRTIO_SND_PCM_XFER {
    UINT32 stream_id;
} VIRTIO_SND_PCM_XFER;
VIRTIO_STATIC_ASSERT(sizeof(VIRTIO_SND_PCM_XFER) == 4);

typedef struct _VIRTIO_SND_PCM_STATUS {
    UINT32 status;
    UINT32 latency_bytes;
} VIRTIO_SND_PCM_STATUS;
VIRTIO_STATIC_ASSERT(sizeof(VIRTIO_SND_PCM_STATUS) == 8);
VIRTIO_STATIC_ASSERT(offsetof(VIRTIO_SND_PCM_STATUS, latency_bytes) == 4);

typedef struct _VIRTIO_SND_EVENT {
    UINT32 code;
    UINT32 data;
} VIRTIO_SND_EVENT;
VIRTIO_STATIC_ASSERT(sizeof(VIRTIO_SND_EVENT) == 8);

#endif
