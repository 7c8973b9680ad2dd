/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * NDIS as a case sees it: network adapters that a miniport serves, frames to and from them, requests. The caller is
 * the protocol above, with the manners of Windows 7's TCP/IP. Plain C types only.
 */
#ifndef NTHOST_NDIS_HOST_H
#define NTHOST_NDIS_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bus/bus.h"
#include "frameworks/system.h"

enum { ND_MAX_ADAPTERS = 4, ND_MAX_FRAME = 65536 + 256, ND_MAC = 6 };

struct nd_adapter;

/* Registers NDIS' exports; before the driver is loaded. */
void nd_init(struct bus *bus, const struct system_options *options);

/* DriverEntry and MiniportDriverUnload. Returns the NTSTATUS; nd_unload checks that nothing is left. */
int32_t nd_driver_entry(void *entry);
void nd_unload(void);

/* ---- Life of an adapter. Names are those of the states in MiniportInitializeEx' documentation ---- */

/* MiniportInitializeEx for a bus function. Returns its NDIS_STATUS; 0: the adapter is Paused. */
int32_t nd_initialize(unsigned function, struct nd_adapter **adapter);
/* The same for an adapter that was halted before. */
int32_t nd_initialize_again(struct nd_adapter *adapter);
/* MiniportRestart, then what a protocol sets when it binds. False: the miniport failed it. */
bool nd_restart(struct nd_adapter *adapter);
/* MiniportPause, to its end: every frame is back afterwards. */
void nd_pause(struct nd_adapter *adapter);
/* MiniportHaltEx of a paused adapter, and what must be freed by then. */
enum nd_halt { ND_HALT_DISABLED = 0, ND_HALT_POWERED_DOWN = 2, ND_HALT_REMOVED = 3, ND_HALT_STOPPED = 6 };
void nd_halt(struct nd_adapter *adapter, enum nd_halt why);
/* MiniportResetEx to its end, with addressing restored when the miniport asks for it. False: it failed. */
bool nd_reset(struct nd_adapter *adapter);
/* The device is pulled out: event, pause, halt. All its registers read as ones from here on. */
void nd_surprise_remove(struct nd_adapter *adapter);
/* Puts the card back in its slot; nd_initialize_again starts it. */
void nd_plug_in(struct nd_adapter *adapter);
/* Sleep (pause, OID_PNP_SET_POWER D3; the device then loses its state) and wake (D0, restart). */
bool nd_sleep(struct nd_adapter *adapter);
bool nd_wake(struct nd_adapter *adapter);
/* MiniportShutdownEx, as a shutdown by the user or from a bug check; the adapter is of no use afterwards. */
void nd_shutdown(struct nd_adapter *adapter, bool bug_check);
/* The disable and enable handlers of interrupts, in a pair, at DIRQL. */
void nd_mask_interrupts(struct nd_adapter *adapter);
/* Pauses and halts whatever still runs, and forgets the adapter. */
void nd_remove(struct nd_adapter *adapter);

bool nd_is_running(const struct nd_adapter *adapter);
/* Whether the device was pulled out; then nobody answers at its addresses. */
bool nd_is_gone(uint64_t address);

/* ---- Frames ---- */

/* One frame from the stack above. Everything is copied during nd_send. */
struct nd_packet {
    const uint8_t *bytes;     /* from the destination address on, without a tag */
    uint32_t length;
    bool is_tagged;
    uint16_t tag;             /* tag control information, host order */
    uint16_t checksum_start;  /* 0: the checksum is complete; else where TCP or UDP starts, whose checksum field holds */
    uint16_t checksum_offset; /* the pseudo-header's sum; offset of that field from there */
    uint16_t mss;             /* 0: one frame; else TCP data bytes of each segment */
};

/* Whether one more frame can be taken now. */
bool nd_send_room(const struct nd_adapter *adapter);
/*
 * Puts a frame into the batch that goes to the miniport with the next nd_send_flush. What the miniport does not offload
 * now is done here in software. False: such a frame cannot be sent (cutting is wanted and not offered, or it is too long).
 */
bool nd_send(struct nd_adapter *adapter, const struct nd_packet *packet);
void nd_send_flush(struct nd_adapter *adapter);
/* Frames that the miniport has. */
unsigned nd_sends_outstanding(const struct nd_adapter *adapter);
/* MiniportCancelSend for what nd_send tagged: every frame carries its adapter's cancel id. */
void nd_cancel_sends(struct nd_adapter *adapter);

/* One received frame, valid during the call. */
struct nd_frame {
    const uint8_t *bytes; /* without a tag */
    uint32_t length;
    bool is_tagged;
    uint16_t tag;
    bool checksum_good;   /* TCP or UDP: the miniport vouches for it */
    bool checksum_bad;    /* ... or says that it is wrong */
};

/* Sets who gets received frames. Called from inside of the miniport's indication or later, from nd_pump. */
void nd_on_receive(struct nd_adapter *adapter, void (*receive)(void *context, const struct nd_frame *frame),
                   void *context);

/* ---- Requests ---- */

struct nd_request {
    uint32_t oid;
    bool is_set;
    void *data;        /* in and out */
    uint32_t length;
    uint32_t done;     /* out: bytes written or read */
    uint32_t needed;   /* out */
};

/* MiniportOidRequest to its end. Returns the NDIS_STATUS. OIDs that NDIS answers by itself are answered as it does. */
int32_t nd_oid(struct nd_adapter *adapter, struct nd_request *request);
/* OIDs that the miniport listed. */
unsigned nd_oid_list(const struct nd_adapter *adapter, const uint32_t **oids);

/* ---- What the miniport stated ---- */

struct nd_properties {
    uint8_t permanent_mac[ND_MAC], mac[ND_MAC];
    uint32_t mtu, filters, mac_options, multicast_most, statistics;
    bool link_known, link_up, full_duplex;
    BUS_U64 transmit_bits, receive_bits; /* per second */
    bool uses_messages;
    unsigned messages;
    /* Offloads enabled now */
    bool ip_checksum_send, tcp4_send, udp4_send, tcp6_send, udp6_send;
    bool ip_checksum_receive, tcp4_receive, udp4_receive, tcp6_receive, udp6_receive;
    uint32_t lso_v1, lso_v2_4, lso_v2_6; /* largest TCP payload, 0: off */
    bool encapsulation_set; /* a protocol said OID_OFFLOAD_ENCAPSULATION */
};
void nd_properties(const struct nd_adapter *adapter, struct nd_properties *properties);

struct nd_counters {
    unsigned long interrupts, dpcs;
    unsigned long sent, sent_bytes, send_failed, send_lists, send_batches, send_segmented, send_checksums;
    unsigned long send_tagged, send_dropped;
    unsigned long received, received_bytes, received_good, received_bad, received_tagged, received_multi;
    unsigned long received_resources, receive_batches, unwanted, resets, hangs, link_changes;
};
const struct nd_counters *nd_counters(const struct nd_adapter *adapter);

/* ---- Time ---- */

/* Delivers interrupts, DPCs, timers, work items and returned frames, waiting up to timeout_us for the device. */
void nd_pump(unsigned timeout_us);
/* Whether anything that a pump without waiting would do is due. */
bool nd_is_busy(void);

/* What an NDIS_STATUS is called. */
const char *nd_status_text(int32_t status);

#endif
