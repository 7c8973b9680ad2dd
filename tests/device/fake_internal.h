/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the parts of the fake device share. Nobody outside of tests/device includes this. */
#ifndef FAKE_INTERNAL_H
#define FAKE_INTERNAL_H

#include <endian.h>
#include <string.h>

#include "fake_device.h"
#include "fake_fault.h"
#include "fake_ring.h"

enum {
    STATUS_ACKNOWLEDGE = 1,
    STATUS_DRIVER = 2,
    STATUS_DRIVER_OK = 4,
    STATUS_FEATURES_OK = 8,
    STATUS_NEEDS_RESET = 0x40,
    STATUS_FAILED = 0x80,
    NO_VECTOR = 0xFFFF,
    TYPE_CONFIG_MAX = 256
};

#define FEATURE(bit)      (1ULL << (bit))
#define FEATURE_INDIRECT  FEATURE(28)
#define FEATURE_EVENT_IDX FEATURE(29)
#define FEATURE_VERSION_1 FEATURE(32)

/* Registers of the common structure that more than one unit names. */
enum {
    REG_DRIVER_FEATURE = 0x0C,
    REG_CONFIG_VECTOR = 0x10,
    REG_STATUS = 0x14,
    REG_GENERATION = 0x15,
    REG_QUEUE_SELECT = 0x16,
    REG_QUEUE_SIZE = 0x18,
    REG_QUEUE_VECTOR = 0x1A,
    REG_QUEUE_ENABLE = 0x1C,
    REG_QUEUE_NOTIFY_OFF = 0x1E,
    REG_QUEUE_DESC = 0x20,
    REG_QUEUE_END = 0x38
};

/* A field of a type's configuration: which accesses are right, and when it may be touched (INIT-16). */
struct fake_field {
    uint16_t offset;
    uint8_t width; /* 8: two accesses of 4 */
    bool writable;
    uint64_t feature; /* 0: always there */
};

struct fake_type {
    const char *name;
    uint16_t number;
    uint32_t class_code;
    uint64_t features;
    size_t config_length;
    const struct fake_field *fields;
    size_t field_count;
    bool (*create)(struct fake_device *device); /* fills config; false: no memory */
    void (*destroy)(struct fake_device *device);
    void (*reset)(struct fake_device *device);
    void (*config_written)(struct fake_device *device); /* after a write to a writable field; NULL: nothing follows */
    /* Whether a chain shall be taken now; NULL: always. A net device holds receive buffers until there is a frame. */
    bool (*wants)(struct fake_device *device, unsigned queue);
    /* Time has passed; NULL: nothing happens by itself. Returns whether anything did. */
    bool (*tick)(struct fake_device *device);
    /* Does one request; returns the used length, or FAKE_HELD. */
    uint32_t (*request)(struct fake_device *device, unsigned queue, const struct fake_chain *chain);
    /* The first rule that a request broke, or NULL. */
    const char *(*why)(const struct fake_device *device);
};
extern const struct fake_type fake_type_blk, fake_type_echo, fake_type_input, fake_type_net, fake_type_snd;

struct fake_queue {
    uint16_t size, vector, notify_off;
    bool enabled;
    bool pending; /* notified, not worked on yet */
    bool jumped;
    uint64_t desc, avail, used;
    uint16_t next_avail, used_idx;
    uint64_t chains, notifies, interrupts, broken_chains;
    const char *why;
};

struct fake_place {
    enum fake_region region;
    unsigned bar;
    uint64_t offset, length;
};

enum { PLACE_COMMON, PLACE_ISR, PLACE_TYPE, PLACE_NOTIFY, PLACE_MSIX, PLACE_COUNT };

struct fake_device {
    struct fake_options options;
    struct fake_knobs knobs;
    const struct fake_type *type;
    struct fake_log log;
    uint64_t now_us;
    bool gone;
    uint64_t accesses;
    uint64_t dma_errors;
    uint64_t random;

    uint8_t config[FAKE_CONFIG_LENGTH];
    uint64_t bar_length[FAKE_BARS];
    bool bar_is_64[FAKE_BARS];
    struct fake_place place[PLACE_COUNT];
    uint32_t multiplier;
    unsigned msix_cap; /* offset in config; 0: none */
    unsigned msix_vectors;
    uint8_t *msix_table; /* 16 bytes an entry */
    bool *msix_pending;

    uint8_t status, shown_status, generation, isr;
    bool reset_pending;
    int64_t reset_reads;
    uint64_t reset_until_us;
    uint32_t device_feature_select, driver_feature_select;
    uint32_t driver_features[4];
    uint64_t features; /* negotiated */
    uint16_t config_vector, queue_select, num_queues;
    unsigned offer_reads, size_reads, vector_writes;
    int64_t config_reads;
    struct fake_queue queue[FAKE_MAX_QUEUES];

    uint8_t type_config[TYPE_CONFIG_MAX];
    void *model; /* the type's own */

    const char *ring_why; /* the first broken rule on a ring since the device was made */
    struct fake_part *part;
    size_t part_capacity;
    struct fake_windows *windows; /* fake_driver.c's, NULL without it */
    void (*drop_windows)(struct fake_device *device);
};

static inline bool knob(const struct fake_device *device, enum fake_knob which)
{
    return device->knobs.set[which];
}

static inline int64_t knob_value(const struct fake_device *device, enum fake_knob which, int64_t otherwise)
{
    return device->knobs.set[which] ? device->knobs.value[which] : otherwise;
}

static inline void put_le(uint8_t *to, uint64_t value, unsigned width)
{
    for (unsigned i = 0; i < width; i++) {
        to[i] = (uint8_t)(value >> (8 * i));
    }
}

static inline uint64_t get_le(const uint8_t *from, unsigned width)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < width; i++) {
        value |= (uint64_t)from[i] << (8 * i);
    }
    return value;
}

/* xorshift: the same numbers in each run */
static inline uint64_t fake_random(struct fake_device *device)
{
    device->random ^= device->random << 13;
    device->random ^= device->random >> 7;
    device->random ^= device->random << 17;
    return device->random;
}

void fake_config_build(struct fake_device *device); /* fake_config.c */
bool fake_msix_is_on(const struct fake_device *device);
uint64_t fake_common_read(struct fake_device *device, unsigned offset, unsigned width, bool *wrong); /* fake_common.c */
void fake_common_write(struct fake_device *device, unsigned offset, unsigned width, uint64_t value, bool *wrong);
void fake_common_reset(struct fake_device *device);
uint64_t fake_type_config_read(struct fake_device *device, unsigned offset, unsigned width, bool *wrong);
void fake_raise(struct fake_device *device, struct fake_queue *queue); /* queue NULL: configuration */

#endif
