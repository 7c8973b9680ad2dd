/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* IPortWaveRTStream: pages of guest RAM for a cyclic buffer. audio_r "IPortWaveRTStream". */
#include "stream.h"

#include <string.h>

#include "mem/memory.h"
#include "nt/mdl.h"
#include "verify/verify.h"

static struct table table;

static struct pc_stream *stream_of(const void *this)
{
    return (struct pc_stream *)pc_object_of(this, "IPortWaveRTStream");
}

struct pages *pages_of(struct pc_stream *s, const MDL *mdl, const char *what)
{
    for (unsigned i = 0; i < MAX_MDLS; i++) {
        if (mdl != NULL && s->pages[i].mdl == mdl) {
            return &s->pages[i];
        }
    }
    rule_broken("portcls.pages", "%s: %p is no MDL of this port stream", what, (const void *)mdl);
}

static PMDL allocate(struct pc_stream *s, enum memory_kind kind, uint64_t highest, SIZE_T bytes)
{
    uint64_t size = ((uint64_t)bytes + MEMORY_PAGE - 1) / MEMORY_PAGE * MEMORY_PAGE, ram_end = (4ull << 30) + pc.bus->ram.size;
    struct pages *p = NULL;
    for (unsigned i = 0; i < MAX_MDLS && p == NULL; i++) {
        p = s->pages[i].mdl == NULL ? &s->pages[i] : NULL;
    }
    if (p == NULL || size == 0 || size > 64 << 20) {
        return NULL;
    }
    p->bytes = memory_alloc(kind, (size_t)size, highest >= ram_end ? 0 : highest + 1, "pages of a stream");
    memset(p->bytes, 0, (size_t)size);
    p->mdl = memory_alloc(MEMORY_POOL, mdl_size((uint32_t)size), 0, "MDL of a stream");
    mdl_describe(p->mdl, p->bytes, (uint32_t)size, false);
    p->size = size;
    p->is_mapped = false;
    return p->mdl;
}

static PMDL NTAPI allocate_pages(PVOID this, PHYSICAL_ADDRESS highest, SIZE_T bytes)
{
    return allocate(stream_of(this), MEMORY_SCATTERED, (uint64_t)highest.QuadPart, bytes);
}

static PMDL NTAPI allocate_contiguous(PVOID this, PHYSICAL_ADDRESS lowest, PHYSICAL_ADDRESS highest, SIZE_T bytes)
{
    if (lowest.QuadPart != 0) {
        host_fatal("internal: contiguous pages above an address");
    }
    return allocate(stream_of(this), MEMORY_CONTIGUOUS, (uint64_t)highest.QuadPart, bytes);
}

static PVOID NTAPI map(PVOID this, PMDL mdl, MEMORY_CACHING_TYPE cache)
{
    struct pages *p = pages_of(stream_of(this), mdl, "MapAllocatedPages");
    (void)cache;
    if (p->is_mapped) {
        rule_broken("portcls.pages", "pages are mapped twice");
    }
    p->is_mapped = true;
    mdl->MdlFlags |= MDL_MAPPED_TO_SYSTEM_VA;
    mdl->MappedSystemVa = p->bytes;
    return p->bytes;
}

static VOID NTAPI unmap(PVOID this, PVOID base, PMDL mdl)
{
    struct pages *p = pages_of(stream_of(this), mdl, "UnmapAllocatedPages");
    if (!p->is_mapped || base != p->bytes) {
        rule_broken("portcls.pages", "pages are unmapped that are not mapped there");
    }
    p->is_mapped = false;
    mdl->MdlFlags = (CSHORT)(mdl->MdlFlags & ~MDL_MAPPED_TO_SYSTEM_VA);
}

static VOID NTAPI free_pages(PVOID this, PMDL mdl)
{
    struct pc_stream *s = stream_of(this);
    struct pages *p = pages_of(s, mdl, "FreePagesFromMdl");
    if (p->is_mapped) {
        rule_broken("portcls.pages", "pages are freed while they are mapped");
    }
    if (s->state == PC_RUN) {
        rule_broken("portcls.pages", "pages are freed while the stream runs");
    }
    memory_free(p->bytes);
    memory_free(p->mdl);
    memset(p, 0, sizeof *p);
}

static ULONG NTAPI count_pages(PVOID this, PMDL mdl)
{
    return (ULONG)(pages_of(stream_of(this), mdl, "GetPhysicalPagesCount")->size / MEMORY_PAGE);
}

static PHYSICAL_ADDRESS *NTAPI page_address(PVOID this, PHYSICAL_ADDRESS *result, PMDL mdl, ULONG index)
{
    const struct pages *p = pages_of(stream_of(this), mdl, "GetPhysicalPageAddress");
    if (index >= p->size / MEMORY_PAGE) {
        rule_broken("portcls.pages", "page %u of %u", (unsigned)index, (unsigned)(p->size / MEMORY_PAGE));
    }
    result->QuadPart = (LONGLONG)mdl_pa(mdl, index * MEMORY_PAGE);
    return result;
}

static struct export methods[] = {
    METHOD(IPortWaveRTStream::AllocatePagesForMdl, allocate_pages),
    METHOD(IPortWaveRTStream::AllocateContiguousPagesForMdl, allocate_contiguous),
    METHOD(IPortWaveRTStream::MapAllocatedPages, map),
    METHOD(IPortWaveRTStream::UnmapAllocatedPages, unmap),
    METHOD(IPortWaveRTStream::FreePagesFromMdl, free_pages),
    METHOD(IPortWaveRTStream::GetPhysicalPagesCount, count_pages),
    METHOD(IPortWaveRTStream::GetPhysicalPageAddress, page_address),
};

void pages_init(void)
{
    table_make(&table, methods, sizeof methods / sizeof methods[0]);
}

const struct table *pages_table(void)
{
    return &table;
}

void pages_expect_none(const struct pc_stream *s)
{
    for (unsigned i = 0; i < MAX_MDLS; i++) {
        if (s->pages[i].mdl != NULL) {
            rule_broken("portcls.pages", "a stream is closed and pages of it are left");
        }
    }
}
