/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the host says: a trace for who wants to follow, rules whose breach ends the run with a name, a place in the
 * driver and its callers. Plain C types only.
 */
#ifndef NTHOST_VERIFY_H
#define NTHOST_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

/* One line on stderr, with the host's clock in front, when tracing is on. */
void trace(const char *format, ...) __attribute__((format(printf, 1, 2)));
extern bool trace_is_on;

/* Progress and results for the user, on stdout. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * A rule was broken by the driver: prints the rule's name, the text, the driver's code that called and its callers,
 * and ends the process with status 1. Never returns, callable from a signal handler.
 */
_Noreturn void rule_broken(const char *rule, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The host itself cannot go on (no memory, no QEMU, a file that is not there): one line, exit status 2. */
_Noreturn void host_fatal(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Where the driver is: set at each crossing between driver and host, read when a rule is broken. */
struct crossing {
    const char *callback;   /* what the host called, NULL while no driver code runs */
    const char *import;     /* what the driver called from there, NULL outside of imports */
    uintptr_t return_address;
    uintptr_t stack_pointer;
};
extern struct crossing crossing;

#endif
