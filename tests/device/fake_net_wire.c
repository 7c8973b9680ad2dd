/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What becomes of a sent frame behind the device, from its virtio header by the letter: the checksum is the plain sum
 * from csum_start to the end, a frame to be cut is cut at gso_size. Then every frame is held against the protocols
 * themselves. Shares no code with the driver.
 */
#include <stdlib.h>
#include <string.h>

#include "fake_net.h"

struct parsed {
    unsigned l3, l4, end; /* end of the IP packet */
    unsigned protocol;    /* 6, 17; 0: neither, or a fragment */
    unsigned header;      /* end of the TCP or UDP header */
    int version;          /* 4, 6; 0: no IP */
};

static unsigned be16(const uint8_t *from)
{
    return (unsigned)from[0] << 8 | from[1];
}

static void set16(uint8_t *to, unsigned value)
{
    to[0] = (uint8_t)(value >> 8);
    to[1] = (uint8_t)value;
}

/* Adds 16-bit words one by one, the slow and plain way. */
static uint32_t add(uint32_t sum, const uint8_t *bytes, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        sum += i % 2 == 0 ? (uint32_t)bytes[i] << 8 : bytes[i];
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    return sum;
}

static const char *parse(const uint8_t *frame, unsigned length, struct parsed *at)
{
    memset(at, 0, sizeof(*at));
    unsigned type = be16(frame + 12);
    at->l3 = 14;
    if (type == 0x8100 && length >= 18) {
        type = be16(frame + 16);
        at->l3 = 18;
    }
    if (type == 0x0800 && length >= at->l3 + 20) {
        at->version = 4;
        at->l4 = at->l3 + 4 * (frame[at->l3] & 15u);
        at->end = at->l3 + be16(frame + at->l3 + 2);
        at->protocol = (be16(frame + at->l3 + 6) & 0x3FFF) == 0 ? frame[at->l3 + 9] : 0;
    } else if (type == 0x86DD && length >= at->l3 + 40) {
        at->version = 6;
        at->l4 = at->l3 + 40;
        at->end = at->l4 + be16(frame + at->l3 + 4);
        at->protocol = frame[at->l3 + 6];
        while ((at->protocol == 0 || at->protocol == 60) && at->l4 + 8 <= length) {
            at->protocol = frame[at->l4];
            at->l4 += 8 * (frame[at->l4 + 1] + 1u);
        }
    } else {
        return NULL;
    }
    if (at->protocol != 6 && at->protocol != 17) {
        at->protocol = 0;
        return NULL;
    }
    if (at->l4 + (at->protocol == 6 ? 20 : 8) > length) {
        return "NET-28: a transport header that is cut off";
    }
    at->header = at->l4 + (at->protocol == 6 ? 4 * (frame[at->l4 + 12] >> 4) : 8u);
    return NULL;
}

static uint32_t pseudo(const uint8_t *frame, const struct parsed *at, unsigned l4_length)
{
    const uint8_t *l3 = frame + at->l3;
    uint32_t sum = at->version == 4 ? add(0, l3 + 12, 8) : add(0, l3 + 8, 32);
    uint8_t rest[4] = {0, (uint8_t)at->protocol, (uint8_t)(l4_length >> 8), (uint8_t)l4_length};
    return add(sum, rest, 4);
}

const char *fake_net_check(const uint8_t *frame, uint32_t length)
{
    struct parsed at;
    if (length < 14) {
        return "802.3: no Ethernet header";
    }
    const char *why = parse(frame, length, &at);
    if (why != NULL || at.version == 0) {
        return why;
    }
    if (at.end > length || at.end < at.l4) {
        return "NET-28: the IP length does not fit the frame";
    }
    if (at.version == 4 && add(0, frame + at.l3, at.l4 - at.l3) != 0xFFFF) {
        return "NET-28: IPv4 header checksum";
    }
    if (at.protocol == 0 || (at.protocol == 17 && at.version == 4 && be16(frame + at.l4 + 6) == 0)) {
        return NULL;
    }
    if (add(pseudo(frame, &at, at.end - at.l4), frame + at.l4, at.end - at.l4) != 0xFFFF) {
        return "NET-21, NET-29, NET-30: TCP or UDP checksum";
    }
    return NULL;
}

/* The rule of NEEDS_CSUM, literally. */
static const char *finish(const struct fake_net_header *header, uint8_t *frame, uint32_t length)
{
    uint32_t field = (uint32_t)header->csum_start + header->csum_offset;
    if (header->csum_start < 14 || field + 2 > length) {
        return "NET-30: csum_start or csum_offset outside of the frame";
    }
    uint32_t sum = ~add(0, frame + header->csum_start, length - header->csum_start) & 0xFFFF;
    set16(frame + field, sum != 0 ? sum : 0xFFFF);
    return NULL;
}

/* One segment: headers with its lengths, its place in the stream, its flags and checksums. */
static void fix_segment(uint8_t *frame, uint32_t length, const struct parsed *at, uint32_t offset, unsigned number,
                        bool is_last)
{
    uint8_t *l3 = frame + at->l3, *tcp = frame + at->l4;
    uint32_t sequence = (uint32_t)be16(tcp + 4) << 16 | be16(tcp + 6);
    sequence += offset;
    set16(tcp + 4, sequence >> 16);
    set16(tcp + 6, sequence & 0xFFFF);
    if (!is_last) {
        tcp[13] &= (uint8_t)~0x09; /* FIN, PSH */
    }
    if (number != 0) {
        tcp[13] &= 0x7F; /* CWR */
    }
    if (at->version == 4) {
        set16(l3 + 2, length - at->l3);
        set16(l3 + 4, be16(l3 + 4) + number);
        set16(l3 + 10, 0);
        set16(l3 + 10, ~add(0, l3, at->l4 - at->l3) & 0xFFFF);
    } else {
        set16(l3 + 4, length - at->l3 - 40);
    }
    set16(tcp + 16, 0);
    set16(tcp + 16, ~add(pseudo(frame, at, length - at->l4), tcp, length - at->l4) & 0xFFFF);
}

static const char *cut(const struct fake_net_header *header, const uint8_t *bytes, uint32_t length,
                       void (*each)(void *context, const uint8_t *frame, uint32_t length), void *context)
{
    struct parsed at;
    const char *why = parse(bytes, length, &at);
    if (why != NULL) {
        return why;
    }
    if (at.protocol != 6 || at.version != ((header->gso_type & 0x7F) == 1 ? 4 : 6)) {
        return "NET-22, NET-23: not the packet that gso_type says";
    }
    if (header->hdr_len != at.header) {
        return "NET-34: hdr_len is not the headers' length";
    }
    if (header->gso_size == 0) {
        return "NET-33: gso_size is 0";
    }
    if (header->csum_start != at.l4 || header->csum_offset != 16) {
        return "NET-30: csum_start of a frame to be cut";
    }
    if (((bytes[at.l4 + 13] & 0x80) != 0) != ((header->gso_type & 0x80) != 0)) {
        return "NET-27: CWR and the ECN bit differ";
    }
    if (be16(bytes + at.l4 + 16) != pseudo(bytes, &at, length - at.l4)) {
        return "NET-29: the pseudo-header sum of a frame to be cut";
    }
    uint8_t *segment = malloc(at.header + header->gso_size);
    unsigned number = 0;
    for (uint32_t done = at.header; segment != NULL && done < length; number++) {
        uint32_t piece = length - done < header->gso_size ? length - done : header->gso_size;
        memcpy(segment, bytes, at.header);
        memcpy(segment + at.header, bytes + done, piece);
        fix_segment(segment, at.header + piece, &at, done - at.header, number, done + piece == length);
        if (each != NULL) {
            each(context, segment, at.header + piece);
        }
        done += piece;
    }
    free(segment);
    return NULL;
}

const char *fake_net_wire(const struct fake_net_header *header, const uint8_t *bytes, uint32_t length,
                          void (*each)(void *context, const uint8_t *frame, uint32_t length), void *context)
{
    uint8_t *frame = malloc(length);
    if (frame == NULL) {
        return "no memory";
    }
    memcpy(frame, bytes, length);
    const char *why = (header->flags & 1) != 0 ? finish(header, frame, length) : NULL;
    if (why == NULL) {
        why = fake_net_check(frame, length); /* a frame to be cut is a right one too, but for its size */
    }
    if (why == NULL && header->gso_type != 0) {
        why = cut(header, bytes, length, each, context);
    } else if (why == NULL && each != NULL) {
        each(context, frame, length);
    }
    free(frame);
    return why;
}
