/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A sentence typed on QEMU's keyboard, letter by letter, and printed as it came out of the HID stack (US layout). */
#include <stdio.h>
#include <string.h>

#include "input_state.h"
#include "verify/verify.h"

enum { KEY_PAGE = 7, USAGE_A = 0x04, USAGE_1 = 0x1e, USAGE_0 = 0x27, USAGE_SPACE = 0x2c, USAGE_SHIFT = 0xe1,
       READS = 4, WAIT_MS = 2000 };

/* The letter of a key usage of the HID usage tables; 0: none that this case types. */
static char letter_of(uint32_t usage, bool shifted)
{
    if (usage >= USAGE_A && usage < USAGE_A + 26) {
        return (char)((shifted ? 'A' : 'a') + (int)(usage - USAGE_A));
    }
    if (usage >= USAGE_1 && usage < USAGE_0) {
        return (char)('1' + (int)(usage - USAGE_1));
    }
    return usage == USAGE_0 ? '0' : usage == USAGE_SPACE ? ' ' : '\0';
}

static bool send_key(struct bus *bus, const char *qcode, bool down)
{
    char command[256];
    const char *reply;
    snprintf(command, sizeof command,
             "{\"execute\":\"input-send-event\",\"arguments\":{\"events\":[{\"type\":\"key\",\"data\":{\"down\":%s,"
             "\"key\":{\"type\":\"qcode\",\"data\":\"%s\"}}}]}}",
             down ? "true" : "false", qcode);
    reply = bus_qemu_qmp(bus, command);
    return (reply != NULL && strstr(reply, "\"return\"") != NULL) || failed("QEMU does not take key %s", qcode);
}

/* Waits until so many keys are held; *letter is the one that is none of the shift keys. */
static bool wait_for_keys(struct input_state *state, int wanted, char *letter)
{
    for (unsigned ms = 0; ms < WAIT_MS; ms++) {
        uint32_t usages[PARSER_MOST];
        int count;
        wdf_pump(1000);
        input_state_take(state);
        count = input_state_pressed(state, usages);
        if (count == wanted) {
            bool shifted = false;
            *letter = '\0';
            for (int i = 0; i < count; i++) {
                shifted = shifted || usages[i] == (KEY_PAGE << 16 | USAGE_SHIFT);
            }
            for (int i = 0; i < count; i++) {
                char key = usages[i] >> 16 == KEY_PAGE ? letter_of(usages[i] & 0xffff, shifted) : '\0';
                *letter = key != '\0' ? key : *letter;
            }
            return true;
        }
    }
    return failed("a key did not come out of the HID stack");
}

static bool type_letter(struct bus *bus, struct input_state *state, char wanted, char *got)
{
    bool shifted = wanted >= 'A' && wanted <= 'Z';
    char qcode[8], none;
    snprintf(qcode, sizeof qcode, wanted == ' ' ? "spc" : "%c", shifted ? wanted - 'A' + 'a' : wanted);
    return (!shifted || send_key(bus, "shift", true)) && send_key(bus, qcode, true) &&
           wait_for_keys(state, shifted ? 2 : 1, got) && send_key(bus, qcode, false) &&
           (!shifted || send_key(bus, "shift", false)) && wait_for_keys(state, 0, &none);
}

bool case_input_type(struct run *run)
{
    static struct input_state state;
    const char *text = run->options->text != NULL ? run->options->text : "Hello Windows 7";
    char out[128] = "";
    if (!parser_is_loaded()) {
        return failed("input-type wants --module hidparse.sys=FILE");
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
    for (size_t i = 0; text[i] != '\0' && i + 1 < sizeof out; i++) {
        if (!type_letter(run->bus, &state, text[i], &out[i])) {
            return false;
        }
    }
    say("typed at QEMU's keyboard:      \"%s\"", text);
    say("came out of the HID stack:     \"%s\"", out);
    return strcmp(out, text) == 0 || failed("it is not what was typed");
}
