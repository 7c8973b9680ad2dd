/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Properties that a driver's automation tables have. audio_r "PCPROPERTY_REQUEST", "PcCompletePendingPropertyRequest". */
#include "port.h"

#include <string.h>

#include "cpu/cpu.h"
#include "mem/memory.h"
#include "nt/irp.h"
#include "verify/verify.h"

enum { PENDING_SECONDS = 5, LARGEST_ANSWER = 4096 };

static PCPROPERTY_REQUEST *pending;
static bool was_completed;
static NTSTATUS completed_with;

NTSTATUS NTAPI PcCompletePendingPropertyRequest(PPCPROPERTY_REQUEST PropertyRequest, NTSTATUS NtStatus)
{
    if (PropertyRequest != pending || was_completed || NtStatus == STATUS_PENDING) {
        rule_broken("portcls.property", "a property request is completed that is not pending, or twice");
    }
    was_completed = true;
    completed_with = NtStatus;
    return STATUS_SUCCESS;
}

static NTSTATUS wait_pending(void)
{
    uint64_t end = pc.bus->ops->clock_us(pc.bus) + PENDING_SECONDS * 1000000u;
    while (!was_completed && pc.bus->ops->clock_us(pc.bus) < end) {
        pc_pump(1000);
    }
    if (!was_completed) {
        rule_broken("portcls.property", "a pending property request was never completed");
    }
    return completed_with;
}

static void *copy(const void *bytes, ULONG size, const char *what)
{
    void *made = memory_alloc(MEMORY_POOL, size, 0, what);
    if (made != NULL && bytes != NULL) {
        memcpy(made, bytes, size);
    }
    return made;
}

NTSTATUS property_handle(const struct pc_port *port, IUnknown *minor, ULONG node, const PCPROPERTY_ITEM *item, ULONG verb,
                         void *instance, ULONG instance_size, void *value, ULONG *size)
{
    PCPROPERTY_REQUEST *r = memory_alloc(MEMORY_POOL, sizeof *r, 0, "property request");
    void *their_instance = copy(instance, instance_size, "property instance");
    void *their_value = copy(value, *size, "property value");
    IRP *irp = irp_alloc(2);
    NTSTATUS status;
    *r = (PCPROPERTY_REQUEST){(IUnknown *)port->miniport, minor, node, item, verb, instance_size, their_instance, *size,
                              their_value, irp};
    pending = r;
    was_completed = false;
    status = (NTSTATUS)driver_call("a property handler", IRQL_PASSIVE, (const void *)item->Handler, 1, WORD(r));
    if (status == STATUS_PENDING) {
        status = wait_pending();
    } else if (was_completed) {
        rule_broken("portcls.property", "a property request is completed that did not pend");
    }
    pending = NULL;
    if (status >= 0 && r->ValueSize > *size && *size != 0) {
        rule_broken("portcls.property", "%u bytes are returned into a value of %u", (unsigned)r->ValueSize, (unsigned)*size);
    }
    if (status == STATUS_BUFFER_OVERFLOW && r->ValueSize <= *size) {
        rule_broken("portcls.property", "STATUS_BUFFER_OVERFLOW without the size that would do");
    }
    if (status >= 0 && their_value != NULL && (verb & KSPROPERTY_TYPE_SET) == 0) {
        memcpy(value, their_value, r->ValueSize);
    }
    *size = r->ValueSize;
    irp_free(irp);
    if (their_instance != NULL) {
        memory_free(their_instance);
    }
    if (their_value != NULL) {
        memory_free(their_value);
    }
    memory_free(r);
    return status;
}

static const PCAUTOMATION_TABLE *table_of(const struct pc_port *port, int node)
{
    const PCNODE_DESCRIPTOR *n;
    if (node < 0) {
        return port->filter->AutomationTable;
    }
    if ((ULONG)node >= port->filter->NodeCount) {
        return NULL;
    }
    n = item_at(port->filter->Nodes, port->filter->NodeSize, (ULONG)node);
    return n->AutomationTable;
}

int32_t pc_property(struct pc_device *device, unsigned subdevice, int node, const struct pc_guid *set, unsigned id,
                    unsigned verb, const void *instance, unsigned instance_size, void *value, unsigned *size)
{
    const struct pc_port *port = device->subdevice[subdevice].port;
    const PCPROPERTY_ITEM *item = automation_find(table_of(port, node), (const GUID *)set, id);
    ULONG length = *size;
    NTSTATUS status;
    if (item == NULL || (verb & item->Flags) == 0) {
        return STATUS_NOT_FOUND;
    }
    status = property_handle(port, NULL, node < 0 ? (ULONG)-1 : (ULONG)node, item, verb, (void *)(uintptr_t)instance, instance_size,
                             value, &length);
    *size = length;
    return status;
}

unsigned pc_subdevices(const struct pc_device *device)
{
    return device->subdevices;
}

/* One property with each pin or channel as instance, and values of many sizes. Any status will do, no rule may break. */
static void ask(const struct pc_port *port, ULONG node, const PCPROPERTY_ITEM *item, ULONG verb)
{
    static const ULONG sizes[] = {0, 1, 4, 8, 40, 64, 256, LARGEST_ANSWER};
    static uint8_t value[LARGEST_ANSWER];
    for (ULONG instance = 0; instance < 4; instance++) {
        ULONG words[2] = {instance == 3 ? 0xffffffff : instance, 0};
        for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            ULONG size = sizes[i];
            property_handle(port, NULL, node, item, verb, instance == 2 ? NULL : words, instance == 2 ? 0 : sizeof words, value,
                            &size);
        }
    }
}

static void ask_table(const struct pc_port *port, ULONG node, const PCAUTOMATION_TABLE *table)
{
    for (ULONG i = 0; table != NULL && i < table->PropertyCount; i++) {
        const PCPROPERTY_ITEM *item = item_at(table->Properties, table->PropertyItemSize, i);
        if (item->Flags & PCPROPERTY_ITEM_FLAG_GET) {
            ask(port, node, item, KSPROPERTY_TYPE_GET);
        }
        if (item->Flags & PCPROPERTY_ITEM_FLAG_BASICSUPPORT) {
            ask(port, node, item, KSPROPERTY_TYPE_BASICSUPPORT);
        }
        if (item->Flags & PCPROPERTY_ITEM_FLAG_SET) {
            ask(port, node, item, KSPROPERTY_TYPE_SET);
        }
    }
}

bool pc_ask_everything(struct pc_device *device)
{
    for (unsigned s = 0; s < device->subdevices; s++) {
        const struct pc_port *port = device->subdevice[s].port;
        ask_table(port, (ULONG)-1, port->filter->AutomationTable);
        for (ULONG node = 0; node < port->filter->NodeCount; node++) {
            ask_table(port, node, table_of(port, (int)node));
        }
    }
    return device->subdevices != 0;
}
