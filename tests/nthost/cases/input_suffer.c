/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * An input device that departs from the specification: it is refused with a reason in the event log, or used for a
 * while with events of every kind, LEDs, sleeps and removal, without a hang or a broken rule (HOST-29).
 */
#include "bus/fake.h"
#include "fake_input.h"
#include "input.h"
#include "mem/memory.h"
#include "verify/verify.h"

enum { ROUNDS = 200, READS = 3, EVENT_TYPES = 32 };

static uint32_t random_state;

static uint32_t draw(uint32_t below)
{
    random_state = random_state * 1664525u + 1013904223u;
    return (random_state >> 16) % below;
}

/* Events that fit the device and events that no device has. */
static void send_events(struct fake_device *device)
{
    for (unsigned i = draw(8); i > 0; i--) {
        uint16_t type = (uint16_t)(draw(4) == 0 ? draw(EVENT_TYPES) : 1);
        fake_input_event(device, type, (uint16_t)draw(draw(3) == 0 ? 0x10000 : 256), draw(3) == 0 ? draw(65536) << 16 : draw(2));
    }
    fake_input_event(device, 0, 0, 0);
}

static void write_leds(struct input *input)
{
    const struct hid_map *map = hid_map(input->hid);
    uint8_t bytes[HID_REPORT_BYTES] = {0};
    for (unsigned r = 0; r < map->report_count; r++) {
        if (map->report[r].type == HID_OUTPUT) {
            bytes[0] = map->report[r].id;
            bytes[1] = (uint8_t)draw(8);
            (void)hid_write(input->hid, bytes, hid_report_length(map, HID_OUTPUT, map->report[r].id), draw(2) == 0);
        }
    }
}

static bool use(struct run *run, struct input *input)
{
    struct fake_device *device = bus_fake_device(run->bus, 0);
    hid_start_reads(input->hid, READS);
    for (unsigned round = 0; round < ROUNDS; round++) {
        send_events(device);
        wdf_pump(1000);
        if (draw(8) == 0) {
            write_leds(input);
        }
        if (draw(64) == 0 && (wdf_sleep(input->device) < 0 || wdf_wake(input->device) < 0)) {
            say("given up at a wake-up: %s", event_last_text("nothing logged"));
            return event_count() > 0 || failed("the device was given up without an entry in the event log");
        }
    }
    say("used: %u events logged, the last: %s", event_count(), event_last_text("none"));
    return true;
}

bool case_input_suffer(struct run *run)
{
    struct input *input = &inputs.input[0];
    char why[160] = "";
    random_state = run->options->system.seed;
    if (bus_fake_device(run->bus, 0) == NULL) {
        return failed("input-suffer is for the fake device (--fault)");
    }
    if (wdf_driver_entry(run->image->entry) < 0) {
        return failed("DriverEntry failed");
    }
    inputs.count = 1;
    if (wdf_start(0, &input->device) < 0) {
        say("not started: %s", event_last_text("nothing in the event log"));
        return event_count() > 0 || failed("the device was refused without an entry in the event log");
    }
    input->hid = hid_open(input->device, why, sizeof why);
    return input->hid != NULL ? use(run, input) : failed("HIDCLASS cannot use it: %s", why);
}
