/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The send side of the protocol above: frames become NET_BUFFERs over MDL chains of many shapes, grouped into lists and
 * batches; what comes back is held against what went. Large sends and checksums as Windows 7's TCP/IP asks for them.
 */
#include "adapter.h"

#include <string.h>

#include "cpu/cpu.h"
#include "mem/memory.h"
#include "nt/mdl.h"
#include "send_offload.h"
#include "verify/verify.h"

enum {
    SMALL_SLOTS = 192, LARGE_SLOTS = 32, LISTS = 128, MDLS = 4, BATCH = 48, MOST_BUFFERS = 4,
    SMALL_BYTES = 3 * MEMORY_PAGE, LARGE_BYTES = 19 * MEMORY_PAGE, SLACK = 1024, RELEASED_BYTE = 0xdf,
    STATUS_UNSET = 0x7eadbeef
};

/* One frame: its bytes, and everything the miniport sees of it. */
struct slot {
    bool in_use, is_large;
    uint8_t *bytes;
    NET_BUFFER *nb;
    MDL *mdl[MDLS];
    NET_BUFFER before;
    MDL mdl_before[MDLS];
    unsigned mdl_count;
    struct slot *next; /* of the same list */
};

struct list {
    enum { LIST_FREE, LIST_BATCHED, LIST_WITH_DRIVER } state;
    NET_BUFFER_LIST *nbl;
    struct slot *slots, *last;
    unsigned count;
    struct send_offload offload;
    struct list *next; /* of the batch */
};

struct send {
    struct slot small[SMALL_SLOTS], large[LARGE_SLOTS];
    struct list list[LISTS];
    struct list *batch, *batch_last;
    unsigned batched, outstanding;
};

/* ---- Slots ---- */

static void create_slot(struct slot *s, bool is_large)
{
    uint32_t size = is_large ? LARGE_BYTES : SMALL_BYTES;
    s->is_large = is_large;
    s->bytes = memory_alloc(MEMORY_SCATTERED, size, 0, "frame to be sent");
    s->nb = memory_alloc(MEMORY_POOL, sizeof *s->nb, 0, "NET_BUFFER to be sent");
    memset(s->nb, RELEASED_BYTE, sizeof *s->nb);
    for (int i = 0; i < MDLS; i++) {
        s->mdl[i] = memory_alloc(MEMORY_POOL, mdl_size(size), 0, "MDL of a frame to be sent");
    }
}

static void destroy_slot(struct slot *s)
{
    if (s->bytes != NULL) {
        memory_free(s->bytes);
        memory_free(s->nb);
        for (int i = 0; i < MDLS; i++) {
            memory_free(s->mdl[i]);
        }
    }
}

void send_create(struct nd_adapter *a)
{
    a->send = host_zalloc(sizeof *a->send);
}

void send_destroy(struct nd_adapter *a)
{
    struct send *s = a->send;
    for (int i = 0; i < SMALL_SLOTS; i++) {
        destroy_slot(&s->small[i]);
    }
    for (int i = 0; i < LARGE_SLOTS; i++) {
        destroy_slot(&s->large[i]);
    }
    for (int i = 0; i < LISTS; i++) {
        if (s->list[i].nbl != NULL) {
            memory_free(s->list[i].nbl);
        }
    }
    memset(s, 0, sizeof *s);
}

static struct slot *take_slot(struct slot *slots, unsigned count, bool is_large)
{
    for (unsigned i = 0; i < count; i++) {
        if (!slots[i].in_use) {
            if (slots[i].bytes == NULL) {
                create_slot(&slots[i], is_large);
            }
            return &slots[i];
        }
    }
    return NULL;
}

static struct list *take_list(struct send *s)
{
    for (int i = 0; i < LISTS; i++) {
        struct list *l = &s->list[i];
        if (l->state == LIST_FREE) {
            if (l->nbl == NULL) {
                l->nbl = memory_alloc(MEMORY_POOL, sizeof *l->nbl, 0, "NET_BUFFER_LIST to be sent");
                memset(l->nbl, RELEASED_BYTE, sizeof *l->nbl);
            }
            return l;
        }
    }
    return NULL;
}

bool nd_send_room(const struct nd_adapter *a)
{
    return a->send->batched < BATCH && take_list(a->send) != NULL &&
           take_slot(a->send->small, SMALL_SLOTS, false) != NULL && take_slot(a->send->large, LARGE_SLOTS, true) != NULL;
}

static void check_released(const void *record, size_t size, const char *what)
{
    for (size_t i = 0; i < size; i++) {
        if (((const uint8_t *)record)[i] != RELEASED_BYTE) {
            rule_broken("ndis.released", "a %s was written at offset %u after its send was completed", what, (unsigned)i);
        }
    }
}

/* ---- Shapes ---- */

/* Lays length bytes out over up to MDLS MDLs with gaps in between, and may put room in front and behind. */
static void shape(struct slot *s, const uint8_t *frame, uint32_t length)
{
    uint32_t front = nd_random(3) == 0 ? nd_random(120) : 0; /* DataOffset */
    uint32_t behind = nd_random(4) == 0 ? nd_random(64) : 0;
    uint32_t total = front + length + behind, done = 0, at = nd_random(64);
    unsigned count = 1 + nd_random(MDLS);
    NET_BUFFER *nb = s->nb;
    MDL **link = &nb->MdlChain;
    check_released(nb, sizeof *nb, "NET_BUFFER");
    memset(nb, 0, sizeof *nb);
    s->mdl_count = 0;
    while (done < total) {
        uint32_t left = total - done, size = left;
        MDL *mdl = s->mdl[s->mdl_count];
        if (s->mdl_count + 1 < count && left > 1) {
            size = s->mdl_count == 0 && front + 54 < left && nd_random(2) == 0 ? front + 54 : 1 + nd_random(left - 1);
        }
        mdl_describe(mdl, s->bytes + at, size, nd_random(8) != 0);
        for (uint32_t i = 0; i < size;) { /* copies the part of the frame that falls into this MDL */
            uint32_t position = done + i, piece = size - i;
            if (position < front) {
                piece = front - position < piece ? front - position : piece;
                memset(s->bytes + at + i, 0xf0, piece);
            } else if (position < front + length) {
                piece = front + length - position < piece ? front + length - position : piece;
                memcpy(s->bytes + at + i, frame + (position - front), piece);
            } else {
                memset(s->bytes + at + i, 0xbe, piece);
            }
            i += piece;
        }
        *link = mdl;
        link = &mdl->Next;
        s->mdl_count++;
        done += size;
        at += size + nd_random(64);
    }
    nb->DataOffset = front;
    nb->DataLength = length;
    nb->CurrentMdl = nb->MdlChain;
    nb->CurrentMdlOffset = front;
    while (nb->CurrentMdlOffset >= nb->CurrentMdl->ByteCount && nb->CurrentMdl->Next != NULL) {
        nb->CurrentMdlOffset -= nb->CurrentMdl->ByteCount;
        nb->CurrentMdl = nb->CurrentMdl->Next;
    }
    for (unsigned i = 0; i < s->mdl_count; i++) {
        s->mdl_before[i] = *s->mdl[i];
    }
}

/* ---- Sending ---- */

static void fill_list(struct nd_adapter *a, struct list *l)
{
    NET_BUFFER_LIST *nbl = l->nbl;
    check_released(nbl, sizeof *nbl, "NET_BUFFER_LIST");
    memset(nbl, 0, sizeof *nbl);
    nbl->FirstNetBuffer = l->slots->nb;
    nbl->SourceHandle = (NDIS_HANDLE)(ULONG_PTR)0x5012ce;
    nbl->Status = STATUS_UNSET;
    nbl->ProtocolReserved[0] = l;
    nbl->NetBufferListInfo[TcpIpChecksumNetBufferListInfo] = l->offload.checksum;
    nbl->NetBufferListInfo[TcpLargeSendNetBufferListInfo] = l->offload.large_send;
    nbl->NetBufferListInfo[Ieee8021QNetBufferListInfo] = l->offload.tag;
    nbl->NetBufferListInfo[NetBufferListCancelId] = nd_handle(a);
    for (struct slot *s = l->slots; s != NULL; s = s->next) {
        s->nb->Next = s->next != NULL ? s->next->nb : NULL;
        s->before = *s->nb;
    }
}

bool nd_send(struct nd_adapter *a, const struct nd_packet *p)
{
    static uint8_t frame[ND_MAX_FRAME];
    struct send *send = a->send;
    struct send_offload offload;
    struct slot *s;
    struct list *l = send->batch_last;
    if (p->length < 14 || p->length > sizeof frame) {
        a->counters.send_dropped++;
        return false;
    }
    memcpy(frame, p->bytes, p->length);
    if (!send_offload_prepare(a, p, frame, &offload)) {
        a->counters.send_dropped++;
        return false;
    }
    s = p->length + SLACK <= SMALL_BYTES ? take_slot(send->small, SMALL_SLOTS, false)
                                         : take_slot(send->large, LARGE_SLOTS, true);
    /* Frames that want the same done may share a list, except for large sends. */
    if (l == NULL || offload.large_send != NULL || l->count >= MOST_BUFFERS || nd_random(2) == 0 ||
        memcmp(&l->offload, &offload, sizeof offload) != 0) {
        l = take_list(send);
        if (l == NULL || s == NULL) {
            host_fatal("internal: nd_send without room");
        }
        *l = (struct list){.state = LIST_BATCHED, .nbl = l->nbl, .offload = offload};
        *(send->batch_last != NULL ? &send->batch_last->next : &send->batch) = l;
        send->batch_last = l;
        send->batched++;
    }
    s->in_use = true;
    s->next = NULL;
    *(l->last != NULL ? &l->last->next : &l->slots) = s;
    l->last = s;
    l->count++;
    shape(s, frame, p->length);
    a->counters.send_segmented += offload.large_send != NULL;
    a->counters.send_checksums += offload.checksum != NULL;
    a->counters.send_tagged += offload.tag != NULL;
    return true;
}

struct send_call {
    struct nd_adapter *adapter;
    NET_BUFFER_LIST *lists;
    ULONG flags;
};

static void call_send(void *argument)
{
    struct send_call *c = argument;
    nd.driver.SendNetBufferListsHandler(c->adapter->context, c->lists, NDIS_DEFAULT_PORT_NUMBER, c->flags);
}

void nd_send_flush(struct nd_adapter *a)
{
    struct send *send = a->send;
    struct send_call c = {.adapter = a};
    NET_BUFFER_LIST **link = &c.lists;
    unsigned irql = nd_random(2) == 0 ? IRQL_PASSIVE : IRQL_DISPATCH;
    if (send->batch == NULL) {
        return;
    }
    if (a->state == STATE_HALTED || a->state == STATE_INITIALIZING || a->is_resetting) {
        host_fatal("internal: a send while the adapter is halted or in reset");
    }
    for (struct list *l = send->batch; l != NULL; l = l->next) {
        fill_list(a, l);
        l->state = LIST_WITH_DRIVER;
        *link = l->nbl;
        link = &l->nbl->Next;
        send->outstanding++;
        a->counters.send_lists++;
    }
    send->batch = send->batch_last = NULL;
    send->batched = 0;
    c.flags = irql == IRQL_DISPATCH ? NDIS_SEND_FLAGS_DISPATCH_LEVEL : 0;
    a->counters.send_batches++;
    nd_call(a, "MiniportSendNetBufferLists", irql, call_send, &c);
}

/* ---- Completion ---- */

static void check_slot(const struct nd_adapter *a, const struct slot *s)
{
    NET_BUFFER now = *s->nb;
    memcpy(now.MiniportReserved, s->before.MiniportReserved, sizeof now.MiniportReserved);
    now.ScatterGatherList = s->before.ScatterGatherList;
    if (memcmp(&now, &s->before, sizeof now) != 0) {
        rule_broken("ndis.mdl", "a NET_BUFFER came back changed");
    }
    for (unsigned i = 0; i < s->mdl_count; i++) {
        const MDL *m = s->mdl[i], *before = &s->mdl_before[i];
        bool was_mapped = (m->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA) != 0;
        if (m->Next != before->Next || m->ByteCount != before->ByteCount || m->ByteOffset != before->ByteOffset ||
            m->StartVa != before->StartVa || (!was_mapped && m->MappedSystemVa != before->MappedSystemVa)) {
            rule_broken("ndis.mdl", "an MDL chain came back changed");
        }
    }
    if (sg_lists_of(a, s->nb) != 0) {
        rule_broken("ndis.sg", "a send is completed with its scatter/gather list mapped");
    }
}

static void check_list(struct nd_adapter *a, struct list *l)
{
    const NET_BUFFER_LIST *nbl = l->nbl;
    NDIS_TCP_LARGE_SEND_OFFLOAD_NET_BUFFER_LIST_INFO lso;
    if (nbl->FirstNetBuffer != l->slots->nb || nbl->ProtocolReserved[0] != l) {
        rule_broken("ndis.mdl", "a NET_BUFFER_LIST came back changed");
    }
    if (nbl->Status == STATUS_UNSET || nbl->Status == NDIS_STATUS_PENDING) {
        rule_broken("ndis.status", "a send is completed without a status");
    }
    lso.Value = nbl->NetBufferListInfo[TcpLargeSendNetBufferListInfo];
    if (l->offload.large_send != NULL && nbl->Status == NDIS_STATUS_SUCCESS) {
        if (lso.Transmit.Type != l->offload.version) {
            rule_broken("ndis.lso", "the type of a large send came back changed");
        }
        if (l->offload.version == NDIS_TCP_LARGE_SEND_OFFLOAD_V1_TYPE &&
            lso.LsoV1TransmitComplete.TcpPayload != l->offload.payload) {
            rule_broken("ndis.lso", "a large send of %u bytes is completed with TcpPayload %u",
                        (unsigned)l->offload.payload, (unsigned)lso.LsoV1TransmitComplete.TcpPayload);
        }
    }
    for (const struct slot *s = l->slots; s != NULL; s = s->next) {
        check_slot(a, s);
    }
}

static void release_list(struct nd_adapter *a, struct list *l)
{
    bool good = l->nbl->Status == NDIS_STATUS_SUCCESS;
    for (struct slot *s = l->slots; s != NULL; s = s->next) {
        *(good ? &a->counters.sent : &a->counters.send_failed) += 1;
        a->counters.sent_bytes += good ? s->before.DataLength : 0;
        memset(s->nb, RELEASED_BYTE, sizeof *s->nb); /* whoever still uses it will be noticed */
        s->in_use = false;
    }
    if (!good) {
        trace("a send failed: %s", nd_status_text(l->nbl->Status));
    }
    memset(l->nbl, RELEASED_BYTE, sizeof *l->nbl);
    l->state = LIST_FREE;
    a->send->outstanding--;
}

VOID NTAPI NdisMSendNetBufferListsComplete(NDIS_HANDLE MiniportAdapterHandle, PNET_BUFFER_LIST NetBufferList,
                                           ULONG SendCompleteFlags)
{
    struct nd_adapter *a = nd_adapter_of(MiniportAdapterHandle);
    if (SendCompleteFlags & NDIS_SEND_COMPLETE_FLAGS_DISPATCH_LEVEL && cpu_irql != IRQL_DISPATCH) {
        rule_broken("ndis.irql", "the flags say DISPATCH_LEVEL at IRQL %u", cpu_irql);
    }
    while (NetBufferList != NULL) {
        NET_BUFFER_LIST *next;
        struct list *found = NULL;
        for (int i = 0; i < LISTS && found == NULL; i++) {
            if (a->send->list[i].nbl == NetBufferList) {
                found = &a->send->list[i];
            }
        }
        if (found == NULL || found->state != LIST_WITH_DRIVER) {
            rule_broken("ndis.twice", "a NET_BUFFER_LIST is completed that the miniport does not have (a second time?)");
        }
        next = NetBufferList->Next;
        check_list(a, found);
        release_list(a, found);
        NetBufferList = next;
    }
}

unsigned nd_sends_outstanding(const struct nd_adapter *a)
{
    return a->send->outstanding;
}

void send_check_idle(struct nd_adapter *a, const char *when)
{
    if (a->send->outstanding != 0) {
        rule_broken("ndis.lost", "%u sends are not completed %s", a->send->outstanding, when);
    }
}

static void call_cancel(void *argument)
{
    struct nd_adapter *a = argument;
    nd.driver.CancelSendHandler(a->context, nd_handle(a));
}

void nd_cancel_sends(struct nd_adapter *a)
{
    nd_call(a, "MiniportCancelSend", nd_random(2) == 0 ? IRQL_PASSIVE : IRQL_DISPATCH, call_cancel, a);
}
