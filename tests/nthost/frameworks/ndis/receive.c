/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The receive side: what a miniport indicates is checked, filtered as NDIS does, handed to the protocol (sooner or later,
 * in order) and given back (inside of the indication, or later, in batches, at either IRQL).
 */
#include "adapter.h"

#include <string.h>

#include "cpu/cpu.h"
#include "mem/memory.h"
#include "nt/mdl.h"
#include "verify/dma.h"
#include "verify/verify.h"

enum { ETHERNET = 14, MOST_HELD = 2048, MOST_PIECES = 48, HELD = 1, KNOWN_FLAGS = 0x3f03 };

/* A list that the protocol has. Its bytes may not be written by the device meanwhile. */
static struct held {
    NET_BUFFER_LIST *nbl;
    struct object *object;
    struct nd_adapter *adapter;
    bool is_delivered;
    unsigned pieces;
    struct {
        uint64_t pa;
        uint32_t length;
    } piece[MOST_PIECES];
} held[MOST_HELD];
static unsigned held_count; /* the first of held are in use, oldest first */

/* ---- Looking at one list ---- */

/* Calls at for each contiguous part of the frame, not crossing a page. */
static void for_each_piece(const NET_BUFFER *nb, void (*at)(void *context, const MDL *mdl, uint32_t offset, uint32_t length),
                           void *context)
{
    const MDL *mdl = nb->CurrentMdl;
    uint32_t offset = nb->CurrentMdlOffset, left = nb->DataLength;
    while (left != 0 && mdl != NULL) {
        uint32_t piece = MEMORY_PAGE - (mdl->ByteOffset + offset) % MEMORY_PAGE;
        piece = piece < mdl->ByteCount - offset ? piece : mdl->ByteCount - offset;
        piece = piece < left ? piece : left;
        at(context, mdl, offset, piece);
        left -= piece;
        offset += piece;
        if (offset == mdl->ByteCount) {
            mdl = mdl->Next;
            offset = 0;
        }
    }
}

struct gather {
    uint8_t *to;
    uint32_t done;
};

static void gather_piece(void *context, const MDL *mdl, uint32_t offset, uint32_t length)
{
    struct gather *g = context;
    memcpy(g->to + g->done, mdl_bytes(mdl) + offset, length);
    g->done += length;
}

static void hold_piece(void *context, const MDL *mdl, uint32_t offset, uint32_t length)
{
    struct held *h = context;
    if (h->pieces < MOST_PIECES) {
        h->piece[h->pieces].pa = mdl_pa(mdl, offset);
        h->piece[h->pieces].length = length;
        sg_hold(h->piece[h->pieces].pa, length);
        h->pieces++;
    }
}

static void check_mdls(const NET_BUFFER *nb)
{
    uint64_t total = 0;
    const MDL *current = NULL;
    for (const MDL *mdl = nb->MdlChain; mdl != NULL; mdl = mdl->Next) {
        const struct object *o = object_at(OBJECT_MDL, mdl);
        if (o == NULL || mdl->ByteCount > o->size) {
            rule_broken("ndis.receive", "an indicated frame's MDL is not this driver's, or longer than it was made");
        }
        current = mdl == nb->CurrentMdl ? mdl : current;
        total += mdl->ByteCount;
    }
    if (current == NULL || nb->CurrentMdlOffset >= current->ByteCount || total < (uint64_t)nb->DataOffset + nb->DataLength) {
        rule_broken("ndis.receive", "an indicated frame of %u bytes at %u does not lie in its MDLs of %u bytes",
                    (unsigned)nb->DataLength, (unsigned)nb->DataOffset, (unsigned)total);
    }
}

static struct object *check_list(const struct nd_adapter *a, const NET_BUFFER_LIST *nbl)
{
    struct object *o = object_at(OBJECT_LIST, nbl);
    const NET_BUFFER *nb = nbl->FirstNetBuffer;
    if (o == NULL || o->adapter != a) {
        rule_broken("ndis.receive", "%p is indicated, but is no NET_BUFFER_LIST of this adapter", (const void *)nbl);
    }
    if (o->uses == HELD) {
        rule_broken("ndis.returned", "a NET_BUFFER_LIST is indicated that has not come back from an earlier indication");
    }
    if (nbl->SourceHandle != nd_handle(a) || nb == NULL || nb->Next != NULL) {
        rule_broken("ndis.receive", "SourceHandle is not the adapter's handle, or there is not exactly one NET_BUFFER");
    }
    if (nb->DataLength < ETHERNET || nb->DataLength > a->general.MtuSize + ETHERNET) {
        rule_broken("ndis.receive", "a frame of %u bytes is indicated; the MTU is %u", (unsigned)nb->DataLength,
                    (unsigned)a->general.MtuSize);
    }
    check_mdls(nb);
    return o;
}

/* ---- Delivery ---- */

static bool is_wanted(const struct nd_adapter *a, const uint8_t *frame)
{
    static const uint8_t broadcast[ND_MAC] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    if (a->filter & NDIS_PACKET_TYPE_PROMISCUOUS) {
        return true;
    }
    if (memcmp(frame, broadcast, ND_MAC) == 0) {
        return (a->filter & NDIS_PACKET_TYPE_BROADCAST) != 0;
    }
    if (frame[0] & 1) {
        for (unsigned i = 0; a->filter & NDIS_PACKET_TYPE_MULTICAST && i < a->multicast_count; i++) {
            if (memcmp(frame, a->multicast[i], ND_MAC) == 0) {
                return true;
            }
        }
        return (a->filter & NDIS_PACKET_TYPE_ALL_MULTICAST) != 0;
    }
    return a->filter & NDIS_PACKET_TYPE_DIRECTED && memcmp(frame, a->general.CurrentMacAddress, ND_MAC) == 0;
}

static void deliver(struct nd_adapter *a, const NET_BUFFER_LIST *nbl)
{
    static uint8_t bytes[ND_MAX_FRAME];
    NDIS_TCP_IP_CHECKSUM_NET_BUFFER_LIST_INFO checksum;
    NDIS_NET_BUFFER_LIST_8021Q_INFO tag;
    struct gather g = {.to = bytes};
    struct nd_frame f = {.bytes = bytes, .length = nbl->FirstNetBuffer->DataLength};
    for_each_piece(nbl->FirstNetBuffer, gather_piece, &g);
    checksum.Value = nbl->NetBufferListInfo[TcpIpChecksumNetBufferListInfo];
    tag.Value = nbl->NetBufferListInfo[Ieee8021QNetBufferListInfo];
    f.checksum_good = checksum.Receive.TcpChecksumSucceeded || checksum.Receive.UdpChecksumSucceeded;
    f.checksum_bad = checksum.Receive.TcpChecksumFailed || checksum.Receive.UdpChecksumFailed ||
                     checksum.Receive.IpChecksumFailed;
    f.is_tagged = tag.Value != NULL;
    f.tag = (uint16_t)(tag.TagHeader.UserPriority << 13 | tag.TagHeader.CanonicalFormatId << 12 | tag.TagHeader.VlanId);
    if (f.checksum_good && !a->encapsulation_set) {
        rule_broken("ndis.offload", "a received checksum is vouched for before OID_OFFLOAD_ENCAPSULATION");
    }
    if (!is_wanted(a, bytes)) {
        a->counters.unwanted++;
        return;
    }
    a->counters.received++;
    a->counters.received_bytes += f.length;
    a->counters.received_good += f.checksum_good;
    a->counters.received_bad += f.checksum_bad;
    a->counters.received_tagged += f.is_tagged;
    a->counters.received_multi += nbl->FirstNetBuffer->CurrentMdl->Next != NULL &&
                                  nbl->FirstNetBuffer->CurrentMdl->ByteCount - nbl->FirstNetBuffer->CurrentMdlOffset < f.length;
    if (a->receive != NULL) {
        a->receive(a->receive_context, &f);
    }
}

static void deliver_held(void)
{
    for (unsigned i = 0; i < held_count; i++) {
        if (!held[i].is_delivered) {
            held[i].is_delivered = true;
            deliver(held[i].adapter, held[i].nbl);
        }
    }
}

/* ---- Giving back ---- */

struct return_call {
    struct nd_adapter *adapter;
    NET_BUFFER_LIST *lists;
    ULONG flags;
};

static void call_return(void *argument)
{
    struct return_call *c = argument;
    nd.driver.ReturnNetBufferListsHandler(c->adapter->context, c->lists, c->flags);
}

/* Takes the adapter's first most lists, all delivered by now, out of the protocol's hands. */
static NET_BUFFER_LIST *take_back(struct nd_adapter *a, unsigned most)
{
    NET_BUFFER_LIST *first = NULL, **link = &first;
    unsigned kept = 0, taken = 0;
    for (unsigned i = 0; i < held_count; i++) {
        struct held *h = &held[i];
        if (h->adapter != a || taken == most) {
            held[kept++] = *h;
            continue;
        }
        for (unsigned j = 0; j < h->pieces; j++) {
            sg_unhold(h->piece[j].pa, h->piece[j].length);
        }
        h->object->uses = 0;
        h->nbl->Next = NULL;
        *link = h->nbl;
        link = &h->nbl->Next;
        taken++;
    }
    held_count = kept;
    a->receives_held -= taken;
    return first;
}

static void give_back(struct nd_adapter *a, unsigned most)
{
    struct return_call c = {.adapter = a};
    unsigned irql = cpu_irql == IRQL_PASSIVE && nd_random(2) == 0 ? IRQL_PASSIVE : IRQL_DISPATCH;
    c.lists = take_back(a, most);
    c.flags = irql == IRQL_DISPATCH ? NDIS_RETURN_FLAGS_DISPATCH_LEVEL : 0;
    if (c.lists != NULL) {
        nd_call(a, "MiniportReturnNetBufferLists", irql, call_return, &c);
    }
}

void receive_return(struct nd_adapter *a, bool all)
{
    if (a->receives_held == 0) {
        return;
    }
    deliver_held();
    if (all || nd_random(4) != 0) {
        give_back(a, all ? MOST_HELD : 1 + nd_random(a->receives_held));
    }
}

bool receive_is_due(const struct nd_adapter *a)
{
    return a->receives_held != 0;
}

/* ---- Indication ---- */

static void check_indication(const struct nd_adapter *a, ULONG port, ULONG flags)
{
    /* netlh_r "MiniportRestart": as soon as it is called. A DPC in the middle of MiniportPause may find it not yet begun. */
    if (a->state != STATE_RUNNING && a->state != STATE_RESTARTING &&
        !(a->state == STATE_PAUSING && a->is_in_pause && a->in_dpc)) {
        rule_broken("ndis.paused", "frames are indicated while the adapter is not running (state %d)", a->state);
    }
    if (port != NDIS_DEFAULT_PORT_NUMBER || flags & ~(ULONG)KNOWN_FLAGS) {
        rule_broken("ndis.receive", "port %u, flags %#x", (unsigned)port, (unsigned)flags);
    }
    if (flags & NDIS_RECEIVE_FLAGS_DISPATCH_LEVEL && cpu_irql != IRQL_DISPATCH) {
        rule_broken("ndis.irql", "the flags say DISPATCH_LEVEL at IRQL %u", cpu_irql);
    }
}

static void hold(struct nd_adapter *a, NET_BUFFER_LIST *nbl, struct object *o)
{
    struct held *h = &held[held_count];
    if (held_count == MOST_HELD) {
        rule_broken("ndis.receive", "more than %d lists are indicated and not back", MOST_HELD);
    }
    *h = (struct held){.nbl = nbl, .object = o, .adapter = a};
    o->uses = HELD;
    for_each_piece(nbl->FirstNetBuffer, hold_piece, h);
    held_count++;
    a->receives_held++;
}

VOID NTAPI NdisMIndicateReceiveNetBufferLists(NDIS_HANDLE MiniportAdapterHandle, PNET_BUFFER_LIST NetBufferList,
                                              NDIS_PORT_NUMBER PortNumber, ULONG NumberOfNetBufferLists,
                                              ULONG ReceiveFlags)
{
    struct nd_adapter *a = nd_adapter_of(MiniportAdapterHandle);
    bool must_copy = (ReceiveFlags & NDIS_RECEIVE_FLAGS_RESOURCES) != 0;
    ULONG count = 0;
    check_indication(a, PortNumber, ReceiveFlags);
    dma_audit(a->function); /* what became available so far did so while the frames' memory was the device's */
    if (must_copy) {
        deliver_held(); /* order is kept */
    }
    for (NET_BUFFER_LIST *nbl = NetBufferList, *next; nbl != NULL; nbl = next, count++) {
        struct object *o = check_list(a, nbl);
        next = nbl->Next;
        if (must_copy) {
            deliver(a, nbl);
        } else {
            hold(a, nbl, o);
        }
    }
    if (count != NumberOfNetBufferLists || count == 0) {
        rule_broken("ndis.receive", "%u lists are indicated and said to be %u", (unsigned)count,
                    (unsigned)NumberOfNetBufferLists);
    }
    a->counters.receive_batches++;
    a->counters.received_resources += must_copy ? count : 0;
    a->throttle_used += a->in_dpc ? count : 0;
    if (!must_copy && nd_random(16) == 0) {
        deliver_held();
        give_back(a, MOST_HELD);
    }
}

void nd_on_receive(struct nd_adapter *a, void (*receive)(void *context, const struct nd_frame *frame), void *context)
{
    a->receive = receive;
    a->receive_context = context;
}
