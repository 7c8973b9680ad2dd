/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Keys of the fake keyboard, by the parser's word: each Linux key code gives one usage or none and releases it, random
 * chords are what is held at any time, LEDs reach the device. Which usage a code has is learnt here, not taken from the
 * driver's table.
 */
#include <string.h>

#include "bus/fake.h"
#include "fake_input.h"
#include "input_state.h"
#include "verify/verify.h"

enum { EV_SYN = 0, EV_KEY = 1, EV_LED = 0x11, CODES = 0x2e8, FIRST_BUTTON = 0x100, LAST_BUTTON = 0x15f };
enum { READS = 4, HELD_MOST = 12, SETTLE_MS = 40, TOGGLES = 20000, LED_REPORT = 1, LEDS = 5 };

struct keyboard {
    struct input *input;
    struct fake_device *device;
    struct input_state state;
    uint32_t usage[CODES]; /* 0: none */
    bool held[CODES];
    unsigned held_count;
    uint32_t random;
};

static uint32_t draw(struct keyboard *k, uint32_t below)
{
    k->random = k->random * 1664525u + 1013904223u;
    return (k->random >> 16) % below;
}

static bool is_button(unsigned code)
{
    return code >= FIRST_BUTTON && code <= LAST_BUTTON;
}

/* Whether exactly the usages of the held keys are pressed. */
static bool is_as_held(struct keyboard *k)
{
    uint32_t usages[PARSER_MOST];
    int count = input_state_pressed(&k->state, usages), seen = 0;
    for (unsigned code = 0; code < CODES; code++) {
        bool found = false, is_first = true;
        for (unsigned other = 0; other < code && is_first; other++) {
            is_first = !k->held[other] || k->usage[other] != k->usage[code];
        }
        if (!k->held[code] || k->usage[code] == 0 || !is_first) {
            continue;
        }
        for (int i = 0; i < count && !found; i++) {
            found = usages[i] == k->usage[code];
        }
        if (!found) {
            return false;
        }
        seen++;
    }
    return count == seen;
}

static void send(struct keyboard *k, unsigned code, bool down)
{
    fake_input_event(k->device, EV_KEY, (uint16_t)code, down);
    k->held_count += down - (unsigned)k->held[code];
    k->held[code] = down;
}

static bool settles(struct keyboard *k)
{
    /* Never without a look at the device: a queue that fills up makes the driver believe that events were lost. */
    for (unsigned ms = 0; ms < SETTLE_MS; ms++) {
        wdf_pump(1000);
        input_state_take(&k->state);
        if (is_as_held(k)) {
            return true;
        }
    }
    return false;
}

/* Learns the usage of one code; false, with a line, when it has several or does not go away. */
static bool learn(struct keyboard *k, unsigned code)
{
    uint32_t usages[PARSER_MOST];
    int count = 0;
    send(k, code, true);
    fake_input_event(k->device, EV_SYN, 0, 0);
    for (unsigned ms = 0; ms < 4 && count == 0; ms++) {
        wdf_pump(1000);
        input_state_take(&k->state);
        count = input_state_pressed(&k->state, usages);
    }
    if (count > 1 || count < 0) {
        return failed("key code %#x: %d usages at once", code, count);
    }
    k->usage[code] = count == 1 ? usages[0] : 0;
    send(k, code, false);
    fake_input_event(k->device, EV_SYN, 0, 0);
    return settles(k) || failed("key code %#x: its usage stays after the release", code);
}

static bool learn_all(struct keyboard *k)
{
    unsigned mapped = 0, all = 0;
    for (unsigned code = 1; code < CODES; code++) {
        if (!is_button(code)) {
            if (!learn(k, code)) {
                return false;
            }
            all++;
            mapped += k->usage[code] != 0;
        }
    }
    say("%u of %u key codes have a usage", mapped, all);
    return mapped != 0 || failed("no key code has a usage");
}

/* Both sides of a mismatch, for whoever looks into it. */
static void show_mismatch(struct keyboard *k)
{
    uint32_t usages[PARSER_MOST];
    int count = input_state_pressed(&k->state, usages);
    struct hid_counts counts = hid_counts(k->input->hid);
    say("  %lu reports, %u reads pending, %llu events without a buffer; the parser gives %d", counts.good,
        counts.pending, (unsigned long long)fake_input_waiting(k->device), count);
    for (int i = 0; i < count; i++) {
        say("  pressed %02x/%02x", usages[i] >> 16, usages[i] & 0xffff);
    }
    for (unsigned code = 0; code < CODES; code++) {
        if (k->held[code]) {
            say("  held    %02x/%02x (code %#x)", k->usage[code] >> 16, k->usage[code] & 0xffff, code);
        }
    }
}

/* INPUT-04, INPUT-12 */
static bool toggle_some(struct keyboard *k)
{
    for (unsigned some = 1 + draw(k, 4); some > 0; some--) {
        unsigned code = 1 + draw(k, CODES - 1);
        bool down = !k->held[code];
        if (!is_button(code) && k->usage[code] != 0 && (!down || k->held_count < HELD_MOST)) {
            send(k, code, down);
        }
    }
    fake_input_event(k->device, EV_SYN, 0, 0);
    if (!settles(k)) {
        show_mismatch(k);
        return failed("what is pressed is not what is held (%u keys)", k->held_count);
    }
    return true;
}

/* Keys that are held over a sleep are either still pressed afterwards, or released; never stuck once they are up. */
static bool sleep_with_keys(struct keyboard *k)
{
    if (wdf_sleep(k->input->device) < 0 || wdf_wake(k->input->device) < 0) {
        return failed("sleep or wake failed");
    }
    for (unsigned code = 1; code < CODES; code++) {
        if (k->held[code]) {
            send(k, code, false);
        }
    }
    fake_input_event(k->device, EV_SYN, 0, 0);
    return settles(k) || failed("a key is stuck after a sleep");
}

/* INPUT-13 */
static bool leds_reach(struct keyboard *k)
{
    for (uint8_t leds = 0; leds < 1 << LEDS; leds++) {
        uint8_t report[2] = {LED_REPORT, leds};
        int32_t status = hid_write(k->input->hid, report, sizeof report, leds % 2 != 0);
        for (unsigned ms = 0; ms < SETTLE_MS && status == 0 && fake_input_leds(k->device) != leds; ms++) {
            wdf_pump(1000);
        }
        if (status != 0 || fake_input_leds(k->device) != leds) {
            return failed("LEDs %#x: status %#x, the device has %#x", leds, (unsigned)status,
                          fake_input_leds(k->device));
        }
    }
    say("all %u combinations of LEDs reach the device", 1u << LEDS);
    return true;
}

static bool prepare(struct run *run, struct keyboard *k)
{
    k->device = bus_fake_device(run->bus, 0);
    k->random = run->options->system.seed;
    if (k->device == NULL || !parser_is_loaded()) {
        return failed("input-keys wants the fake device (--fault none) and a parser (--module hidparse.sys=FILE)");
    }
    for (unsigned code = 1; code < CODES; code++) {
        fake_input_bit(k->device, EV_KEY, (uint16_t)code, !is_button(code));
    }
    for (uint16_t led = 0; led < LEDS; led++) {
        fake_input_bit(k->device, EV_LED, led, true);
    }
    if (!inputs_start(run) || !input_judge_open(&inputs.input[0])) {
        return false;
    }
    k->input = &inputs.input[0];
    hid_start_reads(k->input->hid, READS);
    return true;
}

bool case_input_keys(struct run *run)
{
    static struct keyboard k;
    uint64_t count = run->options->count != 0 ? run->options->count : TOGGLES;
    if (!prepare(run, &k) || !learn_all(&k) || !leds_reach(&k)) {
        return false;
    }
    for (uint64_t i = 0; i < count; i++) {
        if (!toggle_some(&k) || (i % 1000 == 999 && !sleep_with_keys(&k))) {
            return false;
        }
    }
    say("%llu random chords: pressed is what is held", (unsigned long long)count);
    return true;
}
