/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Filters and formats of faulty_snd.sys: 16 bit, one or two channels, 44.1 and 48 kHz. */
#include <ntddk.h>

#include <portcls.h>

#include "faulty_snd_filter.h"

static const KSDATARANGE_AUDIO wave_range = {
    {{sizeof(KSDATARANGE_AUDIO), 0, 0, 0,
      {0x73647561, 0x0000, 0x0010, {0x80, 0x00, 0x00, 0xAA, 0x00, 0x38, 0x9B, 0x71}},
      {0x00000001, 0x0000, 0x0010, {0x80, 0x00, 0x00, 0xAA, 0x00, 0x38, 0x9B, 0x71}},
      {0x05589F81, 0xC356, 0x11CE, {0xBF, 0x01, 0x00, 0xAA, 0x00, 0x55, 0x59, 0x5A}}}},
    2, 16, 16, 44100, 48000};
static const KSDATARANGE bridge_range = {
    {sizeof(KSDATARANGE), 0, 0, 0,
     {0x73647561, 0x0000, 0x0010, {0x80, 0x00, 0x00, 0xAA, 0x00, 0x38, 0x9B, 0x71}},
     {0x6DBA3190, 0x67BD, 0x11CF, {0xA0, 0xF7, 0x00, 0x20, 0xAF, 0xD1, 0x56, 0xE4}},
     {0x0F6417D6, 0xC318, 0x11D0, {0xA4, 0x3F, 0x00, 0xA0, 0xC9, 0x22, 0x31, 0x96}}}};
static const PKSDATARANGE wave_ranges[] = {(PKSDATARANGE)(ULONG_PTR)&wave_range};
static const PKSDATARANGE bridge_ranges[] = {(PKSDATARANGE)(ULONG_PTR)&bridge_range};

#define CLIENT_PIN(flow, category)                                                                                    \
    {1, 1, 0, NULL, {0, NULL, 0, NULL, 1, wave_ranges, flow, KSPIN_COMMUNICATION_SINK, category, NULL, {0}}}
#define BRIDGE_PIN(flow, category)                                                                                    \
    {0, 0, 0, NULL, {0, NULL, 0, NULL, 1, bridge_ranges, flow, KSPIN_COMMUNICATION_BRIDGE, category, NULL, {0}}}

static PCPIN_DESCRIPTOR wave_pins[] = {
    CLIENT_PIN(KSPIN_DATAFLOW_IN, &KSCATEGORY_AUDIO), BRIDGE_PIN(KSPIN_DATAFLOW_OUT, &KSCATEGORY_AUDIO),
    CLIENT_PIN(KSPIN_DATAFLOW_OUT, &KSCATEGORY_AUDIO), BRIDGE_PIN(KSPIN_DATAFLOW_IN, &KSCATEGORY_AUDIO)};
static PCPIN_DESCRIPTOR topology_pins[] = {
    BRIDGE_PIN(KSPIN_DATAFLOW_IN, &KSCATEGORY_AUDIO), BRIDGE_PIN(KSPIN_DATAFLOW_OUT, &KSNODETYPE_SPEAKER),
    BRIDGE_PIN(KSPIN_DATAFLOW_IN, &KSNODETYPE_MICROPHONE), BRIDGE_PIN(KSPIN_DATAFLOW_OUT, &KSCATEGORY_AUDIO)};
static const PCNODE_DESCRIPTOR wave_nodes[] = {{0, NULL, &KSNODETYPE_DAC, NULL}, {0, NULL, &KSNODETYPE_ADC, NULL}};
static PCCONNECTION_DESCRIPTOR wave_connections[] = {
    {PCFILTER_NODE, PIN_WAVE_SINK, 0, KSNODEPIN_STANDARD_IN}, {0, KSNODEPIN_STANDARD_OUT, PCFILTER_NODE, PIN_WAVE_OUT},
    {PCFILTER_NODE, PIN_WAVE_IN, 1, KSNODEPIN_STANDARD_IN}, {1, KSNODEPIN_STANDARD_OUT, PCFILTER_NODE, PIN_WAVE_SOURCE}};
static PCCONNECTION_DESCRIPTOR topology_connections[] = {
    {PCFILTER_NODE, PIN_TOPOLOGY_IN, PCFILTER_NODE, PIN_TOPOLOGY_SPEAKER},
    {PCFILTER_NODE, PIN_TOPOLOGY_MICROPHONE, PCFILTER_NODE, PIN_TOPOLOGY_OUT}};

static NTSTATUS NTAPI ProposeFormat(PPCPROPERTY_REQUEST request)
{
    if (request->Verb & KSPROPERTY_TYPE_BASICSUPPORT) {
        if (request->ValueSize == 0) {
            request->ValueSize = sizeof(ULONG);
            return STATUS_BUFFER_OVERFLOW;
        }
        if (request->ValueSize < sizeof(ULONG)) {
            return STATUS_BUFFER_TOO_SMALL;
        }
        *(PULONG)request->Value = KSPROPERTY_TYPE_SET | KSPROPERTY_TYPE_BASICSUPPORT;
        request->ValueSize = FaultyWants("property-size") ? 4096 : sizeof(ULONG);
        return STATUS_SUCCESS;
    }
    if (request->InstanceSize < sizeof(ULONG) || request->ValueSize < sizeof(KSDATAFORMAT_WAVEFORMATEX) ||
        request->ValueSize < ((PKSDATAFORMAT)request->Value)->FormatSize) {
        return STATUS_INVALID_PARAMETER;
    }
    return FaultyFormatIsGood(request->Value) ? STATUS_SUCCESS : STATUS_NO_MATCH;
}

static PCPROPERTY_ITEM properties[] = {
    {&KSPROPSETID_Pin, KSPROPERTY_PIN_PROPOSEDATAFORMAT, PCPROPERTY_ITEM_FLAG_SET | PCPROPERTY_ITEM_FLAG_BASICSUPPORT, ProposeFormat}};
static PCAUTOMATION_TABLE automation = {sizeof(PCPROPERTY_ITEM), 1, properties, 0, 0, NULL, 0, 0, NULL, 0};

static PCFILTER_DESCRIPTOR wave_filter = {0, &automation, sizeof(PCPIN_DESCRIPTOR), 4, wave_pins, sizeof(PCNODE_DESCRIPTOR), 2,
                                          wave_nodes, 4, wave_connections, 0, NULL};
static PCFILTER_DESCRIPTOR topology_filter = {0, NULL, sizeof(PCPIN_DESCRIPTOR), 4, topology_pins, sizeof(PCNODE_DESCRIPTOR), 0,
                                              NULL, 2, topology_connections, 0, NULL};

VOID FaultyFilterPrepare(VOID)
{
    if (FaultyWants("filter-flow")) {
        wave_connections[0].FromNodePin = PIN_WAVE_SOURCE;
    }
    if (FaultyWants("filter-isolated")) {
        topology_filter.ConnectionCount = 1;
    }
    if (FaultyWants("filter-node")) {
        wave_connections[1].FromNode = 2;
    }
    if (FaultyWants("filter-propose")) {
        wave_filter.AutomationTable = NULL;
    }
    if (FaultyWants("filter-handler")) {
        properties[0].Handler = NULL;
    }
    if (FaultyWants("filter-instances")) {
        wave_pins[PIN_WAVE_OUT].MaxFilterInstanceCount = wave_pins[PIN_WAVE_OUT].MaxGlobalInstanceCount = 1;
    }
    if (FaultyWants("filter-range")) {
        wave_pins[PIN_WAVE_SINK].KsPinDescriptor.DataRanges = bridge_ranges;
    }
    if (FaultyWants("filter-rtaudio")) {
        properties[0].Set = &KSPROPSETID_RtAudio;
    }
}

PPCFILTER_DESCRIPTOR FaultyFilter(BOOLEAN is_wave)
{
    return is_wave ? &wave_filter : &topology_filter;
}

BOOLEAN FaultyFormatIsGood(PKSDATAFORMAT format)
{
    const WAVEFORMATEX *wave = &((PKSDATAFORMAT_WAVEFORMATEX)format)->WaveFormatEx;
    return format->FormatSize >= sizeof(KSDATAFORMAT_WAVEFORMATEX) &&
           (wave->wFormatTag == WAVE_FORMAT_PCM || wave->wFormatTag == WAVE_FORMAT_EXTENSIBLE) && wave->wBitsPerSample == 16 &&
           (wave->nChannels == 1 || wave->nChannels == 2) && (wave->nSamplesPerSec == 44100 || wave->nSamplesPerSec == 48000) &&
           wave->nBlockAlign == 2 * wave->nChannels;
}

NTSTATUS NTAPI FaultyIntersect(PVOID This, ULONG pin, PKSDATARANGE client, PKSDATARANGE own, ULONG room, PVOID result,
                               PULONG length)
{
    PKSDATARANGE_AUDIO range = (PKSDATARANGE_AUDIO)client;
    PKSDATAFORMAT_WAVEFORMATEX format = result;
    UNREFERENCED_PARAMETER(This);
    UNREFERENCED_PARAMETER(pin);
    *length = sizeof(KSDATAFORMAT_WAVEFORMATEX);
    if (room == 0) {
        return STATUS_BUFFER_OVERFLOW;
    }
    if (room < sizeof(KSDATAFORMAT_WAVEFORMATEX)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    if (range->MaximumSampleFrequency < 44100) {
        return STATUS_NO_MATCH;
    }
    RtlZeroMemory(format, sizeof(*format));
    format->DataFormat.FormatSize = sizeof(*format);
    format->DataFormat.MajorFormat = own->MajorFormat;
    format->DataFormat.SubFormat = own->SubFormat;
    format->DataFormat.Specifier = own->Specifier;
    format->WaveFormatEx.wFormatTag = WAVE_FORMAT_PCM;
    format->WaveFormatEx.nChannels = (USHORT)(range->MaximumChannels < 2 ? range->MaximumChannels : 2);
    format->WaveFormatEx.nSamplesPerSec = range->MaximumSampleFrequency < 48000 ? 44100 : 48000;
    format->WaveFormatEx.wBitsPerSample = 16;
    format->WaveFormatEx.nBlockAlign = (USHORT)(2 * format->WaveFormatEx.nChannels);
    format->WaveFormatEx.nAvgBytesPerSec = format->WaveFormatEx.nSamplesPerSec * format->WaveFormatEx.nBlockAlign;
    if (FaultyWants("intersection")) {
        format->WaveFormatEx.nSamplesPerSec = 96000;
    }
    format->DataFormat.SampleSize = format->WaveFormatEx.nBlockAlign;
    return STATUS_SUCCESS;
}
