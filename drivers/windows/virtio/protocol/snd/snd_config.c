/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The sound device's configuration. Layer: core. Highest IRQL: DIRQL. */
#include "snd_config.h"

static UINT32 AtMost(UINT64 value, UINT32 limit)
{
    return value < limit ? (UINT32)value : limit;
}

NTSTATUS SndConfigRead(VIRTIO_PCI_DEVICE *pci, SND_CONFIG *config)
{
    static const VIRTIO_CONFIG_FIELD fields[] = {
        {VIRTIO_SND_CFG_JACKS, 4},
        {VIRTIO_SND_CFG_STREAMS, 4},
        {VIRTIO_SND_CFG_CHMAPS, 4},
    };
    UINT64 values[VIRTIO_ARRAY_COUNT(fields)];
    NTSTATUS status = VirtioPciReadConfig(pci, fields, VIRTIO_ARRAY_COUNT(fields), values);

    RtlZeroMemory(config, sizeof(*config));
    if (!NT_SUCCESS(status))
        return status;
    config->jacks = AtMost(values[0], SND_JACKS_MAX);
    config->streams = AtMost(values[1], SND_STREAMS_MAX);
    config->chmaps = AtMost(values[2], SND_CHMAPS_MAX);
    config->device_streams = (UINT32)values[1];
    return status;
}
