/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Events from QEMU's side (QMP input-send-event) and what came out of the HID stack. */
#include "input.h"

#include <stdio.h>
#include <string.h>

#include "verify/verify.h"

enum { READS = 4, WAIT_MS = 2000 };

/*
 * The events of one command, the kind of collection that must have something to say about it, and what the parser must
 * read in the newest report: words that stand there, and one that does not.
 */
static const struct {
    const char *name, *events;
    uint16_t usage_page, usage;
    const char *wanted[2], *unwanted;
} sent[] = {
    {"key a down",
     "{\"type\":\"key\",\"data\":{\"down\":true,\"key\":{\"type\":\"qcode\",\"data\":\"a\"}}}",
     1,
     6,
     {" 07/04"},
     NULL},
    {"key a up",
     "{\"type\":\"key\",\"data\":{\"down\":false,\"key\":{\"type\":\"qcode\",\"data\":\"a\"}}}",
     1,
     6,
     {"keyboard:"},
     " 07/04"},
    {"moved by 5, -3",
     "{\"type\":\"rel\",\"data\":{\"axis\":\"x\",\"value\":5}},{\"type\":\"rel\",\"data\":{\"axis\":\"y\",\"value\":-3}"
     "}",
     1,
     2,
     {" 01/30=5", " 01/31=-3"},
     NULL},
    {"button left down", "{\"type\":\"btn\",\"data\":{\"down\":true,\"button\":\"left\"}}", 1, 2, {" 09/01"}, NULL},
    {"button left up", "{\"type\":\"btn\",\"data\":{\"down\":false,\"button\":\"left\"}}", 1, 2, {"mouse:"}, " 09/01"},
    {"moved to 100, 200",
     "{\"type\":\"abs\",\"data\":{\"axis\":\"x\",\"value\":100}},{\"type\":\"abs\",\"data\":{\"axis\":\"y\",\"value\":"
     "200}}",
     1,
     2,
     {" 01/30=100", " 01/31=200"},
     NULL},
};

static bool has_collection(const struct hid_map *map, uint16_t usage_page, uint16_t usage)
{
    for (unsigned i = 0; i < map->collection_count; i++) {
        if (map->collection[i].usage_page == usage_page && map->collection[i].usage == usage) {
            return true;
        }
    }
    return false;
}

/* Whether a report says what was sent; without a parser any report will do. */
static bool is_as_sent(size_t event, const char *text)
{
    for (unsigned i = 0; parser_is_loaded() && i < 2; i++) {
        if (sent[event].wanted[i] != NULL && strstr(text, sent[event].wanted[i]) == NULL) {
            return false;
        }
    }
    return !parser_is_loaded() || sent[event].unwanted == NULL || strstr(text, sent[event].unwanted) == NULL;
}

/* Shows the reports of all devices until one says what was sent; false when none came in time. */
static bool came_out(size_t event)
{
    for (unsigned waited = 0; waited < WAIT_MS; waited++) {
        for (unsigned i = 0; i < inputs.count; i++) {
            struct hid_report report;
            while (hid_next_report(inputs.input[i].hid, &report)) {
                const char *text = input_report_text(&inputs.input[i], &report);
                say("  %-18s device %u: %s", sent[event].name, i, text);
                if (is_as_sent(event, text)) {
                    return true;
                }
            }
        }
        wdf_pump(1000);
    }
    return failed("%s: no report in %u ms says so", sent[event].name, WAIT_MS);
}

static bool is_wanted(size_t event)
{
    for (unsigned i = 0; i < inputs.count; i++) {
        if (has_collection(hid_map(inputs.input[i].hid), sent[event].usage_page, sent[event].usage)) {
            return true;
        }
    }
    return false;
}

bool case_input_events(struct run *run)
{
    unsigned count = 0;
    if (!inputs_start(run)) {
        return false;
    }
    for (unsigned i = 0; i < inputs.count; i++) {
        if (parser_is_loaded() && !input_judge_open(&inputs.input[i])) {
            return false;
        }
        hid_start_reads(inputs.input[i].hid, READS);
    }
    for (size_t e = 0; e < sizeof sent / sizeof sent[0]; e++) {
        char command[512];
        const char *reply;
        if (!is_wanted(e)) {
            continue;
        }
        snprintf(command, sizeof command, "{\"execute\":\"input-send-event\",\"arguments\":{\"events\":[%s]}}",
                 sent[e].events);
        reply = bus_qemu_qmp(run->bus, command);
        if (reply != NULL && strstr(reply, "Input handler not found") != NULL) {
            continue; /* a mouse takes no absolute positions, a tablet no relative ones */
        }
        if (reply == NULL || strstr(reply, "\"return\"") == NULL) {
            return failed("QEMU does not take input-send-event: %s", reply != NULL ? reply : "no reply");
        }
        if (!came_out(e)) {
            return false;
        }
        count++;
    }
    say("%u of %zu events came out as they were sent%s", count, sizeof sent / sizeof sent[0],
        parser_is_loaded() ? ", by the parser's word" : " (by their number only: no --module)");
    return count != 0 || failed("no event was sent");
}
