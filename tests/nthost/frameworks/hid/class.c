/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The HID class above a minidriver. hid_d "HID Minidrivers", hid_r page of each IOCTL. */
#include <ntddk.h>

#include <wdf.h>

#include <hidport.h>

#include "hid_host.h"

#include <stdlib.h>
#include <string.h>

#include "cpu/cpu.h"
#include "frameworks/wdf/device.h"
#include "mem/memory.h"
#include "nt/irp.h"
#include "verify/verify.h"

enum { LANGUAGE = 0x0409, LONGEST_DESCRIPTOR = 4096 };

struct reader {
    struct hid_device *device;
    IRP *irp;
    uint8_t *buffer;
    bool is_pending, is_sending, came_back;
};

struct hid_device {
    struct wdf_device *wdf;
    struct hid_identity identity;
    struct hid_map map;
    uint8_t *descriptor;
    struct reader reader[HID_READS];
    bool is_reading;
    struct hid_report *ring;
    unsigned first, used;
    struct hid_counts counts;
};

/* ---- One request, waited for ---- */

struct transfer {
    uint32_t code;
    void *user_buffer, *input;
    uint32_t input_length, output_length;
    uint32_t most; /* bytes that may be said to be there; 0: output_length */
    bool completed;
    NTSTATUS status;
    uint32_t information;
};

static NTSTATUS NTAPI transfer_done(PDEVICE_OBJECT device_object, PIRP irp, PVOID context)
{
    struct transfer *t = context;
    (void)device_object;
    if (t->completed) {
        rule_broken("irp.twice", "control code %#x is completed a second time", t->code);
    }
    t->completed = true;
    t->status = irp->IoStatus.Status;
    t->information = (uint32_t)irp->IoStatus.Information;
    return STATUS_MORE_PROCESSING_REQUIRED;
}

/* mshidkmdf.sys passes each IRP on as it is: so the location that the driver sees is filled in here. */
static void prepare(IRP *irp, uint32_t code, void *user_buffer, void *input, uint32_t input_length,
                    uint32_t output_length)
{
    IO_STACK_LOCATION *next = irp_next(irp);
    next->MajorFunction = IRP_MJ_INTERNAL_DEVICE_CONTROL;
    next->Parameters.DeviceIoControl.IoControlCode = code;
    next->Parameters.DeviceIoControl.InputBufferLength = input_length;
    next->Parameters.DeviceIoControl.OutputBufferLength = output_length;
    next->Parameters.DeviceIoControl.Type3InputBuffer = input;
    irp->UserBuffer = user_buffer;
}

/* Returns its NTSTATUS; STATUS_PENDING: it did not complete, and was cancelled or is lost. */
static NTSTATUS perform(struct hid_device *device, struct transfer *t)
{
    uint64_t end = wdf.bus->ops->clock_us(wdf.bus) + WDF_WAIT_S * 1000000ull;
    IRP *irp = irp_alloc((CCHAR)(device->wdf->fdo->StackSize + 1));
    NTSTATUS sent;
    prepare(irp, t->code, t->user_buffer, t->input, t->input_length, t->output_length);
    irp_on_completion(irp, transfer_done, t);
    sent = irp_send(device->wdf->fdo, irp);
    if (sent != STATUS_PENDING && !t->completed) {
        rule_broken("irp.status", "control code %#x: the dispatch routine returned %#x without completing the IRP",
                    t->code, (unsigned)sent);
    }
    while (!t->completed && wdf.bus->ops->clock_us(wdf.bus) < end && !wdf.bus->dead) {
        wdf_pump(1000);
    }
    if (!t->completed) {
        irp_cancel(irp);
        if (!t->completed) {
            rule_broken("hid.lost", "control code %#x neither completes nor can be cancelled", t->code);
        }
        irp_free(irp);
        return STATUS_PENDING;
    }
    if (t->status >= 0 && t->information > (t->most != 0 ? t->most : t->output_length) && t->output_length != 0) {
        rule_broken("hid.length", "control code %#x: %u bytes are said to be in a buffer of %u", t->code,
                    t->information, t->most != 0 ? t->most : t->output_length);
    }
    irp_free(irp);
    return t->status;
}

/* Asks for length bytes; the buffer ends at a guard page. */
static NTSTATUS query(struct hid_device *device, uint32_t code, uintptr_t input, void *buffer, uint32_t length,
                      uint32_t *got)
{
    uint8_t *bytes = memory_alloc(MEMORY_POOL, length, 0, "HID query buffer");
    struct transfer t = {.code = code, .user_buffer = bytes, .input = (void *)input, .output_length = length};
    NTSTATUS status = perform(device, &t);
    *got = status >= 0 ? t.information : 0;
    memcpy(buffer, bytes, length);
    memory_free(bytes);
    return status;
}

/* ---- Start ---- */

static void get_string(struct hid_device *device, unsigned id, char text[HID_STRING_CHARS + 1])
{
    WCHAR wide[HID_STRING_CHARS] = {0};
    uint32_t got, i = 0;
    text[0] = '\0';
    if (query(device, IOCTL_HID_GET_STRING, (uintptr_t)(LANGUAGE << 16 | id), wide, sizeof wide, &got) >= 0) {
        for (; i < got / sizeof(WCHAR) && i < HID_STRING_CHARS && wide[i] != 0; i++) {
            text[i] = wide[i] < 128 ? (char)wide[i] : '?';
        }
        text[i] = '\0';
        if (i == got / sizeof(WCHAR)) {
            rule_broken("hid.string", "string %u of %u bytes has no terminator", id, got);
        }
    }
}

static bool get_descriptors(struct hid_device *device, char *why, size_t why_size)
{
    HID_DESCRIPTOR hid;
    HID_DEVICE_ATTRIBUTES attributes;
    uint32_t got, length;
    NTSTATUS status = query(device, IOCTL_HID_GET_DEVICE_DESCRIPTOR, 0, &hid, sizeof hid, &got);
    if (status < 0 || status == STATUS_PENDING || got != sizeof hid || hid.bLength != sizeof hid ||
        hid.bDescriptorType != HID_HID_DESCRIPTOR_TYPE || hid.bNumDescriptors != 1 ||
        hid.DescriptorList[0].bReportType != HID_REPORT_DESCRIPTOR_TYPE) {
        hid_explain(why, why_size, "GET_DEVICE_DESCRIPTOR", (uint32_t)status, got);
        return false;
    }
    status = query(device, IOCTL_HID_GET_DEVICE_ATTRIBUTES, 0, &attributes, sizeof attributes, &got);
    if (status < 0 || status == STATUS_PENDING || got != sizeof attributes || attributes.Size != sizeof attributes) {
        hid_explain(why, why_size, "GET_DEVICE_ATTRIBUTES", (uint32_t)status, got);
        return false;
    }
    length = hid.DescriptorList[0].wReportLength;
    device->descriptor = calloc(1, length + 1u);
    status = length != 0 && length <= LONGEST_DESCRIPTOR
                 ? query(device, IOCTL_HID_GET_REPORT_DESCRIPTOR, 0, device->descriptor, length, &got)
                 : STATUS_INVALID_PARAMETER;
    if (status < 0 || status == STATUS_PENDING || got != length) {
        hid_explain(why, why_size, "GET_REPORT_DESCRIPTOR", (uint32_t)status, got);
        return false;
    }
    device->identity = (struct hid_identity){.vendor = attributes.VendorID,
                                             .product = attributes.ProductID,
                                             .version = attributes.VersionNumber,
                                             .descriptor = device->descriptor,
                                             .descriptor_length = length};
    return hid_split(device->descriptor, length, &device->map, why, why_size);
}

static NTSTATUS NTAPI read_done(PDEVICE_OBJECT device_object, PIRP irp, PVOID context);

static void make_reader(struct hid_device *device, struct reader *r)
{
    r->device = device;
    r->irp = irp_alloc((CCHAR)(device->wdf->fdo->StackSize + 1));
    r->buffer = memory_alloc(MEMORY_POOL, device->map.longest[HID_INPUT], 0, "read report buffer");
}

struct hid_device *hid_open(struct wdf_device *wdf_device, char *why, size_t why_size)
{
    struct hid_device *device = calloc(1, sizeof *device);
    device->wdf = wdf_device;
    if (!get_descriptors(device, why, why_size)) {
        free(device->descriptor);
        free(device);
        return NULL;
    }
    get_string(device, HID_STRING_ID_IMANUFACTURER, device->identity.manufacturer);
    get_string(device, HID_STRING_ID_IPRODUCT, device->identity.name);
    get_string(device, HID_STRING_ID_ISERIALNUMBER, device->identity.serial);
    device->ring = calloc(HID_RING, sizeof *device->ring);
    for (unsigned i = 0; i < HID_READS && device->map.longest[HID_INPUT] != 0; i++) {
        make_reader(device, &device->reader[i]);
    }
    return device;
}

const struct hid_identity *hid_identity(const struct hid_device *device)
{
    return &device->identity;
}

const struct hid_map *hid_map(const struct hid_device *device)
{
    return &device->map;
}

/* ---- Reads ---- */

static void send_read(struct reader *r)
{
    do {
        uint32_t length = r->device->map.longest[HID_INPUT];
        NTSTATUS status;
        irp_reuse(r->irp);
        memset(r->buffer, 0xee, length);
        prepare(r->irp, IOCTL_HID_READ_REPORT, r->buffer, NULL, 0, length);
        irp_on_completion(r->irp, read_done, r);
        r->is_pending = true;
        r->came_back = false;
        r->device->counts.pending++;
        r->is_sending = true;
        status = irp_send(r->device->wdf->fdo, r->irp);
        r->is_sending = false;
        if (status != STATUS_PENDING && r->is_pending) {
            rule_broken("irp.status", "a read: the dispatch routine returned %#x without completing the IRP",
                        (unsigned)status);
        }
    } while (r->came_back && r->device->is_reading);
}

static void take_report(struct hid_device *device, const uint8_t *bytes, uint32_t length)
{
    uint32_t wanted = hid_report_length(&device->map, HID_INPUT, device->map.has_ids ? bytes[0] : 0);
    struct hid_report *report;
    if (length == 0 || wanted == 0 || length != wanted) {
        rule_broken("hid.report", "an input report of %u bytes with id %u; the descriptor says %u bytes", length,
                    device->map.has_ids && length != 0 ? bytes[0] : 0, wanted);
    }
    if (device->used == HID_RING) {
        device->first = (device->first + 1) % HID_RING;
        device->used--;
        device->counts.dropped++;
    }
    report = &device->ring[(device->first + device->used++) % HID_RING];
    report->length = (uint16_t)length;
    memcpy(report->bytes, bytes, length);
}

/* HIDCLASS sends the read again from its completion routine, in the middle of the driver's work. */
static NTSTATUS NTAPI read_done(PDEVICE_OBJECT device_object, PIRP irp, PVOID context)
{
    struct reader *r = context;
    struct hid_device *device = r->device;
    (void)device_object;
    if (!r->is_pending) {
        rule_broken("irp.twice", "a read is completed a second time");
    }
    r->is_pending = false;
    device->counts.pending--;
    if (irp->IoStatus.Status >= 0) {
        if (irp->IoStatus.Information > device->map.longest[HID_INPUT]) {
            rule_broken("hid.length", "a read of %u bytes completes with %u", device->map.longest[HID_INPUT],
                        (unsigned)irp->IoStatus.Information);
        }
        device->counts.good++;
        take_report(device, r->buffer, (uint32_t)irp->IoStatus.Information);
    } else if (irp->IoStatus.Status == STATUS_CANCELLED) {
        device->counts.cancelled++;
    } else {
        trace("a read ends with %#x", (unsigned)irp->IoStatus.Status);
        device->counts.failed++;
        device->is_reading = false;
    }
    r->came_back = true;
    if (device->is_reading && !r->is_sending) {
        send_read(r);
    }
    return STATUS_MORE_PROCESSING_REQUIRED;
}

void hid_start_reads(struct hid_device *device, unsigned count)
{
    device->is_reading = true;
    for (unsigned i = 0; i < count && i < HID_READS; i++) {
        if (device->reader[i].irp != NULL && !device->reader[i].is_pending && device->is_reading) {
            send_read(&device->reader[i]);
        }
    }
}

void hid_cancel_one(struct hid_device *device, unsigned index)
{
    struct reader *r = &device->reader[index % HID_READS];
    if (r->is_pending) {
        irp_cancel(r->irp);
    }
}

void hid_stop_reads(struct hid_device *device)
{
    uint64_t end = wdf.bus->ops->clock_us(wdf.bus) + WDF_WAIT_S * 1000000ull;
    device->is_reading = false;
    for (unsigned i = 0; i < HID_READS; i++) {
        if (device->reader[i].is_pending) {
            irp_cancel(device->reader[i].irp);
        }
    }
    while (device->counts.pending != 0 && wdf.bus->ops->clock_us(wdf.bus) < end && !wdf.bus->dead) {
        wdf_pump(1000);
    }
    if (device->counts.pending != 0) {
        rule_broken("hid.lost", "%u cancelled reads never came back", device->counts.pending);
    }
}

void hid_close(struct hid_device *device)
{
    hid_stop_reads(device);
    for (unsigned i = 0; i < HID_READS; i++) {
        if (device->reader[i].irp != NULL) {
            irp_free(device->reader[i].irp);
            memory_free(device->reader[i].buffer);
        }
    }
    free(device->ring);
    free(device->descriptor);
    free(device);
}

bool hid_next_report(struct hid_device *device, struct hid_report *report)
{
    if (device->used == 0) {
        return false;
    }
    *report = device->ring[device->first];
    device->first = (device->first + 1) % HID_RING;
    device->used--;
    return true;
}

bool hid_wait_report(struct hid_device *device, unsigned timeout_ms, struct hid_report *report)
{
    uint64_t end = wdf.bus->ops->clock_us(wdf.bus) + timeout_ms * 1000ull;
    while (!hid_next_report(device, report)) {
        if (wdf.bus->ops->clock_us(wdf.bus) >= end || wdf.bus->dead) {
            return false;
        }
        wdf_pump(1000);
    }
    return true;
}

/* ---- Output and the rest ---- */

/* A request with a packet; is_answer: the minidriver fills the report in, else it must leave it alone. */
static NTSTATUS transfer_packet(struct hid_device *device, uint32_t code, uint8_t *bytes, uint32_t length,
                                bool is_answer)
{
    HID_XFER_PACKET *packet = memory_alloc(MEMORY_POOL, sizeof *packet, 0, "HID_XFER_PACKET");
    struct transfer t = {.code = code, .user_buffer = packet};
    NTSTATUS status;
    packet->reportBuffer = memory_alloc(MEMORY_POOL, length, 0, "report of a packet");
    packet->reportBufferLen = length;
    packet->reportId = device->map.has_ids ? bytes[0] : 0;
    memcpy(packet->reportBuffer, bytes, length);
    *(is_answer ? &t.output_length : &t.input_length) = sizeof *packet;
    t.most = is_answer ? length : 0;
    status = perform(device, &t);
    if (!is_answer && memcmp(packet->reportBuffer, bytes, length) != 0) {
        rule_broken("hid.report", "the minidriver wrote into an output report");
    }
    memcpy(bytes, packet->reportBuffer, length);
    memory_free(packet->reportBuffer);
    memory_free(packet);
    return status;
}

int32_t hid_write(struct hid_device *device, const uint8_t *bytes, uint32_t length, bool by_set_output)
{
    uint8_t copy[HID_REPORT_BYTES];
    memcpy(copy, bytes, length);
    return transfer_packet(device, by_set_output ? IOCTL_HID_SET_OUTPUT_REPORT : IOCTL_HID_WRITE_REPORT, copy, length,
                           false);
}

int32_t hid_get(struct hid_device *device, enum hid_report_type type, uint8_t *bytes, uint32_t length)
{
    return transfer_packet(device, type == HID_FEATURE ? IOCTL_HID_GET_FEATURE : IOCTL_HID_GET_INPUT_REPORT, bytes,
                           length, true);
}

int32_t hid_control(struct hid_device *device, uint32_t code, uintptr_t argument)
{
    struct transfer t = {.code = code, .input = (void *)argument};
    return perform(device, &t);
}

struct hid_counts hid_counts(const struct hid_device *device)
{
    return device->counts;
}
