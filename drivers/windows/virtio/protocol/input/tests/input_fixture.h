/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A fake input device with the whole input core on it, and a reader of its reports: shared by the input tests. */
#ifndef INPUT_FIXTURE_H
#define INPUT_FIXTURE_H

#include <linux/input-event-codes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fake_device.h"
#include "fake_driver.h"
#include "fake_fault.h"
#include "fake_input.h"
#include "hid_walk.h"
#include "input_device.h"

/* Guest RAM lies above 4 GiB, so that a truncated address shows. */
#define RAM_START 0x123450000ULL
enum { RAM_SIZE = 1 << 20, DMA_OFFSET = 0x340 };

struct rig {
    struct fake_device *fake;
    uint8_t *ram;
    void *state; /* exactly as large as the core asked for */
    INPUT_DEVICE device;
    struct walk walk;
    uint8_t report[WALK_IDS][INPUT_REPORT_MAX]; /* the last one of each id */
    int64_t motion_x;                           /* of all mouse reports */
    unsigned reports;
};

/* Only the fake device: tests may change what it says before rig_start. options->memory and type are filled here. */
void rig_make(struct rig *rig, struct fake_options options, const char *fault);
void rig_end(struct rig *rig);
/* Probe, memory, start. vectors are the same for all: 0 with MSI-X, else VIRTIO_PCI_NO_VECTOR. */
NTSTATUS rig_start(struct rig *rig, UINT16 vector);
/* rig_make for a kind of fake_options.input, rig_start, expects success. */
void rig_up(struct rig *rig, const char *kind, const char *fault);
/* Lets the device work and services it until nothing moves, then reads all reports. */
void rig_settle(struct rig *rig);
/* Takes all reports; each must have the length that the descriptor says. Returns how many. */
unsigned rig_read(struct rig *rig);
void rig_event(struct rig *rig, uint16_t type, uint16_t code, int64_t value);
void rig_syn(struct rig *rig);
/* The event with SYN_REPORT behind it, settled. */
void rig_send(struct rig *rig, uint16_t type, uint16_t code, int64_t value);
/* What the last report of a collection says about a usage. */
int64_t rig_value(struct rig *rig, uint16_t page, uint16_t usage);
/* How many buttons and keys are down in the last reports of all collections. */
unsigned rig_downs(const struct rig *rig);
/* Fails the test unless the device saw nothing that breaks a rule, on the wire and in the registers. */
void rig_check_rules(struct rig *rig);

#endif
