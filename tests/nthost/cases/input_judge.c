/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What a HID parser that nobody here wrote makes of descriptors and reports. */
#include <stdio.h>
#include <string.h>

#include "input.h"
#include "verify/verify.h"

enum { LONGEST = 8192, TEXT = 1024, REPORTS = 8, WAIT_MS = 200 };

/* Longest report of a collection with its id byte, as our splitter has it. */
static uint32_t longest(const struct hid_map *map, unsigned collection, enum hid_report_type type)
{
    uint32_t most = 0;
    for (unsigned r = 0; r < map->report_count; r++) {
        uint32_t bytes = map->report[r].bits / 8 + 1;
        if (map->report[r].collection == collection && map->report[r].type == type && bytes > most) {
            most = bytes;
        }
    }
    return most;
}

static bool agrees(const struct hid_map *map, unsigned c, const struct parsed_summary *summary)
{
    if (summary->usage_page != map->collection[c].usage_page || summary->usage != map->collection[c].usage) {
        return failed("collection %u: the parser sees usage %02x/%02x", c + 1, summary->usage_page, summary->usage);
    }
    for (int type = HID_INPUT; type <= HID_FEATURE; type++) {
        uint32_t wanted = longest(map, c, (enum hid_report_type)type);
        if (summary->length[type] != wanted) {
            return failed("collection %u: reports of type %d have %u bytes for the parser, %u by their fields", c + 1,
                          type, summary->length[type], wanted);
        }
    }
    return true;
}

/* A refused descriptor, for whoever looks into it. */
static void show_bytes(const uint8_t *bytes, uint32_t length)
{
    char line[3 * 32 + 1];
    for (uint32_t at = 0; at < length; at += 32) {
        for (uint32_t i = 0; i < 32 && at + i < length; i++) {
            snprintf(line + 3 * i, 4, "%02x ", bytes[at + i]);
        }
        say("  %s", line);
    }
}

bool input_judge_open(struct input *input)
{
    const struct hid_map *map = hid_map(input->hid);
    for (unsigned c = 0; c < map->collection_count; c++) {
        uint8_t slice[LONGEST];
        char why[160];
        uint32_t length = hid_slice(hid_identity(input->hid)->descriptor, map, c, slice, sizeof slice);
        input->parsed[c] = parser_open(slice, length, why, sizeof why);
        if (input->parsed[c] == NULL) {
            show_bytes(slice, length);
            return failed("collection %u is refused: %s", c + 1, why);
        }
        if (!agrees(map, c, parser_summary(input->parsed[c]))) {
            return false;
        }
    }
    return true;
}

void input_judge_close(struct input *input)
{
    for (unsigned c = 0; c < HID_COLLECTIONS; c++) {
        if (input->parsed[c] != NULL) {
            parser_close(input->parsed[c]);
            input->parsed[c] = NULL;
        }
    }
}

/* The collection that a report belongs to. */
static unsigned collection_of(const struct hid_map *map, const struct hid_report *report)
{
    for (unsigned r = 0; r < map->report_count; r++) {
        if (map->report[r].type == HID_INPUT && (!map->has_ids || map->report[r].id == report->bytes[0])) {
            return map->report[r].collection;
        }
    }
    return 0; /* the HID class lets no other report through */
}

static void add(char *text, const char *format, unsigned page, unsigned usage, int value)
{
    size_t used = strlen(text);
    snprintf(text + used, TEXT - used, format, page, usage, value);
}

const char *input_report_text(const struct input *input, const struct hid_report *report)
{
    static char text[TEXT];
    const struct hid_map *map = hid_map(input->hid);
    const struct parsed *parsed = input->parsed[collection_of(map, report)];
    uint8_t bytes[HID_REPORT_BYTES + 1] = {0};
    uint32_t usages[PARSER_MOST];
    struct parsed_value values[PARSER_MOST];
    int32_t pressed, valued;
    text[0] = '\0';
    if (parsed == NULL) {
        for (unsigned i = 0; i < report->length; i++) {
            add(text, "%.0u%02x ", 0, report->bytes[i], 0);
        }
        return text;
    }
    memcpy(bytes + !map->has_ids, report->bytes, report->length);
    pressed = parser_pressed(parsed, HID_INPUT, bytes, usages);
    valued = parser_values(parsed, HID_INPUT, bytes, values);
    if (pressed < 0 || valued < 0) {
        snprintf(text, sizeof text, "the parser refuses the report: %#x, %#x", (unsigned)pressed, (unsigned)valued);
        return text;
    }
    snprintf(text, sizeof text,
             "%s:", input_collection_name(parser_summary(parsed)->usage_page, parser_summary(parsed)->usage));
    for (int32_t i = 0; i < pressed; i++) {
        add(text, " %02x/%02x", usages[i] >> 16, usages[i] & 0xffff, 0);
    }
    for (int32_t i = 0; i < valued; i++) {
        add(text, " %02x/%02x=%d", values[i].usage_page, values[i].usage, values[i].value);
    }
    return text;
}

static void show(unsigned number, const struct input *input)
{
    const struct hid_map *map = hid_map(input->hid);
    for (unsigned c = 0; c < map->collection_count; c++) {
        const struct parsed_summary *s = parser_summary(input->parsed[c]);
        say("device %u Col%02u  %02x/%02x %-16s input %u bytes (%u button, %u value caps), output %u, feature %u",
            number, c + 1, s->usage_page, s->usage, input_collection_name(s->usage_page, s->usage),
            s->length[HID_INPUT], s->buttons[HID_INPUT], s->values[HID_INPUT], s->length[HID_OUTPUT],
            s->length[HID_FEATURE]);
    }
}

bool case_input_judge(struct run *run)
{
    if (!parser_is_loaded()) {
        return failed("input-judge wants --module hidparse.sys=FILE");
    }
    if (!inputs_start(run)) {
        return false;
    }
    for (unsigned i = 0; i < inputs.count; i++) {
        struct input *input = &inputs.input[i];
        struct hid_report report;
        if (!input_judge_open(input)) {
            return false;
        }
        show(i, input);
        hid_start_reads(input->hid, HID_READS);
        for (unsigned r = 0; r < REPORTS && hid_wait_report(input->hid, WAIT_MS, &report); r++) {
            const char *text = input_report_text(input, &report);
            say("  %s", text);
            if (strstr(text, "refuses") != NULL) {
                return failed("device %u: %s", i, text);
            }
        }
    }
    return true;
}
