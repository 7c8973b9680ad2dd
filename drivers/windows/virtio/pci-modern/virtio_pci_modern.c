/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Bring-up and queue set-up of one modern virtio PCI device. All state of the device is in its registers; of what it
 * says only what is range-checked here goes further, and every wait has a bound.
 * Layer: transport. Highest IRQL: DIRQL. VIRTIO 1.x "Device Initialization", "Virtio Over PCI Bus".
 */
#include "virtio_pci_modern.h"

#include "virtio_mmio.h"
#include "virtio_pci_regs.h"

#define FEATURE_WORDS 2 /* no feature of this driver is above bit 63 */

static UINT8 Read8(const VIRTIO_PCI_DEVICE *device, UINT32 offset)
{
    return VirtioMmioRead8(device->common + offset);
}

static UINT16 Read16(const VIRTIO_PCI_DEVICE *device, UINT32 offset)
{
    return VirtioMmioRead16(device->common + offset);
}

static VOID Write16(const VIRTIO_PCI_DEVICE *device, UINT32 offset, UINT16 value)
{
    VirtioMmioWrite16(device->common + offset, value);
}

static VOID Write32(const VIRTIO_PCI_DEVICE *device, UINT32 offset, UINT32 value)
{
    VirtioMmioWrite32(device->common + offset, value);
}

/* A 64-bit register is written as two aligned halves (PCI-06). */
static VOID Write64(const VIRTIO_PCI_DEVICE *device, UINT32 offset, UINT64 value)
{
    Write32(device, offset, (UINT32)value);
    Write32(device, offset + 4, (UINT32)(value >> 32));
}

/*
 * Notes why a call fails and returns status. What a device says that is no longer there reads as all ones, whatever
 * that then looks like: the true reason is that it is gone.
 */
static NTSTATUS Refuse(VIRTIO_PCI_DEVICE *device, NTSTATUS status, VIRTIO_REASON reason, UINT32 detail)
{
    if (device->common != NULL && VirtioPciStatus(device) == VIRTIO_STATUS_GONE) {
        reason = VIRTIO_REASON_DEVICE_GONE;
    }
    device->reason = reason;
    device->reason_detail = detail;
    return reason == VIRTIO_REASON_DEVICE_GONE ? STATUS_DEVICE_NOT_CONNECTED : status;
}

/* Maps at most length bytes of a region, which says afterwards how much of it is mapped (PCI-11). */
static volatile UINT8 *MapRegion(VIRTIO_PCI_DEVICE *device, VIRTIO_PCI_REGION *region, UINT32 length)
{
    if (region->length > length) {
        region->length = length;
    }
    return device->ops->MapBar(device->context, region->bar, region->offset, region->length);
}

/* A power of two, which in 16 bits is at most 32768. */
static BOOLEAN IsQueueSize(UINT16 size)
{
    return size != 0 && (size & (size - 1)) == 0;
}

NTSTATUS VirtioPciOpen(VIRTIO_PCI_DEVICE *device, const VIRTIO_PCI_OPS *ops, void *context)
{
    VIRTIO_PCI_CAPS *caps = &device->caps;
    VIRTIO_REASON reason;
    BOOLEAN is_mapped;

    RtlZeroMemory(device, sizeof(*device));
    device->ops = ops;
    device->context = context;
    reason = VirtioPciFindCaps(ops, context, caps);
    if (reason != VIRTIO_REASON_NONE) {
        return Refuse(device, STATUS_NOT_SUPPORTED, reason, 0);
    }
    device->common = MapRegion(device, &caps->common, VIRTIO_COMMON_LENGTH);
    device->notify = MapRegion(device, &caps->notify, VIRTIO_PCI_NOTIFY_MAP_MAX);
    device->isr = MapRegion(device, &caps->isr, 1);
    is_mapped = device->common != NULL && device->notify != NULL && device->isr != NULL;
    if (caps->device.length != 0) {
        device->device_config = MapRegion(device, &caps->device, VIRTIO_PCI_CONFIG_MAP_MAX);
        is_mapped = is_mapped && device->device_config != NULL;
    }
    if (!is_mapped) {
        device->common = NULL;
        return Refuse(device, STATUS_NOT_SUPPORTED, VIRTIO_REASON_BAR_MAP_FAILED, 0);
    }
    if (VirtioPciStatus(device) == VIRTIO_STATUS_GONE) {
        return Refuse(device, STATUS_NOT_SUPPORTED, VIRTIO_REASON_DEVICE_GONE, 0);
    }
    device->queue_count = Read16(device, VIRTIO_COMMON_NUM_QUEUES);
    return STATUS_SUCCESS;
}

NTSTATUS VirtioPciReset(VIRTIO_PCI_DEVICE *device)
{
    UINT32 waited_us = 0;
    UINT32 stall_us = 1;
    UINT8 status;

    VirtioMmioWrite8(device->common + VIRTIO_COMMON_STATUS, 0);
    for (;;) {
        status = VirtioPciStatus(device);
        if (status == 0) {
            return STATUS_SUCCESS;
        }
        if (status == VIRTIO_STATUS_GONE || waited_us >= VIRTIO_PCI_RESET_TIMEOUT_US) {
            return Refuse(device, STATUS_IO_TIMEOUT, VIRTIO_REASON_RESET_TIMEOUT, status);
        }
        device->ops->Stall(device->context, stall_us);
        waited_us += stall_us;
        if (stall_us < 256) {
            stall_us *= 2;
        }
    }
}

/* Adds bits to the status; what is there stays (INIT-01, INIT-02). FALSE: the device is gone. */
static BOOLEAN AddStatus(VIRTIO_PCI_DEVICE *device, UINT8 bits)
{
    UINT8 status = VirtioPciStatus(device);

    if (status == VIRTIO_STATUS_GONE) {
        return FALSE;
    }
    VirtioMmioWrite8(device->common + VIRTIO_COMMON_STATUS, (UINT8)(status | bits));
    return TRUE;
}

/* Refuse for a device that was told of the driver: it is given up (INIT-11, INIT-25). */
static NTSTATUS GiveUp(VIRTIO_PCI_DEVICE *device, VIRTIO_REASON reason, UINT32 detail)
{
    VirtioPciFail(device);
    return Refuse(device, STATUS_NOT_SUPPORTED, reason, detail);
}

static UINT64 ReadOffer(const VIRTIO_PCI_DEVICE *device)
{
    UINT64 offer = 0;
    UINT32 word;

    for (word = 0; word < FEATURE_WORDS; word++) {
        Write32(device, VIRTIO_COMMON_DEVICE_FEATURE_SELECT, word);
        offer |= (UINT64)VirtioMmioRead32(device->common + VIRTIO_COMMON_DEVICE_FEATURE) << (32 * word);
    }
    return offer;
}

/* Takes away what lacks something that it needs, until nothing changes any more: each round but the last takes a bit.
 */
static UINT64 PruneFeatures(UINT64 features, const VIRTIO_FEATURE_REQUEST *request)
{
    const VIRTIO_FEATURE_DEPENDENCY *dependency;
    BOOLEAN is_pruned;
    UINT32 i;

    do {
        is_pruned = FALSE;
        for (i = 0; i < request->dependency_count; i++) {
            dependency = &request->dependencies[i];
            if ((features & dependency->feature) != 0 && (features & dependency->needs) != dependency->needs) {
                features &= ~dependency->feature;
                is_pruned = TRUE;
            }
        }
    } while (is_pruned);
    return features;
}

static UINT32 LowestBit(UINT64 bits)
{
    UINT32 number = 0;

    while ((bits & 1) == 0) {
        bits >>= 1;
        number++;
    }
    return number;
}

NTSTATUS VirtioPciNegotiate(VIRTIO_PCI_DEVICE *device, const VIRTIO_FEATURE_REQUEST *request)
{
    UINT64 features;
    UINT64 missing;
    UINT32 word;
    UINT8 status;

    if (!AddStatus(device, VIRTIO_STATUS_ACKNOWLEDGE) || !AddStatus(device, VIRTIO_STATUS_DRIVER)) {
        return Refuse(device, STATUS_NOT_SUPPORTED, VIRTIO_REASON_DEVICE_GONE, 0);
    }
    device->offered_features = ReadOffer(device);
    features = device->offered_features & (request->wanted | request->required | VIRTIO_F_VERSION_1);
    features = PruneFeatures(features, request);
    if ((features & VIRTIO_F_VERSION_1) == 0) {
        return GiveUp(device, VIRTIO_REASON_NO_VERSION_1, 0);
    }
    missing = request->required & ~features;
    if (missing != 0) {
        return GiveUp(device, VIRTIO_REASON_FEATURE_MISSING, LowestBit(missing));
    }
    for (word = 0; word < FEATURE_WORDS; word++) {
        Write32(device, VIRTIO_COMMON_DRIVER_FEATURE_SELECT, word);
        Write32(device, VIRTIO_COMMON_DRIVER_FEATURE, (UINT32)(features >> (32 * word)));
    }
    if (!AddStatus(device, VIRTIO_STATUS_FEATURES_OK)) {
        return Refuse(device, STATUS_NOT_SUPPORTED, VIRTIO_REASON_DEVICE_GONE, 0);
    }
    status = VirtioPciStatus(device);
    if (status == VIRTIO_STATUS_GONE || (status & VIRTIO_STATUS_FEATURES_OK) == 0) {
        return GiveUp(device, VIRTIO_REASON_FEATURES_REFUSED, status);
    }
    device->features = features;
    return STATUS_SUCCESS;
}

/* Whether the mapped structure has the field, at an offset that its accesses are aligned for. */
static BOOLEAN HasField(const VIRTIO_PCI_DEVICE *device, const VIRTIO_CONFIG_FIELD *field)
{
    UINT32 width = field->width;
    UINT32 access = width == 8 ? 4 : width;

    return (access == 1 || access == 2 || access == 4) && (field->offset & (access - 1)) == 0 &&
           field->offset + width <= device->caps.device.length;
}

static UINT64 ReadField(const VIRTIO_PCI_DEVICE *device, const VIRTIO_CONFIG_FIELD *field)
{
    const volatile UINT8 *address = device->device_config + field->offset;
    UINT64 low;

    switch (field->width) {
    case 1:
        return VirtioMmioRead8(address);
    case 2:
        return VirtioMmioRead16(address);
    case 4:
        return VirtioMmioRead32(address);
    default:
        low = VirtioMmioRead32(address);
        return low | ((UINT64)VirtioMmioRead32(address + 4) << 32);
    }
}

NTSTATUS VirtioPciReadConfig(VIRTIO_PCI_DEVICE *device, const VIRTIO_CONFIG_FIELD *fields, UINT32 count, UINT64 *values)
{
    UINT8 before;
    UINT8 after;
    UINT32 tries;
    UINT32 i;

    RtlZeroMemory(values, count * sizeof(*values));
    for (i = 0; i < count; i++) {
        if (!HasField(device, &fields[i])) {
            return Refuse(device, STATUS_INVALID_PARAMETER, VIRTIO_REASON_CAP_DEVICE_MISSING, fields[i].offset);
        }
    }
    after = Read8(device, VIRTIO_COMMON_CONFIG_GENERATION);
    for (tries = 0; tries < VIRTIO_PCI_GENERATION_TRIES; tries++) {
        before = after;
        for (i = 0; i < count; i++) {
            values[i] = ReadField(device, &fields[i]);
        }
        after = Read8(device, VIRTIO_COMMON_CONFIG_GENERATION);
        if (before == after) {
            break;
        }
    }
    if (tries < VIRTIO_PCI_GENERATION_TRIES && VirtioPciStatus(device) != VIRTIO_STATUS_GONE) {
        return STATUS_SUCCESS;
    }
    RtlZeroMemory(values, count * sizeof(*values));
    return Refuse(device, STATUS_IO_TIMEOUT, VIRTIO_REASON_CONFIG_UNSTABLE, after);
}

/* Writes one of the two vector registers and reads it back (PCI-32, PCI-33). answer: what was read. */
static BOOLEAN MapVector(const VIRTIO_PCI_DEVICE *device, UINT32 offset, UINT16 vector, UINT16 *answer)
{
    *answer = VIRTIO_PCI_NO_VECTOR;
    if (vector == VIRTIO_PCI_NO_VECTOR) {
        Write16(device, offset, vector);
        return TRUE;
    }
    if (vector >= device->caps.msix_table_size) {
        return FALSE;
    }
    Write16(device, offset, vector);
    *answer = Read16(device, offset);
    return *answer == vector;
}

NTSTATUS VirtioPciSetConfigVector(VIRTIO_PCI_DEVICE *device, UINT16 vector)
{
    UINT16 answer;

    if (!MapVector(device, VIRTIO_COMMON_CONFIG_VECTOR, vector, &answer)) {
        return Refuse(device, STATUS_NOT_SUPPORTED, VIRTIO_REASON_VECTOR_REFUSED, answer);
    }
    return STATUS_SUCCESS;
}

NTSTATUS VirtioPciQueueSize(VIRTIO_PCI_DEVICE *device, UINT16 index, UINT16 *size)
{
    UINT16 offered;

    *size = 0;
    if (index >= device->queue_count) {
        return STATUS_SUCCESS;
    }
    Write16(device, VIRTIO_COMMON_QUEUE_SELECT, index);
    offered = Read16(device, VIRTIO_COMMON_QUEUE_SIZE);
    if (offered != 0 && !IsQueueSize(offered)) {
        return Refuse(device, STATUS_NOT_SUPPORTED, VIRTIO_REASON_QUEUE_SIZE_INVALID, ((UINT32)offered << 16) | index);
    }
    *size = offered;
    return STATUS_SUCCESS;
}

/* The selected queue's place in the notification window; NULL when it lies outside or would split a 16-bit write. */
static volatile UINT8 *NotifyAddress(const VIRTIO_PCI_DEVICE *device)
{
    UINT64 place = (UINT64)Read16(device, VIRTIO_COMMON_QUEUE_NOTIFY_OFF) * device->caps.notify_multiplier;

    if ((place & 1) != 0 || place > device->caps.notify.length - sizeof(UINT16)) {
        return NULL;
    }
    return device->notify + (UINT32)place;
}

NTSTATUS VirtioPciEnableQueue(VIRTIO_PCI_DEVICE *device, const VIRTIO_PCI_QUEUE_SETUP *setup,
                              volatile UINT8 **notify_address)
{
    volatile UINT8 *address;
    UINT16 answer;

    *notify_address = NULL;
    if (setup->index >= device->queue_count || !IsQueueSize(setup->size)) {
        return Refuse(device, STATUS_NOT_SUPPORTED, VIRTIO_REASON_QUEUE_SIZE_INVALID, setup->index);
    }
    Write16(device, VIRTIO_COMMON_QUEUE_SELECT, setup->index);
    address = NotifyAddress(device);
    if (address == NULL) {
        return Refuse(device, STATUS_NOT_SUPPORTED, VIRTIO_REASON_QUEUE_NOTIFY_INVALID, setup->index);
    }
    Write16(device, VIRTIO_COMMON_QUEUE_SIZE, setup->size);
    if (Read16(device, VIRTIO_COMMON_QUEUE_SIZE) != setup->size) {
        return Refuse(device, STATUS_NOT_SUPPORTED, VIRTIO_REASON_QUEUE_SIZE_INVALID, setup->index);
    }
    if (!MapVector(device, VIRTIO_COMMON_QUEUE_VECTOR, setup->vector, &answer)) {
        return Refuse(device, STATUS_NOT_SUPPORTED, VIRTIO_REASON_VECTOR_REFUSED, setup->index);
    }
    Write64(device, VIRTIO_COMMON_QUEUE_DESC, setup->desc_pa);
    Write64(device, VIRTIO_COMMON_QUEUE_AVAIL, setup->avail_pa);
    Write64(device, VIRTIO_COMMON_QUEUE_USED, setup->used_pa);
    Write16(device, VIRTIO_COMMON_QUEUE_ENABLE, 1);
    if (Read16(device, VIRTIO_COMMON_QUEUE_ENABLE) != 1) {
        return Refuse(device, STATUS_NOT_SUPPORTED, VIRTIO_REASON_QUEUE_ENABLE_FAILED, setup->index);
    }
    *notify_address = address;
    return STATUS_SUCCESS;
}

NTSTATUS VirtioPciDriverOk(VIRTIO_PCI_DEVICE *device)
{
    UINT8 status = VIRTIO_STATUS_GONE;

    if (AddStatus(device, VIRTIO_STATUS_DRIVER_OK)) {
        status = VirtioPciStatus(device);
    }
    if ((status & (VIRTIO_STATUS_DRIVER_OK | VIRTIO_STATUS_NEEDS_RESET)) != VIRTIO_STATUS_DRIVER_OK) {
        return Refuse(device, STATUS_NOT_SUPPORTED, VIRTIO_REASON_DEVICE_NEEDS_RESET, status);
    }
    return STATUS_SUCCESS;
}

VOID VirtioPciFail(VIRTIO_PCI_DEVICE *device)
{
    if (device->common != NULL) {
        AddStatus(device, VIRTIO_STATUS_FAILED);
    }
}

VOID VirtioPciNotify(volatile UINT8 *notify_address, UINT16 queue_index)
{
    VirtioMmioWrite16(notify_address, queue_index);
}

UINT8 VirtioPciReadIsr(VIRTIO_PCI_DEVICE *device)
{
    return VirtioMmioRead8(device->isr);
}

UINT8 VirtioPciStatus(VIRTIO_PCI_DEVICE *device)
{
    return VirtioMmioRead8(device->common + VIRTIO_COMMON_STATUS);
}
