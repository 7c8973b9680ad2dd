/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* PortCls inside: adapters, ports, streams, the objects it hands to a driver. Shared by the framework's own units only. */
#ifndef NTHOST_PORTCLS_PORT_H
#define NTHOST_PORTCLS_PORT_H

#include <ntddk.h>

#include <portcls.h>

#include "nt/exports.h"
#include "portcls_host.h"

enum { MAX_SUBDEVICES = 8, MAX_CONNECTIONS = 16, MAX_FACES = 4, MAX_MDLS = 4, LONGEST_NAME = 32 };

/* ---- Objects (object.c) ---- */

struct object;

/* What a driver holds of an object: an interface. Its table first. */
struct face {
    const void *table;
    struct object *object;
};

struct object {
    const char *name;
    unsigned references;
    struct face face[MAX_FACES];
    const GUID *iid[MAX_FACES]; /* NULL: no such face */
    void (*destroy)(struct object *object);
};

/* A table of functions, made of entries whose first three are left out (they are the same everywhere). */
struct table {
    void *slot[16];
};
#define METHOD(name, function) {(void *)(function), "portcls.sys", #name, 0, 0, false, 0}
void table_make(struct table *table, struct export *entries, unsigned count);

/* size bytes, zeroed, with one reference and face 0. */
struct object *pc_object_create(size_t size, const char *name, const struct table *table, const GUID *iid,
                             void (*destroy)(struct object *object));
void pc_object_add_face(struct object *object, const struct table *table, const GUID *iid);
/* The object behind an interface pointer; breaks rule portcls.object, naming what, for anything else. */
struct object *pc_object_of(const void *face, const char *what);
/* Of this process, whether somebody holds it. */
bool pc_object_is_ours(const void *face);
void pc_object_release(struct object *object);
unsigned pc_objects_left(void);

/*
 * Calls a method or callback of the driver at an IRQL with machine words as arguments, and checks what every return must keep:
 * IRQL, no spin lock held.
 */
uintptr_t driver_call(const char *name, unsigned irql, const void *function, unsigned count, ...);
#define WORD(value) ((uintptr_t)(value))

/* QueryInterface and Release of a driver's object. NULL: it has no such interface. */
void *driver_query(void *unknown, REFIID iid);
void driver_release(void *unknown);
void driver_reference(void *unknown);

/* ---- Adapters (adapter.c) ---- */

enum port_kind { PORT_WAVERT, PORT_TOPOLOGY };

struct pc_port {
    struct object object;
    enum port_kind kind;
    struct pc_device *device;
    IMiniport *miniport; /* NULL before Init */
    IPinCount *pin_count;
    IPowerNotify *power_notify;
    const PCFILTER_DESCRIPTOR *filter;
    unsigned open[32]; /* instances of each pin */
};

struct subdevice {
    struct pc_port *port;
    char name[LONGEST_NAME];
};

struct connection {
    struct pc_port *from, *to;
    ULONG from_pin, to_pin;
};

struct pc_device {
    bool in_use, is_started, is_starting, is_gone, is_asleep, steers;
    unsigned function;
    DEVICE_OBJECT *pdo, *fdo;
    uint8_t *extension;
    ULONG extension_size, most_objects;
    PCPFNSTARTDEVICE start_device;
    IUnknown *power_unknown;
    IAdapterPowerManagement *power;
    IAdapterPowerManagement2 *power2;
    struct subdevice subdevice[MAX_SUBDEVICES];
    unsigned subdevices;
    struct connection connection[MAX_CONNECTIONS];
    unsigned connections;
    struct pc_stream *streams;
    unsigned long events, positions;
};

struct pc_framework {
    struct bus *bus;
    struct system_options options;
    DRIVER_OBJECT *driver;
    UNICODE_STRING *path;
    PDRIVER_ADD_DEVICE add_device;
    PVOID unload; /* PortCls' own DriverUnload, as the driver calls it */
    bool was_unloaded, is_initialized;
    struct pc_device device[PC_MAX_DEVICES];
};
extern struct pc_framework pc;

struct pc_device *pc_device_of(const DEVICE_OBJECT *fdo, const char *what);

/* ---- The rest ---- */

void ports_init(void);
struct pc_port *port_of(const void *unknown, const char *what);
void port_power_notify(struct pc_device *device, DEVICE_POWER_STATE state);

void resources_init(void);
IResourceList *resources_create(CM_RESOURCE_LIST *translated, CM_RESOURCE_LIST *raw);

/* Breaks rule portcls.filter where a miniport's descriptor contradicts itself. */
void filter_check(const struct pc_port *port);
/* After StartDevice: each endpoint has a way to a client's pin. */
void filter_check_device(const struct pc_device *device);
const PCPROPERTY_ITEM *automation_find(const PCAUTOMATION_TABLE *table, const GUID *set, ULONG id);
/* The i-th item of a table whose items are item_size apart. */
const void *item_at(const void *items, ULONG item_size, ULONG index);
const PCPIN_DESCRIPTOR *filter_pin(const PCFILTER_DESCRIPTOR *filter, ULONG pin);


NTSTATUS property_handle(const struct pc_port *port, IUnknown *minor, ULONG node, const PCPROPERTY_ITEM *item, ULONG verb,
                         void *instance, ULONG instance_size, void *value, ULONG *size);

void streams_init(void);
/* A KSDATAFORMAT_WAVEFORMATEX or ...EXTENSIBLE in memory of its own, to be freed with memory_free. */
KSDATAFORMAT *format_make(const struct pc_format *format);
bool format_read(const KSDATAFORMAT *data, ULONG size, struct pc_format *format);
bool stream_allows(unsigned function, uint64_t pa, uint64_t length, bool device_writes);
void streams_steer(struct pc_device *device, bool before_sleep);

void exports_portcls(void);

#endif
