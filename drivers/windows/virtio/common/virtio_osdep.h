/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the portable code needs from the system: fixed-width types, status codes, memory helpers, barriers.
 *
 * Three branches: a Windows kernel build (WDK or mingw-w64), a Windows user-mode build (VIRTIO_USER_MODE, for
 * programs that read virtio_diag.h), and a host build (Linux), which gets the same NT names from <stdint.h>.
 * Layer: below everything. IRQL: any.
 */
#ifndef VIRTIO_OSDEP_H
#define VIRTIO_OSDEP_H

#if defined(_WIN32) && defined(VIRTIO_USER_MODE)

#include <windows.h>

#elif defined(_WIN32)

#include <ntddk.h>

#else

#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t UINT8;
typedef uint16_t UINT16;
typedef uint32_t UINT32;
typedef uint64_t UINT64;
typedef int32_t INT32;
typedef int64_t INT64;
typedef uint8_t BOOLEAN;
typedef int32_t NTSTATUS;
#define VOID  void
#define TRUE  1
#define FALSE 0

#define NT_SUCCESS(status)            ((NTSTATUS)(status) >= 0)
#define STATUS_SUCCESS                ((NTSTATUS)0x00000000)
#define STATUS_INVALID_PARAMETER      ((NTSTATUS)0xC000000D)
#define STATUS_BUFFER_TOO_SMALL       ((NTSTATUS)0xC0000023)
#define STATUS_INSUFFICIENT_RESOURCES ((NTSTATUS)0xC000009A)
#define STATUS_NOT_SUPPORTED          ((NTSTATUS)0xC00000BB)
#define STATUS_NOT_FOUND              ((NTSTATUS)0xC0000225)
#define STATUS_IO_TIMEOUT             ((NTSTATUS)0xC00000B5)
#define STATUS_IO_DEVICE_ERROR        ((NTSTATUS)0xC0000185)
#define STATUS_DEVICE_NOT_CONNECTED   ((NTSTATUS)0xC000009D)
#define STATUS_DEVICE_CONFIGURATION_ERROR ((NTSTATUS)0xC0000182)

#define UNREFERENCED_PARAMETER(parameter) ((void)(parameter))
#define RtlZeroMemory(to, length)         memset((to), 0, (length))
#define RtlCopyMemory(to, from, length)   memcpy((to), (from), (length))

#endif

#if defined(_MSC_VER)
#include <intrin.h>
#define VIRTIO_INLINE static __inline
#else
#define VIRTIO_INLINE static __inline__ __attribute__((unused))
#endif

#define VIRTIO_ARRAY_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A declaration that does not compile when the condition is false; C89 has no static assertion. */
#define VIRTIO_STATIC_ASSERT(condition) extern char virtio_static_assertion[(condition) ? 1 : -1]

/*
 * Barriers. Windows 7 runs on x86 and amd64 only, where stores are not reordered with stores nor loads with loads in
 * write-back memory, which is also what DMA on these machines sees (VIRTIO_F_ORDER_PLATFORM): for those pairs the
 * compiler alone has to be held. A store followed by a load of another location is the one pair that needs an
 * instruction; a locked OR on a local that nothing else reads is the cheapest one.
 */
#if defined(_MSC_VER)
#pragma intrinsic(_ReadWriteBarrier, _InterlockedOr)
#define VirtioBarrierCompiler() _ReadWriteBarrier()
VIRTIO_INLINE VOID VirtioBarrierFull(VOID)
{
    volatile long local = 0;
    _InterlockedOr(&local, 0);
}
#elif defined(__i386__) || defined(__x86_64__)
#define VirtioBarrierCompiler() __asm__ __volatile__("" ::: "memory")
VIRTIO_INLINE VOID VirtioBarrierFull(VOID)
{
    UINT32 local;
    __asm__ __volatile__("lock; orl $0, %0" : "=m"(local) : : "memory", "cc");
}
#else
#define VirtioBarrierCompiler() __atomic_thread_fence(__ATOMIC_ACQ_REL)
#define VirtioBarrierFull()     __atomic_thread_fence(__ATOMIC_SEQ_CST)
#endif

#endif
