/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A fake network device with the whole network core on it: shared by the network tests. */
#ifndef NET_FIXTURE_H
#define NET_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_driver.h"
#include "fake_net.h"
#include "net_device.h"

/* Guest RAM lies above 4 GiB, so that a truncated address shows. */
#define RAM_START 0x123450000ULL
enum { RAM_SIZE = 48 << 20, DATA_OFFSET = 40 << 20, FRAMES = 600, FRAME_ROOM = 1 << 17 };

/* A frame on its way out. */
struct out {
    uint32_t offset, length; /* in the data area */
    unsigned ended;
    bool cannot_read;
};

struct rig {
    struct fake_device *fake;
    uint8_t *ram;
    size_t ram_used;
    unsigned allocations, fail_allocation; /* the n-th one fails, from 1 */
    int live;                              /* blocks held */
    NET_OPTIONS options;
    NET_DEVICE device;
    struct out out[FRAMES];
    uint32_t piece; /* elements of a frame are this long, 0: one element */
    uint64_t now_ms;
};

extern const virtio_os_ops_t rig_os_ops;

/* options->memory is filled here, type is net; fault may be NULL. */
void rig_make(struct rig *rig, struct fake_options options, const char *fault);
/* Probe, init and start with as many messages. */
NTSTATUS rig_start(struct rig *rig, UINT16 messages);
/* rig_make, rig_start, expects success; the filter lets everything in. */
void rig_up(struct rig *rig, struct fake_options options, const char *fault);
/* Stops, takes everything back (each once), frees, and checks that nothing is held. */
void rig_end(struct rig *rig);
/* Takes back every frame that the device did not finish; returns how many. */
unsigned rig_take_back(struct rig *rig);
/* Sends frame n, whose bytes the test put at rig_data(rig, n's offset). */
NET_TX_RESULT rig_send(struct rig *rig, unsigned n, uint32_t offset, uint32_t length, NET_TX_OFFLOAD offload);
/* Takes sent frames; returns how many; fails unless the status is as expected. */
unsigned rig_reap(struct rig *rig, NET_TX_STATUS expected);
/* Polls the control queue until it no longer is busy, or so many milliseconds passed. */
NET_CTRL_STATUS rig_control(struct rig *rig, unsigned milliseconds);
uint8_t *rig_data(struct rig *rig, uint32_t offset);
NET_RX_QUEUE *rig_rx(struct rig *rig);
NET_TX_QUEUE *rig_tx(struct rig *rig);
/* Fails the test unless the device saw nothing that breaks a rule. */
void rig_check_rules(struct rig *rig);

#endif
