# SPDX-License-Identifier: MIT OR Apache-2.0
# CMake toolchain file: Windows drivers for x86 with Debian's mingw-w64.
set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR i686)
set(AERO_ARCH x86)
set(AERO_TRIPLET i686-w64-mingw32)
set(CMAKE_C_COMPILER ${AERO_TRIPLET}-gcc)
set(CMAKE_RC_COMPILER ${AERO_TRIPLET}-windres)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
