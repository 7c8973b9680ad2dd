/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* IRQL contracts of imports, from drivers/windows/ddk/abi (measured from the kit's headers, and from its documentation). */
#ifndef NTHOST_IRQL_TABLE_H
#define NTHOST_IRQL_TABLE_H

#include <stdint.h>

/* Fills in the contract of an import; ends the process when neither table has a row: every import must have one. */
void irql_contract(const char *name, uint8_t *min_irql, uint8_t *max_irql);

#endif
