/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* PortCls drivers: what main and the cases do with an adapter's start and end. */
#include "snd.h"
#include "verify/verify.h"

static void init(struct run *run)
{
    pc_init(run->bus, &run->options->system);
}

static void finish(struct run *run)
{
    for (unsigned i = 0; i < run->sound_count; i++) {
        pc_remove(run->sound[i]);
    }
    pc_unload();
}

const struct framework portcls_framework = {"PortCls", "snd", init, finish};

bool snd_begin(struct run *run)
{
    int32_t status = pc_driver_entry(run->image->entry);
    if (status < 0) {
        return failed("DriverEntry returned %#x: %s", (unsigned)status, event_last_text("no event logged"));
    }
    image_discard_init(run->image);
    if (run->bus->function_count == 0) {
        return failed("there is no virtio device on the bus");
    }
    status = pc_start(0, &run->sound[run->sound_count++]);
    return status >= 0 || failed("StartDevice: %#x: %s", (unsigned)status, event_last_text("no event logged"));
}

bool snd_find_pin(struct run *run, bool is_capture, struct pc_pin *pin)
{
    struct pc_pin pins[PC_MAX_PINS];
    unsigned count = pc_pins(run->sound[0], pins);
    for (unsigned i = 0; i < count; i++) {
        if (pins[i].is_capture == is_capture) {
            *pin = pins[i];
            return true;
        }
    }
    return false;
}

struct pc_format snd_format(const struct run *run)
{
    const struct options *o = run->options;
    return (struct pc_format){.channels = o->channels != 0 ? o->channels : 2, .rate = o->rate != 0 ? o->rate : 48000,
                              .bits = o->bits != 0 ? o->bits : 16};
}
