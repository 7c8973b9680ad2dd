/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Services beside the data path: memory, timers, work items, events, sleep, processors, the event log. */
#include "adapter.h"

#include <string.h>

#include "cpu/cpu.h"
#include "frameworks/event_log.h"
#include "mem/memory.h"
#include "service.h"
#include "verify/verify.h"

/* ---- Memory ---- */

PVOID NTAPI NdisAllocateMemoryWithTagPriority(NDIS_HANDLE NdisHandle, UINT Length, ULONG Tag, EX_POOL_PRIORITY Priority)
{
    struct nd_adapter *a = adapter_or_driver(NdisHandle);
    void *memory = memory_alloc(MEMORY_POOL, Length, 0, "NdisAllocateMemoryWithTagPriority");
    (void)Priority;
    if (Tag == 0) {
        rule_broken("ndis.memory", "memory without a pool tag");
    }
    if (memory != NULL) {
        object_create(OBJECT_MEMORY, a, memory, Length);
    }
    return memory;
}

VOID NTAPI NdisFreeMemory(PVOID VirtualAddress, UINT Length, UINT MemoryFlags)
{
    struct object *o = object_at(OBJECT_MEMORY, VirtualAddress);
    if (o == NULL || (Length != 0 && Length != o->size) || MemoryFlags != 0) {
        rule_broken("ndis.memory", "%p, %u bytes, flags %#x, is no memory of this driver", VirtualAddress, Length,
                    MemoryFlags);
    }
    memory_free(VirtualAddress);
    object_release(o);
}

/* ---- Timers ---- */

struct timer {
    NDIS_TIMER_CHARACTERISTICS characteristics;
    bool is_set;
    uint64_t due_us, period_us;
    void *context;
};

struct timer_call {
    struct timer timer;
};

static void call_timer(void *argument)
{
    struct timer_call *c = argument;
    c->timer.characteristics.TimerFunction(NULL, c->timer.context, NULL, NULL);
}

NDIS_STATUS NTAPI NdisAllocateTimerObject(NDIS_HANDLE NdisHandle, PNDIS_TIMER_CHARACTERISTICS c, PNDIS_HANDLE pTimerObject)
{
    struct object *o;
    struct timer *timer;
    header_check(&c->Header, NDIS_OBJECT_TYPE_TIMER_CHARACTERISTICS, 1, NDIS_SIZEOF_TIMER_CHARACTERISTICS_REVISION_1,
                 "NDIS_TIMER_CHARACTERISTICS");
    if (c->TimerFunction == NULL || c->AllocationTag == 0) {
        rule_broken("ndis.timer", "a timer without a function or a pool tag");
    }
    o = object_create(OBJECT_TIMER, adapter_or_driver(NdisHandle), NULL, 0);
    timer = o->detail = host_zalloc(sizeof *timer);
    timer->characteristics = *c;
    *pTimerObject = o;
    return NDIS_STATUS_SUCCESS;
}

BOOLEAN NTAPI NdisSetTimerObject(NDIS_HANDLE TimerObject, LARGE_INTEGER DueTime, LONG MillisecondsPeriod,
                                 PVOID FunctionContext)
{
    struct timer *timer = object_of(TimerObject, OBJECT_TIMER)->detail;
    BOOLEAN was_set = timer->is_set;
    if (DueTime.QuadPart >= 0 || MillisecondsPeriod < 0) {
        rule_broken("ndis.timer", "a due time of %lld: only times from now (negative) are served",
                    (long long)DueTime.QuadPart);
    }
    timer->is_set = true;
    timer->due_us = nd_now_us() + (uint64_t)-DueTime.QuadPart / 10;
    timer->period_us = (uint64_t)MillisecondsPeriod * 1000;
    timer->context = FunctionContext != NULL ? FunctionContext : timer->characteristics.FunctionContext;
    return was_set;
}

BOOLEAN NTAPI NdisCancelTimerObject(NDIS_HANDLE TimerObject)
{
    struct timer *timer = object_of(TimerObject, OBJECT_TIMER)->detail;
    BOOLEAN was_set = timer->is_set;
    if (timer->period_us != 0 && cpu_irql != IRQL_PASSIVE) {
        rule_broken("irql.import", "a periodic timer is cancelled at IRQL %u", cpu_irql);
    }
    timer->is_set = false;
    return was_set;
}

VOID NTAPI NdisFreeTimerObject(NDIS_HANDLE TimerObject)
{
    struct object *o = object_of(TimerObject, OBJECT_TIMER);
    if (((struct timer *)o->detail)->is_set) {
        rule_broken("ndis.timer", "a timer is freed that is set");
    }
    object_release(o);
}

void service_run_timers(void)
{
    uint64_t now = nd_now_us();
    for (struct object *o = object_first(OBJECT_TIMER), *next; o != NULL; o = next) {
        struct timer *timer = o->detail;
        next = object_next(o);
        if (timer->is_set && timer->due_us <= now) {
            struct timer_call c = {.timer = *timer};
            timer->is_set = timer->period_us != 0;
            timer->due_us = now + timer->period_us;
            nd_call(o->adapter, "NetTimerCallback", IRQL_DISPATCH, call_timer, &c);
            return; /* the list may have changed; the rest is for the next pump */
        }
    }
}

void service_check_timers(const struct nd_adapter *a, const char *when)
{
    for (struct object *o = object_first(OBJECT_TIMER); o != NULL; o = object_next(o)) {
        if (o->adapter == a && ((struct timer *)o->detail)->is_set) {
            rule_broken("ndis.timer", "a timer is still set %s", when);
        }
    }
}

/* ---- Work items ---- */

struct work_item {
    NDIS_IO_WORKITEM_ROUTINE routine;
    void *context, *handle;
    bool is_queued;
};

static void call_work_item(void *argument)
{
    struct work_item *w = argument;
    w->routine(w->context, w->handle);
}

NDIS_HANDLE NTAPI NdisAllocateIoWorkItem(NDIS_HANDLE NdisObjectHandle)
{
    struct object *o = object_create(OBJECT_WORK_ITEM, adapter_or_driver(NdisObjectHandle), NULL, 0);
    o->detail = host_zalloc(sizeof(struct work_item));
    return o;
}

VOID NTAPI NdisQueueIoWorkItem(NDIS_HANDLE NdisIoWorkItemHandle, NDIS_IO_WORKITEM_ROUTINE Routine, PVOID WorkItemContext)
{
    struct work_item *w = object_of(NdisIoWorkItemHandle, OBJECT_WORK_ITEM)->detail;
    if (w->is_queued) {
        rule_broken("ndis.workitem", "a work item is queued that is queued already");
    }
    *w = (struct work_item){Routine, WorkItemContext, NdisIoWorkItemHandle, true};
}

VOID NTAPI NdisFreeIoWorkItem(NDIS_HANDLE NdisIoWorkItemHandle)
{
    struct object *o = object_of(NdisIoWorkItemHandle, OBJECT_WORK_ITEM);
    if (((struct work_item *)o->detail)->is_queued) {
        rule_broken("ndis.workitem", "a work item is freed that is queued");
    }
    object_release(o);
}

void service_run_work_items(void)
{
    for (struct object *o = object_first(OBJECT_WORK_ITEM); o != NULL; o = object_next(o)) {
        struct work_item *w = o->detail;
        if (w->is_queued) {
            struct work_item copy = *w;
            w->is_queued = false;
            nd_call(o->adapter, "NDIS_IO_WORKITEM_ROUTINE", IRQL_PASSIVE, call_work_item, &copy);
            return;
        }
    }
}

bool service_is_due(void)
{
    for (struct object *o = object_first(OBJECT_WORK_ITEM); o != NULL; o = object_next(o)) {
        if (((struct work_item *)o->detail)->is_queued) {
            return true;
        }
    }
    for (struct object *o = object_first(OBJECT_TIMER); o != NULL; o = object_next(o)) {
        if (((struct timer *)o->detail)->is_set && ((struct timer *)o->detail)->due_us <= nd_now_us()) {
            return true;
        }
    }
    return false;
}

/* ---- Events and sleep: what waits lets the rest of the system run ---- */

VOID NTAPI NdisInitializeEvent(PNDIS_EVENT Event)
{
    memset(Event, 0, sizeof *Event);
}

VOID NTAPI NdisSetEvent(PNDIS_EVENT Event)
{
    Event->Event.Header.SignalState = 1;
}

VOID NTAPI NdisResetEvent(PNDIS_EVENT Event)
{
    Event->Event.Header.SignalState = 0;
}

BOOLEAN NTAPI NdisWaitEvent(PNDIS_EVENT Event, UINT MsToWait)
{
    uint64_t start = nd_now_us();
    volatile LONG *state = &Event->Event.Header.SignalState;
    while (*state == 0 && (MsToWait == 0 || nd_now_us() - start < MsToWait * 1000ull)) {
        if (nd_now_us() - start > HANG_S * 1000000ull || nd.bus->dead) {
            rule_broken("ndis.hang", "an event is waited for longer than %d s", HANG_S);
        }
        nd_pump(1000);
    }
    return *state != 0; /* a notification event: it stays set */
}

VOID NTAPI NdisMSleep(ULONG MicrosecondsToSleep)
{
    uint64_t end = nd_now_us() + MicrosecondsToSleep;
    while (nd_now_us() < end && !nd.bus->dead) {
        uint64_t left = end - nd_now_us();
        nd_pump(left < 1000 ? (unsigned)left : 1000);
    }
}

VOID NTAPI NdisGetSystemUpTimeEx(PLARGE_INTEGER pSystemUpTime)
{
    pSystemUpTime->QuadPart = (LONGLONG)(nd_now_us() / 1000);
}

/* ---- Processors ---- */

ULONG NTAPI NdisGroupActiveProcessorCount(USHORT Group)
{
    return Group == 0 || Group == 0xffff ? 1 : 0;
}

ULONG NTAPI NdisCurrentProcessorIndex(VOID)
{
    return 0;
}

/* ---- Event log ---- */

static size_t put_hex(char *to, size_t room, uint32_t value)
{
    char digits[11] = "0x";
    size_t length = 2;
    for (int shift = 28; shift >= 0; shift -= 4) {
        unsigned digit = value >> shift & 15;
        if (digit != 0 || length > 2 || shift == 0) {
            digits[length++] = "0123456789abcdef"[digit];
        }
    }
    length = length < room ? length : room;
    memcpy(to, digits, length);
    return length;
}

VOID VARIADIC_ABI service_write_error_log(NDIS_HANDLE NdisAdapterHandle, NDIS_ERROR_CODE ErrorCode,
                                          ULONG NumberOfErrorValues, ...)
{
    char text[160];
    size_t length = 0;
    driver_va_list arguments;
    (void)nd_adapter_of(NdisAdapterHandle);
    if (NumberOfErrorValues > 16) {
        rule_broken("ndis.eventlog", "%u values", (unsigned)NumberOfErrorValues);
    }
    driver_va_start(arguments, NumberOfErrorValues);
    length += put_hex(text, sizeof text - 1, ErrorCode);
    for (ULONG i = 0; i < NumberOfErrorValues && length + 13 < sizeof text; i++) {
        text[length++] = ' ';
        length += put_hex(text + length, sizeof text - 1 - length, driver_va_arg(arguments, ULONG));
    }
    driver_va_end(arguments);
    text[length] = '\0';
    event_add(ErrorCode, 0, text);
}
