/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Looking into the net model: what was sent, what arrives, and what the control queue asked for. */
#ifndef FAKE_NET_H
#define FAKE_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fake_device.h"

/* The header in front of a frame, host-endian. */
struct fake_net_header {
    uint8_t flags, gso_type;
    uint16_t hdr_len, gso_size, csum_start, csum_offset, num_buffers;
};

/* A frame that the driver sent. */
struct fake_net_sent {
    struct fake_net_header header;
    uint16_t queue;
    bool indirect;
    uint32_t parts; /* elements of its chain */
    uint32_t length;
    uint8_t *bytes; /* behind the 12 byte header */
};

/* The last frames sent, index counts from the first. NULL: not kept. */
const struct fake_net_sent *fake_net_sent(const struct fake_device *device, uint64_t index);
uint64_t fake_net_sent_count(const struct fake_device *device);

/*
 * What a sent frame becomes on the wire: its segments, each with right checksums and lengths, made from the virtio
 * header by the letter. each: called for every frame. Returns NULL, or what is wrong with the sent frame, led by its
 * row.
 */
const char *fake_net_wire(const struct fake_net_header *header, const uint8_t *bytes, uint32_t length,
                          void (*each)(void *context, const uint8_t *frame, uint32_t length), void *context);
/* Checks a frame that stands for itself: IPv4 header, TCP and UDP checksums, lengths. NULL: nothing wrong. */
const char *fake_net_check(const uint8_t *frame, uint32_t length);

/* A frame for the driver. */
struct fake_net_receive {
    const uint8_t *bytes; /* copied */
    uint32_t length;
    struct fake_net_header header; /* num_buffers is filled in, unless wrong_buffers */
    bool wrong_buffers;
    uint32_t piece;      /* at most so many bytes of the frame in one buffer; 0: as many as it has room for */
    uint32_t used_len;   /* not 0: the used length of the last buffer */
    uint32_t used_first; /* not 0: that of the first of several */
};
/* Queues a frame for a pair and delivers what buffers there are for. */
void fake_net_receive(struct fake_device *device, unsigned pair, const struct fake_net_receive *frame);
/* Frames that wait for buffers. */
uint64_t fake_net_waiting(const struct fake_device *device, unsigned pair);

/* What the driver asked for since the last reset. */
struct fake_net_filter {
    uint64_t commands;
    bool promisc, allmulti;
    uint8_t mac[6];
    uint32_t unicast_count, multicast_count;
    uint8_t unicast[64][6], multicast[64][6];
    uint8_t vlans[4096 / 8];
};
const struct fake_net_filter *fake_net_filter(const struct fake_device *device);
/* Answers to commands: false: they are held from now on; true: also those that were held. */
void fake_net_answer(struct fake_device *device, bool is_on);

/* Link state and speed, with a configuration interrupt. */
void fake_net_link(struct fake_device *device, bool is_up, uint32_t speed_mbps, uint8_t duplex);

/* The first thing that breaks a rule for drivers, led by its row; NULL: none. */
const char *fake_net_why(const struct fake_device *device);

#endif
