/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Filter descriptors: what a miniport says of its pins, nodes, connections and properties must not contradict itself, and must
 * let Windows make an endpoint. audio_r "PCFILTER_DESCRIPTOR", audio_d "Exposing Filter Topology".
 */
#include "port.h"

#include <string.h>

#include "image/image.h"
#include "verify/verify.h"

enum { MOST_CHANNELS = 64, MOST_BITS = 64, MOST_FREQUENCY = 1000000 };

#define BAD(...) rule_broken("portcls.filter", __VA_ARGS__)

const void *item_at(const void *items, ULONG item_size, ULONG index)
{
    return (const uint8_t *)items + (size_t)item_size * index;
}

const PCPIN_DESCRIPTOR *filter_pin(const PCFILTER_DESCRIPTOR *filter, ULONG pin)
{
    return pin < filter->PinCount ? item_at(filter->Pins, filter->PinSize, pin) : NULL;
}

const PCPROPERTY_ITEM *automation_find(const PCAUTOMATION_TABLE *table, const GUID *set, ULONG id)
{
    for (ULONG i = 0; table != NULL && i < table->PropertyCount; i++) {
        const PCPROPERTY_ITEM *item = item_at(table->Properties, table->PropertyItemSize, i);
        if (item->Id == id && memcmp(item->Set, set, sizeof *set) == 0) {
            return item;
        }
    }
    return NULL;
}

static void check_automation(const PCAUTOMATION_TABLE *table, const char *what)
{
    if (table == NULL) {
        return;
    }
    if (table->PropertyCount != 0 && (table->Properties == NULL || table->PropertyItemSize < sizeof(PCPROPERTY_ITEM) ||
                                      table->PropertyItemSize % sizeof(ULONG) != 0)) {
        BAD("%s: property items of %u bytes", what, (unsigned)table->PropertyItemSize);
    }
    if ((table->MethodCount != 0 && (table->Methods == NULL || table->MethodItemSize < sizeof(PCMETHOD_ITEM))) ||
        (table->EventCount != 0 && (table->Events == NULL || table->EventItemSize < sizeof(PCEVENT_ITEM)))) {
        BAD("%s: the table of methods or events is wrong", what);
    }
    for (ULONG i = 0; i < table->PropertyCount; i++) {
        const PCPROPERTY_ITEM *item = item_at(table->Properties, table->PropertyItemSize, i);
        if (item->Set == NULL || item->Handler == NULL || image_at((uintptr_t)item->Handler) == NULL) {
            BAD("%s: property %u has no set, or no handler in the driver", what, (unsigned)i);
        }
        if (!(item->Flags & (PCPROPERTY_ITEM_FLAG_GET | PCPROPERTY_ITEM_FLAG_SET))) {
            BAD("%s: property %u can be neither got nor set", what, (unsigned)i);
        }
        if (memcmp(item->Set, &KSPROPSETID_RtAudio, sizeof(GUID)) == 0) {
            BAD("%s: PortCls answers the RtAudio properties itself", what);
        }
        if (automation_find(table, item->Set, item->Id) != item) {
            BAD("%s: property %u stands there twice", what, (unsigned)i);
        }
    }
}

static bool is_guid(const GUID *a, const GUID *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

static void check_range(const KSDATARANGE *range, ULONG pin, bool is_host_pin)
{
    const KSDATARANGE_AUDIO *audio = (const KSDATARANGE_AUDIO *)range;
    bool is_wave = is_guid(&range->Specifier, &KSDATAFORMAT_SPECIFIER_WAVEFORMATEX);
    if (range->FormatSize != (is_wave ? sizeof(KSDATARANGE_AUDIO) : sizeof(KSDATARANGE))) {
        BAD("pin %u: a data range of %u bytes", (unsigned)pin, (unsigned)range->FormatSize);
    }
    if (!is_guid(&range->MajorFormat, &KSDATAFORMAT_TYPE_AUDIO)) {
        BAD("pin %u: a data range that is not sound", (unsigned)pin);
    }
    if (is_host_pin != is_wave) {
        BAD("pin %u: WAVEFORMATEX is for the pins that a client opens, and wanted there", (unsigned)pin);
    }
    if (is_wave && (audio->MaximumChannels == 0 || audio->MaximumChannels > MOST_CHANNELS ||
                    audio->MinimumBitsPerSample == 0 || audio->MinimumBitsPerSample > audio->MaximumBitsPerSample ||
                    audio->MaximumBitsPerSample > MOST_BITS || audio->MinimumSampleFrequency == 0 ||
                    audio->MinimumSampleFrequency > audio->MaximumSampleFrequency ||
                    audio->MaximumSampleFrequency > MOST_FREQUENCY)) {
        BAD("pin %u: %u channels, %u to %u bits, %u to %u Hz", (unsigned)pin, (unsigned)audio->MaximumChannels,
            (unsigned)audio->MinimumBitsPerSample, (unsigned)audio->MaximumBitsPerSample,
            (unsigned)audio->MinimumSampleFrequency, (unsigned)audio->MaximumSampleFrequency);
    }
}

static void check_pin(const struct pc_port *port, ULONG number)
{
    const PCPIN_DESCRIPTOR *pin = filter_pin(port->filter, number);
    const KSPIN_DESCRIPTOR *ks = &pin->KsPinDescriptor;
    bool is_bridge = ks->Communication == KSPIN_COMMUNICATION_BRIDGE;
    if (ks->DataFlow != KSPIN_DATAFLOW_IN && ks->DataFlow != KSPIN_DATAFLOW_OUT) {
        BAD("pin %u: data flow %u", (unsigned)number, (unsigned)ks->DataFlow);
    }
    if (!is_bridge && ks->Communication != KSPIN_COMMUNICATION_SINK && ks->Communication != KSPIN_COMMUNICATION_BOTH) {
        BAD("pin %u: communication %u: a client's pin is a sink, the others are bridges", (unsigned)number,
            (unsigned)ks->Communication);
    }
    if (ks->Category == NULL || ks->DataRangesCount == 0 || ks->DataRanges == NULL || ks->ConstrainedDataRangesCount != 0 ||
        ks->InterfacesCount != 0 || ks->MediumsCount != 0) {
        BAD("pin %u: no category or data range, or interfaces, mediums or constraints of its own", (unsigned)number);
    }
    if (is_bridge != (pin->MaxFilterInstanceCount == 0) || pin->MaxGlobalInstanceCount < pin->MaxFilterInstanceCount ||
        pin->MinFilterInstanceCount > pin->MaxFilterInstanceCount) {
        BAD("pin %u: %u instances, at least %u, in all %u", (unsigned)number, (unsigned)pin->MaxFilterInstanceCount,
            (unsigned)pin->MinFilterInstanceCount, (unsigned)pin->MaxGlobalInstanceCount);
    }
    if (port->kind == PORT_TOPOLOGY && !is_bridge) {
        BAD("pin %u of a topology filter is no bridge pin", (unsigned)number);
    }
    for (ULONG i = 0; i < ks->DataRangesCount; i++) {
        check_range(ks->DataRanges[i], number, !is_bridge);
        /* A range with attributes is followed by their list. */
        i += (ks->DataRanges[i]->Flags & KSDATARANGE_ATTRIBUTES) != 0;
    }
    check_automation(pin->AutomationTable, "a pin");
}

/* Sound enters a connection at a pin that it flows into the filter through, or at a node. */
static void check_end(const PCFILTER_DESCRIPTOR *filter, ULONG node, ULONG pin, KSPIN_DATAFLOW flow)
{
    const PCPIN_DESCRIPTOR *p = filter_pin(filter, pin);
    if (node != PCFILTER_NODE ? node >= filter->NodeCount : p == NULL || p->KsPinDescriptor.DataFlow != flow) {
        BAD("a connection to node %d, pin %u: there is none, or sound flows the other way", (int)node, (unsigned)pin);
    }
}

static bool is_connected(const PCFILTER_DESCRIPTOR *filter, ULONG node, ULONG pin, bool from)
{
    for (ULONG i = 0; i < filter->ConnectionCount; i++) {
        const PCCONNECTION_DESCRIPTOR *c = &filter->Connections[i];
        if (from ? c->FromNode == node && (node != PCFILTER_NODE || c->FromNodePin == pin)
                 : c->ToNode == node && (node != PCFILTER_NODE || c->ToNodePin == pin)) {
            return true;
        }
    }
    return false;
}

static void check_connections(const PCFILTER_DESCRIPTOR *filter)
{
    for (ULONG i = 0; i < filter->ConnectionCount; i++) {
        const PCCONNECTION_DESCRIPTOR *c = &filter->Connections[i];
        check_end(filter, c->FromNode, c->FromNodePin, KSPIN_DATAFLOW_IN);
        check_end(filter, c->ToNode, c->ToNodePin, KSPIN_DATAFLOW_OUT);
        for (ULONG other = 0; other < i; other++) {
            if (memcmp(&filter->Connections[other], c, sizeof *c) == 0) {
                BAD("connection %u stands there twice", (unsigned)i);
            }
        }
    }
    for (ULONG pin = 0; pin < filter->PinCount; pin++) {
        if (!is_connected(filter, PCFILTER_NODE, pin,
                          filter_pin(filter, pin)->KsPinDescriptor.DataFlow == KSPIN_DATAFLOW_IN)) {
            BAD("pin %u is connected to nothing", (unsigned)pin);
        }
    }
    for (ULONG node = 0; node < filter->NodeCount; node++) {
        if (!is_connected(filter, node, 0, true) || !is_connected(filter, node, 0, false)) {
            BAD("node %u has no way in or no way out", (unsigned)node);
        }
    }
}

static bool has_propose(const PCFILTER_DESCRIPTOR *filter, const PCPIN_DESCRIPTOR *pin)
{
    return automation_find(filter->AutomationTable, &KSPROPSETID_Pin, KSPROPERTY_PIN_PROPOSEDATAFORMAT) != NULL ||
           automation_find(pin->AutomationTable, &KSPROPSETID_Pin, KSPROPERTY_PIN_PROPOSEDATAFORMAT) != NULL;
}

void filter_check(const struct pc_port *port)
{
    const PCFILTER_DESCRIPTOR *f = port->filter;
    if (f->Version != 0 || f->PinCount == 0 || f->Pins == NULL || f->PinSize < sizeof(PCPIN_DESCRIPTOR) || f->PinCount > 32 ||
        f->ConnectionCount == 0 || f->Connections == NULL || (f->CategoryCount != 0 && f->Categories == NULL) ||
        (f->NodeCount != 0 && (f->Nodes == NULL || f->NodeSize < sizeof(PCNODE_DESCRIPTOR)))) {
        BAD("version %u, %u pins of %u bytes, %u nodes of %u bytes, %u connections", (unsigned)f->Version,
            (unsigned)f->PinCount, (unsigned)f->PinSize, (unsigned)f->NodeCount, (unsigned)f->NodeSize,
            (unsigned)f->ConnectionCount);
    }
    check_automation(f->AutomationTable, "the filter");
    for (ULONG i = 0; i < f->PinCount; i++) {
        check_pin(port, i);
        if (filter_pin(f, i)->MaxFilterInstanceCount != 0 && !has_propose(f, filter_pin(f, i))) {
            BAD("pin %u: no handler for KSPROPERTY_PIN_PROPOSEDATAFORMAT", (unsigned)i);
        }
    }
    for (ULONG i = 0; i < f->NodeCount; i++) {
        const PCNODE_DESCRIPTOR *node = item_at(f->Nodes, f->NodeSize, i);
        if (node->Type == NULL) {
            BAD("node %u has no type", (unsigned)i);
        }
        check_automation(node->AutomationTable, "a node");
    }
    check_connections(f);
}

/* Whether a bridge pin of a registered port is one end of a physical connection. */
static bool is_wired(const struct pc_device *d, const struct pc_port *port, ULONG pin)
{
    for (unsigned i = 0; i < d->connections; i++) {
        const struct connection *c = &d->connection[i];
        if ((c->from == port && c->from_pin == pin) || (c->to == port && c->to_pin == pin)) {
            return true;
        }
    }
    return false;
}

void filter_check_device(const struct pc_device *d)
{
    unsigned ends = 0, host_pins = 0;
    for (unsigned s = 0; s < d->subdevices; s++) {
        const struct pc_port *port = d->subdevice[s].port;
        for (ULONG pin = 0; pin < port->filter->PinCount; pin++) {
            const PCPIN_DESCRIPTOR *p = filter_pin(port->filter, pin);
            bool is_bridge = p->KsPinDescriptor.Communication == KSPIN_COMMUNICATION_BRIDGE;
            if (port->kind == PORT_WAVERT && is_bridge && !is_wired(d, port, pin)) {
                rule_broken("portcls.endpoint", "bridge pin %u of wave filter \"%s\" leads nowhere", (unsigned)pin,
                            d->subdevice[s].name);
            }
            host_pins += !is_bridge;
            ends += port->kind == PORT_TOPOLOGY && !is_wired(d, port, pin);
        }
    }
    for (unsigned i = 0; i < d->connections; i++) {
        bool both_registered = false;
        for (unsigned s = 0; s < d->subdevices; s++) {
            both_registered |= d->subdevice[s].port == d->connection[i].from;
        }
        if (!both_registered) {
            rule_broken("portcls.connection", "a port is connected that is no subdevice");
        }
    }
    if (host_pins == 0 || ends != host_pins) {
        rule_broken("portcls.endpoint", "%u pins for clients, %u ends for jacks: each pin wants one of its own", host_pins, ends);
    }
}
