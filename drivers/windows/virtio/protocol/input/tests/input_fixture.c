/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A fake input device with the whole input core on it. */
#include "input_fixture.h"

#include <stdlib.h>

static void *ram_at(void *context, uint64_t address, uint64_t length)
{
    struct rig *rig = context;
    if (address < RAM_START || length > RAM_SIZE || address - RAM_START > RAM_SIZE - length) {
        return NULL;
    }
    return rig->ram + (address - RAM_START);
}

void rig_make(struct rig *rig, struct fake_options options, const char *fault)
{
    char error[160] = "";
    memset(rig, 0, sizeof(*rig));
    rig->ram = malloc(RAM_SIZE);
    assert_non_null(rig->ram);
    memset(rig->ram, 0xA5, RAM_SIZE); /* any content */
    options.type = "input";
    options.memory = (struct fake_memory){ram_at, rig};
    options.fault = fault;
    options.queue_size = options.queue_size != 0 ? options.queue_size : 64;
    rig->fake = fake_create(&options, error, sizeof(error));
    if (rig->fake == NULL) {
        fail_msg("%s", error);
    }
}

void rig_end(struct rig *rig)
{
    InputDeviceStop(&rig->device);
    rig_read(rig);
    assert_int_equal(rig_downs(rig), 0);
    InputDeviceUninit(&rig->device);
    fake_destroy(rig->fake);
    free(rig->state);
    free(rig->ram);
}

static NTSTATUS start(struct rig *rig, UINT16 vector)
{
    INPUT_MEMORY_NEEDED needed;
    INPUT_MEMORY memory;
    INPUT_VECTORS vectors = {vector, vector, vector};
    InputDeviceMemoryNeeded(&rig->device, &needed);
    assert_true(DMA_OFFSET + needed.dma_size <= RAM_SIZE);
    rig->state = malloc(needed.state_size);
    assert_non_null(rig->state);
    memset(rig->state, 0xA5, needed.state_size);
    memory = (INPUT_MEMORY){rig->ram + DMA_OFFSET, RAM_START + DMA_OFFSET, rig->state};
    NTSTATUS status = InputDeviceStart(&rig->device, &memory, &vectors);
    for (size_t i = DMA_OFFSET + needed.dma_size; i < DMA_OFFSET + needed.dma_size + 64; i++) {
        assert_int_equal(rig->ram[i], 0xA5); /* nothing behind what was asked for */
    }
    return status;
}

NTSTATUS rig_start(struct rig *rig, UINT16 vector)
{
    NTSTATUS status = InputDeviceProbe(&rig->device, &fake_driver_ops, rig->fake);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    const char *why = walk_descriptor(&rig->walk, rig->device.descriptor, rig->device.descriptor_length);
    if (why != NULL) {
        fail_msg("%s", why);
    }
    if (vector != VIRTIO_PCI_NO_VECTOR) {
        fake_msix_enable(rig->fake, 1);
    }
    return start(rig, vector);
}

void rig_up(struct rig *rig, const char *kind, const char *fault)
{
    rig_make(rig, (struct fake_options){.input = kind}, fault);
    NTSTATUS status = rig_start(rig, VIRTIO_PCI_NO_VECTOR);
    if (status != STATUS_SUCCESS) {
        fail_msg("start: 0x%x, %s (0x%x)", (unsigned)status, VirtioReasonText(rig->device.reason),
                 rig->device.reason_detail);
    }
}

unsigned rig_read(struct rig *rig)
{
    UINT8 report[INPUT_REPORT_MAX];
    UINT32 length;
    unsigned count = 0;
    while (InputDeviceHasReport(&rig->device)) {
        assert_int_equal(InputDeviceReadReport(&rig->device, report, sizeof(report), &length), STATUS_SUCCESS);
        assert_int_equal(length * 8, rig->walk.input_bits[report[0]]);
        memcpy(rig->report[report[0]], report, sizeof(report));
        if (report[0] == 4) {
            rig->motion_x += walk_value(walk_find(&rig->walk, 4, HID_PAGE_GENERIC_DESKTOP, HID_USAGE_X), report);
        }
        count++;
    }
    rig->reports += count;
    return count;
}

void rig_settle(struct rig *rig)
{
    for (unsigned idle = 0; idle < 3; idle++) {
        bool moved = fake_poll(rig->fake, 10);
        while (InputDeviceService(&rig->device)) {
            moved = true;
            fake_poll(rig->fake, 10);
            rig_read(rig);
        }
        moved |= rig_read(rig) != 0;
        if (moved) {
            idle = 0;
        }
    }
}

void rig_event(struct rig *rig, uint16_t type, uint16_t code, int64_t value)
{
    fake_input_event(rig->fake, type, code, (uint32_t)value);
}

void rig_syn(struct rig *rig)
{
    rig_event(rig, EV_SYN, SYN_REPORT, 0);
}

void rig_send(struct rig *rig, uint16_t type, uint16_t code, int64_t value)
{
    rig_event(rig, type, code, value);
    rig_syn(rig);
    rig_settle(rig);
}

int64_t rig_value(struct rig *rig, uint16_t page, uint16_t usage)
{
    const struct walk_field *field = walk_find(&rig->walk, 0, page, usage);
    assert_non_null(field);
    return walk_value(field, rig->report[field->report_id]);
}

unsigned rig_downs(const struct rig *rig)
{
    unsigned count = 0;
    for (size_t i = 0; i < rig->walk.count; i++) {
        const struct walk_field *field = &rig->walk.field[i];
        if (!field->is_output && !field->is_constant && field->bits == 1) {
            count += walk_value(field, rig->report[field->report_id]) != 0;
        }
    }
    return count;
}

void rig_check_rules(struct rig *rig)
{
    char why[200] = "";
    if (!fake_check(rig->fake, why, sizeof(why))) {
        fail_msg("%s", why);
    }
    assert_int_equal(fake_dma_errors(rig->fake), 0);
}
