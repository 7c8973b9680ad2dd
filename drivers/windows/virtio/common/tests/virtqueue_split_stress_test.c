/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Two long tests of the ring engine. The model test: random operations on random queues against a reference device and
 * a model of what is in flight. The thread test: driver and device on two threads with both suppressions, where a lost
 * notification or interrupt shows as a stop (RING-28, RING-29, RING-31).
 *
 *   virtqueue_split_stress_test [SECONDS [SEED]]     1.5 seconds each; environment: SEED
 */
#define _GNU_SOURCE /* pthread_setaffinity_np */

#include "../virtqueue_split.h"

#include "ring_fixture.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <time.h>

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            failed(__LINE__, #condition);                                                                              \
        }                                                                                                              \
    } while (0)

static uint64_t seed;
static uint64_t seed_at_start;

static void failed(int line, const char *what)
{
    fprintf(stderr, "virtqueue_split_stress_test.c:%d: %s; SEED=%llu\n", line, what, (unsigned long long)seed_at_start);
    exit(1);
}

/* xorshift64*: the same sequence everywhere for one seed. */
static uint32_t random_below(uint64_t *state, uint32_t limit)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (uint32_t)((*state * 2685821657736338717ULL) >> 33) % limit;
}

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* --- the model test --- */

struct buffer {
    enum { FREE, ADDED, PUBLISHED, TAKEN, USED } state;
    uint16_t head;
    uint16_t sg_count;
    uint16_t descriptors;
    bool is_indirect;
    uint32_t used_len;
    VIRTQ_SG sg[12];
};

struct model {
    struct ring_fixture *fixture;
    struct buffer buffers[64];
    unsigned published[64], published_count; /* in avail order */
    unsigned used[64], used_count;           /* in used order */
    unsigned free_descriptors;
    unsigned free_tables;
    uint16_t kicked_at; /* avail idx at the last decision */
    uint16_t avail_idx;
};

static void model_add(struct model *model)
{
    struct ring_fixture *f = model->fixture;
    unsigned number = random_below(&seed, 64);
    struct buffer *buffer = &model->buffers[number];
    bool direct = random_below(&seed, 4) == 0;
    bool table;
    unsigned writable;
    NTSTATUS expected, status;
    UINT16 head = 0;

    if (buffer->state != FREE) {
        return;
    }
    buffer->sg_count = (uint16_t)(1 + random_below(&seed, 12));
    writable = random_below(&seed, buffer->sg_count + 1u);
    for (unsigned i = 0; i < buffer->sg_count; i++) {
        buffer->sg[i].addr = ((uint64_t)random_below(&seed, 0x7FFFFFFF) << 20) + i;
        buffer->sg[i].len = 1 + random_below(&seed, 100000);
        buffer->sg[i].write = i >= writable;
    }
    table = !direct && buffer->sg_count > 1 && buffer->sg_count <= f->options.table_desc && model->free_tables != 0 &&
            model->free_descriptors != 0;
    buffer->descriptors = table ? 1 : buffer->sg_count;
    expected = buffer->sg_count > f->options.qsz                 ? STATUS_INVALID_PARAMETER
               : buffer->descriptors > model->free_descriptors ? STATUS_INSUFFICIENT_RESOURCES
                                                                 : STATUS_SUCCESS;
    if (buffer->sg_count > f->options.qsz) {
        table = false;
    }
    status = direct ? VirtqSplitAddDirect(f->vq, buffer->sg, buffer->sg_count, buffer, &head)
                    : VirtqSplitAddBuffer(f->vq, buffer->sg, buffer->sg_count, buffer, &head);
    CHECK(status == expected);
    if (status == STATUS_SUCCESS) {
        buffer->state = ADDED;
        buffer->head = head;
        buffer->is_indirect = table;
        model->free_descriptors -= buffer->descriptors;
        model->free_tables -= table;
    }
}

static void model_publish(struct model *model)
{
    unsigned number = random_below(&seed, 64);

    if (model->buffers[number].state == ADDED) {
        VirtqSplitPublish(model->fixture->vq, model->buffers[number].head);
        model->buffers[number].state = PUBLISHED;
        model->published[model->published_count++] = number;
        model->avail_idx++;
        CHECK(ring_device_avail_idx(&model->fixture->device) == model->avail_idx);
    }
}

static void model_kick(struct model *model)
{
    struct ring_fixture *f = model->fixture;
    uint16_t event = (uint16_t)(model->avail_idx + random_below(&seed, 40) - 20);
    uint16_t flags = (uint16_t)random_below(&seed, 2);
    bool expected = f->options.event_idx ? ring_passes(event, model->avail_idx, model->kicked_at)
                                         : model->avail_idx != model->kicked_at && flags == 0;

    ring_device_set_avail_event(&f->device, event);
    ring_device_set_used_flags(&f->device, flags);
    CHECK(VirtqSplitKickPrepare(f->vq) == expected);
    VirtqSplitKickCommit(f->vq);
    model->kicked_at = model->avail_idx;
}

static void model_device_take(struct model *model)
{
    struct ring_fixture *f = model->fixture;
    struct ring_chain *chain = &f->chain;
    struct buffer *buffer;
    bool got;
    const char *broken = ring_device_take(&f->device, chain, &got);

    if (broken != NULL) {
        failed(__LINE__, broken);
    }
    CHECK(got == (model->published_count != 0));
    if (!got) {
        return;
    }
    buffer = &model->buffers[model->published[0]];
    memmove(model->published, model->published + 1, --model->published_count * sizeof(model->published[0]));
    buffer->state = TAKEN;
    CHECK(chain->head == buffer->head && chain->count == buffer->sg_count && chain->is_indirect == buffer->is_indirect);
    for (unsigned i = 0; i < chain->count; i++) {
        CHECK(chain->element[i].addr == buffer->sg[i].addr && chain->element[i].len == buffer->sg[i].len &&
              chain->element[i].write == (buffer->sg[i].write != FALSE));
    }
    /* A device that scribbles over what it has taken. */
    if (random_below(&seed, 4) == 0) {
        memset((uint8_t *)f->vq->desc + 16 * (size_t)chain->head, (int)random_below(&seed, 256), 16);
    }
}

static void model_device_use(struct model *model)
{
    unsigned number = random_below(&seed, 64);
    struct buffer *buffer = &model->buffers[number];

    if (buffer->state == TAKEN) {
        buffer->state = USED;
        buffer->used_len = random_below(&seed, 0x7FFFFFFF);
        ring_device_use(&model->fixture->device, buffer->head, buffer->used_len);
        model->used[model->used_count++] = number;
    }
}

static void model_get_used(struct model *model)
{
    struct buffer *buffer;
    void *cookie;
    UINT32 len;
    NTSTATUS status;

    CHECK(VirtqSplitHasUsed(model->fixture->vq) == (model->used_count != 0));
    status = VirtqSplitGetUsed(model->fixture->vq, &cookie, &len);
    if (model->used_count == 0) {
        CHECK(status == STATUS_NOT_FOUND && cookie == NULL && len == 0);
        return;
    }
    buffer = &model->buffers[model->used[0]];
    memmove(model->used, model->used + 1, --model->used_count * sizeof(model->used[0]));
    CHECK(status == STATUS_SUCCESS && cookie == buffer && len == buffer->used_len);
    buffer->state = FREE;
    model->free_descriptors += buffer->descriptors;
    model->free_tables += buffer->is_indirect;
}

static void model_interrupts(struct model *model)
{
    struct ring_fixture *f = model->fixture;
    uint16_t next = (uint16_t)(f->device.used_pos - model->used_count);

    if (random_below(&seed, 2) == 0) {
        VirtqSplitDisableInterrupts(f->vq);
        if (!f->options.event_idx) {
            CHECK(ring_device_avail_flags(&f->device) == 1);
        } else {
            CHECK(!ring_passes(ring_device_used_event(&f->device), (uint16_t)(next + 1000), next));
        }
    } else {
        CHECK(VirtqSplitEnableInterrupts(f->vq) == (model->used_count == 0));
        CHECK(f->options.event_idx ? ring_device_used_event(&f->device) == next
                                   : ring_device_avail_flags(&f->device) == 0);
    }
}

static void model_end(struct model *model)
{
    void *cookie;
    unsigned owed = 0;

    for (unsigned i = 0; i < 64; i++) {
        owed += model->buffers[i].state != FREE;
    }
    while (VirtqSplitDetachUnused(model->fixture->vq, &cookie)) {
        struct buffer *buffer = cookie;

        CHECK(buffer->state != FREE);
        buffer->state = FREE;
        CHECK(owed-- != 0);
    }
    CHECK(owed == 0);
    ring_fixture_close(model->fixture);
}

static unsigned long run_model(double seconds)
{
    double end = now() + seconds;
    unsigned long operations = 0;

    do {
        static struct model model;
        struct ring_options options = {(uint16_t)(1u << random_below(&seed, 8)), random_below(&seed, 2) != 0, 0, 0, 0};

        if (random_below(&seed, 2) != 0) {
            options.tables = (uint16_t)(1 + random_below(&seed, options.qsz));
            options.table_desc = (uint16_t)(1 + random_below(&seed, 14));
        }
        memset(&model, 0, sizeof(model));
        model.fixture = ring_fixture_open(options);
        model.free_descriptors = options.qsz;
        model.free_tables = options.tables;
        for (unsigned i = 0; i < 400000; i++, operations++) {
            switch (random_below(&seed, 12)) {
            case 0:
            case 1:
                model_add(&model);
                break;
            case 2:
            case 3:
            case 4:
                model_publish(&model);
                break;
            case 5:
                model_kick(&model);
                break;
            case 6:
                model_device_take(&model);
                break;
            case 7:
            case 8:
            case 9:
                model_device_use(&model);
                break;
            case 10:
                model_get_used(&model);
                break;
            case 11:
                model_interrupts(&model);
                break;
            }
        }
        model_end(&model);
    } while (now() < end);
    return operations;
}

/* --- the thread test --- */

/*
 * Each side sleeps only after it asked to be woken and looked again, as the specification prescribes. A wake-up that is
 * owed and does not come stops both: the watchdog sees no progress.
 */
#define STUCK_SECONDS 5.0 /* without any progress, on a machine that may be busy */

struct machine {
    struct ring_fixture *fixture;
    int kicked;      /* set by the driver, cleared by the device when it wakes */
    int interrupted; /* the other way */
    int stop;
    unsigned long completed;
    unsigned long kicks, interrupts;
    uint64_t device_seed, driver_seed;
};

/* Moves one side's decision over the time that the other needs for its own. */
static void pause_randomly(uint64_t *state)
{
    for (volatile uint32_t i = random_below(state, 160); i != 0; i--) {
    }
}

/* Spins long enough that both sides run at the same time, and then lets others run: processors are shared. */
static bool wait_for(struct machine *machine, int *flag)
{
    for (unsigned spins = 1; __atomic_load_n(flag, __ATOMIC_SEQ_CST) == 0; spins++) {
        if (__atomic_load_n(&machine->stop, __ATOMIC_RELAXED)) {
            return false;
        }
        if (spins % 65536 == 0) {
            sched_yield();
        }
    }
    __atomic_store_n(flag, 0, __ATOMIC_SEQ_CST);
    return true;
}

/* Each side on a processor of its own where there are two: on one, the race that this is about cannot happen. */
static void pin(pthread_t thread, unsigned which)
{
    cpu_set_t allowed;
    cpu_set_t mine;

    if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0) {
        return;
    }
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (CPU_ISSET(cpu, &allowed) && which-- == 0) {
            CPU_ZERO(&mine);
            CPU_SET(cpu, &mine);
            pthread_setaffinity_np(thread, sizeof(mine), &mine);
            return;
        }
    }
}

static void device_asks_for_kick(struct ring_device *device, bool wanted)
{
    if (device->event_idx) {
        ring_device_set_avail_event(device, (uint16_t)(wanted ? device->avail_pos : device->avail_pos - 1));
    } else {
        ring_device_set_used_flags(device, wanted ? 0 : 1);
    }
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static void *run_device(void *context)
{
    struct machine *machine = context;
    struct ring_device *device = &machine->fixture->device;
    static struct ring_chain chain;

    for (;;) {
        uint16_t old = device->used_pos;
        bool got;
        const char *broken;

        device_asks_for_kick(device, false);
        while ((broken = ring_device_take(device, &chain, &got)) == NULL && got) {
            CHECK(chain.count == 2 && chain.element[1].addr == 0x100000 + chain.element[0].addr);
            ring_device_use(device, chain.head, (uint32_t)chain.element[0].addr);
        }
        if (broken != NULL) {
            failed(__LINE__, broken);
        }
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        if (ring_device_interrupts(device, old)) {
            machine->interrupts++;
            __atomic_store_n(&machine->interrupted, 1, __ATOMIC_SEQ_CST);
        }
        pause_randomly(&machine->device_seed);
        device_asks_for_kick(device, true);
        if (ring_device_avail_idx(device) == device->avail_pos && !wait_for(machine, &machine->kicked)) {
            return NULL;
        }
    }
}

/* Posts what fits, at most `limit`. */
static void driver_submit(struct machine *machine, unsigned limit)
{
    VIRTQ_SPLIT *vq = machine->fixture->vq;
    static uint32_t serial;
    UINT16 head;

    while (limit-- != 0) {
        VIRTQ_SG sg[2] = {{serial, 64, FALSE}, {0x100000 + (UINT64)serial, 64, TRUE}};

        if (VirtqSplitAddBuffer(vq, sg, 2, (void *)((size_t)serial + 1), &head) != STATUS_SUCCESS) {
            break;
        }
        VirtqSplitPublish(vq, head);
        serial++;
    }
    if (VirtqSplitKickPrepare(vq)) {
        machine->kicks++;
        __atomic_store_n(&machine->kicked, 1, __ATOMIC_SEQ_CST);
    }
    VirtqSplitKickCommit(vq);
}

static void *run_driver(void *context)
{
    struct machine *machine = context;
    VIRTQ_SPLIT *vq = machine->fixture->vq;

    while (!__atomic_load_n(&machine->stop, __ATOMIC_RELAXED)) {
        void *cookie;
        UINT32 len;
        NTSTATUS status;

        VirtqSplitDisableInterrupts(vq);
        while ((status = VirtqSplitGetUsed(vq, &cookie, &len)) == STATUS_SUCCESS) {
            CHECK(len == (UINT32)((size_t)cookie - 1));
            __atomic_fetch_add(&machine->completed, 1, __ATOMIC_RELAXED);
        }
        CHECK(status == STATUS_NOT_FOUND);
        pause_randomly(&machine->driver_seed);
        driver_submit(machine, 1 + random_below(&machine->driver_seed, 3));
        pause_randomly(&machine->driver_seed);
        if (VirtqSplitEnableInterrupts(vq) && !wait_for(machine, &machine->interrupted)) {
            break;
        }
    }
    return NULL;
}

static unsigned long run_threads(struct ring_options options, double seconds)
{
    static struct machine machine;
    pthread_t device, driver;
    double end = now() + seconds;
    double progress_at = now();
    bool is_stuck = false; /* nothing happened during the last look */
    unsigned long seen = 0;

    memset(&machine, 0, sizeof(machine));
    machine.fixture = ring_fixture_open(options);
    machine.device_seed = seed | 1;
    machine.driver_seed = ~seed | 2;
    CHECK(pthread_create(&device, NULL, run_device, &machine) == 0);
    CHECK(pthread_create(&driver, NULL, run_driver, &machine) == 0);
    pin(device, 0);
    pin(driver, 1);
    while (now() < end || is_stuck) {
        unsigned long completed;

        nanosleep(&(struct timespec){0, 5000000}, NULL);
        completed = __atomic_load_n(&machine.completed, __ATOMIC_RELAXED);
        is_stuck = completed == seen;
        if (!is_stuck) {
            seen = completed;
            progress_at = now();
        } else if (now() - progress_at > STUCK_SECONDS) {
            failed(__LINE__, "both sides sleep: a kick or an interrupt was lost");
        }
    }
    __atomic_store_n(&machine.stop, 1, __ATOMIC_SEQ_CST);
    pthread_join(device, NULL);
    pthread_join(driver, NULL);
    printf("threads: size %u, EVENT_IDX %s: %lu buffers, %lu kicks, %lu interrupts\n", options.qsz,
           options.event_idx ? "on" : "off", machine.completed, machine.kicks, machine.interrupts);
    ring_fixture_close(machine.fixture);
    return machine.completed;
}

int main(int argc, char **argv)
{
    double seconds = argc > 1 ? strtod(argv[1], NULL) : 1.5;
    const char *seed_text = argc > 2 ? argv[2] : getenv("SEED");
    unsigned long buffers;

    if (argc > 3 || seconds <= 0) {
        fprintf(stderr, "usage: virtqueue_split_stress_test [SECONDS [SEED]]\n");
        return 2;
    }
    seed_at_start = seed_text != NULL ? strtoull(seed_text, NULL, 0) : 20091022;
    seed = (seed_at_start + 1) * 0x9E3779B97F4A7C15ULL | 1;
    printf("model: %lu operations, SEED=%llu\n", run_model(seconds), (unsigned long long)seed_at_start);
    buffers = run_threads((struct ring_options){2, false, 0, 0, 0}, seconds / 4);
    buffers += run_threads((struct ring_options){2, true, 0, 0, 0}, seconds / 4);
    buffers += run_threads((struct ring_options){8, false, 2, 2, 0}, seconds / 4);
    buffers += run_threads((struct ring_options){8, true, 2, 2, 0}, seconds / 4);
    CHECK(buffers != 0);
    return 0;
}
