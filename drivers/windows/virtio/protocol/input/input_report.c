/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Events to reports; see input_report.h. Layer: core. Highest IRQL: any. */
#include "input_report.h"

static VOID PutLittle(UINT8 *report, UINT32 bit, UINT32 bits, UINT32 value)
{
    UINT32 i;

    for (i = 0; i < bits / 8; i++)
        report[bit / 8 + i] = (UINT8)(value >> (8 * i));
}

/* Everything up, positions as they are. */
static VOID RestImages(INPUT_REPORTS *reports)
{
    const INPUT_LAYOUT *layout = reports->layout;
    UINT32 collection;
    UINT32 axis;

    RtlZeroMemory(reports->down, sizeof(reports->down));
    for (collection = 0; collection < INPUT_COLLECTION_COUNT; collection++) {
        RtlZeroMemory(reports->image[collection], INPUT_REPORT_MAX);
        reports->image[collection][0] = INPUT_REPORT_ID(collection);
    }
    for (axis = 0; axis < INPUT_AXIS_COUNT; axis++) {
        if (layout->abs_slot[axis] != INPUT_NO_SLOT)
            PutLittle(reports->image[INPUT_SLOT_COLLECTION(layout->abs_slot[axis])],
                      INPUT_SLOT_BIT(layout->abs_slot[axis]), layout->abs_bits[axis], (UINT32)reports->position[axis]);
    }
}

VOID InputReportsInit(INPUT_REPORTS *reports, const INPUT_LAYOUT *layout)
{
    UINT32 axis;

    RtlZeroMemory(reports, sizeof(*reports));
    reports->layout = layout;
    for (axis = 0; axis < INPUT_AXIS_COUNT; axis++)
        reports->position[axis] = layout->ranges[axis].minimum;
    RestImages(reports);
    RtlCopyMemory(reports->reported, reports->image, sizeof(reports->reported));
}

/* Whether motion code belongs to the collection. */
static BOOLEAN IsMotionOf(const INPUT_REPORTS *reports, UINT32 code, UINT32 collection)
{
    UINT16 slot = reports->layout->rel_slot[code];

    return (BOOLEAN)(slot != INPUT_NO_SLOT && INPUT_SLOT_COLLECTION(slot) == collection);
}

static BOOLEAN HasNews(const INPUT_REPORTS *reports, UINT32 collection)
{
    UINT32 i;

    if (reports->must_report[collection])
        return TRUE;
    for (i = 0; i < reports->layout->input_length[collection]; i++) {
        if (reports->image[collection][i] != reports->reported[collection][i])
            return TRUE;
    }
    for (i = 0; i < INPUT_REL_COUNT; i++) {
        if (reports->motion[i] != 0 && IsMotionOf(reports, i, collection))
            return TRUE;
    }
    return FALSE;
}

/* Queues one report, with as much motion as fits into it. Returns: FALSE: no room. */
static BOOLEAN QueueOne(INPUT_REPORTS *reports, UINT32 collection)
{
    INPUT_REPORT *report;
    INT32 part;
    UINT32 i;

    if (reports->queue_count == INPUT_REPORT_QUEUE) {
        reports->stats.merged++;
        return FALSE;
    }
    report = &reports->queue[(reports->queue_head + reports->queue_count) % INPUT_REPORT_QUEUE];
    report->length = reports->layout->input_length[collection];
    RtlCopyMemory(report->data, reports->image[collection], INPUT_REPORT_MAX);
    for (i = 0; i < INPUT_REL_COUNT; i++) {
        if (!IsMotionOf(reports, i, collection))
            continue;
        part = reports->motion[i];
        if (part > INPUT_RELATIVE_MAX)
            part = INPUT_RELATIVE_MAX;
        if (part < -INPUT_RELATIVE_MAX)
            part = -INPUT_RELATIVE_MAX;
        reports->motion[i] -= part;
        PutLittle(report->data, INPUT_SLOT_BIT(reports->layout->rel_slot[i]), 16, (UINT32)part);
    }
    RtlCopyMemory(reports->reported[collection], reports->image[collection], INPUT_REPORT_MAX);
    reports->must_report[collection] = FALSE;
    reports->queue_count++;
    reports->stats.reports++;
    return TRUE;
}

/* Queues what is new, as far as there is room. */
static VOID Flush(INPUT_REPORTS *reports)
{
    UINT32 collection;

    for (collection = 0; collection < INPUT_COLLECTION_COUNT; collection++) {
        if (reports->layout->input_length[collection] == 0)
            continue;
        while (HasNews(reports, collection)) {
            if (!QueueOne(reports, collection))
                return;
        }
    }
}

static VOID SetBit(INPUT_REPORTS *reports, UINT16 slot, BOOLEAN is_down)
{
    UINT32 collection = INPUT_SLOT_COLLECTION(slot);
    UINT32 byte = INPUT_SLOT_BIT(slot) / 8;
    UINT8 mask = (UINT8)(1U << (INPUT_SLOT_BIT(slot) % 8));
    UINT8 *image = &reports->image[collection][byte];

    if (((*image & mask) != 0) == (is_down != FALSE))
        return;
    /* It has changed since the last report, and changes back: the reader shall see both (INPUT-12). */
    if (((*image ^ reports->reported[collection][byte]) & mask) != 0)
        (void)QueueOne(reports, collection);
    *image ^= mask;
}

/* Whether another key of the same usage is down. */
static BOOLEAN IsSharedDown(const INPUT_REPORTS *reports, UINT16 slot)
{
    UINT32 code;

    for (code = 0; code < INPUT_KEY_COUNT; code++) {
        if (InputConfigHas(reports->down, code) && reports->layout->key_slot[code] == slot)
            return TRUE;
    }
    return FALSE;
}

/* value: 0 up, 1 down, 2 still down. Returns: FALSE: not a key of this device. */
static BOOLEAN KeyEvent(INPUT_REPORTS *reports, UINT16 code, UINT32 value)
{
    UINT16 slot;
    UINT8 mask = (UINT8)(1U << (code % 8));

    if (code >= INPUT_KEY_COUNT || reports->layout->key_slot[code] == INPUT_NO_SLOT)
        return FALSE;
    slot = reports->layout->key_slot[code];
    if (value != 0)
        reports->down[code / 8] |= mask;
    else
        reports->down[code / 8] &= (UINT8)~mask;
    SetBit(reports, slot, (BOOLEAN)(value != 0 || IsSharedDown(reports, slot)));
    return TRUE;
}

static BOOLEAN MotionEvent(INPUT_REPORTS *reports, UINT16 code, INT32 value)
{
    INT32 *motion;

    if (code >= INPUT_REL_COUNT || reports->layout->rel_slot[code] == INPUT_NO_SLOT)
        return FALSE;
    motion = &reports->motion[code];
    if (value > INPUT_MOTION_MAX - *motion && value > 0)
        *motion = INPUT_MOTION_MAX;
    else if (value < -INPUT_MOTION_MAX - *motion && value < 0)
        *motion = -INPUT_MOTION_MAX;
    else
        *motion += value;
    return TRUE;
}

static BOOLEAN PositionEvent(INPUT_REPORTS *reports, UINT16 code, INT32 value)
{
    const INPUT_LAYOUT *layout = reports->layout;
    UINT16 slot;

    if (code >= INPUT_AXIS_COUNT || layout->abs_slot[code] == INPUT_NO_SLOT)
        return FALSE;
    if (value < layout->ranges[code].minimum)
        value = layout->ranges[code].minimum;
    if (value > layout->ranges[code].maximum)
        value = layout->ranges[code].maximum;
    slot = layout->abs_slot[code];
    reports->position[code] = value;
    PutLittle(reports->image[INPUT_SLOT_COLLECTION(slot)], INPUT_SLOT_BIT(slot), layout->abs_bits[code], (UINT32)value);
    return TRUE;
}

static VOID SynEvent(INPUT_REPORTS *reports, UINT16 code)
{
    if (code == INPUT_SYN_DROPPED) {
        reports->in_report = TRUE; /* what comes up to SYN_REPORT is not to be trusted */
        InputReportsLost(reports);
    } else if (code == INPUT_SYN_REPORT) {
        reports->in_report = FALSE;
        reports->is_skipping = FALSE;
        Flush(reports);
    }
}

VOID InputReportsEvent(INPUT_REPORTS *reports, const VIRTIO_INPUT_EVENT *event)
{
    BOOLEAN is_known;

    reports->stats.events++;
    if (event->type == INPUT_EV_SYN) {
        SynEvent(reports, event->code);
        return;
    }
    if (reports->is_skipping)
        return;
    switch (event->type) {
    case INPUT_EV_KEY:
        is_known = KeyEvent(reports, event->code, event->value);
        break;
    case INPUT_EV_REL:
        is_known = MotionEvent(reports, event->code, (INT32)event->value);
        break;
    case INPUT_EV_ABS:
        is_known = PositionEvent(reports, event->code, (INT32)event->value);
        break;
    default:
        is_known = FALSE;
        break;
    }
    if (is_known)
        reports->in_report = TRUE;
    else
        reports->stats.unknown++;
}

VOID InputReportsLost(INPUT_REPORTS *reports)
{
    reports->stats.dropped++;
    RestImages(reports);
    reports->is_skipping = reports->in_report;
    reports->in_report = FALSE;
    Flush(reports);
}

VOID InputReportsRelease(INPUT_REPORTS *reports)
{
    UINT32 collection;

    while (reports->queue_count != 0) {
        collection = INPUT_COLLECTION_OF(reports->queue[reports->queue_head].data[0]);
        reports->must_report[collection] = TRUE; /* the reader has not seen this one, so its state is not known */
        reports->queue_head = (UINT16)((reports->queue_head + 1) % INPUT_REPORT_QUEUE);
        reports->queue_count--;
    }
    RtlZeroMemory(reports->motion, sizeof(reports->motion));
    reports->in_report = FALSE;
    reports->is_skipping = FALSE;
    RestImages(reports);
    Flush(reports);
}

static NTSTATUS CopyReport(const UINT8 *from, UINT32 count, UINT8 *buffer, size_t size, UINT32 *length)
{
    if (size < count)
        return STATUS_BUFFER_TOO_SMALL;
    RtlCopyMemory(buffer, from, count);
    *length = count;
    return STATUS_SUCCESS;
}

NTSTATUS InputReportsPop(INPUT_REPORTS *reports, UINT8 *buffer, size_t size, UINT32 *length)
{
    const INPUT_REPORT *report = &reports->queue[reports->queue_head];
    NTSTATUS status;

    *length = 0;
    if (reports->queue_count == 0)
        return STATUS_NOT_FOUND;
    status = CopyReport(report->data, report->length, buffer, size, length);
    if (!NT_SUCCESS(status))
        return status;
    reports->queue_head = (UINT16)((reports->queue_head + 1) % INPUT_REPORT_QUEUE);
    reports->queue_count--;
    if (!reports->in_report)
        Flush(reports); /* what found no room */
    return STATUS_SUCCESS;
}

NTSTATUS InputReportsCurrent(const INPUT_REPORTS *reports, UINT8 report_id, UINT8 *buffer, size_t size, UINT32 *length)
{
    UINT32 collection = INPUT_COLLECTION_OF(report_id);

    *length = 0;
    if (collection >= INPUT_COLLECTION_COUNT || reports->layout->input_length[collection] == 0)
        return STATUS_INVALID_PARAMETER;
    return CopyReport(reports->image[collection], reports->layout->input_length[collection], buffer, size, length);
}
