/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A fake block device with the whole block core on it: shared by the block tests. */
#ifndef BLK_FIXTURE_H
#define BLK_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "blk_device.h"
#include "blk_scsi.h"
#include "fake_blk.h"
#include "fake_device.h"
#include "fake_driver.h"

/* Guest RAM lies above 4 GiB, so that a truncated address shows. */
#define RAM_START 0x123450000ULL
enum { RAM_SIZE = 8 << 20, DATA_OFFSET = 4 << 20, COMMANDS = 300 };

/* One command in flight. */
struct command {
    BLK_REQUEST request;
    SCSI_ACTION action;
    unsigned ended; /* how often it came back */
    bool given_back;
};

struct rig {
    struct fake_device *fake;
    uint8_t *ram;
    size_t ram_used;
    unsigned allocations, fail_allocation; /* the n-th one fails, from 1 */
    int live;                              /* blocks held */
    BLK_DEVICE device;
    BLK_REQUEST_LIST done;
    struct command command[COMMANDS];
    uint32_t piece; /* the data buffer's elements are this long, 0: one element */
    UINT64 data_address;
    UINT32 data_length;
};

extern const virtio_os_ops_t rig_os_ops;

/* options->memory is filled here; fault may be NULL. */
void rig_make(struct rig *rig, struct fake_options options, const char *fault);
void rig_end(struct rig *rig);
/* Probe and start. */
NTSTATUS rig_start(struct rig *rig, UINT16 config_vector, UINT16 queue_vector);
/* rig_make, rig_start, expects success. */
void rig_up(struct rig *rig, struct fake_options options, const char *fault);

/* Executes a CDB as command n with a data buffer of length bytes at offset in the data area. Returns: started. */
bool rig_cdb(struct rig *rig, unsigned n, const UINT8 *cdb, UINT8 cdb_length, uint32_t offset, UINT32 length);
bool rig_read(struct rig *rig, unsigned n, uint64_t lba, uint32_t blocks, uint32_t offset);
bool rig_write(struct rig *rig, unsigned n, uint64_t lba, uint32_t blocks, uint32_t offset, bool fua);
bool rig_flush(struct rig *rig, unsigned n);
/* Takes what ended; each request's command gets status and sense. */
void rig_collect(struct rig *rig);
/* Lets the device work and services it until nothing moves. */
void rig_settle(struct rig *rig);
uint8_t *rig_data(struct rig *rig, uint32_t offset);
void rig_expect_good(struct rig *rig, unsigned n);
void rig_expect_sense(struct rig *rig, unsigned n, UINT8 key, UINT16 asc);
/* Fails the test unless the device saw nothing that breaks a rule, on the wire and in the registers. */
void rig_check_rules(struct rig *rig);

#endif
