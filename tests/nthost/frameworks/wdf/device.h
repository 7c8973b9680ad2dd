/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* One device inside the framework, its queues, requests and interrupts. For the framework's own units. */
#ifndef NTHOST_WDF_DEVICE_H
#define NTHOST_WDF_DEVICE_H

#include "framework.h"

enum { WDF_MAX_INTERRUPTS = 64, WDF_MAX_QUEUES = 16, WDF_MAX_RESOURCES = 6 + WDF_MAX_INTERRUPTS };

enum power { POWER_OFF, POWER_CHANGING, POWER_D0 };

struct wdf_spinlock {
    struct wdf_object object;
    bool is_held;
    bool is_for_interrupts; /* then it is taken at DIRQL */
    unsigned old_irql;
};

struct wdf_interrupt {
    struct wdf_object object;
    struct wdf_device *device;
    WDF_INTERRUPT_CONFIG config;
    struct wdf_spinlock *lock, own_lock;
    bool is_granted, is_connected, dpc_queued;
    bool is_message;
    unsigned message;
};

struct wdf_queue {
    struct wdf_object object;
    struct wdf_device *device;
    WDF_IO_QUEUE_CONFIG config;
    bool is_power_managed, accepts, presents, is_held, is_dispatching;
    struct wdf_request *first, **end; /* waiting */
    unsigned waiting, presented;      /* presented: requests from here that the driver has */
    PFN_WDF_IO_QUEUE_STATE purge_complete;
    WDFCONTEXT purge_context;
};

enum request_place { REQUEST_WAITS, REQUEST_WITH_DRIVER, REQUEST_DONE };

struct wdf_request {
    struct wdf_object object;
    struct wdf_device *device;
    struct wdf_queue *queue; /* where it waits, or came from */
    struct wdf_request *next;
    IRP *irp;
    enum request_place place;
    bool was_presented;
    bool is_stopped; /* the driver said that it keeps it over a power-down */
    PFN_WDF_REQUEST_CANCEL cancel;
    bool cancel_called;
    struct wdf_memory *output;
};

struct wdf_resources {
    struct wdf_object object;
    unsigned count;
    CM_PARTIAL_RESOURCE_DESCRIPTOR *descriptor; /* an array of their own, so that an overrun is noticed */
};

struct wdf_dma_enabler {
    struct wdf_object object;
    struct wdf_device *device;
    WDF_DMA_ENABLER_CONFIG config;
};

struct wdf_common_buffer {
    struct wdf_object object;
    struct wdf_device *device;
    uint8_t *bytes;
    size_t length;
    struct wdf_common_buffer *next;
};

struct wdf_memory {
    struct wdf_object object;
    void *bytes;
    size_t size;
    bool is_own;
};

/* What EvtDriverDeviceAdd fills in. */
struct WDFDEVICE_INIT {
    unsigned function;
    DEVICE_OBJECT *pdo;
    WDF_PNPPOWER_EVENT_CALLBACKS callbacks;
    bool is_filter, owns_power_policy, is_policy_set;
    WDF_OBJECT_ATTRIBUTES request_attributes;
    bool has_request_attributes;
    struct wdf_device *created;
};

struct wdf_device {
    struct wdf_object object;
    unsigned function; /* on the bus */
    DEVICE_OBJECT *fdo, *pdo;
    WDF_PNPPOWER_EVENT_CALLBACKS callbacks;
    bool is_filter;
    WDF_OBJECT_ATTRIBUTES request_attributes;
    bool has_request_attributes;
    bool is_in_add;
    enum power power;
    bool is_prepared, is_surprise_removed, is_failed, self_managed_started;
    struct wdf_queue *queue[WDF_MAX_QUEUES], *default_queue;
    unsigned queue_count;
    struct wdf_interrupt *interrupt[WDF_MAX_INTERRUPTS];
    unsigned interrupt_count;
    struct wdf_resources *raw, *translated;
    unsigned messages;
    struct wdf_common_buffer *buffers;
    unsigned long interrupts;
    unsigned requests;
};

/* Resources (resource.c): the lists for PrepareHardware, by what the bus has and the system grants. */
void wdf_resources_make(struct wdf_device *device);
void wdf_resources_drop(struct wdf_device *device);

/* Interrupts (interrupt.c). */
void wdf_interrupts_assign(struct wdf_device *device);
NTSTATUS wdf_interrupts_connect(struct wdf_device *device);
void wdf_interrupts_disconnect(struct wdf_device *device);
void wdf_interrupts_deliver(struct wdf_device *device);
void wdf_interrupts_run_dpcs(struct wdf_device *device);
void wdf_interrupt_window(void);

/* Locks (lock.c). */
void wdf_lock_take(struct wdf_spinlock *lock, unsigned irql);
void wdf_lock_give(struct wdf_spinlock *lock);

/* Queues (queue.c). */
void wdf_queue_insert(struct wdf_queue *queue, struct wdf_request *request);
void wdf_queue_remove(struct wdf_request *request);
/* EvtIoCanceledOnQueue for a request that the driver had before; false: the driver wants none. */
bool wdf_queue_hand_cancelled(struct wdf_request *request);
void wdf_queue_dispatch(struct wdf_queue *queue);
void wdf_queue_driver_gave_back(struct wdf_queue *queue);
/* Asks the driver about each request of power-managed queues (all queues at removal) and waits until it answered. */
void wdf_queues_stop(struct wdf_device *device, bool is_removal);
void wdf_queues_start(struct wdf_device *device);
void wdf_queues_purge(struct wdf_device *device);

/* Requests (request.c). */
struct wdf_request *wdf_request_make(struct wdf_device *device, IRP *irp);
void wdf_request_finish(struct wdf_request *request, NTSTATUS status, ULONG_PTR information);
void wdf_request_make_cancelable_on_queue(struct wdf_request *request);

/* Timers, work items, DPCs (deferred.c): those that are due; work items only at PASSIVE_LEVEL. */
void wdf_deferred_run(void);

/* Memory that the device may use (dma.c). */
bool wdf_dma_allowed(unsigned function, uint64_t pa, uint64_t length, bool device_writes);

#endif
