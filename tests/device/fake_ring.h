/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The device's side of a split virtqueue: takes chains, returns them, decides about interrupts. Holds each chain
 * against the driver rules of the ring; the first that is broken is kept with its row.
 */
#ifndef FAKE_RING_H
#define FAKE_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fake_device;
struct fake_queue;

struct fake_part {
    uint8_t *data;
    uint64_t address;
    uint32_t length;
    bool write; /* the device may write it */
};

struct fake_chain {
    uint16_t head;
    uint16_t second; /* its second descriptor's index; head when there is none */
    bool indirect;
    size_t count;    /* of part */
    size_t readable; /* the first so many are to be read */
    uint64_t read_bytes, write_bytes;
    struct fake_part *part; /* the device's scratch memory, valid during the request */
};

/* Copies from or to the readable or writable bytes of a chain, from offset on. Returns how many there were. */
size_t fake_chain_read(const struct fake_chain *chain, uint64_t offset, void *to, size_t length);
size_t fake_chain_write(const struct fake_chain *chain, uint64_t offset, const void *from, size_t length);

/* As the used length of a request: it is returned later, by fake_ring_return. */
#define FAKE_HELD 0xFFFFFF7Fu
void fake_ring_return(struct fake_device *device, unsigned queue, uint16_t head, uint32_t length);

/* Works on a live queue. Returns how many chains were taken. */
unsigned fake_ring_process(struct fake_device *device, struct fake_queue *queue, unsigned limit);

#endif
