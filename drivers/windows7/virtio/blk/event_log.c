/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The event log: why a device was refused, given up or reset. Layer: glue. IRQL: <= DISPATCH_LEVEL. */
#include "aerovblk.h"

/* Dump data and text of one entry together; WDK 7.1, "STOR_LOG_EVENT_DETAILS". The dump data is one number. */
#define ENTRY_BYTES       ((ULONG)150)
#define ENTRY_BYTES_LEAST 16
#define TEXT_MAX          ((ENTRY_BYTES - sizeof(ULONG)) / sizeof(WCHAR))

/* Writes an entry whose text is cut to what fits into size bytes. Returns a STOR_STATUS; size: then what is allowed. */
static ULONG WriteEntry(AEROVBLK_ADAPTER *adapter, VIRTIO_REASON reason, ULONG detail, ULONG *size)
{
    const char *from = VirtioReasonText(reason);
    STOR_LOG_EVENT_DETAILS details;
    WCHAR text[TEXT_MAX];
    PWSTR strings[1];
    SIZE_T room = (*size - sizeof(detail)) / sizeof(WCHAR) - 1;
    SIZE_T i;

    for (i = 0; from[i] != '\0' && i < room; i++)
        text[i] = (WCHAR)from[i];
    text[i] = 0;
    strings[0] = text;
    RtlZeroMemory(&details, sizeof(details));
    details.InterfaceRevision = STOR_CURRENT_LOG_INTERFACE_REVISION;
    details.Size = sizeof(details);
    details.EventAssociation = StorEventAdapterAssociation;
    details.StorportSpecificErrorCode = TRUE;
    details.ErrorCode = SP_INTERNAL_ADAPTER_ERROR;
    details.UniqueId = (ULONG)reason;
    details.DumpDataSize = sizeof(detail);
    details.DumpData = &detail;
    details.StringCount = 1;
    details.StringList = strings;
    return StorPortLogSystemEvent(adapter, &details, size);
}

VOID AerovblkReport(AEROVBLK_ADAPTER *adapter)
{
    VIRTIO_REASON reason = adapter->device.reason;
    ULONG detail = adapter->device.reason_detail;
    ULONG size = ENTRY_BYTES;
    ULONG status;

    if (reason == VIRTIO_REASON_NONE || reason == adapter->reported_reason ||
        adapter->report_count >= AEROVBLK_REPORTS_MAX)
        return;
    adapter->reported_reason = reason;
    adapter->report_count++;

    status = WriteEntry(adapter, reason, detail, &size);
    if (status == STOR_STATUS_INVALID_BUFFER_SIZE && size < ENTRY_BYTES && size >= ENTRY_BYTES_LEAST)
        status = WriteEntry(adapter, reason, detail, &size); /* x86 has less room */
    if (status != STOR_STATUS_SUCCESS)
        StorPortLogError(adapter, NULL, 0, 0, 0, SP_INTERNAL_ADAPTER_ERROR, (ULONG)reason);
}
