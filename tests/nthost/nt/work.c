/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Io: work items, each run at PASSIVE_LEVEL in the order of queueing. kernel_r "IoQueueWorkItem". */
#include <ntddk.h>

#include <string.h>

#include "cpu/cpu.h"
#include "exports.h"
#include "mem/memory.h"
#include "nt.h"
#include "verify/verify.h"
#include "wdm.h"

struct _IO_WORKITEM {
    DEVICE_OBJECT *device;
    PIO_WORKITEM_ROUTINE routine;
    PVOID context;
    bool is_queued;
    struct _IO_WORKITEM *next;
};

static struct _IO_WORKITEM *queue, *running;
static unsigned items;

static PIO_WORKITEM NTAPI allocate(DEVICE_OBJECT *device)
{
    struct _IO_WORKITEM *item = memory_alloc(MEMORY_POOL, sizeof *item, 0, "work item");
    memset(item, 0, sizeof *item);
    item->device = device;
    items++;
    return item;
}

static VOID NTAPI queue_item(PIO_WORKITEM item, PIO_WORKITEM_ROUTINE routine, WORK_QUEUE_TYPE type, PVOID context)
{
    struct _IO_WORKITEM **link = &queue;
    (void)type;
    if (item->is_queued) {
        rule_broken("work.twice", "a work item is queued that is queued already");
    }
    while (*link != NULL) {
        link = &(*link)->next;
    }
    item->routine = routine;
    item->context = context;
    item->is_queued = true;
    item->next = NULL;
    *link = item;
}

static VOID NTAPI free_item(PIO_WORKITEM item)
{
    if (item->is_queued) {
        rule_broken("work.free", "a work item is freed while it is queued");
    }
    items--;
    memory_free(item);
}

static void call_item(void *argument)
{
    struct _IO_WORKITEM *item = argument;
    item->routine(item->device, item->context);
}

void work_run(void)
{
    if (cpu_irql != IRQL_PASSIVE || running != NULL) {
        return;
    }
    while (queue != NULL) {
        running = queue;
        queue = running->next;
        running->is_queued = false;
        cpu_call_driver("a work item", IRQL_PASSIVE, call_item, running);
        running = NULL;
    }
}

void work_expect_none(void)
{
    if (items != 0) {
        rule_broken("unload.work", "%u work items are left after the driver was unloaded", items);
    }
}

#define MODULE "ntoskrnl.exe"
static struct export table[] = {
    NT_EXPORT_AS(MODULE, IoAllocateWorkItem, allocate),
    NT_EXPORT_AS(MODULE, IoQueueWorkItem, queue_item),
    NT_EXPORT_AS(MODULE, IoFreeWorkItem, free_item),
};

void exports_work(void)
{
    queue = running = NULL;
    items = 0;
    exports_add(table, sizeof table / sizeof table[0]);
}
