/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* One open wave pin: the driver's stream, the port stream that it works with, its cyclic buffer, the client's events. */
#ifndef NTHOST_PORTCLS_STREAM_H
#define NTHOST_PORTCLS_STREAM_H

#include "port.h"

/* Pages that the driver took through IPortWaveRTStream. */
struct pages {
    MDL *mdl;
    uint8_t *bytes;
    uint64_t size;
    bool is_mapped;
};

struct pc_event {
    struct pc_stream *stream;
    KEVENT *event; /* memory of its own */
};

struct pc_stream {
    struct object object; /* IPortWaveRTStream */
    struct pc_stream *next;
    struct pc_device *device;
    struct pc_port *port;
    unsigned pin;
    bool is_capture, at_dispatch, is_steered;
    IMiniportWaveRTStream *stream;
    IMiniportWaveRTStreamNotification *notification;
    enum pc_state state;
    unsigned block, rate;
    struct pages pages[MAX_MDLS];
    MDL *buffer;
    ULONG size, offset, fifo;
    unsigned notifications;
    struct pc_event *event[PC_MAX_EVENTS];
    uint32_t last_play;
    uint64_t last_us;
    uint64_t run_us, moved; /* since the stream runs: when that began, bytes that the position went on */
};

/* Table and pages of IPortWaveRTStream (pages.c). */
void pages_init(void);
const struct table *pages_table(void);
struct pages *pages_of(struct pc_stream *stream, const MDL *mdl, const char *what);
void pages_expect_none(const struct pc_stream *stream);

#endif
