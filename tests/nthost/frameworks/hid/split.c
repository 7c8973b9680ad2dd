/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Splitter of report descriptors. */
#include "split.h"

#include <stdio.h>
#include <string.h>

enum { TYPE_MAIN, TYPE_GLOBAL, TYPE_LOCAL };
enum { MAIN_INPUT = 8, MAIN_OUTPUT = 9, MAIN_COLLECTION = 10, MAIN_FEATURE = 11, MAIN_END = 12 };
enum { GLOBAL_USAGE_PAGE = 0, GLOBAL_SIZE = 7, GLOBAL_ID = 8, GLOBAL_COUNT = 9, GLOBAL_PUSH = 10, GLOBAL_POP = 11 };
enum { LOCAL_USAGE = 0, LONG_ITEM = 0xfe, DEPTH = 8 };

struct globals {
    uint32_t usage_page, size, count;
    uint8_t id;
};

struct splitter {
    struct hid_map *map;
    struct globals now, stack[DEPTH];
    unsigned pushed, depth;
    uint32_t usage, ended; /* ended: behind the last top-level collection */
    const char *why;
};

static void add_field(struct splitter *s, enum hid_report_type type)
{
    struct hid_map *map = s->map;
    unsigned i = 0;
    if (s->depth == 0) {
        s->why = "a field outside of every collection";
        return;
    }
    if (s->now.size > 32 * 8 || s->now.count > HID_REPORT_BYTES * 8) {
        s->why = "a field too large";
        return;
    }
    while (i < map->report_count && (map->report[i].type != type || map->report[i].id != s->now.id)) {
        i++;
    }
    if (i == HID_REPORTS) {
        s->why = "too many reports";
        return;
    }
    if (i == map->report_count) {
        map->report[i].type = type;
        map->report[i].id = s->now.id;
        map->report[i].collection = map->collection_count - 1;
        map->report[i].bits = 0;
        map->report_count++;
    }
    if (map->report[i].collection != map->collection_count - 1) {
        s->why = "one report belongs to two top-level collections";
        return;
    }
    map->report[i].bits += s->now.size * s->now.count;
    if (map->report[i].bits > (HID_REPORT_BYTES - 1) * 8) {
        s->why = "a report too long";
    }
}

static void main_item(struct splitter *s, unsigned tag, uint32_t at)
{
    struct hid_map *map = s->map;
    switch (tag) {
    case MAIN_INPUT:
        add_field(s, HID_INPUT);
        break;
    case MAIN_OUTPUT:
        add_field(s, HID_OUTPUT);
        break;
    case MAIN_FEATURE:
        add_field(s, HID_FEATURE);
        break;
    case MAIN_COLLECTION:
        if (s->depth++ == 0) {
            if (map->collection_count == HID_COLLECTIONS) {
                s->why = "too many top-level collections";
                return;
            }
            map->collection[map->collection_count].usage_page =
                (uint16_t)(s->usage > 0xffff ? s->usage >> 16 : s->now.usage_page);
            map->collection[map->collection_count].usage = (uint16_t)s->usage;
            map->collection[map->collection_count].start = map->collection_count != 0 ? s->ended : 0;
            map->collection_count++;
        }
        break;
    case MAIN_END:
        if (s->depth == 0) {
            s->why = "an end without a collection";
        } else if (--s->depth == 0) {
            s->ended = at + 1;
            map->collection[map->collection_count - 1].length =
                s->ended - map->collection[map->collection_count - 1].start;
        }
        break;
    default:
        s->why = "an unknown main item";
        break;
    }
    s->usage = 0;
}

static void global_item(struct splitter *s, unsigned tag, uint32_t value)
{
    switch (tag) {
    case GLOBAL_USAGE_PAGE:
        s->now.usage_page = value;
        break;
    case GLOBAL_SIZE:
        s->now.size = value;
        break;
    case GLOBAL_COUNT:
        s->now.count = value;
        break;
    case GLOBAL_ID:
        s->now.id = (uint8_t)value;
        s->map->has_ids = true;
        s->why = value == 0 || value > 255 ? "report id 0, or above 255" : s->why;
        break;
    case GLOBAL_PUSH:
        if (s->pushed == DEPTH) {
            s->why = "pushed too often";
        } else {
            s->stack[s->pushed++] = s->now;
        }
        break;
    case GLOBAL_POP:
        if (s->pushed == 0) {
            s->why = "popped too often";
        } else {
            s->now = s->stack[--s->pushed];
        }
        break;
    default:
        break;
    }
}

static void check_whole(struct splitter *s)
{
    struct hid_map *map = s->map;
    if (s->depth != 0 || map->collection_count == 0) {
        s->why = "a collection is not ended, or there is none";
    }
    for (unsigned i = 0; i < map->report_count; i++) {
        uint32_t bytes = (map->report[i].bits + 7) / 8 + map->has_ids;
        if (map->has_ids && map->report[i].id == 0) {
            s->why = "a report without an id beside others that have one";
        }
        if (map->report[i].bits % 8 != 0) {
            s->why = "a report that is no whole number of bytes";
        }
        map->longest[map->report[i].type] =
            bytes > map->longest[map->report[i].type] ? bytes : map->longest[map->report[i].type];
    }
}

bool hid_split(const uint8_t *descriptor, uint32_t length, struct hid_map *map, char *why, size_t why_size)
{
    static const uint8_t sizes[] = {0, 1, 2, 4};
    struct splitter s = {.map = map};
    uint32_t at = 0;
    memset(map, 0, sizeof *map);
    while (at < length && s.why == NULL) {
        uint8_t prefix = descriptor[at], size = sizes[prefix & 3];
        uint32_t value = 0;
        if (prefix == LONG_ITEM || size > length - at - 1) {
            s.why = "a long item, or one that leaves the descriptor";
            break;
        }
        for (unsigned i = 0; i < size; i++) {
            value |= (uint32_t)descriptor[at + 1 + i] << 8 * i;
        }
        switch (prefix >> 2 & 3) {
        case TYPE_MAIN:
            main_item(&s, prefix >> 4, at);
            break;
        case TYPE_GLOBAL:
            global_item(&s, prefix >> 4, value);
            break;
        case TYPE_LOCAL:
            s.usage = prefix >> 4 == LOCAL_USAGE && s.usage == 0 ? value : s.usage;
            break;
        default:
            s.why = "a reserved item";
            break;
        }
        at += 1u + size;
    }
    if (s.why == NULL) {
        check_whole(&s);
    }
    if (s.why != NULL) {
        snprintf(why, why_size, "report descriptor, byte %u of %u: %s", at, length, s.why);
    }
    return s.why == NULL;
}

/* Items before a collection set the globals that hold in it: the last one of each tag is enough where none is pushed or
 * popped. */
uint32_t hid_slice(const uint8_t *descriptor, const struct hid_map *map, unsigned collection, uint8_t *slice,
                   uint32_t size)
{
    static const uint8_t sizes[] = {0, 1, 2, 4};
    uint32_t start = map->collection[collection].start, length = map->collection[collection].length, used = 0;
    uint32_t last[GLOBAL_PUSH] = {0}; /* offset + 1 */
    for (uint32_t at = 0; at < start; at += 1u + sizes[descriptor[at] & 3]) {
        if ((descriptor[at] >> 2 & 3) == TYPE_GLOBAL && descriptor[at] >> 4 < GLOBAL_PUSH) {
            last[descriptor[at] >> 4] = at + 1;
        }
    }
    for (unsigned tag = 0; tag < GLOBAL_PUSH; tag++) {
        uint32_t bytes = last[tag] != 0 ? 1u + sizes[descriptor[last[tag] - 1] & 3] : 0;
        if (bytes > size - used) {
            return 0;
        }
        memcpy(slice + used, descriptor + last[tag] - (last[tag] != 0), bytes);
        used += bytes;
    }
    if (length > size - used) {
        return 0;
    }
    memcpy(slice + used, descriptor + start, length);
    return used + length;
}

void hid_explain(char *why, size_t why_size, const char *request, uint32_t status, uint32_t bytes)
{
    snprintf(why, why_size, "%s: status %#x, %u bytes, or they are not as they should be", request, status, bytes);
}

uint32_t hid_report_length(const struct hid_map *map, enum hid_report_type type, uint8_t id)
{
    for (unsigned i = 0; i < map->report_count; i++) {
        if (map->report[i].type == type && map->report[i].id == id) {
            return (map->report[i].bits + 7) / 8 + map->has_ids;
        }
    }
    return 0;
}
