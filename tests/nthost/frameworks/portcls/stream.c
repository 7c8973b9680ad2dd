/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Streams: opening, states, the cyclic buffer, its notification events, closing. audio_d "Developing a WaveRT Miniport Driver",
 * audio_r "IMiniportWaveRTStreamNotification".
 */
#include "stream.h"

#include <string.h>

#include "cpu/cpu.h"
#include "mem/memory.h"
#include "nt/mdl.h"
#include "nt/wdm.h"
#include "verify/verify.h"

/* ---- Opening and closing ---- */

unsigned pc_pins(struct pc_device *device, struct pc_pin *pins)
{
    unsigned count = 0;
    for (unsigned s = 0; s < device->subdevices; s++) {
        const struct pc_port *port = device->subdevice[s].port;
        for (ULONG i = 0; port->kind == PORT_WAVERT && i < port->filter->PinCount && count < PC_MAX_PINS; i++) {
            const PCPIN_DESCRIPTOR *p = filter_pin(port->filter, i);
            if (p->MaxFilterInstanceCount != 0) {
                pins[count++] = (struct pc_pin){device, s, i, p->KsPinDescriptor.DataFlow == KSPIN_DATAFLOW_OUT,
                                                p->MaxFilterInstanceCount};
            }
        }
    }
    return count;
}

static NTSTATUS new_stream(struct pc_stream *s, const struct pc_format *format)
{
    IMiniportWaveRT *miniport = (IMiniportWaveRT *)s->port->miniport;
    IMiniportWaveRTStream *stream = NULL;
    KSDATAFORMAT *data = format_make(format);
    NTSTATUS status;
    struct {
        IMiniportWaveRT *miniport;
        IMiniportWaveRTStream **stream;
        void *face;
    } c = {miniport, &stream, &s->object.face[0]};
    status = (NTSTATUS)driver_call("IMiniportWaveRT::NewStream", IRQL_PASSIVE, (const void *)miniport->lpVtbl->NewStream, 6,
                                   WORD(c.miniport), WORD(c.stream), WORD(c.face), WORD(s->pin), WORD(s->is_capture),
                                   WORD(data));
    memory_free(data);
    if (status < 0) {
        return status;
    }
    if (stream == NULL) {
        rule_broken("portcls.stream", "NewStream succeeded without a stream");
    }
    s->stream = stream;
    s->notification = driver_query(stream, &IID_IMiniportWaveRTStreamNotification);
    return STATUS_SUCCESS;
}

static void expect_only_ours(struct pc_stream *s)
{
    pages_expect_none(s);
    if (s->object.references != 1) {
        rule_broken("portcls.reference", "the driver holds %u references to a port stream whose stream is gone",
                    s->object.references - 1);
    }
}

int32_t pc_open(const struct pc_pin *pin, const struct pc_format *format, struct pc_stream **stream)
{
    struct pc_device *d = pin->device;
    struct pc_port *port = d->subdevice[pin->subdevice].port;
    struct pc_stream *s;
    NTSTATUS status;
    if (!pc_in_ranges(pin, format)) {
        return STATUS_NO_MATCH;
    }
    if (port->open[pin->pin] == pin->instances) {
        return STATUS_UNSUCCESSFUL;
    }
    s = (struct pc_stream *)pc_object_create(sizeof *s, "IPortWaveRTStream", pages_table(), &IID_IPortWaveRTStream, NULL);
    s->device = d;
    s->port = port;
    s->pin = pin->pin;
    s->is_capture = pin->is_capture;
    s->block = format->channels * format->bits / 8;
    s->rate = format->rate;
    status = new_stream(s, format);
    if (status < 0) {
        expect_only_ours(s);
        pc_object_release(&s->object);
        return status;
    }
    port->object.references++;
    port->open[pin->pin]++;
    s->next = d->streams;
    d->streams = s;
    *stream = s;
    return STATUS_SUCCESS;
}

void pc_close(struct pc_stream *s)
{
    struct pc_stream **link = &s->device->streams;
    struct pc_port *port = s->port;
    pc_set_state(s, PC_STOP);
    for (unsigned i = 0; i < PC_MAX_EVENTS; i++) {
        if (s->event[i] != NULL) {
            host_fatal("internal: a stream is closed with an event registered");
        }
    }
    if (s->buffer != NULL) {
        pc_free(s);
    }
    while (*link != s) {
        link = &(*link)->next;
    }
    *link = s->next;
    if (s->notification != NULL) {
        driver_release(s->notification);
    }
    driver_release(s->stream);
    expect_only_ours(s);
    port->open[s->pin]--;
    pc_object_release(&s->object);
    pc_object_release(&port->object);
}

bool pc_has_notifications(const struct pc_stream *s)
{
    return s->notification != NULL;
}

int32_t pc_set_format(struct pc_stream *s, const struct pc_format *format)
{
    KSDATAFORMAT *data = format_make(format);
    NTSTATUS status = (NTSTATUS)driver_call("IMiniportWaveRTStream::SetFormat", IRQL_PASSIVE,
                                            (const void *)s->stream->lpVtbl->SetFormat, 2, WORD(s->stream), WORD(data));
    memory_free(data);
    if (status >= 0) {
        s->block = format->channels * format->bits / 8;
        s->rate = format->rate;
    }
    return status;
}

/* ---- Buffer ---- */

struct allocation {
    MDL *mdl;
    ULONG size, offset;
    MEMORY_CACHING_TYPE cache;
};

static void check_allocation(struct pc_stream *s, const struct allocation *a, unsigned notifications)
{
    const struct pages *p = pages_of(s, a->mdl, "the cyclic buffer");
    unsigned parts = notifications != 0 ? notifications : 1;
    if (a->size == 0 || a->offset >= MEMORY_PAGE || a->size > p->size - a->offset) {
        rule_broken("portcls.buffer", "%u bytes at %u of %u", (unsigned)a->size, (unsigned)a->offset, (unsigned)p->size);
    }
    if (a->size % (s->block * parts) != 0) {
        rule_broken("portcls.buffer", "%u bytes in %u parts are no whole frames of %u bytes", (unsigned)a->size, parts, s->block);
    }
    if (a->cache != MmCached && a->cache != MmNonCached && a->cache != MmWriteCombined) {
        rule_broken("portcls.buffer", "cache type %u", (unsigned)a->cache);
    }
}

int32_t pc_allocate(struct pc_stream *s, uint32_t wanted, unsigned notifications, uint8_t **bytes, uint32_t *size)
{
    struct allocation a = {NULL, 0, 0, MmCached};
    NTSTATUS status;
    if (s->buffer != NULL || (notifications != 0 && s->notification == NULL)) {
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    if (notifications != 0) {
        status = (NTSTATUS)driver_call("IMiniportWaveRTStreamNotification::AllocateBufferWithNotification", IRQL_PASSIVE,
                                       (const void *)s->notification->lpVtbl->AllocateBufferWithNotification, 7,
                                       WORD(s->notification), WORD(notifications), WORD(wanted), WORD(&a.mdl), WORD(&a.size),
                                       WORD(&a.offset), WORD(&a.cache));
    } else {
        status = (NTSTATUS)driver_call("IMiniportWaveRTStream::AllocateAudioBuffer", IRQL_PASSIVE,
                                       (const void *)s->stream->lpVtbl->AllocateAudioBuffer, 6, WORD(s->stream), WORD(wanted),
                                       WORD(&a.mdl), WORD(&a.size), WORD(&a.offset), WORD(&a.cache));
    }
    if (status < 0) {
        pages_expect_none(s);
        return status;
    }
    check_allocation(s, &a, notifications);
    s->buffer = a.mdl;
    s->size = a.size;
    s->offset = a.offset;
    s->notifications = notifications;
    s->last_play = 0;
    s->fifo = pc_fifo(s);
    *bytes = mdl_bytes(a.mdl) + a.offset;
    *size = a.size;
    return STATUS_SUCCESS;
}

void pc_free(struct pc_stream *s)
{
    if (s->notifications != 0) {
        driver_call("IMiniportWaveRTStreamNotification::FreeBufferWithNotification", IRQL_PASSIVE,
                    (const void *)s->notification->lpVtbl->FreeBufferWithNotification, 3, WORD(s->notification),
                    WORD(s->buffer), WORD(s->size));
    } else {
        driver_call("IMiniportWaveRTStream::FreeAudioBuffer", IRQL_PASSIVE, (const void *)s->stream->lpVtbl->FreeAudioBuffer, 3,
                    WORD(s->stream), WORD(s->buffer), WORD(s->size));
    }
    s->buffer = NULL;
    pages_expect_none(s);
}

bool stream_allows(unsigned function, uint64_t pa, uint64_t length, bool device_writes)
{
    for (unsigned d = 0; d < PC_MAX_DEVICES; d++) {
        for (struct pc_stream *s = pc.device[d].in_use ? pc.device[d].streams : NULL; s != NULL; s = s->next) {
            uint8_t *bytes = memory_at(pa);
            for (unsigned i = 0; bytes != NULL && i < MAX_MDLS && s->device->function == function; i++) {
                const struct pages *p = &s->pages[i];
                if (p->mdl != NULL && bytes >= p->bytes && (uint64_t)(bytes - p->bytes) < p->size &&
                    pa % MEMORY_PAGE + length <= MEMORY_PAGE) {
                    return device_writes == s->is_capture;
                }
            }
        }
    }
    return false;
}

/* ---- Events ---- */

static NTSTATUS tell_event(struct pc_event *e, bool is_registered)
{
    IMiniportWaveRTStreamNotification *n = e->stream->notification;
    const void *method = is_registered ? (const void *)n->lpVtbl->RegisterNotificationEvent
                                       : (const void *)n->lpVtbl->UnregisterNotificationEvent;
    return (NTSTATUS)driver_call(is_registered ? "IMiniportWaveRTStreamNotification::RegisterNotificationEvent"
                                               : "IMiniportWaveRTStreamNotification::UnregisterNotificationEvent",
                                 IRQL_PASSIVE, method, 2, WORD(n), WORD(e->event));
}

int32_t pc_event_create(struct pc_stream *s, struct pc_event **event)
{
    struct pc_event *e = memory_alloc(MEMORY_POOL, sizeof *e, 0, "client's event");
    NTSTATUS status;
    unsigned slot = 0;
    while (slot < PC_MAX_EVENTS && s->event[slot] != NULL) {
        slot++;
    }
    if (slot == PC_MAX_EVENTS || s->notification == NULL) {
        host_fatal("internal: more than %d events, or a stream without notifications", PC_MAX_EVENTS);
    }
    e->stream = s;
    e->event = memory_alloc(MEMORY_POOL, sizeof *e->event, 0, "KEVENT");
    memset(e->event, 0, sizeof *e->event);
    e->event->Header.Type = SynchronizationEvent;
    e->event->Header.Size = sizeof *e->event / sizeof(LONG);
    status = tell_event(e, true);
    if (status < 0) {
        memory_free(e->event);
        memory_free(e);
        return status;
    }
    s->event[slot] = *event = e;
    return STATUS_SUCCESS;
}

void pc_event_delete(struct pc_event *e)
{
    NTSTATUS status = tell_event(e, false);
    if (status < 0) {
        rule_broken("portcls.event", "a registered event cannot be unregistered: %#x", (unsigned)status);
    }
    for (unsigned i = 0; i < PC_MAX_EVENTS; i++) {
        if (e->stream->event[i] == e) {
            e->stream->event[i] = NULL;
        }
    }
    memory_free(e->event);
    memory_free(e);
}

bool pc_event_take(struct pc_event *e)
{
    bool was_set = e->event->Header.SignalState != 0;
    e->event->Header.SignalState = 0;
    return was_set;
}

/* The driver set an event: one of its own, or a client's, which only a running stream does. */
static void note_event(KEVENT *event)
{
    for (unsigned d = 0; d < PC_MAX_DEVICES; d++) {
        for (struct pc_stream *s = pc.device[d].in_use ? pc.device[d].streams : NULL; s != NULL; s = s->next) {
            for (unsigned i = 0; i < PC_MAX_EVENTS; i++) {
                if (s->event[i] == NULL || s->event[i]->event != event) {
                    continue;
                }
                if (s->state != PC_RUN || s->notifications == 0) {
                    rule_broken("portcls.event", "a client's event is set in state %u", (unsigned)s->state);
                }
                s->device->events++;
            }
        }
    }
}

void streams_init(void)
{
    pages_init();
    event_was_set = note_event;
}
