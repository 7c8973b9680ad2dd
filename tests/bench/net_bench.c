/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Runs one configuration of the network benchmark: `net_bench tx|rx LENGTH FRAMES`. The portable core sends or receives
 * TCP frames of LENGTH bytes in batches; longer ones than the MTU are sent as one to be cut, or come merged from many
 * buffers. Prints nanoseconds per frame, the device's share included; net_bench.py counts the instructions of
 * bench_driver_* under callgrind.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench_device.h"
#include "net_frames.h"
#include "net_rx.h"
#include "net_tx.h"
#include "virtio_pci_modern.h"

enum {
    QSZ = 256, BATCH = 32, BATCH_LONG = 4, MTU = 1500, MTU_LONG = 65535, MSS = 1460, PAGE = 4096, HEADERS = 54,
    HEADER = sizeof(VIRTIO_NET_HEADER)
};

static uint8_t frame[1 << 17];
static uint32_t length;
static unsigned batch;
static _Alignas(4) UINT8 doorbell[4];

static void fail(const char *what)
{
    fprintf(stderr, "net_bench: %s\n", what);
    exit(1);
}

static void *os_alloc(void *context, size_t size)
{
    (void)context;
    return malloc(size);
}

static void os_free(void *context, void *memory)
{
    (void)context;
    free(memory);
}

static virtio_bool_t os_alloc_dma(void *context, size_t size, size_t alignment, virtio_dma_buffer_t *out)
{
    void *memory = NULL;
    (void)context;
    if (posix_memalign(&memory, alignment < sizeof(void *) ? sizeof(void *) : alignment, size) != 0) {
        return VIRTIO_FALSE;
    }
    *out = (virtio_dma_buffer_t){memory, (UINT64)(size_t)memory, size};
    return VIRTIO_TRUE;
}

static void os_free_dma(void *context, virtio_dma_buffer_t *buffer)
{
    (void)context;
    free(buffer->vaddr);
}

static uint64_t os_virt_to_phys(void *context, const void *memory)
{
    (void)context;
    return (uint64_t)(size_t)memory;
}

static const virtio_os_ops_t os = {os_alloc, os_free, os_alloc_dma, os_free_dma, os_virt_to_phys, NULL};

static BOOLEAN read_frame(void *owner, UINT32 offset, UINT8 *to, UINT32 count)
{
    memcpy(to, (UINT8 *)owner + offset, count);
    return TRUE;
}

/* The kick's register write, in place of virtio_pci_modern.c. */
VOID VirtioPciNotify(volatile UINT8 *notify_address, UINT16 queue_index)
{
    *(volatile UINT16 *)(volatile void *)notify_address = queue_index;
}

static struct bench_ring ring_of(const VIRTQ_SPLIT *vq)
{
    return (struct bench_ring){QSZ, vq->desc, NULL, vq->avail, vq->used, 0};
}

/* ---- What is counted ---- */

__attribute__((noipa)) static void bench_driver_send(NET_TX_QUEUE *queue)
{
    for (unsigned i = 0; i < batch; i++) {
        NET_TX_FRAME f = {.owner = frame, .length = length};
        f.offload.flags = length > MTU + NET_ETHERNET_LENGTH ? NET_TX_SEGMENT : NET_TX_TCP_CHECKSUM;
        f.offload.mss = MSS;
        NetTxBegin(queue);
        for (uint32_t done = 0; done < length; done += PAGE) {
            NetTxAddElement(queue, (UINT64)(size_t)frame + done, length - done < PAGE ? length - done : PAGE);
        }
        if (NetTxSubmit(queue, &f) != NET_TX_SENT) {
            fail("a frame was not taken");
        }
    }
    NetTxKick(queue);
}

__attribute__((noipa)) static void bench_driver_reap(NET_TX_QUEUE *queue)
{
    void *owners[BATCH];
    UINT32 count;
    if (NetTxReap(queue, owners, BATCH, &count) == NET_TX_BROKEN || count != batch) {
        fail("a frame got lost");
    }
}

__attribute__((noipa)) static unsigned bench_driver_receive(NET_RX_QUEUE *queue)
{
    NET_RX_FRAME got[BATCH];
    unsigned count = 0;
    NetRxBegin(queue);
    while (count < batch && NetRxNext(queue, &got[count]) == NET_RX_FRAME_READY) {
        count++;
    }
    for (unsigned i = 0; i < count; i++) {
        if (got[i].length != length || got[i].info.l4_checksum != NET_VERDICT_GOOD) {
            fail("a frame is not what arrived");
        }
        NetRxReturn(queue, got[i].buffers);
    }
    NetRxKick(queue);
    return count;
}

/* ---- The loops ---- */

#define FEATURES                                                                                                       \
    (VIRTIO_F_RING_EVENT_IDX | VIRTIO_F_RING_INDIRECT_DESC | VIRTIO_NET_F_CSUM | VIRTIO_NET_F_GUEST_CSUM |             \
     VIRTIO_NET_F_HOST_TSO4 | VIRTIO_NET_F_MRG_RXBUF)

static void run_tx(unsigned long frames)
{
    static NET_TX_QUEUE queue;
    const NET_TX_SETUP setup = {.index = 1, .size = QSZ, .features = FEATURES, .mtu = MTU, .read = read_frame};
    struct bench_ring ring;
    if (NetTxInit(&queue, &os, NULL, &setup) != STATUS_SUCCESS) {
        fail("cannot set up the queue");
    }
    ring = ring_of(queue.vq.engine);
    NetTxOpen(&queue, doorbell);
    for (unsigned long done = 0; done < frames; done += batch) {
        bench_driver_send(&queue);
        bench_device_run(&ring);
        bench_driver_reap(&queue);
    }
    if (queue.stats.segmented != (length > MTU + NET_ETHERNET_LENGTH ? frames : 0)) {
        fail("frames were not left to the device to cut");
    }
    NetTxUninit(&queue);
}

static void run_rx(unsigned long frames)
{
    static NET_RX_QUEUE queue;
    const NET_RX_SETUP setup = {.size = QSZ, .buffer_count = QSZ, .features = FEATURES, .mtu = MTU_LONG,
                                .device_mtu = MTU_LONG};
    uint8_t head[HEADER + HEADERS] = {VIRTIO_NET_HDR_F_DATA_VALID};
    uint32_t whole = HEADER + length;
    struct bench_ring ring;
    if (NetRxInit(&queue, &os, NULL, &setup) != STATUS_SUCCESS || queue.buffer_size != BENCH_RX_BUFFER) {
        fail("cannot set up the queue");
    }
    ((VIRTIO_NET_HEADER *)(void *)head)->buffer_count = (UINT16)((whole + BENCH_RX_BUFFER - 1) / BENCH_RX_BUFFER);
    memcpy(head + HEADER, frame, HEADERS);
    queue.filter.accept = NET_ACCEPT_PROMISCUOUS;
    NetRxFill(&queue);
    ring = ring_of(queue.vq.engine);
    NetRxOpen(&queue, doorbell);
    for (unsigned long done = 0; done < frames; done += batch) {
        bench_device_receive(&ring, head, sizeof head, whole, batch);
        if (bench_driver_receive(&queue) != batch) {
            fail("a frame got lost");
        }
    }
    if (queue.stats.merged != (whole > BENCH_RX_BUFFER ? frames : 0)) {
        fail("frames were not merged");
    }
    NetRxUninit(&queue);
}

int main(int argc, char **argv)
{
    struct timespec start, end;
    unsigned long frames;
    bool is_tx;

    if (argc != 4 || strtoul(argv[2], NULL, 10) < HEADERS || strtoul(argv[2], NULL, 10) > MTU_LONG) {
        fprintf(stderr, "usage: net_bench tx|rx LENGTH FRAMES; LENGTH %d to %d\n", HEADERS, MTU_LONG);
        return 2;
    }
    is_tx = strcmp(argv[1], "tx") == 0;
    length = (uint32_t)strtoul(argv[2], NULL, 10);
    frames = strtoul(argv[3], NULL, 10);
    batch = length > MTU + NET_ETHERNET_LENGTH ? BATCH_LONG : BATCH;
    if (frame_make(frame, &(struct frame_shape){.version = 4, .protocol = 6, .payload = length - HEADERS}, 1) != length) {
        fail("the frame has another length");
    }
    clock_gettime(CLOCK_MONOTONIC, &start);
    if (is_tx) {
        run_tx(frames);
    } else {
        run_rx(frames);
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    printf("%.2f\n", ((double)(end.tv_sec - start.tv_sec) * 1e9 + (double)(end.tv_nsec - start.tv_nsec)) /
                         (double)frames);
    return 0;
}
