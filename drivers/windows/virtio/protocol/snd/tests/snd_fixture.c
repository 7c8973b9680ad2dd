/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A fake sound device with the whole sound core on it. */
#include "snd_fixture.h"

const SND_FORMAT cd_format = {44100, 2, 16, 16, FALSE}, dat_format = {48000, 2, 16, 16, FALSE};

static void *ram_at(void *context, uint64_t address, uint64_t length)
{
    struct rig *rig = context;
    if (address < RAM_START || length > RAM_SIZE || address - RAM_START > RAM_SIZE - length) {
        return NULL;
    }
    return rig->ram + (address - RAM_START);
}

static VOID host_acquire(void *context)
{
    struct rig *rig = context;
    assert_false(rig->is_locked);
    rig->is_locked = true;
}

static VOID host_release(void *context)
{
    struct rig *rig = context;
    assert_true(rig->is_locked);
    rig->is_locked = false;
}

static UINT64 host_now(void *context)
{
    return fake_clock_us(((struct rig *)context)->fake) * 10 + 12345;
}

/* While one thread waits, everything else goes on. */
static VOID host_wait(void *context, UINT32 milliseconds)
{
    struct rig *rig = context;
    assert_false(rig->is_locked);
    rig->is_waiting = true;
    rig_run(rig, milliseconds * 1000);
    rig->is_waiting = false;
}

static VOID host_wake(void *context)
{
    assert_true(((struct rig *)context)->is_locked);
}

static const SND_HOST host = {host_acquire, host_release, host_now, host_wait, host_wake};

void rig_make(struct rig *rig, struct fake_options options, const char *fault)
{
    char error[160] = "";
    memset(rig, 0, sizeof(*rig));
    rig->ram = calloc(1, RAM_SIZE);
    assert_non_null(rig->ram);
    options.type = "snd";
    options.memory = (struct fake_memory){ram_at, rig};
    options.fault = fault;
    rig->fake = fake_create(&options, error, sizeof(error));
    if (rig->fake == NULL) {
        fail_msg("%s", error);
    }
}

NTSTATUS rig_start(struct rig *rig, UINT16 vectors)
{
    SND_MEMORY_NEEDED needed;
    SND_VECTORS plan;
    NTSTATUS status = SndDeviceProbe(&rig->device, &fake_driver_ops, rig->fake);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    SndDeviceMemoryNeeded(&rig->device, &needed);
    assert_true(needed.dma_size <= DATA_OFFSET);
    memset(rig->ram, 0xA5, needed.dma_size);
    rig->state_block = malloc(needed.state_size);
    assert_non_null(rig->state_block);
    SND_MEMORY memory = {rig->ram, RAM_START, rig->state_block};
    fake_msix_enable(rig->fake, vectors);
    SndVectorsPlan(vectors, &plan);
    return SndDeviceStart(&rig->device, &memory, &plan, &host, rig);
}

void rig_up(struct rig *rig, const char *fault)
{
    rig_make(rig, (struct fake_options){0}, fault);
    NTSTATUS status = rig_start(rig, 2);
    if (status != STATUS_SUCCESS) {
        fail_msg("start: 0x%x, %s (0x%x)", (unsigned)status, VirtioReasonText(rig->device.reason),
                 rig->device.reason_detail);
    }
}

void rig_check_rules(struct rig *rig)
{
    char why[200] = "";
    if (!fake_check(rig->fake, why, sizeof(why))) {
        fail_msg("%s", why);
    }
    assert_int_equal(fake_dma_errors(rig->fake), 0);
}

void rig_end(struct rig *rig)
{
    for (unsigned i = 0; i < SND_DIRECTIONS && rig->device.has_memory; i++) {
        rig_close(rig, i);
    }
    rig_check_rules(rig);
    assert_true(SndDeviceUninit(&rig->device));
    fake_destroy(rig->fake);
    free(rig->state_block);
    free(rig->ram);
}

/* --- Clients --- */

static uint8_t *buffer_at(struct rig *rig, struct client *client, uint64_t position)
{
    uint64_t at = client->first_offset + position % client->geometry.buffer_bytes;
    return rig->ram + (client->pfns[at / PAGE] * PAGE + at % PAGE - RAM_START);
}

/* How many bytes from position on are on one page, at most until to. */
static uint64_t piece_at(const struct client *client, uint64_t position, uint64_t to)
{
    uint64_t at = position % client->geometry.buffer_bytes, piece = PAGE - (client->first_offset + at) % PAGE;
    if (piece > client->geometry.buffer_bytes - at) {
        piece = client->geometry.buffer_bytes - at;
    }
    return piece < to - position ? piece : to - position;
}

/* Writes the signal, or poison, to [from, to). */
static void write_signal(struct rig *rig, struct client *client, uint64_t from, uint64_t to, bool is_poison)
{
    while (from < to) {
        uint64_t piece = piece_at(client, from, to);
        uint8_t *at = buffer_at(rig, client, from);
        for (uint64_t i = 0; i < piece; i++) {
            at[i] = is_poison ? POISON : fake_snd_byte(from + i);
        }
        from += piece;
    }
}

void rig_refill(struct rig *rig, unsigned direction)
{
    struct client *client = &rig->client[direction];
    client->filled = 0;
    client->last_play = 0;
    client->react_at = 0;
    if (direction == SND_RENDER) {
        client->filled = client->ahead_bytes != 0 ? client->geometry.fifo_bytes + client->ahead_bytes
                                                  : client->geometry.buffer_bytes;
        write_signal(rig, client, 0, client->filled, false);
        write_signal(rig, client, client->filled, client->geometry.buffer_bytes, true);
    }
}

static bool has_page(const struct client *client, UINT64 pfn)
{
    for (uint32_t i = 0; i < client->pages; i++) {
        if (client->pfns[i] == pfn) {
            return true;
        }
    }
    return false;
}

void rig_open(struct rig *rig, unsigned direction, const SND_FORMAT *format, uint32_t bytes, uint32_t notifications)
{
    struct client *client = &rig->client[direction];
    assert_int_equal(SndClientOpen(&rig->device, direction, format), STATUS_SUCCESS);
    assert_int_equal(SndClientPlanBuffer(&rig->device, direction, bytes, notifications, &client->geometry),
                     STATUS_SUCCESS);
    client->pages = (client->first_offset + client->geometry.buffer_bytes + PAGE - 1) / PAGE;
    client->pfns = malloc(client->pages * sizeof(*client->pfns));
    assert_non_null(client->pfns);
    const unsigned all = (RAM_SIZE - DATA_OFFSET) / PAGE;
    for (uint32_t i = 0; i < client->pages; i++) { /* 7 does not divide the number of pages: each comes once */
        do {
            rig->next_page++;
            client->pfns[i] = (RAM_START + DATA_OFFSET) / PAGE + rig->next_page * 7ULL % all;
        } while (has_page(&rig->client[1 - direction], client->pfns[i]));
    }
    rig_refill(rig, direction);
    assert_int_equal(SndClientSetBuffer(&rig->device, direction, &client->geometry, client->pfns, client->pages,
                                        client->first_offset),
                     STATUS_SUCCESS);
}

void rig_close(struct rig *rig, unsigned direction)
{
    struct client *client = &rig->client[direction];
    assert_true(SndClientClose(&rig->device, direction));
    for (uint32_t i = 0; i < client->pages; i++) { /* the system gives the pages to somebody else */
        memset(rig->ram + (client->pfns[i] * PAGE - RAM_START), 0x5A, PAGE);
    }
    free(client->pfns);
    client->pfns = NULL;
    client->pages = 0;
}

void rig_state(struct rig *rig, unsigned direction, SND_KS_STATE state)
{
    NTSTATUS status = SndClientSetState(&rig->device, direction, state);
    if (status != STATUS_SUCCESS) {
        fail_msg("state %d: 0x%x, %s (0x%x)", (int)state, (unsigned)status, VirtioReasonText(rig->device.reason),
                 rig->device.reason_detail);
    }
}

SND_POSITION rig_position(struct rig *rig, unsigned direction)
{
    struct client *client = &rig->client[direction];
    SND_POSITION position;
    SndClientPosition(&rig->device, direction, &position);
    assert_true(position.play <= position.write);
    assert_true(position.play >= client->last_play);
    if (client->geometry.buffer_bytes != 0) {
        assert_int_equal(position.play_offset, position.play % client->geometry.buffer_bytes);
        assert_int_equal(position.write_offset, position.write % client->geometry.buffer_bytes);
        assert_int_equal(position.play % client->geometry.frame_bytes, 0);
    }
    if (rig->recoveries == 0 &&
        rig->device.resets == 0) { /* after one it stays where it was, until it is posted anew */
        assert_true(position.play <=
                    rig->device.directions[direction].stream.posted_periods * client->geometry.period_bytes);
    }
    if (direction == SND_RENDER) {
        UINT32 fifo, delay;
        SndClientLatency(&rig->device, direction, &fifo, &delay);
        fifo += (UINT32)(1.0 * delay * client->geometry.rate / 1e7) * client->geometry.frame_bytes;
        assert_true(position.write - position.play <= fifo + client->geometry.fifo_bytes / 2);
    }
    client->last_play = position.play;
    return position;
}

static void notified(struct rig *rig, unsigned direction)
{
    struct client *client = &rig->client[direction];
    const SND_GEOMETRY *geometry = &client->geometry;
    uint64_t unit = (uint64_t)geometry->unit_periods * geometry->period_bytes;
    client->events++;
    if (direction == SND_RENDER && !client->is_stalled) {
        write_signal(rig, client, client->filled, client->filled + unit, true); /* the unit that was played */
        client->react_at = fake_clock_us(rig->fake) + client->react_us;
    }
}

static void render_step(struct rig *rig, struct client *client)
{
    const SND_GEOMETRY *geometry = &client->geometry;
    if (geometry->notification_count != 0) {
        if (client->react_at != 0 && fake_clock_us(rig->fake) >= client->react_at) {
            uint64_t unit = (uint64_t)geometry->unit_periods * geometry->period_bytes;
            write_signal(rig, client, client->filled, client->filled + unit, false);
            client->filled += unit;
            client->react_at = 0;
        }
        return;
    }
    SND_POSITION position = rig_position(rig, SND_RENDER);
    /* all that was played, but for what the device may still hold on to */
    uint64_t most = position.play + geometry->buffer_bytes - geometry->fifo_bytes, to = most;
    if (client->ahead_bytes != 0) { /* what the client was told is enough; behind it lies poison */
        to = position.play + geometry->fifo_bytes + client->ahead_bytes;
    }
    if (!client->is_stalled && to > client->filled) {
        write_signal(rig, client, client->filled, to, false);
        client->filled = to;
        if (client->ahead_bytes != 0) {
            write_signal(rig, client, to, most, true);
        }
    }
}

static void capture_step(struct rig *rig, struct client *client)
{
    SND_POSITION position = rig_position(rig, SND_CAPTURE);
    for (; client->filled < position.play; client->filled++) {
        client->wrong += *buffer_at(rig, client, client->filled) != fake_snd_byte(client->signal_base + client->filled);
    }
}

static void clients_step(struct rig *rig)
{
    for (unsigned i = 0; i < SND_DIRECTIONS; i++) {
        struct client *client = &rig->client[i];
        if (client->pfns == NULL || rig->device.directions[i].pcm.wanted != SND_KS_RUN) {
            continue;
        }
        if (i == SND_RENDER) {
            render_step(rig, client);
        } else if (client->checks_capture) {
            capture_step(rig, client);
        }
    }
}

/* --- Time --- */

static void do_work(struct rig *rig, UINT32 work)
{
    for (unsigned again = 0; again < 100; again++) {
        if ((work & SND_WORK_NOTIFY_RENDER) != 0) {
            notified(rig, SND_RENDER);
        }
        if ((work & SND_WORK_NOTIFY_CAPTURE) != 0) {
            notified(rig, SND_CAPTURE);
        }
        rig->jacks += (work & SND_WORK_JACKS) != 0;
        if ((work & SND_WORK_RECOVER) != 0 && !rig->no_recover) {
            rig->recoveries++;
            SndDeviceRecover(&rig->device, VIRTIO_REASON_NONE);
        }
        if ((work & SND_WORK_MORE) == 0) {
            return;
        }
        work = SndDeviceService(&rig->device);
    }
    fail_msg("there always is more work");
}

static bool takes_interrupt(struct rig *rig)
{
    bool is_there = false;
    for (unsigned i = 0; i < fake_msix_vectors(rig->fake); i++) {
        is_there |= fake_msix_take(rig->fake, i);
    }
    if (fake_line_level(rig->fake)) {
        is_there |= VirtioPciReadIsr(&rig->device.pci) != 0;
    }
    return is_there && !rig->no_interrupts;
}

void rig_run(struct rig *rig, uint64_t microseconds)
{
    uint64_t end = fake_clock_us(rig->fake) + microseconds;
    while (fake_clock_us(rig->fake) < end) {
        fake_poll(rig->fake, STEP_US);
        if (rig->device.host == NULL) {
            continue;
        }
        if (takes_interrupt(rig)) {
            do_work(rig, SndDeviceService(&rig->device));
        }
        if (fake_clock_us(rig->fake) >= rig->next_tick_us) {
            rig->next_tick_us = fake_clock_us(rig->fake) + 1000 * SND_TICK_MS;
            do_work(rig, SndDevicePoll(&rig->device));
        }
        clients_step(rig);
    }
}

size_t rig_expect_played(struct rig *rig, uint64_t first)
{
    size_t length;
    const uint8_t *played = fake_snd_played(rig->fake, &length);
    for (size_t i = 0; i < length; i++) {
        if (played[i] != fake_snd_byte(first + i)) {
            fail_msg("byte %zu of %zu is 0x%02x instead of 0x%02x%s", i, length, played[i], fake_snd_byte(first + i),
                     played[i] == POISON ? " (poison?)" : "");
        }
    }
    return length;
}
