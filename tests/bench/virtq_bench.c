/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Runs one configuration of the ring benchmark: `virtq_bench engine|floor SG BATCH EVENT_IDX BUFFERS`. Prints
 * nanoseconds per buffer, the device's share included for both, so that they compare; bench.py counts instructions of
 * the engine alone under callgrind.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench_device.h"

enum { QSZ = 256, TABLES = 64 };

static _Alignas(4096) uint8_t ring_memory[16384];
static _Alignas(16) VIRTQ_DESC tables[TABLES * BENCH_MAX_SG];

struct config {
    unsigned sg_count;
    unsigned batch;
    bool event_idx;
    unsigned long buffers;
};

static volatile unsigned long notifications;

static void fail(const char *what)
{
    fprintf(stderr, "virtq_bench: %s\n", what);
    exit(1);
}

static VIRTQ_SPLIT *new_queue(const struct config *config, struct bench_ring *ring)
{
    VIRTQ_SPLIT *vq = malloc(VirtqSplitStateSize(QSZ));

    if (vq == NULL || VirtqSplitRingMemSize(QSZ, 4096, config->event_idx) > sizeof(ring_memory) ||
        VirtqSplitInit(vq, QSZ, config->event_idx, config->sg_count == BENCH_MAX_SG, ring_memory,
                       (UINT64)(size_t)ring_memory, 4096, tables, (UINT64)(size_t)tables, TABLES,
                       BENCH_MAX_SG) != STATUS_SUCCESS) {
        fail("cannot set up the queue");
    }
    *ring = (struct bench_ring){QSZ, vq->desc, tables, vq->avail, vq->used, 0};
    return vq;
}

static void run_engine(VIRTQ_SPLIT *vq, struct bench_ring *ring, const struct config *config)
{
    VIRTQ_SG sg[BENCH_MAX_SG];

    for (unsigned i = 0; i < BENCH_MAX_SG; i++) {
        sg[i] = (VIRTQ_SG){0x10000 + 4096 * i, 4096, i + 1 == config->sg_count};
    }
    for (unsigned long done = 0; done < config->buffers; done += config->batch) {
        unsigned long taken = 0;
        void *cookie;
        UINT32 len;

        for (unsigned i = 0; i < config->batch; i++) {
            UINT16 head;

            if (VirtqSplitAddBuffer(vq, sg, (UINT16)config->sg_count, ring, &head) != STATUS_SUCCESS) {
                fail("the queue is full");
            }
            VirtqSplitPublish(vq, head);
        }
        notifications += VirtqSplitKickPrepare(vq);
        VirtqSplitKickCommit(vq);
        bench_device_run(ring);
        while (VirtqSplitGetUsed(vq, &cookie, &len) == STATUS_SUCCESS) {
            taken++;
        }
        if (taken != config->batch) {
            fail("a buffer got lost");
        }
    }
}

static void run_floor(struct bench_ring *ring, const struct config *config)
{
    uint16_t avail_idx = 0;
    uint16_t used_idx = 0;

    for (unsigned long done = 0; done < config->buffers; done += config->batch) {
        notifications += bench_floor_submit(ring, config->sg_count, config->batch, config->event_idx, &avail_idx);
        bench_device_run(ring);
        if (bench_floor_complete(ring, config->batch, &used_idx) == 0) {
            fail("the floor saw no used buffer");
        }
    }
}

int main(int argc, char **argv)
{
    struct config config;
    struct bench_ring ring;
    struct timespec start, end;
    VIRTQ_SPLIT *vq;
    bool is_engine;

    if (argc != 6) {
        fprintf(stderr, "usage: virtq_bench engine|floor SG BATCH EVENT_IDX BUFFERS\n");
        return 2;
    }
    is_engine = strcmp(argv[1], "engine") == 0;
    config.sg_count = (unsigned)strtoul(argv[2], NULL, 10);
    config.batch = (unsigned)strtoul(argv[3], NULL, 10);
    config.event_idx = strtoul(argv[4], NULL, 10) != 0;
    config.buffers = strtoul(argv[5], NULL, 10);
    if ((config.sg_count != 1 && config.sg_count != 3 && config.sg_count != BENCH_MAX_SG) || config.batch < 1 ||
        config.batch > 32) {
        fprintf(stderr, "virtq_bench: SG is 1, 3 or %d, BATCH 1 to 32\n", BENCH_MAX_SG);
        return 2;
    }

    vq = new_queue(&config, &ring);
    clock_gettime(CLOCK_MONOTONIC, &start);
    if (is_engine) {
        run_engine(vq, &ring, &config);
    } else {
        run_floor(&ring, &config);
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    printf("%.2f\n", ((double)(end.tv_sec - start.tv_sec) * 1e9 + (double)(end.tv_nsec - start.tv_nsec)) /
                         (double)config.buffers);
    free(vq);
    return 0;
}
