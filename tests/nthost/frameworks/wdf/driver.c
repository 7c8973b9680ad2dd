/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The loader's side: binding to the function table, the driver object, load and unload. */
#include <ntddk.h>

#include <wdf.h>

#include "framework.h"

#include <stdlib.h>
#include <string.h>

#include "cpu/cpu.h"
#include "device.h"
#include "mem/memory.h"
#include "nt/exports.h"
#include "nt/irp.h"
#include "nt/kernel.h"
#include "nt/nt.h"
#include "verify/dma.h"
#include "verify/verify.h"

enum { PATH_CHARS = 128 };

struct wdf_framework wdf;

static WDFFUNC *function_table; /* memory of its own, as the driver sees it */
static struct export entries[WdfFunctionTableNumEntries];
static WCHAR *path_text;
static UNICODE_STRING *path;

/* ---- The function table ---- */

#define ENTRY_NAME(name) #name,
static const char *const entry_names[] = {WDF_FUNCTIONS(ENTRY_NAME)};

void wdf_functions_add(const struct wdf_function *functions, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        entries[functions[i].index].function = functions[i].function;
    }
}

/* Entries without a function end the run with their name, as unknown imports do. */
static void make_table(void)
{
    function_table = memory_alloc(MEMORY_POOL, sizeof(WDFFUNC) * WdfFunctionTableNumEntries, 0, "KMDF function table");
    for (unsigned i = 0; i < WdfFunctionTableNumEntries; i++) {
        entries[i].module = "wdf01000.sys";
        entries[i].name = entry_names[i];
        entries[i].max_irql = IRQL_HIGH;
    }
    wdf_functions_object();
    wdf_functions_driver();
    wdf_functions_device();
    wdf_functions_resource();
    wdf_functions_queue();
    wdf_functions_request();
    wdf_functions_interrupt();
    wdf_functions_lock();
    wdf_functions_deferred();
    wdf_functions_memory();
    wdf_functions_dma();
    for (unsigned i = 0; i < WdfFunctionTableNumEntries; i++) {
        function_table[i] = (WDFFUNC)exports_bind_entry(&entries[i], entries[i].function != NULL);
    }
}

static NTSTATUS NTAPI version_bind(PDRIVER_OBJECT driver, PUNICODE_STRING registry_path, PWDF_BIND_INFO info,
                                   PWDF_DRIVER_GLOBALS *globals)
{
    (void)registry_path;
    if (info->Size != sizeof *info || info->FuncTable == NULL) {
        rule_broken("wdf.bind", "WDF_BIND_INFO of %u bytes; KMDF 1.9 has %zu", (unsigned)info->Size, sizeof *info);
    }
    if (wdf.globals != NULL || driver != wdf.driver_object) {
        rule_broken("wdf.bind", "bound twice, or for another driver object");
    }
    if (info->Version.Major != 1 || info->Version.Minor > 9 || info->FuncCount > WdfFunctionTableNumEntries) {
        trace("version %u.%u with %u functions is wanted: only 1.9 is in the box", (unsigned)info->Version.Major,
              (unsigned)info->Version.Minor, (unsigned)info->FuncCount);
        return STATUS_OBJECT_TYPE_MISMATCH;
    }
    make_table();
    wdf.globals = memory_alloc(MEMORY_POOL, sizeof *wdf.globals, 0, "WDF_DRIVER_GLOBALS");
    memset(wdf.globals, 0, sizeof *wdf.globals);
    *info->FuncTable = function_table;
    *globals = wdf.globals;
    return STATUS_SUCCESS;
}

static VOID NTAPI version_unbind(PUNICODE_STRING registry_path, PWDF_BIND_INFO info, PWDF_DRIVER_GLOBALS globals)
{
    (void)registry_path;
    (void)info;
    if (globals == NULL || globals != wdf.globals) {
        rule_broken("wdf.bind", "WdfVersionUnbind with other globals than WdfVersionBind gave");
    }
    if (wdf.driver != NULL) {
        wdf_object_delete(&wdf.driver->object);
        wdf.driver = NULL;
    }
    memory_free(function_table);
    memory_free(wdf.globals);
    wdf.globals = NULL;
}

static struct export table[] = {
    NT_EXPORT_AS("wdfldr.sys", WdfVersionBind, version_bind),
    NT_EXPORT_AS("wdfldr.sys", WdfVersionUnbind, version_unbind),
};

void wdf_init(struct bus *bus, const struct system_options *options)
{
    memset(&wdf, 0, sizeof wdf);
    wdf.bus = bus;
    wdf.options = *options;
    wdf.random = options->seed * 2654435761u + 12345;
    nt_init(bus);
    exports_irp();
    exports_ex();
    exports_io();
    exports_mm_io();
    nt_pump = wdf_pump;
    exports_add(table, sizeof table / sizeof table[0]);
    dma_init(wdf_dma_allowed);
}

/* ---- Load and unload ---- */

struct entry_call {
    NTSTATUS(NTAPI *entry)(PDRIVER_OBJECT driver, PUNICODE_STRING registry_path);
    NTSTATUS status;
};

static void call_entry(void *argument)
{
    struct entry_call *c = argument;
    c->status = c->entry(wdf.driver_object, path);
}

static void make_path(const char *last)
{
    static const char start[] = "\\Registry\\Machine\\System\\CurrentControlSet\\Services\\";
    unsigned length = 0;
    path = memory_alloc(MEMORY_POOL, sizeof *path, 0, "registry path");
    path_text = memory_alloc(MEMORY_POOL, PATH_CHARS * sizeof(WCHAR), 0, "registry path text");
    for (const char *from = start; *from != '\0'; from++) {
        path_text[length++] = (WCHAR)*from;
    }
    for (const char *from = last; *from != '\0' && length < PATH_CHARS - 1; from++) {
        path_text[length++] = (WCHAR)*from;
    }
    path_text[length] = 0;
    path->Buffer = path_text;
    path->Length = (USHORT)(length * sizeof(WCHAR));
    path->MaximumLength = (USHORT)(path->Length + sizeof(WCHAR));
}

int32_t wdf_driver_entry(void *entry)
{
    struct entry_call c = {.entry = (NTSTATUS(NTAPI *)(PDRIVER_OBJECT, PUNICODE_STRING))entry};
    wdf.driver_object = memory_alloc(MEMORY_POOL, sizeof *wdf.driver_object, 0, "DRIVER_OBJECT");
    memset(wdf.driver_object, 0, sizeof *wdf.driver_object);
    make_path(wdf.options.boot_argument != NULL ? wdf.options.boot_argument : "driver");
    cpu_call_driver("DriverEntry", IRQL_PASSIVE, call_entry, &c);
    memset(path_text, 0xdd, PATH_CHARS * sizeof(WCHAR)); /* the string lives as long as the call only */
    memory_free(path_text);
    memory_free(path);
    if (c.status >= 0 && wdf.driver == NULL) {
        rule_broken("wdf.driver", "DriverEntry succeeded without WdfDriverCreate");
    }
    if (c.status < 0 && wdf.globals != NULL) {
        rule_broken("wdf.bind", "the entry stub failed with %#x without WdfVersionUnbind", (unsigned)c.status);
    }
    if (c.status < 0) {
        memory_free(wdf.driver_object);
        wdf.driver_object = NULL;
    }
    return c.status;
}

static void call_unload(void *argument)
{
    (void)argument;
    wdf.driver_object->DriverUnload(wdf.driver_object);
}

static void call_evt_unload(void *argument)
{
    (void)argument;
    wdf.driver->config.EvtDriverUnload(wdf.driver->object.handle);
}

/* What the framework sets as DriverUnload; the entry stub puts its own in front. */
static VOID NTAPI framework_unload(PDRIVER_OBJECT driver)
{
    (void)driver;
    if (wdf.driver->config.EvtDriverUnload != NULL) {
        cpu_call_driver("EvtDriverUnload", IRQL_PASSIVE, call_evt_unload, NULL);
    }
}

void wdf_unload(void)
{
    if (wdf.driver_object == NULL) {
        return;
    }
    if (wdf.driver_object->DriverUnload == NULL) {
        rule_broken("wdf.unload", "the driver has no DriverUnload");
    }
    cpu_call_driver("DriverUnload", IRQL_PASSIVE, call_unload, NULL);
    if (wdf.globals != NULL) {
        rule_broken("wdf.bind", "the driver was unloaded without WdfVersionUnbind");
    }
    memory_free(wdf.driver_object);
    wdf.driver_object = NULL;
    if (wdf_object_live() != 0) {
        rule_broken("wdf.leak", "%u framework objects are left after unload: references not given back?",
                    wdf_object_live());
    }
}

/* ---- What drivers call ---- */

static NTSTATUS NTAPI driver_create(PWDF_DRIVER_GLOBALS globals, PDRIVER_OBJECT driver_object,
                                    PCUNICODE_STRING registry_path, PWDF_OBJECT_ATTRIBUTES attributes,
                                    PWDF_DRIVER_CONFIG config, WDFDRIVER *driver)
{
    NTSTATUS status;
    struct wdf_object *object;
    if (globals != wdf.globals || driver_object != wdf.driver_object || registry_path == NULL) {
        rule_broken("wdf.driver", "WdfDriverCreate with a driver object or globals that are not this driver's");
    }
    if (config->Size != sizeof *config) {
        rule_broken("wdf.size", "WDF_DRIVER_CONFIG of %u bytes", (unsigned)config->Size);
    }
    if (wdf.driver != NULL) {
        return STATUS_DRIVER_INTERNAL_ERROR;
    }
    object = wdf_object_create(WDF_DRIVER, sizeof(struct wdf_driver), attributes, NULL, NULL, &status);
    if (object == NULL) {
        return status;
    }
    object->is_frameworks = true;
    wdf.driver = (struct wdf_driver *)object;
    wdf.driver->config = *config;
    globals->Driver = object->handle;
    globals->DisplaceDriverUnload = TRUE;
    driver_object->DriverUnload = framework_unload;
    for (unsigned i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++) {
        driver_object->MajorFunction[i] = wdf_dispatch;
    }
    if (driver != NULL) {
        *driver = object->handle;
    }
    return STATUS_SUCCESS;
}

static PDRIVER_OBJECT NTAPI get_driver_object(PWDF_DRIVER_GLOBALS globals, WDFDRIVER driver)
{
    (void)globals;
    (void)wdf_object_of(driver, WDF_DRIVER);
    return wdf.driver_object;
}

static const struct wdf_function functions[] = {
    WDF_FUNCTION(WdfDriverCreate, WDFDRIVERCREATE, driver_create),
    WDF_FUNCTION(WdfDriverWdmGetDriverObject, WDFDRIVERWDMGETDRIVEROBJECT, get_driver_object),
};

void wdf_functions_driver(void)
{
    wdf_functions_add(functions, sizeof functions / sizeof functions[0]);
}
