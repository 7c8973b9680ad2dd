/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The driver stack. */
#include "stack.h"

#include <stddef.h>
#include <sys/mman.h>

#include "verify/verify.h"

enum { PAGE = 4096, SIZE = STACK_LIMIT + 256 * 1024 };

static uint8_t *base; /* of the usable part */
static int depth;

/* cpu/switch_*.S: calls body(argument) with the stack pointer at top. */
void stack_switch_call(void (*body)(void *argument), void *argument, void *top);

void stack_init(void)
{
    uint8_t *pages = mmap(NULL, SIZE + 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED || mprotect(pages + PAGE, SIZE, PROT_READ | PROT_WRITE) != 0) {
        host_fatal("no memory for the driver stack");
    }
    base = pages + PAGE;
}

void stack_run(void (*body)(void *argument), void *argument)
{
    if (depth++ == 0) {
        stack_switch_call(body, argument, base + SIZE);
    } else {
        body(argument);
    }
    depth--;
}

uintptr_t stack_top_of(uintptr_t address)
{
    return address >= (uintptr_t)base && address < (uintptr_t)base + SIZE ? (uintptr_t)base + SIZE : 0;
}

uintptr_t stack_depth(uintptr_t stack_pointer)
{
    uintptr_t top = stack_top_of(stack_pointer);
    return top != 0 ? top - stack_pointer : 0;
}
