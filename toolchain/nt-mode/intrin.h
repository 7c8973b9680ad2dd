/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Stands in for mingw-w64's intrin.h, whose inline functions redefine gcc's own on Linux. Declares what the inline functions
 * of mingw-w64's wdm.h and ntddk.h name; none of these is called by the host, so none is defined.
 */
#ifndef AERO_NT_MODE_INTRIN_H
#define AERO_NT_MODE_INTRIN_H

__LONG32 _InterlockedAnd(__LONG32 volatile *target, __LONG32 value);
__LONG32 _InterlockedOr(__LONG32 volatile *target, __LONG32 value);
unsigned char _bittest64(long long const *base, long long offset);
unsigned long long __umulh(unsigned long long a, unsigned long long b);
unsigned long long __readcr8(void);
void __writecr8(unsigned long long value);
unsigned short __readgsword(unsigned __LONG32 offset);
unsigned long long __readgsqword(unsigned __LONG32 offset);
unsigned char __readfsbyte(unsigned __LONG32 offset);
unsigned __LONG32 __readfsdword(unsigned __LONG32 offset);
void _mm_pause(void); /* YieldProcessor of newer releases, for x86 */
unsigned char __inbyte(unsigned short port);
unsigned short __inword(unsigned short port);
unsigned __LONG32 __indword(unsigned short port);
void __outbyte(unsigned short port, unsigned char value);
void __outword(unsigned short port, unsigned short value);
void __outdword(unsigned short port, unsigned __LONG32 value);
void __inbytestring(unsigned short port, unsigned char *to, unsigned __LONG32 count);
void __inwordstring(unsigned short port, unsigned short *to, unsigned __LONG32 count);
void __indwordstring(unsigned short port, unsigned __LONG32 *to, unsigned __LONG32 count);
void __outbytestring(unsigned short port, unsigned char *from, unsigned __LONG32 count);
void __outwordstring(unsigned short port, unsigned short *from, unsigned __LONG32 count);
void __outdwordstring(unsigned short port, unsigned __LONG32 *from, unsigned __LONG32 count);
void __stosb(unsigned char *to, unsigned char value, __SIZE_TYPE__ count);
void __movsb(unsigned char *to, unsigned char const *from, __SIZE_TYPE__ count);
void __movsw(unsigned short *to, unsigned short const *from, __SIZE_TYPE__ count);
void __movsd(unsigned __LONG32 *to, unsigned __LONG32 const *from, __SIZE_TYPE__ count);

#endif
