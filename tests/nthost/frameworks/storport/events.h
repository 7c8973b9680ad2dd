/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The system event log as a miniport writes it. */
#ifndef NTHOST_STORPORT_EVENTS_H
#define NTHOST_STORPORT_EVENTS_H

#include <ntddk.h>

#include <storport.h>

/* One entry; text may be NULL. */
void event_add(ULONG error_code, ULONG unique_id, const WCHAR *text);

/* StorPortLogSystemEvent: checks the record. Returns a STOR_STATUS. */
ULONG event_add_details(const STOR_LOG_EVENT_DETAILS *details);

#endif
