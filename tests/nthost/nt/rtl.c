/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Rtl: memory and strings. */
#include <ntddk.h>

#include "exports.h"
#include "wdm.h"

static SIZE_T NTAPI compare_memory(const VOID *a, const VOID *b, SIZE_T length)
{
    const uint8_t *left = a, *right = b;
    SIZE_T same = 0;
    while (same < length && left[same] == right[same]) {
        same++;
    }
    return same;
}

static VOID NTAPI init_unicode_string(UNICODE_STRING *string, const WCHAR *text)
{
    USHORT length = 0;
    while (text != NULL && text[length] != 0) {
        length++;
    }
    string->Buffer = (WCHAR *)(uintptr_t)text;
    string->Length = (USHORT)(length * sizeof(WCHAR));
    string->MaximumLength = (USHORT)(string->Length + (text != NULL ? sizeof(WCHAR) : 0));
}

#define MODULE "ntoskrnl.exe"
static struct export table[] = {
    NT_EXPORT_AS(MODULE, RtlCompareMemory, compare_memory),
    NT_EXPORT_AS(MODULE, RtlInitUnicodeString, init_unicode_string),
};

void exports_rtl(void)
{
    exports_add(table, sizeof table / sizeof table[0]);
}
