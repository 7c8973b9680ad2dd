/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Descriptors that the driver's builder, linked in unchanged, makes of random devices: a HID parser that nobody here
 * wrote has to accept each, and to see the reports that the layout has.
 */
#include <stdio.h>
#include <string.h>

#include "input.h"
#include "input_descriptor.h"
#include "input_random.h"
#include "verify/verify.h"

enum { DEVICES = 10000, SLICE = INPUT_DESCRIPTOR_MAX + 64 };

/* One device and what its descriptor says. */
struct made {
    INPUT_CONFIG config;
    INPUT_LAYOUT layout;
    UINT8 descriptor[INPUT_DESCRIPTOR_MAX];
    UINT16 length;
    struct hid_map map;
};

/* What the fields of one collection add up to. */
struct sums {
    unsigned input_bits, output_bits; /* id included */
    int32_t pressed, values;          /* usages in an input report */
};

static struct sums add_up(const INPUT_LAYOUT *layout, unsigned collection)
{
    struct sums sums = {8, 8, 0, 0};
    for (unsigned i = 0; i < layout->field_count; i++) {
        const INPUT_FIELD *field = &layout->fields[i];
        bool is_output = field->type == INPUT_FIELD_LEDS || field->type == INPUT_FIELD_PADDING_OUT;
        if (field->collection != collection) {
            continue;
        }
        *(is_output ? &sums.output_bits : &sums.input_bits) += (unsigned)field->count * field->bit_size;
        sums.pressed += field->type == INPUT_FIELD_BITS ? field->count : 0;
        sums.values += field->type == INPUT_FIELD_RELATIVE || field->type == INPUT_FIELD_ABSOLUTE ? field->count : 0;
    }
    return sums;
}

/* INPUT-10: the parser's collection against the layout's; a report with all bits on shows each usage once. */
static bool same(const struct made *made, unsigned collection, const struct parsed *parsed)
{
    const struct parsed_summary *summary = parser_summary(parsed);
    struct sums sums = add_up(&made->layout, collection);
    unsigned input = made->layout.input_length[collection];
    unsigned output = collection == INPUT_COLLECTION_KEYBOARD ? made->layout.output_length : 0;
    uint32_t usages[PARSER_MOST];
    struct parsed_value values[PARSER_MOST];
    uint8_t report[INPUT_REPORT_MAX];
    int32_t pressed, valued;
    if (sums.input_bits != input * 8 || (sums.output_bits != 8 ? sums.output_bits : 0) != output * 8) {
        return failed("collection %u: fields of %u and %u bits, reports of %u and %u bytes", collection,
                      sums.input_bits, sums.output_bits, input, output);
    }
    if (summary->length[HID_INPUT] != input || summary->length[HID_OUTPUT] != output ||
        summary->length[HID_FEATURE] != 0) {
        return failed("collection %u: the parser sees reports of %u, %u and %u bytes, not %u and %u", collection,
                      summary->length[HID_INPUT], summary->length[HID_OUTPUT], summary->length[HID_FEATURE], input,
                      output);
    }
    memset(report, 0xff, sizeof report);
    report[0] = INPUT_REPORT_ID(collection);
    pressed = parser_pressed(parsed, HID_INPUT, report, usages);
    valued = parser_values(parsed, HID_INPUT, report, values);
    if (pressed != sums.pressed || valued != sums.values) {
        return failed("collection %u: the parser finds %d buttons and %d values, the layout has %d and %d", collection,
                      pressed, valued, sums.pressed, sums.values);
    }
    return true;
}

/* The parser takes one top-level collection at a time. */
static bool judge(const struct made *made)
{
    unsigned next = 0;
    for (unsigned collection = 0; collection < INPUT_COLLECTION_COUNT; collection++) {
        uint8_t slice[SLICE];
        char why[160];
        uint32_t length;
        struct parsed *parsed;
        bool good;
        if (made->layout.input_length[collection] == 0) {
            continue;
        }
        if (next == made->map.collection_count) {
            return failed("collection %u is not in the descriptor", collection);
        }
        length = hid_slice(made->descriptor, &made->map, next++, slice, sizeof slice);
        parsed = parser_open(slice, length, why, sizeof why);
        if (parsed == NULL) {
            return failed("collection %u is refused: %s", collection, why);
        }
        good = same(made, collection, parsed);
        parser_close(parsed);
        if (!good) {
            return false;
        }
    }
    return next == made->map.collection_count || failed("the descriptor has more collections than the layout");
}

/* A line for scenarios/hid_judges.py: bytes of the input reports by id, of the output report, the descriptor. */
static void write_line(FILE *file, const struct made *made)
{
    for (unsigned i = 0; i < INPUT_COLLECTION_COUNT; i++) {
        fprintf(file, "%u ", made->layout.input_length[i]);
    }
    fprintf(file, "%u ", made->layout.output_length);
    for (unsigned i = 0; i < made->length; i++) {
        fprintf(file, "%02x", made->descriptor[i]);
    }
    fputc('\n', file);
}

static bool judge_all(unsigned seed, unsigned count, FILE *file)
{
    static struct made made;
    uint64_t state = 0x9E3779B97F4A7C15 ^ seed;
    unsigned built = 0;
    char why[160];
    for (unsigned n = 0; n < count; n++) {
        if (!input_random_layout(&state, &made.config, &made.layout)) {
            continue; /* nothing of it has a usage */
        }
        if (InputDescriptorBuild(&made.layout, made.descriptor, sizeof made.descriptor, &made.length) < 0) {
            return failed("device %u: the builder gives up", n);
        }
        if (!hid_split(made.descriptor, made.length, &made.map, why, sizeof why)) {
            return failed("device %u: %s", n, why);
        }
        if (file != NULL) {
            write_line(file, &made);
        }
        if (!judge(&made)) {
            return failed("device %u", n);
        }
        built++;
    }
    say("%u random devices (seed %u), %u descriptors accepted by the parser, with the layout's reports", count,
        seed, built);
    return built > count / 2 || failed("too few of the devices have a descriptor");
}

bool case_input_descriptors(struct run *run)
{
    const struct options *options = run->options;
    unsigned count = options->count != 0 ? (unsigned)options->count : DEVICES;
    FILE *file = NULL;
    bool good;
    if (!parser_is_loaded()) {
        return failed("input-descriptors wants --module hidparse.sys=FILE");
    }
    if (options->descriptors != NULL && (file = fopen(options->descriptors, "w")) == NULL) {
        return failed("%s cannot be written", options->descriptors);
    }
    good = inputs_start(run) && judge_all(options->system.seed, count, file);
    if (file != NULL && fclose(file) != 0) {
        good = failed("%s cannot be written", options->descriptors);
    }
    return good;
}
