/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A keyboard, a mouse and a tablet on QEMU, all used at random through QMP: after each event the parser must say
 * exactly what was sent, of every device. The usages here are the HID usage tables', the driver's own table has no part
 * in it.
 */
#include <stdio.h>
#include <string.h>

#include "input_state.h"
#include "verify/verify.h"

enum { READS = 4, ROUNDS = 300, HELD_MOST = 8, WAIT_MS = 2000, FAR = 100, TABLET_MOST = 0x7fff };
enum { KEY_PAGE = 7, BUTTON_PAGE = 9 };

static const struct {
    const char *qcode;
    uint16_t usage;
} keys[] = {
    {"a", 0x04},
    {"b", 0x05},
    {"c", 0x06},
    {"d", 0x07},
    {"e", 0x08},
    {"f", 0x09},
    {"g", 0x0a},
    {"h", 0x0b},
    {"i", 0x0c},
    {"j", 0x0d},
    {"k", 0x0e},
    {"l", 0x0f},
    {"m", 0x10},
    {"n", 0x11},
    {"o", 0x12},
    {"p", 0x13},
    {"q", 0x14},
    {"r", 0x15},
    {"s", 0x16},
    {"t", 0x17},
    {"u", 0x18},
    {"v", 0x19},
    {"w", 0x1a},
    {"x", 0x1b},
    {"y", 0x1c},
    {"z", 0x1d},
    {"1", 0x1e},
    {"2", 0x1f},
    {"3", 0x20},
    {"4", 0x21},
    {"5", 0x22},
    {"6", 0x23},
    {"7", 0x24},
    {"8", 0x25},
    {"9", 0x26},
    {"0", 0x27},
    {"ret", 0x28},
    {"esc", 0x29},
    {"backspace", 0x2a},
    {"tab", 0x2b},
    {"spc", 0x2c},
    {"minus", 0x2d},
    {"equal", 0x2e},
    {"bracket_left", 0x2f},
    {"bracket_right", 0x30},
    {"backslash", 0x31},
    {"semicolon", 0x33},
    {"apostrophe", 0x34},
    {"grave_accent", 0x35},
    {"comma", 0x36},
    {"dot", 0x37},
    {"slash", 0x38},
    {"caps_lock", 0x39},
    {"f1", 0x3a},
    {"f2", 0x3b},
    {"f3", 0x3c},
    {"f4", 0x3d},
    {"f5", 0x3e},
    {"f6", 0x3f},
    {"f7", 0x40},
    {"f8", 0x41},
    {"f9", 0x42},
    {"f10", 0x43},
    {"f11", 0x44},
    {"f12", 0x45},
    {"scroll_lock", 0x47},
    {"insert", 0x49},
    {"home", 0x4a},
    {"pgup", 0x4b},
    {"delete", 0x4c},
    {"end", 0x4d},
    {"pgdn", 0x4e},
    {"right", 0x4f},
    {"left", 0x50},
    {"down", 0x51},
    {"up", 0x52},
    {"num_lock", 0x53},
    {"kp_divide", 0x54},
    {"kp_multiply", 0x55},
    {"kp_subtract", 0x56},
    {"kp_add", 0x57},
    {"kp_enter", 0x58},
    {"kp_1", 0x59},
    {"kp_2", 0x5a},
    {"kp_3", 0x5b},
    {"kp_4", 0x5c},
    {"kp_5", 0x5d},
    {"kp_6", 0x5e},
    {"kp_7", 0x5f},
    {"kp_8", 0x60},
    {"kp_9", 0x61},
    {"kp_0", 0x62},
    {"kp_decimal", 0x63},
    {"less", 0x64},
    {"ctrl", 0xe0},
    {"shift", 0xe1},
    {"alt", 0xe2},
    {"meta_l", 0xe3},
    {"ctrl_r", 0xe4},
    {"shift_r", 0xe5},
    {"alt_r", 0xe6},
    {"meta_r", 0xe7},
};
static const char *const buttons[] = {"left", "right", "middle"};
enum { KEYS = sizeof keys / sizeof keys[0], BUTTONS = sizeof buttons / sizeof buttons[0] };

struct desk {
    struct bus *bus;
    struct input_state state;
    bool key[KEYS], button[BUTTONS];
    unsigned held;
    int32_t moved_x, moved_y, at_x, at_y;
    uint32_t random;
    char sent[256];
};

static uint32_t draw(struct desk *d, uint32_t below)
{
    d->random = d->random * 1664525u + 1013904223u;
    return (d->random >> 16) % below;
}

static bool has(const uint32_t *usages, int count, uint32_t wanted)
{
    for (int i = 0; i < count; i++) {
        if (usages[i] == wanted) {
            return true;
        }
    }
    return false;
}

static bool is_as_sent(const struct desk *d)
{
    uint32_t usages[PARSER_MOST];
    int count = input_state_pressed(&d->state, usages);
    if (count != (int)d->held || d->state.moved_x != d->moved_x || d->state.moved_y != d->moved_y ||
        d->state.at_x != d->at_x || d->state.at_y != d->at_y) {
        return false;
    }
    for (unsigned i = 0; i < KEYS; i++) {
        if (d->key[i] && !has(usages, count, KEY_PAGE << 16 | keys[i].usage)) {
            return false;
        }
    }
    for (unsigned i = 0; i < BUTTONS; i++) {
        if (d->button[i] && !has(usages, count, BUTTON_PAGE << 16 | (i + 1))) {
            return false;
        }
    }
    return true;
}

static void send_key(struct desk *d)
{
    unsigned i = draw(d, KEYS);
    for (unsigned other = 0; other < KEYS && d->held >= HELD_MOST && !d->key[i]; other++) {
        i = d->key[other] ? other : i; /* enough is held: one goes up */
    }
    d->key[i] = !d->key[i];
    d->held += d->key[i] ? 1u : -1u;
    snprintf(d->sent, sizeof d->sent,
             "{\"type\":\"key\",\"data\":{\"down\":%s,\"key\":{\"type\":\"qcode\",\"data\":\"%s\"}}}",
             d->key[i] ? "true" : "false", keys[i].qcode);
}

static void send_button(struct desk *d)
{
    unsigned i = draw(d, BUTTONS);
    d->button[i] = !d->button[i];
    d->held += d->button[i] ? 1u : -1u;
    snprintf(d->sent, sizeof d->sent, "{\"type\":\"btn\",\"data\":{\"down\":%s,\"button\":\"%s\"}}",
             d->button[i] ? "true" : "false", buttons[i]);
}

static void send_pair(struct desk *d, const char *type, int32_t x, int32_t y)
{
    snprintf(d->sent, sizeof d->sent,
             "{\"type\":\"%s\",\"data\":{\"axis\":\"x\",\"value\":%d}},{\"type\":\"%s\",\"data\":{\"axis\":\"y\","
             "\"value\":%d}}",
             type, x, type, y);
}

static void choose(struct desk *d)
{
    switch (draw(d, 4)) {
    case 0: {
        int32_t x = (int32_t)draw(d, 2 * FAR + 1) - FAR, y = (int32_t)draw(d, 2 * FAR + 1) - FAR;
        d->moved_x += x;
        d->moved_y += y;
        send_pair(d, "rel", x, y);
        break;
    }
    case 1:
        d->at_x = (int32_t)draw(d, TABLET_MOST + 1);
        d->at_y = (int32_t)draw(d, TABLET_MOST + 1);
        send_pair(d, "abs", d->at_x, d->at_y);
        break;
    case 2:
        send_button(d);
        break;
    default:
        send_key(d);
        break;
    }
}

/* INPUT-04, INPUT-12: both axes of a move in one report, event buffers never run out */
static bool send_and_wait(struct desk *d)
{
    char command[512];
    const char *reply;
    snprintf(command, sizeof command, "{\"execute\":\"input-send-event\",\"arguments\":{\"events\":[%s]}}", d->sent);
    reply = bus_qemu_qmp(d->bus, command);
    if (reply == NULL || strstr(reply, "\"return\"") == NULL) {
        return failed("QEMU does not take %s: %s", d->sent, reply != NULL ? reply : "no reply");
    }
    for (unsigned ms = 0; ms < WAIT_MS; ms++) {
        wdf_pump(1000);
        input_state_take(&d->state);
        if (is_as_sent(d)) {
            return true;
        }
    }
    return failed("after %s: moved %d,%d at %d,%d instead of %d,%d and %d,%d, or keys differ (%u held)", d->sent,
                  d->state.moved_x, d->state.moved_y, d->state.at_x, d->state.at_y, d->moved_x, d->moved_y, d->at_x,
                  d->at_y, d->held);
}

bool case_input_desk(struct run *run)
{
    static struct desk d;
    uint64_t rounds = run->options->count != 0 ? run->options->count : ROUNDS;
    d.bus = run->bus;
    d.random = run->options->system.seed;
    if (!parser_is_loaded()) {
        return failed("input-desk wants --module hidparse.sys=FILE");
    }
    if (!inputs_start(run)) {
        return false;
    }
    for (unsigned i = 0; i < inputs.count; i++) {
        if (!input_judge_open(&inputs.input[i])) {
            return false;
        }
        hid_start_reads(inputs.input[i].hid, READS);
    }
    for (uint64_t i = 0; i < rounds; i++) {
        choose(&d);
        if (!send_and_wait(&d)) {
            return false;
        }
    }
    say("%llu random events of keyboard, mouse and tablet came out exactly as they were sent",
        (unsigned long long)rounds);
    return true;
}
