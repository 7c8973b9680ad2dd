/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "input_state.h"

#include <string.h>

enum { X = 0x30, Y = 0x31, GENERIC_DESKTOP = 1 };

/* A report as the parser wants it: with an id byte, and as long as the collection's longest. */
static void pad(const struct hid_map *map, const struct hid_report *report, uint8_t bytes[HID_REPORT_BYTES + 1])
{
    memset(bytes, 0, HID_REPORT_BYTES + 1);
    memcpy(bytes + !map->has_ids, report->bytes, report->length);
}

static const struct parsed *parsed_of(const struct input *input, uint8_t id)
{
    const struct hid_map *map = hid_map(input->hid);
    for (unsigned r = 0; r < map->report_count; r++) {
        if (map->report[r].type == HID_INPUT && map->report[r].id == id) {
            return input->parsed[map->report[r].collection];
        }
    }
    return NULL; /* the HID class lets no other report through */
}

/* Axes that reach below zero are a mouse's, others a tablet's. */
static void take_motion(struct input_state *state, const struct input *input, const struct hid_report *report,
                        uint8_t id)
{
    struct parsed_value values[PARSER_MOST];
    uint8_t bytes[HID_REPORT_BYTES + 1];
    int32_t count;
    pad(hid_map(input->hid), report, bytes);
    count = parser_values(parsed_of(input, id), HID_INPUT, bytes, values);
    for (int32_t i = 0; i < count; i++) {
        bool is_x = values[i].usage == X;
        if (values[i].usage_page == GENERIC_DESKTOP && (is_x || values[i].usage == Y)) {
            if (values[i].least < 0) {
                *(is_x ? &state->moved_x : &state->moved_y) += values[i].value;
            } else {
                *(is_x ? &state->at_x : &state->at_y) = values[i].value;
            }
        }
    }
}

void input_state_take(struct input_state *state)
{
    for (unsigned i = 0; i < inputs.count; i++) {
        struct hid_report report;
        while (hid_next_report(inputs.input[i].hid, &report)) {
            uint8_t id = hid_map(inputs.input[i].hid)->has_ids ? report.bytes[0] : 0;
            state->newest[i][id] = report;
            take_motion(state, &inputs.input[i], &report, id);
        }
    }
}

int input_state_pressed(const struct input_state *state, uint32_t usages[PARSER_MOST])
{
    int count = 0;
    for (unsigned i = 0; i < inputs.count; i++) {
        const struct hid_map *map = hid_map(inputs.input[i].hid);
        for (unsigned r = 0; r < map->report_count; r++) {
            const struct hid_report *report = &state->newest[i][map->report[r].id];
            uint32_t more[PARSER_MOST];
            uint8_t bytes[HID_REPORT_BYTES + 1];
            int32_t added;
            if (map->report[r].type != HID_INPUT || report->length == 0) {
                continue;
            }
            pad(map, report, bytes);
            added = parser_pressed(parsed_of(&inputs.input[i], map->report[r].id), HID_INPUT, bytes, more);
            if (added < 0 || count + added > PARSER_MOST) {
                return -1;
            }
            memcpy(usages + count, more, (size_t)added * sizeof more[0]);
            count += added;
        }
    }
    return count;
}
