/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Wave formats between a client and a driver: data ranges, intersection, proposals. audio_d "Audio Data Formats and Data Ranges". */
#include "port.h"

#include <string.h>

#include "cpu/cpu.h"
#include "mem/memory.h"
#include "verify/verify.h"

KSDATAFORMAT *format_make(const struct pc_format *f)
{
    ULONG size = f->is_extensible ? sizeof(KSDATAFORMAT) + sizeof(WAVEFORMATEXTENSIBLE) : sizeof(KSDATAFORMAT_WAVEFORMATEX);
    KSDATAFORMAT_WAVEFORMATEX *d = memory_alloc(MEMORY_POOL, size, 0, "data format");
    WAVEFORMATEX *w = &d->WaveFormatEx;
    memset(d, 0, size);
    d->DataFormat.FormatSize = size;
    d->DataFormat.SampleSize = f->channels * f->bits / 8;
    d->DataFormat.MajorFormat = KSDATAFORMAT_TYPE_AUDIO;
    d->DataFormat.SubFormat = f->is_float ? KSDATAFORMAT_SUBTYPE_IEEE_FLOAT : KSDATAFORMAT_SUBTYPE_PCM;
    d->DataFormat.Specifier = KSDATAFORMAT_SPECIFIER_WAVEFORMATEX;
    w->wFormatTag = f->is_extensible ? WAVE_FORMAT_EXTENSIBLE : f->is_float ? WAVE_FORMAT_IEEE_FLOAT : WAVE_FORMAT_PCM;
    w->nChannels = (USHORT)f->channels;
    w->nSamplesPerSec = f->rate;
    w->wBitsPerSample = (USHORT)f->bits;
    w->nBlockAlign = (USHORT)(f->channels * f->bits / 8);
    w->nAvgBytesPerSec = f->rate * w->nBlockAlign;
    if (f->is_extensible) {
        WAVEFORMATEXTENSIBLE *e = (WAVEFORMATEXTENSIBLE *)(void *)w;
        w->cbSize = sizeof *e - sizeof *w;
        e->Samples.wValidBitsPerSample = (USHORT)(f->valid_bits != 0 ? f->valid_bits : f->bits);
        e->dwChannelMask = f->channels == 1 ? KSAUDIO_SPEAKER_MONO : f->channels == 2 ? KSAUDIO_SPEAKER_STEREO : (1u << f->channels) - 1;
        e->SubFormat = d->DataFormat.SubFormat;
    }
    return &d->DataFormat;
}

bool format_read(const KSDATAFORMAT *data, ULONG size, struct pc_format *f)
{
    const KSDATAFORMAT_WAVEFORMATEX *d = (const KSDATAFORMAT_WAVEFORMATEX *)data;
    const WAVEFORMATEX *w = &d->WaveFormatEx;
    const WAVEFORMATEXTENSIBLE *e = (const WAVEFORMATEXTENSIBLE *)(const void *)w;
    if (size < sizeof *d || data->FormatSize > size || w->nBlockAlign != w->nChannels * w->wBitsPerSample / 8 ||
        w->nAvgBytesPerSec != w->nSamplesPerSec * w->nBlockAlign ||
        memcmp(&data->MajorFormat, &KSDATAFORMAT_TYPE_AUDIO, sizeof(GUID)) != 0) {
        return false;
    }
    *f = (struct pc_format){.channels = w->nChannels, .rate = w->nSamplesPerSec, .bits = w->wBitsPerSample};
    f->is_extensible = w->wFormatTag == WAVE_FORMAT_EXTENSIBLE;
    f->is_float = memcmp(&data->SubFormat, &KSDATAFORMAT_SUBTYPE_IEEE_FLOAT, sizeof(GUID)) == 0;
    if (f->is_extensible) {
        if (data->FormatSize < sizeof *data + sizeof *e || w->cbSize != sizeof *e - sizeof *w) {
            return false;
        }
        f->valid_bits = e->Samples.wValidBitsPerSample;
    }
    return f->is_extensible || w->cbSize == 0;
}

static const struct pc_port *port_of_pin(const struct pc_pin *pin)
{
    return pin->device->subdevice[pin->subdevice].port;
}

static bool range_holds(const KSDATARANGE *range, const struct pc_format *f)
{
    const KSDATARANGE_AUDIO *audio = (const KSDATARANGE_AUDIO *)range;
    const GUID *sub = f->is_float ? &KSDATAFORMAT_SUBTYPE_IEEE_FLOAT : &KSDATAFORMAT_SUBTYPE_PCM;
    unsigned bits = f->valid_bits != 0 ? f->valid_bits : f->bits;
    return memcmp(&range->SubFormat, sub, sizeof *sub) == 0 && f->channels <= audio->MaximumChannels &&
           bits >= audio->MinimumBitsPerSample && bits <= audio->MaximumBitsPerSample &&
           f->rate >= audio->MinimumSampleFrequency && f->rate <= audio->MaximumSampleFrequency;
}

static const KSDATARANGE *find_range(const struct pc_pin *pin, const struct pc_format *f)
{
    const KSPIN_DESCRIPTOR *ks = &filter_pin(port_of_pin(pin)->filter, pin->pin)->KsPinDescriptor;
    for (ULONG i = 0; i < ks->DataRangesCount; i++) {
        if (range_holds(ks->DataRanges[i], f)) {
            return ks->DataRanges[i];
        }
        i += (ks->DataRanges[i]->Flags & KSDATARANGE_ATTRIBUTES) != 0;
    }
    return NULL;
}

bool pc_in_ranges(const struct pc_pin *pin, const struct pc_format *f)
{
    return find_range(pin, f) != NULL;
}

static NTSTATUS intersect(const struct pc_port *port, ULONG pin, KSDATARANGE *client, KSDATARANGE *own, ULONG room, void *result,
                          ULONG *length)
{
    return (NTSTATUS)driver_call("IMiniport::DataRangeIntersection", IRQL_PASSIVE,
                                 (const void *)port->miniport->lpVtbl->DataRangeIntersection, 7, WORD(port->miniport),
                                 WORD(pin), WORD(client), WORD(own), WORD(room), WORD(result), WORD(length));
}

/* Without an answer of the driver's own PortCls takes the best of both ranges. */
static int32_t intersect_default(const struct pc_format *range, const KSDATARANGE_AUDIO *own, struct pc_format *result)
{
    *result = *range;
    result->channels = range->channels < own->MaximumChannels ? range->channels : own->MaximumChannels;
    return STATUS_SUCCESS;
}

int32_t pc_intersect(const struct pc_pin *pin, const struct pc_format *range, struct pc_format *result)
{
    const struct pc_port *port = port_of_pin(pin);
    KSDATARANGE_AUDIO *client = memory_alloc(MEMORY_POOL, sizeof *client, 0, "client's data range");
    KSDATARANGE *own = (KSDATARANGE *)(uintptr_t)find_range(pin, range);
    ULONG needed = 0, length = 0;
    KSDATAFORMAT *format = NULL;
    NTSTATUS status = STATUS_NO_MATCH;
    memset(client, 0, sizeof *client);
    client->DataRange.FormatSize = sizeof *client;
    client->DataRange.MajorFormat = KSDATAFORMAT_TYPE_AUDIO;
    client->DataRange.SubFormat = range->is_float ? KSDATAFORMAT_SUBTYPE_IEEE_FLOAT : KSDATAFORMAT_SUBTYPE_PCM;
    client->DataRange.Specifier = KSDATAFORMAT_SPECIFIER_WAVEFORMATEX;
    client->MaximumChannels = range->channels;
    client->MinimumBitsPerSample = client->MaximumBitsPerSample = range->bits;
    client->MinimumSampleFrequency = client->MaximumSampleFrequency = range->rate;
    if (own != NULL) {
        status = intersect(port, pin->pin, &client->DataRange, own, 0, NULL, &needed);
    }
    if (status == STATUS_NOT_IMPLEMENTED) {
        memory_free(client);
        return intersect_default(range, (const KSDATARANGE_AUDIO *)own, result);
    }
    if (status == STATUS_BUFFER_OVERFLOW) {
        if (needed < sizeof(KSDATAFORMAT_WAVEFORMATEX)) {
            rule_broken("portcls.intersection", "a format of %u bytes", (unsigned)needed);
        }
        format = memory_alloc(MEMORY_POOL, needed, 0, "resultant format");
        length = needed;
        status = intersect(port, pin->pin, &client->DataRange, own, needed, format, &length);
        if (status >= 0 && (length > needed || !format_read(format, length, result) || !range_holds(own, result))) {
            rule_broken("portcls.intersection", "the resultant format contradicts itself, or lies outside of the range");
        }
    } else if (status >= 0) {
        rule_broken("portcls.intersection", "DataRangeIntersection without room succeeds");
    }
    if (format != NULL) {
        memory_free(format);
    }
    memory_free(client);
    return status;
}

int32_t pc_propose(const struct pc_pin *pin, const struct pc_format *f)
{
    const struct pc_port *port = port_of_pin(pin);
    const PCPROPERTY_ITEM *item = automation_find(port->filter->AutomationTable, &KSPROPSETID_Pin, KSPROPERTY_PIN_PROPOSEDATAFORMAT);
    KSDATAFORMAT *format = format_make(f);
    ULONG instance[2] = {pin->pin, 0}, size = format->FormatSize;
    NTSTATUS status;
    if (item == NULL) {
        item = automation_find(filter_pin(port->filter, pin->pin)->AutomationTable, &KSPROPSETID_Pin,
                               KSPROPERTY_PIN_PROPOSEDATAFORMAT);
    }
    status = property_handle(port, NULL, (ULONG)-1, item, KSPROPERTY_TYPE_SET, instance, sizeof instance, format, &size);
    memory_free(format);
    return status;
}
