/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* IRQL and the way into driver code. */
#include "cpu.h"

#include <stddef.h>

#include "stack.h"
#include "verify/verify.h"

unsigned cpu_irql;
void (*cpu_interrupt_window)(void);
static unsigned depth;

void cpu_call_driver(const char *callback, unsigned irql, void (*body)(void *argument), void *argument)
{
    struct crossing outer = crossing;
    unsigned old_irql = cpu_irql;
    if (irql < old_irql) {
        host_fatal("internal: %s called at IRQL %u while at %u", callback, irql, old_irql);
    }
    trace("> %s (IRQL %u)", callback, irql);
    crossing = (struct crossing){.callback = callback};
    cpu_irql = irql;
    depth++;
    stack_run(body, argument);
    depth--;
    if (cpu_irql != irql) {
        rule_broken("irql.return", "%s was called at IRQL %u and returned at %u", callback, irql, cpu_irql);
    }
    cpu_irql = old_irql;
    crossing = outer;
}

bool cpu_in_driver(void)
{
    return depth != 0;
}
