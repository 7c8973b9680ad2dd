/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The named reasons for which a driver refuses a device or gives one up: one table for the event log, the diagnostic
 * record, the host's trace and the tests. Append at the end of a group; the numbers appear in event logs.
 * Layer: below everything. IRQL: any.
 */
#ifndef VIRTIO_REASON_H
#define VIRTIO_REASON_H

/* name, number, text for an administrator: what was wrong; what follows from it is the driver's message */
#define VIRTIO_REASONS(X)                                                                                              \
    X(NONE, 0x00, "no fault")                                                                                          \
    X(CONFIG_SPACE_UNREADABLE, 0x01, "PCI configuration space cannot be read")                                         \
    X(LEGACY_ONLY, 0x02, "legacy only: no virtio 1.0 capabilities (set disable-modern=off)")                           \
    X(CAP_LIST_MALFORMED, 0x03, "the PCI capability list is malformed (loop, or pointer outside of it)")               \
    X(CAP_COMMON_MISSING, 0x04, "no usable common configuration capability")                                           \
    X(CAP_NOTIFY_MISSING, 0x05, "no usable notification capability")                                                   \
    X(CAP_ISR_MISSING, 0x06, "no usable ISR status capability")                                                        \
    X(CAP_DEVICE_MISSING, 0x07, "no usable device configuration capability")                                           \
    X(BAR_MAP_FAILED, 0x08, "a register window could not be mapped")                                                   \
    X(NOT_A_VIRTIO_DEVICE, 0x09, "the PCI function is not the virtio device this driver serves")                       \
    X(RESET_TIMEOUT, 0x10, "the device did not finish its reset")                                                      \
    X(NO_VERSION_1, 0x11, "the device does not offer VIRTIO_F_VERSION_1")                                              \
    X(FEATURE_MISSING, 0x12, "the device does not offer a feature this driver needs")                                  \
    X(FEATURES_REFUSED, 0x13, "the device refused the features it had offered")                                        \
    X(QUEUE_MISSING, 0x14, "a queue the device must have is missing (size 0)")                                         \
    X(QUEUE_SIZE_INVALID, 0x15, "a queue size is not a power of two between 1 and 32768")                              \
    X(QUEUE_TOO_SMALL, 0x16, "the queue is too small for one request")                                                 \
    X(QUEUE_NOTIFY_INVALID, 0x17, "a queue's notification address lies outside of the notification window")            \
    X(QUEUE_MEMORY, 0x18, "no memory for a queue")                                                                     \
    X(QUEUE_ENABLE_FAILED, 0x19, "the device did not enable a queue")                                                  \
    X(VECTOR_REFUSED, 0x1A, "the device refused its interrupt vector")                                                 \
    X(CONFIG_UNSTABLE, 0x1B, "the device configuration keeps changing while it is read")                               \
    X(CONFIG_INVALID, 0x1C, "the device configuration is not plausible")                                               \
    X(DEVICE_GONE, 0x20, "the device no longer answers (removed?)")                                                    \
    X(DEVICE_NEEDS_RESET, 0x21, "the device asked to be reset")                                                        \
    X(USED_RING_INVALID, 0x22, "the device broke the used ring (bad id, length or index)")                             \
    X(REQUEST_TIMEOUT, 0x23, "a request did not complete in time")                                                     \
    X(REQUEST_FAILED, 0x24, "the device reported that a request failed")                                               \
    X(REQUEST_ANSWER_INVALID, 0x25, "the device ended a request with an undefined status or too little data")          \
    X(DUMP_MODE, 0x30, "crash dump and hibernation through this driver are not supported yet")                         \
    X(NO_MEMORY, 0x31, "the system had no memory for the driver")                                                      \
    X(NO_INTERRUPT, 0x32, "the system granted no interrupt")                                                           \
    X(CAPACITY_ZERO, 0x40, "the disk has no capacity")                                                                 \
    X(SND_NO_STREAM, 0x50, "no stream has a format that Windows has, too")                                             \
    X(NO_HID_USAGE, 0x60, "the input device has no key, button or axis that this driver knows")

#define VIRTIO_REASON_ENUMERATOR(name, number, text) VIRTIO_REASON_##name = number,
typedef enum _VIRTIO_REASON { VIRTIO_REASONS(VIRTIO_REASON_ENUMERATOR) VIRTIO_REASON_END = 0xFFFF } VIRTIO_REASON;
#undef VIRTIO_REASON_ENUMERATOR

/*
 * The text of a reason.
 *
 * reason   any value; one that is not in the table gives "unknown reason"
 *
 * IRQL:    any
 * Returns: a constant ASCII string without a final period, never NULL; not to be freed
 */
const char *VirtioReasonText(VIRTIO_REASON reason);

#endif
