/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "net_frames.h"

#include <string.h>

static void set16(uint8_t *to, uint32_t value)
{
    to[0] = (uint8_t)(value >> 8);
    to[1] = (uint8_t)value;
}

static uint32_t add(uint32_t sum, const uint8_t *bytes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        sum += i % 2 == 0 ? (uint32_t)bytes[i] << 8 : bytes[i];
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    return sum;
}

static uint32_t l3_of(const struct frame_shape *shape)
{
    return shape->tag ? 18 : 14;
}

uint32_t frame_l4(const struct frame_shape *shape)
{
    return l3_of(shape) + (shape->version == 4 ? 20 : 40) + shape->ip_options;
}

uint32_t frame_payload(const struct frame_shape *shape)
{
    if (shape->version == 0) {
        return l3_of(shape);
    }
    return frame_l4(shape) + (shape->protocol == 6 ? 20 + shape->tcp_options : 8);
}

static void make_l4(uint8_t *at, const struct frame_shape *shape, uint32_t length, const uint8_t *addresses,
                    uint32_t address_bytes)
{
    uint8_t *l4 = at + frame_l4(shape);
    uint32_t field = shape->protocol == 6 ? 16 : 6;
    uint8_t rest[4] = {0, (uint8_t)shape->protocol, (uint8_t)(length >> 8), (uint8_t)length};

    set16(l4, 4321);
    set16(l4 + 2, 80);
    if (shape->protocol == 6) {
        set16(l4 + 4, 0xFFFF); /* the sequence number wraps within a large frame */
        set16(l4 + 6, 0xF000);
        l4[12] = (uint8_t)((20 + shape->tcp_options) / 4 << 4);
        l4[13] = 0x19;
        memset(l4 + 20, 1, shape->tcp_options);
    } else {
        set16(l4 + 4, length);
    }
    uint32_t sum = ~add(add(add(0, addresses, address_bytes), rest, 4), l4, length) & 0xFFFF;
    set16(l4 + field, shape->wrong_sums ? 0xBEEF : sum != 0 ? sum : 0xFFFF);
}

uint32_t frame_make(uint8_t *at, const struct frame_shape *shape, uint8_t seed)
{
    static const uint8_t macs[12] = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56, 0x52, 0x55, 0, 0, 0, 2};
    uint32_t l3 = l3_of(shape), payload = frame_payload(shape), length = payload + shape->payload;

    memset(at, 0, payload);
    memcpy(at, macs, 12);
    if (shape->tag) {
        set16(at + 12, 0x8100);
        set16(at + 14, 0x6064);
    }
    set16(at + l3 - 2, shape->version == 4 ? 0x0800 : shape->version == 6 ? 0x86DD : 0x88B5);
    for (uint32_t i = 0; i < shape->payload; i++) {
        at[payload + i] = (uint8_t)(seed + i * 7 + (i >> 8));
    }
    if (shape->version == 4) {
        at[l3] = (uint8_t)(0x45 + shape->ip_options / 4);
        set16(at + l3 + 2, length - l3);
        set16(at + l3 + 4, 0x1234);
        at[l3 + 8] = 64;
        at[l3 + 9] = (uint8_t)shape->protocol;
        memcpy(at + l3 + 12, (const uint8_t[]){10, 0, 2, 15, 192, 168, 255, 1}, 8);
        memset(at + l3 + 20, 1, shape->ip_options);
        set16(at + l3 + 10, shape->wrong_sums ? 0xDEAD : ~add(0, at + l3, 20 + shape->ip_options) & 0xFFFF);
        make_l4(at, shape, length - frame_l4(shape), at + l3 + 12, 8);
    } else if (shape->version == 6) {
        at[l3] = 0x60;
        set16(at + l3 + 4, length - l3 - 40);
        at[l3 + 6] = (uint8_t)(shape->ip_options != 0 ? 60 : shape->protocol);
        at[l3 + 7] = 64;
        at[l3 + 8] = 0xFE;
        at[l3 + 9] = 0x80;
        at[l3 + 23] = 1;
        at[l3 + 24] = 0x20;
        at[l3 + 39] = 2;
        if (shape->ip_options != 0) {
            at[l3 + 40] = (uint8_t)shape->protocol;
            at[l3 + 41] = (uint8_t)(shape->ip_options / 8 - 1);
        }
        make_l4(at, shape, length - frame_l4(shape), at + l3 + 8, 32);
    }
    return length;
}
