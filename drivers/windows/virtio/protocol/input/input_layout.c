/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Which collections a device gets and how their reports lie; see input_layout.h. Layer: core. Highest IRQL: any. */
#include "input_layout.h"

#define MOTION_BITS    16
#define PHYSICAL_LIMIT 21474836 /* largest value of an axis whose hundredths fit into 32 bits */

/* The report that is being laid out. */
typedef struct _BUILDER {
    const INPUT_CONFIG *config;
    INPUT_LAYOUT *layout;
    INPUT_COLLECTION collection;
    UINT32 input_bits; /* used so far, id included */
    UINT32 output_bits;
} BUILDER;

static VOID Begin(BUILDER *builder, INPUT_COLLECTION collection)
{
    builder->collection = collection;
    builder->input_bits = 8;
    builder->output_bits = 8;
}

static VOID End(BUILDER *builder)
{
    builder->layout->input_length[builder->collection] = (UINT8)(builder->input_bits / 8);
    if (builder->output_bits > 8)
        builder->layout->output_length = (UINT8)(builder->output_bits / 8);
}

/* Appends a field and, behind it, the padding to the next byte. The limits are such that there is always room. */
static INPUT_FIELD *AddField(BUILDER *builder, INPUT_FIELD_TYPE type, UINT16 page, UINT16 count, UINT8 bit_size)
{
    INPUT_LAYOUT *layout = builder->layout;
    INPUT_FIELD *field = &layout->fields[layout->field_count++];
    INPUT_FIELD *padding;
    BOOLEAN is_output = type == INPUT_FIELD_LEDS;
    UINT32 *bits = is_output ? &builder->output_bits : &builder->input_bits;

    field->type = (UINT8)type;
    field->collection = (UINT8)builder->collection;
    field->page = page;
    field->count = count;
    field->bit_size = bit_size;
    field->bit_offset = (UINT16)*bits;
    field->maximum = 1;
    *bits += (UINT32)count * bit_size;
    if (*bits % 8 != 0) {
        padding = &layout->fields[layout->field_count++];
        padding->type = (UINT8)(is_output ? INPUT_FIELD_PADDING_OUT : INPUT_FIELD_PADDING);
        padding->collection = (UINT8)builder->collection;
        padding->count = 1;
        padding->bit_size = (UINT8)(8 - *bits % 8);
        padding->bit_offset = (UINT16)*bits;
        *bits += padding->bit_size;
    }
    return field;
}

/* A bit for each usage from first to last. Returns: the slot of the first. */
static UINT16 AddRange(BUILDER *builder, UINT16 page, UINT16 first, UINT16 last)
{
    INPUT_FIELD *field = AddField(builder, INPUT_FIELD_BITS, page, (UINT16)(last - first + 1), 1);

    field->is_range = TRUE;
    field->usage = first;
    return INPUT_SLOT(builder->collection, field->bit_offset);
}

/* The key's row matters for this device. */
static BOOLEAN HasKey(const INPUT_CONFIG *config, const INPUT_USAGE *row, INPUT_KIND kind)
{
    return (BOOLEAN)(row->kind == kind && InputConfigHas(config->keys, row->code));
}

/* The highest usage of a kind that the device has, up to limit; 0: none. */
static UINT16 HighestUsage(const INPUT_CONFIG *config, INPUT_KIND kind, UINT16 limit)
{
    UINT16 highest = 0;
    UINT16 i;

    for (i = 0; i < input_key_usage_count; i++) {
        if (HasKey(config, &input_key_usages[i], kind) && input_key_usages[i].usage <= limit &&
            input_key_usages[i].usage > highest)
            highest = input_key_usages[i].usage;
    }
    return highest;
}

/* Gives the device's keys of a kind, with usages from first to last, the bits from a slot on. */
static VOID AssignRange(BUILDER *builder, INPUT_KIND kind, UINT16 first, UINT16 last, UINT16 slot)
{
    const INPUT_USAGE *row;
    UINT16 i;

    for (i = 0; i < input_key_usage_count; i++) {
        row = &input_key_usages[i];
        if (HasKey(builder->config, row, kind) && row->usage >= first && row->usage <= last)
            builder->layout->key_slot[row->code] = (UINT16)(slot + row->usage - first);
    }
}

/* The position of a usage among those listed from first on; count: it is not there. */
static UINT16 FindListed(const INPUT_LAYOUT *layout, UINT16 first, UINT16 usage)
{
    UINT16 count = (UINT16)(layout->usage_count - first);
    UINT16 i;

    for (i = 0; i < count && layout->usages[first + i] != usage; i++)
        ;
    return i;
}

/* A collection that has a bit for each of the device's usages of a kind, one by one. */
static BOOLEAN BuildListed(BUILDER *builder, INPUT_KIND kind, INPUT_COLLECTION collection)
{
    INPUT_LAYOUT *layout = builder->layout;
    UINT16 first = layout->usage_count;
    INPUT_FIELD *field;
    const INPUT_USAGE *row;
    UINT16 place;
    UINT16 i;

    Begin(builder, collection);
    for (i = 0; i < input_key_usage_count; i++) {
        row = &input_key_usages[i];
        if (!HasKey(builder->config, row, kind))
            continue;
        place = FindListed(layout, first, row->usage);
        if (first + place == layout->usage_count)
            layout->usages[layout->usage_count++] = row->usage;
        layout->key_slot[row->code] = INPUT_SLOT(collection, 8 + place); /* behind the id */
    }
    if (layout->usage_count == first)
        return FALSE;
    field = AddField(builder, INPUT_FIELD_BITS, HidUsagePage(kind), (UINT16)(layout->usage_count - first), 1);
    field->usage = first;
    End(builder);
    return TRUE;
}

static VOID AddLeds(BUILDER *builder)
{
    INPUT_LAYOUT *layout = builder->layout;
    UINT16 first = layout->usage_count;
    INPUT_FIELD *field;
    UINT16 count;
    UINT16 i;

    for (i = 0; i < input_led_usage_count; i++) {
        if (!InputConfigHas(builder->config->leds, input_led_usages[i].code))
            continue;
        layout->led_bit[input_led_usages[i].code] = (UINT16)(builder->output_bits + layout->usage_count - first);
        layout->led_mask |= (UINT16)(1U << input_led_usages[i].code);
        layout->usages[layout->usage_count++] = input_led_usages[i].usage;
    }
    count = (UINT16)(layout->usage_count - first);
    if (count != 0) {
        field = AddField(builder, INPUT_FIELD_LEDS, HID_PAGE_LED, count, 1);
        field->usage = first;
    }
}

/* Modifiers, a bit for each key up to the highest that the device has (no limit to keys held at once), LEDs. */
static BOOLEAN BuildKeyboard(BUILDER *builder, BOOLEAN has_leds)
{
    UINT16 last_key = HighestUsage(builder->config, INPUT_KIND_KEYBOARD, HID_USAGE_KEY_LAST);
    UINT16 slot;

    if (HighestUsage(builder->config, INPUT_KIND_KEYBOARD, HID_USAGE_MODIFIER_LAST) == 0)
        return FALSE;
    Begin(builder, INPUT_COLLECTION_KEYBOARD);
    slot = AddRange(builder, HID_PAGE_KEYBOARD, HID_USAGE_MODIFIER_FIRST, HID_USAGE_MODIFIER_LAST);
    AssignRange(builder, INPUT_KIND_KEYBOARD, HID_USAGE_MODIFIER_FIRST, HID_USAGE_MODIFIER_LAST, slot);
    if (last_key != 0) {
        slot = AddRange(builder, HID_PAGE_KEYBOARD, HID_USAGE_KEY_FIRST, last_key);
        AssignRange(builder, INPUT_KIND_KEYBOARD, HID_USAGE_KEY_FIRST, last_key, slot);
    }
    if (has_leds)
        AddLeds(builder);
    End(builder);
    return TRUE;
}

static VOID AddButtons(BUILDER *builder)
{
    UINT16 last = HighestUsage(builder->config, INPUT_KIND_BUTTON, HID_BUTTONS_MAX);

    if (last != 0)
        AssignRange(builder, INPUT_KIND_BUTTON, 1, last, AddRange(builder, HID_PAGE_BUTTON, 1, last));
}

/* One axis or wheel, as a field with one usage. */
static INPUT_FIELD *AddAxis(BUILDER *builder, INPUT_FIELD_TYPE type, UINT16 page, UINT16 usage, UINT8 bit_size)
{
    INPUT_FIELD *field = AddField(builder, type, page, 1, bit_size);

    field->is_range = TRUE;
    field->usage = usage;
    field->minimum = -INPUT_RELATIVE_MAX;
    field->maximum = INPUT_RELATIVE_MAX;
    return field;
}

static VOID AddMotion(BUILDER *builder, UINT32 code, UINT16 page, UINT16 usage)
{
    INPUT_FIELD *field = AddAxis(builder, INPUT_FIELD_RELATIVE, page, usage, MOTION_BITS);

    builder->layout->rel_slot[code] = INPUT_SLOT(builder->collection, field->bit_offset);
}

static VOID AddWheels(BUILDER *builder)
{
    if (InputConfigHas(builder->config->rels, INPUT_REL_WHEEL))
        AddMotion(builder, INPUT_REL_WHEEL, HID_PAGE_GENERIC_DESKTOP, HID_USAGE_WHEEL);
    if (InputConfigHas(builder->config->rels, INPUT_REL_HWHEEL))
        AddMotion(builder, INPUT_REL_HWHEEL, HID_PAGE_CONSUMER, HID_USAGE_AC_PAN);
}

/* Both axes always: a mouse class driver wants them, also of a device that has but a wheel or buttons. */
static VOID BuildMouse(BUILDER *builder)
{
    Begin(builder, INPUT_COLLECTION_MOUSE);
    AddButtons(builder);
    AddMotion(builder, INPUT_REL_X, HID_PAGE_GENERIC_DESKTOP, HID_USAGE_X);
    AddMotion(builder, INPUT_REL_Y, HID_PAGE_GENERIC_DESKTOP, HID_USAGE_Y);
    AddWheels(builder);
    End(builder);
}

/* A position in hundredths of a millimetre. Returns: FALSE: it does not fit. */
static BOOLEAN ToPhysical(INT32 value, UINT32 resolution, INT32 *physical)
{
    UINT32 magnitude;

    if (resolution == 0 || value > PHYSICAL_LIMIT || value < -PHYSICAL_LIMIT)
        return FALSE;
    magnitude = (UINT32)(value < 0 ? -value : value) * 100 / resolution;
    *physical = value < 0 ? -(INT32)magnitude : (INT32)magnitude;
    return TRUE;
}

static VOID AddPosition(BUILDER *builder, UINT32 code, UINT16 usage)
{
    const INPUT_ABS_RANGE *range = &builder->config->ranges[code];
    BOOLEAN is_short = (BOOLEAN)((range->minimum >= 0 && range->maximum <= 0xFFFF) ||
                                 (range->minimum >= -0x8000 && range->maximum <= 0x7FFF));
    UINT8 bits = (UINT8)(is_short ? 16 : 32);
    INPUT_FIELD *field = AddAxis(builder, INPUT_FIELD_ABSOLUTE, HID_PAGE_GENERIC_DESKTOP, usage, bits);

    field->minimum = range->minimum;
    field->maximum = range->maximum;
    if (!ToPhysical(range->minimum, range->resolution, &field->physical_minimum) ||
        !ToPhysical(range->maximum, range->resolution, &field->physical_maximum) ||
        field->physical_minimum >= field->physical_maximum) {
        field->physical_minimum = 0;
        field->physical_maximum = 0;
    }
    builder->layout->ranges[code] = *range;
    builder->layout->abs_bits[code] = bits;
    builder->layout->abs_slot[code] = INPUT_SLOT(builder->collection, field->bit_offset);
}

static VOID BuildTablet(BUILDER *builder, BOOLEAN has_mouse)
{
    Begin(builder, INPUT_COLLECTION_TABLET);
    if (!has_mouse)
        AddButtons(builder);
    AddPosition(builder, INPUT_ABS_X, HID_USAGE_X);
    AddPosition(builder, INPUT_ABS_Y, HID_USAGE_Y);
    if (!has_mouse)
        AddWheels(builder);
    End(builder);
}

static BOOLEAN BuildPointers(BUILDER *builder)
{
    const INPUT_CONFIG *config = builder->config;
    BOOLEAN has_tablet =
        (BOOLEAN)(InputConfigHas(config->abses, INPUT_ABS_X) && InputConfigHas(config->abses, INPUT_ABS_Y));
    BOOLEAN has_motion =
        (BOOLEAN)(InputConfigHas(config->rels, INPUT_REL_X) || InputConfigHas(config->rels, INPUT_REL_Y));
    BOOLEAN has_others =
        (BOOLEAN)(InputConfigHas(config->rels, INPUT_REL_WHEEL) || InputConfigHas(config->rels, INPUT_REL_HWHEEL) ||
                  HighestUsage(config, INPUT_KIND_BUTTON, HID_BUTTONS_MAX) != 0);
    BOOLEAN has_mouse = (BOOLEAN)(has_motion || (has_others && !has_tablet));

    if (has_mouse)
        BuildMouse(builder);
    if (has_tablet)
        BuildTablet(builder, has_mouse);
    return (BOOLEAN)(has_mouse || has_tablet);
}

BOOLEAN InputLayoutBuild(const INPUT_CONFIG *config, BOOLEAN has_leds, INPUT_LAYOUT *layout)
{
    BUILDER builder;
    BOOLEAN has_any;
    UINT32 i;

    RtlZeroMemory(layout, sizeof(*layout));
    for (i = 0; i < INPUT_KEY_COUNT; i++)
        layout->key_slot[i] = INPUT_NO_SLOT;
    for (i = 0; i < INPUT_REL_COUNT; i++)
        layout->rel_slot[i] = INPUT_NO_SLOT;
    for (i = 0; i < INPUT_AXIS_COUNT; i++)
        layout->abs_slot[i] = INPUT_NO_SLOT;
    for (i = 0; i < INPUT_LED_COUNT; i++)
        layout->led_bit[i] = INPUT_NO_SLOT;
    RtlZeroMemory(&builder, sizeof(builder));
    builder.config = config;
    builder.layout = layout;
    has_any = BuildKeyboard(&builder, has_leds);
    has_any |= BuildListed(&builder, INPUT_KIND_CONSUMER, INPUT_COLLECTION_CONSUMER);
    has_any |= BuildListed(&builder, INPUT_KIND_SYSTEM, INPUT_COLLECTION_SYSTEM);
    has_any |= BuildPointers(&builder);
    return has_any;
}
