/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What a sound driver says of itself: pins, formats, properties; and a refused start. */
#include <stdio.h>
#include <string.h>

#include "snd.h"
#include "verify/verify.h"

static const unsigned rates[] = {8000, 11025, 16000, 22050, 32000, 44100, 48000, 88200, 96000, 176400, 192000};
static const unsigned depths[] = {8, 16, 24, 32};

/* A format said in both ways is taken or refused alike, by a proposal and by a stream. */
static bool check_format(const struct pc_pin *pin, struct pc_format *f, bool *is_taken)
{
    struct pc_format other = *f;
    struct pc_stream *stream;
    int32_t plain, extended, opened;
    f->is_extensible = false;
    other.is_extensible = true;
    plain = pc_propose(pin, f);
    extended = pc_propose(pin, &other);
    opened = pc_open(pin, f, &stream);
    if (opened >= 0) {
        pc_close(stream);
    }
    if ((plain < 0) != (extended < 0) || (plain < 0) != (opened < 0)) {
        return failed("%u Hz, %u channels, %u bits: proposed %#x, as WAVEFORMATEXTENSIBLE %#x, opened %#x", f->rate, f->channels,
                      f->bits, (unsigned)plain, (unsigned)extended, (unsigned)opened);
    }
    opened = pc_open(pin, &other, &stream);
    if (opened >= 0) {
        pc_close(stream);
    }
    *is_taken = plain >= 0;
    return (opened < 0) == (plain < 0) || failed("a stream opens with one way to say a format only");
}

static bool check_intersection(const struct pc_pin *pin, const struct pc_format *f)
{
    struct pc_format result;
    int32_t status;
    if (!pc_in_ranges(pin, f)) {
        return true;
    }
    status = pc_intersect(pin, f, &result);
    return status < 0 || pc_propose(pin, &result) >= 0 || failed("an intersection gives %u Hz, %u channels, %u bits, which is refused",
                                                               result.rate, result.channels, result.bits);
}

static bool check_formats(const struct pc_pin *pin)
{
    unsigned taken = 0;
    char line[256];
    for (unsigned floats = 0; floats < 2; floats++) {
        for (unsigned d = 0; d < sizeof depths / sizeof depths[0]; d++) {
            for (unsigned channels = 1; channels <= 3; channels++) {
                size_t used = 0;
                line[0] = '\0';
                for (unsigned r = 0; r < sizeof rates / sizeof rates[0]; r++) {
                    struct pc_format f = {.channels = channels, .rate = rates[r], .bits = depths[d], .is_float = floats != 0};
                    bool is_taken = false;
                    if ((floats && depths[d] != 32) || !pc_in_ranges(pin, &f)) {
                        continue;
                    }
                    if (!check_format(pin, &f, &is_taken) || !check_intersection(pin, &f)) {
                        return false;
                    }
                    if (is_taken) {
                        used += (size_t)snprintf(line + used, sizeof line - used, " %u", rates[r]);
                        taken++;
                    }
                }
                if (used != 0) {
                    say("    %s%u bits, %u channels:%s", floats ? "float " : "", depths[d], channels, line);
                }
            }
        }
    }
    return taken != 0 || failed("a pin takes no format at all");
}

static bool check_stream(const struct pc_pin *pin)
{
    struct pc_format f = {.channels = 2, .rate = 48000, .bits = 16}, result;
    struct pc_stream *stream;
    bool position, clock;
    if (pc_intersect(pin, &f, &result) < 0) {
        result = f;
    }
    if (pc_open(pin, &result, &stream) < 0) {
        return true; /* another format's business */
    }
    pc_registers(stream, &position, &clock);
    say("    notifications: %s; position register: %s; clock register: %s; FIFO %u bytes", pc_has_notifications(stream) ? "yes" : "no",
        position ? "yes" : "no", clock ? "yes" : "no", pc_fifo(stream));
    pc_close(stream);
    return true;
}

bool case_snd_info(struct run *run)
{
    struct pc_pin pins[PC_MAX_PINS];
    struct pc_counts counts;
    unsigned count;
    if (!snd_begin(run)) {
        return false;
    }
    count = pc_pins(run->sound[0], pins);
    counts = pc_counts(run->sound[0]);
    say("%u subdevices, %u pins for clients, %s interrupt", pc_subdevices(run->sound[0]), count,
        counts.uses_messages ? "message" : "line");
    for (unsigned i = 0; i < count; i++) {
        say("  pin %u: %s, %u at once", pins[i].pin, pins[i].is_capture ? "capture" : "render", pins[i].instances);
        if (!check_formats(&pins[i]) || !check_stream(&pins[i])) {
            return false;
        }
    }
    return pc_ask_everything(run->sound[0]) && (count != 0 || failed("no pin can be opened"));
}

bool case_snd_refused(struct run *run)
{
    int32_t status = pc_driver_entry(run->image->entry);
    const char *reason = run->options->reason;
    if (status < 0) {
        return failed("DriverEntry returned %#x", (unsigned)status);
    }
    image_discard_init(run->image);
    status = pc_start(0, &run->sound[run->sound_count++]);
    if (status >= 0) {
        return failed("the device was started");
    }
    say("refused (%#x): %s", (unsigned)status, event_last_text("no event logged"));
    return event_count() != 0 && (reason == NULL || strstr(event_last_text(""), reason) != NULL ||
                                  failed("the event log does not say \"%s\"", reason));
}
