/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Cases of an input device's life: what it says of itself, sleeps and stops with reads pending, random ends. */
#include "input.h"

#include <string.h>

#include "diag.h"

#include "verify/verify.h"

enum { READS = 4, ACTIVATE = 0xb001f, DEACTIVATE = 0xb0023, NOT_SUPPORTED = (int)0xc00000bb };

static void show(unsigned number, const struct input *input)
{
    static const char *const types[] = {"input", "output", "feature"};
    const struct hid_identity *identity = hid_identity(input->hid);
    const struct hid_map *map = hid_map(input->hid);
    say("device %u: \"%s\" \"%s\" serial \"%s\", HID\\VID_%04X&PID_%04X&REV_%04X, %s", number, identity->manufacturer,
        identity->name, identity->serial, identity->vendor, identity->product, identity->version,
        wdf_messages(input->device) != 0 ? "message interrupts" : "line interrupt");
    say("  report descriptor of %u bytes, %u top-level collections", identity->descriptor_length,
        map->collection_count);
    for (unsigned i = 0; i < map->collection_count; i++) {
        say("  Col%02u  %02x/%02x %s", i + 1, map->collection[i].usage_page, map->collection[i].usage,
            input_collection_name(map->collection[i].usage_page, map->collection[i].usage));
        for (unsigned r = 0; r < map->report_count; r++) {
            if (map->report[r].collection == i) {
                say("         %s report %u of %u bytes", types[map->report[r].type], map->report[r].id,
                    hid_report_length(map, map->report[r].type, map->report[r].id));
            }
        }
    }
}

/* The diagnostic record, by the path of virtio_diag.h, where the driver has one; it must tell the truth. */
static bool show_diag(struct input *input)
{
    uint8_t bytes[VIRTIO_DIAG_HID_REPORT_LENGTH] = {VIRTIO_DIAG_HID_REPORT_ID};
    VIRTIO_DIAG diag;
    int32_t status;
    if (hid_report_length(hid_map(input->hid), HID_FEATURE, VIRTIO_DIAG_HID_REPORT_ID) != sizeof bytes) {
        return true;
    }
    status = hid_get(input->hid, HID_FEATURE, bytes, sizeof bytes);
    if (status != 0 || bytes[0] != VIRTIO_DIAG_HID_REPORT_ID) {
        return failed("the diagnostic record: status %#x, report id %#x", (unsigned)status, bytes[0]);
    }
    memcpy(&diag, bytes + 1, sizeof diag);
    if ((diag.interrupt_mode == VIRTIO_DIAG_INTERRUPT_MESSAGE) != (wdf_messages(input->device) != 0)) {
        return failed("the record says interrupt mode %u, which is not what the system granted", diag.interrupt_mode);
    }
    diag_show(&diag);
    return true;
}

bool case_input_info(struct run *run)
{
    if (!inputs_start(run)) {
        return false;
    }
    for (unsigned i = 0; i < inputs.count; i++) {
        show(i, &inputs.input[i]);
        if (!show_diag(&inputs.input[i])) {
            return false;
        }
    }
    return true;
}

bool case_input_refused(struct run *run)
{
    int32_t status = wdf_driver_entry(run->image->entry);
    if (status < 0 || run->bus->function_count == 0) {
        return failed("DriverEntry returned %#x, %u devices", (unsigned)status, run->bus->function_count);
    }
    if (wdf_start(0, &inputs.input[inputs.count++].device) >= 0) {
        return failed("the driver started a device that it should have refused");
    }
    for (unsigned i = 0; run->options->reason != NULL && i < event_count(); i++) {
        if (strstr(event_at(i)->text, run->options->reason) != NULL) {
            say("refused: %s", event_at(i)->text);
            return true;
        }
    }
    return run->options->reason == NULL || failed("the event log does not say \"%s\"; its last of %u entries: %s",
                                                  run->options->reason, event_count(), event_last_text("none"));
}

/* The first output report of the device, all zero; true when it has none. */
static bool write_something(struct input *input, bool by_set_output)
{
    const struct hid_map *map = hid_map(input->hid);
    uint8_t bytes[HID_REPORT_BYTES] = {0};
    for (unsigned r = 0; r < map->report_count; r++) {
        if (map->report[r].type == HID_OUTPUT) {
            int32_t status;
            bytes[0] = map->report[r].id;
            status = hid_write(input->hid, bytes, hid_report_length(map, HID_OUTPUT, map->report[r].id), by_set_output);
            return status == 0 || failed("an output report ends with %#x", (unsigned)status);
        }
    }
    return true;
}

static bool still_pending(struct input *input, unsigned wanted, const char *when)
{
    struct hid_counts counts = hid_counts(input->hid);
    return (counts.pending == wanted && counts.failed == 0) ||
           failed("%s: %u reads pending instead of %u, %lu failed", when, counts.pending, wanted, counts.failed);
}

/* Once through everything, in a fixed order. */
bool case_input_poke(struct run *run)
{
    if (!inputs_start(run)) {
        return false;
    }
    for (unsigned i = 0; i < inputs.count; i++) {
        struct input *input = &inputs.input[i];
        struct hid_report report;
        int32_t status = hid_control(input->hid, ACTIVATE, 1);
        if (status != 0 && status != NOT_SUPPORTED) {
            return failed("ACTIVATE_DEVICE ends with %#x", (unsigned)status);
        }
        hid_start_reads(input->hid, READS);
        hid_wait_report(input->hid, 20, &report);
        if (!still_pending(input, READS, "after a report") || !write_something(input, false) ||
            !write_something(input, true)) {
            return false;
        }
        hid_cancel_one(input->hid, 1);
        if (!still_pending(input, READS, "after a cancel") || wdf_sleep(input->device) < 0 ||
            wdf_wake(input->device) < 0 || !still_pending(input, READS, "after a sleep")) {
            return failed("sleep and wake with reads pending failed");
        }
        hid_wait_report(input->hid, 20, &report);
        status = hid_control(input->hid, DEACTIVATE, 1);
        if (status != 0 && status != NOT_SUPPORTED) {
            return failed("DEACTIVATE_DEVICE ends with %#x", (unsigned)status);
        }
    }
    return true;
}

/* ---- Random ends ---- */

static uint32_t draw(uint32_t *random, uint32_t below)
{
    *random = *random * 1664525u + 1013904223u;
    return (*random >> 16) % below;
}

static bool one_event(struct run *run, struct input *input, unsigned function, uint32_t *random)
{
    unsigned reads = 1 + draw(random, READS);
    if (input->device == NULL) {
        input->hid = NULL;
        inputs.count--;
        event_clear();
        if (!input_start(run, function)) {
            return false;
        }
    }
    hid_start_reads(input->hid, reads);
    wdf_pump(draw(random, 2000));
    switch (draw(random, 7)) {
    case 0:
        hid_cancel_one(input->hid, draw(random, READS));
        break;
    case 1:
        hid_stop_reads(input->hid);
        break;
    case 2:
        return (wdf_sleep(input->device) >= 0 && wdf_wake(input->device) >= 0) || failed("sleep or wake failed");
    case 3:
        return (wdf_stop(input->device) >= 0 && wdf_start_again(input->device) >= 0) || failed("stop or start failed");
    case 4:
        return write_something(input, draw(random, 2) != 0);
    case 5:
        input_remove(input, false);
        break;
    default:
        input_remove(input, true);
        break;
    }
    return true;
}

bool case_input_life(struct run *run)
{
    uint32_t random = run->options->system.seed;
    uint64_t rounds = run->options->count != 0 ? run->options->count : 300;
    if (!inputs_start(run)) {
        return false;
    }
    /* One device after the other, so that the last of `inputs` is the one at work. */
    while (inputs.count > 1) {
        input_remove(&inputs.input[--inputs.count], false);
    }
    for (uint64_t i = 0; i < rounds; i++) {
        if (!one_event(run, &inputs.input[0], 0, &random)) {
            return false;
        }
    }
    say("%llu random suspends, stops, cancels and removals with reads pending: none lost", (unsigned long long)rounds);
    return true;
}
