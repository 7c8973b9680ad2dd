/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Names of places in a driver, from the COFF symbol table of its symbol file (DRIVER.sys.debug). */
#ifndef NTHOST_SYMBOLS_H
#define NTHOST_SYMBOLS_H

#include <stdint.h>

struct symbols;

/* NULL when there is no symbol file beside driver_path or it has no symbols: places then have no names. */
struct symbols *symbols_open(const char *driver_path);

/* The symbol at or below rva and the distance to it; NULL: none. symbols may be NULL. */
const char *symbols_find(const struct symbols *symbols, uint32_t rva, uint32_t *offset);

#endif
