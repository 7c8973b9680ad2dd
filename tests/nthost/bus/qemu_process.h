/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * One QEMU child: its command line, guest RAM file, sockets and end. Everything is handed over as open files, so that
 * nothing is left behind in the file system, whoever crashes.
 */
#ifndef NTHOST_QEMU_PROCESS_H
#define NTHOST_QEMU_PROCESS_H

#include "bus.h"

#include <sys/types.h>

struct qemu_process {
    pid_t pid;                    /* 0: none (any more) */
    int qtest_fd, qmp_fd, log_fd; /* log: QEMU's stderr */
    char program[128];
};

/*
 * Creates the RAM file and starts QEMU.
 *
 * ram      out: fd (to be closed by the caller), size, low_size
 * error    out: one line when false is returned; nothing is left open then
 */
bool qemu_process_start(struct qemu_process *process, const struct bus_qemu_options *options, struct bus_ram *ram,
                        char *error, size_t error_size);

/*
 * Ends QEMU (so that it flushes its disks; killed after 10 s) and closes the sockets.
 *
 * is_ending  it closed its socket by itself: it gets a second to end before it is told to
 * why        out: how it ended: the error line it wrote, or its exit status or signal
 */
void qemu_process_stop(struct qemu_process *process, bool is_ending, char *why, size_t why_size);

#endif
