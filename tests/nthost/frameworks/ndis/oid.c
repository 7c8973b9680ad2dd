/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Requests: one at a time; what NDIS answers by itself never reaches the miniport. facts: netlh_r "Mandatory OIDs". */
#include "adapter.h"

#include <string.h>

#include "cpu/cpu.h"
#include "mem/memory.h"
#include "verify/verify.h"

enum { DEFAULT_LOOKAHEAD = 128 };

struct oid_call {
    struct nd_adapter *adapter;
    NDIS_OID_REQUEST *request;
    NDIS_STATUS status;
};

static void call_oid(void *argument)
{
    struct oid_call *c = argument;
    c->status = nd.driver.OidRequestHandler(c->adapter->context, c->request);
}

static void check_result(const NDIS_OID_REQUEST *r, NDIS_STATUS status, NDIS_OID oid, uint32_t length)
{
    bool is_set = r->RequestType == NdisRequestSetInformation;
    UINT done = is_set ? r->DATA.SET_INFORMATION.BytesRead : r->DATA.QUERY_INFORMATION.BytesWritten;
    UINT needed = is_set ? r->DATA.SET_INFORMATION.BytesNeeded : r->DATA.QUERY_INFORMATION.BytesNeeded;
    if (r->DATA.QUERY_INFORMATION.Oid != oid || r->DATA.QUERY_INFORMATION.InformationBufferLength != length) {
        rule_broken("ndis.oid", "the request record of OID %#x came back changed", (unsigned)oid);
    }
    if (status == NDIS_STATUS_SUCCESS && done > length) {
        rule_broken("ndis.oid", "OID %#x: %u bytes done of %u", (unsigned)oid, done, length);
    }
    if (status == NDIS_STATUS_BUFFER_TOO_SHORT && needed <= length) {
        rule_broken("ndis.oid", "OID %#x: %u bytes are too short, but only %u are needed", (unsigned)oid, length, needed);
    }
}

NDIS_STATUS oid_send(struct nd_adapter *a, NDIS_REQUEST_TYPE type, NDIS_OID oid, void *data, uint32_t length,
                     uint32_t *done, uint32_t *needed)
{
    NDIS_OID_REQUEST *r = memory_alloc(MEMORY_POOL, sizeof *r, 0, "NDIS_OID_REQUEST");
    uint8_t *buffer = length != 0 ? memory_alloc(MEMORY_POOL, length, 0, "OID buffer") : NULL;
    struct oid_call c = {.adapter = a, .request = r};
    bool is_set = type == NdisRequestSetInformation;
    NDIS_STATUS status;
    if (a->request.is_open) {
        host_fatal("internal: a request while another pends");
    }
    memset(r, 0, sizeof *r);
    r->Header.Type = NDIS_OBJECT_TYPE_OID_REQUEST;
    r->Header.Revision = NDIS_OID_REQUEST_REVISION_1;
    r->Header.Size = NDIS_SIZEOF_OID_REQUEST_REVISION_1;
    r->RequestType = type;
    r->RequestId = r;
    r->RequestHandle = r;
    r->DATA.QUERY_INFORMATION.Oid = oid;
    r->DATA.QUERY_INFORMATION.InformationBuffer = buffer;
    r->DATA.QUERY_INFORMATION.InformationBufferLength = length;
    if (length != 0) {
        memcpy(buffer, data, length);
    }
    a->request_record = r;
    pending_begin(&a->request);
    nd_call(a, "MiniportOidRequest", oid == OID_PNP_SET_POWER || nd_random(2) == 0 ? IRQL_PASSIVE : IRQL_DISPATCH, call_oid,
            &c);
    status = pending_wait(&a->request, c.status, "MiniportOidRequest");
    a->request_record = NULL;
    check_result(r, status, oid, length);
    if (length != 0 && !is_set) {
        memcpy(data, buffer, length);
    }
    if (done != NULL) {
        *done = is_set ? r->DATA.SET_INFORMATION.BytesRead : r->DATA.QUERY_INFORMATION.BytesWritten;
    }
    if (needed != NULL) {
        *needed = is_set ? r->DATA.SET_INFORMATION.BytesNeeded : r->DATA.QUERY_INFORMATION.BytesNeeded;
    }
    if (buffer != NULL) {
        memory_free(buffer);
    }
    memory_free(r);
    return status;
}

VOID NTAPI NdisMOidRequestComplete(NDIS_HANDLE MiniportAdapterHandle, PNDIS_OID_REQUEST OidRequest, NDIS_STATUS Status)
{
    struct nd_adapter *a = nd_adapter_of(MiniportAdapterHandle);
    if (OidRequest != a->request_record) {
        rule_broken("ndis.complete", "an OID request is completed that the miniport does not have");
    }
    pending_done(&a->request, Status, "MiniportOidRequest");
}

/* ---- What NDIS answers by itself ---- */

static bool answer_value(const struct nd_adapter *a, NDIS_OID oid, const void **value, uint32_t *length)
{
    static ULONG number;
    static ULONG64 speed[2];
    const NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES *g = &a->general;
    *value = &number;
    *length = sizeof number;
    switch (oid) {
    case OID_GEN_SUPPORTED_LIST: *value = a->oids; *length = a->oid_count * sizeof(NDIS_OID); break;
    case OID_GEN_MEDIA_SUPPORTED:
    case OID_GEN_MEDIA_IN_USE: number = g->MediaType; break;
    case OID_GEN_PHYSICAL_MEDIUM: number = g->PhysicalMediumType; break;
    case OID_GEN_MAXIMUM_LOOKAHEAD:
    case OID_GEN_CURRENT_LOOKAHEAD: number = g->LookaheadSize; break;
    case OID_GEN_MAXIMUM_FRAME_SIZE: number = g->MtuSize; break;
    case OID_GEN_MAC_OPTIONS: number = g->MacOptions; break;
    case OID_GEN_CURRENT_PACKET_FILTER: number = a->filter; break;
    case OID_GEN_MEDIA_CONNECT_STATUS: number = a->link.MediaConnectState != MediaConnectStateConnected; break;
    case OID_GEN_LINK_SPEED: number = (ULONG)(a->link.XmitLinkSpeed / 100); break;
    case OID_GEN_LINK_SPEED_EX:
        speed[0] = a->link.XmitLinkSpeed;
        speed[1] = a->link.RcvLinkSpeed;
        *value = speed;
        *length = sizeof speed;
        break;
    case OID_GEN_LINK_STATE: *value = &a->link; *length = sizeof a->link; break;
    case OID_802_3_PERMANENT_ADDRESS: *value = g->PermanentMacAddress; *length = ND_MAC; break;
    case OID_802_3_CURRENT_ADDRESS: *value = g->CurrentMacAddress; *length = ND_MAC; break;
    case OID_802_3_MAXIMUM_LIST_SIZE: number = g->MaxMulticastListSize; break;
    case OID_TCP_OFFLOAD_CURRENT_CONFIG: *value = &a->offload; *length = sizeof a->offload; break;
    case OID_TCP_OFFLOAD_HARDWARE_CAPABILITIES: *value = &a->offload_hardware; *length = sizeof a->offload_hardware; break;
    default: return false;
    }
    return true;
}

int32_t nd_oid(struct nd_adapter *a, struct nd_request *r)
{
    const void *value;
    uint32_t length;
    NDIS_STATUS status;
    if (a->is_gone || a->state == STATE_HALTED) {
        return NDIS_STATUS_NOT_ACCEPTED;
    }
    if (!r->is_set && answer_value(a, r->oid, &value, &length)) {
        r->needed = length;
        r->done = r->length >= length ? length : 0;
        if (r->length < length) {
            return NDIS_STATUS_BUFFER_TOO_SHORT;
        }
        memcpy(r->data, value, length);
        return NDIS_STATUS_SUCCESS;
    }
    status = oid_send(a, r->is_set ? NdisRequestSetInformation : NdisRequestQueryInformation, r->oid, r->data, r->length,
                      &r->done, &r->needed);
    if (r->is_set && status == NDIS_STATUS_SUCCESS && r->oid == OID_GEN_CURRENT_PACKET_FILTER && r->length >= 4) {
        memcpy(&a->filter, r->data, 4);
    }
    if (r->is_set && status == NDIS_STATUS_SUCCESS && r->oid == OID_802_3_MULTICAST_LIST &&
        r->length <= sizeof a->multicast) {
        memcpy(a->multicast, r->data, r->length);
        a->multicast_count = r->length / ND_MAC;
    }
    return status;
}

unsigned nd_oid_list(const struct nd_adapter *a, const uint32_t **oids)
{
    *oids = (const uint32_t *)a->oids;
    return a->oid_count;
}

/* ---- Binding ---- */

static bool set(struct nd_adapter *a, NDIS_OID oid, void *data, uint32_t length)
{
    NDIS_STATUS status = oid_send(a, NdisRequestSetInformation, oid, data, length, NULL, NULL);
    if (status != NDIS_STATUS_SUCCESS) {
        trace("setting OID %#x failed: %s", (unsigned)oid, nd_status_text(status));
    }
    return status == NDIS_STATUS_SUCCESS;
}

bool oid_restore_addressing(struct nd_adapter *a)
{
    return set(a, OID_GEN_CURRENT_PACKET_FILTER, &a->filter, sizeof a->filter) &&
           set(a, OID_802_3_MULTICAST_LIST, a->multicast, a->multicast_count * ND_MAC);
}

static bool set_encapsulation(struct nd_adapter *a)
{
    NDIS_OFFLOAD_ENCAPSULATION e;
    bool has_any = a->has_offload;
    if (!has_any) {
        return true;
    }
    memset(&e, 0, sizeof e);
    e.Header.Type = NDIS_OBJECT_TYPE_OFFLOAD_ENCAPSULATION;
    e.Header.Revision = NDIS_OFFLOAD_ENCAPSULATION_REVISION_1;
    e.Header.Size = NDIS_SIZEOF_OFFLOAD_ENCAPSULATION_REVISION_1;
    e.IPv4.Enabled = e.IPv6.Enabled = NDIS_OFFLOAD_SET_ON;
    e.IPv4.EncapsulationType = e.IPv6.EncapsulationType = NDIS_ENCAPSULATION_IEEE_802_3;
    e.IPv4.HeaderSize = e.IPv6.HeaderSize = 14;
    /* Set before the call: checksums may be vouched for as soon as the miniport knows. */
    a->encapsulation_set = true;
    a->encapsulation_set = set(a, OID_OFFLOAD_ENCAPSULATION, &e, sizeof e);
    return a->encapsulation_set;
}

/* What TCP/IP sets when it binds, once per initialisation; later restarts find it set. */
bool oid_bind(struct nd_adapter *a)
{
    ULONG lookahead = DEFAULT_LOOKAHEAD;
    lookahead = lookahead < a->general.LookaheadSize ? lookahead : a->general.LookaheadSize;
    if (a->filter == 0) {
        a->filter = PACKET_FILTER;
    }
    return set_encapsulation(a) && set(a, OID_GEN_CURRENT_LOOKAHEAD, &lookahead, sizeof lookahead) &&
           set(a, OID_802_3_MULTICAST_LIST, a->multicast, a->multicast_count * ND_MAC) &&
           set(a, OID_GEN_CURRENT_PACKET_FILTER, &a->filter, sizeof a->filter);
}
