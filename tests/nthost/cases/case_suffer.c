/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A device that departs from the specification: whatever it does, each request ends within Windows 7's time-out and one
 * bus reset, a read that is said to be good was really delivered, and what went wrong stands in the event log.
 */
#include <string.h>

#include "cases.h"
#include "disk.h"
#include "mem/memory.h"
#include "verify/verify.h"

enum { ROUNDS = 60, IN_FLIGHT = 4, TIMEOUT_S = 10, AFTER_RESET_S = 2, BYTES = 8192, POISON = 0xee, SRB_SUCCESS = 1 };

struct sufferer {
    struct disk disk;
    uint8_t *data[IN_FLIGHT];
    unsigned good, bad, resets;
};

/* A block that still holds only poison was never written by the device. */
static bool delivered(const uint8_t *data, uint32_t block_size)
{
    for (uint32_t at = 0; at < BYTES; at += block_size) {
        uint32_t i = 0;
        while (i < block_size && data[at + i] == POISON) {
            i++;
        }
        if (i == block_size) {
            return failed("a read succeeded, but its block %u was never delivered", at / block_size);
        }
    }
    return true;
}

static bool one_round(struct sufferer *s, unsigned round)
{
    struct sp_request r[IN_FLIGHT];
    uint32_t count = BYTES / s->disk.block_size;
    for (unsigned i = 0; i < IN_FLIGHT; i++) {
        bool write = (round + i) % 3 == 0;
        memset(s->data[i], write ? (int)round : POISON, BYTES);
        disk_prepare_io(&s->disk, &r[i], write, (round * IN_FLIGHT + i) % 64 * (uint64_t)count, count, s->data[i]);
        if ((round + i) % 7 == 0) {
            disk_prepare_flush(&s->disk, &r[i]);
        }
        sp_submit(s->disk.adapter, &r[i]);
    }
    for (unsigned i = 0; i < IN_FLIGHT; i++) {
        if (!sp_wait(s->disk.adapter, &r[i], TIMEOUT_S)) {
            s->resets++;
            sp_reset_bus(s->disk.adapter);
            if (!sp_wait(s->disk.adapter, &r[i], AFTER_RESET_S)) {
                return failed("a request outlived its time-out and a bus reset");
            }
        }
        s->good += r[i].srb_status == SRB_SUCCESS;
        s->bad += r[i].srb_status != SRB_SUCCESS;
        if (r[i].srb_status == SRB_SUCCESS && r[i].direction == SP_FROM_DEVICE &&
            (r[i].transferred != r[i].length || !delivered(s->data[i], s->disk.block_size))) {
            return failed("a read of %u bytes succeeded with %u", r[i].length, r[i].transferred);
        }
    }
    return true;
}

static bool started(struct run *run, struct sufferer *s)
{
    return sp_driver_entry(run->image->entry, false) >= 0 && run->bus->function_count != 0 &&
           sp_start(0, &run->adapter[run->adapter_count++]) == SP_STARTED && disk_open(&s->disk, run->adapter[0]) &&
           s->disk.blocks * s->disk.block_size >= 64 * BYTES;
}

bool case_suffer(struct run *run)
{
    struct sufferer s = {.good = 0};
    bool good = true;
    if (!started(run, &s)) {
        say("not started: %s", event_last_text("nothing in the event log"));
        return event_count() > 0 || failed("the device was given up without an entry in the event log");
    }
    for (int i = 0; i < IN_FLIGHT; i++) {
        s.data[i] = memory_alloc(MEMORY_SCATTERED, BYTES, 0, "suffer buffer");
    }
    for (unsigned round = 0; good && round < ROUNDS; round++) {
        good = one_round(&s, round);
    }
    for (int i = 0; i < IN_FLIGHT; i++) {
        memory_free(s.data[i]);
    }
    say("%u requests good, %u failed, %u bus resets; event log: %s", s.good, s.bad, s.resets,
        event_last_text("empty"));
    return good && (s.bad == 0 || event_count() > 0 || failed("requests failed without an entry in the event log"));
}
