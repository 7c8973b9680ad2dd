/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * StorPort as a case sees it: adapters that a miniport serves, SCSI requests to them, and what came of them.
 * Plain C types only.
 */
#ifndef NTHOST_STORPORT_HOST_H
#define NTHOST_STORPORT_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bus/bus.h"
#include "frameworks/system.h"

enum { SP_MAX_ADAPTERS = 8, SP_SENSE_SIZE = 18 };

struct sp_adapter;

enum sp_direction { SP_NO_DATA, SP_FROM_DEVICE, SP_TO_DEVICE };

/* One request. The caller fills in the first part and keeps it alive until done is called. */
struct sp_request {
    uint8_t function;      /* SRB_FUNCTION_...; 0: execute the CDB */
    uint8_t path, target, lun;
    uint8_t cdb[16], cdb_length;
    enum sp_direction direction;
    void *data;            /* from memory_alloc */
    uint32_t length;
    uint32_t action;       /* STOR_PNP_ACTION for PNP, device power state for POWER */
    void (*done)(struct sp_request *request); /* called outside of driver code; NULL: the caller polls `completed` */
    void *context;

    bool completed;
    uint8_t srb_status, scsi_status;
    uint32_t transferred;
    uint8_t sense[SP_SENSE_SIZE];
    bool sense_valid;
    struct sp_request *next;
};

/* Registers StorPort's exports; before the driver is loaded. */
void sp_init(struct bus *bus, const struct system_options *options);

/* Calls DriverEntry. Returns its NTSTATUS. null_arguments: as crash dump and hibernation do. */
int32_t sp_driver_entry(void *entry, bool null_arguments);

/* What became of an adapter's start; text says more. */
enum sp_start { SP_STARTED, SP_NOT_FOUND, SP_REFUSED, SP_INITIALIZE_FAILED };
enum sp_start sp_start(unsigned function, struct sp_adapter **adapter);

/* PnP stop and start of the same device: the device extension is kept as it is. */
void sp_stop(struct sp_adapter *adapter);
enum sp_start sp_start_again(struct sp_adapter *adapter);

/* ScsiStopAdapter and ScsiRestartAdapter around a sleep, with POWER requests. False: the miniport refused. */
bool sp_sleep(struct sp_adapter *adapter);
bool sp_wake(struct sp_adapter *adapter);

/* Frees everything and checks that nothing leaked; all requests must be done. */
void sp_remove(struct sp_adapter *adapter);

/* HwResetBus, as StorPort does when a request timed out. */
void sp_reset_bus(struct sp_adapter *adapter);

/* Hands a request over; StorPort queues it as long as the miniport cannot take it. */
void sp_submit(struct sp_adapter *adapter, struct sp_request *request);

/* Requests that are not done yet. */
unsigned sp_outstanding(const struct sp_adapter *adapter);

/* Delivers interrupts, DPCs, timers and completions, waiting up to timeout_us for the device. */
void sp_pump(unsigned timeout_us);

/* Pumps until request is done, at most seconds; false: time is up. */
bool sp_wait(struct sp_adapter *adapter, struct sp_request *request, unsigned seconds);

/* Limits that the miniport stated. */
uint32_t sp_max_transfer(const struct sp_adapter *adapter);
uint32_t sp_max_elements(const struct sp_adapter *adapter);
bool sp_caches_data(const struct sp_adapter *adapter);
unsigned sp_queue_depth(const struct sp_adapter *adapter);

/* Counters for reports: interrupts taken, and how. */
unsigned long sp_interrupts(const struct sp_adapter *adapter);
unsigned long sp_changes_told(const struct sp_adapter *adapter); /* changes of the bus that an interrupt brought */
bool sp_uses_messages(const struct sp_adapter *adapter);

#endif
