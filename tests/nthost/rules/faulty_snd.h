/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The adapter and the streams of faulty_snd.sys. After <portcls.h>. */
#ifndef FAULTY_SND_H
#define FAULTY_SND_H

#include "faulty_snd_device.h"

#define TAG 0x64535346
enum { LOOP_BYTES = 65536, COMMON_BYTES = 8192, EVENTS = 4, TIMER_MS = 10 };

typedef struct _ADAPTER ADAPTER;

typedef struct _STREAM {
    IMiniportWaveRTStreamNotification face; /* first */
    LONG references;
    ADAPTER *adapter;
    PUNKNOWN miniport;
    PPORTWAVERTSTREAM port;
    ULONG capture; /* also the index in ADAPTER.stream */
    ULONG block, rate;
    KSSTATE state;
    PMDL mdl;
    PUCHAR bytes;
    ULONG size, parts;
    ULONGLONG done, told; /* bytes since STOP that went through, and parts whose event was set */
    LONGLONG started;     /* performance counter when `base` was where the stream was */
    ULONGLONG base;
    PKEVENT event[EVENTS];
    BOOLEAN torn;
} STREAM;

struct _ADAPTER {
    IAdapterPowerManagement face; /* first */
    LONG references;
    PDEVICE_OBJECT pdo;
    KSPIN_LOCK lock;
    KTIMER timer;
    KDPC dpc;
    ULONG version;
    PVOID connection;
    PDMA_ADAPTER dma;
    PVOID common;
    PHYSICAL_ADDRESS common_address;
    FAULTY_DEVICE device;
    STREAM *stream[2];
    ULONG loop_in, loop_used;
    UCHAR loop[LOOP_BYTES];
};

PVOID FaultyAllocate(SIZE_T size);
BOOLEAN FaultySameGuid(const GUID *a, const GUID *b);

/* The stream's place in bytes since STOP, by the clock. */
ULONGLONG FaultyPosition(const STREAM *stream);
/* Lets go through what the clock says, with the adapter's lock held. */
VOID FaultyAdvance(ADAPTER *adapter);
/* The timer's. */
VOID NTAPI FaultyDpc(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2);

NTSTATUS FaultyStreamCreate(ADAPTER *adapter, PUNKNOWN miniport, PPORTWAVERTSTREAM port, BOOLEAN capture, PKSDATAFORMAT format,
                            PMINIPORTWAVERTSTREAM *out);

#endif
