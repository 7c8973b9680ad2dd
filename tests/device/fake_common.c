/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The common configuration structure's registers, reset, and reads of the type's configuration. */
#include "fake_internal.h"

static struct fake_queue *selected(struct fake_device *device)
{
    return device->queue_select < device->num_queues && device->queue_select < FAKE_MAX_QUEUES
               ? &device->queue[device->queue_select]
               : NULL;
}

void fake_common_reset(struct fake_device *device)
{
    uint16_t size = (uint16_t)knob_value(device, KNOB_QUEUE_SIZE, device->options.queue_size);

    device->status = 0;
    device->isr = 0;
    device->device_feature_select = device->driver_feature_select = 0;
    memset(device->driver_features, 0, sizeof(device->driver_features));
    device->features = 0;
    device->config_vector = NO_VECTOR;
    device->queue_select = 0;
    device->num_queues = (uint16_t)knob_value(device, KNOB_NUM_QUEUES, device->options.queue_count);
    for (unsigned i = 0; i < FAKE_MAX_QUEUES; i++) {
        uint16_t off = (uint16_t)(device->options.permute_notify ? device->options.queue_count - 1u - i : i);
        device->queue[i] = (struct fake_queue){
            .size = i < device->options.queue_count ? size : 0,
            .vector = NO_VECTOR,
            .notify_off = (uint16_t)knob_value(device, KNOB_NOTIFY_OFF, off),
        };
    }
    if (device->msix_pending != NULL) {
        memset(device->msix_pending, 0, device->msix_vectors * sizeof(bool));
    }
    if (device->type->reset != NULL) {
        device->type->reset(device);
    }
}

uint64_t fake_offered_features(const struct fake_device *device)
{
    uint64_t offer = device->options.features & ~device->options.features_off;
    offer |= (uint64_t)knob_value(device, KNOB_OFFER_OR, 0);
    offer &= ~(uint64_t)knob_value(device, KNOB_OFFER_NOT, 0);
    return knob(device, KNOB_OFFER_ALL) ? UINT64_MAX : offer;
}

static uint32_t read_offer(struct fake_device *device)
{
    uint64_t offer = fake_offered_features(device);
    if (knob(device, KNOB_OFFER_ALL)) {
        return 0xFFFFFFFF;
    }
    if (knob(device, KNOB_OFFER_CHANGES) && device->offer_reads++ % 2 == 1) {
        offer ^= 0x0000FFFFULL;
    }
    return device->device_feature_select < 2 ? (uint32_t)(offer >> (32 * device->device_feature_select)) : 0;
}

/* The status register; during a reset the old value until it is over. */
static uint8_t read_status(struct fake_device *device)
{
    if (device->reset_pending) {
        bool is_over = device->now_us >= device->reset_until_us && device->reset_reads-- <= 0;
        if (!is_over || knob(device, KNOB_RESET_STUCK)) {
            return device->shown_status;
        }
        device->reset_pending = false;
    }
    return device->status;
}

static void start_reset(struct fake_device *device)
{
    bool was_live = (device->status & STATUS_DRIVER_OK) != 0;
    uint8_t old = device->status != 0 ? device->status : STATUS_ACKNOWLEDGE;
    fake_common_reset(device);
    device->shown_status = old;
    device->reset_pending = true;
    device->reset_reads = knob_value(device, KNOB_RESET_READS, 0);
    device->reset_until_us = device->now_us + (uint64_t)knob_value(device, KNOB_RESET_US, 0);
    if (was_live && knob(device, KNOB_INTERRUPT_LATE)) {
        device->isr = 3;
        for (unsigned i = 0; i < device->msix_vectors; i++) {
            device->msix_pending[i] = true;
        }
    }
}

static bool features_are_good(const struct fake_device *device)
{
    uint64_t accepted = device->driver_features[0] | (uint64_t)device->driver_features[1] << 32;
    return !knob(device, KNOB_FEATURES_REFUSED) && (accepted & ~fake_offered_features(device)) == 0 &&
           (accepted & FEATURE_VERSION_1) != 0 && device->driver_features[2] == 0 && device->driver_features[3] == 0;
}

static void write_status(struct fake_device *device, uint8_t value)
{
    if (value == 0) {
        start_reset(device);
        return;
    }
    if (device->reset_pending && knob(device, KNOB_RESET_STUCK)) {
        return;
    }
    if ((value & ~device->status & STATUS_FEATURES_OK) != 0 && !features_are_good(device)) {
        value &= (uint8_t)~STATUS_FEATURES_OK;
    }
    if ((value & ~device->status & STATUS_FEATURES_OK) != 0) {
        device->features = device->driver_features[0] | (uint64_t)device->driver_features[1] << 32;
    }
    if (knob(device, KNOB_NEEDS_RESET_AT) && (value & knob_value(device, KNOB_NEEDS_RESET_AT, 0)) != 0) {
        value |= STATUS_NEEDS_RESET;
    }
    device->status = value;
    if (knob(device, KNOB_INTERRUPT_EARLY)) {
        fake_raise(device, NULL);
        fake_raise(device, &device->queue[0]);
    }
}

static uint16_t read_queue_size(struct fake_device *device, const struct fake_queue *queue)
{
    static const uint16_t sizes[] = {256, 3, 65535, 0, 16384};
    if (queue == NULL) {
        return 0;
    }
    if (knob(device, KNOB_QUEUE_SIZE_MOVES)) {
        return sizes[device->size_reads++ % 5];
    }
    return queue->size;
}

static uint64_t read_queue(struct fake_device *device, unsigned offset, unsigned width, bool *wrong)
{
    const struct fake_queue *queue = selected(device);
    unsigned part = offset & 7;
    if (offset >= REG_QUEUE_DESC) {
        *wrong |= width != 4 || (part != 0 && part != 4);
        const uint64_t zero = 0;
        const uint64_t *address = queue == NULL                  ? &zero
                                  : offset < REG_QUEUE_DESC + 8  ? &queue->desc
                                  : offset < REG_QUEUE_DESC + 16 ? &queue->avail
                                                                 : &queue->used;
        return (uint32_t)(*address >> (8 * (part & 4)));
    }
    *wrong |= width != 2;
    switch (offset) {
    case REG_QUEUE_SIZE:
        return read_queue_size(device, queue);
    case REG_QUEUE_VECTOR:
        return queue == NULL ? NO_VECTOR : queue->vector;
    case REG_QUEUE_ENABLE:
        return queue != NULL && queue->enabled;
    case REG_QUEUE_NOTIFY_OFF:
        return queue == NULL ? 0 : queue->notify_off;
    default:
        *wrong = true;
        return 0;
    }
}

uint64_t fake_common_read(struct fake_device *device, unsigned offset, unsigned width, bool *wrong)
{
    static const struct {
        uint8_t offset, width;
    } fields[] = {{0x00, 4}, {0x04, 4}, {0x08, 4}, {0x0C, 4}, {0x10, 2}, {0x12, 2}, {0x14, 1}, {0x15, 1}, {0x16, 2}};
    unsigned width_there = 0;

    if (offset >= REG_QUEUE_SIZE) {
        return read_queue(device, offset, width, wrong);
    }
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        if (fields[i].offset == offset) {
            width_there = fields[i].width;
        }
    }
    *wrong |= width != width_there;
    switch (offset) {
    case 0x00:
        return device->device_feature_select;
    case 0x04:
        return read_offer(device);
    case 0x08:
        return device->driver_feature_select;
    case REG_DRIVER_FEATURE:
        return device->driver_feature_select < 4 ? device->driver_features[device->driver_feature_select] : 0;
    case REG_CONFIG_VECTOR:
        return device->config_vector;
    case 0x12:
        return device->num_queues;
    case REG_STATUS:
        return read_status(device);
    case REG_GENERATION:
        return knob(device, KNOB_GENERATION_EACH) ? device->generation++ : device->generation;
    case REG_QUEUE_SELECT:
        return device->queue_select;
    default:
        return 0;
    }
}

/* What a mapping of an event to a vector reads back as. */
static uint16_t map_vector(struct fake_device *device, uint16_t vector)
{
    if (vector == NO_VECTOR) {
        return NO_VECTOR;
    }
    if (vector >= device->msix_vectors || ++device->vector_writes == knob_value(device, KNOB_VECTOR_REFUSE, 0)) {
        return NO_VECTOR;
    }
    return (uint16_t)knob_value(device, KNOB_VECTOR_JUNK, vector);
}

static void write_queue(struct fake_device *device, unsigned offset, unsigned width, uint64_t value, bool *wrong)
{
    struct fake_queue *queue = selected(device);
    unsigned part = offset & 7;
    *wrong |= queue == NULL || offset == REG_QUEUE_NOTIFY_OFF;
    if (queue == NULL) {
        return;
    }
    if (offset >= REG_QUEUE_DESC) {
        uint64_t *address = offset < REG_QUEUE_DESC + 8    ? &queue->desc
                            : offset < REG_QUEUE_DESC + 16 ? &queue->avail
                                                           : &queue->used;
        *wrong |= width != 4 || (part != 0 && part != 4);
        *address = part < 4 ? (*address & ~0xFFFFFFFFULL) | (uint32_t)value : (*address & 0xFFFFFFFFULL) | value << 32;
        return;
    }
    *wrong |= width != 2;
    switch (offset) {
    case REG_QUEUE_SIZE:
        queue->size = knob(device, KNOB_QUEUE_SIZE_FIXED) ? queue->size : (uint16_t)value;
        break;
    case REG_QUEUE_VECTOR:
        queue->vector = map_vector(device, (uint16_t)value);
        break;
    case REG_QUEUE_ENABLE:
        queue->enabled = value == 1 && !knob(device, KNOB_ENABLE_REFUSED);
        break;
    default:
        *wrong = true;
        break;
    }
}

void fake_common_write(struct fake_device *device, unsigned offset, unsigned width, uint64_t value, bool *wrong)
{
    if (offset >= REG_QUEUE_SIZE) {
        write_queue(device, offset, width, value, wrong);
        return;
    }
    switch (offset) {
    case 0x00:
        *wrong |= width != 4;
        device->device_feature_select = (uint32_t)value;
        break;
    case 0x08:
        *wrong |= width != 4;
        device->driver_feature_select = (uint32_t)value;
        break;
    case REG_DRIVER_FEATURE:
        *wrong |= width != 4;
        if (device->driver_feature_select < 4) {
            device->driver_features[device->driver_feature_select] = (uint32_t)value;
        }
        break;
    case REG_CONFIG_VECTOR:
        *wrong |= width != 2;
        device->config_vector = map_vector(device, (uint16_t)value);
        break;
    case REG_STATUS:
        *wrong |= width != 1;
        write_status(device, (uint8_t)value);
        break;
    case REG_QUEUE_SELECT:
        *wrong |= width != 2;
        device->queue_select = (uint16_t)value;
        break;
    default:
        *wrong = true;
        break;
    }
}

uint64_t fake_type_config_read(struct fake_device *device, unsigned offset, unsigned width, bool *wrong)
{
    bool is_field = false;
    for (size_t i = 0; i < device->type->field_count; i++) {
        const struct fake_field *field = &device->type->fields[i];
        unsigned access = field->width == 8 ? 4 : field->width;
        is_field |= width == access && (offset == field->offset || (field->width == 8 && offset == field->offset + 4u));
    }
    *wrong |= !is_field;
    uint64_t value = get_le(device->type_config + offset, width);
    int64_t moves = knob_value(device, KNOB_GENERATION_ONCE, knob_value(device, KNOB_GENERATION_NEVER, 0));
    if (moves != 0 && ++device->config_reads == moves) {
        for (size_t i = 0; i < 8; i++) {
            device->type_config[i] ^= 0x5A;
        }
        device->generation = (uint8_t)(device->generation + knob(device, KNOB_GENERATION_ONCE));
    }
    return value;
}
