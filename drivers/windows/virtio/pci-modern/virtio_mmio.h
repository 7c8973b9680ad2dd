/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Register accesses of exact width. In a kernel build each is one mov of that width (so that whoever traps the access
 * sees one naturally aligned access, VIRTIO 1.x "PCI Device Layout"); in a host build they are functions that the
 * test or the device model links.
 *
 * register_address  naturally aligned address inside a window that VIRTIO_PCI_OPS.MapBar returned
 *
 * Layer: transport. IRQL: any.
 */
#ifndef VIRTIO_MMIO_H
#define VIRTIO_MMIO_H

#include "virtio_osdep.h"

#if !defined(_WIN32)

UINT8 VirtioMmioRead8(const volatile void *register_address);
UINT16 VirtioMmioRead16(const volatile void *register_address);
UINT32 VirtioMmioRead32(const volatile void *register_address);
VOID VirtioMmioWrite8(volatile void *register_address, UINT8 value);
VOID VirtioMmioWrite16(volatile void *register_address, UINT16 value);
VOID VirtioMmioWrite32(volatile void *register_address, UINT32 value);

#elif defined(__GNUC__)

#define VIRTIO_MMIO_READ(name, type, instruction, constraint)                                                          \
    VIRTIO_INLINE type name(const volatile void *register_address)                                                     \
    {                                                                                                                  \
        type value;                                                                                                    \
        __asm__ __volatile__(instruction " %1, %0"                                                                     \
                             : constraint(value)                                                                       \
                             : "m"(*(const volatile type *)register_address)                                           \
                             : "memory");                                                                              \
        return value;                                                                                                  \
    }
#define VIRTIO_MMIO_WRITE(name, type, instruction, constraint)                                                         \
    VIRTIO_INLINE VOID name(volatile void *register_address, type value)                                               \
    {                                                                                                                  \
        __asm__ __volatile__(instruction " %1, %0"                                                                     \
                             : "=m"(*(volatile type *)register_address)                                                \
                             : constraint(value)                                                                       \
                             : "memory");                                                                              \
    }
VIRTIO_MMIO_READ(VirtioMmioRead8, UINT8, "movb", "=q")
VIRTIO_MMIO_READ(VirtioMmioRead16, UINT16, "movw", "=r")
VIRTIO_MMIO_READ(VirtioMmioRead32, UINT32, "movl", "=r")
VIRTIO_MMIO_WRITE(VirtioMmioWrite8, UINT8, "movb", "q")
VIRTIO_MMIO_WRITE(VirtioMmioWrite16, UINT16, "movw", "r")
VIRTIO_MMIO_WRITE(VirtioMmioWrite32, UINT32, "movl", "r")
#undef VIRTIO_MMIO_READ
#undef VIRTIO_MMIO_WRITE

#else /* Microsoft's compiler: a volatile access of a scalar is one access of its width */

VIRTIO_INLINE UINT8 VirtioMmioRead8(const volatile void *register_address)
{
    return *(const volatile UINT8 *)register_address;
}
VIRTIO_INLINE UINT16 VirtioMmioRead16(const volatile void *register_address)
{
    return *(const volatile UINT16 *)register_address;
}
VIRTIO_INLINE UINT32 VirtioMmioRead32(const volatile void *register_address)
{
    return *(const volatile UINT32 *)register_address;
}
VIRTIO_INLINE VOID VirtioMmioWrite8(volatile void *register_address, UINT8 value)
{
    *(volatile UINT8 *)register_address = value;
}
VIRTIO_INLINE VOID VirtioMmioWrite16(volatile void *register_address, UINT16 value)
{
    *(volatile UINT16 *)register_address = value;
}
VIRTIO_INLINE VOID VirtioMmioWrite32(volatile void *register_address, UINT32 value)
{
    *(volatile UINT32 *)register_address = value;
}

#endif

#endif
