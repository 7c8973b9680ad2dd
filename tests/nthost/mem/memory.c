/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Guest RAM: frames, mappings with guard pages, and the check of freed frames. */
#include "memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "verify/verify.h"

enum { FRESH_BYTE = 0xcd, FREED_BYTE = 0xdf, FREED_KEPT = 2048 };

enum frame { FREE, USED, POISONED };

struct allocation {
    struct allocation *next;
    uint8_t *va; /* first mapped page */
    size_t pages, size;
    uint8_t *pointer; /* what the caller got */
    const char *what;
    uint64_t pa[]; /* of each page */
};

static struct bus_ram ram;
static uint8_t *frame_state; /* one per frame, indexed by file offset / page */
static size_t frame_count;
static struct allocation *allocations;
static uint64_t random_state;
static uint32_t freed[FREED_KEPT];
static unsigned freed_count;

static uint32_t random_next(void)
{
    random_state = random_state * 6364136223846793005ULL + 1442695040888963407ULL;
    return (uint32_t)(random_state >> 33);
}

static uint64_t pa_of_frame(size_t frame)
{
    uint64_t offset = (uint64_t)frame * MEMORY_PAGE;
    return offset < ram.low_size ? offset : (1ULL << 32) + (offset - ram.low_size);
}

void memory_init(const struct bus_ram *bus_ram, unsigned seed)
{
    size_t reserved = (size_t)((bus_ram->first_free + MEMORY_PAGE - 1) / MEMORY_PAGE);
    ram = *bus_ram;
    frame_count = (size_t)(ram.size / MEMORY_PAGE);
    frame_state = calloc(frame_count, 1);
    if (frame_state == NULL || reserved >= frame_count) {
        host_fatal("no memory for %zu page frames", frame_count);
    }
    memset(frame_state, USED, reserved);
    random_state = seed * 2654435761u + 1;
}

/* Finds a run of count free frames, from a random place on, wholly below a physical limit; frame_count: none. */
static size_t find_frames(size_t count, uint64_t below)
{
    size_t start = random_next() % frame_count, run = 0;
    for (size_t i = 0; i < 2 * frame_count; i++) {
        size_t frame = (start + i) % frame_count;
        bool fits = frame_state[frame] == FREE && (below == 0 || pa_of_frame(frame) + MEMORY_PAGE <= below);
        bool follows = run != 0 && frame != 0 && pa_of_frame(frame) == pa_of_frame(frame - 1) + MEMORY_PAGE;
        run = !fits ? 0 : follows ? run + 1 : 1;
        if (run == count) {
            return frame + 1 - count;
        }
    }
    return frame_count;
}

static bool map_frames(struct allocation *a, size_t first_page, size_t frame, size_t count)
{
    void *at = a->va + first_page * MEMORY_PAGE;
    if (mmap(at, count * MEMORY_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, ram.fd,
             (off_t)((uint64_t)frame * MEMORY_PAGE)) == MAP_FAILED) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        frame_state[frame + i] = USED;
        a->pa[first_page + i] = pa_of_frame(frame + i);
    }
    return true;
}

/* The oldest freed frames go back into use once their poison was found whole. */
static void check_one_freed(uint32_t frame)
{
    uint8_t *page = mmap(NULL, MEMORY_PAGE, PROT_READ, MAP_SHARED, ram.fd, (off_t)((uint64_t)frame * MEMORY_PAGE));
    if (page == MAP_FAILED) {
        host_fatal("no address space to check a freed page");
    }
    for (size_t i = 0; i < MEMORY_PAGE; i++) {
        if (page[i] != FREED_BYTE) {
            rule_broken("memory.stray", "freed memory at physical address %#llx was written by a device (byte %#x)",
                        (unsigned long long)pa_of_frame(frame) + i, page[i]);
        }
    }
    munmap(page, MEMORY_PAGE);
    frame_state[frame] = FREE;
}

void memory_check_freed(void)
{
    while (freed_count > 0) {
        check_one_freed(freed[--freed_count]);
    }
}

void *memory_alloc(enum memory_kind kind, size_t size, uint64_t below, const char *what)
{
    size_t pages = (size + MEMORY_PAGE - 1) / MEMORY_PAGE, align = 2 * sizeof(void *);
    struct allocation *a = size == 0 ? NULL : malloc(sizeof *a + pages * sizeof a->pa[0]);
    uint8_t *region;
    if (a == NULL) {
        return NULL;
    }
    region = mmap(NULL, (pages + 2) * MEMORY_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (region == MAP_FAILED) {
        free(a);
        return NULL;
    }
    *a = (struct allocation){.va = region + MEMORY_PAGE, .pages = pages, .size = size, .what = what};
    for (size_t done = 0; done < pages;) {
        size_t count = kind == MEMORY_CONTIGUOUS ? pages : 1;
        size_t frame = find_frames(count, below);
        if (frame == frame_count || !map_frames(a, done, frame, count)) {
            host_fatal("guest RAM or address space is used up (%zu pages for %s)", pages, what);
        }
        done += count;
    }
    memset(a->va, FRESH_BYTE, pages * MEMORY_PAGE);
    a->pointer = kind == MEMORY_POOL ? a->va + (pages * MEMORY_PAGE - (size + align - 1) / align * align) : a->va;
    a->next = allocations;
    allocations = a;
    return a->pointer;
}

static struct allocation *find(const void *pointer)
{
    for (struct allocation *a = allocations; a != NULL; a = a->next) {
        if ((const uint8_t *)pointer >= a->va && (const uint8_t *)pointer < a->va + a->pages * MEMORY_PAGE) {
            return a;
        }
    }
    return NULL;
}

/* Bytes between the end of a pool allocation and its guard page must be as they were. */
static void check_tail(const struct allocation *a)
{
    const uint8_t *end = a->va + a->pages * MEMORY_PAGE;
    for (const uint8_t *tail = a->pointer + a->size; tail < end; tail++) {
        if (*tail != FRESH_BYTE) {
            rule_broken("memory.overrun", "%s of %zu bytes was written behind its end", a->what, a->size);
        }
    }
}

void memory_free(void *pointer)
{
    struct allocation **link = &allocations, *a;
    while (*link != NULL && (*link)->pointer != pointer) {
        link = &(*link)->next;
    }
    a = *link;
    if (a == NULL) {
        rule_broken("memory.free", "%p is freed, but is no live allocation", pointer);
    }
    check_tail(a);
    memset(a->va, FREED_BYTE, a->pages * MEMORY_PAGE);
    *link = a->next;
    for (size_t i = 0; i < a->pages; i++) {
        uint32_t frame = (uint32_t)(bus_ram_offset(&ram, a->pa[i], MEMORY_PAGE) / MEMORY_PAGE);
        frame_state[frame] = POISONED;
        if (freed_count == FREED_KEPT) {
            check_one_freed(freed[0]);
            memmove(freed, freed + 1, sizeof freed - sizeof freed[0]);
            freed_count--;
        }
        freed[freed_count++] = frame;
    }
    munmap(a->va - MEMORY_PAGE, (a->pages + 2) * MEMORY_PAGE);
    free(a);
}

uint64_t memory_pa(const void *pointer)
{
    struct allocation *a = find(pointer);
    size_t offset = a != NULL ? (size_t)((const uint8_t *)pointer - a->va) : 0;
    return a != NULL ? a->pa[offset / MEMORY_PAGE] + offset % MEMORY_PAGE : UINT64_MAX;
}

void *memory_at(uint64_t pa)
{
    for (struct allocation *a = allocations; a != NULL; a = a->next) {
        for (size_t i = 0; i < a->pages; i++) {
            if (pa - a->pa[i] < MEMORY_PAGE) {
                return a->va + i * MEMORY_PAGE + (size_t)(pa - a->pa[i]);
            }
        }
    }
    return NULL;
}

bool memory_holds(const void *pointer, size_t length)
{
    struct allocation *a = find(pointer);
    return a != NULL && (const uint8_t *)pointer >= a->pointer &&
           length <= (size_t)(a->pointer + a->size - (const uint8_t *)pointer);
}

size_t memory_live(bool report)
{
    size_t count = 0;
    for (struct allocation *a = allocations; a != NULL; a = a->next, count++) {
        if (report) {
            trace("still allocated: %s, %zu bytes", a->what, a->size);
        }
    }
    return count;
}
