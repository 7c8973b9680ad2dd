/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The command line of nthost. */
#ifndef NTHOST_OPTIONS_H
#define NTHOST_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "frameworks/system.h"

enum { MAX_QEMU_ARGS = 64, MAX_DEVICES = 8, MAX_KEYWORDS = 64 };

struct options {
    const char *driver, *case_name;
    const char *bus;     /* "qemu" or "fake" */
    const char *machine;
    const char *qemu_args[MAX_QEMU_ARGS + 1];
    unsigned qemu_arg_count;
    const char *fault;   /* of the fake device */
    const char *socket;  /* serve: socket of the first disk; the n-th gets a suffix .n */
    const char *text;    /* input-type: what is typed */
    const char *reason;  /* refused: text that the event log must say */
    const char *tap_above[MAX_DEVICES]; /* net-serve: [NAMESPACE/]INTERFACE of each adapter */
    unsigned tap_above_count;
    const char *keywords[MAX_KEYWORDS + 1]; /* NAME=VALUE */
    unsigned keyword_count;
    unsigned rate, channels, bits; /* of sound; 0: 48000, 2, 16 */
    unsigned notifications;        /* sound: per buffer */
    double tone;                   /* Hz; 0: the pattern */
    uint64_t ram_mib;
    uint64_t count;      /* rounds of cases that repeat something; 0: the case's own default */
    const char *descriptors; /* input-descriptors: file to write them to, NULL: none */
    const char *parser;  /* hidparse.sys to judge with, NULL: none */
    bool null_entry;
    bool trace;
    struct system_options system;
};

/* Fills in options or ends the process: 0 after --help and --list, 2 with one line on a wrong command line. */
void options_parse(struct options *options, int argc, char **argv);

#endif
