/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Makes frames for tests, without any code of the driver. */
#ifndef NET_FRAMES_H
#define NET_FRAMES_H

#include <stdbool.h>
#include <stdint.h>

struct frame_shape {
    int version;          /* 4, 6, 0: no IP */
    int protocol;         /* 6, 17 */
    bool tag;             /* with 802.1Q tag 0x6064 */
    unsigned ip_options;  /* IPv4: bytes, multiple of 4; IPv6: of destination options, multiple of 8 */
    unsigned tcp_options; /* bytes, multiple of 4 */
    unsigned payload;
    bool wrong_sums; /* checksum fields are junk */
};

/* Writes the frame to at (large enough); returns its length. Payload is a pattern of seed. */
uint32_t frame_make(uint8_t *at, const struct frame_shape *shape, uint8_t seed);
/* Offset of the transport header. */
uint32_t frame_l4(const struct frame_shape *shape);
/* Offset of the payload. */
uint32_t frame_payload(const struct frame_shape *shape);

#endif
