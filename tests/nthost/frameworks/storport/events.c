/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The event log: kept for the cases to read, said in the trace. */
#include "events.h"

#include <string.h>

#include "storport_host.h"
#include "verify/verify.h"

static struct sp_event events[SP_MAX_EVENTS];
static unsigned event_count;

unsigned sp_event_count(void)
{
    return event_count;
}

const struct sp_event *sp_event(unsigned index)
{
    return index < event_count ? &events[index] : NULL;
}

void event_add(ULONG error_code, ULONG unique_id, const WCHAR *text)
{
    struct sp_event *e = &events[event_count];
    if (event_count == SP_MAX_EVENTS) {
        rule_broken("storport.eventlog", "the driver fills the event log: %d entries", SP_MAX_EVENTS);
    }
    memset(e, 0, sizeof *e);
    e->error_code = error_code;
    e->unique_id = unique_id;
    for (size_t i = 0; text != NULL && text[i] != 0 && i + 1 < sizeof e->text; i++) {
        e->text[i] = text[i] < 0x80 ? (char)text[i] : '?';
    }
    event_count++;
    trace("event log: code %#x, id %#x, \"%s\"", (unsigned)error_code, (unsigned)unique_id, e->text);
}

ULONG event_add_details(const STOR_LOG_EVENT_DETAILS *details)
{
    if (details->InterfaceRevision != STOR_CURRENT_LOG_INTERFACE_REVISION || details->Size != sizeof *details ||
        details->Flags != 0 || details->EventAssociation >= StorEventInvalidAssociation) {
        rule_broken("storport.eventlog", "STOR_LOG_EVENT_DETAILS is not filled in as its revision wants it");
    }
    event_add(details->ErrorCode, details->UniqueId, details->StringCount > 0 ? details->StringList[0] : NULL);
    return STOR_STATUS_SUCCESS;
}
