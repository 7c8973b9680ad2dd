/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Case of random events under traffic: of the case's own making, and of Linux's with --tap-above. After each event
 * traffic must go on; every frame that was given to the driver must have come back by each pause (the framework's rule).
 */
#include <stdio.h>

#include "net_traffic.h"
#include "verify/verify.h"

enum { EVENTS = 200, GO_ON_MS = 5000 };

struct life {
    struct run *run;
    struct net_bridge *bridge;
    struct nd_adapter *adapter;
    unsigned number;
};

static void move(struct life *l, unsigned milliseconds)
{
    uint64_t end = l->run->bus->ops->clock_us(l->run->bus) + milliseconds * 1000ull;
    do {
        for (int i = 0; i < 8 && nd_is_running(l->adapter) && nd_send_room(l->adapter); i++) {
            traffic_send(l->adapter);
        }
        nd_send_flush(l->adapter);
        if (l->bridge != NULL) {
            net_bridge_move(l->bridge);
        } else {
            nd_pump(200);
        }
    } while (l->run->bus->ops->clock_us(l->run->bus) < end && !l->run->bus->dead);
}

/* Frames go out again, not just into the driver. */
static bool goes_on(struct life *l)
{
    unsigned long before = nd_counters(l->adapter)->sent;
    for (int ms = 0; ms < GO_ON_MS && nd_counters(l->adapter)->sent < before + 20; ms += 5) {
        move(l, 5);
    }
    return nd_counters(l->adapter)->sent >= before + 20 || failed("no traffic for %d ms", GO_ON_MS);
}

static bool set_link(struct life *l, bool is_up)
{
    char command[128];
    const char *reply;
    snprintf(command, sizeof command, "{\"execute\": \"set_link\", \"arguments\": {\"name\": \"tap%u\", \"up\": %s}}",
             l->number, is_up ? "true" : "false");
    reply = bus_qemu_qmp(l->run->bus, command);
    return reply != NULL;
}

static bool link_is(struct life *l, bool is_up)
{
    for (int ms = 0; ms < GO_ON_MS; ms++) {
        struct nd_properties p;
        nd_properties(l->adapter, &p);
        if (p.link_up == is_up) {
            return true;
        }
        nd_pump(1000);
    }
    return failed("the adapter does not say that the link is %s", is_up ? "up" : "down");
}

static bool pause_and_restart(struct life *l)
{
    nd_pause(l->adapter);
    return nd_restart(l->adapter);
}

static bool reset(struct life *l)
{
    return nd_reset(l->adapter);
}

static bool sleep_and_wake(struct life *l)
{
    return nd_sleep(l->adapter) && nd_wake(l->adapter);
}

static bool halt_and_start(struct life *l)
{
    nd_pause(l->adapter);
    nd_halt(l->adapter, ND_HALT_STOPPED);
    return nd_initialize_again(l->adapter) == 0 && nd_restart(l->adapter);
}

static bool pull_and_plug(struct life *l)
{
    nd_surprise_remove(l->adapter);
    nd_plug_in(l->adapter);
    return nd_initialize_again(l->adapter) == 0 && nd_restart(l->adapter);
}

/* Where the bus cannot pull the cable, the other events stand for it. */
static bool flap(struct life *l)
{
    if (l->run->options->tap_above_count == 0 || l->run->options->fault != NULL || !set_link(l, false)) {
        return pause_and_restart(l);
    }
    return link_is(l, false) && set_link(l, true) && link_is(l, true);
}

static const struct {
    const char *name;
    bool (*happen)(struct life *life);
} events[] = {{"pause and restart", pause_and_restart}, {"reset", reset},   {"sleep and wake", sleep_and_wake},
              {"halt and start", halt_and_start},       {"link flap", flap}, {"removal", pull_and_plug}};
enum { KINDS = sizeof events / sizeof events[0] };

static bool play(struct life *l, unsigned long rounds, unsigned *happened)
{
    bool good = goes_on(l);
    for (unsigned long i = 0; good && i < rounds && !l->run->bus->dead; i++) {
        unsigned kind = traffic_random(KINDS);
        trace("event %lu: %s", i, events[kind].name);
        happened[kind]++;
        good = (events[kind].happen(l) || failed("event %lu: %s", i, events[kind].name)) && goes_on(l);
        move(l, traffic_random(20));
    }
    return good;
}

bool case_net_life(struct run *run)
{
    unsigned happened[KINDS] = {0};
    unsigned long rounds = run->options->count != 0 ? run->options->count : EVENTS;
    struct life l = {.run = run};
    bool good = net_start(run);
    if (good && run->options->tap_above_count != 0) {
        l.bridge = net_bridge_open(run);
        good = l.bridge != NULL;
        say("ready");
    }
    for (unsigned i = 0; good && i < run->net_count; i++) {
        l.adapter = run->net[i];
        l.number = i;
        good = play(&l, rounds, happened);
    }
    for (unsigned i = 0; i < KINDS; i++) {
        say("%6u times %s", happened[i], events[i].name);
    }
    for (unsigned i = 0; i < run->net_count; i++) {
        net_say_counters(i, run->net[i]);
    }
    if (l.bridge != NULL) {
        net_bridge_close(l.bridge);
    }
    return good && !run->bus->dead;
}
