/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Loading a driver: a PE image of this process's architecture, its sections mapped with their rights, relocated, its
 * imports bound. Names of places come from the COFF symbols of the file beside it (NAME.sys.debug) when it is there.
 */
#ifndef NTHOST_IMAGE_H
#define NTHOST_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct image {
    const char *path;
    uint8_t *base;
    uint32_t size;
    void *entry;
};

/* Binds one import; returns what goes into the import address table. data: whether the name is a variable. */
typedef void *image_bind(const char *module, const char *name);

/* Loads path or ends the process with a line that says what is wrong. One image of a path at a time. */
struct image *image_load(const char *path, image_bind *bind);

/* The address of an exported name; NULL: there is none. */
void *image_export(struct image *image, const char *name);

/* Discards sections marked so (INIT), as Windows does after DriverEntry: a later call into them faults. */
void image_discard_init(struct image *image);

/* Whether address lies in a loaded image's code right behind a call instruction. */
bool image_is_return_address(uintptr_t address);

/* "aerovblk.sys+0x1234 (AerovblkBuildIo+0x20)" */
void image_describe(uintptr_t address, char *text, size_t size);

/* The image that holds address, NULL: none. */
struct image *image_at(uintptr_t address);

#endif
