/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Calls into a loaded hidparse.sys. hid_r page of each HidP_ function. */
#include <ntddk.h>

#include <hidusage.h>

#include <hidpi.h>

#include <hidpddi.h>

#include "parser.h"

#include <stdlib.h>
#include <string.h>

#include "cpu/cpu.h"
#include "image/image.h"
#include "mem/memory.h"
#include "nt/exports.h"
#include "nt/runtime.h"
#include "verify/verify.h"

struct parsed {
    HIDP_DEVICE_DESC *desc;
    HIDP_COLLECTION_DESC *collection;
    struct parsed_summary summary;
    HIDP_VALUE_CAPS *caps[3];
    USHORT caps_count[3];
};

static struct {
    NTSTATUS(NTAPI *get_collection_description)(PVOID descriptor, ULONG length, POOL_TYPE pool, HIDP_DEVICE_DESC *desc);
    VOID(NTAPI *free_collection_description)(HIDP_DEVICE_DESC *desc);
    NTSTATUS(NTAPI *get_caps)(PHIDP_PREPARSED_DATA data, HIDP_CAPS *caps);
    NTSTATUS(NTAPI *get_value_caps)
    (HIDP_REPORT_TYPE type, HIDP_VALUE_CAPS *caps, USHORT *count, PHIDP_PREPARSED_DATA data);
    NTSTATUS(NTAPI *get_usages_ex)
    (HIDP_REPORT_TYPE type, USHORT link, USAGE_AND_PAGE *usages, ULONG *count, PHIDP_PREPARSED_DATA data, PCHAR report,
     ULONG length);
    NTSTATUS(NTAPI *get_usage_value)
    (HIDP_REPORT_TYPE type, USAGE page, USHORT link, USAGE usage, ULONG *value, PHIDP_PREPARSED_DATA data, PCHAR report,
     ULONG length);
} hidp;

/* What a body needs; each wants some of it. */
struct job {
    struct parsed *parsed;
    const uint8_t *descriptor;
    uint32_t length;
    HIDP_REPORT_TYPE type;
    uint8_t *report;
    uint32_t *usages;
    struct parsed_value *values;
    int32_t result;
};

static void *need(struct image *image, const char *name)
{
    void *address = image_export(image, name);
    if (address == NULL) {
        host_fatal("%s: exports no %s: no HID parser", image->path, name);
    }
    return address;
}

void parser_load(const char *path)
{
    struct image *image;
    exports_runtime();
    image = image_load(path, exports_bind);
    hidp.get_collection_description = need(image, "HidP_GetCollectionDescription");
    hidp.free_collection_description = need(image, "HidP_FreeCollectionDescription");
    hidp.get_caps = need(image, "HidP_GetCaps");
    hidp.get_value_caps = need(image, "HidP_GetValueCaps");
    hidp.get_usages_ex = need(image, "HidP_GetUsagesEx");
    hidp.get_usage_value = need(image, "HidP_GetUsageValue");
}

bool parser_is_loaded(void)
{
    return hidp.get_caps != NULL;
}

static void open_body(void *argument)
{
    struct job *job = argument;
    struct parsed *p = job->parsed;
    HIDP_CAPS caps;
    job->result = hidp.get_collection_description((PVOID)job->descriptor, job->length, NonPagedPool, p->desc);
    if (job->result < 0 || p->desc->CollectionDescLength != 1) {
        job->result = job->result < 0 ? job->result : HIDP_STATUS_INTERNAL_ERROR;
        return;
    }
    p->collection = p->desc->CollectionDesc;
    job->result = hidp.get_caps(p->collection->PreparsedData, &caps);
    if (job->result < 0) {
        return;
    }
    p->summary = (struct parsed_summary){
        .usage_page = caps.UsagePage,
        .usage = caps.Usage,
        .length = {caps.InputReportByteLength, caps.OutputReportByteLength, caps.FeatureReportByteLength},
        .buttons = {caps.NumberInputButtonCaps, caps.NumberOutputButtonCaps, caps.NumberFeatureButtonCaps},
        .values = {caps.NumberInputValueCaps, caps.NumberOutputValueCaps, caps.NumberFeatureValueCaps}};
    for (int type = HidP_Input; type <= HidP_Feature && job->result >= 0; type++) {
        p->caps_count[type] = (USHORT)p->summary.values[type];
        if (p->caps_count[type] != 0) {
            p->caps[type] = calloc(p->caps_count[type], sizeof *p->caps[type]);
            job->result = hidp.get_value_caps((HIDP_REPORT_TYPE)type, p->caps[type], &p->caps_count[type],
                                              p->collection->PreparsedData);
        }
    }
}

static void close_body(void *argument)
{
    struct job *job = argument;
    hidp.free_collection_description(job->parsed->desc);
}

struct parsed *parser_open(const uint8_t *descriptor, uint32_t length, char *why, size_t why_size)
{
    struct parsed *p = calloc(1, sizeof *p);
    struct job job = {.parsed = p, .length = length};
    uint8_t *bytes = memory_alloc(MEMORY_POOL, length, 0, "report descriptor");
    memcpy(bytes, descriptor, length);
    job.descriptor = bytes;
    p->desc = memory_alloc(MEMORY_POOL, sizeof *p->desc, 0, "HIDP_DEVICE_DESC");
    memset(p->desc, 0, sizeof *p->desc);
    cpu_call_driver("HidP_GetCollectionDescription", IRQL_PASSIVE, open_body, &job);
    memory_free(bytes);
    if (job.result < 0) {
        hid_explain(why, why_size, "HidP_GetCollectionDescription", (uint32_t)job.result, p->desc->Dbg.ErrorCode);
        if (p->collection != NULL) {
            parser_close(p);
        } else {
            memory_free(p->desc);
            free(p);
        }
        return NULL;
    }
    return p;
}

void parser_close(struct parsed *p)
{
    struct job job = {.parsed = p};
    void *preparsed = p->collection->PreparsedData;
    cpu_call_driver("HidP_FreeCollectionDescription", IRQL_PASSIVE, close_body, &job);
    if (memory_holds(preparsed, 1)) {
        memory_free(preparsed); /* Wine's leaves it to its caller */
    }
    for (int type = 0; type < 3; type++) {
        free(p->caps[type]);
    }
    memory_free(p->desc);
    free(p);
}

const struct parsed_summary *parser_summary(const struct parsed *p)
{
    return &p->summary;
}

static void pressed_body(void *argument)
{
    struct job *job = argument;
    USAGE_AND_PAGE usages[PARSER_MOST];
    ULONG count = PARSER_MOST;
    job->result = hidp.get_usages_ex(job->type, 0, usages, &count, job->parsed->collection->PreparsedData,
                                     (PCHAR)job->report, job->parsed->summary.length[job->type]);
    if (job->result >= 0) {
        for (ULONG i = 0; i < count; i++) {
            job->usages[i] = (uint32_t)usages[i].UsagePage << 16 | usages[i].Usage;
        }
        job->result = (int32_t)count;
    }
}

/* The parser gets memory of its own, so that one byte too far is noticed. */
static int32_t with_report(struct job *job, const char *name, const uint8_t *report, void (*body)(void *argument))
{
    uint32_t length = job->parsed->summary.length[job->type];
    if (length == 0) {
        return 0;
    }
    job->report = memory_alloc(MEMORY_POOL, length, 0, "report");
    memcpy(job->report, report, length);
    cpu_call_driver(name, IRQL_PASSIVE, body, job);
    memory_free(job->report);
    return job->result;
}

int32_t parser_pressed(const struct parsed *p, enum hid_report_type type, const uint8_t *report,
                       uint32_t usages[PARSER_MOST])
{
    struct job job = {.parsed = (struct parsed *)p, .type = (HIDP_REPORT_TYPE)type, .usages = usages};
    return p->summary.buttons[type] != 0 ? with_report(&job, "HidP_GetUsagesEx", report, pressed_body) : 0;
}

static int32_t sign_extended(ULONG value, const HIDP_VALUE_CAPS *caps)
{
    ULONG sign = caps->BitSize < 32 ? 1u << (caps->BitSize - 1) : 0;
    return caps->LogicalMin < 0 && value & sign ? (int32_t)(value | ~(sign * 2 - 1)) : (int32_t)value;
}

static void values_body(void *argument)
{
    struct job *job = argument;
    const struct parsed *p = job->parsed;
    int32_t count = 0;
    for (USHORT i = 0; i < p->caps_count[job->type]; i++) {
        const HIDP_VALUE_CAPS *caps = &p->caps[job->type][i];
        USAGE first = caps->IsRange ? caps->Range.UsageMin : caps->NotRange.Usage;
        USAGE last = caps->IsRange ? caps->Range.UsageMax : caps->NotRange.Usage;
        if (caps->ReportID != job->report[0] || caps->ReportCount != 1) {
            continue;
        }
        for (unsigned usage = first; usage <= last && count < PARSER_MOST; usage++) {
            ULONG value;
            NTSTATUS status =
                hidp.get_usage_value(job->type, caps->UsagePage, caps->LinkCollection, (USAGE)usage, &value,
                                     p->collection->PreparsedData, (PCHAR)job->report, p->summary.length[job->type]);
            if (status < 0) {
                job->result = status;
                return;
            }
            job->values[count++] = (struct parsed_value){caps->UsagePage, (uint16_t)usage, sign_extended(value, caps),
                                                         caps->LogicalMin, caps->LogicalMax};
        }
    }
    job->result = count;
}

int32_t parser_values(const struct parsed *p, enum hid_report_type type, const uint8_t *report,
                      struct parsed_value values[PARSER_MOST])
{
    struct job job = {.parsed = (struct parsed *)p, .type = (HIDP_REPORT_TYPE)type, .values = values};
    return p->summary.values[type] != 0 ? with_report(&job, "HidP_GetUsageValue", report, values_body) : 0;
}
