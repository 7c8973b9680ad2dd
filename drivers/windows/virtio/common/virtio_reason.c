/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Texts of the named reasons. Layer: below everything. IRQL: any. */
#include "virtio_reason.h"

#define VIRTIO_REASON_CASE(name, number, text)                                                                         \
    case VIRTIO_REASON_##name:                                                                                         \
        return text;

const char *VirtioReasonText(VIRTIO_REASON reason)
{
    switch (reason) {
        VIRTIO_REASONS(VIRTIO_REASON_CASE)
    default:
        return "unknown reason";
    }
}
