/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The framework's instance data and its function table. For its own units, after <ntddk.h> and <wdf.h>. */
#ifndef NTHOST_WDF_FRAMEWORK_H
#define NTHOST_WDF_FRAMEWORK_H

#include "object.h"
#include "wdf_host.h"

/* One implemented entry of the function table; its type is held against the header's. */
struct wdf_function {
    unsigned index;
    const char *name;
    void *function;
};
#define WDF_FUNCTION(name, upper, function)                                                                            \
    {                                                                                                                  \
        name##TableIndex, #name, (void *)(1 ? (function) : (PFN_##upper)NULL)                                          \
    }

void wdf_functions_add(const struct wdf_function *functions, size_t count);
void wdf_functions_object(void);
void wdf_functions_driver(void);
void wdf_functions_device(void);
void wdf_functions_resource(void);
void wdf_functions_queue(void);
void wdf_functions_request(void);
void wdf_functions_interrupt(void);
void wdf_functions_lock(void);
void wdf_functions_deferred(void);
void wdf_functions_memory(void);
void wdf_functions_dma(void);

struct wdf_driver {
    struct wdf_object object;
    WDF_DRIVER_CONFIG config;
};

struct wdf_framework {
    struct bus *bus;
    struct system_options options;
    DRIVER_OBJECT *driver_object;
    WDF_DRIVER_GLOBALS *globals; /* while bound */
    struct wdf_driver *driver;
    struct wdf_device *device[WDF_MAX_DEVICES];
    unsigned device_count;
    unsigned random;
};
extern struct wdf_framework wdf;
extern unsigned wdf_locks_held; /* spin locks that the driver holds now */

/* Host dispatch entry of the driver object: every IRP comes through here. */
NTSTATUS NTAPI wdf_dispatch(PDEVICE_OBJECT device_object, PIRP irp);

#endif
