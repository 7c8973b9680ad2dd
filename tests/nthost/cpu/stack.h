/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The kernel stack that driver code runs on: guard pages at both ends, and a limit of Windows 7's size (24 KiB on
 * amd64, 12 KiB on x86) that is checked at each import. Host code called from there has the room below that limit.
 */
#ifndef NTHOST_STACK_H
#define NTHOST_STACK_H

#include <stdint.h>

void stack_init(void);

/* Runs body(argument) on the driver stack; when already there, deeper on it. */
void stack_run(void (*body)(void *argument), void *argument);

/* End of the driver stack if address lies in it, else 0. */
uintptr_t stack_top_of(uintptr_t address);

/* Bytes of the driver stack in use at stack_pointer; 0 when it lies elsewhere. */
uintptr_t stack_depth(uintptr_t stack_pointer);

#if defined(__x86_64__)
enum { STACK_LIMIT = 24 * 1024 };
#else
enum { STACK_LIMIT = 12 * 1024 };
#endif

#endif
