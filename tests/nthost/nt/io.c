/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Io: the event log; and the wait of a thread. kernel_r "IO_ERROR_LOG_PACKET". */
#include <ntddk.h>

#include <string.h>

#include "cpu/cpu.h"
#include "exports.h"
#include "frameworks/event_log.h"
#include "kernel.h"
#include "mem/memory.h"
#include "nt.h"
#include "verify/verify.h"

void (*nt_pump)(unsigned timeout_us);

enum { LEAST = sizeof(IO_ERROR_LOG_PACKET), MOST = 240 }; /* ERROR_LOG_MAXIMUM_SIZE */

static PVOID NTAPI allocate_entry(PVOID object, UCHAR size)
{
    (void)object;
    if (size < LEAST || size > MOST) {
        rule_broken("eventlog.size", "an entry of %u bytes; %d to %d are possible", size, LEAST, MOST);
    }
    void *entry = memory_alloc(MEMORY_POOL, size, 0, "event log entry");
    memset(entry, 0, size);
    return entry;
}

/* Insertion strings as ASCII, then the dump data. */
static void write_text(const IO_ERROR_LOG_PACKET *packet, char *text, size_t size)
{
    const uint8_t *bytes = (const uint8_t *)packet;
    size_t used = 0, at = packet->StringOffset;
    for (unsigned i = 0; i < packet->NumberOfStrings; i++) {
        WCHAR c;
        for (;; at += sizeof c) {
            if (!memory_holds(bytes, at + sizeof c)) {
                rule_broken("eventlog.string", "insertion string %u is not terminated inside of the entry", i);
            }
            memcpy(&c, bytes + at, sizeof c);
            if (c == 0) {
                break;
            }
            if (used + 2 < size) {
                text[used++] = c < 128 ? (char)c : '?';
            }
        }
        at += sizeof c;
        if (i + 1u < packet->NumberOfStrings && used + 2 < size) {
            text[used++] = ' ';
        }
    }
    text[used] = '\0';
}

static VOID NTAPI write_entry(PVOID entry)
{
    const IO_ERROR_LOG_PACKET *packet = entry;
    char text[sizeof((struct event *)0)->text];
    if (packet->DumpDataSize % sizeof(ULONG) != 0) {
        rule_broken("eventlog.size", "dump data of %u bytes: a multiple of 4 is wanted", packet->DumpDataSize);
    }
    write_text(packet, text, sizeof text);
    event_add((uint32_t)packet->ErrorCode, packet->UniqueErrorValue, text);
    memory_free(entry);
}

static VOID NTAPI free_entry(PVOID entry)
{
    memory_free(entry);
}

static NTSTATUS NTAPI delay(KPROCESSOR_MODE mode, BOOLEAN is_alertable, PLARGE_INTEGER interval)
{
    uint64_t end = nt_bus->ops->clock_us(nt_bus) + (uint64_t)-interval->QuadPart / 10;
    (void)mode;
    (void)is_alertable;
    if (interval->QuadPart > 0) {
        rule_broken("wait.absolute", "a delay until an absolute time");
    }
    while (nt_bus->ops->clock_us(nt_bus) < end && !nt_bus->dead) {
        nt_pump((unsigned)(end - nt_bus->ops->clock_us(nt_bus)));
    }
    return STATUS_SUCCESS;
}

#define MODULE "ntoskrnl.exe"
static struct export table[] = {
    NT_EXPORT_AS(MODULE, IoAllocateErrorLogEntry, allocate_entry),
    NT_EXPORT_AS(MODULE, IoWriteErrorLogEntry, write_entry),
    NT_EXPORT_AS(MODULE, IoFreeErrorLogEntry, free_entry),
    NT_EXPORT_AS(MODULE, KeDelayExecutionThread, delay),
};

void exports_io(void)
{
    exports_add(table, sizeof table / sizeof table[0]);
}
