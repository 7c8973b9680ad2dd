/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A TAP device with vnet header in a network namespace: Linux's TCP/IP as the protocol above a network driver. Frames carry
 * checksum and segmentation wishes instead of having them done. Needs CAP_NET_ADMIN.
 */
#ifndef NTHOST_TAP_H
#define NTHOST_TAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TAP_MAX_FRAME = 65536 + 256 };

struct tap;

struct tap_options {
    const char *place; /* "INTERFACE", or "NAMESPACE/INTERFACE" with a namespace of `ip netns` */
    const uint8_t *mac;
    unsigned mtu;
};

/* Creates the interface, which lives as long as the object, and sets it up. error: one line when NULL is returned. */
struct tap *tap_open(const struct tap_options *options, char *error, size_t error_size);
void tap_close(struct tap *tap);

/* What Linux may leave to us: checksums, TCP over IPv4 and over IPv6 to be cut. False: the kernel refuses. */
bool tap_set_offload(struct tap *tap, bool checksum, bool tso4, bool tso6);
void tap_set_carrier(struct tap *tap, bool is_up);

/* Multicast addresses that Linux listens to on the interface, at most `most`. Returns how many there are. */
unsigned tap_multicast(struct tap *tap, uint8_t (*addresses)[6], unsigned most);

/* To wait on for frames. */
int tap_poll_fd(const struct tap *tap);

/* One frame of Linux: without its tag, if it has one. */
struct tap_frame {
    uint8_t *bytes; /* valid until the next tap_read */
    uint32_t length;
    bool is_tagged;
    uint16_t tag;
    uint16_t checksum_start, checksum_offset; /* 0: complete */
    uint16_t mss;                             /* 0: not to be cut */
};

/* Takes one frame; false: there is none now. */
bool tap_read(struct tap *tap, struct tap_frame *frame);

/* Gives Linux a frame; tagged ones get their tag back in. checksum_good: TCP or UDP need not be verified. */
bool tap_write(struct tap *tap, const struct tap_frame *frame, bool checksum_good);

#endif
