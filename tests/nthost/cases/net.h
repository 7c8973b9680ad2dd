/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the cases of network drivers share: starting, waiting, small queries, a bridge to Linux. */
#ifndef NTHOST_CASES_NET_H
#define NTHOST_CASES_NET_H

#include "cases.h"
#include "virtio_diag.h"

/* Calls DriverEntry, initialises and restarts an adapter for each virtio function; false, with a line, if one fails. */
bool net_start(struct run *run);

/* Pumps until condition(context) holds, at most milliseconds; false: time is up or the device is gone. */
bool net_wait(struct run *run, unsigned milliseconds, bool (*condition)(void *context), void *context);

/* OID query and set of one size; false, with a line, unless the status is wanted. */
bool net_query(struct nd_adapter *adapter, uint32_t oid, void *data, uint32_t length);
bool net_set(struct nd_adapter *adapter, uint32_t oid, const void *data, uint32_t length);

/*
 * The diagnostic record as a user program gets it through WMI: OID_GEN_SUPPORTED_GUIDS maps VIRTIO_DIAG_NDIS_GUID to
 * VIRTIO_DIAG_NDIS_OID. False, with a line, when either is not as virtio_diag.h says.
 */
bool net_diag(struct nd_adapter *adapter, VIRTIO_DIAG *diag);
void net_say_diag(const VIRTIO_DIAG *diag);

/* The counters, for people and for scenarios. */
void net_say_counters(unsigned number, const struct nd_adapter *adapter);

/* ---- Bridge: one TAP device above each adapter (--tap-above) ---- */

struct net_bridge;

/* Opens the TAP devices; NULL, with a line, when one cannot be had or fewer were named than there are adapters. */
struct net_bridge *net_bridge_open(struct run *run);
/* Moves what is there in both directions, waiting a little when there is nothing. */
void net_bridge_move(struct net_bridge *bridge);
/* Takes the TAP devices away. */
void net_bridge_close(struct net_bridge *bridge);

#endif
