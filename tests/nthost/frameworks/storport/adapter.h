/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* One adapter inside the StorPort framework: its state, shared by the framework's own units only. */
#ifndef NTHOST_STORPORT_ADAPTER_H
#define NTHOST_STORPORT_ADAPTER_H

#include <ntddk.h>

#include <storport.h>

#include "storport_host.h"

enum { MAX_DPCS = 8, MAX_SLOTS = 254, DEFAULT_DEPTH = 20, MAX_ELEMENTS = 512, MAX_BARS = 6 };

/* Locks, in the order in which they may be taken. */
enum lock { LOCK_NONE, LOCK_DPC = DpcLock, LOCK_STARTIO = StartIoLock, LOCK_INTERRUPT = InterruptLock };

enum slot_state { SLOT_FREE, SLOT_WITH_DRIVER, SLOT_COMPLETED };

/* One request in flight with everything the miniport sees of it. */
struct slot {
    enum slot_state state;
    struct sp_request *request;
    struct sp_adapter *adapter;
    SCSI_REQUEST_BLOCK *srb; /* memory of its own */
    void *extension, *sense;
    void *data_buffer; /* what the SRB said; reads and writes say NULL */
    STOR_SCATTER_GATHER_LIST *elements;
    struct slot *next_completed;
};

struct dpc {
    STOR_DPC *dpc;
    PHW_DPC_ROUTINE routine;
    bool queued;
    void *argument1, *argument2;
};

enum phase { PHASE_NONE, PHASE_FIND_ADAPTER, PHASE_INITIALIZE, PHASE_PASSIVE_INITIALIZE, PHASE_RUNNING, PHASE_STOPPED };

struct sp_adapter {
    unsigned function; /* on the bus */
    enum phase phase;
    PORT_CONFIGURATION_INFORMATION config;
    ACCESS_RANGE *ranges;
    void *mapped[MAX_BARS]; /* by StorPortGetDeviceBase */
    void *extension;
    void *uncached;
    uint32_t uncached_length;
    PHW_PASSIVE_INITIALIZE_ROUTINE passive_initialize;
    bool connected; /* interrupts reach the miniport */
    bool uses_messages;
    unsigned messages, stops;
    bool held[4]; /* by enum lock */
    struct dpc dpc[MAX_DPCS];
    PHW_TIMER timer;
    uint64_t timer_at_us;
    unsigned queue_depth;
    bool inquiry_seen; /* an INQUIRY of the unit reached the miniport */
    unsigned busy_until; /* completions to wait for before the next request, from StorPortBusy */
    bool paused;
    uint64_t pause_ends_us;
    struct slot slot[MAX_SLOTS];
    unsigned with_driver;
    struct sp_request *waiting, **waiting_tail;
    struct slot *completed, **completed_tail;
    unsigned long interrupts, changes_told; /* BusChangeDetected at DIRQL */
};

/* The framework's only instance data. */
struct sp_framework {
    struct bus *bus;
    struct system_options options;
    HW_INITIALIZATION_DATA init;
    bool initialized;
    struct sp_adapter adapter[SP_MAX_ADAPTERS];
    unsigned adapter_count;
    unsigned random;
    bool stalling; /* in StorPortStallExecution */
};
extern struct sp_framework sp;

/* The adapter of a HwDeviceExtension; breaks rule storport.extension for any other pointer. */
struct sp_adapter *adapter_of(void *extension);

/* Takes and gives back locks by StorPort's table; what a callback may take depends on what is held. */
void lock_acquire(struct sp_adapter *adapter, enum lock lock);
void lock_release(struct sp_adapter *adapter, enum lock lock);

/* Requests (request.c). */
void request_completed(struct sp_adapter *adapter, SCSI_REQUEST_BLOCK *srb);
void request_complete_all(struct sp_adapter *adapter, UCHAR status);
void request_start_waiting(struct sp_adapter *adapter);
void request_report_done(struct sp_adapter *adapter);
struct slot *request_slot(SCSI_REQUEST_BLOCK *srb);
void request_free_slots(struct sp_adapter *adapter);
bool request_dma_allowed(unsigned function, uint64_t pa, uint64_t length, bool device_writes);

/* Interrupts (interrupt.c). */
void interrupt_init(void);
void interrupt_deliver(struct sp_adapter *adapter);
void interrupt_run_dpcs(struct sp_adapter *adapter);
/* Those of every adapter, where IRQL and locks let them in: what can happen at any moment below DIRQL. */
void interrupt_let_in(void);
/* A timer that was requested before the adapter stopped may still expire. */
void interrupt_late_timer(struct sp_adapter *adapter);

/* Registers the export table (exports.c). */
void exports_storport(void);

#endif
