/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The event log as StorPort miniports write it. */
#ifndef NTHOST_STORPORT_EVENTS_H
#define NTHOST_STORPORT_EVENTS_H

#include <ntddk.h>

#include <storport.h>

/*
 * StorPortLogSystemEvent: checks the record. maximum: out, may be NULL: bytes of dump data and strings that an entry
 * takes, when these were too many. Returns a STOR_STATUS.
 */
ULONG event_add_details(const STOR_LOG_EVENT_DETAILS *details, ULONG *maximum);

#endif
