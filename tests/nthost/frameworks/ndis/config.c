/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The adapter's registry key: what the command line put there. netlh_r "NdisReadConfiguration", "NdisReadNetworkAddress". */
#include "adapter.h"

#include <string.h>

#include "mem/memory.h"
#include "verify/verify.h"

enum { MOST_ANSWERS = 128 };

/* What one configuration handle has given out; all of it goes when the handle is closed. */
struct answers {
    void *memory[MOST_ANSWERS];
    unsigned count;
};

static void *answer(struct object *o, size_t size)
{
    struct answers *answers = o->detail;
    if (answers->count == MOST_ANSWERS) {
        rule_broken("ndis.configuration", "more than %d values are read through one handle", MOST_ANSWERS);
    }
    answers->memory[answers->count] = memory_alloc(MEMORY_POOL, size, 0, "registry value");
    return answers->memory[answers->count++];
}

NDIS_STATUS NTAPI NdisOpenConfigurationEx(PNDIS_CONFIGURATION_OBJECT ConfigObject, PNDIS_HANDLE ConfigurationHandle)
{
    struct object *o;
    header_check(&ConfigObject->Header, NDIS_OBJECT_TYPE_CONFIGURATION_OBJECT, 1,
                 NDIS_SIZEOF_CONFIGURATION_OBJECT_REVISION_1, "NDIS_CONFIGURATION_OBJECT");
    o = object_create(OBJECT_CONFIGURATION, adapter_or_driver(ConfigObject->NdisHandle), NULL, 0);
    o->detail = host_zalloc(sizeof(struct answers));
    *ConfigurationHandle = o;
    return NDIS_STATUS_SUCCESS;
}

VOID NTAPI NdisCloseConfiguration(NDIS_HANDLE ConfigurationHandle)
{
    struct object *o = object_of(ConfigurationHandle, OBJECT_CONFIGURATION);
    struct answers *answers = o->detail;
    while (answers->count > 0) {
        memory_free(answers->memory[--answers->count]);
    }
    object_release(o);
}

static int lower(int c)
{
    return c >= 'A' && c <= 'Z' ? c + 'a' - 'A' : c;
}

/* The text behind NAME= of the command line; value names do not care for case. NULL: not there. */
static const char *value_of(const WCHAR *name, size_t length)
{
    for (const char *const *k = nd.options.keywords; k != NULL && *k != NULL; k++) {
        size_t i = 0;
        while (i < length && (*k)[i] != '\0' && lower((unsigned char)(*k)[i]) == lower(name[i])) {
            i++;
        }
        if (i == length && (*k)[i] == '=') {
            return *k + i + 1;
        }
    }
    return NULL;
}

static bool to_number(const char *text, unsigned base, ULONG *number)
{
    unsigned long long value = 0;
    if (*text == '\0') {
        return false;
    }
    for (; *text != '\0'; text++) {
        int c = lower((unsigned char)*text);
        unsigned digit = c >= '0' && c <= '9' ? (unsigned)(c - '0') : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 99;
        value = value * base + digit;
        if (digit >= base || value > 0xffffffff) {
            return false;
        }
    }
    *number = (ULONG)value;
    return true;
}

static WCHAR *to_wide(struct object *o, const char *text)
{
    size_t length = strlen(text);
    WCHAR *wide = answer(o, (length + 1) * sizeof(WCHAR));
    for (size_t i = 0; i <= length; i++) {
        wide[i] = (WCHAR)(unsigned char)text[i];
    }
    return wide;
}

VOID NTAPI NdisReadConfiguration(PNDIS_STATUS Status, PNDIS_CONFIGURATION_PARAMETER *ParameterValue,
                                 NDIS_HANDLE ConfigurationHandle, PNDIS_STRING Keyword, NDIS_PARAMETER_TYPE ParameterType)
{
    struct object *o = object_of(ConfigurationHandle, OBJECT_CONFIGURATION);
    const char *text = value_of(Keyword->Buffer, Keyword->Length / sizeof(WCHAR));
    NDIS_CONFIGURATION_PARAMETER *value;
    ULONG number = 0;
    bool is_number = ParameterType == NdisParameterInteger || ParameterType == NdisParameterHexInteger;
    *Status = NDIS_STATUS_FAILURE;
    if (text == NULL || (is_number && !to_number(text, ParameterType == NdisParameterInteger ? 10 : 16, &number))) {
        return;
    }
    value = answer(o, sizeof *value);
    value->ParameterType = is_number ? ParameterType : NdisParameterString;
    if (is_number) {
        value->ParameterData.IntegerData = number;
    } else {
        value->ParameterData.StringData.Length = (USHORT)(strlen(text) * sizeof(WCHAR));
        value->ParameterData.StringData.MaximumLength = (USHORT)(value->ParameterData.StringData.Length + sizeof(WCHAR));
        value->ParameterData.StringData.Buffer = to_wide(o, text);
    }
    *ParameterValue = value;
    *Status = NDIS_STATUS_SUCCESS;
}

VOID NTAPI NdisReadNetworkAddress(PNDIS_STATUS Status, PVOID *NetworkAddress, PUINT NetworkAddressLength,
                                  NDIS_HANDLE ConfigurationHandle)
{
    static const WCHAR name[] = {'N', 'e', 't', 'w', 'o', 'r', 'k', 'A', 'd', 'd', 'r', 'e', 's', 's'};
    struct object *o = object_of(ConfigurationHandle, OBJECT_CONFIGURATION);
    const char *text = value_of(name, sizeof name / sizeof name[0]);
    UCHAR *address;
    UINT length = 0;
    *Status = NDIS_STATUS_FAILURE;
    if (text == NULL || *text == '\0') {
        return;
    }
    address = answer(o, strlen(text));
    while (*text != '\0') {
        char pair[3] = {text[0], text[1], '\0'};
        ULONG byte;
        if (!to_number(pair, 16, &byte) || pair[1] == '\0') {
            return; /* no address: NDIS hands out none */
        }
        address[length++] = (UCHAR)byte;
        text += 2;
        text += *text == '-';
    }
    *NetworkAddress = address;
    *NetworkAddressLength = length;
    *Status = NDIS_STATUS_SUCCESS;
}
