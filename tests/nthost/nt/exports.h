/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What drivers import: each name of each module with its function here and its IRQL contract from the tables of the
 * real kit (drivers/windows/ddk/abi). Plain C types only.
 */
#ifndef NTHOST_EXPORTS_H
#define NTHOST_EXPORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct export {
    void *function;     /* first: cpu/switch.S jumps through it. NULL: not implemented here, a call ends the run */
    const char *module; /* "storport.sys" */
    const char *name;
    uint8_t min_irql, max_irql;
    bool is_data;
    unsigned long calls;
};

/* One line of a module's table. The function has the export's own name, so its prototype is the header's. */
#define NT_EXPORT(module, name)           {(void *)(name), module, #name, 0, 0, false, 0}
/* The function has another name here (variadic ones, and those that are macros in a header). */
#define NT_EXPORT_AS(module, name, function) {(void *)(function), module, #name, 0, 0, false, 0}

/* Adds a module's table; it lives on. Contracts are looked up for the lines that state no highest IRQL. */
void exports_add(struct export *table, size_t count);

/* image_bind for drivers: an address for the import table of a driver. */
void *exports_bind(const char *module, const char *name);

/*
 * An address for one entry that is in no table: functions that drivers reach through pointers.
 *
 * has_contract  its IRQL contract is looked up by its name; else the entry has it
 */
void *exports_bind_entry(struct export *entry, bool has_contract);

/*
 * Holds the current IRQL against the contract of a name that is no export by itself (a header's wrapper of an export
 * that does many things, StorPortLogSystemEvent for example). Breaks rule irql.import.
 */
void exports_check_irql(const char *name);

/* Number of calls of every export so far, one trace line each. */
void exports_report(void);

#endif
