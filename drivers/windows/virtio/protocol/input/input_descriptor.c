/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A layout printed as HID items; see input_descriptor.h. Layer: core. Highest IRQL: any. */
#include "input_descriptor.h"

/* Item prefixes without their size bits; HID 1.11 "Short Items" */
#define ITEM_INPUT            0x80
#define ITEM_OUTPUT           0x90
#define ITEM_COLLECTION       0xA0
#define ITEM_END_COLLECTION   0xC0
#define ITEM_USAGE_PAGE       0x04
#define ITEM_LOGICAL_MINIMUM  0x14
#define ITEM_LOGICAL_MAXIMUM  0x24
#define ITEM_PHYSICAL_MINIMUM 0x34
#define ITEM_PHYSICAL_MAXIMUM 0x44
#define ITEM_UNIT_EXPONENT    0x54
#define ITEM_UNIT             0x64
#define ITEM_REPORT_SIZE      0x74
#define ITEM_REPORT_ID        0x84
#define ITEM_REPORT_COUNT     0x94
#define ITEM_USAGE            0x08
#define ITEM_USAGE_MINIMUM    0x18
#define ITEM_USAGE_MAXIMUM    0x28

#define COLLECTION_PHYSICAL    0
#define COLLECTION_APPLICATION 1
#define DATA_VARIABLE          0x02
#define DATA_RELATIVE          0x06
#define CONSTANT               0x03
#define UNIT_CENTIMETRE        0x11
#define EXPONENT_HUNDREDTH_MM  0x0D /* -3, as a nibble */

/* The globals as the parser has them now. */
typedef struct _WRITER {
    UINT8 *buffer;
    UINT16 size;
    UINT16 length;
    BOOLEAN is_full;
    BOOLEAN has_range; /* the logical range was said once */
    UINT16 page;
    UINT32 report_size;
    UINT32 report_count;
    INT32 minimum;
    INT32 maximum;
    INT32 physical_minimum;
    INT32 physical_maximum;
} WRITER;

/* size: 0, 1, 2 or 4 bytes of value */
static VOID PutItem(WRITER *writer, UINT8 prefix, UINT32 value, UINT32 size)
{
    UINT32 i;

    if (writer->size - writer->length < 1 + (INT32)size) {
        writer->is_full = TRUE;
        return;
    }
    writer->buffer[writer->length++] = (UINT8)(prefix | (size == 4 ? 3 : size));
    for (i = 0; i < size; i++)
        writer->buffer[writer->length++] = (UINT8)(value >> (8 * i));
}

static VOID PutUnsigned(WRITER *writer, UINT8 prefix, UINT32 value)
{
    PutItem(writer, prefix, value, value <= 0xFF ? 1 : value <= 0xFFFF ? 2 : 4);
}

static VOID PutSigned(WRITER *writer, UINT8 prefix, INT32 value)
{
    UINT32 size = value >= -0x80 && value <= 0x7F ? 1 : value >= -0x8000 && value <= 0x7FFF ? 2 : 4;

    PutItem(writer, prefix, (UINT32)value, size);
}

static VOID PutPage(WRITER *writer, UINT16 page)
{
    if (writer->page != page)
        PutUnsigned(writer, ITEM_USAGE_PAGE, page);
    writer->page = page;
}

static VOID PutShape(WRITER *writer, const INPUT_FIELD *field)
{
    if (writer->report_size != field->bit_size)
        PutUnsigned(writer, ITEM_REPORT_SIZE, field->bit_size);
    if (writer->report_count != field->count)
        PutUnsigned(writer, ITEM_REPORT_COUNT, field->count);
    writer->report_size = field->bit_size;
    writer->report_count = field->count;
}

static VOID PutRange(WRITER *writer, const INPUT_FIELD *field)
{
    BOOLEAN has_unit = (BOOLEAN)(field->physical_minimum != 0 || field->physical_maximum != 0);

    if (!writer->has_range || writer->minimum != field->minimum)
        PutSigned(writer, ITEM_LOGICAL_MINIMUM, field->minimum);
    if (!writer->has_range || writer->maximum != field->maximum)
        PutSigned(writer, ITEM_LOGICAL_MAXIMUM, field->maximum);
    writer->has_range = TRUE;
    writer->minimum = field->minimum;
    writer->maximum = field->maximum;
    if (writer->physical_minimum == field->physical_minimum && writer->physical_maximum == field->physical_maximum)
        return;
    PutSigned(writer, ITEM_PHYSICAL_MINIMUM, field->physical_minimum);
    PutSigned(writer, ITEM_PHYSICAL_MAXIMUM, field->physical_maximum);
    PutUnsigned(writer, ITEM_UNIT_EXPONENT, has_unit ? EXPONENT_HUNDREDTH_MM : 0);
    PutUnsigned(writer, ITEM_UNIT, has_unit ? UNIT_CENTIMETRE : 0);
    writer->physical_minimum = field->physical_minimum;
    writer->physical_maximum = field->physical_maximum;
}

static VOID PutUsages(WRITER *writer, const INPUT_LAYOUT *layout, const INPUT_FIELD *field)
{
    UINT16 i;

    if (field->is_range && field->count == 1) {
        PutUnsigned(writer, ITEM_USAGE, field->usage);
    } else if (field->is_range) {
        PutUnsigned(writer, ITEM_USAGE_MINIMUM, field->usage);
        PutUnsigned(writer, ITEM_USAGE_MAXIMUM, (UINT32)field->usage + field->count - 1);
    } else {
        for (i = 0; i < field->count; i++)
            PutUnsigned(writer, ITEM_USAGE, layout->usages[field->usage + i]);
    }
}

/* One main item with what it needs in front. */
static VOID PutMainItem(WRITER *writer, const INPUT_LAYOUT *layout, const INPUT_FIELD *field)
{
    static const UINT8 main_items[][2] = {
        {ITEM_INPUT, DATA_VARIABLE},  /* INPUT_FIELD_BITS */
        {ITEM_INPUT, DATA_RELATIVE},  /* INPUT_FIELD_RELATIVE */
        {ITEM_INPUT, DATA_VARIABLE},  /* INPUT_FIELD_ABSOLUTE */
        {ITEM_OUTPUT, DATA_VARIABLE}, /* INPUT_FIELD_LEDS */
        {ITEM_INPUT, CONSTANT},       /* INPUT_FIELD_PADDING */
        {ITEM_OUTPUT, CONSTANT},      /* INPUT_FIELD_PADDING_OUT */
    };

    if (field->type != INPUT_FIELD_PADDING && field->type != INPUT_FIELD_PADDING_OUT) {
        PutPage(writer, field->page);
        PutRange(writer, field);
        PutUsages(writer, layout, field);
    }
    PutShape(writer, field);
    PutUnsigned(writer, main_items[field->type][0], main_items[field->type][1]);
}

/* Parsers bound the usages that one main item may list (Wine's at 31), so a long list becomes several items. */
#define LISTED_USAGES_MAX 8

static VOID PutField(WRITER *writer, const INPUT_LAYOUT *layout, const INPUT_FIELD *field)
{
    INPUT_FIELD part = *field;
    UINT16 done;

    if (field->is_range || field->type == INPUT_FIELD_PADDING || field->type == INPUT_FIELD_PADDING_OUT) {
        PutMainItem(writer, layout, field);
        return;
    }
    for (done = 0; done < field->count; done = (UINT16)(done + part.count)) {
        part.usage = (UINT16)(field->usage + done);
        part.count = (UINT16)(field->count - done < LISTED_USAGES_MAX ? field->count - done : LISTED_USAGES_MAX);
        PutMainItem(writer, layout, &part);
    }
}

/* page and usage of each collection; pointers have a physical collection inside */
static const struct {
    UINT16 page;
    UINT16 usage;
    BOOLEAN is_pointer;
} collections[INPUT_COLLECTION_COUNT] = {
    {HID_PAGE_GENERIC_DESKTOP, HID_USAGE_KEYBOARD, FALSE},
    {HID_PAGE_CONSUMER, HID_USAGE_CONSUMER, FALSE},
    {HID_PAGE_GENERIC_DESKTOP, HID_USAGE_SYSTEM_CONTROL, FALSE},
    {HID_PAGE_GENERIC_DESKTOP, HID_USAGE_MOUSE, TRUE},
    {HID_PAGE_GENERIC_DESKTOP, HID_USAGE_MOUSE, TRUE},
};

static VOID PutCollection(WRITER *writer, const INPUT_LAYOUT *layout, UINT32 collection)
{
    UINT32 i;

    PutPage(writer, collections[collection].page);
    PutUnsigned(writer, ITEM_USAGE, collections[collection].usage);
    PutUnsigned(writer, ITEM_COLLECTION, COLLECTION_APPLICATION);
    PutUnsigned(writer, ITEM_REPORT_ID, INPUT_REPORT_ID(collection));
    if (collections[collection].is_pointer) {
        PutUnsigned(writer, ITEM_USAGE, HID_USAGE_POINTER);
        PutUnsigned(writer, ITEM_COLLECTION, COLLECTION_PHYSICAL);
    }
    for (i = 0; i < layout->field_count; i++) {
        if (layout->fields[i].collection == collection)
            PutField(writer, layout, &layout->fields[i]);
    }
    if (collections[collection].is_pointer)
        PutItem(writer, ITEM_END_COLLECTION, 0, 0);
    PutItem(writer, ITEM_END_COLLECTION, 0, 0);
}

NTSTATUS InputDescriptorBuild(const INPUT_LAYOUT *layout, UINT8 *buffer, UINT16 size, UINT16 *length)
{
    WRITER writer;
    UINT32 collection;

    RtlZeroMemory(&writer, sizeof(writer));
    writer.buffer = buffer;
    writer.size = size;
    for (collection = 0; collection < INPUT_COLLECTION_COUNT; collection++) {
        if (layout->input_length[collection] != 0)
            PutCollection(&writer, layout, collection);
    }
    *length = writer.is_full ? 0 : writer.length;
    return writer.is_full ? STATUS_BUFFER_TOO_SMALL : STATUS_SUCCESS;
}
