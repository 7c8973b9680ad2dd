/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The fake sound device's own word: what it played, where its converter is, what it gave to be recorded. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bus/fake.h"
#include "fake_snd.h"
#include "snd.h"
#include "verify/verify.h"

/* Limits for the position, against the device's clock: median, worst. */
static const double median_ms = 1;

/* The device, when there is one and the driver uses it. */
static struct fake_device *device_of(struct run *run, bool is_capture, struct fake_snd_stream *look)
{
    struct fake_device *fake = bus_fake_device(run->bus, 0);
    if (fake == NULL) {
        return NULL;
    }
    fake_snd_look(fake, fake_snd_find(fake, is_capture ? FAKE_SND_INPUT : FAKE_SND_OUTPUT), look);
    return look->starts != 0 ? fake : NULL;
}

void snd_note_position(struct run *run, struct snd_client *c, uint32_t play)
{
    struct fake_snd_stream look;
    struct fake_device *fake = device_of(run, c->is_capture, &look);
    c->position += (play + c->size - c->last_offset) % c->size;
    c->last_offset = play;
    if (fake != NULL && look.state == FAKE_SND_STARTED && c->error_count < SND_MOST_ERRORS) {
        double device = fake_snd_position(fake, fake_snd_find(fake, c->is_capture ? FAKE_SND_INPUT : FAKE_SND_OUTPUT));
        c->error_ms[c->error_count++] = (float)(fabs((double)c->position - device) / c->block / c->format.rate * 1000);
    }
}

static int by_size(const void *a, const void *b)
{
    float left = *(const float *)a, right = *(const float *)b;
    return (left > right) - (left < right);
}

static bool check_position(struct snd_client *c, const struct fake_snd_stream *look)
{
    double period_ms = (double)look->period_bytes / c->block / c->format.rate * 1000, median, worst;
    if (c->error_count == 0) {
        return true;
    }
    qsort(c->error_ms, c->error_count, sizeof c->error_ms[0], by_size);
    median = c->error_ms[c->error_count / 2];
    worst = c->error_ms[c->error_count - 1];
    say("position against the device's clock: median error %.2f ms, worst %.2f ms; a period has %.2f ms", median, worst, period_ms);
    return (median < median_ms && worst < period_ms) || failed("the position is too far off");
}

bool snd_device_played(struct run *run, struct snd_client *c)
{
    struct fake_snd_stream look;
    struct fake_device *fake = device_of(run, false, &look);
    size_t length, right = 0;
    const uint8_t *bytes;
    if (fake == NULL) {
        return true;
    }
    bytes = fake_snd_played(fake, &length);
    while (right + c->block <= length && snd_is_frame(c, bytes + right, right / c->block)) {
        right += c->block;
    }
    say("the device played %zu bytes, %zu as they were given, %llu xruns, %llu torn", length, right, (unsigned long long)look.xruns,
        (unsigned long long)look.torn);
    if (right != length || length == 0 || look.torn != 0 || look.xruns != 0) {
        return failed("the device played something else at byte %zu, or had nothing to play", right);
    }
    return check_position(c, &look);
}

bool snd_device_recorded(struct run *run, struct snd_client *c)
{
    struct fake_snd_stream look;
    struct fake_device *fake = device_of(run, true, &look);
    uint64_t right = 0;
    if (fake == NULL) {
        return true;
    }
    while (right < c->recorded_bytes && c->recorded[right] == fake_snd_byte(right)) {
        right++;
    }
    say("recorded %llu bytes, %llu as the device gave them, %llu bytes found no buffer", (unsigned long long)c->recorded_bytes,
        (unsigned long long)right, (unsigned long long)look.lost_bytes);
    if (right != c->recorded_bytes || right == 0 || look.lost_bytes != 0) {
        return failed("what was recorded differs at byte %llu", (unsigned long long)right);
    }
    return check_position(c, &look);
}
