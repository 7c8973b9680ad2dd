/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The two tables, built into the program as they stand in the tree. */
#include "irql_table.h"

#include <stddef.h>
#include <string.h>

#include "cpu/cpu.h"
#include "verify/verify.h"

#define EMBED(symbol, file)                                                                                            \
    __asm__(".section .rodata\n" #symbol ":\n.incbin \"" file "\"\n.byte 0\n.previous\n");                             \
    extern const char symbol[]

EMBED(irql_measured, "irql.tsv");
EMBED(irql_documented, "irql-documented.tsv");

/* Column of a tab-separated line; its length in *length. */
static const char *column(const char *line, unsigned index, size_t *length)
{
    for (; index > 0; index--) {
        line += strcspn(line, "\t\n");
        if (*line != '\t') {
            *length = 0;
            return line;
        }
        line++;
    }
    *length = strcspn(line, "\t\n");
    return line;
}

static int level(const char *line, unsigned index, int otherwise)
{
    static const struct {
        const char *name;
        int irql;
    } names[] = {{"PASSIVE_LEVEL", IRQL_PASSIVE}, {"APC_LEVEL", IRQL_APC}, {"DISPATCH_LEVEL", IRQL_DISPATCH},
                 {"DIRQL", IRQL_DEVICE},          {"HIGH_LEVEL", IRQL_HIGH}};
    size_t length;
    const char *text = column(line, index, &length);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strlen(names[i].name) == length && memcmp(names[i].name, text, length) == 0) {
            return names[i].irql;
        }
    }
    return otherwise;
}

static const char *row_of(const char *table, const char *name)
{
    size_t length = strlen(name);
    for (const char *line = table; *line != '\0'; line += strcspn(line, "\n"), line += *line == '\n') {
        if (strncmp(line, name, length) == 0 && line[length] == '\t') {
            return line;
        }
    }
    return NULL;
}

void irql_contract(const char *name, uint8_t *min_irql, uint8_t *max_irql)
{
    const char *measured = row_of(irql_measured, name), *documented = row_of(irql_documented, name);
    int low = IRQL_PASSIVE, high = -1;
    if (measured != NULL) {
        low = level(measured, 3, IRQL_PASSIVE);
        high = level(measured, 4, -1);
    }
    if (high < 0 && documented != NULL) {
        low = level(documented, 1, IRQL_PASSIVE);
        high = level(documented, 2, IRQL_HIGH);
    }
    if (high < 0) {
        host_fatal("internal: no IRQL contract for %s in drivers/windows/ddk/abi", name);
    }
    *min_irql = (uint8_t)low;
    *max_irql = (uint8_t)high;
}
