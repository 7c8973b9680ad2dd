/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What faulty_snd.sys says of its filters and formats. After <portcls.h>. */
#ifndef FAULTY_SND_FILTER_H
#define FAULTY_SND_FILTER_H

enum { PIN_WAVE_SINK, PIN_WAVE_OUT, PIN_WAVE_SOURCE, PIN_WAVE_IN };
enum { PIN_TOPOLOGY_IN, PIN_TOPOLOGY_SPEAKER, PIN_TOPOLOGY_MICROPHONE, PIN_TOPOLOGY_OUT };
enum { FIFO_BYTES = 64 };

/* Whether the driver is to break the rule of that name. */
BOOLEAN FaultyWants(const char *name);

/* Breaks the rules about descriptors that are to be broken; once, before anything else. */
VOID FaultyFilterPrepare(VOID);
PPCFILTER_DESCRIPTOR FaultyFilter(BOOLEAN is_wave);

BOOLEAN FaultyFormatIsGood(PKSDATAFORMAT format);
/* IMiniport::DataRangeIntersection. */
NTSTATUS NTAPI FaultyIntersect(PVOID This, ULONG pin, PKSDATARANGE client, PKSDATARANGE own, ULONG room, PVOID result,
                               PULONG length);

#endif
