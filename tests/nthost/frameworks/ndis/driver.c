/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The driver: registration, unload, and what every call into it has in common. */
#include "adapter.h"

#include <string.h>

#include "cpu/cpu.h"
#include "mem/memory.h"
#include "nt/nt.h"
#include "verify/dma.h"
#include "verify/verify.h"

#define FIRST_HANDLE ((ULONG_PTR)0x4e440000)

struct nd_framework nd;

void nd_init(struct bus *bus, const struct system_options *options)
{
    memset(&nd, 0, sizeof nd);
    nd.bus = bus;
    nd.options = *options;
    nd.random = options->seed * 2654435761u + 99;
    nt_init(bus);
    exports_ndis();
    dma_init(sg_dma_allowed);
    if (options->preempt_percent != 0) {
        cpu_interrupt_window = interrupt_window;
    }
}

/* ---- Handles, chance, time ---- */

NDIS_HANDLE nd_handle(const struct nd_adapter *adapter)
{
    return (NDIS_HANDLE)(FIRST_HANDLE + 16 * (ULONG_PTR)(adapter - nd.adapter));
}

struct nd_adapter *nd_adapter_of(NDIS_HANDLE handle)
{
    for (unsigned i = 0; i < nd.adapter_count; i++) {
        if (handle == nd_handle(&nd.adapter[i])) {
            return &nd.adapter[i];
        }
    }
    rule_broken("ndis.handle", "%p is no adapter's handle", handle);
}

struct nd_adapter *adapter_or_driver(NDIS_HANDLE handle)
{
    return handle == DRIVER_HANDLE && nd.is_registered ? NULL : nd_adapter_of(handle);
}

unsigned nd_random(unsigned n)
{
    nd.random = nd.random * 1664525u + 1013904223u;
    return (nd.random >> 8) % n;
}

uint64_t nd_now_us(void)
{
    return nd.bus->ops->clock_us(nd.bus);
}

/* ---- Calls ---- */

void nd_call(struct nd_adapter *a, const char *name, unsigned irql, void (*body)(void *argument), void *argument)
{
    unsigned locks = nt_locks_held();
    cpu_call_driver(name, irql, body, argument);
    if (nt_locks_held() != locks) {
        rule_broken("ndis.lock", "%s returned with %u spin locks held that it was not called with", name,
                    nt_locks_held() - locks);
    }
    if (a != NULL) {
        dma_audit(a->function);
    }
}

void header_check(const NDIS_OBJECT_HEADER *header, UCHAR type, UCHAR least_revision, size_t least_size, const char *name)
{
    if (header->Type != type || header->Revision < least_revision || header->Size < least_size) {
        rule_broken("ndis.header", "%s has type %#x, revision %u, size %u; wanted are %#x, %u and %u", name, header->Type,
                    header->Revision, header->Size, type, least_revision, (unsigned)least_size);
    }
}

/* ---- Operations that may pend ---- */

void pending_begin(struct pending *pending)
{
    *pending = (struct pending){.is_open = true};
}

void pending_done(struct pending *pending, NDIS_STATUS status, const char *what)
{
    if (!pending->is_open || pending->is_done) {
        rule_broken("ndis.complete", "%s is completed, but none is under way (a second time?)", what);
    }
    if (status == NDIS_STATUS_PENDING) {
        rule_broken("ndis.complete", "%s is completed with NDIS_STATUS_PENDING", what);
    }
    pending->is_done = true;
    pending->status = status;
}

NDIS_STATUS pending_wait(struct pending *pending, NDIS_STATUS returned, const char *what)
{
    uint64_t end = nd_now_us() + HANG_S * 1000000ull;
    if (returned != NDIS_STATUS_PENDING) {
        if (pending->is_done) {
            rule_broken("ndis.complete", "%s was completed and then returned %s instead of NDIS_STATUS_PENDING", what,
                        nd_status_text(returned));
        }
        pending->is_open = false;
        return returned;
    }
    while (!pending->is_done) {
        if (nd_now_us() > end || nd.bus->dead) {
            rule_broken("ndis.hang", "%s was not completed within %d s", what, HANG_S);
        }
        nd_pump(1000);
    }
    pending->is_open = false;
    return pending->status;
}

/* ---- DriverEntry and what it registers ---- */

struct entry_call {
    NTSTATUS(NTAPI *entry)(DRIVER_OBJECT *driver, UNICODE_STRING *registry_path);
    UNICODE_STRING *path;
    NTSTATUS status;
};

static void call_entry(void *argument)
{
    struct entry_call *c = argument;
    c->status = c->entry(nd.driver_object, c->path);
}

int32_t nd_driver_entry(void *entry)
{
    struct entry_call c = {.entry = (NTSTATUS(NTAPI *)(DRIVER_OBJECT *, UNICODE_STRING *))entry};
    nd.driver_object = memory_alloc(MEMORY_POOL, sizeof *nd.driver_object, 0, "DRIVER_OBJECT");
    memset(nd.driver_object, 0, sizeof *nd.driver_object);
    c.path = memory_alloc(MEMORY_POOL, sizeof *c.path, 0, "registry path");
    memset(c.path, 0, sizeof *c.path);
    nd_call(NULL, "DriverEntry", IRQL_PASSIVE, call_entry, &c);
    memory_free(c.path);
    if (c.status >= 0 && !nd.is_registered) {
        rule_broken("ndis.register", "DriverEntry succeeded without NdisMRegisterMiniportDriver");
    }
    if (c.status < 0) {
        if (nd.is_registered) {
            rule_broken("ndis.register", "DriverEntry failed and left the miniport registered");
        }
        object_check_none(NULL, "after DriverEntry failed");
        memory_free(nd.driver_object);
        nd.driver_object = NULL;
    }
    return c.status;
}

static void call_unload(void *argument)
{
    (void)argument;
    nd.driver.UnloadHandler(nd.driver_object);
}

void nd_unload(void)
{
    if (nd.driver_object == NULL) {
        return;
    }
    nd_call(NULL, "MiniportDriverUnload", IRQL_PASSIVE, call_unload, NULL);
    if (nd.is_registered) {
        rule_broken("ndis.register", "MiniportDriverUnload did not call NdisMDeregisterMiniportDriver");
    }
    object_check_none(NULL, "after MiniportDriverUnload");
    sg_release_memory();
    memory_free(nd.driver_object);
    nd.driver_object = NULL;
}

static void call_set_options(void *argument)
{
    *(NDIS_STATUS *)argument = nd.driver.SetOptionsHandler(DRIVER_HANDLE, nd.driver_context);
}

NDIS_STATUS NTAPI NdisMRegisterMiniportDriver(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath,
                                              NDIS_HANDLE MiniportDriverContext,
                                              PNDIS_MINIPORT_DRIVER_CHARACTERISTICS c, PNDIS_HANDLE handle)
{
    NDIS_STATUS status = NDIS_STATUS_SUCCESS;
    (void)RegistryPath;
    header_check(&c->Header, NDIS_OBJECT_TYPE_MINIPORT_DRIVER_CHARACTERISTICS,
                 NDIS_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_2,
                 NDIS_SIZEOF_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_2, "NDIS_MINIPORT_DRIVER_CHARACTERISTICS");
    if (DriverObject != nd.driver_object || nd.is_registered) {
        rule_broken("ndis.register", "another driver object than DriverEntry's, or a second registration");
    }
    if (c->MajorNdisVersion != NDIS_MINIPORT_MAJOR_VERSION || c->MinorNdisVersion != NDIS_MINIPORT_MINOR_VERSION) {
        rule_broken("ndis.register", "NDIS version %u.%u; this host is for 6.20", c->MajorNdisVersion, c->MinorNdisVersion);
    }
    if (c->InitializeHandlerEx == NULL || c->HaltHandlerEx == NULL || c->UnloadHandler == NULL ||
        c->PauseHandler == NULL || c->RestartHandler == NULL || c->OidRequestHandler == NULL ||
        c->SendNetBufferListsHandler == NULL || c->ReturnNetBufferListsHandler == NULL || c->CancelSendHandler == NULL ||
        c->CheckForHangHandlerEx == NULL || c->ResetHandlerEx == NULL || c->DevicePnPEventNotifyHandler == NULL ||
        c->ShutdownHandlerEx == NULL || c->CancelOidRequestHandler == NULL) {
        rule_broken("ndis.register", "a handler that a miniport of a device must have is NULL");
    }
    if (c->Flags & NDIS_INTERMEDIATE_DRIVER) {
        rule_broken("ndis.register", "an intermediate driver is not served");
    }
    nd.driver = *c;
    nd.driver_context = MiniportDriverContext;
    nd.is_registered = true;
    *handle = DRIVER_HANDLE;
    if (c->SetOptionsHandler != NULL) {
        nd_call(NULL, "MiniportSetOptions", IRQL_PASSIVE, call_set_options, &status);
        nd.is_registered = status == NDIS_STATUS_SUCCESS;
    }
    return status;
}

VOID NTAPI NdisMDeregisterMiniportDriver(NDIS_HANDLE NdisMiniportDriverHandle)
{
    if (NdisMiniportDriverHandle != DRIVER_HANDLE || !nd.is_registered) {
        rule_broken("ndis.handle", "%p is not the driver's handle", NdisMiniportDriverHandle);
    }
    nd.is_registered = false;
}

NDIS_STATUS NTAPI NdisSetOptionalHandlers(NDIS_HANDLE NdisDriverHandle, PNDIS_DRIVER_OPTIONAL_HANDLERS OptionalHandlers)
{
    if (NdisDriverHandle != DRIVER_HANDLE) {
        rule_broken("ndis.handle", "%p is not the driver's handle", NdisDriverHandle);
    }
    rule_broken("ndis.optional", "optional handlers of type %#x are not served by this host",
                OptionalHandlers->Header.Type);
}

UINT NTAPI NdisGetVersion(VOID)
{
    return NDIS_MINIPORT_MAJOR_VERSION << 16 | NDIS_MINIPORT_MINOR_VERSION;
}
