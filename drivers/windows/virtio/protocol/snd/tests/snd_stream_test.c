/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Audio: samples, position, notifications, starvation, pause; against the fake device's own sample clock. */
#include "snd_fixture.h"

enum { MS = 1000, SECOND = 1000000 };

static void run_render(struct rig *rig, const SND_FORMAT *format, uint32_t bytes, uint32_t notifications,
                       uint64_t microseconds)
{
    rig_open(rig, SND_RENDER, format, bytes, notifications);
    rig_state(rig, SND_RENDER, SND_KS_ACQUIRE);
    rig_state(rig, SND_RENDER, SND_KS_PAUSE);
    rig_state(rig, SND_RENDER, SND_KS_RUN);
    rig_run(rig, microseconds);
}

static struct fake_snd_stream look(struct rig *rig, unsigned direction)
{
    struct fake_snd_stream stream;
    fake_snd_look(rig->fake, fake_snd_find(rig->fake, direction), &stream);
    return stream;
}

/* SND-12, SND-15, SND-16, SND-26: the same samples over many wraps, from scattered pages, no gap, no repeat. */
static void render_is_sample_exact(void **state)
{
    static const SND_FORMAT formats[] = {{48000, 2, 16, 16, FALSE}, {44100, 1, 16, 16, FALSE},
                                         {8000, 1, 8, 8, FALSE},    {96000, 2, 32, 24, FALSE},
                                         {192000, 2, 32, 32, TRUE}, {11025, 2, 16, 16, FALSE}};
    (void)state;
    for (size_t i = 0; i < VIRTIO_ARRAY_COUNT(formats); i++) {
        struct rig rig;
        rig_up(&rig, "snd-late=3000");
        rig.client[SND_RENDER].first_offset = i % 2 != 0 ? 1028 : 0;
        run_render(&rig, &formats[i], formats[i].rate / 20 * formats[i].channels * formats[i].bits / 8, 0, 2 * SECOND);
        const SND_GEOMETRY *cut = &rig.client[SND_RENDER].geometry;
        size_t length = rig_expect_played(&rig, 0);
        double seconds = (double)length / cut->frame_bytes / cut->rate;
        assert_true(seconds > 1.98 && seconds < 2.01);
        assert_true(length > 20 * cut->buffer_bytes);
        struct fake_snd_stream stream = look(&rig, FAKE_SND_OUTPUT);
        assert_int_equal(stream.xruns, 0);
        assert_int_equal(stream.torn, 0);
        assert_int_equal(stream.buffer_bytes % stream.period_bytes, 0);
        assert_int_equal(rig.device.directions[SND_RENDER].stream.stats.starved, 0);
        rig_end(&rig);
    }
}

/* FifoSize: a client that keeps no more than that ahead of the position, and poison behind, is never read too far. */
static void the_read_ahead_is_what_fifo_size_says(void **state)
{
    struct rig rig;
    (void)state;
    rig_up(&rig, "snd-ppm=300,snd-late=4000");
    rig.client[SND_RENDER].ahead_bytes = 48000 / 1000 * 4 * 10; /* it writes in time, 10 ms before */
    run_render(&rig, &dat_format, 48000 / 5 * 4, 0, 5 * SECOND);
    assert_true(rig_expect_played(&rig, 0) > 48000 * 4 * 49 / 10);
    assert_int_equal(look(&rig, FAKE_SND_OUTPUT).torn, 0);
    assert_int_equal(look(&rig, FAKE_SND_OUTPUT).xruns, 0);
    rig_end(&rig);
}

/* SND-17, SND-18: the captured signal over many wraps. */
static void capture_is_sample_exact(void **state)
{
    static const SND_FORMAT formats[] = {
        {48000, 2, 16, 16, FALSE}, {44100, 1, 16, 16, FALSE}, {96000, 2, 32, 24, FALSE}};
    (void)state;
    for (size_t i = 0; i < VIRTIO_ARRAY_COUNT(formats); i++) {
        struct rig rig;
        rig_up(&rig, "snd-late=3000,snd-ppm=-300");
        struct client *client = &rig.client[SND_CAPTURE];
        client->checks_capture = true;
        client->first_offset = i % 2 != 0 ? 512 : 0;
        rig_open(&rig, SND_CAPTURE, &formats[i], formats[i].rate / 20 * formats[i].channels * formats[i].bits / 8, 0);
        rig_state(&rig, SND_CAPTURE, SND_KS_RUN);
        rig_run(&rig, 2 * SECOND);
        assert_int_equal(client->wrong, 0);
        double seconds = (double)client->filled / client->geometry.frame_bytes / client->geometry.rate;
        assert_true(seconds > 1.97 && seconds < 2.0);
        assert_int_equal(look(&rig, FAKE_SND_INPUT).xruns, 0);
        rig_end(&rig);
    }
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The reported position against the converter's, in ms: median and worst of the absolute error. */
static void measure(struct rig *rig, unsigned samples, double *median, double *worst)
{
    double *errors = malloc(samples * sizeof(*errors));
    const SND_GEOMETRY *cut = &rig->client[SND_RENDER].geometry;
    double bytes_per_ms = cut->rate / 1000.0 * cut->frame_bytes;
    unsigned stream = fake_snd_find(rig->fake, FAKE_SND_OUTPUT);
    assert_non_null(errors);
    for (unsigned i = 0; i < samples; i++) {
        rig_run(rig, 1100 + 100 * (i * 7 % 13));
        SND_POSITION position = rig_position(rig, SND_RENDER); /* and never backwards, never beyond what was posted */
        double error = ((double)position.play - fake_snd_position(rig->fake, stream)) / bytes_per_ms;
        errors[i] = error < 0 ? -error : error;
    }
    qsort(errors, samples, sizeof(*errors), by_size);
    *median = errors[samples / 2];
    *worst = errors[samples - 1];
    free(errors);
}

/* With a sample clock 300 ppm off either way and completions 0 to 10 ms late; with and without latency_bytes. */
static void the_position_follows_the_sample_clock(void **state)
{
    static const char *const faults[] = {
        "snd-ppm=300,snd-late=10000",
        "snd-ppm=-300,snd-late=10000",
        "snd-ppm=300,snd-late=10000,snd-latency=1920",
        "snd-ppm=-300,snd-late=10000,snd-latency=3840",
        "snd-ppm=0,snd-late=0",
    };
    (void)state;
    for (size_t i = 0; i < VIRTIO_ARRAY_COUNT(faults); i++) {
        for (uint64_t seed = 0; seed < 2; seed++) {
            struct rig rig;
            double median, worst;
            rig_make(&rig, (struct fake_options){.seed = seed * 77777, .no_log = true}, faults[i]);
            assert_int_equal(rig_start(&rig, 2), STATUS_SUCCESS);
            /* how late sound is heard, the first message says: until it did, nobody can know */
            run_render(&rig, &dat_format, 48000 / 5 * 4, 0, strstr(faults[i], "latency") != NULL ? 100 * MS : 0);
            measure(&rig, 3000, &median, &worst);
            print_message("%s: median %.3f ms, worst %.3f ms\n", faults[i], median, worst);
            assert_true(median < 1.0);
            assert_true(worst < 1000.0 * rig.client[SND_RENDER].geometry.period_bytes / 4 / 48000);
            assert_int_equal(look(&rig, FAKE_SND_OUTPUT).xruns, 0);
            rig_expect_played(&rig, 0);
            rig_end(&rig);
        }
    }
}

/*
 * Notifications: the client poisons each unit when it is told that it was played and writes the new one somewhat later.
 * No poison is ever played, and with two units there is no gap either.
 */
static void a_unit_is_read_after_its_event_only(void **state)
{
    (void)state;
    for (uint32_t notifications = 1; notifications <= 2; notifications++) {
        for (uint32_t late = 0; late <= 8000; late += 4000) {
            struct rig rig;
            char fault[64];
            snprintf(fault, sizeof(fault), "snd-ppm=300,snd-late=%u", late);
            rig_up(&rig, fault);
            struct client *client = &rig.client[SND_RENDER];
            client->react_us = notifications == 2 ? 15 * MS : 3 * MS;
            run_render(&rig, &dat_format, 48000 / 10 * 4, notifications, 5 * SECOND);
            size_t length = rig_expect_played(&rig, 0);
            uint64_t unit = client->geometry.unit_periods * client->geometry.period_bytes;
            assert_int_equal(client->events, rig.device.directions[SND_RENDER].stream.completed_periods /
                                                 client->geometry.unit_periods);
            assert_true(client->events >= length / unit - 1);
            struct fake_snd_stream stream = look(&rig, FAKE_SND_OUTPUT);
            assert_int_equal(stream.torn, 0);
            if (notifications == 2) {
                assert_int_equal(stream.xruns, 0);
                assert_true(length > 48000 * 4 * 49 / 10);
            } else { /* the gap that such a client asks for: the time it has to fill the buffer, and a tick */
                assert_in_range(stream.xruns, client->events - 1, client->events + 1);
                assert_true(stream.silence_us / stream.xruns < 1000 * (SND_REFILL_MS + SND_TICK_MS) + late + 1000);
            }
            rig_end(&rig);
        }
    }
}

/* Capture with notifications: an event for each unit, no samples lost. */
static void capture_tells_of_each_unit(void **state)
{
    (void)state;
    for (uint32_t notifications = 1; notifications <= 2; notifications++) {
        struct rig rig;
        rig_up(&rig, "snd-late=2000");
        struct client *client = &rig.client[SND_CAPTURE];
        client->checks_capture = true;
        rig_open(&rig, SND_CAPTURE, &cd_format, 44100 / 10 * 4, notifications);
        rig_state(&rig, SND_CAPTURE, SND_KS_RUN);
        rig_run(&rig, 2 * SECOND);
        assert_int_equal(client->wrong, 0);
        assert_int_equal(look(&rig, FAKE_SND_INPUT).lost_bytes, 0);
        assert_int_equal(client->events,
                         rig.device.directions[SND_CAPTURE].stream.completed_periods / client->geometry.unit_periods);
        assert_in_range(client->events, 2 * 10 * notifications - 2, 2 * 10 * notifications);
        rig_end(&rig);
    }
}

/* PAUSE freezes the position, RUN goes on where it was: still no gap and no repeat. */
static void pause_and_resume_lose_nothing(void **state)
{
    struct rig rig;
    (void)state;
    rig_up(&rig, "snd-late=1000");
    run_render(&rig, &dat_format, 48000 / 10 * 4, 0, 0);
    for (unsigned i = 0; i < 50; i++) {
        rig_run(&rig, 7000 + 1300 * i);
        rig_state(&rig, SND_RENDER, SND_KS_PAUSE);
        uint64_t frozen = rig_position(&rig, SND_RENDER).play;
        double true_position = fake_snd_position(rig.fake, 0);
        assert_true((double)frozen - true_position < 192 * 2 && true_position - (double)frozen < 192 * 2);
        rig_run(&rig, 33000);
        assert_int_equal(rig_position(&rig, SND_RENDER).play, frozen);
        if (i % 3 == 0) {
            rig_state(&rig, SND_RENDER, SND_KS_ACQUIRE);
            rig_state(&rig, SND_RENDER, SND_KS_PAUSE);
        }
        rig_state(&rig, SND_RENDER, SND_KS_RUN);
    }
    rig_run(&rig, SECOND);
    assert_true(rig_expect_played(&rig, 0) > 48000 * 4);
    assert_int_equal(look(&rig, FAKE_SND_OUTPUT).xruns, 0);
    assert_int_equal(look(&rig, FAKE_SND_OUTPUT).starts, 51);

    rig_state(&rig, SND_RENDER, SND_KS_STOP);
    rig.client[SND_RENDER].last_play = 0;
    assert_int_equal(rig_position(&rig, SND_RENDER).play, 0); /* STOP sets it to 0 */
    assert_int_equal(rig_position(&rig, SND_RENDER).write, 0);
    fake_snd_forget(rig.fake);
    rig_refill(&rig, SND_RENDER);
    rig_state(&rig, SND_RENDER, SND_KS_RUN);
    rig_run(&rig, SECOND);
    assert_true(rig_expect_played(&rig, 0) > 48000 * 4 * 9 / 10);
    rig_end(&rig);
}

/* RING-32: a message that comes back before its turn waits for the others. */
static void messages_out_of_order_wait(void **state)
{
    struct rig rig;
    (void)state;
    rig_up(&rig, NULL);
    run_render(&rig, &dat_format, 48000 / 10 * 4, 0, 101 * MS);
    const SND_STREAM *stream = &rig.device.directions[SND_RENDER].stream;
    uint64_t completed = stream->completed_periods, posted = stream->posted_periods;
    fake_snd_return_last(rig.fake, 0);
    SndDeviceService(&rig.device);
    assert_int_equal(stream->queue.in_flight, SND_READ_AHEAD - 1);
    assert_int_equal(stream->completed_periods, completed);
    assert_int_equal(stream->posted_periods, posted);
    rig_run(&rig, 300 * MS);
    assert_in_range(stream->completed_periods, completed + 58, completed + 63);
    assert_int_equal(stream->queue.in_flight, SND_READ_AHEAD);
    rig_end(&rig);
}

/* Events come in RUN only; one that is due at PAUSE comes with the next RUN. */
static void no_events_but_in_run(void **state)
{
    struct rig rig;
    unsigned owed = 0;
    (void)state;
    rig_up(&rig, "snd-late=9000");
    struct client *client = &rig.client[SND_RENDER];
    client->react_us = 5 * MS;
    run_render(&rig, &dat_format, 48000 / 10 * 4, 2, 0);
    for (unsigned i = 0; i < 60; i++) {
        rig_run(&rig, 40 * MS + 700 * i);
        rig_state(&rig, SND_RENDER, SND_KS_PAUSE);
        uint64_t events = client->events;
        rig_run(&rig, 30 * MS);
        assert_int_equal(client->events, events);
        owed += rig.device.directions[SND_RENDER].stream.units_done > events;
        rig_state(&rig, SND_RENDER, SND_KS_RUN);
        rig_run(&rig, 1 * MS);
        assert_int_equal(rig.device.directions[SND_RENDER].stream.units_done, client->events);
    }
    assert_true(owed > 2); /* else nothing was shown */
    rig_expect_played(&rig, 0);
    rig_end(&rig);
}

/* Nobody serves the device for a while (a stalled processor): it starves, the count says so, and sound resumes. */
static void starvation_is_counted_and_over(void **state)
{
    struct rig rig;
    (void)state;
    rig_up(&rig, NULL);
    run_render(&rig, &dat_format, 48000 / 10 * 4, 0, 300 * MS);
    for (unsigned i = 0; i < 5; i++) {
        fake_poll(rig.fake, 100 * MS); /* of which there was data for 20 */
        for (unsigned j = 0; j < 50; j++) {
            rig_run(&rig, 10 * MS);
            double error = (double)rig_position(&rig, SND_RENDER).play - fake_snd_position(rig.fake, 0);
            assert_true(error < 192 * 2 && error > -192 * 2); /* the clock has found itself again at once */
        }
        assert_int_equal(rig.device.directions[SND_RENDER].stream.stats.starved, i + 1);
        assert_int_equal(rig.device.directions[SND_RENDER].stream.stats.device_xruns, i + 1); /* SND-30 */
    }
    struct fake_snd_stream stream = look(&rig, FAKE_SND_OUTPUT);
    assert_int_equal(stream.xruns, 5);
    assert_in_range(stream.silence_us, 5 * 75 * MS, 5 * 95 * MS);
    rig_expect_played(&rig, 0); /* nothing was dropped and nothing repeated */
    rig_end(&rig);
}

/* A client that writes nothing any more: the driver goes on over what there is, and takes new data up again. */
static void a_stalled_client_does_no_harm(void **state)
{
    struct rig rig;
    (void)state;
    rig_up(&rig, NULL);
    run_render(&rig, &dat_format, 48000 / 10 * 4, 0, 300 * MS);
    rig.client[SND_RENDER].is_stalled = true;
    rig_run(&rig, SECOND);
    assert_int_equal(look(&rig, FAKE_SND_OUTPUT).xruns, 0);
    rig.client[SND_RENDER].is_stalled = false;
    rig_run(&rig, 50 * MS);
    fake_snd_forget(rig.fake);
    rig_run(&rig, 300 * MS);
    size_t length;
    const uint8_t *played = fake_snd_played(rig.fake, &length);
    uint64_t position =
        rig.device.directions[SND_RENDER].stream.completed_periods * rig.client[SND_RENDER].geometry.period_bytes -
        length;
    assert_int_equal(played[0], fake_snd_byte(position));
    rig_expect_played(&rig, position);
    rig_end(&rig);

    rig_up(&rig, NULL); /* with notifications it starves instead: what was not filled is not played */
    rig.client[SND_RENDER].react_us = 5 * MS;
    run_render(&rig, &dat_format, 48000 / 10 * 4, 2, 300 * MS);
    rig_expect_played(&rig, 0);
    rig_end(&rig);
}

/* SND-27: what a capture's last, short message holds counts, and no more. */
static void a_short_message_counts_what_it_holds(void **state)
{
    struct rig rig;
    (void)state;
    rig_up(&rig, NULL);
    struct client *client = &rig.client[SND_CAPTURE];
    client->checks_capture = true;
    rig_open(&rig, SND_CAPTURE, &dat_format, 48000 / 10 * 4, 0);
    rig_state(&rig, SND_CAPTURE, SND_KS_RUN);
    rig_run(&rig, 102 * MS);
    SND_STREAM *stream = &rig.device.directions[SND_CAPTURE].stream;
    uint64_t whole = stream->completed_periods;
    fake_snd_flush(rig.fake, 1); /* the device gives everything back, the first one partly filled */
    SndDeviceService(&rig.device);
    assert_int_equal(stream->completed_periods, whole + SND_READ_AHEAD);
    SND_POSITION position;
    SndClientPosition(&rig.device, SND_CAPTURE, &position);
    assert_int_equal(position.write, (whole + SND_READ_AHEAD - 1) * client->geometry.period_bytes);
    assert_true(position.play <= position.write);
    assert_int_equal(client->wrong, 0);
    rig_close(&rig, SND_CAPTURE);
    rig_end(&rig);
}

/* Interrupts that never come: the tick finds everything, and sound is unbroken all the same. */
static void lost_interrupts_are_made_up_for(void **state)
{
    struct rig rig;
    (void)state;
    rig_up(&rig, NULL);
    rig.no_interrupts = true;
    run_render(&rig, &dat_format, 48000 / 10 * 4, 0, 2 * SECOND);
    rig_expect_played(&rig, 0);
    assert_int_equal(look(&rig, FAKE_SND_OUTPUT).xruns, 0);
    assert_true(rig.device.polled > 300);
    rig_end(&rig);
}

/* Both directions at once. */
static void render_and_capture_run_together(void **state)
{
    struct rig rig;
    (void)state;
    rig_up(&rig, "snd-late=2000,snd-ppm=300");
    struct client *client = &rig.client[SND_CAPTURE];
    client->checks_capture = true;
    run_render(&rig, &cd_format, 44100 / 10 * 4, 0, 123 * MS);
    rig_open(&rig, SND_CAPTURE, &dat_format, 48000 / 10 * 4, 0);
    rig_state(&rig, SND_CAPTURE, SND_KS_RUN);
    rig_run(&rig, 2 * SECOND);
    assert_int_equal(client->wrong, 0);
    assert_true(client->filled > 48000 * 4 * 19 / 10);
    assert_true(rig_expect_played(&rig, 0) > 44100 * 4 * 2);
    assert_int_equal(look(&rig, FAKE_SND_INPUT).xruns + look(&rig, FAKE_SND_OUTPUT).xruns, 0);
    rig_end(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(render_is_sample_exact),
        cmocka_unit_test(the_read_ahead_is_what_fifo_size_says),
        cmocka_unit_test(capture_is_sample_exact),
        cmocka_unit_test(the_position_follows_the_sample_clock),
        cmocka_unit_test(a_unit_is_read_after_its_event_only),
        cmocka_unit_test(capture_tells_of_each_unit),
        cmocka_unit_test(pause_and_resume_lose_nothing),
        cmocka_unit_test(messages_out_of_order_wait),
        cmocka_unit_test(no_events_but_in_run),
        cmocka_unit_test(starvation_is_counted_and_over),
        cmocka_unit_test(a_stalled_client_does_no_harm),
        cmocka_unit_test(a_short_message_counts_what_it_holds),
        cmocka_unit_test(lost_interrupts_are_made_up_for),
        cmocka_unit_test(render_and_capture_run_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
