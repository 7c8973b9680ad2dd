/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* HID descriptor, attributes, strings; see input_identity.h. Layer: core. Highest IRQL: any. */
#include "input_identity.h"

static const char manufacturer[] = "VirtIO";
static const char nameless[] = "VirtIO input device";

VOID InputIdentityHidDescriptor(UINT16 report_descriptor_length, UINT8 *descriptor)
{
    descriptor[0] = INPUT_HID_DESCRIPTOR_LENGTH;
    descriptor[1] = INPUT_HID_DESCRIPTOR_TYPE;
    descriptor[2] = (UINT8)(INPUT_HID_VERSION & 0xFF);
    descriptor[3] = (UINT8)(INPUT_HID_VERSION >> 8);
    descriptor[4] = 0; /* country */
    descriptor[5] = 1; /* descriptors that follow */
    descriptor[6] = INPUT_HID_REPORT_TYPE;
    descriptor[7] = (UINT8)(report_descriptor_length & 0xFF);
    descriptor[8] = (UINT8)(report_descriptor_length >> 8);
}

VOID InputIdentityAttributes(const INPUT_CONFIG *config, INPUT_HID_ATTRIBUTES *attributes)
{
    BOOLEAN is_named = (BOOLEAN)(config->has_ids && config->vendor != 0);

    RtlZeroMemory(attributes, sizeof(*attributes));
    attributes->size = sizeof(*attributes);
    attributes->vendor = is_named ? config->vendor : INPUT_FALLBACK_VENDOR;
    attributes->product = is_named ? config->product : INPUT_FALLBACK_PRODUCT;
    attributes->version = is_named ? config->version : INPUT_FALLBACK_VERSION;
}

/* A NUL within the length ends the text (INPUT-09: none is needed). */
static NTSTATUS CopyText(const UINT8 *text, UINT32 maximum, UINT16 *buffer, size_t size, UINT32 *length)
{
    UINT32 begin = 0;
    UINT32 end = 0;
    UINT32 i;

    while (end < maximum && text[end] != 0)
        end++;
    while (begin < end && text[begin] == ' ')
        begin++;
    while (end > begin && text[end - 1] == ' ')
        end--;
    if (begin == end)
        return STATUS_NOT_FOUND;
    *length = (end - begin + 1) * sizeof(UINT16);
    if (size < *length)
        return STATUS_BUFFER_TOO_SMALL;
    for (i = begin; i < end; i++)
        buffer[i - begin] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '_';
    buffer[end - begin] = 0;
    return STATUS_SUCCESS;
}

NTSTATUS InputIdentityString(const INPUT_CONFIG *config, UINT32 string_id, UINT16 *buffer, size_t size, UINT32 *length)
{
    NTSTATUS status;

    *length = 0;
    switch (string_id) {
    case INPUT_STRING_MANUFACTURER:
        return CopyText((const UINT8 *)manufacturer, sizeof(manufacturer), buffer, size, length);
    case INPUT_STRING_PRODUCT:
        status = CopyText(config->name, config->name_length, buffer, size, length);
        if (status != STATUS_NOT_FOUND)
            return status;
        return CopyText((const UINT8 *)nameless, sizeof(nameless), buffer, size, length);
    case INPUT_STRING_SERIAL:
        return CopyText(config->serial, config->serial_length, buffer, size, length);
    default:
        return STATUS_INVALID_PARAMETER;
    }
}
