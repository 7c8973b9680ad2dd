/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * PortCls as a client sees it, the audio engine for example: adapters, the wave pins they offer, streams with their cyclic
 * buffers. Plain C types only. Results are NTSTATUS.
 */
#ifndef NTHOST_PORTCLS_HOST_H
#define NTHOST_PORTCLS_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bus/bus.h"
#include "frameworks/system.h"

enum { PC_MAX_DEVICES = 4, PC_MAX_PINS = 8, PC_MAX_EVENTS = 4 };
enum pc_state { PC_STOP, PC_ACQUIRE, PC_PAUSE, PC_RUN };

struct pc_device;
struct pc_stream;
struct pc_event;

struct pc_format {
    unsigned channels, rate;
    unsigned bits;       /* of the container */
    unsigned valid_bits; /* 0: as bits */
    bool is_float;
    bool is_extensible; /* to be said as WAVEFORMATEXTENSIBLE */
};

/* A wave pin that a client can open. */
struct pc_pin {
    struct pc_device *device;
    unsigned subdevice, pin;
    bool is_capture;
    unsigned instances; /* that may be open at once */
};

struct pc_guid {
    uint32_t a;
    uint16_t b, c;
    uint8_t d[8];
};

/* Registers PortCls' exports and the kernel's; before the driver is loaded. */
void pc_init(struct bus *bus, const struct system_options *options);

/* DriverEntry; AddDevice and IRP_MN_START_DEVICE for one function of the bus. */
int32_t pc_driver_entry(void *entry);
int32_t pc_start(unsigned function, struct pc_device **device);

/* IRP_MN_STOP_DEVICE and IRP_MN_START_DEVICE. No stream may be open. */
int32_t pc_stop(struct pc_device *device);
int32_t pc_start_again(struct pc_device *device);

/*
 * D3 and back. steers_streams: running streams are paused before and run again after, as one of the two ways that sources
 * describe; otherwise they stay in RUN.
 */
void pc_sleep(struct pc_device *device, bool steers_streams);
void pc_wake(struct pc_device *device);

/* The device leaves, then IRP_MN_SURPRISE_REMOVAL: streams are still open and are to be closed by the client. */
void pc_pull_out(struct pc_device *device);
bool pc_is_gone(uint64_t address);

/* IRP_MN_REMOVE_DEVICE; no stream may be open. DriverUnload with all checks. */
void pc_remove(struct pc_device *device);
void pc_unload(void);

/* Lets happen what is due, waits up to timeout_us. */
void pc_pump(unsigned timeout_us);

/* IRP_MJ_DEVICE_CONTROL to the adapter, buffered; done: out: bytes returned. */
int32_t pc_control(struct pc_device *device, uint32_t code, void *buffer, uint32_t in, uint32_t out, uint32_t *done);

/* ---- Pins ---- */

/* Wave pins of a device, up to PC_MAX_PINS. */
unsigned pc_pins(struct pc_device *device, struct pc_pin *pins);

/* Whether a pin's data ranges hold a format. */
bool pc_in_ranges(const struct pc_pin *pin, const struct pc_format *format);

/* KSPROPERTY_PIN_DATAINTERSECTION with a range that holds what `range` says; result: out. */
int32_t pc_intersect(const struct pc_pin *pin, const struct pc_format *range, struct pc_format *result);

/* KSPROPERTY_PIN_PROPOSEDATAFORMAT. */
int32_t pc_propose(const struct pc_pin *pin, const struct pc_format *format);

/*
 * Any property that the driver's automation tables have. node: -1 for the filter's own. size: in and out. Value is
 * given to the driver in memory of exactly that size.
 */
int32_t pc_property(struct pc_device *device, unsigned subdevice, int node, const struct pc_guid *set, unsigned id,
                    unsigned verb, const void *instance, unsigned instance_size, void *value, unsigned *size);
unsigned pc_subdevices(const struct pc_device *device);

/* Calls every GET and BASICSUPPORT property of all tables: with room for the answer, with less, with none. */
bool pc_ask_everything(struct pc_device *device);

/* ---- Streams ---- */

int32_t pc_open(const struct pc_pin *pin, const struct pc_format *format, struct pc_stream **stream);
/* State STOP, no event registered; frees the buffer. Breaks rule portcls.reference when the driver keeps anything. */
void pc_close(struct pc_stream *stream);

bool pc_has_notifications(const struct pc_stream *stream);
/* notifications: 0 for a polled buffer, 1 or 2. bytes: out: the buffer, mapped for the client. */
int32_t pc_allocate(struct pc_stream *stream, uint32_t wanted, unsigned notifications, uint8_t **bytes, uint32_t *size);
void pc_free(struct pc_stream *stream);

int32_t pc_event_create(struct pc_stream *stream, struct pc_event **event);
void pc_event_delete(struct pc_event *event);
/* Whether it was set since the last call. */
bool pc_event_take(struct pc_event *event);

/* Steps through the states in between; stops where the driver refuses. */
int32_t pc_set_state(struct pc_stream *stream, enum pc_state state);
enum pc_state pc_state(const struct pc_stream *stream);
int32_t pc_set_format(struct pc_stream *stream, const struct pc_format *format);

/* GetPosition, at DISPATCH_LEVEL every other time; checks range, order and limits. */
int32_t pc_position(struct pc_stream *stream, uint32_t *play, uint32_t *write);
/* Bytes read ahead, from GetHWLatency. */
uint32_t pc_fifo(struct pc_stream *stream);
/* Whether GetPositionRegister and GetClockRegister offer anything. */
bool pc_registers(struct pc_stream *stream, bool *position, bool *clock);

struct pc_counts {
    unsigned long interrupts, events, positions;
    bool uses_messages;
};
struct pc_counts pc_counts(const struct pc_device *device);

#endif
