/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The portable core used as a library: the block driver's core, ring engine and transport, without Windows and without
 * a kernel, on the virtio-blk device of a stock QEMU. Writes a pattern to the disk, flushes, reads it back, and
 * compares the raw image file at the end.
 */
#include "blk_device.h"
#include "platform.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    SECTOR = 512,
    DEPTH = 16,            /* requests in flight */
    TRANSFER = 128 * 1024, /* bytes in one, if the device lets us */
    DMA_SIZE = 8 * 1024 * 1024,
    RAM_MIB = 64,
    MAX_BYTES = 64 * 1024 * 1024,
    WATCHDOG_US = 1000000,
    STEP_TIMEOUT_US = 60 * 1000000
};

static const char usage[] =
    "usage: blk-example [options] IMAGE\n"
    "Overwrites the raw disk image IMAGE (its first 64 MiB at most) through QEMU's virtio-blk device and checks it.\n"
    "  -m, --machine=NAME     QEMU's machine: q35 (default) or pc\n"
    "  -d, --device=PROPERTIES  further properties of the device, such as disable-legacy=on,queue-size=64\n"
    "  -q, --qemu=PROGRAM     QEMU (default qemu-system-x86_64)\n"
    "  -t, --trace            show each command that goes to QEMU\n"
    "  -h, --help             this text\n"
    "Exit code: 0 all is equal, 1 it is not or something failed, 2 wrong command line.\n";

struct options {
    const char *machine, *device, *qemu, *image;
    bool trace;
};

struct slot {
    BLK_REQUEST request;
    virtio_dma_buffer_t buffer;
};

struct example {
    struct bus *bus;
    struct platform platform;
    BLK_DEVICE device;
    struct slot slot[DEPTH];
    uint32_t transfer; /* bytes in one request */
    uint64_t bytes;    /* to be written and read, from the start of the disk */
};

/* Eight bytes that are different everywhere on the disk. */
static uint64_t pattern(uint64_t offset)
{
    return (offset + 1) * 0x9e3779b97f4a7c15u;
}

static void fill(char *to, uint64_t offset, uint32_t length)
{
    uint32_t i;

    for (i = 0; i < length; i += 8) {
        uint64_t value = pattern(offset + i);
        memcpy(to + i, &value, 8);
    }
}

static bool is_pattern(const char *data, uint64_t offset, uint32_t length)
{
    uint32_t i;

    for (i = 0; i < length; i += 8) {
        uint64_t value;
        memcpy(&value, data + i, 8);
        if (value != pattern(offset + i)) {
            fprintf(stderr, "blk-example: wrong data at byte %llu\n", (unsigned long long)(offset + i));
            return false;
        }
    }
    return true;
}

/* Sends one request; READ and WRITE with the slot's buffer. */
static bool submit(struct example *e, struct slot *slot, BLK_REQUEST_TYPE type, uint64_t offset, uint32_t length)
{
    BlkRequestInit(&slot->request, type, offset / SECTOR);
    slot->request.owner = slot;
    if (type == BLK_WRITE) {
        fill(slot->buffer.vaddr, offset, length);
    } else {
        memset(slot->buffer.vaddr, 0, length);
    }
    if (length > 0 && !BlkRequestAddSegment(&slot->request, &e->device.limits, slot->buffer.paddr, length)) {
        fprintf(stderr, "blk-example: %u bytes are too many descriptors for this device\n", length);
        return false;
    }
    return NT_SUCCESS(BlkQueueSubmit(&e->device.queue, &slot->request));
}

/* Waits for the interrupt line and does what an interrupt handler does; when none comes, what the watchdog does. */
static bool wait_for_interrupt(struct example *e, BLK_REQUEST_LIST *done)
{
    unsigned line = e->platform.function->line;
    BOOLEAN capacity_changed;

    if (!e->bus->ops->line_level(e->bus, line)) {
        e->bus->ops->poll(e->bus, WATCHDOG_US);
    }
    if (e->bus->dead) {
        fprintf(stderr, "blk-example: %s\n", e->bus->why);
        return false;
    }
    if (e->bus->ops->line_level(e->bus, line)) {
        if (VirtioPciReadIsr(&e->device.pci) != 0) {
            BlkDeviceService(&e->device, done);
        }
    } else {
        BlkDevicePoll(&e->device, done, &capacity_changed);
    }
    if (e->device.state != BLK_STATE_RUNNING) {
        fprintf(stderr, "blk-example: %s (%u)\n", VirtioReasonText(e->device.reason), e->device.reason_detail);
        return false;
    }
    return true;
}

/* Runs `type` over the whole range with DEPTH requests in flight; for a flush: one request. */
static bool run(struct example *e, BLK_REQUEST_TYPE type, const char *verb)
{
    uint64_t start_us = e->bus->ops->clock_us(e->bus), end = type == BLK_FLUSH ? 0 : e->bytes, next = 0, us;
    BLK_REQUEST_LIST done = {NULL, NULL};
    unsigned in_flight = 0, i, count = 0;
    struct slot *idle[DEPTH];
    unsigned idle_count = 0;

    for (i = 0; i < DEPTH; i++) {
        idle[idle_count++] = &e->slot[i];
    }
    if (type == BLK_FLUSH) {
        if (!submit(e, idle[--idle_count], type, 0, 0)) {
            return false;
        }
        in_flight++;
    }
    while (next < end || in_flight > 0) {
        BLK_REQUEST *request;

        while (next < end && idle_count > 0) {
            uint32_t length = end - next < e->transfer ? (uint32_t)(end - next) : e->transfer;
            if (!submit(e, idle[--idle_count], type, next, length)) {
                return false;
            }
            next += length;
            in_flight++;
        }
        if (!wait_for_interrupt(e, &done)) {
            return false;
        }
        while ((request = BlkListPop(&done)) != NULL) {
            struct slot *slot = request->owner;
            if (request->result != BLK_RESULT_OK) {
                fprintf(stderr, "blk-example: %s at sector %llu: result %d\n", verb,
                        (unsigned long long)request->sector, (int)request->result);
                return false;
            }
            if (type == BLK_READ && !is_pattern(slot->buffer.vaddr, request->sector * SECTOR, request->data_length)) {
                return false;
            }
            idle[idle_count++] = slot;
            in_flight--;
            count++;
        }
        if (e->bus->ops->clock_us(e->bus) - start_us > STEP_TIMEOUT_US) {
            fprintf(stderr, "blk-example: %s: no answer in time\n", verb);
            return false;
        }
    }
    us = e->bus->ops->clock_us(e->bus) - start_us;
    printf("%-10s %6u request%s %8llu KiB %8.1f ms\n", verb, count, count == 1 ? " " : "s",
           (unsigned long long)(end / 1024), (double)us / 1000);
    return true;
}

static bool start(struct example *e)
{
    const BLK_IDENTITY identity = {.location = "00.0", .revision = "1.00"};
    BLK_DEVICE *device = &e->device;
    unsigned i;

    if (!NT_SUCCESS(BlkDeviceProbe(device, &platform_pci_ops, &e->platform)) ||
        !NT_SUCCESS(BlkDeviceStart(device, &platform_os_ops, &e->platform, &identity, VIRTIO_PCI_NO_VECTOR,
                                   VIRTIO_PCI_NO_VECTOR))) {
        fprintf(stderr, "blk-example: the device is refused: %s (%u)\n", VirtioReasonText(device->reason),
                device->reason_detail);
        return false;
    }
    e->transfer = device->limits.transfer_limit < TRANSFER ? device->limits.transfer_limit : TRANSFER;
    e->bytes =
        device->config.capacity_sectors < MAX_BYTES / SECTOR ? device->config.capacity_sectors * SECTOR : MAX_BYTES;
    for (i = 0; i < DEPTH; i++) {
        if (!platform_os_ops.alloc_dma(&e->platform, e->transfer, 4096, &e->slot[i].buffer)) {
            fprintf(stderr, "blk-example: no DMA memory\n");
            return false;
        }
    }
    printf("device     %04x:%04x, features %llx, queue of %u, %llu sectors\n", e->platform.function->vendor_id,
           e->platform.function->device_id, (unsigned long long)device->features, device->queue_size,
           (unsigned long long)device->config.capacity_sectors);
    return true;
}

/* Does the raw file hold the pattern? */
static bool check_image(const char *path, uint64_t bytes)
{
    char data[65536];
    uint64_t offset = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool equal = fd >= 0;

    while (equal && offset < bytes) {
        ssize_t count = read(fd, data, bytes - offset < sizeof(data) ? (size_t)(bytes - offset) : sizeof(data));
        equal = count > 0 && count % 8 == 0 && is_pattern(data, offset, (uint32_t)count);
        offset += count > 0 ? (uint64_t)count : 0;
    }
    if (fd >= 0) {
        close(fd);
    }
    printf("image      %s\n", equal ? "equal" : "NOT EQUAL");
    return equal;
}

static struct bus *open_bus(const struct options *options)
{
    static char blockdev[4096], device[1024], error[256];
    static const char *const args[] = {"-blockdev", blockdev, "-device", device, NULL};
    struct bus_qemu_options bus_options = {
        .qemu = options->qemu, .machine = options->machine, .args = args, .ram_mib = RAM_MIB, .trace = options->trace};
    struct bus *bus;
    size_t used, i;

    used = (size_t)snprintf(blockdev, sizeof(blockdev), "driver=file,node-name=disk,filename=");
    for (i = 0; options->image[i] != '\0' && used + 2 < sizeof(blockdev); i++) {
        if (options->image[i] == ',') {
            blockdev[used++] = ','; /* QEMU wants commas doubled */
        }
        blockdev[used++] = options->image[i];
    }
    blockdev[used] = '\0';
    snprintf(device, sizeof(device), "virtio-blk-pci,drive=disk%s%s", options->device[0] != '\0' ? "," : "",
             options->device);
    bus = bus_qemu_open(&bus_options, error, sizeof(error));
    if (bus == NULL) {
        fprintf(stderr, "blk-example: %s\n", error);
    } else if (bus->function_count != 1) {
        fprintf(stderr, "blk-example: QEMU shows %u virtio functions instead of one\n", bus->function_count);
        bus->ops->close(bus);
        bus = NULL;
    }
    return bus;
}

static bool run_example(const struct options *options)
{
    static struct example example; /* large */
    struct example *e = &example;
    BLK_REQUEST_LIST done = {NULL, NULL};
    bool ok;

    e->bus = open_bus(options);
    if (e->bus == NULL) {
        return false;
    }
    ok = platform_init(&e->platform, e->bus, &e->bus->function[0], DMA_SIZE) && start(e) &&
         run(e, BLK_WRITE, "write") && (!e->device.config.has_flush || run(e, BLK_FLUSH, "flush")) &&
         run(e, BLK_READ, "read");
    if (e->device.state != BLK_STATE_NONE) {
        printf("interrupts %llu, found by the watchdog %llu\n", (unsigned long long)e->device.interrupts,
               (unsigned long long)e->device.polled);
        BlkDeviceStop(&e->device, &done);
        BlkDeviceUninit(&e->device);
    }
    platform_uninit(&e->platform);
    e->bus->ops->close(e->bus);
    return ok && check_image(options->image, e->bytes);
}

/* 0: run; else the exit code plus one. */
static int parse(int argc, char **argv, struct options *options)
{
    static const struct option names[] = {
        {"machine", required_argument, NULL, 'm'}, {"device", required_argument, NULL, 'd'},
        {"qemu", required_argument, NULL, 'q'},    {"trace", no_argument, NULL, 't'},
        {"help", no_argument, NULL, 'h'},          {NULL, 0, NULL, 0}};
    struct stat status;
    int letter;

    while ((letter = getopt_long(argc, argv, "m:d:q:th", names, NULL)) != -1) {
        switch (letter) {
        case 'm':
            options->machine = optarg;
            break;
        case 'd':
            options->device = optarg;
            break;
        case 'q':
            options->qemu = optarg;
            break;
        case 't':
            options->trace = true;
            break;
        case 'h':
            fputs(usage, stdout);
            return 0 + 1;
        default: /* getopt has said what is wrong */
            return 2 + 1;
        }
    }
    if (optind + 1 != argc) {
        fprintf(stderr, "blk-example: exactly one IMAGE is wanted; --help says more\n");
        return 2 + 1;
    }
    options->image = argv[optind];
    if (stat(options->image, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size < SECTOR) {
        fprintf(stderr, "blk-example: %s is not a file of at least one sector\n", options->image);
        return 2 + 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct options options = {.machine = "q35", .device = ""};
    int stop = parse(argc, argv, &options);

    if (stop != 0) {
        return stop - 1;
    }
    return run_example(&options) ? 0 : 1;
}
