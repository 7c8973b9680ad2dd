/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* MDLs over guest RAM. For NT-facing units, after <ntddk.h>. */
#ifndef NTHOST_MDL_H
#define NTHOST_MDL_H

#include <stdbool.h>
#include <stdint.h>

/* Bytes of an MDL over length bytes, wherever they start in a page. */
uint32_t mdl_size(uint32_t length);

/* Makes mdl describe [bytes, bytes + length) of one allocation; mapped, or else locked pages that have yet to be mapped. */
void mdl_describe(MDL *mdl, void *bytes, uint32_t length, bool is_mapped);

/* Where its first byte is, mapped or not; NULL: its pages are no memory of this host. */
uint8_t *mdl_bytes(const MDL *mdl);

/* Physical address of its byte at offset. */
uint64_t mdl_pa(const MDL *mdl, uint32_t offset);

#endif
