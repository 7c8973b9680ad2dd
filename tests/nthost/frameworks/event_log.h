/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The system event log: what drivers of any framework write, kept for the cases to read. Plain C types only. */
#ifndef NTHOST_EVENT_LOG_H
#define NTHOST_EVENT_LOG_H

#include <stdint.h>

enum { EVENT_LOG_MOST = 64 };

struct event {
    uint32_t error_code, unique_id;
    char text[192]; /* insertion string or values, as ASCII */
};

/* Adds one entry and says it in the trace; text may be NULL. Breaks rule eventlog.full when a driver fills the log. */
void event_add(uint32_t error_code, uint32_t unique_id, const char *text);

/* Empties the log: a case that starts many devices looks at one at a time. */
void event_clear(void);

/* Entries so far; the one at index, NULL behind the last. */
unsigned event_count(void);
const struct event *event_at(unsigned index);

/* Text of the newest entry; otherwise when the log is empty. */
const char *event_last_text(const char *otherwise);

#endif
