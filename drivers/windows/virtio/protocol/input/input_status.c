/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The status queue; see input_status.h. Layer: core. Highest IRQL: any. */
#include "input_status.h"

/* Sends what the device has not been told, as far as there are buffers. */
static VOID Send(INPUT_STATUS *status)
{
    VIRTIO_INPUT_EVENT *event;
    UINT16 buffer;
    UINT16 code;

    if (status->unsent == 0 || status->ring.notify_address == NULL)
        return;
    for (code = 0; code < INPUT_LED_COUNT; code++) {
        if (((status->unsent >> code) & 1) == 0)
            continue;
        if (status->free_count == 0) {
            status->waited++;
            break;
        }
        buffer = status->free_buffers[status->free_count - 1];
        event = &status->ring.buffers[buffer];
        event->type = INPUT_EV_LED;
        event->code = code;
        event->value = (status->wanted >> code) & 1;
        if (!InputRingPost(&status->ring, buffer, FALSE))
            break;
        status->free_count--;
        status->unsent &= (UINT16) ~(1U << code);
        status->sent++;
    }
    InputRingKick(&status->ring);
}

VOID InputStatusOpen(INPUT_STATUS *status, volatile UINT8 *notify_address)
{
    UINT16 i;

    status->ring.notify_address = notify_address;
    status->free_count = status->ring.size;
    for (i = 0; i < status->ring.size; i++)
        status->free_buffers[i] = i;
    status->unsent = status->was_set ? status->mask : 0;
    Send(status);
}

VOID InputStatusSet(INPUT_STATUS *status, UINT16 leds)
{
    leds &= status->mask;
    status->unsent |= status->was_set ? (UINT16)(leds ^ status->wanted) : status->mask;
    status->wanted = leds;
    status->was_set = TRUE;
    Send(status);
}

BOOLEAN InputStatusDrain(INPUT_STATUS *status, UINT32 *count)
{
    NTSTATUS result = STATUS_NOT_FOUND;
    UINT16 buffer;
    UINT32 length;

    *count = 0;
    if (status->ring.notify_address == NULL)
        return FALSE;
    /* The engine gives no more back than is in flight, and Send comes after the loop. */
    while (NT_SUCCESS(result = InputRingTake(&status->ring, &buffer, &length))) {
        status->free_buffers[status->free_count++] = buffer;
        if (length != 0)
            status->wrong_lengths++;
        (*count)++;
    }
    if (result != STATUS_NOT_FOUND)
        return TRUE;
    Send(status);
    return FALSE;
}
