/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The table of named faults and its reader. */
#include "fake_fault.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LEGAL = true, BAD = false };

#define CAPS(name, rows, text, kind, legal)                                                                            \
    {                                                                                                                  \
        name, rows, text, KNOB_CAPS, kind, legal                                                                       \
    }

const struct fake_fault fake_faults[] = {
    CAPS("caps-none", "PCI-28", "no capability list", CAPS_NONE, BAD),
    CAPS("caps-legacy", "PCI-28", "no virtio capability", CAPS_LEGACY, BAD),
    CAPS("caps-loop", "HOST-15", "the list runs in a circle", CAPS_LOOP, BAD),
    CAPS("caps-self", "HOST-15", "a capability points to itself", CAPS_SELF, BAD),
    CAPS("caps-low", "HOST-15", "a pointer into the header", CAPS_LOW, BAD),
    CAPS("caps-low-bits", "HOST-15", "reserved bits of pointers are set", CAPS_LOW_BITS, LEGAL),
    CAPS("caps-reserved-types", "PCI-07", "unknown types come first", CAPS_RESERVED_TYPES, LEGAL),
    CAPS("caps-reserved-bar", "PCI-10", "a duplicate with BAR 6 comes first", CAPS_RESERVED_BAR, LEGAL),
    CAPS("caps-absent-bar", "HOST-15", "a duplicate with an absent BAR comes first", CAPS_ABSENT_BAR, LEGAL),
    CAPS("caps-twice", "PCI-08", "a second notify capability", CAPS_TWICE, LEGAL),
    CAPS("caps-misaligned", "HOST-15", "common structure at an odd offset", CAPS_MISALIGNED, BAD),
    CAPS("caps-misaligned-first", "PCI-08", "that, and a good one behind", CAPS_MISALIGNED_FIRST, LEGAL),
    CAPS("caps-overflow", "HOST-15", "offset + length wrap around", CAPS_OVERFLOW, BAD),
    CAPS("caps-outside", "HOST-15", "offset behind the BAR", CAPS_OUTSIDE, BAD),
    CAPS("caps-tail", "HOST-15", "a capability at the end of the space", CAPS_TAIL, LEGAL),
    CAPS("caps-no-common", "HOST-15", "no common configuration", CAPS_NO_COMMON, BAD),
    CAPS("caps-no-notify", "HOST-15", "no notification structure", CAPS_NO_NOTIFY, BAD),
    CAPS("caps-no-isr", "HOST-15", "no ISR status", CAPS_NO_ISR, BAD),
    CAPS("caps-no-type", "HOST-15", "no device configuration", CAPS_NO_TYPE, BAD),
    CAPS("caps-all-ones", "HOST-16", "configuration space reads all ones", CAPS_ALL_ONES, BAD),
    CAPS("caps-vendor-data", "PCI-23,PCI-24", "vendor data of a foreign vendor", CAPS_VENDOR_DATA, LEGAL),
    CAPS("caps-other-vendor", "PCI-01", "not virtio's vendor id", CAPS_OTHER_VENDOR, BAD),
    {"cap-len", "PCI-09", "cap_len of the virtio capabilities", KNOB_CAP_LEN, 0x40, LEGAL},
    {"cap-len-small", "HOST-15", "cap_len too small", KNOB_CAP_LEN, 15, BAD},
    {"cap-len-no-multiplier", "HOST-15", "notify cap_len without multiplier", KNOB_CAP_LEN, 16, BAD},
    {"length-huge", "PCI-12", "all structures say this length", KNOB_ALL_LENGTHS, 0x10000000, LEGAL},
    {"bar-16m", "PCI-11", "and the BAR is that large", KNOB_BAR_LENGTH, 0x1000000, LEGAL},
    {"common-short", "PCI-13", "common structure too short", KNOB_COMMON_LENGTH, 0x20, BAD},
    {"common-55", "PCI-13", "common structure one byte short", KNOB_COMMON_LENGTH, 55, BAD},
    {"notify-length", "HOST-14", "notification window", KNOB_NOTIFY_LENGTH, 2, LEGAL},
    {"notify-empty", "HOST-14", "notification window of length 0", KNOB_NOTIFY_LENGTH, 0, BAD},
    {"type-length", "INIT-17", "device configuration length", KNOB_TYPE_LENGTH, 4096, LEGAL},
    {"type-short", "INIT-18", "device configuration too short", KNOB_TYPE_LENGTH, 4, BAD},
    {"revision", "PCI-03", "revision id", KNOB_REVISION, 0xFF, LEGAL},
    {"subsystem", "PCI-04", "subsystem ids", KNOB_SUBSYSTEM, 0x12345678, LEGAL},
    {"reset-reads", "INIT-13,PCI-18", "reset takes so many status reads", KNOB_RESET_READS, 3, LEGAL},
    {"reset-us", "INIT-13,PCI-18", "reset takes so many microseconds", KNOB_RESET_US, 500000, LEGAL},
    {"reset-stuck", "HOST-10", "status never becomes 0", KNOB_RESET_STUCK, 1, BAD},
    {"features-refused", "INIT-23", "FEATURES_OK is cleared", KNOB_FEATURES_REFUSED, 1, BAD},
    {"no-version-1", "INIT-11,INIT-33", "VERSION_1 is not on offer", KNOB_OFFER_NOT, 1LL << 32, BAD},
    {"offer-not", "INIT-10", "these bits are not on offer", KNOB_OFFER_NOT, 0, LEGAL},
    {"offer-or", "INIT-12", "these bits are on offer", KNOB_OFFER_OR, 1LL << 60, LEGAL},
    {"offer-all", "INIT-09", "all bits are on offer", KNOB_OFFER_ALL, 1, LEGAL},
    {"offer-changes", "HOST-11", "the offer differs at each read", KNOB_OFFER_CHANGES, 1, BAD},
    {"generation-each", "HOST-17", "generation moves at each read", KNOB_GENERATION_EACH, 1, BAD},
    {"generation-once", "INIT-14,INIT-15", "a field changes at the n-th configuration read", KNOB_GENERATION_ONCE, 1,
     LEGAL},
    {"generation-never", "HOST-17", "that, without moving generation", KNOB_GENERATION_NEVER, 1, BAD},
    {"queue-size", "HOST-12", "queue_size", KNOB_QUEUE_SIZE, 1000, BAD},
    {"queue-size-moves", "HOST-12", "queue_size differs at each read", KNOB_QUEUE_SIZE_MOVES, 1, BAD},
    {"queue-size-fixed", "PCI-36", "queue_size cannot be written", KNOB_QUEUE_SIZE_FIXED, 1, BAD},
    {"num-queues", "HOST-13", "num_queues", KNOB_NUM_QUEUES, 0, BAD},
    {"notify-off", "HOST-14", "queue_notify_off", KNOB_NOTIFY_OFF, 0xFFFF, BAD},
    {"multiplier", "HOST-14,PCI-43", "notify_off_multiplier", KNOB_MULTIPLIER, 3, BAD},
    {"vector-refused", "PCI-34", "the n-th vector is refused", KNOB_VECTOR_REFUSE, 1, BAD},
    {"vector-junk", "HOST-18", "a vector reads back as this", KNOB_VECTOR_JUNK, 0x1234, BAD},
    {"enable-refused", "HOST-14", "queue_enable stays 0", KNOB_ENABLE_REFUSED, 1, BAD},
    {"needs-reset", "INIT-05", "NEEDS_RESET appears with this status bit", KNOB_NEEDS_RESET_AT, 4, BAD},
    {"gone", "HOST-16", "removed at the n-th access", KNOB_GONE_AFTER, 1, BAD},
    {"interrupt-early", "HOST-08", "interrupts during bring-up", KNOB_INTERRUPT_EARLY, 1, BAD},
    {"interrupt-late", "HOST-09", "interrupts after a reset", KNOB_INTERRUPT_LATE, 1, BAD},
    {"interrupt-empty", "RING-18,HOST-21", "so many empty interrupts more", KNOB_INTERRUPT_EMPTY, 16, LEGAL},
    {"isr", "PCI-46,PCI-47", "more ISR bits with each interrupt", KNOB_ISR, 3, LEGAL},
    {"used-id", "HOST-01", "id in the used ring", KNOB_USED_ID, 0xFFFFFFFF, BAD},
    {"used-twice", "HOST-02", "each chain is returned twice", KNOB_USED_TWICE, 1, BAD},
    {"used-middle", "HOST-02", "id of a chain's second descriptor", KNOB_USED_MIDDLE, 1, BAD},
    {"used-jump", "HOST-03", "used idx jumps", KNOB_USED_JUMP, 32768, BAD},
    {"used-back", "HOST-03", "used idx goes back", KNOB_USED_JUMP, -2, BAD},
    {"used-len", "HOST-04,HOST-05", "used len", KNOB_USED_LEN, 0xFFFFFFFF, BAD},
    {"used-flags", "HOST-20,RING-25", "random used flags and avail_event", KNOB_USED_FLAGS_RANDOM, 1, BAD},
    {"suppress", "RING-23,RING-27", "notifications are never wanted: each poll looks", KNOB_SUPPRESS, 1, LEGAL},
    {"suppress-dead", "HOST-20", "they are never wanted, and nobody looks", KNOB_SUPPRESS, 2, BAD},
    {"scribble-desc", "HOST-06", "writes over the descriptor table", KNOB_SCRIBBLE_DESC, 1, BAD},
    {"scribble-read", "HOST-07", "writes over readable buffers", KNOB_SCRIBBLE_READ, 1, BAD},
    {"stalled", "INIT-04,HOST-28", "requests never complete", KNOB_STALLED, 1, BAD},
    {"reorder", "RING-32", "a batch is returned last first", KNOB_REORDER, 1, LEGAL},
    {"slow", "RING-31", "one chain per poll", KNOB_ONE_PER_POLL, 1, LEGAL},
    {"blk-status", "HOST-22,BLK-27", "status of each request", KNOB_BLK_STATUS, 1, BAD},
    {"blk-no-status", "BLK-26,HOST-22", "status is not written", KNOB_BLK_NO_STATUS, 1, BAD},
    {"blk-short", "HOST-22,RING-20", "reads deliver so many bytes less", KNOB_BLK_SHORT, 512, BAD},
    {"blk-capacity", "HOST-23", "capacity in sectors", KNOB_BLK_CAPACITY, 0, BAD},
    {"blk-size", "HOST-24,BLK-24", "blk_size", KNOB_BLK_BLK_SIZE, 513, BAD},
    {"blk-4k", "BLK-24", "blk_size 4096", KNOB_BLK_BLK_SIZE, 4096, LEGAL},
    {"blk-seg-max", "BLK-23,HOST-24", "seg_max", KNOB_BLK_SEG_MAX, 1, LEGAL},
    {"blk-size-max", "BLK-23", "size_max", KNOB_BLK_SIZE_MAX, 4096, LEGAL},
    {"blk-exponent", "HOST-24", "physical_block_exp", KNOB_BLK_EXPONENT, 255, BAD},
    {"blk-segments", "BLK-14,BLK-16", "segments of a discard", KNOB_BLK_SEGMENTS, 1, LEGAL},
    {"blk-sectors", "BLK-30", "sectors of a discard segment", KNOB_BLK_SECTORS, 8, LEGAL},
    {"blk-junk", "BLK-20", "discarded sectors hold junk", KNOB_BLK_JUNK_AFTER, 1, LEGAL},
    {"net-mac", "HOST-27", "mac: zero, or this", KNOB_NET_MAC, 0, BAD},
    {"net-mtu", "HOST-27,NET-08", "mtu", KNOB_NET_MTU, 67, BAD},
    {"net-speed", "NET-11", "speed", KNOB_NET_SPEED, 0xFFFFFFFF, LEGAL},
    {"net-duplex", "NET-11", "duplex", KNOB_NET_DUPLEX, 0xFF, LEGAL},
    {"net-pairs", "HOST-27", "max_virtqueue_pairs", KNOB_NET_PAIRS, 0, BAD},
    {"net-buffers", "HOST-25", "num_buffers of each frame", KNOB_NET_BUFFERS, 0, BAD},
    {"net-flags", "HOST-26,NET-43", "flags of each frame", KNOB_NET_FLAGS, 0xF8, LEGAL},
    {"net-gso", "HOST-26,NET-47", "gso_type of each frame", KNOB_NET_GSO, 0x61, BAD},
    {"net-csum-start", "HOST-26", "csum_start, csum_offset of each frame", KNOB_NET_CSUM_START, 0xFFFFFFFF, BAD},
    {"net-ctrl-ack", "NET-73", "ack of each command; -1: none is written", KNOB_NET_CTRL_ACK, 1, BAD},
    {"net-ctrl-silent", "HOST-28", "commands are never answered", KNOB_NET_CTRL_SILENT, 1, BAD},
    {"input-size", "HOST-29,INPUT-09", "size of each answer", KNOB_INPUT_SIZE, 255, BAD},
    {"input-range", "HOST-29", "min of each axis is above max by this", KNOB_INPUT_RANGE, 0, BAD},
    {"input-full", "HOST-29", "all bits of all bitmaps", KNOB_INPUT_FULL, 1, BAD},
    {"input-unknown", "INPUT-08", "unknown events before each event", KNOB_INPUT_UNKNOWN, 1, LEGAL},
    {"input-no-syn", "HOST-29", "SYN_REPORT is never sent", KNOB_INPUT_NO_SYN, 1, BAD},
    {"snd-jacks", "SND-04,HOST-30", "number of jacks", KNOB_SND_JACKS, 0xFFFFFFFF, BAD},
    {"snd-streams", "SND-04,HOST-30", "number of streams", KNOB_SND_STREAMS, 0xFFFFFFFF, BAD},
    {"snd-chmaps", "SND-04,HOST-30", "number of channel maps", KNOB_SND_CHMAPS, 0xFFFFFFFF, BAD},
    {"snd-swapped", "SND-08", "the input stream comes first", KNOB_SND_SWAPPED, 1, LEGAL},
    {"snd-features", "SND-08,SND-13,SND-14", "features of each stream", KNOB_SND_FEATURES, 0xFFFFFFFF, LEGAL},
    {"snd-formats", "SND-08,HOST-30", "formats of each stream", KNOB_SND_FORMATS, 0, BAD},
    {"snd-rates", "SND-08,HOST-30", "rates of each stream", KNOB_SND_RATES, 0, BAD},
    {"snd-channels", "SND-09,HOST-30", "least channels, and most << 8", KNOB_SND_CHANNELS, 0x0102, BAD},
    {"snd-chmap-channels", "HOST-30", "channels in a map", KNOB_SND_CHMAP_CHANNELS, 255, BAD},
    {"snd-info-short", "HOST-05,RING-19", "answers to queries are short", KNOB_SND_INFO_SHORT, 5, BAD},
    {"snd-fail", "SND-29", "request << 16 | status of its answers", KNOB_SND_FAIL, 0x01048003, BAD},
    {"snd-ctrl-late", "HOST-28", "control answers are so many us late", KNOB_SND_CTRL_LATE, 1500000, BAD},
    {"snd-ctrl-silent", "HOST-28", "control messages are never answered", KNOB_SND_CTRL_LATE, -1, BAD},
    {"snd-ppm", "SND-15", "the sample clock is so much off", KNOB_SND_PPM, 300, LEGAL},
    {"snd-late", "SND-15", "audio comes back up to so many us late", KNOB_SND_LATE, 10000, LEGAL},
    {"snd-latency", "SND-15", "latency_bytes", KNOB_SND_LATENCY, 1920, LEGAL},
    {"snd-io-status", "SND-29", "status of audio messages", KNOB_SND_IO_STATUS, 0x8003, BAD},
    {"snd-keep", "SND-28", "RELEASE returns nothing", KNOB_SND_KEEP, 1, BAD},
    {"snd-events", "SND-30,HOST-30", "so many junk events at each poll", KNOB_SND_EVENTS, 8, LEGAL},
};
const size_t fake_fault_count = sizeof(fake_faults) / sizeof(fake_faults[0]);

static const struct fake_fault *find(const char *name, size_t length)
{
    for (size_t i = 0; i < fake_fault_count; i++) {
        if (strlen(fake_faults[i].name) == length && memcmp(fake_faults[i].name, name, length) == 0) {
            return &fake_faults[i];
        }
    }
    return NULL;
}

bool fake_faults_apply(struct fake_knobs *knobs, const char *list, char *error, size_t error_size)
{
    while (list != NULL && *list != '\0') {
        size_t item = strcspn(list, ",");
        size_t name = strcspn(list, "=,");
        const struct fake_fault *fault = find(list, name);
        if (fault == NULL) {
            snprintf(error, error_size, "no fault is named '%.*s'", (int)name, list);
            return false;
        }
        int64_t value = fault->value;
        if (name < item) {
            char *end;
            value = (int64_t)strtoull(list + name + 1, &end, 0);
            if (end != list + item || end == list + name + 1) {
                snprintf(error, error_size, "fault '%.*s': not a number", (int)item, list);
                return false;
            }
        }
        knobs->set[fault->knob] = true;
        knobs->value[fault->knob] = value;
        list += item + (list[item] == ',');
    }
    return true;
}
