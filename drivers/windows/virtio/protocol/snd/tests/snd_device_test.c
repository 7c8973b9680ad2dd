/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The device as a whole: start, interrupts, control answers of all kinds, resets, removal, hostile devices. */
#include "snd_fixture.h"

#include "fake_fault.h"

enum { MS = 1000, SECOND = 1000000, RENDER_BYTES = 48000 / 10 * 4 };

static const UINT32 commands[] = {VIRTIO_SND_R_PCM_SET_PARAMS, VIRTIO_SND_R_PCM_PREPARE, VIRTIO_SND_R_PCM_START,
                                  VIRTIO_SND_R_PCM_STOP, VIRTIO_SND_R_PCM_RELEASE};

static struct fake_snd_stream look(struct rig *rig, unsigned direction)
{
    struct fake_snd_stream stream;
    fake_snd_look(rig->fake, fake_snd_find(rig->fake, direction), &stream);
    return stream;
}

/* From STOP: plays the signal for so long and expects exactly it. */
static void expect_sound(struct rig *rig, uint64_t microseconds)
{
    fake_snd_forget(rig->fake);
    rig_refill(rig, SND_RENDER);
    rig_state(rig, SND_RENDER, SND_KS_RUN);
    rig_run(rig, microseconds);
    assert_true(rig_expect_played(rig, 0) > microseconds / 1000 * 192 * 8 / 10);
}

/* PCI-22, PCI-29: two messages (what QEMU has), one, and the line. SND-01 to SND-03: checked by the device. */
static void sound_comes_over_any_interrupt(void **state)
{
    (void)state;
    for (UINT16 vectors = 0; vectors <= 2; vectors++) {
        struct rig rig;
        rig_make(&rig, (struct fake_options){.msix_vectors = vectors != 0 ? vectors : -1}, NULL);
        assert_int_equal(rig_start(&rig, vectors), STATUS_SUCCESS);
        assert_true(fake_snd_event_buffers(rig.fake) > 0);
        rig.client[SND_CAPTURE].checks_capture = true;
        rig_open(&rig, SND_RENDER, &dat_format, RENDER_BYTES, 0);
        rig_open(&rig, SND_CAPTURE, &cd_format, RENDER_BYTES, 0);
        rig_state(&rig, SND_CAPTURE, SND_KS_RUN);
        rig.next_tick_us = UINT64_MAX; /* interrupts alone */
        expect_sound(&rig, 500 * MS);
        assert_int_equal(rig.client[SND_CAPTURE].wrong, 0);
        assert_true(rig.client[SND_CAPTURE].filled > 44100 * 4 / 10 * 4);
        assert_int_equal(look(&rig, FAKE_SND_OUTPUT).xruns + look(&rig, FAKE_SND_INPUT).xruns, 0);
        rig_end(&rig);
    }
}

/* Small queues, without indirect tables and event index too: INIT-10, RING-10. */
static void any_queue_size_will_do(void **state)
{
    (void)state;
    for (uint16_t size = 1; size <= 1024; size *= 2) {
        for (unsigned features = 0; features < 4; features++) {
            struct rig rig;
            rig_make(&rig, (struct fake_options){.queue_size = size, .features_off = (uint64_t)features << 28}, NULL);
            NTSTATUS status = rig_start(&rig, 2);
            assert_int_equal(NT_SUCCESS(status), size >= 4);
            if (NT_SUCCESS(status)) {
                rig_open(&rig, SND_RENDER, &dat_format, RENDER_BYTES, 0);
                expect_sound(&rig, 200 * MS);
            } else {
                assert_int_equal(rig.device.reason, VIRTIO_REASON_QUEUE_TOO_SMALL);
            }
            rig_end(&rig);
        }
    }
}

/* HOST-30, SND-04, SND-08, SND-09: what a device says of itself. */
static void nonsense_information_is_survived(void **state)
{
    static const struct {
        const char *fault;
        VIRTIO_REASON reason; /* NONE: it starts */
    } table[] = {
        {"snd-streams=0", VIRTIO_REASON_SND_NO_STREAM},
        {"snd-formats=0", VIRTIO_REASON_SND_NO_STREAM},
        {"snd-formats=0x8000", VIRTIO_REASON_SND_NO_STREAM},
        {"snd-rates=0", VIRTIO_REASON_SND_NO_STREAM},
        {"snd-rates=0xFFFFC000", VIRTIO_REASON_SND_NO_STREAM},
        {"snd-channels=0x0102", VIRTIO_REASON_SND_NO_STREAM},
        {"snd-channels=0x0606", VIRTIO_REASON_SND_NO_STREAM},
        {"snd-info-short=64", VIRTIO_REASON_REQUEST_ANSWER_INVALID},
        {"snd-info-short=5", VIRTIO_REASON_NONE},
        {"snd-fail=0x01008001", VIRTIO_REASON_REQUEST_FAILED},
        {"snd-fail=0x01000000", VIRTIO_REASON_REQUEST_ANSWER_INVALID},
        {"snd-fail=0x0100FFFF", VIRTIO_REASON_REQUEST_FAILED},
        {"snd-fail=0x00018002,snd-jacks=3", VIRTIO_REASON_NONE},
        {"snd-fail=0x02008002,snd-chmaps=3", VIRTIO_REASON_NONE},
        {"snd-streams=0xFFFFFFFF,snd-jacks=0xFFFFFFFF,snd-chmaps=0xFFFFFFFF", VIRTIO_REASON_NONE},
        {"snd-chmaps=5,snd-chmap-channels=255", VIRTIO_REASON_NONE},
        {"snd-channels=0xFF00,snd-formats=0xFFFFFFFFFFFFFFFF,snd-rates=0xFFFFFFFFFFFFFFFF,snd-features=0xFFFFFFFF",
         VIRTIO_REASON_NONE},
        {"used-len=3", VIRTIO_REASON_REQUEST_ANSWER_INVALID},
        {"used-len=0xFFFFFFFF", VIRTIO_REASON_REQUEST_ANSWER_INVALID},
        {"snd-ctrl-silent", VIRTIO_REASON_REQUEST_TIMEOUT},
        {"snd-ctrl-late=1100000", VIRTIO_REASON_REQUEST_TIMEOUT},
        {"snd-ctrl-late=900000", VIRTIO_REASON_NONE},
        {"used-id", VIRTIO_REASON_USED_RING_INVALID},
        {"used-jump", VIRTIO_REASON_USED_RING_INVALID},
        {"gone=60", VIRTIO_REASON_DEVICE_GONE},
    };
    (void)state;
    for (size_t i = 0; i < VIRTIO_ARRAY_COUNT(table); i++) {
        struct rig rig;
        rig_make(&rig, (struct fake_options){0}, table[i].fault);
        NTSTATUS status = rig_start(&rig, 2);
        if (rig.device.reason != table[i].reason && table[i].reason != VIRTIO_REASON_NONE) {
            fail_msg("%s: %s", table[i].fault, VirtioReasonText(rig.device.reason));
        }
        if (NT_SUCCESS(status) != (table[i].reason == VIRTIO_REASON_NONE)) {
            fail_msg("%s: 0x%x, %s", table[i].fault, (unsigned)status, VirtioReasonText(rig.device.reason));
        }
        assert_true(fake_clock_us(rig.fake) < 6 * SECOND); /* HOST-28: bounded */
        assert_true(rig.device.jack_count <= SND_JACKS_MAX && rig.device.chmap_count <= SND_CHMAPS_MAX);
        if (strstr(table[i].fault, "chmap-channels") != NULL) {
            assert_int_equal(rig.device.chmap_count, 0);
        }
        rig_end(&rig);
    }
}

/* SND-29: each command refused with each code fails its state change with a reason; after STOP all is well again. */
static void refused_commands_fail_the_state_change(void **state)
{
    static const UINT32 codes[] = {VIRTIO_SND_S_BAD_MSG, VIRTIO_SND_S_NOT_SUPP, VIRTIO_SND_S_IO_ERR, 0x1234, 0};
    (void)state;
    for (size_t c = 0; c < VIRTIO_ARRAY_COUNT(commands); c++) {
        for (size_t s = 0; s < VIRTIO_ARRAY_COUNT(codes); s++) {
            struct rig rig;
            rig_up(&rig, NULL);
            rig_open(&rig, SND_RENDER, &dat_format, RENDER_BYTES, 0);
            fake_snd_fail(rig.fake, commands[c], codes[s], 1);
            NTSTATUS status = SndClientSetState(&rig.device, SND_RENDER, SND_KS_RUN);
            if (commands[c] == VIRTIO_SND_R_PCM_STOP) {
                assert_int_equal(status, STATUS_SUCCESS);
                status = SndClientSetState(&rig.device, SND_RENDER, SND_KS_PAUSE);
            }
            if (commands[c] == VIRTIO_SND_R_PCM_RELEASE) { /* going to STOP always works for the client */
                assert_int_equal(status, STATUS_SUCCESS);
                assert_int_equal(SndClientSetState(&rig.device, SND_RENDER, SND_KS_STOP), STATUS_SUCCESS);
            } else {
                assert_int_equal(status, STATUS_IO_DEVICE_ERROR);
                assert_int_equal(SndClientSetState(&rig.device, SND_RENDER, SND_KS_RUN), STATUS_IO_DEVICE_ERROR);
                rig_state(&rig, SND_RENDER, SND_KS_STOP);
            }
            bool is_known = codes[s] >= VIRTIO_SND_S_OK;
            assert_int_equal(rig.device.reason,
                             is_known ? VIRTIO_REASON_REQUEST_FAILED : VIRTIO_REASON_REQUEST_ANSWER_INVALID);
            assert_int_equal(rig.device.reason_detail, commands[c] << 16 | codes[s]);
            rig_run(&rig, 20 * MS);
            assert_int_equal(rig.recoveries,
                             commands[c] == VIRTIO_SND_R_PCM_STOP || commands[c] == VIRTIO_SND_R_PCM_RELEASE);
            expect_sound(&rig, 200 * MS);
            rig_end(&rig);
        }
    }
}

/* HOST-28: no answer, or a late one, to each command: the client is answered in time, and the device works again. */
static void missing_answers_end_in_time(void **state)
{
    static const SND_KS_STATE path[] = {SND_KS_RUN, SND_KS_PAUSE, SND_KS_RUN, SND_KS_STOP};
    static const uint64_t delays[] = {1500 * MS, UINT64_MAX};
    (void)state;
    for (size_t silent_at = 0; silent_at < VIRTIO_ARRAY_COUNT(path); silent_at++) {
        for (size_t d = 0; d < VIRTIO_ARRAY_COUNT(delays); d++) {
            struct rig rig;
            rig_up(&rig, NULL);
            rig_open(&rig, SND_RENDER, &dat_format, RENDER_BYTES, 0);
            for (size_t i = 0; i < silent_at; i++) {
                rig_state(&rig, SND_RENDER, path[i]);
                rig_run(&rig, 40 * MS);
            }
            fake_snd_answer_after(rig.fake, delays[d]);
            rig.no_recover = true;
            uint64_t before = fake_clock_us(rig.fake);
            NTSTATUS status = SndClientSetState(&rig.device, SND_RENDER, path[silent_at]);
            assert_true(fake_clock_us(rig.fake) - before < (SND_STATE_TIMEOUT_MS + 100) * MS);
            assert_int_equal(status, path[silent_at] == SND_KS_STOP ? STATUS_SUCCESS : STATUS_IO_TIMEOUT);
            assert_int_equal(rig.device.reason, VIRTIO_REASON_REQUEST_TIMEOUT);
            if (d == 0 &&
                silent_at % 2 == 0) { /* closed before the answer comes: that touches nothing of the client's */
                rig_close(&rig, SND_RENDER);
                rig_run(&rig, 2 * SECOND);
                rig.no_recover = false;
                rig_run(&rig, 2 * SECOND);
                fake_snd_answer_after(rig.fake, 0);
                rig_open(&rig, SND_RENDER, &dat_format, RENDER_BYTES, 0);
            } else {
                rig.no_recover = false;
                rig_run(&rig, 2 * SECOND);
                fake_snd_answer_after(rig.fake, 0);
                rig_state(&rig, SND_RENDER, SND_KS_STOP);
            }
            rig_run(&rig, 2 * SECOND);
            expect_sound(&rig, 200 * MS);
            rig_end(&rig);
        }
    }
}

/* Answers that come slowly, within what is bearable, are waited for. */
static void slow_answers_are_waited_for(void **state)
{
    struct rig rig;
    (void)state;
    rig_up(&rig, "snd-ctrl-late=20000");
    rig_open(&rig, SND_RENDER, &dat_format, RENDER_BYTES, 0);
    rig_open(&rig, SND_CAPTURE, &dat_format, RENDER_BYTES, 0);
    rig_state(&rig, SND_CAPTURE, SND_KS_RUN);
    expect_sound(&rig, 300 * MS);
    rig_state(&rig, SND_RENDER, SND_KS_PAUSE);
    rig_state(&rig, SND_RENDER, SND_KS_STOP);
    assert_int_equal(look(&rig, FAKE_SND_OUTPUT).state, FAKE_SND_RELEASED);
    rig_end(&rig);
}

/* SND-30: any traffic on the event queue; it stays stocked and sound goes on. */
static void any_events_are_tolerated(void **state)
{
    struct rig rig;
    VIRTIO_SND_JACK_INFO jack;
    (void)state;
    rig_up(&rig, "snd-events=100,snd-jacks=2");
    rig_open(&rig, SND_RENDER, &dat_format, RENDER_BYTES, 0);
    expect_sound(&rig, 300 * MS);
    rig_run(&rig, 200);
    assert_true(rig.device.events.taken > 10000 && rig.device.events.unknown > 9000);
    assert_int_equal(rig.device.state, SND_STATE_RUNNING);
    rig_end(&rig);

    rig_up(&rig, "snd-jacks=2");
    unsigned stock = fake_snd_event_buffers(rig.fake);
    assert_int_equal(stock, SND_EVENT_QUEUE_MAX);
    assert_true(fake_snd_event(rig.fake, VIRTIO_SND_EVT_JACK_DISCONNECTED, 1));
    rig_run(&rig, 200);
    assert_int_equal(rig.jacks, 1);
    assert_true(SndDeviceJack(&rig.device, 1, &jack));
    assert_int_equal(jack.connected, 0);
    assert_false(SndDeviceJack(&rig.device, 2, &jack));
    assert_true(fake_snd_event(rig.fake, VIRTIO_SND_EVT_JACK_CONNECTED, 2)); /* HOST-30: no such jack */
    assert_true(fake_snd_event(rig.fake, VIRTIO_SND_EVT_PCM_XRUN, 77));
    assert_true(fake_snd_event(rig.fake, VIRTIO_SND_EVT_PCM_PERIOD_ELAPSED, 0));
    rig_run(&rig, 200);
    assert_int_equal(rig.jacks, 1);
    assert_int_equal(rig.device.events.unknown, 2);
    assert_int_equal(fake_snd_event_buffers(rig.fake), stock);
    assert_true(fake_snd_fault(rig.fake, "used-len=4")); /* HOST-05: half an event is none */
    assert_true(fake_snd_event(rig.fake, VIRTIO_SND_EVT_JACK_CONNECTED, 1));
    rig_run(&rig, 200);
    assert_int_equal(rig.jacks, 1);
    assert_int_equal(rig.device.events.wrong_lengths, 1);
    rig_end(&rig);
}

/* Expects the signal in order, from which whole periods may be missing. Returns how many. */
static unsigned skipped_periods(struct rig *rig)
{
    const uint32_t period = rig->client[SND_RENDER].geometry.period_bytes;
    unsigned skipped = 0;
    size_t length;
    const uint8_t *played = fake_snd_played(rig->fake, &length);
    for (size_t i = 0; i < length; i++) {
        while (i % period == 0 && skipped < 100 && played[i] != fake_snd_byte(i + skipped * period)) {
            skipped++;
        }
        assert_int_equal(played[i], fake_snd_byte(i + skipped * period));
    }
    return skipped;
}

/* INIT-05, HOST-21, and suspend and resume: sound goes on where it was. */
static void sound_resumes_after_a_reset(void **state)
{
    struct rig rig;
    (void)state;
    rig_up(&rig, NULL);
    rig.client[SND_CAPTURE].checks_capture = false;
    rig_open(&rig, SND_RENDER, &dat_format, RENDER_BYTES, 0);
    rig_open(&rig, SND_CAPTURE, &dat_format, RENDER_BYTES, 2);
    rig_state(&rig, SND_CAPTURE, SND_KS_RUN);
    rig_state(&rig, SND_RENDER, SND_KS_RUN);
    for (unsigned i = 0; i < 6; i++) {
        rig_run(&rig, 100 * MS + i * 1300);
        if (i % 3 == 2) {
            SndDeviceStop(&rig.device);
            uint64_t frozen = rig_position(&rig, SND_RENDER).play;
            rig_run(&rig, SECOND);
            assert_int_equal(rig_position(&rig, SND_RENDER).play, frozen);
            assert_int_equal(SndClientSetState(&rig.device, SND_CAPTURE, SND_KS_PAUSE), STATUS_DEVICE_NOT_CONNECTED);
            rig_state(&rig, SND_CAPTURE, SND_KS_STOP);
            assert_int_equal(SndDeviceRecover(&rig.device, VIRTIO_REASON_NONE), STATUS_DEVICE_NOT_CONNECTED);
            assert_int_equal(fake_status(rig.fake), 0); /* a late work item does not wake it */
            assert_int_equal(SndDevicePoll(&rig.device), 0);
            assert_int_equal(SndDeviceRestart(&rig.device), STATUS_SUCCESS);
            rig_state(&rig, SND_CAPTURE, SND_KS_RUN);
        } else {
            fake_need_reset(rig.fake, i % 3 == 0);
            rig_run(&rig, 50 * MS);
            assert_int_equal(rig.device.reason, VIRTIO_REASON_DEVICE_NEEDS_RESET);
        }
    }
    assert_int_equal(rig.recoveries, 4);
    rig_run(&rig, 300 * MS);
    /* what was told to be played although the device had broken down is not played any more */
    assert_in_range(skipped_periods(&rig), 0, 6);
    size_t length;
    (void)fake_snd_played(rig.fake, &length);
    assert_true(length > 192000 * 9 / 10);
    assert_int_equal(look(&rig, FAKE_SND_INPUT).state, FAKE_SND_STARTED);
    assert_int_equal(look(&rig, FAKE_SND_OUTPUT).torn, 0);
    rig_end(&rig);
}

/* A device that broke is waited for, but not for ever; one that is silent after a reset is not reset again and again.
 */
static void a_broken_device_is_waited_for_in_bounds(void **state)
{
    struct rig rig;
    (void)state;
    rig_up(&rig, NULL);
    rig_open(&rig, SND_RENDER, &dat_format, RENDER_BYTES, 0);
    rig_open(&rig, SND_CAPTURE, &dat_format, RENDER_BYTES, 0);
    rig_state(&rig, SND_RENDER, SND_KS_RUN);
    rig_run(&rig, 50 * MS);
    fake_need_reset(rig.fake, true);
    rig_state(&rig, SND_CAPTURE, SND_KS_RUN);
    assert_int_equal(rig.recoveries, 1);
    assert_int_equal(look(&rig, FAKE_SND_INPUT).state, FAKE_SND_STARTED);

    fake_snd_answer_after(rig.fake, UINT64_MAX);
    assert_true(fake_snd_fault(rig.fake, "snd-ctrl-silent")); /* over resets, too */
    fake_need_reset(rig.fake, true);
    rig_run(&rig, 10 * SECOND);
    assert_in_range(rig.recoveries, 3, 5); /* one for each stream's command without an answer */
    assert_int_equal(rig.device.reason, VIRTIO_REASON_REQUEST_TIMEOUT);
    rig_state(&rig, SND_CAPTURE, SND_KS_STOP);
    rig_state(&rig, SND_RENDER, SND_KS_STOP);

    rig.no_recover = true;
    fake_need_reset(rig.fake, true);
    uint64_t before = fake_clock_us(rig.fake);
    assert_int_equal(SndClientSetState(&rig.device, SND_CAPTURE, SND_KS_PAUSE), STATUS_IO_TIMEOUT);
    assert_in_range(fake_clock_us(rig.fake) - before, 2 * SECOND, (SND_STATE_TIMEOUT_MS + 100) * MS);
    rig_end(&rig);
}

/* The client may have written to what it was told was heard: that is not posted again, even if it came back late. */
static void a_reset_replays_nothing_that_was_heard(void **state)
{
    struct rig rig;
    (void)state;
    rig_up(&rig, "snd-late=9000");
    rig_open(&rig, SND_RENDER, &dat_format, RENDER_BYTES, 0);
    rig_state(&rig, SND_RENDER, SND_KS_RUN);
    for (unsigned i = 0; i < 20; i++) {
        rig_run(&rig, 100 * MS + i * 1300);
        uint64_t heard = rig_position(&rig, SND_RENDER).play;
        SndDeviceStop(&rig.device);
        const SND_STREAM *stream = &rig.device.directions[SND_RENDER].stream;
        assert_true((stream->posted_periods + 1) * stream->geometry.period_bytes > heard);
        assert_int_equal(SndDeviceRestart(&rig.device), STATUS_SUCCESS);
    }
    rig_end(&rig);
}

/* HOST-21: a device that asks for a reset again and again is given up, once and for all. */
static void a_storm_of_resets_ends(void **state)
{
    struct rig rig;
    (void)state;
    rig_up(&rig, NULL);
    rig_open(&rig, SND_RENDER, &dat_format, RENDER_BYTES, 0);
    rig_state(&rig, SND_RENDER, SND_KS_RUN);
    for (unsigned i = 0; i < 100; i++) {
        fake_need_reset(rig.fake, false);
        rig_run(&rig, 10 * MS);
    }
    assert_int_equal(rig.device.state, SND_STATE_DEAD);
    assert_int_equal(rig.device.reason, VIRTIO_REASON_DEVICE_NEEDS_RESET);
    assert_int_equal(rig.recoveries, SND_RECOVERIES_MAX + 1);
    assert_int_equal(SndDeviceRestart(&rig.device), STATUS_SUCCESS); /* when the administrator says so */
    rig_run(&rig, 10 * MS);
    assert_int_equal(rig.device.state, SND_STATE_RUNNING);
    rig_end(&rig);
}

/* HOST-16: the device vanishes while it plays; all ends at once. */
static void removal_while_playing(void **state)
{
    struct rig rig;
    (void)state;
    rig_up(&rig, NULL);
    rig_open(&rig, SND_RENDER, &dat_format, RENDER_BYTES, 0);
    rig_open(&rig, SND_CAPTURE, &dat_format, RENDER_BYTES, 0);
    rig_state(&rig, SND_CAPTURE, SND_KS_RUN);
    expect_sound(&rig, 100 * MS);
    fake_remove(rig.fake);
    rig_run(&rig, 20 * MS);
    assert_int_equal(rig.device.reason, VIRTIO_REASON_DEVICE_GONE);
    assert_int_equal(rig.device.state, SND_STATE_DEAD);
    uint64_t frozen = rig_position(&rig, SND_RENDER).play;
    rig_run(&rig, SECOND);
    assert_int_equal(rig_position(&rig, SND_RENDER).play, frozen);
    assert_int_equal(SndClientSetState(&rig.device, SND_CAPTURE, SND_KS_PAUSE), STATUS_DEVICE_NOT_CONNECTED);
    rig_state(&rig, SND_RENDER, SND_KS_STOP);
    rig_end(&rig);
}

/* SND-28: a device that keeps messages over RELEASE is reset before the pages are given up. */
static void kept_messages_are_taken_back_by_a_reset(void **state)
{
    struct rig rig;
    (void)state;
    rig_up(&rig, "snd-keep");
    rig_open(&rig, SND_RENDER, &dat_format, RENDER_BYTES, 0);
    expect_sound(&rig, 103 * MS);
    rig_state(&rig, SND_RENDER, SND_KS_STOP); /* it asks for a recovery itself */
    assert_int_equal(rig.recoveries, 1);
    assert_int_equal(rig.device.reason, VIRTIO_REASON_REQUEST_TIMEOUT);
    rig.client[SND_RENDER].last_play = 0;
    expect_sound(&rig, 103 * MS);
    rig.no_recover = true;
    rig_close(&rig, SND_RENDER);
    assert_int_equal(look(&rig, FAKE_SND_OUTPUT).held, 0);
    assert_int_equal(fake_status(rig.fake), 0);
    rig.no_recover = false;
    rig_run(&rig, 50 * MS);
    rig_open(&rig, SND_RENDER, &dat_format, RENDER_BYTES, 0);
    expect_sound(&rig, 100 * MS);
    rig_end(&rig);
}

/* HOST-10: and when not even the reset ends, the pages are never given up. */
static void pages_are_kept_when_the_reset_does_not_end(void **state)
{
    struct rig rig;
    (void)state;
    rig_up(&rig, NULL);
    rig_open(&rig, SND_RENDER, &dat_format, RENDER_BYTES, 0);
    rig_state(&rig, SND_RENDER, SND_KS_RUN);
    rig_run(&rig, 50 * MS);
    fake_snd_answer_after(rig.fake, UINT64_MAX);
    assert_true(fake_snd_fault(rig.fake, "reset-stuck,stalled"));
    assert_false(SndClientClose(&rig.device, SND_RENDER));
    assert_int_equal(rig.device.state, SND_STATE_DEAD);
    assert_int_equal(rig.device.reason, VIRTIO_REASON_RESET_TIMEOUT);
    assert_false(SndDeviceUninit(&rig.device));
    fake_destroy(rig.fake);
    free(rig.client[SND_RENDER].pfns);
    free(rig.state_block);
    free(rig.ram);
}

/* SND-29: messages that fail, one after the other, fail the stream; its client learns of it. */
static void failing_messages_fail_the_stream(void **state)
{
    struct rig rig;
    (void)state;
    rig_up(&rig, "snd-io-status");
    rig_open(&rig, SND_RENDER, &dat_format, RENDER_BYTES, 0);
    rig_state(&rig, SND_RENDER, SND_KS_RUN);
    rig_run(&rig, SECOND);
    SND_STREAM *stream = &rig.device.directions[SND_RENDER].stream;
    assert_true(stream->is_failed);
    assert_in_range(stream->stats.errors, SND_ERRORS_MAX, SND_ERRORS_MAX + SND_READ_AHEAD);
    assert_int_equal(rig.device.reason, VIRTIO_REASON_REQUEST_FAILED);
    uint64_t frozen = rig_position(&rig, SND_RENDER).play;
    rig_run(&rig, SECOND);
    assert_int_equal(rig_position(&rig, SND_RENDER).play, frozen);
    assert_int_equal(SndClientSetState(&rig.device, SND_RENDER, SND_KS_PAUSE), STATUS_IO_DEVICE_ERROR);
    rig_state(&rig, SND_RENDER, SND_KS_STOP);
    rig_state(&rig, SND_RENDER, SND_KS_RUN);
    rig_end(&rig);
}

/* Wrong use by the glue or by clients is refused. */
static void wrong_use_is_refused(void **state)
{
    struct rig rig;
    SND_FORMAT odd = {48000, 2, 20, 20, FALSE};
    SND_GEOMETRY cut;
    SND_POSITION position;
    UINT32 fifo, delay;
    UINT64 pfns[64] = {0};
    (void)state;
    rig_up(&rig, NULL);
    assert_int_equal(SndClientOpen(&rig.device, SND_RENDER, &odd), STATUS_NOT_SUPPORTED);
    assert_int_equal(SndClientSetState(&rig.device, SND_RENDER, SND_KS_ACQUIRE), STATUS_INVALID_PARAMETER);
    assert_int_equal(SndClientPlanBuffer(&rig.device, SND_RENDER, 0, 0, &cut), STATUS_INVALID_PARAMETER);
    SndClientPosition(&rig.device, SND_RENDER, &position);
    assert_int_equal(position.play + position.write, 0);
    SndClientLatency(&rig.device, SND_RENDER, &fifo, &delay);
    assert_int_equal(fifo + delay, 0);
    assert_int_equal(SndClientOpen(&rig.device, SND_RENDER, &dat_format), STATUS_SUCCESS);
    rig_state(&rig, SND_RENDER, SND_KS_ACQUIRE); /* without a buffer: remembered */
    rig_state(&rig, SND_RENDER, SND_KS_PAUSE);
    assert_int_equal(SndClientSetState(&rig.device, SND_RENDER, SND_KS_RUN), STATUS_INVALID_PARAMETER);
    assert_int_equal(SndClientPlanBuffer(&rig.device, SND_RENDER, RENDER_BYTES, 0, &cut), STATUS_SUCCESS);
    assert_int_equal(SndClientSetBuffer(&rig.device, SND_RENDER, &cut, pfns, 64, 0), STATUS_INVALID_PARAMETER);
    rig_state(&rig, SND_RENDER, SND_KS_STOP);
    assert_int_equal(SndClientSetBuffer(&rig.device, SND_RENDER, &cut, pfns, 4, 0), STATUS_INVALID_PARAMETER);
    assert_int_equal(SndClientSetBuffer(&rig.device, SND_RENDER, &cut, pfns, 64, PAGE), STATUS_INVALID_PARAMETER);
    assert_int_equal(SndClientOpen(&rig.device, SND_RENDER, &cd_format), STATUS_SUCCESS); /* another format */
    rig_open(&rig, SND_RENDER, &dat_format, RENDER_BYTES, 0);
    assert_int_equal(SndClientOpen(&rig.device, SND_RENDER, &cd_format), STATUS_INVALID_PARAMETER);
    SndClientLatency(&rig.device, SND_RENDER, &fifo, &delay);
    assert_int_equal(fifo, SND_READ_AHEAD * 960);
    assert_int_equal(look(&rig, FAKE_SND_OUTPUT).commands, 0); /* nothing of it reached the device */
    expect_sound(&rig, 100 * MS);
    rig_end(&rig);
}

static unsigned random_state;
static unsigned below(unsigned limit)
{
    random_state = random_state * 1103515245 + 12345;
    return random_state >> 16 & 0x7FFF ? (random_state >> 16 & 0x7FFF) % limit : 0;
}

static void random_change(struct rig *rig, unsigned direction)
{
    static const SND_FORMAT formats[] = {{48000, 2, 16, 16, FALSE},
                                         {44100, 1, 16, 16, FALSE},
                                         {96000, 2, 32, 24, FALSE},
                                         {8000, 1, 8, 8, FALSE},
                                         {48000, 2, 32, 32, TRUE}};
    struct client *client = &rig->client[direction];
    if (client->pfns == NULL) {
        const SND_FORMAT *format = &formats[below(VIRTIO_ARRAY_COUNT(formats))];
        client->react_us = 5 * MS;
        rig_open(rig, direction, format, format->rate / 20 * format->channels * format->bits / 8 + below(1000),
                 below(3));
        return;
    }
    SND_KS_STATE now = rig->device.directions[direction].pcm.wanted;
    if (now == SND_KS_STOP && below(4) == 0) {
        rig_close(rig, direction);
        return;
    }
    SND_KS_STATE next = now == SND_KS_STOP  ? SND_KS_ACQUIRE
                        : now == SND_KS_RUN ? SND_KS_PAUSE
                                            : (SND_KS_STATE)(now + (below(3) != 0 ? 1 : -1));
    if (below(8) == 0) {
        next = (SND_KS_STATE)below(4); /* states left out: tolerated */
    }
    if (now == SND_KS_STOP) {
        rig_refill(rig, direction);
        fake_snd_forget(rig->fake);
    }
    rig_state(rig, direction, next);
    if (next == SND_KS_STOP) {
        client->last_play = 0;
    }
}

/* SND-25: 500 random changes of both streams, with resets and slow answers in between; then sound. */
static void five_hundred_random_changes(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 4; seed++) {
        struct rig rig;
        char fault[64];
        random_state = seed;
        snprintf(fault, sizeof(fault), "snd-late=%u,snd-ctrl-late=%u", seed * 1000, (seed - 1) * 700);
        rig_up(&rig, fault);
        for (unsigned i = 0; i < 500; i++) {
            random_change(&rig, below(2));
            rig_run(&rig, below(3) == 0 ? below(60) * MS : below(2000));
            if (below(40) == 0) {
                fake_need_reset(rig.fake, below(2) != 0);
                rig_run(&rig, 10 * MS);
            }
            assert_int_equal(rig.device.state, SND_STATE_RUNNING);
        }
        assert_true(rig.recoveries > 3);
        rig_close(&rig, SND_RENDER);
        rig_open(&rig, SND_RENDER, &dat_format, RENDER_BYTES, 0);
        expect_sound(&rig, 300 * MS);
        rig_end(&rig);
    }
}

/*
 * Every fault in the table: with a legal one sound must be exact; with any other nothing hangs, every call ends, and
 * the driver keeps to its rules.
 */
static void every_fault_is_survived(void **state)
{
    (void)state;
    for (size_t i = 0; i < fake_fault_count; i++) {
        const struct fake_fault *fault = &fake_faults[i];
        struct rig rig;
        rig_make(&rig, (struct fake_options){.seed = i}, fault->name);
        NTSTATUS status = rig_start(&rig, 2);
        bool must_work = fault->legal && strcmp(fault->name, "notify-length") != 0; /* that is one queue's */
        if (must_work && !NT_SUCCESS(status)) {
            fail_msg("%s: 0x%x, %s", fault->name, (unsigned)status, VirtioReasonText(rig.device.reason));
        }
        if (NT_SUCCESS(status)) {
            rig_open(&rig, SND_RENDER, &dat_format, RENDER_BYTES, 0);
            if (must_work) {
                expect_sound(&rig, 200 * MS);
            } else {
                (void)SndClientSetState(&rig.device, SND_RENDER, SND_KS_RUN);
                rig_run(&rig, 200 * MS);
                (void)SndClientSetState(&rig.device, SND_RENDER, SND_KS_PAUSE);
                (void)SndClientSetState(&rig.device, SND_RENDER, SND_KS_STOP);
            }
        }
        assert_true(fake_clock_us(rig.fake) < 20 * SECOND);
        if (rig.device.has_memory) {
            (void)SndClientClose(&rig.device, SND_RENDER);
        }
        if (fault->legal || strncmp(fault->name, "snd", 3) == 0) { /* else the device may have spoilt what it checks */
            rig_check_rules(&rig);
        }
        (void)SndDeviceUninit(&rig.device);
        fake_destroy(rig.fake);
        free(rig.client[SND_RENDER].pfns);
        free(rig.state_block);
        free(rig.ram);
    }
}

static void the_record_says_what_happened(void **state)
{
    struct rig rig;
    VIRTIO_DIAG diag;
    (void)state;
    rig_up(&rig, NULL);
    rig_open(&rig, SND_RENDER, &dat_format, RENDER_BYTES, 2);
    rig.client[SND_RENDER].react_us = 5 * MS;
    rig_state(&rig, SND_RENDER, SND_KS_RUN);
    rig_run(&rig, 500 * MS);
    SndDeviceDescribe(&rig.device, &diag);
    assert_int_equal(diag.version, VIRTIO_DIAG_VERSION);
    assert_int_equal(diag.size, sizeof(diag));
    assert_int_equal(diag.pci_device_id, VIRTIO_SND_DEVICE_ID);
    assert_int_equal(diag.state, SND_STATE_RUNNING);
    assert_int_equal(diag.device_status, 0xF);
    assert_in_range(diag.requests_out, 98, 100);
    assert_int_equal(diag.requests_in, 0);
    assert_int_equal(diag.requests_other, 4); /* PCM_INFO, SET_PARAMS, PREPARE, START */
    assert_int_equal(diag.queue_count, 4);
    assert_int_equal(diag.queues[VIRTIO_SND_QUEUE_TX].in_flight, SND_READ_AHEAD);
    assert_int_equal(diag.queues[VIRTIO_SND_QUEUE_EVENT].in_flight, SND_EVENT_QUEUE_MAX);
    assert_in_range(diag.device_specific[3], 9, 10);
    assert_int_equal(diag.errors, 0);
    assert_true(SndDeviceIsActive(&rig.device));
    rig_state(&rig, SND_RENDER, SND_KS_STOP);
    assert_false(SndDeviceIsActive(&rig.device));
    rig_end(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sound_comes_over_any_interrupt),
        cmocka_unit_test(any_queue_size_will_do),
        cmocka_unit_test(nonsense_information_is_survived),
        cmocka_unit_test(refused_commands_fail_the_state_change),
        cmocka_unit_test(missing_answers_end_in_time),
        cmocka_unit_test(slow_answers_are_waited_for),
        cmocka_unit_test(any_events_are_tolerated),
        cmocka_unit_test(sound_resumes_after_a_reset),
        cmocka_unit_test(a_broken_device_is_waited_for_in_bounds),
        cmocka_unit_test(a_reset_replays_nothing_that_was_heard),
        cmocka_unit_test(a_storm_of_resets_ends),
        cmocka_unit_test(removal_while_playing),
        cmocka_unit_test(kept_messages_are_taken_back_by_a_reset),
        cmocka_unit_test(pages_are_kept_when_the_reset_does_not_end),
        cmocka_unit_test(failing_messages_fail_the_stream),
        cmocka_unit_test(wrong_use_is_refused),
        cmocka_unit_test(five_hundred_random_changes),
        cmocka_unit_test(every_fault_is_survived),
        cmocka_unit_test(the_record_says_what_happened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
