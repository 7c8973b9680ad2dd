/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The network device model: keeps what is sent, delivers what a test wants received. VIRTIO 1.x "Network Device". */
#include "fake_net.h"

#include <stdlib.h>

#include "fake_internal.h"

enum {
    F_CSUM = 0,
    F_GUEST_CSUM = 1,
    F_MTU = 3,
    F_MAC = 5,
    F_HOST_TSO4 = 11,
    F_HOST_TSO6 = 12,
    F_HOST_ECN = 13,
    F_MRG_RXBUF = 15,
    F_STATUS = 16,
    F_CTRL_VQ = 17,
    F_CTRL_RX = 18,
    F_CTRL_VLAN = 19,
    F_MQ = 22,
    F_CTRL_MAC_ADDR = 23,
    F_GUEST_HDRLEN = 59,
    F_SPEED_DUPLEX = 63,
    HEADER = 12,
    KEPT = 256, /* sent frames that are remembered */
    PAIRS = 8,
    RX_MIN_PLAIN = 1526
};

/* A frame on its way to the driver. */
struct pending {
    struct pending *next;
    struct fake_net_receive frame;
    uint32_t done;
    uint16_t buffers;
    uint8_t *header; /* in the first buffer */
    uint8_t bytes[];
};

struct net {
    struct fake_net_sent kept[KEPT];
    uint64_t sent;
    struct pending *first[PAIRS];
    struct fake_net_filter filter;
    bool held; /* commands are not answered */
    const char *why;
};

static const struct fake_field fields[] = {
    {0, 1, false, FEATURE(F_MAC)},           {1, 1, false, FEATURE(F_MAC)},
    {2, 1, false, FEATURE(F_MAC)},           {3, 1, false, FEATURE(F_MAC)},
    {4, 1, false, FEATURE(F_MAC)},           {5, 1, false, FEATURE(F_MAC)},
    {6, 2, false, FEATURE(F_STATUS)},        {8, 2, false, FEATURE(F_MQ)},
    {10, 2, false, FEATURE(F_MTU)},          {12, 4, false, FEATURE(F_SPEED_DUPLEX)},
    {16, 1, false, FEATURE(F_SPEED_DUPLEX)},
};

static struct net *net_of(const struct fake_device *device)
{
    return device->model;
}

static bool has(const struct fake_device *device, unsigned bit)
{
    return (device->features & FEATURE(bit)) != 0;
}

static void complain(struct fake_device *device, const char *why)
{
    if (net_of(device)->why == NULL) {
        net_of(device)->why = why;
    }
}

static unsigned ctrl_queue(const struct fake_device *device)
{
    return has(device, F_MQ) ? 2 * (unsigned)get_le(device->type_config + 8, 2) : 2; /* NET-72 */
}

static bool create(struct fake_device *device)
{
    uint8_t *config = device->type_config;
    device->model = calloc(1, sizeof(struct net));
    if (device->options.queue_count < 3) {
        device->options.queue_count = 3;
    }
    put_le(config, (uint64_t)knob_value(device, KNOB_NET_MAC, 0x563412005452LL), 6);
    put_le(config + 6, 1, 2);
    put_le(config + 8, (uint64_t)knob_value(device, KNOB_NET_PAIRS, (device->options.queue_count - 1) / 2), 2);
    put_le(config + 10, (uint64_t)knob_value(device, KNOB_NET_MTU, 1500), 2);
    put_le(config + 12, (uint64_t)knob_value(device, KNOB_NET_SPEED, 1000), 4);
    config[16] = (uint8_t)knob_value(device, KNOB_NET_DUPLEX, 1);
    return device->model != NULL;
}

static void drop_pending(struct net *net)
{
    for (unsigned i = 0; i < PAIRS; i++) {
        while (net->first[i] != NULL) {
            struct pending *pending = net->first[i];
            net->first[i] = pending->next;
            free(pending);
        }
    }
}

static void destroy(struct fake_device *device)
{
    struct net *net = net_of(device);
    if (net == NULL) {
        return;
    }
    drop_pending(net);
    for (unsigned i = 0; i < KEPT; i++) {
        free(net->kept[i].bytes);
    }
    free(net);
}

/* The device forgets everything (NET-75). */
static void reset(struct fake_device *device)
{
    struct net *net = net_of(device);
    drop_pending(net);
    memset(&net->filter, 0, sizeof(net->filter));
    memcpy(net->filter.mac, device->type_config, 6);
    net->held = false;
}

static void store_header(uint8_t *to, const struct fake_net_header *header)
{
    to[0] = header->flags;
    to[1] = header->gso_type;
    put_le(to + 2, header->hdr_len, 2);
    put_le(to + 4, header->gso_size, 2);
    put_le(to + 6, header->csum_start, 2);
    put_le(to + 8, header->csum_offset, 2);
    put_le(to + 10, header->num_buffers, 2);
}

/* --- Transmit --- */

static const char *judge_sent(const struct fake_device *device, const struct fake_net_sent *sent)
{
    const struct fake_net_header *header = &sent->header;
    uint8_t gso = header->gso_type & 0x7F;
    uint32_t tag = sent->length > 14 && sent->bytes[12] == 0x81 && sent->bytes[13] == 0 ? 4 : 0;
    if (header->num_buffers != 0) {
        return "NET-19: num_buffers is set";
    }
    if (!has(device, F_CSUM) && header->flags != 0) {
        return "NET-20: flags without CSUM";
    }
    if ((header->flags & ~1) != 0) {
        return "NET-37: flags other than NEEDS_CSUM";
    }
    if ((gso == 1 && !has(device, F_HOST_TSO4)) || (gso == 4 && !has(device, F_HOST_TSO6)) ||
        (gso != 0 && gso != 1 && gso != 4)) {
        return "NET-22 to NET-25, NET-31: segmentation that was not negotiated";
    }
    if ((header->gso_type & 0x80) != 0 && !has(device, F_HOST_ECN)) {
        return "NET-26: an ECN mark without HOST_ECN";
    }
    if (gso != 0 && (header->flags & 1) == 0) {
        return "NET-32: segmentation without NEEDS_CSUM";
    }
    if (gso == 0 && has(device, F_MTU) && sent->length > get_le(device->type_config + 10, 2) + 14 + tag) {
        return "NET-09: longer than the MTU";
    }
    if (sent->length < 60) {
        return "802.3: a frame shorter than 60 bytes";
    }
    return NULL;
}

static uint32_t transmit(struct fake_device *device, unsigned queue, const struct fake_chain *chain)
{
    struct net *net = net_of(device);
    struct fake_net_sent *sent = &net->kept[net->sent % KEPT];
    uint8_t raw[HEADER];
    if (chain->read_bytes < HEADER + 14 || chain->write_bytes != 0) {
        complain(device, "NET-18: no header and frame, or a writable part");
        return 0;
    }
    fake_chain_read(chain, 0, raw, HEADER);
    free(sent->bytes);
    *sent = (struct fake_net_sent){
        .header = {raw[0], raw[1], (uint16_t)get_le(raw + 2, 2), (uint16_t)get_le(raw + 4, 2),
                   (uint16_t)get_le(raw + 6, 2), (uint16_t)get_le(raw + 8, 2), (uint16_t)get_le(raw + 10, 2)},
        .queue = (uint16_t)queue,
        .indirect = chain->indirect,
        .parts = (uint32_t)chain->count,
        .length = (uint32_t)(chain->read_bytes - HEADER),
        .bytes = malloc(chain->read_bytes - HEADER),
    };
    if (sent->bytes == NULL) {
        abort();
    }
    fake_chain_read(chain, HEADER, sent->bytes, sent->length);
    net->sent++;
    const char *why = judge_sent(device, sent);
    if (why == NULL) {
        why = fake_net_wire(&sent->header, sent->bytes, sent->length, NULL, NULL);
    }
    if (why != NULL) {
        complain(device, why);
    }
    return 0;
}

/* --- Receive --- */

static void set_header(struct fake_device *device, struct pending *pending)
{
    struct fake_net_header *header = &pending->frame.header;
    header->flags = (uint8_t)knob_value(device, KNOB_NET_FLAGS, header->flags);
    header->gso_type = (uint8_t)knob_value(device, KNOB_NET_GSO, header->gso_type);
    if (knob(device, KNOB_NET_CSUM_START)) {
        header->csum_start = (uint16_t)knob_value(device, KNOB_NET_CSUM_START, 0);
        header->csum_offset = (uint16_t)(knob_value(device, KNOB_NET_CSUM_START, 0) >> 16);
    }
    if (!pending->frame.wrong_buffers) {
        header->num_buffers = pending->buffers;
    }
    header->num_buffers = (uint16_t)knob_value(device, KNOB_NET_BUFFERS, header->num_buffers);
    store_header(pending->header, header);
}

static uint32_t receive(struct fake_device *device, unsigned queue, const struct fake_chain *chain)
{
    struct net *net = net_of(device);
    struct pending *pending = net->first[queue / 2];
    uint32_t skip = pending->buffers == 0 ? HEADER : 0;
    uint32_t left = pending->frame.length - pending->done;
    if (chain->read_bytes != 0 || chain->write_bytes < HEADER || chain->part[0].length < HEADER) {
        complain(device, "NET-40: a receive buffer without room for the header");
        return 0;
    }
    if (!has(device, F_MRG_RXBUF) &&
        (chain->write_bytes < RX_MIN_PLAIN ||
         (has(device, F_MTU) && chain->write_bytes < HEADER + 14 + get_le(device->type_config + 10, 2)))) {
        complain(device, "NET-08, NET-39: a receive buffer too small for a frame");
    }
    if (pending->buffers == 0) {
        pending->header = chain->part[0].data;
    }
    if (pending->frame.piece != 0 && left > pending->frame.piece) {
        left = pending->frame.piece;
    }
    uint32_t written = (uint32_t)fake_chain_write(chain, skip, pending->bytes + pending->done, left);
    pending->done += written;
    pending->buffers++;
    written += skip;
    if (pending->done == pending->frame.length || !has(device, F_MRG_RXBUF)) {
        set_header(device, pending);
        written = pending->frame.used_len != 0 ? pending->frame.used_len : written;
        net->first[queue / 2] = pending->next;
        free(pending);
    } else if (skip != 0 && pending->frame.used_first != 0) {
        written = pending->frame.used_first;
    }
    return written;
}

void fake_net_receive(struct fake_device *device, unsigned pair, const struct fake_net_receive *frame)
{
    struct pending **link = &net_of(device)->first[pair];
    struct pending *pending = calloc(1, sizeof(*pending) + frame->length);
    if (pending == NULL) {
        abort();
    }
    pending->frame = *frame;
    memcpy(pending->bytes, frame->bytes, frame->length);
    while (*link != NULL) {
        link = &(*link)->next;
    }
    *link = pending;
    device->queue[2 * pair].pending = true;
    fake_poll(device, 0);
}

uint64_t fake_net_waiting(const struct fake_device *device, unsigned pair)
{
    uint64_t count = 0;
    for (const struct pending *pending = net_of(device)->first[pair]; pending != NULL; pending = pending->next) {
        count++;
    }
    return count;
}

/* --- Control --- */

/* One of the two lists of a table: a count and addresses. Returns the bytes, 0: it is not whole. */
static size_t take_list(const uint8_t *data, size_t length, uint32_t *count, uint8_t list[64][6])
{
    if (length < 4) {
        return 0;
    }
    *count = (uint32_t)get_le(data, 4);
    if (*count > (length - 4) / 6 || *count > 64) {
        return 0;
    }
    memcpy(list, data + 4, 6 * (size_t)*count);
    return 4 + 6 * (size_t)*count;
}

/* Returns the ack. */
static uint8_t execute(struct fake_device *device, unsigned code, const uint8_t *data, size_t length)
{
    struct fake_net_filter *filter = &net_of(device)->filter;
    bool wants_rx = code < 0x200;
    if (wants_rx && !has(device, F_CTRL_RX)) {
        complain(device, "NET-50, NET-52: a filter command without CTRL_RX");
        return 1;
    }
    switch (code) {
    case 0x000:
    case 0x001:
        if (length != 1 || data[0] > 1) {
            complain(device, "NET-50: data of PROMISC or ALLMULTI");
            return 1;
        }
        *(code == 0 ? &filter->promisc : &filter->allmulti) = data[0];
        return 0;
    case 0x100: {
        size_t first = take_list(data, length, &filter->unicast_count, filter->unicast);
        size_t second =
            first != 0 ? take_list(data + first, length - first, &filter->multicast_count, filter->multicast) : 0;
        if (second == 0 || first + second != length) {
            complain(device, "NET-54: sizes of the address table");
            return 1;
        }
        return 0;
    }
    case 0x101:
        if (length != 6 || !has(device, F_CTRL_MAC_ADDR)) {
            complain(device, "NET-53: data of ADDR_SET, or CTRL_MAC_ADDR is missing");
            return 1;
        }
        memcpy(filter->mac, data, 6);
        return 0;
    case 0x200:
    case 0x201: {
        unsigned vlan = (unsigned)get_le(data, 2);
        if (length != 2 || vlan > 4095 || !has(device, F_CTRL_VLAN)) {
            complain(device, "NET-74: data of a VLAN command, or CTRL_VLAN is missing");
            return 1;
        }
        uint8_t bit = (uint8_t)(1u << (vlan % 8));
        filter->vlans[vlan / 8] =
            (uint8_t)(code == 0x200 ? filter->vlans[vlan / 8] | bit : filter->vlans[vlan / 8] & ~bit);
        return 0;
    }
    default:
        complain(device, "NET-51: an unknown command, or one whose feature is missing");
        return 1;
    }
}

static uint32_t control(struct fake_device *device, const struct fake_chain *chain)
{
    uint8_t data[1024] = {0};
    net_of(device)->filter.commands++;
    if (chain->read_bytes < 2 || chain->read_bytes > sizeof(data) || chain->write_bytes != 1) {
        complain(device, "NET-73: shape of a command");
        return 0;
    }
    fake_chain_read(chain, 0, data, chain->read_bytes);
    if (knob_value(device, KNOB_NET_CTRL_ACK, 0) < 0) {
        return 0; /* the ack is not written */
    }
    uint8_t ack = (uint8_t)knob_value(device, KNOB_NET_CTRL_ACK, 0);
    if (ack == 0) { /* one that will be refused has no effect */
        ack = execute(device, (unsigned)data[0] << 8 | data[1], data + 2, chain->read_bytes - 2);
    }
    fake_chain_write(chain, 0, &ack, 1);
    return 1;
}

void fake_net_answer(struct fake_device *device, bool is_on)
{
    net_of(device)->held = !is_on;
    if (is_on) {
        device->queue[ctrl_queue(device)].pending = true;
        fake_poll(device, 0);
    }
}

const struct fake_net_filter *fake_net_filter(const struct fake_device *device)
{
    return &net_of(device)->filter;
}

/* --- The whole --- */

static bool wants(struct fake_device *device, unsigned queue)
{
    if (queue == ctrl_queue(device)) {
        return !net_of(device)->held && !knob(device, KNOB_NET_CTRL_SILENT);
    }
    return queue % 2 != 0 || (queue / 2 < PAIRS && net_of(device)->first[queue / 2] != NULL);
}

static uint32_t request(struct fake_device *device, unsigned queue, const struct fake_chain *chain)
{
    if (queue == ctrl_queue(device)) {
        return control(device, chain);
    }
    return queue % 2 != 0 ? transmit(device, queue, chain) : receive(device, queue, chain);
}

void fake_net_link(struct fake_device *device, bool is_up, uint32_t speed_mbps, uint8_t duplex)
{
    put_le(device->type_config + 6, is_up, 2);
    put_le(device->type_config + 12, speed_mbps, 4);
    device->type_config[16] = duplex;
    fake_config_changed(device);
}

const struct fake_net_sent *fake_net_sent(const struct fake_device *device, uint64_t index)
{
    const struct net *net = net_of(device);
    return index < net->sent && net->sent - index <= KEPT ? &net->kept[index % KEPT] : NULL;
}

uint64_t fake_net_sent_count(const struct fake_device *device)
{
    return net_of(device)->sent;
}

const char *fake_net_why(const struct fake_device *device)
{
    return net_of(device)->why;
}

const struct fake_type fake_type_net = {
    .name = "net",
    .number = 1,
    .class_code = 0x020000,
    .features = FEATURE_VERSION_1 | FEATURE_INDIRECT | FEATURE_EVENT_IDX | FEATURE(F_CSUM) | FEATURE(F_GUEST_CSUM) |
                FEATURE(F_MTU) | FEATURE(F_MAC) | FEATURE(F_HOST_TSO4) | FEATURE(F_HOST_TSO6) | FEATURE(F_HOST_ECN) |
                FEATURE(F_MRG_RXBUF) | FEATURE(F_STATUS) | FEATURE(F_CTRL_VQ) | FEATURE(F_CTRL_RX) |
                FEATURE(F_CTRL_VLAN) | FEATURE(F_MQ) | FEATURE(F_CTRL_MAC_ADDR) | FEATURE(F_GUEST_HDRLEN) |
                FEATURE(F_SPEED_DUPLEX),
    .config_length = 24,
    .fields = fields,
    .field_count = sizeof(fields) / sizeof(fields[0]),
    .create = create,
    .destroy = destroy,
    .reset = reset,
    .wants = wants,
    .request = request,
};
