/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Which interrupt message serves which queue. Layer: core. IRQL: any. */
#include "net_vectors.h"

VOID NetVectorsPlan(UINT16 message_count, UINT16 pair_count, NET_VECTORS *vectors)
{
    UINT16 others = (UINT16)(message_count > 1 ? message_count - 1 : 0);
    BOOLEAN is_enough = others >= 2 * pair_count;
    UINT16 i;

    vectors->config = message_count == 0 ? VIRTIO_PCI_NO_VECTOR : 0;
    vectors->control = vectors->config;
    if (is_enough)
        others = (UINT16)(2 * pair_count);
    else if (others > pair_count)
        others = pair_count;
    vectors->message_count = message_count == 0 ? 0 : (UINT16)(1 + others);
    for (i = 0; i < NET_PAIRS_MAX; i++) {
        vectors->rx[i] = VIRTIO_PCI_NO_VECTOR;
        vectors->tx[i] = VIRTIO_PCI_NO_VECTOR;
        if (i >= pair_count)
            continue;
        if (is_enough) {
            vectors->rx[i] = (UINT16)(1 + 2 * i);
            vectors->tx[i] = (UINT16)(2 + 2 * i);
        } else {
            vectors->rx[i] = others != 0 ? (UINT16)(1 + i % others) : vectors->config;
            vectors->tx[i] = vectors->rx[i];
        }
    }
}

VOID NetVectorsWork(const NET_VECTORS *vectors, UINT16 pair_count, UINT16 message, NET_VECTOR_WORK *work)
{
    UINT16 i;

    if (vectors->message_count == 0)
        message = VIRTIO_PCI_NO_VECTOR;
    work->config = vectors->config == message;
    work->rx = 0;
    work->tx = 0;
    for (i = 0; i < pair_count; i++) {
        if (vectors->rx[i] == message)
            work->rx |= 1U << i;
        if (vectors->tx[i] == message)
            work->tx |= 1U << i;
    }
}
