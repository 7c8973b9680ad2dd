/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* NdisMSetMiniportAttributes: order and content. netlh_r, pages of the attribute structures; StaticDV "MandatoryOid". */
#include "adapter.h"

#include <string.h>

#include "verify/verify.h"

/* netlh_r "Mandatory OIDs for Miniport Drivers", without those that NDIS answers by itself. */
static const NDIS_OID mandatory[] = {
    OID_GEN_CURRENT_LOOKAHEAD, OID_GEN_CURRENT_PACKET_FILTER, OID_GEN_INTERRUPT_MODERATION, OID_GEN_LINK_PARAMETERS,
    OID_GEN_MAXIMUM_TOTAL_SIZE, OID_GEN_RCV_OK, OID_GEN_RECEIVE_BLOCK_SIZE, OID_GEN_RECEIVE_BUFFER_SPACE,
    OID_GEN_STATISTICS, OID_GEN_TRANSMIT_BLOCK_SIZE, OID_GEN_TRANSMIT_BUFFER_SPACE, OID_GEN_VENDOR_DESCRIPTION,
    OID_GEN_VENDOR_DRIVER_VERSION, OID_GEN_VENDOR_ID, OID_GEN_XMIT_OK, OID_802_3_MULTICAST_LIST, OID_PNP_SET_POWER,
    OID_PNP_QUERY_POWER, OID_PM_PARAMETERS};

static void set_registration(struct nd_adapter *a, const NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES *r)
{
    header_check(&r->Header, NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES, 1,
                 NDIS_SIZEOF_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES_REVISION_1, "registration attributes");
    if (a->has_registration) {
        rule_broken("ndis.attributes", "registration attributes are set twice");
    }
    if (!(r->AttributeFlags & NDIS_MINIPORT_ATTRIBUTES_HARDWARE_DEVICE) ||
        !(r->AttributeFlags & NDIS_MINIPORT_ATTRIBUTES_BUS_MASTER) ||
        r->AttributeFlags & NDIS_MINIPORT_ATTRIBUTES_NDIS_WDM || r->InterfaceType != NdisInterfacePci) {
        rule_broken("ndis.attributes", "flags %#x, interface type %d: not those of a bus master on PCI",
                    (unsigned)r->AttributeFlags, r->InterfaceType);
    }
    a->registration = *r;
    a->context = r->MiniportAdapterContext;
    a->has_registration = true;
}

static void check_oids(const struct nd_adapter *a)
{
    for (size_t i = 0; i < sizeof mandatory / sizeof mandatory[0]; i++) {
        unsigned j = 0;
        while (j < a->oid_count && a->oids[j] != mandatory[i]) {
            j++;
        }
        if (j == a->oid_count) {
            rule_broken("ndis.oids", "the list of supported OIDs lacks the mandatory %#x", (unsigned)mandatory[i]);
        }
    }
}

static void check_general(const NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES *g)
{
    const NDIS_PM_CAPABILITIES *pm = g->PowerManagementCapabilitiesEx;
    if (g->MediaType != NdisMedium802_3 || g->IfType != IF_TYPE_ETHERNET_CSMACD || g->MacAddressLength != ND_MAC ||
        g->AccessType != NET_IF_ACCESS_BROADCAST || g->DirectionType != NET_IF_DIRECTION_SENDRECEIVE ||
        g->ConnectionType != NET_IF_CONNECTION_DEDICATED) {
        rule_broken("ndis.attributes", "media, interface, access, direction or connection type is not Ethernet's");
    }
    if (g->PowerManagementCapabilities != NULL || pm == NULL) {
        rule_broken("ndis.attributes", "a 6.20 miniport states its power capabilities in PowerManagementCapabilitiesEx only");
    }
    header_check(&pm->Header, NDIS_OBJECT_TYPE_DEFAULT, 1, NDIS_SIZEOF_NDIS_PM_CAPABILITIES_REVISION_1,
                 "NDIS_PM_CAPABILITIES");
    if (!(g->MacOptions & NDIS_MAC_OPTION_8021P_PRIORITY) || !(g->MacOptions & NDIS_MAC_OPTION_NO_LOOPBACK) ||
        !(g->MacOptions & NDIS_MAC_OPTION_TRANSFERS_NOT_PEND)) {
        rule_broken("ndis.attributes", "MacOptions %#x", (unsigned)g->MacOptions);
    }
    if (g->MtuSize < 68 || g->LookaheadSize == 0 || (g->SupportedPacketFilters & PACKET_FILTER) != PACKET_FILTER ||
        g->PermanentMacAddress[0] & 1 || g->CurrentMacAddress[0] & 1) {
        rule_broken("ndis.attributes", "MTU %u, lookahead %u, packet filters %#x, or a multicast MAC address",
                    (unsigned)g->MtuSize, (unsigned)g->LookaheadSize, (unsigned)g->SupportedPacketFilters);
    }
    if (!(g->SupportedStatistics & NDIS_STATISTICS_GEN_STATISTICS_SUPPORTED)) {
        rule_broken("ndis.attributes", "OID_GEN_STATISTICS is mandatory, and SupportedStatistics %#x lacks it",
                    (unsigned)g->SupportedStatistics);
    }
}

static void set_general(struct nd_adapter *a, const NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES *g)
{
    header_check(&g->Header, NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES, 2,
                 NDIS_SIZEOF_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES_REVISION_2, "general attributes");
    if (!a->has_registration || a->has_general) {
        rule_broken("ndis.attributes", "general attributes are set before the registration attributes, or twice");
    }
    check_general(g);
    if (g->SupportedOidListLength % sizeof(NDIS_OID) != 0 || g->SupportedOidListLength > sizeof a->oids) {
        rule_broken("ndis.attributes", "a list of OIDs of %u bytes", (unsigned)g->SupportedOidListLength);
    }
    a->general = *g;
    a->oid_count = g->SupportedOidListLength / (unsigned)sizeof(NDIS_OID);
    memcpy(a->oids, g->SupportedOidList, g->SupportedOidListLength);
    a->general.SupportedOidList = a->oids;
    a->general.PowerManagementCapabilitiesEx = NULL;
    a->general.RecvScaleCapabilities = NULL; /* the driver's memory; not looked at again */
    a->has_general = true;
    a->link.MediaConnectState = g->MediaConnectState;
    a->link.MediaDuplexState = g->MediaDuplexState;
    a->link.XmitLinkSpeed = g->XmitLinkSpeed;
    a->link.RcvLinkSpeed = g->RcvLinkSpeed;
    check_oids(a);
}

static void copy_offload(NDIS_OFFLOAD *to, const NDIS_OFFLOAD *from, const char *name)
{
    header_check(&from->Header, NDIS_OBJECT_TYPE_OFFLOAD, 1, NDIS_SIZEOF_NDIS_OFFLOAD_REVISION_1, name);
    memset(to, 0, sizeof *to);
    memcpy(to, from, from->Header.Size < sizeof *to ? from->Header.Size : sizeof *to);
}

/* Every task of an offload needs the encapsulation of plain Ethernet. */
static void check_encapsulation(ULONG encapsulation, bool is_on, const char *name)
{
    if (is_on && !(encapsulation & NDIS_ENCAPSULATION_IEEE_802_3)) {
        rule_broken("ndis.offload", "%s is on without encapsulation IEEE 802.3 (%#x)", name, (unsigned)encapsulation);
    }
}

void attributes_check_offload(const NDIS_OFFLOAD *o)
{
    const NDIS_TCP_IP_CHECKSUM_OFFLOAD *c = &o->Checksum;
    check_encapsulation(c->IPv4Transmit.Encapsulation,
                        c->IPv4Transmit.TcpChecksum || c->IPv4Transmit.UdpChecksum || c->IPv4Transmit.IpChecksum,
                        "IPv4Transmit");
    check_encapsulation(c->IPv4Receive.Encapsulation,
                        c->IPv4Receive.TcpChecksum || c->IPv4Receive.UdpChecksum || c->IPv4Receive.IpChecksum,
                        "IPv4Receive");
    check_encapsulation(c->IPv6Transmit.Encapsulation, c->IPv6Transmit.TcpChecksum || c->IPv6Transmit.UdpChecksum,
                        "IPv6Transmit");
    check_encapsulation(c->IPv6Receive.Encapsulation, c->IPv6Receive.TcpChecksum || c->IPv6Receive.UdpChecksum,
                        "IPv6Receive");
    check_encapsulation(o->LsoV1.IPv4.Encapsulation, o->LsoV1.IPv4.MaxOffLoadSize != 0, "LsoV1");
    check_encapsulation(o->LsoV2.IPv4.Encapsulation, o->LsoV2.IPv4.MaxOffLoadSize != 0, "LsoV2.IPv4");
    check_encapsulation(o->LsoV2.IPv6.Encapsulation, o->LsoV2.IPv6.MaxOffLoadSize != 0, "LsoV2.IPv6");
}

static void set_offload(struct nd_adapter *a, const NDIS_MINIPORT_ADAPTER_OFFLOAD_ATTRIBUTES *o)
{
    header_check(&o->Header, NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_OFFLOAD_ATTRIBUTES, 1,
                 NDIS_SIZEOF_MINIPORT_ADAPTER_OFFLOAD_ATTRIBUTES_REVISION_1, "offload attributes");
    if (!a->has_general || o->DefaultOffloadConfiguration == NULL || o->HardwareOffloadCapabilities == NULL) {
        rule_broken("ndis.attributes", "offload attributes before the general ones, or without both records");
    }
    copy_offload(&a->offload, o->DefaultOffloadConfiguration, "DefaultOffloadConfiguration");
    copy_offload(&a->offload_hardware, o->HardwareOffloadCapabilities, "HardwareOffloadCapabilities");
    attributes_check_offload(&a->offload);
    attributes_check_offload(&a->offload_hardware);
    a->has_offload = true;
}

NDIS_STATUS NTAPI NdisMSetMiniportAttributes(NDIS_HANDLE NdisMiniportHandle,
                                             PNDIS_MINIPORT_ADAPTER_ATTRIBUTES MiniportAttributes)
{
    struct nd_adapter *a = nd_adapter_of(NdisMiniportHandle);
    if (a->state != STATE_INITIALIZING) {
        rule_broken("ndis.attributes", "attributes are set outside of MiniportInitializeEx");
    }
    switch (((const NDIS_OBJECT_HEADER *)MiniportAttributes)->Type) {
    case NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES:
        set_registration(a, &MiniportAttributes->RegistrationAttributes);
        break;
    case NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES:
        set_general(a, &MiniportAttributes->GeneralAttributes);
        break;
    case NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_OFFLOAD_ATTRIBUTES:
        set_offload(a, &MiniportAttributes->OffloadAttributes);
        break;
    case NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_HARDWARE_ASSIST_ATTRIBUTES:
        if (!a->has_general) {
            rule_broken("ndis.attributes", "hardware assist attributes before the general ones");
        }
        break;
    default:
        rule_broken("ndis.attributes", "attributes of type %#x", ((const NDIS_OBJECT_HEADER *)MiniportAttributes)->Type);
    }
    return NDIS_STATUS_SUCCESS;
}
