/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* KMDF drivers below a HID class: what main and the cases do with a device's start and end. */
#include "input.h"

#include "cpu/mmio.h"
#include "verify/verify.h"

struct inputs inputs;

static void init(struct run *run)
{
    wdf_init(run->bus, &run->options->system);
}

static void finish(struct run *run)
{
    (void)run;
    for (unsigned i = 0; i < inputs.count; i++) {
        if (inputs.input[i].device != NULL) {
            input_remove(&inputs.input[i], false);
        }
    }
    wdf_unload();
    if (mmio_mapped() != 0) {
        rule_broken("mm.leak", "device memory is left mapped after unload");
    }
}

const struct framework wdf_framework = {"KMDF", "input", init, finish};

bool input_start(struct run *run, unsigned function)
{
    struct input *input = &inputs.input[inputs.count++];
    char why[160] = "";
    int32_t status = wdf_start(function, &input->device);
    (void)run;
    if (status < 0) {
        return failed("device %u does not start: %#x: %s", function, (unsigned)status,
                      event_last_text("no event logged"));
    }
    input->hid = hid_open(input->device, why, sizeof why);
    return input->hid != NULL || failed("device %u: %s", function, why);
}

bool inputs_start(struct run *run)
{
    int32_t status = wdf_driver_entry(run->image->entry);
    if (status < 0) {
        return failed("DriverEntry returned %#x", (unsigned)status);
    }
    image_discard_init(run->image);
    if (run->bus->function_count == 0) {
        return failed("there is no virtio device on the bus");
    }
    for (unsigned i = 0; i < run->bus->function_count; i++) {
        if (!input_start(run, i)) {
            return false;
        }
    }
    return true;
}

void input_remove(struct input *input, bool by_surprise)
{
    if (by_surprise) {
        wdf_surprise_removal(input->device);
    }
    input_judge_close(input);
    if (input->hid != NULL) {
        hid_close(input->hid);
        input->hid = NULL;
    }
    wdf_remove(input->device);
    input->device = NULL;
}

const char *input_collection_name(uint16_t usage_page, uint16_t usage)
{
    static const struct {
        uint16_t page, usage;
        const char *name;
    } names[] = {{1, 1, "pointer"},      {1, 2, "mouse"},  {1, 4, "joystick"},          {1, 5, "game pad"},
                 {1, 6, "keyboard"},     {1, 7, "keypad"}, {1, 0x80, "system control"}, {0x0c, 1, "consumer control"},
                 {0x0d, 1, "digitizer"}, {0x0d, 2, "pen"}, {0x0d, 4, "touch screen"}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i].page == usage_page && names[i].usage == usage) {
            return names[i].name;
        }
    }
    return "other";
}
