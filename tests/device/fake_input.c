/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The input device model: keyboard, mouse or tablet much like QEMU's. VIRTIO 1.x "Input Device". */
#include "fake_input.h"

#include <linux/input-event-codes.h>
#include <stdlib.h>

#include "fake_internal.h"

enum { KEPT = 4096, WAITING_MAX = 1 << 20, ANSWERS = 96, DATA = 8, DATA_MAX = 128, CONFIG_LENGTH = DATA + DATA_MAX };
enum { ID_NAME = 1, ID_DEVIDS = 3, PROP_BITS = 0x10, EV_BITS = 0x11, ABS_INFO = 0x12 };

struct answer {
    uint8_t select, subsel, size;
    uint8_t data[DATA_MAX];
};

struct input {
    struct answer answer[ANSWERS];
    unsigned answers;
    struct fake_input_event *event; /* the first ready ones are complete reports */
    size_t first, ready, count, capacity;
    bool drops, holds_status, is_short;
    uint32_t short_length;
    uint64_t dropped, status_count;
    struct fake_input_event status[KEPT];
    uint32_t leds;
    const char *why;
};

/* select, subsel and size; every width that data can have at each place: bytes, le16 of ids, le32 of ranges */
static struct fake_field fields[3 + DATA_MAX + 4 + 5];

static struct input *input_of(const struct fake_device *device)
{
    return device->model;
}

static struct answer *find_answer(struct input *input, uint8_t select, uint8_t subsel, bool make)
{
    for (unsigned i = 0; i < input->answers; i++) {
        if (input->answer[i].select == select && input->answer[i].subsel == subsel) {
            return &input->answer[i];
        }
    }
    if (!make || input->answers == ANSWERS) {
        return NULL;
    }
    struct answer *answer = &input->answer[input->answers++];
    *answer = (struct answer){.select = select, .subsel = subsel};
    return answer;
}

/* Shows the answer that select and subsel ask for. */
static void show(struct fake_device *device)
{
    uint8_t *config = device->type_config;
    const struct answer *answer = find_answer(input_of(device), config[0], config[1], false);
    memset(config + 2, 0, CONFIG_LENGTH - 2);
    if (answer != NULL) {
        config[2] = (uint8_t)knob_value(device, KNOB_INPUT_SIZE, answer->size);
        memcpy(config + DATA, answer->data, DATA_MAX);
    }
    if (answer != NULL && config[0] == EV_BITS && knob(device, KNOB_INPUT_FULL)) {
        memset(config + DATA, 0xFF, DATA_MAX);
        config[2] = DATA_MAX;
    }
    if (answer != NULL && config[0] == ABS_INFO && knob(device, KNOB_INPUT_RANGE)) {
        put_le(config + DATA, 100, 4);
        put_le(config + DATA + 4, 100 - (uint64_t)knob_value(device, KNOB_INPUT_RANGE, 0), 4);
    }
}

void fake_input_answer(struct fake_device *device, uint8_t select, uint8_t subsel, uint8_t size, const void *data,
                       size_t length)
{
    struct answer *answer = find_answer(input_of(device), select, subsel, true);
    if (answer != NULL) {
        answer->size = size;
        memset(answer->data, 0xEE, DATA_MAX);
        memcpy(answer->data, data, length < DATA_MAX ? length : DATA_MAX);
    }
}

void fake_input_bit(struct fake_device *device, uint8_t type, uint16_t code, bool set)
{
    struct answer *answer = find_answer(input_of(device), EV_BITS, type, true);
    if (answer == NULL || code / 8 >= DATA_MAX) {
        return;
    }
    answer->data[code / 8] = (uint8_t)((answer->data[code / 8] & ~(1u << (code % 8))) | (unsigned)set << (code % 8));
    for (answer->size = DATA_MAX; answer->size != 0 && answer->data[answer->size - 1] == 0;) {
        answer->size--;
    }
}

void fake_input_axis(struct fake_device *device, uint8_t axis, int32_t minimum, int32_t maximum, uint32_t resolution)
{
    uint8_t data[20] = {0};
    put_le(data, (uint32_t)minimum, 4);
    put_le(data + 4, (uint32_t)maximum, 4);
    put_le(data + 16, resolution, 4);
    fake_input_bit(device, EV_ABS, axis, true);
    fake_input_answer(device, ABS_INFO, axis, sizeof(data), data, sizeof(data));
}

static void set_identity(struct fake_device *device, const char *name, uint16_t product)
{
    uint8_t ids[8] = {6 /* virtual bus */, 0, 0x27, 0x06, (uint8_t)product, 0, 2, 0};
    fake_input_answer(device, ID_NAME, 0, (uint8_t)strlen(name), name, strlen(name));
    fake_input_answer(device, ID_DEVIDS, 0, sizeof(ids), ids, sizeof(ids));
}

static void be_keyboard(struct fake_device *device)
{
    set_identity(device, "QEMU Virtio Keyboard", 1);
    for (uint16_t code = KEY_ESC; code <= KEY_MICMUTE; code++) {
        fake_input_bit(device, EV_KEY, code, true);
    }
    for (uint16_t led = LED_NUML; led <= LED_SCROLLL; led++) {
        fake_input_bit(device, EV_LED, led, true);
    }
}

static void add_buttons(struct fake_device *device)
{
    for (uint16_t code = BTN_LEFT; code <= BTN_EXTRA; code++) {
        fake_input_bit(device, EV_KEY, code, true);
    }
    fake_input_bit(device, EV_REL, REL_WHEEL, true);
}

static bool fill(struct fake_device *device)
{
    const char *kind = device->options.input != NULL ? device->options.input : "keyboard";
    if (strcmp(kind, "keyboard") == 0) {
        be_keyboard(device);
    } else if (strcmp(kind, "mouse") == 0) {
        set_identity(device, "QEMU Virtio Mouse", 2);
        add_buttons(device);
        fake_input_bit(device, EV_REL, REL_X, true);
        fake_input_bit(device, EV_REL, REL_Y, true);
    } else if (strcmp(kind, "tablet") == 0) {
        set_identity(device, "QEMU Virtio Tablet", 3);
        add_buttons(device);
        fake_input_axis(device, ABS_X, 0, 0x7FFF, 0);
        fake_input_axis(device, ABS_Y, 0, 0x7FFF, 0);
    }
    return true; /* any other name: a device that says nothing about itself */
}

static void fill_fields(void)
{
    size_t n = 0;
    fields[n++] = (struct fake_field){0, 1, true, 0};
    fields[n++] = (struct fake_field){1, 1, true, 0};
    fields[n++] = (struct fake_field){2, 1, false, 0};
    for (uint16_t i = 0; i < DATA_MAX; i++) {
        fields[n++] = (struct fake_field){(uint16_t)(DATA + i), 1, false, 0};
    }
    for (uint16_t i = 0; i < 4; i++) {
        fields[n++] = (struct fake_field){(uint16_t)(DATA + 2 * i), 2, false, 0};
    }
    for (uint16_t i = 0; i < 5; i++) {
        fields[n++] = (struct fake_field){(uint16_t)(DATA + 4 * i), 4, false, 0};
    }
}

static bool create(struct fake_device *device)
{
    device->model = calloc(1, sizeof(struct input));
    fill_fields();
    if (device->options.queue_count < 2) {
        device->options.queue_count = 2;
    }
    return device->model != NULL && fill(device);
}

static void destroy(struct fake_device *device)
{
    if (device->model != NULL) {
        free(input_of(device)->event);
    }
    free(device->model);
}

static void reset(struct fake_device *device)
{
    struct input *input = input_of(device);
    input->first = input->ready = input->count = 0; /* what nobody asked for is gone */
    memset(device->type_config, 0, CONFIG_LENGTH);
}

static bool wants(struct fake_device *device, unsigned queue)
{
    const struct input *input = input_of(device);
    return queue == 0 ? input->first < input->ready : !input->holds_status;
}

static void complain(struct input *input, const char *why)
{
    if (input->why == NULL) {
        input->why = why;
    }
}

static uint32_t give_event(struct input *input, const struct fake_chain *chain)
{
    uint8_t wire[8];
    const struct fake_input_event *event = &input->event[input->first++];
    if (chain->readable != 0) {
        complain(input, "INPUT-05: an event buffer that the device may not write");
    }
    if (chain->write_bytes < sizeof(wire)) {
        complain(input, "INPUT-06: an event buffer of less than 8 bytes");
    }
    if (input->is_short) {
        input->is_short = false;
        return input->short_length;
    }
    put_le(wire, event->type, 2);
    put_le(wire + 2, event->code, 2);
    put_le(wire + 4, event->value, 4);
    return (uint32_t)fake_chain_write(chain, 0, wire, sizeof(wire));
}

static uint32_t take_status(struct input *input, const struct fake_chain *chain)
{
    uint8_t wire[8];
    if (chain->read_bytes < sizeof(wire)) {
        complain(input, "INPUT-07: a status buffer of less than 8 bytes");
        return 0;
    }
    fake_chain_read(chain, 0, wire, sizeof(wire));
    struct fake_input_event *event = &input->status[input->status_count++ % KEPT];
    *event = (struct fake_input_event){(uint16_t)get_le(wire, 2), (uint16_t)get_le(wire + 2, 2),
                                       (uint32_t)get_le(wire + 4, 4)};
    if (event->type != EV_LED || event->code > LED_MAX || event->value > 1) {
        complain(input, "INPUT-13: a status event that sets no LED");
    } else {
        input->leds = (input->leds & ~(1u << event->code)) | event->value << event->code;
    }
    return 0;
}

static uint32_t request(struct fake_device *device, unsigned queue, const struct fake_chain *chain)
{
    return queue == 0 ? give_event(input_of(device), chain) : take_status(input_of(device), chain);
}

/* Buffers that the driver has posted and the device has not taken. */
static unsigned buffers(struct fake_device *device)
{
    const struct fake_queue *queue = &device->queue[0];
    const struct fake_memory *memory = &device->options.memory;
    const uint8_t *avail = queue->enabled ? memory->at(memory->context, queue->avail + 2, 2) : NULL;
    return avail != NULL ? (uint16_t)(get_le(avail, 2) - queue->next_avail) : 0;
}

static void add(struct input *input, struct fake_input_event event)
{
    if (input->first == input->count) {
        input->first = input->ready = input->count = 0;
    }
    if (input->count == input->capacity) {
        size_t capacity = input->capacity != 0 ? 2 * input->capacity : 256;
        struct fake_input_event *grown =
            capacity <= WAITING_MAX ? realloc(input->event, capacity * sizeof(*grown)) : NULL;
        if (grown == NULL) {
            return;
        }
        input->event = grown;
        input->capacity = capacity;
    }
    input->event[input->count++] = event;
}

void fake_input_event(struct fake_device *device, uint16_t type, uint16_t code, uint32_t value)
{
    struct input *input = input_of(device);
    if (knob(device, KNOB_INPUT_UNKNOWN)) {
        add(input, (struct fake_input_event){EV_MSC, MSC_SCAN, (uint32_t)fake_random(device)});
        add(input, (struct fake_input_event){(uint16_t)(0x20 + fake_random(device) % 0xFFE0), KEY_A, 1});
        add(input, (struct fake_input_event){EV_KEY, (uint16_t)(0x300 + fake_random(device) % 0xFD00), 1});
    }
    bool is_end = type == EV_SYN && code == SYN_REPORT;
    if (!is_end || !knob(device, KNOB_INPUT_NO_SYN)) {
        add(input, (struct fake_input_event){type, code, value});
    }
    if (!is_end) {
        return;
    }
    if (input->drops && buffers(device) < input->count - input->ready) {
        input->count = input->ready;
        input->dropped++;
        return;
    }
    input->ready = input->count;
    device->queue[0].pending = true; /* what the last processing left goes first */
    if (!device->options.deferred) {
        fake_poll(device, 0);
    }
}

void fake_input_drops(struct fake_device *device, bool drops)
{
    input_of(device)->drops = drops;
}

void fake_input_short(struct fake_device *device, uint32_t length)
{
    input_of(device)->is_short = true;
    input_of(device)->short_length = length;
}

uint64_t fake_input_waiting(const struct fake_device *device)
{
    return input_of(device)->ready - input_of(device)->first;
}

uint64_t fake_input_dropped(const struct fake_device *device)
{
    return input_of(device)->dropped;
}

const struct fake_input_event *fake_input_status(const struct fake_device *device, uint64_t index)
{
    const struct input *input = input_of(device);
    bool is_kept = index < input->status_count && input->status_count - index <= KEPT;
    return is_kept ? &input->status[index % KEPT] : NULL;
}

uint64_t fake_input_status_count(const struct fake_device *device)
{
    return input_of(device)->status_count;
}

uint32_t fake_input_leds(const struct fake_device *device)
{
    return input_of(device)->leds;
}

void fake_input_hold_status(struct fake_device *device, bool hold)
{
    input_of(device)->holds_status = hold;
    device->queue[1].pending = !hold;
    fake_poll(device, 0);
}

const char *fake_input_why(const struct fake_device *device)
{
    return input_of(device)->why;
}

const struct fake_type fake_type_input = {
    .name = "input",
    .number = 18,
    .class_code = 0x098000,
    .features = FEATURE_VERSION_1 | FEATURE_INDIRECT | FEATURE_EVENT_IDX,
    .config_length = CONFIG_LENGTH,
    .fields = fields,
    .field_count = sizeof(fields) / sizeof(fields[0]),
    .create = create,
    .destroy = destroy,
    .reset = reset,
    .config_written = show,
    .wants = wants,
    .request = request,
    .why = fake_input_why,
};
