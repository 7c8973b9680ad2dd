/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Configuration of an input device; see input_config.h. Layer: core. Highest IRQL: DIRQL. */
#include "input_config.h"

#include "virtio_mmio.h"

#define FIELDS_AT_ONCE 32 /* of one VirtioPciReadConfig; on the stack */
#define DEVIDS_SIZE    8
#define ABS_INFO_SIZE  20

/* One answer of the device. */
typedef struct _ANSWER {
    UINT8 size; /* bytes of data, at most VIRTIO_INPUT_DATA_MAX */
    UINT8 data[VIRTIO_INPUT_DATA_MAX];
} ANSWER;

/* Reads answer->size bytes of data in accesses of width bytes; what is left of a broken last one stays 0. */
static NTSTATUS ReadData(VIRTIO_PCI_DEVICE *pci, UINT8 width, ANSWER *answer)
{
    VIRTIO_CONFIG_FIELD fields[FIELDS_AT_ONCE];
    UINT64 values[FIELDS_AT_ONCE];
    UINT32 total = answer->size / width;
    UINT32 done = 0;
    UINT32 count;
    UINT32 i;
    UINT32 byte;
    NTSTATUS status;

    while (done < total) {
        count = total - done < FIELDS_AT_ONCE ? total - done : FIELDS_AT_ONCE;
        for (i = 0; i < count; i++) {
            fields[i].offset = (UINT16)(VIRTIO_INPUT_CFG_DATA + (done + i) * width);
            fields[i].width = width;
        }
        status = VirtioPciReadConfig(pci, fields, count, values);
        if (!NT_SUCCESS(status))
            return status;
        for (i = 0; i < count; i++) {
            for (byte = 0; byte < width; byte++)
                answer->data[(done + i) * width + byte] = (UINT8)(values[i] >> (8 * byte));
        }
        done += count;
    }
    return STATUS_SUCCESS;
}

/*
 * One query: both selectors (INPUT-01, and nothing else is written: INPUT-02), size, then data (INPUT-03), of which no
 * more than capacity bytes are of use.
 */
static NTSTATUS Query(VIRTIO_PCI_DEVICE *pci, INPUT_CONFIG *config, UINT8 select, UINT8 subsel, UINT32 capacity,
                      UINT8 width, ANSWER *answer)
{
    static const VIRTIO_CONFIG_FIELD size_field = {VIRTIO_INPUT_CFG_SIZE, 1};
    UINT32 room = pci->caps.device.length - VIRTIO_INPUT_CFG_DATA;
    UINT64 size;
    NTSTATUS status;

    RtlZeroMemory(answer, sizeof(*answer));
    VirtioMmioWrite8(pci->device_config + VIRTIO_INPUT_CFG_SELECT, select);
    VirtioMmioWrite8(pci->device_config + VIRTIO_INPUT_CFG_SUBSEL, subsel);
    status = VirtioPciReadConfig(pci, &size_field, 1, &size);
    if (!NT_SUCCESS(status))
        return status;
    if (room > VIRTIO_INPUT_DATA_MAX)
        room = VIRTIO_INPUT_DATA_MAX;
    if (size > room) {
        size = room;
        config->refused++;
    }
    answer->size = (UINT8)(size < capacity ? size : capacity);
    return ReadData(pci, width, answer);
}

static UINT32 Little(const UINT8 *from, UINT32 width)
{
    UINT32 value = 0;

    while (width-- > 0)
        value = value << 8 | from[width];
    return value;
}

static NTSTATUS ReadIds(VIRTIO_PCI_DEVICE *pci, INPUT_CONFIG *config)
{
    ANSWER answer;
    NTSTATUS status = Query(pci, config, VIRTIO_INPUT_ID_DEVIDS, 0, DEVIDS_SIZE, 2, &answer);

    if (NT_SUCCESS(status) && answer.size >= DEVIDS_SIZE) {
        config->has_ids = TRUE;
        config->bus_type = (UINT16)Little(answer.data, 2);
        config->vendor = (UINT16)Little(answer.data + 2, 2);
        config->product = (UINT16)Little(answer.data + 4, 2);
        config->version = (UINT16)Little(answer.data + 6, 2);
    }
    return status;
}

/* An axis without a plausible range is no axis (HOST-29). */
static NTSTATUS ReadRange(VIRTIO_PCI_DEVICE *pci, INPUT_CONFIG *config, UINT8 axis)
{
    ANSWER answer;
    INT32 minimum;
    INT32 maximum;
    NTSTATUS status = Query(pci, config, VIRTIO_INPUT_ABS_INFO, axis, ABS_INFO_SIZE, 4, &answer);

    if (!NT_SUCCESS(status))
        return status;
    minimum = (INT32)Little(answer.data, 4);
    maximum = (INT32)Little(answer.data + 4, 4);
    if (answer.size < ABS_INFO_SIZE || minimum >= maximum) {
        config->abses[axis / 8] &= (UINT8) ~(1U << (axis % 8));
        config->refused++;
        return STATUS_SUCCESS;
    }
    config->ranges[axis].minimum = minimum;
    config->ranges[axis].maximum = maximum;
    config->ranges[axis].resolution = Little(answer.data + 16, 4);
    return STATUS_SUCCESS;
}

/* What is kept as bytes, and where in the record; length_offset 0: a bitmap of fixed size. */
static const struct {
    UINT8 select;
    UINT8 subsel;
    UINT16 offset;
    UINT16 capacity;
    UINT16 length_offset;
} byte_queries[] = {
    {VIRTIO_INPUT_ID_NAME, 0, offsetof(INPUT_CONFIG, name), VIRTIO_INPUT_DATA_MAX, offsetof(INPUT_CONFIG, name_length)},
    {VIRTIO_INPUT_ID_SERIAL, 0, offsetof(INPUT_CONFIG, serial), VIRTIO_INPUT_DATA_MAX,
     offsetof(INPUT_CONFIG, serial_length)},
    {VIRTIO_INPUT_PROP_BITS, 0, offsetof(INPUT_CONFIG, props), INPUT_PROP_COUNT / 8, 0},
    {VIRTIO_INPUT_EV_BITS, INPUT_EV_KEY, offsetof(INPUT_CONFIG, keys), INPUT_KEY_COUNT / 8, 0},
    {VIRTIO_INPUT_EV_BITS, INPUT_EV_REL, offsetof(INPUT_CONFIG, rels), INPUT_REL_COUNT / 8, 0},
    {VIRTIO_INPUT_EV_BITS, INPUT_EV_ABS, offsetof(INPUT_CONFIG, abses), INPUT_ABS_COUNT / 8, 0},
    {VIRTIO_INPUT_EV_BITS, INPUT_EV_LED, offsetof(INPUT_CONFIG, leds), INPUT_LED_COUNT / 8, 0},
};

static NTSTATUS ReadBytes(VIRTIO_PCI_DEVICE *pci, INPUT_CONFIG *config, UINT32 query)
{
    ANSWER answer;
    UINT8 *record = (UINT8 *)config;
    NTSTATUS status = Query(pci, config, byte_queries[query].select, byte_queries[query].subsel,
                            byte_queries[query].capacity, 1, &answer);

    if (!NT_SUCCESS(status))
        return status;
    RtlCopyMemory(record + byte_queries[query].offset, answer.data, answer.size);
    if (byte_queries[query].length_offset != 0)
        record[byte_queries[query].length_offset] = answer.size;
    return STATUS_SUCCESS;
}

static NTSTATUS ReadAll(VIRTIO_PCI_DEVICE *pci, INPUT_CONFIG *config)
{
    NTSTATUS status = STATUS_SUCCESS;
    UINT8 axis;
    UINT32 i;

    for (i = 0; NT_SUCCESS(status) && i < VIRTIO_ARRAY_COUNT(byte_queries); i++)
        status = ReadBytes(pci, config, i);
    for (axis = 0; NT_SUCCESS(status) && axis < INPUT_AXIS_COUNT; axis++) {
        if (InputConfigHas(config->abses, axis))
            status = ReadRange(pci, config, axis);
    }
    return NT_SUCCESS(status) ? ReadIds(pci, config) : status;
}

NTSTATUS InputConfigRead(VIRTIO_PCI_DEVICE *pci, INPUT_CONFIG *config)
{
    NTSTATUS status;

    RtlZeroMemory(config, sizeof(*config));
    if (pci->device_config == NULL || pci->caps.device.length < VIRTIO_INPUT_CFG_DATA) {
        pci->reason = VIRTIO_REASON_CAP_DEVICE_MISSING;
        pci->reason_detail = pci->caps.device.length;
        return STATUS_NOT_SUPPORTED;
    }
    status = ReadAll(pci, config);
    if (!NT_SUCCESS(status))
        RtlZeroMemory(config, sizeof(*config));
    return status;
}
