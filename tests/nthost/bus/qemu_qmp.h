/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* QEMU's control protocol (QMP) over a connected socket: one JSON line a command, one a reply; events are skipped. */
#ifndef NTHOST_QEMU_QMP_H
#define NTHOST_QEMU_QMP_H

#include <stdbool.h>
#include <stddef.h>

struct qemu_qmp {
    int fd;
    bool trace;
    size_t used, next; /* bytes in line; where the next line starts */
    char line[65536];
};

/* Takes the greeting and leaves negotiation mode. timeout_s: for each receive from now on. */
bool qemu_qmp_init(struct qemu_qmp *qmp, int fd, unsigned timeout_s, bool trace);

/* Sends one command and returns its reply line, valid until the next call; NULL: no reply (too long, or QEMU is gone).
 */
const char *qemu_qmp_command(struct qemu_qmp *qmp, const char *command);

#endif
