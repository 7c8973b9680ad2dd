/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Case of a network adapter's start: what it states about itself. */
#include <string.h>

#include "net.h"
#include "verify/verify.h"

static const char *on(bool is_on)
{
    return is_on ? "on" : "off";
}

static bool show(unsigned number, struct nd_adapter *a)
{
    struct nd_properties p;
    const uint32_t *oids;
    VIRTIO_DIAG diag;
    nd_properties(a, &p);
    say("adapter %u: %02x:%02x:%02x:%02x:%02x:%02x (permanent %02x:%02x:%02x:%02x:%02x:%02x), MTU %u", number, p.mac[0],
        p.mac[1], p.mac[2], p.mac[3], p.mac[4], p.mac[5], p.permanent_mac[0], p.permanent_mac[1], p.permanent_mac[2],
        p.permanent_mac[3], p.permanent_mac[4], p.permanent_mac[5], p.mtu);
    say("  link         %s, %llu Mbit/s, %s", !p.link_known ? "unknown" : p.link_up ? "up" : "down",
        (unsigned long long)p.transmit_bits / 1000000, p.full_duplex ? "full duplex" : "duplex unknown");
    say("  interrupts   %s, %u messages", p.uses_messages ? "messages (MSI-X)" : "line (INTx)", p.messages);
    say("  checksums    sent: IP %s, TCPv4 %s, UDPv4 %s, TCPv6 %s, UDPv6 %s", on(p.ip_checksum_send), on(p.tcp4_send),
        on(p.udp4_send), on(p.tcp6_send), on(p.udp6_send));
    say("  checksums    received: IP %s, TCPv4 %s, UDPv4 %s, TCPv6 %s, UDPv6 %s", on(p.ip_checksum_receive),
        on(p.tcp4_receive), on(p.udp4_receive), on(p.tcp6_receive), on(p.udp6_receive));
    say("  large send   version 1 %u, version 2 IPv4 %u, IPv6 %u bytes", p.lso_v1, p.lso_v2_4, p.lso_v2_6);
    say("  requests     %u OIDs, filters %#x, %u multicast addresses", nd_oid_list(a, &oids), p.filters, p.multicast_most);
    if (!net_diag(a, &diag)) {
        return false;
    }
    net_say_diag(&diag);
    return (diag.interrupt_mode == VIRTIO_DIAG_INTERRUPT_MESSAGE) == p.uses_messages ||
           failed("the record says interrupt mode %u, which is not what the system granted", diag.interrupt_mode);
}

bool case_net_info(struct run *run)
{
    bool good = net_start(run);
    for (unsigned i = 0; good && i < run->net_count; i++) {
        good = show(i, run->net[i]);
    }
    return good;
}

bool case_net_refused(struct run *run)
{
    int32_t status = nd_driver_entry(run->image->entry);
    if (status < 0 || run->bus->function_count == 0) {
        return failed("DriverEntry returned %#x, %u devices", (unsigned)status, run->bus->function_count);
    }
    image_discard_init(run->image);
    status = nd_initialize(0, &run->net[run->net_count++]);
    if (status == 0) {
        return failed("the driver started a device that it should have refused");
    }
    for (unsigned i = 0; run->options->reason != NULL && i < event_count(); i++) {
        if (strstr(event_at(i)->text, run->options->reason) != NULL) {
            say("refused: %s; event log: %s", nd_status_text(status), event_at(i)->text);
            return true;
        }
    }
    return run->options->reason == NULL || failed("the event log does not say \"%s\"; its last of %u entries: %s",
                                                  run->options->reason, event_count(), event_last_text("none"));
}
