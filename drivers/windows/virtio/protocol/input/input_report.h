/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Events to HID reports: what is down and where things are, and a bounded queue of reports that nobody has read yet.
 * VIRTIO 1.x "Input Device: Device Operation". Layer: core. Highest IRQL: DISPATCH_LEVEL by use; nothing depends on it.
 *
 * Reports are made at SYN_REPORT, one for each collection that changed; earlier only where one report would hide what
 * happened (a key that goes down and up again before SYN_REPORT). When the queue is full the state is kept and is
 * reported when there is room: presses in between may be lost, but motion adds up and nothing stays down.
 */
#ifndef INPUT_REPORT_H
#define INPUT_REPORT_H

#include "input_layout.h"

#define INPUT_REPORT_QUEUE  64      /* reports that wait to be read */
#define INPUT_MOTION_MAX    1048544 /* motion of one axis that is kept: 32 reports of INPUT_RELATIVE_MAX */

typedef struct _INPUT_REPORT {
    UINT8 length; /* bytes of data */
    UINT8 data[INPUT_REPORT_MAX]; /* report id first */
} INPUT_REPORT;

typedef struct _INPUT_REPORT_STATS {
    UINT64 events;
    UINT64 unknown;   /* of them: neither known nor in the device's own bitmaps */
    UINT64 reports;   /* queued */
    UINT64 merged;    /* times that a report had to wait for room and took up later events */
    UINT64 dropped;   /* SYN_DROPPED, queue gaps: everything was released */
} INPUT_REPORT_STATS;

/* Guarded by the caller's one lock. */
typedef struct _INPUT_REPORTS {
    const INPUT_LAYOUT *layout;
    UINT8 down[INPUT_KEY_COUNT / 8];                              /* by Linux code */
    UINT8 image[INPUT_COLLECTION_COUNT][INPUT_REPORT_MAX];        /* as it is now; relative fields 0 */
    UINT8 reported[INPUT_COLLECTION_COUNT][INPUT_REPORT_MAX];     /* as it was last queued */
    INT32 position[INPUT_AXIS_COUNT];
    INT32 motion[INPUT_REL_COUNT];                                /* not queued yet */
    BOOLEAN must_report[INPUT_COLLECTION_COUNT];                  /* even if nothing changed */
    BOOLEAN in_report;                                            /* events since SYN_REPORT */
    BOOLEAN is_skipping;                                          /* until SYN_REPORT */
    UINT16 queue_head;
    UINT16 queue_count;
    INPUT_REPORT queue[INPUT_REPORT_QUEUE];
    INPUT_REPORT_STATS stats;
} INPUT_REPORTS;

/* Everything at rest, absolute axes at the lower end, nothing queued. layout: kept. IRQL: any. */
VOID InputReportsInit(INPUT_REPORTS *reports, const INPUT_LAYOUT *layout);

/*
 * Takes one event.
 *
 * event    a private copy; any bytes
 *
 * IRQL:    any. Locks: the caller's lock
 * Spec:    INPUT-08, INPUT-12, HOST-29
 */
VOID InputReportsEvent(INPUT_REPORTS *reports, const VIRTIO_INPUT_EVENT *event);

/*
 * Events may be missing between the last one and the next: everything is released, and the rest of a report that had
 * begun is ignored. A key that is really down comes back with its next event.
 *
 * IRQL: any. Locks: the caller's lock
 */
VOID InputReportsLost(INPUT_REPORTS *reports);

/*
 * For reset, suspend and resume: forgets what is queued and what had begun, and queues reports in which everything is
 * up, where the reader may think otherwise. Absolute axes stay where they are.
 *
 * IRQL: any. Locks: the caller's lock
 */
VOID InputReportsRelease(INPUT_REPORTS *reports);

/*
 * Takes the oldest report.
 *
 * buffer   out: size bytes, of which length are written
 * length   out: 0 unless STATUS_SUCCESS
 *
 * IRQL:    any. Locks: the caller's lock
 * Returns: STATUS_SUCCESS; STATUS_NOT_FOUND: none is there; STATUS_BUFFER_TOO_SMALL: it stays
 */
NTSTATUS InputReportsPop(INPUT_REPORTS *reports, UINT8 *buffer, size_t size, UINT32 *length);

/*
 * What a report would say now (IOCTL_HID_GET_INPUT_REPORT); relative axes 0.
 *
 * Returns: STATUS_SUCCESS; STATUS_INVALID_PARAMETER: no such report; STATUS_BUFFER_TOO_SMALL
 */
NTSTATUS InputReportsCurrent(const INPUT_REPORTS *reports, UINT8 report_id, UINT8 *buffer, size_t size, UINT32 *length);

#endif
