/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The life of sound streams: random changes of state, sleeps, restarts, formats, stalled clients, removal. */
#include "snd.h"
#include "verify/verify.h"

enum { CHANGES = 100, BUFFER_MS = 100, STEP_MS = 60, STALL_MS = 400 };

struct life {
    struct run *run;
    struct snd_client client[2]; /* render, capture */
    struct pc_pin pin[2];
    bool has_pin[2];
    unsigned random, done[8];
};

static unsigned below(struct life *l, unsigned most)
{
    l->random = l->random * 1664525u + 1013904223u;
    return (l->random >> 10) % most;
}

static struct snd_client *open_client(struct life *l, unsigned i)
{
    return l->client[i].stream != NULL ? &l->client[i] : NULL;
}

static bool run_both(struct life *l, unsigned ms)
{
    return snd_run_for(l->run, open_client(l, 0), open_client(l, 1), ms);
}

static bool open_one(struct life *l, unsigned i)
{
    struct pc_format format = snd_format(l->run);
    if (!l->has_pin[i] || open_client(l, i) != NULL) {
        return true;
    }
    format.channels = 1 + below(l, 2);
    format.is_extensible = below(l, 2) != 0;
    if (pc_propose(&l->pin[i], &format) < 0) {
        format.channels = 2;
    }
    return snd_open(l->run, &l->client[i], &l->pin[i], &format, BUFFER_MS, below(l, 3), 0);
}

/* One step up or down from where the stream is; each order of the states is legal that moves by one. */
static bool change_state(struct life *l, struct snd_client *c)
{
    static const enum pc_state targets[] = {PC_STOP, PC_ACQUIRE, PC_PAUSE, PC_RUN, PC_RUN, PC_PAUSE};
    enum pc_state to = targets[below(l, sizeof targets / sizeof targets[0])];
    if (to == PC_RUN) {
        return pc_state(c->stream) == PC_RUN || snd_start(l->run, c);
    }
    if (to == PC_STOP) {
        return snd_stop(l->run, c);
    }
    return pc_set_state(c->stream, to) >= 0 || failed("state %u is refused", (unsigned)to);
}

/* A client that does nothing for a while: what it plays then is poison, but the stream goes on afterwards. */
static bool stall(struct life *l)
{
    uint64_t end = l->run->bus->ops->clock_us(l->run->bus) + STALL_MS * 1000;
    while (l->run->bus->ops->clock_us(l->run->bus) < end && !l->run->bus->dead) {
        pc_pump(1000);
    }
    for (unsigned i = 0; i < 2; i++) {
        struct snd_client *c = open_client(l, i);
        if (c != NULL && pc_state(c->stream) == PC_RUN && !(snd_stop(l->run, c) && snd_start(l->run, c))) {
            return false;
        }
    }
    return true;
}

static bool sleep_and_wake(struct life *l)
{
    pc_sleep(l->run->sound[0], below(l, 2) != 0);
    pc_pump(1000);
    pc_wake(l->run->sound[0]);
    return true;
}

static bool restart(struct life *l)
{
    snd_close(&l->client[0]);
    snd_close(&l->client[1]);
    if (pc_stop(l->run->sound[0]) < 0 || pc_start_again(l->run->sound[0]) < 0) {
        return failed("the device does not start again: %s", event_last_text("no event logged"));
    }
    for (unsigned i = 0; i < 2; i++) {
        l->has_pin[i] = snd_find_pin(l->run, i != 0, &l->pin[i]);
    }
    return true;
}

static bool change(struct life *l)
{
    unsigned i = below(l, 2), what = below(l, 16);
    struct snd_client *c = open_client(l, i);
    l->done[what < 8 ? 0 : what < 10 ? 1 : what < 12 ? 2 : what - 9]++;
    if (what < 8) {
        return c == NULL ? open_one(l, i) : change_state(l, c);
    }
    if (what < 10) {
        snd_close(&l->client[i]);
        return true;
    }
    if (what < 12) {
        return open_one(l, i);
    }
    if (what == 12) {
        return stall(l);
    }
    if (what == 13) {
        return sleep_and_wake(l);
    }
    if (what == 14) {
        return restart(l);
    }
    return pc_ask_everything(l->run->sound[0]);
}

static bool begin(struct run *run, struct life *l)
{
    *l = (struct life){.run = run, .random = run->options->system.seed};
    if (!snd_begin(run)) {
        return false;
    }
    for (unsigned i = 0; i < 2; i++) {
        l->has_pin[i] = snd_find_pin(run, i != 0, &l->pin[i]);
    }
    return true;
}

bool case_snd_life(struct run *run)
{
    uint64_t changes = run->options->count != 0 ? run->options->count : CHANGES;
    struct life l;
    bool good = begin(run, &l);
    for (uint64_t i = 0; good && i < changes; i++) {
        good = (change(&l) && run_both(&l, below(&l, STEP_MS))) || failed("change %llu", (unsigned long long)i);
    }
    if (good) {
        snd_close(&l.client[0]);
        snd_close(&l.client[1]);
        good = open_one(&l, 0) && (open_client(&l, 0) == NULL || (snd_start(run, &l.client[0]) && run_both(&l, 300)));
        say("%llu changes: %u of state, %u closed, %u opened, %u stalls, %u sleeps, %u restarts, %u rounds of properties",
            (unsigned long long)changes, l.done[0], l.done[1], l.done[2], l.done[3], l.done[4], l.done[5], l.done[6]);
    }
    snd_close(&l.client[0]);
    snd_close(&l.client[1]);
    return good;
}

/* The device leaves while it plays and records; Windows says so, then the client closes what it has. */
bool case_snd_unplug(struct run *run)
{
    struct life l;
    bool good = begin(run, &l);
    for (unsigned i = 0; good && i < 2; i++) {
        good = open_one(&l, i) && (open_client(&l, i) == NULL || snd_start(run, &l.client[i]));
    }
    good = good && run_both(&l, 200);
    if (good) {
        pc_pull_out(run->sound[0]);
        for (unsigned i = 0; i < 50; i++) {
            pc_pump(1000);
        }
    }
    snd_close(&l.client[0]);
    snd_close(&l.client[1]);
    return good;
}
