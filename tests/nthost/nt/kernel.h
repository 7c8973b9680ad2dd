/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The kernel's exports for WDM and KMDF drivers, beside those of nt.h. Plain C types only. */
#ifndef NTHOST_KERNEL_H
#define NTHOST_KERNEL_H

/* What a wait does meanwhile: the framework's pump. */
extern void (*nt_pump)(unsigned timeout_us);

/* One table each; after nt_init. */
void exports_ex(void);
void exports_io(void);
void exports_mm_io(void);

#endif
