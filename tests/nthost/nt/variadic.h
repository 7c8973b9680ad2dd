/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Variadic exports: cdecl on x86, Microsoft's only convention on amd64. */
#ifndef NTHOST_VARIADIC_H
#define NTHOST_VARIADIC_H

#if defined(__x86_64__)
#define VARIADIC_ABI __attribute__((ms_abi))
typedef __builtin_ms_va_list driver_va_list;
#define driver_va_start __builtin_ms_va_start
#define driver_va_end   __builtin_ms_va_end
#else
#define VARIADIC_ABI
typedef __builtin_va_list driver_va_list;
#define driver_va_start __builtin_va_start
#define driver_va_end   __builtin_va_end
#endif
#define driver_va_arg __builtin_va_arg

#endif
