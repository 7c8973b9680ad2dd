/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The report descriptor of a layout. HID 1.11 "Report Descriptor". Layer: core. Highest IRQL: any.
 *
 * For parsers that are picky: each main item has either one usage range or single usages, never both, at most 255 of
 * them; global items are written again where they change only; physical extents and unit are taken back after use.
 */
#ifndef INPUT_DESCRIPTOR_H
#define INPUT_DESCRIPTOR_H

#include "input_layout.h"

#define INPUT_DESCRIPTOR_MAX 1024 /* bytes, more than any layout needs */

/*
 * Prints the descriptor.
 *
 * layout     built
 * buffer     out: size bytes
 * length     out: bytes of the descriptor; 0 on failure
 *
 * IRQL:    any
 * Returns: STATUS_SUCCESS; STATUS_BUFFER_TOO_SMALL: not with INPUT_DESCRIPTOR_MAX bytes
 */
NTSTATUS InputDescriptorBuild(const INPUT_LAYOUT *layout, UINT8 *buffer, UINT16 size, UINT16 *length);

#endif
