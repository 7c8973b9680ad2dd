/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A fake network device with the whole network core on it. */
#include "net_fixture.h"

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
        memset(out, 0xA5, sizeof(*out)); /* what a failure leaves there must not be used */
        out->vaddr = NULL;
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

static struct rig *current; /* the tests have one rig at a time */

static BOOLEAN read_frame(void *owner, UINT32 offset, UINT8 *to, UINT32 length)
{
    struct out *out = owner;
    if (out->cannot_read) {
        return FALSE;
    }
    assert_true(offset <= out->length && length <= out->length - offset);
    memcpy(to, rig_data(current, out->offset) + offset, length);
    return TRUE;
}

void rig_make(struct rig *rig, struct fake_options options, const char *fault)
{
    char error[160] = "";
    memset(rig, 0, sizeof(*rig));
    rig->ram = calloc(1, RAM_SIZE);
    assert_non_null(rig->ram);
    options.memory = (struct fake_memory){ram_at, rig};
    options.fault = fault;
    options.type = "net";
    rig->fake = fake_create(&options, error, sizeof(error));
    if (rig->fake == NULL) {
        fail_msg("%s", error);
    }
    rig->options.rx_buffer_count = 64;
    current = rig;
}

NTSTATUS rig_start(struct rig *rig, UINT16 messages)
{
    NET_VECTORS vectors;
    NTSTATUS status = NetDeviceProbe(&rig->device, &fake_driver_ops, rig->fake, &rig->options);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    fake_msix_enable(rig->fake, messages);
    NetVectorsPlan(messages, rig->device.pair_count, &vectors);
    status = NetDeviceInit(&rig->device, &rig_os_ops, rig, read_frame);
    return NT_SUCCESS(status) ? NetDeviceStart(&rig->device, &vectors) : status;
}

void rig_up(struct rig *rig, struct fake_options options, const char *fault)
{
    rig_make(rig, options, fault);
    NTSTATUS status = rig_start(rig, 0);
    if (status != STATUS_SUCCESS) {
        fail_msg("start: 0x%x, %s (0x%x)", (unsigned)status, VirtioReasonText(rig->device.reason),
                 rig->device.reason_detail);
    }
    rig_rx(rig)->filter.accept = NET_ACCEPT_PROMISCUOUS;
}

static void end_frame(void *owner)
{
    struct out *out = owner;
    out->ended++;
    assert_int_equal(out->ended, 1);
}

unsigned rig_take_back(struct rig *rig)
{
    unsigned count = 0;
    void *owner;
    for (; NetTxTakeBack(rig_tx(rig), &owner); count++) {
        end_frame(owner);
    }
    assert_null(owner);
    return count;
}

void rig_end(struct rig *rig)
{
    NetDeviceStop(&rig->device, VIRTIO_REASON_NONE);
    rig_take_back(rig);
    NetDeviceUninit(&rig->device);
    assert_int_equal(rig->live, 0);
    fake_destroy(rig->fake);
    free(rig->ram);
}

NET_TX_RESULT rig_send(struct rig *rig, unsigned n, uint32_t offset, uint32_t length, NET_TX_OFFLOAD offload)
{
    struct out *out = &rig->out[n];
    NET_TX_FRAME frame = {.owner = out, .length = length, .offload = offload};
    uint32_t piece = rig->piece != 0 ? rig->piece : length;
    out->offset = offset;
    out->length = length;
    out->ended = 0;
    NetTxBegin(rig_tx(rig));
    for (uint32_t done = 0; done < length; done += piece) {
        NetTxAddElement(rig_tx(rig), RAM_START + DATA_OFFSET + offset + done,
                        length - done < piece ? length - done : piece);
    }
    return NetTxSubmit(rig_tx(rig), &frame);
}

unsigned rig_reap(struct rig *rig, NET_TX_STATUS expected)
{
    void *owners[FRAMES];
    UINT32 count;
    NET_TX_STATUS status = NetTxReap(rig_tx(rig), owners, FRAMES, &count);
    assert_int_equal(status, expected);
    for (UINT32 i = 0; i < count; i++) {
        end_frame(owners[i]);
    }
    return count;
}

NET_CTRL_STATUS rig_control(struct rig *rig, unsigned milliseconds)
{
    NET_CTRL_STATUS status = NetCtrlPoll(&rig->device.ctrl, rig->now_ms);
    for (unsigned i = 0; i < milliseconds && status == NET_CTRL_BUSY; i++) {
        fake_poll(rig->fake, 1000);
        rig->now_ms++;
        status = NetCtrlPoll(&rig->device.ctrl, rig->now_ms);
    }
    return status;
}

uint8_t *rig_data(struct rig *rig, uint32_t offset)
{
    return rig->ram + DATA_OFFSET + offset;
}

NET_RX_QUEUE *rig_rx(struct rig *rig)
{
    return &rig->device.pairs[0].rx;
}

NET_TX_QUEUE *rig_tx(struct rig *rig)
{
    return &rig->device.pairs[0].tx;
}

void rig_check_rules(struct rig *rig)
{
    char why[200] = "";
    struct fake_queue_view view;
    if (!fake_check_log(rig->fake, why, sizeof(why))) {
        fail_msg("%s", why);
    }
    if (fake_net_why(rig->fake) != NULL) {
        fail_msg("%s", fake_net_why(rig->fake));
    }
    for (unsigned i = 0; i < 3; i++) {
        fake_queue_look(rig->fake, i, &view);
        if (view.why != NULL) {
            fail_msg("%s", view.why);
        }
    }
    assert_int_equal(fake_dma_errors(rig->fake), 0);
}
