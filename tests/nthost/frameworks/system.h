/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* How the system around a driver behaves; every framework goes by it. Plain C types only. */
#ifndef NTHOST_SYSTEM_H
#define NTHOST_SYSTEM_H

#include <stdbool.h>

/* Zero is Windows 7's usual, with line interrupts. */
struct system_options {
    unsigned messages;         /* MSI-X messages granted, 0: line interrupt */
    unsigned preempt_percent;  /* chance that a pending interrupt hits a running driver at an import below DIRQL */
    unsigned seed;             /* of all that is random */
    const char *boot_argument; /* StorPort: ArgumentString of HwFindAdapter, NULL: none */
    const char *const *keywords; /* NDIS: NAME=VALUE in the adapter's registry key, NULL-terminated; NULL: none */
    unsigned throttle;         /* NDIS: receive lists that a DPC may indicate, 0: no limit */
    bool restart_at_dirql;     /* StorPort: ScsiRestartAdapter at DIRQL with the interrupt lock (today's reference) */
};

#endif
