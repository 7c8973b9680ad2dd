/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Wine's kernel modules carry its debug channels, which ask for user-mode names, and take their C runtime from outside.
 * No driver of this project imports any of it, and no row of Windows 7's tables covers it.
 */
#define _GNU_SOURCE
#include "runtime.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <asm/prctl.h>
#endif

#include "cpu/cpu.h"
#include "exports.h"
#include "verify/verify.h"

#if defined(__x86_64__)
#define CDECL   __attribute__((ms_abi))
#define STDCALL __attribute__((ms_abi))
#else
#define CDECL   __attribute__((cdecl))
#define STDCALL __attribute__((stdcall))
#endif

typedef uint16_t wide; /* Windows' wchar_t */

/* ---- C runtime ---- */

static void *CDECL copy(void *to, const void *from, size_t count)
{
    return memcpy(to, from, count);
}

static void *CDECL move(void *to, const void *from, size_t count)
{
    return memmove(to, from, count);
}

static void *CDECL fill(void *to, int value, size_t count)
{
    return memset(to, value, count);
}

static int CDECL compare(const void *a, const void *b, size_t count)
{
    return memcmp(a, b, count);
}

static void *CDECL allocated(size_t size)
{
    return malloc(size);
}

static void *CDECL zeroed(size_t count, size_t size)
{
    return calloc(count, size);
}

static void *CDECL resized(void *memory, size_t size)
{
    return realloc(memory, size);
}

static void CDECL released(void *memory)
{
    free(memory);
}

static char *CDECL duplicate(const char *text)
{
    return strdup(text);
}

static char *CDECL find(const char *text, int c)
{
    return strchr(text, c);
}

static int CDECL compare_text(const char *a, const char *b)
{
    return strcmp(a, b);
}

static char *CDECL copy_text(char *to, const char *from)
{
    return strcpy(to, from);
}

static size_t CDECL span_until(const char *text, const char *stop)
{
    return strcspn(text, stop);
}

static size_t CDECL length(const char *text)
{
    return strlen(text);
}

/* Wine's channels: silent. */
static char *CDECL environment(const char *name)
{
    static char quiet[] = "-all";
    return strcmp(name, "WINEDEBUG") == 0 ? quiet : NULL;
}

static void *CDECL stream(unsigned index)
{
    static char streams[3];
    return &streams[index % 3];
}

static size_t CDECL write_stream(const void *bytes, size_t size, size_t count, void *where)
{
    (void)where;
    trace("module: %.*s", (int)(size * count), (const char *)bytes);
    return count;
}

/* Text that would be formatted for a channel is left out. */
static int CDECL format_text(uint64_t options, char *to, size_t size)
{
    (void)options;
    if (size > 0) {
        *to = '\0';
    }
    return 0;
}

static int CDECL format_old(char *to, size_t size)
{
    if (size > 0) {
        *to = '\0';
    }
    return 0;
}

/* ---- kernel32 ---- */

static int STDCALL no_thread_calls(void *module)
{
    (void)module;
    return 1;
}

static void *STDCALL no_module(const wide *name)
{
    (void)name;
    return NULL;
}

static void *STDCALL no_address(void *module, const char *name)
{
    (void)module;
    (void)name;
    return NULL;
}

static uint32_t STDCALL ticks(void)
{
    return 0;
}

static void *STDCALL heap_allocated(void *heap, uint32_t flags, size_t size)
{
    (void)heap;
    (void)flags;
    return calloc(1, size);
}

static void *STDCALL heap_resized(void *heap, uint32_t flags, void *memory, size_t size)
{
    (void)heap;
    (void)flags;
    return realloc(memory, size);
}

/* Rounded to the nearest, as Windows does. */
static int STDCALL multiply_divide(int number, int numerator, int denominator)
{
    int64_t product = (int64_t)number * numerator, half;
    if (denominator == 0) {
        return -1;
    }
    half = llabs((int64_t)denominator) / 2;
    product += product < 0 ? -half : half;
    product /= denominator;
    return product > INT32_MAX || product < INT32_MIN ? -1 : (int)product;
}

/* exports_add takes the levels as they are: any. */
#define RUNTIME(module, name, function)                                                                                \
    {                                                                                                                  \
        (void *)(function), module, name, 0, IRQL_HIGH, false, 0                                                       \
    }
static struct export table[] = {
    RUNTIME("ntoskrnl.exe", "memcpy", copy),
    RUNTIME("ntoskrnl.exe", "memset", fill),
    RUNTIME("ucrtbase.dll", "memcmp", compare),
    RUNTIME("ucrtbase.dll", "memmove", move),
    RUNTIME("ucrtbase.dll", "malloc", allocated),
    RUNTIME("ucrtbase.dll", "calloc", zeroed),
    RUNTIME("ucrtbase.dll", "realloc", resized),
    RUNTIME("ucrtbase.dll", "free", released),
    RUNTIME("ucrtbase.dll", "_strdup", duplicate),
    RUNTIME("ucrtbase.dll", "strchr", find),
    RUNTIME("ucrtbase.dll", "strcmp", compare_text),
    RUNTIME("ucrtbase.dll", "strcpy", copy_text),
    RUNTIME("ucrtbase.dll", "strcspn", span_until),
    RUNTIME("ucrtbase.dll", "strlen", length),
    RUNTIME("ucrtbase.dll", "getenv", environment),
    RUNTIME("ucrtbase.dll", "__acrt_iob_func", stream),
    RUNTIME("ucrtbase.dll", "fwrite", write_stream),
    RUNTIME("ucrtbase.dll", "__stdio_common_vsprintf", format_text),
    RUNTIME("ntdll.dll", "_vsnprintf", format_old),
    RUNTIME("kernel32.dll", "DisableThreadLibraryCalls", no_thread_calls),
    RUNTIME("kernel32.dll", "GetModuleHandleW", no_module),
    RUNTIME("kernel32.dll", "GetProcAddress", no_address),
    RUNTIME("kernel32.dll", "GetTickCount", ticks),
    RUNTIME("kernel32.dll", "HeapAlloc", heap_allocated),
    RUNTIME("kernel32.dll", "HeapReAlloc", heap_resized),
    RUNTIME("kernel32.dll", "MulDiv", multiply_divide),
};

/* Wine's debug channels find their state through the thread block at gs:[0x30], and some pages behind it. */
static void make_thread_block(void)
{
#if defined(__x86_64__)
    enum { BYTES = 64 * 1024, SELF = 0x30 };
    uint8_t *block = calloc(1, BYTES);
    memcpy(block + SELF, &block, sizeof block);
    if (syscall(SYS_arch_prctl, ARCH_SET_GS, block) != 0) {
        host_fatal("the GS base cannot be set, which Wine's modules need");
    }
#endif
}

void exports_runtime(void)
{
    make_thread_block();
    exports_add(table, sizeof table / sizeof table[0]);
}
