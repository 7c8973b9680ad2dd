/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The device type "echo": copies the readable bytes of a chain to its writable ones, for tests of rings alone. */
#include "fake_internal.h"

static bool create(struct fake_device *device)
{
    memset(device->type_config, 0, sizeof(device->type_config));
    return true;
}

static uint32_t request(struct fake_device *device, unsigned queue, const struct fake_chain *chain)
{
    uint64_t offset = 0;
    (void)device;
    (void)queue;
    for (size_t i = 0; i < chain->readable; i++) {
        const struct fake_part *part = &chain->part[i];
        offset += part->length != 0 ? fake_chain_write(chain, offset, part->data, part->length) : 0;
    }
    return (uint32_t)offset;
}

static const struct fake_field fields[] = {{0, 8, false, 0}, {8, 4, false, 0}};

const struct fake_type fake_type_echo = {
    .name = "echo",
    .number = 0x3F,
    .class_code = 0xFF0000,
    .features = FEATURE_VERSION_1 | FEATURE_INDIRECT | FEATURE_EVENT_IDX,
    .config_length = 16,
    .fields = fields,
    .field_count = sizeof(fields) / sizeof(fields[0]),
    .create = create,
    .request = request,
};
