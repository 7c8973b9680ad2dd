/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The host's words: trace, results, and the report of a broken rule. */
#include "verify.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "cpu/stack.h"
#include "image/image.h"

bool trace_is_on;
struct crossing crossing;

static double seconds_since_start(void)
{
    static struct timespec start;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (start.tv_sec == 0) {
        start = now;
    }
    return (double)(now.tv_sec - start.tv_sec) + (double)(now.tv_nsec - start.tv_nsec) / 1e9;
}

void trace(const char *format, ...)
{
    va_list arguments;
    if (!trace_is_on) {
        return;
    }
    fprintf(stderr, "%10.6f  ", seconds_since_start());
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

void say(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
    fflush(stdout);
}

/* Return addresses are not certain without frame pointers: every word on the stack that lies behind a call is shown. */
static void print_callers(uintptr_t from)
{
    const uintptr_t *word = (const uintptr_t *)(from & ~(uintptr_t)(sizeof(uintptr_t) - 1));
    const uintptr_t *end = (const uintptr_t *)stack_top_of(from);
    char place[160];
    int shown = 0;
    for (; end != NULL && word < end && shown < 16; word++) {
        if (image_is_return_address(*word)) {
            image_describe(*word, place, sizeof place);
            fprintf(stderr, "    %s\n", place);
            shown++;
        }
    }
}

_Noreturn void rule_broken(const char *rule, const char *format, ...)
{
    va_list arguments;
    char place[160];
    fflush(stdout);
    fprintf(stderr, "\nRULE BROKEN  %s\n  ", rule);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    if (crossing.callback != NULL) {
        fprintf(stderr, "  in callback %s", crossing.callback);
        if (crossing.import != NULL) {
            image_describe(crossing.return_address, place, sizeof place);
            fprintf(stderr, ", in import %s, called from %s", crossing.import, place);
        }
        fputs("\n  callers (found on the stack):\n", stderr);
        print_callers(crossing.stack_pointer);
    }
    fflush(stderr);
    _exit(1);
}

_Noreturn void host_fatal(const char *format, ...)
{
    va_list arguments;
    fflush(stdout);
    fputs("nthost: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    _exit(2);
}
