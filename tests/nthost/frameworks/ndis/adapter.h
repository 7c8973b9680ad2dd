/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* One adapter inside the NDIS framework, and what its units share with each other only. */
#ifndef NTHOST_NDIS_ADAPTER_H
#define NTHOST_NDIS_ADAPTER_H

#include <ntddk.h>

#include <ndis.h>

#include "ndis_host.h"
#include "object.h"

enum {
    HANG_S = 10, /* an operation that pends longer has hung */
    MOST_MULTICAST = 32,
    MOST_RESOURCES = 80,
    PACKET_FILTER = NDIS_PACKET_TYPE_DIRECTED | NDIS_PACKET_TYPE_MULTICAST | NDIS_PACKET_TYPE_BROADCAST
};

enum state { STATE_HALTED, STATE_INITIALIZING, STATE_PAUSED, STATE_RESTARTING, STATE_RUNNING, STATE_PAUSING };

/* One operation that the miniport may end later. */
struct pending {
    bool is_open, is_done;
    NDIS_STATUS status;
};

struct dpc {
    bool is_queued;
    void *context;
};

struct interrupt {
    struct object *object; /* NULL: not registered */
    NDIS_HANDLE context;
    NDIS_MINIPORT_INTERRUPT_CHARACTERISTICS handlers;
    IO_INTERRUPT_MESSAGE_INFO *table;
    unsigned messages; /* 0: line */
    struct dpc dpc[BUS_MAX_VECTORS];
};

struct nd_adapter {
    unsigned function; /* on the bus */
    enum state state;
    bool is_gone, is_asleep, is_dead;
    bool is_in_pause; /* MiniportPause has not returned */
    NDIS_HANDLE context;
    NDIS_RESOURCE_LIST *resources;
    unsigned messages_granted;

    /* attributes.c */
    bool has_registration, has_general, has_offload;
    NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES registration;
    NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES general;
    NDIS_OID oids[256];
    unsigned oid_count;
    NDIS_OFFLOAD offload, offload_hardware; /* enabled now; possible */
    NDIS_LINK_STATE link;

    struct interrupt interrupt;
    struct object *dma; /* NULL: not registered */
    NDIS_SG_DMA_DESCRIPTION dma_description;
    struct pending pause, restart, reset, request;
    NDIS_OID_REQUEST *request_record; /* the one request that the miniport has */
    bool reset_addressing, is_resetting;

    /* what was set; NDIS remembers it for a reset and filters received frames by it */
    ULONG filter;
    UCHAR multicast[MOST_MULTICAST][ND_MAC];
    unsigned multicast_count;
    bool encapsulation_set;

    void (*receive)(void *context, const struct nd_frame *frame);
    void *receive_context;
    unsigned receives_held, throttle_used;
    bool in_dpc;
    uint64_t hang_check_us;
    struct send *send; /* send.c */
    struct nd_counters counters;
};

/* The framework's only instance data. */
struct nd_framework {
    struct bus *bus;
    struct system_options options;
    NDIS_MINIPORT_DRIVER_CHARACTERISTICS driver;
    NDIS_HANDLE driver_context;
    DRIVER_OBJECT *driver_object;
    bool is_registered;
    struct nd_adapter adapter[ND_MAX_ADAPTERS];
    unsigned adapter_count;
    unsigned random;
};
extern struct nd_framework nd;

/* Handles are numbers that nobody can follow. nd_adapter_of breaks rule ndis.handle for any other value. */
NDIS_HANDLE nd_handle(const struct nd_adapter *adapter);
struct nd_adapter *nd_adapter_of(NDIS_HANDLE handle);
/* The same for handles that may be the driver's: NULL then. */
struct nd_adapter *adapter_or_driver(NDIS_HANDLE handle);
#define DRIVER_HANDLE ((NDIS_HANDLE)(ULONG_PTR)0x4e44d000)

/* A number below n. */
unsigned nd_random(unsigned n);
uint64_t nd_now_us(void);

/* cpu_call_driver with what NDIS demands of every handler: locks given back; then the device's queues are looked at. */
void nd_call(struct nd_adapter *adapter, const char *name, unsigned irql, void (*body)(void *argument), void *argument);

/* Checks the header of a versioned record. Breaks rule ndis.header. */
void header_check(const NDIS_OBJECT_HEADER *header, UCHAR type, UCHAR least_revision, size_t least_size, const char *name);

/* An operation that may pend: begin, call the handler, pending_wait with its status. Breaks rule ndis.hang. */
void pending_begin(struct pending *pending);
void pending_done(struct pending *pending, NDIS_STATUS status, const char *what);
NDIS_STATUS pending_wait(struct pending *pending, NDIS_STATUS returned, const char *what);

/* attributes.c: every offload needs its encapsulation. Breaks rule ndis.offload. */
void attributes_check_offload(const NDIS_OFFLOAD *offload);

/* resources.c */
void resources_assign(struct nd_adapter *adapter);
void resources_release(struct nd_adapter *adapter);

/* interrupt.c */
void nd_deliver_interrupts(struct nd_adapter *adapter);
void nd_run_dpcs(struct nd_adapter *adapter);
bool interrupt_is_due(const struct nd_adapter *adapter);
void interrupt_window(void);

/* sg.c */
void sg_run_deferred(void);
bool sg_is_deferred(void);
void sg_release_memory(void);
unsigned sg_lists_of(const struct nd_adapter *adapter, const NET_BUFFER *buffer);
void sg_hold(uint64_t pa, uint32_t length);   /* the stack above reads there: no device may write */
void sg_unhold(uint64_t pa, uint32_t length);
void sg_share(struct nd_adapter *adapter, uint64_t pa, uint32_t length);
void sg_unshare(uint64_t pa, uint32_t length);
bool sg_dma_allowed(unsigned function, uint64_t pa, uint64_t length, bool device_writes);

/* send.c, receive.c, buffer.c */
void send_create(struct nd_adapter *adapter);
void send_destroy(struct nd_adapter *adapter);
void send_check_idle(struct nd_adapter *adapter, const char *when);
void receive_return(struct nd_adapter *adapter, bool all);
bool receive_is_due(const struct nd_adapter *adapter);

/* service.c */
void service_run_timers(void);
void service_run_work_items(void);
bool service_is_due(void);

/* oid.c */
NDIS_STATUS oid_send(struct nd_adapter *adapter, NDIS_REQUEST_TYPE type, NDIS_OID oid, void *data, uint32_t length,
                     uint32_t *done, uint32_t *needed);
bool oid_restore_addressing(struct nd_adapter *adapter);
bool oid_bind(struct nd_adapter *adapter);

/* Registers the export tables. */
void exports_ndis(void);

#endif
