/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What faulty_snd.sys does with the registers of a virtio device: only what breaks a rule. After <portcls.h>. */
#ifndef FAULTY_SND_DEVICE_H
#define FAULTY_SND_DEVICE_H

typedef struct _FAULTY_DEVICE {
    PUCHAR registers; /* the BAR that holds the common configuration */
    SIZE_T length;
    PUCHAR common;
    PUCHAR isr;
    ULONG interrupts;
} FAULTY_DEVICE;

/* Finds the structures through the bus driver's interface, maps the BAR out of the resource list. */
NTSTATUS FaultyMap(FAULTY_DEVICE *device, PDEVICE_OBJECT pdo, PRESOURCELIST resources);
VOID FaultyUnmap(FAULTY_DEVICE *device);
/* Breaks a rule, or makes a fake device with fault interrupt-early interrupt. */
VOID FaultyTouch(FAULTY_DEVICE *device, PHYSICAL_ADDRESS common_buffer);

#endif
