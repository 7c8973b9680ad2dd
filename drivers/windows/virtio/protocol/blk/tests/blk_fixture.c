/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A fake block device with the whole block core on it. */
#include "blk_fixture.h"

#include <stdlib.h>

static void *ram_at(void *context, uint64_t address, uint64_t length)
{
    struct rig *rig = context;
    if (address < RAM_START || length > RAM_SIZE || address - RAM_START > RAM_SIZE - length) {
        return NULL;
    }
    return rig->ram + (address - RAM_START);
}

static bool may_allocate(struct rig *rig)
{
    if (++rig->allocations == rig->fail_allocation) {
        return false;
    }
    rig->live++;
    return true;
}

static void *os_alloc(void *context, size_t size)
{
    return may_allocate(context) ? malloc(size) : NULL;
}

static void os_free(void *context, void *memory)
{
    ((struct rig *)context)->live--;
    free(memory);
}

static virtio_bool_t os_alloc_dma(void *context, size_t size, size_t alignment, virtio_dma_buffer_t *out)
{
    struct rig *rig = context;
    size_t start = (rig->ram_used + alignment - 1) & ~(alignment - 1);
    if (!may_allocate(rig)) {
        return VIRTIO_FALSE;
    }
    assert_true(start + size <= DATA_OFFSET);
    rig->ram_used = start + size;
    memset(rig->ram + start, 0xA5, size); /* any content */
    *out = (virtio_dma_buffer_t){rig->ram + start, RAM_START + start, size};
    return VIRTIO_TRUE;
}

static void os_free_dma(void *context, virtio_dma_buffer_t *buffer)
{
    ((struct rig *)context)->live--;
    memset(buffer->vaddr, 0x5A, buffer->size);
}

static uint64_t os_virt_to_phys(void *context, const void *memory)
{
    struct rig *rig = context;
    return RAM_START + (uint64_t)((const uint8_t *)memory - rig->ram);
}

const virtio_os_ops_t rig_os_ops = {os_alloc, os_free, os_alloc_dma, os_free_dma, os_virt_to_phys, NULL};

void rig_make(struct rig *rig, struct fake_options options, const char *fault)
{
    char error[160] = "";
    memset(rig, 0, sizeof(*rig));
    rig->ram = calloc(1, RAM_SIZE);
    assert_non_null(rig->ram);
    options.memory = (struct fake_memory){ram_at, rig};
    options.fault = fault;
    rig->fake = fake_create(&options, error, sizeof(error));
    if (rig->fake == NULL) {
        fail_msg("%s", error);
    }
}

void rig_end(struct rig *rig)
{
    BlkDeviceStop(&rig->device, &rig->done);
    rig_collect(rig);
    BlkDeviceUninit(&rig->device);
    assert_int_equal(rig->live, 0);
    fake_destroy(rig->fake);
    free(rig->ram);
}

NTSTATUS rig_start(struct rig *rig, UINT16 config_vector, UINT16 queue_vector)
{
    static const BLK_IDENTITY identity = {"PCI00.04.0", "0001"};
    NTSTATUS status = BlkDeviceProbe(&rig->device, &fake_driver_ops, rig->fake);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (queue_vector != VIRTIO_PCI_NO_VECTOR) {
        fake_msix_enable(rig->fake, 2);
    }
    return BlkDeviceStart(&rig->device, &rig_os_ops, rig, &identity, config_vector, queue_vector);
}

void rig_up(struct rig *rig, struct fake_options options, const char *fault)
{
    rig_make(rig, options, fault);
    NTSTATUS status = rig_start(rig, VIRTIO_PCI_NO_VECTOR, VIRTIO_PCI_NO_VECTOR);
    if (status != STATUS_SUCCESS) {
        fail_msg("start: 0x%x, %s (0x%x)", (unsigned)status, VirtioReasonText(rig->device.reason),
                 rig->device.reason_detail);
    }
}

static BOOLEAN get_piece(void *context, UINT32 index, UINT64 *address, UINT32 *length)
{
    struct rig *rig = context;
    uint64_t piece = rig->piece != 0 ? rig->piece : rig->data_length;
    uint64_t start = index * piece;
    if (start >= rig->data_length) {
        return FALSE;
    }
    *address = rig->data_address + start;
    *length = (UINT32)(rig->data_length - start < piece ? rig->data_length - start : piece);
    return TRUE;
}

bool rig_cdb(struct rig *rig, unsigned n, const UINT8 *cdb, UINT8 cdb_length, uint32_t offset, UINT32 length)
{
    struct command *command = &rig->command[n];
    SCSI_REQUEST scsi = {.cdb = cdb, .cdb_length = cdb_length, .data_in = TRUE, .data_out = TRUE,
                         .data = rig_data(rig, offset), .data_length = length};
    memset(command, 0xEE, sizeof(*command)); /* an SRB extension is never initialised */
    command->ended = 0;
    command->request.owner = command;
    rig->data_address = RAM_START + DATA_OFFSET + offset;
    rig->data_length = length;
    return BlkScsiExecute(&rig->device, &scsi, get_piece, rig, &command->request, &command->action);
}

static bool transfer(struct rig *rig, unsigned n, UINT8 opcode, uint64_t lba, uint32_t blocks, uint32_t offset,
                     bool fua)
{
    UINT8 cdb[16] = {opcode, fua ? SCSI_CDB_FUA : 0};
    for (unsigned i = 0; i < 8; i++) {
        cdb[2 + i] = (UINT8)(lba >> (56 - 8 * i));
    }
    for (unsigned i = 0; i < 4; i++) {
        cdb[10 + i] = (UINT8)(blocks >> (24 - 8 * i));
    }
    return rig_cdb(rig, n, cdb, 16, offset, blocks * rig->device.disk.block_size);
}

bool rig_read(struct rig *rig, unsigned n, uint64_t lba, uint32_t blocks, uint32_t offset)
{
    return transfer(rig, n, SCSI_OP_READ_16, lba, blocks, offset, false);
}

bool rig_write(struct rig *rig, unsigned n, uint64_t lba, uint32_t blocks, uint32_t offset, bool fua)
{
    return transfer(rig, n, SCSI_OP_WRITE_16, lba, blocks, offset, fua);
}

bool rig_flush(struct rig *rig, unsigned n)
{
    static const UINT8 cdb[10] = {SCSI_OP_SYNCHRONIZE_CACHE_10};
    return rig_cdb(rig, n, cdb, 10, 0, 0);
}

void rig_collect(struct rig *rig)
{
    BLK_REQUEST *request;
    while ((request = BlkListPop(&rig->done)) != NULL) {
        struct command *command = request->owner;
        assert_ptr_equal(&command->request, request);
        command->ended++;
        assert_int_equal(command->ended, 1);
        command->given_back = !BlkScsiComplete(request, &command->action);
    }
}

void rig_settle(struct rig *rig)
{
    for (unsigned idle = 0; idle < 3; idle++) {
        bool moved = fake_poll(rig->fake, 10);
        moved |= BlkDeviceService(&rig->device, &rig->done) != FALSE;
        rig_collect(rig);
        if (moved) {
            idle = 0;
        }
    }
}

uint8_t *rig_data(struct rig *rig, uint32_t offset)
{
    return rig->ram + DATA_OFFSET + offset;
}

void rig_expect_good(struct rig *rig, unsigned n)
{
    const struct command *command = &rig->command[n];
    assert_int_equal(command->ended, 1);
    assert_false(command->given_back);
    assert_int_equal(command->action.status, SCSI_STATUS_GOOD);
    assert_int_equal(command->action.transferred, command->request.data_length);
}

void rig_expect_sense(struct rig *rig, unsigned n, UINT8 key, UINT16 asc)
{
    const SCSI_ACTION *action = &rig->command[n].action;
    assert_int_equal(action->status, SCSI_STATUS_CHECK_CONDITION);
    assert_int_equal(action->sense_key, key);
    assert_int_equal(action->asc, asc);
    assert_int_equal(action->transferred, 0);
}

void rig_check_rules(struct rig *rig)
{
    char why[200] = "";
    struct fake_queue_view view;
    if (!fake_check_log(rig->fake, why, sizeof(why))) {
        fail_msg("%s", why);
    }
    if (fake_blk_why(rig->fake) != NULL) {
        fail_msg("%s", fake_blk_why(rig->fake));
    }
    fake_queue_look(rig->fake, 0, &view);
    if (view.why != NULL) {
        fail_msg("%s", view.why);
    }
    assert_int_equal(fake_dma_errors(rig->fake), 0);
}
