/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The sound device model. VIRTIO 1.x "Sound Device". */
#include "fake_snd.h"

#include <stdlib.h>

#include "fake_internal.h"

enum {
    Q_CONTROL,
    Q_EVENT,
    Q_TX,
    Q_RX,
    R_JACK_INFO = 1,
    R_PCM_INFO = 0x100,
    R_SET_PARAMS,
    R_PREPARE,
    R_RELEASE,
    R_START,
    R_STOP,
    R_CHMAP_INFO = 0x200,
    EVT_XRUN = 0x1101,
    S_OK = 0x8000,
    S_BAD_MSG,
    S_NOT_SUPP,
    S_IO_ERR,
    F_EVT_XRUNS = 4,
    STATUS_BYTES = 8,
    HEADER_BYTES = 4,
    HELD_MAX = 256,
    RATES = 14
};

static const uint32_t rates[RATES] = {5512,  8000,  11025, 16000, 22050,  32000,  44100,
                                      48000, 64000, 88200, 96000, 176400, 192000, 384000};

/* A chain that the device keeps for a while. */
struct held {
    struct held *next;
    struct fake_chain chain; /* part is our own copy */
    uint8_t *data;           /* tx: as it arrived */
    uint32_t bytes;          /* of audio */
    bool is_done;            /* played or filled; to be returned at due_us */
    uint32_t written, status;
    double due_us;
};

struct list {
    struct held *first, **last;
    unsigned count;
};

struct stream {
    struct fake_snd_stream public;
    uint32_t id;
    uint8_t direction;
    struct list held;
    double cursor_us;    /* when all that is done was done; the next message goes on from there */
    double paused_us;    /* how far into that message STOP came */
    double due_us;       /* of the last return */
    uint64_t done_bytes; /* since the last START from PREPARED */
    bool is_dry;
};

struct snd {
    struct stream stream[FAKE_SND_STREAMS_MAX];
    unsigned streams;
    struct list events, control;
    uint64_t answer_after_us;
    uint32_t fail_code, fail_status;
    unsigned fail_count;
    uint8_t *played;
    size_t played_length, played_capacity;
    const char *why;
};

static const struct fake_field fields[] = {{0, 4, false, 0}, {4, 4, false, 0}, {8, 4, false, 0}, {12, 4, false, 1}};

static struct snd *snd_of(const struct fake_device *device)
{
    return device->model;
}

static void complain(struct fake_device *device, const char *why)
{
    if (snd_of(device)->why == NULL) {
        snd_of(device)->why = why;
    }
}

/* --- Chains that are kept --- */

static void list_init(struct list *list)
{
    *list = (struct list){.last = &list->first};
}

static void list_add(struct list *list, struct held *held)
{
    held->next = NULL;
    *list->last = held;
    list->last = &held->next;
    list->count++;
}

static struct held *list_take(struct list *list)
{
    struct held *held = list->first;
    list->first = held->next;
    if (list->first == NULL) {
        list->last = &list->first;
    }
    list->count--;
    return held;
}

static void held_free(struct held *held)
{
    free(held->chain.part);
    free(held->data);
    free(held);
}

static void list_drop(struct list *list)
{
    while (list->first != NULL) {
        held_free(list_take(list));
    }
}

static struct held *held_make(const struct fake_chain *chain)
{
    struct held *held = calloc(1, sizeof(*held));
    if (held == NULL) {
        abort();
    }
    held->chain = *chain;
    held->chain.part = malloc(chain->count * sizeof(*chain->part));
    if (held->chain.part == NULL) {
        abort();
    }
    memcpy(held->chain.part, chain->part, chain->count * sizeof(*chain->part));
    return held;
}

/* --- The whole --- */

static bool create(struct fake_device *device)
{
    struct snd *snd = calloc(1, sizeof(*snd));
    device->model = snd;
    if (snd == NULL) {
        return false;
    }
    device->options.queue_count = 4;
    snd->streams = 2;
    for (unsigned i = 0; i < FAKE_SND_STREAMS_MAX; i++) {
        snd->stream[i].id = i;
        snd->stream[i].direction = (uint8_t)((i & 1) ^ (uint64_t)knob_value(device, KNOB_SND_SWAPPED, 0));
        list_init(&snd->stream[i].held);
    }
    list_init(&snd->events);
    list_init(&snd->control);
    put_le(device->type_config, (uint64_t)knob_value(device, KNOB_SND_JACKS, 0), 4);
    put_le(device->type_config + 4, (uint64_t)knob_value(device, KNOB_SND_STREAMS, snd->streams), 4);
    put_le(device->type_config + 8, (uint64_t)knob_value(device, KNOB_SND_CHMAPS, 0), 4);
    return true;
}

static void forget_chains(struct snd *snd)
{
    for (unsigned i = 0; i < FAKE_SND_STREAMS_MAX; i++) {
        list_drop(&snd->stream[i].held);
    }
    list_drop(&snd->events);
    list_drop(&snd->control);
}

static void destroy(struct fake_device *device)
{
    struct snd *snd = snd_of(device);
    if (snd != NULL) {
        forget_chains(snd);
        free(snd->played);
        free(snd);
    }
}

static void reset(struct fake_device *device)
{
    struct snd *snd = snd_of(device);
    forget_chains(snd);
    snd->answer_after_us = (uint64_t)knob_value(device, KNOB_SND_CTRL_LATE, 0);
    for (unsigned i = 0; i < FAKE_SND_STREAMS_MAX; i++) {
        snd->stream[i].public.state = FAKE_SND_NONE;
        snd->stream[i].done_bytes = 0;
    }
}

/* --- Audio --- */

static double bytes_per_us(const struct fake_device *device, const struct stream *stream)
{
    double ppm = (double)knob_value(device, KNOB_SND_PPM, 0);
    return stream->public.frames_per_second * (1 + ppm / 1e6) * stream->public.frame_bytes / 1e6;
}

uint8_t fake_snd_byte(uint64_t n)
{
    uint64_t mixed = (n + 1) * 0x9E3779B97F4A7C15;
    return (uint8_t)(mixed >> 56 ^ mixed >> 29);
}

static void play(struct fake_device *device, struct stream *stream, struct held *held)
{
    struct snd *snd = snd_of(device);
    uint8_t *now = malloc(held->bytes + 1);
    if (now == NULL) {
        abort();
    }
    fake_chain_read(&held->chain, HEADER_BYTES, now, held->bytes);
    stream->public.torn += memcmp(now, held->data, held->bytes) != 0;
    free(now);
    if (snd->played_length + held->bytes > snd->played_capacity) {
        snd->played_capacity = 2 * (snd->played_length + held->bytes);
        snd->played = realloc(snd->played, snd->played_capacity);
        if (snd->played == NULL) {
            abort();
        }
    }
    memcpy(snd->played + snd->played_length, held->data, held->bytes);
    snd->played_length += held->bytes;
}

/* Writes the captured signal to the first bytes of a message. */
static void fill(struct stream *stream, struct held *held, uint32_t bytes)
{
    for (uint32_t i = 0; i < bytes; i++) {
        uint8_t byte = fake_snd_byte(stream->done_bytes + i);
        fake_chain_write(&held->chain, i, &byte, 1);
    }
}

/* Says that a message is done; it is returned when it is due. */
static void finish(struct fake_device *device, struct stream *stream, struct held *held, double at_us, uint32_t bytes)
{
    uint64_t late = (uint64_t)knob_value(device, KNOB_SND_LATE, 0);
    bool is_input = stream->direction == FAKE_SND_INPUT;
    held->is_done = true;
    held->written = STATUS_BYTES + (is_input ? bytes : 0);
    held->status = (uint32_t)knob_value(device, KNOB_SND_IO_STATUS, S_OK);
    held->due_us = at_us + (late != 0 ? (double)(fake_random(device) % late) : 0);
    if (held->due_us < stream->due_us) {
        held->due_us = stream->due_us;
    }
    stream->due_us = held->due_us;
    stream->done_bytes += bytes;
    stream->public.messages++;
}

static void give_back(struct fake_device *device, struct stream *stream, struct held *held)
{
    uint8_t status[STATUS_BYTES];
    put_le(status, held->status, 4);
    put_le(status + 4, (uint64_t)knob_value(device, KNOB_SND_LATENCY, 0), 4);
    fake_chain_write(&held->chain, held->chain.write_bytes - STATUS_BYTES, status, STATUS_BYTES);
    fake_ring_return(device, stream->direction == FAKE_SND_INPUT ? Q_RX : Q_TX, held->chain.head, held->written);
    held_free(held);
}

static struct held *next_of(const struct stream *stream)
{
    struct held *held = stream->held.first;
    while (held != NULL && held->is_done) {
        held = held->next;
    }
    return held;
}

static void run_dry(struct fake_device *device, struct stream *stream)
{
    if (stream->is_dry) {
        return;
    }
    stream->is_dry = true;
    stream->public.xruns++;
    if ((stream->public.features >> F_EVT_XRUNS & 1) != 0) {
        fake_snd_event(device, EVT_XRUN, stream->id);
    }
}

/* A stream that had nothing gets something: it goes on now; what was captured meanwhile is lost. */
static void run_wet(struct fake_device *device, struct stream *stream)
{
    double now = (double)device->now_us;
    stream->is_dry = false;
    if (now <= stream->cursor_us) {
        return;
    }
    stream->public.silence_us += (uint64_t)(now - stream->cursor_us);
    if (stream->direction == FAKE_SND_INPUT) {
        uint64_t lost = (uint64_t)((now - stream->cursor_us) * bytes_per_us(device, stream));
        lost -= lost % stream->public.frame_bytes;
        stream->public.lost_bytes += lost;
        stream->done_bytes += lost;
    }
    stream->cursor_us = now;
}

static bool run_stream(struct fake_device *device, struct stream *stream)
{
    bool happened = false;
    double now = (double)device->now_us;
    if (stream->public.state == FAKE_SND_STARTED) {
        double speed = bytes_per_us(device, stream);
        struct held *held = next_of(stream);
        if (held != NULL && stream->is_dry) {
            run_wet(device, stream);
        }
        for (; held != NULL && stream->cursor_us + held->bytes / speed <= now; held = held->next) {
            stream->cursor_us += held->bytes / speed;
            if (stream->direction == FAKE_SND_INPUT) {
                fill(stream, held, held->bytes);
            } else {
                play(device, stream, held);
            }
            finish(device, stream, held, stream->cursor_us, held->bytes);
        }
        if (held == NULL) {
            run_dry(device, stream);
        }
    }
    while (stream->held.first != NULL && stream->held.first->is_done && stream->held.first->due_us <= now) {
        give_back(device, stream, list_take(&stream->held));
        happened = true;
    }
    return happened;
}

static struct stream *find_stream(const struct fake_device *device, uint64_t id)
{
    return id < snd_of(device)->streams ? &snd_of(device)->stream[id] : NULL;
}

static uint32_t audio(struct fake_device *device, unsigned queue, const struct fake_chain *chain)
{
    bool is_input = queue == Q_RX;
    uint8_t header[HEADER_BYTES] = {0};
    fake_chain_read(chain, 0, header, sizeof(header));
    struct stream *stream = find_stream(device, get_le(header, 4));
    if (stream == NULL || stream->direction != (is_input ? FAKE_SND_INPUT : FAKE_SND_OUTPUT)) {
        complain(device, "SND-12: an audio message for a stream that is not of this queue");
        return 0;
    }
    if (!is_input && (chain->read_bytes <= HEADER_BYTES || chain->write_bytes != STATUS_BYTES)) {
        complain(device, "SND-16: shape of a tx message");
        return 0;
    }
    if (is_input && (chain->read_bytes != HEADER_BYTES || chain->write_bytes <= STATUS_BYTES)) {
        complain(device, "SND-18: shape of an rx message");
        return 0;
    }
    struct held *held = held_make(chain);
    held->bytes = (uint32_t)(is_input ? chain->write_bytes - STATUS_BYTES : chain->read_bytes - HEADER_BYTES);
    if (held->bytes != stream->public.period_bytes) {
        complain(device, "SND-15, SND-17: a message that is not one period");
    }
    if (stream->public.state < FAKE_SND_PREPARED || stream->public.state == FAKE_SND_RELEASED) {
        complain(device, "SND-25: an audio message before PREPARE or after RELEASE");
    }
    if (!is_input) {
        held->data = malloc(held->bytes);
        if (held->data == NULL) {
            abort();
        }
        fake_chain_read(chain, HEADER_BYTES, held->data, held->bytes);
    }
    list_add(&stream->held, held);
    if (stream->held.count > HELD_MAX) {
        complain(device, "SND-15: the read-ahead has no bound");
    }
    run_stream(device, stream);
    return FAKE_HELD;
}

/* All messages go back; a partly filled one says so (SND-27). */
static void flush(struct fake_device *device, struct stream *stream)
{
    double now = (double)device->now_us;
    while (stream->held.first != NULL) {
        struct held *held = stream->held.first;
        if (!held->is_done) {
            double done = stream->paused_us * bytes_per_us(device, stream);
            uint32_t bytes = done < held->bytes ? (uint32_t)done : held->bytes;
            bytes -= bytes % stream->public.frame_bytes;
            if (stream->direction == FAKE_SND_INPUT) {
                fill(stream, held, bytes);
            }
            stream->paused_us = 0;
            finish(device, stream, held, now, bytes);
        }
        give_back(device, stream, list_take(&stream->held));
    }
}

/* --- Control --- */

static const char *judge_params(const struct fake_device *device, const uint8_t *request, const uint8_t *info)
{
    uint64_t buffer = get_le(request + 8, 4), period = get_le(request + 12, 4), features = get_le(request + 16, 4);
    (void)device;
    if (period == 0 || buffer % period != 0 || buffer == 0) {
        return "SND-06: buffer_bytes is no multiple of period_bytes";
    }
    if ((features & 3) != 0) {
        return "SND-10, SND-13, SND-14: shared memory";
    }
    if ((features & ~get_le(info + 4, 4)) != 0) {
        return "SND-07, SND-08, SND-30: features that the stream has not";
    }
    if (request[21] > 24 || (get_le(info + 8, 8) >> request[21] & 1) == 0) {
        return "SND-07, SND-08: a format that the stream has not";
    }
    if (request[22] >= RATES || (get_le(info + 16, 8) >> request[22] & 1) == 0) {
        return "SND-07, SND-08: a rate that the stream has not";
    }
    if (request[20] < info[25] || request[20] > info[26]) {
        return "SND-09: channels";
    }
    return request[23] != 0 ? "SND-11: the padding is not zero" : NULL;
}

static void pcm_info(const struct fake_device *device, const struct stream *stream, uint8_t *info)
{
    int64_t channels = knob_value(device, KNOB_SND_CHANNELS, 0x0201);
    memset(info, 0, 32);
    put_le(info + 4, (uint64_t)knob_value(device, KNOB_SND_FEATURES, 1 << F_EVT_XRUNS), 4);
    put_le(
        info + 8,
        (uint64_t)knob_value(device, KNOB_SND_FORMATS, 1 << 3 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 17 | 1 << 18 | 1 << 19),
        8);
    put_le(info + 16, (uint64_t)knob_value(device, KNOB_SND_RATES, (1 << RATES) - 1), 8);
    info[24] = stream->direction;
    info[25] = (uint8_t)channels;
    info[26] = (uint8_t)(channels >> 8);
}

static uint32_t frame_bytes(uint8_t format, uint8_t channels)
{
    static const uint8_t sizes[25] = {
        [3] = 1,  [4] = 1,  [5] = 2,  [6] = 2,  [7] = 3,  [8] = 3,  [9] = 3,  [10] = 3, [11] = 3,
        [12] = 3, [13] = 4, [14] = 4, [15] = 4, [16] = 4, [17] = 4, [18] = 4, [19] = 4, [20] = 8};
    return (format < sizeof(sizes) ? sizes[format] : 1u) * (uint32_t)channels;
}

/* The lifecycle: which commands are right in which state (SND-25). */
static bool is_legal(enum fake_snd_state state, uint32_t code)
{
    switch (code) {
    case R_SET_PARAMS:
        return state == FAKE_SND_NONE || state == FAKE_SND_PARAMS || state == FAKE_SND_PREPARED ||
               state == FAKE_SND_RELEASED;
    case R_PREPARE:
        return state == FAKE_SND_PARAMS || state == FAKE_SND_PREPARED || state == FAKE_SND_RELEASED;
    case R_START:
        return state == FAKE_SND_PREPARED || state == FAKE_SND_STOPPED;
    case R_STOP:
        return state == FAKE_SND_STARTED;
    default:
        return state == FAKE_SND_PREPARED || state == FAKE_SND_STOPPED;
    }
}

static void start(struct fake_device *device, struct stream *stream)
{
    if (stream->public.state == FAKE_SND_PREPARED) {
        stream->done_bytes = 0;
        stream->paused_us = 0;
        if (next_of(stream) == NULL && !knob(device, KNOB_SUPPRESS)) { /* then nobody has looked */
            complain(device, "SND-17, SND-26: nothing is queued at START");
        }
    }
    stream->public.state = FAKE_SND_STARTED;
    stream->public.starts++;
    stream->is_dry = false;
    stream->cursor_us = (double)device->now_us - stream->paused_us;
    stream->due_us = 0;
}

static uint32_t pcm_command(struct fake_device *device, uint32_t code, const uint8_t *request, size_t length)
{
    struct stream *stream = find_stream(device, get_le(request + 4, 4));
    if (stream == NULL || length != (code == R_SET_PARAMS ? 24 : 8)) {
        complain(device, "SND-25: a PCM command of wrong length or stream");
        return S_BAD_MSG;
    }
    struct fake_snd_stream *public = &stream->public;
    public->commands++;
    if (!is_legal(public->state, code)) {
        complain(device, "SND-25: a PCM command that the state does not allow");
        return S_BAD_MSG;
    }
    switch (code) {
    case R_SET_PARAMS: {
        uint8_t info[32];
        pcm_info(device, stream, info);
        const char *why = judge_params(device, request, info);
        if (why != NULL) {
            complain(device, why);
            return S_BAD_MSG;
        }
        public->buffer_bytes = (uint32_t)get_le(request + 8, 4);
        public->period_bytes = (uint32_t)get_le(request + 12, 4);
        public->features = (uint32_t)get_le(request + 16, 4);
        public->channels = request[20];
        public->format = request[21];
        public->rate = request[22];
        public->frame_bytes = frame_bytes(request[21], request[20]);
        public->frames_per_second = rates[request[22]];
        public->state = FAKE_SND_PARAMS;
        return S_OK;
    }
    case R_PREPARE:
        public
        ->state = FAKE_SND_PREPARED;
        return S_OK;
    case R_START:
        start(device, stream);
        return S_OK;
    case R_STOP:
        run_stream(device, stream);
        stream->paused_us = next_of(stream) != NULL ? (double)device->now_us - stream->cursor_us : 0;
        public->state = FAKE_SND_STOPPED;
        return S_OK;
    default:
        if (!knob(device, KNOB_SND_KEEP)) {
            flush(device, stream);
        }
        public->state = FAKE_SND_RELEASED;
        return S_OK;
    }
}

static uint32_t query(struct fake_device *device, uint32_t code, const uint8_t *request, size_t length,
                      const struct fake_chain *chain, uint32_t *written)
{
    unsigned at = code == R_JACK_INFO ? 0 : code == R_PCM_INFO ? 4 : 8;
    uint32_t size = code == R_PCM_INFO ? 32 : 24;
    uint64_t total = get_le(device->type_config + at, 4), first = get_le(request + 4, 4);
    uint64_t count = get_le(request + 8, 4);
    uint64_t less = (uint64_t)knob_value(device, KNOB_SND_INFO_SHORT, 0);
    if (length != 16 || get_le(request + 12, 4) != size || count == 0 || first + count > total) {
        complain(device, "SND-04: items beyond the configured total, or of wrong size");
        return S_BAD_MSG;
    }
    if (chain->write_bytes != 4 + count * size) {
        complain(device, "SND-05: space for the answer");
        return S_BAD_MSG;
    }
    for (uint64_t i = 0; i < count; i++) {
        uint8_t item[32] = {0};
        if (code == R_PCM_INFO) {
            pcm_info(device, &snd_of(device)->stream[(first + i) % FAKE_SND_STREAMS_MAX], item);
        } else if (code == R_JACK_INFO) {
            put_le(item + 8, 0x01014010 + first + i, 4);
            item[16] = 1;
        } else {
            item[4] = (first + i) & 1;
            item[5] = (uint8_t)knob_value(device, KNOB_SND_CHMAP_CHANNELS, 2);
            item[6] = 3;
            item[7] = 4;
        }
        fake_chain_write(chain, 4 + i * size, item, size);
    }
    *written += (uint32_t)(count * size - (less < count * size ? less : count * size));
    return S_OK;
}

static uint32_t execute(struct fake_device *device, const struct fake_chain *chain)
{
    struct snd *snd = snd_of(device);
    uint8_t request[24] = {0}, reply[4];
    uint32_t written = 4, status;
    if (chain->read_bytes < 8 || chain->read_bytes > sizeof(request) || chain->write_bytes < 4) {
        complain(device, "SND-05: shape of a control message");
        return 0;
    }
    fake_chain_read(chain, 0, request, chain->read_bytes);
    uint32_t code = (uint32_t)get_le(request, 4);
    int64_t fail = knob_value(device, KNOB_SND_FAIL, 0);
    if (snd->fail_count != 0 && (snd->fail_code == 0 || snd->fail_code == code)) {
        snd->fail_count--;
        status = snd->fail_status;
    } else if (fail != 0 && (fail >> 16 == 0 || fail >> 16 == code)) {
        status = (uint32_t)fail & 0xFFFF;
    } else if (code == R_JACK_INFO || code == R_PCM_INFO || code == R_CHMAP_INFO) {
        status = query(device, code, request, chain->read_bytes, chain, &written);
    } else if (code >= R_SET_PARAMS && code <= R_STOP) {
        status = pcm_command(device, code, request, chain->read_bytes);
    } else {
        complain(device, "SND-25: an unknown control message");
        status = S_NOT_SUPP;
    }
    put_le(reply, status, 4);
    fake_chain_write(chain, 0, reply, 4);
    return written;
}

static uint32_t request(struct fake_device *device, unsigned queue, const struct fake_chain *chain)
{
    struct snd *snd = snd_of(device);
    struct held *held;
    switch (queue) {
    case Q_CONTROL:
        if (snd->answer_after_us == 0) {
            return execute(device, chain);
        }
        held = held_make(chain);
        held->due_us = snd->answer_after_us == UINT64_MAX ? 1e30 : (double)(device->now_us + snd->answer_after_us);
        list_add(&snd->control, held);
        return FAKE_HELD;
    case Q_EVENT:
        if (chain->read_bytes != 0 || chain->write_bytes < 8) {
            complain(device, "SND-02, SND-03: shape of an event buffer");
            return 0;
        }
        list_add(&snd->events, held_make(chain));
        return FAKE_HELD;
    default:
        return audio(device, queue, chain);
    }
}

static bool tick(struct fake_device *device)
{
    struct snd *snd = snd_of(device);
    bool happened = false;
    if ((device->status & (STATUS_DRIVER_OK | STATUS_NEEDS_RESET)) != STATUS_DRIVER_OK) {
        return false;
    }
    while (snd->control.first != NULL && snd->control.first->due_us <= (double)device->now_us) {
        struct held *held = list_take(&snd->control);
        uint32_t written = execute(device, &held->chain);
        fake_ring_return(device, Q_CONTROL, held->chain.head, written);
        held_free(held);
        happened = true;
    }
    for (unsigned i = 0; i < snd->streams; i++) {
        happened |= run_stream(device, &snd->stream[i]);
    }
    for (int64_t i = 0; i < knob_value(device, KNOB_SND_EVENTS, 0); i++) {
        happened |= fake_snd_event(device, (uint32_t)fake_random(device) & 0x1FFF, (uint32_t)fake_random(device));
    }
    return happened;
}

/* --- For tests --- */

bool fake_snd_event(struct fake_device *device, uint32_t code, uint32_t data)
{
    struct snd *snd = snd_of(device);
    uint8_t event[8];
    if (snd->events.first == NULL) {
        return false;
    }
    struct held *held = list_take(&snd->events);
    put_le(event, code, 4);
    put_le(event + 4, data, 4);
    fake_chain_write(&held->chain, 0, event, sizeof(event));
    fake_ring_return(device, Q_EVENT, held->chain.head, sizeof(event));
    held_free(held);
    return true;
}

unsigned fake_snd_event_buffers(const struct fake_device *device)
{
    return snd_of(device)->events.count;
}

void fake_snd_look(const struct fake_device *device, unsigned stream, struct fake_snd_stream *look)
{
    *look = snd_of(device)->stream[stream].public;
    look->held = snd_of(device)->stream[stream].held.count;
}

unsigned fake_snd_find(const struct fake_device *device, unsigned direction)
{
    return snd_of(device)->stream[0].direction == direction ? 0 : 1;
}

double fake_snd_position(const struct fake_device *device, unsigned number)
{
    const struct stream *stream = &snd_of(device)->stream[number];
    const struct held *held = next_of(stream);
    double latency = (double)knob_value(device, KNOB_SND_LATENCY, 0);
    double into_us = stream->paused_us;
    if (held == NULL) {
        return (double)stream->done_bytes > latency ? (double)stream->done_bytes - latency : 0;
    }
    if (stream->public.state == FAKE_SND_STARTED) {
        into_us = (double)device->now_us - stream->cursor_us;
    }
    double into = into_us * bytes_per_us(device, stream);
    double position = (double)stream->done_bytes + (into < held->bytes ? into : held->bytes) - latency;
    return position > 0 ? position : 0;
}

const uint8_t *fake_snd_played(const struct fake_device *device, size_t *length)
{
    *length = snd_of(device)->played_length;
    return snd_of(device)->played;
}

void fake_snd_forget(struct fake_device *device)
{
    snd_of(device)->played_length = 0;
}

void fake_snd_fail(struct fake_device *device, uint32_t code, uint32_t status, unsigned count)
{
    snd_of(device)->fail_code = code;
    snd_of(device)->fail_status = status;
    snd_of(device)->fail_count = count;
}

void fake_snd_answer_after(struct fake_device *device, uint64_t microseconds)
{
    snd_of(device)->answer_after_us = microseconds;
}

void fake_snd_return_last(struct fake_device *device, unsigned number)
{
    struct stream *stream = &snd_of(device)->stream[number];
    struct list others;
    list_init(&others);
    while (stream->held.count > 1) {
        list_add(&others, list_take(&stream->held));
    }
    struct held *last = list_take(&stream->held);
    last->written = STATUS_BYTES;
    last->status = S_OK;
    give_back(device, stream, last);
    while (others.first != NULL) {
        list_add(&stream->held, list_take(&others));
    }
}

bool fake_snd_fault(struct fake_device *device, const char *list)
{
    char error[80];
    return fake_faults_apply(&device->knobs, list, error, sizeof(error));
}

void fake_snd_flush(struct fake_device *device, unsigned number)
{
    struct stream *stream = &snd_of(device)->stream[number];
    run_stream(device, stream);
    if (stream->public.state == FAKE_SND_STARTED && next_of(stream) != NULL) {
        stream->paused_us = (double)device->now_us - stream->cursor_us;
    }
    flush(device, stream);
}

const char *fake_snd_why(const struct fake_device *device)
{
    return snd_of(device)->why;
}

const struct fake_type fake_type_snd = {
    .name = "snd",
    .number = 25,
    .class_code = 0x040100,
    .features = FEATURE_VERSION_1 | FEATURE_INDIRECT | FEATURE_EVENT_IDX,
    .config_length = 16,
    .fields = fields,
    .field_count = sizeof(fields) / sizeof(fields[0]),
    .create = create,
    .destroy = destroy,
    .reset = reset,
    .tick = tick,
    .request = request,
    .why = fake_snd_why,
};
