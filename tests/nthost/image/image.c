/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* PE loader. Format: Microsoft's "PE Format" reference (PE32 on x86, PE32+ on amd64). */
#include "image.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "symbols.h"
#include "verify/verify.h"

#if defined(__x86_64__)
enum { MACHINE = 0x8664, MAGIC = 0x20b, DIRECTORIES_AT = 112, THUNK_SIZE = 8, ORDINAL_SHIFT = 63 };
#else
enum { MACHINE = 0x014c, MAGIC = 0x10b, DIRECTORIES_AT = 96, THUNK_SIZE = 4, ORDINAL_SHIFT = 31 };
#endif
enum { DIRECTORY_EXPORT = 0, DIRECTORY_IMPORT = 1, DIRECTORY_BASERELOC = 5 };
enum { SECTION_DISCARDABLE = 0x02000000, SECTION_EXECUTE = 0x20000000, SECTION_WRITE = 0x80000000u };
enum { RELOC_ABSOLUTE = 0, RELOC_HIGHLOW = 3, RELOC_DIR64 = 10 };
enum { MAX_IMAGES = 8, MAX_SECTIONS = 32, PAGE = 4096 };

struct section {
    uint32_t rva, size, flags;
};

struct loaded {
    struct image image;
    struct symbols *symbols;
    struct section section[MAX_SECTIONS];
    unsigned section_count;
    uint32_t exports_rva; /* 0: exports nothing */
};

static struct loaded loaded[MAX_IMAGES];
static unsigned loaded_count;

static uint32_t u32(const uint8_t *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static uint16_t u16(const uint8_t *at)
{
    uint16_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

/* The bytes [rva, rva + length) of the mapped image; ends the process when they lie outside. */
static uint8_t *at_rva(struct loaded *l, uint32_t rva, uint32_t length)
{
    if (rva > l->image.size || length > l->image.size - rva) {
        host_fatal("%s: damaged: an address (0x%x) lies outside of the image", l->image.path, rva);
    }
    return l->image.base + rva;
}

static uint8_t *read_file(const char *path, size_t *size)
{
    struct stat status;
    uint8_t *bytes;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) != 0 || status.st_size < 0x200 || status.st_size > (64 << 20)) {
        host_fatal("%s: cannot be read, or is no driver (build one with: make drivers)", path);
    }
    bytes = malloc((size_t)status.st_size);
    if (bytes == NULL || read(fd, bytes, (size_t)status.st_size) != status.st_size) {
        host_fatal("%s: cannot be read", path);
    }
    close(fd);
    *size = (size_t)status.st_size;
    return bytes;
}

static void relocate(struct loaded *l, uint32_t rva, uint32_t size, uint64_t delta)
{
    uint32_t done = 0;
    while (size - done >= 8) {
        const uint8_t *block = at_rva(l, rva + done, 8);
        uint32_t page = u32(block), length = u32(block + 4);
        if (length < 8 || length > size - done) {
            host_fatal("%s: damaged relocations", l->image.path);
        }
        for (uint32_t i = 8; i + 2 <= length; i += 2) {
            uint16_t entry = u16(at_rva(l, rva + done + i, 2));
            uint8_t *target;
            if (entry >> 12 == RELOC_ABSOLUTE) {
                continue;
            }
            target = at_rva(l, page + (entry & 0xfff), entry >> 12 == RELOC_DIR64 ? 8 : 4);
            if (entry >> 12 == RELOC_DIR64) {
                uint64_t value;
                memcpy(&value, target, 8);
                value += delta;
                memcpy(target, &value, 8);
            } else if (entry >> 12 == RELOC_HIGHLOW) {
                uint32_t value = u32(target) + (uint32_t)delta;
                memcpy(target, &value, 4);
            } else {
                host_fatal("%s: unknown relocation type %u", l->image.path, entry >> 12);
            }
        }
        done += length;
    }
}

static void bind_imports(struct loaded *l, uint32_t rva, image_bind *bind)
{
    for (;; rva += 20) {
        const uint8_t *descriptor = at_rva(l, rva, 20);
        uint32_t names = u32(descriptor), table = u32(descriptor + 16);
        const char *module;
        if (table == 0) {
            return;
        }
        module = (const char *)at_rva(l, u32(descriptor + 12), 1);
        for (uint32_t i = 0;; i += THUNK_SIZE) {
            uintptr_t thunk;
            void *target;
            memcpy(&thunk, at_rva(l, (names != 0 ? names : table) + i, THUNK_SIZE), sizeof thunk);
            if (thunk == 0) {
                break;
            }
            if (thunk >> ORDINAL_SHIFT != 0) {
                host_fatal("%s: imports from %s by ordinal; only names are served", l->image.path, module);
            }
            target = bind(module, (const char *)at_rva(l, (uint32_t)thunk + 2, 1));
            memcpy(at_rva(l, table + i, THUNK_SIZE), &target, sizeof target);
        }
    }
}

static void protect_sections(struct loaded *l)
{
    mprotect(l->image.base, PAGE, PROT_READ);
    for (unsigned i = 0; i < l->section_count; i++) {
        const struct section *s = &l->section[i];
        int rights = PROT_READ | (s->flags & SECTION_EXECUTE ? PROT_EXEC : 0) | (s->flags & SECTION_WRITE ? PROT_WRITE : 0);
        mprotect(l->image.base + s->rva, (s->size + PAGE - 1) & ~(uint32_t)(PAGE - 1), rights);
    }
}

static void map_sections(struct loaded *l, const uint8_t *file, size_t file_size, const uint8_t *headers)
{
    const uint8_t *optional = headers + 24;
    const uint8_t *table = optional + u16(headers + 20);
    unsigned count = u16(headers + 6);
    if (count > MAX_SECTIONS || (size_t)(table - file) + count * 40 > file_size) {
        host_fatal("%s: damaged: section table", l->image.path);
    }
    l->image.size = u32(optional + 56);
    l->image.base = mmap(NULL, l->image.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (l->image.base == MAP_FAILED) {
        host_fatal("%s: no memory for an image of %u bytes", l->image.path, l->image.size);
    }
    memcpy(l->image.base, file, u32(optional + 60) < file_size ? u32(optional + 60) : file_size);
    for (unsigned i = 0; i < count; i++) {
        const uint8_t *s = table + i * 40;
        uint32_t virtual_size = u32(s + 8), rva = u32(s + 12), raw_size = u32(s + 16), raw = u32(s + 20);
        uint32_t copy = raw_size < virtual_size ? raw_size : virtual_size;
        if (raw > file_size || copy > file_size - raw) {
            host_fatal("%s: damaged: section %u lies outside of the file", l->image.path, i);
        }
        memcpy(at_rva(l, rva, virtual_size), file + raw, copy);
        l->section[l->section_count++] = (struct section){rva, virtual_size, u32(s + 36)};
    }
}

struct image *image_load(const char *path, image_bind *bind)
{
    struct loaded *l = &loaded[loaded_count];
    size_t file_size;
    uint8_t *file = read_file(path, &file_size);
    uint32_t headers_at = u32(file + 0x3c);
    const uint8_t *headers, *optional, *directories;
    uint64_t wanted_base;
    if (loaded_count == MAX_IMAGES) {
        host_fatal("%s: more than %d images", path, MAX_IMAGES);
    }
    if (u16(file) != 0x5a4d || headers_at > file_size - 0x108 || u32(file + headers_at) != 0x4550) {
        host_fatal("%s: not a PE image", path);
    }
    headers = file + headers_at;
    optional = headers + 24;
    if (u16(headers + 4) != MACHINE || u16(optional) != MAGIC) {
        host_fatal("%s: built for another architecture (machine 0x%x); use %s", path, u16(headers + 4),
                   u16(headers + 4) == 0x14c ? "nthost32" : "nthost");
    }
    memset(l, 0, sizeof *l);
    l->image.path = path;
    map_sections(l, file, file_size, headers);
    directories = optional + DIRECTORIES_AT;
    wanted_base = MAGIC == 0x20b ? u32(optional + 24) | (uint64_t)u32(optional + 28) << 32 : u32(optional + 28);
    if (u32(directories + DIRECTORY_BASERELOC * 8) != 0) {
        relocate(l, u32(directories + DIRECTORY_BASERELOC * 8), u32(directories + DIRECTORY_BASERELOC * 8 + 4),
                 (uint64_t)(uintptr_t)l->image.base - wanted_base);
    }
    l->exports_rva = u32(directories + DIRECTORY_EXPORT * 8);
    if (u32(directories + DIRECTORY_IMPORT * 8) != 0) {
        bind_imports(l, u32(directories + DIRECTORY_IMPORT * 8), bind);
    }
    l->image.entry = at_rva(l, u32(optional + 16), 1);
    protect_sections(l);
    l->symbols = symbols_open(path);
    loaded_count++;
    free(file);
    return &l->image;
}

void *image_export(struct image *image, const char *name)
{
    struct loaded *l = (struct loaded *)image;
    const uint8_t *directory = l->exports_rva != 0 ? at_rva(l, l->exports_rva, 40) : NULL;
    uint32_t count = directory != NULL ? u32(directory + 24) : 0;
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp((const char *)at_rva(l, u32(at_rva(l, u32(directory + 32) + 4 * i, 4)), 1), name) == 0) {
            uint32_t ordinal = u16(at_rva(l, u32(directory + 36) + 2 * i, 2));
            return at_rva(l, u32(at_rva(l, u32(directory + 28) + 4 * ordinal, 4)), 1);
        }
    }
    return NULL;
}

void image_discard_init(struct image *image)
{
    struct loaded *l = (struct loaded *)image;
    for (unsigned i = 0; i < l->section_count; i++) {
        if (l->section[i].flags & SECTION_DISCARDABLE && l->section[i].flags & SECTION_EXECUTE) {
            mprotect(l->image.base + l->section[i].rva, l->section[i].size, PROT_NONE);
        }
    }
}

static struct loaded *loaded_at(uintptr_t address)
{
    for (unsigned i = 0; i < loaded_count; i++) {
        uintptr_t base = (uintptr_t)loaded[i].image.base;
        if (address >= base && address - base < loaded[i].image.size) {
            return &loaded[i];
        }
    }
    return NULL;
}

struct image *image_at(uintptr_t address)
{
    struct loaded *l = loaded_at(address);
    return l != NULL ? &l->image : NULL;
}

bool image_is_return_address(uintptr_t address)
{
    struct loaded *l = loaded_at(address);
    const uint8_t *code = (const uint8_t *)address;
    for (unsigned i = 0; l != NULL && i < l->section_count; i++) {
        const struct section *s = &l->section[i];
        uint32_t rva = (uint32_t)(address - (uintptr_t)l->image.base);
        if (s->flags & SECTION_EXECUTE && !(s->flags & SECTION_DISCARDABLE) && rva >= s->rva + 6 && rva - s->rva < s->size) {
            return code[-5] == 0xe8 || code[-6] == 0xff || code[-3] == 0xff || code[-2] == 0xff; /* call forms */
        }
    }
    return false;
}

void image_describe(uintptr_t address, char *text, size_t size)
{
    struct loaded *l = loaded_at(address);
    const char *name, *slash;
    uint32_t rva, offset = 0;
    if (l == NULL) {
        snprintf(text, size, "%#lx", (unsigned long)address);
        return;
    }
    rva = (uint32_t)(address - (uintptr_t)l->image.base);
    slash = strrchr(l->image.path, '/');
    name = symbols_find(l->symbols, rva, &offset);
    snprintf(text, size, name != NULL ? "%s+0x%x (%s+0x%x)" : "%s+0x%x", slash != NULL ? slash + 1 : l->image.path, rva,
             name, offset);
}
