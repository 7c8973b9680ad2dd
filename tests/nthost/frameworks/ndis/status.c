/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Status indications, and what the miniport stated as a case sees it. */
#include "adapter.h"

#include <string.h>

#include "verify/verify.h"

static void take_link_state(struct nd_adapter *a, const NDIS_STATUS_INDICATION *s)
{
    const NDIS_LINK_STATE *link = s->StatusBuffer;
    if (s->StatusBufferSize < sizeof *link || link == NULL) {
        rule_broken("ndis.status", "a link state of %u bytes", (unsigned)s->StatusBufferSize);
    }
    header_check(&link->Header, NDIS_OBJECT_TYPE_DEFAULT, 1, NDIS_SIZEOF_LINK_STATE_REVISION_1, "NDIS_LINK_STATE");
    if (link->MediaConnectState > MediaConnectStateDisconnected || link->MediaDuplexState > MediaDuplexStateFull) {
        rule_broken("ndis.status", "a link state that does not exist");
    }
    if (a->link.MediaConnectState != link->MediaConnectState) {
        a->counters.link_changes++;
        trace("link is %s", link->MediaConnectState == MediaConnectStateConnected ? "up" : "down or unknown");
    }
    a->link = *link;
}

static void take_offload(struct nd_adapter *a, const NDIS_STATUS_INDICATION *s)
{
    const NDIS_OFFLOAD *offload = s->StatusBuffer;
    if (offload == NULL || s->StatusBufferSize < NDIS_SIZEOF_NDIS_OFFLOAD_REVISION_1) {
        rule_broken("ndis.status", "an offload configuration of %u bytes", (unsigned)s->StatusBufferSize);
    }
    header_check(&offload->Header, NDIS_OBJECT_TYPE_OFFLOAD, 1, NDIS_SIZEOF_NDIS_OFFLOAD_REVISION_1, "NDIS_OFFLOAD");
    attributes_check_offload(offload);
    memset(&a->offload, 0, sizeof a->offload);
    memcpy(&a->offload, offload, s->StatusBufferSize < sizeof *offload ? s->StatusBufferSize : sizeof *offload);
}

VOID NTAPI NdisMIndicateStatusEx(NDIS_HANDLE MiniportAdapterHandle, PNDIS_STATUS_INDICATION s)
{
    struct nd_adapter *a = nd_adapter_of(MiniportAdapterHandle);
    header_check(&s->Header, NDIS_OBJECT_TYPE_STATUS_INDICATION, 1, NDIS_SIZEOF_STATUS_INDICATION_REVISION_1,
                 "NDIS_STATUS_INDICATION");
    if (s->SourceHandle != MiniportAdapterHandle) {
        rule_broken("ndis.status", "SourceHandle of a status indication is not the adapter's handle");
    }
    if (a->state == STATE_HALTED) {
        rule_broken("ndis.status", "a status is indicated while the adapter is halted");
    }
    switch (s->StatusCode) {
    case NDIS_STATUS_LINK_STATE: take_link_state(a, s); break;
    case NDIS_STATUS_TASK_OFFLOAD_CURRENT_CONFIG: take_offload(a, s); break;
    default: trace("status %#x is indicated", (unsigned)s->StatusCode); break;
    }
}

void nd_properties(const struct nd_adapter *a, struct nd_properties *p)
{
    const NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES *g = &a->general;
    const NDIS_TCP_IP_CHECKSUM_OFFLOAD *c = &a->offload.Checksum;
    memset(p, 0, sizeof *p);
    memcpy(p->permanent_mac, g->PermanentMacAddress, ND_MAC);
    memcpy(p->mac, g->CurrentMacAddress, ND_MAC);
    p->mtu = g->MtuSize;
    p->filters = g->SupportedPacketFilters;
    p->mac_options = g->MacOptions;
    p->multicast_most = g->MaxMulticastListSize;
    p->statistics = g->SupportedStatistics;
    p->link_known = a->link.MediaConnectState != MediaConnectStateUnknown;
    p->link_up = a->link.MediaConnectState == MediaConnectStateConnected;
    p->full_duplex = a->link.MediaDuplexState == MediaDuplexStateFull;
    p->transmit_bits = a->link.XmitLinkSpeed;
    p->receive_bits = a->link.RcvLinkSpeed;
    p->uses_messages = a->interrupt.messages != 0;
    p->messages = a->interrupt.messages;
    p->ip_checksum_send = c->IPv4Transmit.IpChecksum != 0;
    p->tcp4_send = c->IPv4Transmit.TcpChecksum != 0;
    p->udp4_send = c->IPv4Transmit.UdpChecksum != 0;
    p->tcp6_send = c->IPv6Transmit.TcpChecksum != 0;
    p->udp6_send = c->IPv6Transmit.UdpChecksum != 0;
    p->ip_checksum_receive = c->IPv4Receive.IpChecksum != 0;
    p->tcp4_receive = c->IPv4Receive.TcpChecksum != 0;
    p->udp4_receive = c->IPv4Receive.UdpChecksum != 0;
    p->tcp6_receive = c->IPv6Receive.TcpChecksum != 0;
    p->udp6_receive = c->IPv6Receive.UdpChecksum != 0;
    p->lso_v1 = a->offload.LsoV1.IPv4.MaxOffLoadSize;
    p->lso_v2_4 = a->offload.LsoV2.IPv4.MaxOffLoadSize;
    p->lso_v2_6 = a->offload.LsoV2.IPv6.MaxOffLoadSize;
    p->encapsulation_set = a->encapsulation_set;
}

const struct nd_counters *nd_counters(const struct nd_adapter *a)
{
    return &a->counters;
}

const char *nd_status_text(int32_t status)
{
    static const struct {
        NDIS_STATUS status;
        const char *text;
    } names[] = {
        {NDIS_STATUS_SUCCESS, "success"}, {NDIS_STATUS_PENDING, "pending"}, {NDIS_STATUS_FAILURE, "failure"},
        {NDIS_STATUS_RESOURCES, "resources"}, {NDIS_STATUS_NOT_SUPPORTED, "not supported"},
        {NDIS_STATUS_INVALID_LENGTH, "invalid length"}, {NDIS_STATUS_INVALID_DATA, "invalid data"},
        {NDIS_STATUS_BUFFER_TOO_SHORT, "buffer too short"}, {NDIS_STATUS_INVALID_OID, "invalid OID"},
        {NDIS_STATUS_PAUSED, "paused"}, {NDIS_STATUS_SEND_ABORTED, "send aborted"},
        {NDIS_STATUS_RESET_IN_PROGRESS, "reset in progress"}, {NDIS_STATUS_NOT_ACCEPTED, "not accepted"},
        {NDIS_STATUS_ADAPTER_NOT_FOUND, "adapter not found"}, {NDIS_STATUS_DEVICE_FAILED, "device failed"},
        {NDIS_STATUS_RESOURCE_CONFLICT, "resource conflict"}, {NDIS_STATUS_MULTICAST_FULL, "multicast full"},
        {NDIS_STATUS_MEDIA_DISCONNECTED, "media disconnected"}, {NDIS_STATUS_LOW_POWER_STATE, "low power state"},
        {NDIS_STATUS_NOT_RECOGNIZED, "not recognized"}, {NDIS_STATUS_REQUEST_ABORTED, "request aborted"}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i].status == status) {
            return names[i].text;
        }
    }
    return "another status";
}
