/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Which interrupt message serves which queue. Layer: core. IRQL: any. */
#include "snd_vectors.h"

VOID SndVectorsPlan(UINT16 message_count, SND_VECTORS *vectors)
{
    UINT16 audio = message_count > 1 ? 1 : 0;
    UINT16 other = 0;

    vectors->message_count = message_count > 2 ? 2 : message_count;
    if (message_count == 0) {
        audio = VIRTIO_PCI_NO_VECTOR;
        other = VIRTIO_PCI_NO_VECTOR;
    }
    vectors->config = other;
    vectors->queue[VIRTIO_SND_QUEUE_CONTROL] = other;
    vectors->queue[VIRTIO_SND_QUEUE_EVENT] = other;
    vectors->queue[VIRTIO_SND_QUEUE_TX] = audio;
    vectors->queue[VIRTIO_SND_QUEUE_RX] = audio;
}
