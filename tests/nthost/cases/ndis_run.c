/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* NDIS drivers: what main and the cases do with an adapter's start and end, and small things that cases share. */
#include <string.h>

#include "diag.h"
#include "net.h"
#include "verify/verify.h"

static void init(struct run *run)
{
    nd_init(run->bus, &run->options->system);
}

static void finish(struct run *run)
{
    for (unsigned i = 0; i < run->net_count; i++) {
        nd_remove(run->net[i]);
    }
    nd_unload();
}

const struct framework ndis_framework = {"NDIS", "net", init, finish};

bool net_start(struct run *run)
{
    int32_t status = nd_driver_entry(run->image->entry);
    if (status < 0) {
        return failed("DriverEntry returned %#x: %s", (unsigned)status, event_last_text("no event logged"));
    }
    image_discard_init(run->image);
    if (run->bus->function_count == 0) {
        return failed("there is no virtio device on the bus");
    }
    for (unsigned i = 0; i < run->bus->function_count && i < ND_MAX_ADAPTERS; i++) {
        status = nd_initialize(i, &run->net[run->net_count++]);
        if (status != 0) {
            return failed("adapter %u: MiniportInitializeEx: %s (%#x); event log: %s", i, nd_status_text(status),
                          (unsigned)status, event_last_text("no event logged"));
        }
        if (!nd_restart(run->net[i])) {
            return failed("adapter %u: MiniportRestart or what a protocol sets at binding failed", i);
        }
    }
    return true;
}

bool net_wait(struct run *run, unsigned milliseconds, bool (*condition)(void *context), void *context)
{
    uint64_t end = run->bus->ops->clock_us(run->bus) + milliseconds * 1000ull;
    while (!condition(context)) {
        if (run->bus->dead || run->bus->ops->clock_us(run->bus) >= end) {
            return false;
        }
        nd_pump(1000);
    }
    return true;
}

bool net_query(struct nd_adapter *a, uint32_t oid, void *data, uint32_t length)
{
    struct nd_request r = {.oid = oid, .data = data, .length = length};
    int32_t status = nd_oid(a, &r);
    return (status == 0 && r.done == length) ||
           failed("query of OID %#x: %s (%#x), %u bytes of %u, %u needed", oid, nd_status_text(status), (unsigned)status,
                  r.done, length, r.needed);
}

bool net_set(struct nd_adapter *a, uint32_t oid, const void *data, uint32_t length)
{
    struct nd_request r = {.oid = oid, .is_set = true, .data = (void *)(uintptr_t)data, .length = length};
    int32_t status = nd_oid(a, &r);
    return status == 0 || failed("set of OID %#x: %s (%#x)", oid, nd_status_text(status), (unsigned)status);
}

/* As NDIS_GUID. */
struct guid_map {
    struct {
        uint32_t data1;
        uint16_t data2, data3;
        uint8_t data4[8];
    } guid;
    uint32_t oid, size, flags;
};
enum { GEN_SUPPORTED_GUIDS = 0x00010117, GUID_TO_OID = 1 };

bool net_diag(struct nd_adapter *a, VIRTIO_DIAG *diag)
{
    static const struct guid_map wanted = {.guid = VIRTIO_DIAG_NDIS_GUID};
    struct guid_map map[16];
    struct nd_request guids = {.oid = GEN_SUPPORTED_GUIDS, .data = map, .length = sizeof map};
    int32_t status = nd_oid(a, &guids);
    unsigned i = 0, count = status == 0 ? guids.done / (unsigned)sizeof map[0] : 0;
    while (i < count && memcmp(&map[i].guid, &wanted.guid, sizeof wanted.guid) != 0) {
        i++;
    }
    if (i == count || map[i].oid != VIRTIO_DIAG_NDIS_OID || !(map[i].flags & GUID_TO_OID)) {
        return failed("OID_GEN_SUPPORTED_GUIDS (%s, %u entries) does not lead to the diagnostic record",
                      nd_status_text(status), count);
    }
    return net_query(a, VIRTIO_DIAG_NDIS_OID, diag, sizeof *diag) &&
           ((diag->version == VIRTIO_DIAG_VERSION && diag->size == sizeof *diag) ||
            failed("the diagnostic record: version %u, size %u", diag->version, diag->size));
}

void net_say_diag(const VIRTIO_DIAG *diag)
{
    diag_show(diag);
    say("  driver       %llu merged frames, %llu receive checksums good, %llu transmit checksums, %llu segmented frames",
        (unsigned long long)diag->device_specific[0], (unsigned long long)diag->device_specific[1],
        (unsigned long long)diag->device_specific[2], (unsigned long long)diag->device_specific[3]);
}

void net_say_counters(unsigned number, const struct nd_adapter *a)
{
    const struct nd_counters *c = nd_counters(a);
    say("adapter %u: sent %lu frames, %lu bytes, failed %lu, not sendable %lu", number, c->sent, c->sent_bytes,
        c->send_failed, c->send_dropped);
    say("  sends        %lu lists in %lu batches, %lu large sends, %lu checksums left, %lu tagged", c->send_lists,
        c->send_batches, c->send_segmented, c->send_checksums, c->send_tagged);
    say("  received     %lu frames, %lu bytes in %lu batches; checksum good %lu, bad %lu; tagged %lu", c->received,
        c->received_bytes, c->receive_batches, c->received_good, c->received_bad, c->received_tagged);
    say("  delivered    %lu in several MDLs, %lu to be copied at once, %lu not wanted", c->received_multi,
        c->received_resources, c->unwanted);
    say("  events       %lu interrupts, %lu DPCs, %lu resets, %lu hangs, %lu link changes", c->interrupts, c->dpcs,
        c->resets, c->hangs, c->link_changes);
}
