/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A stream's states and its position: 0 in STOP, frozen in PAUSE, never backwards and never faster than the clock in RUN, what was
 * read ahead never more than FifoSize. audio_r "IMiniportWaveRTStream::GetPosition", "KSAUDIO_POSITION".
 */
#include "stream.h"

#include <string.h>

#include "cpu/cpu.h"
#include "mem/memory.h"
#include "verify/verify.h"

/* What a position may be ahead of the clock: a device takes what it plays in pieces. */
enum { AHEAD_MS = 60 };

static NTSTATUS set_state(struct pc_stream *s, enum pc_state state)
{
    NTSTATUS status = (NTSTATUS)driver_call("IMiniportWaveRTStream::SetState", IRQL_PASSIVE,
                                            (const void *)s->stream->lpVtbl->SetState, 2, WORD(s->stream), WORD(state));
    if (status < 0 && state < s->state) {
        rule_broken("portcls.state", "SetState to %u fails (%#x): a way down must not", (unsigned)state, (unsigned)status);
    }
    if (status == STATUS_PENDING) {
        rule_broken("portcls.state", "SetState returns STATUS_PENDING");
    }
    return status;
}

enum pc_state pc_state(const struct pc_stream *s)
{
    return s->state;
}

int32_t pc_set_state(struct pc_stream *s, enum pc_state state)
{
    while (s->state != state) {
        enum pc_state next = state > s->state ? s->state + 1 : s->state - 1, before = s->state;
        NTSTATUS status = set_state(s, next);
        if (status < 0) {
            return status;
        }
        s->state = next;
        s->last_us = s->run_us = pc.bus->ops->clock_us(pc.bus);
        s->moved = 0;
        if (next == PC_STOP) {
            s->last_play = 0;
        }
        if (before == PC_RUN && s->buffer != NULL && !s->device->is_gone) {
            uint32_t play, write;
            s->last_play = UINT32_MAX; /* wherever it stopped */
            pc_position(s, &play, &write);
        }
    }
    return STATUS_SUCCESS;
}

/* The client does not see that: its state stays. */
void streams_steer(struct pc_device *device, bool before_sleep)
{
    for (struct pc_stream *s = device->streams; s != NULL; s = s->next) {
        if (device->steers && before_sleep && s->state == PC_RUN) {
            s->is_steered = true;
            set_state(s, PC_PAUSE);
        } else if (!before_sleep && s->is_steered) {
            s->is_steered = false;
            if (set_state(s, PC_RUN) < 0) {
                rule_broken("portcls.power", "a stream does not run again after the device woke up");
            }
        }
        s->last_us = pc.bus->ops->clock_us(pc.bus);
    }
}

uint32_t pc_fifo(struct pc_stream *s)
{
    KSRTAUDIO_HWLATENCY *latency = memory_alloc(MEMORY_POOL, sizeof *latency, 0, "KSRTAUDIO_HWLATENCY");
    uint32_t fifo;
    memset(latency, 0xff, sizeof *latency);
    driver_call("IMiniportWaveRTStream::GetHWLatency", IRQL_PASSIVE, (const void *)s->stream->lpVtbl->GetHWLatency, 2,
                WORD(s->stream), WORD(latency));
    if (latency->FifoSize == 0xffffffff || latency->ChipsetDelay > 10000000 || latency->CodecDelay > 10000000) {
        rule_broken("portcls.latency", "GetHWLatency: %u bytes, delays of %u and %u", (unsigned)latency->FifoSize,
                    (unsigned)latency->ChipsetDelay, (unsigned)latency->CodecDelay);
    }
    fifo = latency->FifoSize;
    memory_free(latency);
    return fifo;
}

static bool ask_register(struct pc_stream *s, const char *name, const void *method)
{
    KSRTAUDIO_HWREGISTER *r = memory_alloc(MEMORY_POOL, sizeof *r, 0, "KSRTAUDIO_HWREGISTER");
    NTSTATUS status;
    bool has;
    memset(r, 0, sizeof *r);
    status = (NTSTATUS)driver_call(name, IRQL_PASSIVE, method, 2, WORD(s->stream), WORD(r));
    has = status >= 0;
    if (!has && status != STATUS_NOT_SUPPORTED) {
        rule_broken("portcls.register", "%s: %#x; STATUS_NOT_SUPPORTED is wanted where there is no register", name,
                    (unsigned)status);
    }
    if (has && (r->Register == NULL || (r->Width != 32 && r->Width != 64))) {
        rule_broken("portcls.register", "%s: a register of %u bits at %p", name, (unsigned)r->Width, r->Register);
    }
    memory_free(r);
    return has;
}

bool pc_registers(struct pc_stream *s, bool *position, bool *clock)
{
    *position = ask_register(s, "IMiniportWaveRTStream::GetPositionRegister", (const void *)s->stream->lpVtbl->GetPositionRegister);
    *clock = ask_register(s, "IMiniportWaveRTStream::GetClockRegister", (const void *)s->stream->lpVtbl->GetClockRegister);
    return *position || *clock;
}

static void check_position(struct pc_stream *s, uint32_t play, uint32_t write)
{
    uint64_t now = pc.bus->ops->clock_us(pc.bus), most;
    uint32_t moved = (play + s->size - s->last_play) % s->size;
    uint32_t ahead = (write + s->size - play) % s->size;
    if (play >= s->size || write >= s->size || play % s->block != 0) {
        rule_broken("portcls.position", "play %u, write %u in a buffer of %u bytes", play, write, (unsigned)s->size);
    }
    if (s->state == PC_STOP && play != 0) {
        rule_broken("portcls.position", "play offset %u in STOP", play);
    }
    if (!s->is_capture && s->fifo != 0 && ahead > s->fifo) {
        rule_broken("portcls.position", "%u bytes lie between play and write offset; FifoSize is %u", ahead, (unsigned)s->fifo);
    }
    if (s->last_play == UINT32_MAX) {
        return;
    }
    most = s->state == PC_RUN ? ((now - s->last_us) / 1000 + AHEAD_MS) * s->rate / 1000 * s->block : 0;
    s->moved += moved;
    if ((moved > most && most < s->size / 4 * 3) ||
        (s->state == PC_RUN && s->moved > ((now - s->run_us) / 50 * 51 / 1000 + AHEAD_MS) * s->rate / 1000 * s->block)) {
        rule_broken("portcls.position", "from %u to %u in %u us, state %u: backwards, or faster than the sound", s->last_play,
                    play, (unsigned)(now - s->last_us), (unsigned)s->state);
    }
}

int32_t pc_position(struct pc_stream *s, uint32_t *play, uint32_t *write)
{
    KSAUDIO_POSITION *p = memory_alloc(MEMORY_POOL, sizeof *p, 0, "KSAUDIO_POSITION");
    NTSTATUS status;
    s->at_dispatch = !s->at_dispatch;
    memset(p, 0xff, sizeof *p);
    status = (NTSTATUS)driver_call("IMiniportWaveRTStream::GetPosition", s->at_dispatch ? IRQL_DISPATCH : IRQL_PASSIVE,
                                   (const void *)s->stream->lpVtbl->GetPosition, 2, WORD(s->stream), WORD(p));
    *play = (uint32_t)p->PlayOffset;
    *write = (uint32_t)p->WriteOffset;
    if (status >= 0 && (p->PlayOffset > UINT32_MAX || p->WriteOffset > UINT32_MAX)) {
        rule_broken("portcls.position", "GetPosition succeeds and leaves its result as it was");
    }
    memory_free(p);
    s->device->positions++;
    if (status >= 0) {
        check_position(s, *play, *write);
        s->last_play = *play;
        s->last_us = pc.bus->ops->clock_us(pc.bus);
    } else if (s->buffer != NULL && !s->device->is_gone) {
        rule_broken("portcls.position", "GetPosition fails: %#x", (unsigned)status);
    }
    return status;
}
