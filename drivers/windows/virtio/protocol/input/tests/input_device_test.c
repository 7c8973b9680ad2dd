/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The whole input core against the fake device: bring-up, events, LEDs, losses, resets, and a device that misbehaves.
 */
#include "input_fixture.h"

static uint64_t seed = 7;

static uint32_t roll(uint32_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed >> 32) % below;
}

/* INPUT-04 to INPUT-06: the event queue is full from DRIVER_OK on, and after each event again. */
static void test_bring_up(void **unused)
{
    static struct rig rig;
    struct fake_queue_view view;
    (void)unused;
    for (unsigned messages = 0; messages < 2; messages++) {
        rig_make(&rig, (struct fake_options){.input = "keyboard"}, NULL);
        assert_int_equal(rig_start(&rig, messages != 0 ? 0 : VIRTIO_PCI_NO_VECTOR), STATUS_SUCCESS);
        assert_int_equal(rig.device.state, INPUT_STATE_RUNNING);
        assert_int_equal(rig.device.events.ring.in_flight, 64);
        rig_send(&rig, EV_KEY, KEY_A, 1);
        assert_int_equal(rig_value(&rig, HID_PAGE_KEYBOARD, 0x04), 1);
        assert_int_equal(rig.device.events.ring.in_flight, 64);
        fake_queue_look(rig.fake, 0, &view);
        assert_int_equal(view.vector, messages != 0 ? 0 : 0xFFFF);
        assert_int_equal(view.chains, 2);
        rig_send(&rig, EV_KEY, KEY_A, 0);
        assert_int_equal(rig_downs(&rig), 0);
        rig_check_rules(&rig);
        rig_end(&rig);
    }
}

/* Every queue size from 1 to the largest; those beyond our limit are made smaller. */
static void test_queue_sizes(void **unused)
{
    static struct rig rig;
    (void)unused;
    for (unsigned size = 1; size <= 32768; size *= 2) {
        rig_make(&rig, (struct fake_options){.input = "mouse", .queue_size = (uint16_t)size}, NULL);
        assert_int_equal(rig_start(&rig, VIRTIO_PCI_NO_VECTOR), STATUS_SUCCESS);
        assert_int_equal(rig.device.events.ring.size, size < 256 ? size : 256);
        for (unsigned i = 0; i < 300; i++) {
            rig_event(&rig, EV_REL, REL_X, 1);
            rig_syn(&rig);
        }
        rig_settle(&rig);
        assert_int_equal(rig.motion_x, 300);
        rig_check_rules(&rig);
        rig_end(&rig);
    }
}

/* INPUT-04: a burst of 10,000 events, served in between. Nothing is lost, nothing suspected. */
static void test_burst(void **unused)
{
    static struct rig rig;
    int64_t sum = 0;
    (void)unused;
    rig_up(&rig, "mouse", NULL);
    rig_send(&rig, EV_KEY, BTN_LEFT, 1);
    for (unsigned i = 0; i < 5000; i++) {
        int32_t step = (int32_t)roll(20) - 10;
        sum += step;
        rig_event(&rig, EV_REL, REL_X, step);
        rig_syn(&rig);
        if (i % 20 == 0) {
            rig_settle(&rig);
        }
    }
    rig_settle(&rig);
    assert_int_equal(rig.motion_x, sum);
    assert_int_equal(rig.device.events.gaps, 0);
    assert_int_equal(rig_value(&rig, HID_PAGE_BUTTON, 1), 1); /* a drag is not ended */
    rig_check_rules(&rig);
    rig_end(&rig);
}

/* INPUT-04: floods while nobody serves the device, which drops reports then. Afterwards no key sticks. */
static void test_flood_with_empty_queue(void **unused)
{
    static struct rig rig;
    (void)unused;
    rig_up(&rig, "keyboard", NULL);
    fake_input_drops(rig.fake, true);
    for (unsigned round = 0; round < 300; round++) {
        uint64_t dropped = fake_input_dropped(rig.fake);
        unsigned events = roll(200);
        for (unsigned i = 0; i < events; i++) {
            rig_event(&rig, EV_KEY, (uint16_t)(KEY_Q + roll(10)), roll(2));
            if (roll(3) == 0) {
                rig_event(&rig, EV_KEY, KEY_LEFTSHIFT, roll(2));
            }
            rig_syn(&rig);
        }
        rig_settle(&rig);
        if (fake_input_dropped(rig.fake) != dropped) {
            assert_int_equal(rig_downs(&rig), 0);
        }
        rig_send(&rig, EV_KEY, KEY_LEFTSHIFT, 0); /* and it works on */
        rig_send(&rig, EV_KEY, KEY_A, 1);
        assert_int_equal(rig_value(&rig, HID_PAGE_KEYBOARD, 0x04), 1);
        rig_send(&rig, EV_KEY, KEY_A, 0);
        for (uint16_t code = KEY_Q; code < KEY_Q + 10; code++) {
            rig_send(&rig, EV_KEY, code, 0);
        }
        assert_int_equal(rig_downs(&rig), 0);
    }
    assert_true(fake_input_dropped(rig.fake) > 1000);
    assert_true(rig.device.events.gaps > 50);
    rig_check_rules(&rig);
    rig_end(&rig);
}

static void write_leds(struct rig *rig, unsigned leds)
{
    UINT8 report[2] = {1, (UINT8)leds};
    assert_int_equal(InputDeviceWriteReport(&rig->device, 1, report, sizeof(report)), STATUS_SUCCESS);
}

/* INPUT-13, INPUT-07: 1000 toggles of caps lock: each gets there, buffers come back, the pool never runs dry. */
static void test_led_toggles(void **unused)
{
    static struct rig rig;
    (void)unused;
    rig_up(&rig, "keyboard", NULL);
    write_leds(&rig, 0); /* the first write tells all three: nobody knows what they show */
    rig_settle(&rig);
    assert_int_equal(fake_input_status_count(rig.fake), 3);
    for (unsigned i = 1; i <= 1000; i++) {
        write_leds(&rig, i % 2 != 0 ? 2 : 0);
        rig_settle(&rig);
        assert_int_equal(fake_input_leds(rig.fake), i % 2 != 0 ? 1u << LED_CAPSL : 0);
    }
    assert_int_equal(fake_input_status_count(rig.fake), 1003);
    const struct fake_input_event *last = fake_input_status(rig.fake, 1002);
    assert_int_equal(last->type, EV_LED);
    assert_int_equal(last->code, LED_CAPSL);
    assert_int_equal(last->value, 0);
    assert_int_equal(rig.device.status.ring.in_flight, 0);
    assert_int_equal(rig.device.status.waited, 0);
    rig_check_rules(&rig);
    rig_end(&rig);
}

/* INPUT-13: the device takes no status buffers: wishes replace each other, and the last one wins. */
static void test_leds_while_full(void **unused)
{
    static struct rig rig;
    (void)unused;
    rig_up(&rig, "keyboard", NULL);
    fake_input_hold_status(rig.fake, true);
    for (unsigned i = 0; i < 500; i++) {
        write_leds(&rig, roll(8));
    }
    write_leds(&rig, 5); /* num lock and scroll lock */
    rig_settle(&rig);
    assert_int_equal(rig.device.status.ring.in_flight, INPUT_STATUS_QUEUE_MAX);
    assert_true(rig.device.status.waited > 0);
    fake_input_hold_status(rig.fake, false);
    rig_settle(&rig);
    assert_int_equal(fake_input_leds(rig.fake), 1u << LED_NUML | 1u << LED_SCROLLL);
    assert_true(fake_input_status_count(rig.fake) < INPUT_STATUS_QUEUE_MAX + 4);
    assert_int_equal(rig.device.status.ring.in_flight, 0);
    rig_check_rules(&rig);
    rig_end(&rig);
}

static void test_led_reports(void **unused)
{
    static struct rig rig;
    UINT8 report[4] = {1, 7, 0, 0};
    (void)unused;
    rig_up(&rig, "keyboard", NULL);
    assert_int_equal(InputDeviceWriteReport(&rig.device, 2, report, 2), STATUS_INVALID_PARAMETER);
    assert_int_equal(InputDeviceWriteReport(&rig.device, 1, report, 1), STATUS_INVALID_PARAMETER);
    assert_int_equal(InputDeviceWriteReport(&rig.device, 1, report, 4), STATUS_SUCCESS); /* padded: HIDCLASS may */
    report[1] = 0xF8;                                                                    /* padding bits mean nothing */
    assert_int_equal(InputDeviceWriteReport(&rig.device, 1, report, 2), STATUS_SUCCESS);
    rig_settle(&rig);
    assert_int_equal(fake_input_leds(rig.fake), 0);
    InputStatusSet(&rig.device.status, 0xFFFF); /* those that the device has, and no other */
    rig_settle(&rig);
    assert_int_equal(fake_input_leds(rig.fake), 7);
    rig_end(&rig);
    rig_up(&rig, "mouse", NULL);
    assert_int_equal(InputDeviceWriteReport(&rig.device, 1, report, 2), STATUS_INVALID_PARAMETER);
    rig_end(&rig);
    rig_up(&rig, "keyboard", "num-queues=1"); /* no status queue: a keyboard without LEDs */
    assert_int_equal(rig.device.layout.output_length, 0);
    assert_int_equal(InputDeviceWriteReport(&rig.device, 1, report, 2), STATUS_INVALID_PARAMETER);
    rig_send(&rig, EV_KEY, KEY_A, 1);
    assert_int_equal(rig_downs(&rig), 1);
    assert_int_equal(InputDeviceRecover(&rig.device, VIRTIO_REASON_NONE), STATUS_SUCCESS);
    rig_check_rules(&rig);
    rig_end(&rig);
}

/* Stop and restart with keys held: up at once, works again, LEDs are told anew; events of the time between are gone. */
static void test_stop_and_restart(void **unused)
{
    static struct rig rig;
    (void)unused;
    rig_up(&rig, "keyboard", NULL);
    write_leds(&rig, 1);
    rig_settle(&rig);
    for (unsigned round = 0; round < 20; round++) {
        rig_send(&rig, EV_KEY, KEY_LEFTSHIFT, 1);
        rig_send(&rig, EV_KEY, KEY_B, 1);
        assert_int_equal(rig_downs(&rig), 2);
        rig_event(&rig, EV_KEY, KEY_B, 0); /* on its way */
        rig_syn(&rig);
        if (round % 2 == 0) {
            InputDeviceStop(&rig.device);
            assert_int_equal(rig.device.state, INPUT_STATE_STOPPED);
            assert_int_equal(rig_read(&rig), 1);
            assert_int_equal(rig_downs(&rig), 0);
            assert_false(InputDeviceService(&rig.device)); /* late interrupts (HOST-09) */
            write_leds(&rig, round % 4);                   /* it is told when it runs again */
        }
        uint64_t told = fake_input_status_count(rig.fake);
        assert_int_equal(InputDeviceRecover(&rig.device, VIRTIO_REASON_NONE), STATUS_SUCCESS);
        rig_settle(&rig);
        assert_int_equal(rig_downs(&rig), 0);
        assert_int_equal(fake_input_status_count(rig.fake), told + 3);
        assert_int_equal(rig.device.events.ring.in_flight, 64);
    }
    rig_send(&rig, EV_KEY, KEY_B, 1);
    assert_int_equal(rig_downs(&rig), 1);
    rig_check_rules(&rig);
    rig_end(&rig);
}

/* INIT-05, HOST-21, HOST-16: the device asks for a reset, with and without an interrupt; then it vanishes. */
static void test_needs_reset_and_removal(void **unused)
{
    static struct rig rig;
    (void)unused;
    rig_up(&rig, "mouse", NULL);
    rig_send(&rig, EV_KEY, BTN_LEFT, 1);
    fake_need_reset(rig.fake, false);
    InputDeviceConfigChanged(&rig.device);
    assert_int_equal(rig.device.state, INPUT_STATE_BROKEN);
    assert_int_equal(rig.device.reason, VIRTIO_REASON_DEVICE_NEEDS_RESET);
    assert_int_equal(InputDeviceRecover(&rig.device, VIRTIO_REASON_NONE), STATUS_SUCCESS);
    rig_read(&rig);
    assert_int_equal(rig_downs(&rig), 0);
    fake_need_reset(rig.fake, true);
    assert_true(InputDevicePoll(&rig.device));
    assert_int_equal(InputDeviceRecover(&rig.device, VIRTIO_REASON_NONE), STATUS_SUCCESS);
    assert_false(InputDevicePoll(&rig.device));
    rig_send(&rig, EV_KEY, BTN_LEFT, 1);
    rig_check_rules(&rig);
    fake_remove(rig.fake);
    assert_true(InputDevicePoll(&rig.device));
    assert_int_equal(rig.device.reason, VIRTIO_REASON_DEVICE_GONE);
    assert_int_not_equal(InputDeviceRecover(&rig.device, VIRTIO_REASON_NONE), STATUS_SUCCESS);
    assert_int_equal(rig.device.state, INPUT_STATE_DEAD);
    rig_read(&rig);
    assert_int_equal(rig_downs(&rig), 0);
    rig_end(&rig);
}

/* The device was reset behind our back, which its status byte tells; a restart demands the features of the first time.
 */
static void test_silent_reset(void **unused)
{
    static struct rig rig;
    (void)unused;
    rig_up(&rig, "keyboard", NULL);
    rig_send(&rig, EV_KEY, KEY_A, 1);
    const VIRTIO_PCI_REGION *common = &rig.device.pci.caps.common;
    fake_mem_write(rig.fake, common->bar, common->offset + 0x14, 1, 0);
    assert_true(InputDevicePoll(&rig.device));
    assert_int_equal(rig.device.reason, VIRTIO_REASON_DEVICE_NEEDS_RESET);
    assert_int_equal(InputDeviceRecover(&rig.device, VIRTIO_REASON_NONE), STATUS_SUCCESS);
    rig_read(&rig);
    assert_int_equal(rig_downs(&rig), 0);
    rig.device.features |= VIRTIO_F_ACCESS_PLATFORM; /* as if it had been on offer then */
    assert_int_equal(InputDeviceRecover(&rig.device, VIRTIO_REASON_NONE), STATUS_NOT_SUPPORTED);
    assert_int_equal(rig.device.reason, VIRTIO_REASON_FEATURE_MISSING);
    assert_int_equal(rig.device.state, INPUT_STATE_DEAD);
    rig_end(&rig);
}

/* An interrupt that never came: the watchdog finds the events. */
static void test_lost_interrupt(void **unused)
{
    static struct rig rig;
    (void)unused;
    rig_up(&rig, "keyboard", NULL);
    rig_event(&rig, EV_KEY, KEY_A, 1);
    rig_syn(&rig);
    assert_false(InputDevicePoll(&rig.device));
    assert_int_equal(rig.device.polled, 2);
    rig_read(&rig);
    assert_int_equal(rig_downs(&rig), 1);
    rig_end(&rig);
}

/* HOST-04, HOST-05: used lengths other than 8. Too short: the event does not count, and nothing stays down. */
static void test_wrong_lengths(void **unused)
{
    static const char *const faults[] = {"used-len=0", "used-len=7", "used-len=9", "used-len=0xFFFFFFFF"};
    static struct rig rig;
    (void)unused;
    for (unsigned i = 0; i < 4; i++) {
        rig_up(&rig, "keyboard", faults[i]);
        rig_send(&rig, EV_KEY, KEY_A, 1);
        assert_int_equal(rig.device.events.wrong_lengths, 2);
        assert_int_equal(rig_downs(&rig), i >= 2);
        write_leds(&rig, 1);
        rig_settle(&rig);
        assert_int_equal(rig.device.status.wrong_lengths != 0, i != 0);
        assert_int_equal(rig.device.state, INPUT_STATE_RUNNING);
        rig_end(&rig);
    }
    rig_up(&rig, "keyboard", NULL);
    rig_send(&rig, EV_KEY, KEY_A, 1);
    fake_input_short(rig.fake, 4); /* it may have been the key's release */
    rig_send(&rig, EV_KEY, KEY_A, 0);
    assert_int_equal(rig_downs(&rig), 0);
    assert_int_equal(rig.device.events.wrong_lengths, 1);
    rig_send(&rig, EV_KEY, KEY_A, 1);
    assert_int_equal(rig_downs(&rig), 1);
    rig_end(&rig);
}

/* HOST-01 to HOST-03, HOST-06: a used ring that makes no sense is noticed, and reset heals it as far as it can. */
static void test_broken_rings(void **unused)
{
    static const char *const faults[] = {"used-id=64", "used-id=0xFFFFFFFF", "used-twice", "used-jump", "used-back=-3"};
    static struct rig rig;
    (void)unused;
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        rig_up(&rig, "keyboard", faults[i]);
        rig_event(&rig, EV_KEY, KEY_A, 1);
        rig_syn(&rig);
        (void)InputDeviceService(&rig.device);
        if (rig.device.state != INPUT_STATE_BROKEN) {
            fail_msg("%s: not noticed", faults[i]);
        }
        assert_int_equal(rig.device.reason, VIRTIO_REASON_USED_RING_INVALID);
        assert_int_equal(rig.device.reason_detail, VIRTIO_INPUT_QUEUE_EVENT);
        assert_false(InputDeviceService(&rig.device));
        assert_true(InputDevicePoll(&rig.device));
        assert_int_equal(InputDeviceRecover(&rig.device, VIRTIO_REASON_NONE), STATUS_SUCCESS);
        rig_read(&rig);
        assert_int_equal(rig_downs(&rig), 0);
        rig_end(&rig);
    }
    rig_up(&rig, "keyboard", "scribble-desc"); /* what the device may write is not read back */
    rig_send(&rig, EV_KEY, KEY_A, 1);
    assert_int_equal(rig.device.state, INPUT_STATE_RUNNING);
    rig_end(&rig);
}

/* INPUT-08: unknown events between the known ones change no report. */
static void test_unknown_events(void **unused)
{
    static struct rig rig;
    (void)unused;
    rig_up(&rig, "keyboard", "input-unknown");
    for (unsigned i = 0; i < 100; i++) {
        rig_send(&rig, EV_KEY, KEY_A, i % 2 == 0);
        assert_int_equal(rig_downs(&rig), i % 2 == 0);
        assert_int_equal(rig.reports, i + 1);
    }
    assert_int_equal(rig.device.reports.stats.unknown, 600);
    rig_end(&rig);
}

/* HOST-29: all bitmaps full, sizes absurd, ranges empty, SYN missing: bounded, and either refused or working. */
static void test_absurd_devices(void **unused)
{
    static const char *const faults[] = {"input-full",
                                         "input-size=255",
                                         "input-size=1",
                                         "input-range",
                                         "input-range=-7",
                                         "input-no-syn",
                                         "input-full,input-size=255,input-range,input-unknown"};
    static const char *const kinds[] = {"keyboard", "mouse", "tablet"};
    static struct rig rig;
    (void)unused;
    for (size_t i = 0; i < 3 * sizeof(faults) / sizeof(faults[0]); i++) {
        rig_make(&rig, (struct fake_options){.input = kinds[i % 3]}, faults[i / 3]);
        NTSTATUS status = rig_start(&rig, VIRTIO_PCI_NO_VECTOR);
        if (status != STATUS_SUCCESS) {
            assert_int_equal(rig.device.reason, VIRTIO_REASON_NO_HID_USAGE);
        }
        for (unsigned n = 0; n < 500 && status == STATUS_SUCCESS; n++) {
            rig_event(&rig, (uint16_t)roll(4), (uint16_t)roll(0x300), (int64_t)roll(0xFFFFFFFF));
            if (roll(3) == 0) {
                rig_syn(&rig);
                rig_settle(&rig);
            }
        }
        rig_check_rules(&rig);
        rig_end(&rig);
    }
}

/* Every fault of the table: bring-up and traffic end in a defined state, within bounds. */
static void test_all_faults(void **unused)
{
    static struct rig rig;
    (void)unused;
    for (size_t i = 0; i < fake_fault_count; i++) {
        rig_make(&rig, (struct fake_options){.input = "tablet"}, fake_faults[i].name);
        NTSTATUS status = rig_start(&rig, 0);
        if (status != STATUS_SUCCESS) {
            assert_int_not_equal(rig.device.reason, VIRTIO_REASON_NONE);
            if (fake_faults[i].legal && fake_faults[i].knob != KNOB_NOTIFY_LENGTH) { /* room for one queue only */
                fail_msg("%s: %s (0x%x)", fake_faults[i].name, VirtioReasonText(rig.device.reason),
                         rig.device.reason_detail);
            }
        }
        for (unsigned n = 0; n < 50; n++) {
            rig_event(&rig, EV_ABS, ABS_X, n);
            rig_event(&rig, EV_KEY, BTN_LEFT, n % 2);
            rig_syn(&rig);
            fake_poll(rig.fake, 10);
            (void)InputDeviceService(&rig.device);
            rig_read(&rig);
            if (InputDevicePoll(&rig.device)) {
                (void)InputDeviceRecover(&rig.device, VIRTIO_REASON_NONE);
            }
        }
        /* A device that returns events in another order means that order. */
        if (fake_faults[i].legal && status == STATUS_SUCCESS && fake_faults[i].knob != KNOB_REORDER) {
            rig_settle(&rig);
            if (rig_value(&rig, HID_PAGE_GENERIC_DESKTOP, HID_USAGE_X) != 49) {
                fail_msg("%s: the last position did not arrive", fake_faults[i].name);
            }
        }
        rig_end(&rig);
    }
}

/* A device that is gone at its n-th access, for every n of a whole life. */
static void test_gone_anywhere(void **unused)
{
    static struct rig rig;
    char fault[32];
    (void)unused;
    for (unsigned n = 1; n < 900; n++) {
        snprintf(fault, sizeof(fault), "gone=%u", n);
        rig_make(&rig, (struct fake_options){.input = "tablet"}, fault);
        if (rig_start(&rig, VIRTIO_PCI_NO_VECTOR) == STATUS_SUCCESS) {
            rig_send(&rig, EV_KEY, BTN_LEFT, 1);
            (void)InputDeviceRecover(&rig.device, VIRTIO_REASON_NONE);
        } else {
            assert_int_equal(rig.device.reason, VIRTIO_REASON_DEVICE_GONE);
        }
        rig_end(&rig);
    }
}

/* HOST-10: a device that does not finish its reset keeps the memory. */
static void test_stuck_reset(void **unused)
{
    static struct rig rig;
    (void)unused;
    rig_make(&rig, (struct fake_options){.input = "mouse"}, "reset-stuck");
    assert_int_not_equal(rig_start(&rig, VIRTIO_PCI_NO_VECTOR), STATUS_SUCCESS);
    assert_false(InputDeviceUninit(&rig.device));
    rig_end(&rig);
    rig_up(&rig, "mouse", NULL);
    assert_true(InputDeviceUninit(&rig.device));
    assert_int_equal(rig.device.state, INPUT_STATE_NONE);
    rig_end(&rig);
}

/* A device that never pauses: one service call takes a bounded number of events and says that there is more. */

static void test_bounded_service(void **unused)
{
    static struct rig rig;
    (void)unused;
    rig_make(&rig, (struct fake_options){.input = "mouse"}, NULL);
    assert_int_equal(rig_start(&rig, VIRTIO_PCI_NO_VECTOR), STATUS_SUCCESS);
    for (unsigned i = 0; i < 2000; i++) { /* they wait in the device, which refills at each kick */
        rig_event(&rig, EV_REL, REL_X, 1);
        rig_syn(&rig);
    }
    uint64_t before = rig.device.reports.stats.events;
    assert_true(InputDeviceService(&rig.device));
    assert_int_equal(rig.device.reports.stats.events - before, 64 * INPUT_DRAIN_PASSES);
    rig_settle(&rig);
    assert_int_equal(rig.motion_x, 2000);
    rig_end(&rig);
}

static void test_describe(void **unused)
{
    static struct rig rig;
    VIRTIO_DIAG diag;
    (void)unused;
    memset(&rig, 0, sizeof(rig));
    InputDeviceDescribe(&rig.device, &diag); /* of nothing */
    assert_int_equal(diag.state, 0);
    rig_up(&rig, "keyboard", NULL);
    rig_send(&rig, EV_KEY, KEY_A, 1);
    rig_send(&rig, EV_MSC, MSC_SCAN, 1);
    write_leds(&rig, 1);
    rig_settle(&rig);
    InputDeviceDescribe(&rig.device, &diag);
    assert_int_equal(diag.state, 2);
    assert_int_equal(diag.pci_device_id, 0x1052);
    assert_int_equal(diag.device_status, 0x0F);
    assert_int_equal(diag.requests_in, 4);
    assert_int_equal(diag.requests_out, 3);
    assert_int_equal(diag.requests_other, 1);
    assert_int_equal(diag.device_specific[0], 1);
    assert_int_equal(diag.device_specific[3], rig.device.descriptor_length);
    assert_int_equal(diag.queue_count, 2);
    assert_int_equal(diag.queues[0].in_flight, 64);
    assert_int_equal(diag.queues[1].index, 1);
    assert_int_equal(diag.queues[1].size, 16);
    assert_int_equal(diag.queues[1].device_size, 64);
    rig_end(&rig);
}

static void test_wrong_calls(void **unused)
{
    static struct rig rig;
    static const INPUT_VECTORS vectors = {0xFFFF, 0xFFFF, 0xFFFF};
    INPUT_MEMORY memory = {0};
    (void)unused;
    rig_make(&rig, (struct fake_options){.input = "mouse"}, NULL);
    assert_int_equal(InputDeviceStart(&rig.device, &memory, &vectors), STATUS_INVALID_PARAMETER);
    assert_int_equal(InputDeviceRecover(&rig.device, VIRTIO_REASON_NONE), STATUS_INVALID_PARAMETER);
    assert_int_equal(InputDeviceProbe(&rig.device, &fake_driver_ops, rig.fake), STATUS_SUCCESS);
    assert_int_equal(InputDeviceRecover(&rig.device, VIRTIO_REASON_NONE), STATUS_INVALID_PARAMETER);
    rig_end(&rig);
    rig_make(&rig, (struct fake_options){.type = "input", .pci_device_id = 0x1042}, NULL);
    assert_int_not_equal(InputDeviceProbe(&rig.device, &fake_driver_ops, rig.fake), STATUS_SUCCESS);
    assert_int_equal(rig.device.reason, VIRTIO_REASON_NOT_A_VIRTIO_DEVICE);
    rig_end(&rig);
}

#define TEST(name) cmocka_unit_test(name)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_bring_up),
        TEST(test_queue_sizes),
        TEST(test_burst),
        TEST(test_flood_with_empty_queue),
        TEST(test_led_toggles),
        TEST(test_leds_while_full),
        TEST(test_led_reports),
        TEST(test_stop_and_restart),
        TEST(test_needs_reset_and_removal),
        TEST(test_silent_reset),
        TEST(test_lost_interrupt),
        TEST(test_wrong_lengths),
        TEST(test_broken_rings),
        TEST(test_unknown_events),
        TEST(test_absurd_devices),
        TEST(test_all_faults),
        TEST(test_gone_anywhere),
        TEST(test_stuck_reset),
        TEST(test_bounded_service),
        TEST(test_describe),
        TEST(test_wrong_calls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
