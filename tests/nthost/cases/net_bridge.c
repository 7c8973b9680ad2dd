/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Linux's TCP/IP above network adapters. */
#define _GNU_SOURCE
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bridges/tap/tap.h"
#include "net.h"
#include "verify/verify.h"

enum { MULTICAST_LIST = 0x01010103, MOST_MULTICAST = 32, LISTEN_US = 100000 };
enum { READS = 32, SPINS = 200, NAP_NS = 100000, LONG_NAP_NS = 1000000, LONG_IDLE = 2000 };

struct port {
    struct nd_adapter *adapter;
    struct tap *tap;
    struct nd_properties as_set; /* what the TAP device was told last */
    uint8_t multicast[MOST_MULTICAST][6]; /* what the adapter was told last */
    unsigned multicast_count;
    unsigned long lost; /* Linux did not take a frame */
    bool moved;
};

struct net_bridge {
    struct port port[ND_MAX_ADAPTERS];
    unsigned count, idle;
    struct bus *bus;
    uint64_t listen_at_us; /* when to look for multicast addresses again */
};

static void receive(void *context, const struct nd_frame *f)
{
    struct port *p = context;
    struct tap_frame frame = {.bytes = (uint8_t *)(uintptr_t)f->bytes, .length = f->length, .is_tagged = f->is_tagged,
                              .tag = f->tag};
    p->moved = true;
    p->lost += !tap_write(p->tap, &frame, f->checksum_good);
}

/* The TAP device follows the adapter: carrier, and what Linux may leave undone. */
static bool follow(struct port *p, bool first)
{
    struct nd_properties now;
    bool checksum;
    nd_properties(p->adapter, &now);
    if (!first && memcmp(&now, &p->as_set, sizeof now) == 0) {
        return true;
    }
    checksum = now.tcp4_send || now.udp4_send || now.tcp6_send || now.udp6_send;
    p->as_set = now;
    tap_set_carrier(p->tap, now.link_up);
    return tap_set_offload(p->tap, checksum, now.lso_v2_4 != 0 || now.lso_v1 != 0, now.lso_v2_6 != 0);
}

/* The adapter follows Linux: the addresses that somebody listens to. */
static void follow_listeners(struct port *p)
{
    uint8_t addresses[MOST_MULTICAST][6];
    unsigned count = tap_multicast(p->tap, addresses, MOST_MULTICAST);
    count = count < MOST_MULTICAST ? count : MOST_MULTICAST;
    if (nd_is_running(p->adapter) &&
        (count != p->multicast_count || memcmp(addresses, p->multicast, count * sizeof addresses[0]) != 0) &&
        net_set(p->adapter, MULTICAST_LIST, addresses, count * 6)) {
        memcpy(p->multicast, addresses, count * sizeof addresses[0]);
        p->multicast_count = count;
    }
}

struct net_bridge *net_bridge_open(struct run *run)
{
    struct net_bridge *b = calloc(1, sizeof *b);
    char error[512];
    if (b != NULL) {
        b->bus = run->bus;
    }
    for (unsigned i = 0; b != NULL && i < run->net_count; i++) {
        struct port *p = &b->port[i];
        struct nd_properties properties;
        struct tap_options o = {.place = run->options->tap_above[i], .mac = properties.mac};
        nd_properties(run->net[i], &properties);
        o.mtu = properties.mtu;
        if (o.place == NULL) {
            failed("adapter %u has no --tap-above", i);
            net_bridge_close(b);
            return NULL;
        }
        p->adapter = run->net[i];
        p->tap = tap_open(&o, error, sizeof error);
        b->count = i + 1;
        if (p->tap == NULL || !follow(p, true)) {
            failed("%s", p->tap == NULL ? error : "the TAP device takes no offload settings");
            net_bridge_close(b);
            return NULL;
        }
        nd_on_receive(p->adapter, receive, p);
    }
    return b;
}

static void send_what_is_there(struct port *p)
{
    struct tap_frame f;
    for (int i = 0; i < READS && nd_is_running(p->adapter) && nd_send_room(p->adapter) && tap_read(p->tap, &f); i++) {
        struct nd_packet packet = {.bytes = f.bytes, .length = f.length, .is_tagged = f.is_tagged, .tag = f.tag,
                                   .checksum_start = f.checksum_start, .checksum_offset = f.checksum_offset,
                                   .mss = f.mss};
        p->moved = true;
        nd_send(p->adapter, &packet);
    }
    nd_send_flush(p->adapter);
}

/* Messages of devices wake nobody: look often while there is traffic, seldom when there is none. */
static void rest(struct net_bridge *b)
{
    struct pollfd fds[ND_MAX_ADAPTERS];
    struct timespec nap = {.tv_nsec = b->idle > LONG_IDLE ? LONG_NAP_NS : NAP_NS};
    if (b->idle++ < SPINS) {
        sched_yield();
        return;
    }
    for (unsigned i = 0; i < b->count; i++) {
        bool takes = nd_is_running(b->port[i].adapter) && nd_send_room(b->port[i].adapter);
        fds[i] = (struct pollfd){.fd = tap_poll_fd(b->port[i].tap), .events = takes ? POLLIN : 0};
    }
    ppoll(fds, b->count, &nap, NULL);
}

void net_bridge_move(struct net_bridge *b)
{
    bool moved = false, is_time = b->bus->ops->clock_us(b->bus) >= b->listen_at_us;
    b->listen_at_us = is_time ? b->bus->ops->clock_us(b->bus) + LISTEN_US : b->listen_at_us;
    for (unsigned i = 0; i < b->count; i++) {
        if (is_time) {
            follow_listeners(&b->port[i]);
        }
        b->port[i].moved = false;
        send_what_is_there(&b->port[i]);
    }
    nd_pump(0);
    for (unsigned i = 0; i < b->count; i++) {
        follow(&b->port[i], false);
        moved = moved || b->port[i].moved;
    }
    if (moved || nd_is_busy()) {
        b->idle = 0;
    } else {
        rest(b);
    }
}

void net_bridge_close(struct net_bridge *b)
{
    for (unsigned i = 0; i < b->count; i++) {
        struct port *p = &b->port[i];
        if (p->tap != NULL) {
            nd_on_receive(p->adapter, NULL, NULL);
            tap_close(p->tap);
        }
        if (p->lost != 0) {
            say("  Linux did not take %lu frames", p->lost);
        }
    }
    free(b);
}
