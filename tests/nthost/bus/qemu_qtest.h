/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * QEMU's qtest protocol over a connected socket: one text line a command, one reply line each in order, and lines
 * "IRQ raise N" / "IRQ lower N" in between at any time.
 *
 * Commands may be queued and sent together: what does not depend on an answer costs a tenth of a round trip. Nothing
 * here allocates or uses stdio, so register accesses may come from a handler of a synchronous trap. One thread.
 */
#ifndef NTHOST_QEMU_QTEST_H
#define NTHOST_QEMU_QTEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { QTEST_MAX_PENDING = 128, QTEST_LINE = 96 };

struct qtest {
    int fd; /* owned by whoever connected it */
    bool trace;
    bool lost; /* the connection is of no use any more; `why` says why */
    char why[128];
    uint32_t lines;                    /* level of each interrupt line */
    uint32_t raised;                   /* lines that rose since the caller last cleared this */
    unsigned oldest, pending;          /* commands without a reply so far: a ring over `wanted` */
    bool wanted[QTEST_MAX_PENDING];    /* the reply's value goes to qtest_value */
    size_t out_used, in_used, in_next; /* in_next: where the next line starts */
    char out[QTEST_MAX_PENDING * QTEST_LINE];
    char in[4096];
};

/* fd: connected stream socket; gets a receive time-out of timeout_s. */
void qtest_init(struct qtest *qtest, int fd, unsigned timeout_s, bool trace);
bool qtest_set_timeout(struct qtest *qtest, unsigned timeout_s);

/* Sends a command without arguments that is answered by OK and waits for that. False: qtest->lost. */
bool qtest_plain(struct qtest *qtest, const char *command);

/*
 * Queues a write; its reply is checked later.
 *
 * verb     "outb", "outw", "outl", "writeb", "writew", "writel" or "writeq"
 */
void qtest_queue_write(struct qtest *qtest, const char *verb, uint64_t address, uint64_t value);

/* Queues a read ("inb" ..., "readb" ...); qtest_value gives the values in the order of the reads. */
void qtest_queue_read(struct qtest *qtest, const char *verb, uint64_t address);

/* Sends what is queued, waiting for no reply. */
void qtest_flush(struct qtest *qtest);

/* Sends what is queued and returns the value of the oldest read not yet taken; all ones when lost. */
uint64_t qtest_value(struct qtest *qtest);

/* Takes in what has arrived, without waiting. */
void qtest_drain(struct qtest *qtest);

#endif
