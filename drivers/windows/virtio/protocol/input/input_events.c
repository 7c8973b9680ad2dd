/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The event queue; see input_events.h. Layer: core. Highest IRQL: any. */
#include "input_events.h"

VOID InputEventsOpen(INPUT_EVENTS *events, volatile UINT8 *notify_address)
{
    UINT16 i;

    events->ring.notify_address = notify_address;
    for (i = 0; i < events->ring.size; i++)
        (void)InputRingPost(&events->ring, i, TRUE); /* the ring is empty: there is room */
    InputRingKick(&events->ring);
}

/* Takes at most one filling of the queue into private memory. Returns: FALSE: the device broke the ring. */
static BOOLEAN Take(INPUT_EVENTS *events, UINT16 *count)
{
    INPUT_TAKEN *taken;
    UINT32 length;
    NTSTATUS status = STATUS_SUCCESS;

    *count = 0;
    while (*count < events->ring.size) {
        taken = &events->taken[*count];
        status = InputRingTake(&events->ring, &taken->buffer, &length);
        if (!NT_SUCCESS(status))
            break;
        RtlCopyMemory(&taken->event, &events->ring.buffers[taken->buffer], sizeof(taken->event));
        taken->is_whole = (BOOLEAN)(length >= sizeof(taken->event));
        if (length != sizeof(taken->event))
            events->wrong_lengths++;
        (*count)++;
    }
    return (BOOLEAN)(NT_SUCCESS(status) || status == STATUS_NOT_FOUND);
}

static VOID Translate(INPUT_EVENTS *events, UINT16 count, INPUT_REPORTS *reports)
{
    UINT16 i;

    for (i = 0; i < count; i++) {
        if (events->taken[i].is_whole)
            InputReportsEvent(reports, &events->taken[i].event);
        else
            InputReportsLost(reports); /* there was an event, of which nothing is known */
    }
    if (events->ring.size >= INPUT_GAP_QUEUE_MIN && events->ring.size - count < INPUT_GAP_MARGIN) {
        events->gaps++;
        InputReportsLost(reports);
    }
}

INPUT_DRAIN InputEventsDrain(INPUT_EVENTS *events, INPUT_REPORTS *reports, UINT32 *count)
{
    BOOLEAN is_good = TRUE;
    UINT32 pass;
    UINT16 taken;
    UINT16 i;

    *count = 0;
    for (pass = 0; pass < INPUT_DRAIN_PASSES && is_good; pass++) {
        is_good = Take(events, &taken);
        if (taken == 0)
            return is_good ? INPUT_DRAIN_DONE : INPUT_DRAIN_BROKEN;
        for (i = 0; i < taken && is_good; i++)
            is_good = InputRingPost(&events->ring, events->taken[i].buffer, TRUE);
        InputRingKick(&events->ring);
        Translate(events, taken, reports);
        *count += taken;
    }
    return is_good ? INPUT_DRAIN_MORE : INPUT_DRAIN_BROKEN;
}
