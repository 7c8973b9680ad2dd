/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The event log. */
#include "event_log.h"

#include <stddef.h>
#include <stdio.h>

#include "verify/verify.h"

static struct event events[EVENT_LOG_MOST];
static unsigned count;

void event_add(uint32_t error_code, uint32_t unique_id, const char *text)
{
    struct event *e = &events[count];
    if (count == EVENT_LOG_MOST) {
        rule_broken("eventlog.full", "the driver fills the event log: %d entries", EVENT_LOG_MOST);
    }
    e->error_code = error_code;
    e->unique_id = unique_id;
    snprintf(e->text, sizeof e->text, "%s", text != NULL ? text : "");
    count++;
    trace("event log: code %#x, id %#x, \"%s\"", error_code, unique_id, e->text);
}

unsigned event_count(void)
{
    return count;
}

const struct event *event_at(unsigned index)
{
    return index < count ? &events[index] : NULL;
}

const char *event_last_text(const char *otherwise)
{
    return count > 0 ? events[count - 1].text : otherwise;
}

void event_clear(void)
{
    count = 0;
}
