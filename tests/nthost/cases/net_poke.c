/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Case that takes a network adapter once through its life, with a few frames in each state; and frames to send. */
#include "net_traffic.h"
#include "verify/verify.h"

enum { FRAMES = 24 };

static bool all_sent(void *context)
{
    return nd_sends_outstanding(context) == 0 && !nd_is_busy();
}

static bool exchange(struct run *run, struct nd_adapter *a)
{
    for (int i = 0; i < FRAMES && nd_send_room(a); i++) {
        traffic_send(a);
    }
    nd_send_flush(a);
    return net_wait(run, 5000, all_sent, a) || failed("sends were not completed");
}

/* A paused adapter refuses what is sent, at once. */
static bool send_while_paused(struct nd_adapter *a)
{
    unsigned long before = nd_counters(a)->send_failed;
    traffic_send(a);
    nd_send_flush(a);
    return (nd_sends_outstanding(a) == 0 && nd_counters(a)->send_failed == before + 1) ||
           failed("a frame that is sent to a paused adapter must come back at once, not sent");
}

static bool one_life(struct run *run, struct nd_adapter *a)
{
    uint64_t start = run->bus->ops->clock_us(run->bus);
    bool good = exchange(run, a);
    while (good && run->bus->ops->clock_us(run->bus) - start < 3000000) {
        nd_pump(1000); /* long enough for CheckForHang */
    }
    nd_mask_interrupts(a);
    nd_cancel_sends(a);
    good = good && (nd_reset(a) || failed("MiniportResetEx failed")) && exchange(run, a);
    if (good) {
        nd_pause(a);
        good = send_while_paused(a) && (nd_restart(a) || failed("MiniportRestart failed")) && exchange(run, a);
    }
    good = good && ((nd_sleep(a) && nd_wake(a)) || failed("sleep or wake failed")) && exchange(run, a);
    if (good) {
        nd_pause(a);
        nd_halt(a, ND_HALT_STOPPED);
        good = (nd_initialize_again(a) == 0 && nd_restart(a)) || failed("initialising again failed");
    }
    return good && exchange(run, a);
}

static bool unplug(struct run *run, struct nd_adapter *a)
{
    for (int i = 0; i < FRAMES && nd_send_room(a); i++) {
        traffic_send(a);
    }
    nd_send_flush(a);
    nd_surprise_remove(a);
    nd_plug_in(a);
    return ((nd_initialize_again(a) == 0 && nd_restart(a)) || failed("starting after a removal failed")) &&
           exchange(run, a);
}

bool case_net_poke(struct run *run)
{
    bool good = net_start(run);
    for (unsigned i = 0; good && i < run->net_count; i++) {
        good = one_life(run, run->net[i]) && unplug(run, run->net[i]);
        net_say_counters(i, run->net[i]);
    }
    for (unsigned i = 0; good && i < run->net_count; i++) {
        nd_pause(run->net[i]);
        nd_shutdown(run->net[i], i % 2 != 0);
    }
    return good;
}
