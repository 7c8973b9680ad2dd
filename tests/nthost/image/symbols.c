/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* COFF symbol table reader. Format: Microsoft's "PE Format" reference, "COFF Symbol Table". */
#include "symbols.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct symbol {
    uint32_t rva;
    char name[60];
};

struct symbols {
    unsigned count;
    struct symbol symbol[];
};

enum { COFF_SYMBOL_SIZE = 18, MAX_SECTIONS = 32, FUNCTION_TYPE = 0x20 };

static int by_rva(const void *a, const void *b)
{
    const struct symbol *x = a, *y = b;
    return x->rva < y->rva ? -1 : x->rva > y->rva;
}

static uint8_t *read_whole(const char *path, long *size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = NULL;
    if (file == NULL) {
        return NULL;
    }
    if (fseek(file, 0, SEEK_END) == 0 && (*size = ftell(file)) > 0x200 && fseek(file, 0, SEEK_SET) == 0) {
        bytes = malloc((size_t)*size + 1);
        if (bytes != NULL && fread(bytes, 1, (size_t)*size, file) != (size_t)*size) {
            free(bytes);
            bytes = NULL;
        }
    }
    fclose(file);
    return bytes;
}

static uint32_t u32(const uint8_t *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static struct symbols *parse(const uint8_t *file, size_t size)
{
    size_t headers = u32(file + 0x3c), table, strings;
    uint32_t count, section_rva[MAX_SECTIONS] = {0};
    unsigned sections;
    struct symbols *symbols;
    if (headers > size - 0x108 || u32(file + headers) != 0x4550) {
        return NULL;
    }
    sections = file[headers + 6];
    table = u32(file + headers + 12);
    count = u32(file + headers + 16);
    strings = table + (size_t)count * COFF_SYMBOL_SIZE;
    if (table == 0 || count == 0 || strings + 4 > size) {
        return NULL;
    }
    for (unsigned i = 0; i < sections && i < MAX_SECTIONS; i++) {
        section_rva[i] = u32(file + headers + 24 + (file[headers + 20] | file[headers + 21] << 8) + i * 40 + 12);
    }
    symbols = calloc(1, sizeof *symbols + count * sizeof(struct symbol));
    for (uint32_t i = 0; symbols != NULL && i < count; i++) {
        const uint8_t *entry = file + table + (size_t)i * COFF_SYMBOL_SIZE;
        int section = (int16_t)(entry[12] | entry[13] << 8);
        if (section > 0 && section <= MAX_SECTIONS && (entry[14] | entry[15] << 8) == FUNCTION_TYPE) {
            struct symbol *symbol = &symbols->symbol[symbols->count++];
            symbol->rva = section_rva[section - 1] + u32(entry + 8);
            if (u32(entry) != 0) {
                snprintf(symbol->name, sizeof symbol->name, "%.8s", (const char *)entry);
            } else if (strings + u32(entry + 4) < size) {
                snprintf(symbol->name, sizeof symbol->name, "%s", (const char *)file + strings + u32(entry + 4));
            }
        }
        i += entry[17];
    }
    if (symbols != NULL) {
        qsort(symbols->symbol, symbols->count, sizeof(struct symbol), by_rva);
    }
    return symbols;
}

struct symbols *symbols_open(const char *driver_path)
{
    char path[4096];
    long size = 0;
    uint8_t *file;
    struct symbols *symbols;
    snprintf(path, sizeof path, "%s.debug", driver_path);
    file = read_whole(path, &size);
    if (file == NULL) {
        return NULL;
    }
    file[size] = 0;
    symbols = parse(file, (size_t)size);
    free(file);
    return symbols;
}

const char *symbols_find(const struct symbols *symbols, uint32_t rva, uint32_t *offset)
{
    const struct symbol *best = NULL;
    for (unsigned i = 0; symbols != NULL && i < symbols->count && symbols->symbol[i].rva <= rva; i++) {
        best = &symbols->symbol[i];
    }
    if (best == NULL) {
        return NULL;
    }
    *offset = rva - best->rva;
    return best->name;
}
