/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The kernel's exports for drivers of every framework: one unit per prefix. Plain C types only. */
#ifndef NTHOST_NT_H
#define NTHOST_NT_H

#include "bus/bus.h"

/* Registers the exports of ntoskrnl.exe and hal.dll; before the driver is loaded. */
void nt_init(struct bus *bus);
extern struct bus *nt_bus;

/* Spin locks that are held now. */
unsigned nt_locks_held(void);

/* One table each. */
void exports_ke(void);
void exports_mm(void);

#endif
