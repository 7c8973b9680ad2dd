/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The device as a whole: options, BAR accesses, interrupts, time. */
#include "fake_internal.h"

#include <stdio.h>
#include <stdlib.h>

static const struct fake_type *const types[] = {&fake_type_blk, &fake_type_echo, &fake_type_input, &fake_type_net, &fake_type_snd};

static const struct fake_type *find_type(const char *name)
{
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (strcmp(types[i]->name, name) == 0) {
            return types[i];
        }
    }
    return NULL;
}

static bool fill_options(struct fake_device *device, const struct fake_options *given, char *error, size_t error_size)
{
    struct fake_options *options = &device->options;
    *options = *given;
    device->type = find_type(given->type != NULL ? given->type : "blk");
    if (device->type == NULL) {
        snprintf(error, error_size, "no device type is named '%s'", given->type);
        return false;
    }
    if (!fake_faults_apply(&device->knobs, given->fault, error, error_size)) {
        return false;
    }
    options->pci_device_id =
        given->pci_device_id != 0 ? given->pci_device_id : (uint16_t)(0x1040 + device->type->number);
    options->revision = given->revision != 0 ? given->revision : 1;
    options->features = given->features != 0 ? given->features : device->type->features;
    options->queue_count = given->queue_count != 0 ? given->queue_count : 1;
    options->queue_size = given->queue_size != 0 ? given->queue_size : 128;
    options->bar = given->bar != 0 ? given->bar : 4;
    options->disk_bytes = given->disk_bytes != 0 ? given->disk_bytes : 16 << 20;
    options->fault = NULL;
    options->type = NULL;
    int vectors = given->msix_vectors == 0 ? 2 : given->msix_vectors;
    device->msix_vectors = vectors < 0 ? 0 : (unsigned)vectors;
    device->multiplier = given->notify_multiplier == 0  ? 4
                         : given->notify_multiplier < 0 ? 0
                                                        : (uint32_t)given->notify_multiplier;
    device->multiplier = (uint32_t)knob_value(device, KNOB_MULTIPLIER, device->multiplier);
    if (options->queue_count > FAKE_MAX_QUEUES || device->msix_vectors > FAKE_MAX_VECTORS || options->bar < 1 ||
        options->bar > 5 || options->offset % 4 != 0) {
        snprintf(error, error_size, "queue_count, msix_vectors, bar or offset out of range");
        return false;
    }
    return true;
}

struct fake_device *fake_create(const struct fake_options *options, char *error, size_t error_size)
{
    struct fake_device *device = calloc(1, sizeof(*device));
    if (device == NULL) {
        snprintf(error, error_size, "no memory");
        return NULL;
    }
    device->random = 0x9E3779B97F4A7C15 ^ options->seed;
    if (!fill_options(device, options, error, error_size)) {
        free(device);
        return NULL;
    }
    device->log.off = options->no_log;
    device->msix_table = calloc(device->msix_vectors + 1, 16);
    device->msix_pending = calloc(device->msix_vectors + 1, sizeof(bool));
    if (device->msix_table == NULL || device->msix_pending == NULL || !device->type->create(device)) {
        snprintf(error, error_size, "no memory for the device");
        fake_destroy(device);
        return NULL;
    }
    fake_config_build(device);
    fake_common_reset(device);
    return device;
}

void fake_destroy(struct fake_device *device)
{
    if (device == NULL) {
        return;
    }
    if (device->drop_windows != NULL) {
        device->drop_windows(device);
    }
    if (device->type->destroy != NULL) {
        device->type->destroy(device);
    }
    fake_log_free(&device->log);
    free(device->msix_table);
    free(device->msix_pending);
    free(device->part);
    free(device);
}

static const struct fake_place *find_place(const struct fake_device *device, unsigned bar, uint64_t offset)
{
    for (size_t i = 0; i < PLACE_COUNT; i++) {
        const struct fake_place *place = &device->place[i];
        if (place->length != 0 && place->bar == bar && offset >= place->offset &&
            offset - place->offset < place->length) {
            return place;
        }
    }
    return NULL;
}

static struct fake_access begin(struct fake_device *device, unsigned bar, uint64_t offset, unsigned width,
                                const struct fake_place **place)
{
    *place = find_place(device, bar, offset);
    device->accesses++;
    if (knob(device, KNOB_GONE_AFTER) && device->accesses >= (uint64_t)knob_value(device, KNOB_GONE_AFTER, 0)) {
        fake_remove(device);
    }
    return (struct fake_access){
        .region = *place != NULL ? (*place)->region : FAKE_HOLE,
        .wrong = *place == NULL || offset % width != 0 || offset + width > (*place)->offset + (*place)->length,
        .width = (uint8_t)width,
        .status = device->status,
        .queue = device->queue_select,
        .offset = (uint32_t)(*place != NULL ? offset - (*place)->offset : offset),
        .time_us = device->now_us,
    };
}

uint64_t fake_mem_read(struct fake_device *device, unsigned bar, uint64_t offset, unsigned width)
{
    const struct fake_place *place;
    struct fake_access access = begin(device, bar, offset, width, &place);
    uint64_t value = UINT64_MAX;

    if (!device->gone && !access.wrong) {
        switch (access.region) {
        case FAKE_COMMON:
            value = fake_common_read(device, access.offset, width, &access.wrong);
            break;
        case FAKE_ISR:
            value = device->isr;
            device->isr = 0;
            break;
        case FAKE_TYPE:
            value = fake_type_config_read(device, access.offset, width, &access.wrong);
            break;
        case FAKE_MSIX:
            value = get_le(device->msix_table + access.offset, width);
            break;
        default:
            access.wrong = true;
            value = 0;
            break;
        }
    }
    if (width < 8) {
        value &= (1ULL << (8 * width)) - 1;
    }
    access.value = value;
    fake_log_add(&device->log, &access);
    return value;
}

static void write_type_config(struct fake_device *device, struct fake_access *access)
{
    bool writable = false;
    for (size_t i = 0; i < device->type->field_count; i++) {
        const struct fake_field *field = &device->type->fields[i];
        writable |= field->writable && field->offset == access->offset && field->width == access->width;
    }
    access->wrong |= !writable;
    if (writable) {
        put_le(device->type_config + access->offset, access->value, access->width);
        if (device->type->config_written != NULL) {
            device->type->config_written(device);
        }
    }
}

/* A kick: which queue is told by the value; the place has to be that queue's (PCI-41, PCI-43). */
static void notified(struct fake_device *device, struct fake_access *access)
{
    uint16_t index = (uint16_t)access->value;
    if (access->width != 2 || index >= device->num_queues || index >= FAKE_MAX_QUEUES ||
        access->offset != (uint64_t)device->queue[index].notify_off * device->multiplier) {
        access->wrong = true;
        return;
    }
    device->queue[index].notifies++;
    device->queue[index].pending = true;
    if (!device->options.deferred) {
        fake_poll(device, 0);
    }
}

void fake_mem_write(struct fake_device *device, unsigned bar, uint64_t offset, unsigned width, uint64_t value)
{
    const struct fake_place *place;
    struct fake_access access = begin(device, bar, offset, width, &place);

    access.write = true;
    access.value = value;
    if (device->gone) {
        fake_log_add(&device->log, &access);
        return;
    }
    if (!access.wrong && access.region == FAKE_COMMON) {
        fake_common_write(device, access.offset, width, value, &access.wrong);
    } else if (!access.wrong && access.region == FAKE_TYPE) {
        write_type_config(device, &access);
    } else if (!access.wrong && access.region == FAKE_MSIX) {
        put_le(device->msix_table + access.offset, value, width);
    } else if (!access.wrong && access.region == FAKE_NOTIFY) {
        notified(device, &access);
    } else {
        access.wrong = true;
    }
    fake_log_add(&device->log, &access);
}

static void raise_once(struct fake_device *device, struct fake_queue *queue)
{
    uint16_t vector = queue != NULL ? queue->vector : device->config_vector;
    if (!fake_msix_is_on(device)) {
        device->isr |= (uint8_t)((queue != NULL ? 1 : 2) | knob_value(device, KNOB_ISR, 0));
    } else if (vector < device->msix_vectors) {
        device->msix_pending[vector] = true;
    }
}

void fake_raise(struct fake_device *device, struct fake_queue *queue)
{
    if (device->gone) {
        return;
    }
    if (queue != NULL) {
        queue->interrupts++;
    }
    raise_once(device, queue);
}

void fake_interrupt(struct fake_device *device, int queue)
{
    fake_raise(device, queue >= 0 && queue < FAKE_MAX_QUEUES ? &device->queue[queue] : NULL);
}

bool fake_line_level(const struct fake_device *device)
{
    return !device->gone && device->isr != 0 && !fake_msix_is_on(device);
}

bool fake_poll(struct fake_device *device, uint64_t microseconds)
{
    bool happened = false;
    device->now_us += microseconds;
    for (unsigned i = 0; i < FAKE_MAX_QUEUES && !device->gone; i++) {
        struct fake_queue *queue = &device->queue[i];
        if (!queue->pending && knob_value(device, KNOB_SUPPRESS, 0) != 1) {
            continue;
        }
        unsigned limit = knob(device, KNOB_ONE_PER_POLL) ? 1 : UINT32_MAX;
        unsigned taken = fake_ring_process(device, queue, limit);
        queue->pending = taken == limit;
        happened |= taken != 0;
    }
    if (device->type->tick != NULL && !device->gone) {
        happened |= device->type->tick(device);
    }
    return happened;
}

uint64_t fake_clock_us(const struct fake_device *device)
{
    return device->now_us;
}

void fake_remove(struct fake_device *device)
{
    device->gone = true;
}

void fake_need_reset(struct fake_device *device, bool quiet)
{
    device->status |= STATUS_NEEDS_RESET;
    if (!quiet) {
        fake_raise(device, NULL);
    }
}

struct fake_log *fake_log_of(struct fake_device *device)
{
    return &device->log;
}

uint8_t fake_status(const struct fake_device *device)
{
    return device->status;
}

uint64_t fake_driver_features(const struct fake_device *device)
{
    return device->driver_features[0] | (uint64_t)device->driver_features[1] << 32;
}

uint8_t *fake_type_config(struct fake_device *device, size_t *length)
{
    *length = device->type->config_length;
    return device->type_config;
}

void fake_config_changed(struct fake_device *device)
{
    device->generation++;
    fake_raise(device, NULL);
}

uint64_t fake_dma_errors(const struct fake_device *device)
{
    return device->dma_errors;
}

void fake_queue_look(const struct fake_device *device, unsigned index, struct fake_queue_view *view)
{
    const struct fake_queue *queue = &device->queue[index];
    *view = (struct fake_queue_view){queue->enabled,  queue->size,       queue->vector,        queue->notify_off,
                                     queue->desc,     queue->avail,      queue->used,          queue->chains,
                                     queue->notifies, queue->interrupts, queue->broken_chains, queue->why};
}

void fake_queue_attach(struct fake_device *device, unsigned index, uint16_t size, uint64_t desc, uint64_t avail,
                       uint64_t used, uint64_t features)
{
    device->status = STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK | STATUS_DRIVER_OK;
    device->features = features | FEATURE_VERSION_1;
    device->queue[index] = (struct fake_queue){.size = size,
                                               .vector = NO_VECTOR,
                                               .notify_off = device->queue[index].notify_off,
                                               .enabled = true,
                                               .desc = desc,
                                               .avail = avail,
                                               .used = used};
}

unsigned fake_queue_process(struct fake_device *device, unsigned index, unsigned limit)
{
    return fake_ring_process(device, &device->queue[index], limit);
}
