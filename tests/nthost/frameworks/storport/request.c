/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* SRBs: built, handed to HwBuildIo and HwStartIo, completed exactly once, reported outside of driver code. */
#include "adapter.h"

#include <string.h>

#include "cpu/cpu.h"
#include "mem/memory.h"
#include "verify/dma.h"
#include "verify/verify.h"

enum { RELEASED_BYTE = 0xdd, SENSE_BUFFER = SP_SENSE_SIZE };

static bool is_read_or_write(const struct sp_request *r)
{
    static const uint8_t opcodes[] = {0x08, 0x0a, 0x28, 0x2a, 0x88, 0x8a, 0xa8, 0xaa};
    return r->function == SRB_FUNCTION_EXECUTE_SCSI && memchr(opcodes, r->cdb[0], sizeof opcodes) != NULL;
}

/* The slot of an SRB; every SRB that a miniport names must be one of ours. */
struct slot *request_slot(SCSI_REQUEST_BLOCK *srb)
{
    for (unsigned i = 0; i < sp.adapter_count; i++) {
        for (unsigned j = 0; j < MAX_SLOTS; j++) {
            if (srb != NULL && sp.adapter[i].slot[j].srb == srb) {
                return &sp.adapter[i].slot[j];
            }
        }
    }
    rule_broken("storport.srb", "%p is no request of this driver", (void *)srb);
}

static struct slot *take_slot(struct sp_adapter *a)
{
    struct slot *s = a->slot;
    while (s->state != SLOT_FREE) {
        s++; /* callers keep below the queue depth, so there is one */
    }
    if (s->srb == NULL) {
        s->adapter = a;
        s->srb = memory_alloc(MEMORY_POOL, sizeof *s->srb, 0, "SRB");
        s->sense = memory_alloc(MEMORY_POOL, SENSE_BUFFER, 0, "sense buffer");
        s->elements = memory_alloc(MEMORY_POOL,
                                   sizeof *s->elements + MAX_ELEMENTS * sizeof(STOR_SCATTER_GATHER_ELEMENT), 0,
                                   "scatter/gather list");
        if (sp.init.SrbExtensionSize != 0) {
            s->extension = memory_alloc(MEMORY_POOL, sp.init.SrbExtensionSize, 0, "SRB extension");
        }
    }
    if (s->extension != NULL) {
        memset(s->extension, RELEASED_BYTE, sp.init.SrbExtensionSize); /* never initialised for the miniport */
    }
    return s;
}

void request_free_slots(struct sp_adapter *a)
{
    for (unsigned i = 0; i < MAX_SLOTS; i++) {
        struct slot *s = &a->slot[i];
        if (s->srb != NULL) {
            memory_free(s->srb);
            memory_free(s->sense);
            memory_free(s->elements);
            if (s->extension != NULL) {
                memory_free(s->extension);
            }
            memset(s, 0, sizeof *s);
        }
    }
}

static void build_elements(struct slot *s, const struct sp_request *r)
{
    STOR_SCATTER_GATHER_LIST *list = s->elements;
    uint32_t done = 0;
    list->NumberOfElements = 0;
    while (done < r->length) {
        const uint8_t *at = (const uint8_t *)r->data + done;
        uint64_t pa = memory_pa(at);
        uint32_t piece = MEMORY_PAGE - (uint32_t)(pa % MEMORY_PAGE);
        STOR_SCATTER_GATHER_ELEMENT *last = list->NumberOfElements > 0 ? &list->List[list->NumberOfElements - 1] : NULL;
        piece = piece < r->length - done ? piece : r->length - done;
        if (last != NULL && (uint64_t)last->PhysicalAddress.QuadPart + last->Length == pa) {
            last->Length += piece;
        } else {
            if (list->NumberOfElements == MAX_ELEMENTS) {
                host_fatal("internal: a request of %u bytes has more than %d elements", r->length, MAX_ELEMENTS);
            }
            last = &list->List[list->NumberOfElements++];
            last->PhysicalAddress.QuadPart = (LONGLONG)pa;
            last->Length = piece;
            last->Reserved = 0;
        }
        done += piece;
    }
    if (list->NumberOfElements > s->adapter->config.NumberOfPhysicalBreaks + 1) {
        host_fatal("internal: %u elements; the miniport takes %u", (unsigned)list->NumberOfElements,
                   (unsigned)s->adapter->config.NumberOfPhysicalBreaks + 1);
    }
}

static void build_srb(struct slot *s, const struct sp_request *r)
{
    SCSI_REQUEST_BLOCK *srb = s->srb;
    memset(srb, 0, sizeof *srb);
    memset(s->sense, 0, SENSE_BUFFER);
    srb->Length = sizeof *srb;
    srb->Function = r->function;
    srb->PathId = r->path;
    srb->TargetId = r->target;
    srb->Lun = r->lun;
    srb->QueueTag = (UCHAR)(s - s->adapter->slot);
    srb->QueueAction = SRB_SIMPLE_TAG_REQUEST;
    srb->CdbLength = r->cdb_length;
    srb->SenseInfoBufferLength = SENSE_BUFFER;
    srb->SenseInfoBuffer = s->sense;
    srb->SrbFlags = SRB_FLAGS_QUEUE_ACTION_ENABLE | (r->direction == SP_FROM_DEVICE ? SRB_FLAGS_DATA_IN : 0) |
                    (r->direction == SP_TO_DEVICE ? SRB_FLAGS_DATA_OUT : 0);
    srb->DataTransferLength = r->length;
    srb->TimeOutValue = 10;
    /* STOR_MAP_NON_READ_WRITE_BUFFERS; storage_r "HwStorBuildIo": DataBuffer is NULL for reads and writes. */
    s->data_buffer = is_read_or_write(r) ? NULL : r->data;
    srb->DataBuffer = s->data_buffer;
    srb->SrbExtension = s->extension;
    memcpy(srb->Cdb, r->cdb, sizeof srb->Cdb);
    if (r->function == SRB_FUNCTION_PNP) {
        ((SCSI_PNP_REQUEST_BLOCK *)srb)->PnPAction = (STOR_PNP_ACTION)r->action;
        ((SCSI_PNP_REQUEST_BLOCK *)srb)->SrbPnPFlags = SRB_PNP_FLAGS_ADAPTER_REQUEST;
    } else if (r->function == SRB_FUNCTION_POWER) {
        ((SCSI_POWER_REQUEST_BLOCK *)srb)->DevicePowerState = (STOR_DEVICE_POWER_STATE)r->action;
        ((SCSI_POWER_REQUEST_BLOCK *)srb)->SrbPowerFlags = SRB_POWER_FLAGS_ADAPTER_REQUEST;
    }
    build_elements(s, r);
}

struct srb_call {
    struct slot *slot;
    BOOLEAN result;
};

static void call_build_io(void *argument)
{
    struct srb_call *c = argument;
    c->result = sp.init.HwBuildIo(c->slot->adapter->extension, c->slot->srb);
}

static void call_start_io(void *argument)
{
    struct srb_call *c = argument;
    c->result = sp.init.HwStartIo(c->slot->adapter->extension, c->slot->srb);
}

static void start(struct sp_adapter *a, struct sp_request *r)
{
    struct srb_call c = {.slot = take_slot(a)};
    c.slot->state = SLOT_WITH_DRIVER;
    c.slot->request = r;
    a->with_driver++;
    build_srb(c.slot, r);
    c.result = TRUE;
    a->inquiry_seen = a->inquiry_seen || (r->function == SRB_FUNCTION_EXECUTE_SCSI && r->cdb[0] == 0x12);
    if (sp.init.HwBuildIo != NULL) {
        cpu_call_driver("HwBuildIo", IRQL_DISPATCH, call_build_io, &c);
    }
    if (!c.result) {
        return; /* the miniport completes it by itself */
    }
    if (c.slot->state != SLOT_WITH_DRIVER) {
        rule_broken("storport.srb", "HwBuildIo completed the request and returned TRUE: it goes on to HwStartIo");
    }
    a->held[LOCK_STARTIO] = true;
    cpu_call_driver("HwStartIo", IRQL_DISPATCH, call_start_io, &c);
    if (!a->held[LOCK_STARTIO] || a->held[LOCK_INTERRUPT]) {
        rule_broken("storport.lock", "HwStartIo returned with other locks than it was called with");
    }
    a->held[LOCK_STARTIO] = false;
    dma_audit(a->function);
}

/* Whether StorPort would hand one more request to the miniport now. */
static bool may_start(struct sp_adapter *a)
{
    if (a->paused && sp.bus->ops->clock_us(sp.bus) >= a->pause_ends_us) {
        a->paused = false;
    }
    return a->phase == PHASE_RUNNING && !a->paused && a->busy_until == 0 && a->with_driver < a->queue_depth;
}

void request_start_waiting(struct sp_adapter *a)
{
    while (a->waiting != NULL && may_start(a)) {
        struct sp_request *r = a->waiting;
        a->waiting = r->next;
        if (a->waiting == NULL) {
            a->waiting_tail = &a->waiting;
        }
        start(a, r);
    }
}

void sp_submit(struct sp_adapter *a, struct sp_request *r)
{
    r->completed = false;
    r->next = NULL;
    *a->waiting_tail = r;
    a->waiting_tail = &r->next;
    request_start_waiting(a);
}

unsigned sp_outstanding(const struct sp_adapter *a)
{
    unsigned count = a->with_driver;
    for (const struct sp_request *r = a->waiting; r != NULL; r = r->next) {
        count++;
    }
    for (const struct slot *s = a->completed; s != NULL; s = s->next_completed) {
        count++;
    }
    return count;
}

/* What an SRB must look like when it comes back. */
static void check_completion(const struct slot *s)
{
    const SCSI_REQUEST_BLOCK *srb = s->srb;
    UCHAR status = SRB_STATUS(srb->SrbStatus);
    if (status == SRB_STATUS_PENDING) {
        rule_broken("storport.status", "a request is completed with SRB_STATUS_PENDING");
    }
    if (srb->DataTransferLength > s->request->length) {
        rule_broken("storport.length", "a request of %u bytes is completed with %u bytes", s->request->length,
                    (unsigned)srb->DataTransferLength);
    }
    if (srb->SrbStatus & SRB_STATUS_AUTOSENSE_VALID &&
        (srb->SenseInfoBufferLength > SENSE_BUFFER || (((const uint8_t *)s->sense)[0] & 0x7e) != 0x70)) {
        rule_broken("storport.sense", "sense data is said to be valid but has no response code");
    }
    if (s->request->function == SRB_FUNCTION_EXECUTE_SCSI && status == SRB_STATUS_SUCCESS &&
        srb->ScsiStatus != SCSISTAT_GOOD) {
        rule_broken("storport.status", "success with SCSI status %#x", srb->ScsiStatus);
    }
    if (srb->SrbExtension != s->extension || srb->DataBuffer != s->data_buffer || srb->SenseInfoBuffer != s->sense) {
        rule_broken("storport.srb", "the miniport changed a pointer of the request");
    }
}

void request_completed(struct sp_adapter *a, SCSI_REQUEST_BLOCK *srb)
{
    struct slot *s = request_slot(srb);
    if (s->state != SLOT_WITH_DRIVER || s->adapter != a) {
        rule_broken("storport.twice", "a request is completed that the miniport does not have (a second time?)");
    }
    check_completion(s);
    s->state = SLOT_COMPLETED;
    s->next_completed = NULL;
    *a->completed_tail = s;
    a->completed_tail = &s->next_completed;
    a->with_driver--;
    if (a->busy_until > 0) {
        a->busy_until--;
    }
}

void request_complete_all(struct sp_adapter *a, UCHAR status)
{
    for (unsigned i = 0; i < MAX_SLOTS; i++) {
        if (a->slot[i].state == SLOT_WITH_DRIVER) {
            a->slot[i].srb->SrbStatus = status;
            a->slot[i].srb->DataTransferLength = 0;
            request_completed(a, a->slot[i].srb);
        }
    }
}

static void take_results(struct slot *s)
{
    struct sp_request *r = s->request;
    const SCSI_REQUEST_BLOCK *srb = s->srb;
    r->srb_status = SRB_STATUS(srb->SrbStatus);
    r->scsi_status = srb->ScsiStatus;
    r->transferred = srb->DataTransferLength;
    r->sense_valid = (srb->SrbStatus & SRB_STATUS_AUTOSENSE_VALID) != 0;
    memcpy(r->sense, s->sense, sizeof r->sense);
}

void request_report_done(struct sp_adapter *a)
{
    while (a->completed != NULL) {
        struct slot *s = a->completed;
        struct sp_request *r = s->request;
        a->completed = s->next_completed;
        if (a->completed == NULL) {
            a->completed_tail = &a->completed;
        }
        take_results(s);
        memset(s->srb, RELEASED_BYTE, sizeof *s->srb); /* whoever still uses it will be noticed */
        memset(s->elements, RELEASED_BYTE, sizeof *s->elements + sizeof s->elements->List[0]);
        if (s->extension != NULL) {
            memset(s->extension, RELEASED_BYTE, sp.init.SrbExtensionSize);
        }
        s->state = SLOT_FREE;
        s->request = NULL;
        if (r->srb_status == SRB_STATUS_BUSY) {
            sp_submit(a, r); /* Windows 7 drops the SRB and builds a new one, without limit */
            return;
        }
        r->completed = true;
        if (r->done != NULL) {
            r->done(r);
        }
    }
}

/* The uncached extension is the device's at all times, a request's buffer while the miniport has the request. */
bool request_dma_allowed(unsigned function, uint64_t pa, uint64_t length, bool device_writes)
{
    for (unsigned i = 0; i < sp.adapter_count; i++) {
        struct sp_adapter *a = &sp.adapter[i];
        uint64_t uncached = a->uncached != NULL && a->function == function ? memory_pa(a->uncached) : 0;
        if (uncached != 0 && pa >= uncached && pa - uncached <= a->uncached_length &&
            length <= a->uncached_length - (pa - uncached)) {
            return true;
        }
        for (unsigned j = 0; a->function == function && j < MAX_SLOTS; j++) {
            const struct slot *s = &a->slot[j];
            for (unsigned k = 0; s->state == SLOT_WITH_DRIVER && k < s->elements->NumberOfElements; k++) {
                uint64_t start = (uint64_t)s->elements->List[k].PhysicalAddress.QuadPart;
                if (pa >= start && pa - start <= s->elements->List[k].Length &&
                    length <= s->elements->List[k].Length - (pa - start)) {
                    return !device_writes || s->request->direction == SP_FROM_DEVICE;
                }
            }
        }
    }
    return false;
}
