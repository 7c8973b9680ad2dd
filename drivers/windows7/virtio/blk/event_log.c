/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The event log: why a device was refused, given up or reset. Layer: glue. IRQL: <= DISPATCH_LEVEL. */
#include "aerovblk.h"

#define TEXT_MAX 120

/* "aerovblk: " and the reason's text as UTF-16. */
static VOID BuildText(WCHAR *text, VIRTIO_REASON reason)
{
    static const char prefix[] = "aerovblk: ";
    const char *from = VirtioReasonText(reason);
    SIZE_T length = 0;
    SIZE_T i;

    for (i = 0; prefix[i] != '\0'; i++)
        text[length++] = (WCHAR)prefix[i];
    for (i = 0; from[i] != '\0' && length < TEXT_MAX - 1; i++)
        text[length++] = (WCHAR)from[i];
    text[length] = 0;
}

VOID AerovblkReport(AEROVBLK_ADAPTER *adapter)
{
    VIRTIO_REASON reason = adapter->device.reason;
    STOR_LOG_EVENT_DETAILS details;
    WCHAR text[TEXT_MAX];
    PWSTR strings[1];
    ULONG numbers[2];

    if (reason == VIRTIO_REASON_NONE || reason == adapter->reported_reason ||
        adapter->report_count >= AEROVBLK_REPORTS_MAX)
        return;
    adapter->reported_reason = reason;
    adapter->report_count++;

    BuildText(text, reason);
    strings[0] = text;
    numbers[0] = (ULONG)reason;
    numbers[1] = adapter->device.reason_detail;
    RtlZeroMemory(&details, sizeof(details));
    details.InterfaceRevision = STOR_CURRENT_LOG_INTERFACE_REVISION;
    details.Size = sizeof(details);
    details.EventAssociation = StorEventAdapterAssociation;
    details.StorportSpecificErrorCode = TRUE;
    details.ErrorCode = SP_INTERNAL_ADAPTER_ERROR;
    details.UniqueId = (ULONG)reason;
    details.DumpDataSize = sizeof(numbers);
    details.DumpData = numbers;
    details.StringCount = 1;
    details.StringList = strings;
    if (StorPortLogSystemEvent(adapter, &details, NULL) != STOR_STATUS_SUCCESS)
        StorPortLogError(adapter, NULL, 0, 0, 0, SP_INTERNAL_ADAPTER_ERROR, (ULONG)reason);
}
