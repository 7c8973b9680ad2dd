/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Lets a Linux compiler take the mingw-w64 kernel headers as Windows sees them: included before everything else by
 * amd64.flags and i386.flags (gcc's @file syntax), which the NT host's NT-facing units and check-win7-tables.py use.
 *
 * mingw's _mingw.h makes __stdcall empty for 64-bit targets, where all conventions are one; on Linux that one is not
 * the default, so the name is given its meaning again. Such a unit includes no Linux header except stdint.h and its like.
 */
#ifndef AERO_NT_MODE_H
#define AERO_NT_MODE_H

#if defined(__x86_64__)
#define __cdecl /* memcpy and its like are the host's own; a variadic export says its convention where it is defined */
#define __fastcall __attribute__((ms_abi))
#else
#define __cdecl    __attribute__((cdecl))
#define __stdcall  __attribute__((stdcall))
#define __fastcall __attribute__((fastcall))
#endif

#include <_mingw.h>

#if defined(__x86_64__)
#undef __stdcall
#define __stdcall __attribute__((ms_abi))
#endif

#endif
