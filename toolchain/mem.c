/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The four memory functions that a compiler may call on its own, linked into each driver built with mingw-w64: the
 * amd64 ntoskrnl exports none of them for this purpose (the WDK links them statically as well), and one implementation
 * keeps both architectures alike. Layer: below everything. IRQL: any.
 *
 * String instructions run at cache-line speed for the sizes that matter here and need no vector registers, which x86
 * kernel code must not touch. The direction flag is clear on entry by the calling convention.
 */
#include <stddef.h>

void *memcpy(void *to, const void *from, size_t length);
void *memmove(void *to, const void *from, size_t length);
void *memset(void *to, int value, size_t length);
int memcmp(const void *a, const void *b, size_t length);

void *memcpy(void *to, const void *from, size_t length)
{
    void *destination = to;

    __asm__ __volatile__("rep movsb" : "+D"(destination), "+S"(from), "+c"(length) : : "memory");
    return to;
}

void *memmove(void *to, const void *from, size_t length)
{
    unsigned char *destination = to;
    const unsigned char *source = from;

    /* One unsigned compare: only a destination inside the source has to be copied backwards. */
    if ((size_t)destination - (size_t)source >= length) {
        return memcpy(to, from, length);
    }
    while (length-- > 0) {
        destination[length] = source[length];
    }
    return to;
}

void *memset(void *to, int value, size_t length)
{
    void *destination = to;

    __asm__ __volatile__("rep stosb" : "+D"(destination), "+c"(length) : "a"(value) : "memory");
    return to;
}

int memcmp(const void *a, const void *b, size_t length)
{
    const unsigned char *left = a;
    const unsigned char *right = b;
    size_t i;

    for (i = 0; i < length; i++) {
        if (left[i] != right[i]) {
            return left[i] < right[i] ? -1 : 1;
        }
    }
    return 0;
}
