/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Sound is played, recorded, both at once. */
#include "snd.h"
#include "verify/verify.h"

enum { SECONDS = 3, DRAIN_MS = 200, PAUSE_MS = 50 };

static unsigned seconds(const struct run *run)
{
    return run->options->count != 0 ? (unsigned)run->options->count : SECONDS;
}

/* QEMU's clock is the machine's, and this process may have to wait for its turn. */
static unsigned buffer_ms(const struct run *run)
{
    return run->options->fault != NULL ? 120 : 480;
}

static void say_result(const char *what, const struct snd_client *c)
{
    uint64_t frames = c->played / c->block, wall = c->ran_us * c->format.rate / 1000000;
    say("%s %llu frames in %llu us (%+lld against the clock), %lu events, %lu times late", what, (unsigned long long)frames,
        (unsigned long long)c->ran_us, (long long)frames - (long long)wall, c->events, c->late);
}

/* As many events as parts were played, give or take two; on QEMU this process may have missed some. */
static bool check_events(const struct run *run, const struct snd_client *c)
{
    uint64_t expected = c->parts != 0 ? c->ran_us * c->format.rate / 1000000 * c->block / (c->size / c->parts) : 0;
    if (run->options->fault == NULL || c->parts == 0) {
        return true;
    }
    if (c->late != 0) {
        return failed("%lu events came while a part waited for its data: too close together", c->late);
    }
    return (c->events + 2 >= expected && c->events <= expected + 2) ||
           failed("%lu events, where %llu parts were played", c->events, (unsigned long long)expected);
}

/* A paused stream keeps its position and says nothing; it goes on where it was. */
static bool pause_and_go_on(struct run *run, struct snd_client *c)
{
    uint32_t play, write;
    if (pc_set_state(c->stream, PC_PAUSE) < 0) {
        return failed("the stream does not pause");
    }
    for (unsigned i = 0; i < PAUSE_MS; i++) {
        pc_pump(1000);
        pc_position(c->stream, &play, &write);
    }
    return snd_start(run, c) && snd_run_for(run, c, NULL, DRAIN_MS);
}

/* The client takes its event back while the stream runs on. */
static bool unregister_running(struct run *run, struct snd_client *c)
{
    if (c->event != NULL) {
        pc_event_delete(c->event);
        c->event = NULL;
    }
    return snd_run_for(run, c, NULL, DRAIN_MS);
}

static bool play(struct run *run, unsigned parts)
{
    struct pc_format format = snd_format(run);
    struct snd_client c;
    struct pc_pin pin;
    bool good;
    if (!snd_find_pin(run, false, &pin)) {
        return failed("there is no pin to play to");
    }
    good = snd_open(run, &c, &pin, &format, buffer_ms(run), parts, 0) && snd_start(run, &c) &&
           snd_run_for(run, &c, NULL, seconds(run) * 1000) && snd_stop(run, &c);
    if (good) {
        uint32_t position, write;
        say_result("played", &c);
        pc_position(c.stream, &position, &write);
        good = check_events(run, &c) && snd_device_played(run, &c);
    }
    snd_close(&c);
    return good;
}

bool case_snd_play(struct run *run)
{
    return snd_begin(run) && play(run, run->options->notifications);
}

static bool pause_stream(struct run *run, unsigned parts)
{
    struct pc_format format = snd_format(run);
    struct snd_client c = {.stream = NULL};
    struct pc_pin pin;
    bool good = (snd_find_pin(run, false, &pin) || failed("there is no pin to play to")) &&
                snd_open(run, &c, &pin, &format, buffer_ms(run), parts, 0) && snd_start(run, &c) &&
                snd_run_for(run, &c, NULL, DRAIN_MS) && pause_and_go_on(run, &c) && pause_and_go_on(run, &c) &&
                unregister_running(run, &c) && snd_stop(run, &c);
    snd_close(&c);
    return good;
}

bool case_snd_pause(struct run *run)
{
    return snd_begin(run) && pause_stream(run, 2) && pause_stream(run, 1) && pause_stream(run, 0);
}

bool case_snd_record(struct run *run)
{
    struct pc_format format = snd_format(run);
    struct snd_client c = {.stream = NULL};
    struct pc_pin pin;
    bool good = snd_begin(run) && (snd_find_pin(run, true, &pin) || failed("there is no pin to record from")) &&
                snd_open(run, &c, &pin, &format, buffer_ms(run), run->options->notifications, seconds(run) + 2) &&
                snd_start(run, &c) && snd_run_for(run, &c, NULL, seconds(run) * 1000) && snd_stop(run, &c);
    if (good) {
        say_result("recorded", &c);
        good = check_events(run, &c) && snd_device_recorded(run, &c);
    }
    snd_close(&c);
    return good;
}

/* Render first, so that there is something to record; both end in silence. */
static bool loop(struct run *run, unsigned render_parts, unsigned capture_parts)
{
    struct pc_format format = snd_format(run);
    struct snd_client out = {.stream = NULL}, in = {.stream = NULL};
    struct pc_pin speaker, microphone;
    uint64_t frames = 0;
    bool good;
    if (!snd_find_pin(run, false, &speaker) || !snd_find_pin(run, true, &microphone)) {
        return failed("a pin to play to and one to record from are wanted");
    }
    good = snd_open(run, &out, &speaker, &format, buffer_ms(run), render_parts, 0) &&
           snd_open(run, &in, &microphone, &format, buffer_ms(run), capture_parts, seconds(run) + 2) && snd_start(run, &out) &&
           snd_run_for(run, &out, NULL, DRAIN_MS) && snd_start(run, &in) &&
           snd_run_for(run, &out, &in, seconds(run) * 1000) && snd_stop(run, &in) && snd_stop(run, &out);
    if (good) {
        say_result("played", &out);
        say_result("recorded", &in);
        good = snd_check_recorded(&in, &frames);
        say("%llu frames came back as they were played", (unsigned long long)frames);
        good = good && check_events(run, &out) && check_events(run, &in) &&
               (frames > (uint64_t)format.rate * seconds(run) / 2 || failed("not enough came back"));
    }
    snd_close(&in);
    snd_close(&out);
    return good;
}

bool case_snd_loop(struct run *run)
{
    return snd_begin(run) && loop(run, 2, 2) && loop(run, 0, 0) && loop(run, 1, 2) && loop(run, 2, 1);
}
