/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Case of OIDs: what must be answered, what must be refused, and that filters and statistics do what they say. */
#include <string.h>

#include "net_traffic.h"
#include "verify/verify.h"

/* ntddndis.h */
enum {
    GEN_MAXIMUM_FRAME_SIZE = 0x00010106,
    GEN_TRANSMIT_BUFFER_SPACE = 0x00010108, GEN_RECEIVE_BUFFER_SPACE = 0x00010109, GEN_TRANSMIT_BLOCK_SIZE = 0x0001010a,
    GEN_RECEIVE_BLOCK_SIZE = 0x0001010b, GEN_VENDOR_ID = 0x0001010c, GEN_VENDOR_DESCRIPTION = 0x0001010d,
    GEN_CURRENT_PACKET_FILTER = 0x0001010e, GEN_MAXIMUM_TOTAL_SIZE = 0x00010111,
    GEN_VENDOR_DRIVER_VERSION = 0x00010116, GEN_XMIT_OK = 0x00020101, GEN_STATISTICS = 0x00020106, MULTICAST_LIST = 0x01010103,
    GEN_NONSENSE = 0x7f00beef
};
enum { NOT_SUPPORTED = (int)0xc00000bb, INVALID_OID = (int)0xc0010017, SHORT = (int)0xc0010016,
       BAD_LENGTH = (int)0xc0010014, MULTICAST_FULL = (int)0xc0010009 };
enum { DIRECTED = 1, MULTICAST = 2, ALL_MULTICAST = 4, BROADCAST = 8, PROMISCUOUS = 0x20 };

/* As NDIS_STATISTICS_INFO. */
struct statistics {
    uint8_t type, revision;
    uint16_t size;
    uint32_t supported;
    BUS_U64 in_discards, in_errors, in_octets, in_unicast, in_multicast, in_broadcast;
    BUS_U64 out_octets, out_unicast, out_multicast, out_broadcast, out_errors, out_discards;
    BUS_U64 in_unicast_octets, in_multicast_octets, in_broadcast_octets;
    BUS_U64 out_unicast_octets, out_multicast_octets, out_broadcast_octets;
};
_Static_assert(sizeof(struct statistics) == 152, "NDIS_STATISTICS_INFO");

static bool number_is(struct nd_adapter *a, uint32_t oid, const char *name, uint32_t least, uint32_t most)
{
    uint32_t value = 0;
    return net_query(a, oid, &value, sizeof value) &&
           ((value >= least && value <= most) || failed("%s is %u; from %u to %u is wanted", name, value, least, most));
}

static bool numbers(struct nd_adapter *a)
{
    struct nd_properties p;
    nd_properties(a, &p);
    return number_is(a, GEN_MAXIMUM_TOTAL_SIZE, "OID_GEN_MAXIMUM_TOTAL_SIZE", p.mtu + 14, p.mtu + 14) &&
           number_is(a, GEN_MAXIMUM_FRAME_SIZE, "OID_GEN_MAXIMUM_FRAME_SIZE", p.mtu, p.mtu) &&
           number_is(a, GEN_TRANSMIT_BUFFER_SPACE, "OID_GEN_TRANSMIT_BUFFER_SPACE", p.mtu + 14, UINT32_MAX) &&
           number_is(a, GEN_RECEIVE_BUFFER_SPACE, "OID_GEN_RECEIVE_BUFFER_SPACE", p.mtu + 14, UINT32_MAX) &&
           number_is(a, GEN_TRANSMIT_BLOCK_SIZE, "OID_GEN_TRANSMIT_BLOCK_SIZE", 1, UINT32_MAX) &&
           number_is(a, GEN_RECEIVE_BLOCK_SIZE, "OID_GEN_RECEIVE_BLOCK_SIZE", 1, UINT32_MAX) &&
           number_is(a, GEN_VENDOR_DRIVER_VERSION, "OID_GEN_VENDOR_DRIVER_VERSION", 1, UINT32_MAX) &&
           number_is(a, GEN_VENDOR_ID, "OID_GEN_VENDOR_ID", 0, UINT32_MAX);
}

/* Text with its end, and the refusal of a buffer that is one byte too short. */
static bool description(struct nd_adapter *a)
{
    char text[256] = "";
    struct nd_request r = {.oid = GEN_VENDOR_DESCRIPTION, .data = text, .length = sizeof text};
    int32_t status = nd_oid(a, &r);
    if (status != 0 || r.done < 2 || text[r.done - 1] != '\0') {
        return failed("OID_GEN_VENDOR_DESCRIPTION: %s, %u bytes", nd_status_text(status), r.done);
    }
    say("  vendor       \"%s\"", text);
    r.length = r.done - 1;
    status = nd_oid(a, &r);
    return (status == SHORT && r.needed == r.length + 1) ||
           failed("a short buffer for text: %s, %u bytes needed", nd_status_text(status), r.needed);
}

static bool refusals(struct nd_adapter *a)
{
    uint8_t bytes[4] = {0};
    struct nd_request r = {.oid = GEN_NONSENSE, .data = bytes, .length = sizeof bytes};
    int32_t status = nd_oid(a, &r);
    if (status != NOT_SUPPORTED && status != INVALID_OID) {
        return failed("a query of an OID that does not exist: %s", nd_status_text(status));
    }
    r.is_set = true;
    status = nd_oid(a, &r);
    if (status != NOT_SUPPORTED && status != INVALID_OID) {
        return failed("a set of an OID that does not exist: %s", nd_status_text(status));
    }
    r = (struct nd_request){.oid = GEN_XMIT_OK, .data = bytes, .length = 2};
    status = nd_oid(a, &r);
    if (status != SHORT || r.needed < 4) {
        return failed("two bytes for OID_GEN_XMIT_OK: %s, %u needed", nd_status_text(status), r.needed);
    }
    r = (struct nd_request){.oid = GEN_CURRENT_PACKET_FILTER, .is_set = true, .data = bytes, .length = 3};
    status = nd_oid(a, &r);
    if (status != BAD_LENGTH && status != SHORT) {
        return failed("a packet filter of three bytes: %s", nd_status_text(status));
    }
    memset(bytes, 0xff, sizeof bytes);
    r.length = 4;
    status = nd_oid(a, &r);
    return (status != 0) || failed("a packet filter of all ones was taken");
}

static bool filters(struct nd_adapter *a)
{
    static const uint32_t wanted[] = {0, DIRECTED, DIRECTED | BROADCAST, DIRECTED | MULTICAST | BROADCAST,
                                      DIRECTED | ALL_MULTICAST | BROADCAST, PROMISCUOUS | DIRECTED, PROMISCUOUS,
                                      DIRECTED | MULTICAST | BROADCAST};
    struct nd_properties p;
    nd_properties(a, &p);
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        if ((wanted[i] & ~p.filters) == 0 && !net_set(a, GEN_CURRENT_PACKET_FILTER, &wanted[i], sizeof wanted[i])) {
            return false;
        }
    }
    return true;
}

static bool multicast(struct nd_adapter *a)
{
    uint8_t list[512][6];
    struct nd_properties p;
    struct nd_request r = {.oid = MULTICAST_LIST, .is_set = true, .data = list};
    int32_t status;
    nd_properties(a, &p);
    for (unsigned i = 0; i < 512; i++) {
        memcpy(list[i], (uint8_t[6]){0x01, 0x00, 0x5e, 0x01, (uint8_t)(i >> 8), (uint8_t)i}, 6);
    }
    if (p.multicast_most == 0 || p.multicast_most > 510) {
        return failed("room for %u multicast addresses", p.multicast_most);
    }
    for (unsigned count = 0; count <= p.multicast_most && count <= 32; count = count * 2 + 1) {
        if (!net_set(a, MULTICAST_LIST, list, count * 6)) {
            return false;
        }
    }
    r.length = (p.multicast_most + 1) * 6;
    status = nd_oid(a, &r);
    if (status != MULTICAST_FULL) {
        return failed("one multicast address too many: %s", nd_status_text(status));
    }
    r.length = 7;
    status = nd_oid(a, &r);
    if (status != BAD_LENGTH) {
        return failed("a multicast list of seven bytes: %s", nd_status_text(status));
    }
    return net_set(a, MULTICAST_LIST, list, 0);
}

static bool all_sent(void *context)
{
    return nd_sends_outstanding(context) == 0 && !nd_is_busy();
}

static bool statistics(struct run *run, struct nd_adapter *a)
{
    struct statistics before = {0}, after = {0};
    unsigned long sent = nd_counters(a)->sent;
    if (!net_query(a, GEN_STATISTICS, &before, sizeof before)) {
        return false;
    }
    for (int i = 0; i < 16 && nd_send_room(a); i++) {
        traffic_send(a);
    }
    nd_send_flush(a);
    if (!net_wait(run, 5000, all_sent, a) || !net_query(a, GEN_STATISTICS, &after, sizeof after)) {
        return failed("sends were not completed");
    }
    sent = nd_counters(a)->sent - sent;
    return after.out_unicast - before.out_unicast == sent ||
           failed("%lu frames were sent; OID_GEN_STATISTICS counts %llu", sent,
                  (unsigned long long)(after.out_unicast - before.out_unicast));
}

/* What is listed must be known: the refusal of an OID as such is a defect whatever the direction. */
static bool listed(struct nd_adapter *a)
{
    const uint32_t *oids;
    unsigned count = nd_oid_list(a, &oids), known = 0;
    for (unsigned i = 0; i < count; i++) {
        uint8_t data[1024] = {0};
        struct nd_request query = {.oid = oids[i], .data = data, .length = sizeof data};
        struct nd_request set = {.oid = oids[i], .is_set = true, .data = data, .length = 1};
        int32_t queried = nd_oid(a, &query), was_set = 0;
        if (queried == NOT_SUPPORTED || queried == INVALID_OID) {
            was_set = nd_oid(a, &set);
        }
        if (was_set == NOT_SUPPORTED || was_set == INVALID_OID) {
            return failed("OID %#x is listed as supported, but neither query nor set know it", oids[i]);
        }
        known++;
    }
    say("  OIDs         %u listed, each known", known);
    return true;
}

bool case_net_oids(struct run *run)
{
    bool good = net_start(run);
    for (unsigned i = 0; good && i < run->net_count; i++) {
        struct nd_adapter *a = run->net[i];
        good = numbers(a) && description(a) && refusals(a) && filters(a) && multicast(a) && statistics(run, a) && listed(a);
        if (good) {
            say("adapter %u: OIDs are as they should be", i);
        }
    }
    return good;
}
