/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* StorPortLogSystemEvent. */
#include "events.h"

#include "frameworks/event_log.h"
#include "verify/verify.h"

/*
 * Bytes of dump data and strings in one entry: storage_r "STOR_LOG_EVENT_DETAILS" says 150. An x86 kernel takes packets
 * of 152 bytes in all (wdm.h, ERROR_LOG_MAXIMUM_SIZE), of which the header is 48.
 */
enum { ENTRY_BYTES = sizeof(void *) == 8 ? 150 : 104 };

static ULONG entry_bytes(const STOR_LOG_EVENT_DETAILS *details)
{
    ULONG bytes = details->DumpDataSize;
    for (ULONG i = 0; i < details->StringCount; i++) {
        const WCHAR *text = details->StringList[i];
        do {
            bytes += sizeof *text;
        } while (*text++ != 0);
    }
    return bytes;
}

ULONG event_add_details(const STOR_LOG_EVENT_DETAILS *details, ULONG *maximum)
{
    char text[sizeof((struct event *)0)->text];
    size_t length = 0;
    const WCHAR *from = details->StringCount > 0 ? details->StringList[0] : NULL;
    if (details->InterfaceRevision != STOR_CURRENT_LOG_INTERFACE_REVISION || details->Size != sizeof *details ||
        details->Flags != 0 || details->EventAssociation >= StorEventInvalidAssociation) {
        rule_broken("storport.eventlog", "STOR_LOG_EVENT_DETAILS is not filled in as its revision wants it");
    }
    if (entry_bytes(details) > ENTRY_BYTES) {
        if (maximum != NULL) {
            *maximum = ENTRY_BYTES;
        }
        return STOR_STATUS_INVALID_BUFFER_SIZE;
    }
    for (; from != NULL && from[length] != 0 && length + 1 < sizeof text; length++) {
        text[length] = from[length] < 0x80 ? (char)from[length] : '?';
    }
    text[length] = '\0';
    event_add(details->ErrorCode, details->UniqueId, text);
    return STOR_STATUS_SUCCESS;
}
