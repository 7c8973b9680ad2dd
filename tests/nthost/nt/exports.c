/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Binding of imports through thunks, and the checks at each crossing: known name, IRQL contract, stack depth. */
#include "exports.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>

#include "cpu/cpu.h"
#include "cpu/stack.h"
#include "irql_table.h"
#include "verify/verify.h"

enum { MAX_TABLES = 16, MAX_UNKNOWN = 64, THUNK = 32, MAX_THUNKS = 1024 };

static struct {
    struct export *table;
    size_t count;
} tables[MAX_TABLES];
static unsigned table_count;
static struct export unknown[MAX_UNKNOWN];
static unsigned unknown_count;
static uint8_t *thunks;
static unsigned thunk_count;
static const struct export *thunk_of[MAX_THUNKS]; /* one thunk for each entry, however often it is bound */

void import_crossing(void); /* cpu/switch.S */

#if defined(__x86_64__)
#define CROSSING_ABI __attribute__((ms_abi))
#else
#define CROSSING_ABI
#endif
void CROSSING_ABI import_enter(struct export *entry, uintptr_t return_address, uintptr_t stack_pointer);

static void check_irql(const char *name, unsigned min_irql, unsigned max_irql)
{
    if (cpu_irql < min_irql || cpu_irql > max_irql) {
        rule_broken("irql.import", "%s is called at IRQL %u; its contract is %u to %u", name, cpu_irql, min_irql,
                    max_irql);
    }
}

void exports_check_irql(const char *name)
{
    uint8_t min_irql, max_irql;
    irql_contract(name, &min_irql, &max_irql);
    check_irql(name, min_irql, max_irql);
}

/* Called by import_crossing at each import, before its function. */
void CROSSING_ABI import_enter(struct export *entry, uintptr_t return_address, uintptr_t stack_pointer)
{
    crossing.import = entry->name;
    crossing.return_address = return_address;
    crossing.stack_pointer = stack_pointer;
    entry->calls++;
    if (entry->function == NULL) {
        rule_broken("import.unknown", "%s!%s is not implemented by this host", entry->module, entry->name);
    }
    check_irql(entry->name, entry->min_irql, entry->max_irql);
    if (stack_depth(stack_pointer) > STACK_LIMIT) {
        rule_broken("stack.overflow", "%zu bytes of kernel stack are in use; there are %d",
                    (size_t)stack_depth(stack_pointer), STACK_LIMIT);
    }
    if (cpu_interrupt_window != NULL) {
        cpu_interrupt_window();
    }
}

void exports_add(struct export *table, size_t count)
{
    if (table_count == MAX_TABLES) {
        host_fatal("internal: more than %d export tables", MAX_TABLES);
    }
    for (size_t i = 0; i < count; i++) {
        if (table[i].max_irql == 0) {
            irql_contract(table[i].name, &table[i].min_irql, &table[i].max_irql);
        }
    }
    tables[table_count].table = table;
    tables[table_count++].count = count;
}

static uint8_t *put(uint8_t *at, const void *bytes, size_t count)
{
    memcpy(at, bytes, count);
    return at + count;
}

/* amd64: mov r11, entry; mov rax, import_crossing; jmp rax. x86: push entry; push import_crossing; ret. */
static void *make_thunk(struct export *entry)
{
    void (*target)(void) = import_crossing;
    uint8_t *thunk, *at;
    for (unsigned i = 0; i < thunk_count; i++) {
        if (thunk_of[i] == entry) {
            return thunks + THUNK * i;
        }
    }
    if (thunks == NULL) {
        thunks = mmap(NULL, THUNK * MAX_THUNKS, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    }
    if (thunks == MAP_FAILED || thunk_count == MAX_THUNKS) {
        host_fatal("no memory for import thunks");
    }
    mprotect(thunks, THUNK * MAX_THUNKS, PROT_READ | PROT_WRITE);
    thunk_of[thunk_count] = entry;
    at = thunk = thunks + THUNK * thunk_count++;
#if defined(__x86_64__)
    at = put(at, "\x49\xbb", 2);
    at = put(at, &entry, sizeof entry);
    at = put(at, "\x48\xb8", 2);
    at = put(at, &target, sizeof target);
    put(at, "\xff\xe0", 2);
#else
    at = put(at, "\x68", 1);
    at = put(at, &entry, sizeof entry);
    at = put(at, "\x68", 1);
    at = put(at, &target, sizeof target);
    put(at, "\xc3", 1);
#endif
    mprotect(thunks, THUNK * MAX_THUNKS, PROT_READ | PROT_EXEC);
    return thunk;
}

void *exports_bind_entry(struct export *entry, bool has_contract)
{
    if (has_contract) {
        irql_contract(entry->name, &entry->min_irql, &entry->max_irql);
    }
    return make_thunk(entry);
}

void *exports_bind(const char *module, const char *name)
{
    for (unsigned t = 0; t < table_count; t++) {
        for (size_t i = 0; i < tables[t].count; i++) {
            struct export *entry = &tables[t].table[i];
            if (strcasecmp(entry->module, module) == 0 && strcmp(entry->name, name) == 0) {
                return entry->is_data ? entry->function : make_thunk(entry);
            }
        }
    }
    if (unknown_count == MAX_UNKNOWN) {
        host_fatal("the driver imports more than %d names that this host does not have", MAX_UNKNOWN);
    }
    trace("import %s!%s is unknown: a call of it will end the run", module, name);
    unknown[unknown_count] = (struct export){.module = strdup(module), .name = strdup(name), .max_irql = IRQL_HIGH};
    return make_thunk(&unknown[unknown_count++]);
}

void exports_report(void)
{
    for (unsigned t = 0; t < table_count; t++) {
        for (size_t i = 0; i < tables[t].count; i++) {
            if (tables[t].table[i].calls != 0) {
                trace("%10lu calls of %s", tables[t].table[i].calls, tables[t].table[i].name);
            }
        }
    }
}
