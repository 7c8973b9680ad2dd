/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Rules for drivers that show in the order and shape of accesses. One pass over the log, one small state. */
#include "fake_internal.h"

#include <stdio.h>

struct state {
    const struct fake_device *device;
    uint8_t status;   /* last written */
    bool resetting;   /* 0 was written, not read back yet */
    bool features_ok; /* seen in a read-back */
    bool failed;
    bool selected; /* queue_select written since the last reset */
    bool saw_config_walk;
    uint16_t vector_wait;            /* offset of a vector register to be read back, 0: none */
    uint8_t set_up[FAKE_MAX_QUEUES]; /* bits: size, vector, desc, avail, used */
};

enum { ALL_SET_UP = 0x1F };

static const char *check_status(struct state *state, const struct fake_access *access)
{
    uint8_t value = (uint8_t)access->value;
    if (value == 0) {
        *state = (struct state){.device = state->device, .resetting = true, .saw_config_walk = state->saw_config_walk};
        return NULL;
    }
    if (state->failed && (value & STATUS_FAILED) == 0) {
        return "INIT-03: FAILED is followed by something else than a reset";
    }
    if ((access->status & ~value & ~STATUS_NEEDS_RESET) != 0) { /* of what the device still has */
        return "INIT-02: a status bit was taken away";
    }
    if ((value & 0x30) != 0) {
        return "INIT-31: SUSPEND or a reserved status bit";
    }
    bool is_failing = (value & STATUS_FAILED) != 0;
    if (!is_failing && (value & STATUS_DRIVER) != 0 && (state->status & STATUS_ACKNOWLEDGE) == 0) {
        return "INIT-19: DRIVER before ACKNOWLEDGE";
    }
    if (!is_failing && (value & STATUS_FEATURES_OK) != 0 && (state->status & STATUS_DRIVER) == 0) {
        return "INIT-19: FEATURES_OK before DRIVER";
    }
    if (!is_failing && (value & STATUS_DRIVER_OK) != 0 && !state->features_ok) {
        return "INIT-23: DRIVER_OK without FEATURES_OK read back";
    }
    state->status = value;
    state->failed = is_failing;
    return NULL;
}

static const char *check_common_write(struct state *state, const struct fake_access *access)
{
    uint32_t offset = access->offset;
    if (offset == REG_STATUS) {
        return check_status(state, access);
    }
    if (state->failed) {
        return "INIT-26: set-up goes on after FAILED";
    }
    if (offset == REG_DRIVER_FEATURE && (state->status & STATUS_FEATURES_OK) != 0) {
        return "INIT-22: driver_feature after FEATURES_OK";
    }
    if (offset == REG_QUEUE_SELECT) {
        state->selected = true;
        return NULL;
    }
    if (offset == REG_CONFIG_VECTOR || offset == REG_QUEUE_VECTOR) {
        if (access->value != NO_VECTOR && access->value >= state->device->msix_vectors) {
            return "PCI-32: a vector past the table's end";
        }
        state->vector_wait = access->value != NO_VECTOR ? (uint16_t)offset : 0;
    }
    if (offset < REG_QUEUE_SIZE || access->queue >= FAKE_MAX_QUEUES) {
        return NULL;
    }
    if (!state->selected) {
        return "PCI-38: a queue register without queue_select";
    }
    if (!state->features_ok || (state->status & STATUS_DRIVER_OK) != 0) {
        return "INIT-24: queue set-up outside of FEATURES_OK to DRIVER_OK";
    }
    uint8_t *set_up = &state->set_up[access->queue];
    switch (offset) {
    case REG_QUEUE_SIZE:
        *set_up |= 1;
        return (access->value & (access->value - 1)) != 0 || access->value == 0
                   ? "PCI-16: queue_size is no power of two"
                   : NULL;
    case REG_QUEUE_VECTOR:
        *set_up |= 2;
        return NULL;
    case REG_QUEUE_ENABLE:
        if (access->value == 0) {
            return "PCI-19: 0 to queue_enable";
        }
        return *set_up != ALL_SET_UP ? "PCI-17: queue_enable before the other fields" : NULL;
    default:
        *set_up |= (uint8_t)(4u << ((offset - REG_QUEUE_DESC) / 8));
        return NULL;
    }
}

static const char *check_common_read(struct state *state, const struct fake_access *access)
{
    if (access->offset == REG_STATUS) {
        state->resetting &= access->value != 0;
        state->features_ok |= (state->status & STATUS_FEATURES_OK) != 0 && (access->value & STATUS_FEATURES_OK) != 0 &&
                              access->value != 0xFF;
    }
    return NULL;
}

/* Whether a field of the type's configuration is on offer (INIT-16). */
static bool is_offered(const struct fake_device *device, uint32_t offset)
{
    uint64_t offer = fake_offered_features(device);
    for (size_t i = 0; i < device->type->field_count; i++) {
        const struct fake_field *field = &device->type->fields[i];
        if (offset >= field->offset && offset < field->offset + (uint32_t)field->width) {
            return (field->feature & ~offer) == 0;
        }
    }
    return false;
}

/* Whether a place in configuration space belongs to a virtio capability. The list may be any bytes. */
static bool is_in_virtio_cap(const uint8_t *config, unsigned offset)
{
    unsigned at = config[0x34] & 0xFC;
    for (unsigned step = 0; step < FAKE_CONFIG_LENGTH / 4 && at >= 0x40; step++) {
        if (config[at] == 0x09 && offset >= at && offset < at + config[at + 2]) {
            return true;
        }
        at = config[at + 1] & 0xFC;
    }
    return false;
}

static const char *check_one(struct state *state, const struct fake_access *access)
{
    if (access->region == FAKE_CONFIG) {
        state->saw_config_walk = true;
        return access->write && is_in_virtio_cap(state->device->config, access->offset)
                   ? "PCI-14, PCI-25: a write to a virtio capability"
                   : NULL;
    }
    if (access->region == FAKE_MAP || access->region == FAKE_MSIX) {
        return NULL;
    }
    if (!state->saw_config_walk) {
        return "PCI-27: a BAR is touched before the capabilities are read";
    }
    if (access->wrong) {
        return access->region == FAKE_NOTIFY ? "PCI-39, PCI-41, PCI-43: a kick of wrong place, width or value"
                                             : "PCI-05, PCI-06, PCI-15: wrong place, width or a read-only register";
    }
    bool is_status = access->region == FAKE_COMMON && access->offset == REG_STATUS;
    if (state->resetting && !is_status && access->region != FAKE_ISR) {
        return "INIT-13, PCI-18: an access before the reset was seen to be over";
    }
    if (state->vector_wait != 0) {
        bool is_read_back = access->region == FAKE_COMMON && !access->write && access->offset == state->vector_wait;
        state->vector_wait = 0;
        if (!is_read_back) {
            return "PCI-33: a vector was not read back";
        }
    }
    switch (access->region) {
    case FAKE_COMMON:
        return access->write ? check_common_write(state, access) : check_common_read(state, access);
    case FAKE_NOTIFY:
        return (state->status & STATUS_DRIVER_OK) == 0 ? "INIT-27: a kick before DRIVER_OK" : NULL;
    case FAKE_TYPE:
        if (access->write && !state->features_ok) {
            return "INIT-20: configuration is written during negotiation";
        }
        return is_offered(state->device, access->offset) ? NULL : "INIT-16: a field that is not on offer";
    default:
        return NULL;
    }
}

bool fake_check_log(const struct fake_device *device, char *why, size_t why_size)
{
    struct state state = {.device = device};
    uint64_t accepted = fake_driver_features(device);

    for (size_t i = 0; i < device->log.count; i++) {
        const char *broken = check_one(&state, &device->log.access[i]);
        if (broken != NULL) {
            snprintf(why, why_size, "%s (access %zu)", broken, i);
            return false;
        }
    }
    if (!knob(device, KNOB_OFFER_CHANGES) && (accepted & ~fake_offered_features(device)) != 0) {
        snprintf(why, why_size, "INIT-06: features that were not on offer, 0x%llx", (unsigned long long)accepted);
        return false;
    }
    return true;
}

bool fake_check(const struct fake_device *device, char *why, size_t why_size)
{
    const char *broken = device->ring_why;
    if (broken == NULL && device->type->why != NULL) {
        broken = device->type->why(device);
    }
    if (broken != NULL) {
        snprintf(why, why_size, "%s", broken);
        return false;
    }
    return fake_check_log(device, why, why_size);
}
