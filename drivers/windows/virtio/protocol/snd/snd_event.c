/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The event queue. Layer: core. Highest IRQL: DISPATCH_LEVEL. */
#include "snd_event.h"

/* Buffer n is a descriptor of its own, so there always is room for it. */
static BOOLEAN Post(SND_EVENTS *events, UINT16 buffer)
{
    VIRTQ_SG sg;

    sg.addr = events->buffers_pa + (UINT64)buffer * sizeof(*events->buffers);
    sg.len = sizeof(*events->buffers);
    sg.write = TRUE;
    RtlZeroMemory(&events->buffers[buffer], sizeof(*events->buffers));
    return NT_SUCCESS(VirtioSndQueuePost(&events->queue, &sg, 1, &events->buffers[buffer]));
}

BOOLEAN SndEventsFill(SND_EVENTS *events)
{
    UINT16 i;

    for (i = 0; i < events->queue.vq->qsz; i++) {
        if (!Post(events, i))
            return FALSE;
    }
    return TRUE;
}

VOID SndEventsOpen(SND_EVENTS *events, volatile UINT8 *notify_address)
{
    events->notify_address = notify_address;
    SndEventsKick(events);
}

VOID SndEventsReset(SND_EVENTS *events)
{
    VirtioSndQueueReset(&events->queue);
    events->notify_address = NULL;
}

SND_EVENT_STATUS SndEventsTake(SND_EVENTS *events, VIRTIO_SND_EVENT *event)
{
    void *cookie;
    UINT32 length;
    NTSTATUS status;

    RtlZeroMemory(event, sizeof(*event));
    if (events->notify_address == NULL)
        return SND_EVENT_NONE;
    status = VirtioSndQueueTake(&events->queue, &cookie, &length);
    if (status == STATUS_NOT_FOUND)
        return SND_EVENT_NONE;
    if (!NT_SUCCESS(status))
        return SND_EVENT_BROKEN;
    events->taken++;
    if (length == sizeof(*event))
        RtlCopyMemory(event, cookie, sizeof(*event));
    else
        events->wrong_lengths++;
    return Post(events, (UINT16)((VIRTIO_SND_EVENT *)cookie - events->buffers)) ? SND_EVENT_TAKEN : SND_EVENT_BROKEN;
}

VOID SndEventsKick(SND_EVENTS *events)
{
    if (VirtioSndQueueWantsKick(&events->queue))
        VirtioPciNotify(events->notify_address, events->queue.index);
}
