/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What modules of other systems (Wine's) import beside the kernel's names. Plain C types only. */
#ifndef NTHOST_RUNTIME_H
#define NTHOST_RUNTIME_H

/* Registers the C runtime and the few user-mode names that Wine's kernel modules import; before such a module is
 * loaded. */
void exports_runtime(void);

#endif
