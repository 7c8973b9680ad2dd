/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A network device that departs from the specification: whatever it does, every frame that was sent comes back, NDIS'
 * resets end, a frame that is indicated is one that arrived, whole and once, and what was lost is counted or stands in
 * the event log. The HOST rows that a network driver meets are named by the unit tests of its core.
 */
#include <string.h>

#include "bus/fake.h"
#include "fake_net.h"
#include "net_traffic.h"
#include "verify/verify.h"

enum {
    ROUNDS = 300, ROUND_US = 20000, BATCH = 4, WAITING = 8, END_MS = 30000, LEAST_DATA = 18, SEND_ERROR = 0x00020103,
    RECEIVE_ERROR = 0x00020104, HEADERS_4 = 42, HEADERS_6 = 62, NEEDS_CSUM = 1, F_GUEST_CSUM = 1
};

struct sufferer {
    struct run *run;
    struct nd_adapter *adapter;
    struct fake_device *device;
    uint8_t mac[ND_MAC];
    uint32_t most; /* bytes of data in a frame */
    bool guest_checksum;
    bool is_bound; /* else a protocol was told so: its request failed */
    unsigned injected;
    unsigned char seen[ROUNDS * BATCH];
    const char *why; /* what was wrong with a received frame */
};

static const char *const spoiling[] = {"net-buffers", "net-gso", "used-len"};

/* The frame of a number, always the same. Its first bytes of data are the number. Returns its length. */
static uint32_t make(const struct sufferer *s, unsigned number, uint8_t *frame, uint32_t *udp)
{
    uint32_t data = LEAST_DATA + number * 211 % (s->most - LEAST_DATA + 1);
    *udp = traffic_build(frame, s->mac, data, number % 4 == 3);
    memcpy(frame + 6, frame, ND_MAC); /* from nobody to the adapter */
    memcpy(frame, s->mac, ND_MAC);
    memcpy(frame + *udp + 8, &number, sizeof number);
    return *udp + 8 + data;
}

static bool leaves_checksum(const struct sufferer *s, unsigned number)
{
    return s->guest_checksum && number % 2 != 0;
}

static void inject(struct sufferer *s)
{
    uint8_t bytes[2048];
    uint32_t udp, length = make(s, s->injected, bytes, &udp);
    struct fake_net_receive frame = {.bytes = bytes, .length = length, .piece = s->injected % 5 == 0 ? 300 : 0};
    if (leaves_checksum(s, s->injected)) {
        frame.header.flags = NEEDS_CSUM;
        frame.header.csum_start = (uint16_t)udp;
        frame.header.csum_offset = 6;
    } else if (s->injected % 4 != 3) {
        memset(bytes + udp + 6, 0, 2); /* RFC 768: none */
    }
    s->injected++;
    fake_net_receive(s->device, 0, &frame);
}

static void received(void *context, const struct nd_frame *f)
{
    struct sufferer *s = context;
    uint8_t wanted[2048];
    unsigned number;
    uint32_t at = f->length >= HEADERS_6 && f->bytes[12] == 0x86 ? HEADERS_6 : HEADERS_4, udp, length;
    if (f->length < at + LEAST_DATA) {
        s->why = "a frame is indicated that is shorter than any that arrived";
        return;
    }
    memcpy(&number, f->bytes + at, sizeof number);
    if (number >= s->injected || s->seen[number]++ != 0) {
        s->why = "a frame is indicated that never arrived, or a second time";
        return;
    }
    length = make(s, number, wanted, &udp);
    memcpy(wanted + udp + 6, f->bytes + udp + 6, 2); /* the checksum may be complete by now */
    if (length != f->length || memcmp(wanted, f->bytes, length) != 0) {
        s->why = "a frame is indicated that differs from what arrived";
    }
}

static bool all_sent(void *context)
{
    return nd_sends_outstanding(context) == 0;
}

static uint64_t counter(struct nd_adapter *a, uint32_t oid)
{
    uint64_t value = 0;
    struct nd_request r = {.oid = oid, .data = &value, .length = sizeof value};
    return nd_oid(a, &r) == 0 ? value : 0;
}

static bool is_fault(const struct sufferer *s, const char *name)
{
    size_t length = strlen(name);
    const char *fault = s->run->options->fault;
    return fault != NULL && strncmp(fault, name, length) == 0 && (fault[length] == '\0' || fault[length] == '=');
}

/* What was lost must show; what the device spoilt must not have been indicated. */
static bool judge(const struct sufferer *s)
{
    const struct nd_counters *c = nd_counters(s->adapter);
    uint64_t errors = counter(s->adapter, RECEIVE_ERROR);
    uint64_t arrived = s->injected - fake_net_waiting(s->device, 0);
    say("%u frames for the driver, %llu of them delivered, %lu indicated, %llu counted as errors; %llu sends failed",
        s->injected, (unsigned long long)arrived, c->received, (unsigned long long)errors,
        (unsigned long long)counter(s->adapter, SEND_ERROR));
    say("%s; event log: %u entries, %s", s->is_bound ? "bound" : "a request at binding failed", event_count(), event_last_text("empty"));
    if (s->why != NULL && !is_fault(s, "scribble-desc")) { /* what that writes where is not the driver's to know */
        return failed("%s", s->why);
    }
    for (size_t i = 0; i < sizeof spoiling / sizeof spoiling[0]; i++) {
        if (is_fault(s, spoiling[i]) && (c->received != 0 || (errors == 0 && event_count() == 0))) {
            return failed("%lu spoilt frames are indicated, %llu are counted", c->received, (unsigned long long)errors);
        }
    }
    if (s->is_bound && c->received + errors < arrived && c->resets == 0 && event_count() == 0) {
        return failed("received frames are lost, and neither a counter nor the event log says so");
    }
    return (c->sent != 0 && c->send_failed == 0) || event_count() != 0 ||
           failed("%lu frames were sent, %lu failed, without an entry in the event log", c->sent, c->send_failed);
}

static bool traffic(struct sufferer *s)
{
    struct nd_properties p;
    nd_properties(s->adapter, &p);
    memcpy(s->mac, p.mac, sizeof s->mac);
    s->most = (p.mtu < 1500 ? p.mtu : 1500) - (HEADERS_6 - 14);
    s->device = bus_fake_device(s->run->bus, 0);
    s->guest_checksum = (fake_driver_features(s->device) >> F_GUEST_CSUM & 1) != 0;
    nd_on_receive(s->adapter, received, s);
    for (unsigned round = 0; round < ROUNDS && nd_is_running(s->adapter); round++) {
        uint64_t end = s->run->bus->ops->clock_us(s->run->bus) + ROUND_US;
        for (unsigned i = 0; i < BATCH; i++) {
            if (nd_send_room(s->adapter)) {
                traffic_send(s->adapter);
            }
            if (fake_net_waiting(s->device, 0) < WAITING) {
                inject(s);
            }
        }
        nd_send_flush(s->adapter);
        do {
            nd_pump(1000);
        } while (s->run->bus->ops->clock_us(s->run->bus) < end);
    }
    if (!net_wait(s->run, END_MS, all_sent, s->adapter)) {
        return failed("%u frames have not come back", nd_sends_outstanding(s->adapter));
    }
    return judge(s);
}

bool case_net_suffer(struct run *run)
{
    static struct sufferer s;
    int32_t status = nd_driver_entry(run->image->entry);
    bool good;
    if (status < 0) {
        return failed("DriverEntry returned %#x", (unsigned)status);
    }
    image_discard_init(run->image);
    if (run->bus->function_count == 0) {
        return failed("there is no virtio device on the bus");
    }
    s.run = run;
    status = nd_initialize(0, &run->net[run->net_count++]);
    if (status != 0) {
        say("not started: %s; event log: %s", nd_status_text(status), event_last_text("empty"));
        return event_count() > 0 || failed("the device was given up without an entry in the event log");
    }
    s.adapter = run->net[0];
    s.is_bound = nd_restart(s.adapter);
    if (!nd_is_running(s.adapter)) {
        say("not restarted; event log: %s", event_last_text("empty"));
        return event_count() > 0 || failed("the device does not work, without an entry in the event log");
    }
    good = traffic(&s);
    net_say_counters(0, s.adapter);
    return good;
}
