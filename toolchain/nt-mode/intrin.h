/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Stands in for mingw-w64's intrin.h, whose inline functions redefine gcc's own on Linux. */
