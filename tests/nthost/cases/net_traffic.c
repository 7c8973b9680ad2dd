/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Made-up frames. RFC 768, 791, 8200. */
#include "net_traffic.h"

#include <string.h>

enum { ETHERNET = 14, UDP_HEADER = 8, UDP = 17, MOST = 65536 };

static uint32_t state = 12345;

unsigned traffic_random(unsigned n)
{
    state = state * 1664525u + 1013904223u;
    return (state >> 8) % n;
}

static void put16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static uint32_t add(uint32_t sum, const uint8_t *bytes, uint32_t length)
{
    for (uint32_t i = 0; i + 1 < length; i += 2) {
        sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
    }
    while (sum >> 16 != 0) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return sum;
}

uint32_t traffic_build(uint8_t *frame, const uint8_t *mac, uint32_t data, bool is_ipv6)
{
    static const uint8_t nobody[6] = {0x02, 0, 0, 0, 0xfe, 0xed};
    uint32_t udp = ETHERNET + (is_ipv6 ? 40 : 20), length = UDP_HEADER + data, sum;
    uint8_t *ip = frame + ETHERNET;
    memcpy(frame, nobody, 6);
    memcpy(frame + 6, mac, 6);
    put16(frame + 12, is_ipv6 ? 0x86dd : 0x0800);
    memset(ip, 0, udp - ETHERNET);
    if (is_ipv6) {
        ip[0] = 0x60;
        put16(ip + 4, length);
        ip[6] = UDP;
        ip[7] = 64;
        ip[8] = ip[24] = 0xfd; /* fd00::1 to fd00::2 */
        ip[23] = 1;
        ip[39] = 2;
        sum = add(UDP + length, ip + 8, 32);
    } else {
        ip[0] = 0x45;
        put16(ip + 2, 20 + length);
        ip[8] = 64;
        ip[9] = UDP;
        memcpy(ip + 12, "\xc0\x00\x02\x01\xc0\x00\x02\x02", 8); /* 192.0.2.1 to 192.0.2.2 */
        put16(ip + 10, ~add(0, ip, 20) & 0xffff);
        sum = add(UDP + length, ip + 12, 8);
    }
    put16(frame + udp, 4000);
    put16(frame + udp + 2, 9);
    put16(frame + udp + 4, length);
    put16(frame + udp + 6, sum);
    for (uint32_t i = 0; i < data; i++) {
        frame[udp + UDP_HEADER + i] = (uint8_t)(i * 7 + data);
    }
    return udp;
}

void traffic_send(struct nd_adapter *a)
{
    static uint8_t frame[MOST];
    struct nd_properties p;
    struct nd_packet packet = {.bytes = frame};
    uint32_t most, data, udp;
    bool is_ipv6 = traffic_random(2) == 0;
    nd_properties(a, &p);
    most = p.mtu - (is_ipv6 ? 48 : 28);
    data = traffic_random(4) == 0 ? most : traffic_random(4) == 0 ? traffic_random(20) : traffic_random(most);
    udp = traffic_build(frame, p.mac, data, is_ipv6);
    packet.length = udp + UDP_HEADER + data;
    packet.checksum_start = (uint16_t)udp;
    packet.checksum_offset = 6;
    packet.is_tagged = traffic_random(8) == 0;
    packet.tag = packet.is_tagged ? (uint16_t)(traffic_random(8) << 13 | (1 + traffic_random(4094))) : 0;
    nd_send(a, &packet);
}
