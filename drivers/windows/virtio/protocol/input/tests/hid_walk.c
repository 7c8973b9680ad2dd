/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A small walker over HID report descriptors; see hid_walk.h. */
#include "hid_walk.h"

#include <string.h>

enum { NESTING = 8, LOCALS = 256 };

struct globals {
    uint32_t page, size, count, id, unit, exponent;
    int32_t minimum, maximum, physical_minimum, physical_maximum;
    bool has_minimum, has_maximum;
};

struct state {
    struct walk *walk;
    struct globals globals;
    uint32_t usage[LOCALS]; /* page << 16 | usage */
    unsigned usages;
    bool has_minimum, has_maximum;
    uint32_t usage_minimum, usage_maximum;
    unsigned depth;
    uint32_t application;
};

static uint32_t with_page(const struct state *state, uint32_t usage, unsigned size)
{
    return size == 4 ? usage : state->globals.page << 16 | usage;
}

/* A usage that one main item lists twice would be two controls of one name. */
static bool lists_twice(const struct state *state)
{
    for (unsigned i = 0; i < state->usages; i++) {
        for (unsigned k = 0; k < i; k++) {
            if (state->usage[i] == state->usage[k]) {
                return true;
            }
        }
    }
    return false;
}

static const char *add_main(struct state *state, bool is_output, uint32_t flags)
{
    struct walk *walk = state->walk;
    const struct globals *globals = &state->globals;
    unsigned *bits = is_output ? &walk->output_bits[globals->id] : &walk->input_bits[globals->id];
    bool is_constant = (flags & 1) != 0;
    if (state->depth == 0) {
        return "a main item outside of any collection";
    }
    if (globals->size == 0 || globals->count == 0 || globals->size > 32) {
        return "report size or count is 0, or a field is wider than 32 bits";
    }
    if ((flags & 2) == 0) {
        return "an array field";
    }
    if (!is_constant) {
        if (!globals->has_minimum || !globals->has_maximum || globals->minimum >= globals->maximum) {
            return "no logical range";
        }
        int64_t low = globals->minimum < 0 ? -(1LL << (globals->size - 1)) : 0;
        int64_t high = globals->minimum < 0 ? (1LL << (globals->size - 1)) - 1 : (1LL << globals->size) - 1;
        if (globals->minimum < low || globals->maximum > high) {
            return "the logical range does not fit into the field";
        }
    }
    if (state->has_minimum != state->has_maximum || (state->has_minimum && state->usages != 0)) {
        return "half a usage range, or a range and single usages for one main item";
    }
    unsigned usages = state->has_minimum ? state->usage_maximum - state->usage_minimum + 1 : state->usages;
    if (!is_constant && (usages != globals->count || lists_twice(state))) {
        return "not as many usages as fields, or one twice";
    }
    if (*bits == 0) {
        *bits = globals->id != 0 ? 8 : 0;
    }
    for (uint32_t i = 0; i < globals->count; i++) {
        uint32_t usage = is_constant ? 0 : state->has_minimum ? state->usage_minimum + i : state->usage[i];
        if (walk->count == WALK_FIELDS) {
            return "too many fields for the walker";
        }
        walk->field[walk->count++] = (struct walk_field){(uint8_t)globals->id,
                                                         is_output,
                                                         is_constant,
                                                         (flags & 4) != 0,
                                                         (uint16_t)(usage >> 16),
                                                         (uint16_t)usage,
                                                         state->application,
                                                         *bits,
                                                         globals->size,
                                                         globals->minimum,
                                                         globals->maximum,
                                                         globals->physical_minimum,
                                                         globals->physical_maximum,
                                                         globals->unit,
                                                         globals->exponent};
        *bits += globals->size;
    }
    return NULL;
}

static const char *main_item(struct state *state, unsigned tag, uint32_t value)
{
    const char *why = NULL;
    switch (tag) {
    case 8:
    case 9:
        why = add_main(state, tag == 9, value);
        break;
    case 10:
        if (state->depth == NESTING || state->usages != 1) {
            return "a collection too deep, or not of one usage";
        }
        if ((state->depth == 0) != (value == 1)) {
            return "application collections are the top-level ones, and only they";
        }
        if (state->depth++ == 0) {
            state->application = state->usage[0];
            state->walk->collections++;
            state->globals.id = 0; /* an id of its own has to follow */
        }
        break;
    case 12:
        if (state->depth-- == 0) {
            return "an end of no collection";
        }
        break;
    default:
        return "a main item that is not known";
    }
    state->usages = 0;
    state->has_minimum = state->has_maximum = false;
    return why;
}

static const char *global_item(struct state *state, unsigned tag, uint32_t value, int32_t number)
{
    struct globals *globals = &state->globals;
    switch (tag) {
    case 0:
        globals->page = value;
        return value == 0 || value > 0xFFFF ? "usage page out of range" : NULL;
    case 1:
        globals->minimum = number;
        globals->has_minimum = true;
        return NULL;
    case 2:
        globals->maximum = number;
        globals->has_maximum = true;
        return NULL;
    case 3:
        globals->physical_minimum = number;
        return NULL;
    case 4:
        globals->physical_maximum = number;
        return NULL;
    case 5:
        globals->exponent = value;
        return value > 15 ? "unit exponent is no nibble" : NULL;
    case 6:
        globals->unit = value;
        return NULL;
    case 7:
        globals->size = value;
        return NULL;
    case 8:
        globals->id = value;
        return value == 0 || value >= WALK_IDS || state->walk->input_bits[value] != 0
                   ? "report id 0, > 255 or used before"
                   : NULL;
    case 9:
        globals->count = value;
        return NULL;
    default:
        return "a global item that is not known";
    }
}

static const char *local_item(struct state *state, unsigned tag, uint32_t value, unsigned size)
{
    switch (tag) {
    case 0:
        if (state->usages == LOCALS - 1) {
            return "more than 255 usages";
        }
        state->usage[state->usages++] = with_page(state, value, size);
        return NULL;
    case 1:
        state->usage_minimum = with_page(state, value, size);
        state->has_minimum = true;
        return NULL;
    case 2:
        state->usage_maximum = with_page(state, value, size);
        state->has_maximum = true;
        return state->has_minimum && state->usage_maximum >= state->usage_minimum ? NULL
                                                                                  : "a usage range runs backwards";
    default:
        return "a local item that is not known";
    }
}

static const char *check_end(const struct state *state)
{
    if (state->depth != 0) {
        return "a collection is not closed";
    }
    for (unsigned id = 0; id < WALK_IDS; id++) {
        if (state->walk->input_bits[id] % 8 != 0 || state->walk->output_bits[id] % 8 != 0) {
            return "a report is no whole number of bytes";
        }
    }
    return NULL;
}

const char *walk_descriptor(struct walk *walk, const uint8_t *bytes, size_t length)
{
    struct state state = {.walk = walk};
    memset(walk, 0, sizeof(*walk));
    for (size_t at = 0; at < length;) {
        unsigned prefix = bytes[at++];
        unsigned size = (prefix & 3) == 3 ? 4 : prefix & 3;
        uint32_t value = 0;
        const char *why;
        if (prefix == 0xFE || size > length - at) {
            return "a long item, or one past the end";
        }
        for (unsigned i = 0; i < size; i++) {
            value |= (uint32_t)bytes[at++] << (8 * i);
        }
        int32_t number = size == 1 ? (int8_t)value : size == 2 ? (int16_t)value : (int32_t)value;
        switch (prefix >> 2 & 3) {
        case 0:
            why = main_item(&state, prefix >> 4, value);
            break;
        case 1:
            why = global_item(&state, prefix >> 4, value, number);
            break;
        case 2:
            why = local_item(&state, prefix >> 4, value, size);
            break;
        default:
            why = "a reserved item type";
            break;
        }
        if (why != NULL) {
            return why;
        }
    }
    return check_end(&state);
}

const struct walk_field *walk_find(const struct walk *walk, uint8_t report_id, uint16_t page, uint16_t usage)
{
    for (size_t i = 0; i < walk->count; i++) {
        const struct walk_field *field = &walk->field[i];
        if (!field->is_constant && field->page == page && field->usage == usage &&
            (report_id == 0 || field->report_id == report_id)) {
            return field;
        }
    }
    return NULL;
}

int64_t walk_value(const struct walk_field *field, const uint8_t *report)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < field->bits; i++) {
        unsigned bit = field->bit + i;
        value |= (uint64_t)(report[bit / 8] >> (bit % 8) & 1) << i;
    }
    if (field->minimum < 0 && (value >> (field->bits - 1)) != 0) {
        value |= ~0ULL << field->bits;
    }
    return (int64_t)value;
}
