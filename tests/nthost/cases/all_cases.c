/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The table of cases. */
#include "cases.h"

const struct test_case all_cases[] = {
    {&storport_framework, "info", "start each disk and show what the driver found: features, queues, interrupt, diagnostics",
     case_info, false},
    {&storport_framework, "refused", "the driver must refuse the device with a reason in the event log (--reason)",
     case_refused, false},
    {&storport_framework, "poke", "start each adapter and send it three requests without data, whatever comes of them",
     case_poke, false},
    {&storport_framework, "suffer", "use a device that breaks the rules (--fault): every request ends, the event log says why",
     case_suffer, true},
    {&storport_framework, "scsi", "every SCSI command that Windows 7 sends, and refusals of others",
     case_scsi, false},
    {&storport_framework, "readonly", "a read-only disk says so, and refuses to be written",
     case_readonly, false},
    {&storport_framework, "pattern", "write a pattern over each disk in requests of many sizes, read it back",
     case_pattern, false},
    {&storport_framework, "flush", "each way to flush reaches the device; the caching page tells the truth",
     case_flush, false},
    {&storport_framework, "recover", "bus reset with requests in flight, then work goes on",
     case_recover, false},
    {&storport_framework, "power", "sleep and wake, PnP stop and start, with work in between",
     case_power, false},
    {&storport_framework, "resize", "the disk grows and shrinks while it is used", case_resize, false},
    {&storport_framework, "unplug", "the fake device is pulled out under load: every request ends", case_unplug, true},
    {&storport_framework, "soak", "random reads, writes, flushes, resets and sleeps against a model of the disk",
     case_soak, false},
    {&storport_framework, "serve", "serve each disk to nbdkit's plug-in until it disconnects (--socket)",
     case_serve, false},
};
const size_t all_cases_count = sizeof all_cases / sizeof all_cases[0];
