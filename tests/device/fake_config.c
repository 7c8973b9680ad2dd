/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* PCI configuration space: header, BARs, capability list with its faults, MSI-X control. */
#include "fake_internal.h"

#include <stdlib.h>

enum {
    CAP_MSIX = 0x11,
    CAP_VENDOR = 0x09,
    CAP_POWER = 0x01,
    TYPE_COMMON = 1,
    TYPE_NOTIFY,
    TYPE_ISR,
    TYPE_TYPE,
    TYPE_WINDOW
};
enum { STRUCTURE_SPACE = 0x1000, MSIX_PBA = 0x8000 };

struct cap {
    uint8_t id, type, length, bar;
    uint32_t offset, structure_length;
};

struct cap_list {
    struct cap cap[16];
    unsigned count;
};

static void add(struct cap_list *list, uint8_t id, uint8_t type, uint8_t length, uint8_t bar, uint32_t offset,
                uint32_t structure_length)
{
    list->cap[list->count++] = (struct cap){id, type, length, bar, offset, structure_length};
}

static void add_place(struct fake_device *device, struct cap_list *list, unsigned which, uint8_t type, uint32_t shift,
                      int64_t length)
{
    const struct fake_place *place = &device->place[which];
    add(list, CAP_VENDOR, type, type == TYPE_NOTIFY ? 20 : 16, (uint8_t)place->bar, (uint32_t)place->offset + shift,
        (uint32_t)length);
}

static int64_t declared(struct fake_device *device, unsigned which, enum fake_knob own)
{
    int64_t length = knob_value(device, KNOB_ALL_LENGTHS, (int64_t)device->place[which].length);
    return knob_value(device, own, length);
}

static void list_caps(struct fake_device *device, struct cap_list *list)
{
    static const uint8_t reserved[] = {0, 6, 7, 0xFF};
    const struct fake_place *common = &device->place[PLACE_COMMON];
    enum fake_caps_fault fault = (enum fake_caps_fault)knob_value(device, KNOB_CAPS, CAPS_GOOD);
    int64_t common_length = declared(device, PLACE_COMMON, KNOB_COMMON_LENGTH);
    uint8_t bar = (uint8_t)common->bar;
    uint32_t at = (uint32_t)common->offset;

    if (fault == CAPS_LEGACY) {
        add(list, CAP_POWER, 0, 8, 0, 0, 0);
        return;
    }
    for (unsigned i = 0; fault == CAPS_RESERVED_TYPES && i < sizeof(reserved); i++) {
        add(list, CAP_VENDOR, reserved[i], 16, bar, at + 0x800, 0x100);
    }
    if (fault == CAPS_VENDOR_DATA) {
        add(list, CAP_VENDOR, 9, 16, 0x34, 0x12345678, 0x9ABCDEF0);
    } else if (fault == CAPS_RESERVED_BAR) {
        add(list, CAP_VENDOR, TYPE_COMMON, 16, 6, at, 56);
    } else if (fault == CAPS_ABSENT_BAR) {
        add(list, CAP_VENDOR, TYPE_COMMON, 16, 0, at, 56);
    } else if (fault == CAPS_MISALIGNED || fault == CAPS_MISALIGNED_FIRST) {
        add(list, CAP_VENDOR, TYPE_COMMON, 16, bar, at + 2, 56);
    } else if (fault == CAPS_OVERFLOW) {
        add(list, CAP_VENDOR, TYPE_COMMON, 16, bar, 0xFFFFFFF0, 0x40);
    } else if (fault == CAPS_OUTSIDE) {
        add(list, CAP_VENDOR, TYPE_COMMON, 16, bar, (uint32_t)device->bar_length[bar], 56);
    }
    if (fault != CAPS_NO_COMMON && fault != CAPS_MISALIGNED && fault != CAPS_OVERFLOW && fault != CAPS_OUTSIDE) {
        add_place(device, list, PLACE_COMMON, TYPE_COMMON, 0, common_length);
    }
    if (fault != CAPS_NO_ISR) {
        add_place(device, list, PLACE_ISR, TYPE_ISR, 0, declared(device, PLACE_ISR, KNOB_ALL_LENGTHS));
    }
    if (fault != CAPS_NO_TYPE) {
        add_place(device, list, PLACE_TYPE, TYPE_TYPE, 0, declared(device, PLACE_TYPE, KNOB_TYPE_LENGTH));
    }
    if (fault != CAPS_NO_NOTIFY) {
        add_place(device, list, PLACE_NOTIFY, TYPE_NOTIFY, 0, declared(device, PLACE_NOTIFY, KNOB_NOTIFY_LENGTH));
    }
    if (fault == CAPS_TWICE) {
        add(list, CAP_VENDOR, TYPE_NOTIFY, 20, bar, at + 0x800, 0x400);
    }
    add(list, CAP_VENDOR, TYPE_WINDOW, 20, 0, 0, 0);
    if (device->msix_vectors != 0) {
        add(list, CAP_MSIX, 0, 12, 0, 0, 0);
    }
}

static unsigned put_cap(struct fake_device *device, const struct cap *cap, unsigned at)
{
    uint8_t *to = device->config + at;
    to[0] = cap->id;
    if (cap->id == CAP_MSIX) {
        uint8_t bar = (uint8_t)device->place[PLACE_MSIX].bar;
        device->msix_cap = at;
        put_le(to + 2, device->msix_vectors - 1, 2);
        put_le(to + 4, bar, 4);
        put_le(to + 8, MSIX_PBA | bar, 4);
    } else if (cap->id == CAP_VENDOR) {
        to[2] = (uint8_t)knob_value(device, KNOB_CAP_LEN, cap->length);
        to[3] = cap->type;
        to[4] = cap->bar;
        put_le(to + 8, cap->offset, 4);
        put_le(to + 12, cap->structure_length, 4);
        if (cap->type == TYPE_NOTIFY) {
            put_le(to + 16, device->multiplier, 4);
        }
    }
    return at + ((cap->length + 3u) & ~3u);
}

static void build_caps(struct fake_device *device)
{
    struct cap_list list = {.count = 0};
    enum fake_caps_fault fault = (enum fake_caps_fault)knob_value(device, KNOB_CAPS, CAPS_GOOD);
    uint8_t low_bits = fault == CAPS_LOW_BITS ? 3 : 0;
    uint8_t *link = device->config + 0x34;
    unsigned at = 0x40;

    if (fault == CAPS_NONE) {
        return;
    }
    put_le(device->config + 6, 0x0010, 2);
    list_caps(device, &list);
    for (unsigned i = 0; i < list.count; i++) {
        *link = (uint8_t)(at | low_bits);
        link = device->config + at + 1;
        at = put_cap(device, &list.cap[i], at);
    }
    if (fault == CAPS_LOOP) {
        *link = device->config[0x41];
    } else if (fault == CAPS_SELF) {
        device->config[0x41] = 0x40;
    } else if (fault == CAPS_LOW) {
        *link = 0x10;
    } else if (fault == CAPS_TAIL) {
        *link = 0xFC;
        put_le(device->config + 0xFC, 0x01140009, 4); /* a common capability by its first four bytes */
    }
}

static uint64_t power_of_two(uint64_t least)
{
    uint64_t power = 16;
    while (power < least) {
        power *= 2;
    }
    return power;
}

static void lay_out(struct fake_device *device)
{
    const struct fake_options *options = &device->options;
    unsigned bar = (unsigned)options->bar;
    uint64_t notify_length = (uint64_t)device->multiplier * FAKE_MAX_QUEUES + 2;
    if (notify_length < STRUCTURE_SPACE || notify_length > (64u << 20)) {
        notify_length = STRUCTURE_SPACE;
    }
    device->place[PLACE_COMMON] = (struct fake_place){FAKE_COMMON, bar, options->offset, 56};
    device->place[PLACE_ISR] = (struct fake_place){FAKE_ISR, bar, options->offset + STRUCTURE_SPACE, 1};
    device->place[PLACE_TYPE] =
        (struct fake_place){FAKE_TYPE, bar, options->offset + 2 * STRUCTURE_SPACE, device->type->config_length};
    device->place[PLACE_NOTIFY] =
        (struct fake_place){FAKE_NOTIFY, bar, options->offset + 3 * STRUCTURE_SPACE, notify_length};
    device->bar_length[bar] = (uint64_t)knob_value(
        device, KNOB_BAR_LENGTH, (int64_t)power_of_two(options->offset + 3 * STRUCTURE_SPACE + notify_length));
    device->bar_is_64[bar] = bar == 2 || bar == 4;
    if (device->msix_vectors != 0) {
        unsigned msix_bar = bar == 1 ? 2 : 1;
        device->place[PLACE_MSIX] = (struct fake_place){FAKE_MSIX, msix_bar, 0, device->msix_vectors * 16u};
        device->bar_length[msix_bar] = 2 * MSIX_PBA;
    }
}

void fake_config_build(struct fake_device *device)
{
    uint8_t *config = device->config;
    uint32_t subsystem = (uint32_t)knob_value(device, KNOB_SUBSYSTEM, 0x1AF41100);

    lay_out(device);
    put_le(config, knob_value(device, KNOB_CAPS, CAPS_GOOD) == CAPS_OTHER_VENDOR ? 0x8086 : 0x1AF4, 2);
    put_le(config + 2, device->options.pci_device_id, 2);
    config[8] = (uint8_t)knob_value(device, KNOB_REVISION, device->options.revision);
    put_le(config + 9, device->type->class_code, 3);
    for (unsigned bar = 0; bar < FAKE_BARS; bar++) {
        if (device->bar_is_64[bar]) {
            config[0x10 + 4 * bar] = 0x0C;
        }
    }
    put_le(config + 0x2C, subsystem >> 16, 2);
    put_le(config + 0x2E, subsystem & 0xFFFF, 2);
    config[0x3D] = 1;
    build_caps(device);
    if (knob_value(device, KNOB_CAPS, CAPS_GOOD) == CAPS_ALL_ONES) {
        memset(config, 0xFF, FAKE_CONFIG_LENGTH);
    }
}

static void log_config(struct fake_device *device, bool write, unsigned offset, unsigned width, uint32_t value)
{
    fake_log_add(&device->log, &(struct fake_access){.region = FAKE_CONFIG,
                                                     .write = write,
                                                     .width = (uint8_t)width,
                                                     .status = device->status,
                                                     .offset = offset,
                                                     .value = value,
                                                     .time_us = device->now_us});
}

uint32_t fake_config_read(struct fake_device *device, unsigned offset, unsigned width)
{
    uint32_t value = 0xFFFFFFFF;
    if (!device->gone && width <= 4 && offset + width <= FAKE_CONFIG_LENGTH) {
        value = (uint32_t)get_le(device->config + offset, width);
    }
    log_config(device, false, offset, width, value);
    return value;
}

/* The bits of a BAR register that can be written: all above its size, which is how its size is found. */
static uint32_t bar_mask(const struct fake_device *device, unsigned bar)
{
    if (device->bar_length[bar] != 0) {
        return ~(uint32_t)(device->bar_length[bar] - 1);
    }
    return bar > 0 && device->bar_is_64[bar - 1] ? ~(uint32_t)((device->bar_length[bar - 1] - 1) >> 32) : 0;
}

void fake_config_write(struct fake_device *device, unsigned offset, unsigned width, uint32_t value)
{
    log_config(device, true, offset, width, value);
    if (device->gone || width > 4 || offset + width > FAKE_CONFIG_LENGTH) {
        return;
    }
    if (offset >= 0x10 && offset < 0x28 && offset % 4 == 0 && width == 4) {
        uint32_t mask = bar_mask(device, (offset - 0x10) / 4);
        put_le(device->config + offset, (value & mask) | (get_le(device->config + offset, 4) & 0xF & ~mask), 4);
    } else if (offset == 0x04 && width >= 2) {
        put_le(device->config + 4, value, 2);
    } else if (offset == 0x3C) {
        device->config[0x3C] = (uint8_t)value;
    } else if (device->msix_cap != 0 && offset == device->msix_cap + 2 && width == 2) {
        put_le(device->config + offset, (get_le(device->config + offset, 2) & 0x3FFF) | (value & 0xC000), 2);
    }
}

uint64_t fake_bar_length(const struct fake_device *device, unsigned bar)
{
    return bar < FAKE_BARS ? device->bar_length[bar] : 0;
}

uint8_t *fake_config_bytes(struct fake_device *device)
{
    return device->config;
}

bool fake_msix_is_on(const struct fake_device *device)
{
    return device->msix_cap != 0 && (device->config[device->msix_cap + 3] & 0x80) != 0;
}

unsigned fake_msix_vectors(const struct fake_device *device)
{
    return device->msix_cap != 0 ? device->msix_vectors : 0;
}

unsigned fake_msix_enable(struct fake_device *device, unsigned count)
{
    if (device->msix_cap == 0) {
        return 0;
    }
    if (count > device->msix_vectors) {
        count = device->msix_vectors;
    }
    for (unsigned i = 0; i < device->msix_vectors; i++) {
        device->msix_table[16 * i + 12] = i >= count;
    }
    device->config[device->msix_cap + 3] &= 0x3F;
    if (count != 0) {
        device->config[device->msix_cap + 3] |= 0x80;
    }
    return count;
}

/* Whether a vector's message may be sent now and is due. */
static bool is_due(const struct fake_device *device, unsigned vector)
{
    return (device->config[device->msix_cap + 3] & 0x40) == 0 && (device->msix_table[16 * vector + 12] & 1) == 0 &&
           device->msix_pending[vector];
}

bool fake_msix_waits(struct fake_device *device)
{
    for (unsigned i = 0; fake_msix_is_on(device) && i < device->msix_vectors; i++) {
        if (is_due(device, i)) {
            return true;
        }
    }
    return false;
}

bool fake_msix_take(struct fake_device *device, unsigned vector)
{
    if (!fake_msix_is_on(device) || vector >= device->msix_vectors || !is_due(device, vector)) {
        return false;
    }
    device->msix_pending[vector] = false;
    return true;
}
